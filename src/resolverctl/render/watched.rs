//! The output of `resolverctl check watched`: each watched domain with its findings.

use super::domain::{below, heading, sentence};
use super::style::{Paint, Style};
use super::words::{age, problems, time};
use doctor::finding::Level;
use protocol::watched::{WatchedFinding, WatchedRow};
use watched::history::{ChangeKind, FindingChange, Standing};

/// Returns the watched domains with their findings, and the last changes of the findings if `with_changes` is true.
pub fn text(rows: &[WatchedRow], with_changes: bool, moment: &dyn Fn(f64) -> String, style: Style) -> String {
    if rows.is_empty() {
        return "no watched domains; add a [[watch]] to the configuration, and run `resolverctl reload`\n"
            .to_owned();
    }
    let texts: Vec<String> = rows
        .iter()
        .map(|row| {
            let mut text = format!("{}\n", style.paint(Paint::Head, &head(row, moment)));
            row.findings.iter().for_each(|finding| text.push_str(&one(finding, moment, style)));
            if with_changes {
                text.push_str(&changes(row, moment, style));
            }
            text
        })
        .collect();
    texts.join("\n")
}

/// Returns the line about a domain: the number of findings, and the times of the last and the next check.
fn head(row: &WatchedRow, moment: &dyn Fn(f64) -> String) -> String {
    let domain = &row.domain;
    let next = if row.next < 1.0 { "due now".to_owned() } else { format!("in {}", age(row.next)) };
    let Some(checked) = row.checked else {
        let why =
            row.could_not_tell.as_ref().map(|why| format!(" (the last check gave no result, because {why})"));
        return format!("{domain}: not checked yet{}, next check {next}", why.unwrap_or_default());
    };
    let sum = counts(row);
    let checked = moment(seconds(checked));
    match &row.could_not_tell {
        None => format!("{domain}: {sum}; checked at {checked}, next check {next}"),
        Some(why) => format!(
            "{domain}: the last check gave no result, because {why}; result of the check before, at {checked}: {sum}; next check {next}"
        ),
    }
}

/// Returns the number of findings of each level, for instance "1 failure, 2 warnings, 1 unconfirmed warning".
fn counts(row: &WatchedRow) -> String {
    let (count, once) = (|level| row.count(level), |level| row.once(level).count());
    problems(
        [
            (count(Level::Failure), "failure", "failures"),
            (once(Level::Failure), "unconfirmed failure", "unconfirmed failures"),
            (count(Level::Warning), "warning", "warnings"),
            (once(Level::Warning), "unconfirmed warning", "unconfirmed warnings"),
            (count(Level::CouldNotTell), "unknown result", "unknown results"),
            (count(Level::Note), "note", "notes"),
        ]
        .into_iter(),
    )
}

fn one(finding: &WatchedFinding, moment: &dyn Fn(f64) -> String, style: Style) -> String {
    let since = moment(seconds(finding.since));
    let standing = match finding.standing {
        _ if finding.unseen => {
            format!("since {since}; not looked for since {}: a lookup failed", moment(seconds(finding.seen)))
        }
        Standing::Coming => {
            format!(
                "unconfirmed: found for the first time at {since}; confirmed if one of the next two checks finds it too"
            )
        }
        Standing::Present => format!("since {since}"),
        Standing::Going => {
            format!(
                "since {since}; not found by the last check, and removed from this list after three such checks in a row"
            )
        }
    };
    let mut text = heading(finding.level, finding.code.entry(), style)
        + &below("", &standing, style)
        + &below("", &finding.evidence, style);
    if !finding.remedy.is_empty() {
        text.push_str(&below("to do: ", &sentence(&finding.remedy), style));
    }
    text
}

/// Returns the last changes of the findings, the newest first.
fn changes(row: &WatchedRow, moment: &dyn Fn(f64) -> String, style: Style) -> String {
    if row.changes.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", style.paint(Paint::Head, "Changes"));
    for change in &row.changes {
        text.push_str(&format!("  {}", self::change(change, moment, style)));
    }
    text
}

/// Returns the line about a finding that was confirmed or has ended.
fn change(change: &FindingChange, moment: &dyn Fn(f64) -> String, style: Style) -> String {
    let entry = change.code.entry();
    let (at, word) = (moment(seconds(change.at)), change.level.word());
    let said = match change.change {
        ChangeKind::Came => {
            format!("{word} confirmed: {} ({})", entry.title, change.evidence.trim_end_matches('.'))
        }
        ChangeKind::Went => {
            let lasted = time(seconds(change.at.saturating_sub(change.since)));
            format!("{word} ended after {lasted}: {}", entry.title)
        }
    };
    let paint = match (change.change, change.level) {
        (ChangeKind::Went, _) => Paint::Good,
        (ChangeKind::Came, Level::Failure) => Paint::Bad,
        (ChangeKind::Came, _) => Paint::Plain,
    };
    format!("{}  {}\n", style.paint(Paint::Faint, &at), style.paint(paint, &said))
}

fn seconds(unix: u64) -> f64 {
    unix as f64
}
