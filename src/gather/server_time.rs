//! Measures the time that a check spends on one server, so that a slow server does not use up the time for others.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::CHECK_SERVER_TIME;

/// The time in which at least one query to the server was in progress.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ServerTime {
    under_way: usize,
    /// The start of the current period with a query in progress.
    since: Option<Instant>,
    /// The total time of the earlier periods.
    spent: Duration,
    /// The response time of the slowest reply over UDP.
    slowest: Option<Duration>,
}

impl ServerTime {
    /// Returns the earliest time at which the check has spent `CHECK_SERVER_TIME` on the server. Times without a query in progress do not count.
    pub(crate) fn end(&self, now: Instant) -> Instant {
        self.since.unwrap_or(now) + CHECK_SERVER_TIME.saturating_sub(self.spent)
    }

    pub(crate) const fn slowest(&self) -> Option<Duration> {
        self.slowest
    }

    pub(crate) fn note_reply(&mut self, time: Duration) {
        self.slowest = self.slowest.max(Some(time));
    }

    pub(crate) fn begin_query(&mut self, now: Instant) {
        self.under_way += 1;
        self.since.get_or_insert(now);
    }

    pub(crate) fn end_query(&mut self, now: Instant) {
        self.under_way = self.under_way.saturating_sub(1);
        if self.under_way == 0 {
            self.spent +=
                self.since.take().map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Pauses between queries do not count.
    #[test]
    fn concurrent_queries_count_once() {
        let begin = Instant::now();
        let at = |seconds: u64| begin + Duration::from_secs(seconds);
        let mut time = ServerTime::default();
        assert_eq!(time.end(at(0)), at(0) + CHECK_SERVER_TIME);
        time.begin_query(at(0));
        time.begin_query(at(1));
        assert_eq!(time.end(at(1)), at(0) + CHECK_SERVER_TIME);
        time.end_query(at(2));
        time.end_query(at(3));
        // Queries were in progress from 0 to 3. The two seconds from 3 to 5 do not count, so the end is two seconds later.
        assert_eq!(time.end(at(5)), at(2) + CHECK_SERVER_TIME);
        time.begin_query(at(5));
        time.end_query(at(20));
        assert!(time.end(at(20)) <= at(20));
    }
}
