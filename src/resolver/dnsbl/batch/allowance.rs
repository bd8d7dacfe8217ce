//! Limits how many questions of batches may stay unused.
//!
//! Pure. Until it is known whether such a question is used, it counts with the risk that it is not used, so that a burst does not
//! exceed the bound.

use crate::limits::{BATCH_ALLOWANCE_MEMORY, BATCH_ALLOWANCE_START};

/// The account of all lists together, in thousandths of a question.
#[derive(Clone, Debug)]
pub(super) struct BatchAllowance {
    /// Unused questions that are allowed, per hundred that go out.
    percent: u64,
    /// Questions that went out, ours and clients'.
    out: u64,
    wasted: u64,
    at_risk: u64,
}

impl BatchAllowance {
    pub(super) fn new(percent: u32) -> Self {
        Self { percent: percent.into(), out: BATCH_ALLOWANCE_START * 1000, wasted: 0, at_risk: 0 }
    }

    /// A client's question goes out.
    pub(super) fn went_out(&mut self) {
        self.out = self.out.saturating_add(1000);
        if self.out > BATCH_ALLOWANCE_MEMORY * 1000 {
            self.out /= 2;
            self.wasted /= 2;
        }
    }

    /// Takes a question that is unused in `risk` of a thousand cases; returns false if that would exceed the bound.
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

    /// A question that was taken at `risk` was used, or stayed unused.
    pub(super) fn settle(&mut self, risk: u32, used: bool) {
        self.at_risk = self.at_risk.saturating_sub(risk.into());
        if !used {
            self.wasted = self.wasted.saturating_add(1000);
        }
    }

    /// Undoes `take` at `risk`: the question was not sent.
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
        /// The waste exceeds the bound at most by the questions that were in progress when the habit ended.
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
