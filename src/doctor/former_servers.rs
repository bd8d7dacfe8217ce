//! Name servers from before a move that a resolver of others still has: its other records of the domain are old too, and how long it may
//! keep them depends on these servers.
//!
//! RFC 1034 section 5.3.3 (the servers that a resolver asks), RFC 1035 section 3.2.1 (TTL).
//!
//! # Decisions
//!
//! - A set of servers is of a former time if it has a server that neither the zone above nor any server of the zone names. While a server
//!   of the zone has not told its set, this may be the one that names it: then the former servers must still serve the zone.
//! - The former servers of a signed domain are asked for their keys too: `former_keys` compares these with the DS records.
//! - The resolver itself is asked for the addresses of former servers with names in the zone: the zone of now has none of these names, or
//!   another address. The same goes for names that exist no more.
//! - Until the TTL of this set ends, the resolver asks these servers. If they still give the old records, it may fetch them at the last
//!   moment, and then keeps them for their TTL. So these servers are asked themselves, after all else.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::facts::{
    DomainFacts, Got, OtherResolver, QueryForm, ReplyFacts, Want, at_server, is_within, lookup,
};
use super::other_resolvers::{ask, current};
use super::record_set::{is_known, negative_ttl, positive_ttl, records};
use super::server_names::listed;
use super::{compared, keys, parents, server_hosts, ttl_end, zone};
use crate::limits::{MAX_CHECK_QUESTIONS, MAX_FORMER_LOOKUPS, MAX_FORMER_NAMES_ASKED};

/// The name servers of a resolver that are not those of now.
pub(super) struct Former {
    pub(super) names: BTreeSet<String>,
    /// An address of each of these, with its names. Names without a known one are left out.
    pub(super) addressed: BTreeMap<IpAddr, BTreeSet<String>>,
    /// The end of their TTL, in seconds since 1970.
    pub(super) end: u64,
}

/// The names of the servers of now: those of the zone above, and those that any server of the zone names. None if one of them is not known.
fn named_now(facts: &DomainFacts) -> Option<BTreeSet<String>> {
    let above: BTreeSet<String> = parents::sets(facts).into_iter().flatten().collect();
    let sets = zone::servers(facts).into_keys().filter_map(|server| zone::child_set_at(facts, server));
    let own: BTreeSet<String> = sets.flatten().collect();
    (!above.is_empty() && !own.is_empty()).then(|| above.union(&own).cloned().collect())
}

/// The servers in the NS records of a resolver that nobody names now. A resolver with authority has a zone of its own.
fn named(facts: &DomainFacts, resolver: &OtherResolver) -> Option<Former> {
    let apex = zone::apex(facts);
    let Got::Reply(reply) = facts.got.get(&ask(resolver, apex, "NS"))? else { return None };
    let now = named_now(facts)?;
    let names: BTreeSet<String> =
        zone::named(&reply.answers, apex).filter(|name| !now.contains(name)).collect();
    let (end, addressed) =
        (ttl_end::end(facts, positive_ttl(reply, "NS")?), addressed(facts, resolver, &names));
    (reply.rcode == "NOERROR" && !reply.authoritative && !names.is_empty()).then_some(Former {
        names,
        addressed,
        end,
    })
}

/// The same, if it is known that no server of the zone names them, or if they serve the zone themselves.
pub(super) fn former(facts: &DomainFacts, resolver: &OtherResolver) -> Option<Former> {
    let may_name = |server: IpAddr| {
        zone::child_set_at(facts, server).is_none()
            && compared::may_give(facts, server, (zone::apex(facts), "NS"))
    };
    let mail = (facts.subject.domain.as_str(), "MX");
    named(facts, resolver).filter(|former| {
        !zone::delegated_servers(facts).into_keys().any(may_name)
            || former.addressed.keys().any(|server| given(facts, *server, mail).is_some())
    })
}

/// Whether a resolver has such servers: its records are of their time.
pub(super) fn are_at(facts: &DomainFacts, resolver: &OtherResolver) -> bool {
    former(facts, resolver).is_some()
}

/// Whether the address of a former server is that which the resolver itself has: its name is in the zone, which has another version of it now,
/// or it exists no more.
fn is_known_there(facts: &DomainFacts, name: &str) -> bool {
    is_within(name, zone::apex(facts)) || facts.lookup(name, "A").is_absent()
}

/// The address at which a former server is asked.
fn address(facts: &DomainFacts, resolver: &OtherResolver, name: &str) -> Option<IpAddr> {
    if !is_known_there(facts, name) {
        return zone::address(facts, name);
    }
    match facts.got.get(&ask(resolver, name, "A"))? {
        Got::Reply(reply) => reply.data("A").filter_map(|data| data.parse().ok()).min(),
        _ => None,
    }
}

/// An address of each of these servers, with its names.
fn addressed(
    facts: &DomainFacts,
    resolver: &OtherResolver,
    names: &BTreeSet<String>,
) -> BTreeMap<IpAddr, BTreeSet<String>> {
    let mut addressed = BTreeMap::<IpAddr, BTreeSet<String>>::new();
    for name in names.iter().take(MAX_FORMER_NAMES_ASKED) {
        if let Some(address) = address(facts, resolver, name) {
            addressed.entry(address).or_default().insert(name.clone());
        }
    }
    addressed
}

/// A name with a type.
pub(super) type Lookup = (String, &'static str);

/// The lookups for which these servers are asked: that of the MX records, and of the records that the resolver has otherwise.
pub(super) fn asked(facts: &DomainFacts, others: &[Lookup]) -> Vec<Lookup> {
    let mail = (facts.subject.domain.clone(), "MX");
    let mut lookups = others.to_vec();
    lookups.retain(|other| *other != mail && other.1 != "NS");
    lookups.insert(0, mail);
    lookups.truncate(MAX_FORMER_LOOKUPS);
    lookups
}

/// The questions to former servers, if there is room for all of them. `others` are the resolvers with the lookups of which they have other
/// records than the zone.
pub(super) fn wants(facts: &DomainFacts, others: &[(&OtherResolver, Vec<Lookup>)]) -> Vec<Want> {
    let mut wants = BTreeSet::new();
    for (resolver, others) in others {
        let Some(former) = named(facts, resolver) else { continue };
        for name in former.names.iter().take(MAX_FORMER_NAMES_ASKED) {
            wants.extend((!is_within(name, zone::apex(facts))).then(|| lookup(name, "A")));
            wants.extend(is_known_there(facts, name).then(|| ask(resolver, name, "A")));
        }
        let lookups = asked(facts, others);
        for server in former.addressed.keys() {
            wants.extend(lookups.iter().map(|(name, kind)| question(*server, (name, kind))));
            wants.extend(keys::has_ds(facts).then(|| question(*server, (zone::apex(facts), "DNSKEY"))));
        }
    }
    let new = wants.iter().filter(|want| !facts.got.contains_key(want)).count();
    if facts.got.len() + new > MAX_CHECK_QUESTIONS {
        return Vec::new();
    }
    wants.into_iter().collect()
}

fn question(server: IpAddr, (name, kind): (&str, &'static str)) -> Want {
    at_server(server, name, kind, QueryForm::Udp)
}

/// The replies of these servers with the keys of the zone.
pub(super) fn keys<'f>(facts: &'f DomainFacts, former: &Former) -> Vec<&'f ReplyFacts> {
    let of_apex = (zone::apex(facts), "DNSKEY");
    let replies = former.addressed.keys().filter_map(|server| given(facts, *server, of_apex));
    replies.filter(|reply| reply.data("DNSKEY").next().is_some()).collect()
}

/// Whether each of these servers has answered, and none has the zone any more.
pub(super) fn are_without_zone(facts: &DomainFacts, former: &Former) -> bool {
    let of_mail = (facts.subject.domain.as_str(), "MX");
    let is_without = |server: &IpAddr| {
        let is_told = matches!(facts.got.get(&question(*server, of_mail)), Some(Got::Reply(_)));
        is_told && given(facts, *server, of_mail).is_none()
    };
    are_all_addressed(former) && former.addressed.keys().all(is_without)
}

/// Whether an address of each of these servers is known.
fn are_all_addressed(former: &Former) -> bool {
    former.addressed.values().flatten().collect::<BTreeSet<_>>().len() == former.names.len()
}

/// The reply of a former server with authority.
fn given<'f>(facts: &'f DomainFacts, server: IpAddr, lookup: (&str, &'static str)) -> Option<&'f ReplyFacts> {
    match facts.got.get(&question(server, lookup))? {
        Got::Reply(reply) if reply.authoritative && is_known(reply) => Some(reply),
        _ => None,
    }
}

/// The verdict on the old records at a former server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StillGiven {
    /// One gives them still, for this TTL in seconds.
    Yes(u32),
    No,
    /// It could not be told.
    Untold,
}

/// Whether a former server still gives records that are not those of the zone.
fn still_given(facts: &DomainFacts, server: IpAddr, lookups: &[Lookup]) -> StillGiven {
    let ttl_of_old = |(name, kind): &Lookup| {
        let reply = given(facts, server, (name, kind))?;
        let (told, now) = (records(reply, name, kind)?, current(facts, name, kind));
        let ttl = positive_ttl(reply, kind).or_else(|| negative_ttl(reply, name));
        (!now.is_empty() && !now.contains(&told)).then(|| ttl.unwrap_or_default())
    };
    let is_told =
        |(name, kind): &Lookup| matches!(facts.got.get(&question(server, (name, kind))), Some(Got::Reply(_)));
    match lookups.iter().filter_map(ttl_of_old).max() {
        Some(ttl) => StillGiven::Yes(ttl),
        None if lookups.iter().all(is_told) => StillGiven::No,
        None => StillGiven::Untold,
    }
}

/// The time by which a resolver with old records has the new ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Until {
    /// In seconds since 1970.
    pub(super) end: u64,
    /// The facts about the former servers, in words; empty without them.
    pub(super) words: String,
    /// Whether former servers may prolong it.
    pub(super) may_be_prolonged: bool,
    /// Whether it is not known which TTL the old records have at these servers.
    pub(super) is_bound: bool,
}

/// The time until which a resolver may have old records, if those in its cache now end at `end`. `others` are the lookups of these.
pub(super) fn until(facts: &DomainFacts, (resolver, others): (&OtherResolver, &[Lookup]), end: u64) -> Until {
    let Some(former) = former(facts, resolver) else { return Until { end, ..Until::default() } };
    let (lookups, servers) = (asked(facts, others), &former.addressed);
    let still: Vec<(IpAddr, StillGiven)> =
        servers.keys().map(|server| (*server, still_given(facts, *server, &lookups))).collect();
    let are_all_told =
        are_all_addressed(&former) && still.iter().all(|(_, still)| !matches!(still, StillGiven::Untold));
    let giving: Vec<IpAddr> = still
        .iter()
        .filter(|(_, still)| matches!(still, StillGiven::Yes(_)))
        .map(|(server, _)| *server)
        .collect();
    let ttl = still.iter().filter_map(|(_, still)| match still {
        StillGiven::Yes(ttl) => Some(*ttl),
        StillGiven::No | StillGiven::Untold => None,
    });
    let set = format!("neither the zone nor the zone above names {} any more", listed(&former.names));
    let after = |ttl: u32| former.end.saturating_add(ttl.into()).max(end);
    match ttl.max() {
        Some(ttl) => {
            let giving = server_hosts::still_giving(&server_hosts::shown(servers, giving), "");
            let words = format!("{set}, and {giving} old records (TTL {ttl} s)");
            Until { end: after(ttl), words, may_be_prolonged: true, is_bound: false }
        }
        None if are_all_told => Until { end, words: set, ..Until::default() },
        None => {
            let words = format!("{set}; whether they still give old records could not be told");
            Until { end: after(longest_ttl(facts, &lookups)), words, may_be_prolonged: true, is_bound: true }
        }
    }
}

/// The longest TTL of these records at the servers of the zone.
pub(super) fn longest_ttl(facts: &DomainFacts, lookups: &[Lookup]) -> u32 {
    let servers: Vec<IpAddr> = zone::delegated_servers(facts).into_keys().collect();
    let ttl = |(name, kind): &Lookup| {
        let given = servers.iter().filter_map(|server| given(facts, *server, (name, kind)));
        given.filter_map(|reply| positive_ttl(reply, kind).or_else(|| negative_ttl(reply, name))).max()
    };
    lookups.iter().filter_map(ttl).max().unwrap_or_default()
}

#[cfg(test)]
#[path = "former_servers_tests.rs"]
mod tests;
