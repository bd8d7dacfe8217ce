//! The output of `resolverctl compare`: the conclusion in the first line, then a table with the answer of each server and resolver.

use super::style::{Paint, Style};
use super::table::{Align, TextTable};
use super::words::time;
use crate::limits::MAX_COMPARED_NAMES;
use dns::wire::presentation::harmless;
use doctor::limits::{MAX_CHECKED_SERVERS, MAX_OTHER_RESOLVERS};
use doctor::side_by_side::{AnswerVerdict, Compared, ComparedAnswer, Conclusion};

/// Returns for each compared name the conclusion, and a table with the answers.
pub fn text(compared: &[(Compared, Conclusion)], style: Style) -> String {
    let texts = compared.iter().map(|(compared, conclusion)| of_name(compared, conclusion, style));
    texts.collect::<Vec<_>>().join("\n")
}

fn of_name(compared: &Compared, conclusion: &Conclusion, style: Style) -> String {
    let first_line = format!("{} {}: {}", conclusion.name, conclusion.kind, conclusion.sentence);
    let mut table = TextTable::new(&[
        ("server", Align::Left),
        ("result", Align::Left),
        ("serial", Align::Right),
        ("TTL", Align::Right),
        ("time", Align::Right),
        ("answer", Align::Left),
    ]);
    for answer in &compared.answers {
        table.row(vec![
            (answer.server.clone(), Paint::Plain),
            (answer.verdict.word().to_owned(), paint(answer.verdict)),
            (answer.serial.map_or_else(|| "-".to_owned(), |serial| serial.to_string()), Paint::Plain),
            (answer.ttl.map_or_else(|| "-".to_owned(), |ttl| format!("{ttl} s")), Paint::Plain),
            (answer.elapsed.map_or_else(|| "-".to_owned(), time), Paint::Plain),
            (shown(answer), Paint::Plain),
        ]);
    }
    let head = style.paint(Paint::Head, &harmless(&first_line));
    format!("{head}\n\n{}{}", table.text(style, None), left_out(compared, conclusion))
}

/// Returns the records, and why they differ from the other answers; or why there is no answer.
fn shown(answer: &ComparedAnswer) -> String {
    match (answer.is_known(), answer.why.as_str()) {
        (false, why) => why.to_owned(),
        (true, "") => answer.words(),
        (true, why) => format!("{} ({why})", answer.words()),
    }
}

/// Names the resolvers, name servers and aliases that were not asked because of the limit.
fn left_out(compared: &Compared, conclusion: &Conclusion) -> String {
    let row = |what: &str, most: usize, names: &[String]| match names.len() {
        0 => String::new(),
        _ => format!(
            "\nNot asked, because a comparison asks at most {most} {what}: {}\n",
            harmless(&names.join(", "))
        ),
    };
    [
        row("resolvers", MAX_OTHER_RESOLVERS, &compared.resolvers_left_out),
        row("addresses of name servers", MAX_CHECKED_SERVERS, &compared.servers_left_out),
        row("names of a chain of aliases", MAX_COMPARED_NAMES, &conclusion.aliases_left_out),
    ]
    .concat()
}

const fn paint(verdict: AnswerVerdict) -> Paint {
    match verdict {
        AnswerVerdict::Same | AnswerVerdict::InTurn => Paint::Good,
        AnswerVerdict::Local => Paint::Head,
        AnswerVerdict::Unknown | AnswerVerdict::NoAnswer | AnswerVerdict::Refused => Paint::Faint,
        _ => Paint::Bad,
    }
}
