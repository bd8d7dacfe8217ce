//! Compares the answers to one question from this resolver, other resolvers, and each name server of the zone, for `resolverctl compare`
//! and `resolverctl shadow`.
//!
//! RFC 1034 section 4.3.2 (how the name servers are found), RFC 1982 (serials), RFC 4034 section 6.2 (names are compared without regard to case,
//! other data are not).
//!
//! # Decisions
//!
//! - The name servers with the newest serial decide which answer is correct. They are asked even if this resolver has no answer, and are
//!   found through referrals (`zone_cut`).
//! - If name servers with the same serial differ, the answer of more than half of them is correct. Without such an answer, the correct one is
//!   unknown. The report says that the zone answers in turn only if this is proven (`agreement`). A short TTL is no proof: the records may
//!   have changed without a new serial.
//! - If nothing shows the cause of a difference, the cause is unknown. This is the result for most differences of addresses, because many
//!   zones choose addresses by the location of the client.
//! - An alias is compared as an alias. The servers of its target's zone are then asked for the target.

mod agreement;
mod answer;
mod conclusion;
mod name_servers;
mod resolvers;
mod zone_cut;

use std::collections::BTreeSet;

pub use answer::{AnswerSource, AnswerVerdict, Compared, ComparedAnswer, Doubt};
pub use conclusion::{AnswerGroup, Conclusion, conclude};

use self::answer::AnswerData;
use self::name_servers::NameServers;
use self::zone_cut::{Asked, way};
use crate::Plan;
use crate::facts::{DomainFacts, Want, lookup};
use crate::others::{ask, resolvers};

/// The plan of a comparison: the questions that find the servers of the zone, and the compared question to each server and resolver.
#[derive(Clone, Copy, Debug)]
pub struct SideBySide {
    /// The compared record type, such as `MX`.
    pub kind: &'static str,
}

impl Plan for SideBySide {
    fn wants(&self, facts: &DomainFacts, under_way: &BTreeSet<Want>) -> Vec<Want> {
        let asked = (facts.subject.domain.as_str(), self.kind);
        let own = lookup(asked.0, asked.1);
        if facts.subject.kept_here.is_some() {
            return vec![own];
        }
        let way = way(facts, asked, under_way);
        let mut wants = way.wants;
        let of_resolvers: Vec<Want> = std::iter::once(own)
            .chain(resolvers(facts).map(|resolver| ask(resolver, asked.0, asked.1)))
            .collect();
        let answers: Vec<AnswerData> =
            of_resolvers.iter().filter_map(|want| answer(facts, want, asked)).collect();
        wants.extend(of_resolvers);
        if let Some(zone) = &way.zone {
            let of_zone = NameServers::new(facts, asked, Some(zone));
            let known = of_zone.all_answers();
            let is_close =
                known.len() > 1 || known.len() == 1 && answers.iter().any(|answer| !known.contains(answer));
            wants.extend(name_servers::wants(facts, asked, zone, is_close));
        }
        wants
    }
}

fn answer(facts: &DomainFacts, want: &Want, asked: Asked<'_>) -> Option<AnswerData> {
    AnswerData::from_reply(facts.reply(want)?, asked)
}

/// Compares the answers of all resolvers and name servers for this record type.
pub fn compared(facts: &DomainFacts, kind: &'static str) -> Compared {
    let asked = (facts.subject.domain.as_str(), kind);
    let way = way(facts, asked, &BTreeSet::new());
    let of_zone = NameServers::new(facts, asked, way.zone.as_ref());
    let of_resolver =
        |(resolver, want)| Some(resolvers::row(facts, resolver, (kind, facts.got.get(&want)?), &of_zone));
    let others = resolvers(facts).map(|resolver| (Some(resolver), ask(resolver, asked.0, kind)));
    let resolvers_asked = std::iter::once((None, lookup(asked.0, kind))).chain(others);
    let mut answers: Vec<ComparedAnswer> = resolvers_asked.filter_map(of_resolver).collect();
    answers.extend(way.zone.iter().flat_map(|zone| of_zone.rows(facts, asked, zone)));
    let own = answer(facts, &lookup(asked.0, kind), asked);
    let mut targets: Vec<String> = Vec::new();
    for target in of_zone.first_answers().chain(&own).filter_map(|answer| answer.alias.as_ref()) {
        if !targets.contains(target) {
            targets.push(target.clone());
        }
    }
    let more = facts.subject.resolvers.iter().skip(resolvers(facts).count());
    Compared {
        answers,
        doubt: of_zone.agreed.doubt,
        targets,
        servers_left_out: way.zone.as_ref().map(|zone| zone.left_out.clone()).unwrap_or_default(),
        zone: way.zone.map(|zone| zone.zone),
        kept_here: facts.subject.kept_here.clone(),
        resolvers_left_out: more.map(|resolver| resolver.name.clone()).collect(),
    }
}

#[cfg(test)]
mod tests;
