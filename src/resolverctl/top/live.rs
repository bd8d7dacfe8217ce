//! The state of `resolverctl top`: the last replies of the daemon, and the selected table, period and order. Only replies and
//! keys change this state.

use std::collections::BTreeMap;

use super::keys::TopKey;
use super::table::{TopRow, TopTable, rows_of, sort};
use crate::limits::{TOP_PAGE, TOP_TREND};
use dns::question::Outcome;
use protocol::{FailedRequest, Reply, Request, Stats, Table};
use record::Window;
use record::limits::STORED_TIME;

/// The periods, in the order in which the key `w` selects them.
const WINDOWS: [Window; 4] = [Window::Minute, Window::FiveMinutes, Window::Hour, Window::Start];

#[derive(Clone, Debug, PartialEq)]
struct Reading {
    version: String,
    uptime: f64,
    questions: u64,
    cache: u64,
    failed: u64,
    messages: u64,
}

/// The numbers of queries between two readings of the daemon's counters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Queries of clients that ended.
    pub questions: u64,
    /// How many of them were answered from the cache.
    pub cache: u64,
    /// How many of them were answered with SERVFAIL.
    pub failed: u64,
    /// Queries that the daemon sent to servers.
    pub messages: u64,
    /// Time between the two readings, in seconds.
    pub seconds: f64,
}

/// What the command must do after a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopAct {
    /// Draw the screen again.
    Draw,
    /// Ask the daemon for the rows immediately.
    Read,
    /// End the command.
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
    /// For each row, by its name: its values (`TopRow::figure`) at the last updates of the screen, the latest value last.
    trends: BTreeMap<String, Vec<f64>>,
    /// False until the daemon has sent the rows of the selected table and period.
    is_read: bool,
    /// Index of the first visible row.
    first: usize,
    readings: [Option<Reading>; 2],
    /// The time of the last reply, in seconds since 1970.
    replied: Option<f64>,
    /// The time since which the daemon does not answer, in seconds since 1970, and the reason.
    away: Option<(f64, String)>,
    is_help: bool,
    time_of_day: fn(f64) -> String,
    /// True if the screen has colours.
    pub is_colored: bool,
}

impl TopLive {
    /// Creates the state before the first reply of the daemon.
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
            trends: BTreeMap::new(),
            is_read: false,
            first: 0,
            readings: [None, None],
            replied: None,
            away: None,
            is_help: false,
            time_of_day,
            is_colored,
        }
    }

    /// Returns the selected table.
    pub fn table(&self) -> TopTable {
        self.table
    }

    /// Returns the period of the table. For DNS lists, it is always the time since the start, because the daemon counts nothing
    /// else for lists.
    pub fn window(&self) -> Window {
        if self.table == TopTable::Lists { Window::Start } else { self.window }
    }

    /// Returns the request for the rows of the selected table. `now` is in seconds since 1970.
    pub fn request(&self, now: f64) -> Request {
        let stats = |table| Request::Stats { window: self.window, table: Some(table) };
        match self.table {
            TopTable::Zones => stats(Table::Zone),
            TopTable::Servers => stats(Table::Server),
            TopTable::Clients => stats(Table::Client),
            TopTable::Users => stats(Table::User),
            TopTable::Lists => Request::Dnsbl { list: None },
            TopTable::Failures => {
                let length = self.window.length().unwrap_or(STORED_TIME);
                Request::Failed(FailedRequest { from: now - length.as_secs_f64(), zone: None, client: None })
            }
        }
    }

    /// Returns the index of the column that sorts the rows, and true for the reversed order.
    pub fn order(&self) -> (usize, bool) {
        (self.column, self.is_reversed)
    }

    /// Returns the rows in the order of the screen.
    pub fn rows(&self) -> &[TopRow] {
        &self.rows
    }

    /// Returns the last values of the row, at most `most`, the latest last.
    pub(super) fn trend(&self, row: &TopRow, most: usize) -> &[f64] {
        let numbers = self.trends.get(row.name()).map(Vec::as_slice).unwrap_or_default();
        numbers.get(numbers.len().saturating_sub(most)..).unwrap_or_default()
    }

    /// Returns false after the selection of another table until the daemon has replied.
    pub fn is_read(&self) -> bool {
        self.is_read
    }

    /// Returns the index of the first visible row.
    pub fn first(&self) -> usize {
        self.first.min(self.rows.len().saturating_sub(1))
    }

    pub(crate) fn is_help(&self) -> bool {
        self.is_help
    }

    /// Returns the version of the daemon and the seconds since its start; `None` before its first reply.
    pub fn daemon(&self) -> Option<(&str, f64)> {
        self.readings.last()?.as_ref().map(|last| (last.version.as_str(), last.uptime))
    }

    /// Returns the rates between the last two replies; `None` before the second reply of a daemon process.
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

    /// Returns a sentence if the daemon does not answer. The rates are then outdated.
    pub fn trouble(&self) -> Option<String> {
        let (since, why) = self.away.as_ref()?;
        let since = self.time_of_day(*since);
        Some(format!("last reply of resolverd at {since} ({why}); resolverctl tries again"))
    }

    /// Returns the local time of day in whole seconds. `at` is in seconds since 1970.
    pub fn time_of_day(&self, at: f64) -> String {
        let time = (self.time_of_day)(at);
        time.split('.').next().unwrap_or_default().to_owned()
    }

    /// Stores the counters of the daemon since its start, and the rows of the table. `now` is in seconds since 1970.
    pub fn read(&mut self, stats: &Stats, replies: &[Reply], now: f64) {
        (self.away, self.replied) = (None, Some(now));
        let reading = Reading::from_stats(stats);
        let [_, last] = &mut self.readings;
        // The counters of two daemon processes cannot be compared. A smaller uptime means that the daemon was restarted.
        let before = last.take().filter(|before| before.uptime <= reading.uptime);
        self.readings = [before, Some(reading)];
        self.rows = rows_of(self.table, replies, &self.time_of_day);
        self.is_read = true;
        let mut before = std::mem::take(&mut self.trends);
        for row in &self.rows {
            let mut numbers = before.remove(row.name()).unwrap_or_default();
            numbers.drain(..numbers.len().saturating_sub(TOP_TREND - 1));
            numbers.push(row.figure());
            self.trends.insert(row.name().to_owned(), numbers);
        }
        self.sort();
    }

    /// Stores why the daemon did not reply at the time `now`, in seconds since 1970.
    pub fn failed(&mut self, sentence: String, now: f64) {
        self.away = Some((*self.replied.get_or_insert(now), sentence));
    }

    /// Changes the state for a key, and returns what the command must do next.
    pub fn press(&mut self, key: TopKey) -> TopAct {
        match key {
            TopKey::Quit => return TopAct::End,
            TopKey::Back if !self.is_help => return TopAct::End,
            TopKey::Help => self.is_help = !self.is_help,
            _ if self.is_help => self.is_help = false,
            TopKey::Back => {}
            TopKey::Table(table) => return self.show((table, self.window)),
            TopKey::NextTable => return self.step(1),
            TopKey::PreviousTable => return self.step(TopTable::ALL.len() - 1),
            TopKey::Window => return self.show((self.table, next(&WINDOWS, self.window, 1))),
            TopKey::Sort => {
                self.column = (self.column + 1) % self.table.columns().len();
                self.is_reversed = false;
                self.sort();
            }
            TopKey::Reverse => {
                self.is_reversed = !self.is_reversed;
                self.sort();
            }
            TopKey::Down => self.first = self.first().saturating_add(1),
            TopKey::Up => self.first = self.first().saturating_sub(1),
            TopKey::PageDown => self.first = self.first().saturating_add(TOP_PAGE),
            TopKey::PageUp => self.first = self.first().saturating_sub(TOP_PAGE),
            TopKey::First => self.first = 0,
            TopKey::Last => self.first = usize::MAX,
        }
        TopAct::Draw
    }

    fn step(&mut self, by: usize) -> TopAct {
        self.show((next(&TopTable::ALL, self.table, by), self.window))
    }

    /// Selects a table and a period. The command must then ask the daemon for the rows immediately.
    fn show(&mut self, (table, window): (TopTable, Window)) -> TopAct {
        if table != self.table {
            (self.column, self.is_reversed, self.first) = (TopTable::FIRST_SORT, false, 0);
            self.rows.clear();
        }
        self.trends.clear();
        (self.table, self.window, self.is_read) = (table, window, false);
        TopAct::Read
    }

    fn sort(&mut self) {
        sort(&mut self.rows, self.column, self.is_reversed);
    }
}

/// Returns the element `by` positions after `value`. After the last element, the list starts again.
fn next<Value: Copy + PartialEq>(values: &[Value], value: Value, by: usize) -> Value {
    let place = values.iter().position(|other| *other == value).unwrap_or(0);
    let place = (place + by) % values.len().max(1);
    values.get(place).copied().unwrap_or(value)
}

impl Reading {
    fn from_stats(stats: &Stats) -> Self {
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
