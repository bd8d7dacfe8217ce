//! The first line of a comparison: a pure function of the answers.
//!
//! The answers are grouped as they are, and not by their verdicts. Groups of equal size are all told.

use std::net::Ipv6Addr;

use serde::Serialize;

use super::answer::{AnswerSource, AnswerVerdict, Compared, ComparedAnswer, DIFFER, UNCOMPARED};
use crate::delegation::groups::being_at;
use crate::facts::REJECTED_CERTIFICATE;
use crate::limits::MAX_COMPARED_IN_HEAD;

/// Sources with the same answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AnswerGroup {
    /// The answer in words.
    pub answer: String,
    /// How many name servers give it.
    pub name_servers: usize,
    /// All who give it.
    pub sources: Vec<String>,
}

/// The verdict about a question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conclusion {
    /// The name.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The worst verdict of its answers.
    pub verdict: AnswerVerdict,
    /// The verdict in a sentence.
    pub sentence: String,
    /// The zone whose name servers were asked; none if it was not found.
    pub zone: Option<String>,
    /// The answers, that of the most name servers first.
    pub groups: Vec<AnswerGroup>,
    /// Name servers that were not asked, because there are too many.
    pub servers_left_out: Vec<String>,
    /// Resolvers that were not asked, because there are too many.
    pub resolvers_left_out: Vec<String>,
    /// Targets of the alias that are not compared next.
    pub aliases_left_out: Vec<String>,
}

/// Concludes from the answers. `aliases_left_out` are targets that are not compared next.
pub fn conclude(compared: &Compared, aliases_left_out: Vec<String>) -> Conclusion {
    let answers = &compared.answers;
    let groups = groups(answers);
    let first = answers.first();
    Conclusion {
        name: first.map(|answer| answer.name.clone()).unwrap_or_default(),
        kind: first.map_or("", |answer| answer.kind),
        verdict: counted(answers).map(|answer| answer.verdict).min().unwrap_or(AnswerVerdict::Unknown),
        sentence: match &compared.kept_here {
            Some(why) => kept_here(why, answers),
            None => sentence(answers, &groups, compared.zone.as_deref()),
        },
        zone: compared.zone.clone(),
        groups,
        servers_left_out: compared.servers_left_out.clone(),
        resolvers_left_out: compared.resolvers_left_out.clone(),
        aliases_left_out,
    }
}

impl Conclusion {
    /// Whether name servers or targets of the alias were left out, so that the result is not "yes".
    pub fn is_partial(&self) -> bool {
        !self.servers_left_out.is_empty() || !self.aliases_left_out.is_empty()
    }

    /// Whether an answer differs, so that the result is "no". A zone that answers in turn or by place is sound, and the configuration of
    /// this host is as its operator wants it.
    pub fn differs(answers: &[ComparedAnswer]) -> bool {
        use AnswerVerdict::{Elsewhere, InTurn, Local, Same, Unknown};
        // All name servers may be closed to this host, or the time may have ended before they were asked.
        let is_failed =
            |answer: &ComparedAnswer| answer.source == AnswerSource::ThisResolver && !answer.is_known();
        let mut rows = answers.iter().filter(|answer| answer.source == AnswerSource::NameServer).peekable();
        let are_asked = rows.peek().is_some() && rows.all(|answer| answer.verdict != Unknown);
        let is_reached = answers.iter().any(is_of_zone) || are_asked && answers.iter().any(is_failed);
        is_reached
            && counted(answers)
                .any(|answer| !matches!(answer.verdict, Same | InTurn | Elsewhere | Unknown | Local))
    }

    /// Whether an answer could not be told, so that the result is "could not tell".
    pub fn is_unknown(answers: &[ComparedAnswer]) -> bool {
        let is_open = |answer: &ComparedAnswer| {
            matches!(answer.verdict, AnswerVerdict::Elsewhere | AnswerVerdict::Unknown)
        };
        let is_local = answers.iter().any(|answer| answer.verdict == AnswerVerdict::Local);
        counted(answers).any(is_open) || !is_local && !answers.iter().any(is_of_zone)
    }
}

/// The answers that count.
fn counted(answers: &[ComparedAnswer]) -> impl Iterator<Item = &ComparedAnswer> {
    answers.iter().filter(|answer| !is_silent(answer, answers))
}

/// Whether it has no answer for a reason of this host: a resolver of others may be closed to it, and it may have no IPv6. A resolver
/// with a wrong certificate was named by the operator, or somebody else answers at its address.
fn is_silent(answer: &ComparedAnswer, answers: &[ComparedAnswer]) -> bool {
    use AnswerVerdict::{NoAnswer, Refused, Unknown};
    if answer.is_known() || !matches!(answer.verdict, NoAnswer | Refused | Unknown) {
        return false;
    }
    let of_family = |other: &&ComparedAnswer| is_of_zone(other) && is_ipv6(other) == is_ipv6(answer);
    match answer.source {
        AnswerSource::Resolver => !answer.why.starts_with(REJECTED_CERTIFICATE),
        AnswerSource::NameServer => {
            answer.rcode.is_none()
                && answers.iter().any(is_of_zone)
                && is_ipv6(answer)
                && !answers.iter().any(|other| of_family(&other))
        }
        AnswerSource::ThisResolver | AnswerSource::FormerServer => false,
    }
}

fn is_ipv6(answer: &ComparedAnswer) -> bool {
    answer.server.split(' ').next().is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

/// Whether it is the answer of a name server.
fn is_of_zone(answer: &ComparedAnswer) -> bool {
    answer.source == AnswerSource::NameServer && answer.is_known()
}

/// The groups: that of the most name servers first, then the largest.
fn groups(answers: &[ComparedAnswer]) -> Vec<AnswerGroup> {
    let mut groups: Vec<AnswerGroup> = Vec::new();
    for answer in answers.iter().filter(|answer| answer.is_known()) {
        let words = answer.words();
        let place = groups.iter().position(|group| group.answer == words).unwrap_or_else(|| {
            groups.push(AnswerGroup { answer: words, name_servers: 0, sources: Vec::new() });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(place) {
            group.name_servers += usize::from(answer.source == AnswerSource::NameServer);
            group.sources.push(answer.server.clone());
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse((group.name_servers, group.sources.len())));
    groups
}

/// A part of the sentence: sources with one verdict, one answer and one reason.
struct Clause<'a> {
    verdict: AnswerVerdict,
    answer: Option<String>,
    why: &'a str,
    sources: Vec<&'a ComparedAnswer>,
}

fn clauses(answers: &[ComparedAnswer]) -> Vec<Clause<'_>> {
    let mut clauses: Vec<Clause<'_>> = Vec::new();
    for source in counted(answers).filter(|answer| answer.verdict != AnswerVerdict::Same) {
        let answer = source.is_known().then(|| source.words());
        let known = clauses.iter_mut().find(|clause| {
            (clause.verdict, clause.why, &clause.answer) == (source.verdict, source.why.as_str(), &answer)
        });
        match known {
            Some(clause) => clause.sources.push(source),
            None => clauses.push(Clause {
                verdict: source.verdict,
                answer,
                why: &source.why,
                sources: vec![source],
            }),
        }
    }
    // This resolver first among equals.
    clauses.sort_by_key(|clause| clause.verdict);
    clauses
}

impl Clause<'_> {
    fn words(&self) -> String {
        let names: Vec<&str> = self.sources.iter().map(|source| source.server.as_str()).collect();
        let (named, verb) = match names.as_slice() {
            [one] => ((*one).to_owned(), "answers"),
            [one, other] => (format!("{one} and {other}"), "answer"),
            [one, more @ ..] => (format!("{one} and {} more", more.len()), "answer"),
            [] => (String::new(), "answer"),
        };
        match &self.answer {
            Some(answer) => format!("{named} {verb} \"{answer}\" ({})", self.why),
            None => format!("{named}: {}", self.why),
        }
    }
}

/// The sentence about a name that only this resolver was asked for.
fn kept_here(why: &str, answers: &[ComparedAnswer]) -> String {
    let told =
        answers.first().map(|answer| if answer.is_known() { answer.words() } else { answer.why.clone() });
    format!("not compared: {why}, so only this resolver was asked: {}", told.unwrap_or_default())
}

/// The sentence.
fn sentence(answers: &[ComparedAnswer], groups: &[AnswerGroup], zone: Option<&str>) -> String {
    let of_zone = answers.iter().filter(|answer| is_of_zone(answer)).count();
    let silent = silent(answers);
    if let [group] = groups
        && of_zone > 0
        && counted(answers).all(|answer| answer.verdict == AnswerVerdict::Same)
    {
        return format!("all {} answers are the same: {}{silent}", counted(answers).count(), group.answer);
    }
    let in_turn: Vec<&ComparedAnswer> =
        answers.iter().filter(|answer| answer.verdict == AnswerVerdict::InTurn).collect();
    let mut clauses = clauses(answers);
    clauses.retain(|clause| clause.verdict != AnswerVerdict::InTurn && clause.why != UNCOMPARED);
    let differ = groups.iter().filter(|group| group.name_servers > 0).count() > 1;
    let tie = tie(answers).filter(|_| differ);
    if let Some((verdict, _)) = &tie {
        clauses.retain(|clause| {
            clause.verdict != *verdict || clause.sources.iter().any(|source| !is_in_groups(source, groups))
        });
    }
    let more = clauses.len().saturating_sub(MAX_COMPARED_IN_HEAD);
    clauses.truncate(MAX_COMPARED_IN_HEAD);
    let mut told: Vec<String> =
        tie.into_iter().map(|(_, why)| why).chain(clauses.iter().map(Clause::words)).collect();
    if more > 0 {
        told.push(format!("{more} more below"));
    }
    if !in_turn.is_empty() {
        told.push("the zone answers in turn".to_owned());
    }
    let differs = told.join("; ");
    let gap = match differs.as_str() {
        "" => "",
        named if named.ends_with('.') => " ",
        _ => ". ",
    };
    format!("{differs}{gap}{}{silent}", agreed(answers, groups, (of_zone, zone)))
}

/// The resolvers of others without an answer, and the servers of a family that this host does not reach.
fn silent(answers: &[ComparedAnswer]) -> String {
    let silent = answers.iter().filter(|answer| is_silent(answer, answers));
    let told: Vec<String> = silent.map(|answer| format!("{} ({})", answer.server, answer.why)).collect();
    if told.is_empty() { String::new() } else { format!("; without an answer: {}", told.join(", ")) }
}

/// Why no answer of the name servers is right, if none has a majority. The groups tell who has which.
fn tie(answers: &[ComparedAnswer]) -> Option<(AnswerVerdict, String)> {
    use AnswerVerdict::{Different, Elsewhere, Unknown};
    let mut of_zone = answers.iter().filter(|answer| is_of_zone(answer)).peekable();
    let first = of_zone.peek().copied()?;
    let is_tie = matches!(first.verdict, Different | Elsewhere | Unknown);
    let are_alike = of_zone.all(|answer| (answer.verdict, &answer.why) == (first.verdict, &first.why));
    (is_tie && are_alike && first.why.starts_with(DIFFER)).then(|| (first.verdict, first.why.clone()))
}

/// Whether name servers give this answer too.
fn is_in_groups(answer: &ComparedAnswer, groups: &[AnswerGroup]) -> bool {
    let words = answer.words();
    answer.is_known() && groups.iter().any(|group| group.name_servers > 0 && group.answer == words)
}

/// The answers of the name servers, with their numbers; without them, those of the resolvers.
fn agreed(
    answers: &[ComparedAnswer],
    groups: &[AnswerGroup],
    (of_zone, zone): (usize, Option<&str>),
) -> String {
    if of_zone == 0 {
        let mut rows = answers.iter().filter(|answer| answer.source == AnswerSource::NameServer).peekable();
        let is_asked = rows.peek().is_some()
            && rows.all(|answer| answer.verdict != AnswerVerdict::Unknown || answer.rcode.is_some());
        let none = match zone {
            Some(zone) if is_asked => format!("No name server of {zone} has answered"),
            Some(zone) => format!("Not all name servers of {zone} were asked in time"),
            None => "The name servers of the zone were not found".to_owned(),
        };
        let told = being_at(groups.iter().map(|group| (group.answer.clone(), group.sources.clone())));
        return if told.is_empty() {
            none
        } else {
            format!("{none}, so resolverctl cannot tell which answer is right. Answers: {told}")
        };
    }
    let all = counted(answers).filter(|answer| answer.source == AnswerSource::NameServer).count();
    let is_local = answers.iter().any(|answer| answer.verdict == AnswerVerdict::Local);
    let told = groups.iter().filter(|group| group.name_servers > 0).map(|group| {
        let others = group.sources.len() - group.name_servers;
        let resolvers = match others {
            0 => String::new(),
            1 => " and 1 resolver".to_owned(),
            _ => format!(" and {others} resolvers"),
        };
        format!("{} of {all} name servers{resolvers} answer: {}", group.name_servers, group.answer)
    });
    let told = told.collect::<Vec<_>>().join("; ");
    if is_local { format!("For others, {told}") } else { told }
}
