//! Resolvers of others that fail for the domain, and why: old keys in their cache, name servers of before a move, or what their extended
//! errors say.
//!
//! RFC 4035 section 5.5 (SERVFAIL), RFC 8914 (extended errors).
//!
//! # Decisions
//!
//! - With the name servers of before a move, a resolver asks these for records and keys until the TTL of its NS records ends. So a failure
//!   because of old keys lasts that long too.

use std::collections::BTreeSet;

use super::codes::Code;
use super::extended_errors::{self, ExtendedErrorKind};
use super::facts::{DomainFacts, OtherResolver};
use super::finding::{Finding, Level};
use super::old_keys::{self, KeySource, OldKeys};
use super::other_resolvers::joined;
use super::part::About;
use super::resolver_answers::{Failure, Lookup};
use super::server_names::listed;
use super::signed_move::Foretold;
use super::{
    contradicted_errors, dnssec, former_servers, likely_servers, remedies, served, signed_move, ttl_end,
    unanswered, zone,
};
use crate::limits::MAX_EVIDENCE;
use dns::clock::minute;
use dns::wire::presentation;

/// A resolver that fails.
pub(super) struct Failing<'f> {
    resolver: &'f OtherResolver,
    /// The failed lookups in words.
    failures: Vec<String>,
    extended_errors: BTreeSet<u16>,
    /// The same, each with its name and type.
    lookups: Vec<Lookup>,
    /// The servers of the zone whose broken answers explain them, in words.
    of_servers: BTreeSet<String>,
    old_keys: Vec<OldKeys>,
    /// Its name servers of before a move, in words.
    former: Option<String>,
    /// The failure by these, if they do not sign the zone, which is signed now.
    unsigned: Option<Foretold>,
    /// The time by which what explains the failure has ended; none if nothing explains it, or if that does not end.
    pub(super) end: Option<u64>,
}

impl<'f> Failing<'f> {
    /// A resolver with its failures. `others` are the lookups of which it has other records than the zone.
    pub(super) fn new<'s>(
        facts: &DomainFacts,
        (resolver, others): (&'f OtherResolver, &[Lookup]),
        failures: impl Iterator<Item = &'s Failure>,
    ) -> Self {
        let failures: Vec<&Failure> = failures.collect();
        let old_keys = old_keys::at(facts, resolver);
        let of_keys = old_keys.iter().filter_map(OldKeys::end).max();
        let former = former_servers::former(facts, resolver);
        let unsigned = signed_move::unsigned(facts, resolver);
        let of_servers = former.as_ref().map(|former| {
            let end = of_keys.unwrap_or_default().max(former.end);
            // A resolver keeps no records that fail validation.
            if unsigned.is_some() { end } else { former_servers::until(facts, (resolver, others), end).end }
        });
        let former = former.map(|former| {
            format!(
                "{} still has the former name servers {} until {}",
                resolver.name,
                listed(&former.names),
                minute(former.end)
            )
        });
        let does_end = old_keys.iter().all(|old| old.end().is_some());
        Self {
            resolver,
            failures: failures.iter().map(|failure| failure.text.clone()).collect(),
            extended_errors: failures.iter().flat_map(|failure| &failure.extended_errors).copied().collect(),
            lookups: failures.iter().map(|failure| failure.lookup.clone()).collect(),
            of_servers: failures.iter().filter_map(|failure| failure.of_servers.clone()).collect(),
            old_keys,
            former,
            unsigned,
            end: of_keys.max(of_servers).filter(|_| does_end),
        }
    }

    /// Whether it is this resolver.
    pub(super) fn is_at(&self, resolver: &OtherResolver) -> bool {
        self.resolver == resolver
    }
}

/// The finding about resolvers that fail. `end`: the time by which all is over, if they also have old records.
pub(super) fn finding(facts: &DomainFacts, failing: &[Failing<'_>], end: Option<u64>) -> Option<Finding> {
    // The failures of others only repeat that.
    if failing.is_empty() || facts.has_bogus_lookup() {
        return None;
    }
    let old = || failing.iter().flat_map(|failing| &failing.old_keys);
    let former = || failing.iter().filter_map(|failing| failing.former.as_deref());
    let failures: Vec<&str> =
        failing.iter().flat_map(|failing| &failing.failures).map(String::as_str).collect();
    let failures = joined(facts, &failures);
    let (has_old, has_former) = (old().next().is_some(), former().next().is_some());
    let does_end = old().all(|old| old.end().is_some());
    let of_errors = extended_errors::kind(failing.iter().flat_map(|failing| failing.extended_errors.clone()));
    let contradicted = of_errors.and_then(|kind| contradicted_errors::by_zone(facts, kind));
    let of_servers: BTreeSet<&str> =
        failing.iter().flat_map(|failing| &failing.of_servers).map(String::as_str).collect();
    let lookups: Vec<Lookup> = failing.iter().flat_map(|failing| &failing.lookups).cloned().collect();
    let is_explained = has_old || has_former || contradicted.is_some() || !of_servers.is_empty();
    let likely = if is_explained { None } else { likely_servers::at(facts, of_errors, &lookups) };
    let likely_words = likely.as_ref().map(|likely| match likely.is_named {
        true => format!("the likely cause: {}", likely.words),
        false => format!("the cause could not be told; a possible one: {}", likely.words),
    });
    let unsigned = || failing.iter().filter_map(|failing| failing.unsigned.as_ref());
    let of_unsigned = signed_move::words(unsigned());
    let texts = likely_words.as_deref().into_iter().chain(old().map(|old| old.text.as_str())).chain(former());
    let texts = texts.chain(of_unsigned.iter().map(String::as_str));
    let texts: Vec<&str> = texts.chain([failures.as_str()]).chain(of_servers.iter().copied()).collect();
    let last = match end.or_else(|| failing.iter().filter_map(|failing| failing.end).max()) {
        Some(end) if has_old && does_end => format!(". They resolve the domain by {}", ttl_end::over_by(end)),
        Some(end) if has_former && !has_old => {
            format!(". If this is the reason, they resolve the domain by {}", ttl_end::over_by(end))
        }
        _ if has_old || likely.is_some() => String::new(),
        _ => match (&contradicted, of_errors) {
            (Some(contradicted), _) => format!("; {}", contradicted.words),
            (None, Some(kind)) => of_site(facts, kind),
            (None, None) => String::new(),
        },
    };
    // The end is the answer: many failures before it do not cut it off.
    let mut finding = Finding::new(Code::OthersFail, texts.join("; "));
    finding.evidence.push_str(&presentation::shown(&last, MAX_EVIDENCE));
    // With old keys it gets no records that it does not have already.
    finding.stops_mail =
        has_old || lookups.iter().any(|(name, kind)| (name, *kind) == (&facts.subject.domain, "MX"));
    let of_error =
        contradicted.map(|contradicted| contradicted.remedy).or_else(|| of_errors.map(|kind| kind.remedy));
    let of_servers = (!of_servers.is_empty()).then_some(remedies::BROKEN_ANSWERS);
    let of_unsigned = unsigned().map(|foretold| foretold.remedy).next().filter(|_| !has_old);
    let of_likely = likely.as_ref().map(|_| remedies::LIKELY_SERVER);
    let remedy =
        of_unsigned.or_else(|| of_old_keys(old(), has_former)).or(of_likely).or(of_error).or(of_servers);
    let likely = likely.map(|likely| likely.servers).unwrap_or_default();
    Some(Finding { remedy, ..finding }.about(likely.into_iter().map(About::Address)))
}

/// The remedy against old keys, or against the name servers of before a move, if resolvers have these.
fn of_old_keys<'o>(old: impl Iterator<Item = &'o OldKeys>, has_former: bool) -> Option<&'static str> {
    let sources: Vec<KeySource> = old.map(|old| old.source).collect();
    let is_cached = sources.iter().any(|source| matches!(source, KeySource::Cache(_)));
    match (sources.contains(&KeySource::Above), sources.contains(&KeySource::Server)) {
        (true, true) => Some(remedies::OLD_DS_ABOVE_AND_AT_SITE),
        (true, false) => Some(remedies::OLD_DS_ABOVE),
        (false, true) if is_cached => Some(remedies::OLD_KEYS_AND_AT_SITE),
        (false, true) => Some(remedies::OLD_KEYS_AT_SITE),
        (false, false) if is_cached && has_former => Some(remedies::OLD_KEYS_AT_FORMER),
        (false, false) if is_cached => Some(remedies::OLD_KEYS),
        (false, false) => has_former.then_some(remedies::FORMER_SERVERS_FAIL),
    }
}

/// That a site of a server seems to send what these errors tell, where all answers to this host are right; empty otherwise.
fn of_site(facts: &DomainFacts, kind: &ExtendedErrorKind) -> String {
    let of_dnssec = dnssec::check(facts);
    let is_right_here = of_dnssec.iter().any(|finding| finding.code == Code::DnssecOk)
        && of_dnssec.iter().all(|finding| finding.level >= Level::Note);
    if kind.sent.is_empty() || !is_right_here {
        return String::new();
    }
    let sent = kind.sent;
    let serving = served::serving(facts);
    let do_all_serve = zone::delegated_servers(facts).keys().all(|server| serving.contains(server));
    let is_none_wrong = unanswered::check(facts).is_empty() && !likely_servers::has_one_failed(facts);
    match do_all_serve && is_none_wrong {
        true => format!(
            "; the domain validates here, and all answers of its servers to this host are right: some site of a server, which these resolvers reach \
             and this host does not, or a server that is right only at times, seems to send {sent}"
        ),
        false => format!(
            "; the domain validates here, and no server has sent such data to this host: a server that does not answer this host as it should, or \
             some site of a server, which these resolvers reach and this host does not, seems to send {sent}"
        ),
    }
}

#[cfg(test)]
#[path = "failing_at_others_tests.rs"]
mod tests;
