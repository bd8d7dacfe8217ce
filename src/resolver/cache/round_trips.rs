//! The round trips of a server, from which its timers are computed.
//!
//! The smoothed round trip is that of RFC 6298 section 2. The distribution has eight buckets for each octave (a doubling of the time), so a
//! percentile is at most an eighth too long. Counts are halved from time to time, so that recent round trips count more.

use std::time::Duration;

use dns::clock::smoothed;

use crate::limits::{ENOUGH_ROUND_TRIPS, MAX_TIMER, MIN_TIMER};

/// The number of buckets for each octave, as an exponent of two.
const PRECISION_BITS: u32 = 3;

const PER_OCTAVE: u32 = 1 << PRECISION_BITS;

/// The begin of the first octave in microseconds, as an exponent of two. Shorter round trips share one bucket.
const FIRST_OCTAVE: u32 = 10;

/// The number of octaves. The last one ends at 2^21 microseconds, just over the longest timer.
const OCTAVES: u32 = 11;

/// The first bucket is for round trips below the first octave. The last one also counts longer ones.
const BUCKETS: usize = 11 * 8 + 1;

/// When this number of round trips has been counted, all counts are halved. So after a change of the path, the last few dozen round trips determine
/// the timer. The number 128 fits in an octet.
const FADE_AT: u8 = 128;

/// The timer is longer than this percentage of round trips. Dean and Barroso, "The Tail at Scale" (2013), send the second request at the 95th
/// percentile, so that only one request in twenty has a second one.
const COVERED: u32 = 95;

/// The round trips of a server that has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RoundTrips {
    pub(super) smoothed: Duration,
    pub(super) variation: Duration,
    pub(super) counts: [u8; BUCKETS],
    total: u8,
    /// The time after a query to this server at which another server is queried. It is stored, because it is read much more often than it changes.
    timer: Duration,
}

impl RoundTrips {
    pub(super) fn new(first: Duration) -> Self {
        let ((smoothed, variation), counts, timer) = (smoothed(None, first), [0; BUCKETS], MAX_TIMER);
        let mut trips = Self { smoothed, variation, counts, total: 0, timer };
        trips.count(first);
        trips
    }

    /// Restores data from an earlier process. Returns `None` if all counts are zero, or their sum is too large.
    pub(super) fn restored(smoothed: Duration, variation: Duration, counts: [u8; BUCKETS]) -> Option<Self> {
        let total = counts.iter().try_fold(0_u8, |total, count| total.checked_add(*count))?;
        if total == 0 || total > FADE_AT {
            return None;
        }
        let (smoothed, variation) = (smoothed.min(MAX_TIMER), variation.min(MAX_TIMER));
        let mut trips = Self { smoothed, variation, counts, total, timer: MAX_TIMER };
        trips.timer = trips.reckoned();
        Some(trips)
    }

    pub(super) fn add(&mut self, sample: Duration) {
        (self.smoothed, self.variation) = smoothed(Some((self.smoothed, self.variation)), sample);
        self.count(sample);
    }

    /// Adds the first round trip after a long time. It counts as much as all earlier ones together, because the path may have changed.
    pub(super) fn add_after_pause(&mut self, sample: Duration) {
        self.smoothed = (self.smoothed + sample) / 2;
        self.add(sample);
    }

    pub(super) fn smoothed(&self) -> Duration {
        self.smoothed
    }

    /// Returns how long to wait for this server before a second one is queried. This is about the 95th percentile. With too few round trips, it is
    /// 1.25 times the smoothed round trip plus 10 ms.
    pub(super) fn timer(&self) -> Duration {
        self.timer
    }

    fn reckoned(&self) -> Duration {
        if self.total < ENOUGH_ROUND_TRIPS {
            timer_of(self.smoothed)
        } else {
            self.percentile().clamp(MIN_TIMER, MAX_TIMER)
        }
    }

    /// Returns the time after which a query without a reply counts as lost: twice the timer, or the timeout of RFC 6298 if that is longer.
    pub(super) fn patience(&self) -> Duration {
        (self.timer() * 2).max(self.smoothed + self.variation * 4).min(MAX_TIMER)
    }

    fn count(&mut self, sample: Duration) {
        if self.total >= FADE_AT {
            self.counts.iter_mut().for_each(|count| *count /= 2);
            self.total = self.counts.iter().sum();
        }
        if let Some(count) = self.counts.get_mut(bucket(sample)) {
            *count += 1;
            self.total += 1;
        }
        self.timer = self.reckoned();
    }

    /// Returns the upper end of the bucket with the 95th percentile.
    fn percentile(&self) -> Duration {
        let wanted = (u32::from(self.total) * COVERED).div_ceil(100);
        let mut seen = 0;
        let place = self.counts.iter().position(|count| {
            seen += u32::from(*count);
            seen >= wanted
        });
        upper_end(place.unwrap_or(BUCKETS - 1))
    }
}

/// Returns the timer (the time until another server is queried) for a smoothed round trip, if there were too few round trips for a percentile.
pub(super) fn timer_of(smoothed: Duration) -> Duration {
    (smoothed + smoothed / 4 + Duration::from_millis(10)).clamp(MIN_TIMER, MAX_TIMER)
}

fn bucket(sample: Duration) -> usize {
    let micros = u32::try_from(sample.as_micros()).unwrap_or(u32::MAX);
    if micros < 1 << FIRST_OCTAVE {
        return 0;
    }
    let octave = micros.ilog2();
    let within = (micros >> (octave - PRECISION_BITS)) - PER_OCTAVE;
    let place = (octave - FIRST_OCTAVE) * PER_OCTAVE + within + 1;
    usize::try_from(place).unwrap_or(usize::MAX).min(BUCKETS - 1)
}

/// Returns the longest round trip in the bucket with the index `place`.
fn upper_end(place: usize) -> Duration {
    let place = u32::try_from(place).unwrap_or(u32::MAX).min(OCTAVES * PER_OCTAVE);
    let (octave, within) = (place / PER_OCTAVE, place % PER_OCTAVE);
    Duration::from_micros(u64::from(PER_OCTAVE + within) << (octave + FIRST_OCTAVE - PRECISION_BITS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);

    fn trips(millis: impl IntoIterator<Item = u32>) -> RoundTrips {
        let mut millis = millis.into_iter();
        let mut trips = RoundTrips::new(millis.next().unwrap() * MS);
        millis.for_each(|sample| trips.add(sample * MS));
        trips
    }

    #[test]
    fn timer_adds_quarter_to_usual_trip() {
        assert_eq!(trips([80]).timer(), 110 * MS);
        assert_eq!(trips([80]).patience(), 240 * MS);
        assert_eq!(trips([1]).timer(), MIN_TIMER);
        assert_eq!(trips([1]).patience(), 2 * MIN_TIMER);
        assert_eq!(trips([9_000]).timer(), MAX_TIMER);
    }

    #[test]
    fn many_give_their_own_95th_percentile() {
        // A timer below 200 ms would expire for a tenth of all queries.
        let timer = trips((0..100).map(|place| if place % 10 == 0 { 200 } else { 40 })).timer();
        assert!(timer >= 200 * MS && timer <= 225 * MS, "{timer:?}");
        // One round trip of 200 ms in a hundred does not make the timer longer.
        let timer = trips((1..100).map(|place| if place % 50 == 0 { 200 } else { 40 })).timer();
        assert!(timer >= 40 * MS && timer <= 45 * MS, "{timer:?}");
    }

    #[test]
    fn what_was_long_ago_fades() {
        let moved = trips(std::iter::repeat_n(200, 1_000).chain(std::iter::repeat_n(20, 500)));
        assert_eq!(moved.timer(), MIN_TIMER);
        assert!(moved.smoothed() < 21 * MS);
    }

    #[test]
    fn first_sample_after_pause_weighs_half() {
        let mut moved = trips([20, 420]);
        assert_eq!(moved.smoothed(), 70 * MS);
        moved.add_after_pause(20 * MS);
        assert!(moved.smoothed() < 45 * MS, "{:?}", moved.smoothed());
    }

    proptest! {
        #[test]
        fn round_trip_falls_into_its_bucket(micros in 0_u64..10_000_000) {
            let sample = Duration::from_micros(micros);
            let end = upper_end(bucket(sample));
            if sample < upper_end(BUCKETS - 1) {
                prop_assert!(sample < end, "{sample:?} in a bucket up to {end:?}");
                prop_assert!(end <= (sample + sample / 8 + Duration::from_micros(1)).max(Duration::from_micros(1024)));
            }
        }

        #[test]
        fn timers_keep_their_bounds(samples in proptest::collection::vec(0_u32..20_000, 1..300)) {
            let trips = trips(samples);
            prop_assert!(trips.timer() >= MIN_TIMER && trips.timer() <= trips.patience());
            prop_assert!(trips.patience() <= MAX_TIMER);
        }
    }
}
