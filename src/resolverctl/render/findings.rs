//! The output of `check system`: a line for each finding about this host, the advice below it, and the number of problems in the last line.

use super::style::{Paint, Style};
use super::words::problems;
use dns::wire::presentation::harmless;
use host::switch::plan;
use host::system::{CheckVerdict, HostFinding};

const VERDICT: usize = 14;

/// Returns the findings, and the number of problems in the last line.
pub fn text(findings: &[HostFinding], style: Style) -> String {
    lines(findings, style) + &sum(findings)
}

/// Returns the findings, without the number of problems.
pub(super) fn lines(findings: &[HostFinding], style: Style) -> String {
    let wide = findings.iter().map(|finding| topic(finding).chars().count()).max().unwrap_or(0);
    let gap = if wide == 0 { 0 } else { 2 };
    let mut text = String::new();
    for finding in findings {
        let (word, paint) = verdict(finding.verdict);
        let word = style.paint(paint, &format!("{word:<VERDICT$}"));
        let (topic, evidence) = (topic(finding), harmless(&finding.evidence));
        text.push_str(&format!("{word} {topic:<wide$}{:gap$}{evidence}\n", ""));
        if let Some(advice) = &finding.advice {
            let margin = " ".repeat(VERDICT + 1 + wide + gap);
            text.push_str(&format!("{margin}{} {}\n", style.paint(Paint::Faint, "to do:"), harmless(advice)));
        }
    }
    text
}

/// Returns the topic of a finding: the name of the check. All findings on the screen of a `switch` plan are of the same check, so they have
/// no topic.
fn topic(finding: &HostFinding) -> &str {
    if finding.check == plan::CHECK { "" } else { finding.check }
}

fn verdict(verdict: CheckVerdict) -> (&'static str, Paint) {
    match verdict {
        CheckVerdict::Ok => ("ok", Paint::Good),
        CheckVerdict::Warning => ("warning", Paint::Head),
        CheckVerdict::Failure => ("failure", Paint::Bad),
        CheckVerdict::CouldNotTell => ("unknown", Paint::Faint),
    }
}

/// For instance "1 failure, 2 warnings".
fn sum(findings: &[HostFinding]) -> String {
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let counts = [
        (count(CheckVerdict::Failure), "failure", "failures"),
        (count(CheckVerdict::Warning), "warning", "warnings"),
        (count(CheckVerdict::CouldNotTell), "unknown result", "unknown results"),
    ];
    problems(counts.into_iter()) + "\n"
}
