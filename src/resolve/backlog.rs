//! Whether this host keeps up with what it is asked: how long questions wait until they are taken in.
//!
//! Pure. After CoDel (RFC 8289): a wait that is long now and then is a burst; one that is long for every question, for a
//! while, is a queue that does not empty.

use crate::clock::Mono;
use crate::limits::{BACKLOG_TIME, BACKLOG_WAIT, BUSY_FLIGHTS, CROWDED_FLIGHTS};

/// What the last questions waited.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// Since when every question has waited too long, and when the last one did.
    late: Option<(Mono, Mono)>,
}

impl Backlog {
    /// A question that arrived at `arrived` is taken in at `now`.
    pub(super) fn takes_in(&mut self, arrived: Mono, now: Mono) {
        let late = now.since(arrived) >= BACKLOG_WAIT;
        let since =
            self.late.filter(|(_, last)| now.since(*last) < BACKLOG_TIME).map_or(now, |(since, _)| since);
        self.late = late.then_some((since, now));
    }

    /// Flights from which on the heaviest give way: fewer where this host does not keep up.
    pub(super) fn crowded_from(&self) -> usize {
        let lasts = self.late.is_some_and(|(since, last)| last.since(since) >= BACKLOG_TIME);
        if lasts { BUSY_FLIGHTS } else { CROWDED_FLIGHTS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(millis: u64) -> Mono {
        Mono::START.after(Duration::from_millis(millis))
    }

    /// A question each millisecond from one moment to another, that waited so long.
    fn ask(backlog: &mut Backlog, times: std::ops::Range<u64>, waited: u64) {
        for time in times {
            backlog.takes_in(at(time - waited), at(time));
        }
    }

    #[test]
    fn a_burst_is_none_and_a_queue_that_does_not_empty_is_one() {
        let mut backlog = Backlog::default();
        ask(&mut backlog, 1_000..1_090, 50);
        assert_eq!(backlog.crowded_from(), CROWDED_FLIGHTS);
        ask(&mut backlog, 1_090..1_200, 50);
        assert_eq!(backlog.crowded_from(), BUSY_FLIGHTS);
        ask(&mut backlog, 1_200..1_201, 1);
        assert_eq!(backlog.crowded_from(), CROWDED_FLIGHTS);
        ask(&mut backlog, 1_201..1_250, 50);
        ask(&mut backlog, 9_000..9_050, 50);
        assert_eq!(backlog.crowded_from(), CROWDED_FLIGHTS, "nobody asked in between");
    }
}
