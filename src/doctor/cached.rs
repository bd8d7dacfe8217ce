//! Compares the cache of this host with the servers of the zone, to find old records that mail from this host still uses (RFC 1035 section
//! 3.2.1, TTL).

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::codes::Code;
use crate::delegation::{mixed_case, parents};
use crate::facts::record_set::{ADDRESS_TTL, final_records, in_words, negative_ttl, own_records, path};
use crate::facts::{DomainFacts, Record, ReplyFacts, Want};
use crate::finding::Finding;
use crate::part::About;
use crate::{compared, served, zone};
use dns::clock::minute;

/// Returns the finding about records in the cache of this host that the servers of the zone no longer give.
pub(super) fn check(facts: &DomainFacts) -> Option<Finding> {
    if facts.configured().is_some() {
        return None;
    }
    let servers = zone::servers(facts);
    let mut old = Vec::new();
    for (want, here) in &facts.cached {
        let Want::Lookup { name, kind } = want else { continue };
        if here.configured.is_some() || is_given(facts, (name, kind), here) {
            continue;
        }
        if may_be_denied(facts, here, kind) || is_denied_above(facts, here) {
            continue;
        }
        let Some(records) = old_records(facts, (name, kind), here) else { continue };
        let may_give_it = |server: &IpAddr| compared::may_give(facts, *server, (name, kind));
        // A server that has not answered may still give the cached records.
        if !servers.keys().any(may_give_it) {
            old.push(records);
        }
    }
    if !parents::unheard(facts).is_empty() {
        return None;
    }
    let gave = servers.keys().filter(|server| served::form(facts, **server).is_some());
    let gave: Vec<About> = gave.copied().map(About::Address).collect();
    (!old.is_empty()).then(|| Finding::new(Code::CachedHere, old.join("; ")).about(gave))
}

/// Returns true if a server of the zone still gives the cached records. They are then not old, even if other servers do not give them: the
/// servers differ, or each answer has only some of the addresses.
fn is_given(facts: &DomainFacts, (name, kind): (&str, &'static str), here: &ReplyFacts) -> bool {
    let apex = zone::apex(facts);
    let Some(old) = path(here, kind, apex) else { return false };
    let is_address = ["A", "AAAA"].contains(&kind) && !old.is_empty();
    let gives = |reply: &ReplyFacts| {
        path(reply, kind, apex).is_some_and(|given| given == old || is_address && old.is_subset(&given))
    };
    zone::servers(facts)
        .into_keys()
        .any(|server| served::given(facts, server, (name, kind)).is_some_and(gives))
}

/// Returns true if the cache has no records, and the reason may be a server that answers that names in mixed case do not exist. Then the
/// cached answer is wrong, but not old.
fn may_be_denied(facts: &DomainFacts, here: &ReplyFacts, kind: &str) -> bool {
    let is_denied = final_records(here, kind).is_empty() && here.records("CNAME").next().is_none();
    is_denied && zone::servers(facts).into_keys().any(|server| mixed_case::denies(facts, server))
}

/// Returns true if the cached NXDOMAIN may come from a server of the parent zone. Then it is not an old answer of the zone itself.
fn is_denied_above(facts: &DomainFacts, here: &ReplyFacts) -> bool {
    here.rcode == "NXDOMAIN" && parents::is_denied_by_one(facts)
}

/// Describes old records in the cache of this host, the time at which they expire, and the present records of the zone.
fn old_records(facts: &DomainFacts, (name, kind): (&str, &'static str), here: &ReplyFacts) -> Option<String> {
    let reply = facts.lookup(name, kind).reply()?;
    let (mut old, mut now) = (own_records(here, name, kind)?, own_records(reply, name, kind)?);
    if old == now {
        // The records in the zone itself, for example a CNAME, are the same in both replies. So the records at the end of the aliases are compared.
        (old, now) = (final_records(here, kind), final_records(reply, kind));
    }
    if old == now {
        return None;
    }
    let ttl = ttl(here, name, kind);
    if ["A", "AAAA"].contains(&kind) && (ttl.is_some_and(|ttl| ttl <= ADDRESS_TTL) || !old.is_disjoint(&now))
    {
        return None;
    }
    Some(in_evidence(facts, (name, kind), (&old, ttl), &now))
}

fn in_evidence(
    facts: &DomainFacts,
    (name, kind): (&str, &str),
    (old, ttl): (&BTreeSet<String>, Option<u32>),
    now: &BTreeSet<String>,
) -> String {
    let until =
        ttl.map_or_else(String::new, |ttl| format!(" until {} (TTL {ttl} s)", minute(facts.end(ttl))));
    let (old, now) = (in_words(old, kind), in_words(now, kind));
    format!("{name} {kind}: this host still uses {old}{until}; the servers of the zone have {now}")
}

/// Returns the seconds for which an answer may remain in the cache (RFC 2308 section 5 for negative answers).
fn ttl(reply: &ReplyFacts, name: &str, kind: &str) -> Option<u32> {
    let counts = |record: &&Record| record.is(kind) || record.is("CNAME");
    let ttl = reply.answers.iter().filter(counts).map(|record| record.ttl).max();
    ttl.or_else(|| negative_ttl(reply, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configured::current;

    use crate::facts::tests::facts;

    const ZONE: &str = "
        lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5
        lookup test. SOA | ns.test. h. 1 2 3 4 5
        lookup test. NS | ns.test.
        lookup ns.test. A | 198.18.9.1
        lookup ns1.a.test. A | 198.18.1.1
        lookup old.b.test. A | 198.18.2.1
        server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | +ns1.a.test. A 198.18.1.1
        server 198.18.1.1 a.test. SOA udp aa | ns1.a.test. h. 7 2 3 4 5
        server 198.18.1.1 a.test. NS mixed aa | ns1.a.test.
        server 198.18.1.1 a.test. MX udp aa | 10 new.a.test.
        server 198.18.2.1 a.test. NS mixed aa | old.b.test.
        server 198.18.2.1 a.test. MX udp aa | 10 old.a.test.";

    fn evidence(mail: &str, names: &str) -> Option<String> {
        let lines = format!("{ZONE}\nlookup a.test. MX{mail}\nlookup a.test. NS | {names}");
        let mut facts = facts("a.test.", &lines);
        current::adopt(&mut facts);
        check(&facts).map(|finding| finding.evidence)
    }

    #[test]
    fn stale_cached_records_show_end() {
        assert_eq!(evidence(" | 10 New.a.test.", "ns1.a.test."), None);
        assert_eq!(
            evidence(" | 10 old.a.test.", "ns1.a.test.").as_deref(),
            Some(
                "a.test. MX: this host still uses 10 old.a.test. until 2026-01-01 01:00 UTC (TTL 3600 s); the servers of the \
                 zone have 10 new.a.test."
            )
        );
        assert!(evidence("", "ns1.a.test.").unwrap().contains("this host still uses no MX; "));
        assert_eq!(evidence(" SERVFAIL", "ns1.a.test."), None, "not known");
        let alias = evidence(" | =a.test. CNAME b.test. | =b.test. MX 10 x.", "ns1.a.test.").unwrap();
        assert!(alias.starts_with("a.test. MX: this host still uses CNAME b.test. until "), "{alias}");
    }
}
