//! Resolving: memory first, then one flight for a question, within the deadline of each client.
//!
//! RFC 9520 (failures), RFC 2308 (negative answers). A client has an answer or SERVFAIL within `resolve.deadline` of
//! the first copy of its query. The flight continues, so that the client's next try finds the answer.
//!
//! # Decisions
//!
//! - The deadline is four seconds. glibc sends its second copy after 5 s and gives up after 10 s (measured with glibc
//!   2.36), so that a late answer is worse than a prompt SERVFAIL. A flight ends after 10 s.
//! - glibc repeats a query within a millisecond of SERVFAIL. While the flight lives, the repeat joins it; so a zone
//!   that takes 4 to 8 s still resolves at the first attempt of a mail. A flight that has failed is remembered (RFC
//!   9520).
//! - SERVFAIL never becomes "does not exist", and bogus never becomes insecure: the one loses mail, the other forges
//!   it.
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

mod backlog;
mod chase;
pub mod client_question;
mod flights;
pub mod inflight;
mod late;
mod lists;
mod prefetch;
mod recall;
mod scope;
mod shares;
pub mod side;
mod stale;
pub mod trust;

use std::borrow::Cow;
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::FutureExt;
use hickory_proto::rr::{Name, RecordType};
use tokio::sync::watch;

use crate::cache::Memory;
use crate::cache::flush::Flush;
use crate::clock::{Clock, Mono};
use crate::dnsbl::list_way::Way;
use crate::dnsbl::table::Lists;
use crate::exchange::Exchange;
use crate::exchange::network::Network;
use crate::iterate::Iterate;
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use crate::question::{Answer, Client, ExtendedError, Outcome, Question, Security, ViewId};
use crate::random::Random;
use crate::record::Recorder;
use crate::record::event::{FlightEnded, Step};
use crate::record::note::{Note, Words};
use crate::record::trail::Trail;
use crate::supervise::driven::Driven;
#[cfg(feature = "lab")]
use crate::supervise::strike::Strike;
use crate::supervise::{Panicked, caught};
use crate::validate::verdict::{SecurityStatus, ValidationFailure};
use crate::wire::compose;
use crate::zones::{Kind, Views};
use chase::Chased;
use client_question::ClientQuestion;
use flights::{BegunFlight, FlightSeat, Flights, JoinedFlight, Landed, Shed};
use inflight::InFlight;
use lists::SharedQuestions;
use prefetch::Renewals;
use shares::ShedReason;
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
    /// The door to the wire.
    pub network: Arc<dyn Network>,
    /// The record of events.
    pub recorder: Arc<Recorder>,
}

/// Answers questions.
pub struct Resolver {
    views: ArcSwap<Views>,
    clock: Clock,
    memory: Memory,
    recorder: Arc<Recorder>,
    iterate: Arc<Iterate>,
    flights: Flights,
    /// Judges answers by the keys of the zones that signed them.
    trust: Arc<Validator>,
    lists: Lists,
    /// Questions to lists in progress.
    asking: SharedQuestions,
    /// Answers that wait to be renewed.
    renewals: Renewals,
    stopping: watch::Sender<bool>,
    /// A switch for tests: panics in flights.
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
        let views = ArcSwap::from_pointee(views);
        let keyed = memory.keyed();
        let exchange = Arc::new(Exchange::new(network, clock.clone(), random.clone(), keyed));
        let iterate =
            Arc::new(Iterate::new(memory.clone(), exchange, Arc::clone(&recorder), clock.clone(), random));
        let (stopping, _) = watch::channel(false);
        Arc::new_cyclic(|me: &Weak<Self>| Self {
            trust: Validator::new(clock.clone(), memory.clone(), Arc::clone(&iterate), me.clone()),
            views,
            clock,
            memory,
            recorder,
            iterate,
            flights: Flights::new(keyed),
            lists: Lists::default(),
            asking: SharedQuestions::default(),
            renewals: Renewals::default(),
            stopping,
            #[cfg(feature = "lab")]
            strike: Strike::default(),
        })
    }

    /// Asks the root servers for their names and addresses (RFC 9609), so that the first question need not wait for
    /// that.
    ///
    /// # Errors
    /// No root server answers; the first question will try again.
    pub async fn prime(&self) -> Result<(), Failure> {
        let Some(view) = self.views.load().general().cloned() else { return Ok(()) };
        if !matches!(view.route(&Name::root(), RecordType::NS).kind, Kind::Iterate) {
            // The root has another route, for instance a forwarder.
            return Ok(());
        }
        let context = Context::new(Arc::new(Trail::new(self.clock.clone())), view);
        self.iterate.prime(&context, self).await.map(drop)
    }

    /// Changes to new views, which follow the current ones. Flights in progress keep theirs.
    pub fn set_views(&self, views: Views) {
        views.go_on_from(&self.views.load());
        self.recorder.recurses(views.recurse());
        self.views.store(Arc::new(views));
        self.keep_lists();
    }

    /// Forgets data at and below `names`, where routes have changed, and data of views that no longer exist.
    pub async fn forget(&self, names: &[Name]) {
        // An older flight may have asked a list on a route that no longer exists.
        self.keep_lists();
        let (views, names) = (self.views(), names.to_vec());
        self.iterate.keep_views(|view| views.is_in_use(view));
        self.memory.walk(move |memory| memory.forget(&names, |view| views.is_in_use(view))).await;
    }

    /// Forgets lists on ways that no view has.
    fn keep_lists(&self) {
        self.lists.keep(|apex, way| self.is_asked(apex, way));
    }

    /// Whether any view asks a list this way.
    pub fn is_asked(&self, apex: &Name, way: &Way) -> bool {
        self.views.load().asking(apex, way, ViewId::default()).is_some()
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
            self.flush_tree(name).await;
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

    /// Flushes a name and all below it.
    async fn flush_tree(&self, name: &Name) {
        let tree = Flush::Tree { name: name.clone(), kind: None };
        self.memory.walk(move |memory| memory.flush(&tree)).await;
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
        let arrived = self.clock.mono();
        let key = question.key();
        if let Some(answer) = self.memory.answers.get(key.as_bytes(), arrived) {
            self.hit(key.as_bytes(), &answer, arrived);
            return Asked::Replied(Replied { outcome: Outcome::Cache, answer, trail: None });
        }
        let Some(view) = self.views.load().get(question.view).cloned() else {
            return self.shed(&question, "a reload removed the listener of this query");
        };
        self.miss(ClientQuestion::new(question, key, client, arrived, view)).await
    }

    /// Answers a question that was not in memory when it arrived.
    pub async fn miss(self: &Arc<Self>, missed: ClientQuestion) -> Asked {
        let missed = Arc::new(missed);
        match self.watched(&missed) {
            // Boxed, because it would enlarge each waiting question and only questions to lists need it.
            Some(watched) => Box::pin(self.ask_watched(&watched, &missed)).await,
            None => self.join(&missed).await,
        }
    }

    /// Lets a client wait for the flight of its question, unless that question failed a moment ago.
    async fn join(self: &Arc<Self>, missed: &Arc<ClientQuestion>) -> Asked {
        let ClientQuestion { question, key, view, .. } = &**missed;
        if let Some(failed) = self.trust.failed_a_moment_ago(key) {
            let text = format!("{} (cached failure)", failed.error.text);
            let known = failed.error.is_of_validation();
            let lacks = failed.error.is_lack_of_answer();
            if let Some(asked) = lacks.then(|| self.stale_at_once(missed, &text)).flatten() {
                return asked;
            }
            let code = if known { failed.error.code } else { ExtendedError::CACHED_ERROR };
            let error = ExtendedError::new(code, text);
            return self.failed(Outcome::Remembered, question, error);
        }
        if let Some(asked) = self.stale_in_an_outage(missed) {
            return asked;
        }
        let zone = self.zone_at_first(missed);
        match self.flights.join(missed, zone, || Trail::new(self.clock.clone())) {
            JoinedFlight::Repeated => Asked::Repeated,
            JoinedFlight::Shed(shed) => self.turn_away(missed, &shed),
            JoinedFlight::Waits { seat, begun } => {
                let flight = begun.map(|begun| {
                    let trail = Arc::clone(&seat.trail);
                    let context = Context::new(trail, Arc::clone(view)).of_flight(begun.ticket.number());
                    let context = if question.checking_disabled { context.without_checks() } else { context };
                    Arc::clone(self).take_off(Arc::clone(missed), context, begun)
                });
                self.wait(missed, seat, flight).await
            }
        }
    }

    /// Waits for a flight until the client's deadline. The client that began the flight drives it meanwhile.
    async fn wait(
        self: &Arc<Self>,
        missed: &ClientQuestion,
        seat: FlightSeat,
        flight: Option<Driven<Option<Arc<Landed>>>>,
    ) -> Asked {
        let question = &missed.question;
        let mut stopping = self.stopping.subscribe();
        let first = flight.is_some();
        let landing = async {
            match flight {
                Some(flight) => flight.await,
                None => seat.landing.clone().await.ok(),
            }
        };
        let landed = tokio::select! {
            biased;
            landed = landing => landed,
            _ = stopping.wait_for(|stopping| *stopping) => {
                return self.shed(question, "resolverd is stopping");
            }
            (outcome, answer) = self.patience(missed, &seat.trail) => {
                let (answer, trail) = (Arc::new(answer), Some(Arc::clone(&seat.trail)));
                return Asked::Replied(Replied { outcome, answer, trail });
            }
        };
        let Some(landed) = landed else { return self.shed(question, "an internal error ended this query") };
        if let Some(shed) = &landed.shed {
            return self.turn_away(missed, shed);
        }
        let outcome = match (landed.failed, first) {
            (true, _) if landed.stale => Outcome::Stale,
            (true, _) => Outcome::Failed,
            (false, true) if landed.shared => Outcome::Shared,
            (false, true) if landed.packets == 0 => Outcome::Cache,
            (false, true) => Outcome::Upstream,
            (false, false) => Outcome::Shared,
        };
        let trail = Some(Arc::clone(&seat.trail));
        Asked::Replied(Replied { outcome, answer: Arc::clone(&landed.answer), trail })
    }

    /// A flight to be driven. If it panics it ends with nothing, and its waiters learn that it was given up.
    fn take_off(
        self: Arc<Self>,
        asked: Arc<ClientQuestion>,
        context: Context,
        begun: BegunFlight,
    ) -> Driven<Option<Arc<Landed>>> {
        #[cfg(feature = "lab")]
        let strike = self.strike.clone();
        // Boxed at once: it has some thousand octets.
        let flight = Box::pin(self.fly(asked, context, begun));
        #[cfg(feature = "lab")]
        let flight = strike.on(flight);
        let flown = caught(flight);
        let told = |panicked: &Panicked| {
            tracing::error!(
                "{panicked}; a resolution ended early and its clients get SERVFAIL; please report it"
            )
        };
        Driven::new(Box::pin(flown.map(move |flown| flown.inspect_err(told).ok())))
    }

    /// The flight itself.
    async fn fly(
        self: Arc<Self>,
        asked: Arc<ClientQuestion>,
        context: Context,
        mut begun: BegunFlight,
    ) -> Arc<Landed> {
        let ClientQuestion { question, key, .. } = &*asked;
        context.note(Note::Question { name: question.name.clone(), kind: question.kind });
        let chased = tokio::select! {
            biased;
            chased = self.answer(&asked, &context) => chased,
            shed = begun.gives_way() => {
                let error = ExtendedError::new(ExtendedError::NOT_READY, shed.sentence());
                let answer = Arc::new(compose::failure(question, error, self.clock.mono()));
                let packets = context.budget.packets();
                return begun.land(Landed { answer, failed: true, stale: false, shed: Some(shed), shared: false, packets }, None);
            }
        };
        let now = self.clock.mono();
        self.tell_lists(question, key, &chased, &context);
        let zone = chased.as_ref().ok().and_then(|chased| chased.zone.clone());
        let shared = chased.as_ref().is_ok_and(|chased| chased.shared);
        let doubted = chased.as_ref().is_ok_and(|chased| chased.doubted);
        let state = context.checks().then(|| state_of(&chased)).flatten();
        let composed = chased.and_then(|chased| compose_answer(question, &chased, now));
        let (answer, failed, stale) = match composed {
            Ok(answer) => {
                let answer = Arc::new(answer);
                self.memory.failures.clear(key);
                self.memory.answers.put(key.clone(), &answer);
                (answer, None, false)
            }
            Err(failure) => {
                let error = failure.extended_error();
                let lacks = error.is_lack_of_answer();
                let stale = lacks.then(|| self.stale(question, &context.view, &error.text)).flatten();
                if !failure.is_known_silence() {
                    let heard = self.iterate.heard_since(context.began());
                    self.memory.failures.put(key.clone(), error.clone(), heard, now);
                }
                let is_stale = stale.is_some();
                let answer = stale.unwrap_or_else(|| compose::failure(question, error, now));
                (Arc::new(answer), Some(failure), is_stale)
            }
        };
        let result = failed.as_ref().map_or(Words::Code(answer.rcode), |failure| failure.to_string().into());
        context.note(Note::Ended { result });
        let packets = context.budget.packets();
        let zone = zone.or_else(|| failed.as_ref().and_then(Failure::zone));
        let lost = failed.as_ref().map(|failure| {
            let route = zone.as_ref().map(|zone| context.view.route(zone, question.kind));
            failure.lost(route.is_some_and(|route| !matches!(route.kind, Kind::Iterate)))
        });
        self.recorder.flight(&FlightEnded {
            question,
            zone,
            failed: lost,
            doubted,
            state,
            elapsed: now.since(context.began()),
            patience: context.view.config.resolve.deadline,
            packets,
        });
        let view = Arc::clone(&context.view);
        let answered = failed.is_none().then_some(now);
        let landed = begun
            .land(Landed { answer, failed: failed.is_some(), stale, shed: None, shared, packets }, answered);
        if packets > 0 && self.iterate.is_priming_due(&view) {
            // A panic must not take the answer with it that has just landed.
            let primed = caught(async move {
                #[cfg(feature = "lab")]
                self.iterate.strike().fall();
                let context = Context::new(Arc::new(Trail::new(self.clock.clone())), view);
                // If it fails, the known servers hold until their time is over.
                let _ = self.iterate.prime_again(&context, &*self).await;
            });
            let told = |panicked: &Panicked| tracing::error!("priming of the root ended early: {panicked}");
            let priming = Driven::new(Box::pin(primed.map(move |primed| primed.inspect_err(told).ok())));
            // It begins now, and continues as a task.
            let _ = priming.now_or_never();
        }
        landed
    }

    /// The zone that a question counts for at its begin, in wire form.
    fn zone_at_first<'a>(&self, asked: &'a ClientQuestion) -> &'a [u8] {
        let ClientQuestion { key, view, way, .. } = asked;
        let rrsets = self.memory.rrsets.of(view.knows);
        let cut = match way.kind {
            Kind::Iterate | Kind::Stub(_) => rrsets.closest_delegation_of_wire(key.name(), self.clock.mono()),
            Kind::Forward { .. } | Kind::Local(_) => None,
        };
        let labels = cut.as_ref().map_or(0, |cut| cut.zone.iter().len());
        if let Some(cut) = cut {
            asked.cut.get_or_init(|| cut);
        }
        shares::zone_at_first(key.name(), labels.max(way.zone.iter().len()))
    }

    /// SERVFAIL at once, because others need the room; counted for the zone. A stale answer instead, if the zone's silence takes up
    /// the room.
    fn turn_away(&self, missed: &ClientQuestion, shed: &Shed) -> Asked {
        let is_silent = shed.why == ShedReason::SilentZone;
        if let Some(asked) = is_silent.then(|| self.stale_at_once(missed, &shed.sentence())).flatten() {
            return asked;
        }
        self.recorder.shed(&shed.zone);
        self.shed(&missed.question, &shed.sentence())
    }

    fn shed(&self, question: &Question, why: &str) -> Asked {
        let error = ExtendedError::new(ExtendedError::NOT_READY, why);
        self.failed(Outcome::Shed, question, error)
    }

    fn failed(&self, outcome: Outcome, question: &Question, error: ExtendedError) -> Asked {
        let answer = Arc::new(compose::failure(question, error, self.clock.mono()));
        Asked::Replied(Replied { outcome, answer, trail: None })
    }
}

/// Signatures and proofs go to clients that set DO (RFC 4035 section 3.2.1).
fn compose_answer(question: &Question, chased: &Chased, now: Mono) -> Result<Answer, Failure> {
    let (mut answers, mut authorities) = (
        Cow::Borrowed(&*chased.answers),
        Cow::Borrowed(chased.soa.as_deref().map_or(&[][..], std::slice::from_ref)),
    );
    if question.dnssec_ok {
        answers.to_mut().extend_from_slice(&chased.signatures);
        authorities.to_mut().extend_from_slice(&chased.proofs);
    }
    let parts = compose::AnswerParts {
        question,
        rcode: chased.rcode,
        answers: &answers,
        authorities: &authorities,
        stored: now,
        extended_error: chased
            .extended_error
            .clone()
            .or_else(|| chased.told.as_ref().map(ValidationFailure::extended_error)),
        list: chased.list,
    };
    let answer = compose::answer(&parts)
        .ok_or_else(|| Failure::TooLarge { name: question.name.clone(), kind: question.kind })?;
    Ok(Answer { security: chased.security.unwrap_or_default(), ..answer })
}

/// The result of validation, if there was one.
fn state_of(chased: &Result<Chased, Failure>) -> Option<SecurityStatus> {
    match chased {
        Ok(chased) => match chased.security? {
            Security::Secure => Some(SecurityStatus::Secure),
            Security::Insecure => Some(SecurityStatus::Insecure),
            Security::Unchecked => None,
        },
        Err(Failure::Untrusted { state, .. }) => Some(*state),
        Err(_) => None,
    }
}
