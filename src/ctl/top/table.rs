//! The tables of `resolverctl top`: rows from replies, their order, and the columns that fit.

use std::cmp::Ordering;

use crate::render::table::{Align, TextTable};
use crate::render::{Paint, Style, lists, words};
use control::protocol::Reply;
use control::protocol::lists::ListRow;
use dns::wire::presentation::harmless;
use history::failed::{FailedZone, StillFails};
use history::{ClientRow, OTHER, ServerRow, ZoneRow, blames};

/// A table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum TopTable {
    /// Zones, most time first.
    #[default]
    Zones,
    /// Servers, longest wait first.
    Servers,
    /// DNS lists, slowest first.
    Lists,
    /// Clients, most queries first.
    Clients,
    /// Zones whose queries failed, most queries first.
    Failures,
}

impl TopTable {
    /// All of them, in the order of their keys.
    pub const ALL: [Self; 5] = [Self::Zones, Self::Servers, Self::Lists, Self::Clients, Self::Failures];

    /// Its word on the screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Zones => "zones",
            Self::Servers => "servers",
            Self::Lists => "lists",
            Self::Clients => "clients",
            Self::Failures => "failures",
        }
    }

    /// The sentence in its place if it has no rows.
    pub const fn empty(self) -> &'static str {
        match self {
            Self::Zones => "no zone was resolved in this period",
            Self::Servers => "no server was queried in this period",
            Self::Lists => "no client queried a DNS list since start",
            Self::Clients => "no client sent a query in this period",
            Self::Failures => "no query failed in this period",
        }
    }

    /// Its columns, the most important ones first. The first one is the name.
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Zones => {
                &["zone", "total time", "server behaviour", "failed", "resolutions", "mean round trip"]
            }
            Self::Servers => &[
                "server",
                "total wait",
                "behaviour",
                "queries sent",
                "mean round trip",
                "longest round trip",
            ],
            Self::Lists => {
                &["list", "99 % answered in", "50 % answered in", "state", "queries", "from cache", "listed"]
            }
            Self::Clients => {
                &["client", "queries", "failed", "overload", "from cache", "mean time to answer"]
            }
            Self::Failures => &["zone", "failed queries", "cause", "state", "last"],
        }
    }

    /// The line below its rows, if the terminal has room for it.
    pub(crate) const fn legend(self) -> &'static str {
        match self {
            Self::Zones => "total time: the sum of the times of all resolutions of a zone (cache misses)",
            Self::Servers => "total wait: the sum of the times that all queries waited for the server",
            Self::Lists => "99 % of the queries were answered in this time; all figures are since start",
            Self::Clients => {
                "overload: the part of failed that failed because of too many queries in progress"
            }
            Self::Failures => "last: the time of the last failed query",
        }
    }

    /// The column by which it is sorted first.
    pub(crate) const FIRST_SORT: usize = 1;
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub struct TopCell {
    /// Its text, which is harmless.
    pub text: String,
    /// The number that it shows; none for words.
    pub weight: Option<f64>,
    /// Its colour.
    pub(crate) paint: Paint,
}

/// The subject whose messages a row stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopSubject {
    /// A name, and all below it.
    Name(String),
    /// A client.
    Client(String),
    /// A server that messages waited for.
    Server(String),
    /// All of them.
    All,
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct TopRow {
    /// Its subject.
    pub subject: TopSubject,
    /// Its cells, as many as the table has columns.
    pub cells: Vec<TopCell>,
    /// Whether it is the sum of all that have no row.
    pub is_rest: bool,
}

impl TopRow {
    /// Its name, which is its first cell.
    pub fn name(&self) -> &str {
        self.cells.first().map_or("", |cell| &cell.text)
    }
}

fn word(text: &str) -> TopCell {
    TopCell { text: harmless(text), weight: None, paint: Paint::Plain }
}

fn count(number: u64) -> TopCell {
    TopCell { text: words::number(number), weight: Some(number as f64), paint: Paint::Plain }
}

/// A count that should be zero.
fn fault(number: u64) -> TopCell {
    TopCell { paint: if number > 0 { Paint::Bad } else { Paint::Plain }, ..count(number) }
}

fn time(seconds: f64) -> TopCell {
    TopCell { text: words::time(seconds), weight: Some(seconds), paint: Paint::Plain }
}

fn round_trip(seconds: f64) -> TopCell {
    TopCell { text: words::round_trip(seconds), ..time(seconds) }
}

fn share(part: u64, of: u64) -> TopCell {
    let weight = if of == 0 { 0.0 } else { part as f64 / of as f64 };
    TopCell { text: words::percent_of(part, of), weight: Some(weight), paint: Paint::Plain }
}

fn verdict(text: &str, is_rest: bool) -> TopCell {
    TopCell { paint: if blames(text) && !is_rest { Paint::Bad } else { Paint::Plain }, ..word(text) }
}

/// The cell of a key; the row `other` is the sum of all that are not counted by name.
fn key(key: &str) -> TopCell {
    word(if key == OTHER { "all others" } else { key })
}

/// The rows of a table with their replies, sorted by the first column of numbers. `time_of_day` writes a moment.
pub fn sorted<'r>(
    table: TopTable,
    replies: &'r [Reply],
    time_of_day: &dyn Fn(f64) -> String,
) -> Vec<(TopRow, &'r Reply)> {
    let row = |reply| row(table, reply, time_of_day).map(|row| (row, reply));
    let mut rows: Vec<(TopRow, &Reply)> = replies.iter().filter_map(row).collect();
    rows.sort_by(|(one, _), (other, _)| order(one, other, (TopTable::FIRST_SORT, false)));
    rows
}

/// The row of a reply, if it has one.
pub(super) fn row(table: TopTable, reply: &Reply, time_of_day: &dyn Fn(f64) -> String) -> Option<TopRow> {
    match (table, reply) {
        (TopTable::Zones, Reply::Zone(row)) => Some(zone(row)),
        (TopTable::Servers, Reply::Server(row)) => Some(server(row)),
        (TopTable::Clients, Reply::Client(row)) => Some(client(row)),
        (TopTable::Lists, Reply::ListState(row)) => Some(list(row)),
        (TopTable::Failures, Reply::FailedZone(row)) => Some(failure(row, time_of_day)),
        _ => None,
    }
}

fn zone(row: &ZoneRow) -> TopRow {
    let is_rest = row.zone == OTHER;
    let cells = vec![
        key(&row.zone),
        time(row.spent),
        verdict(&row.verdict, is_rest),
        fault(row.failed),
        count(row.flights),
        round_trip(row.round_trip),
    ];
    TopRow { subject: TopSubject::Name(row.zone.clone()), cells, is_rest }
}

fn server(row: &ServerRow) -> TopRow {
    let is_rest = row.server == OTHER;
    let cells = vec![
        key(&row.server),
        time(row.waited),
        verdict(&row.verdict, is_rest),
        count(row.messages.values().sum()),
        round_trip(row.round_trip),
        round_trip(row.round_trip_max),
    ];
    TopRow { subject: TopSubject::Server(row.server.clone()), cells, is_rest }
}

fn client(row: &ClientRow) -> TopRow {
    let cells = vec![
        key(&row.client),
        count(row.questions),
        fault(row.failed),
        fault(row.shed),
        share(row.cache, row.questions),
        time(row.waited / row.questions.max(1) as f64),
    ];
    TopRow { subject: TopSubject::Client(row.client.clone()), cells, is_rest: row.client == OTHER }
}

fn list(row: &ListRow) -> TopRow {
    let (state, paint) = lists::standing(row);
    let counts = &row.counts;
    let judged = counts.listed.saturating_add(counts.not_listed).saturating_add(counts.untold);
    let cells = vec![
        word(&lists::called(row, 1)),
        time(counts.elapsed.p99),
        time(counts.elapsed.p50),
        TopCell { paint, ..word(state) },
        count(counts.questions),
        share(counts.hits, counts.questions),
        share(counts.listed, judged),
    ];
    TopRow { subject: TopSubject::Name(row.list.clone()), cells, is_rest: false }
}

fn failure(row: &FailedZone, time_of_day: &dyn Fn(f64) -> String) -> TopRow {
    let (state, paint) = match row.still_fails {
        StillFails::Yes => ("still failing", Paint::Bad),
        StillFails::No => ("works again", Paint::Good),
        StillFails::Unknown => ("not known", Paint::Plain),
    };
    let cells = vec![
        word(row.zone.as_deref().unwrap_or("resolverd (overload)")),
        count(row.questions),
        word(&words::word(&row.culprit).replace('_', " ")),
        TopCell { paint, ..word(state) },
        TopCell { text: time_of_day(row.last), weight: Some(row.last), paint: Paint::Plain },
    ];
    let subject = row.zone.clone().map_or(TopSubject::All, TopSubject::Name);
    TopRow { subject, cells, is_rest: false }
}

/// Sorts by a column.
pub fn sort(rows: &mut [TopRow], column: usize, is_reversed: bool) {
    rows.sort_by(|one, other| order(one, other, (column, is_reversed)));
}

/// The order of two rows by a column: the greatest numbers first, words by the alphabet, the sum of the others last.
fn order(one: &TopRow, other: &TopRow, (column, is_reversed): (usize, bool)) -> Ordering {
    let cell = |row: &'_ TopRow| row.cells.get(column).map(|cell| (cell.weight, cell.text.clone()));
    let order = match (cell(one), cell(other)) {
        (Some((Some(one), _)), Some((Some(other), _))) => other.total_cmp(&one),
        (one, other) => one.map(|(_, text)| text).cmp(&other.map(|(_, text)| text)),
    };
    let order = if is_reversed { order.reverse() } else { order };
    one.is_rest.cmp(&other.is_rest).then(order).then_with(|| one.name().cmp(other.name()))
}

/// The least columns of words that may be cut; a narrow terminal shows no column of fewer. On a wide terminal a name has three eighths
/// of it at least, and other words five sixteenths: 25 of 80, which `ok: mean round trip 30 ms` needs.
const LEAST: usize = 16;

/// Columns between two columns.
const GAP: usize = 2;

/// A column that is shown: its place in the table, its width, and its side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownColumn {
    /// Its place in `TopTable::columns`.
    pub place: usize,
    /// Its width.
    pub width: usize,
    /// Its side.
    pub side: Align,
}

/// The columns that fit a width. The first ones are the most important, so those behind them are left out, and the words of the last
/// ones are cut. The words get the room that is left, then the name.
pub fn fit(table: TopTable, rows: &[TopRow], width: usize) -> Vec<ShownColumn> {
    let mut columns: Vec<ShownColumn> = Vec::new();
    let mut left = width;
    for (place, title) in table.columns().iter().enumerate() {
        let cells = || rows.iter().filter_map(move |row| row.cells.get(place));
        let wide =
            cells().map(|cell| cell.text.chars().count()).max().unwrap_or(0).max(title.chars().count());
        let is_number = cells().any(|cell| cell.weight.is_some());
        let side = if is_number { Align::Right } else { Align::Left };
        let gap = if place == 0 { 0 } else { GAP };
        // A number is whole or not there.
        let share = if place == 0 { width * 3 / 8 } else { width * 5 / 16 };
        let least = if is_number { wide } else { wide.min(share.max(LEAST)) };
        if gap + least > left {
            continue;
        }
        columns.push(ShownColumn { place, width: least, side });
        left = left.saturating_sub(gap + least);
    }
    let names = columns.len().min(1);
    columns.rotate_left(names);
    for column in &mut columns {
        let cells = rows.iter().filter_map(|row| row.cells.get(column.place));
        let title = table.columns().get(column.place).map_or(0, |title| title.chars().count());
        let wide = cells.map(|cell| cell.text.chars().count()).max().unwrap_or(0).max(title);
        let more = wide.saturating_sub(column.width).min(left);
        column.width = column.width.saturating_add(more);
        left = left.saturating_sub(more);
    }
    columns.rotate_right(names);
    columns
}

/// A cell in the width of its column.
pub fn padded(text: &str, column: &ShownColumn) -> String {
    let (text, width) = (words::cut(text, column.width), column.width);
    match column.side {
        Align::Left => format!("{text:<width$}"),
        Align::Right => format!("{text:>width$}"),
    }
}

/// The table as plain text.
pub fn plain(table: TopTable, rows: &[TopRow], style: Style) -> String {
    if rows.is_empty() {
        // Failures are read from the query history, the other tables from counters.
        let history = if table == TopTable::Failures { " in the query history (history.size)" } else { "" };
        return format!("no {} in this time{history}\n", table.word());
    }
    let is_number =
        |place: usize| rows.iter().any(|row| row.cells.get(place).is_some_and(|cell| cell.weight.is_some()));
    let heads: Vec<(&str, Align)> = table
        .columns()
        .iter()
        .enumerate()
        .map(|(place, title)| (*title, if is_number(place) { Align::Right } else { Align::Left }))
        .collect();
    let mut text = TextTable::new(&heads);
    for row in rows {
        text.row(row.cells.iter().map(|cell| (cell.text.clone(), cell.paint)).collect());
    }
    text.worst(0, style)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<TopRow> {
        let row = |name: &str, seconds: f64, failed: u64| TopRow {
            subject: TopSubject::Name(name.to_owned()),
            cells: vec![key(name), time(seconds), word("ok: mean round trip 14 ms"), fault(failed)],
            is_rest: name == OTHER,
        };
        vec![
            row("b.example.", 0.5, 0),
            row(OTHER, 90.0, 7),
            row("a.example.", 12.0, 3),
            row("c.example.", 0.5, 3),
        ]
    }

    fn names(rows: &[TopRow]) -> String {
        rows.iter().map(|row| row.name().chars().take(1).collect::<String>()).collect::<Vec<_>>().join("")
    }

    #[test]
    fn numbers_are_sorted_from_the_greatest_words_by_the_alphabet_and_the_others_come_last() {
        let sorted = |column, reversed| {
            let mut rows = rows();
            sort(&mut rows, column, reversed);
            assert!(rows.last().is_some_and(|row| row.is_rest));
            names(rows.get(..3).unwrap_or_default())
        };
        assert_eq!([sorted(1, false), sorted(1, true)], ["abc", "bca"]);
        assert_eq!([sorted(0, false), sorted(0, true)], ["abc", "cba"]);
        assert_eq!(sorted(3, false), "acb");
    }

    #[test]
    fn the_columns_that_fit_are_the_first_ones_and_numbers_are_whole() {
        let rows = rows();
        for width in 0..120 {
            let columns = fit(TopTable::Zones, &rows, width);
            let sum: usize = columns.iter().map(|column| column.width).sum();
            let gaps = columns.len().saturating_sub(1) * GAP;
            assert!(sum + gaps <= width, "{width}: {columns:?}");
            for column in columns.iter().filter(|column| column.side == Align::Right) {
                let cut = rows.iter().any(|row| {
                    row.cells.get(column.place).is_some_and(|cell| cell.text.chars().count() > column.width)
                });
                assert!(!cut, "{width}: {columns:?}");
            }
        }
        assert_eq!(
            fit(TopTable::Zones, &rows, 40).iter().map(|column| column.place).collect::<Vec<_>>(),
            [0, 1, 2]
        );
    }

    #[test]
    fn names_of_strangers_are_harmless() {
        assert_eq!(key("a\u{1b}[2J\u{202e}.example.").text, "a\\u{1b}[2J\\u{202e}.example.");
    }
}
