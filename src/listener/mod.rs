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
mod inherited;
pub mod pulse;
mod sockets;
mod tcp;
mod udp;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::config::Config;
use crate::limits::{MAX_QUEUE, MAX_WORKERS};
use crate::record::Recorder;
use crate::resolve::Resolver;
use front::Front;
pub use inherited::Inherited;
use pulse::{Pulse, Pulses};
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
    addresses: Vec<SocketAddr>,
    workers: Vec<Worker>,
    tasks: JoinSet<()>,
    accepting: watch::Sender<bool>,
    pulses: Pulses,
    /// That of `dispatch`; workers keep their own.
    _dispatch: Arc<Pulse>,
}

impl Sockets {
    /// Binds all that `config` names, but for what was inherited.
    ///
    /// # Errors
    /// The first address that is not to be had, with advice.
    pub fn bind(config: &Config, mut inherited: Inherited) -> Result<Self, Refused> {
        let workers = workers(config);
        let named = config.listen.addresses.iter();
        let mut bound = named
            .map(|address| sockets::bind(*address, workers, inherited.of(*address)))
            .collect::<Result<Vec<_>, _>>()?;
        for (address, held) in inherited.rest() {
            // Its questions come to nobody else: better served than left to wait.
            tracing::warn!(
                "{address} was inherited and is not in listen.addresses; it is served all the same"
            );
            bound.push(sockets::bind(address, workers, held)?);
        }
        Ok(Self(bound))
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
        let pulses = Pulses::default();
        let asked = Arc::new(Notify::new());
        let bell = Arc::clone(&asked);
        let beat = pulses.enroll("the queue of misses", move || bell.notify_one());
        tasks.spawn(dispatch(Arc::clone(&front), queue, asked, Arc::clone(&beat)));
        let (mut workers, mut addresses) = (Vec::new(), Vec::new());
        for bound in sockets.0 {
            addresses.push(bound.address);
            for socket in bound.udp {
                let shard = workers.len();
                workers.push(Worker::start(socket, shard, Arc::clone(&front), misses.clone(), &pulses)?);
            }
            for stream in bound.tcp {
                let stream = tokio::net::TcpListener::from_std(stream)?;
                tasks.spawn(tcp::accept(stream, Arc::clone(&front), stop.clone()));
            }
        }
        Ok(Self { addresses, workers, tasks, accepting, pulses, _dispatch: beat })
    }

    /// Where they listen; ports that were 0 are those that were given.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The pulses of all that serves here.
    pub fn pulses(&self) -> Pulses {
        self.pulses.clone()
    }

    /// Takes no more connections. What is connected, and datagrams, are still answered.
    pub fn stop_accepting(&self) {
        self.accepting.send_replace(false);
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
async fn dispatch(front: Arc<Front>, mut queue: mpsc::Receiver<Miss>, asked: Arc<Notify>, pulse: Arc<Pulse>) {
    loop {
        let miss = tokio::select! {
            biased;
            () = asked.notified() => {
                pulse.answer();
                continue;
            }
            miss = queue.recv() => miss,
        };
        let Some(miss) = miss else { return };
        let front = Arc::clone(&front);
        tokio::spawn(async move {
            let limit = miss.query.udp_limit();
            let reply = front.resolve(miss.shard, &miss.query, miss.client, miss.arrived, limit).await;
            if let Some(reply) = reply
                && !miss.outbox.put(reply, miss.client)
            {
                front.reply_lost(miss.shard);
            }
        });
    }
}
