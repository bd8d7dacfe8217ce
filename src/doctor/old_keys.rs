//! Old DS and DNSKEY records of the domain in the cache of a resolver: the keys of the zone have changed since.
//!
//! RFC 4035 section 3.2.2 (CD: without validation), RFC 6781 sections 4.1.1 and 4.1.2 (old keys stay until the old records have expired
//! everywhere).
//!
//! # Decisions
//!
//! - An end is told only of records in a cache. DS records that a server of the zone above still gives do not end, nor do keys whose TTL is
//!   not less than that at the servers of the zone: a resolver gets those again each time.
//! - Each resolver is asked for the DS records of a signed domain, also if it does not fail. After a move to new addresses under the old names,
//!   it has the old servers until their addresses end, and shows no other sign of it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::facts::{DomainFacts, Got, OtherResolver, ReplyFacts, Want};
use super::key_records::{Ds, Key, fits, signing};
use super::keys;
use super::other_resolvers::ask_unvalidated;
use super::record_set::{negative_ttl, positive_ttl};
use super::{dnssec, former_servers, parents, server_hosts, ttl_end, zone};
use crate::limits::MAX_CHECK_QUESTIONS;
use dns::clock::minute;

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

/// The questions to resolvers that answer for a signed zone for its DS records, if there is room for all of them.
pub(super) fn of_signed(facts: &DomainFacts, answering: &[&OtherResolver]) -> Vec<Want> {
    let apex = zone::apex(facts);
    let is_signed = keys::has_ds(facts) || parents::is_signed(facts) || !dnssec::signatures(facts).is_empty();
    if !is_signed || apex == "." || facts.configured().is_some() {
        return Vec::new();
    }
    let wants: Vec<Want> = answering.iter().map(|resolver| ask_unvalidated(resolver, apex, "DS")).collect();
    let new = wants.iter().filter(|want| !facts.got.contains_key(want)).count();
    if facts.got.len() + new <= MAX_CHECK_QUESTIONS { wants } else { Vec::new() }
}

/// Whether a resolver has DS records that are not known to be those of now.
pub(super) fn may_be_old(facts: &DomainFacts, resolver: &OtherResolver) -> bool {
    kept(facts, resolver, "DS").is_some() && ds_there(facts, resolver) != DsThere::New
}

/// The source from which a resolver has DS or DNSKEY records that most servers do not have now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeySource {
    /// Its cache, which keeps them until this moment in seconds since 1970.
    Cache(u64),
    /// A server of the zone above, which still gives them.
    Above,
    /// A server of the zone, or a site of one, which still gives them.
    Server,
}

/// The DS or DNSKEY records that a resolver has, and the zones, or most of their servers, do not have now.
pub(super) struct OldKeys {
    /// In words.
    pub(super) text: String,
    pub(super) source: KeySource,
}

impl OldKeys {
    /// The end of their TTL; none if a server still gives them, so that nothing ends.
    pub(super) const fn end(&self) -> Option<u64> {
        match self.source {
            KeySource::Cache(end) => Some(end),
            KeySource::Above | KeySource::Server => None,
        }
    }
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
pub(super) fn delegated(facts: &DomainFacts, resolver: &OtherResolver) -> Option<OldKeys> {
    let (apex, reply) = (zone::apex(facts), kept(facts, resolver, "DS")?);
    let (here, now) = (read(reply.data("DS"), Ds::read)?, read(keys::told_above(facts)?, Ds::read)?);
    if here == now {
        return None;
    }
    let (name, tags_here) = (&resolver.name, tags(&here));
    let given = keys::given_above(facts);
    let (still, others): (Vec<_>, Vec<_>) = given.into_iter().partition(|(_, ds)| *ds == here);
    let present = |now: &BTreeSet<Ds>| {
        if now.is_empty() { "none".to_owned() } else { format!("that of {}", tags(now)) }
    };
    if !still.is_empty() {
        let shown = parents::shown(facts);
        let still: Vec<String> =
            still.into_iter().filter_map(|(server, _)| shown.get(&server).cloned()).collect();
        let of_others = present(&others.into_iter().flat_map(|(_, ds)| ds).collect());
        let text = format!(
            "{name} has the DS record of {tags_here} for {apex}, which {}; the other servers of the zone above have {of_others}",
            server_hosts::still_giving(&still, " of the zone above")
        );
        return Some(OldKeys { text, source: KeySource::Above });
    }
    let end = ttl_end::end(facts, positive_ttl(reply, "DS")?);
    let present =
        if now.is_empty() { "has none any more".to_owned() } else { format!("has {} now", present(&now)) };
    let text = format!(
        "{name} still has the old DS record of {tags_here} for {apex} until {}, and the zone above {present}",
        minute(end)
    );
    Some(OldKeys { text, source: KeySource::Cache(end) })
}

/// The DS records of a zone at a resolver, beside those of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DsThere {
    /// It has those of now.
    New,
    /// It has those of before until this moment in seconds since 1970.
    Old(u64),
    /// It has the answer that there are none until this moment.
    Denied(u64),
    /// It could not be told.
    Untold,
}

/// The DS records at a resolver.
pub(super) fn ds_there(facts: &DomainFacts, resolver: &OtherResolver) -> DsThere {
    let apex = zone::apex(facts);
    match facts.got.get(&ask_unvalidated(resolver, apex, "DS")) {
        Some(Got::Reply(reply)) if reply.rcode == "NOERROR" && !reply.authoritative => {
            let is_new = || {
                let (here, now) = (read(reply.data("DS"), Ds::read), keys::told_above(facts));
                here.is_some() && here == now.and_then(|now| read(now, Ds::read))
            };
            match (reply.data("DS").next(), negative_ttl(reply, apex)) {
                (None, Some(ttl)) => DsThere::Denied(ttl_end::end(facts, ttl)),
                (Some(_), _) if is_new() => DsThere::New,
                (Some(_), _) => end_of_ds(facts, resolver).map_or(DsThere::Untold, DsThere::Old),
                _ => DsThere::Untold,
            }
        }
        _ => DsThere::Untold,
    }
}

/// The DS records of a resolver; empty if it has none, or if one cannot be read.
fn records_there(facts: &DomainFacts, resolver: &OtherResolver) -> Vec<Ds> {
    let records = kept(facts, resolver, "DS").and_then(|reply| read(reply.data("DS"), Ds::read));
    records.into_iter().flatten().collect()
}

/// Whether the DS records of a resolver name keys that sign at the servers of now.
pub(super) fn fit_now(facts: &DomainFacts, resolver: &OtherResolver) -> bool {
    let there = records_there(facts, resolver);
    let now = keys::by_fit(facts).fitting;
    !now.is_empty() && now.values().all(|reply| fits(zone::apex(facts), &there, reply))
}

/// Whether the DS records of a resolver name none of the keys that sign at the servers of now, or these do not sign the zone.
pub(super) fn name_no_key_of_now(facts: &DomainFacts, resolver: &OtherResolver) -> bool {
    let (apex, now) = (zone::apex(facts), keys::told_keys(facts));
    let there = records_there(facts, resolver);
    let is_signed = now.iter().any(|(_, reply)| !signing(apex, reply).is_empty());
    let is_unsigned = || {
        dnssec::signatures(facts).is_empty() && keys::told_above(facts).is_some_and(|above| above.is_empty())
    };
    match is_signed {
        true => !there.is_empty() && !now.iter().any(|(_, reply)| fits(apex, &there, reply)),
        false => !there.is_empty() && is_unsigned(),
    }
}

/// The end of the old DS records that a resolver has in its cache; none if it has none, or if that is not known.
fn end_of_ds(facts: &DomainFacts, resolver: &OtherResolver) -> Option<u64> {
    delegated(facts, resolver)?.end()
}

/// The old DNSKEY records of a resolver; none if it has those of now, or if one side is not known.
fn own(facts: &DomainFacts, resolver: &OtherResolver) -> Option<OldKeys> {
    let reply = kept(facts, resolver, "DNSKEY")?;
    let (here, now) = (read(reply.data("DNSKEY"), Key::read)?, read(keys::told_records(facts), Key::read)?);
    if now.is_empty() || here == now {
        return None;
    }
    let (name, apex, rest) = (&resolver.name, zone::apex(facts), positive_ttl(reply, "DNSKEY")?);
    let told = keys::told_keys(facts);
    let is_same = |reply: &ReplyFacts| read(reply.data("DNSKEY"), Key::read).is_some_and(|keys| keys == here);
    let still: Vec<IpAddr> =
        told.iter().filter(|(_, reply)| is_same(reply)).map(|(server, _)| *server).collect();
    let fitting = keys::by_fit(facts).fitting;
    if still.iter().any(|server| fitting.contains_key(server)) {
        // They are the keys that the DS records name, whatever other servers have.
        return None;
    }
    let still = server_hosts::shown(&zone::servers(facts), still);
    if !still.is_empty() {
        let text = format!(
            "{name} has DNSKEY records of {apex} that {}, and the other servers do not",
            server_hosts::still_giving(&still, "")
        );
        return Some(OldKeys { text, source: KeySource::Server });
    }
    // Former name servers are no servers of the zone: their records end with these.
    let full = told.iter().filter_map(|(_, reply)| positive_ttl(reply, "DNSKEY")).max();
    if full.is_none_or(|full| rest >= full) && !former_servers::are_at(facts, resolver) {
        let text = format!(
            "{name} has DNSKEY records of {apex} that no server gives to this host, and their TTL of {rest} s is not less than that of the keys at \
             the servers: a site of a server, which this resolver reaches and this host does not, seems to give them still"
        );
        return Some(OldKeys { text, source: KeySource::Server });
    }
    let end = ttl_end::end(facts, rest);
    let text = format!(
        "{name} still has old DNSKEY records of {apex} until {}, and its servers have others now",
        minute(end)
    );
    Some(OldKeys { text, source: KeySource::Cache(end) })
}

/// Old DNSKEY records in the cache of a resolver, with which it validates what they have signed, whatever DS record it has.
pub(super) struct KeptKeys {
    /// The tags of the keys that may sign records.
    pub(super) tags: BTreeSet<u16>,
    /// Their end, in seconds since 1970.
    pub(super) end: u64,
}

/// The old DNSKEY records of a resolver; none if it has those of now, or if one side is not known.
pub(super) fn kept_keys(facts: &DomainFacts, resolver: &OtherResolver) -> Option<KeptKeys> {
    let end = own(facts, resolver)?.end()?;
    let records = kept(facts, resolver, "DNSKEY")?.data("DNSKEY");
    let tags = records.filter_map(keys::algorithm_and_tag).map(|(_, tag)| tag).collect();
    Some(KeptKeys { tags, end })
}

/// The old DS and DNSKEY records of a resolver that fails.
pub(super) fn at(facts: &DomainFacts, resolver: &OtherResolver) -> Vec<OldKeys> {
    [delegated(facts, resolver), own(facts, resolver)].into_iter().flatten().collect()
}

#[cfg(test)]
#[path = "old_keys_tests.rs"]
mod tests;
