//! The state of `resolverctl top`: the last replies, and what the user looks at. Pure: it changes by replies and keys.

use super::keys::TopKey;
use super::table::{TopRow, TopSubject, TopTable, rows, sort};
use crate::control::protocol::{Reply, Stats};
use crate::limits::TOP_PAGE;
use crate::question::Outcome;
use crate::record::Window;

/// The windows, in the order of their key.
const WINDOWS: [Window; 4] = [Window::Minute, Window::FiveMinutes, Window::Hour, Window::Start];

/// A reading of the counters since the start.
#[derive(Clone, Debug, PartialEq)]
struct Reading {
    version: String,
    uptime: f64,
    questions: u64,
    cache: u64,
    failed: u64,
    messages: u64,
}

/// The rates between two readings; times in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Queries of clients in this time.
    pub questions: u64,
    /// Queries that the cache answered.
    pub cache: u64,
    /// Queries that ended in SERVFAIL.
    pub failed: u64,
    /// Messages to servers.
    pub messages: u64,
    /// The time.
    pub seconds: f64,
}

/// The messages that waited for a row, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhyPage {
    /// The name of the row.
    pub title: String,
    /// The lines; none while they are read.
    pub lines: Option<Vec<String>>,
    /// The first line that is shown.
    pub first: usize,
}

/// The work that follows a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopAct {
    /// Only the screen changed.
    Draw,
    /// Read the table now.
    Read,
    /// Read the messages of this subject.
    Why(TopSubject),
    /// End.
    End,
}

/// The state of the screen.
#[derive(Clone, Debug)]
pub struct TopLive {
    table: TopTable,
    window: Window,
    column: usize,
    is_reversed: bool,
    rows: Vec<TopRow>,
    /// Whether the rows are those of the table and the window.
    is_read: bool,
    /// The name of the selected row. None: the first one.
    selected: Option<String>,
    readings: [Option<Reading>; 2],
    /// Since when the daemon does not answer, and why, in seconds since 1970.
    away: Option<(f64, String)>,
    /// When the daemon was seen to have restarted.
    restarted: Option<f64>,
    why: Option<WhyPage>,
    is_help: bool,
    /// Writes a moment as a time of day.
    time_of_day: fn(f64) -> String,
    /// Whether the screen has colours.
    pub is_colored: bool,
}

impl TopLive {
    /// The screen before the first reply.
    pub fn new(
        (table, window): (TopTable, Window),
        time_of_day: fn(f64) -> String,
        is_colored: bool,
    ) -> Self {
        Self {
            table,
            window,
            column: TopTable::FIRST_SORT,
            is_reversed: false,
            rows: Vec::new(),
            is_read: false,
            selected: None,
            readings: [None, None],
            away: None,
            restarted: None,
            why: None,
            is_help: false,
            time_of_day,
            is_colored,
        }
    }

    /// The table and the window that are wanted.
    pub fn wanted(&self) -> (TopTable, Window) {
        (self.table, self.window)
    }

    /// The column by which the table is sorted, and whether in the other direction.
    pub fn order(&self) -> (usize, bool) {
        (self.column, self.is_reversed)
    }

    /// The rows in their order.
    pub fn rows(&self) -> &[TopRow] {
        &self.rows
    }

    /// Whether the rows are those of the table: false until the first reply after a change.
    pub fn is_read(&self) -> bool {
        self.is_read
    }

    /// The place of the selected row.
    pub fn selected(&self) -> usize {
        let place = |name: &String| self.rows.iter().position(|row| row.name() == name);
        self.selected.as_ref().and_then(place).unwrap_or(0)
    }

    /// The page about a row, if it is open.
    pub fn why(&self) -> Option<&WhyPage> {
        self.why.as_ref()
    }

    /// Whether the keys are shown.
    pub fn is_help(&self) -> bool {
        self.is_help
    }

    /// The version of the daemon, and the time since its start; none before the first reading.
    pub fn daemon(&self) -> Option<(&str, f64)> {
        self.readings.last()?.as_ref().map(|last| (last.version.as_str(), last.uptime))
    }

    /// The rates between the last two readings; none before the second one of this process.
    pub fn rates(&self) -> Option<Rates> {
        let [Some(before), Some(last)] = &self.readings else { return None };
        let seconds = last.uptime - before.uptime;
        (seconds > 0.0).then(|| Rates {
            questions: last.questions.saturating_sub(before.questions),
            cache: last.cache.saturating_sub(before.cache),
            failed: last.failed.saturating_sub(before.failed),
            messages: last.messages.saturating_sub(before.messages),
            seconds,
        })
    }

    /// The trouble with the daemon in a sentence, if there is one.
    pub fn trouble(&self) -> Option<String> {
        let time = self.time_of_day;
        match (&self.away, self.restarted) {
            (Some((since, why)), _) => {
                Some(format!("no reply from resolverd since {}: {why}; it is asked again", time(*since)))
            }
            (None, Some(at)) => Some(format!("resolverd restarted at {}; its counters began anew", time(at))),
            (None, None) => None,
        }
    }

    /// A moment as a time of day.
    pub fn time_of_day(&self, at: f64) -> String {
        (self.time_of_day)(at)
    }

    /// Takes the counters since the start and the rows of a table, which were read at `now`.
    pub fn read(&mut self, stats: &Stats, wanted: (TopTable, Window), replies: &[Reply], now: f64) {
        self.away = None;
        let reading = Reading::of(stats);
        let [_, last] = &mut self.readings;
        let before = last.replace(reading.clone());
        if before.as_ref().is_some_and(|before| reading.uptime < before.uptime) {
            self.restarted = Some(now - reading.uptime);
            self.readings = [None, Some(reading)];
        } else {
            let restarted_long_ago = self.restarted.is_some_and(|at| now - at > RESTART_SHOWN);
            self.restarted = self.restarted.filter(|_| !restarted_long_ago);
            self.readings = [before, Some(reading)];
        }
        // The user may have changed the table meanwhile.
        if wanted == self.wanted() {
            self.rows = rows(self.table, replies, &self.time_of_day);
            self.is_read = true;
            self.sort();
        }
    }

    /// Takes the failure of a reading at `now`.
    pub fn failed(&mut self, sentence: String, now: f64) {
        let since = self.away.as_ref().map_or(now, |(since, _)| *since);
        self.away = Some((since, sentence));
    }

    /// Takes the text about a row.
    pub fn explained(&mut self, text: &str) {
        if let Some(page) = &mut self.why {
            page.lines = Some(text.lines().map(str::to_owned).collect());
        }
    }

    /// Takes a key.
    pub fn press(&mut self, key: TopKey) -> TopAct {
        match key {
            TopKey::Quit => TopAct::End,
            TopKey::Help => self.drawn(|live| live.is_help = !live.is_help),
            TopKey::Back if self.is_help => self.drawn(|live| live.is_help = false),
            TopKey::Back if self.why.is_some() => self.drawn(|live| live.why = None),
            TopKey::Back => TopAct::End,
            _ if self.is_help => self.drawn(|live| live.is_help = false),
            _ if self.why.is_some() => self.press_in_why(key),
            TopKey::Table(table) => self.show((table, self.window)),
            TopKey::NextTable => self.step(1),
            TopKey::PreviousTable => self.step(TopTable::ALL.len() - 1),
            TopKey::Window => self.show((self.table, next(&WINDOWS, self.window, 1))),
            TopKey::Sort => self.drawn(|live| {
                live.column = (live.column + 1) % live.table.columns().len();
                live.is_reversed = false;
                live.sort();
            }),
            TopKey::Reverse => self.drawn(|live| {
                live.is_reversed = !live.is_reversed;
                live.sort();
            }),
            TopKey::Down => self.select(|place| place.saturating_add(1)),
            TopKey::Up => self.select(|place| place.saturating_sub(1)),
            TopKey::PageDown => self.select(|place| place.saturating_add(TOP_PAGE)),
            TopKey::PageUp => self.select(|place| place.saturating_sub(TOP_PAGE)),
            TopKey::First => self.drawn(|live| live.selected = None),
            TopKey::Why => self.open(),
        }
    }

    /// A key while the page about a row is open.
    fn press_in_why(&mut self, key: TopKey) -> TopAct {
        let Some(page) = &mut self.why else { return TopAct::Draw };
        let last = page.lines.as_ref().map_or(0, |lines| lines.len().saturating_sub(1));
        page.first = match key {
            TopKey::Down => page.first.saturating_add(1),
            TopKey::Up => page.first.saturating_sub(1),
            TopKey::PageDown => page.first.saturating_add(TOP_PAGE),
            TopKey::PageUp => page.first.saturating_sub(TOP_PAGE),
            TopKey::First => 0,
            _ => page.first,
        }
        .min(last);
        TopAct::Draw
    }

    /// Opens the page about the selected row.
    fn open(&mut self) -> TopAct {
        let Some(row) = self.rows.get(self.selected()).filter(|row| !row.is_rest) else {
            return TopAct::Draw;
        };
        let act = TopAct::Why(row.subject.clone());
        self.why = Some(WhyPage { title: row.name().to_owned(), lines: None, first: 0 });
        act
    }

    fn drawn(&mut self, change: impl FnOnce(&mut Self)) -> TopAct {
        change(self);
        TopAct::Draw
    }

    fn step(&mut self, by: usize) -> TopAct {
        self.show((next(&TopTable::ALL, self.table, by), self.window))
    }

    /// Shows another table or window: its rows are read at once.
    fn show(&mut self, (table, window): (TopTable, Window)) -> TopAct {
        if table != self.table {
            (self.column, self.is_reversed, self.selected) = (TopTable::FIRST_SORT, false, None);
            self.rows.clear();
        }
        (self.table, self.window, self.is_read) = (table, window, false);
        TopAct::Read
    }

    fn select(&mut self, place: impl FnOnce(usize) -> usize) -> TopAct {
        let place = place(self.selected()).min(self.rows.len().saturating_sub(1));
        self.selected = self.rows.get(place).map(|row| row.name().to_owned());
        TopAct::Draw
    }

    fn sort(&mut self) {
        sort(&mut self.rows, self.column, self.is_reversed);
    }
}

/// How long a restart of the daemon is shown, in seconds.
const RESTART_SHOWN: f64 = 60.0;

/// The value some steps behind another one, in a circle.
fn next<Value: Copy + PartialEq>(values: &[Value], value: Value, by: usize) -> Value {
    let place = values.iter().position(|other| *other == value).unwrap_or(0);
    let place = (place + by) % values.len().max(1);
    values.get(place).copied().unwrap_or(value)
}

impl Reading {
    fn of(stats: &Stats) -> Self {
        let report = &stats.report;
        let count = |wanted: fn(Outcome) -> bool| {
            report
                .outcomes
                .iter()
                .filter(|(outcome, _)| wanted(**outcome))
                .map(|(_, count)| count)
                .sum::<u64>()
        };
        Self {
            version: stats.version.clone(),
            uptime: report.uptime,
            questions: report.questions,
            cache: count(|outcome| outcome == Outcome::Cache),
            failed: count(Outcome::is_failure),
            messages: report.upstream.messages.values().sum(),
        }
    }
}
