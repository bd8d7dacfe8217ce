//! The answers of `compare`: the difference in the first line, then a row for each server and resolver.

use super::table::{Align, TextTable};
use super::words::time;
use super::{Paint, Style};
use crate::check::domain::side_by_side::{AnswerVerdict, ComparedAnswer};
use crate::limits::MAX_COMPARED_IN_HEAD;
use crate::wire::presentation::harmless;

/// The names, each with its answers.
pub fn text(compared: &[Vec<ComparedAnswer>], style: Style) -> String {
    compared.iter().map(|answers| of_name(answers, style)).collect::<Vec<_>>().join("\n")
}

fn of_name(answers: &[ComparedAnswer], style: Style) -> String {
    let Some(first) = answers.first() else { return String::new() };
    let head = format!("{} {}: {}", harmless(&first.name), first.kind, harmless(&summary(answers)));
    let mut table = TextTable::new(&[
        ("server", Align::Left),
        ("result", Align::Left),
        ("TTL", Align::Right),
        ("time", Align::Right),
        ("answer", Align::Left),
    ]);
    for answer in answers {
        let (word, paint) = verdict(answer.verdict);
        table.row(vec![
            (answer.server.clone(), Paint::Plain),
            (word.to_owned(), paint),
            (answer.ttl.map_or_else(|| "-".to_owned(), |ttl| format!("{ttl} s")), Paint::Plain),
            (answer.elapsed.map_or_else(|| "-".to_owned(), time), Paint::Plain),
            (said(answer), Paint::Plain),
        ]);
    }
    format!("{}\n\n{}", style.paint(Paint::Head, &head), table.text(style, None))
}

/// The answer in words, and why it differs.
fn said(answer: &ComparedAnswer) -> String {
    let records = match answer.rcode.as_deref() {
        Some("NXDOMAIN") if answer.records.is_empty() => "no such name".to_owned(),
        Some("NOERROR") if answer.records.is_empty() => format!("no {}", answer.kind),
        Some(_) if !answer.records.is_empty() => answer.records.join(", "),
        _ => return answer.why.clone(),
    };
    if answer.why.is_empty() { records } else { format!("{records} ({})", answer.why) }
}

/// The difference in one sentence.
fn summary(answers: &[ComparedAnswer]) -> String {
    let of = |wanted: AnswerVerdict| answers.iter().filter(move |answer| answer.verdict == wanted);
    let same: Vec<&ComparedAnswer> = of(AnswerVerdict::Same).collect();
    let agreed = match same.first() {
        Some(first) if same.len() == answers.len() => {
            return match same.len() {
                1 => format!("the only answer is {}", said(first)),
                all => format!("all {all} answers are the same: {}", said(first)),
            };
        }
        Some(first) if same.len() == 1 => format!("{} has {}", first.server, said(first)),
        Some(first) => format!("{} of {} answers are the same: {}", same.len(), answers.len(), said(first)),
        None => "no answer is known to be right".to_owned(),
    };
    let others: Vec<&ComparedAnswer> = WORST_FIRST.into_iter().flat_map(of).collect();
    let told =
        others.iter().take(MAX_COMPARED_IN_HEAD).map(|answer| format!("{}: {}", answer.server, said(answer)));
    let told = told.collect::<Vec<_>>().join("; ");
    match others.len().checked_sub(MAX_COMPARED_IN_HEAD).filter(|more| *more > 0) {
        Some(more) => format!("{told}; {more} more below. {agreed}"),
        None => format!("{told}. {agreed}"),
    }
}

/// The verdicts in the order of the first line.
const WORST_FIRST: [AnswerVerdict; 6] = [
    AnswerVerdict::Different,
    AnswerVerdict::Failed,
    AnswerVerdict::Old,
    AnswerVerdict::Withheld,
    AnswerVerdict::Elsewhere,
    AnswerVerdict::Unknown,
];

fn verdict(verdict: AnswerVerdict) -> (&'static str, Paint) {
    match verdict {
        AnswerVerdict::Same => ("same", Paint::Good),
        AnswerVerdict::Old => ("old", Paint::Bad),
        AnswerVerdict::Elsewhere => ("elsewhere", Paint::Head),
        AnswerVerdict::Withheld => ("withheld", Paint::Bad),
        AnswerVerdict::Different => ("different", Paint::Bad),
        AnswerVerdict::Failed => ("failed", Paint::Bad),
        AnswerVerdict::Unknown => ("unknown", Paint::Faint),
    }
}
