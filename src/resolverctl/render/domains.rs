//! The output of `check` of several domains: one row a domain, with its worst level, its first finding and what to do.

use super::domain::first;
use super::html::DomainReport;
use super::style::{Paint, Style};
use super::table::{Align, TextTable};
use super::words::problems;
use dns::wire::presentation::harmless;
use doctor::finding::{Finding, Level};

/// Returns the number of domains of each level, and the table.
pub fn table(reports: &[DomainReport], style: Style) -> String {
    let mut table = TextTable::new(&[
        ("domain", Align::Left),
        ("result", Align::Left),
        ("first finding", Align::Left),
        ("to do", Align::Left),
    ]);
    for report in reports {
        let level = level_of(report);
        let paint = match level {
            Level::Failure => Paint::Bad,
            Level::Warning => Paint::Head,
            _ => Paint::Plain,
        };
        let (finding, to_do) =
            first_of(report).map_or(("", ""), |finding| (finding.code.entry().title, finding.remedy()));
        let plain = |text: &str| (text.to_owned(), Paint::Plain);
        table.row(vec![
            plain(&report.subject),
            (level.word().to_owned(), paint),
            plain(finding),
            plain(to_do),
        ]);
    }
    let count = |level| reports.iter().filter(|report| level_of(report) == level).count();
    let levels = [
        (Level::Failure, "with a failure", "with failures"),
        (Level::Warning, "with a warning", "with warnings"),
        (Level::CouldNotTell, "unknown", "unknown"),
    ];
    let counts = problems(levels.into_iter().map(|(level, one, many)| (count(level), one, many)));
    let first = style.paint(Paint::Head, &format!("{} domains: {counts}", reports.len()));
    format!(
        "{first}\n\n{}\n`resolverctl check DOMAIN` has all findings of a domain\n",
        table.text(style, None)
    )
}

/// Returns the same rows as CSV (RFC 4180), with the evidence.
pub fn csv(reports: &[DomainReport]) -> String {
    let mut text = "typed,domain,result,code,finding,evidence,to_do\n".to_owned();
    for report in reports {
        let finding = first_of(report);
        let of = |part: fn(&Finding) -> &str| finding.map_or("", part);
        let cells = [
            report.typed.as_deref().unwrap_or_default(),
            &report.subject,
            level_of(report).word(),
            of(|finding| finding.code.entry().word),
            of(|finding| finding.code.entry().title),
            of(|finding| &finding.evidence),
            of(Finding::remedy),
        ];
        text.push_str(&cells.map(cell).join(","));
        text.push('\n');
    }
    text
}

/// Returns the worst level; "ok" if nothing is wrong or unknown.
fn level_of(report: &DomainReport) -> Level {
    let worst = report.findings.iter().map(|finding| finding.level).min();
    worst.filter(|level| *level < Level::Note).unwrap_or(Level::Ok)
}

/// Returns the finding of the row. If only DNS lists are the reason of the level, it is about them.
fn first_of(report: &DomainReport) -> Option<&Finding> {
    let level = level_of(report);
    first(&report.findings)
        .or_else(|| report.findings.iter().find(|finding| finding.level == level && level < Level::Note))
}

pub(super) fn cell(text: &str) -> String {
    let text = harmless(text);
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
