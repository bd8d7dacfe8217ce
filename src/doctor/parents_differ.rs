//! Servers of the zone above that do not agree about the delegation: what each says, and what follows from it.
//!
//! RFC 1034 section 4.3.5, RFC 2182 section 3, RFC 4035 section 5.2 (DS). Resolvers follow the server that they happen to ask, and keep
//! its delegation. If this leads to servers that do not serve the zone, they get no answer, and other resolvers do. So the
//! faults of servers to which only some servers of the zone above lead are told here, and not as faults of the zone. So are those of servers
//! that only the zone above or only the zone names: `delegation` tells them with the difference of both sets.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::codes::Code;
use super::facts::{DomainFacts, Got, NoReply, QueryForm, Want, is_within};
use super::finding::{Finding, Level};
use super::keys::KeysNow;
use super::parents::{self, Delegation, Said, delegations, shown};
use super::part::About;
use super::{each_server, groups, keys, remedies, served, server_hosts, server_names, zone};
use crate::limits::SHOWN_DIGEST;

/// The questions to further servers of the zone above, and those that show which of different delegations and DS records are right.
/// `of_silent` are the questions to servers that did not answer the first one: lookups that fail because of a delegation may last as long
/// as the check.
pub(super) fn wants(facts: &DomainFacts, of_silent: impl FnOnce() -> Vec<Want>) -> Vec<Want> {
    let (mut wants, said) = (parents::wants(facts), parents::said(facts));
    if signers(&said).len() > 1 {
        wants.extend(keys::wants(facts));
    }
    if differs(&said) {
        wants.extend(of_silent());
    }
    wants
}

/// Whether servers delegate to different servers or addresses.
fn differs(said: &BTreeMap<IpAddr, Said>) -> bool {
    sets(said).len() > 1 || !parents::divided_glue(said).is_empty()
}

/// A name of a server without an address.
struct Nameless {
    /// The reason, in words.
    fault: String,
    /// Whether the zone itself has it in its NS records.
    is_of_zone: bool,
    /// Whether it seems to lack its last dot.
    is_dotless: bool,
}

/// Servers that only some of the servers of the zone above and of the zone name, and that do not serve the zone, while others do.
#[derive(Default)]
pub(super) struct Astray {
    /// Addresses with their names and their conducts.
    addresses: BTreeMap<IpAddr, (BTreeSet<String>, String)>,
    /// Names without an address.
    names: BTreeMap<String, Nameless>,
    /// The names of these servers that the zone itself names.
    by_zone: BTreeSet<String>,
    /// The level of the faults of servers that the zone itself names, or all servers of the zone above: these faults stay.
    pub(super) level: Option<Level>,
}

impl Astray {
    /// The names of such servers that have no address.
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.names.keys().cloned().collect()
    }

    /// The others of these servers.
    pub(super) fn without(
        &self,
        servers: &BTreeMap<IpAddr, BTreeSet<String>>,
    ) -> BTreeMap<IpAddr, BTreeSet<String>> {
        let mut others = servers.clone();
        others.retain(|server, _| !self.addresses.contains_key(server));
        others
    }

    fn add(&mut self, (server, names): (IpAddr, BTreeSet<String>), conduct: String) {
        let known = self.addresses.entry(server).or_insert_with(|| (BTreeSet::new(), conduct));
        known.0.extend(names);
    }

    /// The servers with their conducts; none if there are no such servers.
    pub(super) fn words(&self) -> Option<String> {
        let named = self.addresses.iter().map(|(server, (names, _))| (*server, names.clone())).collect();
        let conducts: Vec<(IpAddr, String)> =
            self.addresses.iter().map(|(server, (_, conduct))| (*server, conduct.clone())).collect();
        let of_addresses = (!conducts.is_empty()).then(|| server_hosts::with_conduct(&named, &conducts));
        let told: Vec<String> =
            of_addresses.into_iter().chain(self.names.values().map(|name| name.fault.clone())).collect();
        (!told.is_empty()).then(|| format!("of the servers that only some name: {}", told.join("; ")))
    }

    /// The change that helps if names without an address are the whole fault, and stand on one side only; none if that is not so.
    pub(super) fn side(&self) -> Option<&'static str> {
        let names: Vec<&Nameless> = self.names.values().collect();
        if names.is_empty() || !self.addresses.is_empty() {
            return None;
        }
        if names.iter().all(|name| name.is_dotless && name.is_of_zone) {
            return Some(remedies::LAST_DOT_OF_SERVER);
        }
        match (names.iter().all(|name| name.is_of_zone), names.iter().any(|name| name.is_of_zone)) {
            (true, _) => Some(remedies::NAMELESS_IN_ZONE),
            (false, false) => Some(remedies::NAMELESS_AT_REGISTRAR),
            (false, true) => None,
        }
    }

    /// The names that stand in the zone too; none if there are none.
    fn words_of_zone(&self) -> Option<String> {
        let named = || format!("the zone itself names {}", server_names::listed(&self.by_zone));
        (!self.by_zone.is_empty()).then(named)
    }

    /// Whether a delegation leads to such servers alone.
    fn has_all(&self, facts: &DomainFacts, delegation: &Delegation) -> bool {
        let is_unrouted = |server: &IpAddr| {
            let got = facts.server(*server, zone::apex(facts), "SOA", QueryForm::Udp);
            matches!(got, Some(Got::NoReply(NoReply::NoRoute)))
        };
        delegation.names.iter().all(|name| {
            let mut addresses = addresses(facts, delegation, name);
            // The other addresses of the name stand for these.
            addresses.retain(|server| !is_unrouted(server));
            let is_astray = |server: &IpAddr| self.addresses.contains_key(server);
            self.names.contains_key(name) || !addresses.is_empty() && addresses.iter().all(is_astray)
        })
    }
}

/// The addresses of a server to which a delegation leads: its glue, or for a type without glue those of the name.
fn addresses(facts: &DomainFacts, delegation: &Delegation, name: &str) -> BTreeSet<IpAddr> {
    let glued = delegation.glue.get(name).cloned().unwrap_or_default();
    let mut addresses = glued.clone();
    let is_alike = |one: &IpAddr, other: &IpAddr| one.is_ipv4() == other.is_ipv4();
    let known = facts.addresses(name).into_iter();
    addresses.extend(known.filter(|known| !glued.iter().any(|glued| is_alike(glued, known))));
    addresses
}

/// The sets of servers that the zone itself names now, in the words of its servers.
pub(super) fn own_sets(facts: &DomainFacts) -> BTreeSet<BTreeSet<String>> {
    let told = zone::current_sets(facts, zone::servers(facts).into_keys()).into_iter();
    told.map(|(_, set)| set).filter(|set| !set.is_empty()).collect()
}

/// The servers astray. `of_silent` are the questions to servers that did not answer the first one.
pub(super) fn astray(facts: &DomainFacts, of_silent: &[Want]) -> Astray {
    let (said, own) = (parents::said(facts), own_sets(facts));
    let above = sets(&said);
    let are_alike = !differs(&said) && own.iter().all(|set| above.contains(set));
    if above.is_empty() || are_alike || served::serving(facts).is_empty() {
        return Astray::default();
    }
    let named: BTreeSet<&String> = own.iter().flatten().collect();
    let mut found = Astray::default();
    let all_sets = || above.iter().copied().chain(&own);
    for (server, names) in zone::servers(facts) {
        if all_sets().any(|set| set.is_disjoint(&names))
            && let Some((code, conduct)) = each_server::fault(facts, server, of_silent)
        {
            let by_zone: BTreeSet<String> =
                names.iter().filter(|name| named.contains(name)).cloned().collect();
            let is_of_all = above.iter().all(|set| !set.is_disjoint(&names));
            let stays = is_of_all || !by_zone.is_empty();
            found.level = found.level.into_iter().chain(stays.then(|| code.entry().level)).min();
            found.by_zone.extend(by_zone);
            found.add((server, names), conduct);
        }
    }
    let of_own: BTreeSet<IpAddr> = named.iter().flat_map(|name| facts.addresses(name)).collect();
    let all: Vec<BTreeMap<IpAddr, BTreeSet<String>>> =
        delegations(&said).map(|(_, delegation)| reached(facts, delegation)).collect();
    for (server, names) in all.iter().flatten() {
        let is_of_all = || all.iter().all(|reached| reached.contains_key(server));
        if !of_own.contains(server)
            && !is_of_all()
            && let Some((_, conduct)) = each_server::fault(facts, *server, of_silent)
        {
            found.add((*server, names.clone()), conduct);
        }
    }
    for name in all_sets().flatten().filter(|name| !all_sets().all(|set| set.contains(*name))) {
        let nameless = |fault| Nameless {
            fault,
            is_of_zone: named.contains(name),
            is_dotless: server_names::is_dotless(facts, name),
        };
        found.names.extend(server_names::fault(facts, name).map(|fault| (name.clone(), nameless(fault))));
    }
    found
}

/// The addresses to which a delegation leads, each with its names.
fn reached(facts: &DomainFacts, delegation: &Delegation) -> BTreeMap<IpAddr, BTreeSet<String>> {
    let mut reached = BTreeMap::<IpAddr, BTreeSet<String>>::new();
    for name in &delegation.names {
        for address in addresses(facts, delegation, name) {
            reached.entry(address).or_default().insert(name.clone());
        }
    }
    reached
}

/// The sets of servers in the words of servers.
fn sets(said: &BTreeMap<IpAddr, Said>) -> BTreeSet<&BTreeSet<String>> {
    delegations(said).map(|(_, delegation)| &delegation.names).collect()
}

/// The sets of DS records in the words of servers, each with its servers.
fn signers(said: &BTreeMap<IpAddr, Said>) -> BTreeMap<&BTreeSet<String>, Vec<IpAddr>> {
    let mut signers = BTreeMap::<&BTreeSet<String>, Vec<IpAddr>>::new();
    for (server, delegation) in delegations(said) {
        if let Some(records) = &delegation.signers {
            signers.entry(records).or_default().push(server);
        }
    }
    signers
}

/// The sets of different DS records of which none names a key that signs the zone, although there are DS records; and the others.
fn judged<'s>(
    facts: &DomainFacts,
    said: &'s BTreeMap<IpAddr, Said>,
) -> (Vec<&'s BTreeSet<String>>, Vec<&'s BTreeSet<String>>) {
    let is_wrong = |records: &&BTreeSet<String>| {
        let records: BTreeSet<&str> = records.iter().map(String::as_str).collect();
        matches!(keys::against(facts, &records), KeysNow::Differ(_))
    };
    let all = signers(said);
    match all.len() {
        0 | 1 => (Vec::new(), Vec::new()),
        _ => all.into_keys().partition(is_wrong),
    }
}

/// That the servers of the zone above do not say the same. It is a failure if one denies the zone, or if what one says leads to servers
/// that do not serve the zone, or to a chain of trust that is broken.
pub(super) fn check(facts: &DomainFacts, astray: &Astray) -> Option<Finding> {
    let said = parents::said(facts);
    let is_denied = parents::is_denied(&said);
    let mut told: Vec<String> = Vec::new();
    let leads_nowhere = |said: &Said| match said {
        Said::Delegates(delegation) => astray.has_all(facts, delegation),
        Said::Denies { .. } => false,
    };
    if is_denied || sets(&said).len() > 1 {
        told.push(each(facts, &said, &leads_nowhere));
    }
    let (wrong, right) = judged(facts, &said);
    if !wrong.is_empty() || !right.is_empty() {
        told.push(of_signers(facts, &said));
        told.extend(
            wrong.iter().map(|records| format!("{} names no key that signs the zone", listed(records))),
        );
    }
    told.extend(of_glue(facts, &said));
    if told.is_empty() {
        return None;
    }
    told.extend(astray.words());
    told.extend(astray.words_of_zone());
    let is_broken = is_denied || !wrong.is_empty() || said.values().any(leads_nowhere);
    let level = if is_broken { Level::Failure } else { Level::Warning };
    let level = astray.level.map_or(level, |of_servers| of_servers.min(level));
    let evidence = told.join("; ") + &parents::share(facts, "told it");
    let about = said.keys().chain(astray.addresses.keys()).copied().map(About::Address);
    let finding = Finding::new(Code::ParentDiffers, evidence).at(level).about(about);
    Some(if astray.by_zone.is_empty() { finding } else { finding.to_do(remedies::LAME_IN_BOTH_ZONES) })
}

/// The words of each server: first of those that deny the zone, then of those whose words lead nowhere.
fn each(facts: &DomainFacts, said: &BTreeMap<IpAddr, Said>, leads_nowhere: &dyn Fn(&Said) -> bool) -> String {
    let (apex, shown) = (zone::apex(facts), shown(facts));
    let parent = zone::parent(facts).unwrap_or_default();
    let name = |server: &IpAddr| shown.get(server).cloned().unwrap_or_else(|| server.to_string());
    let words = |said: &Said| match said {
        Said::Delegates(delegation) => {
            format!("delegates {apex} to {}", server_names::listed(&delegation.names))
        }
        Said::Denies { serial: None } => format!("answers NXDOMAIN for {apex}"),
        Said::Denies { serial: Some(serial) } => {
            format!("answers NXDOMAIN for {apex} (serial {serial} of {parent})")
        }
    };
    let mut told: Vec<(&IpAddr, &Said)> = said.iter().collect();
    told.sort_by_key(|(_, said)| (matches!(said, Said::Delegates(_)), !leads_nowhere(said)));
    let told: Vec<(String, String)> =
        told.into_iter().map(|(server, said)| (name(server), words(said))).collect();
    groups::with_conduct(told.iter().map(|(server, said)| (server.as_str(), said.as_str())))
}

/// DS records in words: with the begin of their digests.
fn listed(records: &BTreeSet<String>) -> String {
    let short = |data: &String| match data.rsplit_once(' ') {
        Some((fields, digest)) if digest.len() > SHOWN_DIGEST => {
            format!("{fields} {}...", digest.chars().take(SHOWN_DIGEST).collect::<String>())
        }
        _ => data.clone(),
    };
    match records.is_empty() {
        true => "no DS".to_owned(),
        false => format!("DS {}", records.iter().map(short).collect::<Vec<_>>().join(", ")),
    }
}

/// The DS records of each server.
fn of_signers(facts: &DomainFacts, said: &BTreeMap<IpAddr, Said>) -> String {
    let shown = shown(facts);
    let names =
        |servers: Vec<IpAddr>| servers.iter().filter_map(|server| shown.get(server).cloned()).collect();
    groups::having(signers(said).into_iter().map(|(records, servers)| (listed(records), names(servers))))
}

/// The different glue of each server.
fn of_glue(facts: &DomainFacts, said: &BTreeMap<IpAddr, Said>) -> Vec<String> {
    let shown = shown(facts);
    let words =
        |name: &str, set: &BTreeSet<IpAddr>| format!("the glue {} of {name}", server_names::listed(set));
    let of_name = |((name, _), groups): ((String, _), BTreeMap<BTreeSet<IpAddr>, Vec<IpAddr>>)| {
        let groups = groups.into_iter().map(|(set, servers)| {
            (words(&name, &set), servers.iter().filter_map(|server| shown.get(server).cloned()).collect())
        });
        groups::having(groups)
    };
    parents::divided_glue(said).into_iter().map(of_name).collect()
}

/// Removes findings that depend on the server of the zone above whose delegation this host has in its cache.
pub(super) fn without_consequences(facts: &DomainFacts, findings: &mut Vec<Finding>) {
    let Some(level) =
        findings.iter().find(|finding| finding.code == Code::ParentDiffers).map(|found| found.level)
    else {
        return;
    };
    let said = parents::said(facts);
    let (wrong, right) = judged(facts, &said);
    if wrong.len() + right.len() > 1 {
        let of_cache = [Code::DsRepaired, Code::DnssecOk, Code::DnssecNoEffect, Code::DnssecUnsigned];
        findings.retain(|finding| !of_cache.contains(&finding.code));
    }
    if !wrong.is_empty() && !right.is_empty() {
        findings.retain(|finding| finding.code != Code::DnssecBogus);
    }
    // This host has the delegation that leads nowhere.
    let of_lookups = [Code::MailUnknown, Code::PolicyUnknown, Code::DnssecUnknown, Code::PolicyUnanswered];
    let is_of_zone = |finding: &Finding| {
        let name = finding.evidence.split([' ', ':']).next().unwrap_or_default();
        of_lookups.contains(&finding.code) && is_within(name, zone::apex(facts))
    };
    if level == Level::Failure {
        findings.retain(|finding| !is_of_zone(finding));
    }
}

#[cfg(test)]
#[path = "parents_differ_tests.rs"]
mod tests;
