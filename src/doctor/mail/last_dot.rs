//! Names in a zone file without their last dot: the server adds the name of the zone, or that of `$ORIGIN`.
//!
//! RFC 1035 section 5.1. A name without an address, or with that of a wildcard only, ends with such an origin. The part before it is the name
//! that is meant if it ends with the name of the zone too, or with a top-level domain and has an address itself.

use crate::authentication::organizational::organizational_7489;
use crate::codes::remedies;
use crate::facts::{DomainFacts, LookupFound, ReplyFacts, Want, addresses, canonical, is_within, lookup};
use crate::limits::MAX_MEANT_NAMES;
use crate::mail::exchanges::{self, hosts};
use crate::zone;

/// Top-level domains that are labels of nothing else.
const TOP_LEVEL: [&str; 5] = ["com", "net", "org", "info", "biz"];

/// The zone that the records of an owner are in, as far as it is known: that of the domain, or else the organizational domain.
fn zone_of<'n>(facts: &'n DomainFacts, owner: &'n str) -> &'n str {
    let apex = zone::apex(facts);
    if is_within(owner, apex) { apex } else { organizational_7489(owner).unwrap_or(owner) }
}

/// The parts of a name before each name that may be the origin: the zone, and names below it. The longest part first.
fn parts<'n>(name: &'n str, zone: &'n str) -> impl Iterator<Item = &'n str> {
    let ends = name.match_indices('.').map(|(end, _)| end + 1).rev();
    let split = ends.filter_map(|end| name.split_at_checked(end));
    split.filter(move |(_, origin)| is_within(origin, zone)).map(|(before, _)| before)
}

/// The last label of a name, if it has others before it.
fn top(name: &str) -> Option<&str> {
    name.trim_end_matches('.').rsplit_once('.').map(|(_, top)| top)
}

/// The parts of a name in a record of the owner that may be meant if they exist: those with several labels.
fn long_parts<'n>(facts: &'n DomainFacts, name: &'n str, owner: &'n str) -> impl Iterator<Item = &'n str> {
    parts(name, zone_of(facts, owner)).filter(|part| top(part).is_some())
}

/// Whether an address stands in the place of a host in a record of the owner, with an origin behind it.
pub(crate) fn holds_address(facts: &DomainFacts, host: &str, owner: &str) -> bool {
    parts(host, zone_of(facts, owner))
        .any(|before| exchanges::address(before.trim_end_matches('.')).is_some())
}

/// The name that is meant by a name without an address in a record of the owner, if it lacks its last dot.
pub(crate) fn meant<'n>(facts: &'n DomainFacts, name: &'n str, owner: &'n str) -> Option<&'n str> {
    let zone = zone_of(facts, owner);
    let is_clear =
        |before: &&str| is_within(before, zone) || top(before).is_some_and(|top| TOP_LEVEL.contains(&top));
    let has_address = |before: &&str| !facts.addresses(before).is_empty();
    parts(name, zone).find(is_clear).or_else(|| long_parts(facts, name, owner).find(has_address))
}

/// The name that is meant, in words.
pub(crate) fn words(meant: &str) -> String {
    format!("the zone file may name {meant} without its last dot")
}

/// The aliases of a host, each with its owner and its target.
fn aliases(facts: &DomainFacts, host: &str) -> Vec<(String, String)> {
    let replies = ["A", "AAAA"].into_iter().filter_map(|kind| facts.lookup(host, kind).reply());
    let of = |reply: &ReplyFacts| -> Vec<(String, String)> {
        let aliases = reply.answers.iter().filter(|record| record.kind == "CNAME");
        aliases.map(|record| (record.name.clone(), canonical(&record.data))).collect()
    };
    let mut found: Vec<(String, String)> = replies.flat_map(of).collect();
    found.sort();
    found.dedup();
    found
}

/// The target of an alias of a host, and the name that is meant, if it lacks its last dot.
pub(crate) fn meant_by_alias(facts: &DomainFacts, host: &str) -> Option<(String, String)> {
    aliases(facts, host).into_iter().find_map(|(owner, target)| {
        let meant = meant(facts, &target, &owner)?.to_owned();
        Some((target, meant))
    })
}

/// The name that is meant by the target of the alias that a policy record is, if this target does not exist and lacks its last dot.
fn meant_by_policy<'f>(facts: &'f DomainFacts, name: &'f str) -> Option<&'f str> {
    let found = facts.lookup(name, "TXT");
    let target = found.alias().filter(|_| matches!(found, LookupFound::NoName(_)))?;
    meant(facts, target, name)
}

/// The words behind a policy record whose target lacks its last dot; empty for another one.
pub(crate) fn words_of_alias(facts: &DomainFacts, name: &str) -> String {
    meant_by_policy(facts, name).map_or_else(String::new, |meant| format!(" ({})", words(meant)))
}

/// The change that helps at a policy record that is an alias without such a record at its end; none if it is no alias.
pub(crate) fn remedy_of_alias(facts: &DomainFacts, name: &str) -> Option<&'static str> {
    facts.lookup(name, "TXT").alias()?;
    Some(match meant_by_policy(facts, name) {
        Some(_) => remedies::LAST_DOT_ALIAS,
        None => remedies::POLICY_ALIAS,
    })
}

/// The questions that show whether the names before an origin have addresses, of those whose top-level domain exists; and whether a wildcard
/// gives hosts theirs.
pub(crate) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let is_absent = |host: &String| ["A", "AAAA"].iter().all(|kind| facts.lookup(host, kind).is_absent());
    let lost = hosts(facts).into_iter().filter(is_absent);
    let names = lost.flat_map(|host| {
        let of_aliases = aliases(facts, &host);
        let own = (facts.subject.domain.clone(), host);
        std::iter::once(own).chain(of_aliases)
    });
    let names = names.filter(|(owner, name)| meant(facts, name, owner).is_none());
    let parts = names.flat_map(|(owner, name)| {
        long_parts(facts, &name, &owner).map(str::to_owned).collect::<Vec<String>>()
    });
    let meant = parts.take(MAX_MEANT_NAMES).flat_map(|part| of_part(facts, &part));
    meant.collect()
}

/// The questions about one of these names.
fn of_part(facts: &DomainFacts, part: &str) -> Vec<Want> {
    let Some(top) = top(part).map(canonical) else { return Vec::new() };
    let mut wants = vec![lookup(&top, "SOA")];
    if let LookupFound::Data(_) = facts.lookup(&top, "SOA") {
        wants.extend(addresses(part));
    }
    wants
}

#[cfg(test)]
#[path = "last_dot_tests.rs"]
mod tests;
