//! The tables of `resolverctl stats --by` and `--slow`.
//!
//! The worst rows come first and fit a screen; JSON has all.

use super::screen::verdict_paint;
use super::table::{Align, TextTable, more};
use super::{Paint, Style, spent, words};
use control::protocol;
use control::protocol::Reply;
use history::{ClientRow, OTHER, ServerRow, TypeRow, Window, ZoneRow};

/// A table as text; a sentence if it has no rows. `moment` shows a moment in local time.
pub fn table(
    which: protocol::Table,
    replies: &[Reply],
    window: Window,
    moment: &dyn Fn(f64) -> String,
    style: Style,
) -> String {
    let zones =
        || replies.iter().filter_map(|reply| if let Reply::Zone(row) = reply { Some(row) } else { None });
    let table = match which {
        _ if replies.is_empty() => return nothing(window),
        protocol::Table::Zone => by_zone(zones()),
        protocol::Table::Slow => return slow(zones(), style) + &period(which, window),
        protocol::Table::Stage => return spent::stages(replies, moment, style),
        protocol::Table::Minute => return spent::minutes(replies, moment, style),
        protocol::Table::Server => by_server(
            replies.iter().filter_map(|reply| if let Reply::Server(row) = reply { Some(row) } else { None }),
        ),
        protocol::Table::Client => by_client(
            &replies
                .iter()
                .filter_map(|reply| if let Reply::Client(row) = reply { Some(row) } else { None })
                .collect::<Vec<_>>(),
        ),
        protocol::Table::Type => by_type(
            &replies
                .iter()
                .filter_map(|reply| if let Reply::Type(row) = reply { Some(row) } else { None })
                .collect::<Vec<_>>(),
        ),
    };
    let legend = match which {
        protocol::Table::Zone => ZONE_TERMS,
        protocol::Table::Server => SERVER_TERMS,
        protocol::Table::Client => CLIENT_TERMS,
        protocol::Table::Type => TYPE_TERMS,
        _ => "",
    };
    table.worst(0, style) + legend + &period(which, window)
}

/// The lines below zones.
const ZONE_TERMS: &str = "resolution: all work for one query that is not in the cache\n\
    overload: queries that got SERVFAIL at once, without a resolution, because too many queries were in progress in resolverd\n\
    failed: resolutions that gave no usable answer; total time: the sum of the times of all resolutions of the zone\n\
    server behaviour: number of queries to servers by result, or the mean round trip if all were answered\n";

/// The lines below zones with a histogram.
const SLOW_TERMS: &str = "resolution: all work for one query that is not in the cache\n\
    <50ms, 50-200ms, ...: number of resolutions that took this time; failed resolutions are counted here too\n\
    server behaviour: number of queries to servers by result, or the mean round trip if all were answered\n";

/// The line below servers.
const SERVER_TERMS: &str = "total wait: time that resolverd waited for the replies of the server; if several queries wait at the same time, each is counted\n\
    behaviour: number of queries by result, or the mean round trip if all were answered\n";

/// The line below clients.
const CLIENT_TERMS: &str = "failed: queries that got SERVFAIL\n\
    overload: the part of failed that got SERVFAIL at once, because too many queries were in progress in resolverd\n";

/// The line below types.
const TYPE_TERMS: &str = "failed: queries that got SERVFAIL\n";

/// The last line of the tables: their period. Zones, servers and clients are counted by whole minutes.
fn period(which: protocol::Table, window: Window) -> String {
    if window == Window::Start {
        return "All figures are since start.\n".to_owned();
    }
    let last = words::window(window, f64::INFINITY);
    let current = if which == protocol::Table::Type { "" } else { " and of the minute in progress" };
    format!("All figures are of the {last}{current}, or since start if that is shorter.\n")
}

fn nothing(window: Window) -> String {
    let since = match window {
        Window::Start => "since start".to_owned(),
        window => format!("in the {}", words::window(window, f64::INFINITY)),
    };
    format!("no queries {since}\n")
}

/// The zone, server, client or type of a row. The row `other` has the sum of all rows that are not counted by name.
fn key(key: &str) -> (String, Paint) {
    (if key == OTHER { "all others" } else { key }.to_owned(), Paint::Plain)
}

fn count(number: u64) -> (String, Paint) {
    (words::number(number), Paint::Plain)
}

/// A count that should be zero.
fn fault(number: u64) -> (String, Paint) {
    (words::number(number), if number > 0 { Paint::Bad } else { Paint::Plain })
}

fn round_trip(seconds: f64) -> (String, Paint) {
    (words::round_trip(seconds), Paint::Plain)
}

fn by_zone<'a>(rows: impl Iterator<Item = &'a ZoneRow>) -> TextTable {
    let mut table = TextTable::new(&[
        ("zone", Align::Left),
        ("resolutions", Align::Right),
        ("failed", Align::Right),
        ("overload", Align::Right),
        ("total time", Align::Right),
        ("server behaviour", Align::Left),
    ]);
    for row in rows {
        table.row(vec![
            key(&row.zone),
            count(row.flights),
            fault(row.failed),
            fault(row.shed),
            (words::time(row.spent), Paint::Plain),
            (row.verdict.clone(), verdict_paint(&row.zone, &row.verdict)),
        ]);
    }
    table
}

/// Zones with a histogram of their times, as Postfix' qshape shows queues by age. The total includes hidden rows.
fn slow<'a>(rows: impl Iterator<Item = &'a ZoneRow>, style: Style) -> String {
    let mut table = TextTable::new(&[
        ("zone", Align::Left),
        ("resolutions", Align::Right),
        ("<50ms", Align::Right),
        ("50-200ms", Align::Right),
        ("0.2-1s", Align::Right),
        ("1-3s", Align::Right),
        ("≥3s", Align::Right),
        ("failed", Align::Right),
        ("server behaviour", Align::Left),
    ]);
    let mut sums = [0_u64; 7];
    for row in rows {
        let counts = [
            row.flights,
            row.under_50ms,
            row.under_200ms,
            row.under_1s,
            row.under_3s,
            row.over_3s,
            row.failed,
        ];
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum = sum.saturating_add(count);
        }
        let [total, a, b, c, d, e, failed] = counts;
        table.row(vec![
            key(&row.zone),
            count(total),
            count(a),
            count(b),
            count(c),
            count(d),
            fault(e),
            fault(failed),
            (row.verdict.clone(), verdict_paint(&row.zone, &row.verdict)),
        ]);
    }
    let cut = table.cut();
    let total =
        std::iter::once("total".to_owned()).chain(sums.map(words::number)).map(|cell| (cell, Paint::Head));
    table.row(total.collect());
    let text = table.text(style, None);
    let more = if cut > 0 { more(cut, style) } else { String::new() };
    text + &more + SLOW_TERMS
}

fn by_server<'a>(rows: impl Iterator<Item = &'a ServerRow>) -> TextTable {
    let mut table = TextTable::new(&[
        ("server", Align::Left),
        ("queries sent", Align::Right),
        ("total wait", Align::Right),
        ("longest round trip", Align::Right),
        ("behaviour", Align::Left),
    ]);
    for row in rows {
        table.row(vec![
            key(&row.server),
            count(row.messages.values().sum()),
            (words::time(row.waited), Paint::Plain),
            round_trip(row.round_trip_max),
            (row.verdict.clone(), verdict_paint(&row.server, &row.verdict)),
        ]);
    }
    table
}

fn by_client(rows: &[&ClientRow]) -> TextTable {
    let mut table = TextTable::new(&[
        ("client", Align::Left),
        ("queries", Align::Right),
        ("share of all", Align::Right),
        ("from cache", Align::Right),
        ("failed", Align::Right),
        ("overload", Align::Right),
        ("mean time to answer", Align::Right),
    ]);
    let all: u64 = rows.iter().map(|row| row.questions).sum();
    for row in rows {
        table.row(vec![
            key(&row.client),
            count(row.questions),
            (words::percent_of(row.questions, all), Paint::Plain),
            (words::percent_of(row.cache, row.questions), Paint::Plain),
            fault(row.failed),
            fault(row.shed),
            (words::time(row.waited / row.questions.max(1) as f64), Paint::Plain),
        ]);
    }
    table
}

fn by_type(rows: &[&TypeRow]) -> TextTable {
    let mut table = TextTable::new(&[
        ("type", Align::Left),
        ("queries", Align::Right),
        ("share of all", Align::Right),
        ("from cache", Align::Right),
        ("failed", Align::Right),
    ]);
    let all: u64 = rows.iter().map(|row| row.questions).sum();
    for row in rows {
        table.row(vec![
            key(&row.kind),
            count(row.questions),
            (words::percent_of(row.questions, all), Paint::Plain),
            (words::percent_of(row.cache, row.questions), Paint::Plain),
            fault(row.failed),
        ]);
    }
    table
}
