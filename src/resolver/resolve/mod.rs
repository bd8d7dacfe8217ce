//! Resolves clients' questions: first from the cache, otherwise in one resolution (flight) for each question, within the deadline of each
//! client. Several clients may wait for one resolution.
//!
//! Implements RFC 9520 (cached failures) and RFC 2308 (negative answers). A client gets an answer or SERVFAIL within `resolve.deadline`
//! after the first copy of its query. The resolution then continues, so that the client gets the answer when it asks again.
//!
//! # Decisions
//!
//! - The deadline of a client is four seconds: glibc sends its second copy after 5 s and gives up after 10 s (measured with glibc 2.36). A
//!   resolution ends after 10 s.
//! - glibc repeats a query within a millisecond of SERVFAIL, and the repeated query joins the resolution. Even a name that takes 4 to 8 s
//!   to resolve is therefore found at the first attempt to deliver a mail. A failed resolution is cached (RFC 9520).
//! - SERVFAIL is never turned into NXDOMAIN or NODATA, because mail would be lost. A bogus answer is never treated as insecure, because forged
//!   data would be accepted.
//! - A resolution runs in the task of the client that begins it, because passing work between tasks costs a fifth of the CPU instructions
//!   of a cache miss. If this client no longer waits, the resolution continues in its own task.
//! - The numbers of resolutions, waiting clients and queries to servers are limited, and are shared fairly among zones and clients
//!   (`shares`). Models: Unbound's jostle list and BIND's `fetches-per-zone`.
//! - Sub-questions do not wait for the resolutions of clients, because two resolutions could then wait for each other. `exchange` merges
//!   equal queries to one server.
//! - A reload ends the resolutions of names whose servers (routes) it changes, and their clients begin new resolutions. Otherwise later
//!   questions would join these resolutions and get answers from the old servers.
//! - Each part is a separate type that knows only the parts below it: names and their aliases (`chase`), DNS lists, resolutions, questions
//!   that no client waits for (`side`), prefetch, look-ahead (`ahead`), and waiting clients (`waiting`).

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

pub mod ahead;
pub mod answered;
pub(crate) mod answered_events;
mod backlog;
mod changes;
mod chase;
mod chased;
pub(crate) mod client_question;
mod facts;
mod fleet;
mod flight;
mod flights;
pub mod inflight;
mod late;
mod list_clients;
pub mod list_keys;
pub mod lists;
pub mod prefetch;
mod private;
mod recall;
mod reload;
pub mod root_keys;
mod shared_work;
pub(crate) mod shares;
pub mod side;
mod stale;
pub mod traced;
pub mod trust;
mod waiting;

use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use hickory_proto::rr::Name;

use crate::cache::snapshot::Scope;
use crate::cache::{Memory, freshness};
use crate::iterate::Iterate;
use crate::iterate::failure::Failure;
use crate::limits::WorkBounds;
use ahead::LookaheadResolver;
use answered::AnsweredQueue;
use changes::ChangeWatch;
use chase::Chaser;
use client_question::ClientQuestion;
pub use client_question::{Asked, Replied};
use dns::clock::{Clock, Mono};
use dns::question::{Answer, Client, Outcome, Question};
use dns::random::Random;
use dnsbl::batch::LEARNED;
use dnsbl::list_events::ListEventKind;
use dnsbl::table::Lists;
use dnstap::tap::Tap;
use exchange::network::Network;
use exchange::{Exchange, ExchangeBounds};
use fleet::Fleet;
use flight::FlightResolver;
use flights::Flights;
use inflight::InFlight;
use late::LateAnswerKeeper;
use lists::ListResolver;
use prefetch::Prefetcher;
use record::{Recorder, RecorderSettings};
use reload::ChangedRoutes;
use root_keys::RootKeyFollower;
use side::SideResolver;
#[cfg(feature = "simulated")]
use supervise::strike::Strike;
use trust::Validator;
use trust::nta::Ntas;
use waiting::ClientResolver;
use zones;
use zones::{View, Views};

/// The reason that a client gets if a reload has removed its listener.
const WITHOUT_LISTENER: &str = "a reload removed the listener of this query";

/// The parts from which a resolver is created.
pub struct ResolverParts {
    /// For each group of clients: the servers or local zones that answer a name (routes), and the operator's settings.
    pub views: Views,
    /// The clock of the resolver.
    pub clock: Clock,
    /// The source of random numbers for ids, ports and the case of names.
    pub random: Random,
    /// The network to the servers.
    pub network: Arc<dyn Network>,
    /// The recorder of the history and the statistics.
    pub recorder: Arc<Recorder>,
    /// Sends copies of DNS messages to a dnstap reader.
    pub tap: Arc<Tap>,
}

/// Answers the questions of clients and of the operator.
pub struct Resolver {
    views: Arc<ArcSwap<Views>>,
    /// The names whose route a recent reload has changed.
    changed: Arc<ChangedRoutes>,
    clock: Clock,
    memory: Memory,
    recorder: Arc<Recorder>,
    tap: Arc<Tap>,
    flight: Arc<FlightResolver>,
    clients: ClientResolver,
    lists: Arc<ListResolver>,
    side: Arc<SideResolver>,
    prefetcher: Arc<Prefetcher>,
    root_keys: Arc<RootKeyFollower>,
    lookahead: Arc<LookaheadResolver>,
    /// The queue of clients' questions and their answers for look-ahead.
    answered: Arc<AnsweredQueue>,
    changes: Arc<ChangeWatch>,
}

impl Resolver {
    /// Creates a resolver with an empty cache of the configured size.
    pub fn new(parts: ResolverParts) -> Arc<Self> {
        let size = parts.views.config().cache.size;
        Self::with_memory(parts, size)
    }

    /// Creates a resolver with an empty cache of `size` octets.
    fn with_memory(parts: ResolverParts, size: u64) -> Arc<Self> {
        let ResolverParts { views, clock, random, network, recorder, tap } = parts;
        let memory = Memory::new(size, &random);
        recorder.configure(recorder_settings(&views));
        let views = Arc::new(ArcSwap::from_pointee(views));
        let keyed = memory.keyed();
        let bounds = ExchangeBounds { queries: memory.bounds.exchanges, cache_size: size };
        let exchange = Exchange::new(network, clock.clone(), random.clone(), keyed, bounds);
        let exchange = Arc::new(exchange.tapped(Arc::clone(&tap)));
        let iterate =
            Arc::new(Iterate::new(memory.clone(), exchange, Arc::clone(&recorder), clock.clone(), random));
        let changed = Arc::new(ChangedRoutes::new(&views));
        let chaser = Arc::new_cyclic(|me: &Weak<Chaser>| Chaser {
            trust: Validator::new(clock.clone(), memory.clone(), Arc::clone(&iterate), me.clone()),
            clock: clock.clone(),
            memory: memory.clone(),
            recorder: Arc::clone(&recorder),
            flights: Arc::new(Flights::new(keyed, iterate.bounds())),
            changed: Arc::clone(&changed),
            iterate,
            leading: Arc::default(),
            fleet: Fleet::empty(),
        });
        let lists = Arc::new(ListResolver::new(&chaser, &views));
        let flight = FlightResolver::new(&chaser, &lists);
        let side = Arc::new(SideResolver { views: Arc::clone(&views), flight: Arc::clone(&flight) });
        let prefetcher = Prefetcher::new(&side);
        let changes = Arc::default();
        let answered = AnsweredQueue::new(&chaser, &lists, &changes);
        Arc::new(Self {
            clients: ClientResolver::new(&flight, &prefetcher, &views),
            root_keys: RootKeyFollower::new(&views, &chaser),
            lookahead: Arc::new(LookaheadResolver {
                views: Arc::clone(&views),
                flight: Arc::clone(&flight),
                answered: Arc::clone(&answered),
            }),
            changed,
            views,
            clock,
            memory,
            recorder,
            tap,
            flight,
            lists,
            side,
            prefetcher,
            answered,
            changes,
        })
    }

    /// Asks a root server for the names and addresses of all root servers (priming, RFC 9609).
    ///
    /// # Errors
    /// No root server answers. The first question will try again.
    pub async fn prime(&self) -> Result<(), Failure> {
        self.side.prime().await
    }

    /// Validates and caches answers that arrive after their resolution has ended. Never returns.
    pub async fn keep_late_answers(self: Arc<Self>) -> Infallible {
        let (chaser, views) = (Arc::clone(&self.flight.chaser), Arc::clone(&self.views));
        Arc::new(LateAnswerKeeper { chaser, views }).keep_all().await
    }

    /// Returns the part that resolves questions for which no client waits.
    pub fn side(&self) -> &Arc<SideResolver> {
        &self.side
    }

    /// Returns the part that renews cached answers that are in use.
    pub fn prefetcher(&self) -> &Arc<Prefetcher> {
        &self.prefetcher
    }

    /// Returns the part that updates the trust anchors of the root zone (RFC 5011).
    pub fn root_keys(&self) -> &Arc<RootKeyFollower> {
        &self.root_keys
    }

    /// Returns the part that asks the questions of look-ahead.
    pub fn lookahead(&self) -> &Arc<LookaheadResolver> {
        &self.lookahead
    }

    /// Returns the part that sends copies of DNS messages to a dnstap reader.
    pub fn tap(&self) -> &Arc<Tap> {
        &self.tap
    }

    /// Returns the cache.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Adds a negative trust anchor at `name` for `time`, and removes cached data at and below `name`. Returns false if there is no room.
    pub async fn add_nta(&self, name: &Name, time: Duration) -> bool {
        let now = self.clock.mono();
        let added = self.flight.chaser.trust.ntas().add(name, now.after(time), now);
        if added {
            self.memory.flush_tree(name).await;
        }
        added
    }

    /// Removes a negative trust anchor. Returns false if there was none at `name`.
    pub async fn remove_nta(&self, name: &Name) -> bool {
        let removed = self.flight.chaser.trust.ntas().remove(name);
        if removed {
            self.forget(std::slice::from_ref(name)).await;
        }
        removed
    }

    /// Returns the negative trust anchors that the operator has set for a limited time.
    pub fn ntas(&self) -> &Ntas {
        self.flight.chaser.trust.ntas()
    }

    /// Returns the table of DNS lists with the state of each.
    pub fn lists(&self) -> &Lists {
        &self.lists.table
    }

    /// Returns the part of the resolver that asks DNS lists.
    pub fn list_resolver(&self) -> &Arc<ListResolver> {
        &self.lists
    }

    /// Returns the clock of the resolver.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns the current views.
    pub fn views(&self) -> Arc<Views> {
        self.views.load_full()
    }

    /// Returns the limits of work in progress.
    pub fn bounds(&self) -> WorkBounds {
        self.flight.iterate.bounds()
    }

    /// Returns how many resolutions are in progress.
    pub fn flights(&self) -> usize {
        self.flight.flights.len()
    }

    /// Returns how many clients wait for a resolution.
    pub fn waiters(&self) -> usize {
        self.flight.flights.waiters()
    }

    /// Returns the resolutions in progress, the oldest first.
    pub fn inflight(&self) -> Vec<InFlight> {
        inflight::list(&self.flight.flights, self.clock.mono())
    }

    /// Answers all waiting clients, and each new client, with SERVFAIL.
    pub fn stop(&self) {
        self.clients.stop();
    }

    /// The number of resolutions in progress is limited for each zone. Returns the keyed hash of the zone for which a question for `name` (in
    /// wire form, in lower case) counts while no zone cut above the name is known.
    pub(crate) fn zone_at_first(&self, name: &[u8]) -> u64 {
        self.memory.keyed().octets(shares::zone_at_first(name, 0))
    }

    /// Returns for which configuration and names a snapshot of the cache taken now is valid.
    pub fn snapshot_scope(&self) -> Scope {
        let now = self.clock.mono();
        let anchors = self.ntas().list(now).into_iter().map(|(name, _)| name);
        reload::of_snapshot(&self.views(), anchors.chain(self.changed.recent(now)))
    }

    /// Replaces the views after a reload. Resolutions in progress keep the old views, but those of names with other servers (routes) are
    /// ended. Returns the names at and below which the servers have changed.
    pub fn set_views(&self, views: Views) -> Vec<Name> {
        let old = self.views();
        let changed = zones::changed(old.config(), views.config());
        views.go_on_from(&old);
        self.recorder.configure(recorder_settings(&views));
        self.changed.note(&changed, self.clock.mono());
        self.views.store(Arc::new(views));
        self.views().anchors().configure(&self.views().config().dnssec);
        let views = self.views();
        self.flight.flights.end_changed(&changed, |view| views.is_in_use(view));
        self.lists.forget_unasked();
        changed
    }

    /// Removes the cached data at and below `names`, whose servers have changed, and the data of views that no longer exist.
    pub async fn forget(&self, names: &[Name]) {
        // A resolution that began before the reload may have added an entry to the table of DNS lists, for servers that no view uses any more.
        self.lists.forget_unasked();
        let (views, names) = (self.views(), names.to_vec());
        self.flight.iterate.keep_views(|view| views.is_in_use(view));
        self.memory.walk(move |memory| memory.forget(&names, |view| views.is_in_use(view))).await;
    }

    /// Answers a client's question that arrives now.
    pub async fn ask(&self, question: Question, client: Client) -> Asked {
        let Some(view) = self.views.load().get(question.view).cloned() else {
            return self.clients.shed(&question, WITHOUT_LISTENER);
        };
        self.ask_in(question, client, view).await
    }

    /// Like `ask`, for a client that sees the view `view`.
    pub async fn ask_in(&self, question: Question, client: Client, view: Arc<View>) -> Asked {
        let arrived = self.clock.mono();
        let key = question.key();
        if let Some(answer) = self.memory.answers.get(key.as_bytes(), arrived) {
            // A question of the operator comes from the unspecified address.
            let _ = if client.address.is_unspecified() {
                self.looked_up(key.as_bytes(), &answer, arrived)
            } else {
                self.hit(key.as_bytes(), &answer, arrived)
            };
            return Asked::Replied(Replied { outcome: Outcome::Cache, answer, progress: None });
        }
        self.miss(ClientQuestion::new(question, key, client, arrived, view)).await
    }

    /// Answers a question of the operator. Unlike a client's question, it does not count as a use of a DNS list, and `background::batch` does not
    /// learn from it.
    pub async fn ask_unmarked(&self, question: Question, client: Client) -> Asked {
        let arrived = self.clock.mono();
        let key = question.key();
        if let Some(answer) = self.memory.answers.get(key.as_bytes(), arrived) {
            return Asked::Replied(Replied { outcome: Outcome::Cache, answer, progress: None });
        }
        let Some(view) = self.views.load().get(question.view).cloned() else {
            return self.clients.shed(&question, WITHOUT_LISTENER);
        };
        let missed = Arc::new(ClientQuestion::new(question, key, client, arrived, view));
        match self.lists.watched(&missed) {
            Some(watched) => {
                self.lists.probe_if_broken(watched, &missed).await;
                self.clients.ask_unless_held(watched, &missed, arrived).await
            }
            None => self.clients.join(&missed).await,
        }
    }

    /// Reports the use of a cached answer: to its DNS list, to look-ahead if it had asked for the answer, and to prefetch if its TTL ends
    /// soon. Returns the time until which the answer may be sent again without a report, or `None` if each use must be reported.
    pub fn hit(&self, key: &[u8], answer: &Arc<Answer>, now: Mono) -> Option<Mono> {
        if answer.ahead.is_set() {
            self.answered.report_used(key, answer, now);
        }
        self.looked_up(key, answer, now)
    }

    /// Like `hit`, but does not report the use of an answer to look-ahead: a question of the operator is no such use.
    fn looked_up(&self, key: &[u8], answer: &Arc<Answer>, now: Mono) -> Option<Mono> {
        if let Some(mark) = answer.list {
            self.lists.table.hit(mark);
            self.lists.table.events.push(key, ListEventKind::Asked(Some(mark.says)), now);
            // The answers of a learned zone, which is no known DNS list, are renewed like those of other zones.
            if mark.list < LEARNED {
                return None;
            }
        }
        match freshness::renewal_due(answer.stored, answer.expires) {
            Some(due) if due <= now => {
                self.prefetcher.hand_over(key, answer, now);
                None
            }
            due => Some(due.unwrap_or(answer.expires)),
        }
    }

    /// Answers a question whose answer was not in the cache when it arrived.
    pub fn miss(&self, missed: ClientQuestion) -> impl Future<Output = Asked> {
        // Without the `Arc`, each waiting client would store the question twice.
        let missed = Arc::new(missed);
        async move {
            self.answered.report_asked(&missed);
            let asked = match self.lists.watched(&missed) {
                // The future is boxed, because it would make every waiting question larger, and only questions to lists need it.
                Some(watched) => Box::pin(self.clients.ask_watched(watched, &missed)).await,
                None => {
                    self.lists.notice(&missed);
                    self.clients.join(&missed).await
                }
            };
            self.answered.report_answered(&missed, &asked);
            asked
        }
    }
}

#[cfg(feature = "simulated")]
impl Resolver {
    /// Returns the number of resolutions, waiting clients, fetches, queries to servers and streams in progress. It must become 0 when no
    /// client asks any more.
    pub fn under_way(&self) -> usize {
        let fetched = self.flight.chaser.trust.fetching() + self.lists.under_way();
        self.flight.flights.len() + self.flight.flights.waiters() + fetched + self.flight.iterate.under_way()
    }

    /// Returns a switch with which tests cause panics in resolutions.
    pub fn strike_flights(&self) -> &Strike {
        &self.flight.strike
    }

    /// Returns a switch with which tests cause panics where a server's silence is counted, and in priming.
    pub fn strike_silences(&self) -> &Strike {
        self.flight.iterate.strike()
    }

    /// Returns a switch with which tests cause panics in fetches of DS records and keys.
    pub fn strike_fetches(&self) -> &Strike {
        self.flight.chaser.trust.strike()
    }
}

fn recorder_settings(views: &Views) -> RecorderSettings {
    let config = views.config();
    RecorderSettings {
        recurses: views.recurse(),
        slow: config.history.slow,
        withholds_names: list_keys::redaction_of(config).names,
        logs_queries: config.log.queries,
    }
}
