//! Questions of look-ahead. They run at the same time as the flights of clients, but never become a flight.
//!
//! # Decisions
//!
//! - They take no place among the flights. A client neither joins them nor waits for them: its own flight has its own time, first
//!   contact with two servers, second queries and budget. Equal queries are merged in `exchange` while the answer may still come, so
//!   that the time already spent is not lost and hardly any query is sent twice. When clients joined these questions, they were
//!   affected by their age, their lost queries and their failures, because such questions use one server at a time.
//! - Their failures and the failures of their sub-questions are not kept, and they begin no shared fetch of keys. A client that comes
//!   later therefore tries again itself.

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

/// The decision whether look-ahead may ask a question.
#[derive(Debug)]
pub enum KnownAhead {
    /// Memory has its answer.
    Answer(Arc<Answer>),
    /// Look-ahead must not ask it, because a flight asks it, it asks a DNS list, its answer is made here, or it failed a moment ago.
    Left,
    /// None of these applies: look-ahead may ask it.
    Nothing,
}

/// How a question of look-ahead ended.
#[derive(Clone, Debug)]
pub struct AskedAhead {
    /// The answer; none if it failed.
    pub answer: Option<Arc<Answer>>,
    /// The zone that caused a failure, or `None` if the question had used all its messages.
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

    /// The mode of a view. It is off if the view no longer exists.
    pub fn mode(&self, view: ViewId) -> LookaheadMode {
        self.views.load().get(view).map_or(LookaheadMode::Off, |view| view.lookahead)
    }

    /// Returns all events of clients' questions since the last call, and waits for at least one. Only one task reads them.
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

    /// Returns true if look-ahead may ask: flights and queries to servers each take at most half of their places, and this host is not
    /// overloaded.
    pub fn has_room(&self) -> bool {
        !self.flight.iterate.is_half_taken() && !self.flight.flights.are_crowded()
    }

    /// Returns the zone that counts as the cause if a question fails: the zone of its closest known cut, or the name itself if no cut
    /// below the top-level domains is known.
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

    /// Returns the zone that counts as the cause if a client's question failed: `zone_to_blame` of the last of its known aliases.
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

    /// Returns the zone that counts as the cause of this failure of a question: the result of `zone_to_blame`, or the zone that an
    /// alias has led to. `None` if the question had used all its messages, because a client has more.
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

    /// Asks a question of look-ahead. `rule`, counted from 1, marks the answer until a client uses it. Returns `None` if the view no
    /// longer exists.
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
            // The history groups the questions of a mail by the names in answers, and the client's question will find this answer in
            // memory.
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
            // If a client is already asking it, that counts as its use.
            if messages > 0 && !self.flight.flights.has(key) {
                answer.ahead.set(rule);
            }
            self.flight.keep_answer(asked, answer);
        }
        AskedAhead { answer, blamed, messages }
    }
}
