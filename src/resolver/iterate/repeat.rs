//! Decides when a question without answer is sent again, and how many copies are sent at once.
//!
//! # Decisions
//!
//! - A query that its server has not answered within its timer, the 95th percentile of its round trips, may be late or lost. If the server is known
//!   to lose more than one query in twenty, it is more likely lost. A copy is then sent immediately, and does not count as a hedge.
//! - The timers of repeated queries grow, because the network may be down for some time. The timers of the first queries to a server that loses
//!   packets do not grow: a later copy is not less likely to be lost.
//! - If the server loses many queries, two copies are sent at once, from the first repetition on. Each such copy is a hedge. A second copy of the
//!   first query would not reduce the time of the slowest answers, and would need three times as many hedges.

use std::time::Duration;

use crate::cache::servers::ServerStanding;
use crate::limits::{HEAVY_LOSS, LOSSY, STEADY_TRIES};

/// The timer of a repeated query is at least this time, multiplied by the square of the number of earlier queries. Eight queries then take about two
/// seconds.
const NEAR_STEP: Duration = Duration::from_millis(15);

/// Returns the times after which an answer is overdue, and after which the query counts as lost. `tries` is the number of earlier queries to the
/// server.
pub(super) fn timers(standing: &ServerStanding, tries: u8) -> (Duration, Duration) {
    let is_steady = standing.loss > LOSSY && tries < STEADY_TRIES;
    let tries = if is_steady { 0 } else { tries };
    (longer(standing.timer, tries), longer(standing.patience, tries))
}

/// Returns true if an overdue query is more likely lost than late. The next query then does not count as a hedge (a second query while the first
/// one may still be answered).
pub(super) fn is_likely_lost(standing: &ServerStanding) -> bool {
    standing.timer >= standing.patience || standing.loss > LOSSY
}

/// Returns true if a query that is repeated after `tries` earlier queries should have a second copy.
pub(super) fn is_doubled(standing: &ServerStanding, tries: u8) -> bool {
    standing.loss >= HEAVY_LOSS && (1..STEADY_TRIES).contains(&tries)
}

/// Returns the timer for a query after `tries` earlier queries to the server. Each earlier query adds only a quarter of `timer`, the timer of the
/// first query, which is already long for a far server. For a near server, `NEAR_STEP` gives a minimum, so that the server is queried for as long as
/// a client waits.
fn longer(timer: Duration, tries: u8) -> Duration {
    let tries = u32::from(tries);
    let gently = timer.saturating_mul(tries.saturating_add(4)) / 4;
    gently.max(NEAR_STEP.saturating_mul(tries.saturating_mul(tries)))
}

#[cfg(test)]
#[path = "repeat_tests.rs"]
mod tests;
