//! The listeners: datagrams on threads of their own, streams as tasks.
//!
//! May call: `wire`, `cache` (for hits), `resolve` (for misses), `record`. RFC 1035 section 4.2, RFC 7766. A hit is answered
//! where it was read; a miss goes to `resolve` and its reply comes back by the listener's own queue.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

mod front;
mod sockets;
mod tcp;
mod udp;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::config::Config;
use crate::limits::{MAX_QUEUE, MAX_WORKERS};
use crate::record::Recorder;
use crate::resolve::Resolver;
use front::{Front, Place};
use sockets::Bound;
pub use sockets::Refused;
use udp::{Miss, Worker};

/// Sockets that are bound and not yet served: bound first, so that nothing is begun where a port is not to be had.
pub struct Sockets(Vec<Bound>);

/// What listeners answer with.
pub struct Parts {
    /// Whom to answer.
    pub config: Arc<Config>,
    /// Where moments come from.
    pub clock: Clock,
    /// Hits are read from its memory, misses go to it.
    pub resolver: Arc<Resolver>,
    /// Questions are counted here.
    pub recorder: Arc<Recorder>,
}

/// Listeners at work.
pub struct Listeners {
    front: Arc<Front>,
    addresses: Vec<SocketAddr>,
    workers: Vec<Worker>,
    tasks: JoinSet<()>,
    accepting: watch::Sender<bool>,
}

/// Nobody waits, and nobody shall.
pub struct Settled {
    _places: Option<Place>,
}

impl Sockets {
    /// Binds all that `config` names.
    ///
    /// # Errors
    /// The first address that is not to be had, with advice.
    pub fn bind(config: &Config) -> Result<Self, Refused> {
        let workers = workers(config);
        config
            .listen
            .addresses
            .iter()
            .map(|address| sockets::bind(*address, workers))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// UDP workers for each address.
pub fn workers(config: &Config) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if config.listen.workers == 0 { cores.min(MAX_WORKERS) } else { config.listen.workers.min(MAX_WORKERS) }
}

impl Listeners {
    /// Serves `sockets`. Call it inside the runtime.
    ///
    /// # Errors
    /// A thread or an eventfd was not to be had.
    pub fn start(sockets: Sockets, parts: Parts) -> std::io::Result<Self> {
        let front = Arc::new(Front::new(parts));
        let (misses, queue) = mpsc::channel(MAX_QUEUE);
        let (accepting, stop) = watch::channel(true);
        let mut tasks = JoinSet::new();
        tasks.spawn(dispatch(Arc::clone(&front), queue));
        let (mut workers, mut addresses) = (Vec::new(), Vec::new());
        for bound in sockets.0 {
            addresses.push(bound.address);
            for socket in bound.udp {
                let shard = workers.len();
                workers.push(Worker::start(socket, shard, Arc::clone(&front), misses.clone())?);
            }
            let stream = tokio::net::TcpListener::from_std(bound.tcp)?;
            tasks.spawn(tcp::accept(stream, Arc::clone(&front), stop.clone()));
        }
        Ok(Self { front, addresses, workers, tasks, accepting })
    }

    /// Where they listen; ports that were 0 are those that were given.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Takes no more connections. What is connected, and datagrams, are still answered.
    pub fn stop_accepting(&self) {
        self.accepting.send_replace(false);
    }

    /// Waits until every client that waits has its reply on its way. Whoever asks from then on what is not in memory is
    /// told SERVFAIL, as long as what comes of this is kept.
    pub async fn settled(&self) -> Settled {
        Settled { _places: self.front.settled().await }
    }

    /// Ends: workers send what waits in their queues.
    pub fn stop(mut self) {
        self.tasks.abort_all();
        for worker in self.workers {
            worker.stop();
        }
    }
}

/// Takes misses from the workers' queue; each is a task that waits for its flight.
async fn dispatch(front: Arc<Front>, mut queue: mpsc::Receiver<Miss>) {
    while let Some(miss) = queue.recv().await {
        let front = Arc::clone(&front);
        tokio::spawn(async move {
            let Miss { query, client, arrived, shard, outbox, place } = miss;
            let reply = front.resolve(shard, &query, client, arrived, query.udp_limit()).await;
            if let Some(reply) = reply
                && !outbox.put(reply, client)
            {
                front.reply_lost(shard);
            }
            drop(place);
        });
    }
}
