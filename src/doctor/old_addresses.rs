//! Old addresses of name servers that have kept their names, in the cache of a resolver of others: until they end, it asks the old servers.
//!
//! RFC 1035 section 3.2.1 (TTL).

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::facts::{DomainFacts, Got, OtherResolver, Want};
use super::former_servers::{Lookup, Until};
use super::other_resolvers::ask;
use super::record_set::positive_ttl;
use super::{former_servers, ttl_end, zone};
use crate::limits::{MAX_CHECK_QUESTIONS, MAX_FORMER_NAMES_ASKED};
use dns::clock::minute;

/// The names of servers that a resolver is asked for.
fn names(facts: &DomainFacts) -> impl Iterator<Item = String> {
    zone::server_names(facts).into_iter().take(MAX_FORMER_NAMES_ASKED)
}

/// The questions to resolvers with old DS records, or with other records of the zone, if there is room for all of them.
pub(super) fn wants(facts: &DomainFacts, resolvers: &[&OtherResolver]) -> Vec<Want> {
    let of_resolver =
        |resolver: &&OtherResolver| names(facts).map(|name| ask(resolver, &name, "A")).collect::<Vec<Want>>();
    let wants: Vec<Want> = resolvers.iter().flat_map(of_resolver).collect();
    let new = wants.iter().filter(|want| !facts.got.contains_key(want)).count();
    if facts.got.len() + new <= MAX_CHECK_QUESTIONS { wants } else { Vec::new() }
}

/// The last end of addresses that are none of those of now; none if a resolver has none.
pub(super) fn end(facts: &DomainFacts, resolver: &OtherResolver) -> Option<u64> {
    let servers = zone::servers(facts);
    let ends = names(facts).filter_map(|name| {
        let Got::Reply(reply) = facts.got.get(&ask(resolver, &name, "A"))? else { return None };
        let there: BTreeSet<IpAddr> = reply.data("A").filter_map(|data| data.parse().ok()).collect();
        let mut now = servers.iter().filter(|(_, names)| names.contains(&name)).map(|(server, _)| server);
        let is_old = !there.is_empty() && !reply.authoritative && !now.any(|server| there.contains(server));
        is_old.then(|| positive_ttl(reply, "A").map(|ttl| ttl_end::end(facts, ttl))).flatten()
    });
    ends.max()
}

/// The time by which a resolver with old records and old addresses of the name servers has the new ones, if those in its cache now end at `end`:
/// until these addresses end, it fetches the old records again. None if it has no such addresses.
pub(super) fn until(
    facts: &DomainFacts,
    (resolver, others): (&OtherResolver, &[Lookup]),
    end_of_records: u64,
) -> Option<Until> {
    let of_addresses = end(facts, resolver)?;
    let ttl = former_servers::longest_ttl(facts, &former_servers::asked(facts, others));
    let words = format!(
        "{} has other addresses of the name servers than those of now until {}, and asks there until then",
        resolver.name,
        minute(of_addresses)
    );
    let end = of_addresses.saturating_add(ttl.into()).max(end_of_records);
    Some(Until { end, words, may_be_prolonged: true, is_bound: true })
}
