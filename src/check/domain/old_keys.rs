//! Old DS and DNSKEY records of the domain in the cache of a resolver that fails: the keys of the zone have changed since.
//!
//! RFC 4035 section 3.2.2 (CD: without validation), RFC 6781 sections 4.1.1 and 4.1.2 (old keys stay until the old records have expired
//! everywhere).

use std::collections::BTreeSet;

use super::facts::{DomainFacts, Got, OtherResolver, ReplyFacts, Want};
use super::keys::{self, Ds, Key};
use super::other_resolvers::ask_unvalidated;
use super::record_set::positive_ttl;
use super::{ttl_end, zone};
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
pub(super) struct OldKeys {
    /// In words.
    pub(super) text: String,
    /// The end of their TTL, in seconds since 1970.
    pub(super) end: u64,
}

/// Records as they are compared; none if one cannot be read.
fn read<'d, Record: Ord>(
    records: impl IntoIterator<Item = &'d str>,
    read: impl Fn(&'d str) -> Option<Record>,
) -> Option<BTreeSet<Record>> {
    records.into_iter().map(read).collect()
}

/// The tags of the keys that DS records name, in words.
fn tags(records: &BTreeSet<Ds>) -> String {
    let tags: BTreeSet<u16> = records.iter().map(|ds| ds.tag).collect();
    let named = tags.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
    if tags.len() == 1 { format!("the key {named}") } else { format!("the keys {named}") }
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

/// The old DS records of a resolver; none if it has those of now, or if one side is not known.
fn delegated(facts: &DomainFacts, resolver: &OtherResolver) -> Option<OldKeys> {
    let (apex, reply) = (zone::apex(facts), kept(facts, resolver, "DS")?);
    let (here, now) = (read(reply.data("DS"), Ds::read)?, read(keys::told_above(facts)?, Ds::read)?);
    if here == now {
        return None;
    }
    let end = ttl_end::end(facts, positive_ttl(reply, "DS")?);
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
    let (here, now) = (read(reply.data("DNSKEY"), Key::read)?, read(keys::told_records(facts), Key::read)?);
    if now.is_empty() || here == now {
        return None;
    }
    let end = ttl_end::end(facts, positive_ttl(reply, "DNSKEY")?);
    let (name, apex) = (&resolver.name, zone::apex(facts));
    let text = format!(
        "{name} still has old DNSKEY records of {apex} until {}, and its servers have others now",
        minute(end)
    );
    Some(OldKeys { text, end })
}

/// The old DS and DNSKEY records of a resolver that fails.
pub(super) fn at(facts: &DomainFacts, resolver: &OtherResolver) -> Vec<OldKeys> {
    [delegated(facts, resolver), own(facts, resolver)].into_iter().flatten().collect()
}

#[cfg(test)]
#[path = "old_keys_tests.rs"]
mod tests;
