//! Counts how many questions of a look-ahead rule clients have used, and decides whether the rule may ask in advance.
//!
//! A question is open for `AHEAD_WINDOW`. Then it is judged as used or unused. The number of open questions is limited, so that few queries
//! are wasted if clients suddenly stop asking such questions. A new rule asks in advance from the start.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::limits::{AHEAD_MIN_JUDGED, AHEAD_UNUSED};
use config::RuleState;
use config::limits::{AHEAD_PERCENT, AHEAD_RULE_MEMORY};
use dns::clock::micros;

/// The questions of a look-ahead rule since the start of the daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCounts {
    /// The number of questions that look-ahead asked in advance.
    pub asked: u64,
    /// The number of these questions that a client then asked, within 30 s or before the TTL of the answer ended.
    pub used: u64,
    /// The number of these questions whose answers no client has used.
    pub unused: u64,
    /// The number of expected questions that look-ahead did not ask.
    pub observed: u64,
    /// The number of these expected questions that a client then asked.
    pub sent_later: u64,
    /// The time that clients did not have to wait because of this rule, in microseconds.
    pub saved_micros: u64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct RuleAccount {
    pub(super) counts: RuleCounts,
    /// The number of recently judged questions that clients used. A question is judged when the time in which a client may use it is over.
    /// `recent_unused` is the number of recently judged questions that no client used.
    recent_used: u32,
    recent_unused: u32,
    /// The number of questions that were asked in advance, not used so far, and not judged yet.
    open: u32,
    /// The number of questions that clients used, and that are not judged yet.
    used_unjudged: u32,
    /// The usual time between a question of this rule and the same question of a client.
    gap: Option<Duration>,
}

/// What a restart must not lose of the account of a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownUses {
    /// The number of recent questions that clients used.
    used: u32,
    /// The number of recently judged questions that no client used.
    unused: u32,
    /// The usual time between a question of the rule and the same question of a client, in microseconds.
    gap_micros: Option<u64>,
}

impl RuleAccount {
    pub(super) fn known(&self) -> KnownUses {
        let used = self.recent_used.saturating_add(self.used_unjudged);
        KnownUses { used, unused: self.recent_unused, gap_micros: self.gap.map(micros) }
    }

    pub(super) fn restore(&mut self, known: KnownUses) {
        let most = |count: u32| count.min(AHEAD_RULE_MEMORY);
        (self.recent_used, self.recent_unused) = (most(known.used), most(known.unused));
        self.gap = known.gap_micros.map(Duration::from_micros);
    }

    pub(super) fn state(&self) -> RuleState {
        let judged = self.judged();
        if judged < AHEAD_MIN_JUDGED {
            RuleState::Learning
        } else if self.recent_used.saturating_mul(100) >= judged.saturating_mul(AHEAD_PERCENT) {
            RuleState::Active
        } else {
            RuleState::Inactive
        }
    }

    pub(super) fn share(&self) -> Option<u32> {
        self.recent_used.saturating_mul(100).checked_div(self.judged())
    }

    fn judged(&self) -> u32 {
        self.recent_used.saturating_add(self.recent_unused)
    }

    pub(super) fn has_room(&self) -> bool {
        self.open < AHEAD_UNUSED.saturating_add(self.recent_used).saturating_add(self.used_unjudged)
    }

    /// Returns the usual time between a question of this rule and the same question of a client, or 0 before the first one.
    pub(super) fn gap(&self) -> Duration {
        self.gap.unwrap_or_default()
    }

    pub(super) fn asked(&mut self) {
        self.counts.asked = self.counts.asked.saturating_add(1);
        self.open = self.open.saturating_add(1);
    }

    /// Corrects the counts of `asked` after a question for which no query was needed.
    pub(super) fn not_needed(&mut self) {
        self.counts.asked = self.counts.asked.saturating_sub(1);
        self.open = self.open.saturating_sub(1);
    }

    /// Counts the report of another gateway that its clients use the questions of this rule. The report counts as `AHEAD_MIN_JUDGED` used
    /// questions.
    pub(super) fn used_elsewhere(&mut self) {
        if self.state() == RuleState::Learning {
            self.recent_used = self.recent_used.saturating_add(AHEAD_MIN_JUDGED);
        }
    }

    pub(super) fn observed(&mut self) {
        self.counts.observed = self.counts.observed.saturating_add(1);
    }

    /// Counts that a client asks a question that look-ahead asked `gap` earlier. `saved` is the time that the client did not have to wait.
    pub(super) fn used(&mut self, gap: Duration, saved: Duration) {
        self.open = self.open.saturating_sub(1);
        self.used_unjudged = self.used_unjudged.saturating_add(1);
        self.counts.used = self.counts.used.saturating_add(1);
        let micros = micros(saved);
        self.counts.saved_micros = self.counts.saved_micros.saturating_add(micros);
        self.learn_gap(gap);
    }

    pub(super) fn sent_later(&mut self, gap: Duration) {
        self.used_unjudged = self.used_unjudged.saturating_add(1);
        self.counts.sent_later = self.counts.sent_later.saturating_add(1);
        self.learn_gap(gap);
    }

    /// Judges a question whose time is over. `used`: a client asked it. `asked`: look-ahead asked it in advance.
    pub(super) fn judge(&mut self, used: bool, asked: bool) {
        if used {
            self.used_unjudged = self.used_unjudged.saturating_sub(1);
            self.recent_used = self.recent_used.saturating_add(1);
        } else {
            self.recent_unused = self.recent_unused.saturating_add(1);
            if asked {
                self.open = self.open.saturating_sub(1);
                self.counts.unused = self.counts.unused.saturating_add(1);
            }
        }
        if self.judged() > AHEAD_RULE_MEMORY {
            self.recent_used /= 2;
            self.recent_unused /= 2;
        }
    }

    /// Called when a client uses an answer whose question was already counted as unused. This is possible until the TTL of the answer ends.
    pub(super) fn used_late(&mut self) {
        self.counts.used = self.counts.used.saturating_add(1);
        self.counts.unused = self.counts.unused.saturating_sub(1);
        self.recent_used = self.recent_used.saturating_add(1);
        self.recent_unused = self.recent_unused.saturating_sub(1);
    }

    fn learn_gap(&mut self, gap: Duration) {
        self.gap = Some(self.gap.map_or(gap, |old| (old * 7 + gap) / 8));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(used: u32, unused: u32) -> RuleAccount {
        let mut account = RuleAccount::default();
        for place in 0..used.saturating_add(unused) {
            account.judge(place < used, false);
        }
        account
    }

    #[test]
    fn rule_is_active_above_sixty_percent() {
        assert_eq!(judged(AHEAD_MIN_JUDGED - 1, 0).state(), RuleState::Learning);
        assert_eq!(judged(12, 8).state(), RuleState::Active);
        assert_eq!(judged(11, 9).state(), RuleState::Inactive);
        assert_eq!((judged(11, 9).share(), RuleAccount::default().share()), (Some(55), None));
    }

    #[test]
    fn other_gateway_experience_activates_rule() {
        let mut account = RuleAccount::default();
        account.used_elsewhere();
        account.used_elsewhere();
        assert_eq!((account.state(), account.share()), (RuleState::Active, Some(100)));
        (0..AHEAD_MIN_JUDGED).for_each(|_| account.judge(false, true));
        assert_eq!((account.state(), account.share()), (RuleState::Inactive, Some(50)));
    }

    #[test]
    fn new_rule_asks_until_judged() {
        let mut account = RuleAccount::default();
        let asked = (0..1_000).take_while(|_| account.has_room().then(|| account.asked()).is_some()).count();
        assert_eq!((account.state(), asked), (RuleState::Learning, usize::try_from(AHEAD_UNUSED).unwrap()));
        (0..AHEAD_MIN_JUDGED).for_each(|_| account.judge(false, true));
        assert_eq!(account.state(), RuleState::Inactive, "clients ask none of them");
    }

    #[test]
    fn ended_habit_costs_bounded_queries() {
        let mut account = judged(150, 0);
        let mut asked = 0;
        // Clients no longer ask what the rule expects. The questions are judged thirty at a time.
        while account.state() == RuleState::Active && asked < 1_000 {
            let begun = (0..30).take_while(|_| account.has_room().then(|| account.asked()).is_some()).count();
            asked += begun;
            (0..begun).for_each(|_| account.judge(false, true));
        }
        assert_eq!(account.state(), RuleState::Inactive);
        assert!(asked <= 120, "{asked}");
        (0..400).for_each(|_| account.judge(true, false));
        assert_eq!(account.state(), RuleState::Active, "it was found out again without a question");
    }

    #[test]
    fn only_a_bounded_number_is_open() {
        let mut account = RuleAccount::default();
        let open = (0..1_000).take_while(|_| account.has_room().then(|| account.asked()).is_some()).count();
        assert_eq!(open, usize::try_from(AHEAD_UNUSED).unwrap());
        account.used(Duration::from_secs(1), Duration::from_millis(20));
        account.used(Duration::from_secs(9), Duration::from_millis(30));
        assert!(account.has_room());
        // Each used question makes room for two more at once, not only when it is judged. A busy host needs this room: its clients use hundreds of
        // questions before the first of them is judged.
        let more = (0..1_000).take_while(|_| account.has_room().then(|| account.asked()).is_some()).count();
        assert_eq!(more, 4);
        assert_eq!((account.gap(), account.counts.saved_micros), (Duration::from_secs(2), 50_000));
    }

    #[test]
    fn a_late_use_is_a_use() {
        let mut account = judged(12, 7);
        account.asked();
        account.judge(false, true);
        assert_eq!((account.counts.unused, account.share()), (1, Some(60)));
        account.used_late();
        assert_eq!((account.counts.used, account.counts.unused, account.share()), (1, 0, Some(65)));
    }
}
