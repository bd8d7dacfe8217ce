//! `resolverctl stats`: prints the statistics of the daemon about its queries.

use std::io::{self, Write};

use clap::ValueEnum;

use super::client::{ControlClient, unexpected};
use super::exit::{CommandFailure, Exit};
use super::moment;
use super::outcome::CommandOutcome;
use super::render::{Format, json, minutes, rows, screen};
use protocol::{Blame, Problem, Reply, Request, Table};
use record::Window;
use record::minutes::limits::KEPT_DAYS;
use record::minutes::row::BusyKind;
use record::minutes::span::SpanReport;

/// The command line of `stats`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Begin of the statistics: 1m, 5m, 1h, start; or a longer time like 24h or 7d, from the minutes on disk.
    #[arg(long, default_value = "5m", value_name = "TIME")]
    since: String,
    /// Show the minutes around this time, like 02:00, or a whole day, like 2026-08-01 or yesterday.
    #[arg(long, value_name = "TIME", conflicts_with = "since")]
    at: Option<String>,
    /// Compare with the same span this much earlier, like 7d.
    #[arg(long, value_name = "TIME")]
    against: Option<String>,
    /// Show a table instead of the overview.
    #[arg(long, value_enum, value_name = "TABLE")]
    by: Option<Table>,
}

/// The span before and after the time of `--at`, in seconds.
const AROUND: u64 = 600;

const MINUTE: u64 = 60;

pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let window = Window::from_str(&arguments.since, false).ok();
    let text = match window.filter(|_| arguments.at.is_none() && arguments.against.is_none()) {
        Some(window) => recent(window, arguments.by, client, format)?,
        None => earlier(arguments, client, format)?,
    };
    Ok(CommandOutcome { text, exit: Exit::Yes })
}

/// The statistics in the memory of the daemon, not those on disk.
fn recent(
    window: Window,
    table: Option<Table>,
    client: &ControlClient,
    format: Format,
) -> Result<String, CommandFailure> {
    let replies = client.ask(&Request::Stats { window, table })?;
    Ok(match (format, table) {
        (Format::Json, _) => replies.iter().map(json::reply).collect(),
        (Format::Text(style), Some(table)) => rows::table(table, &replies, window, &moment::shown, style),
        (Format::Text(style), None) => match replies.as_slice() {
            [Reply::Stats(stats)] => screen::stats(stats, style),
            _ => return Err(unexpected()),
        },
    })
}

/// Returns `begin`, or the begin of the oldest minute on disk if `begin` is earlier. Times are in seconds since 1970. The
/// sentence about a later begin goes to standard error, because standard output may be JSON.
fn kept(begin: u64, unix: u64) -> u64 {
    let first = unix.saturating_sub(KEPT_DAYS * 24 * 60 * MINUTE);
    if begin < first {
        // Standard error may be closed.
        let _closed = writeln!(
            io::stderr(),
            "resolverctl: only {KEPT_DAYS} days are kept, so the statistics begin at {}",
            moment::shown(first as f64)
        );
    }
    begin.max(first)
}

/// Rounds the span from `from` to `to`, in seconds, to whole minutes. The end is rounded down. The length is rounded to the nearest minute, and is
/// at least one minute.
fn whole_minutes(from: u64, to: u64) -> (u64, u64) {
    let length = to.saturating_sub(from).saturating_add(MINUTE / 2) / MINUTE * MINUTE;
    let to = to / MINUTE * MINUTE;
    (to.saturating_sub(length.max(MINUTE)), to)
}

/// Returns the statistics around the time `at` or since the time `since`. Fails if a text is not a time, if the daemon does not
/// answer, or if the daemon has no minutes on disk.
pub(super) fn of_time(
    at: Option<&str>,
    since: Option<&str>,
    client: &ControlClient,
    format: Format,
) -> Result<String, CommandFailure> {
    let since = since.unwrap_or_default().to_owned();
    let arguments = Arguments { since, at: at.map(str::to_owned), against: None, by: None };
    earlier(&arguments, client, format)
}

fn earlier(arguments: &Arguments, client: &ControlClient, format: Format) -> Result<String, CommandFailure> {
    if arguments.by.is_some_and(|table| BusyKind::ALL.iter().all(|kind| table_of(*kind) != Some(table))) {
        let sentence = "earlier times have no such table, only --by zone, user or server; use --since 1m, 5m, 1h or start";
        let problem = Problem { fault: Blame::Request, sentence: sentence.to_owned() };
        return Err(CommandFailure::Problem(problem));
    }
    let now = moment::now();
    let begin = |typed: &str| Ok::<u64, CommandFailure>(moment::begin(typed, now)? as u64);
    let unix = now as u64;
    let day = arguments.at.as_deref().and_then(|at| moment::day(at, now));
    let (from, to) = match (&arguments.at, day) {
        (Some(at), Some((first, last))) => {
            // Refuses a day in the future.
            begin(at)?;
            (kept(first as u64, unix), (last as u64).min(unix))
        }
        (Some(at), None) => {
            let at = begin(at)? / MINUTE * MINUTE;
            (at.saturating_sub(AROUND), at.saturating_add(AROUND).min(unix))
        }
        (None, _) => whole_minutes(kept(begin(&arguments.since)?, unix), unix),
    };
    let step = if arguments.at.is_some() && day.is_none() { MINUTE } else { 0 };
    let shift = arguments.against.as_deref().map(begin).transpose()?.map(|begin| unix.saturating_sub(begin));
    // `shift` is rounded to whole minutes, so that both spans have the same number of minutes.
    let shift = shift.map(|shift| shift.saturating_add(MINUTE / 2) / MINUTE * MINUTE);
    let ask = |earlier: u64, step| {
        let (from, to) = (from.saturating_sub(earlier), to.saturating_sub(earlier));
        let replies = client.ask(&Request::Minutes { from, to, step })?;
        let report = |reply| if let Reply::Minutes(report) = reply { Some(*report) } else { None };
        Ok::<Vec<SpanReport>, CommandFailure>(replies.into_iter().filter_map(report).collect())
    };
    let mut parts = ask(0, step)?;
    let span = parts.pop().ok_or_else(unexpected)?;
    let other = shift.map_or(Ok(Vec::new()), |shift| ask(shift, 0))?;
    let Format::Text(style) = format else {
        // The output has a line for each minute, or one line for the whole span if there are no lines for minutes. With `--against`, the last line is
        // about the earlier span.
        let whole = Some(&span).filter(|_| parts.is_empty());
        return Ok(parts.iter().chain(whole).chain(&other).map(json::line).collect());
    };
    let moments: (minutes::Moment<'_>, minutes::Moment<'_>) = (&moment::shown, &moment::minute_of_day);
    Ok(match arguments.by {
        None => minutes::screen(&span, other.first(), &parts, moments, style),
        Some(table) => {
            let is_wanted = |kind| table_of(kind) == Some(table);
            minutes::busiest(&span, is_wanted, usize::MAX, moments.0, style)
        }
    })
}

/// Returns the table that has the names of this kind. `None` for the listings of DNS lists, which only the HTML page of the listener for metrics
/// shows.
const fn table_of(kind: BusyKind) -> Option<Table> {
    match kind {
        BusyKind::Zone | BusyKind::List => Some(Table::Zone),
        BusyKind::User => Some(Table::User),
        BusyKind::Network => Some(Table::Server),
        BusyKind::Listings => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn span_is_rounded_to_minutes() {
        for now in [600_000, 600_001, 600_030, 600_059] {
            for (length, minutes) in [(120, 2), (60, 1), (20, 1), (150, 3)] {
                assert_eq!(whole_minutes(now - length, now), (600_000 - minutes * 60, 600_000));
            }
        }
    }
}
