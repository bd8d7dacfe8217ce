//! The share of queries to a server that are lost on the path.
//!
//! Answered and lost queries are counted, and both counts are halved from time to time, so that the last hundred queries decide.

use crate::limits::LEAST_LOSSES;

/// When this many queries have been counted, both counts are halved.
const FADE_AT: u8 = 128;

#[derive(Debug, Default)]
pub(super) struct Losses {
    answered: u8,
    lost: u8,
}

impl Losses {
    /// Returns the counts that an earlier process has kept with `counts`.
    pub(super) fn restored([answered, lost]: [u8; 2]) -> Self {
        let mut losses = Self { answered, lost };
        losses.fade();
        losses
    }

    /// Returns the numbers of answered and lost queries.
    pub(super) fn counts(&self) -> [u8; 2] {
        [self.answered, self.lost]
    }

    pub(super) fn answered(&mut self) {
        self.answered = self.answered.saturating_add(1);
        self.fade();
    }

    pub(super) fn lost(&mut self) {
        self.lost = self.lost.saturating_add(1);
        self.fade();
    }

    pub(super) fn was_late(&mut self) {
        self.lost = self.lost.saturating_sub(1);
    }

    fn fade(&mut self) {
        if self.answered.saturating_add(self.lost) >= FADE_AT {
            (self.answered, self.lost) = (self.answered / 2, self.lost / 2);
        }
    }

    /// Returns the share of lost queries in per cent. Returns 0 if fewer than `LEAST_LOSSES` queries were lost, perhaps in a short outage, or if
    /// fewer than `LEAST_LOSSES` were answered, perhaps because the server is dead.
    pub(super) fn percent(&self) -> u8 {
        let (answered, lost) = (u32::from(self.answered), u32::from(self.lost));
        if self.answered.min(self.lost) < LEAST_LOSSES {
            return 0;
        }
        u8::try_from(100 * lost / (answered + lost)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts `queries` queries, of which every `nth` is lost. Returns the share of lost queries, in per cent.
    fn after(losses: &mut Losses, queries: u32, nth: u32) -> u8 {
        for number in 1..=queries {
            if number % nth == 0 { losses.lost() } else { losses.answered() }
        }
        losses.percent()
    }

    #[test]
    fn loss_percentage_needs_samples_and_fades() {
        let mut losses = Losses::default();
        assert_eq!(after(&mut losses, 20, 1), 0, "dead");
        let mut losses = Losses::default();
        assert_eq!(after(&mut losses, 8, 4), 0);
        assert_eq!(after(&mut losses, 4, 4), 25);
        let share = after(&mut losses, 1_000, 4);
        assert!((24..=26).contains(&share), "{share}");
        assert!(after(&mut losses, 100, 1_000) < 25 / 2);
        assert_eq!(after(&mut losses, 400, 1_000), 0);
        assert!(after(&mut losses, 50, 1) < 50);
        (0..50).for_each(|_| losses.was_late());
        assert_eq!(losses.percent(), 0);
    }
}
