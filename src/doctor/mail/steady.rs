//! Examines addresses of mail hosts that differ between name servers: whether each server gives the same answer again, and which servers
//! have an old serial of the zone.
//!
//! Some services give addresses in turn, so a server gives a different answer each time. Others choose addresses by location of the client,
//! so all servers give this host the same answer. Both use a short TTL. A server that always gives a different answer from the others has
//! old data, even with a short TTL, because operators lower the TTL before they move a host. Two exceptions: each of two servers at two
//! internet lines gives the address of its own line, or each site of a service with many sites gives its own answer.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::facts::record_set::{is_known, own_records};
use crate::facts::{DomainFacts, QueryForm, Want, at_server};
use crate::message::client::is_near;
use crate::{served, zone};

/// Name servers, grouped by the set of records that they give.
pub(crate) type ServersBySet = BTreeMap<BTreeSet<String>, Vec<IpAddr>>;

/// The forms of query in which a server is asked again.
const REPEATED: [QueryForm; 3] = [QueryForm::Plain, QueryForm::Tcp, QueryForm::MixedCase];

/// The minimum number of answers that show if a server always gives the same answer. It is less than the number of questions, because
/// servers without TCP give fewer answers.
const LEAST_ANSWERS: usize = 2;

/// Returns the questions that are repeated at each server.
pub(crate) fn wants((name, kind): (&str, &'static str), sets: &ServersBySet) -> Vec<Want> {
    sets.values().flatten().flat_map(|server| wants_of((name, kind), *server)).collect()
}

fn wants_of((name, kind): (&str, &'static str), server: IpAddr) -> [Want; REPEATED.len()] {
    REPEATED.map(|way| at_server(server, name, kind, way))
}

pub(crate) fn are_disjoint(sets: &ServersBySet) -> bool {
    let count: usize = sets.keys().map(BTreeSet::len).sum();
    let all: BTreeSet<&String> = sets.keys().flatten().collect();
    sets.keys().all(|set| !set.is_empty()) && all.len() == count
}

/// Returns true if each server has always given the same records.
pub(crate) fn are_kept(facts: &DomainFacts, (name, kind): (&str, &'static str), sets: &ServersBySet) -> bool {
    let gives_again = |set: &BTreeSet<String>, server: &IpAddr| {
        let forms = std::iter::once(QueryForm::Udp).chain(REPEATED);
        let given = forms.filter_map(|way| facts.reply_of(*server, name, kind, way));
        let given = given.filter(|reply| reply.authoritative && is_known(reply));
        let given: Vec<_> = given.filter_map(|reply| own_records(reply, name, kind)).collect();
        let is_asked = wants_of((name, kind), *server).iter().all(|want| facts.got.contains_key(want));
        is_asked && given.len() >= LEAST_ANSWERS && given.iter().all(|again| again == set)
    };
    sets.iter().all(|(set, servers)| servers.iter().all(|server| gives_again(set, server)))
}

/// Returns true if the answers must come from different versions of the zone, of which one is old: there are only two answers, or most
/// servers give the same answer. Two servers that give only addresses of their own networks are an exception.
pub(crate) fn are_different_data(sets: &ServersBySet) -> bool {
    let all: usize = sets.values().map(Vec::len).sum();
    let has_majority = sets.values().any(|servers| servers.len() * 2 > all);
    has_majority || sets.len() == 2 && !are_own_lines(sets)
}

/// Returns true if each server gives only addresses in its own network (its internet line).
fn are_own_lines(sets: &ServersBySet) -> bool {
    let is_own = |set: &BTreeSet<String>, server: &IpAddr| {
        set.iter().all(|data| data.parse().is_ok_and(|address| is_near(*server, address)))
    };
    sets.iter().all(|(set, servers)| servers.iter().all(|server| is_own(set, server)))
}

/// Returns true if all servers with the newest serial give the same set, and there are servers with an older serial. All servers must name
/// the same primary server (MNAME).
pub(crate) fn have_old_serials(facts: &DomainFacts, sets: &ServersBySet) -> bool {
    let mut primaries = BTreeSet::new();
    let mut serials = BTreeMap::<u32, BTreeSet<&BTreeSet<String>>>::new();
    for (set, servers) in sets {
        for server in servers {
            let Some(soa) = served::soa(facts, *server).and_then(zone::soa) else { return false };
            primaries.insert(soa.primary);
            serials.entry(soa.serial).or_default().insert(set);
        }
    }
    let of_newest = zone::newest(&serials).and_then(|newest| serials.get(&newest));
    primaries.len() == 1 && serials.len() > 1 && of_newest.is_some_and(|sets| sets.len() == 1)
}
