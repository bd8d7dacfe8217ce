//! Look-ahead: resolves the questions that mail software is likely to ask next, so that their answers are in the cache when a client
//! asks.
//!
//! One mail message leads to 30 to 90 questions in steps that depend on each other. Each answered question of a client can start a chain
//! of further questions. The rules in `rules` choose them: they are pure functions from an answer to questions. A task of the daemon
//! receives the answered questions through a queue, and asks the further questions through `resolve`, as a client does. No client's
//! question waits for this task.
//!
//! # Decisions
//!
//! - A rule must prove itself before it is used. At first it asks nothing, and only counts how many of its questions clients ask within
//!   30 s. The rule is used while this share is at least 60 %; otherwise it only counts again. For example, a host that only sends mail
//!   never asks for SPF records ahead. A rule that is not used sends no query to find out when that changes.
//! - A rule is used as soon as clients have asked six of its first ten questions, or all of its first four. In an earlier version, a rule
//!   waited until twenty questions had been judged, each after 30 s, and the messages of the first minute gained nothing. After a
//!   restart, the rules learn again within ten messages.
//! - An MX question with DO comes from software that delivers mail with DANE. The addresses of the hosts in such an MX have rules of
//!   their own, because software that receives mail asks for the MX of senders, but not for the addresses of its hosts. On a machine that
//!   sends and receives mail, clients would use only one in five questions of a common rule. SPF and DMARC each have one rule for both
//!   directions: what is learned from mail to a domain also helps with mail from that domain.
//! - The rules learn only from cache misses. A question that the cache answers needs no look-ahead, so it produces no event. A cache hit
//!   costs one comparison, which shows whether look-ahead asked for the answer and no client has used it yet.
//! - SPF, DMARC and DKIM records are asked for at the same time as the MX, as soon as the servers of the domain are known. The addresses
//!   of the mail hosts follow after the answer with the MX. For a domain that spam has invented, look-ahead therefore ends with the first
//!   NXDOMAIN, and the servers of a new domain are looked up only once.
//! - Clients come first. Look-ahead never asks two servers at the same time, and sends no second queries. It uses at most half of the
//!   flights and of the queries to servers in progress. It asks nothing about zones that gave no answer a moment ago. At most one in four
//!   queries to servers may be for answers that no client has used. A client never waits for a look-ahead question, and receives none of
//!   its failures (`resolve::ahead`).
//! - A sender whose zone is silent takes no capacity from others: a look-ahead question ends after three seconds, and at most twelve
//!   questions about one zone are in progress. One message needs no more than twelve.
//! - While this host is overloaded, look-ahead does not follow the answers to clients, and counts them as lost.
//! - A look-ahead question that a client uses causes no additional query. Therefore only unused questions are limited, by their share of
//!   all queries to servers. With a limit on all questions, nine of ten queries for a mail could not be sent ahead.
//! - DNS lists are left to `dnsbl.batch`, which knows their quotas. `resolve::answered` reports PTR and MX questions to it, because
//!   clients may ask lists after these too.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

mod account;
mod allowance;
mod avoided;
mod expected;
mod in_progress;
mod rule;
mod rules;
mod selectors;
mod state;

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::rr::Name;
use tokio::task::JoinSet;

pub use self::account::{RuleCounts, RuleState};
pub use self::rule::Rule;
use self::state::{ClientAnswered, ClientAsked, LookaheadTables, Outside, Start};
use crate::config::Config;
use crate::resolve::ahead::{AskedAhead, KnownAhead, LookaheadResolver};
use crate::resolve::answered_events::AnsweredEvent;
use dns::clock::Clock;
use dns::hash::Keyed;
use dns::question::Question;
use dns::random::Random;
use history::Counter;

/// The state of look-ahead, for its task and for the control socket.
#[derive(Debug)]
pub struct Lookahead(Mutex<LookaheadTables>);

/// A rule with its state and its counts, for display.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RuleStanding {
    /// The rule.
    pub rule: Rule,
    /// The state of the rule.
    pub state: RuleState,
    /// The counts of the rule since the start.
    pub counts: RuleCounts,
    /// The percentage of recently judged questions that clients used or would have used. `None` before the first question was judged.
    pub share: Option<u32>,
}

impl Lookahead {
    /// Creates the state of look-ahead at the start of the daemon, with empty tables.
    pub fn new(clock: &Clock, random: &Random) -> Arc<Self> {
        Arc::new(Self(Mutex::new(LookaheadTables::new(Keyed::new(random), clock.mono()))))
    }

    /// Returns the rules in the order in which they are shown.
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

    /// Asks questions ahead until the task is cancelled.
    pub async fn run(self: Arc<Self>, resolver: Arc<LookaheadResolver>) -> Infallible {
        let mut asking: JoinSet<(Start, Option<AskedAhead>)> = JoinSet::new();
        // If this task has panicked before, the questions that were in progress then are lost.
        self.state().nothing_in_progress();
        loop {
            let start = tokio::select! {
                biased;
                Some(ended) = asking.join_next() => match ended {
                    Ok((start, ended)) => self.ended(&resolver, &start, ended.as_ref()),
                    // The question was cancelled, because this task ends.
                    Err(_) => Vec::new(),
                },
                events = resolver.answered() => {
                    // The answers are processed one by one, so that each is freed before the next is read.
                    events.into_iter().flat_map(|event| self.take(&resolver, &event)).collect()
                }
            };
            let refused = self.state().take_refused();
            resolver.recorder().count(Counter::LookaheadRefused, refused);
            for start in start {
                let resolver = Arc::clone(&resolver);
                asking.spawn(async move {
                    let ended = resolver.ask(start.question.clone(), start.rule.mark()).await;
                    (start, ended)
                });
            }
            // If clients kept the queue full, this task would otherwise never yield the thread, and the watchdog would report it.
            tokio::task::yield_now().await;
        }
    }

    /// Processes an event, and returns the questions to ask. While clients need the capacity, only the use of earlier questions is
    /// counted.
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

    /// Locks the state, even after a panic: wrong counts can only cause or save a question.
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
