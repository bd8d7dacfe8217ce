//! The hits of a batch: equal ones are counted together, and their time is measured for some of the counts.
//!
//! # Decisions
//!
//! - The time of a hit is that of a few copies, the same for most. To read the clock for each count took a tenth of the time of a hit
//!   in user space (samples of perf at 30 000 hits a second): the core finishes all its reads before it reads the clock. So one count
//!   in `HIT_COUNTS_TIMED` is measured, and stands for those up to the next one. The mean stays the same.

use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::rr::RecordType;

use crate::limits::HIT_COUNTS_TIMED;

/// Octets before the question of a message (RFC 1035 section 4.1.1).
const HEADER: usize = 12;

/// Octets of a type.
const TYPE: usize = 2;

/// Hits of one client and type.
pub(super) struct Hits {
    pub(super) client: IpAddr,
    pub(super) kind: RecordType,
    pub(super) count: u64,
}

/// The time of the hits of a worker.
#[derive(Default)]
pub(super) struct HitTime {
    /// The one that was measured last.
    last: Duration,
    /// The counts that it still stands for.
    left: u32,
}

impl HitTime {
    /// The time of the hits that are counted next.
    pub(super) fn next(&mut self, measure: impl FnOnce() -> Duration) -> Duration {
        if self.left == 0 {
            (self.last, self.left) = (measure(), HIT_COUNTS_TIMED);
        }
        self.left = self.left.saturating_sub(1);
        self.last
    }
}

/// The name of a query that was read, of `name` octets, and its type: the octets behind the header.
pub(super) fn asked_in(message: &[u8], name: usize) -> &[u8] {
    message.get(HEADER..name.saturating_add(HEADER + TYPE)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_count_of_some_is_measured_and_stands_for_the_next_ones() {
        let (mut time, mut measured) = (HitTime::default(), 0);
        let mut times = Vec::new();
        for _ in 0..2 * HIT_COUNTS_TIMED {
            times.push(time.next(|| {
                measured += 1;
                Duration::from_micros(measured)
            }));
        }
        assert_eq!(measured, 2);
        let (first, second) = times.split_at(usize::try_from(HIT_COUNTS_TIMED).unwrap());
        assert!(first.iter().all(|time| *time == Duration::from_micros(1)), "{first:?}");
        assert!(second.iter().all(|time| *time == Duration::from_micros(2)), "{second:?}");
    }
}
