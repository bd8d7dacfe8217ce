//! Questions of look-ahead. They are concurrent with the flights of clients and never become one.
//!
//! # Decisions
//!
//! - They take no place among the flights. A client neither joins them nor waits for them: its own flight has its own time, race,
//!   hedges and budget. Equal queries merge in `exchange` while the answer may still come, so that the head
//!   start is not lost and hardly a query is sent twice. When clients joined them, they had the age, the lost queries and the
//!   failure of a question that had been asked without race and hedge.
//! - Their failures are not kept, nor the failures of their sub-questions, and they begin no shared fetch of keys: a client
//!   that comes later tries for itself.

use std::sync::Arc;

use arc_swap::ArcSwap;
use hickory_proto::rr::{Name, RData, RecordType};

use super::answered::AnsweredQueue;
use super::answered_events::AnsweredEvent;
use super::chased::compose_answer;
use super::client_question::ClientQuestion;
use super::flight::FlightResolver;
use super::prefetch::ASKER;
use super::shares;
use crate::cache::rrset::Rank;
use crate::config::{Config, LookaheadMode};
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use crate::iterate::flight_progress::FlightProgress;
use crate::limits::{MAX_ALIASES, PRIVATE_LABELS};
use crate::supervise::{Panicked, caught};
use crate::zones::{RouteTarget, Views};
use dns::clock::Clock;
use dns::question::{Answer, Question, ViewId, name_of_wire};
use history::note::Note;
use history::{Flown, Recorder};

/// Whether look-ahead may ask a question.
#[derive(Debug)]
pub enum KnownAhead {
    /// Memory has its answer.
    Answer(Arc<Answer>),
    /// Look-ahead must not ask it: a flight asks it, it asks a DNS list, its answer is made here, or it failed a moment
    /// ago.
    Left,
    /// Neither: look-ahead may ask it.
    Nothing,
}

/// How a question of look-ahead ended.
#[derive(Clone, Debug)]
pub struct AskedAhead {
    /// The answer; none if it failed.
    pub answer: Option<Arc<Answer>>,
    /// The zone that is to blame for a failure; none if it had spent its messages.
    pub blamed: Option<Name>,
    /// Messages that were sent for it.
    pub messages: u32,
}

/// Asks the questions of look-ahead.
pub struct LookaheadResolver {
    pub(super) views: Arc<ArcSwap<Views>>,
    pub(super) flight: Arc<FlightResolver>,
    pub(super) answered: Arc<AnsweredQueue>,
}

impl LookaheadResolver {
    /// The history of events.
    pub fn recorder(&self) -> &Recorder {
        &self.flight.recorder
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.flight.clock
    }

    /// The configuration.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(self.views.load().config())
    }

    /// The mode of a view; off if the view is gone.
    pub fn mode(&self, view: ViewId) -> LookaheadMode {
        self.views.load().get(view).map_or(LookaheadMode::Off, |view| view.lookahead)
    }

    /// All events of clients' questions since the last call, at least one. One task reads them.
    pub async fn answered(&self) -> Vec<AnsweredEvent> {
        self.answered.take().await
    }

    /// Whether look-ahead may ask a question.
    pub fn known(&self, question: &Question) -> KnownAhead {
        let (key, now) = (question.key(), self.flight.clock.mono());
        if let Some(answer) = self.flight.memory.answers.get(key.as_bytes(), now) {
            return KnownAhead::Answer(answer);
        }
        let Some(view) = self.views.load().get(question.view).cloned() else { return KnownAhead::Left };
        let route = view.route_of((&question.name, key.name()), question.kind);
        if route.policy.list.is_some() || matches!(route.target, RouteTarget::Local(_)) {
            return KnownAhead::Left;
        }
        if self.flight.chaser.trust.failed_a_moment_ago(&key).is_some() {
            return KnownAhead::Left;
        }
        if self.flight.flights.has(&key) { KnownAhead::Left } else { KnownAhead::Nothing }
    }

    /// Returns true if look-ahead may ask: neither flights nor queries to servers take more than half of their places, and
    /// this host keeps up.
    pub fn has_room(&self) -> bool {
        !self.flight.iterate.is_half_taken() && !self.flight.flights.are_crowded()
    }

    /// The zone that is to blame if a question fails: the zone of its closest known cut, or the name itself if no cut below
    /// the top-level domains is known.
    pub(crate) fn zone_to_blame(&self, question: &Question) -> Name {
        let Some(view) = self.views.load().get(question.view).cloned() else { return Name::root() };
        let key = question.key();
        let way = view.route_of((&question.name, key.name()), question.kind);
        let cut = self.flight.cut_on(&view, way, key.name());
        let labels = cut.map_or(0, |cut| cut.zone.iter().len()).max(way.zone.iter().len());
        if labels < PRIVATE_LABELS {
            return question.name.clone();
        }
        name_of_wire(shares::zone_at_first(key.name(), labels))
    }

    /// The zone that is to blame if a client's question failed: `zone_to_blame` of the last of its known aliases.
    pub(crate) fn failed_zone(&self, question: &Question) -> Name {
        let Some(view) = self.views.load().get(question.view).cloned() else { return Name::root() };
        let (rrsets, now) = (self.flight.memory.rrsets.in_view(view.knows), self.flight.clock.mono());
        let mut end = question.clone();
        for _ in 0..MAX_ALIASES {
            let alias = rrsets.rrset(&end.name, RecordType::CNAME, Rank::Answer, now);
            let records = alias.map(|alias| alias.records(&end.name, now)).unwrap_or_default();
            let target = records.into_iter().find_map(|record| match record.data {
                RData::CNAME(target) => Some(target.0),
                _ => None,
            });
            let Some(target) = target else { break };
            end.name = target;
        }
        self.zone_to_blame(&end)
    }

    /// The zone that is to blame for this failure of a question: that of `zone_to_blame`, or the one that an alias has led
    /// to. None if the question had spent its messages, as a client has more.
    fn blamed(&self, question: &Question, failure: &Failure, context: &Context) -> Option<Name> {
        let zone = failure.zone().filter(|_| !context.budget.is_spent())?;
        Some(if zone.zone_of(&question.name) { self.zone_to_blame(question) } else { zone })
    }

    /// Removes the mark from the answer to a question, if memory has it.
    pub(crate) fn unmark(&self, question: &Question) {
        if let Some(answer) =
            self.flight.memory.answers.get(question.key().as_bytes(), self.flight.clock.mono())
        {
            answer.ahead.take();
        }
    }

    /// Asks a question of look-ahead; `rule`, from 1, marks the answer until a client uses it. None if its view is gone.
    pub async fn ask(&self, question: Question, rule: u8) -> Option<AskedAhead> {
        let (key, now) = (question.key(), self.flight.clock.mono());
        let view = self.views.load().get(question.view).cloned()?;
        let asked = ClientQuestion::new(question, key, ASKER, now, view);
        let progress = Arc::new(FlightProgress::new(&self.flight.clock));
        let context = asked.context(&progress).looking_ahead();
        let ended = caught(Box::pin(self.answer(&asked, &context, rule))).await;
        let report = |panicked: &Panicked| {
            tracing::error!(
                "{panicked}; a query of look-ahead was stopped; no client waited for it; please send this line to the makers of resolverd"
            )
        };
        ended.inspect_err(report).ok()
    }

    async fn answer(&self, asked: &ClientQuestion, context: &Context, rule: u8) -> AskedAhead {
        let ClientQuestion { question, key, .. } = asked;
        context.note(Note::Question { name: question.name.clone(), kind: question.kind });
        let chased = self.flight.answer(asked, context).await;
        let is_outdated =
            chased.as_ref().is_ok_and(|chased| self.flight.is_outdated(question, chased, context));
        if let Ok(found) = &chased
            && !found.answers.is_empty()
            && !is_outdated
        {
            // The history joins the questions of a mail by the names in answers, and the client's question will find this one in memory.
            let zone = found.zone.as_ref();
            let so_far = Flown::so_far(context.trail(), question, key.name());
            self.recorder().flown(&Flown { zone, answers: &found.answers, ..so_far });
        }
        let now = self.flight.clock.mono();
        let messages = context.budget.packets();
        let composed = chased.and_then(|chased| compose_answer(question, &chased, now));
        let blamed = composed.as_ref().err().and_then(|failure| self.blamed(question, failure, context));
        let answer = composed.ok().map(Arc::new);
        if let Some(answer) = &answer
            && !is_outdated
            && self.flight.memory.answers.get(key.as_bytes(), now).is_none()
        {
            // If a client asks it already, that is its use.
            if messages > 0 && !self.flight.flights.has(key) {
                answer.ahead.set(rule);
            }
            self.flight.keep_answer(asked, answer);
        }
        AskedAhead { answer, blamed, messages }
    }
}
