//! Records when any server answered. This distinguishes a silent list from an outage of our own network.
//!
//! Pure. A silent list has not answered, so any answer during its silence came from another server.

use crate::limits::WITNESS_STREAK;
use dns::clock::Mono;

/// The times at which answers of any server came over the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetworkAnswers {
    /// The time of the last answer.
    pub last: Option<Mono>,
    /// The begin of the current run of answers at short intervals.
    pub(crate) streak: Mono,
}

impl NetworkAnswers {
    /// Records that an answer of any server has come at `now`.
    pub fn heard(&mut self, now: Mono) {
        if self.last.is_none_or(|last| now.since(last) > WITNESS_STREAK) {
            self.streak = now;
        }
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_streak_ends_with_a_silence() {
        let mut evidence = NetworkAnswers::default();
        for millis in [0, 500, 900] {
            evidence.heard(Mono::from_micros(millis * 1000));
        }
        assert_eq!(evidence.streak, Mono::START);
        let late = Mono::START.after(WITNESS_STREAK * 3);
        evidence.heard(late);
        assert_eq!(evidence, NetworkAnswers { last: Some(late), streak: late });
    }
}
