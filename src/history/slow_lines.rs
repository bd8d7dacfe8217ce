//! Which slow questions have a line in the log: one of those that waited for the same flight, and at most `limits::SLOW_LINES_A_MINUTE`; the
//! others are counted.
//!
//! Pure. A slow question that failed has no line here, see `failure_lines`.

use std::collections::BTreeSet;
use std::time::Duration;

use super::line::Line;
use crate::limits::SLOW_LINES_A_MINUTE;
use dns::clock::Mono;

/// The time for which the bound applies.
const MINUTE: Duration = Duration::from_secs(60);

/// The slow questions that the log knows.
#[derive(Debug, Default)]
pub(super) struct SlowLines {
    minute: Mono,
    told: u32,
    /// The flights of these lines.
    flights: BTreeSet<u64>,
    counted: u64,
}

impl SlowLines {
    /// Whether a slow question has a line; it is counted if not. `flight`: the one that it waited for.
    pub(super) fn has_room(&mut self, flight: Option<u64>, now: Mono) -> bool {
        if self.counted == 0 && now.since(self.minute) >= MINUTE {
            self.begin_minute(now);
        }
        let is_told = flight.is_some_and(|flight| self.flights.contains(&flight));
        let has_room = !is_told && self.told < SLOW_LINES_A_MINUTE;
        if has_room {
            self.told = self.told.saturating_add(1);
            self.flights.extend(flight);
        } else {
            self.counted = self.counted.saturating_add(1);
        }
        has_room
    }

    fn begin_minute(&mut self, now: Mono) {
        (self.minute, self.told) = (now, 0);
        self.flights.clear();
    }

    /// Time has passed: the line about the questions of the minute that had none.
    pub(super) fn tick(&mut self, now: Mono) -> Option<Line> {
        if now.since(self.minute) < MINUTE { None } else { self.finish(now) }
    }

    /// Like `tick`, for the questions of the minute so far.
    pub(super) fn finish(&mut self, now: Mono) -> Option<Line> {
        if self.counted == 0 {
            return None;
        }
        let queries = std::mem::take(&mut self.counted);
        self.begin_minute(now);
        Some(Line::QueriesSlow { queries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_lines_a_minute_and_the_others_are_counted() {
        let at = |seconds: u64| Mono::from_micros(seconds * 1_000_000);
        let mut lines = SlowLines::default();
        let told = (0..59).filter(|second| lines.has_room(Some(*second), at(100 + second))).count();
        assert_eq!((told, lines.tick(at(159))), (10, None));
        assert_eq!(lines.tick(at(160)), Some(Line::QueriesSlow { queries: 49 }));
        assert_eq!((lines.tick(at(300)), lines.finish(at(300))), (None, None));
        assert_eq!((0..12).filter(|_| lines.has_room(None, at(200))).count(), 10);
        assert_eq!(lines.finish(at(201)), Some(Line::QueriesSlow { queries: 2 }));
        assert!(lines.has_room(None, at(300)));
        assert_eq!((0..4).filter(|_| lines.has_room(Some(7), at(301))).count(), 1, "one for a flight");
    }
}
