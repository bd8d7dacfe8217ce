//! Trust: what an answer is worth by the keys of the zone that signed it, down from a trust anchor.
//!
//! RFC 4033 to 4035, RFC 7646. It takes what the walk has found and judges it; the keys and DS that it lacks it fetches through
//! the iterator. The pure part, signatures and denials, is [`validate`](crate::validate).

mod calendar;
pub(super) mod chain;
mod cuts;
mod failed;
pub(crate) mod fetch;
mod judge;
pub mod nta;

use std::sync::{Arc, Weak};

use crate::cache::Memory;
use crate::clock::Clock;
use crate::iterate::{Iterate, SubQuestions};
#[cfg(feature = "lab")]
use crate::supervise::strike::Strike;
use calendar::Timekeeper;
use fetch::Fetches;
use nta::Ntas;

/// Judges answers, and finds out what the keys of zones are worth.
pub(crate) struct Validator {
    clock: Clock,
    memory: Memory,
    iterate: Arc<Iterate>,
    /// DS and keys that are being sought.
    fetches: Fetches,
    /// Negative trust anchors that the operator has set for a while.
    ntas: Ntas,
    /// What is noticed of the machine's clock.
    timekeeper: Timekeeper,
    /// Answers what the iterator needs on its way to keys.
    questions: Weak<dyn SubQuestions>,
    /// Itself, for fetches that go on by themselves.
    me: Weak<Self>,
    /// Panics of fetches.
    #[cfg(feature = "lab")]
    strike: Strike,
}

impl Validator {
    /// Panics of fetches.
    #[cfg(feature = "lab")]
    pub(super) fn strike(&self) -> &Strike {
        &self.strike
    }

    /// Fetches under way.
    #[cfg(feature = "lab")]
    pub(super) fn fetching(&self) -> usize {
        self.fetches.len()
    }

    pub(super) fn new(
        clock: Clock,
        memory: Memory,
        iterate: Arc<Iterate>,
        questions: Weak<dyn SubQuestions>,
    ) -> Arc<Self> {
        let timekeeper = Timekeeper::new(clock.now());
        Arc::new_cyclic(|me| Self {
            clock,
            memory,
            iterate,
            fetches: Fetches::default(),
            ntas: Ntas::default(),
            timekeeper,
            questions,
            me: me.clone(),
            #[cfg(feature = "lab")]
            strike: Strike::default(),
        })
    }

    /// The fetches under way, for tests of them over the lab.
    #[cfg(test)]
    pub(crate) fn fetches(&self) -> &Fetches {
        &self.fetches
    }

    pub(super) fn ntas(&self) -> &Ntas {
        &self.ntas
    }
}
