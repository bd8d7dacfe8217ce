//! Foreign copies of the zone: another zone of this name at a name server of it.
//!
//! RFC 1035 section 3.3.13 (MNAME), RFC 4035 section 5.2 (DS).
//!
//! # Decisions
//!
//! - A copy is foreign only if it comes from another primary server than the zone. An account at a former provider, or a zone that was entered
//!   twice, looks so. Nothing in it is a word of the zone.
//! - The DS records at the zone above decide if they fit the keys of some servers. Then a copy with other keys, or without keys, is foreign if
//!   its NS records are not those of the zone above, or if it has other mail hosts. With the same of both it may be that of a second signer.
//! - Otherwise the NS records tell. A copy is foreign if it names none of the servers that the zone above names, while another server names
//!   exactly these. One that names some of them may also be the zone of now at a new primary server. It is foreign if more than half of the
//!   servers that the zone above names have exactly this set. Otherwise it cannot be told (`copies`).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::facts::{DomainFacts, Got, QueryForm, ReplyFacts};
use super::key_records::{Ds, fits, names_one};
use super::zone::{self, Told, addressed, child_set_at, primary_at};
use super::{apex_alias, served};

/// A foreign copy of the zone.
pub(super) struct Foreign {
    /// The primary server that it names.
    pub(super) primary: String,
    /// The servers that it names.
    pub(super) names: BTreeSet<String>,
    /// The primary servers that the servers with the zone name.
    pub(super) others: BTreeSet<String>,
    /// The keys of the copy, if the DS records fit those of the zone.
    pub(super) keys: CopyKeys,
    /// Whether it names exactly the servers that the zone above names.
    pub(super) has_names_above: bool,
}

/// The keys of a copy against the DS records at the zone above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CopyKeys {
    /// A DS record names one that signs the keys.
    Fit,
    /// It has none.
    Missing,
    /// None of them is named by a DS record.
    Other,
    /// It could not be told.
    Untold,
}

/// The foreign copies among some sets.
pub(super) fn among(facts: &DomainFacts, told: &[Told]) -> BTreeMap<IpAddr, Foreign> {
    let Some(above) = zone::parent_set(facts) else { return BTreeMap::new() };
    let keys: BTreeMap<IpAddr, CopyKeys> = by_server(facts, told.iter().map(|(server, _)| *server));
    let of = |server: IpAddr| keys.get(&server).copied().unwrap_or(CopyKeys::Untold);
    let fitting: Vec<IpAddr> = keys.keys().copied().filter(|server| of(*server) == CopyKeys::Fit).collect();
    let is_told_above = told.iter().any(|(_, set)| *set == above);
    let is_right = |(server, set): &&Told| match fitting.is_empty() {
        true => *set == above,
        false => fitting.contains(server),
    };
    let right = told.iter().filter(is_right).filter_map(|(server, _)| primary_at(facts, *server));
    let others: BTreeSet<String> = right.collect();
    let by_names = |set: &BTreeSet<String>| {
        *set != above && is_told_above && (set.is_disjoint(&above) || do_most_name(facts, &above))
    };
    let of_server = |(server, set): &Told| {
        let primary = primary_at(facts, *server)?;
        let keys = of(*server);
        let is_other = !set.is_empty() && keys != CopyKeys::Fit && !others.contains(&primary);
        let by_keys = || {
            keys != CopyKeys::Untold
                && !fitting.is_empty()
                && (*set != above || has_other_mail(facts, *server, &fitting))
        };
        let is_foreign = is_other && (by_keys() || by_names(set));
        let keys = if fitting.is_empty() { CopyKeys::Untold } else { keys };
        let has_names_above = *set == above;
        let copy = || Foreign { primary, names: set.clone(), others: others.clone(), keys, has_names_above };
        is_foreign.then(|| (*server, copy()))
    };
    let found = told.iter().filter_map(of_server);
    if others.is_empty() { BTreeMap::new() } else { found.collect() }
}

/// The foreign copies of these servers.
pub(super) fn at(
    facts: &DomainFacts,
    servers: impl IntoIterator<Item = IpAddr>,
) -> BTreeMap<IpAddr, Foreign> {
    among(facts, &zone::told(facts, servers))
}

/// Whether the DS records at the zone above fit the keys of a server.
pub(super) fn has_named_keys(facts: &DomainFacts, server: IpAddr) -> bool {
    by_server(facts, [server]).get(&server) == Some(&CopyKeys::Fit)
}

/// The keys of servers against the DS records at the zone above.
fn by_server(facts: &DomainFacts, servers: impl IntoIterator<Item = IpAddr>) -> BTreeMap<IpAddr, CopyKeys> {
    let (apex, ds) = (zone::apex(facts), ds_above(facts));
    let of_reply = |reply: &ReplyFacts| match () {
        () if fits(apex, &ds, reply) => CopyKeys::Fit,
        () if reply.data("DNSKEY").next().is_none() => CopyKeys::Missing,
        // Its signatures are lost on the way.
        () if names_one(apex, &ds, reply) => CopyKeys::Untold,
        () => CopyKeys::Other,
    };
    servers.into_iter().filter_map(|server| Some((server, of_reply(keys_at(facts, server)?)))).collect()
}

/// The answer of a server for the keys of the zone.
fn keys_at(facts: &DomainFacts, server: IpAddr) -> Option<&ReplyFacts> {
    match facts.server(server, zone::apex(facts), "DNSKEY", QueryForm::Udp) {
        Some(Got::Reply(reply)) if reply.authoritative && reply.rcode == "NOERROR" => Some(reply),
        _ => None,
    }
}

/// The DS records of the zone that servers of the zone above give, in a referral or in an answer.
fn ds_above(facts: &DomainFacts) -> Vec<Ds> {
    let apex = zone::apex(facts);
    let given = |server: IpAddr| {
        ["NS", "DS"].into_iter().filter_map(move |kind| {
            match facts.server(server, apex, kind, QueryForm::Udp) {
                Some(Got::Reply(reply)) => Some(reply.answers.iter().chain(&reply.authority)),
                _ => None,
            }
        })
    };
    let records = zone::compared_parents(facts).into_iter().flat_map(given).flatten();
    let of_zone = records.filter(|record| record.kind == "DS" && record.name == apex);
    of_zone.filter_map(|record| Ds::read(&record.data)).collect()
}

/// Whether a server gives other MX records of the domain than each of the others that have told theirs.
fn has_other_mail(facts: &DomainFacts, server: IpAddr, others: &[IpAddr]) -> bool {
    let mail = |server: IpAddr| {
        let reply = served::given(facts, server, (&facts.subject.domain, "MX"))?;
        Some(apex_alias::mail_records(facts, reply))
    };
    let told: BTreeSet<String> = others.iter().filter_map(|other| mail(*other)).collect();
    mail(server).is_some_and(|own| !told.is_empty() && !told.contains(&own))
}

/// Whether more than half of these servers, of those that have told, name exactly these. A server counts once for each of its names, and
/// not for each of its addresses.
fn do_most_name(facts: &DomainFacts, names: &BTreeSet<String>) -> bool {
    let servers = addressed(facts, names);
    let told_by = |name: &String| {
        let mut of_name = servers.iter().filter(|(_, names)| names.contains(name));
        of_name.find_map(|(server, _)| child_set_at(facts, *server))
    };
    let sets: Vec<BTreeSet<String>> = names.iter().filter_map(told_by).collect();
    2 * sets.iter().filter(|set| *set == names).count() > sets.len()
}
