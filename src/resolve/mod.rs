//! Resolving: memory first, then one flight for a question, within the deadline of each client.
//!
//! RFC 9520 (failures), RFC 2308 (negative answers). A client has an answer or SERVFAIL within `resolve.deadline` of
//! the first copy of its query. The flight continues, so that the client's next try finds the answer.
//!
//! # Decisions
//!
//! - The deadline is four seconds. glibc sends its second copy after 5 s and gives up after 10 s (measured with glibc
//!   2.36), so a late answer is worse than a prompt SERVFAIL. A flight ends after 10 s.
//! - glibc repeats a query within a millisecond of SERVFAIL. While the flight lives, the repeat joins it; so a zone
//!   that takes 4 to 8 s still resolves at the first attempt of a mail. A flight that has failed is remembered (RFC
//!   9520).
//! - SERVFAIL never becomes "does not exist", and bogus never becomes insecure: the first would lose mail, and the
//!   second would accept forged data.
//! - The task of the client drives the flight that it begins, instead of tasks that hand work to each other. This
//!   saves a fifth of the instructions of a miss or more. If the client leaves, the flight continues as a task of the
//!   runtime.
//! - Flights, waiters and messages are shared by zone and by client (`shares`): from half of the places on, the zone
//!   or client with the most gives way. Models: Unbound's jostle list, BIND's `fetches-per-zone`.
//! - Sub-questions do not wait for clients' flights, as two flights could wait for each other. Equal messages to one
//!   server merge in `exchange`.
//! - The memory may refuse an answer, so a flight hands its answer to its waiters directly.
//! - An answer that comes after its question has failed is validated and kept.

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
mod backlog;
mod chase;
mod chased;
pub mod client_question;
mod flight;
mod flights;
pub mod inflight;
mod late;
mod list_clients;
pub mod lists;
mod prefetch;
mod recall;
mod reload;
mod scope;
mod shares;
pub mod side;
mod stale;
pub mod trust;
mod waiting;

use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use hickory_proto::rr::{Name, RecordType};
use tokio::sync::watch;

use crate::cache::Memory;
use crate::clock::Clock;
use crate::dnsbl::table::Lists;
use crate::exchange::Exchange;
use crate::exchange::network::Network;
use crate::iterate::Iterate;
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use crate::question::{Answer, Client, Outcome, Question};
use crate::random::Random;
use crate::record::Recorder;
use crate::record::event::Step;
use crate::record::trail::Trail;
#[cfg(feature = "lab")]
use crate::supervise::strike::Strike;
use crate::zones::{Kind, View, Views};
use answered::AnsweredQueue;
use chase::Chaser;
use client_question::ClientQuestion;
use flights::Flights;
use inflight::InFlight;
use late::LateAnswers;
use lists::ListResolver;
use prefetch::Renewals;
use reload::ChangedRoutes;
use stale::StaleAnswers;
use trust::Validator;
use trust::nta::Ntas;

/// The parts of a resolver.
pub struct ResolverParts {
    /// The routes of questions, and the operator's settings.
    pub views: Views,
    /// The clock.
    pub clock: Clock,
    /// The source of ids and ports.
    pub random: Random,
    /// The network to the servers.
    pub network: Arc<dyn Network>,
    /// The record of events.
    pub recorder: Arc<Recorder>,
}

/// Answers questions.
pub struct Resolver {
    views: Arc<ArcSwap<Views>>,
    /// Routes that a reload has just changed.
    changed: ChangedRoutes,
    clock: Clock,
    memory: Memory,
    recorder: Arc<Recorder>,
    iterate: Arc<Iterate>,
    flights: Arc<Flights>,
    /// Judges answers by the keys of the zones that signed them.
    trust: Arc<Validator>,
    /// Makes stale answers.
    stale: StaleAnswers,
    /// Follows names through their aliases.
    chaser: Arc<Chaser>,
    /// Asks DNS lists.
    lists: Arc<ListResolver>,
    /// Answers that wait to be renewed.
    renewals: Renewals,
    /// Questions that clients have asked, for look-ahead.
    seen: AnsweredQueue,
    stopping: watch::Sender<bool>,
    /// A switch for tests: it causes panics in flights.
    #[cfg(feature = "lab")]
    strike: Strike,
}

/// The result of a question.
#[derive(Debug)]
pub enum Asked {
    /// It is answered, or failed.
    Replied(Replied),
    /// The same client already waits for it; its first copy will be answered.
    Repeated,
}

/// An answer, and how it was found.
#[derive(Clone, Debug)]
pub struct Replied {
    /// The outcome that it counts as.
    pub outcome: Outcome,
    /// The answer to send.
    pub answer: Arc<Answer>,
    /// The steps of its flight; none if the answer was in memory.
    trail: Option<Arc<Trail>>,
}

impl Replied {
    /// The steps so far, as text; empty if the answer was in memory.
    pub fn steps(&self) -> Arc<[Step]> {
        self.trail.as_ref().map(|trail| trail.steps()).unwrap_or_default()
    }
}

impl Resolver {
    /// A resolver with empty memories.
    pub fn new(parts: ResolverParts) -> Arc<Self> {
        let ResolverParts { views, clock, random, network, recorder } = parts;
        let memory = Memory::new(views.config().cache.size, &random);
        recorder.recurses(views.recurse());
        let views = Arc::new(ArcSwap::from_pointee(views));
        let keyed = memory.keyed();
        let exchange = Arc::new(Exchange::new(network, clock.clone(), random.clone(), keyed));
        let iterate =
            Arc::new(Iterate::new(memory.clone(), exchange, Arc::clone(&recorder), clock.clone(), random));
        let flights = Arc::new(Flights::new(keyed));
        let chaser = Arc::new_cyclic(|me: &Weak<Chaser>| Chaser {
            trust: Validator::new(clock.clone(), memory.clone(), Arc::clone(&iterate), me.clone()),
            clock: clock.clone(),
            memory: memory.clone(),
            recorder: Arc::clone(&recorder),
            iterate: Arc::clone(&iterate),
            flights: Arc::clone(&flights),
        });
        let (stopping, _) = watch::channel(false);
        Arc::new(Self {
            lists: Arc::new(ListResolver::new(&chaser, &views)),
            trust: Arc::clone(&chaser.trust),
            stale: StaleAnswers { clock: clock.clone(), memory: memory.clone() },
            chaser,
            views,
            changed: ChangedRoutes::default(),
            clock,
            memory,
            recorder,
            iterate,
            flights,
            renewals: Renewals::default(),
            seen: AnsweredQueue::default(),
            stopping,
            #[cfg(feature = "lab")]
            strike: Strike::default(),
        })
    }

    /// Asks the root servers for their names and addresses (RFC 9609), so that the first question does not wait for
    /// them.
    ///
    /// # Errors
    /// No root server answers; the first question will try again.
    pub async fn prime(&self) -> Result<(), Failure> {
        let Some(view) = self.views.load().general().cloned() else { return Ok(()) };
        if !matches!(view.route(&Name::root(), RecordType::NS).kind, Kind::Iterate) {
            // The root has another route, for instance a forwarder.
            return Ok(());
        }
        let context = Context::new(Arc::new(Trail::new(&self.clock)), view);
        self.iterate.prime(&context, &*self.chaser).await.map(drop)
    }

    /// Keeps answers that come too late, as long as it runs.
    pub async fn keep_late_answers(self: Arc<Self>) -> Infallible {
        let (chaser, views) = (Arc::clone(&self.chaser), Arc::clone(&self.views));
        Arc::new(LateAnswers { chaser, views }).keep_all().await
    }

    /// The memories.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Adds a negative trust anchor for `time` at `name`, and forgets verdicts at and below it. Returns false if
    /// there are as many as may be.
    pub async fn add_nta(&self, name: &Name, time: Duration) -> bool {
        let now = self.clock.mono();
        let added = self.trust.ntas().add(name, now.after(time), now);
        if added {
            self.memory.flush_tree(name).await;
        }
        added
    }

    /// Removes a negative trust anchor; returns false if there was none.
    pub async fn remove_nta(&self, name: &Name) -> bool {
        let removed = self.trust.ntas().remove(name);
        if removed {
            self.forget(std::slice::from_ref(name)).await;
        }
        removed
    }

    /// Negative trust anchors that were set for a while.
    pub fn ntas(&self) -> &Ntas {
        self.trust.ntas()
    }

    /// The validator, for its tests over the lab.
    #[cfg(test)]
    pub(crate) fn trust(&self) -> &Validator {
        &self.trust
    }

    /// The states of DNS lists.
    pub fn lists(&self) -> &Lists {
        &self.lists.table
    }

    /// Asks DNS lists.
    pub fn list_resolver(&self) -> &Arc<ListResolver> {
        &self.lists
    }

    /// The record of events.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The routes of questions, and the operator's settings.
    pub fn views(&self) -> Arc<Views> {
        self.views.load_full()
    }

    /// Flights in progress.
    pub fn flights(&self) -> usize {
        self.flights.len()
    }

    /// Clients that wait for a flight.
    pub fn waiters(&self) -> usize {
        self.flights.waiters()
    }

    /// The flights in progress, the oldest first; reading changes nothing.
    pub fn inflight(&self) -> Vec<InFlight> {
        inflight::list(&self.flights, self.clock.mono())
    }

    /// Answers all waiting clients with SERVFAIL, and later ones too.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Answers a question that arrives now.
    pub async fn ask(self: &Arc<Self>, question: Question, client: Client) -> Asked {
        let Some(view) = self.views.load().get(question.view).cloned() else {
            return self.shed(&question, "a reload removed the listener of this query");
        };
        self.ask_in(question, client, view).await
    }

    /// The same of a client of `view`.
    pub async fn ask_in(self: &Arc<Self>, question: Question, client: Client, view: Arc<View>) -> Asked {
        let arrived = self.clock.mono();
        let key = question.key();
        if let Some(answer) = self.memory.answers.get(key.as_bytes(), arrived) {
            // The operator has the unspecified address.
            let _ = if client.address.is_unspecified() {
                self.looked_up(key.as_bytes(), &answer, arrived)
            } else {
                self.hit(key.as_bytes(), &answer, arrived)
            };
            return Asked::Replied(Replied { outcome: Outcome::Cache, answer, trail: None });
        }
        self.miss(ClientQuestion::new(question, key, client, arrived, view)).await
    }

    /// Answers a question that was not in memory when it arrived.
    pub async fn miss(self: &Arc<Self>, missed: ClientQuestion) -> Asked {
        let missed = Arc::new(missed);
        self.tell_asked(&missed);
        let asked = match self.lists.watched(&missed) {
            // Boxed, because it would enlarge each waiting question and only questions to lists need it.
            Some(watched) => Box::pin(self.ask_watched(&watched, &missed)).await,
            None => self.join(&missed).await,
        };
        self.tell_answered(&missed, &asked);
        asked
    }
}
