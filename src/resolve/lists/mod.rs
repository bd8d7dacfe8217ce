//! DNS lists on the way of a question: the answer of a list passes the gate of [`dnsbl`](crate::dnsbl), and the
//! breaker and the statistics of the list learn the result.
//!
//! # Decisions
//!
//! - One value carries question, view and list through the way, so that the list of a question is looked up once.
//! - The server that answered comes with the answer. It was once searched for in the text of the trace, which ends at
//!   its bound and also has referrals: the round trip of a parent's server then counted as the list's.
//! - A flight serves all listeners that see the same zones. Only the reply is judged for each listener, so that a
//!   listener with `dnsbl = "pass"` and one without it cost the list one query.
//! - `ListResolver` has memory, servers and the state of lists, but no clients and no flights. Clients that wait for a list
//!   are the business of [`resolve`](crate::resolve).

mod guard;
mod list_question;
mod mirrors;
mod probe;
mod shared;
mod watched;

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::chase::Chaser;
use crate::cache::Memory;
use crate::clock::Clock;
use crate::dnsbl::table::Lists;
use crate::iterate::Iterate;
use crate::zones::Views;
pub use probe::Probed;
use shared::SharedQuestions;
pub(super) use watched::Watched;

/// Asks DNS lists, and judges what they answer.
pub struct ListResolver {
    clock: Clock,
    memory: Memory,
    iterate: Arc<Iterate>,
    chaser: Arc<Chaser>,
    views: Arc<ArcSwap<Views>>,
    /// The state of each list that was asked.
    pub(super) table: Lists,
    /// Questions in progress.
    asking: SharedQuestions,
}

impl ListResolver {
    pub(super) fn new(chaser: &Arc<Chaser>, views: &Arc<ArcSwap<Views>>) -> Self {
        Self {
            clock: chaser.clock.clone(),
            memory: chaser.memory.clone(),
            iterate: Arc::clone(&chaser.iterate),
            chaser: Arc::clone(chaser),
            views: Arc::clone(views),
            table: Lists::default(),
            asking: SharedQuestions::default(),
        }
    }

    /// Questions to lists in progress.
    #[cfg(feature = "lab")]
    pub(super) fn under_way(&self) -> usize {
        self.asking.len()
    }
}
