//! Bounds the second messages that are sent while the first server may still answer: a share of all messages.
//!
//! A token bucket (Dean and Barroso, "The Tail at Scale", bound them in the same way). If many servers are slow at once, the
//! cause is in or near our own network, and more messages would not help.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::limits::{HEDGE_BURST, HEDGES_PER_MILLE};

/// The cost of one second message, in thousandths.
const COST: u32 = 1_000;

/// The bucket, in thousandths of a message.
#[derive(Debug)]
pub(super) struct Hedges(AtomicU32);

impl Default for Hedges {
    fn default() -> Self {
        Self(AtomicU32::new(HEDGE_BURST * COST))
    }
}

impl Hedges {
    /// A message was sent.
    pub(super) fn earn(&self) {
        let most = HEDGE_BURST.saturating_mul(COST);
        // Mostly the bucket is full: then it is not written, because a write takes it from other processors.
        let earn = |tokens: u32| (tokens < most).then(|| tokens.saturating_add(HEDGES_PER_MILLE).min(most));
        let _ = self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, earn);
    }

    /// Whether a second message may be sent.
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
        let hedges = Hedges::default();
        let taken = |tries: u32| (0..tries).filter(|_| hedges.take()).count();
        assert_eq!(taken(1_000), usize::try_from(HEDGE_BURST).unwrap());
        for _ in 0..50 {
            hedges.earn();
        }
        assert_eq!(taken(1_000), 10);
        for _ in 0..1_000_000 {
            hedges.earn();
        }
        assert_eq!(taken(1_000), usize::try_from(HEDGE_BURST).unwrap());
    }
}
