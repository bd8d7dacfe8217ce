//! Decides which failed and slow questions are written to the log.
//!
//! The code reads no clock: it turns questions with their times into log lines. The first failure of a zone in an hour gets a line. Of the
//! slow questions that waited for the same resolution (flight), one gets a line. All others are counted, and one line reports their number:
//! after the hour for failures, after the minute for slow questions.
//!
//! # Decisions
//!
//! - A failure is only counted if the log already has a line about its cause: no server on the internet answers, the zone fails, or the DNS
//!   list does not answer.
//! - If a zone continues to fail, the module `incident` decides about a second line. This line is a warning, and another line reports when
//!   the zone works again.
//! - The number of lines in a minute is limited, because spam names many dead domains. Questions that were rejected because of overload get
//!   their line even beyond the limit, because in a flood of queries dead domains use up the limit.
//! - When the process ends, the counted numbers are logged at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::failure::FailedQuestion;
use crate::limits::{FAILURE_LINES_A_MINUTE, MAX_FAILING_ZONES, SLOW_LINES_A_MINUTE, SUMMARY_ZONES};
use crate::question_lines::{failed_line, failed_sum_line, slow_sum_line};
use dns::clock::Mono;
use dns::question::name_of_wire;
use record::line::LogText;

/// After a log line about a failure of a zone, further failures of the zone get no log line for this time, and are only counted.
const HOUR: Duration = Duration::from_secs(60 * 60);

const MINUTE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct LogLines {
    /// The zones with recent failures, by name in wire form; at most `MAX_FAILING_ZONES`. The empty key is for questions that resolverd
    /// rejected.
    zones: BTreeMap<Box<[u8]>, ZoneLines>,
    /// The start of the current minute.
    minute: Mono,
    /// The number of log lines about failed questions in this minute.
    failed: u32,
    /// The number of log lines about slow questions in this minute.
    slow: u32,
    /// The resolutions whose slow questions have a log line in this minute.
    flights: BTreeSet<u64>,
    /// The number of slow questions without a log line of their own.
    more_slow: u64,
    /// The time of the first failure that `more_failed` counts. `more_failed`: failures without a log line of their own.
    hour: Mono,
    more_failed: u64,
}

#[derive(Debug)]
struct ZoneLines {
    logged: Option<Mono>,
    last: Mono,
    counted: u64,
}

impl LogLines {
    /// Returns the log line of a failed question, or counts it. `is_logged`: the log already has a line about its cause.
    pub(crate) fn failed(
        &mut self,
        failed: &FailedQuestion<'_>,
        is_logged: bool,
        now: Mono,
    ) -> Option<LogText> {
        self.make_room(&failed.zone);
        let new = ZoneLines { logged: None, last: now, counted: 0 };
        let zone = self.zones.entry(failed.zone.clone()).or_insert(new);
        zone.last = now;
        let is_due = !is_logged && zone.logged.is_none_or(|logged| now.since(logged) >= HOUR);
        if is_due && (self.failed < FAILURE_LINES_A_MINUTE || failed.is_turned_away()) {
            zone.logged = Some(now);
            self.failed = self.failed.saturating_add(u32::from(!failed.is_turned_away()));
            return Some(failed_line(failed));
        }
        zone.counted = zone.counted.saturating_add(1);
        self.count(1, now);
        None
    }

    /// Counts failed questions that get no log line of their own, for instance because they were overwritten in the history before they
    /// were read.
    pub(crate) fn count(&mut self, failed: u64, now: Mono) {
        if self.more_failed == 0 {
            self.hour = now;
        }
        self.more_failed = self.more_failed.saturating_add(failed);
    }

    /// Returns true if a slow question must be logged; otherwise counts it. `flight`: the resolution for which the question waited.
    pub(crate) fn has_room_for_slow(&mut self, flight: Option<u64>) -> bool {
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

    /// Returns the lines about counted questions if the minute or the hour is over. Call this before questions that ended after `now` are
    /// added.
    pub(crate) fn tick(&mut self, now: Mono) -> Vec<LogText> {
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

    /// Returns the lines about counted questions at once, at the end of the process.
    pub(crate) fn finish(&mut self, now: Mono) -> Vec<LogText> {
        self.slow_line().into_iter().chain(self.failed_line(now)).collect()
    }

    fn slow_line(&mut self) -> Option<LogText> {
        let queries = std::mem::take(&mut self.more_slow);
        (queries > 0).then(|| slow_sum_line(queries))
    }

    fn failed_line(&mut self, now: Mono) -> Option<LogText> {
        let queries = std::mem::take(&mut self.more_failed);
        if queries == 0 {
            return None;
        }
        let counted = self.zones.iter().filter(|(name, zone)| zone.counted > 0 && !name.is_empty());
        let mut zones: Vec<(u64, &[u8])> = counted.map(|(name, zone)| (zone.counted, &**name)).collect();
        zones.sort_by_key(|(counted, _)| std::cmp::Reverse(*counted));
        let most = zones.iter().take(SUMMARY_ZONES);
        let most: Vec<_> = most.map(|(counted, name)| (name_of_wire(name), *counted)).collect();
        let zones = zones.len();
        self.zones.retain(|_, zone| {
            zone.counted = 0;
            zone.logged.is_some_and(|logged| now.since(logged) < HOUR)
        });
        Some(failed_sum_line(queries, zones, &most))
    }

    /// Makes room for a new zone: removes the zone whose last failure is oldest, zones without a log line first.
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
