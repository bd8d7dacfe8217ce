//! One question side by side: at this resolver, at resolvers of others, and at each name server of the zone
//! (`resolverctl compare`).
//!
//! RFC 1034 section 4.3.2 (the way to the name servers), RFC 1982 (serials), RFC 4034 section 6.2 (names fold, other data do not).
//!
//! # Decisions
//!
//! - The name servers of the zone say what is true, and of these the ones with the newest serial. They are asked also if this resolver
//!   has no answer, and are found by referrals (`cuts`).
//! - Where name servers of one serial differ, no answer is true because it has a small majority. The zone answers in turn only if that
//!   is proven (`agreement`). A short TTL alone cannot tell that from a change without a new serial.
//! - Servers that the zone itself names and the zone above does not are asked too (`beyond`). If their answer differs, neither is right.
//! - An answer of a resolver is old only where something shows it (`old`).
//! - An alias is compared as such: its target may be in another zone, whose servers are asked for it.
//! - A truncated reply over TCP tells nothing.

mod agreement;
mod answer;
mod beyond;
mod conclusion;
mod cuts;
mod of_resolvers;
mod of_zone;
mod old;
mod told;

use std::collections::BTreeSet;

pub use answer::{AnswerSource, AnswerVerdict, Compared, ComparedAnswer};
pub use conclusion::{AnswerGroup, Conclusion, conclude};

use self::cuts::{Asked, Way, way};
use self::of_resolvers::of_resolver;
use self::of_zone::ZoneSays;
use self::told::Told;
use crate::facts::{DomainFacts, Got, ReplyFacts, Want, lookup};
use crate::others::{ask, resolvers};
use crate::plan::Plan;

/// The plan: the way to the servers of the zone, and one question to each of them and to each resolver.
#[derive(Clone, Copy, Debug)]
pub struct SideBySide {
    /// The type, such as `MX`.
    pub kind: &'static str,
}

impl Plan for SideBySide {
    fn wants(&self, facts: &DomainFacts, under_way: &BTreeSet<Want>) -> Vec<Want> {
        let asked = (facts.subject.domain.as_str(), self.kind);
        let mut wants = vec![lookup(asked.0, asked.1)];
        if facts.subject.kept_here.is_some() {
            return wants;
        }
        wants.extend(resolvers(facts).map(|resolver| ask(resolver, asked.0, asked.1)));
        let way = way(facts, asked, under_way);
        if let Some(zone) = &way.zone {
            let is_close = is_questionable(facts, asked, &way);
            wants.extend(of_zone::wants(facts, asked, (zone, under_way, is_close)));
            if is_close && is_alone(facts, asked, &way) {
                wants.extend(of_zone::of_cached(facts, asked, zone));
            }
        }
        wants.splice(0..0, way.wants);
        wants
    }
}

/// Compares the answers.
pub fn compared(facts: &DomainFacts, kind: &'static str) -> Compared {
    let asked = (facts.subject.domain.as_str(), kind);
    let nothing = BTreeSet::new();
    let way = way(facts, asked, &nothing);
    let zone = ZoneSays::new(facts, asked, &way);
    let here = facts.got.get(&lookup(asked.0, kind));
    let mut answers: Vec<ComparedAnswer> = here
        .map(|got| of_resolver(facts, (AnswerSource::ThisResolver, "this resolver"), (kind, got), &zone))
        .into_iter()
        .collect();
    answers.extend(resolvers(facts).filter_map(|resolver| {
        let got = facts.got.get(&ask(resolver, asked.0, kind))?;
        Some(of_resolver(facts, (AnswerSource::Resolver, &resolver.name), (kind, got), &zone))
    }));
    answers.extend(zone.rows(facts, asked, &way));
    let more = facts.subject.resolvers.iter().skip(resolvers(facts).count());
    Compared {
        targets: targets(facts, asked, &zone),
        answers,
        servers_left_out: way.zone.as_ref().map(|zone| zone.left_out.clone()).unwrap_or_default(),
        zone: way.zone.map(|zone| zone.zone),
        kept_here: facts.subject.kept_here.clone(),
        resolvers_left_out: more.map(|resolver| resolver.name.clone()).collect(),
    }
}

/// The answer of this resolver and those of other resolvers.
fn of_resolvers<'f>(facts: &'f DomainFacts, (name, kind): Asked<'f>) -> impl Iterator<Item = &'f ReplyFacts> {
    let others = resolvers(facts).map(move |resolver| ask(resolver, name, kind));
    std::iter::once(lookup(name, kind)).chain(others).filter_map(|want| match facts.got.get(&want) {
        Some(Got::Reply(reply)) => Some(reply),
        _ => None,
    })
}

/// Whether an answer differs from another one, so that serials and second answers are of interest.
fn is_questionable(facts: &DomainFacts, asked: Asked<'_>, way: &Way) -> bool {
    let of_zone = ZoneSays::new(facts, asked, way);
    let mut told: BTreeSet<Told> = of_zone.all_told().into_iter().cloned().collect();
    if told.is_empty() {
        return false;
    }
    told.extend(of_resolvers(facts, asked).filter_map(|reply| Told::of(reply, asked.0, asked.1)));
    told.len() > 1
}

/// Whether no server of the zone gives the answer of this resolver, and the internet gave it.
fn is_alone(facts: &DomainFacts, asked: Asked<'_>, way: &Way) -> bool {
    let here =
        of_resolvers(facts, asked).next().filter(|_| facts.got.contains_key(&lookup(asked.0, asked.1)));
    let here = here.filter(|reply| !cuts::is_here(reply, asked.0));
    let told = here.and_then(|reply| Told::of(reply, asked.0, asked.1));
    told.is_some_and(|told| !ZoneSays::new(facts, asked, way).all_told().contains(&told))
}

/// The targets of the name, if it is an alias: those of the most name servers first, then those of this resolver. Those of other
/// resolvers count only if no one else has an answer.
fn targets(facts: &DomainFacts, asked: Asked<'_>, zone: &ZoneSays) -> Vec<String> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    let here = of_resolvers(facts, asked).take(1).filter_map(|reply| Told::of(reply, asked.0, asked.1));
    for target in zone.told().cloned().chain(here).filter_map(|told| told.alias) {
        match counts.iter_mut().find(|(known, _)| *known == target) {
            Some((_, count)) => *count += 1,
            None => counts.push((target, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.into_iter().map(|(target, _)| target).collect()
}

#[cfg(test)]
mod server_tests;
#[cfg(test)]
mod tests;
