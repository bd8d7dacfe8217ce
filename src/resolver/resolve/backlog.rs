//! Determines whether this host keeps up with clients' questions, from the time that each question waits before work on it begins. The
//! method follows CoDel (RFC 8289): one long wait may be caused by a burst, but if every question waits long for some time, questions
//! arrive faster than they can be handled.

use crate::limits::{BACKLOG_TIME, BACKLOG_WAIT, WorkBounds};
use dns::clock::Mono;

#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// The time since which every question has waited too long, and the time of the latest question. `None` if the latest question did not
    /// wait too long.
    late: Option<(Mono, Mono)>,
}

impl Backlog {
    /// Records that work on a question begins at `now`.
    pub(super) fn takes_in(&mut self, arrived: Mono, now: Mono) {
        let late = now.since(arrived) >= BACKLOG_WAIT;
        let since =
            self.late.filter(|(_, last)| now.since(*last) < BACKLOG_TIME).map_or(now, |(since, _)| since);
        self.late = late.then_some((since, now));
    }

    /// Returns the number of resolutions (flights) in progress above which new resolutions of the zone or client with the most resolutions
    /// are refused. It is smaller if this host does not keep up with its questions.
    pub(super) fn crowded_from(&self, bounds: WorkBounds) -> usize {
        let lasts = self.late.is_some_and(|(since, last)| last.since(since) >= BACKLOG_TIME);
        if lasts { bounds.busy_flights() } else { bounds.crowded_flights() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{BUSY_FLIGHTS, FULL_WORK_CACHE};
    use std::time::Duration;

    fn at(millis: u64) -> Mono {
        Mono::START.after(Duration::from_millis(millis))
    }

    /// Begins work on one question in each millisecond of `times`. Each has waited for `waited` milliseconds.
    fn ask(backlog: &mut Backlog, times: std::ops::Range<u64>, waited: u64) {
        for time in times {
            backlog.takes_in(at(time - waited), at(time));
        }
    }

    // A burst that drains soon does not.
    #[test]
    fn standing_queue_counts_as_backlog() {
        let bounds = WorkBounds::for_cache_size(FULL_WORK_CACHE);
        let crowded = bounds.crowded_flights();
        let mut backlog = Backlog::default();
        ask(&mut backlog, 1_000..1_090, 50);
        assert_eq!(backlog.crowded_from(bounds), crowded);
        ask(&mut backlog, 1_090..1_200, 50);
        assert_eq!(backlog.crowded_from(bounds), BUSY_FLIGHTS);
        ask(&mut backlog, 1_200..1_201, 1);
        assert_eq!(backlog.crowded_from(bounds), crowded);
        ask(&mut backlog, 1_201..1_250, 50);
        ask(&mut backlog, 9_000..9_050, 50);
        assert_eq!(backlog.crowded_from(bounds), crowded, "nobody asked in between");
    }
}
