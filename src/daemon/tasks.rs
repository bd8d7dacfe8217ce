//! Starts the tasks that run as long as the daemon.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::{JoinSet, block_in_place};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::fleet::FleetGateway;
use super::root_keys::{self, RootKeysFile};
use super::running::Running;
use super::tls_policy::TlsPolicyService;
use super::{
    changes, learned, memory_bound, minutes, negative_trust_anchors, owners, renewals, saved_history,
    state_files, temporary_zones,
};
use crate::limits::{ADDRESS_RETRY, KEEP_INTERVAL, MAX_ADDRESS_RETRY, MIRROR_INTERVAL};
use crate::notify;
use ::fleet::Fleet;
use dns::random::Random;
use dnsbl::kept_lists;
use dnsbl::kept_lists::KeptLists;
use dnstap::writer;
use explain::explainer::Explainer;
use record::Counter;
use record::limits::SNAPSHOT_INTERVAL;
use resolver::background::witness::ask_root_in_doubt;
use resolver::background::{batch, tend};
use resolver::cache::Memory;
use resolver::listener::Listeners;
use resolver::lookahead::Lookahead;
use resolver::resolve::Resolver;
use resolver::resolve::prefetch::Prefetcher;
use resolver::resolve::root_keys::{RootKeyFollower, RootKeyStore};
use resolver::resolve::side::SideResolver;
use supervise::Supervisor;

/// Starts the tasks of the daemon. They end when the returned value is dropped.
pub(super) fn spawn(
    subject: &Arc<Running>,
    supervisor: &Supervisor,
    random: &Random,
    ended: &watch::Receiver<bool>,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let running = || Arc::clone(subject);
    let resolver = || Arc::clone(&subject.resolver);
    let side = Arc::clone(subject.resolver.side());
    // The root keys are restored first, because the snapshot of the cache depends on them.
    if let Some(file) = root_keys::begin(subject.resolver.root_keys()) {
        follow_root_keys(&mut tasks, supervisor, subject, file);
    }
    tasks.spawn(prime(running()));
    keep(&mut tasks, supervisor, "the statistics task", running(), tick);
    keep(&mut tasks, supervisor, "the minutes task", running(), minutes::keep);
    keep(&mut tasks, supervisor, "the local mirror task", running(), mirrors);
    keep(&mut tasks, supervisor, "the lists file task", running(), keep_learned);
    keep(&mut tasks, supervisor, "the changes task", running(), changes::follow);
    keep(&mut tasks, supervisor, "the cache snapshot task", running(), keep_snapshot);
    keep(&mut tasks, supervisor, "the memory task", running(), memory_bound::follow);
    keep(&mut tasks, supervisor, "the missing address task", running(), take_addresses);
    keep(&mut tasks, supervisor, "the temporary zone task", running(), temporary_zones::end);
    keep(&mut tasks, supervisor, "the certificates task", running(), renewals::follow);
    serve(&mut tasks, supervisor, subject, ended.clone());
    let clock = subject.clock.clone();
    let write_taps = move |tap| writer::write(tap, clock.clone());
    keep(&mut tasks, supervisor, "the dnstap task", Arc::clone(subject.resolver.tap()), write_taps);
    keep(&mut tasks, supervisor, "the task that probes dead servers", side, SideResolver::probe_dead_servers);
    keep(&mut tasks, supervisor, "the late answer task", resolver(), Resolver::keep_late_answers);
    keep(&mut tasks, supervisor, "the history task", Arc::clone(&subject.explainer), Explainer::write_log);
    let recorder = Arc::clone(&subject.recorder);
    keep(&mut tasks, supervisor, "the task that looks up users", recorder, owners::look_up);
    let prefetcher = Arc::clone(subject.resolver.prefetcher());
    keep(&mut tasks, supervisor, "the prefetch task", prefetcher, Prefetcher::run);
    let own = random.clone();
    let tend = move |resolver| tend::tend(resolver, own.clone());
    keep(&mut tasks, supervisor, "the list health task", resolver(), tend);
    let (recorder, own) = (Arc::clone(&subject.recorder), random.clone());
    let in_doubt = move |resolver| ask_root_in_doubt(resolver, Arc::clone(&recorder), own.clone());
    keep(&mut tasks, supervisor, "the root probe task", resolver(), in_doubt);
    let own = random.clone();
    let test_anchors = move |subject| negative_trust_anchors::test(subject, own.clone());
    keep(&mut tasks, supervisor, "the negative trust anchor task", running(), test_anchors);
    keep(&mut tasks, supervisor, "the batch task", resolver(), batch::send_batches);
    keep(&mut tasks, supervisor, "the watched domains task", running(), watch_domains);
    let ahead = Arc::clone(&subject.lookahead);
    let look_ahead = move |resolver| Arc::clone(&ahead).run(resolver);
    keep(&mut tasks, supervisor, "the look-ahead task", Arc::clone(subject.resolver.lookahead()), look_ahead);
    if let Some(store) = &subject.fleet {
        keep(&mut tasks, supervisor, "the task that writes to the fleet", Arc::clone(store), Fleet::write);
        let gateway = FleetGateway::new(subject, random);
        let beat = move |store: Arc<Fleet>| store.beat(Arc::clone(&gateway));
        keep(&mut tasks, supervisor, "the fleet task", Arc::clone(store), beat);
    }
    if let Some(patience) = notify::patience() {
        let pulses = supervisor.pulses().clone();
        let watch = move |subject| notify::watchdog(patience, pulses.clone(), probe(&subject));
        keep(&mut tasks, supervisor, "the watchdog task", running(), watch);
    }
    tasks
}

/// Starts the tasks that serve other programs than DNS clients: metrics, and TLS policies for mail servers.
fn serve(
    tasks: &mut JoinSet<()>,
    supervisor: &Supervisor,
    subject: &Arc<Running>,
    ended: watch::Receiver<bool>,
) {
    let serve_metrics = move |subject: Arc<Running>| {
        let ended = ended.clone();
        async move { subject.metrics.serve(Arc::clone(&subject), ended).await }
    };
    keep(tasks, supervisor, "the metrics task", Arc::clone(subject), serve_metrics);
    let tls_policy = Arc::clone(&subject.tls_policy);
    keep(tasks, supervisor, "the TLS policy task", tls_policy, TlsPolicyService::run);
}

/// Starts the task that follows changes of the root keys. `file` stores the keys.
fn follow_root_keys(
    tasks: &mut JoinSet<()>,
    supervisor: &Supervisor,
    subject: &Arc<Running>,
    file: RootKeysFile,
) {
    let file: Arc<dyn RootKeyStore> = Arc::new(file);
    let follow = move |follower: Arc<RootKeyFollower>| follower.run(Arc::clone(&file));
    let follower = Arc::clone(subject.resolver.root_keys());
    keep(tasks, supervisor, "the task that follows the root's keys", follower, follow);
}

/// Restarts the task if it panics.
fn keep<Part, Task>(
    tasks: &mut JoinSet<()>,
    supervisor: &Supervisor,
    whose: &'static str,
    part: Arc<Part>,
    begin: impl Fn(Arc<Part>) -> Task + Send + Sync + 'static,
) where
    Part: Send + Sync + 'static,
    Task: Future<Output = Infallible> + Send + 'static,
{
    let kept = supervisor.keep(whose, move || begin(Arc::clone(&part)));
    tasks.spawn(async move { match kept.await {} });
}

impl Running {
    /// Writes the states of DNS lists if they have changed since the `last` write. Returns the states in the file.
    pub(super) fn keep_lists(&self, last: Option<&KeptLists>) -> Option<KeptLists> {
        let path = self.lists.as_ref()?;
        let kept = KeptLists::from_lists(self.resolver.lists(), self.clock.now().unix);
        let written = || kept.to_octets().and_then(|octets| state_files::replace(path, &octets));
        if !last.is_some_and(|last| last.are_those_of(&kept))
            && let Err(error) = written()
        {
            tracing::warn!(
                "cannot write {}: {error}; at the next start the query counts of DNS lists begin at 0",
                path.display()
            );
        }
        Some(kept)
    }

    pub(super) fn save_history(&self) {
        if let Some(path) = state_files::path_of(saved_history::FILE) {
            let config = Arc::clone(&self.state().config);
            saved_history::save(&path, &config, &self.resolver, &self.clock);
        }
    }
}

impl Running {
    /// Starts listeners at configured addresses that this host did not have before.
    fn take_addresses(&self) {
        let mut state = self.state();
        // While this lock is held, no reload can change the views.
        let views = self.resolver.views();
        let config = Arc::clone(&state.config);
        let Some(listeners) = &mut state.listeners else { return };
        let taken = listeners.take_come(&config, &views);
        let all = listeners.addresses();
        drop(state);
        match taken {
            Ok(come) if come.is_empty() => {}
            Ok(come) => {
                let come = come.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                tracing::info!(listen = come, "now also listening at {come}: this host has the address now");
                notify::listens(&all);
            }
            Err(error) => tracing::error!(
                "this host now has a configured address, but resolverd cannot use it: {error}; stop the program that uses the port (`resolverctl check system` names it); resolverd tries again"
            ),
        }
    }
}

/// The watchdog calls the returned function, which takes the locks of the resolutions (flights) and of the listeners. If a thread
/// never releases one of these locks, the function does not return, and the watchdog notices this.
fn probe(subject: &Arc<Running>) -> impl Fn() + use<> {
    let subject = Arc::clone(subject);
    move || {
        subject.resolver.flights();
        subject.addresses();
    }
}

/// Calls `tick` of the recorder every `SNAPSHOT_INTERVAL`. Before each call, counts dropped queries, and DNS messages that were
/// written or dropped for dnstap. Runs forever.
async fn tick(subject: Arc<Running>) -> Infallible {
    let mut ticks = interval(SNAPSHOT_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let dropped = subject.state().listeners.as_ref().map(Listeners::dropped);
        if let Some(dropped) = dropped {
            subject.recorder.count(Counter::QueriesDropped, block_in_place(dropped));
        }
        let (dropped, written) = subject.resolver.tap().take_counts();
        subject.recorder.count(Counter::DnstapDropped, usize::try_from(dropped).unwrap_or(usize::MAX));
        subject.recorder.count(Counter::DnstapWritten, usize::try_from(written).unwrap_or(usize::MAX));
        subject.recorder.tick();
    }
}

/// Looks at the local mirrors of DNS lists every `MIRROR_INTERVAL`. Runs forever.
async fn mirrors(subject: Arc<Running>) -> Infallible {
    let mut ticks = interval(MIRROR_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        subject.resolver.list_resolver().look_at_mirrors().await;
    }
}

/// Restores the states of DNS lists of the previous process, and what it learned about mail programs. Returns the path of their file; `None` if there is no state
/// directory.
pub(super) fn begin_lists(resolver: &Resolver, lookahead: &Lookahead) -> Option<PathBuf> {
    let path = state_files::path_of(kept_lists::FILE)?;
    match state_files::open(&path).and_then(KeptLists::read) {
        Ok(kept) => {
            let now = resolver.clock().now();
            kept.restore(resolver.lists(), now, |apex, way| resolver.list_resolver().is_asked(apex, way));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(
            "cannot read {}: {error}; DNS lists are tested again and their query counts restart at 0",
            path.display()
        ),
    }
    learned::begin(resolver, lookahead);
    changes::begin(resolver);
    Some(path)
}

/// Writes the states of DNS lists and what was learned after a change, and removes old files of the history. Runs forever.
async fn keep_learned(subject: Arc<Running>) -> Infallible {
    let mut ticks = interval(KEEP_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut lists, mut learned) = (None, None);
    loop {
        ticks.tick().await;
        (lists, learned) = block_in_place(|| {
            subject.recorder.tend_store();
            (subject.keep_lists(lists.as_ref()), subject.keep_learned(learned.as_ref()))
        });
    }
}

async fn watch_domains(subject: Arc<Running>) -> Infallible {
    subject.watched.run(&*subject).await
}

/// Starts listeners when this host gets missing addresses. Sleeps while no address is missing. Runs forever.
async fn take_addresses(subject: Arc<Running>) -> Infallible {
    let mut pause = ADDRESS_RETRY;
    loop {
        if subject.missing().is_empty() {
            subject.missed.notified().await;
            pause = ADDRESS_RETRY;
        }
        sleep(pause).await;
        pause = (pause * 2).min(MAX_ADDRESS_RETRY);
        block_in_place(|| subject.take_addresses());
    }
}

/// Asks for the list of root servers at the start, because the first question of a client will need it.
async fn prime(subject: Arc<Running>) {
    if let Err(failure) = subject.resolver.prime().await {
        tracing::warn!(
            "no root server answered the query for the list of root servers (priming): {failure}; resolverd tries again; `resolverctl check system` shows whether this host can reach the root servers"
        );
    }
}

impl Running {
    /// Writes the snapshot. Does nothing until the file of the previous process was read.
    pub(super) async fn write_snapshot(&self) {
        let Some(snapshot) = self.snapshot.clone() else { return };
        let (scope, clock) = (self.resolver.snapshot_scope(), self.clock.clone());
        self.resolver.memory().walk(move |memory| snapshot.write(memory, &scope, clock.now())).await;
    }

    async fn read_snapshot(&self) {
        let Some(snapshot) = self.snapshot.clone().filter(|snapshot| !snapshot.is_read()) else {
            return;
        };
        let (scope, clock) = (self.resolver.snapshot_scope(), self.clock.clone());
        let read = move |memory: &Memory| snapshot.read(memory, &scope, clock.now(), clock.calendar());
        self.resolver.memory().walk(read).await;
    }
}

/// Reads the snapshot, then writes it every ten minutes, and soon after entries were removed from the cache. Runs forever.
async fn keep_snapshot(subject: Arc<Running>) -> Infallible {
    let Some(snapshot) = &subject.snapshot else { return std::future::pending().await };
    subject.read_snapshot().await;
    loop {
        snapshot.is_due().await;
        subject.write_snapshot().await;
    }
}
