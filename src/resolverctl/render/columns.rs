//! The columns of tables. The columns of zones, servers, clients, types, lists and failures are here, because both
//! `resolverctl stats --by` and `resolverctl top` show them. The columns of other tables are in the files of their screens.

use super::style::Paint;
use super::table::{Align, TextTable};
use super::{lists, words};
use dns::wire::presentation::harmless;
use explain::failed::{FailedZone, StillFails};
use protocol::lists::ListRow;
use record::{ClientRow, OTHER, ServerRow, TypeRow, UserRow, ZoneRow, blames};

/// A cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The text, safe to print on a terminal.
    pub text: String,
    /// The number in the cell, for sorting; `None` if the cell has words.
    pub weight: Option<f64>,
    pub(crate) paint: Paint,
}

/// Data that the cells of a table need in addition to their row.
pub(crate) struct Context<'a> {
    /// The number of queries in all rows together.
    pub(crate) all: u64,
    /// Formats a point in time, in seconds since 1970.
    pub(crate) moment: &'a dyn Fn(f64) -> String,
}

/// A column: its title, its rank, and the function that creates its cell. A narrow screen shows only the columns with the lowest
/// ranks.
pub(crate) struct Column<Row: 'static>(pub(crate) &'static str, pub(crate) u8, pub(crate) Show<Row>);

type Show<Row> = fn(&Row, &Context<'_>) -> Cell;

pub(crate) const ZONE: &[Column<ZoneRow>] = &[
    Column("zone", 0, |row, _| key(&row.zone)),
    Column("resolutions", 4, |row, _| count(row.flights)),
    Column("failed", 3, |row, _| fault(row.failed)),
    Column("overload", 5, |row, _| fault(row.shed)),
    Column("total time", 1, |row, _| time(row.spent)),
    Column("mean round trip", 6, |row, _| round_trip(row.round_trip)),
    Column("server behaviour", 2, |row, _| verdict(&row.zone, &row.verdict)),
];

pub(crate) const SERVER: &[Column<ServerRow>] = &[
    Column("server", 0, |row, _| key(&row.server)),
    Column("queries sent", 3, |row, _| count(row.messages.values().sum())),
    Column("total wait", 1, |row, _| time(row.waited)),
    Column("mean round trip", 4, |row, _| round_trip(row.round_trip)),
    Column("longest round trip", 5, |row, _| round_trip(row.round_trip_max)),
    Column("behaviour", 2, |row, _| verdict(&row.server, &row.verdict)),
];

pub(crate) const CLIENT: &[Column<ClientRow>] = &[
    Column("client", 0, |row, _| key(&row.client)),
    Column("queries", 1, |row, _| count(row.questions)),
    Column("share of all", 6, |row, context| share(row.questions, context.all)),
    Column("from cache", 4, |row, _| share(row.cache, row.questions)),
    Column("failed", 2, |row, _| fault(row.failed)),
    Column("overload", 3, |row, _| fault(row.shed)),
    Column("mean time to answer", 5, |row, _| time(row.waited / row.questions.max(1) as f64)),
];

pub(crate) const USER: &[Column<UserRow>] = &[
    Column("local user", 0, |row, _| key(&row.user)),
    Column("cache misses", 1, |row, _| count(row.questions)),
    Column("failed", 3, |row, _| fault(row.failed)),
    Column("sum of waits", 2, |row, _| time(row.waited)),
    Column("mean time to answer", 4, |row, _| time(row.waited / row.questions.max(1) as f64)),
];

pub(crate) const TYPE: &[Column<TypeRow>] = &[
    Column("type", 0, |row, _| key(&row.kind)),
    Column("queries", 1, |row, _| count(row.questions)),
    Column("share of all", 4, |row, context| share(row.questions, context.all)),
    Column("from cache", 3, |row, _| share(row.cache, row.questions)),
    Column("failed", 2, |row, _| fault(row.failed)),
];

pub(crate) const LIST: &[Column<ListRow>] = &[
    Column("list", 0, |row, _| word(&lists::called(row, 1))),
    Column("99 % answered in", 1, |row, _| time(row.counts.elapsed.p99)),
    Column("50 % answered in", 2, |row, _| time(row.counts.elapsed.p50)),
    Column("state", 3, |row, _| painted(lists::standing(row))),
    Column("queries", 4, |row, _| count(row.counts.questions)),
    Column("from cache", 5, |row, _| share(row.counts.hits, row.counts.questions)),
    Column("listed", 6, |row, _| {
        let counts = &row.counts;
        let judged = counts.listed.saturating_add(counts.not_listed).saturating_add(counts.unknown);
        share(counts.listed, judged)
    }),
];

pub(crate) const FAILURE: &[Column<FailedZone>] = &[
    Column("zone", 0, |row, _| word(row.zone.as_deref().unwrap_or("resolverd (overload)"))),
    Column("failed queries", 1, |row, _| count(row.questions)),
    Column("cause", 2, |row, _| word(&words::word(&row.culprit).replace('_', " "))),
    Column("state", 3, |row, _| match row.still_fails {
        StillFails::Yes => painted(("last one failed", Paint::Bad)),
        StillFails::No => painted(("works again", Paint::Good)),
        StillFails::Unknown => word("not known"),
    }),
    Column("last", 4, |row, context| Cell {
        text: (context.moment)(row.last),
        weight: Some(row.last),
        paint: Paint::Plain,
    }),
];

/// Returns the titles of the columns, sorted by rank, the lowest first.
pub(crate) fn titles<Row>(columns: &'static [Column<Row>]) -> Vec<&'static str> {
    by_rank(columns).map(|Column(title, ..)| *title).collect()
}

/// Returns the cells of a row, sorted by the rank of their columns, the lowest first.
pub(crate) fn cells<Row>(columns: &'static [Column<Row>], row: &Row, context: &Context<'_>) -> Vec<Cell> {
    by_rank(columns).map(|Column(_, _, show)| show(row, context)).collect()
}

fn by_rank<Row>(columns: &'static [Column<Row>]) -> impl Iterator<Item = &'static Column<Row>> {
    let mut sorted: Vec<&Column<Row>> = columns.iter().collect();
    sorted.sort_by_key(|Column(_, rank, _)| *rank);
    sorted.into_iter()
}

/// Returns the table of `rows`. `all` is the number of queries in all rows together, from which shares are computed.
pub(crate) fn table<'r, Row>(
    columns: &'static [Column<Row>],
    rows: impl IntoIterator<Item = &'r Row>,
    all: u64,
) -> TextTable {
    let context = Context { all, moment: &|at| at.to_string() };
    let cells = |row: &Row| columns.iter().map(|Column(_, _, show)| show(row, &context)).collect();
    let rows: Vec<Vec<Cell>> = rows.into_iter().map(cells).collect();
    let head = columns
        .iter()
        .enumerate()
        .map(|(place, Column(title, ..))| (*title, side(rows.iter().filter_map(|row| row.get(place)))));
    let mut table = TextTable::new(&head.collect::<Vec<_>>());
    for row in rows {
        table.row(row.into_iter().map(|cell| (cell.text, cell.paint)).collect());
    }
    table
}

/// Numbers are aligned to the right, words to the left.
pub(crate) fn side<'c>(mut cells: impl Iterator<Item = &'c Cell>) -> Align {
    if cells.any(|cell| cell.weight.is_some()) { Align::Right } else { Align::Left }
}

pub(super) fn word(text: &str) -> Cell {
    Cell { text: harmless(text), weight: None, paint: Paint::Plain }
}

pub(super) fn count(number: u64) -> Cell {
    Cell { text: words::number(number), weight: Some(number as f64), paint: Paint::Plain }
}

pub(super) fn painted((text, paint): (&str, Paint)) -> Cell {
    Cell { paint, ..word(text) }
}

/// The cell has the text `none` if there is no number.
pub(super) fn number(text: Option<String>, none: &str) -> Cell {
    Cell { weight: Some(0.0), ..word(&text.unwrap_or_else(|| none.to_owned())) }
}

pub(super) fn fault(number: u64) -> Cell {
    Cell { paint: if number > 0 { Paint::Bad } else { Paint::Plain }, ..count(number) }
}

pub(super) fn time(seconds: f64) -> Cell {
    Cell { text: words::time(seconds), weight: Some(seconds), paint: Paint::Plain }
}

fn round_trip(seconds: f64) -> Cell {
    Cell { text: words::round_trip(seconds), ..time(seconds) }
}

pub(super) fn share(part: u64, of: u64) -> Cell {
    let weight = if of == 0 { 0.0 } else { part as f64 / of as f64 };
    Cell { text: words::percent_of(part, of), weight: Some(weight), paint: Paint::Plain }
}

/// Creates the cell with the verdict about a zone or a server. Faults have the colour of bad cells, except in the row `other`,
/// which is the sum of the zones or servers without a row of their own.
pub(super) fn verdict(key: &str, verdict: &str) -> Cell {
    Cell { paint: if blames(verdict) && key != OTHER { Paint::Bad } else { Paint::Plain }, ..word(verdict) }
}

/// Returns the first cell of a row. The row `other` is the sum of all that have no row of their own.
pub(super) fn key(key: &str) -> Cell {
    word(if key == OTHER { "all others" } else { key })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_strangers_are_harmless() {
        assert_eq!(key("a\u{1b}[2J\u{202e}.example.").text, "a\\u{1b}[2J\\u{202e}.example.");
    }
}
