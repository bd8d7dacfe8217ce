//! SPF evaluated for an address, as receivers do it (RFC 7208 section 4).

use std::net::IpAddr;

use crate::facts::{DomainFacts, LookupFound, Want, canonical, lookup};
use crate::limits::{MAX_CHECKED_SPF_HOSTS, MAX_CHECKED_SPF_LOOKUPS, MAX_CHECKED_SPF_VOID};
use crate::mail::pointer;
use crate::spf::macros::SpfClient;
use crate::spf::record::{SpfRecords, Term, TermKind, records, terms};

/// The result for an address (RFC 7208 section 2.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SpfOutcome {
    Pass,
    Fail,
    SoftFail,
    Neutral,
    None,
    PermError,
    /// A lookup failed.
    Unknown,
    /// This term cannot be evaluated here.
    Unevaluated(String),
}

impl SpfOutcome {
    pub(crate) const fn of(qualifier: char) -> Self {
        match qualifier {
            '-' => Self::Fail,
            '~' => Self::SoftFail,
            '?' => Self::Neutral,
            _ => Self::Pass,
        }
    }

    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::Neutral => "neutral",
            Self::None => "none",
            Self::PermError => "permerror",
            Self::Unknown | Self::Unevaluated(_) => "unknown",
        }
    }
}

/// The lookups that are left, over all included records (RFC 7208 section 4.6.4). So records that include each other many times
/// end soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Left {
    /// Terms that cause lookups.
    terms: usize,
    /// Void lookups.
    void: usize,
}

/// The result for an address.
pub(crate) fn outcome(
    facts: &DomainFacts,
    domain: &str,
    address: IpAddr,
    wants: &mut Vec<Want>,
) -> SpfOutcome {
    let mut left = Left { terms: MAX_CHECKED_SPF_LOOKUPS, void: MAX_CHECKED_SPF_VOID };
    let helo = facts.subject.helo.as_deref().filter(|_| facts.subject.address == Some(address));
    let local = facts.subject.local_part.text();
    evaluate(facts, (domain, SpfClient { address, sender: domain, local, helo }), &mut left, wants)
}

/// The result for a client by the record of a domain; questions that are needed next go to `wants`.
fn evaluate(
    facts: &DomainFacts,
    (domain, client): (&str, SpfClient<'_>),
    left: &mut Left,
    wants: &mut Vec<Want>,
) -> SpfOutcome {
    let record = match records(facts, domain) {
        SpfRecords::One(record) => record,
        SpfRecords::None { .. } => return SpfOutcome::None,
        SpfRecords::Several(_) => return SpfOutcome::PermError,
        SpfRecords::Unknown(_) => return SpfOutcome::Unknown,
        SpfRecords::NotAsked => {
            wants.push(lookup(domain, "TXT"));
            return SpfOutcome::Unknown;
        }
    };
    let Ok(terms) = terms(&record) else { return SpfOutcome::PermError };
    for term in &terms {
        let asks = matches!(
            term.kind,
            TermKind::Include | TermKind::A | TermKind::Mx | TermKind::Ptr | TermKind::Exists
        );
        if asks && !spend(&mut left.terms) {
            return SpfOutcome::PermError;
        }
        if asks && is_void(facts, (domain, client), term) && !spend(&mut left.void) {
            return SpfOutcome::PermError;
        }
        match matches(facts, (domain, client), term, left, wants) {
            Ok(true) => return SpfOutcome::of(term.qualifier),
            Ok(false) => {}
            Err(outcome) => return outcome,
        }
    }
    let redirect = terms.iter().find(|term| term.kind == TermKind::Redirect);
    let Some(redirect) = redirect else { return SpfOutcome::Neutral };
    if !spend(&mut left.terms) {
        return SpfOutcome::PermError;
    }
    match redirect.domain_for(domain, Some(client)).as_deref() {
        None => SpfOutcome::Unevaluated(redirect.text.clone()),
        Some(target) => match evaluate(facts, (target, client), left, wants) {
            SpfOutcome::None => SpfOutcome::PermError,
            outcome => outcome,
        },
    }
}

/// Whether a term covers the address.
///
/// # Errors
/// The outcome, if the term ends the evaluation.
fn matches(
    facts: &DomainFacts,
    (domain, client): (&str, SpfClient<'_>),
    term: &Term,
    left: &mut Left,
    wants: &mut Vec<Want>,
) -> Result<bool, SpfOutcome> {
    let address = client.address;
    match (&term.kind, term.domain_for(domain, Some(client)).as_deref()) {
        (TermKind::All, _) => Ok(true),
        (TermKind::Address(net), _) => Ok(net.contains(&address)),
        (TermKind::Other | TermKind::Redirect, _) => Ok(false),
        (TermKind::Include, Some(target)) => match evaluate(facts, (target, client), left, wants) {
            SpfOutcome::Pass => Ok(true),
            SpfOutcome::Fail | SpfOutcome::SoftFail | SpfOutcome::Neutral => Ok(false),
            SpfOutcome::None | SpfOutcome::PermError => Err(SpfOutcome::PermError),
            unknown @ (SpfOutcome::Unknown | SpfOutcome::Unevaluated(_)) => Err(unknown),
        },
        (TermKind::A, Some(target)) => {
            one_of(facts, (target, address), term, wants).ok_or(SpfOutcome::Unknown)
        }
        (TermKind::Mx, Some(target)) => of_exchanges(facts, (target, address), term, wants),
        (TermKind::Exists, Some(target)) => {
            wants.push(lookup(target, "A"));
            let found = facts.lookup(target, "A");
            if found.is_known() { Ok(!found.is_absent()) } else { Err(SpfOutcome::Unknown) }
        }
        (TermKind::Ptr, Some(target)) => {
            wants.extend(pointer::wants(facts, address));
            pointer::has_name_within(facts, address, target).ok_or(SpfOutcome::Unknown)
        }
        (_, None) => Err(SpfOutcome::Unevaluated(term.text.clone())),
    }
}

/// Whether the lookup of a term finds nothing.
fn is_void(facts: &DomainFacts, (domain, client): (&str, SpfClient<'_>), term: &Term) -> bool {
    let Some(target) = term.domain_for(domain, Some(client)) else { return false };
    let target = target.as_ref();
    let kind = match term.kind {
        TermKind::A if client.address.is_ipv6() => "AAAA",
        TermKind::A | TermKind::Exists => "A",
        TermKind::Mx => "MX",
        TermKind::Include => "TXT",
        _ => return false,
    };
    facts.lookup(target, kind).is_absent()
}

/// Takes one; false if none is left.
fn spend(left: &mut usize) -> bool {
    let spent = left.checked_sub(1);
    *left = spent.unwrap_or(0);
    spent.is_some()
}

/// Whether one of a name's addresses covers the client's; none if it could not be told.
fn one_of(
    facts: &DomainFacts,
    (target, address): (&str, IpAddr),
    term: &Term,
    wants: &mut Vec<Want>,
) -> Option<bool> {
    let kind = if address.is_ipv4() { "A" } else { "AAAA" };
    wants.push(lookup(target, kind));
    if facts.addresses(target).into_iter().any(|known| term.covers(known, address)) {
        return Some(true);
    }
    facts.lookup(target, kind).is_known().then_some(false)
}

/// Whether an address of a mail host of the name covers the client's.
///
/// # Errors
/// The outcome, if there are too many mail hosts (RFC 7208 section 4.6.4), or it could not be told.
fn of_exchanges(
    facts: &DomainFacts,
    (target, address): (&str, IpAddr),
    term: &Term,
    wants: &mut Vec<Want>,
) -> Result<bool, SpfOutcome> {
    wants.push(lookup(target, "MX"));
    let found = facts.lookup(target, "MX");
    let LookupFound::Data(reply) = found else {
        return if found.is_absent() { Ok(false) } else { Err(SpfOutcome::Unknown) };
    };
    let hosts = reply.data("MX").filter_map(|data| data.split_once(' '));
    let hosts: Vec<String> = hosts.map(|(_, host)| canonical(host.trim())).collect();
    if hosts.len() > MAX_CHECKED_SPF_HOSTS {
        return Err(SpfOutcome::PermError);
    }
    let told: Vec<Option<bool>> =
        hosts.iter().map(|host| one_of(facts, (host, address), term, wants)).collect();
    match told.contains(&Some(true)) {
        true => Ok(true),
        false if told.contains(&None) => Err(SpfOutcome::Unknown),
        false => Ok(false),
    }
}
