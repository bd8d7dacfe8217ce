//! The daemon: builds the parts, owns their tasks, starts and ends them in order.
//!
//! May call: everything but `ctl`. An error at start is fatal and is one line; nothing is begun before every port is bound.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_proto::rr::{Name, RecordType};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::cache::flush::{Flush, Flushed};
use crate::cache::look::Held;
use crate::cache::servers::KnownServer;
use crate::cache::{Keyed, StoreFill};
use crate::clock::{Clock, Mono, Now};
use crate::config::{self, Config, defaults};
use crate::control::Subject;
use crate::control::lookup::Lookup;
use crate::control::protocol::DaemonStatus;
use crate::control::server::{BindError, Server};
use crate::dnsbl::keep::{self, Kept};
use crate::dnsbl::state::Lists;
use crate::dnsbl::{ahead, tend};
use crate::exchange::internet::Internet;
use crate::limits::{
    DESCRIPTORS, FLIGHT_TIME, KEEP_INTERVAL, MAX_FLIGHTS, MIRROR_INTERVAL, SNAPSHOT_INTERVAL, STOP_FLUSH,
    STOP_GRACE,
};
use crate::listener::{self, Inherited, Listeners, Refused, Settled, Sockets};
use crate::log;
use crate::notify;
use crate::question::{Client, Question};
use crate::random::Random;
use crate::record::Recorder;
use crate::resolve::inflight::InFlight;
use crate::resolve::{Asked, Parts, Resolver};
use crate::wire::cookie::Secret;
use crate::zones::{self, Views, Wrong};

/// Why the daemon did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address to listen at is not to be had.
    #[error(transparent)]
    Listen(#[from] Refused),
    /// The control socket is not to be had.
    #[error(transparent)]
    Control(#[from] BindError),
    /// A zone cannot be served as configured.
    #[error(transparent)]
    Zone(#[from] Wrong),
    /// The system refuses something that nothing works without.
    #[error("the system does not let us start: {0}")]
    System(#[from] std::io::Error),
}

/// A daemon at work.
pub struct Daemon {
    subject: Arc<Running>,
    tasks: JoinSet<()>,
    /// The control socket's, and what ends it; none where there is no such socket.
    control: Option<JoinHandle<()>>,
    ending: watch::Sender<bool>,
}

/// What the control socket tells of and acts on.
struct Running {
    resolver: Arc<Resolver>,
    recorder: Arc<Recorder>,
    clock: Clock,
    state: Mutex<State>,
    /// The file that the configuration came from.
    origin: Option<PathBuf>,
    /// The file in which what is known of DNS lists is kept.
    lists: Option<PathBuf>,
}

/// What a reload changes.
struct State {
    config: Arc<Config>,
    /// None once the daemon is ending.
    listeners: Option<Listeners>,
}

impl Daemon {
    /// Starts a daemon. `origin` is the file that `config` came from. Call it inside a runtime.
    ///
    /// # Errors
    /// A port, the control socket or a resource is not to be had; nothing is left running then.
    pub fn start(config: Config, origin: Option<PathBuf>) -> Result<Self, StartError> {
        Self::start_with(config, origin, Inherited::default())
    }

    /// Starts a daemon that serves what was `inherited` instead of binding it.
    ///
    /// # Errors
    /// As `start`.
    pub fn start_with(
        config: Config,
        origin: Option<PathBuf>,
        inherited: Inherited,
    ) -> Result<Self, StartError> {
        raise_descriptors();
        let config = Arc::new(config);
        let views = Views::new(&config)?;
        let sockets = Sockets::bind(&config, inherited)?;
        let control = bind_control(&config)?;
        let clock = Clock::machine();
        let random = Random::system()?;
        let recorder = Recorder::new(clock.clone(), listener::shards(&config));
        let resolver = Resolver::new(Parts {
            views: views.clone(),
            clock: clock.clone(),
            random: random.clone(),
            network: Arc::new(Internet::new(random.clone())),
            recorder: Arc::clone(&recorder),
        });
        let parts = listener::Parts {
            clock: clock.clone(),
            resolver: Arc::clone(&resolver),
            recorder: Arc::clone(&recorder),
            cookies: Secret::new(Keyed::new(&random)),
        };
        let listeners = Listeners::start(sockets, parts, &config, &views)?;
        let pulses = listeners.pulses();
        let lists = lists_file();
        if let Some(path) = &lists {
            restore_lists(&resolver, path);
        }
        let state = Mutex::new(State { config, listeners: Some(listeners) });
        let subject = Arc::new(Running { resolver, recorder, clock, state, origin, lists });
        let mut tasks = JoinSet::new();
        let (ending, ended) = watch::channel(false);
        let control = control.map(|control| tokio::spawn(control.run(Arc::clone(&subject), ended)));
        tasks.spawn(tick(Arc::clone(&subject)));
        tasks.spawn(prime(Arc::clone(&subject)));
        tasks.spawn(mirrors(Arc::clone(&subject)));
        tasks.spawn(Arc::clone(&subject.resolver).probe_dead_servers());
        tasks.spawn(tend::tend(Arc::clone(&subject.resolver), random));
        tasks.spawn(ahead::ask_ahead(Arc::clone(&subject.resolver)));
        tasks.spawn(keep_lists(Arc::clone(&subject)));
        tasks.spawn(notify::watchdog(pulses, probe(&subject)));
        Ok(Self { subject, tasks, control, ending })
    }

    /// Where it listens.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.subject.addresses()
    }

    /// Goes over to another configuration, as `resolverctl reload` has it.
    ///
    /// # Errors
    /// It cannot be served as it is; the old one stays.
    pub fn apply(&self, config: Config) -> Result<(), StartError> {
        self.subject.apply(config)
    }

    /// Reads the configuration file again and goes over to it.
    ///
    /// # Errors
    /// All that is wrong, in sentences; nothing has changed then.
    pub async fn reload(&self) -> Result<Vec<String>, Vec<String>> {
        self.subject.reload().await
    }

    /// What the control socket would tell.
    pub fn subject(&self) -> Arc<impl Subject + use<>> {
        Arc::clone(&self.subject)
    }

    /// Ends the daemon within a second: what is on its way is answered, or told SERVFAIL.
    pub async fn stop(self) {
        let Self { subject, mut tasks, mut control, ending } = self;
        let Some(listeners) = subject.state().listeners.take() else { return };
        listeners.stop_accepting();
        ending.send_replace(true);
        let settled = settle(&listeners, control.as_mut(), &subject.resolver).await;
        if let Some(control) = control.filter(|control| !control.is_finished()) {
            // What has not ended by now is not waited for.
            control.abort();
            let _ = control.await;
        }
        tasks.shutdown().await;
        tokio::task::block_in_place(|| subject.keep_lists(None));
        // Joins threads that only wait for their own sockets.
        tokio::task::block_in_place(|| listeners.stop());
        drop(settled);
    }
}

impl Running {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        self.state().listeners.as_ref().map(Listeners::addresses).unwrap_or_default()
    }

    /// Goes over to what the configuration file says now: what has changed, or what is wrong with it.
    fn read_again(&self) -> Result<Vec<String>, Vec<String>> {
        let old = self.config();
        let mut new = Config::load(self.origin.as_deref())
            .map_err(|errors| errors.to_string().lines().map(str::to_owned).collect::<Vec<_>>())?;
        if old.listen.fixed {
            new = new.with_listen(old.listen.addresses.clone());
        }
        let changes = config::changes(&old, &new);
        self.apply(new).map_err(|error| vec![error.to_string()])?;
        Ok(changes)
    }

    /// Checks first, then swaps: what cannot be served changes nothing. Memory is kept but for the zones that changed.
    fn apply(&self, config: Config) -> Result<(), StartError> {
        let config = Arc::new(config);
        let views = Views::new(&config)?;
        let mut state = self.state();
        let changed = zones::changed(&state.config, &config);
        if let Some(listeners) = &mut state.listeners {
            let sockets = listeners.bind_new(&config)?;
            listeners.apply(sockets, &config, &views)?;
        }
        self.resolver.set_views(views);
        log::set_level(config.log.level);
        state.config = config;
        drop(state);
        self.forget(changed);
        Ok(())
    }

    /// Writes down what is known of DNS lists, where that has changed since it was `last` written; gives what is written.
    fn keep_lists(&self, last: Option<Kept>) -> Option<Kept> {
        let path = self.lists.as_ref()?;
        let kept = Kept::of(self.resolver.lists());
        if last.is_some_and(|last| last == kept) {
            return Some(kept);
        }
        if let Err(error) = kept.write(path) {
            tracing::warn!(
                "{} cannot be written: {error}; counts of DNS lists begin anew at the next start",
                path.display()
            );
        }
        Some(kept)
    }

    /// Flushes what was learnt by ways that have changed: now, and again when the flights that began on them have ended.
    fn forget(&self, zones: Vec<Name>) {
        if zones.is_empty() {
            return;
        }
        self.resolver.forget(&zones);
        let resolver = Arc::clone(&self.resolver);
        tokio::spawn(async move {
            tokio::time::sleep(FLIGHT_TIME).await;
            resolver.forget(&zones);
        });
    }
}

impl Running {
    /// Asks until there is a reply, with its steps where `trace` is set.
    async fn lookup<Asking: Future<Output = Asked>>(
        &self,
        trace: bool,
        ask: impl Fn(Client) -> Asking,
    ) -> Lookup {
        let began = self.clock.mono();
        // No client has this address and port; the moment tells one asker from another.
        let micros = began.as_micros().to_le_bytes();
        let client = Client {
            address: std::net::Ipv6Addr::UNSPECIFIED.into(),
            port: u16::from_le_bytes([micros[0], micros[1]]),
            id: u16::from_le_bytes([micros[2], micros[3]]),
        };
        loop {
            // A repeat is told within the microsecond of its twin: the next moment is another asker's.
            if let Asked::Replied(replied) = ask(client).await {
                let now = self.clock.mono();
                let steps = if trace { replied.steps.to_vec() } else { Vec::new() };
                let (answer, outcome) = (replied.answer, replied.outcome);
                return Lookup { answer, now, outcome, elapsed: now.since(began), steps };
            }
            tokio::task::yield_now().await;
        }
    }
}

impl Subject for Running {
    fn status(&self) -> DaemonStatus {
        DaemonStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            process: std::process::id(),
            config: self.origin.as_ref().map(|path| path.display().to_string()),
            listen: self.addresses(),
            flights: self.resolver.flights() as u64,
            flights_max: MAX_FLIGHTS as u64,
        }
    }

    fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    fn query(&self, question: Question, trace: bool) -> BoxFuture<'_, Lookup> {
        Box::pin(self.lookup(trace, move |client| {
            let question = question.clone();
            async move { self.resolver.ask(question, client).await }
        }))
    }

    fn ask_list(&self, question: Question) -> BoxFuture<'_, Lookup> {
        Box::pin(self.lookup(false, move |client| {
            let question = question.clone();
            async move { self.resolver.ask_unmarked(question, client).await }
        }))
    }

    fn flush(&self, flush: &Flush) -> Flushed {
        self.resolver.memory().flush(flush)
    }

    fn fill(&self) -> Vec<StoreFill> {
        self.resolver.memory().fill().to_vec()
    }

    fn servers(&self) -> Vec<KnownServer> {
        self.resolver.memory().servers.list(self.clock.mono())
    }

    fn lists(&self) -> &Lists {
        self.resolver.lists()
    }

    fn now(&self) -> Now {
        self.clock.now()
    }

    fn inflight(&self) -> Vec<InFlight> {
        self.resolver.inflight()
    }

    fn look(&self, name: &Name, kind: Option<RecordType>) -> (Vec<Held>, Mono) {
        let now = self.clock.mono();
        (self.resolver.memory().look(name, kind, now), now)
    }

    fn overlook(&self, name: &Name, time: Duration) -> bool {
        self.resolver.overlook(name, time)
    }

    fn overlook_no_more(&self, name: &Name) -> bool {
        self.resolver.overlook_no_more(name)
    }

    fn overlooked(&self) -> Vec<(Name, Duration)> {
        self.resolver.negative().list(self.clock.mono())
    }

    fn config(&self) -> Arc<Config> {
        Arc::clone(&self.state().config)
    }

    fn reload(&self) -> BoxFuture<'_, Result<Vec<String>, Vec<String>>> {
        Box::pin(async move {
            notify::reloading();
            // Files may lie on slow disks, and threads are waited for.
            let reloaded = tokio::task::block_in_place(|| self.read_again());
            // Also where the file was wrong: the reload is over, and all is served as before.
            notify::ready(&self.addresses());
            match &reloaded {
                Ok(changes) if changes.is_empty() => {
                    tracing::info!(reload = "unchanged", "configuration read again: nothing has changed");
                }
                Ok(changes) => {
                    tracing::info!(reload = "changed", "configuration read again: {}", changes.join("; "));
                }
                Err(wrong) => {
                    tracing::error!(
                        reload = "refused",
                        "the configuration stays as it is: {}",
                        wrong.join("; ")
                    );
                }
            }
            reloaded
        })
    }
}

/// The control socket. Where the default one is not ours to make, as for a daemon that somebody tries out, the daemon
/// runs without; one that was asked for must be had.
fn bind_control(config: &Config) -> Result<Option<Server>, StartError> {
    let path = &config.control.socket;
    match Server::bind(path) {
        Ok(server) => Ok(Some(server)),
        Err(error @ BindError::System { .. }) if path.as_os_str() == defaults::SOCKET => {
            tracing::warn!("{error}; resolverctl will not reach this daemon");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Answers all who wait, at the control socket too: with what their flights find in a little while, or SERVFAIL. None
/// where somebody does not take its reply.
async fn settle(
    listeners: &Listeners,
    control: Option<&mut JoinHandle<()>>,
    resolver: &Resolver,
) -> Option<Settled> {
    let controlled = async {
        if let Some(control) = control {
            // A panic of its own is no reason to wait for anything else.
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

/// What returns only where nothing on the way of a question is stuck: it takes the locks of flights and listeners.
fn probe(subject: &Arc<Running>) -> impl Fn() + use<> {
    let subject = Arc::clone(subject);
    move || {
        subject.resolver.flights();
        subject.addresses();
    }
}

/// Takes the snapshots of the statistics.
async fn tick(subject: Arc<Running>) {
    let mut ticks = interval(SNAPSHOT_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        subject.recorder.tick();
    }
}

/// Watches the age of local mirrors of DNS lists.
async fn mirrors(subject: Arc<Running>) {
    let mut ticks = interval(MIRROR_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        subject.resolver.look_at_mirrors().await;
    }
}

/// The file in which what is known of DNS lists is kept, where the service manager gives a directory for it.
fn lists_file() -> Option<PathBuf> {
    let directories = std::env::var_os("STATE_DIRECTORY")?;
    // Where there are several they stand between colons, the first being ours (systemd.exec(5)).
    let first = std::env::split_paths(&directories).next()?;
    first.is_absolute().then(|| first.join(keep::FILE))
}

/// Knows again what was known of DNS lists; the first start has nothing to know.
fn restore_lists(resolver: &Resolver, path: &Path) {
    match Kept::read(path) {
        Ok(kept) => kept.restore(resolver.lists()),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => tracing::warn!("{} cannot be read: {error}; DNS lists are tested anew", path.display()),
    }
}

/// Keeps what is known of DNS lists.
async fn keep_lists(subject: Arc<Running>) {
    let mut ticks = interval(KEEP_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut kept = None;
    loop {
        ticks.tick().await;
        kept = tokio::task::block_in_place(|| subject.keep_lists(kept));
    }
}

/// Learns the root servers before the first question needs them.
async fn prime(subject: Arc<Running>) {
    if let Err(failure) = subject.resolver.prime().await {
        tracing::warn!("the root servers could not be asked: {failure}; the first question will try again");
    }
}

/// Asks for as many descriptors as the bounds allow to be used; fewer only mean that exchanges fail earlier.
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
        tracing::warn!("only {wanted} descriptors are to be had of {DESCRIPTORS}; set LimitNOFILE");
    }
}
