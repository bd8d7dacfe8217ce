//! The screens of `resolverctl stats` about earlier times, from the minutes on disk.

use std::collections::BTreeMap;

use super::columns::{self, Cell, Column, count, fault, time, word};
use super::style::{Paint, Style};
use super::table::{Align, TextTable};
use super::words;
use dns::conduct::Conduct;
use dns::question::Outcome;
use record::Quantiles;
use record::minutes::limits::NAMES_INTERVAL;
use record::minutes::row::{Busy, BusyKind};
use record::minutes::span::SpanReport;

/// How many zones, DNS lists, users and networks the screen shows below the figures.
const SHOWN: usize = 8;

/// Replaces an unknown figure.
const NONE: &str = "–";

/// A function that formats a point in time, which is given in seconds since 1970.
pub type Moment<'m> = &'m dyn Fn(f64) -> String;

enum Figure {
    Count(u64),
    /// A part and the whole, shown in percent.
    Share(u64, u64),
    /// A quantile: its value in seconds, the number of measured times, and the percentage of them that are longer than the value.
    Time(f64, u64, u64),
}

/// A quantile (p50, p90 or p99) is compared only if at least this number of durations are longer, in both spans. With fewer
/// durations, chance alone can change the quantile by half.
const LEAST_ABOVE: u64 = 10;

/// Shown instead of the change of a quantile if one of the compared spans has too few durations (`LEAST_ABOVE`).
const TOO_FEW: &str = "too few";

const LEAST: &str = "too few: p50 is compared from 20 messages or queries on, p90 from 100, p99 from 1 000; a longer --since has more\n";
const _: () = assert!(LEAST_ABOVE == 10);

const ESTIMATES: &str = "times are estimates, because on disk they are counted in ranges, for example 185 to 262 ms; `resolverctl stats` has exact times\n";

/// Replaces the figures of a span without a recorded minute.
const UNRECORDED: &str = "no minutes are recorded for this span: resolverd was not running, has just started, or had no state directory;\n\
    minutes are kept for 30 days\n";

type FigureOf = fn(&SpanReport) -> Figure;

/// The label of each figure, its heading in the table of minutes (`None` if this table does not have the figure), and its value.
const FIGURES: &[(&str, Option<&str>, FigureOf)] = &[
    ("messages", Some("messages"), |span| Figure::Count(span.message_time.count)),
    ("  DNS time p50", Some("DNS time p50"), |span| p50(&span.message_time)),
    ("  DNS time p90", None, |span| p90(&span.message_time)),
    ("  DNS time p99", Some("DNS time p99"), |span| p99(&span.message_time)),
    ("queries", Some("queries"), |span| Figure::Count(span.questions)),
    ("  failed", Some("failed"), |span| Figure::Share(span.failed(), span.questions)),
    ("  from cache", None, |span| Figure::Share(counted(&span.outcomes, &Outcome::Cache), span.questions)),
    ("  latency p50", None, |span| p50(&span.latency)),
    ("  latency p90", None, |span| p90(&span.latency)),
    ("  latency p99", None, |span| p99(&span.latency)),
    ("queries sent", Some("sent"), |span| Figure::Count(span.sent())),
    ("  timeout", Some("timeout"), |span| {
        Figure::Share(counted(&span.messages, &Conduct::Silent), span.sent())
    }),
    ("  round trip p50", Some("round trip p50"), |span| p50(&span.round_trip)),
    ("  round trip p90", None, |span| p90(&span.round_trip)),
    ("  round trip p99", None, |span| p99(&span.round_trip)),
];

fn p50(times: &Quantiles) -> Figure {
    Figure::Time(times.p50, times.count, 50)
}

fn p90(times: &Quantiles) -> Figure {
    Figure::Time(times.p90, times.count, 10)
}

fn p99(times: &Quantiles) -> Figure {
    Figure::Time(times.p99, times.count, 1)
}

fn counted<Kind: Ord>(counts: &BTreeMap<Kind, u64>, kind: &Kind) -> u64 {
    counts.get(kind).copied().unwrap_or(0)
}

impl Figure {
    /// `None` for a share of nothing, and for a quantile of no durations.
    fn value(&self) -> Option<f64> {
        match *self {
            Self::Count(count) => Some(count as f64),
            Self::Share(part, all) => (all > 0).then(|| part as f64 / all as f64 * 100.0),
            Self::Time(seconds, count, _) => (count > 0).then_some(seconds),
        }
    }

    fn text(&self) -> String {
        match (self, self.value()) {
            (_, None) => NONE.to_owned(),
            (Self::Count(count), _) => words::number(*count),
            (Self::Share(part, all), _) => words::percent_of(*part, *all),
            (Self::Time(seconds, ..), _) => words::time(*seconds),
        }
    }

    /// Returns the change since `earlier`, a figure of the same kind. `minutes` has the numbers of recorded minutes of both
    /// spans: if they differ, counts are compared per minute.
    fn change(&self, earlier: &Self, minutes: (u64, u64)) -> String {
        match (self, self.value(), earlier.value()) {
            (Self::Share(..), Some(now), Some(earlier)) => format!("{:+.1} points", now - earlier),
            (Self::Time(..), Some(_), Some(_)) if self.has_few() || earlier.has_few() => TOO_FEW.to_owned(),
            (_, Some(now), Some(before)) if before > 0.0 => {
                let per_minute = match self {
                    Self::Count(_) => minutes.1 as f64 / minutes.0.max(1) as f64,
                    _ => 1.0,
                };
                format!("{:+.0} %", (now / before * per_minute - 1.0) * 100.0)
            }
            _ => NONE.to_owned(),
        }
    }

    /// Returns true for a quantile of so few durations that chance alone can change it.
    fn has_few(&self) -> bool {
        matches!(*self, Self::Time(_, count, above) if count.saturating_mul(above) < LEAST_ABOVE * 100)
    }
}

/// Returns the screen of a span: the figures of the span and of the `other` span side by side, the table of the `minutes`, and the busiest
/// names. If there are `minutes` and no `other` span, the figures are left out. `moment` formats a point in time with its date, `time` only
/// as the time of day.
pub fn screen(
    span: &SpanReport,
    other: Option<&SpanReport>,
    minutes: &[SpanReport],
    (moment, time): (Moment<'_>, Moment<'_>),
    style: Style,
) -> String {
    let titles = [Some(span), other].into_iter().flatten().map(|span| title(span, moment, style));
    let mut parts = vec![titles.collect::<String>()];
    if span.minutes == 0 && other.is_none() {
        parts.push(UNRECORDED.to_owned());
        return parts.join("\n");
    }
    if minutes.is_empty() || other.is_some() {
        parts.push(figures(span, other, style));
    }
    let recorded: Vec<&SpanReport> = minutes.iter().filter(|minute| minute.minutes > 0).collect();
    if !recorded.is_empty() {
        parts.insert(0, peak(&recorded, time, style));
        parts.push(each(&recorded, time, style));
    }
    let is_short = span.to.saturating_sub(span.from) < SHORTEST_NAMED;
    if is_short && !span.busiest.is_empty() {
        parts.push(SHORT.to_owned());
    } else if !span.busiest.is_empty() {
        parts.push(busiest(span, |kind| kind != BusyKind::Listings, SHOWN, moment, style));
    }
    parts.push(ESTIMATES.to_owned());
    parts.join("\n")
}

fn title(span: &SpanReport, moment: Moment<'_>, style: Style) -> String {
    let wanted = span.to.saturating_sub(span.from) / 60;
    let title = format!(
        "{} to {} · {} of {} minutes recorded",
        moment(span.from as f64),
        moment(span.to as f64),
        words::number(span.minutes.min(wanted)),
        words::number(wanted)
    );
    format!("{}\n", style.paint(Paint::Head, &title))
}

fn figures(span: &SpanReport, other: Option<&SpanReport>, style: Style) -> String {
    let heads =
        [("", Align::Left), ("this span", Align::Right), ("earlier", Align::Right), ("change", Align::Right)];
    let mut table = TextTable::new(heads.get(..if other.is_some() { 4 } else { 2 }).unwrap_or_default());
    let mut has_few = false;
    for (label, _, figure) in FIGURES {
        let now = figure(span);
        // The counts of a span without a recorded minute are unknown, not 0.
        let text = |figure: &Figure, minutes: u64| if minutes > 0 { figure.text() } else { NONE.to_owned() };
        let mut cells = vec![(*label).to_owned(), text(&now, span.minutes)];
        if let Some((earlier, minutes)) = other.map(|other| (figure(other), other.minutes)) {
            let change = match (span.minutes, minutes) {
                (0, _) | (_, 0) => NONE.to_owned(),
                both => now.change(&earlier, both),
            };
            has_few |= change == TOO_FEW;
            cells.extend([text(&earlier, minutes), change]);
        }
        table.plain(cells);
    }
    let is_partly = other.is_some_and(|other| other.minutes != span.minutes);
    let terms = [(true, words::MESSAGE), (true, DNS_TIME), (true, TIMES), (true, QUANTILES)];
    let notes = [(is_partly, PER_MINUTE), (has_few, LEAST)];
    table.text(style, None)
        + &terms.iter().chain(&notes).filter(|(shows, _)| *shows).map(|(_, note)| *note).collect::<String>()
}

/// Returns the line with the most queries, the longest wait and the most failures, each with the begin of its row.
fn peak(minutes: &[&SpanReport], time: Moment<'_>, style: Style) -> String {
    let most = |words: &str, figure: FigureOf| {
        let values = minutes.iter().filter_map(|minute| Some((figure(minute).value()?, minute)));
        let (value, minute) = values.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
        (value > 0.0).then(|| format!("{words} {} at {}", figure(minute).text(), time(minute.from as f64)))
    };
    let peaks = [
        most("most queries:", |span| Figure::Count(span.questions)),
        most("longest DNS time p99:", |span| p99(&span.message_time)),
        most("most failed:", |span| Figure::Share(span.failed(), span.questions)),
    ];
    let peaks: Vec<String> = peaks.into_iter().flatten().collect();
    let line = if peaks.is_empty() { "no queries".to_owned() } else { peaks.join(" · ") };
    format!("{}\n", style.paint(Paint::Head, &line))
}

fn heading(text: &str, style: Style) -> String {
    format!("{}\n", style.paint(Paint::Head, text))
}

fn each(minutes: &[&SpanReport], time: Moment<'_>, style: Style) -> String {
    let columns = || FIGURES.iter().filter_map(|(_, head, figure)| Some(((*head)?, figure)));
    let heads = columns().map(|(head, _)| (head, Align::Right));
    let mut table = TextTable::new(&std::iter::once(("begin", Align::Left)).chain(heads).collect::<Vec<_>>());
    for minute in minutes {
        let figure = |(_, figure): (_, &FigureOf)| figure(minute).text();
        table.plain(std::iter::once(time(minute.from as f64)).chain(columns().map(figure)).collect());
    }
    heading("Queries and messages (emails)", style) + &table.text(style, None)
}

/// In seconds: two periods of `NAMES_INTERVAL` minutes. A shorter span has no table of the busiest names.
const SHORTEST_NAMED: u64 = 2 * NAMES_INTERVAL * 60;

/// Replaces the table of the busiest names for a span shorter than `SHORTEST_NAMED`.
const SHORT: &str = "zones, lists and users are recorded every 5 minutes: only a span of 10 minutes or longer shows them, for example `resolverctl stats --since 10m`\n";
const _: () = assert!(NAMES_INTERVAL == 5);

const DNS_TIME: &str = "DNS time: how long a message waited for DNS\n";

const TIMES: &str = "latency: how long a client waited for an answer; round trip: how long resolverd waited for a reply of a server\n";

const QUANTILES: &str = "p50, p90, p99: half, 90 percent and 99 percent took at most this time\n";

/// Shown if the compared spans have different numbers of recorded minutes.
const PER_MINUTE: &str = "the change of messages, queries and queries sent is computed per recorded minute\n";

const BUSIEST: &[Column<Busy>] = &[
    Column("kind", 0, |row, _| word(row.kind.label())),
    Column("name", 0, |row, _| word(&row.name)),
    Column("count", 0, |row, _| count(row.counts.questions)),
    Column("failed", 0, |row, _| fault(row.counts.failed)),
    Column("took 1 s or more", 0, |row, _| fault_unless_user(row, row.counts.late)),
    Column("timeouts of servers", 0, |row, _| fault_unless_user(row, row.counts.timeouts)),
    Column("total time", 0, |row, _| time(row.counts.spent_ms as f64 / 1_000.0)),
];

/// Returns the cell for a number of slow resolutions or timeouts. For users, these are not counted, so the cell has no number.
fn fault_unless_user(row: &Busy, number: u64) -> Cell {
    match row.kind {
        BusyKind::User => columns::number(None, NONE),
        _ => fault(number),
    }
}

/// Returns the busiest names of the wanted kinds, at most `most` of each kind. `moment` formats a point in time with its date.
pub fn busiest(
    span: &SpanReport,
    is_wanted: impl Fn(BusyKind) -> bool,
    most: usize,
    moment: Moment<'_>,
    style: Style,
) -> String {
    let kinds = span.busiest.chunk_by(|one, other| one.kind == other.kind);
    let rows = kinds.flat_map(|rows| rows.iter().take(most)).filter(|row| is_wanted(row.kind));
    let rows: Vec<&Busy> = rows.collect();
    let table = columns::table(BUSIEST, rows.iter().copied(), 0);
    if table.is_empty() {
        "no names recorded in this span\n".to_owned()
    } else {
        heading("Busiest names", style) + &table.text(style, None) + &recorded(span, moment)
    }
}

/// Returns the line that shows the period of the table. The table is read from rows that are written every `NAMES_INTERVAL` minutes. So
/// this period may begin earlier than the period of the other figures.
fn recorded(span: &SpanReport, moment: Moment<'_>) -> String {
    let (from, to) = (moment(span.from as f64), moment(span.to as f64));
    format!("this table adds up what was recorded every {NAMES_INTERVAL} minutes from {from} to {to}\n")
}
