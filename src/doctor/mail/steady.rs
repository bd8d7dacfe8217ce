//! Addresses of mail hosts that differ between servers: whether each server gives its answer again, and which have an old serial.
//!
//! Services that answer in turn give another answer each time, and those that answer by place give one place the same answer at all
//! servers, both with a short TTL. A server that keeps to another answer than the others has old data, whatever the TTL is: before a
//! move, people lower it. Two kinds of servers keep to different answers on purpose: each one of a pair that stands on two lines to
//! the internet gives the address of its own line, and each site of many has an answer of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::facts::record_set::{is_known, own_records};
use crate::facts::{DomainFacts, Got, QueryForm, Want, at_server};
use crate::message::client::is_near;
use crate::{served, zone};

/// Servers by the records that they give.
pub(crate) type ServersBySet = BTreeMap<BTreeSet<String>, Vec<IpAddr>>;

/// The forms in which a question is repeated.
const REPEATED: [QueryForm; 3] = [QueryForm::Plain, QueryForm::Tcp, QueryForm::MixedCase];

/// The answers that tell whether a server keeps to one: those of servers without TCP are fewer.
const LEAST_ANSWERS: usize = 2;

/// The questions that show whether servers keep to their answers.
pub(crate) fn wants((name, kind): (&str, &'static str), sets: &ServersBySet) -> Vec<Want> {
    sets.values().flatten().flat_map(|server| wants_of((name, kind), *server)).collect()
}

/// The questions to one server.
fn wants_of((name, kind): (&str, &'static str), server: IpAddr) -> [Want; REPEATED.len()] {
    REPEATED.map(|way| at_server(server, name, kind, way))
}

/// Whether no two sets have a record in common, and each has one.
pub(crate) fn are_disjoint(sets: &ServersBySet) -> bool {
    let count: usize = sets.keys().map(BTreeSet::len).sum();
    let all: BTreeSet<&String> = sets.keys().flatten().collect();
    sets.keys().all(|set| !set.is_empty()) && all.len() == count
}

/// Whether each server has given the same records each time.
pub(crate) fn are_kept(facts: &DomainFacts, (name, kind): (&str, &'static str), sets: &ServersBySet) -> bool {
    let gives_again = |set: &BTreeSet<String>, server: &IpAddr| {
        let forms = std::iter::once(QueryForm::Udp).chain(REPEATED);
        let given = forms.filter_map(|way| match facts.server(*server, name, kind, way)? {
            Got::Reply(reply) if reply.authoritative && is_known(reply) => own_records(reply, name, kind),
            _ => None,
        });
        let given: Vec<BTreeSet<String>> = given.collect();
        let is_asked = wants_of((name, kind), *server).iter().all(|want| facts.got.contains_key(want));
        is_asked && given.len() >= LEAST_ANSWERS && given.iter().all(|again| again == set)
    };
    sets.iter().all(|(set, servers)| servers.iter().all(|server| gives_again(set, server)))
}

/// Whether the servers that keep to their answers have different data, of which one is old: there are two answers, or one is that of most
/// servers. Servers that give addresses of their own networks only have none.
pub(crate) fn are_different_data(sets: &ServersBySet) -> bool {
    let all: usize = sets.values().map(Vec::len).sum();
    let has_majority = sets.values().any(|servers| servers.len() * 2 > all);
    has_majority || sets.len() == 2 && !are_own_lines(sets)
}

/// Whether each server gives addresses of its own network only.
fn are_own_lines(sets: &ServersBySet) -> bool {
    let is_own = |set: &BTreeSet<String>, server: &IpAddr| {
        set.iter().all(|data| data.parse().is_ok_and(|address| is_near(*server, address)))
    };
    sets.iter().all(|(set, servers)| servers.iter().all(|server| is_own(set, server)))
}

/// Whether the servers with one set have the newest serial, and all others an old one, in the numbers of one primary server.
pub(crate) fn have_old_serials(facts: &DomainFacts, sets: &ServersBySet) -> bool {
    let mut primaries = BTreeSet::new();
    let mut serials = BTreeMap::<u32, BTreeSet<&BTreeSet<String>>>::new();
    for (set, servers) in sets {
        for server in servers {
            let Some(soa) = served::soa(facts, *server).and_then(zone::soa) else { return false };
            primaries.insert(soa.primary.to_ascii_lowercase());
            serials.entry(soa.serial).or_default().insert(set);
        }
    }
    let of_newest = zone::newest(&serials).and_then(|newest| serials.get(&newest));
    primaries.len() == 1 && serials.len() > 1 && of_newest.is_some_and(|sets| sets.len() == 1)
}
