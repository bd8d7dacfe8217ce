//! The clock of the store that the gateways of a fleet share. All functions are pure.

use std::time::Duration;

use dns::clock::Mono;

use crate::limits::MAX_CLOCK_JUMP;

/// The clock of the store, compared with the monotonic clock of this process. So a wrong calendar time of this host does not matter.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StoreClock {
    /// The last time from the store, in microseconds since 1970, and the monotonic time in the middle between the query and its reply.
    read: Option<(u64, Mono)>,
    /// The time, in milliseconds since 1970, at which the clock of the store was changed. Older entries are not used.
    valid_from: u64,
}

impl StoreClock {
    /// Stores a time from the store, in microseconds since 1970. `began` and `now`: the times of the query and of its reply.
    pub(crate) fn read(&mut self, micros: u64, (began, now): (Mono, Mono)) {
        let middle = began.after(now.since(began) / 2);
        if let Some(expected) = self.micros(middle)
            && Duration::from_micros(expected.abs_diff(micros)) > MAX_CLOCK_JUMP
        {
            self.valid_from = micros / 1_000;
        }
        self.read = Some((micros, middle));
    }

    /// Returns the time of the store, in milliseconds since 1970.
    pub(crate) fn millis(&self, at: Mono) -> Option<u64> {
        self.micros(at).map(|micros| micros / 1_000)
    }

    /// Returns the age of an entry that was written at `written`, in milliseconds since 1970. The age is unknown if the clock of the store
    /// was changed after `written`, or if `written` is in the future.
    pub(crate) fn age(&self, written: u64, now: Mono) -> Option<Duration> {
        let now = self.millis(now)?;
        let is_known = written >= self.valid_from && written <= now.saturating_add(millis_of(MAX_CLOCK_JUMP));
        is_known.then(|| Duration::from_millis(now.saturating_sub(written)))
    }

    /// Returns how many milliseconds the clock of this host is ahead of that of the store. `unix_micros`: this host's time, in microseconds
    /// since 1970.
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
