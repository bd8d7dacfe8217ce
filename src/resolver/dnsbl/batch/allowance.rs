//! Limits the number of batch questions whose answers no client uses.
//!
//! Pure. Until it is known whether the answer of such a question is used, the question counts with the probability that it is not, so that a
//! burst does not exceed the bound.

use crate::limits::{BATCH_ALLOWANCE_MEMORY, BATCH_ALLOWANCE_START};

/// The numbers of sent and unused questions, for all lists together, in thousandths of a question.
#[derive(Clone, Debug)]
pub(super) struct BatchAllowance {
    /// The number of unused batch questions that are allowed per hundred questions sent.
    percent: u64,
    /// The number of questions that were sent, both batch questions and clients' questions.
    out: u64,
    wasted: u64,
    at_risk: u64,
}

impl BatchAllowance {
    pub(super) fn new(percent: u32) -> Self {
        Self { percent: percent.into(), out: BATCH_ALLOWANCE_START * 1000, wasted: 0, at_risk: 0 }
    }

    /// Records that a client's question is sent.
    pub(super) fn went_out(&mut self) {
        self.out = self.out.saturating_add(1000);
        if self.out > BATCH_ALLOWANCE_MEMORY * 1000 {
            self.out /= 2;
            self.wasted /= 2;
        }
    }

    /// Counts a batch question. In `risk` of a thousand such cases, no client uses the answer. Returns false and counts nothing if the question would
    /// exceed the bound.
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

    /// Records whether a client used the answer of a question that was counted with `risk`.
    pub(super) fn settle(&mut self, risk: u32, used: bool) {
        self.at_risk = self.at_risk.saturating_sub(risk.into());
        if !used {
            self.wasted = self.wasted.saturating_add(1000);
        }
    }

    /// Undoes the count of a call of `take` with this `risk`, because the question was not sent.
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
        /// The number of unused questions exceeds the bound at most by the questions that were in progress when the habit ended.
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
