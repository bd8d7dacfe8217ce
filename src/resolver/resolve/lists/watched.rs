//! Reports the results of questions to DNS lists to the breakers and statistics of the lists. If the breaker of a list has opened, because
//! the list does not answer, a question is answered without asking the list.

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};

use super::ListResolver;
use super::list_resolver::ListQuestion;
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use crate::resolve::chase::AtList;
use crate::resolve::chased::{Chased, compose_answer};
use crate::resolve::client_question::{AskedList, ClientQuestion};
use crate::resolve::lists::unknown_reason::unknown_reason;
use crate::resolve::shared_work::JoinedWork;
use dns::clock::Mono;
use dns::question::{Answer, ListMark, ListSays, Outcome, Question, QuestionKey};
use dns::wire::compose;
use dnsbl::breaker::ListQueryEnd;
use dnsbl::entry::ListEntry;
use dnsbl::gate::{Given, ListVerdict, UnknownReason};
use dnsbl::list::List;
use dnsbl::list_events::ListEventKind;
use dnsbl::list_way::Way;
use dnsbl::network_answers::NetworkAnswers;
use dnsbl::state::ListState;
use dnsbl::{gate, watch};
use record::event::StepEvent;

#[derive(Clone, Copy)]
pub(in crate::resolve) struct Watched<'a> {
    pub(in crate::resolve) list: &'a List,
    pub(in crate::resolve) entry: &'a ListEntry,
}

impl ListResolver {
    /// Returns the DNS list of a client's question. Returns `None` if the operator of the list has shut it down.
    pub(in crate::resolve) fn watched<'a>(&self, missed: &'a ClientQuestion) -> Option<Watched<'a>> {
        missed.live_list()?;
        self.list_of_client(missed)
    }

    /// Returns the DNS list of a client's question, even if it was shut down. Its state is looked up only once for each question.
    pub(super) fn list_of_client<'a>(&self, missed: &'a ClientQuestion) -> Option<Watched<'a>> {
        let AskedList { list, entry, .. } = missed.list.as_ref()?;
        let entry = entry.get_or_init(|| self.list_entry(&missed.view, list));
        Some(Watched { list, entry })
    }

    /// Returns the answer that the client gets if the list is known not to answer or to refuse queries, or `None` if the list must be asked.
    pub(in crate::resolve) fn held(
        &self,
        watched: Watched<'_>,
        missed: &ClientQuestion,
        now: Mono,
    ) -> Option<(Outcome, Answer)> {
        let ClientQuestion { question, view, .. } = missed;
        let why = watched.entry.why_held()?;
        let error = |error| (Outcome::Remembered, compose::failure(question, error, now));
        match why.given(watched.list, view.guarding) {
            Given::Servfail(replaced) => Some(error(replaced)),
            Given::Answer if why.state().is_some() => None,
            Given::Answer => Some(error(why.extended_error(&watched.list.apex))),
            Given::Nxdomain(replaced) => {
                let made = Chased {
                    rcode: ResponseCode::NXDomain,
                    soa: Some(Box::new(gate::soa(watched.list))),
                    extended_error: Some(replaced),
                    ..Chased::default()
                };
                Some((Outcome::Cache, compose_answer(question, &made, now).ok()?))
            }
        }
    }

    /// Returns the answer of a DNS list. If clients of several listeners ask the same question and see the same zones, the list is asked only once.
    pub(in crate::resolve) async fn hear_list(&self, asked: ListQuestion<'_>) -> Result<Chased, Failure> {
        let ListQuestion { name, kind, context, .. } = asked;
        let question = Question { view: context.view.knows, ..Question::new(name, kind) };
        let key = Question { checking_disabled: !context.checks(), ..question }.key();
        let first = match self.asking.join(&key) {
            JoinedWork::First(_, first) => first,
            JoinedWork::Full => return self.ask_list(asked).await,
            JoinedWork::Waits(heard) => {
                let what = "a query in progress for clients of another listener".to_owned();
                context.note(StepEvent::Memory { found: what });
                return match heard.await {
                    Ok(heard) => heard.as_ref().clone().map(|chased| Chased { shared: true, ..chased }),
                    // The resolution (flight) that asked the list was given up, so this one asks the list itself.
                    Err(_) => self.ask_list(asked).await,
                };
            }
        };
        let heard = Arc::new(self.ask_list(asked).await);
        first.end(Arc::clone(&heard));
        Arc::unwrap_or_clone(heard)
    }

    /// Asks a DNS list, and reports the result to the breaker and the statistics of the list.
    pub(in crate::resolve) async fn ask_list(&self, asked: ListQuestion<'_>) -> Result<Chased, Failure> {
        let ListQuestion { entry, name, kind, context, .. } = asked;
        let (began, before) = (self.clock.mono(), context.budget.packets());
        let before_to_list = context.budget.to_list();
        let under_way = entry.watch.asked(began);
        self.table.wake_in_time();
        let way = (context.view.route(name, kind), None);
        let found = self.chaser.chase((name, kind), way, AtList::Passes, context).await;
        under_way.ended();
        let now = self.clock.now();
        let answered = found.as_ref().ok().and_then(|chased| chased.answered);
        let refusal = refusal(asked, &found);
        // If a forwarder returns REFUSED, the forwarder may be at fault, so it counts like other errors.
        let is_of_list = refusal.is_some() && (found.is_ok() || !entry.way.is_forwarded());
        let end = if is_of_list { ListQueryEnd::Refused } else { end_of(asked, &found) };
        let asked = watch::ListOutcome {
            end,
            elapsed: now.mono.since(began),
            round_trip: answered.map(|(_, round_trip)| round_trip),
            went_out: context.budget.packets() > before,
            sent: context.budget.to_list().saturating_sub(before_to_list).max(1),
            // A query for the apex does not count as a probe: a list that requires a customer key in names may refuse it although the list works.
            probe: context.is_on_the_side() && *name != entry.apex,
            negative_ttl: found.as_ref().ok().and_then(negative_ttl),
        };
        if entry.ended(&asked, refusal, now) {
            self.memory.flush_tree(&entry.apex).await;
        }
        if matches!(asked.end, ListQueryEnd::Failed | ListQueryEnd::Refused) {
            // The failure may have opened the breaker of the list, so the task that sends probes is woken.
            self.table.wake();
        }
        found
    }

    /// Reports a client's question to `background::batch` if it looks like a question to an unknown DNS list.
    pub(in crate::resolve) fn notice(&self, missed: &ClientQuestion) {
        let ClientQuestion { question, key, arrived, list, .. } = missed;
        if list.is_none()
            && matches!(question.kind, RecordType::A | RecordType::TXT)
            && self.table.lookalikes().notice(&question.name)
            && question.kind == RecordType::A
        {
            self.table.events.push(key.as_bytes(), ListEventKind::Asked(None), *arrived);
        }
    }

    /// Records the result of a question that belongs to no known DNS list. If its zone looks like a DNS list (see `lookalike`), returns a
    /// mark with this list and what it says. Only `background::batch` uses this mark.
    pub(super) fn learned_mark(&self, name: &Name, found: &Result<Chased, Failure>) -> Option<ListMark> {
        let answer = found.as_ref().ok();
        let round_trip = answer.and_then(|chased| chased.answered).map(|(_, round_trip)| round_trip);
        let list = self.table.lookalikes().heard(
            name,
            answer.is_some(),
            round_trip,
            answer.and_then(negative_ttl),
        )?;
        let says = if answer?.answers.is_empty() { ListSays::NotListed } else { ListSays::Listed };
        Some(ListMark { list, says })
    }

    /// Reports the result of a question to `background::batch`, which observes which lists clients ask together.
    pub(in crate::resolve) fn report_to_batches(
        &self,
        question: &Question,
        key: &QuestionKey,
        chased: &Result<Chased, Failure>,
        context: &Context,
    ) {
        let says = match chased {
            Ok(chased) => chased.list.map(|mark| mark.says),
            Err(Failure::List { .. }) => Some(ListSays::Unknown),
            Err(_) => None,
        };
        if let Some(says) = says.filter(|_| question.kind == RecordType::A) {
            let what = ListEventKind::CameOut { says, went_out: context.budget.packets() > 0 };
            self.table.events.push(key.as_bytes(), what, self.clock.mono());
        }
    }

    /// Returns when other servers last answered: servers of the internet, or the same forwarders for other questions. This shows whether
    /// only the list is silent, or whether the network of this host has an outage.
    pub fn evidence(&self, way: &Way) -> NetworkAnswers {
        match way {
            Way::Public | Way::Stub(_) => self.iterate.evidence(),
            Way::Forwarders(_) => self.table.through(way),
        }
    }
}

fn end_of(asked: ListQuestion<'_>, found: &Result<Chased, Failure>) -> ListQueryEnd {
    match found {
        Ok(chased) if says_something(asked, chased) => ListQueryEnd::Worked,
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
        // The servers of the list answered, for example with a loop of aliases or a bogus answer.
        Err(_) => ListQueryEnd::Answered,
    }
}

/// Returns true if the answer says "listed" or "not listed". An answer for the apex or for another type may look the same if the list refuses
/// queries.
fn says_something(asked: ListQuestion<'_>, chased: &Chased) -> bool {
    let ListQuestion { list, entry, name, kind, .. } = asked;
    let is_telling = kind == RecordType::A || (kind == RecordType::TXT && !gate::text_follows_address(list));
    let verdict = gate::judge(list, ListState::Untested, &chased.answers);
    is_telling && *name != entry.apex && verdict.says() != ListSays::Unknown
}

/// Returns the refusal of the list, if it has refused the question. A list that requires a customer key may refuse a question for its apex although
/// it works.
fn refusal(asked: ListQuestion<'_>, found: &Result<Chased, Failure>) -> Option<UnknownReason> {
    let ListQuestion { list, entry, name, .. } = asked;
    let why = match found {
        Ok(chased) => match gate::judge(list, ListState::Untested, &chased.answers) {
            ListVerdict::Unknown(why) => why,
            ListVerdict::Listed | ListVerdict::NotListed => return None,
        },
        Err(failure) => unknown_reason(list, failure)?,
    };
    Some(why).filter(|why| why.state().is_some() && *name != entry.apex)
}

fn negative_ttl(chased: &Chased) -> Option<Duration> {
    chased.soa.as_ref().map(|soa| Duration::from_secs(soa.ttl.into()))
}
