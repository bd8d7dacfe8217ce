//! The results of the benchmark: a column for each resolver, with the medians of its runs.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use super::super::traffic::Played;
use super::Run;
use crate::mails::MailKind;

pub(super) struct Column {
    pub(super) head: String,
    pub(super) runs: Vec<Run>,
}

/// A median, in some rows with a second one in brackets. Empty if the resolver does not report these numbers.
type Cell = Vec<f64>;

#[derive(Clone, Debug)]
struct Row {
    title: String,
    cells: Vec<Cell>,
    decimals: usize,
}

/// The table with the results. `Display` writes it as text.
#[derive(Clone, Debug)]
pub struct Table {
    heads: Vec<String>,
    rows: Vec<Row>,
}

pub(super) fn from_columns(columns: &[Column]) -> Table {
    let mut rows = Vec::new();
    let mut row = |title: &str, decimals, cell: &dyn Fn(&[Run]) -> Cell| {
        let cells = columns.iter().map(|column| cell(&column.runs)).collect();
        rows.push(Row { title: title.to_owned(), decimals, cells });
    };
    for kind in MailKind::ALL.map(Some).into_iter().chain([None]) {
        let title = kind.map_or("all", MailKind::title);
        row(title, 0, &|runs| [0, 1].map(|place| median(runs, |run| times(run, kind)[place])).to_vec());
    }
    let count = |run: &Run| run.played.len().max(1) as f64;
    let each = |sum: u64, run: &Run| sum as f64 / count(run);
    row("queries of clients, for each mail", 1, &|runs| vec![median(runs, |run| each(run.asked[0], run))]);
    row("of them to DNS lists", 1, &|runs| vec![median(runs, |run| each(run.asked[1], run))]);
    row("queries to servers, for each mail", 1, &|runs| vec![median(runs, |run| each(run.sent[0], run))]);
    row("of them to dead and lame servers", 2, &|runs| vec![median(runs, |run| each(run.to_broken, run))]);
    row("of them to DNS lists", 1, &|runs| vec![median(runs, |run| each(run.sent[1], run))]);
    row("asked ahead, for each mail (used)", 1, &|runs| {
        pair(runs, |run| Some(run.ahead?.map(|count| each(count, run))))
    });
    row("failed questions", 0, &|runs| vec![median(runs, |run| f64::from(failed(run)))]);
    row("CPU ms, for each mail", 2, &|runs| vec![median(runs, |run| millis(run.cpu) / count(run))]);
    let kinds: BTreeSet<_> =
        columns.iter().flat_map(|column| &column.runs).flat_map(|run| run.waits.keys().copied()).collect();
    for kind in kinds {
        row(&format!("waited ms: {kind}"), 1, &|runs| {
            let wait = |run: &Run| run.waits.get(kind).map_or(0.0, |sum| millis(*sum)) / count(run);
            vec![median(runs, wait)]
        });
    }
    row("signed domains found secure (signed)", 0, &|runs| {
        pair(runs, |run| Some(run.secure?.map(|count| count as f64)))
    });
    // A row without numbers is left out. For example, only runs with installed resolvers count secure answers.
    rows.retain(|row| row.cells.iter().any(|cell| !cell.is_empty()));
    Table { heads: columns.iter().map(|column| column.head.clone()).collect(), rows }
}

/// Returns the medians of two numbers. Returns an empty cell if a run does not have them.
fn pair(runs: &[Run], figures: impl Fn(&Run) -> Option<[f64; 2]>) -> Cell {
    let Some(pairs) = runs.iter().map(figures).collect::<Option<Vec<_>>>() else { return Cell::new() };
    [0, 1].map(|place| middle(pairs.iter().map(|pair| pair[place]).collect())).to_vec()
}

fn failed(run: &Run) -> u32 {
    run.played.iter().map(|(_, played)| played.failed).sum()
}

/// Returns the mean time of the emails of a kind (of all emails if `kind` is `None`), and the time that one in a hundred exceeds, in
/// milliseconds.
fn times(run: &Run, kind: Option<MailKind>) -> [f64; 2] {
    let is_meant = |played: &&(MailKind, Played)| kind.is_none_or(|kind| kind == played.0);
    let mut times: Vec<f64> =
        run.played.iter().filter(is_meant).map(|(_, played)| millis(played.elapsed)).collect();
    times.sort_by(f64::total_cmp);
    let mean = times.iter().sum::<f64>() / times.len().max(1) as f64;
    [mean, times.get(times.len() * 99 / 100).copied().unwrap_or_default()]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn median(runs: &[Run], figure: impl Fn(&Run) -> f64) -> f64 {
    middle(runs.iter().map(figure).collect())
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

impl Row {
    fn shown(&self) -> Vec<String> {
        let figure = |value: &f64| format!("{value:.*}", self.decimals);
        let cell = |cell: &Cell| match cell.as_slice() {
            [first, second] => format!("{} ({})", figure(first), figure(second)),
            [first] => figure(first),
            _ => "-".to_owned(),
        };
        self.cells.iter().map(cell).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ("mean ms of a message's DNS (p99)", self.heads.clone());
        let rows = self.rows.iter().map(|row| (row.title.as_str(), row.shown()));
        for (title, cells) in [heads].into_iter().chain(rows) {
            write!(formatter, "{title:46}")?;
            cells.iter().try_for_each(|cell| write!(formatter, "{cell:>14}"))?;
            writeln!(formatter)?;
        }
        Ok(())
    }
}
