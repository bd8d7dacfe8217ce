//! Questions for names in the zones of DNS lists. The gate (module `dnsbl::gate`) decides what the answer of the list means, and what the
//! client gets.
//!
//! If an alias leads to a name of a list, the gate judges the answer for the last name of the chain. Otherwise a list that refuses queries,
//! or whose domain is parked, could look as if it had listed the name.
//!
//! See RFC 5782 and RFC 8914. Sub-questions of the iterator, for example for the address of a list's server, are not handled here.

use std::sync::Arc;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};

use super::ListResolver;
use super::list_resolver::ListQuestion;
use super::unknown_reason::unknown_reason;
use super::watched::Watched;
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use crate::resolve::chase::AtList;
use crate::resolve::chased::Chased;
use crate::resolve::client_question::ClientQuestion;
use dns::question::{Answer, ExtendedError, ListSays, Question};
use dns::wire::compose;
use dnsbl::entry::ListEntry;
use dnsbl::gate;
use dnsbl::gate::{Given, ListVerdict, UnknownReason};
use dnsbl::list::{Life, List, OnRefusal, Purpose};
use dnsbl::state::ListState;
use record::event::{ListFault, StepEvent};
use zones::View;

impl ListResolver {
    /// Answers a question for one record type. For a name in the zone of a DNS list, `dnsbl::gate` decides which answer is given.
    pub(in crate::resolve) async fn guarded(
        &self,
        asked: &ClientQuestion,
        context: &Context,
    ) -> Result<Chased, Failure> {
        let ClientQuestion { question: Question { name, kind, .. }, way, .. } = asked;
        let kind = *kind;
        let Some(Watched { list, entry }) = self.list_of_client(asked) else {
            let way = (way, asked.cut.get());
            let found = self.chaser.chase((name, kind), way, AtList::Stops, context).await;
            let mark = if kind == RecordType::A { self.learned_mark(name, &found) } else { None };
            let mut led = found?;
            led.list = mark;
            return match led.entered.take() {
                Some(entered) => Box::pin(self.led_into(entered, led, kind, context)).await,
                None => Ok(led),
            };
        };
        if !list.is_alive() {
            self.warn_of_shut_down(list, entry);
            return self.chaser.chase((name, kind), (way, asked.cut.get()), AtList::Passes, context).await;
        }
        // The future is boxed, because it would make every resolution (flight) larger, and only some questions need it.
        Box::pin(self.judged(ListQuestion { list, entry, name, kind, context })).await
    }

    /// Answers a question whose aliases (`led`) lead to a name of a DNS list. The statistics of the list count the question like a direct
    /// one.
    async fn led_into(
        &self,
        (name, list): (Name, Arc<List>),
        led: Chased,
        kind: RecordType,
        context: &Context,
    ) -> Result<Chased, Failure> {
        let entry = self.list_entry(&context.view, &list);
        let given =
            self.judged(ListQuestion { list: &list, entry: &entry, name: &name, kind, context }).await;
        let mark = given.as_ref().ok().and_then(|given| given.list);
        let says = mark.map_or(ListSays::Unknown, |mark| mark.says);
        entry.miss(says, context.last_answer().map(|_| self.clock.mono().since(context.began())));
        Ok(led.leading_to(given?))
    }

    async fn judged(&self, asked: ListQuestion<'_>) -> Result<Chased, Failure> {
        let found = self.hear_list(asked).await;
        let verdict = Box::pin(self.verdict(asked, &found)).await;
        if let Some(verdict) = &verdict {
            asked.entry.heard(verdict, self.clock.now());
        }
        give(asked, verdict.as_ref(), found)
    }

    /// Returns the state of a DNS list at the servers that `view` asks: its public servers, configured servers, or forwarders.
    pub(crate) fn list_entry(&self, view: &View, list: &List) -> Arc<ListEntry> {
        let way = view.list_route(&list.apex).way();
        match self.table.find(&list.apex, &way) {
            Some(entry) => entry,
            // The question began before a reload, and no view asks the DNS list at these servers any more.
            None if !self.is_asked(&list.apex, &way) => Arc::new(ListEntry::apart(list.apex.clone(), way)),
            None => self.table.entry(&list.apex, &way),
        }
    }

    /// Returns what the answer says about the queried name. Returns `None` if `dnsbl::gate` does not judge it, for example because of its
    /// type.
    async fn verdict(&self, asked: ListQuestion<'_>, found: &Result<Chased, Failure>) -> Option<ListVerdict> {
        let ListQuestion { list, entry, name, kind, context } = asked;
        let chased = match found {
            Ok(chased) => chased,
            Err(failure) => return Some(ListVerdict::Unknown(unknown_reason(list, failure)?)),
        };
        match kind {
            RecordType::A => Some(gate::judge(list, entry.state(), &chased.answers)),
            RecordType::TXT if gate::text_follows_address(list) => {
                let says = chased.answers.iter().any(|record| record.record_type() == RecordType::TXT);
                let known = self.chaser.remembered_addresses(list, name, context);
                // The answer for type A decides: the cached one, or else one that is asked for now. Without TXT records and without a cached
                // answer, the answer means "not listed".
                let answers = match known {
                    Some(answers) => answers,
                    None if says && context.view.guarding.on_refusal(list) != OnRefusal::Pass => {
                        match self.hear_list(ListQuestion { kind: RecordType::A, ..asked }).await {
                            Ok(chased) => chased.answers,
                            Err(failure) => {
                                return Some(ListVerdict::Unknown(unknown_reason(list, &failure)?));
                            }
                        }
                    }
                    None if says => return Some(ListVerdict::Listed),
                    None => Vec::new(),
                };
                match gate::judge(list, entry.state(), &answers) {
                    unknown @ ListVerdict::Unknown(_) => Some(unknown),
                    ListVerdict::Listed if says => Some(ListVerdict::Listed),
                    // Allowlists may have TXT records at names that have no A records (RFC 5518).
                    _ if says && list.purpose == Purpose::Allow => Some(ListVerdict::Listed),
                    _ if says => Some(ListVerdict::Unknown(UnknownReason::TextAlone)),
                    _ => Some(ListVerdict::NotListed),
                }
            }
            _ => None,
        }
    }

    /// Records the result of the tests of a DNS list. If the state changes, the cached answers of the list are removed.
    pub async fn list_is(&self, entry: &ListEntry, state: ListState, why: &str) {
        if entry.tested(state, why, self.clock.now()) {
            self.memory.flush_tree(&entry.apex).await;
        }
    }

    /// Returns the answer for a client whose deadline has passed: SERVFAIL, or for a DNS list the answer that `when_silent` sets.
    pub(in crate::resolve) fn overdue(&self, missed: &ClientQuestion, error: ExtendedError) -> Answer {
        let ClientQuestion { question, view, .. } = missed;
        let now = self.clock.mono();
        let silent = UnknownReason::Silent { what: error.text.clone() };
        let list = missed.live_list();
        let (given, error) = match list.map(|list| (silent.given(list, view.guarding), list)) {
            Some((Given::Nxdomain(replaced), list)) => (Some((list, replaced)), error),
            Some((Given::Servfail(replaced), _)) => (None, replaced),
            Some((Given::Answer, _)) | None => (None, error),
        };
        let made = given.and_then(|(list, error)| {
            compose::answer(&compose::AnswerParts {
                question,
                rcode: ResponseCode::NXDomain,
                answers: &[],
                authorities: &[gate::soa(list)],
                stored: now,
                extended_error: Some(error),
                list: None,
            })
        });
        made.unwrap_or_else(|| compose::failure(question, error, now))
    }

    fn warn_of_shut_down(&self, list: &List, entry: &ListEntry) {
        let now = self.clock.mono();
        entry.miss(ListSays::NotListed, None);
        if entry.shut_down_asked(now)
            && let Life::ShutDown { how } = &list.life
        {
            let apex = list.apex.to_ascii();
            let apex = apex.trim_end_matches('.');
            tracing::warn!(
                "DNS list {apex} is shut down ({how}), and clients still query it; remove it from the configuration of the mail software"
            );
        }
    }
}

/// Turns an answer of a DNS list into the answer that the client gets.
fn give(
    asked: ListQuestion<'_>,
    verdict: Option<&ListVerdict>,
    found: Result<Chased, Failure>,
) -> Result<Chased, Failure> {
    let ListQuestion { list, entry, context, .. } = asked;
    let mark = entry.mark(verdict.map_or(ListSays::Unknown, ListVerdict::says));
    let given = match verdict {
        Some(ListVerdict::Unknown(why)) => why.given(list, context.view.guarding),
        _ => Given::Answer,
    };
    match given {
        Given::Answer => found.map(|chased| Chased { list: Some(mark), ..chased }),
        // If the answers of the list's zone are unusable, for example bogus, the client gets the failure with its own extended error.
        Given::Servfail(_)
            if found.is_err()
                && matches!(verdict, Some(ListVerdict::Unknown(UnknownReason::Unusable { .. }))) =>
        {
            found
        }
        Given::Servfail(error) => {
            context.note(StepEvent::Memory { found: format!("answer replaced: {}", error.text) });
            // A failure of silent servers is recorded for the zone of the servers, and a refusal for the DNS list.
            let fault = match verdict {
                Some(ListVerdict::Unknown(why)) => why.fault(),
                _ => ListFault::Unusable,
            };
            let silent = found.err().filter(|_| fault == ListFault::Silent).map(Box::new);
            Err(Failure::List { silent, fault, error })
        }
        Given::Nxdomain(error) => {
            context.note(StepEvent::Memory { found: format!("answer replaced: {}", error.text) });
            let zone = match found {
                Ok(chased) => chased.zone,
                Err(failure) => failure.zone(),
            };
            Ok(Chased {
                answers: Vec::new(),
                rcode: ResponseCode::NXDomain,
                soa: Some(Box::new(gate::soa(list))),
                zone,
                extended_error: Some(error),
                list: Some(mark),
                ..Chased::default()
            })
        }
    }
}
