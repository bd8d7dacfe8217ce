//! The listeners, which receive the queries of clients. Separate threads (workers) read UDP queries. Connections, encrypted or not, are tasks of
//! the runtime of resolverd.
//!
//! RFC 1035 section 4.2, RFC 7766. The thread that reads a UDP query answers it if the answer is in the cache (a hit), and resolves it otherwise (a
//! miss). Several clients may wait for one resolution (flight) of a question.
//!
//! # Decisions
//!
//! - UDP workers are threads, so that a hit needs no task.
//! - Each worker has its own runtime, in which it resolves its misses. With one runtime for all threads, each miss woke another thread and
//!   moved between cores: on two cores a miss cost 49 µs of CPU instead of 37 to 42 µs (Unbound 1.17: 26 to 28 µs;
//!   `benches/compare/misses.sh`). The disadvantage: the kernel distributes clients to workers by their ports, so the misses of one client
//!   socket use one core.
//! - A worker begins the resolution of fifteen misses at a time, and keeps further misses as queries. Otherwise a burst of 10 000 misses
//!   takes 40 MiB more.
//! - One system call reads a batch of queries, and one sends their replies (`benches/compare/hits.sh`).
//! - A worker loads the settings of its address and reads the clock once for each batch (twice if the time of its hits is measured, see
//!   `hits`), and counts the hits of the batch together.
//! - The replies to several misses are sent with one system call. A worker sets a timer that wakes it before the timers of its misses expire.
//!   Without the timer, tokio writes to the eventfd of its own thread. The shared system call and the timer lower the CPU time of a miss from 41 to
//!   36 µs.
//! - The socket of a query to a server is connected, so that the kernel drops datagrams from other addresses and reports unreachable
//!   servers. A pool of sockets was rejected: each query to a server needs its own random port.
//! - While only hits arrive, a worker sleeps in the system call `recvmmsg`, outside its runtime, because epoll and one run of the tokio
//!   runtime cost as much as four hits. This is only possible while the runtime has no task. The runtime still runs at least once a second
//!   (`TIME_WITHOUT_RUNTIME`).
//! - io_uring was rejected: an echo server with io_uring was not faster than one with `recvmmsg` and `sendmmsg` (Linux 6.18; 10.7 and 10.3
//!   µs for an answer at 30 000 queries a second), and the crates need `unsafe` for each submission. Busy polling of sockets has no effect
//!   on the loopback device, which has no queue to poll.
//! - hickory-server's listeners were rejected: they handle one query of a connection at a time and cannot send stored octets. The modules
//!   `encrypted`, `https` and `quic` have their own decisions.
//! - At most four workers serve an address, and by default one for two cores (see `limits`). Two workers on two cores pass cache lines to
//!   and fro: a miss costs 39.8 instead of 29.3 µs of CPU.
//! - A fault of a server is never reported to a client as FORMERR over UDP, or as REFUSED over TCP. glibc treats both as
//!   permanent errors, and Postfix then bounces mail.
//! - A connection from an address outside `listen.allow` is closed immediately, so that strangers cannot use up the allowed number of connections.
//!   Datagrams from such addresses are answered with REFUSED once a second for each network, because their source address may be forged.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

mod accept;
mod datagrams;
mod dropped;
mod encrypted;
mod fair_queue;
mod flows;
mod front;
mod hand_over;
mod held_answers;
mod hits;
mod https;
mod inherited;
mod kept_quic;
mod missing;
mod orders;
mod outbox;
mod pace;
mod places;
mod policy;
mod queued;
mod quic;
mod recent;
#[cfg(test)]
mod recent_tests;
mod refusals;
mod retired;
mod sockets;
mod tcp;
mod udp;
mod waiting;

use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Weak};

use futures_util::future::join_all;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::limits::{CORES_PER_WORKER, STOP_FIRST_MESSAGE};
use config::limits::MAX_WORKERS;
use config::{Config, ListenAt, ListenFor, Listener, overlap};
use dropped::{Dropped, Inode};
use front::Front;
pub use front::FrontParts;
pub use inherited::Inherited;
use places::ConnectionPlaces;
use policy::{Policy, SharedBounds};
use retired::RetiredAddress;
pub use sockets::AddressUnavailable;
use sockets::BoundSockets;
use udp::Worker;
use waiting::Waiting;
use zones::Views;

/// The bound sockets of the listeners. All sockets are bound before any is read: if a port is not available, no client is served.
#[derive(Default)]
pub struct Sockets {
    /// The bound sockets with their configured addresses.
    bound: Vec<(ListenAt, BoundSockets)>,
    missing: Vec<AddressUnavailable>,
}

/// The running listeners of the daemon.
pub struct Listeners {
    parts: Arc<FrontParts>,
    open: Vec<ServedAddress>,
    /// The addresses that were removed from the configuration. Their sockets may still be open.
    retired: Vec<RetiredAddress>,
    missing: Vec<AddressUnavailable>,
    places: Arc<ConnectionPlaces>,
    dropped: Arc<Dropped>,
    bounds: Arc<SharedBounds>,
    /// The number of UDP worker threads that were started so far. Each has its own shard (separate copy) of the counters.
    shards: usize,
}

/// The runtimes of stopped worker threads. They must exist until the daemon's runtime has ended: tasks of the daemon may wait for resolutions in
/// the runtimes of these threads, and a timer panics if its runtime has ended.
#[derive(Debug, Default)]
pub struct StoppedWorkers(Vec<Runtime>);

impl Drop for StoppedWorkers {
    fn drop(&mut self) {
        // This must not block, because the value may be dropped on a thread of another runtime.
        self.0.drain(..).for_each(Runtime::shutdown_background);
    }
}

/// The reason why listeners cannot be started with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum NotServed {
    /// An address of the configuration is not available.
    #[error(transparent)]
    Listen(#[from] AddressUnavailable),
    /// The service manager keeps the socket of this address, and a reload cannot change its protocol.
    #[error(
        "systemd passed the socket for {0} at the start, and a reload cannot change it between plain DNS, TLS, HTTPS and QUIC; run `systemctl restart resolverd`"
    )]
    Held(SocketAddr),
    /// The operating system provides no more threads or file descriptors.
    #[error("the operating system does not permit the listener: {0}")]
    System(#[from] std::io::Error),
}

/// The proof that no client waits for a reply. While this value exists, no further client can begin to wait.
pub struct Settled {
    _waiting: Option<Waiting>,
}

/// The bound listeners that a new configuration adds. No client is served there yet. Dropping the value closes the sockets.
pub struct Prepared {
    ready: Vec<Ready>,
    /// The number of UDP worker threads so far, including those in `ready`.
    shards: usize,
    missing: Vec<AddressUnavailable>,
}

struct Ready {
    configured: ListenAt,
    address: SocketAddr,
    front: Arc<Front>,
    workers: Vec<Worker>,
    connections: ConnectionSocket,
    inherited: bool,
}

enum ConnectionSocket {
    Stream(Arc<TcpListener>),
    Quic(Arc<UdpSocket>),
}

struct ServedAddress {
    /// The configured address. Its port may be 0.
    configured: ListenAt,
    /// The address to which the socket is bound. Its port is not 0.
    address: SocketAddr,
    front: Arc<Front>,
    workers: Vec<Worker>,
    accepting: watch::Sender<bool>,
    accept: JoinHandle<()>,
    /// The socket for TCP connections. It is dropped when no more connections are accepted.
    stream: Weak<TcpListener>,
    /// The socket for QUIC connections. It is dropped when no more connections are accepted and all its connections have ended.
    quic: Weak<UdpSocket>,
    /// True if the service manager also keeps the sockets: no other process can bind the address, and unread queries are not lost.
    inherited: bool,
}

impl ServedAddress {
    fn bound(&self) -> ListenAt {
        ListenAt { address: self.address, ..self.configured }
    }

    /// Returns the sockets at which the kernel may drop datagrams.
    fn datagram_sockets(&self) -> impl Iterator<Item = Inode> {
        let quic = self.quic.upgrade().and_then(|socket| dropped::inode(&socket).ok());
        self.workers.iter().map(Worker::inode).chain(quic)
    }
}

impl Sockets {
    /// Binds all addresses of `config`, except those that were `inherited`.
    ///
    /// # Errors
    /// The first address that is not available, with advice. A missing address is no error if another address is available.
    pub fn bind(config: &Config, mut inherited: Inherited) -> Result<Self, AddressUnavailable> {
        let workers = workers(config);
        let mut sockets = Self::default();
        for (at, _, _) in addresses(config) {
            sockets.add(at, sockets::bind(at, workers, inherited.take_at(at)))?;
        }
        for (address, rest) in inherited.rest() {
            // The service manager keeps this socket, so no other process can receive the queries that arrive there.
            tracing::warn!(
                "systemd passed a socket for {address}, which is not in the configuration; resolverd answers plain DNS there anyway; add the address to listen.addresses, or for TLS to listen.tls, for HTTPS to listen.https and for QUIC to listen.quic, or remove it from the unit resolverd.socket"
            );
            let at = ListenAt { address, serves: ListenFor::Plain };
            sockets.add(at, sockets::bind(at, workers, rest))?;
        }
        sockets.unless_all_missing()
    }
}

fn workers(config: &Config) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let wanted = if config.listen.workers == 0 { cores / CORES_PER_WORKER } else { config.listen.workers };
    wanted.clamp(1, MAX_WORKERS)
}

/// Returns the number of UDP worker threads for all addresses. Each has its own shard (separate copy) of the counters.
pub fn shards(config: &Config) -> usize {
    let datagrams = addresses(config).filter(|(at, _, _)| at.serves == ListenFor::Plain);
    // There is always a first shard. It also counts the queries over connections.
    workers(config).saturating_mul(datagrams.count()).max(1)
}

/// Returns every configured address, with its listener and the index of the listener. `[listen]` has the index 0.
fn addresses(config: &Config) -> impl Iterator<Item = (ListenAt, &Listener, usize)> {
    config
        .all_listeners()
        .enumerate()
        .flat_map(|(place, listener)| listener.all_addresses().map(move |at| (at, listener, place)))
}

impl Listeners {
    /// Starts to serve clients. It must be called inside the daemon's runtime.
    ///
    /// # Errors
    /// The operating system provides no more threads or eventfds.
    pub fn start(
        sockets: Sockets,
        parts: FrontParts,
        config: &Config,
        views: &Views,
    ) -> std::io::Result<Self> {
        let work = parts.resolver.bounds();
        let bounds = Arc::new(SharedBounds::new(parts.resolver.memory().keyed(), work));
        let mut listeners = Self {
            parts: Arc::new(parts),
            open: Vec::new(),
            retired: Vec::new(),
            missing: Vec::new(),
            places: Arc::new(ConnectionPlaces::new(work)),
            dropped: Arc::default(),
            bounds,
            shards: 0,
        };
        let mut prepared = listeners.ready(sockets, config, views)?;
        listeners.miss(std::mem::take(&mut prepared.missing));
        listeners.begin(prepared);
        // Discards a count: the datagrams that the kernel dropped at sockets of systemd before this process started must not be counted.
        let _ = listeners.dropped()();
        Ok(listeners)
    }

    /// Returns a function that counts the datagrams that the kernel has dropped since they were last counted. It reads a file of the
    /// kernel, so it must be called on a thread that may block.
    pub fn dropped(&self) -> impl FnOnce() -> usize + use<> {
        let sockets: Vec<Inode> = self.open.iter().flat_map(ServedAddress::datagram_sockets).collect();
        let dropped = Arc::clone(&self.dropped);
        move || usize::try_from(dropped.take(&sockets)).unwrap_or(usize::MAX)
    }

    /// Returns the addresses of UDP and TCP, with their real ports.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.addresses_for(ListenFor::Plain)
    }

    /// Returns the addresses of DNS over TLS, with their real ports.
    pub fn tls_addresses(&self) -> Vec<SocketAddr> {
        self.addresses_for(ListenFor::Tls)
    }

    /// Returns the addresses of DNS over HTTPS, with their real ports.
    pub fn https_addresses(&self) -> Vec<SocketAddr> {
        self.addresses_for(ListenFor::Https)
    }

    /// Returns the addresses of DNS over QUIC, with their real ports.
    pub fn quic_addresses(&self) -> Vec<SocketAddr> {
        self.addresses_for(ListenFor::Quic)
    }

    fn addresses_for(&self, wanted: ListenFor) -> Vec<SocketAddr> {
        let open = self.open.iter().filter(|open| open.configured.serves == wanted);
        let mut addresses: Vec<SocketAddr> = open.map(|open| open.address).collect();
        addresses.dedup();
        addresses
    }

    /// Binds the addresses of `config` that are not served yet, and starts their threads. No client is served there before `apply`. Every
    /// step that can fail is done here.
    ///
    /// # Errors
    /// An address is not available, or the system provides no more threads or eventfds. A missing address is no error if another address is
    /// available.
    pub fn prepare(&self, config: &Config, views: &Views) -> Result<Prepared, NotServed> {
        let served = |at| self.open.iter().any(|open| open.configured == at);
        let mut new: Vec<ListenAt> =
            addresses(config).map(|(at, _, _)| at).filter(|at| !served(*at)).collect();
        let is_other = |at: ListenAt, open: &ServedAddress| {
            open.address == at.address && open.configured.serves != at.serves && open.bound().meets(at)
        };
        let held = |at: &&ListenAt| self.open.iter().any(|open| open.inherited && is_other(**at, open));
        if let Some(at) = new.iter().find(held) {
            return Err(NotServed::Held(at.address));
        }
        // If a wildcard address is served, the kernel gives the queries to one of its addresses to a new socket as soon as that socket is bound,
        // but nobody reads them yet. So the addresses that overlap with a served address are bound last: if another address is not available, no
        // query is lost.
        new.sort_by_key(|at| self.open.iter().any(|open| overlap(open.address, at.address)));
        let mut sockets = Sockets::default();
        for at in new {
            sockets.add(at, self.bind_one(at, config))?;
        }
        if !addresses(config).any(|(at, _, _)| served(at)) {
            sockets = sockets.unless_all_missing()?;
        }
        Ok(self.ready(sockets, config, views)?)
    }

    /// Switches to the configuration of `prepared`. Addresses that are no longer configured are closed when their queries are answered.
    pub fn apply(&mut self, mut prepared: Prepared, config: &Config, views: &Views) {
        let wanted: Vec<ListenAt> = addresses(config).map(|(at, _, _)| at).collect();
        self.set_policies(config, views);
        self.miss(std::mem::take(&mut prepared.missing));
        self.begin(prepared);
        let (stay, go): (Vec<_>, Vec<_>) =
            self.open.drain(..).partition(|open| open.inherited || wanted.contains(&open.configured));
        self.open = stay;
        for open in self.open.iter().filter(|open| !wanted.contains(&open.configured)) {
            tracing::warn!(
                "systemd passed a socket for {}, which is not in the configuration; resolverd answers there as at [listen]; remove the address from the unit resolverd.socket, and restart both",
                open.address
            );
        }
        self.retired.retain(RetiredAddress::is_open);
        for ServedAddress { address, front, workers, accepting, stream, quic, .. } in go {
            accepting.send_replace(false);
            let datagrams = workers.into_iter().map(Worker::retire).chain([quic]).collect();
            self.retired.push(RetiredAddress { address, front, stream, datagrams });
        }
    }

    /// Sets the allowed clients, the views and the certificate of each address.
    pub fn set_policies(&self, config: &Config, views: &Views) {
        for (at, listener, place) in addresses(config) {
            let Some(policy) = Policy::for_listener(listener, views, place) else { continue };
            let open = self.open.iter().find(|open| open.configured == at);
            let retired = self.retired.iter().filter(|retired| retired.address == at.address);
            let retired = retired.map(|retired| &retired.front).filter(|front| front.serves() == at.serves);
            for front in open.map(|open| &open.front).into_iter().chain(retired) {
                front.set_policy(policy.clone());
            }
        }
        // A socket of systemd for an address that is not configured gets the settings of `[listen]`.
        let Some(policy) = Policy::for_listener(&config.listen, views, 0) else { return };
        let is_configured = |open: &ServedAddress| addresses(config).any(|(at, _, _)| at == open.configured);
        for open in self.open.iter().filter(|open| open.inherited && !is_configured(open)) {
            open.front.set_policy(policy.clone());
        }
    }

    /// Stops accepting connections. New queries at sockets of systemd stay unread for the next process. Queries on existing connections and
    /// at other sockets are still answered.
    pub fn stop_accepting(&self) {
        for open in &self.open {
            open.accepting.send_replace(false);
            if open.inherited {
                open.workers.iter().for_each(Worker::leave);
            }
        }
    }

    /// Waits until every waiting client has been sent its reply. Clients that have just connected can send their first query within
    /// `STOP_FIRST_MESSAGE`. It must be called after `stop_accepting`. While the returned value exists, misses receive SERVFAIL.
    pub async fn settled(&self) -> Settled {
        let accepted = join_all(self.open.iter().map(|open| open.accepting.closed()));
        let inherited = self.open.iter().filter(|open| open.inherited);
        let left = join_all(inherited.flat_map(|open| &open.workers).map(Worker::has_left));
        // The wait has a limit, because a listener that was given up after repeated panics never stops.
        let _ = timeout(STOP_FIRST_MESSAGE, async { tokio::join!(accepted, left) }).await;
        self.places.first_messages(&self.parts.clock).await;
        let all = u32::try_from(self.parts.resolver.bounds().waiting()).unwrap_or(u32::MAX);
        Settled { _waiting: Arc::clone(&self.bounds.waiting).acquire_many_owned(all).await.ok() }
    }

    /// Ends the worker threads, and returns their runtimes.
    pub fn stop(self) -> StoppedWorkers {
        let mut stopped = StoppedWorkers::default();
        for open in self.open {
            open.accept.abort();
            stopped.0.extend(open.workers.into_iter().filter_map(Worker::stop));
        }
        stopped
    }

    /// Starts the worker threads, which do not serve clients before `begin`.
    fn ready(&self, sockets: Sockets, config: &Config, views: &Views) -> std::io::Result<Prepared> {
        let mut prepared = Prepared { ready: Vec::new(), shards: self.shards, missing: sockets.missing };
        for (configured, bound) in sockets.bound {
            let found = addresses(config).find(|(at, _, _)| *at == configured);
            // A socket of systemd for an address that is not configured gets the settings of `[listen]`.
            let (_, listener, place) = found.unwrap_or((configured, &config.listen, 0));
            let Some(policy) = Policy::for_listener(listener, views, place) else { continue };
            let at = ListenAt { address: bound.address, serves: configured.serves };
            let front = Arc::new(Front::new(Arc::clone(&self.parts), policy, Arc::clone(&self.bounds), at));
            let (mut workers, mut sockets) = (Vec::new(), Vec::new());
            for socket in bound.udp {
                if configured.serves == ListenFor::Quic {
                    sockets.push(ConnectionSocket::Quic(Arc::new(socket)));
                    continue;
                }
                let front = Arc::clone(&front);
                workers.push(Worker::start(socket, prepared.shards, front, &self.parts.supervisor)?);
                prepared.shards = prepared.shards.saturating_add(1);
            }
            for stream in bound.tcp {
                sockets.push(ConnectionSocket::Stream(Arc::new(TcpListener::from_std(stream)?)));
            }
            for connections in sockets {
                let (workers, front) = (std::mem::take(&mut workers), Arc::clone(&front));
                let (address, inherited) = (bound.address, bound.inherited);
                prepared.ready.push(Ready { configured, address, front, workers, connections, inherited });
            }
        }
        Ok(prepared)
    }

    fn begin(&mut self, prepared: Prepared) {
        self.shards = prepared.shards;
        for Ready { configured, address, front, workers, connections, inherited } in prepared.ready {
            workers.iter().for_each(Worker::begin);
            let (stream, quic) = match &connections {
                ConnectionSocket::Stream(listener) => (Arc::downgrade(listener), Weak::new()),
                ConnectionSocket::Quic(socket) => (Weak::new(), Arc::downgrade(socket)),
            };
            let (accepting, stop) = watch::channel(true);
            let whose = format!("the {} listener at {address}", configured.serves.word());
            let accept = self.accept(&whose, connections, Arc::clone(&front), stop);
            self.open.push(ServedAddress {
                configured,
                address,
                front,
                workers,
                accepting,
                accept,
                stream,
                quic,
                inherited,
            });
        }
    }

    fn accept(
        &self,
        whose: &str,
        connections: ConnectionSocket,
        front: Arc<Front>,
        stop: watch::Receiver<bool>,
    ) -> JoinHandle<()> {
        let (places, supervisor) = (Arc::clone(&self.places), &self.parts.supervisor);
        match connections {
            ConnectionSocket::Stream(listener) => tokio::spawn(supervisor.keep(whose, move || {
                accept::connections(
                    Arc::clone(&listener),
                    Arc::clone(&front),
                    Arc::clone(&places),
                    stop.clone(),
                )
            })),
            ConnectionSocket::Quic(socket) => tokio::spawn(supervisor.keep(whose, move || {
                quic::accept(Arc::clone(&socket), Arc::clone(&front), Arc::clone(&places), stop.clone())
            })),
        }
    }
}

#[cfg(test)]
mod reload_tests;
#[cfg(test)]
mod stop_tests;
