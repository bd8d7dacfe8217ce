//! Clients that wait for the resolution (flight) of their question, until their deadline. Several clients may wait for one resolution.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use super::client_question::{Asked, ClientQuestion, Replied};
use super::flight::FlightResolver;
use super::flights::{FlightEnd, FlightSeat, JoinedFlight, Landed, Shed};
use super::lists::ListResolver;
use super::prefetch::Prefetcher;
use super::shares::ShedReason;
use crate::cache::{Memory, freshness};
use crate::extended_error;
use crate::iterate::flight_progress::FlightProgress;
use crate::limits::{MAX_RELOADED, UNANSWERED_DEADLINE};
use dns::clock::{Clock, Mono};
use dns::question::{Answer, ExtendedError, Outcome, Question};
use dns::wire::compose;
use record::Flown;
use record::trail::{LastQuery, Trail};
use supervise::driven::Driven;
use zones::Views;

pub(super) struct ClientResolver {
    pub(super) clock: Clock,
    pub(super) memory: Memory,
    pub(super) lists: Arc<ListResolver>,
    flight: Arc<FlightResolver>,
    prefetcher: Arc<Prefetcher>,
    views: Arc<ArcSwap<Views>>,
    stopping: watch::Sender<bool>,
}

impl ClientResolver {
    pub(super) fn new(
        flight: &Arc<FlightResolver>,
        prefetcher: &Arc<Prefetcher>,
        views: &Arc<ArcSwap<Views>>,
    ) -> Self {
        let (stopping, _) = watch::channel(false);
        Self {
            clock: flight.clock.clone(),
            memory: flight.memory.clone(),
            lists: Arc::clone(&flight.lists),
            flight: Arc::clone(flight),
            prefetcher: Arc::clone(prefetcher),
            views: Arc::clone(views),
            stopping,
        }
    }

    pub(super) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Lets a client wait for the resolution of its question, unless the question failed a moment ago. If a reload ends the resolution, the
    /// client waits for another one, which uses the new servers (routes).
    pub(super) async fn join(&self, missed: &Arc<ClientQuestion>) -> Asked {
        // A reload may have happened since the arrival of the question. Then the question uses the new view.
        let (mut renewed, mut reloads) = (self.on_new_routes(missed), 0_usize);
        loop {
            let asked = renewed.as_ref().unwrap_or(missed);
            let shed = match self.join_flight(asked).await {
                Ok(asked) => return asked,
                Err(shed) => shed,
            };
            reloads = reloads.saturating_add(1);
            let again = self.on_new_routes(asked);
            // The question may already use the new view, but have joined a resolution that began before the reload.
            let may_wait = again.is_some() || self.views.load().holds(&asked.view);
            if !may_wait || reloads > MAX_RELOADED {
                return self.turn_away(asked, &shed);
            }
            renewed = again.or(renewed);
        }
    }

    /// Returns the question with the view that has the same id in the current configuration. Returns `None` if the question already has
    /// this view, or if no view has this id any more.
    fn on_new_routes(&self, asked: &ClientQuestion) -> Option<Arc<ClientQuestion>> {
        let views = self.views.load();
        let view = if views.holds(&asked.view) { None } else { views.get(asked.question.view) };
        Some(Arc::new(asked.in_view(Arc::clone(view?))))
    }

    /// Lets a client wait for the resolution of its question, like `join`, but only once: if a reload ends this resolution, returns an error.
    async fn join_flight(&self, missed: &Arc<ClientQuestion>) -> Result<Asked, Shed> {
        let ClientQuestion { key, has_failed, .. } = &**missed;
        if *has_failed.get_or_init(|| self.memory.failures.has(key.as_bytes()))
            && let Some(asked) = self.has_just_failed(missed).or_else(|| self.stale_in_an_outage(missed))
        {
            return Ok(asked);
        }
        let zone = self.flight.zone_at_first(missed);
        match self.flight.flights.join(missed, zone, || FlightProgress::new(&self.clock)) {
            JoinedFlight::Repeated => Ok(Asked::Repeated),
            JoinedFlight::Shed(shed) => Ok(self.turn_away(missed, &shed)),
            JoinedFlight::Waits { seat, begun } => {
                if let Some(list) = &missed.list {
                    list.waits_for.get_or_init(|| Arc::clone(&seat.progress));
                }
                if let Some(follower) = &missed.follower {
                    follower.send_replace(Some(Arc::clone(&seat.progress)));
                }
                let flight = begun.map(|begun| {
                    let context = missed.context(&seat.progress).of_flight(begun.ticket.number());
                    Arc::clone(&self.flight).take_off(Arc::clone(missed), context, begun)
                });
                self.wait(missed, &seat, flight).await
            }
        }
    }

    /// Returns the reply to a question that failed a moment ago. A stale answer is preferred to SERVFAIL.
    fn has_just_failed(&self, missed: &ClientQuestion) -> Option<Asked> {
        let failed = self.flight.chaser.trust.failed_a_moment_ago(&missed.key)?;
        let error = extended_error::cached_failure(&failed.error);
        let lacks = failed.error.is_lack_of_answer();
        let stale = lacks.then(|| self.stale_at_once(missed, &error.text)).flatten();
        Some(stale.unwrap_or_else(|| self.failed(Outcome::Remembered, &missed.question, error)))
    }

    /// Waits for a resolution until the client's deadline. If this client has begun the resolution, the task of the client also runs the
    /// resolution. Returns an error if a reload ends the resolution.
    async fn wait(
        &self,
        missed: &ClientQuestion,
        seat: &FlightSeat,
        flight: Option<Driven<Option<Arc<Landed>>>>,
    ) -> Result<Asked, Shed> {
        missed.socket.into_iter().for_each(|socket| self.flight.recorder.sample_owner(socket));
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
                return Ok(self.shed(question, ExtendedError::STOPPING));
            }
            (outcome, answer) = self.patience(missed, &seat.progress) => {
                self.keep_so_far(missed, &seat.progress);
                let (answer, progress) = (Arc::new(answer), Some(Arc::clone(&seat.progress)));
                return Ok(Asked::Replied(Replied { outcome, answer, progress }));
            }
        };
        let Some(landed) = landed else {
            return Ok(self.failed(Outcome::Crashed, question, extended_error::crashed()));
        };
        let outcome = match &landed.end {
            FlightEnd::Shed(shed) if shed.why == ShedReason::Reloaded => return Err(shed.clone()),
            FlightEnd::Shed(shed) => return Ok(self.turn_away(missed, shed)),
            FlightEnd::Stale => Outcome::Stale,
            FlightEnd::Failed => Outcome::Failed,
            FlightEnd::Answered if first && landed.packets == 0 => Outcome::Cache,
            FlightEnd::Answered if first => Outcome::Upstream,
            FlightEnd::Answered | FlightEnd::Shared => Outcome::Shared,
        };
        let progress = Some(Arc::clone(&seat.progress));
        Ok(Asked::Replied(Replied { outcome, answer: Arc::clone(&landed.answer), progress }))
    }

    /// Records the steps of a resolution so far, because its question is answered before the resolution ends.
    pub(super) fn keep_so_far(&self, missed: &ClientQuestion, progress: &FlightProgress) {
        let so_far = Flown::so_far(progress.trail(), &missed.question, missed.key.name());
        self.flight.recorder.flown(&so_far);
    }

    /// Answers immediately, because a limit of resolutions is reached. If the servers of the zone do not answer and the cache has a stale
    /// answer, the client gets the stale answer. In all other cases, it gets SERVFAIL.
    fn turn_away(&self, missed: &ClientQuestion, shed: &Shed) -> Asked {
        let (is_silent, error) = (shed.why == ShedReason::SilentZone, shed.extended_error());
        if let Some(asked) = is_silent.then(|| self.stale_at_once(missed, &error.text)).flatten() {
            return asked;
        }
        self.flight.recorder.shed(&shed.zone);
        self.failed(Outcome::Shed, &missed.question, error)
    }

    /// Answers with SERVFAIL; its extended error contains `why`.
    pub(super) fn shed(&self, question: &Question, why: &str) -> Asked {
        self.failed(Outcome::Shed, question, extended_error::not_ready(why))
    }

    fn failed(&self, outcome: Outcome, question: &Question, error: ExtendedError) -> Asked {
        let answer = Arc::new(compose::failure(question, error, self.clock.mono()));
        Asked::Replied(Replied { outcome, answer, progress: None })
    }

    fn stale_at_once(&self, missed: &ClientQuestion, why: &str) -> Option<Asked> {
        let answer = Arc::new(self.flight.stale.answer(&missed.question, &missed.view, why)?);
        Some(Asked::Replied(Replied { outcome: Outcome::Stale, answer, progress: None }))
    }

    /// Returns a stale answer if the last resolution of the question failed and no server at all has answered since it began. So clients do
    /// not wait again during an outage. The question is resolved again in the background.
    fn stale_in_an_outage(&self, missed: &ClientQuestion) -> Option<Asked> {
        let heard_since = |moment| self.flight.iterate.heard_since(moment);
        let (key, now) = (&missed.key, self.clock.mono());
        let failed = self.memory.failures.unheard(key.as_bytes(), now, heard_since)?;
        let asked =
            failed.error.is_lack_of_answer().then(|| self.stale_at_once(missed, &failed.error.text))?;
        if asked.is_some() {
            self.prefetcher.try_again(key);
        }
        asked
    }

    /// Returns a stale answer for a client that waits. Returns `None` if the cache has none, or if a server sent bogus data to the resolution.
    fn stale_for(&self, missed: &ClientQuestion, progress: &FlightProgress, why: &str) -> Option<Answer> {
        if progress.is_refuted() {
            return None;
        }
        self.flight.stale.answer(&missed.question, &missed.view, why)
    }

    /// Returns how long a client waits from the arrival of its question. If no server answered this question the last time, but servers
    /// answered other questions, the servers probably drop queries of this type. The time is then shorter, because otherwise each email
    /// would wait for the full deadline.
    fn deadline(&self, missed: &ClientQuestion) -> Duration {
        let ClientQuestion { key, has_failed, view, .. } = missed;
        let deadline = view.config.resolve.deadline;
        let is_dropped = has_failed.get() == Some(&true)
            && self.memory.failures.was_unanswered(key.as_bytes(), self.clock.mono());
        if is_dropped { deadline.min(UNANSWERED_DEADLINE) } else { deadline }
    }

    /// Waits until `moment`. If the question becomes slow meanwhile, the history finds out which program owns the client's socket: the
    /// program closes it when it gets the reply.
    async fn wait_until(&self, missed: &ClientQuestion, moment: Mono) {
        let recorder = &self.flight.recorder;
        let slow = missed.arrived.after(recorder.slow_from());
        let now = self.clock.mono();
        if now < slow && slow < moment {
            tokio::time::sleep(slow.since(now)).await;
            missed.socket.into_iter().for_each(|socket| recorder.want_owner(socket));
        }
        tokio::time::sleep(moment.since(self.clock.mono())).await;
    }

    /// Waits for as long as a client should wait, and returns the client's answer: a stale answer as soon as the servers are known not to
    /// answer, otherwise SERVFAIL at the deadline.
    async fn patience(&self, missed: &ClientQuestion, progress: &FlightProgress) -> (Outcome, Answer) {
        let deadline = self.deadline(missed);
        let ends = missed.arrived.after(deadline);
        loop {
            let (now, from) =
                (self.clock.mono(), freshness::stale_from(progress.began(), progress.last_answer()));
            if from >= ends {
                break;
            }
            if now >= from {
                let waited = now.since(progress.began()).as_secs_f32();
                let why = format!("no answer for {waited:.1} s; {}", self.last_step(progress.trail()));
                match self.stale_for(missed, progress, &why) {
                    Some(answer) => return (Outcome::Stale, answer),
                    None => break,
                }
            }
            // A server may answer during this wait. Then the time of the stale answer (`from`) is later, so the loop computes it again.
            self.wait_until(missed, from).await;
        }
        self.wait_until(missed, ends).await;
        let why =
            format!("no answer within {} s; {}", deadline.as_secs_f32(), self.last_step(progress.trail()));
        if let Some(answer) = self.stale_for(missed, progress, &why) {
            return (Outcome::Stale, answer);
        }
        (Outcome::Deadline, self.lists.overdue(missed, extended_error::past_deadline(why)))
    }

    /// Returns a text that names the last queried server, for the extended error at the client's deadline.
    fn last_step(&self, trail: &Trail) -> String {
        let LastQuery { server, zone, is_forwarder, is_over_tcp, .. } = trail.last_query();
        let over = if is_over_tcp { " over TCP" } else { "" };
        let server = match (server, zone) {
            (Some(server), Some(zone)) if is_forwarder => {
                format!("the last queried server was {server}, a forwarder of {zone}{over}")
            }
            (Some(server), Some(zone)) => format!("the last queried server was {server} of {zone}{over}"),
            _ => "no server was queried".to_owned(),
        };
        server + &self.flight.without_tcp().filter(|_| is_over_tcp).unwrap_or_default()
    }
}
