//! Evaluates an SPF record and the records that it includes: for the address of a client, as receivers do (RFC 7208 section 4), or for
//! addresses that match no term, which causes the most lookups.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::authentication::organizational;
use crate::facts::{BOUND_REACHED, DomainFacts, LookupFound, Want, lookup};
use crate::limits::{
    MAX_CHECKED_SPF_COUNTED, MAX_CHECKED_SPF_HOSTS, MAX_CHECKED_SPF_LOOKUPS, MAX_CHECKED_SPF_MX,
    MAX_CHECKED_SPF_VOID,
};
use crate::spf::macros::SpfClient;
use crate::spf::record::{SpfRecords, Term, TermKind, records, terms};

/// The result of SPF for an address (RFC 7208 section 2.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SpfOutcome {
    Pass,
    Fail,
    SoftFail,
    Neutral,
    None,
    PermError,
    /// The result is unknown: a lookup failed or was not made yet.
    Unknown,
    /// The result is unknown: this term cannot be evaluated here.
    Unevaluated(String),
}

impl SpfOutcome {
    const fn from_qualifier(qualifier: char) -> Self {
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

/// The single addresses that an SPF record names. Networks, included records and `exists` do not name single hosts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct NamedSenders {
    pub(crate) addresses: BTreeSet<IpAddr>,
    /// The addresses that the record contains, and the addresses of host names that it contains. Addresses of `a` and `mx` without a name
    /// are only in `addresses`.
    pub(crate) by_name: BTreeSet<IpAddr>,
    /// True if the record may allow further addresses.
    pub(crate) has_others: bool,
}

impl NamedSenders {
    /// Returns true if the record names this address on purpose: as an address, or by a host name. If the record allows no other addresses,
    /// `a` and `mx` without a name count too.
    pub(crate) fn has(&self, address: IpAddr) -> bool {
        self.by_name.contains(&address) || !self.has_others && self.addresses.contains(&address)
    }

    fn take_host(&mut self, facts: &DomainFacts, host: &str) {
        self.has_others |= ["A", "AAAA"].iter().any(|kind| !facts.lookup(host, kind).is_known());
        self.addresses.extend(facts.addresses(host));
    }
}

/// A domain whose SPF record the evaluation follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FollowedDomain {
    /// Without the final dot.
    domain: String,
    /// True for the target of `redirect=`, false for an included domain.
    pub(crate) is_redirect: bool,
    /// True if the domain is in the path to itself.
    is_loop: bool,
    /// The number of levels of inclusion above it; 0 for a loop.
    depth: usize,
}

impl FollowedDomain {
    /// Returns true if the domain is named by the record itself.
    pub(super) fn is_top(&self) -> bool {
        self.depth == 0
    }
}

impl fmt::Display for FollowedDomain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let above = "> ".repeat(self.depth);
        let verb = if self.is_redirect { "redirects to " } else { "" };
        let end = if self.is_loop { " (a loop)" } else { "" };
        write!(formatter, "{above}{verb}{}{end}", self.domain)
    }
}

/// The results of an evaluation.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// The number of terms that cause lookups (RFC 7208 section 4.6.4 allows ten).
    pub(crate) lookups: usize,
    /// The names whose lookups had no records.
    pub(crate) void: Vec<String>,
    /// Descriptions of terms `mx` with more mail hosts than receivers look up.
    pub(crate) crowded: Vec<String>,
    /// Included domains and targets of redirects. Domains in a loop are listed once.
    pub(crate) followed: Vec<FollowedDomain>,
    pub(crate) missing: Vec<String>,
    /// Syntax errors in SPF records.
    pub(crate) wrong: Vec<String>,
    pub(crate) several: Vec<String>,
    /// Failed lookups, with a text about the failure.
    pub(crate) failed: Vec<(String, &'static str, String)>,
    /// Domains of the same organization whose SPF records have the mechanism `ptr`, with the record.
    pub(crate) with_ptr: Vec<String>,
    /// The networks that may send.
    pub(crate) networks: Vec<IpNet>,
    pub(crate) senders: NamedSenders,
    /// The domain whose record gives the result for addresses that match no term.
    pub(crate) at: String,
    /// The lookups that continue the evaluation.
    pub(crate) wants: Vec<Want>,
    /// The domains from the checked domain to the domain of the current record, along `include` and `redirect`.
    path: Vec<String>,
}

/// The record that is evaluated now. `is_own`: true for the record of the checked domain, also if `redirect` leads to it.
#[derive(Clone, Copy)]
struct Place<'p> {
    domain: &'p str,
    is_own: bool,
}

/// Returns the result of SPF for the address of a client.
pub(crate) fn outcome(facts: &DomainFacts, domain: &str, address: IpAddr) -> (SpfOutcome, Walk) {
    let helo = facts.subject.helo.as_deref().filter(|_| facts.subject.address == Some(address));
    let mut walk = Walk::default();
    let client = SpfClient { address, sender: domain, helo };
    (walk.record(facts, Place { domain, is_own: true }, Some(client)), walk)
}

/// Evaluates the SPF record of `domain` for an address that matches no term, so every name in the record is visited. Returns the result for
/// such an address, and what the visited records contain.
pub(crate) fn reach(facts: &DomainFacts, domain: &str) -> (SpfOutcome, Walk) {
    let mut walk = Walk::default();
    let rest = walk.record(facts, Place { domain, is_own: true }, None);
    walk.senders.has_others |= ![SpfOutcome::Fail, SpfOutcome::SoftFail].contains(&rest);
    (rest, walk)
}

impl Walk {
    fn record(&mut self, facts: &DomainFacts, place: Place<'_>, client: Option<SpfClient<'_>>) -> SpfOutcome {
        let (domain, is_first) = (place.domain, self.path.is_empty());
        let record = match records(facts, domain) {
            SpfRecords::One(record) => record,
            SpfRecords::NotAsked => {
                self.wants.push(lookup(domain, "TXT"));
                return SpfOutcome::Unknown;
            }
            SpfRecords::Unknown(why) => {
                self.failed.push((domain.to_owned(), "TXT", why));
                return SpfOutcome::Unknown;
            }
            SpfRecords::Several(all) => {
                self.several.extend((!is_first).then(|| format!("{domain}: {}", all.join("; "))));
                return SpfOutcome::PermError;
            }
            SpfRecords::None { void, .. } => {
                self.void.extend((void && !is_first).then(|| format!("{domain} TXT")));
                self.missing.extend((!is_first).then(|| domain.to_owned()));
                return SpfOutcome::None;
            }
        };
        let terms = match terms(&record) {
            Ok(terms) => terms,
            Err(why) => {
                self.wrong.push(format!("{domain}: {why}"));
                return SpfOutcome::PermError;
            }
        };
        for term in &terms {
            match self.term(facts, (place, term), client) {
                Ok(true) => {
                    if term.kind != TermKind::Include {
                        domain.clone_into(&mut self.at);
                    }
                    return SpfOutcome::from_qualifier(term.qualifier);
                }
                // Without a client, the evaluation continues, because the later terms must be counted too.
                Err(outcome) if client.is_some() || self.lookups >= MAX_CHECKED_SPF_COUNTED => {
                    return outcome;
                }
                Ok(false) | Err(_) => {}
            }
        }
        domain.clone_into(&mut self.at);
        let Some(redirect) = terms.iter().find(|term| term.kind == TermKind::Redirect) else {
            return SpfOutcome::Neutral;
        };
        match self.follow(facts, (place, redirect), client) {
            Ok(SpfOutcome::None) => SpfOutcome::PermError,
            Ok(outcome) | Err(outcome) => outcome,
        }
    }

    /// Evaluates the record of the domain in a term `include` or `redirect`.
    fn follow(
        &mut self,
        facts: &DomainFacts,
        (place, term): (Place<'_>, &Term),
        client: Option<SpfClient<'_>>,
    ) -> Result<SpfOutcome, SpfOutcome> {
        self.lookups += 1;
        let target = term.domain(place.domain, client);
        let target = target.ok_or_else(|| SpfOutcome::Unevaluated(term.text.clone()))?;
        let is_redirect = term.kind == TermKind::Redirect;
        if self.is_over(client) || self.path.len() >= MAX_CHECKED_SPF_LOOKUPS {
            return Err(SpfOutcome::PermError);
        }
        let is_loop = place.domain == target || self.path.iter().any(|above| *above == target);
        let depth = if is_loop { 0 } else { self.path.len() };
        let domain = target.trim_end_matches('.').to_owned();
        let followed = FollowedDomain { domain, is_redirect, is_loop, depth };
        if !is_loop || !self.followed.contains(&followed) {
            self.followed.push(followed);
        }
        // A receiver follows a loop of records until it reaches the limit, so these lookups count.
        self.path.push(place.domain.to_owned());
        let place = Place { domain: target.as_ref(), is_own: place.is_own && is_redirect };
        let outcome = self.record(facts, place, client);
        self.path.pop();
        Ok(outcome)
    }

    /// Returns true if the evaluation must end: with a client, at the limits of receivers (RFC 7208 section 4.6.4); without one, at a higher
    /// limit, so that the finding can say how many lookups the record needs.
    fn is_over(&self, client: Option<SpfClient<'_>>) -> bool {
        let most = if client.is_some() { MAX_CHECKED_SPF_LOOKUPS } else { MAX_CHECKED_SPF_COUNTED };
        self.lookups > most || client.is_some() && self.void.len() > MAX_CHECKED_SPF_VOID
    }

    /// Returns true if a term matches the address of the client.
    ///
    /// # Errors
    /// Returns the result of SPF if the term ends the evaluation.
    fn term(
        &mut self,
        facts: &DomainFacts,
        (place, term): (Place<'_>, &Term),
        client: Option<SpfClient<'_>>,
    ) -> Result<bool, SpfOutcome> {
        match &term.kind {
            TermKind::All => return Ok(true),
            TermKind::Address(net) => {
                self.allow(term, [*net]);
                if place.is_own && term.qualifier == '+' {
                    let is_host = net.prefix_len() == net.max_prefix_len();
                    self.senders.has_others |= !is_host;
                    self.senders.addresses.extend(is_host.then_some(net.addr()));
                    self.senders.by_name.extend(is_host.then_some(net.addr()));
                }
                return Ok(client.is_some_and(|client| net.contains(&client.address)));
            }
            TermKind::Other | TermKind::Redirect => return Ok(false),
            TermKind::Include => return self.include(facts, (place, term), client),
            TermKind::A | TermKind::Mx | TermKind::Ptr | TermKind::Exists => self.lookups += 1,
        }
        if self.is_over(client) {
            return Err(SpfOutcome::PermError);
        }
        let named = place.is_own && term.qualifier == '+';
        let is_host = matches!(term.kind, TermKind::A | TermKind::Mx) && term.prefixes == (32, 128);
        self.senders.has_others |= named && !is_host;
        let Some(target) = term.domain(place.domain, client) else {
            self.senders.has_others |= named;
            return Err(SpfOutcome::Unevaluated(term.text.clone()));
        };
        let target = target.as_ref();
        self.allow(term, around_all(term));
        let hosts = match term.kind {
            TermKind::Mx => {
                let hosts = self.mail_hosts(facts, target);
                self.senders.has_others |= named && hosts.is_err();
                hosts?
            }
            TermKind::Exists => return self.exists(facts, target, client),
            TermKind::Ptr => {
                let is_own = organizational(place.domain) == organizational(&facts.subject.domain);
                self.with_ptr.extend(is_own.then(|| with_record(facts, place.domain)));
                return client.map_or(Ok(false), |_| Err(SpfOutcome::Unevaluated(term.text.clone())));
            }
            _ => vec![target.to_owned()],
        };
        if named && is_host {
            hosts.iter().for_each(|host| self.senders.take_host(facts, host));
            if term.kind == TermKind::A && term.target.is_some() {
                self.senders.by_name.extend(facts.addresses(target));
            }
        }
        self.allow(
            term,
            hosts.iter().flat_map(|host| facts.addresses(host)).filter_map(|one| term.around(one)),
        );
        self.hosts(facts, (term, &hosts), client)
    }

    /// Adds networks that may send, if the qualifier is `+` (pass).
    fn allow(&mut self, term: &Term, networks: impl IntoIterator<Item = IpNet>) {
        self.networks.extend(networks.into_iter().filter(|_| term.qualifier == '+'));
    }

    fn include(
        &mut self,
        facts: &DomainFacts,
        (place, term): (Place<'_>, &Term),
        client: Option<SpfClient<'_>>,
    ) -> Result<bool, SpfOutcome> {
        self.senders.has_others |= place.is_own && term.qualifier == '+';
        let before = self.networks.len();
        let outcome = self.follow(facts, (place, term), client)?;
        if term.qualifier != '+' {
            self.networks.truncate(before);
        }
        match outcome {
            SpfOutcome::Pass => Ok(true),
            SpfOutcome::Fail | SpfOutcome::SoftFail | SpfOutcome::Neutral => Ok(false),
            SpfOutcome::None | SpfOutcome::PermError => Err(SpfOutcome::PermError),
            unknown @ (SpfOutcome::Unknown | SpfOutcome::Unevaluated(_)) => Err(unknown),
        }
    }

    /// Returns true if a name has an IPv4 address. The mechanism `exists` then matches every client (RFC 7208 section 5.7).
    fn exists(
        &mut self,
        facts: &DomainFacts,
        target: &str,
        client: Option<SpfClient<'_>>,
    ) -> Result<bool, SpfOutcome> {
        let is_unknown = self.ask(facts, target, "A");
        let is_absent = facts.lookup(target, "A").is_absent();
        self.void.extend(is_absent.then(|| format!("{target} A")));
        match is_unknown {
            _ if self.is_over(client) => Err(SpfOutcome::PermError),
            true => Err(SpfOutcome::Unknown),
            false => Ok(!is_absent),
        }
    }

    /// Returns the mail hosts of a name, or an empty list if it has no MX records.
    ///
    /// # Errors
    /// Fails if the name has too many mail hosts (RFC 7208 section 4.6.4), or if the lookup has no answer.
    fn mail_hosts(&mut self, facts: &DomainFacts, target: &str) -> Result<Vec<String>, SpfOutcome> {
        if self.ask(facts, target, "MX") {
            return Err(SpfOutcome::Unknown);
        }
        let hosts = facts.targets(target, "MX");
        self.void.extend(hosts.is_empty().then(|| format!("{target} MX")));
        if hosts.len() > MAX_CHECKED_SPF_HOSTS {
            self.crowded.push(format!(
                "{target} has {} MX records; {MAX_CHECKED_SPF_HOSTS} are the most for mx",
                hosts.len()
            ));
            return Err(SpfOutcome::PermError);
        }
        Ok(hosts)
    }

    /// Returns true if the client is in the network around an address of one of these hosts.
    fn hosts(
        &mut self,
        facts: &DomainFacts,
        (term, hosts): (&Term, &[String]),
        client: Option<SpfClient<'_>>,
    ) -> Result<bool, SpfOutcome> {
        let is_mx = term.kind == TermKind::Mx;
        let (kinds, most): (&[&'static str], usize) = match client {
            Some(client) if client.address.is_ipv6() => (&["AAAA"], MAX_CHECKED_SPF_HOSTS),
            Some(_) => (&["A"], MAX_CHECKED_SPF_HOSTS),
            None if is_mx => (&["A"], MAX_CHECKED_SPF_MX),
            None => (&["A", "AAAA"], MAX_CHECKED_SPF_MX),
        };
        let mut is_unknown = false;
        for host in hosts.iter().take(most) {
            let covers = |client: SpfClient<'_>| {
                let net = |known| term.around(known).is_some_and(|net| net.contains(&client.address));
                facts.addresses(host).into_iter().any(net)
            };
            kinds.iter().for_each(|kind| is_unknown |= self.ask(facts, host, kind));
            if client.is_some_and(covers) {
                return Ok(true);
            }
            let is_void = !is_mx && kinds.iter().all(|kind| facts.lookup(host, kind).is_absent());
            self.void.extend(is_void.then(|| format!("{host} A")));
        }
        match is_unknown {
            _ if self.is_over(client) => Err(SpfOutcome::PermError),
            true => Err(SpfOutcome::Unknown),
            false => Ok(false),
        }
    }

    /// Adds a lookup to `wants`. Returns true if its answer is not known. A failed lookup is stored in `failed`, except a lookup of one
    /// address family whose name has an address of the other family.
    fn ask(&mut self, facts: &DomainFacts, name: &str, kind: &'static str) -> bool {
        self.wants.push(lookup(name, kind));
        let found = facts.lookup(name, kind);
        if let LookupFound::Unknown(why) = &found
            && why != BOUND_REACHED
            && (kind == "MX" || facts.addresses(name).is_empty())
            && !self.failed.iter().any(|(known, ..)| known == name)
        {
            self.failed.push((name.to_owned(), kind, format!("{name} {kind}: {why}")));
        }
        !found.is_known()
    }
}

fn with_record(facts: &DomainFacts, domain: &str) -> String {
    match records(facts, domain) {
        SpfRecords::One(record) => format!("{domain} {record}"),
        _ => domain.to_owned(),
    }
}

/// Returns the networks that a term `a` or `mx` with the prefix length 0 permits. With this length, the address of the host has no effect.
fn around_all(term: &Term) -> impl Iterator<Item = IpNet> + use<> {
    let (ipv4, ipv6) = term.prefixes;
    let all = [(ipv4, IpAddr::from(Ipv4Addr::UNSPECIFIED)), (ipv6, IpAddr::from(Ipv6Addr::UNSPECIFIED))];
    all.into_iter().filter(|(length, _)| *length == 0).filter_map(|(_, address)| IpNet::new(address, 0).ok())
}
