//! The output of `resolverctl shadow`: the verdict first, then the different answers, grouped by cause, the worst first.

use std::collections::BTreeMap;

use super::screen::items;
use super::style::{Paint, Style};
use super::words::{number, time};
use crate::limits::MAX_SHADOW_SHOWN;
use dns::wire::presentation::harmless;
use shadow::answer::Side;
use shadow::judge::{Cause, Weight};
use shadow::limits::MAX_SHADOW_QUESTIONS;
use shadow::report::{Difference, ShadowReport, ShadowSummary, SideSummary, SwitchVerdict};

/// Returns the output of `resolverctl shadow`.
pub fn text(report: &ShadowReport, summary: &ShadowSummary, style: Style) -> String {
    let paint = match summary.verdict {
        SwitchVerdict::Safe => Paint::Good,
        SwitchVerdict::LookFirst => Paint::Bad,
        SwitchVerdict::CouldNotTell => Paint::Head,
    };
    let mut text = format!("{}\n\n", style.paint(paint, &harmless(&summary.sentence)));
    text.push_str(&counts(summary, style));
    let differences = report.differences();
    for weight in [Weight::Look, Weight::Unknown, Weight::Harmless] {
        let of_weight: Vec<&Difference> =
            differences.iter().copied().filter(|one| one.weight == weight).collect();
        if of_weight.is_empty() {
            continue;
        }
        text.push_str(&format!("\n{}\n", style.paint(Paint::Head, title(weight))));
        text.push_str(&by_cause(&of_weight, weight));
    }
    text
}

const fn title(weight: Weight) -> &'static str {
    match weight {
        Weight::Look => "Questions to look at first",
        Weight::Unknown => "The cause is unknown",
        Weight::Harmless => "Differences without harm",
    }
}

/// Returns a text that says how many questions were compared, and how many answers were equal or differed.
fn counts(summary: &ShadowSummary, style: Style) -> String {
    let compared = format!(
        "{} different questions, from {} queries",
        number(summary.compared),
        number(summary.counts.queries)
    );
    let mut compared = vec![compared];
    if summary.interrupted {
        compared.push("stopped by a signal".to_owned());
    }
    let mut text = items("compared", &compared, style);
    let causes: Vec<String> = summary
        .counts
        .causes
        .iter()
        .rev()
        .map(|(cause, count)| match cause {
            Cause::None => format!("{} equal", number(*count)),
            cause => format!("{} {}", number(*count), cause.label()),
        })
        .collect();
    if !causes.is_empty() {
        text.push_str(&items("causes", &causes, style));
    }
    let left: Vec<String> = summary
        .counts
        .not_compared
        .iter()
        .map(|(why, count)| format!("{} {}", number(*count), why.label()))
        .collect();
    if !left.is_empty() {
        text.push_str(&items("not asked", &left, style));
    }
    let mut skipped: Vec<String> = summary
        .counts
        .skipped
        .iter()
        .map(|(why, count)| format!("{} {}", number(*count), why.label()))
        .collect();
    if summary.counts.left_out > 0 {
        let count = number(summary.counts.left_out);
        skipped.push(format!("{count} queries beyond {MAX_SHADOW_QUESTIONS} different questions"));
    }
    if !skipped.is_empty() {
        text.push_str(&items("skipped", &skipped, style));
    }
    text.push_str(&items("current", &of_side(&summary.counts.in_place), style));
    text.push_str(&items("resolverd", &of_side(&summary.counts.resolverd), style));
    text
}

fn of_side(side: &SideSummary) -> Vec<String> {
    let mut parts = vec![
        format!("{} answered", number(side.answered)),
        format!("{} failed", number(side.failed)),
        format!("{} without a reply", number(side.silent)),
    ];
    if let Some(times) = side.elapsed {
        parts.push(format!("50 % in {}", time(times.p50)));
        parts.push(format!("90 % in {}", time(times.p90)));
        parts.push(format!("99 % in {}", time(times.p99)));
    }
    parts
}

/// The differences of one weight (how much they matter), grouped by their cause and by the resolver at fault.
fn by_cause(differences: &[&Difference], weight: Weight) -> String {
    let mut groups = BTreeMap::<(Cause, Option<Side>), Vec<&Difference>>::new();
    for one in differences {
        groups.entry((one.cause, one.side)).or_default().push(one);
    }
    let most = if weight == Weight::Harmless { 1 } else { MAX_SHADOW_SHOWN };
    groups.into_iter().map(|((cause, _), group)| of_cause(cause, &group, most)).collect()
}

const fn meaning(cause: Cause) -> &'static str {
    match cause {
        Cause::Bogus => "one resolver finds wrong signatures",
        Cause::BrokenZone => "name servers of the zone fail, or give different answers",
        Cause::Policy => "one resolver answers by its own rules: configuration, filter, REFUSED",
        Cause::List => "a DNS list refuses one resolver, or resolverd does not believe the list",
        Cause::Old => "one resolver has an older answer",
        Cause::Unknown => "the cause was not found",
        Cause::AdOnly => "only the AD flag differs",
        Cause::Geography => "the zone gives both addresses, in turn or by place",
        Cause::Timing => "a reply failed or differed only once",
        Cause::Rotation => "the same records in another order or in turn",
        Cause::Ttl => "only TTLs differ",
        Cause::None => "equal",
    }
}

fn of_cause(cause: Cause, group: &[&Difference], most: usize) -> String {
    let mut text = format!("  {} ({}): {}\n", cause.label(), meaning(cause), questions(group.len()));
    for one in group.iter().take(most) {
        let flags = [(one.question.dnssec_ok, " DO"), (one.question.checking_disabled, " CD")];
        let flags: String = flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect();
        let shown = format!(
            "    {} {}{flags}\n      current    {}\n      resolverd  {}\n      why        {}\n",
            harmless(&one.question.name),
            one.question.kind_text(),
            harmless(&one.in_place),
            harmless(&one.resolverd),
            harmless(&one.why),
        );
        text.push_str(&shown);
        if !one.advice.is_empty() {
            text.push_str(&format!("      to do: {}\n", harmless(&one.advice)));
        }
    }
    let more = group.len().saturating_sub(most);
    if more > 0 {
        text.push_str(&format!("    {more} more: --json shows all\n"));
    }
    text
}

fn questions(count: usize) -> String {
    if count == 1 { "1 question".to_owned() } else { format!("{count} questions") }
}
