//! The output of `resolverctl stats`: the number of queries, their results, how long they took, and the slowest zones and
//! servers.
//!
//! The output fits into 80 columns and 24 lines, whatever the numbers are. The slowest zones and servers get the lines that the
//! upper part does not need.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr;

use super::columns::{self, Cell, Column, fault, time, verdict, word};
use super::style::{Paint, Style};
use super::words;
use dns::cached::StoreFill;
use dns::conduct::Conduct;
use dns::question::Outcome;
use dns::wire::presentation::harmless;
use protocol::Stats;
use record::{Counter, ServerRow, ShedRow, ZoneRow};

/// The width, in columns, of the smallest terminal on which all lines can be read.
const COLUMNS: usize = 80;

/// The lines of the smallest terminal, without the line for the shell prompt.
const LINES: usize = 23;

const LABEL: usize = 13;

/// The columns between a label and its value, and between two columns of a table.
const GAP: usize = 2;

/// The width of a zone's name, in columns. The text about the zone's servers then fits in the same line.
const ZONE: usize = 28;

/// The width of a zone's name, in columns, if three zones share a line.
const FAILED: usize = 16;

/// Advice if the daemon has not received any query.
const UNASKED: &str = "`resolverctl check system` shows whether this host uses resolverd";

const OVERLOAD: &str = "SERVFAIL: too many queries in progress; see `resolverctl failed`";

/// Returns the output of `resolverctl stats`.
pub fn stats(stats: &Stats, style: Style) -> String {
    let cache = fill(&stats.stores, style);
    let fits = |upper: &String| upper.lines().count() + cache.lines().count() <= LINES;
    let upper = Some(upper(stats, true, style)).filter(fits).unwrap_or_else(|| upper(stats, false, style));
    // The 3 lines are an empty line and the headings of two tables.
    let left = LINES.saturating_sub(upper.lines().count() + cache.lines().count() + 3);
    let failed =
        Some(failed(stats, style)).filter(|failed| failed.lines().count() <= left).unwrap_or_default();
    let left = left - failed.lines().count();
    // A table of zones with one row may fit although the headings of both tables do not.
    let used = upper.lines().count() + cache.lines().count() + failed.lines().count();
    let least = usize::from(used + 3 <= LINES);
    let zones = stats.slow_zones.len().min(left.div_ceil(2).max(least));
    let servers = stats.slow_servers.len().min(left.saturating_sub(zones));
    let zones = slowest(SLOWEST_ZONES, stats.slow_zones.get(..zones).unwrap_or_default(), style);
    let servers = slowest(SLOWEST_SERVERS, stats.slow_servers.get(..servers).unwrap_or_default(), style);
    let cache = if stats.stores.is_empty() { String::new() } else { cache };
    let gap = if failed.is_empty() && zones.is_empty() && servers.is_empty() { "" } else { "\n" };
    format!("{upper}{gap}{failed}{zones}{servers}{cache}")
}

/// Returns the lines about queries of clients. If `explains` is true, one line explains overload.
fn upper(stats: &Stats, explains: bool, style: Style) -> String {
    let report = &stats.report;
    let window = words::window(report.window, report.seconds);
    let title = format!(
        "resolverd {} · up {} · {window} · help: resolverctl stats --help",
        stats.version,
        words::age(report.uptime)
    );
    let questions = [
        format!("{} total", words::number(report.questions)),
        format!("{}/s", words::rate(report.questions, report.seconds)),
    ];
    let mut text = format!("{}\n", style.paint(Paint::Head, &title));
    if report.questions > 0 {
        text.push_str(&items("queries", &questions, style));
        text.push_str(&items("outcomes", &in_per_cent(&report.outcomes, |outcome| outcome.label()), style));
    } else {
        text.push_str(&items("queries", &["none from clients in this time".to_owned()], style));
        text.push_str(&items("", &[UNASKED.to_owned()], style));
    }
    let apart: Vec<String> = report
        .apart
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(apart, count)| format!("{} {}", words::number(*count), apart.label()))
        .collect();
    if !apart.is_empty() {
        text.push_str(&items("discarded", &apart, style));
    }
    let overload = overload(stats, style);
    text.push_str(&overload);
    if explains && !overload.is_empty() {
        text.push_str(&items("", &[OVERLOAD.to_owned()], style));
    }
    if report.questions > 0 {
        text.push_str(&items("latency", &words::quantiles(&report.latency), style));
    }
    if report.questions > 0 || report.upstream.messages.values().any(|count| *count > 0) {
        text.push_str(&upstream(stats, style));
    }
    text
}

/// The zones with the most failed resolutions, or an empty text.
fn failed(stats: &Stats, style: Style) -> String {
    let width = if stats.failed_zones.len() == 1 { ZONE } else { FAILED };
    let item = |(place, row): (usize, &ZoneRow)| {
        let what = match (place, row.failed) {
            (0, 1) => "resolution for",
            (0, _) => "resolutions for",
            _ => "for",
        };
        format!("{} {what} {}", words::number(row.failed), words::cut(&row.zone, width))
    };
    let mut rows: Vec<String> = stats.failed_zones.iter().enumerate().map(item).collect();
    if rows.is_empty() {
        return String::new();
    }
    rows.push("see `resolverctl failed`".to_owned());
    items("failures", &rows, style)
}

/// Returns the line about overload: the zone and the client with the most refused queries. Returns an empty text if no query was refused.
fn overload(stats: &Stats, style: Style) -> String {
    let item = |word: &str, rows: &[ShedRow]| {
        let item =
            |row: &ShedRow| format!("{word} {} {}", words::cut(&row.name, ZONE), words::number(row.shed));
        rows.first().map(item)
    };
    let rows = [item("zone", &stats.shed_zones), item("client", &stats.shed_clients)];
    let rows: Vec<String> = rows.into_iter().flatten().collect();
    if rows.is_empty() { String::new() } else { items("overload by", &rows, style) }
}

fn upstream(stats: &Stats, style: Style) -> String {
    let report = &stats.report.upstream;
    let messages: u64 = report.messages.values().sum();
    let flights = report.flights.count;
    let sent = [
        format!("{} queries sent", words::number(messages)),
        format!("{}/s", words::rate(messages, stats.report.seconds)),
        format!("{} over TCP", words::percent_of(report.counts[Counter::Tcp], messages)),
        format!("total wait {}", words::time(report.waited)),
    ];
    let mut text = items("servers", &sent, style);
    text.push_str(&items("", &in_per_cent(&rare_together(&report.messages), short_label), style));
    let shown = report.counts.shown().map(|(count, what)| format!("{} {what}", words::number(count)));
    let shown: Vec<String> = shown.collect();
    if !shown.is_empty() {
        text.push_str(&items("", &shown, style));
    }
    text.push_str(&items("round trip", &words::quantiles(&report.round_trip), style));
    let mut ended = vec![format!(
        "{}, {} failed",
        words::number(flights),
        words::number(report.counts[Counter::FlightsFailed])
    )];
    ended.extend(words::quantiles(&report.flights));
    text.push_str(&items("resolutions", &ended, style));
    if report.validated.values().any(|count| *count > 0) {
        text.push_str(&items("DNSSEC", &in_per_cent(&report.validated, |state| state.label()), style));
    }
    text
}

/// Returns the label of a behaviour in the row of servers' replies. "other error" is the sum of all rare response codes.
const fn short_label(conduct: Conduct) -> &'static str {
    match conduct {
        Conduct::OtherError => "other error",
        Conduct::Certificate => "certificate",
        Conduct::Unfit => "invalid",
        other => other.label(),
    }
}

/// Adds up rare response codes, because the screen has no room for each.
fn rare_together(messages: &BTreeMap<Conduct, u64>) -> BTreeMap<Conduct, u64> {
    let mut together = BTreeMap::new();
    for (conduct, count) in messages {
        let shown = match conduct {
            Conduct::FormErr | Conduct::NotImp | Conduct::NotAuth | Conduct::BadVers => Conduct::OtherError,
            Conduct::NoTcp | Conduct::NotSent => Conduct::Unreachable,
            other => *other,
        };
        let sum: &mut u64 = together.entry(shown).or_default();
        *sum = sum.saturating_add(*count);
    }
    together
}

/// Returns each part of the total in per cent, with its label. The numbers add up to 100.0. Parts that are zero are left out.
fn in_per_cent<Part: Copy>(counts: &BTreeMap<Part, u64>, label: fn(Part) -> &'static str) -> Vec<String> {
    let all: Vec<u64> = counts.values().copied().collect();
    let parts: Vec<String> = counts
        .iter()
        .zip(words::shares(&all))
        .filter(|((_, count), _)| **count > 0)
        .map(|((part, _), share)| format!("{} {}", label(*part), words::percent(share)))
        .collect();
    if parts.is_empty() { vec!["–".to_owned()] } else { parts }
}

const SLOWEST_ZONES: &[Column<ZoneRow>] = &[
    Column("slowest zones", 0, |row, _| word(&words::cut(&row.zone, ZONE))),
    Column("total time", 0, |row, _| time(row.spent)),
    Column("failed", 0, |row, _| Cell {
        text: format!("{} of {}", words::number(row.failed), words::number(row.flights)),
        ..fault(row.failed)
    }),
    Column("server behaviour", 0, |row, _| verdict(&row.zone, &row.verdict)),
];

const SLOWEST_SERVERS: &[Column<ServerRow>] = &[
    Column("slowest servers", 0, |row, _| word(&row.server)),
    Column("total wait", 0, |row, _| time(row.waited)),
    Column("behaviour", 0, |row, _| verdict(&row.server, &row.verdict)),
];

fn slowest<Row>(columns: &'static [Column<Row>], rows: &[Row], style: Style) -> String {
    if rows.is_empty() { String::new() } else { columns::table(columns, rows, 0).text(style, Some(COLUMNS)) }
}

/// The number of entries and the memory of each part of the cache.
pub(super) fn fill(stores: &[StoreFill], style: Style) -> String {
    let label = |label: &str| format!("{label:<width$}", width = LABEL - GAP);
    let heads = [label("cache"), label("entries"), label("MiB used")];
    let mut lines = heads.map(|head| style.paint(Paint::Head, &head));
    for fill in stores {
        let cells = [
            words::store(&fill.store).to_owned(),
            words::number(fill.entries),
            words::mebibytes(fill.bytes, fill.capacity),
        ];
        let width = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0);
        for (line, cell) in lines.iter_mut().zip(cells) {
            line.push_str(&format!("{:GAP$}{cell:>width$}", ""));
        }
    }
    lines.map(|line| format!("{line}\n")).concat()
}

/// A store that uses this share of its memory is full: new entries replace others.
const FULL: f64 = 0.95;

/// Returns how full the cache is, how many queries it answered, and whether it is large enough.
pub fn fill_and_use(stats: &Stats, style: Style) -> String {
    let is_full = |fill: &&StoreFill| fill.bytes as f64 >= fill.capacity as f64 * FULL;
    let full: Vec<&str> = stats.stores.iter().filter(is_full).map(|fill| words::store(&fill.store)).collect();
    let verdict = match full.as_slice() {
        [] => "large enough: no part is full".to_owned(),
        full => format!(
            "full: {}; if few queries are answered from the cache, increase `size` in [cache]",
            full.join(", ")
        ),
    };
    let report = &stats.report;
    let hits = report.outcomes.get(&Outcome::Cache).copied().unwrap_or(0);
    let share = format!(
        "{} of the queries were answered from the cache ({})",
        words::percent_of(hits, report.questions),
        words::window(report.window, report.seconds)
    );
    fill(&stats.stores, style) + &format!("{verdict}; {share}\n")
}

/// Returns a line with a label and its items. A line that is too long continues below the first item. Items may contain texts
/// from other hosts.
pub(super) fn items(label: &str, items: &[String], style: Style) -> String {
    let mut text = style.paint(Paint::Head, label);
    let mut column = label.chars().count();
    for (place, item) in items.iter().map(|item| harmless(item)).enumerate() {
        let wide = item.width();
        if place > 0 && column + 3 + wide > COLUMNS {
            text.push('\n');
            column = 0;
        }
        let gap = if column < LABEL { LABEL - column } else { 3 };
        text.push_str(&" ".repeat(gap));
        text.push_str(&item);
        column += gap + wide;
    }
    text.push('\n');
    text
}
