//! The tables of `resolverctl top`: converts replies to rows, sorts them, and selects the columns that fit.

use std::cmp::Ordering;

use unicode_width::UnicodeWidthStr;

use crate::limits::TOP_TREND;
use crate::render::columns::{self, Cell, Context};
use crate::render::table::Align;
use crate::render::words;
use protocol::Reply;
use record::OTHER;

/// A table of `resolverctl top` that the user can select.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum TopTable {
    /// Zones, most time first.
    #[default]
    #[value(alias = "zone")]
    Zones,
    /// Servers, longest wait first.
    #[value(alias = "server")]
    Servers,
    /// DNS lists, slowest first.
    Lists,
    /// Clients, most queries first.
    #[value(alias = "client")]
    Clients,
    /// Local users, most cache misses first.
    #[value(alias = "user")]
    Users,
    /// Zones whose queries failed, most queries first.
    Failures,
}

impl TopTable {
    /// All tables, in the order of the keys 1 to 6, which select them.
    pub const ALL: [Self; 6] =
        [Self::Zones, Self::Servers, Self::Lists, Self::Clients, Self::Failures, Self::Users];

    /// Returns the name on the screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Zones => "zones",
            Self::Servers => "servers",
            Self::Lists => "lists",
            Self::Clients => "clients",
            Self::Users => "users",
            Self::Failures => "failures",
        }
    }

    /// Returns the sentence for a table without rows.
    pub const fn empty(self) -> &'static str {
        match self {
            Self::Zones => "no zone was resolved in this period",
            Self::Servers => "no server was queried in this period",
            Self::Lists => "no client queried a DNS list since start",
            Self::Clients => "no client sent a query in this period",
            Self::Users => "no query of a client on this host missed the cache in this period",
            Self::Failures => "no query failed in this period",
        }
    }

    /// Returns the titles of the columns, the most important one first. The first column has the name.
    pub fn columns(self) -> Vec<&'static str> {
        match self {
            Self::Zones => columns::titles(columns::ZONE),
            Self::Servers => columns::titles(columns::SERVER),
            Self::Lists => columns::titles(columns::LIST),
            Self::Clients => columns::titles(columns::CLIENT),
            Self::Users => columns::titles(columns::USER),
            Self::Failures => columns::titles(columns::FAILURE),
        }
    }

    /// Returns the line that is shown below the rows if the terminal has room.
    pub(crate) const fn legend(self) -> &'static str {
        match self {
            Self::Zones => "total time: the times of all resolutions of the zone (cache misses), added up",
            Self::Servers => "total wait: the sum of the times that all queries waited for the server",
            Self::Lists => "99 % answered in: 99 % of queries took at most this time; counted since start",
            Self::Clients => "overload: failed at once, because too many queries were in progress",
            Self::Users => "cache misses: estimated; sum of waits: how long all these queries took, added up",
            Self::Failures => "cause: `resolverctl failed` explains it; last: time of the last failed query",
        }
    }

    /// The index of the column that sorts the rows until the user selects another column.
    pub(crate) const FIRST_SORT: usize = 1;
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TopRow {
    /// One cell for each column. The first cell has the name.
    pub cells: Vec<Cell>,
    /// True if the row is the sum of all zones, servers or clients that have no row of their own.
    pub is_rest: bool,
}

impl TopRow {
    /// Returns the text of the first cell.
    pub fn name(&self) -> &str {
        self.cells.first().map_or("", |cell| &cell.text)
    }

    /// The number in the column by which the table is sorted when `resolverctl top` starts.
    pub(super) fn figure(&self) -> f64 {
        self.cells.get(TopTable::FIRST_SORT).and_then(|cell| cell.weight).unwrap_or(0.0)
    }
}

/// The bars of a sparkline, from the lowest to the highest.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Returns a bar for each number. The greatest number has the highest bar.
pub(super) fn sparkline(numbers: &[f64]) -> String {
    let most = numbers.iter().copied().fold(0.0, f64::max);
    let top = BARS.len().saturating_sub(1) as f64;
    let bar = |number: &f64| if most > 0.0 { (number / most * top).round() as usize } else { 0 };
    numbers.iter().filter_map(|number| BARS.get(bar(number))).collect()
}

/// Sparklines need a wider terminal than this, in columns.
const FULL: usize = 80;

/// The smallest width of a column with sparklines.
const LEAST_TREND: usize = 8;

/// Returns the width of the sparklines; 0 if they have no room.
pub(super) fn trend_width(width: usize) -> usize {
    let room = width.saturating_sub(FULL + GAP).min(TOP_TREND);
    if room < LEAST_TREND { 0 } else { room }
}

/// `time_of_day` formats a point in time.
pub(super) fn rows_of(
    table: TopTable,
    replies: &[Reply],
    time_of_day: &dyn Fn(f64) -> String,
) -> Vec<TopRow> {
    let queries = |reply: &Reply| if let Reply::Client(row) = reply { row.questions } else { 0 };
    let context = Context { all: replies.iter().map(queries).sum(), moment: time_of_day };
    let row = |reply: &Reply| {
        let (cells, is_rest) = match (table, reply) {
            (TopTable::Zones, Reply::Zone(row)) => {
                (columns::cells(columns::ZONE, row, &context), row.zone == OTHER)
            }
            (TopTable::Servers, Reply::Server(row)) => {
                (columns::cells(columns::SERVER, row, &context), row.server == OTHER)
            }
            (TopTable::Clients, Reply::Client(row)) => {
                (columns::cells(columns::CLIENT, row, &context), row.client == OTHER)
            }
            (TopTable::Users, Reply::User(row)) => {
                (columns::cells(columns::USER, row, &context), row.user == OTHER)
            }
            (TopTable::Lists, Reply::ListState(row)) => (columns::cells(columns::LIST, row, &context), false),
            (TopTable::Failures, Reply::FailedZone(row)) => {
                (columns::cells(columns::FAILURE, row, &context), false)
            }
            _ => return None,
        };
        Some(TopRow { cells, is_rest })
    };
    replies.iter().filter_map(row).collect()
}

/// Sorts the rows by one column.
pub fn sort(rows: &mut [TopRow], column: usize, is_reversed: bool) {
    rows.sort_by(|one, other| order(one, other, (column, is_reversed)));
}

/// Greater numbers come first, words are in alphabetical order, and the row that is the sum of the others comes last.
fn order(one: &TopRow, other: &TopRow, (column, is_reversed): (usize, bool)) -> Ordering {
    let cell = |row: &'_ TopRow| row.cells.get(column).map(|cell| (cell.weight, cell.text.clone()));
    let order = match (cell(one), cell(other)) {
        (Some((Some(one), _)), Some((Some(other), _))) => other.total_cmp(&one),
        (one, other) => one.map(|(_, text)| text).cmp(&other.map(|(_, text)| text)),
    };
    let order = if is_reversed { order.reverse() } else { order };
    one.is_rest.cmp(&other.is_rest).then(order).then_with(|| one.name().cmp(other.name()))
}

/// The least width of a column of words, in characters; a narrower column is not shown. On a wide terminal, the least width is larger: three
/// eighths of the terminal for a column of names, and five sixteenths for another column. Five sixteenths of 80 characters are 25, which
/// `ok: mean round trip 30 ms` needs.
const LEAST: usize = 16;

pub(super) const GAP: usize = 2;

/// A visible column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownColumn {
    /// The index in `TopTable::columns`.
    pub place: usize,
    /// The width, in characters.
    pub width: usize,
    /// The alignment of the text.
    pub side: Align,
}

/// Returns the columns for a terminal of this width. The first columns are the most important ones. If not all columns fit,
/// columns of words become narrower, and the last columns are left out. The remaining width goes to the columns of words, and
/// last to the name.
pub fn fit(table: TopTable, rows: &[TopRow], width: usize) -> Vec<ShownColumn> {
    let mut columns: Vec<ShownColumn> = Vec::new();
    let mut left = width;
    for (place, title) in table.columns().iter().enumerate() {
        let cells = || rows.iter().filter_map(move |row| row.cells.get(place));
        let wide = cells().map(|cell| cell.text.width()).max().unwrap_or(0).max(title.width());
        let side = columns::side(cells());
        let gap = if place == 0 { 0 } else { GAP };
        // A column of numbers is complete or not shown at all.
        let share = if place == 0 { width * 3 / 8 } else { width * 5 / 16 };
        let least = if side == Align::Right { wide } else { wide.min(share.max(LEAST)) };
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
        let title = table.columns().get(column.place).map_or(0, |title| title.width());
        let wide = cells.map(|cell| cell.text.width()).max().unwrap_or(0).max(title);
        let more = wide.saturating_sub(column.width).min(left);
        column.width = column.width.saturating_add(more);
        left = left.saturating_sub(more);
    }
    columns.rotate_right(names);
    columns
}

/// Adds spaces to the text of a cell, or cuts the text.
pub fn padded(text: &str, column: &ShownColumn) -> String {
    let text = words::cut(text, column.width);
    let gap = " ".repeat(column.width.saturating_sub(text.width()));
    match column.side {
        Align::Left => text + &gap,
        Align::Right => gap + &text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<TopRow> {
        let cell = |text: &str, weight: Option<f64>| Cell {
            text: text.to_owned(),
            weight,
            paint: crate::render::style::Paint::Plain,
        };
        let row = |name: &str, seconds: f64, failed: u64| TopRow {
            cells: vec![
                cell(name, None),
                cell(&words::time(seconds), Some(seconds)),
                cell("ok: mean round trip 14 ms", None),
                cell(&words::number(failed), Some(failed as f64)),
            ],
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

    // Words are sorted by the alphabet, and the row of the rest comes last.
    #[test]
    fn table_sorts_numbers_descending() {
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
    fn fitting_columns_show_whole_numbers() {
        let rows = rows();
        for width in 0..120 {
            let columns = fit(TopTable::Zones, &rows, width);
            let sum: usize = columns.iter().map(|column| column.width).sum();
            let gaps = columns.len().saturating_sub(1) * GAP;
            assert!(sum + gaps <= width, "{width}: {columns:?}");
            for column in columns.iter().filter(|column| column.side == Align::Right) {
                let cut = rows.iter().any(|row| {
                    row.cells.get(column.place).is_some_and(|cell| cell.text.width() > column.width)
                });
                assert!(!cut, "{width}: {columns:?}");
            }
        }
        assert_eq!(
            fit(TopTable::Zones, &rows, 40).iter().map(|column| column.place).collect::<Vec<_>>(),
            [0, 1, 2]
        );
    }
}
