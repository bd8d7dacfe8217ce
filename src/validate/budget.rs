//! Limits the work that DNSSEC validation does for one question of a client: the number of signature checks and of NSEC3 hashes.
//!
//! An attacker's zone may have many keys with the same tag and many signatures (KeyTrap, CVE-2023-50387), or NSEC3 records with many
//! iterations (CVE-2023-50868). Without a limit, one such answer would take minutes of CPU time.

use std::sync::atomic::{AtomicU32, Ordering};

use super::verdict::{ValidationFailure, Why};
use crate::limits::{MAX_CHECKS_IN_A_ROW, MAX_FAILED_CHECKS, MAX_NSEC3_HASHES, MAX_SIGNATURE_CHECKS};

/// Counts the signature checks and NSEC3 hashes for one question of a client.
#[derive(Debug, Default)]
pub struct Budget {
    checks: AtomicU32,
    failed: AtomicU32,
    hashes: AtomicU32,
    /// The cost of the signature checks since the task last let other tasks run, in units of a usual check.
    in_a_row: AtomicU32,
}

impl Budget {
    /// Must be called before each signature check. Fails if there were too many checks for this question, or too many failed ones.
    pub(crate) fn take_check(&self) -> Result<(), ValidationFailure> {
        let spent = take(&self.checks, MAX_SIGNATURE_CHECKS).is_err()
            || self.failed.load(Ordering::Relaxed) >= MAX_FAILED_CHECKS;
        if spent { Err(over("signatures")) } else { Ok(()) }
    }

    /// Counts a failed signature check. `weight` is the number of usual signature checks that take the same time.
    pub(crate) fn note_failed(&self, weight: u32) {
        self.failed.fetch_add(weight, Ordering::Relaxed);
    }

    /// Lets other tasks of the thread run after enough signature checks. `weight` is the cost of the last check, in usual checks.
    pub(crate) async fn breathe(&self, weight: u32) {
        if self.in_a_row.fetch_add(weight, Ordering::Relaxed).saturating_add(weight) >= MAX_CHECKS_IN_A_ROW {
            self.in_a_row.store(0, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    }

    /// Counts one NSEC3 hash. Must be called before each hash is computed. Fails if there were too many for this question.
    pub(crate) fn take_hash(&self) -> Result<(), ValidationFailure> {
        take(&self.hashes, MAX_NSEC3_HASHES).map(drop).map_err(|_| over("NSEC3 hashes"))
    }
}

fn take(counter: &AtomicU32, most: u32) -> Result<u32, u32> {
    let next = |taken: u32| (taken < most).then_some(taken.saturating_add(1));
    counter.try_update(Ordering::Relaxed, Ordering::Relaxed, next)
}

fn over(what: &str) -> ValidationFailure {
    ValidationFailure::new(
        Why::Indeterminate,
        format!("validation needs more {what} than the limit for one query"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::SLOW_CHECK;

    #[tokio::test]
    async fn others_have_the_thread_between_checks() {
        let budget = std::sync::Arc::new(Budget::default());
        let turns = std::sync::Arc::new(AtomicU32::new(0));
        let others = std::sync::Arc::clone(&turns);
        let other = tokio::spawn(async move {
            loop {
                others.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        for _ in 0..10 * MAX_CHECKS_IN_A_ROW {
            budget.breathe(1).await;
        }
        budget.breathe(MAX_CHECKS_IN_A_ROW).await;
        other.abort();
        assert!((10..=12).contains(&turns.load(Ordering::Relaxed)), "{turns:?}");
    }

    #[test]
    fn checks_failures_and_hashes_end() {
        let budget = Budget::default();
        for _ in 0..MAX_SIGNATURE_CHECKS {
            assert!(budget.take_check().is_ok());
        }
        assert_eq!(budget.take_check().unwrap_err().why, Why::Indeterminate);
        let budget = Budget::default();
        for _ in 0..MAX_FAILED_CHECKS {
            assert!(budget.take_check().is_ok());
            budget.note_failed(1);
        }
        assert!(budget.take_check().is_err());
        let budget = Budget::default();
        for _ in 0..MAX_FAILED_CHECKS.div_ceil(SLOW_CHECK) {
            assert!(budget.take_check().is_ok());
            budget.note_failed(SLOW_CHECK);
        }
        assert!(budget.take_check().is_err());
        for _ in 0..MAX_NSEC3_HASHES {
            assert!(budget.take_hash().is_ok());
        }
        assert!(budget.take_hash().is_err());
    }
}
