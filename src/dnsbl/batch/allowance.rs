//! Limits the number of batch questions whose answers no client uses. (A batch question is a question to a DNS list that resolverd asks before a
//! client asks it.)
//!
//! Until it is known whether a client uses the answer of a batch question, the probability that no client uses this answer counts against the limit.
//! Otherwise many batch questions at the same time could exceed the limit.

use super::ids::{LEARNED, ListId};
use crate::limits::{BATCH_ALLOWANCE_MEMORY, BATCH_ALLOWANCE_START};

/// Counts questions and unused answers, in thousandths of a question.
#[derive(Clone, Debug)]
pub(super) struct BatchAllowance {
    /// The limit: the number of batch questions with unused answers for each hundred questions that are sent to DNS lists.
    percent: u64,
    out: u64,
    wasted: u64,
    at_risk: u64,
}

/// The limits for batch questions to known DNS lists, and for those to learned zones (zones that clients query like DNS lists, see
/// `lookalike`). They are separate, because strangers can cause a zone to be learned. Questions to learned zones must not use up the limit
/// of known DNS lists.
#[derive(Clone, Debug)]
pub(super) struct BatchAllowances {
    lists: BatchAllowance,
    learned: BatchAllowance,
}

impl BatchAllowances {
    pub(super) fn new(percent: u32) -> Self {
        Self { lists: BatchAllowance::new(percent), learned: BatchAllowance::new(percent) }
    }

    pub(super) fn at(&mut self, list: ListId) -> &mut BatchAllowance {
        if list < LEARNED { &mut self.lists } else { &mut self.learned }
    }
}

impl BatchAllowance {
    fn new(percent: u32) -> Self {
        Self { percent: percent.into(), out: BATCH_ALLOWANCE_START * 1000, wasted: 0, at_risk: 0 }
    }

    pub(super) fn went_out(&mut self) {
        self.out = self.out.saturating_add(1000);
        if self.out > BATCH_ALLOWANCE_MEMORY * 1000 {
            self.out /= 2;
            self.wasted /= 2;
        }
    }

    /// Counts a batch question that is about to be sent. `risk` is the probability, in thousandths, that no client will use its answer. Returns
    /// false, and counts nothing, if the question would exceed the limit.
    pub(super) fn take(&mut self, risk: u32) -> bool {
        let risk = u64::from(risk);
        let cost = self.wasted.saturating_add(self.at_risk).saturating_add(risk);
        if cost.saturating_mul(100) > self.percent.saturating_mul(self.out.saturating_add(1000)) {
            return false;
        }
        self.at_risk = self.at_risk.saturating_add(risk);
        self.went_out();
        true
    }

    /// Called when it is known whether a client used the answer. `risk` is the value that was passed to `take` for this question.
    pub(super) fn settle(&mut self, risk: u32, used: bool) {
        self.at_risk = self.at_risk.saturating_sub(risk.into());
        if !used {
            self.wasted = self.wasted.saturating_add(1000);
        }
    }

    /// Undoes `take` with this `risk`: the batch question was not sent.
    pub(super) fn give_back(&mut self, risk: u32) {
        self.at_risk = self.at_risk.saturating_sub(risk.into());
        self.out = self.out.saturating_sub(1000);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The limit may be exceeded by one question: before it is known that no client uses its answer, only its risk of 5 percent counts.
        #[test]
        fn the_waste_stays_within_the_allowance(uses in prop::collection::vec(any::<bool>(), 1..2_000)) {
            let mut allowance = BatchAllowance::new(3);
            let (mut taken, mut wasted) = (0_u64, 0_u64);
            for used in uses {
                allowance.went_out();
                if allowance.take(50) {
                    taken += 1;
                    wasted += u64::from(!used);
                    allowance.settle(50, used);
                }
                let out = allowance.out / 1000;
                prop_assert!(wasted * 100 <= 3 * out + 100, "{wasted} of {taken}, {out} out");
            }
        }
    }
}
