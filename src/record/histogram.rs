//! A histogram of response times, updated without locks and exact to 1 %. Copies, and the difference of two copies, are cheap.
//!
//! Below 64 µs there is one bucket for each microsecond, above it 64 buckets for each octave (from one power of two to the next). So the
//! middle of a bucket differs from a counted value by at most 0.8 %.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use dns::clock::micros;

/// The base-2 logarithm of the number of buckets in an octave.
const PRECISION_BITS: u32 = 6;

/// The buckets in an octave; also the smallest value in microseconds for which a bucket has several values.
const PER_OCTAVE: u64 = 1 << PRECISION_BITS;

/// The number of octaves above the range with one bucket for each microsecond. They reach to 2^26 µs (67 s); no question takes longer than
/// `limits::FLIGHT_TIME`.
const OCTAVES: u64 = 20;

/// The last bucket also counts all longer times.
const BUCKETS: u64 = PER_OCTAVE * (OCTAVES + 1);

/// Counts times in buckets, with one relaxed atomic addition. A reader may miss a time that is just being counted, but sees no time twice.
#[derive(Debug)]
pub struct Histogram {
    buckets: Box<[AtomicU64]>,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect() }
    }
}

impl Histogram {
    /// Counts one measured time.
    pub fn count(&self, elapsed: Duration) {
        self.add(elapsed, 1);
    }

    /// Counts `count` times the measured time `elapsed`.
    pub fn add(&self, elapsed: Duration, count: u64) {
        let micros =
            elapsed.as_secs().saturating_mul(1_000_000).saturating_add(u64::from(elapsed.subsec_micros()));
        if let Some(bucket) = usize::try_from(place(micros)).ok().and_then(|place| self.buckets.get(place)) {
            bucket.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// Returns the counts so far.
    pub fn spread(&self) -> Spread {
        Spread { counts: self.filled().collect() }
    }

    /// Returns the counts so far in a few fixed buckets, for exporters such as Prometheus.
    pub fn distribution(&self) -> Distribution {
        Distribution::from_counts(self.filled())
    }

    /// Returns index and count of each bucket that is not empty, the lowest bucket first.
    fn filled(&self) -> impl Iterator<Item = (u64, u64)> {
        let counts = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed));
        (0..).zip(counts).filter(|(_, count)| *count > 0)
    }
}

const fn place(micros: u64) -> u64 {
    if micros < PER_OCTAVE {
        return micros;
    }
    let shift = micros.ilog2() - PRECISION_BITS;
    let place = (shift as u64) * PER_OCTAVE + (micros >> shift);
    if place < BUCKETS { place } else { BUCKETS - 1 }
}

/// Returns the middle of a bucket in microseconds, rounded down.
const fn middle(place: u64) -> u64 {
    if place < PER_OCTAVE {
        return place;
    }
    let shift = place / PER_OCTAVE - 1;
    let width = 1 << shift;
    (PER_OCTAVE + place % PER_OCTAVE) * width + (width - 1) / 2
}

/// The counts of a histogram at one moment, or their growth between two moments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// The count of each bucket that is not empty, by the index of the bucket.
    counts: BTreeMap<u64, u64>,
}

impl Spread {
    /// Returns the sum of several histograms.
    pub fn sum<'a>(histograms: impl IntoIterator<Item = &'a Histogram>) -> Self {
        let mut sum = Self::default();
        histograms.into_iter().for_each(|histogram| sum.add(&histogram.spread()));
        sum
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (place, count) in &other.counts {
            let sum = self.counts.entry(*place).or_default();
            *sum = sum.saturating_add(*count);
        }
    }

    /// Returns how much the counts have grown since `earlier`, an older copy of the same histograms.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let difference = self.counts.iter().map(|(place, count)| {
            (*place, count.saturating_sub(earlier.counts.get(place).copied().unwrap_or(0)))
        });
        Self { counts: difference.filter(|(_, count)| *count > 0).collect() }
    }

    /// Returns the measured times, the shortest first, each with its count.
    pub fn times(&self) -> impl Iterator<Item = (Duration, u64)> {
        self.counts.iter().map(|(place, count)| (Duration::from_micros(middle(*place)), *count))
    }

    /// Returns how many times were measured.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Returns the time that `permille` thousandths of the counted times do not exceed; zero if nothing was counted.
    pub(crate) fn quantile(&self, permille: u64) -> Duration {
        let rank = self.total().saturating_mul(permille).div_ceil(1000).max(1);
        let mut passed = 0_u64;
        for (place, count) in &self.counts {
            passed = passed.saturating_add(*count);
            if passed >= rank {
                return Duration::from_micros(middle(*place));
            }
        }
        Duration::ZERO
    }

    /// Returns the counts in a few fixed buckets, for exporters such as Prometheus.
    pub fn distribution(&self) -> Distribution {
        Distribution::from_counts(self.counts.iter().map(|(place, count)| (*place, *count)))
    }

    /// Returns the quantiles that screens and JSON show.
    pub fn quantiles(&self) -> Quantiles {
        let at = |permille| self.quantile(permille).as_secs_f64();
        Quantiles { count: self.total(), p50: at(500), p90: at(900), p99: at(990), max: at(1000) }
    }
}

/// Upper limits of the buckets for exporters such as Prometheus. They must not change, because that would break the graphs of operators.
pub const BOUNDS: [Duration; 15] = [
    Duration::from_micros(100),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(3),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// Counted times in the buckets of `BOUNDS`, for exporters such as Prometheus. Each time is exact to 1 %.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Distribution {
    /// For each time in `BOUNDS`, the number of counted times that did not exceed it.
    pub within: [u64; BOUNDS.len()],
    /// The number of measured times.
    pub count: u64,
    /// The sum of all measured times, in seconds.
    pub sum: f64,
}

impl Distribution {
    fn from_counts(counts: impl Iterator<Item = (u64, u64)>) -> Self {
        let (mut distribution, mut bound, mut all) = (Self::default(), 0, 0_u64);
        for (place, count) in counts {
            let time = middle(place);
            distribution.count = distribution.count.saturating_add(count);
            all = all.saturating_add(time.saturating_mul(count));
            while BOUNDS.get(bound).is_some_and(|bound| micros(*bound) < time) {
                bound = bound.saturating_add(1);
            }
            if let Some(within) = distribution.within.get_mut(bound) {
                *within = within.saturating_add(count);
            }
        }
        // Above 2^53 µs (285 years) the sum is rounded, by a negligible part.
        distribution.sum = all as f64 / 1e6;
        // Until here, each time is counted only for the lowest bound that it does not exceed.
        let mut sum = 0_u64;
        for within in &mut distribution.within {
            sum = sum.saturating_add(*within);
            *within = sum;
        }
        distribution
    }

    /// Adds the times of another distribution.
    pub fn add(&mut self, other: &Self) {
        for (within, more) in self.within.iter_mut().zip(other.within) {
            *within = within.saturating_add(more);
        }
        self.count = self.count.saturating_add(other.count);
        self.sum += other.sum;
    }
}

/// Quantiles of counted times, in seconds. Each quantile is exact to 1 %. All are zero if nothing was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// The number of measured times.
    pub count: u64,
    /// The median in seconds.
    pub p50: f64,
    /// The 90th percentile in seconds.
    pub p90: f64,
    /// The 99th percentile in seconds.
    pub p99: f64,
    /// The longest measured time, in seconds; times above 67 s count as 67 s.
    pub max: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(micros: &[u64]) -> Histogram {
        let histogram = Histogram::default();
        for value in micros {
            histogram.count(Duration::from_micros(*value));
        }
        histogram
    }

    #[test]
    fn buckets_follow_one_another_without_gap() {
        let mut last = 0;
        for micros in 0..1_000_000 {
            let place = place(micros);
            assert!(place == last || place == last + 1, "{micros}");
            last = place;
        }
        assert_eq!(super::place(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn nothing_counted_is_zero() {
        assert_eq!(Histogram::default().spread().quantiles(), Quantiles::default());
    }

    proptest! {
        #[test]
        fn histogram_keeps_time_to_percent(micros in 1_u64..67_000_000) {
            let kept = middle(place(micros));
            prop_assert!(kept.abs_diff(micros) * 100 <= micros, "{micros} kept as {kept}");
        }

        #[test]
        fn quantiles_agree_with_sorting(mut micros in proptest::collection::vec(1_u64..67_000_000, 1..400)) {
            let spread = filled(&micros).spread();
            micros.sort_unstable();
            prop_assert_eq!(spread.total(), u64::try_from(micros.len()).unwrap());
            for permille in [500, 900, 990, 1000] {
                let rank = (micros.len() * permille).div_ceil(1000).max(1);
                let truth = micros[rank - 1];
                let shown = u64::try_from(spread.quantile(u64::try_from(permille).unwrap()).as_micros()).unwrap();
                prop_assert!(shown.abs_diff(truth) * 100 <= truth, "{truth} shown as {shown}");
            }
        }

        #[test]
        fn a_distribution_has_every_time_once(micros in proptest::collection::vec(1_u64..67_000_000, 0..400)) {
            let histogram = filled(&micros);
            let distribution = histogram.distribution();
            prop_assert_eq!(distribution, histogram.spread().distribution());
            prop_assert_eq!(distribution.count, u64::try_from(micros.len()).unwrap());
            let sum: u64 = micros.iter().sum();
            prop_assert!((distribution.sum - sum as f64 / 1e6).abs() * 100.0 <= sum as f64 / 1e6);
            for (within, bound) in distribution.within.into_iter().zip(BOUNDS) {
                let most = |percent| u64::try_from(bound.as_micros()).unwrap() * percent / 100;
                let below = |most| u64::try_from(micros.iter().filter(|micros| **micros <= most).count()).unwrap();
                prop_assert!((below(most(99))..=below(most(101))).contains(&within), "{bound:?}");
            }
        }

        #[test]
        fn spread_sum_equals_joined_times(
            one in proptest::collection::vec(0_u64..100_000_000, 0..100),
            other in proptest::collection::vec(0_u64..2_000, 0..100),
        ) {
            let sum = Spread::sum([&filled(&one), &filled(&other)]);
            prop_assert_eq!(sum, filled(&[one, other].concat()).spread());
        }

        #[test]
        fn the_difference_is_what_came_since(
            before in proptest::collection::vec(0_u64..100_000_000, 0..100),
            after in proptest::collection::vec(0_u64..100_000_000, 0..100),
        ) {
            let histogram = filled(&before);
            let earlier = histogram.spread();
            for value in &after {
                histogram.count(Duration::from_micros(*value));
            }
            prop_assert_eq!(histogram.spread().since(&earlier), filled(&after).spread());
        }
    }
}
