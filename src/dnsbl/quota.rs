//! Counts the queries that are sent to a DNS list on each day, to compare them with the daily quota of the list.
//!
//! A day begins at midnight UTC, because lists have servers in all time zones. Answers from the cache do not count. All functions are pure.

use serde::{Deserialize, Serialize};

use crate::limits::QUOTA_WARNING_PERCENT;

const DAY: u64 = 24 * 60 * 60;

/// Rates of queries are computed as if counting had lasted at least this long, in seconds.
const SHORTEST: u64 = 60;

/// The numbers of queries to one DNS list today and yesterday.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// The day on which the last query was counted, in days since 1970.
    day: u64,
    today: u64,
    yesterday: u64,
    warned: bool,
    /// The time when counting began, in seconds since 1970, if it began on this day. Otherwise 0.
    #[serde(default)]
    since: u64,
    /// The time when a query first exceeded the quota on this day, in seconds since 1970. 0 if none has.
    #[serde(default)]
    over_since: u64,
    /// The number of queries that the other gateways of the fleet have sent on this day. They count towards the quota too.
    #[serde(skip)]
    others: u64,
    /// The number of queries on this day that an earlier process has sent.
    #[serde(skip)]
    restored: u64,
}

/// A quota that is exceeded on the current day (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExceededQuota {
    /// The number of queries on this day.
    pub today: u64,
    /// The quota: the number of queries a day that the operator allows.
    pub most: u64,
    /// The time when a query that `went_out` counted first exceeded the quota, in seconds since 1970. `None` if `went_out` has counted no query since
    /// the quota was set, or since it was exceeded by queries of the operator (`went_out_aside`) or of other gateways (`fleet_sent`).
    pub since: Option<u64>,
    /// The number of queries of a whole day at the average rate of this day so far.
    pub per_day: u64,
}

impl Quota {
    /// Counts `sent` queries at the time `unix`, in seconds since 1970. Returns true if a warning must be logged now, because the daily quota `most`
    /// is nearly used up or exceeded.
    pub fn went_out(&mut self, sent: u64, most: Option<u64>, unix: u64) -> bool {
        self.turn(unix);
        self.today = self.today.saturating_add(sent);
        let warn = !self.warned && most.is_some_and(|most| self.is_near(most));
        self.warned |= warn;
        let is_over = most.is_some_and(|most| self.all() > most);
        let begins = is_over && self.over_since == 0;
        if begins {
            self.over_since = unix;
        } else if !is_over {
            self.over_since = 0;
        }
        warn || begins
    }

    /// Counts a query that the operator caused, for instance with a trace. No warning about the quota follows this query: the next query of a
    /// client causes the warning.
    pub(crate) fn went_out_aside(&mut self, unix: u64) {
        self.turn(unix);
        self.today = self.today.saturating_add(1);
    }

    /// Returns the numbers of queries on the day of the time `unix` (in seconds since 1970), and on the day before.
    pub(crate) fn of_day(mut self, unix: u64) -> (u64, u64) {
        self.turn(unix);
        (self.all(), self.yesterday)
    }

    /// Returns this count with the queries of today as those that were counted before a restart.
    pub fn restored(self) -> Self {
        Self { restored: self.today, ..self }
    }

    /// Returns the day of the time `unix` in days since 1970, and the number of queries that this process has sent on it.
    pub fn own(mut self, unix: u64) -> (u64, u64) {
        self.turn(unix);
        (self.day, self.today.saturating_sub(self.restored))
    }

    /// Sets the number of queries that all gateways of the fleet have sent on `day`, in days since 1970.
    pub fn fleet_sent(&mut self, (day, sent): (u64, u64), unix: u64) {
        self.turn(unix);
        if self.day == day {
            self.others = sent.saturating_sub(self.today);
        }
    }

    fn all(&self) -> u64 {
        self.today.saturating_add(self.others)
    }

    /// Returns how far the quota is exceeded on the day of the time `unix` (in seconds since 1970), or `None` if it is not exceeded.
    pub fn exceeded(mut self, most: u64, unix: u64) -> Option<ExceededQuota> {
        self.turn(unix);
        let passed = unix.saturating_sub(self.begin(unix)).max(SHORTEST);
        (self.all() > most).then(|| ExceededQuota {
            today: self.all(),
            most,
            since: (self.over_since > 0).then_some(self.over_since),
            per_day: self.all().saturating_mul(DAY) / passed,
        })
    }

    /// Returns when the count of the day began, in seconds since 1970: at midnight UTC, or later on the first day.
    fn begin(&self, unix: u64) -> u64 {
        self.since.max(unix.saturating_sub(unix % DAY))
    }

    /// Returns when the quota will be used up, in seconds since 1970, at the average rate since midnight (UTC) or since counting began. Returns
    /// `None` if the quota will last until midnight, is already used up, or if counting has just begun.
    pub(crate) fn full_at(mut self, most: u64, unix: u64) -> Option<u64> {
        self.turn(unix);
        let (midnight, begin) = (unix.saturating_sub(unix % DAY), self.begin(unix));
        let passed = unix.saturating_sub(begin);
        let full = passed.saturating_mul(most).checked_div(self.all())?.saturating_add(begin);
        let is_known = passed >= SHORTEST && self.all() < most;
        (is_known && full < midnight.saturating_add(DAY)).then_some(full)
    }

    /// Returns true if the quota is nearly used up on the day of the time `unix` (in seconds since 1970). In this case, only queries for clients may
    /// be sent to the DNS list.
    pub fn is_spent(mut self, most: u64, unix: u64) -> bool {
        self.turn(unix);
        self.is_near(most)
    }

    fn is_near(&self, most: u64) -> bool {
        self.all().saturating_mul(100) >= most.saturating_mul(QUOTA_WARNING_PERCENT)
    }

    fn turn(&mut self, unix: u64) {
        let day = unix / DAY;
        // A clock that is set back by a day does not begin a new day.
        if day > self.day || self.day.saturating_sub(day) > 1 {
            let yesterday = if day == self.day.saturating_add(1) { self.today } else { 0 };
            let since = if self.day == 0 { unix } else { 0 };
            *self = Self { day, yesterday, since, ..Self::default() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // At four fifths, and above the quota.
    #[test]
    fn quota_warnings_are_daily() {
        let mut quota = Quota::default();
        let begin = 20_000 * DAY;
        let warned: Vec<u64> = (1..=102).filter(|_| quota.went_out(1, Some(100), begin)).collect();
        assert_eq!(warned, [80, 101]);
        assert!(quota.is_spent(100, begin));
        assert_eq!(quota.of_day(begin), (102, 0));
        let next = begin + DAY;
        assert!(!quota.is_spent(100, next));
        assert_eq!(quota.of_day(next), (0, 102));
        let warned: Vec<u64> = (1..=100).filter(|_| quota.went_out(1, Some(100), next)).collect();
        assert_eq!(warned, [80]);
        assert_eq!(quota.of_day(next + 2 * DAY), (0, 0));
    }

    #[test]
    fn quota_forecast_uses_todays_rate() {
        let (mut quota, begin) = (Quota::default(), 20_000 * DAY);
        assert_eq!(quota.full_at(100, begin), None);
        (0..50).for_each(|_| quota.went_out_aside(begin));
        let noon = begin + DAY / 2;
        assert_eq!(quota.full_at(75, noon), Some(begin + DAY * 3 / 4));
        for most in [50, 100, 1_000] {
            assert_eq!(quota.full_at(most, noon), None, "{most}: it is full, or will not be");
        }
    }

    #[test]
    fn quota_forecast_begins_with_count() {
        let (mut quota, begin) = (Quota::default(), 20_000 * DAY + DAY * 3 / 4);
        (0..200).for_each(|_| quota.went_out_aside(begin));
        assert_eq!(quota.full_at(300, begin + 1), None, "it has just begun");
        assert_eq!(quota.full_at(300, begin + 240), Some(begin + 360));
        let next = 20_001 * DAY;
        (0..200).for_each(|_| quota.went_out_aside(next + 600));
        assert_eq!(quota.full_at(300, next + 600), Some(next + 900), "the whole day counts");
    }

    #[test]
    fn exceeded_quota_has_begin_and_rate() {
        let (mut quota, begin) = (Quota::default(), 20_000 * DAY);
        let at = |hour: u64| begin + hour * DAY / 24;
        (0..100).for_each(|_| {
            quota.went_out(1, Some(100), begin);
        });
        assert_eq!(quota.exceeded(100, at(1)), None);
        assert!(quota.went_out(1, Some(100), at(2)) && !quota.went_out(1, Some(100), at(3)));
        let exceeded = ExceededQuota { today: 102, most: 100, since: Some(at(2)), per_day: 204 };
        assert_eq!(quota.exceeded(100, at(12)), Some(exceeded));
        quota.went_out(1, Some(200), at(12));
        assert_eq!(quota.exceeded(102, at(12)).unwrap().since, None, "the quota has changed since then");
        assert_eq!(quota.exceeded(100, at(24)), None);
    }

    #[test]
    fn fleet_queries_count_until_midnight() {
        let (mut quota, begin) = (Quota::default(), 20_000 * DAY);
        quota.went_out(1, Some(100), begin);
        quota.fleet_sent((20_000, 79), begin);
        assert_eq!((quota.of_day(begin), quota.own(begin)), ((79, 0), (20_000, 1)));
        assert_eq!(quota.restored().own(begin), (20_000, 0), "an earlier process has sent it");
        assert!(!quota.is_spent(100, begin) && quota.went_out(1, Some(100), begin));
        quota.fleet_sent((19_999, 500), begin);
        assert_eq!(quota.of_day(begin), (80, 0), "a count of yesterday came late");
        assert_eq!(quota.exceeded(79, begin + DAY / 2).unwrap().today, 80);
        assert_eq!(quota.of_day(begin + DAY), (0, 2));
    }

    #[test]
    fn no_quota_no_warning() {
        let mut quota = Quota::default();
        assert!(!(0..10_000).any(|_| quota.went_out(1, None, 0)));
    }

    proptest! {
        #[test]
        fn never_more_than_went_out(steps in prop::collection::vec(0_u64..400_000, 1..200)) {
            let mut quota = Quota::default();
            for (sent, unix) in steps.into_iter().enumerate() {
                quota.went_out(1, None, unix);
                let (today, yesterday) = quota.of_day(unix);
                prop_assert!(today >= 1 && today + yesterday <= sent as u64 + 1);
            }
        }
    }
}
