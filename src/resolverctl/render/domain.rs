//! The output of `check DOMAIN`: the conclusion in the first line, then all findings about the domain, grouped by topic.

use super::style::{Paint, Style};
use super::words::{cut, problems};
use crate::limits::MAX_FIRST_LINE;
use dns::wire::presentation::harmless;
use doctor::codes::{Code, CodeEntry};
use doctor::finding::{Finding, Level, Topic};

const LEVEL: usize = 8;

/// Returns the findings about a domain or an address (`subject`) as text. `findings` has the worst one first.
pub fn text(subject: &str, findings: &[Finding], style: Style) -> String {
    let mut text = match worst(findings) {
        Some(_) => {
            let first = style.paint(Paint::Head, &first_line(subject, findings));
            format!("{first}\nall findings: {}\n", counts(findings))
        }
        None => first_line(subject, findings) + "\n",
    };
    for topic in Topic::ALL {
        let of_topic: Vec<&Finding> =
            findings.iter().filter(|finding| finding.code.entry().topic == topic).collect();
        if of_topic.is_empty() {
            continue;
        }
        text.push_str(&format!("\n{}\n", style.paint(Paint::Head, topic.heading())));
        for finding in of_topic {
            text.push_str(&one(finding, style));
        }
    }
    text
}

/// Returns the first finding, or the numbers of findings if there is no failure and no warning.
pub(crate) fn first_line(subject: &str, findings: &[Finding]) -> String {
    let line = format!("{}: {}", harmless(subject), worst(findings).unwrap_or_else(|| counts(findings)));
    cut(&line, MAX_FIRST_LINE)
}

/// Returns the first finding that is a failure, a warning, an unknown result, or the reason of a bounce. A DNS list without a usable answer is
/// a fault of the list, not of the domain.
pub(super) fn first(findings: &[Finding]) -> Option<&Finding> {
    let is_told = |finding: &Finding| finding.level < Level::Note || finding.code.answers_bounce();
    let first = |finding: &&Finding| is_told(finding) && finding.code != Code::ListsUnknown;
    findings.iter().find(first)
}

/// Returns the finding of the first line as a sentence.
pub(super) fn worst(findings: &[Finding]) -> Option<String> {
    let worst = first(findings)?;
    let evidence = harmless(worst.evidence.trim_end_matches('.'));
    Some(format!("{}: {evidence}.", worst.code.entry().title))
}

fn one(finding: &Finding, style: Style) -> String {
    let entry = finding.code.entry();
    let mut text = heading(finding.level, entry, style) + &below("", &harmless(&finding.evidence), style);
    if finding.level != Level::Ok {
        let lines = [
            ("", finding.effect().to_owned()),
            ("to do: ", sentence(finding.remedy())),
            ("see ", entry.source.to_owned()),
        ];
        for (mark, line) in lines.iter().filter(|(_, line)| !line.is_empty()) {
            text.push_str(&below(mark, line, style));
        }
    }
    text
}

pub(super) fn heading(level: Level, entry: &CodeEntry, style: Style) -> String {
    let paint = match level {
        Level::Failure => Paint::Bad,
        Level::Warning => Paint::Head,
        Level::CouldNotTell | Level::Note => Paint::Faint,
        Level::Ok => Paint::Good,
    };
    let level = style.paint(paint, &format!("{:<LEVEL$}", level.word()));
    format!("  {level} {}\n", entry.title)
}

/// A further line of a finding, such as its advice. `mark` is the word before the line.
pub(super) fn below(mark: &str, line: &str, style: Style) -> String {
    format!("  {:<LEVEL$} {}{line}\n", "", style.paint(Paint::Faint, mark))
}

pub(super) fn sentence(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{text}.") }
}

/// For instance "1 failure, 2 warnings".
pub(super) fn counts(findings: &[Finding]) -> String {
    let levels = [
        (Level::Failure, "failure", "failures"),
        (Level::Warning, "warning", "warnings"),
        (Level::CouldNotTell, "unknown result", "unknown results"),
        (Level::Note, "note", "notes"),
    ];
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    problems(levels.into_iter().map(|(level, one, many)| (count(level), one, many)))
}
