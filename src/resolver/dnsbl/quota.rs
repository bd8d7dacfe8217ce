//! Counts the queries to a list for each day. They are compared with its quota.
//!
//! Pure. A day is a UTC day, because lists have servers everywhere. Every query that is sent counts. An answer from the cache does not.

use serde::{Deserialize, Serialize};

use crate::limits::QUOTA_WARNING_PERCENT;

/// The length of a day in seconds.
const DAY: u64 = 24 * 60 * 60;

/// The numbers of queries that were sent to one list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// The day to which `today` belongs, in days since 1970.
    day: u64,
    /// The number of queries on this day.
    today: u64,
    /// The number of queries on the day before.
    yesterday: u64,
    /// True if a warning was logged on this day.
    warned: bool,
}

impl Quota {
    /// Counts a query that is sent at `unix` seconds since 1970. Returns true if a warning is now due, because the quota of `most` queries is nearly
    /// used up.
    pub(crate) fn went_out(&mut self, most: Option<u64>, unix: u64) -> bool {
        self.turn(unix);
        self.today = self.today.saturating_add(1);
        let warn = !self.warned && most.is_some_and(|most| self.is_near(most));
        self.warned |= warn;
        warn
    }

    /// Like `went_out`, for a query that the operator caused. It never causes a warning; the next query of a client does, if one is due.
    pub(crate) fn went_out_aside(&mut self, unix: u64) {
        self.turn(unix);
        self.today = self.today.saturating_add(1);
    }

    /// Returns the number of queries on the day that contains the time `unix`, and the number on the day before.
    pub(crate) fn of_day(mut self, unix: u64) -> (u64, u64) {
        self.turn(unix);
        (self.today, self.yesterday)
    }

    /// Returns true if the quota of `most` queries is nearly used up on the day of the time `unix`. Only queries of clients are sent then.
    pub fn is_spent(mut self, most: u64, unix: u64) -> bool {
        self.turn(unix);
        self.is_near(most)
    }

    fn is_near(&self, most: u64) -> bool {
        self.today.saturating_mul(100) >= most.saturating_mul(QUOTA_WARNING_PERCENT)
    }

    fn turn(&mut self, unix: u64) {
        let day = unix / DAY;
        // If the clock is set back to the day before, the count of this day continues.
        if day > self.day || self.day.saturating_sub(day) > 1 {
            let yesterday = if day == self.day.saturating_add(1) { self.today } else { 0 };
            *self = Self { day, yesterday, today: 0, warned: false };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_warning_is_given_once_a_day_at_four_fifths() {
        let mut quota = Quota::default();
        let begin = 20_000 * DAY;
        let warned: Vec<u64> = (1..=100).filter(|_| quota.went_out(Some(100), begin)).collect();
        assert_eq!(warned, [80]);
        assert!(quota.is_spent(100, begin));
        assert_eq!(quota.of_day(begin), (100, 0));
        let next = begin + DAY;
        assert!(!quota.is_spent(100, next));
        assert_eq!(quota.of_day(next), (0, 100));
        let warned: Vec<u64> = (1..=100).filter(|_| quota.went_out(Some(100), next)).collect();
        assert_eq!(warned, [80]);
        assert_eq!(quota.of_day(next + 2 * DAY), (0, 0));
    }

    #[test]
    fn no_quota_no_warning() {
        let mut quota = Quota::default();
        assert!(!(0..10_000).any(|_| quota.went_out(None, 0)));
    }

    proptest! {
        /// Tests that no change of the clock makes a count exceed the number of queries that were sent.
        #[test]
        fn never_more_than_went_out(steps in prop::collection::vec(0_u64..400_000, 1..200)) {
            let mut quota = Quota::default();
            for (sent, unix) in steps.into_iter().enumerate() {
                quota.went_out(None, unix);
                let (today, yesterday) = quota.of_day(unix);
                prop_assert!(today >= 1 && today + yesterday <= sent as u64 + 1);
            }
        }
    }
}
