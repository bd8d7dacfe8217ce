//! Look-ahead in rows: its rules, and its mode.

use std::time::Duration;

use super::Controlled;
use super::protocol::Reply;
use super::protocol::lookahead::{LookaheadRule, LookaheadState};
use history::{Counter, Window};
use resolver::lookahead::RuleStanding;

/// The rules in order, then the mode.
pub(super) fn rows(subject: &impl Controlled) -> Vec<Reply> {
    let mut rows: Vec<Reply> =
        subject.lookahead().into_iter().map(|rule| Reply::LookaheadRule(row(rule))).collect();
    let counts = subject.recorder().report(Window::Start).upstream.counts;
    let config = subject.config();
    rows.push(Reply::Lookahead(LookaheadState {
        mode: config.lookahead.mode,
        own_modes: config.all_listeners().filter(|listener| listener.lookahead.is_some()).count() as u64,
        refused: counts[Counter::LookaheadRefused],
        lost: counts[Counter::LookaheadLost],
    }));
    rows
}

fn row(standing: RuleStanding) -> LookaheadRule {
    let RuleStanding { rule, state, counts, share } = standing;
    LookaheadRule {
        rule,
        state,
        asked: counts.asked,
        used: counts.used,
        unused: counts.unused,
        saved: Duration::from_micros(counts.saved_micros).as_secs_f64(),
        observed: counts.observed,
        sent_later: counts.sent_later,
        share,
    }
}
