//! The part of the daemon that commands over the control socket use: it reads the state of the daemon and changes the daemon.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_proto::rr::{Name, RecordType};
use tokio::sync::Notify;

use super::certificates::Certificates;
use super::fleet;
use super::metrics::listener::MetricsListener;
use super::minutes::MinuteFiles;
use super::operator::Operator;
use super::snapshot::Snapshot;
use super::temporary_zones::TemporaryZones;
use super::tls_policy::TlsPolicyService;
use super::traced::{FreshTraces, until_replied};
use ::fleet::Fleet;
use config::Config;
use control::fleet::Confirmation;
use control::trace::{TraceAsked, TraceRefused};
use control::{Controlled, TemporaryEntries};
use dns::cached::{Flush, Flushed, StoreFill};
use dns::clock::{Clock, Mono, Now};
use dns::question::{Question, ServerQuery, name_text};
use dnsbl::table::Lists;
use exchange::socket_network::SocketNetwork;
use exchange::{Heard, ReplyUnknown};
use explain::costs::{CostReport, CostsWanted};
use explain::explainer::Explainer;
use explain::failed::{FailedReport, FailedWanted};
use explain::spent::{FromRecord, StageRow};
use explain::why::{MessageReport, Wanted};
use protocol::fleet::{FleetMember, FleetOrder, FleetState};
use protocol::lookup::Lookup;
use protocol::zones::ZoneWhat;
use protocol::{DaemonStatus, MissingAddress, RootKeysStatus};
use record::changes::ChangesReport;
use record::minutes::span::{Span, SpanReport};
use record::{Recorder, TimeSpan};
use resolver::cache::look::Held;
use resolver::cache::servers::KnownServer;
use resolver::listener::Listeners;
use resolver::lookahead::{Lookahead, RuleStanding};
use resolver::resolve::Resolver;
use resolver::resolve::inflight::InFlight;
use supervise::Supervisor;
use tls_policy::{TlsLevel, Verdict};
use watched::{WatchedState, Watches};

pub(super) struct Running {
    pub(super) resolver: Arc<Resolver>,
    pub(super) operator: Operator,
    pub(super) tls_policy: Arc<TlsPolicyService>,
    pub(super) explainer: Arc<Explainer>,
    pub(super) lookahead: Arc<Lookahead>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) clock: Clock,
    pub(super) state: Mutex<Reloadable>,
    /// Only one reload runs at a time.
    pub(super) reloading: tokio::sync::Mutex<()>,
    /// The path of the configuration file.
    pub(super) origin: Option<PathBuf>,
    /// The file with the states of DNS lists; `None` if there is no state directory.
    pub(super) lists: Option<PathBuf>,
    pub(super) watched: Watches,
    /// The file with the history of the watched domains; `None` if there is no state directory.
    pub(super) watched_file: Option<PathBuf>,
    /// `None` if there is no state directory.
    pub(super) minutes: Option<Arc<MinuteFiles>>,
    /// `None` if the daemon writes no snapshot.
    pub(super) snapshot: Option<Arc<Snapshot>>,
    /// The most memory that the process should use, in octets. If it uses more, the daemon makes the cache smaller.
    pub(super) most_memory: u64,
    /// `None` if this gateway is in no fleet.
    pub(super) fleet: Option<Arc<Fleet>>,
    pub(super) network: Arc<SocketNetwork>,
    pub(super) fresh: FreshTraces,
    /// Restarts tasks that have panicked, and records tasks that no longer respond.
    pub(super) supervisor: Supervisor,
    /// Notified after a temporary zone was added or removed.
    pub(super) zone_added: Notify,
    /// Notified when this host does not have a configured listen address.
    pub(super) missed: Notify,
    /// Renewed certificates that cannot be used.
    pub(super) certificates: Certificates,
    pub(super) metrics: MetricsListener,
}

/// The parts that a reload changes.
pub(super) struct Reloadable {
    pub(super) config: Arc<Config>,
    /// The entries of `resolverctl zone add`, `block` and `host add`. They are in `config`, but not in the configuration file.
    pub(super) temporary: TemporaryZones,
    /// `None` after the daemon has begun to stop.
    pub(super) listeners: Option<Listeners>,
}

impl Running {
    pub(super) fn state(&self) -> MutexGuard<'_, Reloadable> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes entries from the cache, and returns how many. resolverd no longer uses copies of these entries that were in the
    /// store of the fleet at the time `at`.
    pub(super) async fn flush_since(&self, flush: Flush, at: Mono) -> Flushed {
        self.resolver.flushed(&flush, at);
        let flushed = self.resolver.memory().walk(move |memory| memory.flush(&flush)).await;
        self.outdate_snapshot();
        flushed
    }

    /// Called when entries were removed from the cache: the snapshot must be written again soon.
    pub(super) fn outdate_snapshot(&self) {
        if let Some(snapshot) = &self.snapshot {
            snapshot.outdated();
        }
    }

    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        self.listening(Listeners::addresses)
    }

    /// Returns the addresses that `addresses` selects from the listeners; none after the daemon has begun to stop.
    pub(super) fn listening(&self, addresses: fn(&Listeners) -> Vec<SocketAddr>) -> Vec<SocketAddr> {
        self.state().listeners.as_ref().map(addresses).unwrap_or_default()
    }

    /// The configured listen addresses without a listener.
    pub(super) fn missing(&self) -> Vec<MissingAddress> {
        let state = self.state();
        let missing = state.listeners.as_ref().map(Listeners::missing).unwrap_or_default();
        missing
            .iter()
            .map(|missing| MissingAddress { address: missing.address(), why: missing.why() })
            .collect()
    }
}

impl Running {
    /// Sends each step of the resolution to `steps`.
    async fn traced(&self, asked: TraceAsked) -> Result<Lookup, TraceRefused> {
        let TraceAsked { question, fresh, steps } = asked;
        let question = self.operator.general(&question);
        let (replied, elapsed) = if fresh {
            let trace = self.fresh.begin(&question, &self.resolver)?;
            trace.ask(question, self.operator.client(), steps).await?
        } else {
            until_replied(&self.resolver, &question, || self.operator.client(), &steps).await
        };
        Ok(Lookup { answer: replied.answer, now: self.clock.mono(), outcome: replied.outcome, elapsed })
    }
}

impl Controlled for Running {
    fn status(&self) -> DaemonStatus {
        DaemonStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            process: std::process::id(),
            config: self.origin.as_ref().map(|path| path.display().to_string()),
            listen: self.addresses(),
            listen_tls: self.listening(Listeners::tls_addresses),
            listen_https: self.listening(Listeners::https_addresses),
            listen_quic: self.listening(Listeners::quic_addresses),
            missing: self.missing(),
            certificates: self.certificates.status(&self.config()),
            metrics: self.metrics.status(),
            flights: self.resolver.flights() as u64,
            flights_max: self.resolver.bounds().flights as u64,
            restarts: self.supervisor.restarts(),
            stuck: self.supervisor.pulses().stuck(),
            root_keys: RootKeysStatus::from_report(self.resolver.root_keys().report()),
            snapshot: self.snapshot.as_ref().map(|snapshot| snapshot.status(self.clock.mono())),
        }
    }

    fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    fn query(&self, question: Question) -> BoxFuture<'_, Lookup> {
        Box::pin(async move { self.operator.ask(&question).await })
    }

    fn trace(&self, asked: TraceAsked) -> BoxFuture<'_, Result<Lookup, TraceRefused>> {
        Box::pin(self.traced(asked))
    }

    fn ask_server(&self, asked: ServerQuery) -> BoxFuture<'_, Result<Heard, ReplyUnknown>> {
        Box::pin(self.resolver.side().ask_directly(asked))
    }

    fn ask_list(&self, question: Question) -> BoxFuture<'_, Lookup> {
        Box::pin(self.operator.until_replied(move |client| {
            let question = self.operator.general(&question);
            async move { self.resolver.ask_unmarked(question, client).await }
        }))
    }

    fn flush(&self, flush: Flush) -> BoxFuture<'_, Flushed> {
        if let Some(store) = &self.fleet {
            fleet::remember_flush(store, &flush);
        }
        Box::pin(self.flush_since(flush, self.clock.mono()))
    }

    fn fill(&self) -> Vec<StoreFill> {
        self.resolver.memory().fill().to_vec()
    }

    fn servers(&self) -> BoxFuture<'_, Vec<KnownServer>> {
        let now = self.clock.mono();
        Box::pin(self.resolver.memory().walk(move |memory| memory.servers.list(now)))
    }

    fn lists(&self) -> &Lists {
        self.resolver.lists()
    }

    fn now(&self) -> Now {
        self.clock.now()
    }

    fn lookahead(&self) -> Vec<RuleStanding> {
        self.lookahead.rules()
    }

    fn watched(&self) -> Vec<WatchedState> {
        self.watched.domains()
    }

    fn tls_policy(&self, next_hop: String) -> BoxFuture<'_, Verdict> {
        Box::pin(async move { self.tls_policy.policies.verdict(&next_hop).await })
    }

    fn tls_verdicts(&self) -> Vec<(TlsLevel, u64)> {
        if self.tls_policy.is_on() { self.tls_policy.policies.counts().to_vec() } else { Vec::new() }
    }

    fn inflight(&self) -> Vec<InFlight> {
        self.resolver.inflight()
    }

    fn why_each(&self, wanted: Vec<Wanted>) -> BoxFuture<'_, Vec<Vec<MessageReport>>> {
        Box::pin(self.explainer.why_each(wanted))
    }

    fn costs(&self, wanted: CostsWanted) -> BoxFuture<'_, CostReport> {
        Box::pin(self.explainer.costs(wanted))
    }

    fn stages(&self, from: u64) -> BoxFuture<'_, FromRecord<StageRow>> {
        Box::pin(self.explainer.stages(from))
    }

    fn minutes(&self, span: (u64, u64), step: u64) -> BoxFuture<'_, Option<Vec<SpanReport>>> {
        Box::pin(async move {
            let files = Arc::clone(self.minutes.as_ref()?);
            let current = self.current_busy(span.1);
            let read = move || {
                let mut spans = Span::steps(span, step);
                files.read(&mut spans, span);
                // The statistics of the current minute are not on disk yet.
                spans.iter_mut().for_each(|span| span.add_busy(current.0, &current.1));
                spans.into_iter().map(Span::report).collect()
            };
            tokio::task::spawn_blocking(read).await.ok()
        })
    }

    fn failed(&self, wanted: FailedWanted) -> BoxFuture<'_, FailedReport> {
        Box::pin(self.explainer.failed(wanted))
    }

    fn changes(&self, domain: &Name, from: u64) -> ChangesReport {
        self.resolver.changes(domain, from)
    }

    fn look(&self, name: Name, kind: Option<RecordType>) -> BoxFuture<'_, (Vec<Held>, Mono)> {
        let now = self.clock.mono();
        Box::pin(self.resolver.memory().walk(move |memory| (memory.look(&name, kind, now), now)))
    }

    fn add_nta(&self, name: Name, time: Duration) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let added = self.resolver.add_nta(&name, time).await;
            if added {
                let (name, time) = (name_text(&name), TimeSpan(time));
                tracing::info!("negative trust anchor for {name} added: no validation for {time}");
            }
            self.outdate_snapshot();
            added
        })
    }

    fn remove_nta(&self, name: Name) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let removed = self.resolver.remove_nta(&name).await;
            if removed {
                tracing::info!("negative trust anchor for {} removed", name_text(&name));
            }
            self.outdate_snapshot();
            removed
        })
    }

    fn ntas(&self) -> Vec<(Name, Duration)> {
        self.resolver.ntas().list(self.clock.mono())
    }

    fn config(&self) -> Arc<Config> {
        Arc::clone(&self.state().config)
    }

    fn change_zones(&self, what: ZoneWhat) -> BoxFuture<'_, Result<Vec<String>, String>> {
        Box::pin(self.change_zone(what))
    }

    fn temporary_zones(&self) -> TemporaryEntries<Option<Duration>> {
        self.zones_left()
    }

    fn fleet(&self) -> (FleetState, Vec<FleetMember>) {
        self.fleet.as_ref().map(|store| fleet::state(store)).unwrap_or_default()
    }

    fn order_fleet(&self, order: FleetOrder) -> Result<Confirmation, String> {
        fleet::order(self.fleet.as_deref(), order)
    }

    fn reload(&self) -> BoxFuture<'_, Result<Vec<String>, Vec<String>>> {
        Box::pin(self.reload_now())
    }
}
