//! The clock of the store. All functions are pure.

use std::time::Duration;

use dns::clock::Mono;

use crate::limits::MAX_CLOCK_JUMP;

/// What is known of the clock of the store (the Redis server). It is compared with the monotonic clock of this process, so a wrong calendar time of
/// this host does not matter.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StoreClock {
    /// The time that the store has reported last, in microseconds since 1970, and the monotonic time of this process in the middle between the query
    /// for this time and its reply.
    read: Option<(u64, Mono)>,
    /// Entries that were written before this time are not used, because the clock of the store was changed then. In milliseconds since 1970.
    valid_from: u64,
}

impl StoreClock {
    /// Stores a time that the store has reported, in microseconds since 1970. `began` and `now` are the times of the query to the store and of its
    /// reply.
    pub(crate) fn read(&mut self, micros: u64, (began, now): (Mono, Mono)) {
        let middle = began.after(now.since(began) / 2);
        if let Some(expected) = self.micros(middle)
            && Duration::from_micros(expected.abs_diff(micros)) > MAX_CLOCK_JUMP
        {
            self.valid_from = micros / 1_000;
        }
        self.read = Some((micros, middle));
    }

    /// Returns the time of the store at `at`, in milliseconds since 1970. Returns `None` if the store has not reported it yet.
    pub(crate) fn millis(&self, at: Mono) -> Option<u64> {
        self.micros(at).map(|micros| micros / 1_000)
    }

    /// Returns the age at `now` of an entry that was written at `written`, in milliseconds since 1970. Returns `None` if the clock of the store was
    /// changed after `written`, or if `written` is in the future, because then the age is unknown.
    pub(crate) fn age(&self, written: u64, now: Mono) -> Option<Duration> {
        let now = self.millis(now)?;
        let is_known = written >= self.valid_from && written <= now.saturating_add(millis_of(MAX_CLOCK_JUMP));
        is_known.then(|| Duration::from_millis(now.saturating_sub(written)))
    }

    /// Returns how many milliseconds the clock of this host is ahead of the clock of the store. `unix_micros`: the time of this host's clock, in
    /// microseconds since 1970.
    pub(crate) fn offset_millis(&self, unix_micros: u64, now: Mono) -> Option<i64> {
        let (own, store) = (i64::try_from(unix_micros / 1_000).ok()?, i64::try_from(self.millis(now)?).ok()?);
        Some(own.saturating_sub(store))
    }

    fn micros(&self, at: Mono) -> Option<u64> {
        let (micros, read) = self.read?;
        let forward = u64::try_from(at.since(read).as_micros()).ok()?;
        let back = u64::try_from(read.since(at).as_micros()).ok()?;
        Some(micros.saturating_add(forward).saturating_sub(back))
    }
}

/// Returns a duration in milliseconds.
pub(crate) fn millis_of(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Mono {
        Mono::START.after(Duration::from_millis(millis))
    }

    #[test]
    fn the_age_is_by_the_clock_of_the_store() {
        let mut clock = StoreClock::default();
        assert_eq!(clock.age(5, at(0)), None, "the clock is not known");
        clock.read(1_000_000_000, (at(10), at(12)));
        assert_eq!(clock.millis(at(11)), Some(1_000_000));
        assert_eq!(clock.age(999_000, at(111)), Some(Duration::from_millis(1_100)));
        assert_eq!(
            clock.age(1_000_500, at(111)),
            Some(Duration::ZERO),
            "two nodes of a cluster differ a little"
        );
        assert_eq!(clock.age(1_009_000, at(111)), None, "it is from the future");
        assert_eq!(clock.offset_millis(1_060_000_000, at(11)), Some(60_000));
    }

    #[test]
    fn a_changed_clock_makes_older_entries_unusable() {
        let mut clock = StoreClock::default();
        clock.read(1_000_000_000, (at(0), at(0)));
        clock.read(1_001_000_000, (at(1_001), at(1_001)));
        assert_eq!(clock.age(999_000, at(1_001)), Some(Duration::from_secs(2)));
        clock.read(4_600_000_000, (at(2_000), at(2_000)));
        assert_eq!(clock.age(999_000, at(2_000)), None);
        assert_eq!(clock.age(4_600_000, at(2_500)), Some(Duration::from_millis(500)));
    }
}
