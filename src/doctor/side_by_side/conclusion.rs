//! The conclusion from a comparison of answers, which is the first line of the output. Answers are grouped by their records, not by their
//! verdicts. If several groups are equally large, all of them are shown.

use serde::Serialize;

use super::answer::{AnswerSource, AnswerVerdict, Compared, ComparedAnswer};
use crate::delegation::groups::being_at;
use crate::limits::MAX_COMPARED_IN_HEAD;

/// The resolvers and name servers with the same answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AnswerGroup {
    /// The answer as text.
    pub answer: String,
    /// The number of name servers in this group.
    pub name_servers: usize,
    /// The resolvers and name servers that give the answer.
    pub sources: Vec<String>,
}

/// The conclusion from all answers to one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conclusion {
    /// The name in the question.
    pub name: String,
    /// The record type in the question.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The most serious verdict.
    pub verdict: AnswerVerdict,
    /// The conclusion as a sentence.
    pub sentence: String,
    /// The zone whose name servers were asked.
    pub zone: Option<String>,
    /// The groups of equal answers; the answer of most name servers is first.
    pub groups: Vec<AnswerGroup>,
    /// Name servers that were not asked: there are too many.
    pub servers_left_out: Vec<String>,
    /// Resolvers that were not asked: there are too many.
    pub resolvers_left_out: Vec<String>,
    /// Targets of the alias that are not compared: there are too many.
    pub aliases_left_out: Vec<String>,
}

/// Draws the conclusion. `aliases_left_out`: targets of aliases that will not be compared.
pub fn conclude(compared: &Compared, aliases_left_out: Vec<String>) -> Conclusion {
    let answers = &compared.answers;
    let (groups, first) = (groups(answers), answers.first());
    Conclusion {
        name: first.map(|answer| answer.name.clone()).unwrap_or_default(),
        kind: first.map_or("", |answer| answer.kind),
        verdict: counted(answers).map(|answer| answer.verdict).min().unwrap_or(AnswerVerdict::Unknown),
        sentence: sentence(compared, &groups),
        zone: compared.zone.clone(),
        groups,
        servers_left_out: compared.servers_left_out.clone(),
        resolvers_left_out: compared.resolvers_left_out.clone(),
        aliases_left_out,
    }
}

impl Conclusion {
    /// Returns true if name servers or alias targets were not asked, so that it is unknown whether all answers are equal.
    pub fn is_partial(&self) -> bool {
        !self.servers_left_out.is_empty() || !self.aliases_left_out.is_empty()
    }

    /// Returns true if an answer is different or wrong, so that the exit code is "no". Answers may differ if a zone gives addresses in turn, or if
    /// the operator has configured another answer on this host.
    pub fn differs(answers: &[ComparedAnswer]) -> bool {
        use AnswerVerdict::{InTurn, Local, Same, Unknown};
        // If no name server has answered, the answers differ only if each name server was asked and this resolver has no answer. Otherwise
        // this host may reach no name server, or the time limit was reached before they were asked.
        let is_failed =
            |answer: &ComparedAnswer| answer.source == AnswerSource::ThisResolver && !answer.is_known();
        let is_reached =
            answers.iter().any(is_of_zone) || are_asked(answers) && answers.iter().any(is_failed);
        is_reached
            && counted(answers).any(|answer| !matches!(answer.verdict, Same | InTurn | Unknown | Local))
    }

    /// Returns true if the exit code must be "could not tell": an answer is unknown, or there is neither an answer of the zone's name servers nor one
    /// from the configuration of this host.
    pub fn is_unknown(answers: &[ComparedAnswer]) -> bool {
        let has = |verdict| counted(answers).any(|answer| answer.verdict == verdict);
        has(AnswerVerdict::Unknown) || !has(AnswerVerdict::Local) && !answers.iter().any(is_of_zone)
    }
}

/// Returns the answers that decide the exit code.
fn counted(answers: &[ComparedAnswer]) -> impl Iterator<Item = &ComparedAnswer> {
    answers.iter().filter(|answer| !is_silent(answer, answers))
}

/// Returns true if the reason for a missing answer concerns only this host: another resolver refuses its queries, or this host has no IPv6.
fn is_silent(answer: &ComparedAnswer, answers: &[ComparedAnswer]) -> bool {
    let is_ipv6 = |answer: &ComparedAnswer| answer.address.is_some_and(|address| address.is_ipv6());
    match answer.source {
        _ if answer.is_known() => false,
        AnswerSource::ThisResolver => false,
        AnswerSource::Resolver => answer.verdict != AnswerVerdict::Failed,
        AnswerSource::NameServer => {
            answer.rcode.is_none()
                && is_ipv6(answer)
                && answers.iter().any(is_of_zone)
                && !answers.iter().any(|other| is_of_zone(other) && is_ipv6(other))
        }
    }
}

fn is_of_zone(answer: &ComparedAnswer) -> bool {
    answer.source == AnswerSource::NameServer && answer.is_known()
}

/// Returns true if the zone has name servers and each of them was asked, with or without a reply.
fn are_asked(answers: &[ComparedAnswer]) -> bool {
    let mut rows = answers.iter().filter(|answer| answer.source == AnswerSource::NameServer).peekable();
    rows.peek().is_some()
        && rows.all(|answer| answer.verdict != AnswerVerdict::Unknown || answer.elapsed.is_some())
}

/// Returns the groups of equal answers. They are sorted by the number of name servers, and then by the number of all sources, the largest
/// first.
fn groups(answers: &[ComparedAnswer]) -> Vec<AnswerGroup> {
    let mut groups: Vec<AnswerGroup> = Vec::new();
    for answer in answers.iter().filter(|answer| answer.is_known()) {
        let (words, name_servers) = (answer.words(), usize::from(answer.source == AnswerSource::NameServer));
        match groups.iter_mut().find(|group| group.answer == words) {
            Some(group) => {
                group.name_servers += name_servers;
                group.sources.push(answer.server.clone());
            }
            None => {
                groups.push(AnswerGroup {
                    answer: words,
                    name_servers,
                    sources: vec![answer.server.clone()],
                });
            }
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse((group.name_servers, group.sources.len())));
    groups
}

/// Describes the answers that differ, the most serious first. Sources with the same answer and reason are named together.
fn clauses(compared: &Compared, groups: &[AnswerGroup]) -> Vec<String> {
    use AnswerVerdict::{InTurn, Same, Unknown};
    let has_zone = compared.answers.iter().any(is_of_zone);
    let is_shown = |answer: &&ComparedAnswer| {
        let is_known = answer.is_known();
        // If the name servers differ, the groups already show which server gives which answer.
        let is_of_servers =
            || groups.iter().any(|group| group.name_servers > 0 && group.answer == answer.words());
        let is_in_doubt = compared.doubt.is_some_and(|doubt| doubt.verdict() == answer.verdict);
        !matches!(answer.verdict, Same | InTurn)
            && (has_zone || !is_known || answer.verdict != Unknown)
            && !(is_known && is_in_doubt && is_of_servers())
    };
    let mut shown: Vec<&ComparedAnswer> = counted(&compared.answers).filter(is_shown).collect();
    shown.sort_by_key(|answer| answer.verdict);
    let mut clauses: Vec<(String, Vec<&str>)> = Vec::new();
    for answer in shown {
        let words = match answer.is_known() {
            true => format!(" \"{}\" ({})", answer.words(), answer.why),
            false => format!(": {}", answer.why),
        };
        match clauses.iter_mut().find(|(known, _)| *known == words) {
            Some((_, names)) => names.push(&answer.server),
            None => clauses.push((words, vec![&answer.server])),
        }
    }
    let clause = |(words, names): (String, Vec<&str>)| {
        let (named, verb) = match names.as_slice() {
            [one] => ((*one).to_owned(), " answers"),
            [one, other] => (format!("{one} and {other}"), " answer"),
            [one, more @ ..] => (format!("{one} and {} more", more.len()), " answer"),
            [] => (String::new(), ""),
        };
        format!("{named}{}{words}", if words.starts_with(':') { "" } else { verb })
    };
    clauses.into_iter().map(clause).collect()
}

fn sentence(compared: &Compared, groups: &[AnswerGroup]) -> String {
    let answers = &compared.answers;
    if let Some(why) = &compared.kept_here {
        let words =
            |answer: &ComparedAnswer| if answer.is_known() { answer.words() } else { answer.why.clone() };
        let answer = answers.first().map(words).unwrap_or_default();
        return format!("not compared: {why}, so only this resolver was asked: {answer}");
    }
    let silent = silent(answers);
    if let [group] = groups
        && answers.iter().any(is_of_zone)
        && counted(answers).all(|answer| answer.verdict == AnswerVerdict::Same)
    {
        return format!("the {} answers are the same: {}{silent}", counted(answers).count(), group.answer);
    }
    let mut parts: Vec<String> = compared.doubt.iter().map(|doubt| doubt.words().to_owned()).collect();
    let clauses = clauses(compared, groups);
    let more = clauses.len().saturating_sub(MAX_COMPARED_IN_HEAD);
    parts.extend(clauses.into_iter().take(MAX_COMPARED_IN_HEAD));
    if more > 0 {
        parts.push(format!("{more} more below"));
    }
    if answers.iter().any(|answer| answer.verdict == AnswerVerdict::InTurn) {
        parts.push("the zone answers in turn".to_owned());
    }
    let differing = parts.join("; ");
    let gap = match differing.as_str() {
        "" => "",
        named if named.ends_with('.') => " ",
        _ => ". ",
    };
    format!("{differing}{gap}{}{silent}", agreed(compared, groups))
}

/// Describes the answers that are missing only because of this host (`is_silent`).
fn silent(answers: &[ComparedAnswer]) -> String {
    let silent = answers.iter().filter(|answer| is_silent(answer, answers));
    let names: Vec<String> = silent.map(|answer| format!("{} ({})", answer.server, answer.why)).collect();
    if names.is_empty() { String::new() } else { format!("; without an answer: {}", names.join(", ")) }
}

/// Says for each answer how many name servers gave it. If no name server answered, describes the answers of the resolvers.
fn agreed(compared: &Compared, groups: &[AnswerGroup]) -> String {
    let answers = &compared.answers;
    if !answers.iter().any(is_of_zone) {
        let none = match &compared.zone {
            Some(zone) if are_asked(answers) => format!("No name server of {zone} has answered"),
            Some(zone) => format!("Not all name servers of {zone} were asked in time"),
            None => "The name servers of the zone were not found".to_owned(),
        };
        let known = being_at(groups.iter().map(|group| (group.answer.clone(), group.sources.clone())));
        return if known.is_empty() {
            none
        } else {
            format!("{none}, so resolverctl cannot tell which answer is right. Answers: {known}")
        };
    }
    let all = counted(answers).filter(|answer| answer.source == AnswerSource::NameServer).count();
    let is_local = answers.iter().any(|answer| answer.verdict == AnswerVerdict::Local);
    let numbers = groups.iter().filter(|group| group.name_servers > 0).map(|group| {
        let resolvers = match group.sources.len() - group.name_servers {
            0 => String::new(),
            1 => " and 1 resolver".to_owned(),
            others => format!(" and {others} resolvers"),
        };
        format!("{} of {all} name servers{resolvers} answer: {}", group.name_servers, group.answer)
    });
    let numbers = numbers.collect::<Vec<_>>().join("; ");
    if is_local { format!("For others, {numbers}") } else { numbers }
}
