//! The type `Validator`, which validates answers with DNSSEC. Its methods are mostly in the other files of this folder.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, Weak};

use hickory_proto::rr::Name;

use super::calendar::Timekeeper;
use super::fetch::Fetches;
use super::nta::Ntas;
use crate::cache::Memory;
use crate::cache::failures::CachedFailure;
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use crate::iterate::{Iterate, SubQuestions};
use dns::clock::{Calendar, Clock};
use dns::question::QuestionKey;
#[cfg(feature = "simulated")]
use supervise::strike::Strike;
use validate::verdict::ValidationFailure;

pub(crate) struct Validator {
    pub(super) clock: Clock,
    pub(super) memory: Memory,
    pub(super) iterate: Arc<Iterate>,
    pub(super) fetches: Fetches,
    /// Negative trust anchors that the operator has set for a limited time.
    pub(super) ntas: Ntas,
    pub(super) timekeeper: Timekeeper,
    /// The configured zones about which `tell_unvalidated` has written to the log.
    pub(super) unvalidated_told: Mutex<BTreeSet<Name>>,
    pub(super) questions: Weak<dyn SubQuestions>,
    /// A reference to this value itself, for fetches that continue as tasks.
    pub(super) me: Weak<Self>,
    #[cfg(feature = "simulated")]
    pub(super) strike: Strike,
}

impl Validator {
    /// Returns a switch with which tests cause panics in fetches of DS and DNSKEY records.
    #[cfg(feature = "simulated")]
    pub(in crate::resolve) fn strike(&self) -> &Strike {
        &self.strike
    }

    #[cfg(feature = "simulated")]
    pub(in crate::resolve) fn fetching(&self) -> usize {
        self.fetches.len()
    }

    pub(in crate::resolve) fn new(
        clock: Clock,
        memory: Memory,
        iterate: Arc<Iterate>,
        questions: Weak<dyn SubQuestions>,
    ) -> Arc<Self> {
        let timekeeper = Timekeeper::new(clock.now());
        Arc::new_cyclic(|me| Self {
            clock,
            memory,
            fetches: Fetches::new(iterate.bounds().fetches()),
            iterate,
            ntas: Ntas::default(),
            timekeeper,
            unvalidated_told: Mutex::default(),
            questions,
            me: me.clone(),
            #[cfg(feature = "simulated")]
            strike: Strike::default(),
        })
    }

    #[cfg(feature = "simulated")]
    pub(super) fn fetches(&self) -> &Fetches {
        &self.fetches
    }

    pub(in crate::resolve) fn ntas(&self) -> &Ntas {
        &self.ntas
    }

    /// Returns the time with which the validity periods of signatures are checked.
    pub(super) fn calendar(&self) -> Calendar {
        self.timekeeper.calendar(&self.clock)
    }

    /// Returns true if `fault` shows that the clock of this host is slow: a valid signature begins later than the current time. The data
    /// must then be validated again.
    pub(super) fn learns_time(&self, fault: &ValidationFailure) -> bool {
        let Some(passed) = fault.passed else { return false };
        self.clock.mark_passed(passed);
        matches!(self.calendar(), Calendar::After(_))
    }
}

impl Validator {
    /// Returns the cached failure of a question. Returns `None` if no server of the internet answered when the question failed, but one has
    /// answered since. Also returns `None` if DNSSEC validation failed and the clock was set after that.
    pub(in crate::resolve) fn failed_a_moment_ago(&self, key: &QuestionKey) -> Option<Arc<CachedFailure>> {
        let heard_since = |moment| self.iterate.heard_since(moment);
        let failed = self.memory.failures.get(key.as_bytes(), self.clock.mono(), heard_since)?;
        // This call detects whether the clock was set.
        self.calendar();
        let by_the_clock = failed.error.is_of_validation() && self.timekeeper.is_outdated(failed.since);
        (!by_the_clock).then_some(failed)
    }

    /// Caches the failure of a sub-question. Failures are not cached in these cases: the query budget was used up, or look-ahead asked the
    /// question (the same sub-question of another question may query more servers and succeed), or no query was sent because the servers are
    /// known to be silent.
    pub(in crate::resolve) fn remember_failure(
        &self,
        key: QuestionKey,
        failure: &Failure,
        context: &Context,
    ) {
        let is_own = !context.budget.is_spent() && !context.is_ahead();
        if is_own && !failure.is_known_silence() {
            let servers = self.iterate.servers_since(context.began());
            self.memory.failures.put(key, failure.extended_error(), servers, self.clock.mono());
        }
    }
}
