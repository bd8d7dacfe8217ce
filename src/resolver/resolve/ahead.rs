//! The questions that look-ahead asks in advance, because clients will probably ask them soon.
//!
//! # Decisions
//!
//! - These questions are not in the table of resolutions (flights), and do not count for its limits. A client never waits for such a
//!   question: the client's own resolution has its own time limit and query budget, asks two servers at first contact, and sends second
//!   queries, but look-ahead asks one server at a time. `exchange` merges equal upstream queries as long as the reply may still come, so
//!   hardly any query is sent twice.
//! - The failures of these questions and of their sub-questions are not cached, and these questions start no shared fetch of DNSSEC keys. A
//!   client that asks later makes its own attempt.

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
use crate::iterate::context::{Context, SubjectBudget};
use crate::iterate::failure::Failure;
use crate::iterate::flight_progress::FlightProgress;
use crate::limits::{MAX_ALIASES, PRIVATE_LABELS};
use config::{Config, LookaheadMode};
use dns::cached::Rank;
use dns::clock::Clock;
use dns::question::{Answer, Question, ViewId, name_of_wire};
use record::note::Note;
use record::{Flown, Recorder};
use supervise::{Panicked, caught};
use zones::{RouteTarget, Views};

/// What is known about a question that look-ahead wants to ask.
#[derive(Debug)]
pub enum KnownAhead {
    /// The answer in the cache.
    Answer(Arc<Answer>),
    /// Look-ahead must not ask the question: a resolution already asks it, it asks a DNS list, resolverd serves its zone itself, or it
    /// failed a moment ago.
    Left,
    /// Look-ahead may ask the question.
    Nothing,
}

/// The result of a question that look-ahead asked.
#[derive(Clone, Debug)]
pub struct AskedAhead {
    /// The answer, or `None` if the question failed.
    pub answer: Option<Arc<Answer>>,
    /// The zone that caused the failure. `None` if there was no failure, or if the question had sent its maximum number of queries.
    pub blamed: Option<Name>,
    /// The number of queries to servers.
    pub messages: u32,
}

/// Resolves the questions of look-ahead, and passes the events of clients' questions to look-ahead.
pub struct LookaheadResolver {
    pub(super) views: Arc<ArcSwap<Views>>,
    pub(super) flight: Arc<FlightResolver>,
    pub(super) answered: Arc<AnsweredQueue>,
}

impl LookaheadResolver {
    /// Returns the recorder of the history and the statistics.
    pub fn recorder(&self) -> &Recorder {
        &self.flight.recorder
    }

    /// Returns the clock of the resolver.
    pub fn clock(&self) -> &Clock {
        &self.flight.clock
    }

    /// Returns the current configuration of the resolver.
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

    /// Returns the cached answer to a question, or whether look-ahead may ask the question.
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

    /// Returns true if there is room for look-ahead: at most half of the allowed resolutions and of the allowed upstream queries are in
    /// progress, and this host keeps up with its questions.
    pub fn has_room(&self) -> bool {
        !self.flight.iterate.is_half_taken() && !self.flight.flights.are_crowded()
    }

    /// Returns the zone that is at fault if a question fails: the zone of the closest known zone cut. Returns the queried name if no zone
    /// cut below the top-level domains is known.
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

    /// Returns the zone at fault for a failed client's question: that of the last name in the chain of cached aliases.
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

    /// Returns the zone at fault for this failure: the result of `zone_to_blame`, or the zone to which an alias led. Returns `None` if the
    /// question had used up its query budget, because a client's question may send more queries and succeed.
    fn blamed(&self, question: &Question, failure: &Failure, context: &Context) -> Option<Name> {
        let zone = failure.zone().filter(|_| !context.budget.is_spent())?;
        Some(if zone.zone_of(&question.name) { self.zone_to_blame(question) } else { zone })
    }

    /// Removes the mark which shows that look-ahead asked for a cached answer.
    pub(crate) fn unmark(&self, question: &Question) {
        if let Some(answer) =
            self.flight.memory.answers.get(question.key().as_bytes(), self.flight.clock.mono())
        {
            answer.ahead.take();
        }
    }

    /// Asks a question for look-ahead. The cached answer is marked with `rule` (the number of the rule, from 1) until a client uses it.
    /// `subject` has the limits that the question shares. Returns `None` if the view of the question no longer exists.
    pub async fn ask(&self, question: Question, rule: u8, subject: Arc<SubjectBudget>) -> Option<AskedAhead> {
        let (key, now) = (question.key(), self.flight.clock.mono());
        let view = self.views.load().get(question.view).cloned()?;
        let asked = ClientQuestion::new(question, key, ASKER, now, view);
        let progress = Arc::new(FlightProgress::new(&self.flight.clock));
        let context = asked.context(&progress).looking_ahead(subject);
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
            && !(found.answers.is_empty() && found.concluded_from.is_none())
            && !is_outdated
        {
            // The history uses the names in answers to find the questions of one mail, and says which zone denied a name. The client's later question
            // will be answered from the cache and leaves no such record.
            let (zone, concluded_from) = (found.zone.as_ref(), found.concluded_from.as_ref());
            let so_far = Flown::so_far(context.trail(), question, key.name());
            self.recorder().flown(&Flown { zone, answers: &found.answers, concluded_from, ..so_far });
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
            // If a client is already waiting for this question, it would have got the answer without look-ahead, so the answer gets no mark.
            if messages > 0 && !self.flight.flights.has(key) {
                answer.ahead.set(rule);
            }
            self.flight.keep_answer(asked, answer);
        }
        AskedAhead { answer, blamed, messages }
    }
}
