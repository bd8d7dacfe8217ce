//! The daemon: creates its parts, owns their tasks, and starts and stops them in a fixed order.
//!
//! If the start fails, the daemon reports the error in one line. The daemon binds every port before it answers a query.
//!
//! The modules:
//!
//! - `running` is the part of the daemon that commands over the control socket use.
//! - `metrics` has the listener for metrics.
//! - `reload` changes to another configuration.
//! - `tasks` starts the tasks that run as long as the daemon.
//! - `snapshot` saves the cache for the next process.
//! - `history` stores failed and slow questions on disk, and `saved_history` saves the questions in memory for the next process.
//! - `minutes` stores the statistics of each minute on disk.
//! - `root_keys` stores the root keys on disk.
//! - `state_files` finds and writes the files in the state directory.
//! - `certificates` finds out if certificate files have changed, and `renewals` takes new certificates into use.
//! - `dnstap` derives the settings of dnstap from the configuration.
//! - `fleet` exchanges reports with the other gateways of a fleet.
//! - `traced` resolves questions without cached data, for traces.
//! - `watched` checks domains on schedule.
//! - `tls_policy` answers mail servers about TLS policies.
//! - `allowance` compares `cache.size` and `history.size` with the memory that the process may use.
//!
//! # Decisions
//!
//! - A reload first does everything that can fail: it reads the file, builds views, binds sockets and starts threads. Then it
//!   replaces the configuration. So an error changes nothing.
//! - When the daemon stops, it waits until all replies are sent, and not only until all resolutions (flights) have ended: the
//!   answer may still be on its way to the thread that sends it. So each query that misses the cache has a permit until its reply
//!   is queued or written.
//! - If this host lacks a configured address (no IPv6, or a bridge that comes up later), the daemon serves the other addresses,
//!   and tries again later. If another program uses an address, the daemon does not start, because either program might get a
//!   query.
//! - If the address for metrics is not available, the daemon still starts: mail needs answers, not metrics.
//! - `MemoryMax=` in the unit file comes from `cache.size` and `history.size`. At the start, the daemon logs a warning if the
//!   service manager allows less.

mod allocator;
pub mod allowance;
pub mod arguments;
mod certificates;
mod changes;
mod dnstap;
mod fleet;
mod history;
mod learned;
pub mod limits;
pub mod log;
mod memory_bound;
pub mod metrics;
mod minutes;
mod negative_trust_anchors;
mod notify;
mod operator;
mod own_mail;
mod owners;
pub mod program;
mod reload;
mod renewals;
mod root_keys;
mod running;
mod saved_history;
mod snapshot;
mod socket_owners;
mod state_files;
mod tasks;
mod temporary_zones;
mod tls_policy;
mod traced;
mod watched;

use std::collections::BTreeMap;
use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::limits::{DESCRIPTORS, STOP_FLUSH, STOP_GRACE, TAP_END};
use ::fleet::Fleet;
use certificates::Certificates;
use config::limits::MIN_SOURCE_PORTS;
use config::{Config, defaults};
use control::Controlled;
use control::server::{BindError, ControlServer};
use dns::clock::Clock;
use dns::hash::Keyed;
use dns::random::Random;
use dns::wire::cookie::CookieSecret;
use exchange::network::Network;
use exchange::ports;
use exchange::ports::SourcePorts;
use exchange::socket_network::SocketNetwork;
use explain::explainer::Explainer;
use metrics::listener::MetricsListener;
use operator::{MAIL_SERVER, OPERATOR, Operator};
use record::Recorder;
use resolver::fleet::FleetStore;
use resolver::listener;
use resolver::listener::{
    AddressUnavailable, Inherited, Listeners, NotServed, Settled, Sockets, StoppedWorkers,
};
use resolver::lookahead::Lookahead;
use resolver::resolve::{Resolver, ResolverParts};
use running::{Reloadable, Running};
use snapshot::Snapshot;
use supervise::Supervisor;
#[cfg(feature = "lab")]
use supervise::pulse::Pulses;
use tls_policy::TlsPolicyService;
use traced::FreshTraces;
use zones::{Views, Wrong};

/// Why the daemon did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listen address is not available.
    #[error(transparent)]
    Listen(#[from] AddressUnavailable),
    /// A listener of the new configuration cannot be served.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// The control socket cannot be created.
    #[error(transparent)]
    Control(#[from] BindError),
    /// A zone of the configuration cannot be served.
    #[error(transparent)]
    Zone(#[from] Wrong),
    /// The operating system reserves all source ports of queries.
    #[error(
        "resolve.source_ports is {0}, but net.ipv4.ip_local_reserved_ports of this host excludes all of these ports"
    )]
    Ports(String),
    /// Another process uses the state directory of this daemon.
    #[error(transparent)]
    StateInUse(#[from] state_files::StateInUse),
    /// The operating system refuses a resource that the daemon needs, for instance a thread.
    #[error("the operating system does not permit resolverd to start: {0}")]
    System(#[from] std::io::Error),
}

/// A running daemon.
pub struct Daemon {
    subject: Arc<Running>,
    tasks: JoinSet<()>,
    /// `None` if there is no control socket. `ending` stops the task.
    control: Option<JoinHandle<()>>,
    ending: watch::Sender<bool>,
    supervisor: Supervisor,
    /// The lock file of the state directory, which is locked until the daemon has stopped; `None` if there is no state directory.
    _state_lock: Option<File>,
}

impl Daemon {
    /// Starts a daemon. `origin` is the path of the file from which `config` was read. Must be called inside a runtime.
    ///
    /// # Errors
    /// Fails if a port, the control socket or another resource is not available. Then nothing stays running.
    pub fn start(config: Config, origin: Option<PathBuf>) -> Result<Self, StartError> {
        Self::start_with(config, origin, Inherited::default())
    }

    /// Like `start`, but serves the `inherited` sockets of the service manager instead of binding their addresses.
    ///
    /// # Errors
    /// Fails in the same cases as `start`.
    pub fn start_with(
        config: Config,
        origin: Option<PathBuf>,
        inherited: Inherited,
    ) -> Result<Self, StartError> {
        raise_descriptors();
        allowance::warn(config.cache.size, config.history_size());
        let (state_lock, config) = (state_files::lock()?, Arc::new(config));
        let (views, ports) = (Views::new(&config)?, ports_of(&config)?);
        let sockets = Sockets::bind(&config, inherited)?;
        let control = bind_control(&config)?;
        let (clock, random) = (Clock::machine(), Random::system()?);
        let recorder = begin_record(&config, &clock);
        let network = Arc::new(SocketNetwork::new(random.clone(), ports));
        let resolver = begin_resolver(&views, (&clock, &random), &network, &recorder);
        resolver.tap().set(dnstap::settings_of(&config));
        let (supervisor, metrics) = (Supervisor::default(), MetricsListener::default());
        let parts = listener::FrontParts {
            clock: clock.clone(),
            resolver: Arc::clone(&resolver),
            recorder: Arc::clone(&recorder),
            cookies: CookieSecret::new(Keyed::new(&random)),
            supervisor: supervisor.clone(),
        };
        let listeners = Listeners::start(sockets, parts, &config, &views)?;
        let (snapshot, most_memory) = (snapshot_of(&config, &clock), memory_bound::most(&config));
        metrics.set(config.metrics.listen);
        let (watched, watched_file) = watched::begin(&config, (&clock, &random), &recorder);
        let asking = |address| Operator { resolver: Arc::clone(&resolver), clock: clock.clone(), address };
        let operator = asking(OPERATOR);
        let tls_policy = TlsPolicyService::begin(asking(MAIL_SERVER), &config.tls_policy);
        let (fleet, lookahead) = (begin_fleet(&config, &resolver, &random), Lookahead::new(&clock, &random));
        let state = Mutex::new(Reloadable { config, temporary: BTreeMap::new(), listeners: Some(listeners) });
        let subject = Arc::new(Running {
            lists: tasks::begin_lists(&resolver, &lookahead),
            explainer: Explainer::new(&recorder, resolver.clone(), resolver.memory().walks()),
            resolver,
            operator,
            tls_policy: Arc::new(tls_policy),
            lookahead,
            recorder,
            clock,
            state,
            reloading: tokio::sync::Mutex::default(),
            origin,
            watched,
            watched_file,
            minutes: minutes::MinuteFiles::of_state_directory(),
            snapshot,
            most_memory,
            fleet,
            fresh: FreshTraces::new(random.clone(), Arc::clone(&network) as Arc<dyn Network>),
            network,
            supervisor: supervisor.clone(),
            missed: Notify::new(),
            zone_added: Notify::new(),
            certificates: Certificates::default(),
            metrics,
        });
        let (ending, ended) = watch::channel(false);
        let tasks = tasks::spawn(&subject, &supervisor, &random, &ended);
        let control = control.map(|server| serve_control(server, &supervisor, &subject, ended));
        Ok(Self { subject, tasks, control, ending, supervisor, _state_lock: state_lock })
    }

    /// Waits until the supervisor gives up a task or thread that has panicked too often, and returns its name. The daemon cannot
    /// work without this task or thread, and must stop.
    pub async fn given_up(&self) -> String {
        self.supervisor.given_up().await
    }

    /// Returns the pulses of all supervised tasks and threads. A pulse shows that its task or thread still responds.
    #[cfg(feature = "lab")]
    pub fn pulses(&self) -> &Pulses {
        self.supervisor.pulses()
    }

    /// Returns the addresses of the UDP and TCP listeners.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.subject.addresses()
    }

    /// Returns the addresses of the listeners for DNS over TLS.
    pub fn tls_addresses(&self) -> Vec<SocketAddr> {
        self.subject.listening(Listeners::tls_addresses)
    }

    /// Returns the addresses of the listeners for DNS over HTTPS.
    pub fn https_addresses(&self) -> Vec<SocketAddr> {
        self.subject.listening(Listeners::https_addresses)
    }

    /// Returns the addresses of the listeners for DNS over QUIC.
    pub fn quic_addresses(&self) -> Vec<SocketAddr> {
        self.subject.listening(Listeners::quic_addresses)
    }

    /// Returns the address of the listener for metrics; `None` if there is no such listener.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.subject.metrics.address()
    }

    /// Changes to another configuration while the daemon runs.
    ///
    /// # Errors
    /// Fails if the new configuration cannot be served; the old one stays in use.
    pub async fn apply(&self, config: Config) -> Result<(), StartError> {
        self.subject.apply(config).await
    }

    /// Reads the configuration file again and changes to it. Returns the changes.
    ///
    /// # Errors
    /// Returns all errors of the file, as sentences. Nothing has changed then.
    pub async fn reload(&self) -> Result<Vec<String>, Vec<String>> {
        self.subject.reload().await
    }

    /// Returns the part of the daemon that commands over the control socket use.
    pub fn subject(&self) -> Arc<impl Controlled + use<>> {
        Arc::clone(&self.subject)
    }

    /// Stops the daemon. Waiting clients get their answers, or SERVFAIL, within a second. Then the state files are written. The
    /// caller must keep the returned value until the calling runtime has ended, because tasks of that runtime may still use
    /// timers of the stopped threads.
    pub async fn stop(self) -> StoppedWorkers {
        let Self { subject, mut tasks, mut control, ending, .. } = self;
        let Some(listeners) = subject.state().listeners.take() else { return StoppedWorkers::default() };
        listeners.stop_accepting();
        ending.send_replace(true);
        let settled = settle(&listeners, control.as_mut(), &subject.resolver).await;
        if let Some(control) = control.filter(|control| !control.is_finished()) {
            // Open connections to the control socket must not delay the stop.
            control.abort();
            let _ = control.await;
        }
        // Writes the DNS messages that wait for dnstap. After `TAP_END` they are lost.
        let _ = timeout(TAP_END, subject.resolver.tap().end()).await;
        tasks.shutdown().await;
        subject.metrics.set(None);
        tokio::task::block_in_place(|| {
            subject.explainer.write_last_log();
            subject.save_history();
            subject.write_minute(true);
            subject.resolver.look_for_changes();
            subject.keep_changes();
            subject.keep_learned(None);
            subject.tls_policy.keep();
            subject.keep_lists(None)
        });
        if let Some(snapshot) = &subject.snapshot {
            snapshot.end();
            subject.write_snapshot().await;
        }
        // The threads of the listeners only wait for their own sockets, so they end soon.
        let stopped = tokio::task::block_in_place(|| listeners.stop());
        drop(settled);
        stopped
    }
}

fn begin_resolver(
    views: &Views,
    (clock, random): (&Clock, &Random),
    network: &Arc<SocketNetwork>,
    recorder: &Arc<Recorder>,
) -> Arc<Resolver> {
    Resolver::new(ResolverParts {
        views: views.clone(),
        clock: clock.clone(),
        random: random.clone(),
        network: Arc::clone(network) as Arc<dyn Network>,
        recorder: Arc::clone(recorder),
        tap: Arc::default(),
    })
}

/// If the socket has the default path and cannot be created, for example because an ordinary user runs the daemon, the daemon
/// runs without it. If the operator has configured another path, this is an error.
fn bind_control(config: &Config) -> Result<Option<ControlServer>, StartError> {
    let path = &config.control.socket;
    match ControlServer::bind(path) {
        Ok(server) => Ok(Some(server)),
        Err(error @ BindError::System { .. }) if path.as_os_str() == defaults::SOCKET => {
            tracing::warn!("{error}; resolverctl cannot reach this daemon");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn serve_control(
    server: ControlServer,
    supervisor: &Supervisor,
    subject: &Arc<Running>,
    ended: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let (server, subject) = (Arc::new(server), Arc::clone(subject));
    let serve = move || {
        let (server, subject, ended) = (Arc::clone(&server), Arc::clone(&subject), ended.clone());
        async move { server.run(subject, ended).await }
    };
    tokio::spawn(supervisor.keep("the control socket task", serve))
}

/// Answers all waiting clients, including those of the control socket. If a resolution ends within `STOP_GRACE`, its clients get
/// the answer; the others get SERVFAIL. Returns `None` if not all replies were sent within `STOP_FLUSH`, because a client does
/// not read its reply.
async fn settle(
    listeners: &Listeners,
    control: Option<&mut JoinHandle<()>>,
    resolver: &Resolver,
) -> Option<Settled> {
    let controlled = async {
        if let Some(control) = control {
            // If the task of the control socket has panicked, the daemon still stops its other parts.
            let _ = control.await;
        }
    };
    let settled = async { tokio::join!(listeners.settled(), controlled).0 };
    let mut settled = std::pin::pin!(settled);
    if let Ok(settled) = timeout(STOP_GRACE, &mut settled).await {
        return Some(settled);
    }
    resolver.stop();
    timeout(STOP_FLUSH, settled).await.ok()
}

/// The source ports of queries: the configured ports without those that this host reserves.
fn ports_of(config: &Config) -> Result<SourcePorts, StartError> {
    let reserved = ports::reserved().unwrap_or_else(|error| {
        tracing::warn!("cannot read net.ipv4.ip_local_reserved_ports: {error}; resolverd may send from ports that are reserved for other programs");
        String::new()
    });
    let range = &config.resolve.source_ports;
    let ports = SourcePorts::in_range(range.clone(), &reserved);
    let shown = format!("{}-{}", range.start(), range.end());
    let remedy = if *range == Config::default().resolve.source_ports {
        "reserve fewer ports with sysctl"
    } else {
        "reserve fewer ports with sysctl, or set resolve.source_ports to a larger range"
    };
    match ports.count() {
        0 => return Err(StartError::Ports(shown)),
        few if few < MIN_SOURCE_PORTS => tracing::warn!(
            "resolverd can send queries from {few} ports only, because net.ipv4.ip_local_reserved_ports of this host reserves the other ports of resolve.source_ports ({shown}); answers are easier to forge, and fewer queries can be in progress; {remedy}"
        ),
        _ => {}
    }
    Ok(ports)
}

/// Lets the resolver share answers through the store of the fleet. Returns `None` if this gateway is in no fleet.
fn begin_fleet(config: &Config, resolver: &Resolver, random: &Random) -> Option<Arc<Fleet>> {
    let store = Fleet::new(&config.fleet, resolver.clock(), random)?;
    resolver.share_through(Arc::clone(&store) as Arc<dyn FleetStore>);
    Some(store)
}

/// Creates the recorder with the query history. If there is a state directory, failed and slow queries are also stored in files.
fn begin_record(config: &Config, clock: &Clock) -> Arc<Recorder> {
    let size = config.history_size();
    let recorder = Recorder::with_size(clock.clone(), listener::shards(config), size);
    if let Some(files) = (size > 0).then(|| history::of_state_directory(clock)).flatten() {
        recorder.store_in(Arc::new(files));
    }
    if let Some(path) = state_files::path_of(saved_history::FILE) {
        saved_history::restore(&path, config, &recorder);
    }
    recorder
}

/// Returns the file for the snapshot of the cache, or `None` if there is no state directory or the configuration turns snapshots off. If the
/// configuration turns them off, removes the file of an earlier process.
fn snapshot_of(config: &Config, clock: &Clock) -> Option<Arc<Snapshot>> {
    let path = state_files::path_of(snapshot::FILE)?;
    if !config.cache.snapshot {
        snapshot::remove(&path);
        return None;
    }
    Some(Arc::new(Snapshot::new(path, clock.clone())))
}

/// Raises the limit of file descriptors as far as the system allows. With too few, queries to servers fail earlier under load.
fn raise_descriptors() {
    let has = getrlimit(Resource::Nofile);
    let enough = has.current.is_none_or(|current| current >= DESCRIPTORS);
    if enough {
        return;
    }
    let wanted = has.maximum.map_or(DESCRIPTORS, |maximum| maximum.min(DESCRIPTORS));
    if setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: has.maximum }).is_err()
        || wanted < DESCRIPTORS
    {
        tracing::warn!(
            "resolverd can open only {wanted} files and sockets, but may need {DESCRIPTORS}; set LimitNOFILE={DESCRIPTORS} with `systemctl edit resolverd`"
        );
    }
}
