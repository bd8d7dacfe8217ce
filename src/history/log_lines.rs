//! Which failed and slow questions have a line in the log.
//!
//! Pure: its input is questions with their moments, its output the lines. The first failure of a zone in an hour has a line, and one of the
//! slow questions that waited for a flight. The others are counted, and one line has their number: of failures after the hour, of slow
//! questions after the minute.
//!
//! # Decisions
//!
//! - A failure has no line of its own while the log has one about the same cause: no server on the internet answers, the
//!   zone is reported as failing, or the DNS list as not answering. It is counted.
//! - A zone whose first failure had a line has a second one if it goes on to fail (`incident`). That one is a warning, and
//!   its end has a line too.
//! - The lines of a minute are bounded, because spam names many dead domains. The line about overload is not one of them, because a flood
//!   has many dead domains too.
//! - At the end of the process the sums are logged at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::failure::FailedQuestion;
use super::line::{Line, LogText};
use crate::limits::{FAILURE_LINES_A_MINUTE, MAX_FAILING_ZONES, SLOW_LINES_A_MINUTE, SUMMARY_ZONES};
use dns::clock::Mono;
use dns::question::name_of_wire;

/// The time in which a zone has one line.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The time for which `FAILURE_LINES_A_MINUTE` and `SLOW_LINES_A_MINUTE` apply.
const MINUTE: Duration = Duration::from_secs(60);

/// The failed and slow questions that the log knows.
#[derive(Debug, Default)]
pub(super) struct LogLines {
    /// At most `MAX_FAILING_ZONES`, in wire form; the empty one is that of questions which this resolver turned away.
    zones: BTreeMap<Box<[u8]>, ZoneLines>,
    /// The begin of the minute, and the lines about failed and slow questions written in it.
    minute: Mono,
    failed: u32,
    slow: u32,
    /// The flights of the lines about slow questions.
    flights: BTreeSet<u64>,
    /// Slow questions of the minute without a line.
    more_slow: u64,
    /// Since the first failure without a line, and the number of these.
    hour: Mono,
    more_failed: u64,
}

#[derive(Debug)]
struct ZoneLines {
    /// When a line was written about it.
    logged: Option<Mono>,
    /// The last failure.
    last: Mono,
    /// Failures without a line in this hour.
    counted: u64,
}

impl LogLines {
    /// A question has failed. `is_logged`: the log has a line about its cause.
    pub(super) fn failed(&mut self, failed: &FailedQuestion<'_>, is_logged: bool, now: Mono) -> Option<Line> {
        self.make_room(&failed.zone);
        let new = ZoneLines { logged: None, last: now, counted: 0 };
        let zone = self.zones.entry(failed.zone.clone()).or_insert(new);
        zone.last = now;
        let is_due = !is_logged && zone.logged.is_none_or(|logged| now.since(logged) >= HOUR);
        if is_due && (self.failed < FAILURE_LINES_A_MINUTE || failed.is_turned_away()) {
            zone.logged = Some(now);
            self.failed = self.failed.saturating_add(u32::from(!failed.is_turned_away()));
            return Some(Line::Query(Box::new(LogText::failed(failed))));
        }
        zone.counted = zone.counted.saturating_add(1);
        self.count(1, now);
        None
    }

    /// Counts failed questions without a line, also those that were overwritten in the record before they were read.
    pub(super) fn count(&mut self, failed: u64, now: Mono) {
        if self.more_failed == 0 {
            self.hour = now;
        }
        self.more_failed = self.more_failed.saturating_add(failed);
    }

    /// Returns true if a slow question has a line; it is counted if not. `flight`: the one that it waited for.
    pub(super) fn has_room_for_slow(&mut self, flight: Option<u64>) -> bool {
        let is_logged = flight.is_some_and(|flight| self.flights.contains(&flight));
        let has_room = !is_logged && self.slow < SLOW_LINES_A_MINUTE;
        if has_room {
            self.slow = self.slow.saturating_add(1);
            self.flights.extend(flight);
        } else {
            self.more_slow = self.more_slow.saturating_add(1);
        }
        has_room
    }

    /// Time has passed: the lines about what was counted in the minute and the hour, if they are over. It is called before the
    /// questions that have ended since.
    pub(super) fn tick(&mut self, now: Mono) -> Vec<Line> {
        let mut lines = Vec::new();
        if now.since(self.minute) >= MINUTE {
            lines.extend(self.slow_line());
            (self.minute, self.failed, self.slow) = (now, 0, 0);
            self.flights.clear();
        }
        if now.since(self.hour) >= HOUR {
            lines.extend(self.failed_line(now));
        }
        lines
    }

    /// Like `tick`, for the minute and the hour so far.
    pub(super) fn finish(&mut self, now: Mono) -> Vec<Line> {
        self.slow_line().into_iter().chain(self.failed_line(now)).collect()
    }

    fn slow_line(&mut self) -> Option<Line> {
        let queries = std::mem::take(&mut self.more_slow);
        (queries > 0).then_some(Line::QueriesSlow { queries })
    }

    fn failed_line(&mut self, now: Mono) -> Option<Line> {
        let queries = std::mem::take(&mut self.more_failed);
        if queries == 0 {
            return None;
        }
        let counted = self.zones.iter().filter(|(name, zone)| zone.counted > 0 && !name.is_empty());
        let mut zones: Vec<(u64, &[u8])> = counted.map(|(name, zone)| (zone.counted, &**name)).collect();
        zones.sort_by_key(|(counted, _)| std::cmp::Reverse(*counted));
        let most = zones.iter().take(SUMMARY_ZONES);
        let most = most.map(|(counted, name)| (name_of_wire(name), *counted)).collect();
        let zones = zones.len();
        self.zones.retain(|_, zone| {
            zone.counted = 0;
            zone.logged.is_some_and(|logged| now.since(logged) < HOUR)
        });
        Some(Line::QueriesFailed { queries, zones, most })
    }

    /// Makes room for a new zone: the one whose last failure is longest ago goes, first one without a line.
    fn make_room(&mut self, zone: &[u8]) {
        if self.zones.len() < MAX_FAILING_ZONES || self.zones.contains_key(zone) {
            return;
        }
        let quietest = self.zones.iter().min_by_key(|(_, zone)| (zone.logged.is_some(), zone.last));
        if let Some(quietest) = quietest.map(|(zone, _)| zone.clone()) {
            self.zones.remove(&quietest);
        }
    }
}
