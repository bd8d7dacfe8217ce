//! Denials that a resolver of others, or this host, has kept: of a domain since before the zone above delegated it, and of records since
//! before the zone had them.
//!
//! RFC 2308 section 5 (negative answers are kept for the TTL of the SOA record in them), RFC 8020 (a denial is of all names below too).
//!
//! # Decisions
//!
//! - A denial by the zone above has its SOA record. If no server of that zone denies the domain now, the answer is from an earlier time.
//!   Filters send no SOA record, or one of a zone of their own.
//! - A cache keeps a denial for the last field of this SOA record at most. One with a longer TTL is not from a cache.

use std::net::IpAddr;

use super::codes::Code;
use super::facts::{DomainFacts, Got, OtherResolver, QueryForm, ReplyFacts, is_within};
use super::finding::Finding;
use super::other_resolvers::ask;
use super::record_set::{most_negative_ttl, negative_ttl};
use super::{parents, ttl_end, zone};
use dns::clock::minute;

/// A denial in the cache of a resolver.
pub(super) struct KeptDenial {
    text: String,
    /// The end of its TTL, in seconds since 1970.
    end: u64,
}

/// The denial that a resolver has kept; none if it has none.
pub(super) fn at(facts: &DomainFacts, resolver: &OtherResolver) -> Option<KeptDenial> {
    let (domain, above) = (facts.subject.domain.as_str(), zone::parent(facts)?);
    let Got::Reply(reply) = facts.got.get(&ask(resolver, domain, "MX"))? else { return None };
    let is_by_above =
        reply.rcode == "NXDOMAIN" && zone::parent_set(facts).is_some() && !is_denied_by_own(facts, domain);
    let end = ttl_end::end(facts, ttl_of_zone(reply, domain, above)?);
    let text = format!(
        "{} still has the answer of the zone {above} that {domain} does not exist (NXDOMAIN), until {}",
        resolver.name,
        minute(end)
    );
    is_by_above.then_some(KeptDenial { text, end })
}

/// The rest of the TTL of a denial in the cache of a resolver; none if it is not that of this zone, or not from a cache.
fn ttl_of_zone(reply: &ReplyFacts, name: &str, zone: &str) -> Option<u32> {
    let is_of_zone = !reply.authoritative && zone::soa(reply).is_some_and(|soa| soa.owner == zone);
    negative_ttl(reply, name).filter(|_| is_of_zone)
}

/// Whether a cache may have kept the answer of the domain's own zone that it has no such records.
pub(super) fn is_of_own(facts: &DomainFacts, reply: &ReplyFacts, name: &str) -> bool {
    let rest = ttl_of_zone(reply, name, zone::apex(facts));
    rest.zip(most_negative_ttl(reply, name)).is_some_and(|(rest, most)| rest <= most)
}

/// Whether the cache of this host has such a denial. The proof in it is that of the zone above, and says nothing about the zone of now.
pub(super) fn is_here(facts: &DomainFacts) -> bool {
    let is_by_above = |reply: &ReplyFacts| {
        reply.rcode == "NXDOMAIN"
            && zone::soa(reply).is_some_and(|soa| Some(soa.owner) == zone::parent(facts))
    };
    facts.cached.values().any(is_by_above)
}

/// The finding about the denials, with the time by which the last has ended.
pub(super) fn finding(denials: &[KeptDenial]) -> Option<Finding> {
    let end = denials.iter().map(|denial| denial.end).max()?;
    let texts: Vec<&str> = denials.iter().map(|denial| denial.text.as_str()).collect();
    let evidence = format!("{}. They find the domain by {}", texts.join("; "), ttl_end::over_by(end));
    Some(Finding::new(Code::OthersDeny, evidence))
}

/// Whether a server of the zone denies the zone, or one of the zone above: then a resolver that denies a name in it hides nothing.
pub(super) fn is_denied_by_own(facts: &DomainFacts, name: &str) -> bool {
    let apex = zone::apex(facts);
    let denies = |server: IpAddr| match facts.server(server, apex, "SOA", QueryForm::Udp) {
        Some(Got::Reply(reply)) => reply.authoritative && reply.rcode == "NXDOMAIN",
        _ => false,
    };
    let is_denied = || zone::servers(facts).into_keys().any(denies) || parents::is_denied_by_one(facts);
    is_within(name, apex) && is_denied()
}

#[cfg(test)]
#[path = "kept_denial_tests.rs"]
mod tests;
