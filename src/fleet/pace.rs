//! How fast the store replies, and whether it is read at present.
//!
//! A question waits for the store only as long as its replies usually take (RFC 6298 section 2: the smoothed time and four times its
//! variation). After three late reads in a row, the store is not read (it "rests") until it has replied to a heartbeat in time. It is then on
//! trial: it is read, but no question waits for it until a read for a question has succeeded. A store that replies to heartbeats only would
//! otherwise delay three questions each second.

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
    /// The number of questions in a row that have waited for the store in vain.
    vain: u8,
    /// True if the last reads for questions failed, or the last questions waited in vain.
    is_on_trial: bool,
    /// True if a read for a question has ended since the last heartbeat. Only without such reads does the heartbeat measure the store.
    is_read: bool,
}

impl Pace {
    /// Records a reply to a read for a question.
    pub(crate) fn replied(&mut self, elapsed: Duration) {
        (self.late, self.vain, self.is_on_trial, self.is_read) = (0, 0, false, true);
        self.usual = Some(smoothed(self.usual, elapsed));
    }

    /// Records that a read for a question failed or took too long.
    pub(crate) fn late(&mut self) {
        self.late = self.late.saturating_add(1);
        self.is_read = true;
        self.is_on_trial |= self.late >= MAX_LATE;
    }

    /// Records that servers answered first, so that a read of the store was given up after `elapsed`. A long time counts as late. A short one shows
    /// only that the question has waited for the store in vain.
    pub(crate) fn given_up(&mut self, elapsed: Duration) {
        if elapsed >= MAX_HEAD_START.saturating_mul(2) {
            return self.late();
        }
        if matches!(self.head_start(), HeadStart::Wait(wait) if !wait.is_zero() && elapsed >= wait) {
            self.vain = self.vain.saturating_add(1);
            self.is_on_trial |= self.vain >= MAX_LATE;
        }
    }

    /// Records the time until the reply to a heartbeat; `None` if there was no reply. If the reply was in time, questions read the
    /// store; otherwise they do not, until the next heartbeat.
    pub(crate) fn beat(&mut self, elapsed: Option<Duration>) {
        match elapsed.filter(|elapsed| *elapsed <= FIND_TIME) {
            Some(elapsed) => {
                if !self.is_read || self.usual.is_none() {
                    self.usual = Some(smoothed(self.usual, elapsed));
                }
                (self.late, self.is_read) = (0, false);
            }
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
        HeadStart::Wait(if smoothed > MAX_HEAD_START || self.is_on_trial {
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

    // A far store gets none.
    #[test]
    fn near_store_gets_head_start() {
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
    fn late_reads_pause_store_until_heartbeat() {
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

    #[test]
    fn after_late_reads_no_question_waits() {
        let mut pace = Pace::default();
        pace.beat(Some(millis(1)));
        (0..3).for_each(|_| pace.given_up(millis(6)));
        assert_eq!(pace.head_start(), HeadStart::Wait(Duration::ZERO), "near servers answer after the wait");
        for _ in 0..10 {
            (0..3).for_each(|_| pace.late());
            assert_eq!(pace.head_start(), HeadStart::Rests);
            pace.beat(Some(millis(1)));
            assert_eq!(pace.head_start(), HeadStart::Wait(Duration::ZERO), "heartbeats alone do not count");
        }
        pace.replied(millis(1));
        assert!(matches!(pace.head_start(), HeadStart::Wait(wait) if wait >= MIN_HEAD_START));
        pace.beat(None);
        pace.beat(Some(millis(1)));
        assert!(
            matches!(pace.head_start(), HeadStart::Wait(wait) if wait >= MIN_HEAD_START),
            "no read failed"
        );
    }

    #[test]
    fn reads_count_more_than_heartbeats() {
        let mut pace = Pace::default();
        for _ in 0..50 {
            pace.beat(Some(Duration::from_micros(200)));
            pace.replied(millis(12));
        }
        assert_eq!(pace.head_start(), HeadStart::Wait(Duration::ZERO));
    }
}
