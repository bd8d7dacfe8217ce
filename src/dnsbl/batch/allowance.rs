//! How many questions may be asked in vain.
//!
//! Pure. What was asked ahead and is not settled yet counts with the risk that it was taken at, so that a burst does not
//! spend what it will turn out not to have.

use crate::limits::{BATCH_ALLOWANCE_MEMORY, BATCH_ALLOWANCE_START};

/// The account of all lists together, in thousandths of a question.
#[derive(Clone, Debug)]
pub(super) struct Allowance {
    /// Questions in vain that are allowed, of a hundred that go out.
    percent: u64,
    /// Questions that went out, ours and clients'.
    out: u64,
    wasted: u64,
    at_risk: u64,
}

impl Allowance {
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

    /// Takes a question that is asked in vain `risk` times of a thousand; false where that would be too many.
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

    /// A question that was taken at `risk` has been of use, or in vain.
    pub(super) fn settle(&mut self, risk: u32, used: bool) {
        self.at_risk = self.at_risk.saturating_sub(risk.into());
        if !used {
            self.wasted = self.wasted.saturating_add(1000);
        }
    }

    /// A question that was taken at `risk` did not have to be asked.
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
        /// Whatever comes, no more is wasted than allowed by more than what was out when it turned bad.
        #[test]
        fn the_waste_stays_within_the_allowance(uses in prop::collection::vec(any::<bool>(), 1..2_000)) {
            let mut allowance = Allowance::new(3);
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
