//! The way to the name servers of a name: from a zone that the daemon knows, along the referrals of the zones' own servers.
//!
//! RFC 1034 section 4.3.2. The daemon's answer for the name may be a denial, a failure or old, so its knowledge of the zone is only
//! the begin: the servers of the zone above are asked for the delegation of now. Answers of the configuration of this host lead to
//! no server of the internet, so they are passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::facts::record_set::is_known;
use crate::facts::{
    DomainFacts, Got, LookupFound, QueryForm, Record, ReplyFacts, Want, above, addresses, canonical,
    is_within, lookup,
};
use crate::limits::{
    MAX_CHECKED_NAMES, MAX_CHECKED_PARENTS, MAX_CHECKED_SERVERS, MAX_COMPARED_BEGINS, MAX_COMPARED_CUTS,
};
use crate::zone::{self, named};

/// A zone on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cut {
    /// Its apex.
    pub(super) zone: String,
    /// Its servers that are asked, each with its names.
    pub(super) servers: BTreeMap<IpAddr, BTreeSet<String>>,
    /// The names of its servers.
    pub(super) names: BTreeSet<String>,
    /// The names of servers without an address.
    pub(super) unaddressed: Vec<Unaddressed>,
    /// Servers that are not asked, because there are too many: addresses, and names that are not looked up.
    pub(super) left_out: Vec<String>,
}

/// The name of a server without an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unaddressed {
    /// The name.
    pub(super) name: String,
    /// Whether it is known that there is no address.
    pub(super) is_certain: bool,
    /// Why, in words.
    pub(super) why: String,
}

/// The way as far as it is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    /// The questions that are needed next.
    pub(super) wants: Vec<Want>,
    /// The zone of the name; none if it is not known.
    pub(super) zone: Option<Cut>,
    /// Servers of zones above that answer with authority instead of a referral, each with its names.
    pub(super) undelegating: BTreeMap<IpAddr, BTreeSet<String>>,
}

/// A question, its name and type.
pub(super) type Asked<'q> = (&'q str, &'static str);

/// The forms in which a server is asked, the usual one first.
pub(super) const FORMS: [QueryForm; 3] = [QueryForm::Udp, QueryForm::Plain, QueryForm::Tcp];

/// The question to a server.
pub(super) fn at(server: IpAddr, (name, kind): Asked<'_>, way: QueryForm) -> Want {
    Want::Server { server, name: name.to_owned(), kind, way }
}

/// The name whose zone is looked for. DS records are in the zone above (RFC 4035 section 2.4).
fn sought<'q>((name, kind): Asked<'q>) -> &'q str {
    if kind == "DS" { above(name) } else { name }
}

/// The names at which the daemon is asked for the zone, the closest first: the name, and if that fails those above it. Of a deep name
/// those in the middle are left out, because referrals lead there too.
fn begins(name: &str) -> Vec<&str> {
    let mut names = vec![name];
    while let Some(last) = names.last().copied().filter(|last| *last != ".") {
        names.push(above(last));
    }
    let half = MAX_COMPARED_BEGINS / 2;
    if names.len() > MAX_COMPARED_BEGINS {
        names.drain(half..names.len() - half);
    }
    names
}

/// The owner of the SOA in the daemon's answer for a name: the zone of the name, or one above it. None if the configuration answers.
fn owner<'f>(facts: &'f DomainFacts, name: &str) -> Option<&'f str> {
    let reply = facts.lookup(name, "SOA").reply().filter(|reply| !is_here(reply, name))?;
    zone::soa(reply).map(|soa| soa.owner).filter(|owner| is_within(name, owner))
}

/// Whether a lookup was asked and is over, or lasts long already.
fn is_settled(facts: &DomainFacts, under_way: &BTreeSet<Want>, want: &Want) -> bool {
    facts.got.contains_key(want) || under_way.contains(want)
}

/// The way to the servers of a question.
pub(super) fn way(facts: &DomainFacts, asked: Asked<'_>, under_way: &BTreeSet<Want>) -> Way {
    let (name, mut way) = (sought(asked), Way::default());
    let first = lookup(name, "SOA");
    way.wants.push(first.clone());
    if !is_settled(facts, under_way, &first) {
        return way;
    }
    let begins = begins(name);
    if owner(facts, name).is_none() {
        way.wants.extend(begins.iter().map(|name| lookup(name, "SOA")));
    }
    let Some(begin) = begins.iter().find_map(|name| owner(facts, name)) else { return way };
    let is_close = owner(facts, name).is_some() && facts.lookup(name, "SOA").alias().is_none();
    let cut = if begin == "." { None } else { from_above(facts, asked, (begin, under_way), &mut way) };
    let cut = match cut {
        Some(Above::Refers(cut)) => cut,
        Some(Above::NotYet) => return way,
        None => match of_daemon(facts, begin, &mut way) {
            Some(cut) => cut,
            None => return way,
        },
    };
    let is_close = is_close && cut.zone == begin;
    down(facts, asked, (cut, is_close, under_way), &mut way);
    way
}

/// The word of the zone above.
enum Above {
    Refers(Cut),
    NotYet,
}

/// The delegation of `zone`, or of a zone below it, in the referrals of the zone above; none if its servers give no referral.
fn from_above(
    facts: &DomainFacts,
    asked: Asked<'_>,
    (zone, under_way): (&str, &BTreeSet<Want>),
    way: &mut Way,
) -> Option<Above> {
    let soa = lookup(above(zone), "SOA");
    way.wants.push(soa.clone());
    let Some(parent) = owner(facts, above(zone)) else {
        return if is_settled(facts, under_way, &soa) { None } else { Some(Above::NotYet) };
    };
    let names = lookup(parent, "NS");
    way.wants.push(names.clone());
    let mut pending = !is_settled(facts, under_way, &names);
    let mut servers = BTreeMap::<IpAddr, BTreeSet<String>>::new();
    for name in facts.data(parent, "NS").into_iter().take(MAX_CHECKED_PARENTS).map(canonical) {
        let wants = addresses(&name);
        pending |= !wants.iter().any(|want| is_settled(facts, under_way, want));
        way.wants.extend(wants);
        if let Some(address) = facts.addresses(&name).into_iter().next() {
            servers.entry(address).or_default().insert(name);
        }
    }
    for server in servers.keys() {
        let want = at(*server, asked, QueryForm::Udp);
        pending |= !is_settled(facts, under_way, &want);
        way.wants.push(want);
    }
    match referred(facts, asked, (parent, &servers)) {
        Some(delegation) => {
            way.undelegating.extend(undelegating(facts, asked, &servers));
            way.wants.extend(lookups(&delegation));
            Some(Above::Refers(addressed(facts, delegation)))
        }
        None if pending => Some(Above::NotYet),
        None => None,
    }
}

/// The zone with the servers that the daemon knows; none while they are not known.
fn of_daemon(facts: &DomainFacts, zone: &str, way: &mut Way) -> Option<Cut> {
    way.wants.push(lookup(zone, "NS"));
    let found = match facts.lookup(zone, "NS") {
        LookupFound::NotAsked => return None,
        found => found,
    };
    let names: BTreeSet<String> =
        found.reply().map(|reply| named(&reply.answers, zone).collect()).unwrap_or_default();
    let delegation = Delegation { zone: zone.to_owned(), names, glue: BTreeMap::new() };
    way.wants.extend(lookups(&delegation));
    Some(addressed(facts, delegation))
}

/// From a zone along the referrals to the zone of the name.
fn down(
    facts: &DomainFacts,
    asked: Asked<'_>,
    (mut cut, mut is_close, under_way): (Cut, bool, &BTreeSet<Want>),
    way: &mut Way,
) {
    for _ in 0..MAX_COMPARED_CUTS {
        let ask = |server: &IpAddr| at(*server, asked, QueryForm::Udp);
        // Two servers show whether the zone is that of the name. Then all are asked.
        let scouts: Vec<Want> = cut.servers.keys().take(MAX_CHECKED_PARENTS).map(ask).collect();
        let are_back = scouts.iter().all(|want| is_settled(facts, under_way, want));
        let next = referred(facts, asked, (&cut.zone, &cut.servers));
        let all = next.is_none() && (is_close || are_back);
        way.wants.extend(if all { cut.servers.keys().map(ask).collect() } else { scouts });
        let Some(next) = next else {
            way.zone = Some(cut);
            return;
        };
        way.undelegating.extend(undelegating(facts, asked, &cut.servers));
        way.wants.extend(lookups(&next));
        (cut, is_close) = (addressed(facts, next), false);
    }
    way.zone = Some(cut);
}

/// A delegation.
struct Delegation {
    zone: String,
    names: BTreeSet<String>,
    glue: BTreeMap<String, BTreeSet<IpAddr>>,
}

/// The delegation in the referrals of these servers of a zone.
fn referred(
    facts: &DomainFacts,
    asked: Asked<'_>,
    (zone, servers): (&str, &BTreeMap<IpAddr, BTreeSet<String>>),
) -> Option<Delegation> {
    // A slow server may have given its referral over TCP.
    let reply = |(server, way): (&IpAddr, QueryForm)| match facts.server(*server, asked.0, asked.1, way) {
        Some(Got::Reply(reply)) => Some(reply),
        _ => None,
    };
    let forms = servers.keys().flat_map(|server| FORMS.map(|way| (server, way)));
    let replies: Vec<&ReplyFacts> = forms.filter_map(reply).collect();
    let below = replies.iter().find_map(|reply| delegated(reply, asked, zone))?.to_owned();
    let mut delegation = Delegation { zone: below, names: BTreeSet::new(), glue: BTreeMap::new() };
    for reply in replies.into_iter().filter(|reply| delegated(reply, asked, zone) == Some(&delegation.zone)) {
        delegation.names.extend(named(&reply.authority, &delegation.zone));
        for record in &reply.additional {
            if let Ok(address) = record.data.parse() {
                delegation.glue.entry(record.name.clone()).or_default().insert(address);
            }
        }
    }
    Some(delegation)
}

/// The zone below `zone` that a reply refers to; none if it is no referral towards the name.
fn delegated<'r>(reply: &'r ReplyFacts, asked: Asked<'_>, zone: &str) -> Option<&'r str> {
    if reply.rcode != "NOERROR" || !reply.answers.is_empty() || zone::soa(reply).is_some() {
        return None;
    }
    let names =
        reply.authority.iter().filter(|record| record.kind == "NS").map(|record| record.name.as_str());
    names
        .into_iter()
        .find(|owner| *owner != zone && is_within(owner, zone) && is_within(sought(asked), owner))
}

/// The servers that answer with authority where others give a referral.
fn undelegating(
    facts: &DomainFacts,
    asked: Asked<'_>,
    servers: &BTreeMap<IpAddr, BTreeSet<String>>,
) -> BTreeMap<IpAddr, BTreeSet<String>> {
    let answers = |server: &IpAddr| match facts.server(*server, asked.0, asked.1, QueryForm::Udp) {
        Some(Got::Reply(reply)) => reply.authoritative && is_known(reply) && !reply.truncated,
        _ => false,
    };
    servers
        .iter()
        .filter(|(server, _)| answers(server))
        .map(|(server, names)| (*server, names.clone()))
        .collect()
}

/// The lookups of the servers of a delegation that have no glue.
fn lookups(delegation: &Delegation) -> Vec<Want> {
    let names = delegation.names.iter().filter(|name| !delegation.glue.contains_key(*name));
    names.take(MAX_CHECKED_NAMES).flat_map(|name| addresses(name)).collect()
}

/// A delegation with the addresses of its servers, the first of each name before the second.
fn addressed(facts: &DomainFacts, delegation: Delegation) -> Cut {
    let of_name = |name: &String| -> Vec<(usize, IpAddr, String)> {
        let looked_up: BTreeSet<IpAddr> =
            ["A", "AAAA"].into_iter().flat_map(|kind| addresses_of(facts, name, kind)).collect();
        let known = delegation.glue.get(name).unwrap_or(&looked_up);
        known.iter().enumerate().map(|(place, address)| (place, *address, name.clone())).collect()
    };
    let mut all: Vec<(usize, IpAddr, String)> = delegation.names.iter().flat_map(of_name).collect();
    all.sort_by_key(|(place, _, _)| *place);
    let (mut servers, mut beyond) = (BTreeMap::<IpAddr, BTreeSet<String>>::new(), BTreeSet::new());
    for (_, address, name) in all {
        if servers.len() < MAX_CHECKED_SERVERS || servers.contains_key(&address) {
            servers.entry(address).or_default().insert(name);
        } else {
            beyond.insert(address.to_string());
        }
    }
    let without_glue = delegation.names.iter().filter(|name| !delegation.glue.contains_key(*name));
    let unnamed = without_glue.clone().skip(MAX_CHECKED_NAMES).cloned();
    let left_out = beyond.into_iter().chain(unnamed).collect();
    let unaddressed =
        without_glue.take(MAX_CHECKED_NAMES).filter_map(|name| unaddressed(facts, name)).collect();
    Cut { zone: delegation.zone, servers, names: delegation.names, unaddressed, left_out }
}

/// Why the name of a server has no address; none if it has one.
fn unaddressed(facts: &DomainFacts, name: &str) -> Option<Unaddressed> {
    let of = |is_certain, why: String| Some(Unaddressed { name: name.to_owned(), is_certain, why });
    let kinds = ["A", "AAAA"];
    if kinds.into_iter().any(|kind| !addresses_of(facts, name, kind).is_empty()) {
        return None;
    }
    for kind in kinds {
        match facts.lookup(name, kind) {
            LookupFound::NotAsked => {
                return of(false, "its address could not be looked up in time".to_owned());
            }
            LookupFound::Unknown(why) => {
                return of(false, format!("its address was not found: {why}"));
            }
            LookupFound::NoName(reply) if !is_here(reply, name) => {
                return of(true, "the name does not exist, so the server has no address".to_owned());
            }
            found if found.reply().is_some_and(|reply| is_here(reply, name)) => {
                return of(false, "the configuration of this host answers for its name".to_owned());
            }
            _ => {}
        }
    }
    of(true, "the server has no address".to_owned())
}

/// The addresses of a server on the internet, as the daemon finds them.
pub(super) fn addresses_of(facts: &DomainFacts, name: &str, kind: &'static str) -> Vec<IpAddr> {
    let reply = facts.lookup(name, kind).reply().filter(|reply| !is_here(reply, name));
    reply.into_iter().flat_map(|reply| reply.data(kind)).filter_map(|text| text.parse().ok()).collect()
}

/// The names of special use for which resolverd has records itself (RFC 6303, RFC 6761). For the others it answers with an SOA that
/// names nobody.
const OWN: [&str; 5] = [
    "localhost.",
    "invalid.",
    "onion.",
    "127.in-addr.arpa.",
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.",
];

/// Whether an answer of the daemon is not of the internet: the configuration gives it, or resolverd itself. An answer from which it has
/// removed private addresses has an SOA of its own too, and a reason.
pub(super) fn is_here(reply: &ReplyFacts, name: &str) -> bool {
    let made = |record: &Record| record.kind == "SOA" && record.data.contains(" nobody.invalid. ");
    let is_made = reply.why.is_empty() && reply.answers.iter().chain(&reply.authority).any(made);
    reply.configured.is_some() || is_made || OWN.iter().any(|zone| is_within(name, zone))
}
