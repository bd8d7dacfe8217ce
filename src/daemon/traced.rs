//! Resolvers for `resolverctl trace --fresh`: each knows nothing at its begin, and is dropped at the end of its question.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::control::traced::TraceRefused;
use crate::exchange::network::Network;
use crate::limits::MAX_FRESH_TRACES;
use crate::question::Question;
use crate::random::Random;
use crate::record::Recorder;
use crate::resolve::{Resolver, ResolverParts};
use crate::zones::Views;

/// Makes resolvers that know nothing: a few at once.
pub(super) struct FreshTraces {
    permits: Semaphore,
    random: Random,
    network: Arc<dyn Network>,
}

impl FreshTraces {
    pub(super) fn new(random: Random, network: Arc<dyn Network>) -> Self {
        Self { permits: Semaphore::new(MAX_FRESH_TRACES), random, network }
    }

    /// A resolver of the same internet as `resolver`, for one question. Its messages go out as those of the daemon do, and dnstap
    /// has copies of them.
    ///
    /// # Errors
    /// There are as many as may be, or the question would use up the quota of a DNS list.
    pub(super) fn begin(
        &self,
        question: &Question,
        resolver: &Resolver,
    ) -> Result<(SemaphorePermit<'_>, Arc<Resolver>), TraceRefused> {
        let permit = self.permits.try_acquire().map_err(|_| TraceRefused::TooMany)?;
        resolver.count_aside(question).map_err(|list| TraceRefused::Quota { list })?;
        let clock = resolver.clock().clone();
        let fresh = resolver.fresh(ResolverParts {
            views: Views::clone(&resolver.views()),
            recorder: Recorder::aside(clock.clone()),
            clock,
            random: self.random.clone(),
            network: Arc::clone(&self.network),
            tap: Arc::clone(resolver.tap()),
        });
        Ok((permit, fresh))
    }
}
