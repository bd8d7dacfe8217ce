//! Resolvers for `resolverctl trace --fresh`: each knows nothing at its begin, and ends with its question.
//!
//! # Decisions
//!
//! - A flight outlives the client that began it, and so do fetches of keys and streams. A trace past the cache must not:
//!   nobody could use their results, and clients that leave at once could begin any number. So each trace has a thread and a
//!   runtime of its own. All its tasks and sockets end with the runtime, and only then does another trace get its permit.
//! - Its thread logs nothing: its own states of DNS lists are new each time, and their first change is no news.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tracing::Dispatch;

use control::limits::MAX_FRESH_TRACES;
use control::trace::TraceRefused;
use dns::question::{Client, Question};
use dns::random::Random;
use history::Recorder;
use history::event::Step;
use resolver::exchange::network::Network;
use resolver::resolve::{Asked, Replied, Resolver, ResolverParts};
use resolver::zones::Views;

/// Makes resolvers that know nothing: a few at once.
pub(super) struct FreshTraces {
    permits: Arc<Semaphore>,
    random: Random,
    network: Arc<dyn Network>,
}

/// A reply, and the time until it was there.
pub(super) type TimedReply = (Replied, Duration);

/// A resolver that knows nothing, for one question.
pub(super) struct FreshTrace {
    resolver: Arc<Resolver>,
    permit: OwnedSemaphorePermit,
}

impl FreshTraces {
    pub(super) fn new(random: Random, network: Arc<dyn Network>) -> Self {
        Self { permits: Arc::new(Semaphore::new(MAX_FRESH_TRACES)), random, network }
    }

    /// A resolver of the same internet as `resolver`, for one question. Its messages go out like the messages of the daemon, and dnstap
    /// has copies of them.
    ///
    /// # Errors
    /// The bound of traces is reached, or the question would use up the quota of a DNS list.
    pub(super) fn begin(&self, question: &Question, resolver: &Resolver) -> Result<FreshTrace, TraceRefused> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().map_err(|_| TraceRefused::TooMany)?;
        resolver.count_aside(question).map_err(|list| TraceRefused::Quota { list })?;
        let clock = resolver.clock().clone();
        let resolver = resolver.fresh(ResolverParts {
            views: Views::clone(&resolver.views()),
            recorder: Recorder::aside(clock.clone()),
            clock,
            random: self.random.clone(),
            network: Arc::clone(&self.network),
            tap: Arc::clone(resolver.tap()),
        });
        Ok(FreshTrace { resolver, permit })
    }
}

impl FreshTrace {
    /// Answers the question, and gives its steps to `steps`. All that it began has ended when it returns. If this is dropped,
    /// it ends at once.
    ///
    /// # Errors
    /// This host has no thread or no descriptor for it.
    pub(super) async fn ask(
        self,
        question: Question,
        client: Client,
        steps: mpsc::Sender<Step>,
    ) -> Result<TimedReply, TraceRefused> {
        let (reply, replied) = oneshot::channel();
        let work = move || {
            tracing::dispatcher::with_default(&Dispatch::none(), || {
                self.run(&question, client, &steps, reply)
            })
        };
        thread::Builder::new().name("trace".to_owned()).spawn(work).map_err(|error| lacking(&error))?;
        replied
            .await
            .unwrap_or_else(|_| Err(lacking(&"it crashed; please send this line to the makers of resolverd")))
    }

    /// The work of its thread.
    fn run(
        self,
        question: &Question,
        client: Client,
        steps: &mpsc::Sender<Step>,
        mut reply: oneshot::Sender<Result<TimedReply, TraceRefused>>,
    ) {
        let Self { resolver, permit } = self;
        let runtime = match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                // The client may have left.
                let _ = reply.send(Err(lacking(&error)));
                return;
            }
        };
        let replied = runtime.block_on(async {
            tokio::select! {
                biased;
                () = reply.closed() => None,
                replied = until_replied(&resolver, question, || client, steps) => Some(replied),
            }
        });
        // The flight, the fetches, the streams and their sockets end here; the permit ends after them.
        drop(runtime);
        drop(resolver);
        drop(permit);
        if let Some(replied) = replied {
            // The client may have left.
            let _ = reply.send(Ok(replied));
        }
    }
}

fn lacking(why: &dyn std::fmt::Display) -> TraceRefused {
    TraceRefused::Lacking { why: why.to_string() }
}

/// Asks a question and gives its steps to `steps`, until there is a reply. If another query has the same client, the next one
/// is tried.
pub(super) async fn until_replied(
    resolver: &Resolver,
    question: &Question,
    client: impl Fn() -> Client,
    steps: &mpsc::Sender<Step>,
) -> TimedReply {
    loop {
        let (asked, elapsed) = resolver.ask_traced(question.clone(), client(), steps).await;
        if let Asked::Replied(replied) = asked {
            return (replied, elapsed);
        }
        tokio::task::yield_now().await;
    }
}
