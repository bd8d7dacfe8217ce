//! Compares the cache with what the scenario expects, and searches it for poisoned records.

use std::net::IpAddr;

use hickory_proto::rr::{Name, Record, RecordType};

use super::check::matches;
use super::{ExpectedRecord, Holding};
use crate::distort::POISON;
use crate::simulation::Simulation;
use dns::cached::Rank;
use resolver::cache::look::{Held, HeldData};

/// Returns cache entries for a name that the scenario does not expect, and expected ones that are missing. Stored answers to whole
/// questions are not compared.
pub(super) fn differences(
    simulation: &Simulation,
    name: &Name,
    kind: Option<RecordType>,
    expected: &[Holding],
) -> Vec<String> {
    let held = simulation.resolver().memory().look(name, kind, simulation.clock().mono());
    let mut rest: Vec<Holding> = held.iter().flat_map(found).collect();
    let mut differences = Vec::new();
    for holding in expected {
        match rest.iter().position(|found| is_expected(found, holding)) {
            Some(place) => {
                rest.remove(place);
            }
            None => differences.push(format!("memory lacks {holding:?}")),
        }
    }
    differences.extend(rest.iter().map(|found| format!("memory holds {:?} {found:?}", name.to_string())));
    differences
}

pub(super) fn poison(simulation: &Simulation) -> Vec<String> {
    let memory = simulation.resolver().memory();
    let now = simulation.clock().mono();
    let mut names = memory.names();
    names.sort();
    let held =
        names.iter().flat_map(|name| memory.look(name, None, now).into_iter().map(move |held| (name, held)));
    held.filter(|(_, held)| is_poisoned(held))
        .map(|(name, held)| format!("poison under {name}: {held:?}"))
        .collect()
}

fn is_poisoned(held: &Held) -> bool {
    let poison = IpAddr::V4(POISON.0);
    match &held.what {
        HeldData::Answer(_, answer) => answer.wire.windows(4).any(|octets| octets == POISON.octets()),
        HeldData::Rrset(_, records) => records.iter().any(|record| record.data.ip_addr() == Some(poison)),
        HeldData::Delegation(cut) => cut.glue.iter().any(|(_, address)| *address == poison),
        HeldData::Negative(_) | HeldData::State(_) | HeldData::Failure(..) => false,
    }
}

fn found(held: &Held) -> Vec<Holding> {
    match &held.what {
        HeldData::Answer(..) | HeldData::State(_) => Vec::new(),
        HeldData::Rrset(rank, records) => {
            let expected = |record: &Record| ExpectedRecord { record: record.clone(), with_ttl: true };
            records.iter().map(|record| Holding::Record(*rank, Box::new(expected(record)))).collect()
        }
        HeldData::Negative(negative) => vec![Holding::Negative(negative.nxdomain)],
        HeldData::Delegation(cut) => vec![Holding::Delegation(cut.servers.clone())],
        HeldData::Failure(_, error) => vec![Holding::Failure(error.code)],
    }
}

fn is_expected(found: &Holding, expected: &Holding) -> bool {
    match (found, expected) {
        // The ranks must only agree on whether clients may get the record, so the AA flag does not matter.
        (Holding::Record(rank, found), Holding::Record(wanted_rank, wanted)) => {
            (*rank > Rank::Glue) == (*wanted_rank > Rank::Glue) && matches(wanted, &found.record)
        }
        _ => found == expected,
    }
}
