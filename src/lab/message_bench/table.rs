//! The table: medians of the runs, a column for each resolver.

use std::fmt;
use std::time::Duration;

use super::super::traffic::Played;
use super::figures::{Checks, Run};
use super::mails::MailKind;

/// A resolver and its runs.
pub(super) struct Column {
    /// Its name.
    pub(super) head: String,
    /// A run for each seed.
    pub(super) runs: Vec<Run>,
}

/// The figures of a resolver in a row: a median, and a second one in brackets or none. Empty if it has none.
type Cell = Vec<f64>;

/// A row: its title and a cell for each resolver.
#[derive(Clone, Debug)]
struct Row {
    title: String,
    cells: Vec<Cell>,
    decimals: usize,
}

/// The table, as text in `Display`.
#[derive(Clone, Debug)]
pub struct Table {
    heads: Vec<String>,
    rows: Vec<Row>,
    /// Whether ratios to the first resolver follow.
    has_ratios: bool,
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

/// The table of the runs of each resolver, in this order.
pub(super) fn of_columns(columns: &[Column], has_ratios: bool) -> Table {
    let mut rows = Vec::new();
    let mut row = |title: &str, decimals, cell: &dyn Fn(&[Run]) -> Cell| {
        rows.push(Row {
            title: title.to_owned(),
            decimals,
            cells: columns.iter().map(|of| cell(&of.runs)).collect(),
        });
    };
    for kind in MailKind::ALL.map(Some).into_iter().chain([None]) {
        let title = kind.map_or("all", MailKind::title);
        row(title, 0, &|runs| [0, 1].map(|place| median(runs, |run| times(run, kind)[place])).to_vec());
    }
    let each = |count: u64, run: &Run| count as f64 / run.played.len().max(1) as f64;
    row("queries to servers, for each mail", 1, &|runs| vec![median(runs, |run| each(run.sent[0], run))]);
    row("of them to dead and lame servers", 2, &|runs| vec![median(runs, |run| each(run.to_broken, run))]);
    row("queries to lists, for each question to them", 2, &|runs| {
        vec![median(runs, |run| run.sent[1] as f64 / run.asked_of_lists.max(1) as f64)]
    });
    row("asked ahead, for each mail (used)", 1, &|runs| {
        pair(runs, |run| Some(run.ahead?.map(|count| each(count, run))))
    });
    row("failed questions", 0, &|runs| vec![median(runs, |run| f64::from(failed(run)))]);
    row("CPU ms, for each mail", 2, &|runs| {
        vec![median(runs, |run| millis(run.cpu) / run.played.len().max(1) as f64)]
    });
    let kinds = columns.iter().flat_map(|of| &of.runs).flat_map(|run| run.waits.keys().copied());
    for kind in kinds.collect::<std::collections::BTreeSet<_>>() {
        row(&format!("{kind}, mean of a question"), 1, &|runs| {
            let wait =
                |run: &Run| run.waits.get(kind).map_or(0.0, |(count, sum)| millis(*sum) / f64::from(*count));
            vec![median(runs, wait)]
        });
    }
    if has_ratios {
        let check = |of: fn(&Checks) -> [f64; 2]| move |run: &Run| run.checks.as_ref().map(of);
        let secure = check(|checks| checks.secure.map(|count| count as f64));
        row("signed domains found secure (signed)", 0, &|runs| pair(runs, secure));
        let lateness = check(|checks| checks.lateness.map(millis));
        row("delay of the lab itself, mean ms (most)", 1, &|runs| pair(runs, lateness));
        row("wait for a core, ms for each mail", 2, &|runs| {
            let waits = runs.iter().map(|run| Some(each(1, run) * millis(run.checks.as_ref()?.waited)));
            waits.collect::<Option<Vec<_>>>().map(|waits| vec![middle(waits)]).unwrap_or_default()
        });
    }
    Table {
        heads: columns.iter().map(|of| of.head.clone()).collect(),
        rows,
        has_ratios,
        means: columns.iter().map(|of| median(&of.runs, |run| times(run, None)[0])).collect(),
        failed: columns.iter().map(|of| of.runs.iter().map(failed).sum()).collect(),
    }
}

/// The medians of two figures; empty if a run does not have them.
fn pair(runs: &[Run], of: impl Fn(&Run) -> Option<[f64; 2]>) -> Cell {
    let Some(pairs) = runs.iter().map(of).collect::<Option<Vec<_>>>() else { return Cell::new() };
    [0, 1].map(|place| middle(pairs.iter().map(|pair| pair[place]).collect())).to_vec()
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
    middle(runs.iter().map(of).collect())
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

impl Row {
    /// Its cells as text.
    fn shown(&self) -> Vec<String> {
        let figure = |value: &f64| format!("{value:.*}", self.decimals);
        let cell = |cell: &Cell| match cell.as_slice() {
            [first, second] => format!("{} ({})", figure(first), figure(second)),
            [first] => figure(first),
            _ => "-".to_owned(),
        };
        self.cells.iter().map(cell).collect()
    }

    /// Its cells in units of the first one; none if that is empty or zero.
    fn ratios(&self) -> Option<Self> {
        let first = self.cells.first().filter(|of| of.first().is_some_and(|value| *value > 0.0))?;
        let ratio = |(value, unit): (&f64, &f64)| if *unit > 0.0 { value / unit } else { 0.0 };
        let cells = self.cells.iter().map(|cell| cell.iter().zip(first).map(ratio).collect());
        Some(Self { title: self.title.clone(), cells: cells.collect(), decimals: 2 })
    }
}

fn write_row(
    formatter: &mut fmt::Formatter<'_>,
    title: &str,
    cells: impl IntoIterator<Item = impl fmt::Display>,
) -> fmt::Result {
    write!(formatter, "{title:46}")?;
    cells.into_iter().try_for_each(|cell| write!(formatter, "{cell:>14}"))?;
    writeln!(formatter)
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_row(formatter, "mean ms of a message's DNS (p99)", &self.heads)?;
        self.rows.iter().try_for_each(|row| write_row(formatter, &row.title, row.shown()))?;
        if !self.has_ratios {
            return Ok(());
        }
        let first = self.heads.first().map(String::as_str).unwrap_or_default();
        write_row(formatter, &format!("\nin units of {first}"), &self.heads)?;
        let ratios = self.rows.iter().filter_map(Row::ratios);
        ratios.into_iter().try_for_each(|row| write_row(formatter, &row.title, row.shown()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_those_to_the_first_resolver() {
        let run = |millis, cpu| Run {
            played: vec![(
                MailKind::Spam,
                Played { elapsed: Duration::from_millis(millis), questions: 1, failed: 0 },
            )],
            cpu: Duration::from_millis(cpu),
            sent: [10, 0],
            ..Run::default()
        };
        let column = |head: &str, runs| Column { head: head.to_owned(), runs };
        let runs =
            [column("one", vec![run(200, 4)]), column("other", vec![run(10, 2), run(50, 1), run(90, 3)])];
        let plain = of_columns(&runs, false).to_string();
        let shown = of_columns(&runs, true).to_string();
        assert!(
            shown.starts_with(plain.lines().next().unwrap()) && !plain.contains("in units of"),
            "{plain}"
        );
        let ratios: Vec<Vec<&str>> = shown
            .lines()
            .skip_while(|line| !line.starts_with("in units of one"))
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert!(ratios.contains(&vec!["all", "1.00", "(1.00)", "0.25", "(0.25)"]), "{shown}");
        assert!(ratios.contains(&vec!["CPU", "ms,", "for", "each", "mail", "1.00", "0.50"]), "{shown}");
        assert!(!ratios.iter().flatten().any(|word| *word == "failed" || *word == "ahead,"), "{shown}");
    }
}
