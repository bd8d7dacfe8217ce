//! Decides which failed and slow questions are written to the log.
//!
//! The code reads no clock: its input is questions with their times, its output is log lines. A line is written for the first failure of a zone in an
//! hour. Of slow questions that waited for the same resolution (flight), only one is logged. Other failures and slow questions are only counted, and
//! one line reports their number: after the hour for failures, after the minute for slow questions.
//!
//! # Decisions
//!
//! - A failure is only counted if the log already has a line about the same cause: that no server on the internet answers, that the zone fails, or
//!   that the DNS list does not answer.
//! - If a zone continues to fail after the line about its first failure, a second line is written, as the module `incident` decides. This line is a
//!   warning, and another line reports when the zone works again.
//! - The number of lines in a minute is limited, because spam names many dead domains. Lines about questions that were turned away because of
//!   overload are written even beyond the limit, because in a flood of queries the failures of dead domains use up the limit.
//! - When the process ends, the numbers counted so far are logged immediately.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::failure::FailedQuestion;
use super::line::{Line, LogText};
use crate::limits::{FAILURE_LINES_A_MINUTE, MAX_FAILING_ZONES, SLOW_LINES_A_MINUTE, SUMMARY_ZONES};
use dns::clock::Mono;
use dns::question::name_of_wire;

/// After a log line about a failure of a zone, further failures of this zone are only counted, for this time.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The period to which the limits of log lines about failed and slow questions apply.
const MINUTE: Duration = Duration::from_secs(60);

/// The state that decides about log lines for failed and slow questions.
#[derive(Debug, Default)]
pub(super) struct LogLines {
    /// The zones with recent failures; at most `MAX_FAILING_ZONES`. The keys are the names of the zones in wire form. The entry with the empty key is
    /// for questions that this resolver turned away.
    zones: BTreeMap<Box<[u8]>, ZoneLines>,
    /// The start of the current minute. The next two fields are the numbers of log lines about failed and about slow questions in this minute.
    minute: Mono,
    failed: u32,
    slow: u32,
    /// The resolutions whose slow questions were already logged in this minute.
    flights: BTreeSet<u64>,
    /// The number of slow questions in this minute that were counted and not logged.
    more_slow: u64,
    /// The time of the first failure that is counted in `more_failed`. `more_failed` is the number of failures that got no log line of their own.
    hour: Mono,
    more_failed: u64,
}

#[derive(Debug)]
struct ZoneLines {
    /// When the last log line about a failure of the zone was written; none if there was none.
    logged: Option<Mono>,
    /// The time at which a question of the zone failed last.
    last: Mono,
    /// The number of failures of the zone in this hour that were counted and not logged.
    counted: u64,
}

impl LogLines {
    /// Decides about a failed question: returns its log line, or counts it. `is_logged`: true if the log already has a line about its cause.
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

    /// Counts the number `failed` of failed questions that get no log line of their own. Some of them could not be read, because newer entries of the
    /// history had overwritten them.
    pub(super) fn count(&mut self, failed: u64, now: Mono) {
        if self.more_failed == 0 {
            self.hour = now;
        }
        self.more_failed = self.more_failed.saturating_add(failed);
    }

    /// Returns true if a slow question must be logged. Otherwise the question is counted. `flight`: the number of the resolution for which the
    /// question waited.
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

    /// If the minute or the hour is over, returns the lines about the questions that were counted in it, and begins a new minute or hour. Call this
    /// function before questions that ended after `now` are added.
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

    /// Returns the lines of `tick` immediately, without waiting until the minute and the hour are over. It is called at the end of the process.
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

    /// Makes room for a new zone by removing the zone whose last failure is oldest. Zones that have no log line are removed before the others.
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
