//! The zone of the checked domain, as the servers of its parent zone and its own servers describe it.
//!
//! Serials are compared only between servers whose SOA records name the same primary server (MNAME), because each primary server increases
//! its own serial.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use hickory_proto::rr::{Name, RData};

use crate::facts::record_set::{is_known, records};
use crate::facts::{DomainFacts, Got, LookupFound, QueryForm, Record, ReplyFacts, ReplySecurity, above};
use crate::limits::{
    MAX_CHECKED_NAMES, MAX_CHECKED_PARENTS, MAX_CHECKED_SERVERS, MAX_COMPARED_PARENTS, MAX_FAILING_NAMES,
    MAX_FURTHER_PARENTS,
};
use crate::served;

/// The data of an SOA record that the checks use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Soa<'r> {
    pub(super) owner: &'r str,
    /// The primary server (MNAME).
    pub(super) primary: &'r Name,
    pub(super) serial: u32,
}

/// Returns the SOA record in the answer section of a reply, or in the authority section, where negative replies have it.
pub(super) fn soa(reply: &ReplyFacts) -> Option<Soa<'_>> {
    let mut records = reply.answers.iter().chain(&reply.authority);
    records.find_map(|record| match &record.data {
        RData::SOA(data) => Some(Soa { owner: &record.name, primary: &data.mname, serial: data.serial }),
        _ => None,
    })
}

/// Returns true if a serial is older than another one in serial number arithmetic (RFC 1982 section 3.2).
pub(super) fn is_older(one: u32, other: u32) -> bool {
    (1..1 << 31).contains(&other.wrapping_sub(one))
}

/// Returns the serial that is newer than all others. Returns `None` if serial number arithmetic gives no order.
pub(super) fn newest<Servers>(serials: &BTreeMap<u32, Servers>) -> Option<u32> {
    let is_newest = |one: &u32| serials.keys().all(|other| other == one || is_older(*other, *one));
    serials.keys().copied().find(is_newest)
}

/// Returns the owner of the SOA record in the daemon's reply to a lookup of `name`.
fn owner<'f>(facts: &'f DomainFacts, name: &str) -> Option<&'f str> {
    soa(facts.lookup(name, "SOA").reply()?).map(|soa| soa.owner)
}

/// Returns the zone of a domain that is an alias to another zone. The SOA lookup of the domain returns the SOA record of the alias target.
/// So the zone above the domain is returned, if one of its servers answers for the domain with authority.
fn behind_alias(facts: &DomainFacts) -> Option<&str> {
    let domain = facts.subject.domain.as_str();
    facts.lookup(domain, "SOA").alias()?;
    let zone = owner(facts, above(domain)).filter(|zone| super::facts::is_within(domain, zone))?;
    let is_answered = |server: IpAddr| {
        facts.reply_of(server, domain, "NS", QueryForm::Udp).is_some_and(|reply| reply.authoritative)
    };
    servers_of_parent(facts, zone).into_iter().any(is_answered).then_some(zone)
}

/// Returns the apex of the domain's zone. Returns the domain itself if no server answers, or if the answer was NXDOMAIN: the check then asks the
/// servers of the parent zone whether the domain is delegated.
pub(super) fn apex(facts: &DomainFacts) -> &str {
    let domain = facts.subject.domain.as_str();
    if matches!(facts.lookup(domain, "SOA"), LookupFound::NoName(_)) {
        return domain;
    }
    let known = owner(facts, domain).filter(|apex| super::facts::is_within(domain, apex));
    known.or_else(|| behind_alias(facts)).unwrap_or_else(|| failing(facts).last().copied().unwrap_or(domain))
}

/// Returns the domain and the names above it whose lookups failed, up to the first zone that answers. The last name is taken as the apex of
/// the failing zone. If no zone answers, only the domain is returned.
fn failing(facts: &DomainFacts) -> Vec<&str> {
    let mut failing = climbed(facts);
    let is_known = failing.last().is_some_and(|top| facts.lookup(above(top), "SOA").is_known());
    failing.truncate(if is_known { failing.len() } else { 1 });
    failing
}

/// Returns the domain, followed by the names above it whose SOA lookups failed, up to the first lookup that did not fail. A bogus lookup
/// does not count as failed, because a server has answered it.
fn climbed(facts: &DomainFacts) -> Vec<&str> {
    let has_failed = |name: &str| match facts.got.get(&super::facts::lookup(name, "SOA")) {
        Some(Got::Reply(reply)) => reply.rcode == "SERVFAIL" && reply.security != ReplySecurity::Bogus,
        Some(Got::NoReply(_)) => true,
        _ => false,
    };
    let domain = facts.subject.domain.as_str();
    let names = std::iter::successors(Some(domain), |name| Some(above(name)).filter(|above| *above != "."));
    let mut climbed = vec![domain];
    if has_failed(domain) {
        climbed.extend(names.skip(1).take(MAX_FAILING_NAMES).take_while(|name| has_failed(name)));
    }
    climbed
}

/// Returns the name above the highest failing name. Its SOA record shows which servers must be asked for the delegation of the failing
/// zone.
pub(super) fn above_failing(facts: &DomainFacts) -> &str {
    above(climbed(facts).last().copied().unwrap_or(&facts.subject.domain))
}

/// Returns the parent zone. Returns `None` if it is not known yet, and for the root.
pub(super) fn parent(facts: &DomainFacts) -> Option<&str> {
    let apex = apex(facts);
    if apex == "." { None } else { owner(facts, above(apex)) }
}

/// Returns the addresses of the servers of the parent zone that are asked first.
pub(super) fn parent_servers(facts: &DomainFacts) -> Vec<IpAddr> {
    parent(facts).map_or_else(Vec::new, |parent| servers_of_parent(facts, parent))
}

/// Returns the addresses of the servers of a parent zone that are asked. If the parent is the root, and the DNS gave no address of its server
/// names, these are addresses from the root hints of the daemon (RFC 9609).
pub(super) fn servers_of_parent(facts: &DomainFacts, parent: &str) -> Vec<IpAddr> {
    first_of_parent(facts, parent, MAX_CHECKED_PARENTS)
}

/// Returns the addresses of the servers of the parent zone whose answers are compared.
pub(super) fn compared_parents(facts: &DomainFacts) -> Vec<IpAddr> {
    parent(facts).map_or_else(Vec::new, |parent| first_of_parent(facts, parent, most_parents(facts, parent)))
}

fn most_parents(facts: &DomainFacts, parent: &str) -> usize {
    if has_other_delegation(facts, parent) { MAX_FURTHER_PARENTS } else { MAX_COMPARED_PARENTS }
}

/// Returns true if a server of the parent zone has answered, and the data of this host may come from another delegation than its answer.
/// This is so in three cases: the NS or DS records of this host differ from those of the first servers of the parent zone, other cached
/// records differ from those of the zone, or a lookup is bogus.
fn has_other_delegation(facts: &DomainFacts, parent: &str) -> bool {
    let (apex, first) = (apex(facts), first_of_parent(facts, parent, MAX_COMPARED_PARENTS));
    let referrals: Vec<&ReplyFacts> =
        first.into_iter().filter_map(|server| referral(facts, server, apex)).collect();
    let given = |reply: &ReplyFacts, kind: &str| -> BTreeSet<String> {
        let of_apex = reply.authority.iter().filter(|record| record.is(kind) && record.name == apex);
        of_apex.map(Record::compared).collect()
    };
    let is_other = |kind: &'static str| {
        let here = facts.lookup(apex, kind).reply().and_then(|reply| records(reply, apex, kind));
        here.is_some_and(|here| referrals.iter().all(|reply| given(reply, kind) != here))
    };
    let has_others = || facts.cached.values().any(|here| here.configured.is_none());
    !referrals.is_empty()
        && (["NS", "DS"].into_iter().any(is_other) || facts.has_bogus_lookup() || has_others())
}

/// Returns true if this host seems to have another delegation than the first servers of the parent zone give.
pub(super) fn is_other_here(facts: &DomainFacts) -> bool {
    parent(facts).is_some_and(|parent| has_other_delegation(facts, parent))
}

/// Returns the first servers of the parent zone that have answered about the delegation. The further questions about the zone are sent to
/// them.
pub(super) fn answering_parents(facts: &DomainFacts) -> Vec<IpAddr> {
    let tells =
        |server: &IpAddr| facts.reply_of(*server, apex(facts), "NS", QueryForm::Udp).is_some_and(is_known);
    compared_parents(facts).into_iter().filter(tells).take(MAX_CHECKED_PARENTS).collect()
}

fn first_of_parent(facts: &DomainFacts, parent: &str, most: usize) -> Vec<IpAddr> {
    let names = first_names(facts, parent, most.max(MAX_COMPARED_PARENTS));
    let known: Vec<IpAddr> = names.iter().filter_map(|name| address(facts, name)).take(most).collect();
    if known.is_empty() && parent == "." {
        let roots: BTreeSet<IpAddr> = facts.subject.root_servers.iter().copied().collect();
        return roots.into_iter().take(most).collect();
    }
    known
}

/// Returns the lowest address of a server of a parent zone. Answers have a random order, but repeated checks must ask the same address.
pub(super) fn address(facts: &DomainFacts, name: &str) -> Option<IpAddr> {
    // An IPv4 address is less than each IPv6 address, so `min` prefers IPv4.
    facts.addresses(name).into_iter().min()
}

/// Returns the first `most` server names of a parent zone, in alphabetical order. Answers have a random order, but repeated checks must ask
/// the same servers.
fn first_names(facts: &DomainFacts, parent: &str, most: usize) -> Vec<String> {
    let names: BTreeSet<String> = facts.targets(parent, "NS").into_iter().collect();
    names.into_iter().take(most).collect()
}

pub(super) fn names_of_parent(facts: &DomainFacts, parent: &str) -> Vec<String> {
    first_names(facts, parent, MAX_CHECKED_PARENTS)
}

pub(super) fn names_of_compared(facts: &DomainFacts) -> Vec<String> {
    parent(facts).map_or_else(Vec::new, |parent| first_names(facts, parent, most_parents(facts, parent)))
}

pub(super) fn referrals(facts: &DomainFacts) -> Vec<(IpAddr, &ReplyFacts)> {
    let apex = apex(facts);
    let with_server = |server: IpAddr| Some((server, referral(facts, server, apex)?));
    compared_parents(facts).into_iter().filter_map(with_server).collect()
}

fn referral<'f>(facts: &'f DomainFacts, server: IpAddr, apex: &str) -> Option<&'f ReplyFacts> {
    let reply = facts.reply_of(server, apex, "NS", QueryForm::Udp)?;
    (!reply.authoritative && named(&reply.authority, apex).next().is_some()).then_some(reply)
}

/// Returns the server names in the NS records of the zone `apex`.
pub(super) fn named<'r>(records: &'r [Record], apex: &'r str) -> impl Iterator<Item = String> + use<'r> {
    let of_apex = records.iter().filter(move |record| record.is("NS") && record.name == apex);
    of_apex.filter_map(Record::target)
}

/// Returns true if the domain does not exist, and the parent zone does not delegate it.
pub(super) fn is_missing(facts: &DomainFacts) -> bool {
    matches!(facts.lookup(&facts.subject.domain, "SOA"), LookupFound::NoName(_))
        && parent_set(facts).is_none()
}

/// Returns true if only the configuration of this host defines the domain.
pub(super) fn is_here_only(facts: &DomainFacts) -> bool {
    facts.configured().is_some() && parent_set(facts).is_none()
}

/// Returns the server names in the referrals of the parent zone.
pub(super) fn parent_set(facts: &DomainFacts) -> Option<BTreeSet<String>> {
    let apex = apex(facts);
    let sets: BTreeSet<String> =
        referrals(facts).into_iter().flat_map(|(_, reply)| named(&reply.authority, apex)).collect();
    (!sets.is_empty()).then_some(sets)
}

/// Returns true if the domain is the apex of a delegated zone.
pub(super) fn is_delegated(facts: &DomainFacts) -> bool {
    apex(facts) == facts.subject.domain && parent_set(facts).is_some()
}

pub(super) fn glue(facts: &DomainFacts) -> BTreeMap<&str, BTreeSet<IpAddr>> {
    let mut glue: BTreeMap<&str, BTreeSet<IpAddr>> = BTreeMap::new();
    for record in referrals(facts).into_iter().flat_map(|(_, reply)| &reply.additional) {
        if let Some(address) = record.address() {
            glue.entry(&record.name).or_default().insert(address);
        }
    }
    glue
}

/// Returns the server names in the NS records of one server of the zone.
pub(super) fn child_set_at(facts: &DomainFacts, server: IpAddr) -> Option<BTreeSet<String>> {
    let apex = apex(facts);
    let sets = [QueryForm::MixedCase, QueryForm::Udp].into_iter().filter_map(|way| {
        let reply = facts.reply_of(server, apex, "NS", way)?;
        let is_given = reply.authoritative && reply.rcode == "NOERROR";
        is_given.then(|| named(&reply.answers, apex).collect())
    });
    // Some servers deny names in mixed case, so the reply with the most server names is used.
    sets.max_by_key(BTreeSet::len)
}

type ServerSet = (IpAddr, BTreeSet<String>);

/// Returns the servers with an old serial. Another server with the same primary server (MNAME) has a newer one.
pub(super) fn old_ones(facts: &DomainFacts, servers: impl IntoIterator<Item = IpAddr>) -> BTreeSet<IpAddr> {
    let mut copies = BTreeMap::<&Name, BTreeMap<u32, Vec<IpAddr>>>::new();
    for server in servers {
        if let Some(soa) = soa_at(facts, server) {
            copies.entry(soa.primary).or_default().entry(soa.serial).or_default().push(server);
        }
    }
    let old = copies.into_values().filter_map(|mut serials| {
        let newest = newest(&serials)?;
        serials.remove(&newest);
        Some(serials.into_values().flatten())
    });
    old.flatten().collect()
}

/// Returns for each server the names in its NS records. An old copy of the zone may name servers that no longer serve the zone, so servers
/// with an old serial are left out.
pub(super) fn current_sets(facts: &DomainFacts, servers: impl IntoIterator<Item = IpAddr>) -> Vec<ServerSet> {
    let sets = servers.into_iter().filter_map(|server| Some((server, child_set_at(facts, server)?)));
    let sets: Vec<ServerSet> = sets.collect();
    let old = old_ones(facts, sets.iter().map(|(server, _)| *server));
    sets.into_iter().filter(|(server, _)| !old.contains(server)).collect()
}

pub(super) fn serial_at(facts: &DomainFacts, server: IpAddr) -> Option<u32> {
    soa_at(facts, server).map(|soa| soa.serial)
}

fn soa_at(facts: &DomainFacts, server: IpAddr) -> Option<Soa<'_>> {
    let apex = apex(facts);
    let ways = [QueryForm::Udp, QueryForm::Plain, QueryForm::Tcp];
    let mut replies = ways.into_iter().filter_map(|way| facts.reply_of(server, apex, "SOA", way));
    soa(replies.find(|reply| serves(reply, apex))?)
}

/// Returns the names of all servers from the NS records of the parent zone and of the zone itself. The daemon's cache may have the name of
/// a former server, so the daemon's answer is used only until a server gives the zone's own NS records.
pub(super) fn server_names(facts: &DomainFacts) -> BTreeSet<String> {
    match parent_set(facts) {
        Some(names) => with_own_sets(facts, names),
        None => given_names(facts),
    }
}

/// Adds the names in the NS records that the servers `names` give.
fn with_own_sets(facts: &DomainFacts, mut names: BTreeSet<String>) -> BTreeSet<String> {
    // Two rounds are enough: if the servers of the second set gave a third one, the difference of the first two sets would already be a
    // fault.
    for _ in 0..2 {
        let own = current_sets(facts, addressed(facts, &names).into_keys());
        let own: Vec<String> = own.into_iter().flat_map(|(_, set)| set).collect();
        if own.is_empty() {
            names.extend(given_names(facts));
        }
        names.extend(own);
    }
    names
}

/// Returns the server names of a zone without a known delegation, from the daemon and from all servers that were asked.
fn given_names(facts: &DomainFacts) -> BTreeSet<String> {
    let (apex, mut names) = (apex(facts), BTreeSet::new());
    // If the name is an alias, the NS records of the alias target are not used.
    if let LookupFound::Data(reply) = facts.lookup(apex, "NS") {
        names.extend(named(&reply.answers, apex));
    }
    let replies = served::replies(facts)
        .filter(|of| of.way != QueryForm::Recursive && of.lookup == (apex, "NS") && of.reply.authoritative);
    let replies = replies.map(|of| of.reply);
    names.extend(replies.flat_map(|reply| named(&reply.answers, apex)));
    names
}

/// Returns the addresses of the servers of the zone that are asked, with their names.
pub(super) fn servers(facts: &DomainFacts) -> BTreeMap<IpAddr, BTreeSet<String>> {
    addressed(facts, &server_names(facts))
}

/// Returns the servers in the parent zone's NS records, or all known servers if the parent zone has not answered.
pub(super) fn delegated_servers(facts: &DomainFacts) -> BTreeMap<IpAddr, BTreeSet<String>> {
    parent_set(facts).map_or_else(|| servers(facts), |names| addressed(facts, &names))
}

/// Returns at most `MAX_CHECKED_SERVERS` addresses of these names: first one address of each name.
fn addressed(facts: &DomainFacts, names: &BTreeSet<String>) -> BTreeMap<IpAddr, BTreeSet<String>> {
    let mut servers = BTreeMap::<IpAddr, BTreeSet<String>>::new();
    for (address, name) in all_addresses(facts, names) {
        if servers.len() < MAX_CHECKED_SERVERS || servers.contains_key(&address) {
            servers.entry(address).or_default().insert(name);
        }
    }
    servers
}

/// Returns all known addresses of these names: first one of each name.
fn all_addresses(facts: &DomainFacts, names: &BTreeSet<String>) -> Vec<(IpAddr, String)> {
    let glue = glue(facts);
    let of_name = |name: &String| {
        let glued = glue.get(name.as_str()).into_iter().flatten().copied();
        let mut known: Vec<IpAddr> = Vec::new();
        for address in facts.addresses(name).into_iter().chain(glued) {
            if !known.contains(&address) {
                known.push(address);
            }
        }
        known
            .into_iter()
            .enumerate()
            .map(|(place, address)| (place, address, name.clone()))
            .collect::<Vec<_>>()
    };
    let mut all: Vec<_> = names.iter().flat_map(of_name).collect();
    all.sort_by_key(|(place, _, _)| *place);
    all.into_iter().map(|(_, address, name)| (address, name)).collect()
}

/// Returns the servers that are not asked because there are too many: their addresses, or their names if the addresses are not looked up.
pub(super) fn not_asked(facts: &DomainFacts) -> Vec<String> {
    let (names, asked) = (server_names(facts), servers(facts));
    let mut beyond = BTreeMap::<IpAddr, BTreeSet<String>>::new();
    for (address, name) in all_addresses(facts, &names) {
        if !asked.contains_key(&address) {
            beyond.entry(address).or_default().insert(name);
        }
    }
    let unnamed = names.iter().skip(MAX_CHECKED_NAMES).filter(|name| facts.addresses(name).is_empty());
    let addresses = beyond.iter().map(|(address, names)| shown(*address, names));
    addresses.chain(unnamed.cloned()).collect()
}

/// Returns one address for each server name.
pub(super) fn one_of_each(servers: &BTreeMap<IpAddr, BTreeSet<String>>) -> BTreeSet<IpAddr> {
    let mut known = BTreeSet::new();
    let is_new = |(address, names): (&IpAddr, &BTreeSet<String>)| {
        let new = names.iter().filter(|name| known.insert((*name).clone())).count();
        (new > 0).then_some(*address)
    };
    servers.iter().filter_map(is_new).collect()
}

pub(super) fn shown(server: IpAddr, names: &BTreeSet<String>) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    format!("{server} ({})", names.join(", "))
}

/// Returns true if all servers of the zone answer with authority that its apex does not exist (NXDOMAIN).
pub(super) fn is_denied(facts: &DomainFacts) -> bool {
    let (apex, servers) = (apex(facts), servers(facts));
    let denies = |server: &IpAddr| {
        let reply = facts.reply_of(*server, apex, "SOA", QueryForm::Udp);
        reply.is_some_and(|reply| reply.authoritative && reply.rcode == "NXDOMAIN")
    };
    !servers.is_empty() && servers.keys().all(denies)
}

/// Returns true if a reply for the SOA record shows that the server serves the zone `apex`.
pub fn serves(reply: &ReplyFacts, apex: &str) -> bool {
    reply.rcode == "NOERROR"
        && reply.authoritative
        && reply.answers.iter().any(|record| record.is("SOA") && record.name == apex)
}
