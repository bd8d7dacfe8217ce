//! One question side by side: at this resolver, at resolvers of others, and at each name server of the zone
//! (`resolverctl compare`).
//!
//! A name server is right if most servers of the zone give its answer. A resolver is right if a server of the zone gives its
//! answer. An alias is compared as such: its target may be in another zone, whose servers are asked for it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::Serialize;

use super::delegation::to_servers;
use super::facts::{DomainFacts, Got, QueryForm, ReplyFacts, Want, lookup};
use super::gather::Plan;
use super::others::{Difference, ask, difference, no_answer, resolvers};
use super::record_set::{ADDRESS_TTL, in_words, is_known, negative_ttl, own_records, positive_ttl};
use super::zone;
use crate::clock::minute;

/// The plan: the servers of the zone, and one question to each.
#[derive(Clone, Copy, Debug)]
pub struct SideBySide {
    /// The type, such as `MX`.
    pub kind: &'static str,
}

impl Plan for SideBySide {
    fn wants(&self, facts: &DomainFacts, _: &BTreeSet<Want>) -> Vec<Want> {
        let name = facts.subject.domain.as_str();
        let mut wants = vec![lookup(name, self.kind)];
        wants.extend(resolvers(facts).map(|resolver| ask(resolver, name, self.kind)));
        wants.extend(to_servers(facts));
        wants.extend(servers(facts, self.kind).into_iter().map(|(server, _)| at(server, name, self.kind)));
        wants
    }
}

/// The giver of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerSource {
    /// The daemon.
    ThisResolver,
    /// A resolver of others.
    Resolver,
    /// A server of the zone.
    NameServer,
}

/// The answer beside those of the zone's servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerVerdict {
    /// The same.
    Same,
    /// The records of a resolver that has them in its cache.
    Old,
    /// Other addresses: chosen by the place of the client, or in turn, or old.
    Elsewhere,
    /// A filter withholds the name or its records.
    Withheld,
    /// Another answer than most.
    Different,
    /// The server or resolver fails.
    Failed,
    /// There is no answer, or none to compare it with.
    Unknown,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedAnswer {
    /// The name that was asked.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The giver.
    pub source: AnswerSource,
    /// Its address and names.
    pub server: String,
    /// The answer beside those of the zone's servers.
    pub verdict: AnswerVerdict,
    /// Why it differs or is unknown; empty if it is the same.
    pub why: String,
    /// The response code; none without a reply.
    pub rcode: Option<String>,
    /// The alias of the name, or its records.
    pub records: Vec<String>,
    /// The longest TTL of the records, or that of the negative answer; seconds.
    pub ttl: Option<u32>,
    /// Seconds until the reply; none without a reply.
    pub elapsed: Option<f64>,
}

/// The comparable part of an answer: whether the name exists, and its alias or records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    denied: bool,
    records: BTreeSet<String>,
}

impl Told {
    fn of(reply: &ReplyFacts, name: &str, kind: &str) -> Option<Self> {
        if !is_known(reply) {
            return None;
        }
        let records = own_records(reply, name, kind)?;
        Some(Self { denied: records.is_empty() && reply.rcode == "NXDOMAIN", records })
    }

    fn words(&self, kind: &str) -> String {
        if self.denied { "no such name".to_owned() } else { in_words(&self.records, kind) }
    }
}

/// The servers that are asked: those of the zone; for DS those of the zone above (RFC 4035 section 2.4).
fn servers(facts: &DomainFacts, kind: &str) -> Vec<(IpAddr, String)> {
    if kind == "DS" && zone::is_delegated(facts) {
        return zone::parent_servers(facts).into_iter().map(|server| (server, server.to_string())).collect();
    }
    let of_zone = zone::delegated_servers(facts).into_iter();
    of_zone.map(|(server, names)| (server, zone::shown(server, &names))).collect()
}

fn at(server: IpAddr, name: &str, kind: &'static str) -> Want {
    Want::Server { server, name: name.to_owned(), kind, way: QueryForm::Udp }
}

/// The answers: of this resolver, of the others, of the name servers.
pub fn answers(facts: &DomainFacts, kind: &'static str) -> Vec<ComparedAnswer> {
    let name = facts.subject.domain.as_str();
    let of_zone = of_name_servers(facts, kind);
    let right: BTreeSet<Told> = of_zone.values().flatten().cloned().collect();
    let this = facts
        .got
        .get(&lookup(name, kind))
        .map(|got| of_resolver(facts, (AnswerSource::ThisResolver, "this resolver"), (kind, got), &right));
    let others = resolvers(facts).filter_map(|resolver| {
        let got = facts.got.get(&ask(resolver, name, kind))?;
        Some(of_resolver(facts, (AnswerSource::Resolver, &resolver.name), (kind, got), &right))
    });
    let most = most(&of_zone);
    let servers = servers(facts, kind).into_iter().filter_map(|(server, shown)| {
        let got = facts.got.get(&at(server, name, kind))?;
        Some(of_name_server(facts, &shown, (kind, got), most))
    });
    let mut answers: Vec<ComparedAnswer> = this.into_iter().chain(others).chain(servers).collect();
    if right.is_empty() {
        among_themselves(&mut answers);
    }
    answers
}

/// The answers of the servers that have authority; none for one that has given no answer.
fn of_name_servers(facts: &DomainFacts, kind: &'static str) -> BTreeMap<IpAddr, Option<Told>> {
    let name = facts.subject.domain.as_str();
    let told = |server: IpAddr| match facts.got.get(&at(server, name, kind)) {
        Some(Got::Reply(reply)) if reply.authoritative => Told::of(reply, name, kind),
        _ => None,
    };
    servers(facts, kind).into_iter().map(|(server, _)| (server, told(server))).collect()
}

/// The answer that more servers give than any other; none if two are equal, or no server has answered.
fn most(of_zone: &BTreeMap<IpAddr, Option<Told>>) -> Option<&Told> {
    let mut counts = BTreeMap::<&Told, usize>::new();
    for told in of_zone.values().flatten() {
        *counts.entry(told).or_default() += 1;
    }
    let best = counts.values().copied().max()?;
    let mut leaders = counts.into_iter().filter(|(_, count)| *count == best);
    let first = leaders.next().map(|(told, _)| told);
    if leaders.next().is_some() { None } else { first }
}

/// An answer before it is judged.
fn unjudged(
    facts: &DomainFacts,
    (source, server): (AnswerSource, &str),
    (kind, got): (&'static str, &Got),
) -> ComparedAnswer {
    let name = facts.subject.domain.clone();
    let mut answer = ComparedAnswer {
        source,
        server: server.to_owned(),
        kind,
        verdict: AnswerVerdict::Unknown,
        why: String::new(),
        rcode: None,
        records: Vec::new(),
        ttl: None,
        elapsed: None,
        name,
    };
    match got {
        Got::Reply(reply) => {
            let records = own_records(reply, &answer.name, kind).unwrap_or_default();
            let is_alias = records.iter().any(|record| record.starts_with("CNAME "));
            let shown_kind = if is_alias && kind != "CNAME" { "CNAME" } else { kind };
            answer.ttl = positive_ttl(reply, shown_kind).or_else(|| negative_ttl(reply, &answer.name));
            answer.records = records.into_iter().collect();
            answer.rcode = Some(reply.rcode.clone());
            answer.elapsed = Some(reply.millis as f64 / 1e3);
        }
        Got::NoReply(lost) => answer.why = lost.words(),
        Got::Lists(_) | Got::MailHost(_) | Got::PolicyFile(_) => {}
    }
    answer
}

fn of_resolver(
    facts: &DomainFacts,
    from: (AnswerSource, &str),
    (kind, got): (&'static str, &Got),
    right: &BTreeSet<Told>,
) -> ComparedAnswer {
    let mut answer = unjudged(facts, from, (kind, got));
    let Got::Reply(reply) = got else { return answer };
    let name = answer.name.clone();
    let Some(told) = Told::of(reply, &name, kind) else {
        let failed = reply.rcode == "SERVFAIL";
        answer.verdict = if failed { AnswerVerdict::Failed } else { AnswerVerdict::Unknown };
        answer.why = match (&from.0, failed) {
            (_, false) => no_answer(reply),
            (AnswerSource::ThisResolver, true) if !reply.why.is_empty() => format!("SERVFAIL: {}", reply.why),
            _ => "SERVFAIL".to_owned(),
        };
        return answer;
    };
    if right.contains(&told) {
        answer.verdict = AnswerVerdict::Same;
        return answer;
    }
    if right.is_empty() {
        answer.why = "no name server of the zone has answered".to_owned();
        return answer;
    }
    let configured = facts.configured().filter(|_| from.0 == AnswerSource::ThisResolver);
    (answer.verdict, answer.why) = match configured {
        Some(part) => (AnswerVerdict::Different, format!("the configuration of this host answers: {part}")),
        None => {
            let kind =
                if told.records.iter().any(|record| record.starts_with("CNAME ")) { "CNAME" } else { kind };
            in_words_of(difference(reply, (&name, kind), &told.records, facts.subject.unix), from.0, &name)
        }
    };
    answer
}

/// The verdict and its reason.
fn in_words_of(difference: Difference, source: AnswerSource, name: &str) -> (AnswerVerdict, String) {
    match difference {
        Difference::Old(end) => {
            let remedy = match source {
                AnswerSource::ThisResolver => format!("; remove them with `resolverctl flush {name}`"),
                _ => String::new(),
            };
            (AnswerVerdict::Old, format!("old records, until {} at the latest{remedy}", minute(end)))
        }
        Difference::Elsewhere => {
            let why =
                "other addresses: the zone answers by the place of the client or in turn, or they are old";
            (AnswerVerdict::Elsewhere, why.to_owned())
        }
        Difference::Hidden => (AnswerVerdict::Withheld, "a filter withholds the records".to_owned()),
        Difference::Fails => (AnswerVerdict::Failed, "SERVFAIL".to_owned()),
        Difference::Unknown => (AnswerVerdict::Unknown, "no answer".to_owned()),
    }
}

fn of_name_server(
    facts: &DomainFacts,
    shown: &str,
    (kind, got): (&'static str, &Got),
    most: Option<&Told>,
) -> ComparedAnswer {
    let mut answer = unjudged(facts, (AnswerSource::NameServer, shown), (kind, got));
    let Got::Reply(reply) = got else { return answer };
    let told = Told::of(reply, &answer.name, kind).filter(|_| reply.authoritative);
    (answer.verdict, answer.why) = match (told, most) {
        (None, _) if is_known(reply) => {
            (AnswerVerdict::Failed, "it answers without authority, so it does not serve the zone".to_owned())
        }
        (None, _) => (AnswerVerdict::Failed, reply.rcode.clone()),
        (Some(told), Some(most)) if told == *most => (AnswerVerdict::Same, String::new()),
        (Some(told), _) if is_in_turn(&told, kind, answer.ttl) => {
            (AnswerVerdict::Elsewhere, "other addresses: the zone answers in turn or by place".to_owned())
        }
        (Some(_), Some(most)) => {
            (AnswerVerdict::Different, format!("most name servers have {}", most.words(kind)))
        }
        (Some(_), None) => {
            let why = "the name servers of the zone differ, and no answer has a majority";
            (AnswerVerdict::Different, why.to_owned())
        }
    };
    answer
}

/// Whether the addresses may be those of a service that answers in turn or by the place of the client.
fn is_in_turn(told: &Told, kind: &str, ttl: Option<u32>) -> bool {
    ["A", "AAAA"].contains(&kind) && !told.records.is_empty() && ttl.is_some_and(|ttl| ttl <= ADDRESS_TTL)
}

/// Compares answers of resolvers where no server of the zone has answered.
fn among_themselves(answers: &mut [ComparedAnswer]) {
    let told = |answer: &ComparedAnswer| {
        let known = answer.verdict == AnswerVerdict::Unknown && is_answer(answer);
        known.then(|| (answer.rcode.clone(), answer.records.clone()))
    };
    let sets: BTreeSet<_> = answers.iter().filter_map(told).collect();
    let verdict = if sets.len() == 1 { AnswerVerdict::Same } else { AnswerVerdict::Different };
    for answer in answers.iter_mut().filter(|answer| told(answer).is_some()) {
        answer.verdict = verdict;
        if verdict == AnswerVerdict::Same {
            answer.why.clear();
        }
    }
}

fn is_answer(answer: &ComparedAnswer) -> bool {
    matches!(answer.rcode.as_deref(), Some("NOERROR" | "NXDOMAIN"))
}

/// The target of the name, if it is an alias: at this resolver, else at a server of the zone.
pub fn target(facts: &DomainFacts, kind: &'static str) -> Option<String> {
    let name = facts.subject.domain.as_str();
    let here = facts.got.get(&lookup(name, kind));
    let of_zone = servers(facts, kind).into_iter().map(|(server, _)| facts.got.get(&at(server, name, kind)));
    let replies = std::iter::once(here).chain(of_zone).flatten().filter_map(|got| match got {
        Got::Reply(reply) => Some(reply),
        _ => None,
    });
    replies
        .filter_map(|reply| own_records(reply, name, kind))
        .flatten()
        .find_map(|record| record.strip_prefix("CNAME ").filter(|_| kind != "CNAME").map(str::to_owned))
}

#[cfg(test)]
#[path = "side_by_side_tests.rs"]
mod tests;
