//! Compares what the servers of the parent zone answer about the delegation.
//!
//! RFC 1034 section 4.3.5, RFC 2182 section 3, RFC 4035 section 5.2 (DS). A resolver asks only one server of the parent zone, so a single
//! wrong server misleads some resolvers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::codes::Code;
use crate::delegation::groups;
use crate::delegation::server_names::listed;
use crate::dnssec::key_records::Ds;
use crate::dnssec::keys::{self, KeysNow};
use crate::facts::{DomainFacts, QueryForm, Record, ReplyFacts, Want, at_server, lookup};
use crate::finding::{About, Finding, Level};
use crate::limits::MAX_CHECKED_PARENTS;
use crate::{served, zone};

/// The answer of a server of the parent zone about the checked zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Delegates(Delegation),
    /// NXDOMAIN.
    Denies,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Delegation {
    pub(crate) names: BTreeSet<String>,
    /// The DS records; empty if there are none, `None` if they are unknown.
    pub(crate) signers: Option<BTreeSet<Ds>>,
}

impl Delegation {
    fn read(reply: &ReplyFacts, apex: &str) -> Option<Self> {
        let names: BTreeSet<String> = zone::named(&reply.authority, apex).collect();
        let is_proof = |record: &Record| ["DS", "NSEC", "NSEC3"].iter().any(|kind| record.is(kind));
        let of_zone = reply.authority.iter().filter(|record| record.name == apex);
        let signers = || of_zone.filter_map(Ds::read).collect();
        let is_proved = reply.authority.iter().any(is_proof);
        (!names.is_empty()).then(|| Self { names, signers: is_proved.then(signers) })
    }
}

/// Returns the questions to further servers of the parent zone. If the DS records of the servers differ, also returns the questions that
/// show which are correct.
pub(crate) fn wants(facts: &DomainFacts) -> Vec<Want> {
    // The addresses of the first servers of the parent zone are already known.
    let names = zone::names_of_compared(facts).into_iter().skip(MAX_CHECKED_PARENTS);
    let mut wants: Vec<Want> = names.map(|name| lookup(&name, "A")).collect();
    let servers = zone::compared_parents(facts).into_iter();
    wants.extend(servers.map(|server| at_server(server, zone::apex(facts), "NS", QueryForm::Udp)));
    if delegations(&said(facts))
        .filter_map(|(_, delegation)| delegation.signers.as_ref())
        .collect::<BTreeSet<_>>()
        .len()
        > 1
    {
        wants.extend(keys::wants(facts));
    }
    wants
}

/// Returns what each server of the parent zone answers: a delegation, or that the zone does not exist. Servers with other answers are left out.
pub(crate) fn said(facts: &DomainFacts) -> BTreeMap<IpAddr, Said> {
    let apex = zone::apex(facts);
    let of_server = |server: IpAddr| {
        let reply = facts.reply_of(server, apex, "NS", QueryForm::Udp)?;
        match (reply.authoritative, reply.rcode.as_str()) {
            (true, "NXDOMAIN") => Some((server, Said::Denies)),
            (false, "NOERROR") => Some((server, Said::Delegates(Delegation::read(reply, apex)?))),
            _ => None,
        }
    };
    zone::compared_parents(facts).into_iter().filter_map(of_server).collect()
}

fn delegations(said: &BTreeMap<IpAddr, Said>) -> impl Iterator<Item = (IpAddr, &Delegation)> {
    said.iter().filter_map(|(server, said)| match said {
        Said::Delegates(delegation) => Some((*server, delegation)),
        Said::Denies => None,
    })
}

/// Returns the different sets of name servers in the delegations of the zone.
pub(crate) fn sets(facts: &DomainFacts) -> BTreeSet<BTreeSet<String>> {
    delegations(&said(facts)).map(|(_, delegation)| delegation.names.clone()).collect()
}

/// If this host has another delegation of the zone than the first servers of the parent zone give, returns the names of those servers of the parent
/// zone that have not answered. One of them may have given this host its delegation.
pub(crate) fn unheard(facts: &DomainFacts) -> Vec<String> {
    if !zone::is_other_here(facts) {
        return Vec::new();
    }
    let said = said(facts);
    let is_heard =
        |name: &String| zone::address(facts, name).is_some_and(|server| said.contains_key(&server));
    let names = zone::parent(facts).map_or_else(Vec::new, |parent| facts.targets(parent, "NS"));
    let names: BTreeSet<String> = names.into_iter().filter(|name| !is_heard(name)).collect();
    names.into_iter().collect()
}

pub(crate) fn is_signed(facts: &DomainFacts) -> bool {
    let has_signers = |delegation: &Delegation| delegation.signers.as_ref().is_some_and(|ds| !ds.is_empty());
    delegations(&said(facts)).any(|(_, delegation)| has_signers(delegation))
}

/// Returns true if some servers of the parent zone deny the zone, and others delegate it.
pub(crate) fn is_denied_by_one(facts: &DomainFacts) -> bool {
    let said = said(facts);
    said.values().any(|said| *said == Said::Denies) && said.values().any(|said| *said != Said::Denies)
}

/// Returns the name servers of the parent zone: for each address, a text with the address and its server names.
fn shown(facts: &DomainFacts) -> BTreeMap<IpAddr, String> {
    let parent = zone::parent(facts).unwrap_or_default();
    let mut names = BTreeMap::<IpAddr, BTreeSet<String>>::new();
    for name in facts.targets(parent, "NS") {
        if let Some(address) = zone::address(facts, &name) {
            names.entry(address).or_default().insert(name);
        }
    }
    names.into_iter().map(|(address, names)| (address, zone::shown(address, &names))).collect()
}

fn signers_in_words(records: &BTreeSet<Ds>) -> String {
    let tags: BTreeSet<u16> = records.iter().map(|ds| ds.tag).collect();
    if tags.is_empty() { "no DS".to_owned() } else { format!("DS records of the keys {}", listed(&tags)) }
}

/// Returns the finding that the servers of the parent zone give different answers. It is a failure if a server denies the zone, if a
/// delegation leads to no server that serves the zone, or if the DS records in a delegation match no key of the zone.
pub(crate) fn check(facts: &DomainFacts) -> Option<Finding> {
    let (said, apex) = (said(facts), zone::apex(facts));
    let signers: BTreeSet<_> =
        delegations(&said).filter_map(|(_, delegation)| delegation.signers.as_ref()).collect();
    let (is_denied, have_other_signers) = (is_denied_by_one(facts), signers.len() > 1);
    let names: BTreeSet<_> = delegations(&said).map(|(_, delegation)| &delegation.names).collect();
    if !is_denied && names.len() < 2 && !have_other_signers {
        return None;
    }
    let serving = served::serving(facts);
    let servers = zone::servers(facts);
    let serves = |names: &BTreeSet<String>| {
        serving.iter().any(|server| servers.get(server).is_some_and(|own| !own.is_disjoint(names)))
    };
    let is_unfit = |records: &BTreeSet<Ds>| {
        have_other_signers && matches!(keys::against(facts, records), KeysNow::Differ(_))
    };
    let leads_nowhere = |said: &Said| match said {
        Said::Delegates(delegation) => {
            !serves(&delegation.names) || delegation.signers.as_ref().is_some_and(is_unfit)
        }
        Said::Denies => true,
    };
    let words = |said: &Said| match said {
        Said::Delegates(Delegation { names, signers }) => {
            let signers = signers.as_ref().filter(|_| have_other_signers);
            let unfit =
                if signers.is_some_and(is_unfit) { ", which names no key that signs the zone" } else { "" };
            let signers = signers.map(|ds| format!(" with {}{unfit}", signers_in_words(ds)));
            format!("delegates {apex} to {}{}", listed(names), signers.unwrap_or_default())
        }
        Said::Denies => format!("answers NXDOMAIN for {apex}"),
    };
    let shown = shown(facts);
    let mut all: Vec<(&IpAddr, &Said)> = said.iter().collect();
    all.sort_by_key(|(_, said)| !leads_nowhere(said));
    let name = |server: &IpAddr| shown.get(server).cloned().unwrap_or_else(|| server.to_string());
    let all: Vec<(String, String)> =
        all.into_iter().map(|(server, said)| (name(server), words(said))).collect();
    let evidence = groups::with_conduct(all.iter().map(|(server, said)| (server.as_str(), said.as_str())));
    let blocks = said.values().any(leads_nowhere);
    let level = if blocks { Level::Failure } else { Level::Warning };
    let about = said.keys().copied().map(About::Address);
    let finding =
        Finding::new(Code::ParentDiffers, evidence).at(level).about(about).about(of_one_side(facts));
    let finding = Finding { blocks, ..finding };
    // The cache of this host has the DS records of one server of the parent zone. They may differ from those of the others, so the finding is
    // also about the lookup of DS records.
    Some(if have_other_signers { finding.on(apex, "DS") } else { finding })
}

/// Returns the name servers that are missing in the NS records of at least one server of the zone or of the parent zone, by their
/// addresses, or by name if no address is known.
pub(crate) fn of_one_side(facts: &DomainFacts) -> BTreeSet<About> {
    let own = zone::current_sets(facts, zone::servers(facts).into_keys()).into_iter();
    let mut sets = sets(facts);
    sets.extend(own.map(|(_, set)| set).filter(|set| !set.is_empty()));
    let is_one_sided = |name: &String| !sets.iter().all(|set| set.contains(name));
    let servers = zone::servers(facts).into_iter();
    let addresses = servers.filter(|(_, names)| names.iter().all(is_one_sided));
    let names = sets.iter().flatten().filter(|name| is_one_sided(name)).cloned();
    addresses.map(|(address, _)| About::Address(address)).chain(names.map(About::Host)).collect()
}
