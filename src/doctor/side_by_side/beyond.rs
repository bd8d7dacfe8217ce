//! Servers that the zone above does not name: those that the zone itself names now, and those that only the cache of this resolver has.
//!
//! RFC 1034 section 4.2.2: the NS records of the zone and those above it should be equal. Where they differ, resolvers ask the ones or
//! the others, so both are compared, and neither is right by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::cuts::{Asked, Cut, FORMS, addresses_of, at};
use crate::facts::record_set::is_known;
use crate::facts::{DomainFacts, Got, QueryForm, ReplyFacts, Want, addresses, is_within, lookup};
use crate::limits::{MAX_CHECKED_NAMES, MAX_COMPARED_TELLERS, MAX_FORMER_SERVERS};
use crate::zone::named;

/// Servers with their names.
type Named = BTreeMap<IpAddr, BTreeSet<String>>;

/// The name servers and their addresses that the zone itself gives.
#[derive(Clone, Debug, Default)]
pub(super) struct Beyond {
    /// The questions that are needed next.
    pub(super) wants: Vec<Want>,
    /// Servers that the zone itself names and the zone above does not.
    pub(super) named: Named,
    /// All addresses of servers that the zone itself names; empty if none is known.
    pub(super) own: BTreeSet<IpAddr>,
}

/// The reply with authority of a server.
fn reply<'f>(facts: &'f DomainFacts, server: IpAddr, (name, kind): Asked<'_>) -> Option<&'f ReplyFacts> {
    FORMS.into_iter().find_map(|way| match facts.server(server, name, kind, way) {
        Some(Got::Reply(reply)) if reply.authoritative && is_known(reply) && !reply.truncated => Some(reply),
        _ => None,
    })
}

/// The servers that the zone itself names, at the first of its servers that have answered.
pub(super) fn beyond(facts: &DomainFacts, asked: Asked<'_>, cut: &Cut) -> Beyond {
    let mut beyond = Beyond::default();
    let has_answered = |server: &IpAddr| reply(facts, *server, asked).is_some();
    let tellers: Vec<IpAddr> =
        cut.servers.keys().copied().filter(has_answered).take(MAX_COMPARED_TELLERS).collect();
    let mut names = BTreeSet::<String>::new();
    for server in &tellers {
        beyond.wants.push(at(*server, (&cut.zone, "NS"), QueryForm::Udp));
        if let Some(reply) = reply(facts, *server, (&cut.zone, "NS")) {
            names.extend(named(&reply.answers, &cut.zone));
        }
    }
    for name in names.into_iter().take(MAX_CHECKED_NAMES) {
        // The addresses in the zone itself, which may not be those of the glue.
        let is_inside = cut.zone != "." && is_within(&name, &cut.zone);
        let mut known = BTreeSet::<IpAddr>::new();
        for kind in ["A", "AAAA"] {
            let inside = tellers.first().filter(|_| is_inside);
            match inside {
                Some(server) => {
                    beyond.wants.push(at(*server, (&name, kind), QueryForm::Udp));
                    let told = reply(facts, *server, (&name, kind));
                    let data = told.into_iter().flat_map(|reply| reply.data(kind));
                    known.extend(data.filter_map(|text| text.parse::<IpAddr>().ok()));
                }
                None if cut.names.contains(&name) => {
                    let of_name = cut.servers.iter().filter(|(_, names)| names.contains(&name));
                    known.extend(of_name.map(|(server, _)| *server));
                }
                None => {
                    beyond.wants.push(lookup(&name, kind));
                    known.extend(addresses_of(facts, &name, kind));
                }
            }
        }
        for address in known {
            beyond.own.insert(address);
            if !cut.servers.contains_key(&address)
                && (beyond.named.len() < MAX_FORMER_SERVERS || beyond.named.contains_key(&address))
            {
                beyond.named.entry(address).or_default().insert(name.clone());
            }
        }
    }
    beyond
}

/// Other servers of the zone that the daemon knows: of names or addresses that neither the zone above nor the zone itself names. With the
/// questions that lead to them.
pub(super) fn cached(facts: &DomainFacts, cut: &Cut, beyond: &Beyond) -> (Vec<Want>, Named) {
    let mut wants = vec![lookup(&cut.zone, "NS")];
    let mut names: BTreeSet<String> = cut.servers.values().flatten().cloned().collect();
    if let Some(reply) = facts.lookup(&cut.zone, "NS").reply() {
        names.extend(named(&reply.answers, &cut.zone));
    }
    let mut servers = Named::new();
    for name in names.into_iter().take(MAX_CHECKED_NAMES) {
        wants.extend(addresses(&name));
        let known: Vec<IpAddr> =
            ["A", "AAAA"].into_iter().flat_map(|kind| addresses_of(facts, &name, kind)).collect();
        let is_other = |address: &IpAddr| {
            !cut.servers.contains_key(address)
                && !beyond.own.contains(address)
                && !beyond.named.contains_key(address)
        };
        for address in known.into_iter().filter(is_other) {
            servers.entry(address).or_default().insert(name.clone());
        }
    }
    (wants, servers.into_iter().take(MAX_FORMER_SERVERS).collect())
}
