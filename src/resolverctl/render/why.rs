//! The output of `resolverctl why`: the queries of a message (email) on a time axis (a waterfall), and the culprit of its delay.

use std::collections::BTreeSet;

use super::style::{Paint, Style};
use super::{changes, words};
use crate::limits::MAX_SHOWN_ROWS;
use dns::question::{ClientTransport, DnsResult};
use dns::wire::presentation::harmless;
use explain::why::{CulpritReport, HistoryReach, MessageReport, QuestionReport, SentReport};
use record::culprit::CulpritKind;

/// The width of the bars, in columns.
const BAR: usize = 20;

/// The largest width of a name with its type, in columns.
const NAME: usize = 60;

/// The width of the outcome, in columns: enough for `listed` and a return code of a DNS list.
const OUTCOME: usize = 17;

/// A pasted log line is cut at this number of columns.
const LINE: usize = 400;

/// In seconds. A quicker query of a client has no row, unless it failed or its answer may be the reason why a mail was refused.
const SHOWN: f64 = 0.001;

/// Maximum number of queries to servers below a query of a client.
const MESSAGES: usize = 4;

/// In seconds. If a query of a client took at least this time or failed, its queries to servers are shown below it.
const SLOW: f64 = 0.3;

/// Returns the first (worst) message (email) as a waterfall, and one line for each other one. `moment` formats a point in time.
pub fn messages(messages: &[&MessageReport], moment: &dyn Fn(f64) -> String, style: Style) -> String {
    let Some((worst, others)) = messages.split_first() else { return String::new() };
    let line = worst.line.as_ref().map(|line| format!("> {}", words::cut(&harmless(line), LINE)));
    let more = (worst.more_lines > 0).then(|| {
        let lines = if worst.more_lines == 1 { "line" } else { "lines" };
        format!("> and {} more {lines} with the same result", words::number(worst.more_lines))
    });
    let fitting = (worst.fitting > 0).then(|| {
        format!(
            "> {} messages fit this line: parts of its mail, or other mails; paste more lines of the mail",
            worst.fitting
        )
    });
    let times = worst.times.as_ref().map(|times| format!("> {}", harmless(times)));
    let lines = line.into_iter().chain(times).chain(more).chain(fitting);
    let mut text: String = lines.map(|line| format!("{}\n", style.paint(Paint::Faint, &line))).collect();
    if worst.is_absent() && worst.culprit.kind != CulpritKind::Unknown {
        return text + &verdict("Cause", &worst.culprit, style);
    }
    if worst.is_absent() {
        return text + &absent(worst, moment);
    }
    text.push_str(&message(worst, moment, style));
    if !others.is_empty() {
        text.push_str(&format!("\n{}\n", style.paint(Paint::Head, "Other messages (emails):")));
        for other in others.iter().take(MAX_SHOWN_ROWS) {
            text.push_str(&one_line(other, moment));
        }
        if let Some(more) = others.len().checked_sub(MAX_SHOWN_ROWS).filter(|more| *more > 0) {
            text.push_str(&super::table::more(more as u64, style));
        }
    }
    text
}

/// Returns the text which says that the query history has no message (email) for the name or address.
fn absent(report: &MessageReport, moment: &dyn Fn(f64) -> String) -> String {
    let reach = match report.history {
        Some(history) => reach(&history, moment),
        None if report.began > 0.0 => format!(" The query history begins at {}.", moment(report.began)),
        None => String::new(),
    };
    let (evidence, advice) = (harmless(&report.culprit.evidence), harmless(&report.culprit.advice));
    format!("{}.{reach}\nTo do: {advice}.\n", capital(&evidence))
}

/// How far back each part of the query history goes.
fn reach(history: &HistoryReach, moment: &dyn Fn(f64) -> String) -> String {
    let memory = match (history.resolved, history.cache) {
        (Some(resolved), Some(cache)) if moment(resolved) != moment(cache) => format!(
            " In memory are the queries answered from the cache since {}, and all other queries since {}.",
            moment(cache),
            moment(resolved)
        ),
        (Some(since), _) | (None, Some(since)) => {
            format!(" In memory are all queries since {}.", moment(since))
        }
        (None, None) => " In memory is no query yet.".to_owned(),
    };
    let disk = history
        .disk
        .map(|since| format!(" On disk are only failed, bogus and slow queries, since {}.", moment(since)));
    memory + &disk.unwrap_or_default()
}

/// A row for each query of the client, in the order of time.
fn message(report: &MessageReport, moment: &dyn Fn(f64) -> String, style: Style) -> String {
    let count = report.questions.len() as u64 + report.left_out;
    let head = format!(
        "{}  client {}{}  {} {} in {}, {} of it waiting for DNS",
        moment(report.began),
        report.client,
        way(report) + &users(report),
        words::number(count),
        if count == 1 { "query" } else { "queries" },
        words::time(report.took),
        words::time(report.waited)
    );
    let mut text = format!("{}\n", style.paint(Paint::Head, &head));
    let rows = shown(report);
    let is_marked = report.questions.iter().any(|question| !question.of_subject);
    if !rows.is_empty() {
        let heads = format!("{:>8}  {:<BAR$}  {:>7}  {:<OUTCOME$}  query", "start", "", "took", "outcome");
        text.push_str(&format!("{}\n", style.paint(Paint::Faint, &heads)));
    }
    for question in &rows {
        row(question, (report.took, is_marked), style, &mut text);
    }
    let mut notes = Vec::new();
    let hidden = count.saturating_sub(rows.len() as u64);
    if hidden > 0 {
        let (queries, each) = if hidden == 1 { ("query", "") } else { ("queries", " each") };
        // The daemon leaves out the quickest queries of a message (email). So all missing queries are quick if one query in the
        // reply is quick.
        let others = || report.questions.iter().skip(1).filter(|question| !question.of_subject);
        let is_quick = report.left_out == 0 || others().any(|question| !has_row(question));
        let why = if rows.len() < ROWS && is_quick {
            format!("less than 1 ms{each}")
        } else {
            "only the failed and the slowest ones are shown".to_owned()
        };
        notes.push(format!("and {} more {queries} ({why})", words::number(hidden)));
    }
    if is_marked && rows.iter().any(|question| question.of_subject) {
        notes.push("* a query for the wanted name or address".to_owned());
    }
    for note in notes {
        text.push_str(&format!("{}\n", style.paint(Paint::Faint, &note)));
    }
    for (head, culprit) in culprits(report) {
        text.push_str(&verdict(head, culprit, style));
    }
    text.extend(report.changed.as_ref().map(|change| changes::line(change, moment)));
    text
}

/// Returns the protocol of the queries if all were encrypted, such as DNS over TLS; otherwise an empty text.
fn way(report: &MessageReport) -> String {
    let known = report.questions.iter().filter_map(|question| question.transport);
    let encrypted = known.clone().next().filter(|_| known.clone().all(ClientTransport::is_encrypted));
    encrypted.map(|encrypted| format!(" over {}", encrypted.label())).unwrap_or_default()
}

/// The local users whose programs sent the queries, as far as resolverd knows them: a mail server and its filters send queries
/// for the same email.
fn users(report: &MessageReport) -> String {
    let users: BTreeSet<String> =
        report.questions.iter().filter_map(|question| question.user.as_deref()).map(harmless).collect();
    match users.len() {
        0 => String::new(),
        1 => format!(" (user {})", users.into_iter().collect::<String>()),
        _ => format!(" (users {})", users.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

/// Maximum number of rows of one waterfall.
const ROWS: usize = 40;

/// Returns true if the question took at least `SHOWN` seconds or failed, or if its answer may be the reason why a mail was
/// refused.
pub(super) fn has_row(question: &QuestionReport) -> bool {
    let is_reason = match question.result {
        DnsResult::NoName | DnsResult::NullMx | DnsResult::Listed => question.of_subject,
        DnsResult::NoData => question.of_subject && question.kind == "A",
        _ => false,
    };
    question.elapsed >= SHOWN || question.outcome.is_failure() || is_reason || question.named_by.is_some()
}

/// Returns the queries that resolverd sent to servers for the question, the longest first.
pub(super) fn longest_first(question: &QuestionReport) -> Vec<&SentReport> {
    let mut sent: Vec<&SentReport> = question.messages.iter().collect();
    sent.sort_by(|one, other| other.round_trip.total_cmp(&one.round_trip));
    sent
}

/// Returns the time from a query to its reply in seconds. Without a reply, the time ends when the client got its answer: the resolution may
/// continue after it.
pub(super) fn time_to_reply(sent: &SentReport, question: &QuestionReport) -> f64 {
    match sent.conduct {
        Some(_) => sent.round_trip,
        None => sent.round_trip.min((question.at + question.elapsed - sent.at).max(0.0)),
    }
}

/// Returns how the server replied to a query, in words.
pub(super) fn reply_word(sent: &SentReport) -> &'static str {
    sent.conduct.map_or("silent", |conduct| conduct.label())
}

/// Returns the DNS result, such as NXDOMAIN, or else how the question was answered or failed.
pub(super) fn outcome(question: &QuestionReport) -> String {
    match question.result {
        DnsResult::Unknown | DnsResult::Answer | DnsResult::Failure => question.outcome.label().to_owned(),
        result => match question.codes.first() {
            Some(code) => format!("{} {code}", result.label()),
            None => result.label().to_owned(),
        },
    }
}

/// Returns the questions that get a row, at most `ROWS`, in the order of time.
pub(super) fn shown(report: &MessageReport) -> Vec<&QuestionReport> {
    let mut rows: Vec<&QuestionReport> =
        report.questions.iter().filter(|question| has_row(question)).collect();
    let worth = |question: &QuestionReport| (question.of_subject, question.outcome.is_failure());
    rows.sort_by(|one, other| {
        worth(other).cmp(&worth(one)).then_with(|| other.elapsed.total_cmp(&one.elapsed))
    });
    rows.truncate(ROWS);
    rows.sort_by(|one, other| one.at.total_cmp(&other.at));
    rows
}

/// Appends the row of a query, and below it the queries to servers, if the query was slow or failed. If `is_marked` is true,
/// queries about the name or address that the user typed have a mark.
fn row(question: &QuestionReport, (took, is_marked): (f64, bool), style: Style, text: &mut String) {
    let name = words::cut(&format!("{} {}", harmless(&question.name), question.kind), NAME);
    let failed = question.outcome.is_failure();
    let slow = question.elapsed >= SLOW;
    let paint = if failed || slow { Paint::Bad } else { Paint::Plain };
    let mark = if is_marked && question.of_subject { '*' } else { ' ' };
    let line = format!(
        "{:>8}  {}  {:>7}  {:<OUTCOME$} {mark}{name}",
        words::time(question.at),
        bar(question.at, question.elapsed, took),
        words::time(question.elapsed),
        outcome(question),
    );
    text.push_str(&format!("{}\n", style.paint(paint, line.trim_end())));
    if !failed && !slow {
        return;
    }
    if let Some(error) = &question.error {
        let described = format!("{:38}         {}", "", harmless(error));
        text.push_str(&format!("{}\n", style.paint(Paint::Faint, &described)));
    }
    for message in longest_first(question).iter().take(MESSAGES) {
        let conduct = reply_word(message);
        let transport = words::word(&message.transport).to_uppercase();
        let described = format!(
            "{:38}{:>7}  {} {conduct} ({transport}, {})",
            "",
            words::time(time_to_reply(message, question)),
            message.server,
            harmless(&message.zone)
        );
        text.push_str(&format!("{}\n", style.paint(Paint::Faint, &described)));
    }
}

/// Shows when a query was in progress. The whole width is the duration of the message (email) (`took`, in seconds).
fn bar(at: f64, elapsed: f64, took: f64) -> String {
    let column = |seconds: f64| {
        let share = if took > 0.0 { (seconds / took).clamp(0.0, 1.0) } else { 0.0 };
        (share * BAR as f64).round() as usize
    };
    let (begin, end) = (column(at).min(BAR - 1), column(at + elapsed));
    let full = end.saturating_sub(begin).max(1);
    format!("{}{}{}", "·".repeat(begin), "█".repeat(full), "·".repeat(BAR.saturating_sub(begin + full)))
}

/// Returns the lines about a culprit: the evidence, the usual behaviour of the servers, and the advice. `head` is the first word.
fn verdict(head: &str, culprit: &CulpritReport, style: Style) -> String {
    let paint = match culprit.kind {
        CulpritKind::None | CulpritKind::NotDns => Paint::Good,
        CulpritKind::Unknown => Paint::Plain,
        _ => Paint::Bad,
    };
    let kind = named_kind(culprit).map(|kind| format!(" {kind};")).unwrap_or_default();
    let begin = style.paint(paint, &format!("{head}:{kind}"));
    let mut text = format!("{begin} {}\n", harmless(&culprit.evidence));
    if let Some(usual) = &culprit.usual {
        text.push_str(&format!("This zone: {}\n", harmless(usual)));
    }
    text.push_str(&format!("To do: {}.\n", harmless(&culprit.advice)));
    text
}

/// Returns the culprits, the most important first, each with the first word of its line.
pub(super) fn culprits(report: &MessageReport) -> impl Iterator<Item = (&'static str, &CulpritReport)> {
    let also = report.also.iter().map(|culprit| ("Also", culprit));
    std::iter::once(("Cause", &report.culprit)).chain(also)
}

/// Returns the kind of the culprit; `None` if the culprit is an answer of DNS, which the evidence already names.
pub(super) fn named_kind(culprit: &CulpritReport) -> Option<&'static str> {
    (culprit.kind != CulpritKind::Answer).then(|| culprit.kind.label())
}

/// Returns one line about a message (email): when it began, how long it waited for DNS, its culprit, and the name of its first query.
fn one_line(report: &MessageReport, moment: &dyn Fn(f64) -> String) -> String {
    let kind = report.culprit.kind.label();
    let zone = report.culprit.zone.as_deref().map(|zone| format!(" {}", harmless(zone))).unwrap_or_default();
    let first = report.questions.first().map_or("", |question| &question.name);
    format!(
        "{}  {:>7}  {kind}{zone}; first query {}\n",
        moment(report.began),
        words::time(report.waited),
        harmless(first)
    )
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
