//! Finds the zone of a name and its name servers (RFC 1034 section 4.3.2).
//!
//! The daemon's answer may be negative, a failure or old, so the zone that the daemon knows is only the start: the servers of the zone
//! above are asked for the present delegation. Answers from the configuration of this host are ignored, because they lead to no server of
//! the internet. Servers that are only in the zone's own NS records are asked too, because resolvers also use such servers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use hickory_proto::rr::RData;

use crate::elsewhere::{Cut, referred};
use crate::facts::{
    DomainFacts, LookupFound, QueryForm, Record, ReplyFacts, Want, above, addresses, at_server, canonical,
    is_within, lookup,
};
use crate::limits::{MAX_CHECKED_NAMES, MAX_CHECKED_PARENTS, MAX_CHECKED_SERVERS, MAX_COMPARED_CUTS};
use crate::zone::{self, named};
use dns::wire::presentation::name_text;

/// A zone and the name servers that the comparison asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ZoneServers {
    pub(super) zone: String,
    /// The addresses with the server names.
    pub(super) servers: BTreeMap<IpAddr, BTreeSet<String>>,
    /// The server names without an address.
    pub(super) unaddressed: Vec<String>,
    /// Addresses that are not asked, and names that are not looked up, because there are too many.
    pub(super) left_out: Vec<String>,
}

/// The result of the search for the zone of a name.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    /// The next questions that find the zone.
    pub(super) wants: Vec<Want>,
    /// The zone, as soon as it is known.
    pub(super) zone: Option<ZoneServers>,
}

/// The name and the type of the compared question.
pub(super) type Asked<'q> = (&'q str, &'static str);

/// Returns the owner of the SOA record in the daemon's answer: the zone of the name, or a zone above it.
fn owner<'f>(facts: &'f DomainFacts, name: &str) -> Option<&'f str> {
    let reply = facts.lookup(name, "SOA").reply().filter(|reply| !is_here(reply, name))?;
    zone::soa(reply).map(|soa| soa.owner).filter(|owner| is_within(name, owner))
}

/// Returns the closest zone at or above a name that the daemon knows, and its parent zone. The function does not wait for a lookup in
/// progress (`under_way`), which may fail.
fn known_zone<'f>(
    facts: &'f DomainFacts,
    name: &str,
    (under_way, wants): (&BTreeSet<Want>, &mut Vec<Want>),
) -> Option<(&'f str, Option<&'f str>)> {
    let is_settled = |want: &Want| facts.got.contains_key(want) || under_way.contains(want);
    let own = lookup(name, "SOA");
    wants.push(own.clone());
    if !is_settled(&own) {
        return None;
    }
    let starts: Vec<&str> =
        std::iter::successors(Some(name), |name| (*name != ".").then(|| above(name))).collect();
    if owner(facts, name).is_none() {
        wants.extend(starts.iter().map(|name| lookup(name, "SOA")));
    }
    let start = starts.iter().find_map(|name| owner(facts, name))?;
    let (soa, parent) = (lookup(above(start), "SOA"), owner(facts, above(start)));
    wants.push(soa.clone());
    (parent.is_some() || is_settled(&soa)).then_some((start, parent))
}

/// Returns the zone for a question and its servers, or the questions that find them.
pub(super) fn way(facts: &DomainFacts, asked: Asked<'_>, under_way: &BTreeSet<Want>) -> Way {
    let is_settled = |want: &Want| facts.got.contains_key(want) || under_way.contains(want);
    // DS records belong to the parent zone (RFC 4035 section 2.4), so for DS the zone above the name is looked for.
    let name = if asked.1 == "DS" { above(asked.0) } else { asked.0 };
    let mut way = Way::default();
    let Some((start, parent)) = known_zone(facts, name, (under_way, &mut way.wants)) else { return way };
    let first = match parent {
        Some(parent) if parent != start => (parent, MAX_CHECKED_PARENTS),
        _ => (start, MAX_CHECKED_NAMES),
    };
    let Some(mut cut) = of_daemon(facts, first, &mut way.wants) else { return way };
    let denies = |reply: &&ReplyFacts| reply.authoritative && reply.rcode == "NXDOMAIN";
    for _ in 0..MAX_COMPARED_CUTS {
        let servers = with_addresses(facts, &cut).servers;
        // Two servers show if the zone contains the name. Then all servers are asked.
        let scouts: Vec<IpAddr> = servers.keys().copied().take(MAX_CHECKED_PARENTS).collect();
        let wants: Vec<Want> =
            scouts.iter().map(|server| at_server(*server, asked.0, asked.1, QueryForm::Udp)).collect();
        let are_back = wants.iter().all(is_settled);
        way.wants.extend(wants);
        let replies: Vec<&ReplyFacts> =
            scouts.iter().filter_map(|server| reply(facts, *server, asked)).collect();
        let next = replies.iter().find_map(|reply| {
            (reply.rcode == "NOERROR" && reply.answers.is_empty() && zone::soa(reply).is_none())
                .then(|| referred(reply, name, &cut.zone))?
        });
        cut = match next {
            Some(next) => next,
            None if !are_back && replies.is_empty() => {
                way.zone = (Some(cut.zone.as_str()) != parent).then(|| with_addresses(facts, &cut));
                return way;
            }
            // The servers gave no referral. They may serve both the parent zone and the zone itself, or the network of this host may let
            // only the daemon send queries. So the daemon is asked.
            None if Some(cut.zone.as_str()) == parent && cut.zone != start && !replies.iter().any(denies) => {
                match of_daemon(facts, (start, MAX_CHECKED_NAMES), &mut way.wants) {
                    Some(cut) => cut,
                    None => return way,
                }
            }
            None => break,
        };
        way.wants.extend(lookups(&cut));
    }
    let servers = with_addresses(facts, &cut).servers;
    way.wants.extend(servers.keys().map(|server| at_server(*server, asked.0, asked.1, QueryForm::Udp)));
    let answering = servers.into_keys().filter(|server| reply(facts, *server, asked).is_some());
    for server in answering.take(MAX_CHECKED_PARENTS) {
        way.wants.push(at_server(server, &cut.zone, "NS", QueryForm::Udp));
        if let Some(reply) = reply(facts, server, (&cut.zone, "NS")).filter(|reply| reply.authoritative) {
            cut.names.extend(named(&reply.answers, &cut.zone).collect::<Vec<_>>());
        }
    }
    way.wants.extend(lookups(&cut));
    way.zone = Some(with_addresses(facts, &cut));
    way
}

fn reply<'f>(facts: &'f DomainFacts, server: IpAddr, (name, kind): Asked<'_>) -> Option<&'f ReplyFacts> {
    facts.reply_of(server, name, kind, QueryForm::Udp)
}

/// Returns the zone with the names of its first `most` servers, from the daemon's answer to a lookup of NS. Adds the needed lookups to
/// `wants`. Returns `None` if NS was not looked up yet.
fn of_daemon(facts: &DomainFacts, (zone, most): (&str, usize), wants: &mut Vec<Want>) -> Option<Cut> {
    wants.push(lookup(zone, "NS"));
    let found = match facts.lookup(zone, "NS") {
        LookupFound::NotAsked => return None,
        found => found,
    };
    let names: BTreeSet<String> =
        found.reply().map(|reply| named(&reply.answers, zone).collect()).unwrap_or_default();
    let names = names.into_iter().take(most).collect();
    let cut = Cut { zone: zone.to_owned(), names, glue: BTreeMap::new() };
    wants.extend(lookups(&cut));
    Some(cut)
}

/// Returns the address lookups of server names without glue.
fn lookups(cut: &Cut) -> Vec<Want> {
    let names = cut.names.iter().filter(|name| !cut.glue.contains_key(*name));
    names.take(MAX_CHECKED_NAMES).flat_map(|name| addresses(name)).collect()
}

/// Returns a zone with the server addresses that are asked: the first address of each server name, then the second ones, and so on, up to
/// `MAX_CHECKED_SERVERS`.
fn with_addresses(facts: &DomainFacts, cut: &Cut) -> ZoneServers {
    let mut zone = ZoneServers { zone: cut.zone.clone(), ..ZoneServers::default() };
    let (mut all, mut looked_up) = (Vec::new(), 0);
    for name in &cut.names {
        let known = match cut.glue.get(name) {
            Some(glue) => glue.clone(),
            None => {
                looked_up += 1;
                addresses_of(facts, name)
            }
        };
        match known.is_empty() {
            true if looked_up > MAX_CHECKED_NAMES => zone.left_out.push(name.clone()),
            true => zone.unaddressed.push(name.clone()),
            false => all.extend(known.into_iter().enumerate().map(|(place, address)| (place, address, name))),
        }
    }
    all.sort_by_key(|(place, _, _)| *place);
    for (_, address, name) in all {
        if zone.servers.len() < MAX_CHECKED_SERVERS || zone.servers.contains_key(&address) {
            zone.servers.entry(address).or_default().insert(canonical(name));
        } else {
            zone.left_out.push(address.to_string());
        }
    }
    zone
}

/// Returns the addresses of a name server, without those from the configuration of this host.
fn addresses_of(facts: &DomainFacts, name: &str) -> BTreeSet<IpAddr> {
    let of_kind = |kind: &'static str| {
        let reply = facts.lookup(name, kind).reply().filter(|reply| !is_here(reply, name));
        reply.into_iter().flat_map(move |reply| reply.records(kind)).filter_map(Record::address)
    };
    ["A", "AAAA"].into_iter().flat_map(of_kind).collect()
}

/// Special names for which resolverd has records (RFC 6303, RFC 6761). For other special names, resolverd answers with a SOA record whose
/// mailbox (RNAME) is `nobody.invalid`.
const OWN: [&str; 5] = [
    "localhost.",
    "invalid.",
    "onion.",
    "127.in-addr.arpa.",
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.",
];

/// Returns true if the daemon's answer comes from its configuration or from resolverd itself. Returns false if resolverd has only removed
/// private addresses from an answer of the internet: such an answer has resolverd's SOA record too, but also a reason (`why`).
pub(super) fn is_here(reply: &ReplyFacts, name: &str) -> bool {
    let made = |record: &Record| matches!(&record.data, RData::SOA(soa) if name_text(&soa.rname) == "nobody.invalid.");
    let is_made = reply.why.is_empty() && reply.answers.iter().chain(&reply.authority).any(made);
    reply.configured.is_some() || is_made || OWN.iter().any(|zone| is_within(name, zone))
}
