//! The questions of look-ahead. They run at the same time as the flights of clients, but are never flights themselves.
//!
//! # Decisions
//!
//! - They take no places from flights. A client never joins such a question or waits for it. The client's own flight has its own time and
//!   budget, asks two servers at first contact, and sends second queries. Equal queries are merged in `exchange` while the answer may
//!   still come, so that the time already spent is not lost and hardly any query is sent twice. When clients joined these questions, they
//!   were affected by lost queries, failures and the time already used, because these questions ask one server at a time.
//! - Their failures, and the failures of their sub-questions, are not cached, and they begin no shared fetch of keys. A client that asks
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
    /// The cache has the answer.
    Answer(Arc<Answer>),
    /// Look-ahead must not ask the question: a flight asks it, or it is for a DNS list, or its answer is made here, or it failed a moment
    /// ago.
    Left,
    /// None of these applies: look-ahead may ask it.
    Nothing,
}

/// How a question of look-ahead ended.
#[derive(Clone, Debug)]
pub struct AskedAhead {
    /// The answer, or `None` if the question failed.
    pub answer: Option<Arc<Answer>>,
    /// The zone that caused a failure. `None` if there was no failure, or if the question had used up its queries.
    pub blamed: Option<Name>,
    /// The number of queries that were sent to servers.
    pub messages: u32,
}

/// Asks the questions of look-ahead.
pub struct LookaheadResolver {
    pub(super) views: Arc<ArcSwap<Views>>,
    pub(super) flight: Arc<FlightResolver>,
    pub(super) answered: Arc<AnsweredQueue>,
}

impl LookaheadResolver {
    /// Returns the history of events.
    pub fn recorder(&self) -> &Recorder {
        &self.flight.recorder
    }

    /// Returns the clock.
    pub fn clock(&self) -> &Clock {
        &self.flight.clock
    }

    /// Returns the configuration.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(self.views.load().config())
    }

    /// Returns the mode of look-ahead in a view. It is off if the view no longer exists.
    pub fn mode(&self, view: ViewId) -> LookaheadMode {
        self.views.load().get(view).map_or(LookaheadMode::Off, |view| view.lookahead)
    }

    /// Waits for events of clients' questions, and returns all events since the last call. Only one task may call this.
    pub async fn answered(&self) -> Vec<AnsweredEvent> {
        self.answered.take().await
    }

    /// Returns whether look-ahead may ask a question.
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

    /// Returns true if look-ahead may ask: flights and queries to servers each use at most half of their places, and this host is not
    /// overloaded.
    pub fn has_room(&self) -> bool {
        !self.flight.iterate.is_half_taken() && !self.flight.flights.are_crowded()
    }

    /// Returns the zone that counts as the cause if a question fails: the zone of its closest known zone cut, or the name itself if no
    /// zone cut below the top-level domains is known.
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

    /// Returns the zone that counts as the cause if a client's question has failed: the result of `zone_to_blame` for the last of its
    /// known aliases.
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

    /// Returns the zone that counts as the cause of this failure of a question: the result of `zone_to_blame`, or the zone that an alias
    /// has led to. Returns `None` if the question had used up its queries, because a client's question may send more.
    fn blamed(&self, question: &Question, failure: &Failure, context: &Context) -> Option<Name> {
        let zone = failure.zone().filter(|_| !context.budget.is_spent())?;
        Some(if zone.zone_of(&question.name) { self.zone_to_blame(question) } else { zone })
    }

    /// Removes the mark of look-ahead from the answer to a question, if the cache has the answer.
    pub(crate) fn unmark(&self, question: &Question) {
        if let Some(answer) =
            self.flight.memory.answers.get(question.key().as_bytes(), self.flight.clock.mono())
        {
            answer.ahead.take();
        }
    }

    /// Asks a question of look-ahead. The answer is marked with the number `rule`, counted from 1, until a client uses it. Returns `None`
    /// if the view of the question no longer exists.
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
            // The history finds the questions that belong to a mail by the names in answers. This answer is recorded now, because the
            // client's question will later be answered from the cache.
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
            // If a client is already asking the question, the answer is not marked, because the client's use counts.
            if messages > 0 && !self.flight.flights.has(key) {
                answer.ahead.set(rule);
            }
            self.flight.keep_answer(asked, answer);
        }
        AskedAhead { answer, blamed, messages }
    }
}
