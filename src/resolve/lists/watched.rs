//! Reports questions to DNS lists to their breakers and statistics, and holds questions back if these say so.
//!
//! No question waits for these reports.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::Either;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

use super::list_question::ListQuestion;
use super::shared::Turn;
use crate::clock::Mono;
use crate::dnsbl::breaker::ListQueryEnd;
use crate::dnsbl::entry::ListEntry;
use crate::dnsbl::gate::{self, Given, ListVerdict, UntoldReason};
use crate::dnsbl::list::List;
use crate::dnsbl::list_events::ListEventKind;
use crate::dnsbl::list_way::Way;
use crate::dnsbl::network_answers::NetworkAnswers;
use crate::dnsbl::state::ListState;
use crate::dnsbl::watch;
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use crate::question::{Client, ExtendedError, ListSays, Outcome, Question, QuestionKey};
use crate::record::event::StepEvent;
use crate::resolve::chase::Chased;
use crate::resolve::client_question::ClientQuestion;
use crate::resolve::flight::compose_answer;
use crate::resolve::{Asked, Replied, Resolver};

/// The list of a question, and its state.
pub(in crate::resolve) struct Watched {
    list: Arc<List>,
    entry: Arc<ListEntry>,
}

impl Resolver {
    /// The list that a client's question asks.
    pub(in crate::resolve) fn watched(&self, missed: &ClientQuestion) -> Option<Watched> {
        let list = Arc::clone(missed.live_list()?);
        let entry = self.list_entry(&missed.view, &list);
        Some(Watched { list, entry })
    }

    /// Answers a client's question to a list as soon as its servers answer or are known to be silent.
    pub(in crate::resolve) async fn ask_watched(
        self: &Arc<Self>,
        watched: &Watched,
        missed: &Arc<ClientQuestion>,
    ) -> Asked {
        let now = self.clock.mono();
        let ClientQuestion { question, arrived, .. } = &**missed;
        if watched.entry.watch.wanted(question.view, watched.list.quota, now) {
            self.lists.wake();
        }
        if question.kind == RecordType::A {
            self.lists.ring.tell(missed.key.as_bytes(), ListEventKind::Asked(None), now);
        }
        let asked = self.ask_unless_held(watched, missed, now).await;
        if let Asked::Replied(replied) = &asked {
            let says = replied.answer.list.map_or(ListSays::Untold, |mark| mark.says);
            watched.entry.miss(says, self.clock.mono().since(*arrived));
        }
        asked
    }

    /// Answers a question of the operator like a client's, but does not mark the list as in use and prefetch learns
    /// nothing from it.
    pub async fn ask_unmarked(self: &Arc<Self>, question: Question, client: Client) -> Asked {
        let arrived = self.clock.mono();
        let key = question.key();
        if let Some(answer) = self.memory.answers.get(key.as_bytes(), arrived) {
            return Asked::Replied(Replied { outcome: Outcome::Cache, answer, trail: None });
        }
        let Some(view) = self.views.load().get(question.view).cloned() else {
            return self.shed(&question, "a reload removed the listener of this query");
        };
        let missed = Arc::new(ClientQuestion::new(question, key, client, arrived, view));
        let Some(watched) = self.watched(&missed) else { return self.join(&missed).await };
        self.ask_unless_held(&watched, &missed, arrived).await
    }

    /// The immediate answer of a list that does not answer.
    fn held(&self, watched: &Watched, missed: &ClientQuestion, now: Mono) -> Option<Asked> {
        let ClientQuestion { question, view, .. } = missed;
        let what = watched.entry.why_held()?.to_owned();
        // A list that refuses is reported as such for any number of queries.
        let refuses = watched.entry.state() == ListState::Refusing;
        let why = if refuses { UntoldReason::NotServed { what } } else { UntoldReason::Silent { what } };
        let error = |error: ExtendedError| self.failed(Outcome::Remembered, question, error);
        match why.given(&watched.list, view.guarding) {
            Given::Servfail(told) => Some(error(told)),
            Given::Answer => {
                let text = why.sentence(&watched.list.apex);
                Some(error(ExtendedError::new(ExtendedError::NO_REACHABLE_AUTHORITY, text)))
            }
            Given::Nxdomain(told) => {
                let made = Chased {
                    rcode: ResponseCode::NXDomain,
                    soa: Some(Box::new(gate::soa(&watched.list))),
                    extended_error: Some(told),
                    ..Chased::default()
                };
                let answer = Arc::new(compose_answer(question, &made, now).ok()?);
                Some(Asked::Replied(Replied { outcome: Outcome::Cache, answer, trail: None }))
            }
        }
    }

    /// Asks a list unless its servers are known to be silent, and waits until they answer or are found silent.
    async fn ask_unless_held(
        self: &Arc<Self>,
        watched: &Watched,
        missed: &Arc<ClientQuestion>,
        now: Mono,
    ) -> Asked {
        if let Some(held) = self.held(watched, missed, now) {
            return held;
        }
        let (waiting, opened) =
            (std::pin::pin!(self.join(missed)), std::pin::pin!(watched.entry.watch.opened()));
        match futures_util::future::select(waiting, opened).await {
            Either::Left((asked, _)) => asked,
            Either::Right(((), waiting)) => match self.held(watched, missed, self.clock.mono()) {
                Some(held) => held,
                None => waiting.await,
            },
        }
    }

    /// The answer of a list, asked once for all listeners whose clients see the same zones.
    pub(in crate::resolve) async fn hear_list(&self, asked: ListQuestion<'_>) -> Result<Chased, Failure> {
        let ListQuestion { name, kind, context, .. } = asked;
        let question = Question { view: context.view.knows, ..Question::new(name, kind) };
        let key = Question { checking_disabled: !context.checks(), ..question }.key();
        let first = match self.asking.join(key) {
            Turn::First(first) => first,
            Turn::Waits(heard) => {
                let what = "a query in progress for clients of another listener".to_owned();
                context.note(StepEvent::Memory { found: what });
                return match heard.await {
                    Ok(heard) => heard.as_ref().clone().map(|chased| Chased { shared: true, ..chased }),
                    // An error means that the flight that asked was given up.
                    Err(_) => self.ask_list(asked).await,
                };
            }
        };
        let heard = Arc::new(self.ask_list(asked).await);
        first.tell(Arc::clone(&heard));
        Arc::unwrap_or_clone(heard)
    }

    /// Asks a list, and reports the result.
    pub(in crate::resolve) async fn ask_list(&self, asked: ListQuestion<'_>) -> Result<Chased, Failure> {
        let ListQuestion { entry, name, kind, context, .. } = asked;
        let (began, before) = (self.clock.mono(), context.budget.packets());
        let under_way = entry.watch.asked(began);
        self.lists.wake_in_time();
        let found = self.chase(name, kind, (context.view.route(name, kind), None), context).await;
        under_way.ended();
        let now = self.clock.now();
        let answered = found.as_ref().ok().and_then(|chased| chased.answered);
        let asked = watch::ListOutcome {
            end: end_of(&found),
            elapsed: now.mono.since(began),
            round_trip: answered.map(|(_, round_trip)| round_trip),
            went_out: context.budget.packets() > before,
            refused: found.as_ref().is_ok_and(|chased| refuses(entry, kind, chased, context)),
            // A list whose names need a key may refuse queries for its apex although it works.
            probe: context.is_on_the_side() && *name != entry.apex,
            negative_ttl: found.as_ref().ok().and_then(negative_ttl),
        };
        entry.ended(&asked, now);
        if asked.end == ListQueryEnd::Failed {
            // A probe may be due.
            self.lists.wake();
        }
        found
    }

    /// Reports the result of a question to a list.
    pub(in crate::resolve) fn tell_lists(
        &self,
        question: &Question,
        key: &QuestionKey,
        chased: &Result<Chased, Failure>,
        context: &Context,
    ) {
        let says = match chased {
            Ok(chased) => chased.list.map(|mark| mark.says),
            Err(Failure::List { .. }) => Some(ListSays::Untold),
            Err(_) => None,
        };
        if let Some(says) = says.filter(|_| question.kind == RecordType::A) {
            let what = ListEventKind::CameOut { says, went_out: context.budget.packets() > 0 };
            self.lists.ring.tell(key.as_bytes(), what, self.clock.mono());
        }
    }

    /// Whether others on the same way answer. That separates the silence of a list from an outage of this host's
    /// network.
    pub fn evidence(&self, way: &Way) -> NetworkAnswers {
        match way {
            Way::Public | Way::Stub(_) => self.iterate.evidence(),
            Way::Forwarders(_) => self.lists.through(way),
        }
    }
}

/// The result of a question to a list.
fn end_of(found: &Result<Chased, Failure>) -> ListQueryEnd {
    match found {
        Ok(_) => ListQueryEnd::Answered,
        Err(Failure::Servers { faults, .. } | Failure::Time { faults, .. })
            if faults.iter().any(|(_, conduct)| conduct.came_back()) =>
        {
            ListQueryEnd::Failed
        }
        Err(
            Failure::Servers { .. }
            | Failure::Silent { .. }
            | Failure::Time { .. }
            | Failure::Addresses { .. },
        ) => ListQueryEnd::Silent,
        // Its servers answered, but the answer leads nowhere or is bogus.
        Err(_) => ListQueryEnd::Answered,
    }
}

/// Whether an answer of a list is a refusal.
fn refuses(entry: &ListEntry, kind: RecordType, chased: &Chased, context: &Context) -> bool {
    let list = context.view.route(&entry.apex, kind).policy.list.as_deref();
    let verdict = list.map(|list| gate::judge(list, ListState::Untested, &chased.answers));
    matches!(verdict, Some(ListVerdict::Untold(why)) if why.state().is_some())
}

/// How long a negative answer may be kept.
fn negative_ttl(chased: &Chased) -> Option<Duration> {
    chased.soa.as_ref().map(|soa| Duration::from_secs(soa.ttl.into()))
}
