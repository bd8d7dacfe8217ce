//! How fast the store replies, and whether it is read at present.
//!
//! A question waits for the store only as long as its replies usually take (RFC 6298 section 2: the smoothed time and four times its
//! variation). After three late reads in a row, the store is not read (it "rests") until it has replied to a heartbeat in time.

use std::time::Duration;

use dns::clock::smoothed;
use resolver::fleet::HeadStart;

use crate::limits::{FIND_TIME, MAX_HEAD_START, MAX_LATE, MIN_HEAD_START};

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    /// The smoothed time of a reply, and its variation.
    usual: Option<(Duration, Duration)>,
    /// The number of late reads in a row.
    late: u8,
}

impl Pace {
    pub(crate) fn replied(&mut self, elapsed: Duration) {
        self.late = 0;
        self.usual = Some(smoothed(self.usual, elapsed));
    }

    pub(crate) fn late(&mut self) {
        self.late = self.late.saturating_add(1);
    }

    /// Records that servers answered first, so that a read of the store was given up after `elapsed`. A long time counts as late.
    pub(crate) fn given_up(&mut self, elapsed: Duration) {
        if elapsed >= MAX_HEAD_START.saturating_mul(2) {
            self.late();
        }
    }

    /// Records the time until the reply to a heartbeat; `None` if there was no reply. If the reply was in time, questions read the
    /// store; otherwise they do not, until the next heartbeat.
    pub(crate) fn beat(&mut self, elapsed: Option<Duration>) {
        match elapsed.filter(|elapsed| *elapsed <= FIND_TIME) {
            Some(elapsed) => self.replied(elapsed),
            None => self.late = MAX_LATE,
        }
    }

    pub(crate) fn rests(&self) -> bool {
        self.late >= MAX_LATE || self.usual.is_none()
    }

    pub(crate) fn usual(&self) -> Option<Duration> {
        self.usual.map(|(smoothed, _)| smoothed)
    }

    /// Returns how long questions wait for the store, or that the store is not read.
    pub(crate) fn head_start(&self) -> HeadStart {
        let Some((smoothed, variation)) = self.usual.filter(|_| !self.rests()) else {
            return HeadStart::Rests;
        };
        let wait = smoothed + variation * 4;
        HeadStart::Wait(if smoothed > MAX_HEAD_START {
            Duration::ZERO
        } else {
            wait.clamp(MIN_HEAD_START, MAX_HEAD_START)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_near_store_gets_a_head_start_and_a_far_one_none() {
        let mut pace = Pace::default();
        assert_eq!(pace.head_start(), HeadStart::Rests, "nothing is known yet");
        pace.beat(Some(Duration::from_micros(300)));
        assert_eq!(pace.head_start(), HeadStart::Wait(MIN_HEAD_START));
        (0..50).for_each(|_| pace.replied(millis(2)));
        assert!(matches!(pace.head_start(), HeadStart::Wait(wait) if wait >= millis(2) && wait < millis(3)));
        (0..50).for_each(|_| pace.replied(millis(12)));
        assert_eq!(pace.head_start(), HeadStart::Wait(Duration::ZERO));
    }

    #[test]
    fn three_late_reads_make_it_rest_until_a_heartbeat() {
        let mut pace = Pace::default();
        pace.beat(Some(millis(1)));
        (0..2).for_each(|_| pace.late());
        assert!(!pace.rests());
        pace.replied(millis(1));
        pace.given_up(millis(3));
        (0..3).for_each(|_| pace.given_up(millis(10)));
        assert!(pace.rests());
        pace.beat(Some(millis(500)));
        assert!(pace.rests(), "the reply is too late");
        pace.beat(Some(millis(1)));
        assert!(!pace.rests());
        pace.beat(None);
        assert!(pace.rests());
    }
}
