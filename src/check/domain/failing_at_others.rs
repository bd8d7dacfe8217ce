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
use super::resolver_answers::{Failure, Lookup};
use super::server_names::listed;
use super::{contradicted_errors, dnssec, former_servers, remedies, ttl_end};
use crate::clock::minute;
use crate::limits::MAX_EVIDENCE;
use crate::wire::presentation;

/// A resolver that fails.
pub(super) struct Failing<'f> {
    resolver: &'f OtherResolver,
    /// The failed lookups in words.
    failures: Vec<String>,
    extended_errors: BTreeSet<u16>,
    /// Whether the MX records of the domain are among these lookups.
    is_of_mail: bool,
    /// The servers of the zone whose broken answers explain them, in words.
    of_servers: BTreeSet<String>,
    old_keys: Vec<OldKeys>,
    /// Its name servers of before a move, in words.
    former: Option<String>,
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
        let of_servers = former.as_ref().map(|former| {
            let end = of_keys.unwrap_or_default().max(former.end);
            former_servers::until(facts, (resolver, others), end).end
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
            extended_errors: failures.iter().filter_map(|failure| failure.extended_error).collect(),
            is_of_mail: failures.iter().any(|failure| failure.is_of_mail),
            of_servers: failures.iter().filter_map(|failure| failure.of_servers.clone()).collect(),
            old_keys,
            former,
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
    let failures = failing.iter().flat_map(|failing| &failing.failures).map(String::as_str);
    let (has_old, has_former) = (old().next().is_some(), former().next().is_some());
    let does_end = old().all(|old| old.end().is_some());
    let of_errors = extended_errors::kind(failing.iter().flat_map(|failing| failing.extended_errors.clone()));
    let contradicted = of_errors.and_then(|kind| contradicted_errors::by_zone(facts, kind));
    let of_servers: BTreeSet<&str> =
        failing.iter().flat_map(|failing| &failing.of_servers).map(String::as_str).collect();
    let texts: Vec<&str> = old()
        .map(|old| old.text.as_str())
        .chain(former())
        .chain(failures)
        .chain(of_servers.iter().copied())
        .collect();
    let last = match end.or_else(|| failing.iter().filter_map(|failing| failing.end).max()) {
        Some(end) if has_old && does_end => format!(". They resolve the domain by {}", ttl_end::over_by(end)),
        Some(end) if has_former && !has_old => {
            format!(". If this is the reason, they resolve the domain by {}", ttl_end::over_by(end))
        }
        _ if has_old => String::new(),
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
    finding.stops_mail = has_old || failing.iter().any(|failing| failing.is_of_mail);
    let of_error =
        contradicted.map(|contradicted| contradicted.remedy).or_else(|| of_errors.map(|kind| kind.remedy));
    let of_servers = (!of_servers.is_empty()).then_some(remedies::BROKEN_ANSWERS);
    let remedy = of_old_keys(old(), has_former).or(of_error).or(of_servers);
    Some(Finding { remedy, ..finding })
}

/// The remedy against old keys, or against the name servers of before a move, if resolvers have these.
fn of_old_keys<'o>(old: impl Iterator<Item = &'o OldKeys>, has_former: bool) -> Option<&'static str> {
    let sources: Vec<KeySource> = old.map(|old| old.source).collect();
    match has_former {
        _ if sources.contains(&KeySource::Above) => Some(remedies::OLD_DS_ABOVE),
        _ if sources.contains(&KeySource::Server) => Some(remedies::OLD_KEYS_AT_SITE),
        true if sources.is_empty() => Some(remedies::FORMER_SERVERS_FAIL),
        true => Some(remedies::OLD_KEYS_AT_FORMER),
        false => (!sources.is_empty()).then_some(remedies::OLD_KEYS),
    }
}

/// That a site of a server seems to send what these errors tell, where all servers are right for this host; empty otherwise.
fn of_site(facts: &DomainFacts, kind: &ExtendedErrorKind) -> String {
    let of_dnssec = dnssec::check(facts);
    let is_right_here = of_dnssec.iter().any(|finding| finding.code == Code::DnssecOk)
        && of_dnssec.iter().all(|finding| finding.level >= Level::Note);
    if kind.sent.is_empty() || !is_right_here {
        return String::new();
    }
    let sent = kind.sent;
    format!(
        "; the domain validates here, and all servers that this host asked are right: some site of a server, which these resolvers reach and this \
         host does not, seems to send {sent}"
    )
}

#[cfg(test)]
#[path = "failing_at_others_tests.rs"]
mod tests;
