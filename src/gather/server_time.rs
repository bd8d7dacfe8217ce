//! Measures the time that a check has spent on one server, so that a slow server cannot use up the time for the other servers.

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::CHECK_SERVER_TIME;

/// For one server: the total time in which at least one query of the check to it was in progress.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ServerTime {
    under_way: usize,
    /// The start of the current period in which at least one query has always been in progress; `None` if no query is in progress.
    since: Option<Instant>,
    /// The total time of the earlier periods in which a query was in progress.
    spent: Duration,
    /// The response time of the server's slowest reply over UDP; `None` if there was no reply.
    slowest: Option<Duration>,
}

impl ServerTime {
    /// Returns when the time allowed for the server will be used up, if a query is always in progress until then.
    pub(crate) fn end(&self, now: Instant) -> Instant {
        self.since.unwrap_or(now) + CHECK_SERVER_TIME.saturating_sub(self.spent)
    }

    /// Returns the response time of the server's slowest reply over UDP; `None` if there was no reply.
    pub(crate) const fn slowest(&self) -> Option<Duration> {
        self.slowest
    }

    /// Registers the response time of a reply over UDP.
    pub(crate) fn note_reply(&mut self, time: Duration) {
        self.slowest = self.slowest.max(Some(time));
    }

    /// Registers that a query begins.
    pub(crate) fn begin_query(&mut self, now: Instant) {
        self.under_way += 1;
        self.since.get_or_insert(now);
    }

    /// Registers that a query has ended.
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

    #[test]
    fn queries_at_the_same_time_count_once_and_pauses_do_not() {
        let begin = Instant::now();
        let at = |seconds: u64| begin + Duration::from_secs(seconds);
        let mut time = ServerTime::default();
        assert_eq!(time.end(at(0)), at(0) + CHECK_SERVER_TIME);
        time.begin_query(at(0));
        time.begin_query(at(1));
        assert_eq!(time.end(at(1)), at(0) + CHECK_SERVER_TIME);
        time.end_query(at(2));
        time.end_query(at(3));
        // So far, queries were in progress for three seconds, until 3. At 5, the remaining time begins, so the end is 5 - 3 = 2 seconds plus the
        // allowed time.
        assert_eq!(time.end(at(5)), at(2) + CHECK_SERVER_TIME);
        time.begin_query(at(5));
        time.end_query(at(20));
        assert!(time.end(at(20)) <= at(20));
    }
}
