//! A client that waits for the flight of its question, until its deadline.

use std::sync::Arc;

use super::client_question::ClientQuestion;
use super::flights::{FlightSeat, JoinedFlight, Landed, Shed};
use super::shares::{self, ShedReason};
use super::{Asked, Replied, Resolver};
use crate::iterate::context::Context;
use crate::question::{ExtendedError, Outcome, Question};
use crate::record::trail::Trail;
use crate::supervise::driven::Driven;
use crate::wire::compose;
use crate::zones::Kind;

impl Resolver {
    /// Lets a client wait for the flight of its question, unless that question failed a moment ago.
    pub(super) async fn join(self: &Arc<Self>, missed: &Arc<ClientQuestion>) -> Asked {
        let ClientQuestion { question, key, view, has_failed, .. } = &**missed;
        if *has_failed.get_or_init(|| self.memory.failures.has(key.as_bytes()))
            && let Some(asked) = self.has_just_failed(missed).or_else(|| self.stale_in_an_outage(missed))
        {
            return asked;
        }
        let zone = self.zone_at_first(missed);
        match self.flights.join(missed, zone, || Trail::new(&self.clock)) {
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

    /// The reply to a question that failed a moment ago.
    fn has_just_failed(&self, missed: &ClientQuestion) -> Option<Asked> {
        let failed = self.trust.failed_a_moment_ago(&missed.key)?;
        let text = format!("{} (cached failure)", failed.error.text);
        let known = failed.error.is_of_validation();
        let lacks = failed.error.is_lack_of_answer();
        let stale = lacks.then(|| self.stale_at_once(missed, &text)).flatten();
        Some(stale.unwrap_or_else(|| {
            let code = if known { failed.error.code } else { ExtendedError::CACHED_ERROR };
            self.failed(Outcome::Remembered, &missed.question, ExtendedError::new(code, text))
        }))
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

    /// The zone that a question counts for at its begin, in wire form.
    pub(super) fn zone_at_first<'a>(&self, asked: &'a ClientQuestion) -> &'a [u8] {
        let ClientQuestion { key, view, way, .. } = asked;
        let rrsets = self.memory.rrsets.of(view.knows);
        let cut = match way.kind {
            Kind::Iterate | Kind::Stub(_) => rrsets.closest_delegation_of_wire(key.name(), self.clock.mono()),
            Kind::Forward { .. } | Kind::Local(_) => None,
        };
        let labels = cut.as_ref().map_or(0, |(cut, _)| cut.zone.iter().len());
        if let Some((cut, true)) = cut {
            asked.cut.get_or_init(|| cut);
        }
        shares::zone_at_first(key.name(), labels.max(way.zone.iter().len()))
    }

    /// SERVFAIL at once, because others need the room; counted for the zone. If the room is taken because the zone is
    /// silent, it is a stale answer instead.
    fn turn_away(&self, missed: &ClientQuestion, shed: &Shed) -> Asked {
        let is_silent = shed.why == ShedReason::SilentZone;
        if let Some(asked) = is_silent.then(|| self.stale_at_once(missed, &shed.sentence())).flatten() {
            return asked;
        }
        self.recorder.shed(&shed.zone);
        self.shed(&missed.question, &shed.sentence())
    }

    /// SERVFAIL at once, because of `why`.
    pub(super) fn shed(&self, question: &Question, why: &str) -> Asked {
        let error = ExtendedError::new(ExtendedError::NOT_READY, why);
        self.failed(Outcome::Shed, question, error)
    }

    /// SERVFAIL with an extended error.
    pub(super) fn failed(&self, outcome: Outcome, question: &Question, error: ExtendedError) -> Asked {
        let answer = Arc::new(compose::failure(question, error, self.clock.mono()));
        Asked::Replied(Replied { outcome, answer, trail: None })
    }
}
