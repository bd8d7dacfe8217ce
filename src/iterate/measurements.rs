//! Bounds the messages that only measure a server: at most a share of all messages, with a burst, by a token bucket.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::limits::{MEASURE_BURST, MEASURED_PER_MILLE};

/// The cost of one message, in thousandths.
const COST: u32 = 1_000;

/// The bucket, in thousandths of a message.
#[derive(Debug)]
pub(super) struct Measurements(AtomicU32);

impl Default for Measurements {
    fn default() -> Self {
        Self(AtomicU32::new(MEASURE_BURST * COST))
    }
}

impl Measurements {
    /// A message was sent for a question.
    pub(super) fn earn(&self) {
        let most = MEASURE_BURST.saturating_mul(COST);
        // Mostly the bucket is full: then it is not written, because a write takes it from other processors.
        let earn = |tokens: u32| (tokens < most).then(|| tokens.saturating_add(MEASURED_PER_MILLE).min(most));
        let _ = self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, earn);
    }

    /// Whether a server may be measured.
    pub(super) fn take(&self) -> bool {
        let take = |tokens: u32| tokens.checked_sub(COST);
        self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_a_share_of_all() {
        let measurements = Measurements::default();
        let taken = || (0..1_000).filter(|_| measurements.take()).count();
        assert_eq!(taken(), usize::try_from(MEASURE_BURST).unwrap());
        (0..1_000 / MEASURED_PER_MILLE * 3).for_each(|_| measurements.earn());
        assert_eq!(taken(), 3);
        (0..1_000_000).for_each(|_| measurements.earn());
        assert_eq!(taken(), usize::try_from(MEASURE_BURST).unwrap());
    }
}
