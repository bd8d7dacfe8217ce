//! Limits the number of batch questions whose answers no client uses. (A batch question is a question to a DNS list that resolverd asks before a
//! client asks it.)
//!
//! All functions are pure. When a batch question is sent, it is not known whether a client will use its answer. Until this is known, the
//! probability that no client uses it counts against the limit. Otherwise many batch questions at the same time could exceed the limit.

use super::{LEARNED, ListId};
use crate::limits::{BATCH_ALLOWANCE_MEMORY, BATCH_ALLOWANCE_START};

/// Counts the questions that were sent and the answers that no client used, in thousandths of a question. There is one value of this type for all
/// known DNS lists together, and another one for all learned zones.
#[derive(Clone, Debug)]
pub(super) struct BatchAllowance {
    /// The limit: how many batch questions with unused answers are allowed for each hundred questions that are sent to DNS lists.
    percent: u64,
    /// The number of questions sent to DNS lists: both batch questions and clients' questions.
    out: u64,
    wasted: u64,
    at_risk: u64,
}

/// Two allowances: one for the known DNS lists, and one for the learned zones (zones that clients query like DNS lists, see `lookalike`). They are
/// separate, because strangers can cause a zone to be learned, and questions to such zones must not use up the allowance of the known lists.
#[derive(Clone, Debug)]
pub(super) struct BatchAllowances {
    lists: BatchAllowance,
    learned: BatchAllowance,
}

impl BatchAllowances {
    pub(super) fn new(percent: u32) -> Self {
        Self { lists: BatchAllowance::new(percent), learned: BatchAllowance::new(percent) }
    }

    /// Returns the allowance that limits the batch questions to `list`: that of known DNS lists, or that of learned zones.
    pub(super) fn at(&mut self, list: ListId) -> &mut BatchAllowance {
        if list < LEARNED { &mut self.lists } else { &mut self.learned }
    }
}

impl BatchAllowance {
    fn new(percent: u32) -> Self {
        Self { percent: percent.into(), out: BATCH_ALLOWANCE_START * 1000, wasted: 0, at_risk: 0 }
    }

    /// Counts a question of a client that is sent to a DNS list.
    pub(super) fn went_out(&mut self) {
        self.out = self.out.saturating_add(1000);
        if self.out > BATCH_ALLOWANCE_MEMORY * 1000 {
            self.out /= 2;
            self.wasted /= 2;
        }
    }

    /// Counts a batch question that is about to be sent. `risk` is the probability, in thousandths, that no client will use its answer. If the
    /// question would exceed the limit, returns false and counts nothing.
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

    /// Called when it is known whether a client used the answer of a batch question. `risk` is the value that was passed to `take` for this
    /// question.
    pub(super) fn settle(&mut self, risk: u32, used: bool) {
        self.at_risk = self.at_risk.saturating_sub(risk.into());
        if !used {
            self.wasted = self.wasted.saturating_add(1000);
        }
    }

    /// Undoes a call of `take` with this `risk`, because the batch question was not sent.
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
        /// Tests that the number of batch questions without use exceeds the limit only by questions that were already sent when clients stopped
        /// asking.
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
