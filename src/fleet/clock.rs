//! The clock of the store that the gateways of a fleet share. All functions are pure.

use std::time::Duration;

use dns::clock::Mono;

use crate::error::StoreError;
use crate::limits::{CLOCK_TRIAL, CLOCK_WINDOW, MAX_CLOCK_JUMP, MAX_CLOCK_OFFSET};

/// The clock of the store, compared with the clocks of this host. Whoever controls the store could stop its clock or put it back, so that old
/// entries and orders become young again. So the clock must run, and it must not differ much from the calendar time of this host.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StoreClock {
    /// The last time from the store, in microseconds since 1970, and the monotonic time in the middle between the query and its reply.
    read: Option<(u64, Mono)>,
    /// An earlier time from the store, at most `CLOCK_WINDOW` ago. Between single readings a clock that stands still differs by less than a
    /// jump.
    anchor: Option<(u64, Mono)>,
    /// The time, in milliseconds since 1970, at which the clock of the store was changed. Older entries are not used.
    valid_from: u64,
    /// The clock has jumped or stood still, and is not believed until this time.
    doubted_until: Option<Mono>,
}

impl StoreClock {
    /// Stores a time from the store, in microseconds since 1970. `began` and `now`: the times of the query and of its reply. `unix_micros`: this
    /// host's time at `now`, in microseconds since 1970.
    ///
    /// # Errors
    /// The clock is too far from that of this host, or it has jumped or stood still within `CLOCK_TRIAL`.
    pub(crate) fn read(
        &mut self,
        micros: u64,
        (began, now): (Mono, Mono),
        unix_micros: u64,
    ) -> Result<(), StoreError> {
        let middle = began.after(now.since(began) / 2);
        let is_steady = |from| {
            at(from, middle)
                .is_none_or(|expected| Duration::from_micros(expected.abs_diff(micros)) <= MAX_CLOCK_JUMP)
        };
        if !is_steady(self.read) || !is_steady(self.anchor) {
            self.valid_from = micros / 1_000;
            self.anchor = None;
            self.doubted_until = Some(now.after(CLOCK_TRIAL));
        }
        self.anchor =
            self.anchor.filter(|(_, read)| middle.since(*read) < CLOCK_WINDOW).or(Some((micros, middle)));
        self.read = Some((micros, middle));
        let offset = Duration::from_micros(unix_micros.abs_diff(micros));
        if offset > MAX_CLOCK_OFFSET {
            return Err(StoreError::ClockOff(offset.as_secs()));
        }
        match self.doubted_until {
            Some(until) if now < until => Err(StoreError::ClockUnsteady),
            _ => Ok(()),
        }
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

    fn micros(&self, when: Mono) -> Option<u64> {
        at(self.read, when)
    }
}

/// Returns the time of the store at `when`, in microseconds since 1970, if its clock runs on from an earlier time.
fn at(from: Option<(u64, Mono)>, when: Mono) -> Option<u64> {
    let (micros, read) = from?;
    let forward = u64::try_from(when.since(read).as_micros()).ok()?;
    let back = u64::try_from(read.since(when).as_micros()).ok()?;
    Some(micros.saturating_add(forward).saturating_sub(back))
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

    /// Reads a time of the store at a time of this process, both in milliseconds. The clock of this host shows `unix`.
    fn read(clock: &mut StoreClock, store: u64, mono: u64, unix: u64) -> Result<(), StoreError> {
        clock.read(store * 1_000, (at(mono), at(mono)), unix * 1_000)
    }

    #[test]
    fn entry_age_follows_store_clock() {
        let mut clock = StoreClock::default();
        assert_eq!(clock.age(5, at(0)), None, "the clock is not known");
        clock.read(1_000_000_000, (at(10), at(12)), 1_060_000_000).unwrap();
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
    fn changed_store_clock_outdates_entries() {
        let mut clock = StoreClock::default();
        read(&mut clock, 1_000_000, 0, 1_000_000).unwrap();
        read(&mut clock, 1_001_000, 1_001, 1_001_001).unwrap();
        assert_eq!(clock.age(999_000, at(1_001)), Some(Duration::from_secs(2)));
        assert_eq!(read(&mut clock, 1_060_000, 2_000, 1_002_000), Err(StoreError::ClockUnsteady));
        assert_eq!(clock.age(999_000, at(2_000)), None);
        assert_eq!(clock.age(1_060_000, at(2_500)), Some(Duration::from_millis(500)));
        assert_eq!(read(&mut clock, 1_064_000, 6_000, 1_006_000), Err(StoreError::ClockUnsteady));
        assert_eq!(read(&mut clock, 1_065_000, 7_000, 1_007_000), Ok(()), "it has run for a while");
    }

    #[test]
    fn stopped_clock_is_doubted() {
        let mut clock = StoreClock::default();
        let readings =
            (0..60).map(|second| read(&mut clock, 1_000_000, second * 1_000, 1_000_000 + second * 1_000));
        let doubted: Vec<bool> = readings.map(|read| read.is_err()).collect();
        assert!(doubted.iter().skip(3).all(|doubted| *doubted), "{doubted:?}");
    }

    #[test]
    fn clock_at_half_speed_is_doubted() {
        let mut clock = StoreClock::default();
        let readings = (0..60).map(|second| {
            read(&mut clock, 1_000_000 + second * 500, second * 1_000, 1_000_000 + second * 1_000)
        });
        assert!(readings.skip(5).all(|read| read.is_err()));
    }

    #[test]
    fn a_clock_that_drifts_is_believed() {
        let mut clock = StoreClock::default();
        for minute in 0..1_000 {
            assert_eq!(
                read(&mut clock, 1_000_000 + minute * 60_012, minute * 60_000, 1_000_000 + minute * 60_000),
                Ok(())
            );
        }
    }

    #[test]
    fn clock_far_from_host_is_refused() {
        for (store, expected) in
            [(1_290_000, Ok(())), (710_000, Ok(())), (600_000, Err(StoreError::ClockOff(400)))]
        {
            assert_eq!(read(&mut StoreClock::default(), store, 0, 1_000_000), expected, "{store}");
        }
    }
}
