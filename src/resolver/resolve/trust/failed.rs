//! Questions that failed a moment ago and are not asked again at once. RFC 9520.

use std::sync::Arc;

use super::Validator;
use crate::cache::failures::CachedFailure;
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use dns::question::QuestionKey;

impl Validator {
    /// The kept failure of a question. It does not count if no server was heard at that time and one was heard since,
    /// or if the result was bogus and the clock has been set since.
    pub(in crate::resolve) fn failed_a_moment_ago(&self, key: &QuestionKey) -> Option<Arc<CachedFailure>> {
        let heard_since = |moment| self.iterate.heard_since(moment);
        let failed = self.memory.failures.get(key.as_bytes(), self.clock.mono(), heard_since)?;
        // This call first notices whether the clock was set.
        self.calendar();
        let by_the_clock = failed.error.is_of_validation() && self.timekeeper.is_outdated(failed.since);
        (!by_the_clock).then_some(failed)
    }

    /// Keeps the failure of a sub-question, unless the client's question had spent its budget, or look-ahead asked it:
    /// other questions have their own budget and ask more servers, so they may succeed.
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
