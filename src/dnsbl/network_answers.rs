//! Records when servers answered queries. If a DNS list is silent and other servers answer, the list is at fault. If no server answers, the network
//! of this host is down. An answer that arrives while a list is silent always comes from another server, so answers need not be stored by server.

use crate::limits::WITNESS_STREAK;
use dns::clock::Mono;

/// The times of answers that arrived over the network of this host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetworkAnswers {
    /// The time of the last answer, or `None` before the first one.
    pub last: Option<Mono>,
    /// The start of the present series of answers, in which no pause is longer than `WITNESS_STREAK`.
    pub(crate) streak: Mono,
}

impl NetworkAnswers {
    /// Records that some server has answered.
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
