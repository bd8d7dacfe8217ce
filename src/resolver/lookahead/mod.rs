//! Look-ahead: resolves in advance the questions that mail software will probably ask next, so that their answers are in the cache when a
//! client asks.
//!
//! Many of the 30 to 90 questions for an email follow from the answer to an earlier one. The rules in `rules` are functions that turn an
//! answer into further questions. A task of the daemon gets the answered questions of clients through a queue, and asks the further
//! questions through `resolve`, as a client does. No client's question waits for this task.
//!
//! # Decisions
//!
//! - A rule is used while clients ask at least 60 % of its questions within 30 s. Otherwise its questions are only counted, which finds out
//!   when the habit of the clients changes. For example, on a host that only sends mail, look-ahead soon asks for no SPF record.
//! - A new rule asks at once: at most 32 questions that no client has used, until 20 are judged. If a new rule only counted first, the
//!   emails of the first seconds would gain nothing.
//! - An MX question with DO comes from software that delivers mail with DANE. The addresses of the mail hosts in such an MX have their own
//!   rules, because software that receives mail asks for the MX of senders, but not for the addresses of its hosts. SPF and DMARC each have
//!   one rule for both directions: answers that were fetched when mail was sent to a domain also help with mail from that domain.
//! - The rules learn only from cache misses. For a cache hit, look-ahead only checks whether it fetched the answer and no client has used
//!   it yet.
//! - SPF, DMARC and DKIM records are queried at the same time as the MX, as soon as the servers of the domain are known. The addresses of
//!   the mail hosts are queried after the MX. So look-ahead ends with the first NXDOMAIN for a domain that spam has invented, and the
//!   servers of a new domain are looked up only once.
//! - Clients have priority. Look-ahead sends one query at a time for a question, and stops while more than half of the allowed resolutions
//!   (flights) or upstream queries are in progress. It asks nothing about zones that gave no answer a moment ago. At most one in four
//!   queries to servers may be for look-ahead answers that no client has used. A client never waits for a look-ahead question, and gets
//!   none of its failures (`resolve::ahead`).
//! - While this host is overloaded, look-ahead does not process the answers to clients' questions, and counts them as lost.
//! - A look-ahead question that a client uses causes no additional query. Therefore only unused questions are limited, by their share of
//!   all queries to servers.
//! - Look-ahead asks no DNS lists: `background::batch` does, which knows the quotas of the lists (option `dnsbl.batch`).

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

pub(crate) mod account;
pub(crate) mod allowance;
mod avoided;
mod expected;
mod in_progress;
mod rules;
mod selectors;
mod state;

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::rr::Name;
use tokio::task::JoinSet;

use self::account::KnownUses;
pub use self::account::RuleCounts;
use self::allowance::KnownQueries;
use self::state::{ClientAnswered, ClientAsked, LookaheadTables, Outside, Start};
use crate::resolve::ahead::{AskedAhead, KnownAhead, LookaheadResolver};
use crate::resolve::answered_events::AnsweredEvent;
use config::{Config, Rule, RuleState};
use dns::clock::Clock;
use dns::hash::Keyed;
use dns::question::{Question, ViewId};
use dns::random::Random;
use record::Counter;

/// The state of look-ahead, which its task and the control socket use.
#[derive(Debug)]
pub struct Lookahead(Mutex<LookaheadTables>);

/// A rule with its state and counts, for the operator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RuleStanding {
    /// The look-ahead rule.
    pub rule: Rule,
    /// The state decides if look-ahead asks the questions of the rule in advance.
    pub state: RuleState,
    /// The questions of the rule since the start of the daemon.
    pub counts: RuleCounts,
    /// The percentage that clients asked, of the recent questions whose time to be used (`AHEAD_WINDOW`) is over. `None` before the first such
    /// question.
    pub share: Option<u32>,
}

impl Lookahead {
    /// Creates empty tables.
    pub fn new(clock: &Clock, random: &Random) -> Arc<Self> {
        Arc::new(Self(Mutex::new(LookaheadTables::new(Keyed::new(random), clock.mono()))))
    }

    /// Returns all rules with their states, in the order in which they are displayed.
    pub fn rules(&self) -> Vec<RuleStanding> {
        let state = self.state();
        let standing = |rule| {
            let account = state.account(rule)?;
            Some(RuleStanding {
                rule,
                state: account.state(),
                counts: account.counts,
                share: account.share(),
            })
        };
        Rule::ALL.into_iter().filter_map(standing).collect()
    }

    /// Marks these rules as useful: another gateway has reported that its clients ask the questions that the rules expect.
    pub fn used_elsewhere(&self, rules: impl Iterator<Item = Rule>) {
        let mut state = self.state();
        rules.for_each(|rule| state.used_elsewhere(rule));
    }

    /// Returns how clients used the questions of each rule lately.
    pub(crate) fn known_uses(&self) -> Vec<(Rule, KnownUses)> {
        let state = self.state();
        let known = |rule| Some((rule, state.account(rule)?.known()));
        Rule::ALL.into_iter().filter_map(known).collect()
    }

    /// Restores how clients of an earlier process used the questions of the rules.
    pub(crate) fn restore_uses(&self, known: impl IntoIterator<Item = (Rule, KnownUses)>) {
        let mut state = self.state();
        known.into_iter().for_each(|(rule, known)| state.restore_uses(rule, known));
    }

    /// Returns the queries that count for the share of unused ones. `sent` is the number of all queries to servers since the start of the daemon.
    pub(crate) fn known_queries(&self, sent: u64) -> KnownQueries {
        self.state().allowance().known(sent)
    }

    /// Counts the queries of an earlier process for the share of unused ones.
    pub(crate) fn restore_queries(&self, known: KnownQueries) {
        self.state().allowance().restore(known);
    }

    /// Returns the names of the DKIM keys that clients have asked for, by domain and view.
    pub(crate) fn known_selectors(&self) -> Vec<(ViewId, Vec<Name>)> {
        let mut state = self.state();
        state.selectors().known()
    }

    /// Restores the names of DKIM keys that clients of an earlier process have asked for.
    pub(crate) fn restore_selectors(&self, known: impl Iterator<Item = (ViewId, Vec<Name>)>) {
        let mut state = self.state();
        known.for_each(|(view, names)| state.selectors().restore(view, &names));
    }

    /// Processes the questions of clients, and asks questions in advance. Never returns.
    pub async fn run(self: Arc<Self>, resolver: Arc<LookaheadResolver>) -> Infallible {
        let mut asking: JoinSet<(Start, Option<AskedAhead>)> = JoinSet::new();
        // After a panic of the task, the questions that were in progress are lost.
        self.state().nothing_in_progress();
        loop {
            let start = tokio::select! {
                biased;
                Some(ended) = asking.join_next() => match ended {
                    Ok((start, ended)) => self.ended(&resolver, &start, ended.as_ref()),
                    // An error means that this task ends.
                    Err(_) => Vec::new(),
                },
                events = resolver.answered() => {
                    // The events are processed one by one, so that the answer in each event is freed before the next is processed.
                    events.into_iter().flat_map(|event| self.take(&resolver, &event)).collect()
                }
            };
            let refused = self.state().take_refused();
            resolver.recorder().count(Counter::LookaheadRefused, refused);
            for start in start {
                let resolver = Arc::clone(&resolver);
                asking.spawn(async move {
                    let (mark, subject) = (start.rule.mark(), Arc::clone(&start.subject));
                    let ended = resolver.ask(start.question.clone(), mark, subject).await;
                    (start, ended)
                });
            }
            // If clients kept the queue full, this task would otherwise never yield the thread, and the watchdog would report it.
            tokio::task::yield_now().await;
        }
    }

    /// Processes an event, and returns the questions to ask. If look-ahead has no room, only the use of earlier questions is counted.
    fn take(&self, resolver: &Arc<LookaheadResolver>, event: &AnsweredEvent) -> Vec<Start> {
        if !matches!(event, AnsweredEvent::Used { .. }) && !resolver.has_room() {
            resolver.recorder().count(Counter::LookaheadLost, 1);
            return Vec::new();
        }
        let now = resolver.clock().mono();
        let (start, used) = match event {
            AnsweredEvent::Asked(asked) => {
                let (question, mode) = (asked.question(), asked.view().lookahead);
                let client = ClientAsked { question, mode, list: &asked.asked_list() };
                (self.state().asked(client, resolver, now), false)
            }
            AnsweredEvent::Delegated(key) => {
                let start = key.question().map(|question| {
                    let mode = resolver.mode(question.view);
                    self.state().delegated((&question, mode), resolver, now)
                });
                (start.unwrap_or_default(), false)
            }
            AnsweredEvent::Answered { asked, answer } => {
                let (question, mode, arrived) = (asked.question(), asked.view().lookahead, asked.arrived());
                let client = ClientAnswered { question, mode, arrived, answer };
                self.state().answered(client, resolver, now)
            }
            AnsweredEvent::Used { key, rule, at } => {
                let used = key.question().zip(Rule::of_mark(*rule));
                (
                    Vec::new(),
                    used.is_some_and(|(question, rule)| {
                        self.state().used_mark(&question, rule, resolver, *at)
                    }),
                )
            }
        };
        resolver.recorder().count(Counter::LookaheadUsed, usize::from(used));
        start
    }

    fn ended(
        &self,
        resolver: &Arc<LookaheadResolver>,
        start: &Start,
        ended: Option<&AskedAhead>,
    ) -> Vec<Start> {
        let messages = ended.map_or(0, |ended| usize::try_from(ended.messages).unwrap_or(usize::MAX));
        resolver.recorder().count(Counter::LookaheadAsked, usize::from(messages > 0));
        resolver.recorder().count(Counter::LookaheadMessages, messages);
        self.state().ended(start, ended, resolver, resolver.clock().mono())
    }

    /// Locks the state even after a panic: wrong counts can only cause or prevent a look-ahead question.
    fn state(&self) -> MutexGuard<'_, LookaheadTables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outside for Arc<LookaheadResolver> {
    fn known(&self, question: &Question) -> KnownAhead {
        LookaheadResolver::known(self, question)
    }

    fn zone(&self, question: &Question) -> Name {
        self.zone_to_blame(question)
    }

    fn failed_zone(&self, question: &Question) -> Name {
        LookaheadResolver::failed_zone(self, question)
    }

    fn has_room(&self) -> bool {
        LookaheadResolver::has_room(self)
    }

    fn messages(&self) -> u64 {
        self.recorder().messages()
    }

    fn config(&self) -> Arc<Config> {
        LookaheadResolver::config(self)
    }

    fn unmark(&self, question: &Question) {
        LookaheadResolver::unmark(self, question);
    }
}
