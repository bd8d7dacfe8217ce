//! Resolvers for `resolverctl trace --fresh`: each starts without cached data and resolves one question.
//!
//! # Decisions
//!
//! - A resolution (flight), its fetches of keys and its TCP streams normally continue after the client has disconnected. For a
//!   trace, nobody could use the results, and clients that disconnect early could start any number of them. So each trace has its
//!   own thread and runtime. All its tasks and sockets end with the runtime, and then its permit is released.
//! - The thread of a trace logs nothing: it begins without states of DNS lists, so the log would report each state as a change.

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
use exchange::network::Network;
use record::event::Step;
use resolver::resolve::{Asked, Replied, Resolver};

/// Creates a separate resolver with an empty cache for each `resolverctl trace --fresh`, at most `MAX_FRESH_TRACES` at the same time.
pub(super) struct FreshTraces {
    permits: Arc<Semaphore>,
    random: Random,
    network: Arc<dyn Network>,
}

/// A reply, and the time from the question to this reply.
pub(super) type TimedReply = (Replied, Duration);

pub(super) struct FreshTrace {
    resolver: Arc<Resolver>,
    permit: OwnedSemaphorePermit,
}

impl FreshTraces {
    pub(super) fn new(random: Random, network: Arc<dyn Network>) -> Self {
        Self { permits: Arc::new(Semaphore::new(MAX_FRESH_TRACES)), random, network }
    }

    /// Creates a resolver with the root servers and the configuration of `resolver`. dnstap gets copies of its queries. Fails if
    /// the maximum number of traces is reached, or if the question would use up the quota of a DNS list.
    pub(super) fn begin(&self, question: &Question, resolver: &Resolver) -> Result<FreshTrace, TraceRefused> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().map_err(|_| TraceRefused::TooMany)?;
        resolver.count_aside(question).map_err(|list| TraceRefused::Quota { list })?;
        let resolver = resolver.fresh(&self.network, &self.random);
        Ok(FreshTrace { resolver, permit })
    }
}

impl FreshTrace {
    /// Sends each step of the resolution to `steps`. When the future ends or is dropped, all its work ends too. Fails if this
    /// host cannot provide a thread or a file descriptor.
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
                // `send` fails only if the client has disconnected.
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
        // The drop of the runtime ends the resolution, the fetches of keys, the TCP streams and their sockets.
        drop(runtime);
        drop(resolver);
        drop(permit);
        if let Some(replied) = replied {
            // `send` fails only if the client has disconnected.
            let _ = reply.send(Ok(replied));
        }
    }
}

fn lacking(why: &dyn std::fmt::Display) -> TraceRefused {
    TraceRefused::Lacking { why: why.to_string() }
}

/// Asks a question until there is a reply, and sends each step of the resolution to `steps`. The resolver takes a question for a
/// repetition and gives no reply if a query in progress has a client with the same address, port and id. So `client` returns a new
/// client for each try.
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
