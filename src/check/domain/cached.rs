//! The cache of this host against the servers of the zone: old records that mail from here still follows.
//!
//! RFC 1035 section 3.2.1 (TTL). "The MX record is right and mail still goes to the old server" has this cause most often.

use std::collections::BTreeSet;

use super::codes::Code;
use super::facts::{DomainFacts, Got, LookupFound, QueryForm, ReplyFacts, canonical};
use super::finding::Finding;
use super::zone;
use crate::clock::minute;

/// The findings.
pub(super) fn check(facts: &DomainFacts) -> Option<Finding> {
    let (domain, apex) = (facts.subject.domain.as_str(), zone::apex(facts));
    let servers: Vec<_> = zone::delegated_servers(facts).into_keys().collect();
    let mail =
        servers.iter().filter_map(|server| match facts.server(*server, domain, "MX", QueryForm::Udp) {
            Some(Got::Reply(reply)) if reply.authoritative => records(reply, domain, "MX"),
            _ => None,
        });
    let names = servers.iter().filter_map(|server| zone::child_set_at(facts, *server));
    let (mail, names) = (mail.collect(), names.collect());
    let parts = [differs(facts, (domain, "MX"), &mail), differs(facts, (apex, "NS"), &names)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| Finding::new(Code::CachedHere, parts.join("; ")))
}

/// The data of a type in a known answer without an alias: lower case.
pub(super) fn records(reply: &ReplyFacts, name: &str, kind: &str) -> Option<BTreeSet<String>> {
    let known = ["NOERROR", "NXDOMAIN"].contains(&reply.rcode.as_str());
    let alias = reply.data("CNAME").next().is_some();
    let own = reply.answers.iter().filter(|record| record.kind == kind && record.name == name);
    (known && !alias).then(|| own.map(|record| canonical(&record.data)).collect())
}

/// A set of records in words.
pub(super) fn in_words(set: &BTreeSet<String>, kind: &str) -> String {
    if set.is_empty() { format!("no {kind}") } else { set.iter().cloned().collect::<Vec<_>>().join(", ") }
}

/// The answer of the daemon, if all servers have other records.
fn differs(
    facts: &DomainFacts,
    (name, kind): (&str, &'static str),
    told: &BTreeSet<BTreeSet<String>>,
) -> Option<String> {
    let found = facts.lookup(name, kind);
    let (LookupFound::Data(reply) | LookupFound::NoData(reply)) = found else { return None };
    let here = records(reply, name, kind)?;
    let current = told.first().filter(|_| told.len() == 1 && !told.contains(&here))?;
    let ttl = reply.answers.iter().filter(|record| record.kind == kind).map(|record| record.ttl).max();
    let until = ttl.map_or_else(String::new, |ttl| {
        format!(" until {} (TTL {ttl} s)", minute(facts.subject.unix.saturating_add(ttl.into())))
    });
    let (here, current) = (in_words(&here, kind), in_words(current, kind));
    Some(format!("{name} {kind}: this host has {here}{until}; the servers of the zone have {current}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::domain::facts::tests::facts;

    const ZONE: &str = "
        lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5
        lookup test. SOA | ns.test. h. 1 2 3 4 5
        lookup test. NS | ns.test.
        lookup ns.test. A | 198.18.9.1
        lookup ns1.a.test. A | 198.18.1.1
        lookup old.b.test. A | 198.18.2.1
        server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | +ns1.a.test. A 198.18.1.1
        server 198.18.1.1 a.test. NS mixed aa | ns1.a.test.
        server 198.18.1.1 a.test. MX udp aa | 10 new.a.test.
        server 198.18.2.1 a.test. NS mixed aa | old.b.test.
        server 198.18.2.1 a.test. MX udp aa | 10 old.a.test.";

    fn evidence(mail: &str, names: &str) -> Option<String> {
        let lines = format!("{ZONE}\nlookup a.test. MX{mail}\nlookup a.test. NS | {names}");
        check(&facts("a.test.", &lines)).map(|finding| finding.evidence)
    }

    #[test]
    fn old_records_in_the_cache_are_told_with_their_end() {
        assert_eq!(evidence(" | 10 New.a.test.", "ns1.a.test."), None);
        assert_eq!(
            evidence(" | 10 old.a.test.", "ns1.a.test.").as_deref(),
            Some(
                "a.test. MX: this host has 10 old.a.test. until 2026-01-01 01:00 UTC (TTL 3600 s); the servers of the \
                 zone have 10 new.a.test."
            )
        );
        let moved = evidence(" | 10 new.a.test.", "old.b.test.").unwrap();
        assert!(moved.starts_with("a.test. NS: this host has old.b.test. until "), "{moved}");
        assert!(evidence("", "ns1.a.test.").unwrap().contains("this host has no MX; "));
        assert_eq!(evidence(" SERVFAIL", "ns1.a.test."), None, "not known");
        assert_eq!(
            evidence(" | =a.test. CNAME b.test. | =b.test. MX 10 x.", "ns1.a.test."),
            None,
            "an alias"
        );
    }
}
