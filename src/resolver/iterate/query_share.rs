//! Limits additional queries of one kind to a share of all queries, and allows a burst of them (a token bucket).
//!
//! # Decisions
//!
//! - One limit is for hedges: second queries that are sent while the first server may still answer (Dean and Barroso, "The Tail at Scale"). If many
//!   servers are slow at the same time, the cause is in or near the network of this host, and more queries would not help.
//! - Queries that only measure a server have their own limit, so that neither kind uses up the share of the other.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::limits::{HEDGE_BURST, HEDGES_PER_MILLE, MEASURE_BURST, MEASURED_PER_MILLE};

/// The cost of one limited query, in thousandths of a query.
const COST: u32 = 1_000;

/// Limits one kind of additional query to a share of all queries. All numbers are in thousandths of a query.
#[derive(Debug)]
pub(super) struct QueryShare {
    /// The number of queries of this kind that may be sent now, in thousandths of a query.
    tokens: AtomicU32,
    most: u32,
    /// The number that each query of any kind adds to `tokens`.
    per_mille: u32,
}

impl QueryShare {
    pub(super) const fn of_hedges() -> Self {
        Self::new(HEDGE_BURST, HEDGES_PER_MILLE)
    }

    pub(super) const fn of_measurements() -> Self {
        Self::new(MEASURE_BURST, MEASURED_PER_MILLE)
    }

    const fn new(burst: u32, per_mille: u32) -> Self {
        let most = burst.saturating_mul(COST);
        Self { tokens: AtomicU32::new(most), most, per_mille }
    }

    /// Called for each query of any kind.
    pub(super) fn earn(&self) {
        // Usually `tokens` is at its maximum, and is not written: a write would invalidate the value in the caches of other processors.
        let earn =
            |tokens: u32| (tokens < self.most).then(|| tokens.saturating_add(self.per_mille).min(self.most));
        let _ = self.tokens.try_update(Ordering::Relaxed, Ordering::Relaxed, earn);
    }

    /// Returns true if an additional query (a hedge or a measurement) may be sent now, and counts it.
    pub(super) fn take(&self) -> bool {
        let take = |tokens: u32| tokens.checked_sub(COST);
        self.tokens.try_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that `share` allows `burst` queries at once. After `earned` queries of any kind, it must allow `more` further ones. After many
    /// queries, it must allow `burst` again.
    fn check(share: &QueryShare, burst: u32, earned: u32, more: usize) {
        let burst = usize::try_from(burst).unwrap();
        let taken = || (0..1_000).filter(|_| share.take()).count();
        assert_eq!(taken(), burst);
        (0..earned).for_each(|_| share.earn());
        assert_eq!(taken(), more);
        (0..1_000_000).for_each(|_| share.earn());
        assert_eq!(taken(), burst);
    }

    #[test]
    fn extra_queries_are_burst_then_share() {
        check(&QueryShare::of_hedges(), HEDGE_BURST, 50, 10);
        check(&QueryShare::of_measurements(), MEASURE_BURST, 1_000 / MEASURED_PER_MILLE * 3, 3);
    }
}
