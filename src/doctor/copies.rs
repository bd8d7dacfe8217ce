//! The copies of the zone that its servers have, in words, and the newest of them.
//!
//! RFC 1035 section 3.3.13 (MNAME), RFC 1982 (serials). `foreign` tells foreign copies from those of the zone. Where nothing tells which of two
//! copies is foreign, both are told.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::facts::DomainFacts;
use super::foreign::{CopyKeys, Foreign};
use super::server_hosts;
use super::server_names::listed;
use super::zone::{self, primary_at};

/// The foreign copies, each with its server, in words; none if there are none.
pub(super) fn foreign_words(
    servers: &BTreeMap<IpAddr, BTreeSet<String>>,
    foreign: &BTreeMap<IpAddr, Foreign>,
) -> Option<String> {
    let conduct = |(server, copy): (&IpAddr, &Foreign)| {
        let Foreign { primary, names, others, keys, has_names_above } = copy;
        let keys = match keys {
            CopyKeys::Missing => {
                "; it is not signed, and the DS records at the zone above fit the zone of the others"
            }
            CopyKeys::Other => {
                "; it is signed with other keys, and the DS records at the zone above fit the keys of the others"
            }
            CopyKeys::Fit | CopyKeys::Untold => "",
        };
        let named = if *has_names_above { "the servers of the zone".to_owned() } else { listed(names) };
        let conduct = format!(
            "has another zone of this name: its SOA record names the primary server {primary} instead of {}, and its NS records name {named}{keys}",
            listed(others)
        );
        (*server, conduct)
    };
    let conducts: Vec<(IpAddr, String)> = foreign.iter().map(conduct).collect();
    (!conducts.is_empty()).then(|| server_hosts::with_conduct(servers, &conducts))
}

/// The primary servers that servers name, in words, if each of these groups of servers has its own; none otherwise.
pub(super) fn primaries_of_groups(
    facts: &DomainFacts,
    servers: &BTreeMap<IpAddr, BTreeSet<String>>,
    groups: &[Vec<IpAddr>],
) -> Option<String> {
    let of_group = |group: &Vec<IpAddr>| -> BTreeSet<String> {
        group.iter().filter_map(|server| primary_at(facts, *server)).collect()
    };
    let sets: Vec<BTreeSet<String>> = groups.iter().map(of_group).collect();
    let all: BTreeSet<&String> = sets.iter().flatten().collect();
    let are_apart = sets.iter().all(|set| set.len() == 1) && all.len() == sets.len();
    let named = |(group, set): (&Vec<IpAddr>, &BTreeSet<String>)| {
        let at = server_hosts::shown(servers, group.iter().copied()).join(" and ");
        format!("{} at {at}", listed(set))
    };
    let words = || groups.iter().zip(&sets).map(named).collect::<Vec<_>>().join(", ");
    (are_apart && sets.len() > 1)
        .then(|| format!("their SOA records name different primary servers: {}", words()))
}

/// That servers have zones of different primary servers, each of which names other name servers, so that nothing tells which is that of the
/// domain; in words. `told` are the sets that servers name, without those of foreign copies.
pub(super) fn undecided(
    facts: &DomainFacts,
    servers: &BTreeMap<IpAddr, BTreeSet<String>>,
    told: &[(IpAddr, BTreeSet<String>)],
) -> Option<String> {
    let mut zones = BTreeMap::<String, (BTreeSet<&BTreeSet<String>>, Vec<IpAddr>)>::new();
    for (server, set) in told {
        let (sets, at) = zones.entry(primary_at(facts, *server)?).or_default();
        sets.insert(set);
        at.push(*server);
    }
    let all: BTreeSet<&BTreeSet<String>> = zones.values().flat_map(|(sets, _)| sets).copied().collect();
    let are_apart = zones.values().map(|(sets, _)| sets.len()).sum::<usize>() == all.len();
    let groups: Vec<Vec<IpAddr>> = zones.into_values().map(|(_, at)| at).collect();
    let words = primaries_of_groups(facts, servers, &groups).filter(|_| are_apart)?;
    Some(format!("; {words}; which of them has the zone of the domain could not be told"))
}

/// The server of the newest copy among servers that serve the zone. Of copies from different primary servers, that one counts whose keys
/// the DS records fit; then that which names the servers of the zone above; then that of the most servers; then that whose primary server the
/// zone above names.
pub(super) fn newest_server(facts: &DomainFacts, servers: &[IpAddr]) -> Option<IpAddr> {
    let above = zone::parent_set(facts).unwrap_or_default();
    let mut copies = BTreeMap::<String, Vec<IpAddr>>::new();
    for server in servers {
        if let Some(primary) = primary_at(facts, *server) {
            copies.entry(primary).or_default().push(*server);
        }
    }
    let worth = |(primary, of_copy): &(String, Vec<IpAddr>)| {
        let is_right = |server: &IpAddr| zone::child_set_at(facts, *server).is_some_and(|set| set == above);
        let is_named = of_copy.iter().any(|server| zone::has_named_keys(facts, *server));
        (is_named, of_copy.iter().any(is_right), of_copy.len(), above.contains(primary))
    };
    let (_, best) = copies.into_iter().max_by_key(worth)?;
    let serial = |server: &IpAddr| zone::serial_at(facts, *server).unwrap_or_default();
    best.into_iter()
        .reduce(|best, next| if zone::is_older(serial(&best), serial(&next)) { next } else { best })
}

#[cfg(test)]
#[path = "copies_tests.rs"]
mod tests;
