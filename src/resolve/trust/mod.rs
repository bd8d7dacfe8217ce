//! Trust: judges an answer by the keys of the zone that signed it, down from a trust anchor.
//!
//! RFC 4033 to 4035, RFC 7646. The input is what the walk has found. Missing keys and DS are fetched through the
//! iterator. The pure part, signatures and denials, is [`validate`](crate::validate).
//!
//! # Decisions
//!
//! - DS come with the referrals of the walk, and keys are fetched at the same time as the answer that needs them, so
//!   that a signed zone in use causes no delay.
//! - Before a zone is called bogus, another of its servers is asked.
//! - A signature that does not fit the kept keys renews them, once in ten seconds: zones change keys without notice,
//!   and neither a bogus zone nor a forger must cause a storm of queries.
//! - A file of trust anchors adds to the built-in keys of the root and never replaces them. In an earlier version, a
//!   file with an anchor for one zone silently switched off validation of all others.
//! - A zone above a lone trust anchor proves nothing about names below the anchor. Its signatures once made forged
//!   data insecure instead of bogus.
//! - Lists with a key in the query name are insecure: the name that was signed is not the name of the client's
//!   question.

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

/// Judges answers, and finds the states of zones.
pub(crate) struct Validator {
    clock: Clock,
    memory: Memory,
    iterate: Arc<Iterate>,
    /// DS and keys that are being fetched.
    fetches: Fetches,
    /// Negative trust anchors that the operator has set for a while.
    ntas: Ntas,
    /// Observations of the machine's clock.
    timekeeper: Timekeeper,
    /// Answers the iterator's sub-questions on the way to keys.
    questions: Weak<dyn SubQuestions>,
    /// A reference to this value, for fetches that continue as tasks.
    me: Weak<Self>,
    /// A switch for tests: panics in fetches.
    #[cfg(feature = "lab")]
    strike: Strike,
}

impl Validator {
    /// A switch for tests: panics in fetches.
    #[cfg(feature = "lab")]
    pub(super) fn strike(&self) -> &Strike {
        &self.strike
    }

    /// Fetches in progress.
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

    /// The fetches in progress, for tests over the lab.
    #[cfg(test)]
    pub(crate) fn fetches(&self) -> &Fetches {
        &self.fetches
    }

    pub(super) fn ntas(&self) -> &Ntas {
        &self.ntas
    }
}
