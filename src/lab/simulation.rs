//! The complete resolver with the servers of the lab in memory. Tests send it the octets of clients' queries. The same seed gives the same
//! run.
//!
//! Run it on one thread with tokio's clock paused, so that deadlines of four seconds take no time. The modules `traffic` and `scenario` ask
//! their questions through it.

use std::convert::Infallible;
use std::io::Cursor;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::op::{Edns, Message, Query};
use hickory_proto::rr::{Name, RData, RecordType};
use tokio::task::JoinSet;

use super::client::AskError;
use super::simulated::SimulatedNetwork;
use super::traffic::{Asker, Program};
use super::world::{Lab, UNIX_AT_START};
use config::{Config, Family, LookaheadMode, TrustAnchor};
use dns::clock::{Clock, Mono, micros};
use dns::question::{Client, DnsResult, ExtendedError, Outcome};
use dns::random::Random;
pub use dns::stage::paused;
use dns::wire;
use dnsbl::kept_lists::KeptLists;
use exchange::network::Network;
use explain::explainer::Explainer;
use record::Recorder;
use record::entry::QuestionEntry;
use record::event::{Ended, Step};
use record::limits::FLIGHT_TIME;
use resolver::background::negative_trust_anchors::remove_unneeded;
use resolver::background::witness::ask_root_in_doubt;
use resolver::background::{batch, tend};
use resolver::learned::KeptLearned;
use resolver::lookahead::Lookahead;
use resolver::resolve::{Asked, Replied, Resolver, ResolverParts};
use supervise::Supervisor;
use supervise::pulse::Pulses;
use validate::anchors::Anchors;
use zones::Views;

/// The largest reply in octets: the limit of TCP, so that no reply is truncated. The tests of the listener check truncation.
const REPLY_LIMIT: usize = 65_535;

/// A resolver that sends its queries to the servers of a lab.
pub struct Simulation {
    lab: Arc<Lab>,
    clock: Clock,
    network: Arc<SimulatedNetwork>,
    recorder: Arc<Recorder>,
    resolver: Arc<Resolver>,
    explainer: Arc<Explainer>,
    lookahead: Arc<Lookahead>,
    /// The number of questions of clients so far. It determines the port and the message id of a question, which repeat after 2^32
    /// questions.
    clients: AtomicU32,
    seed: u64,
    supervisor: Supervisor,
    /// The background tasks of the daemon. They end with the simulation.
    by_itself: JoinSet<Infallible>,
}

/// The flags of a query, its listener, and its client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The DO flag: the client wants signatures and proofs.
    pub dnssec_ok: bool,
    /// The CD flag: the client validates the answer itself.
    pub checking_disabled: bool,
    /// The AD flag: the client understands AD in the reply (RFC 6840 section 5.7).
    pub authentic_data: bool,
    /// The index of the listener. `[listen]` has the index 0.
    pub listener: usize,
    /// The client's address; `None` means 127.0.0.1.
    pub client: Option<IpAddr>,
}

/// The reply to a question, with the steps of the resolution.
#[derive(Clone, Debug)]
pub struct SimulatedReply {
    /// The reply as the client receives it, with the remaining TTLs.
    pub message: Message,
    /// The outcome under which the question is counted.
    pub outcome: Outcome,
    /// The extended error (RFC 8914), if the reply has one.
    pub extended_error: Option<ExtendedError>,
    /// The steps of the resolution, as in a trace.
    pub steps: Arc<[Step]>,
    /// From the question to the reply.
    pub elapsed: Duration,
}

/// Returns the usual configuration for a lab: its root servers, no IPv6, no validation and no look-ahead. The servers may have any address, even a
/// loopback address. There are no listeners, because servers of the lab may use their addresses.
pub fn config_for(lab: &Lab) -> Config {
    let mut config = Config::default();
    config.listen.addresses = Vec::new();
    config.resolve.root_hints = lab.root_hints();
    config.resolve.deny_servers = Vec::new();
    config.resolve.ipv4 = Family::On;
    config.resolve.ipv6 = Family::Off;
    config.dnssec.validate = false;
    // Look-ahead is off, because most tests count the queries to servers.
    config.lookahead.mode = LookaheadMode::Off;
    config
}

/// Returns the configuration of `config_for` with validation. The keys of the lab's root are the trust anchor.
pub fn config_trusting(lab: &Lab) -> Config {
    let mut config = config_for(lab);
    config.dnssec.validate = true;
    config.dnssec.trust_anchor = root_anchor(lab);
    config
}

/// Returns the keys of the lab's root; empty if the root is unsigned.
pub fn root_anchor(lab: &Lab) -> TrustAnchor {
    let mut anchors = Anchors::default();
    for record in lab.trust_anchor(&Name::root()) {
        if let RData::DNSSEC(DNSSECRData::DS(ds)) = &record.data {
            anchors.add(&record.name, ds.clone());
        }
    }
    TrustAnchor { path: None, anchors }
}

impl Simulation {
    /// Creates a resolver with an empty cache over the servers of `lab`. Must be called inside a runtime whose time is paused.
    ///
    /// # Panics
    /// A zone of `config` cannot be served: an error in the test.
    pub fn new(lab: Arc<Lab>, config: Config, seed: u64) -> Self {
        let clock = Clock::simulated(UNIX_AT_START);
        let network = Arc::new(SimulatedNetwork::new(lab.clone(), clock.clone(), seed));
        let recorder = Recorder::with_size(clock.clone(), 1, config.history_size());
        let views = match Views::new(&Arc::new(config)) {
            Ok(views) => views,
            Err(wrong) => panic!("the simulation's zones: {wrong}"),
        };
        let resolver = Resolver::new(ResolverParts {
            views,
            clock: clock.clone(),
            // The network has its own random numbers, so that the message ids of the resolver do not depend on delays and losses.
            random: Random::seeded(seed ^ u64::MAX),
            network: network.clone(),
            recorder: recorder.clone(),
            tap: Arc::default(),
        });
        let supervisor = Supervisor::default();
        let mut by_itself = JoinSet::new();
        let of = Arc::clone(resolver.side());
        let probing = move || Arc::clone(&of).probe_dead_servers();
        by_itself.spawn(supervisor.keep("the task that probes dead servers", probing));
        let of = Arc::clone(&resolver);
        let keeping = move || Arc::clone(&of).keep_late_answers();
        by_itself.spawn(supervisor.keep("the late answer task", keeping));
        let of = Arc::clone(resolver.prefetcher());
        let prefetching = move || Arc::clone(&of).run();
        by_itself.spawn(supervisor.keep("the prefetch task", prefetching));
        let lookahead = Lookahead::new(&clock, &Random::seeded(seed.rotate_left(3)));
        let (of, ahead) = (Arc::clone(resolver.lookahead()), Arc::clone(&lookahead));
        let looking = move || Arc::clone(&ahead).run(Arc::clone(&of));
        by_itself.spawn(supervisor.keep("the look-ahead task", looking));
        let explainer = Explainer::new(&recorder, resolver.clone(), resolver.memory().walks());
        let clients = AtomicU32::new(0);
        Self {
            lab,
            clock,
            network,
            recorder,
            resolver,
            explainer,
            lookahead,
            clients,
            seed,
            supervisor,
            by_itself,
        }
    }

    /// Starts background tasks as the daemon does, for example those that test DNS lists and send batches. They run until the returned value
    /// is dropped.
    pub fn tend(&self) -> JoinSet<Infallible> {
        let mut tasks = JoinSet::new();
        let (of, random) = (Arc::clone(&self.resolver), Random::seeded(self.seed.rotate_left(1)));
        let tending = move || tend::tend(Arc::clone(&of), random.clone());
        tasks.spawn(self.supervisor.keep("the list health task", tending));
        let of = Arc::clone(&self.resolver);
        let asking = move || batch::send_batches(Arc::clone(&of));
        tasks.spawn(self.supervisor.keep("the batch task", asking));
        let (of, random) = (Arc::clone(&self.resolver), Random::seeded(self.seed.rotate_left(2)));
        let recorder = Arc::clone(&self.recorder);
        let in_doubt = move || ask_root_in_doubt(Arc::clone(&of), Arc::clone(&recorder), random.clone());
        tasks.spawn(self.supervisor.keep("the root probe task", in_doubt));
        tasks
    }

    /// Returns a simulation of resolverd after a restart, which has read the cache and the state of DNS lists from files.
    ///
    /// # Panics
    /// The cache cannot be written or read: a bug in resolverd.
    pub fn restarted(&self, seed: u64) -> Self {
        let next = Self::new(Arc::clone(&self.lab), self.resolver.views().config().as_ref().clone(), seed);
        let mut file = Cursor::new(Vec::new());
        let (old, now) = (&self.resolver, self.clock.now());
        let written = old.memory().write_snapshot(&old.snapshot_scope(), now, &mut file);
        file.set_position(0);
        let later = i64::try_from(now.unix.saturating_sub(next.clock.now().unix)).unwrap_or(i64::MAX);
        next.clock.set_wrong_by(later);
        let (new, now) = (&next.resolver, next.clock.now());
        let read = new.memory().read_snapshot(&new.snapshot_scope(), now, &mut file, || true);
        assert!(written.is_ok() && read.is_ok_and(|read| read.restored > 0), "the snapshot is not read");
        KeptLists::from_lists(old.lists(), now.unix)
            .restore(new.lists(), now, |apex, way| new.list_resolver().is_asked(apex, way));
        let learned = KeptLearned::of(old, &self.lookahead, true).to_octets();
        let learned = learned.and_then(|octets| KeptLearned::read(&*octets));
        assert!(learned.is_ok(), "what was learned is not read");
        learned.into_iter().for_each(|learned| learned.restore(new, &next.lookahead));
        next
    }

    /// Reloads the resolver with another configuration.
    ///
    /// # Panics
    /// A zone of `config` cannot be served: an error in the test.
    pub async fn reload(&self, config: Config) {
        let (config, before) = (Arc::new(config), self.resolver.views());
        let views = match before.following(&config) {
            Ok(views) => views,
            Err(wrong) => panic!("the simulation's zones: {wrong}"),
        };
        let changed = self.resolver.set_views(views);
        self.resolver.forget(&changed).await;
        let resolver = Arc::clone(&self.resolver);
        tokio::spawn(async move {
            tokio::time::sleep(FLIGHT_TIME).await;
            resolver.forget(&changed).await;
        });
    }

    /// Tests the negative trust anchors, and removes those whose zone validates again. Returns their names.
    pub async fn test_negative_trust_anchors(&self) -> Vec<Name> {
        let network = Arc::clone(&self.network) as Arc<dyn Network>;
        remove_unneeded(&self.resolver, &network, &Random::seeded(self.seed.rotate_left(4))).await
    }

    /// Returns the pulses (signs of life) of the background tasks. With these pulses, tests make the tasks panic.
    pub fn pulses(&self) -> &Pulses {
        self.supervisor.pulses()
    }

    /// Returns the number of background tasks that run without any question of a client.
    pub fn by_itself(&self) -> usize {
        self.by_itself.len()
    }

    /// Returns the number of questions of clients so far.
    pub fn asked(&self) -> u32 {
        self.clients.load(Ordering::Relaxed)
    }

    /// Returns the lab.
    pub fn lab(&self) -> &Arc<Lab> {
        &self.lab
    }

    /// Returns the simulated network.
    pub fn network(&self) -> &SimulatedNetwork {
        &self.network
    }

    /// Returns the virtual clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns the query history and the counters.
    pub fn recorder(&self) -> &Arc<Recorder> {
        &self.recorder
    }

    /// Returns the resolver.
    pub fn resolver(&self) -> &Arc<Resolver> {
        &self.resolver
    }

    /// Returns the explainer of the record, which also writes the log about failed and slow questions.
    pub fn explainer(&self) -> &Arc<Explainer> {
        &self.explainer
    }

    /// Returns the state of look-ahead.
    pub fn lookahead(&self) -> &Lookahead {
        &self.lookahead
    }

    /// Asks the resolver a question, like a client with EDNS. As with a client over the network, the query and the reply are DNS messages in
    /// octets.
    ///
    /// # Errors
    /// The question or the reply cannot be parsed: a bug in resolverd.
    pub async fn ask(&self, name: &Name, kind: RecordType) -> Result<SimulatedReply, AskError> {
        self.ask_with(name, kind, Flags::default()).await
    }

    /// Like `ask`, with these flags.
    ///
    /// # Errors
    /// Those of `ask`.
    pub async fn ask_with(
        &self,
        name: &Name,
        kind: RecordType,
        flags: Flags,
    ) -> Result<SimulatedReply, AskError> {
        let began = self.clock.mono();
        let unreadable = |what: &str| AskError::Message(format!("{what} of {name} {kind} cannot be read"));
        let number = self.clients.fetch_add(1, Ordering::Relaxed);
        let [high, low, id_high, id_low] = number.to_be_bytes();
        let client = Client {
            address: flags.client.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            port: u16::from_be_bytes([high, low]),
            id: u16::from_be_bytes([id_high, id_low]),
        };
        let octets = query(client.id, name, kind, flags).ok_or_else(|| unreadable("the question"))?;
        let views = self.resolver.views();
        let of_client = views.of_clients(flags.listener).map(|views| views.for_client(client.address));
        let view = of_client.or_else(|| views.general()).cloned();
        let Some(view) = view else { return Err(AskError::Message("there is no listener".to_owned())) };
        let query = wire::query::Query::read(&octets, view.id).map_err(|_| unreadable("the question"))?;
        let question = query.to_question().ok_or_else(|| unreadable("the question"))?;
        let Asked::Replied(replied) = self.resolver.ask_in(question, client, view).await else {
            return Err(AskError::Message("a new client was taken for a repeat".to_owned()));
        };
        self.record(&query, client.address, began, &replied);
        let mut reply = Vec::new();
        wire::reply::write(&mut reply, &replied.answer, &query, REPLY_LIMIT, self.clock.mono());
        Ok(SimulatedReply {
            message: wire::response::read(&reply).map_err(|_| unreadable("the reply"))?,
            outcome: replied.outcome,
            extended_error: replied.answer.extended_error.clone(),
            steps: replied.steps(),
            elapsed: self.clock.mono().since(began),
        })
    }
}

impl Simulation {
    /// Adds a question to the history and the counters, like the listener of the daemon.
    fn record(&self, query: &wire::query::Query, client: IpAddr, began: Mono, replied: &Replied) {
        let (kind, outcome, recorder) = (query.kind(), replied.outcome, &self.recorder);
        let elapsed = self.clock.mono().since(began);
        recorder.question(0, &Ended { client, kind, outcome, elapsed });
        let (name, view, trail) = (query.name(), query.view.number(), replied.trail());
        let result = DnsResult::in_reply(&replied.answer.wire);
        if outcome == Outcome::Cache && trail.is_none() {
            // The class is left out: it is in the last two octets.
            let asked = query.question_bytes().split_last_chunk::<2>().map(|(asked, _)| asked);
            let page = recorder.hits(0, began, view).zip(asked);
            page.into_iter().for_each(|(mut page, asked)| page.put(asked, client, result));
            return;
        }
        let flight = trail.map(|trail| recorder.flight_number(trail));
        let error = replied.answer.extended_error.as_ref();
        // A client of the simulation has no socket, so fields such as the transport have defaults.
        let question = QuestionEntry {
            outcome,
            elapsed: micros(elapsed),
            flight,
            error: error.map_or("", |error| &error.text).into(),
            code: error.filter(|error| !error.text.is_empty()).map(|error| error.code),
            result,
            ..QuestionEntry::hit(name.into(), kind, client, view, began.as_micros())
        };
        recorder.asked(&question, None);
    }
}

fn query(id: u16, name: &Name, kind: RecordType, flags: Flags) -> Option<Vec<u8>> {
    let mut query = Message::query();
    query.metadata.id = id;
    query.metadata.recursion_desired = true;
    query.metadata.checking_disabled = flags.checking_disabled;
    query.metadata.authentic_data = flags.authentic_data;
    let mut edns = Edns::new();
    edns.set_dnssec_ok(flags.dnssec_ok);
    query.add_query(Query::query(name.clone(), kind)).set_edns(edns);
    query.to_vec().ok()
}

impl Asker for Simulation {
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        program: Program,
    ) -> BoxFuture<'a, Result<Message, AskError>> {
        let flags = Flags { dnssec_ok: program.wants_signatures(), ..Flags::default() };
        async move { Ok(self.ask_with(name, kind, flags).await?.message) }.boxed()
    }
}
