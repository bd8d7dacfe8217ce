//! Limits how many questions look-ahead asks, and how many queries to servers it causes for answers that no client uses.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::limits::{AHEAD_MEMORY, AHEAD_PER_SECOND, AHEAD_SHARE, AHEAD_START};
use dns::clock::Mono;

/// The limits that all rules share.
#[derive(Debug)]
pub(super) struct QueryAllowance {
    /// How many questions look-ahead may ask now, in millionths of a question.
    tokens: u64,
    filled: Mono,
    /// The number of queries of look-ahead whose answers no client has used.
    unused: u64,
    /// The number of queries to servers, of all kinds, that no longer count because they are old.
    forgotten: u64,
    /// The number of queries to servers that an earlier process has sent, and that still count.
    before: u64,
}

/// What a restart must not lose: the queries to servers that still count, and how many of them no client has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownQueries {
    sent: u64,
    unused: u64,
}

/// One question, in the unit of `tokens`.
const QUESTION: u64 = 1_000_000;

impl QueryAllowance {
    pub(super) fn new(now: Mono) -> Self {
        Self { tokens: AHEAD_PER_SECOND * QUESTION, filled: now, unused: 0, forgotten: 0, before: 0 }
    }

    /// `sent` is the number of all queries to servers since the start of the daemon.
    pub(super) fn known(&self, sent: u64) -> KnownQueries {
        KnownQueries { sent: self.remembered(sent), unused: self.unused }
    }

    /// Counts the queries of an earlier process.
    pub(super) fn restore(&mut self, known: KnownQueries) {
        self.before = known.sent.min(AHEAD_MEMORY);
        self.unused = known.unused.min(self.before);
    }

    fn remembered(&self, sent: u64) -> u64 {
        sent.saturating_sub(self.forgotten).saturating_add(self.before)
    }

    /// Returns true if one more question is allowed, and counts it. It may need up to `risk` queries. `sent` is the number of all queries
    /// to servers since the start of the daemon.
    pub(super) fn take(&mut self, now: Mono, sent: u64, risk: u64) -> bool {
        self.fill(now);
        if self.remembered(sent) > AHEAD_MEMORY {
            self.forgotten = self.forgotten.saturating_add(sent.saturating_sub(self.forgotten) / 2);
            self.before /= 2;
            self.unused /= 2;
        }
        let all = self.remembered(sent).saturating_add(AHEAD_START);
        if self.tokens < QUESTION || self.unused.saturating_add(risk).saturating_mul(AHEAD_SHARE) > all {
            return false;
        }
        self.tokens = self.tokens.saturating_sub(QUESTION);
        self.unused = self.unused.saturating_add(risk);
        true
    }

    /// Changes the number of queries in `unused` that one question caused: from `before` to `now`.
    pub(super) fn settle(&mut self, before: u64, now: u64) {
        self.unused = self.unused.saturating_sub(before).saturating_add(now);
    }

    /// Allows one more question, because a client has used one, or because one needed no query.
    pub(super) fn give_back(&mut self) {
        self.tokens = self.tokens.saturating_add(QUESTION).min(AHEAD_PER_SECOND.saturating_mul(QUESTION));
    }

    fn fill(&mut self, now: Mono) {
        let elapsed = now.since(self.filled).min(Duration::from_secs(1));
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(QUESTION);
        let most = AHEAD_PER_SECOND.saturating_mul(QUESTION);
        self.tokens = self.tokens.saturating_add(micros.saturating_mul(AHEAD_PER_SECOND)).min(most);
        self.filled = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Mono {
        Mono::START.after(Duration::from_millis(millis))
    }

    #[test]
    fn lookahead_rate_is_limited() {
        let mut allowance = QueryAllowance::new(at(0));
        let mut take = |millis| (0..1_000).filter(|_| allowance.take(at(millis), 1_000_000, 0)).count();
        assert_eq!([take(0), take(500), take(500), take(5_000)], [60, 30, 0, 60]);
    }

    #[test]
    fn used_question_returns_allowance() {
        let mut allowance = QueryAllowance::new(at(0));
        let taken = |allowance: &mut QueryAllowance| {
            (0..1_000).filter(|_| allowance.take(at(0), 1_000_000, 0)).count()
        };
        assert_eq!(taken(&mut allowance), 60);
        (0..7).for_each(|_| allowance.give_back());
        assert_eq!(taken(&mut allowance), 7);
        (0..99).for_each(|_| allowance.give_back());
        assert_eq!(taken(&mut allowance), 60);
    }

    #[test]
    fn unused_queries_are_quarter_at_most() {
        let mut allowance = QueryAllowance::new(at(0));
        let mut second = 0;
        let mut take = |allowance: &mut QueryAllowance, sent| {
            second += 1;
            (0..1_000).filter(|_| allowance.take(at(second * 1_000), sent, 2)).count()
        };
        // 250 of the first thousand queries may be unused: 125 questions with two queries each. At most 60 questions are permitted in one
        // second.
        assert_eq!([0, 0, 0].map(|sent| take(&mut allowance, sent)), [60, 60, 5]);
        assert_eq!(take(&mut allowance, 40), 5);
        // A client used the answer of one question, and another question sent no query. So neither of them has unused queries.
        allowance.settle(2, 0);
        allowance.settle(2, 0);
        assert_eq!(take(&mut allowance, 40), 2);
        // Older queries count only half.
        assert_eq!(take(&mut allowance, AHEAD_MEMORY * 2), 60);
    }
}
