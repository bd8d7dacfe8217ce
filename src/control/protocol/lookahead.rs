//! Rows of the reply about look-ahead.
//!
//! Spans are in seconds.

use serde::{Deserialize, Serialize};

use resolver::config::LookaheadMode;
use resolver::lookahead::{Rule, RuleState};

/// A rule of look-ahead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LookaheadRule {
    /// The rule, by what it asks for.
    pub rule: Rule,
    /// Its state in the mode "learned".
    pub state: RuleState,
    /// Questions asked ahead since the start.
    pub asked: u64,
    /// Questions asked ahead that a client used before the TTL of the answer ended.
    pub used: u64,
    /// Questions asked ahead that no client has used.
    pub unused: u64,
    /// Seconds that clients did not wait.
    pub saved: f64,
    /// Questions that were expected of clients, and not asked ahead.
    pub observed: u64,
    /// Expected questions that a client asked within 30 s.
    pub sent_later: u64,
    /// Per cent of the last questions that clients used, or would have used; none before the first.
    pub share: Option<u32>,
}

/// The mode of look-ahead; after the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookaheadState {
    /// The mode of listeners without a mode of their own.
    pub mode: LookaheadMode,
    /// Listeners with a mode of their own.
    pub own_modes: u64,
    /// Questions that were not asked because of a bound, since the start.
    pub refused: u64,
    /// Answers from which nothing was learnt, since the start.
    pub lost: u64,
}
