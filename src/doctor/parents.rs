//! The servers of the zone above, each by itself: what they say about the delegation. `parents_differ` tells whether they agree.
//!
//! RFC 1034 section 4.3.5, RFC 2182 section 3. After a change at the registrar, a server of the zone above with an old copy of its zone
//! denies a new domain, or delegates it as before. Resolvers follow the server that they happen to ask.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::facts::{DomainFacts, Got, QueryForm, ReplyFacts, Want, at_server, canonical, lookup};
use super::sent::QueryEnd;
use super::zone;
use crate::limits::MAX_CHECKED_PARENTS;

/// The words of a server of the zone above about the domain's zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It delegates the zone.
    Delegates(Delegation),
    /// It denies the name.
    Denies {
        /// The serial of the zone above at this server, if it told it.
        serial: Option<u32>,
    },
}

/// A delegation in the words of one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Delegation {
    /// The names of the servers.
    pub(super) names: BTreeSet<String>,
    /// The addresses that the server gives for them.
    pub(super) glue: BTreeMap<String, BTreeSet<IpAddr>>,
    /// The DS records; none if the server has told neither these nor that there are none (RFC 4035 section 3.1.4).
    pub(super) signers: Option<BTreeSet<String>>,
}

impl Delegation {
    /// The delegation of a zone in a referral; none without NS records of it.
    fn read(reply: &ReplyFacts, apex: &str) -> Option<Self> {
        let names: BTreeSet<String> = zone::named(&reply.authority, apex).collect();
        let mut glue = BTreeMap::<String, BTreeSet<IpAddr>>::new();
        for record in reply.additional.iter().filter(|record| names.contains(&record.name)) {
            if let Ok(address) = record.data.parse() {
                glue.entry(record.name.clone()).or_default().insert(address);
            }
        }
        let is_proof = |kind: &str| ["DS", "NSEC", "NSEC3"].contains(&kind);
        let of_zone = reply.authority.iter().filter(|record| record.kind == "DS" && record.name == apex);
        let signers = || of_zone.map(|record| record.data.clone()).collect();
        let has_told = reply.authority.iter().any(|record| is_proof(&record.kind));
        (!names.is_empty()).then(|| Self { names, glue, signers: has_told.then(signers) })
    }
}

/// The questions to further servers of the zone above. IPv4 is enough: nobody has servers with different zones by family.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    // The first have been looked up before.
    let names = zone::names_of_compared(facts).into_iter().skip(MAX_CHECKED_PARENTS);
    let further = names.map(|name| lookup(&name, "A"));
    let apex = zone::apex(facts);
    let servers = zone::compared_parents(facts).into_iter();
    let asked = servers.map(|server| at_server(server, apex, "NS", QueryForm::Udp));
    further.chain(asked).collect()
}

/// Each server of the zone above that told about the delegation. Errors, and answers of a server that has both zones, tell nothing.
pub(super) fn said(facts: &DomainFacts) -> BTreeMap<IpAddr, Said> {
    let apex = zone::apex(facts);
    let of_server = |server: IpAddr| match facts.server(server, apex, "NS", QueryForm::Udp)? {
        Got::Reply(reply) if reply.authoritative && reply.rcode == "NXDOMAIN" => {
            let soa = zone::soa(reply).filter(|soa| Some(soa.owner) == zone::parent(facts));
            Some((server, Said::Denies { serial: soa.map(|soa| soa.serial) }))
        }
        Got::Reply(reply) if !reply.authoritative && reply.rcode == "NOERROR" => {
            Some((server, Said::Delegates(Delegation::read(reply, apex)?)))
        }
        _ => None,
    };
    zone::compared_parents(facts).into_iter().filter_map(of_server).collect()
}

/// The delegations in these words, each with its server.
pub(super) fn delegations(said: &BTreeMap<IpAddr, Said>) -> impl Iterator<Item = (IpAddr, &Delegation)> {
    said.iter().filter_map(|(server, said)| match said {
        Said::Delegates(delegation) => Some((*server, delegation)),
        Said::Denies { .. } => None,
    })
}

/// The sets of addresses that servers give as the glue of one type of a name, each with its servers.
type GivenGlue = BTreeMap<BTreeSet<IpAddr>, Vec<IpAddr>>;

/// The names of servers, each with whether the addresses are of IPv4, for which servers of the zone above give different glue. Some give
/// a part of it only, so that a part is no difference.
pub(super) fn divided_glue(said: &BTreeMap<IpAddr, Said>) -> BTreeMap<(String, bool), GivenGlue> {
    let mut all = BTreeMap::<(String, bool), GivenGlue>::new();
    for (server, delegation) in delegations(said) {
        for (name, glued) in &delegation.glue {
            for is_ipv4 in [true, false] {
                let of_type: BTreeSet<IpAddr> =
                    glued.iter().copied().filter(|address| address.is_ipv4() == is_ipv4).collect();
                if !of_type.is_empty() {
                    let given = all.entry((name.clone(), is_ipv4)).or_default();
                    given.entry(of_type).or_default().push(server);
                }
            }
        }
    }
    let is_apart =
        |one: &BTreeSet<IpAddr>, other: &BTreeSet<IpAddr>| !one.is_subset(other) && !other.is_subset(one);
    all.retain(|_, given| given.keys().any(|one| given.keys().any(|other| is_apart(one, other))));
    all
}

/// Whether servers of the zone above give different glue of one type for a name.
pub(super) fn is_divided(facts: &DomainFacts, name: &str, is_ipv4: bool) -> bool {
    divided_glue(&said(facts)).contains_key(&(name.to_owned(), is_ipv4))
}

/// The sets of servers that servers of the zone above delegate to.
pub(super) fn sets(facts: &DomainFacts) -> BTreeSet<BTreeSet<String>> {
    delegations(&said(facts)).map(|(_, delegation)| delegation.names.clone()).collect()
}

/// The servers of the zone above that may have told this host another delegation than the others: they have told none to the check. None of
/// them if this host has the delegation of the others.
pub(super) fn unheard(facts: &DomainFacts) -> Vec<String> {
    if !zone::is_other_here(facts) {
        return Vec::new();
    }
    let said = said(facts);
    let is_heard =
        |name: &String| zone::address(facts, name).is_some_and(|server| said.contains_key(&server));
    let names = zone::parent(facts).map_or_else(Vec::new, |parent| facts.data(parent, "NS"));
    names
        .into_iter()
        .map(canonical)
        .filter(|name| !is_heard(name))
        .collect::<BTreeSet<String>>()
        .into_iter()
        .collect()
}

/// Whether a server of the zone above has DS records of the zone.
pub(super) fn is_signed(facts: &DomainFacts) -> bool {
    let has_signers = |delegation: &Delegation| delegation.signers.as_ref().is_some_and(|ds| !ds.is_empty());
    delegations(&said(facts)).any(|(_, delegation)| has_signers(delegation))
}

/// Whether a server of the zone above denies the domain's zone, which another one delegates.
pub(super) fn is_denied_by_one(facts: &DomainFacts) -> bool {
    is_denied(&said(facts))
}

/// Whether one of these denies the zone, and another one delegates it.
pub(super) fn is_denied(said: &BTreeMap<IpAddr, Said>) -> bool {
    let denies = |said: &Said| matches!(said, Said::Denies { .. });
    said.values().any(denies) && !said.values().all(denies)
}

/// How many servers of the zone above were asked, and how many of these have told this, if not all were or have; `verb` is the end of the
/// words.
pub(super) fn share(facts: &DomainFacts, verb: &str) -> String {
    let (parent, said) = (zone::parent(facts).unwrap_or_default(), said(facts));
    let is_asked = |server: &IpAddr| match facts.server(*server, zone::apex(facts), "NS", QueryForm::Udp) {
        Some(got) => !matches!(got.end(), QueryEnd::NotSent),
        None => false,
    };
    let all = facts.data(parent, "NS").into_iter().map(canonical).collect::<BTreeSet<String>>().len();
    let names = zone::names_of_compared(facts);
    let addresses: Vec<IpAddr> = names.iter().filter_map(|name| zone::address(facts, name)).collect();
    let asked = addresses.iter().filter(|server| is_asked(server)).count();
    let told = addresses.iter().filter(|server| said.contains_key(server)).count();
    match (asked == all, told == asked) {
        _ if told == 0 => String::new(),
        (true, true) => String::new(),
        (true, false) => format!("; {told} of the {all} name servers of {parent} {verb}"),
        (false, true) => format!("; {asked} of the {all} name servers of {parent} were asked"),
        (false, false) => {
            format!("; {asked} of the {all} name servers of {parent} were asked, and {told} of them {verb}")
        }
    }
}

/// How many servers of the zone above delegate the zone as it is, if not all do.
pub(super) fn agreed(facts: &DomainFacts) -> String {
    share(facts, "delegate it so")
}

/// The servers of the zone above as evidence shows them.
pub(super) fn shown(facts: &DomainFacts) -> BTreeMap<IpAddr, String> {
    let parent = zone::parent(facts).unwrap_or_default();
    let mut names = BTreeMap::<IpAddr, BTreeSet<String>>::new();
    for name in facts.data(parent, "NS").into_iter().map(canonical) {
        if let Some(address) = zone::address(facts, &name) {
            names.entry(address).or_default().insert(name);
        }
    }
    names.into_iter().map(|(address, names)| (address, zone::shown(address, &names))).collect()
}
