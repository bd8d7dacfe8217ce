//! The findings of `check`: a line each, the advice below it, the sum at the end.

use super::words::problems;
use super::{Paint, Style};
use crate::check::{CheckVerdict, HostFinding};
use crate::wire::presentation::harmless;

/// Columns before the facts: the verdict's and the check's.
const VERDICT: usize = 14;

/// Findings as text.
pub fn text(findings: &[HostFinding], style: Style) -> String {
    lines(findings, style) + &sum(findings)
}

/// The lines without the sum.
pub(super) fn lines(findings: &[HostFinding], style: Style) -> String {
    let wide = findings.iter().map(|finding| finding.check.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for finding in findings {
        let (word, paint) = verdict(finding.verdict);
        let word = style.paint(paint, &format!("{word:<VERDICT$}"));
        text.push_str(&format!("{word} {:<wide$}  {}\n", finding.check, harmless(&finding.evidence)));
        if let Some(advice) = &finding.advice {
            let gap = " ".repeat(VERDICT + 1 + wide);
            text.push_str(&format!("{gap}  {} {}\n", style.paint(Paint::Faint, "→"), harmless(advice)));
        }
    }
    text
}

fn verdict(verdict: CheckVerdict) -> (&'static str, Paint) {
    match verdict {
        CheckVerdict::Ok => ("ok", Paint::Good),
        CheckVerdict::Warning => ("warning", Paint::Head),
        CheckVerdict::Failure => ("failure", Paint::Bad),
        CheckVerdict::CouldNotTell => ("unknown", Paint::Faint),
    }
}

/// "1 failure, 2 warnings", or that all is well.
fn sum(findings: &[HostFinding]) -> String {
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let counts = [
        (count(CheckVerdict::Failure), "failure", "failures"),
        (count(CheckVerdict::Warning), "warning", "warnings"),
        (count(CheckVerdict::CouldNotTell), "unknown", "unknown"),
    ];
    problems(counts.into_iter()) + "\n"
}
