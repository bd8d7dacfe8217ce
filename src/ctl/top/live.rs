//! The state of `resolverctl top`: the last replies, and what the user looks at. Pure: it changes by replies and keys.

use super::keys::TopKey;
use super::page::{PageWanted, WhyPage};
use super::table::{TopRow, TopTable, all_queries, row, sort};
use crate::limits::{TOP_LATE, TOP_PAGE};
use crate::render::columns::Context;
use control::protocol::{Reply, Stats};
use dns::question::Outcome;
use history::Window;

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
    /// Queries to servers.
    pub messages: u64,
    /// The time.
    pub seconds: f64,
}

/// The work that follows a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopAct {
    /// Only the screen changed.
    Draw,
    /// Read the table now.
    Read,
    /// Read the messages of the page.
    Why,
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
    /// Whether the rows belong to the table and the window.
    is_read: bool,
    /// The name of the selected row. None: the first one.
    selected: Option<String>,
    readings: [Option<Reading>; 2],
    /// The time of the last reading, in seconds since 1970.
    replied: Option<f64>,
    /// When the daemon was asked for a reading that it has not answered yet.
    asked: Option<f64>,
    /// Since when the daemon does not answer, and why.
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
            replied: None,
            asked: None,
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

    /// The table, and the time that it covers: lists have counters since the start.
    pub fn span(&self) -> (TopTable, Window) {
        let window = if self.table == TopTable::Lists { Window::Start } else { self.window };
        (self.table, window)
    }

    /// The column by which the table is sorted, and whether in the other direction.
    pub fn order(&self) -> (usize, bool) {
        (self.column, self.is_reversed)
    }

    /// The rows in their order.
    pub fn rows(&self) -> &[TopRow] {
        &self.rows
    }

    /// Whether the rows belong to the table: false until the first reply after a change.
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
    pub(crate) fn is_help(&self) -> bool {
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

    /// The trouble with the daemon in a sentence at the moment `now`, if there is one: then the rates are old.
    pub fn trouble(&self, now: f64) -> Option<String> {
        let time = |at| self.time_of_day(at);
        if let Some((since, why)) = &self.away {
            return Some(format!(
                "no reply from resolverd since {} ({why}); resolverctl tries again",
                time(*since)
            ));
        }
        let asked = self.asked.filter(|asked| now - asked >= TOP_LATE.as_secs_f64())?;
        let since = time(self.replied.unwrap_or(asked));
        Some(format!(
            "no reply from resolverd since {since}; if this continues, see `systemctl status resolverd`"
        ))
    }

    /// The restart of the daemon in a sentence, if it was seen a short time ago.
    pub fn restart(&self) -> Option<String> {
        let at = self.time_of_day(self.restarted?);
        Some(format!("resolverd restarted at {at}; its counters began anew"))
    }

    /// A moment as a time of day, in whole seconds.
    pub fn time_of_day(&self, at: f64) -> String {
        let time = (self.time_of_day)(at);
        time.split('.').next().unwrap_or_default().to_owned()
    }

    /// Notes that the daemon was asked for a reading at `now`.
    pub fn ask(&mut self, now: f64) {
        self.asked = Some(now);
    }

    /// Whether the daemon was asked for a reading that it has not answered yet.
    pub fn is_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// Takes the counters since the start and the rows of a table, which were read at `now`.
    pub fn read(&mut self, stats: &Stats, wanted: (TopTable, Window), replies: &[Reply], now: f64) {
        (self.away, self.asked, self.replied) = (None, None, Some(now));
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
            let context = Context { all: all_queries(replies), moment: &self.time_of_day };
            let row = |reply| row(self.table, reply, &context);
            self.rows = replies.iter().filter_map(row).collect();
            self.is_read = true;
            self.sort();
        }
    }

    /// Takes the failure of a reading at `now`.
    pub fn failed(&mut self, sentence: String, now: f64) {
        self.asked = None;
        self.away = Some((self.replied.unwrap_or(now), sentence));
        self.replied = self.replied.or(Some(now));
    }

    /// The page that is open and has no lines yet.
    pub fn unexplained(&self) -> Option<PageWanted> {
        self.why.as_ref().filter(|page| page.lines.is_none()).map(WhyPage::wanted)
    }

    /// Takes the text of a page, unless the user has left it.
    pub fn explained(&mut self, wanted: &PageWanted, text: &str) {
        if let Some(page) = self.why.as_mut().filter(|page| page.wanted() == *wanted) {
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
            TopKey::First => self.select(|_| 0),
            TopKey::Last => self.select(|_| usize::MAX),
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
            TopKey::Last => last,
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
        let (_, window) = self.span();
        self.why = Some(WhyPage { subject: row.subject.clone(), window, lines: None, first: 0 });
        TopAct::Why
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
