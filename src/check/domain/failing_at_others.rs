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
use super::old_keys::{self, OldKeys};
use super::resolver_answers::{Failure, Lookup};
use super::server_names::listed;
use super::{dnssec, former_servers, remedies, ttl_end};
use crate::clock::minute;
use crate::limits::MAX_EVIDENCE;
use crate::wire::presentation;

/// The end of a failure because of old keys, in words.
const OF_OLD_KEYS: &str = ". They resolve the domain by ";

/// A resolver that fails.
pub(super) struct Failing<'f> {
    resolver: &'f OtherResolver,
    /// The failed lookups in words.
    failures: Vec<String>,
    extended_errors: BTreeSet<u16>,
    old_keys: Vec<OldKeys>,
    /// Its name servers of before a move, in words.
    former: Option<String>,
    /// The time by which what explains the failure has ended; none if nothing explains it.
    pub(super) end: Option<u64>,
}

impl<'f> Failing<'f> {
    /// A resolver with its failures. `others` are the lookups of which it has other records than the zone.
    pub(super) fn new<'s>(
        facts: &DomainFacts,
        (resolver, others): (&'f OtherResolver, &[Lookup]),
        failures: impl Iterator<Item = &'s Failure>,
    ) -> Self {
        let old_keys = old_keys::at(facts, resolver);
        let of_keys = old_keys.iter().map(|old| old.end).max();
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
        let (failures, errors): (Vec<String>, Vec<Option<u16>>) =
            failures.map(|failure| (failure.text.clone(), failure.extended_error)).unzip();
        let extended_errors = errors.into_iter().flatten().collect();
        Self { resolver, failures, extended_errors, old_keys, former, end: of_keys.max(of_servers) }
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
    let (has_old, has_former) = (old().next().is_some(), former().next().is_some());
    let of_errors = extended_errors::kind(failing.iter().flat_map(|failing| failing.extended_errors.clone()));
    let texts: Vec<&str> = old().map(|old| old.text.as_str()).chain(former()).chain(failures).collect();
    let last = match end.or_else(|| failing.iter().filter_map(|failing| failing.end).max()) {
        Some(end) if has_old => format!("{OF_OLD_KEYS}{}", ttl_end::over_by(end)),
        Some(end) if has_former => {
            format!(". If this is the reason, they resolve the domain by {}", ttl_end::over_by(end))
        }
        _ => of_errors.map(|kind| of_site(facts, kind)).unwrap_or_default(),
    };
    // The end is the answer: many failures before it do not cut it off.
    let mut finding = Finding::new(Code::OthersFail, texts.join("; "));
    finding.evidence.push_str(&presentation::shown(&last, MAX_EVIDENCE));
    Some(match (has_old, has_former) {
        (true, true) => finding.to_do(remedies::OLD_KEYS_AT_FORMER),
        (true, false) => finding.to_do(remedies::OLD_KEYS),
        (false, true) => finding.to_do(remedies::FORMER_SERVERS_FAIL),
        (false, false) => match of_errors {
            Some(kind) => finding.to_do(kind.remedy),
            None => finding,
        },
    })
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

/// Whether a finding tells that resolvers fail for the MX records, or for all that they do not have yet, because of old keys: mail waits.
pub(super) fn stops_mail(finding: &Finding) -> bool {
    let is_told = |words: &str| finding.evidence.contains(words);
    finding.code == Code::OthersFail && (is_told(" MX: SERVFAIL") || is_told(OF_OLD_KEYS))
}

#[cfg(test)]
#[path = "failing_at_others_tests.rs"]
mod tests;
