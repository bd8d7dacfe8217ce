//! Glue: the addresses of name servers that the zone above gives, against those that the servers of the zone give.
//!
//! RFC 1034 section 4.2.1, RFC 9471. The servers are asked themselves: the daemon may have asked the one that only old glue leads to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::codes::Code;
use super::facts::{DomainFacts, LookupFound, QueryForm, Want, at_server, is_within};
use super::finding::{Finding, Level};
use super::glue_sides::{self, Right, Sides};
use super::server_names::listed;
use super::{groups, parents, remedies, served, server_hosts, zone};
use crate::limits::MAX_GLUE_QUESTIONS;

/// The types of addresses.
const TYPES: [&str; 2] = ["A", "AAAA"];

/// The questions to the servers for the addresses of name servers in the zone that have glue.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let serving = serving(facts);
    let mut wants = Vec::new();
    for (name, glued) in zone::glue(facts) {
        for kind in TYPES.into_iter().filter(|kind| glued.iter().any(|address| type_of(*address) == *kind)) {
            let asked = serving.iter().filter(|_| is_within(name, zone::apex(facts))).map(|server| {
                at_server(*server, name, kind, served::form(facts, *server).unwrap_or(QueryForm::Udp))
            });
            wants.extend(asked);
        }
    }
    // A part of the answers would show a part of the servers only.
    if wants.len() > MAX_GLUE_QUESTIONS { Vec::new() } else { wants }
}

/// The servers of the zone that serve it, without those of old and of foreign copies.
fn serving(facts: &DomainFacts) -> Vec<IpAddr> {
    let servers: Vec<IpAddr> = zone::delegated_servers(facts).into_keys().collect();
    let old = zone::old_ones(facts, servers.iter().copied());
    let foreign = zone::with_foreign(facts, servers.iter().copied());
    let is_current = |server: &IpAddr| {
        zone::serial_at(facts, *server).is_some() && !old.contains(server) && !foreign.contains_key(server)
    };
    servers.into_iter().filter(is_current).collect()
}

fn type_of(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "A" } else { "AAAA" }
}

/// The glue of one type of a name server.
struct Glue<'f> {
    name: &'f str,
    kind: &'static str,
    glued: BTreeSet<IpAddr>,
}

/// All glue by name and type.
fn by_type(facts: &DomainFacts) -> Vec<Glue<'_>> {
    let glue = zone::glue(facts).into_iter().flat_map(|(name, glued)| {
        TYPES.map(|kind| Glue { name, kind, glued: of_kind(glued.iter().copied(), kind) })
    });
    glue.filter(|glue| !glue.glued.is_empty()).collect()
}

/// The glue that is not the addresses of its name. `of_silent` are the questions to servers that did not answer the first one.
pub(super) fn check(facts: &DomainFacts, of_silent: &[Want]) -> Vec<Finding> {
    by_type(facts).iter().filter_map(|glue| of_type(facts, glue, of_silent)).collect()
}

/// The addresses of each name server whose glue differs from its address in the zone, and which of them are right.
pub(super) fn differing(facts: &DomainFacts, of_silent: &[Want]) -> Vec<Sides> {
    let sides = |glue: &Glue<'_>| {
        let known = known(facts, glue, &given(facts, (glue.name, glue.kind)))?;
        Some(glue_sides::sides(facts, (&glue.glued, &known), of_silent))
    };
    by_type(facts).iter().filter_map(sides).collect()
}

/// The servers without those to which only wrong glue leads, or only a wrong address in the zone, and that do not serve the zone: this is
/// their fault, and is told.
pub(super) fn without_stale(
    facts: &DomainFacts,
    servers: &BTreeMap<IpAddr, BTreeSet<String>>,
    of_silent: &[Want],
) -> BTreeMap<IpAddr, BTreeSet<String>> {
    let (glue, serving, differing) = (zone::glue(facts), serving(facts), differing(facts, of_silent));
    let is_stale = |address: IpAddr, name: &String| {
        let is_glued = glue.get(name.as_str()).is_some_and(|glued| glued.contains(&address));
        if !is_glued {
            return differing.iter().any(|sides| sides.right == Right::Glue && sides.own.contains(&address));
        }
        let current = current(facts, (name, type_of(address)), &given(facts, (name, type_of(address))));
        !current.is_empty() && !current.contains(&address)
    };
    let mut left = servers.clone();
    left.retain(|address, names| {
        serving.contains(address) || !names.iter().all(|name| is_stale(*address, name))
    });
    left
}

/// The addresses of one type of a name server now: those that the servers of its zone give.
fn current(
    facts: &DomainFacts,
    (name, kind): (&str, &'static str),
    given: &GivenAddresses,
) -> BTreeSet<IpAddr> {
    match given.is_empty() {
        // The daemon has asked the servers of another zone. In this zone it may have asked the one that the glue leads to.
        true if !is_within(name, zone::apex(facts)) => of_kind(facts.addresses(name), kind),
        _ => given.keys().flatten().copied().collect(),
    }
}

fn of_kind(addresses: impl IntoIterator<Item = IpAddr>, kind: &str) -> BTreeSet<IpAddr> {
    addresses.into_iter().filter(|address| type_of(*address) == kind).collect()
}

/// The addresses of one type of a name server, with the servers that gave them.
type GivenAddresses = BTreeMap<BTreeSet<IpAddr>, Vec<IpAddr>>;

/// The addresses of a name server that its glue differs from; none if it does not, or if they are not known.
fn known(facts: &DomainFacts, glue: &Glue<'_>, given: &GivenAddresses) -> Option<BTreeSet<IpAddr>> {
    let (name, kind, glued) = (glue.name, glue.kind, &glue.glued);
    let known = match given.is_empty() {
        true => of_kind(facts.addresses(name), kind),
        false => current(facts, (name, kind), given),
    };
    let given_alike = given.len() < 2;
    if known.is_empty() || known == *glued && given_alike {
        return None;
    }
    // `parents_differ` tells it, with the servers that have the old glue.
    let is_told = given_alike && !glued.is_disjoint(&known) && parents::is_divided(facts, name, kind == "A");
    (!is_told).then_some(known)
}

fn of_type(facts: &DomainFacts, glue: &Glue<'_>, of_silent: &[Want]) -> Option<Finding> {
    let (name, kind, glued) = (glue.name, glue.kind, &glue.glued);
    let given = given(facts, (name, kind));
    if given.is_empty() && is_denied(facts, name) {
        return Some(of_denied(facts, name, glued));
    }
    let (known, given_alike) = (known(facts, glue, &given)?, given.len() < 2);
    let told = match given.len() {
        0 | 1 => format!("its address is {}", listed(&known)),
        _ => {
            let servers = zone::servers(facts);
            let sets = given.into_iter().map(|(set, servers)| (listed(&set), servers));
            format!("by the servers of the zone: {}", groups::having(server_hosts::of_groups(&servers, sets)))
        }
    };
    let (serving, sides) = (serving(facts), glue_sides::sides(facts, (glued, &known), of_silent));
    let level = if glued.is_disjoint(&known) {
        // The zone is found at both, until the old server is turned off.
        let are_served = glued.union(&known).all(|address| serving.contains(address));
        if are_served { Level::Warning } else { Level::Failure }
    } else if given_alike && glued.is_subset(&known) {
        // Resolvers ask the other addresses too, sooner or later: a server that does not serve the zone there is told here alone.
        sides.fault_of_own.filter(|_| sides.right == Right::Glue).unwrap_or(Level::Note)
    } else {
        Level::Warning
    };
    let evidence = format!("the glue of {name} is {}, {told}; {}", listed(glued), sides.words);
    Some(Finding { remedy: sides.remedy, ..Finding::new(Code::GlueDiffers, evidence).at(level) })
}

/// Whether each server that serves the zone says that a name of its zone has no address, also of the other type if this has glue.
fn is_denied(facts: &DomainFacts, name: &str) -> bool {
    let (glue, serving) = (zone::glue(facts), serving(facts));
    let glued = glue.get(name).into_iter().flatten();
    let kinds: BTreeSet<&'static str> = glued.map(|address| type_of(*address)).collect();
    let denies = |server: &IpAddr, kind: &'static str| {
        served::given(facts, *server, (name, kind)).is_some_and(|reply| reply.answers.is_empty())
    };
    // The cache of this host may have an address that the zone does not have any more.
    let is_found = TYPES.iter().any(|kind| {
        !matches!(facts.lookup(name, kind), LookupFound::NotAsked) && !facts.lookup(name, kind).is_absent()
    });
    is_within(name, zone::apex(facts))
        && !is_found
        && !serving.is_empty()
        && serving.iter().all(|server| kinds.iter().all(|kind| denies(server, kind)))
}

/// That the servers of the zone do not have an address of a name with glue. Resolvers find it by the glue, until they ask these servers.
fn of_denied(facts: &DomainFacts, name: &str, glued: &BTreeSet<IpAddr>) -> Finding {
    let serving = serving(facts);
    let are_served = glued.iter().all(|address| serving.contains(address));
    let evidence = format!(
        "the glue of {name} is {}, and the servers of the zone have no address of this name",
        listed(glued)
    );
    let level = if are_served { Level::Warning } else { Level::Failure };
    Finding::new(Code::GlueDiffers, evidence).at(level).to_do(remedies::GLUE_ALONE)
}

fn given(facts: &DomainFacts, (name, kind): (&str, &'static str)) -> GivenAddresses {
    let mut given = GivenAddresses::new();
    for server in serving(facts) {
        let Some(reply) = served::given(facts, server, (name, kind)) else { continue };
        let addresses: BTreeSet<IpAddr> = reply.data(kind).filter_map(|data| data.parse().ok()).collect();
        if !addresses.is_empty() {
            given.entry(addresses).or_default().push(server);
        }
    }
    given
}
