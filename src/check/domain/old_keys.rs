//! Old DS and DNSKEY records of the domain in the cache of a resolver that fails: the keys of the zone have changed since.
//!
//! RFC 4035 section 3.2.2 (CD: without validation), RFC 6781 sections 4.1.1 and 4.1.2 (old keys stay until the old records have expired
//! everywhere), RFC 8914 (the reason of a failure).

use std::collections::BTreeSet;

use super::codes::Code;
use super::facts::{DomainFacts, Got, OtherResolver, ReplyFacts, Want};
use super::finding::Finding;
use super::other_resolvers::ask_unvalidated;
use super::record_set::positive_ttl;
use super::{keys, remedies, zone};
use crate::clock::minute;
use crate::limits::MAX_CHECK_QUESTIONS;

/// The questions about the DS and DNSKEY records at resolvers that fail, at the zone above and at the servers of the zone, if there is room
/// for all of them.
pub(super) fn wants(facts: &DomainFacts, failing: &[&OtherResolver]) -> Vec<Want> {
    let apex = zone::apex(facts);
    if failing.is_empty() || apex == "." || facts.configured().is_some() {
        return Vec::new();
    }
    let of_kind = |kind| failing.iter().map(move |resolver| ask_unvalidated(resolver, apex, kind));
    let mut wants: Vec<Want> = of_kind("DS").collect();
    wants.extend(keys::of_parents(facts));
    if keys::told_above(facts).is_some_and(|above| !above.is_empty()) {
        wants.extend(of_kind("DNSKEY"));
        wants.extend(keys::wants(facts));
    }
    let new = wants.iter().filter(|want| !facts.got.contains_key(want)).count();
    if facts.got.len() + new <= MAX_CHECK_QUESTIONS { wants } else { Vec::new() }
}

/// The DS or DNSKEY records that a resolver has, and the zones do not have now.
struct OldKeys {
    text: String,
    /// The end of their TTL, in seconds since 1970.
    end: u64,
}

/// The data of records: digests are compared without regard to case and spaces. Keys are too: no two differ in case alone.
fn compared<'d>(records: impl IntoIterator<Item = &'d str>) -> BTreeSet<String> {
    let one = |data: &str| {
        let words: Vec<&str> = data.split_whitespace().collect();
        let (fields, digest) = words.split_at(words.len().min(3));
        format!("{} {}", fields.join(" "), digest.concat().to_ascii_lowercase())
    };
    records.into_iter().map(one).collect()
}

/// The tags of the keys that DS records name, in words.
fn tags(records: &BTreeSet<String>) -> String {
    let tags: BTreeSet<&str> = records.iter().filter_map(|data| data.split(' ').next()).collect();
    match tags.len() {
        1 => format!("the key {}", tags.into_iter().collect::<String>()),
        _ => format!("the keys {}", tags.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

/// The records of a type that a resolver has; none if it has none of its own.
fn kept<'f>(facts: &'f DomainFacts, resolver: &OtherResolver, kind: &'static str) -> Option<&'f ReplyFacts> {
    match facts.got.get(&ask_unvalidated(resolver, zone::apex(facts), kind))? {
        Got::Reply(reply) if reply.rcode == "NOERROR" && !reply.authoritative => {
            Some(reply).filter(|reply| reply.data(kind).next().is_some())
        }
        _ => None,
    }
}

/// When records of a resolver end, in seconds since 1970.
fn end(facts: &DomainFacts, reply: &ReplyFacts, kind: &str) -> Option<u64> {
    Some(facts.subject.unix.saturating_add(positive_ttl(reply, kind)?.into()))
}

/// The old DS records of a resolver; none if it has those of now, or if one side is not known.
fn delegated(facts: &DomainFacts, resolver: &OtherResolver) -> Option<OldKeys> {
    let (apex, reply) = (zone::apex(facts), kept(facts, resolver, "DS")?);
    let (here, now) = (compared(reply.data("DS")), compared(keys::told_above(facts)?));
    if here == now {
        return None;
    }
    let end = end(facts, reply, "DS")?;
    let present = match now.is_empty() {
        true => "has none any more".to_owned(),
        false => format!("has that of {} now", tags(&now)),
    };
    let text = format!(
        "{} still has the old DS record of {} for {apex} until {}, and the zone above {present}",
        resolver.name,
        tags(&here),
        minute(end)
    );
    Some(OldKeys { text, end })
}

/// The old DNSKEY records of a resolver; none if it has those of now, or if one side is not known.
fn own(facts: &DomainFacts, resolver: &OtherResolver) -> Option<OldKeys> {
    let reply = kept(facts, resolver, "DNSKEY")?;
    let (here, now) = (compared(reply.data("DNSKEY")), compared(keys::told_records(facts)));
    if now.is_empty() || here == now {
        return None;
    }
    let end = end(facts, reply, "DNSKEY")?;
    let (name, apex) = (&resolver.name, zone::apex(facts));
    let text = format!(
        "{name} still has old DNSKEY records of {apex} until {}, and its servers have others now",
        minute(end)
    );
    Some(OldKeys { text, end })
}

/// The finding about resolvers that fail, `fails` in words, with the old DS and DNSKEY records of these.
pub(super) fn explained<'f>(
    facts: &'f DomainFacts,
    fails: &str,
    failing: impl Iterator<Item = &'f OtherResolver>,
) -> Finding {
    let of = |resolver| [delegated(facts, resolver), own(facts, resolver)];
    let old: Vec<OldKeys> = failing.flat_map(of).flatten().collect();
    let Some(end) = old.iter().map(|old| old.end).max() else { return Finding::new(Code::OthersFail, fails) };
    let texts: Vec<&str> = old.iter().map(|old| old.text.as_str()).collect();
    let evidence = format!(
        "{}; {fails}. They resolve the domain by {}",
        texts.join("; "),
        minute(end.next_multiple_of(60))
    );
    Finding::new(Code::OthersFail, evidence).to_do(remedies::OLD_KEYS)
}

#[cfg(test)]
#[path = "old_keys_tests.rs"]
mod tests;
