//! The delay between the reads of a worker at high rates of queries. The worker reads at most once in `READ_PACE`, so
//! that each system call reads or sends more DNS messages.
//!
//! Without the delay, each read finds one or two queries. Each reply wakes the client, and each query that arrives meanwhile wakes the
//! worker: at 200 000 queries a second, this costs a tenth of the throughput (`benches/compare/hits.sh`). At the rates of mail gateways,
//! nothing is delayed.

use std::time::Duration;

use crate::limits::{PACED_INTERVAL, PACED_QUERIES, READ_PACE, READ_WAIT};
use dns::clock::Mono;

/// A longer time between two reads counts as this time. So after a pause, `gap` shows a high rate of queries again after about twelve reads.
const LONGEST_GAP: Duration = Duration::from_millis(20);

pub(super) struct Pace {
    last: Mono,
    /// When the current measurement of the rate began.
    began: Mono,
    /// The number of queries since `began`.
    queries: u32,
    is_fast: bool,
    /// The smoothed time between two reads that found queries.
    gap: Duration,
}

impl Pace {
    pub(super) fn new(now: Mono) -> Self {
        Self { last: now, began: now, queries: 0, is_fast: false, gap: LONGEST_GAP }
    }

    pub(super) fn note(&mut self, now: Mono, queries: usize) {
        self.gap = (self.gap * 7 + now.since(self.last).min(LONGEST_GAP)) / 8;
        self.last = now;
        self.queries = self.queries.saturating_add(u32::try_from(queries).unwrap_or(u32::MAX));
        if self.queries >= PACED_QUERIES {
            self.is_fast = now.since(self.began) < PACED_INTERVAL.saturating_mul(self.queries);
            (self.began, self.queries) = (now, 0);
        }
    }

    pub(super) fn last_read(&self) -> Mono {
        self.last
    }

    /// Returns true if the next query is likely to arrive within `READ_WAIT`.
    pub(super) fn is_brisk(&self) -> bool {
        self.gap * 2 <= READ_WAIT
    }

    /// Returns the earliest time of the next read, or `None` if reads are not delayed.
    pub(super) fn next_read(&self) -> Option<Mono> {
        self.is_fast.then(|| self.last.after(READ_PACE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the state and the time after many reads of two queries each, with `interval` between two queries.
    fn after(interval: Duration) -> (Pace, Mono) {
        let mut now = Mono::default();
        let mut pace = Pace::new(now);
        for _ in 0..PACED_QUERIES {
            now = now.after(interval * 2);
            pace.note(now, 2);
        }
        (pace, now)
    }

    #[test]
    fn reads_are_paced_at_high_rates() {
        let (fast, now) = after(PACED_INTERVAL / 2);
        assert_eq!(fast.next_read(), Some(now.after(READ_PACE)));
        let (slow, _) = after(PACED_INTERVAL);
        assert_eq!(slow.next_read(), None);
    }

    #[test]
    fn worker_waits_for_likely_next_query() {
        let (mut pace, mut now) = after(READ_WAIT / 4);
        assert!(pace.is_brisk());
        for _ in 0..2 {
            now = now.after(Duration::from_secs(3_600));
            pace.note(now, 1);
        }
        assert!(!pace.is_brisk());
        for _ in 0..16 {
            now = now.after(READ_WAIT / 4);
            pace.note(now, 1);
        }
        assert!(pace.is_brisk());
    }

    #[test]
    fn end_of_high_rate_stops_pacing() {
        let (mut pace, mut now) = after(PACED_INTERVAL / 2);
        for _ in 0..PACED_QUERIES {
            now = now.after(PACED_INTERVAL * 2);
            pace.note(now, 1);
        }
        assert_eq!(pace.next_read(), None);
    }
}
