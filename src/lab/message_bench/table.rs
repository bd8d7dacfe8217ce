//! The table: medians of the runs, a column for each resolver.

use std::fmt;
use std::time::Duration;

use super::super::traffic::Played;
use super::figures::{Measured, Options, Run};
use super::mails::MailKind;

/// A row: its title and a cell for each resolver.
#[derive(Clone, Debug)]
struct Row {
    title: String,
    cells: Vec<String>,
}

/// The table, as text in `Display`.
#[derive(Clone, Debug)]
pub struct Table {
    heads: Vec<&'static str>,
    rows: Vec<Row>,
    /// The medians of all messages' means, for tests: milliseconds for each resolver.
    means: Vec<f64>,
    /// Failed questions of each resolver, of all runs.
    failed: Vec<u32>,
}

impl Table {
    /// The mean time of a message in milliseconds, for each resolver.
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// The questions that failed in all runs, for each resolver.
    pub fn failed(&self) -> &[u32] {
        &self.failed
    }
}

/// The table of the runs of each resolver, in the order of the options.
pub(super) fn of_columns(options: &Options, columns: &[Vec<Run>]) -> Table {
    let mut rows = Vec::new();
    let mut row = |title: String, cell: &dyn Fn(&[Run]) -> String| {
        rows.push(Row { title, cells: columns.iter().map(|runs| cell(runs)).collect() });
    };
    for kind in MailKind::ALL.map(Some).into_iter().chain([None]) {
        let title = kind.map_or("all", MailKind::title).to_owned();
        row(title, &|runs| {
            let [mean, late] = [0, 1].map(|place| median(runs, |run| times(run, kind)[place]));
            format!("{mean:.0} ({late:.0})")
        });
    }
    let each = |count: u64, run: &Run| count as f64 / run.played.len().max(1) as f64;
    row("messages to servers, for each mail".to_owned(), &|runs| {
        format!("{:.1}", median(runs, |run| each(run.sent[0], run)))
    });
    row("messages to lists, for each question to them".to_owned(), &|runs| {
        format!("{:.2}", median(runs, |run| run.sent[1] as f64 / run.asked_of_lists.max(1) as f64))
    });
    row("asked ahead, for each mail (used)".to_owned(), &|runs| {
        let [asked, used] = [0, 1].map(|place| median(runs, |run| each(run.ahead[place], run)));
        format!("{asked:.1} ({used:.1})")
    });
    row("failed questions".to_owned(), &|runs| format!("{:.0}", median(runs, |run| f64::from(failed(run)))));
    row("CPU ms, for each mail".to_owned(), &|runs| {
        format!("{:.2}", median(runs, |run| run.cpu.as_secs_f64() * 1_000.0 / run.played.len().max(1) as f64))
    });
    let kinds = columns.iter().flatten().flat_map(|run| run.waits.keys().copied());
    for kind in kinds.collect::<std::collections::BTreeSet<_>>() {
        row(format!("{kind}, mean of a question"), &|runs| {
            let wait =
                |run: &Run| run.waits.get(kind).map_or(0.0, |(count, sum)| millis(*sum) / f64::from(*count));
            format!("{:.1}", median(runs, wait))
        });
    }
    let head = |measured: &Measured| match measured {
        Measured::Off => "off",
        Measured::Rules => "rules",
        Measured::Learned => "learned",
        Measured::Limit => "limit",
        Measured::LimitAhead => "limit, ahead",
    };
    Table {
        heads: options.resolvers.iter().map(head).collect(),
        rows,
        means: columns.iter().map(|runs| median(runs, |run| times(run, None)[0])).collect(),
        failed: columns.iter().map(|runs| runs.iter().map(failed).sum()).collect(),
    }
}

fn failed(run: &Run) -> u32 {
    run.played.iter().map(|(_, played)| played.failed).sum()
}

/// The mean time of the messages of a kind, and that of the slowest of a hundred; in milliseconds.
fn times(run: &Run, kind: Option<MailKind>) -> [f64; 2] {
    let of = |played: &&(MailKind, Played)| kind.is_none_or(|kind| kind == played.0);
    let mut times: Vec<f64> =
        run.played.iter().filter(of).map(|(_, played)| millis(played.elapsed)).collect();
    times.sort_by(f64::total_cmp);
    let mean = times.iter().sum::<f64>() / times.len().max(1) as f64;
    [mean, times.get(times.len() * 99 / 100).copied().unwrap_or_default()]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn median(runs: &[Run], of: impl Fn(&Run) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:46}", "mean ms of a message's DNS (p99)")?;
        self.heads.iter().try_for_each(|head| write!(formatter, "{head:>14}"))?;
        writeln!(formatter)?;
        for row in &self.rows {
            write!(formatter, "{:46}", row.title)?;
            row.cells.iter().try_for_each(|cell| write!(formatter, "{cell:>14}"))?;
            writeln!(formatter)?;
        }
        Ok(())
    }
}
