//! Look-ahead: asks what mail software asks next, so that the answer is in memory when the client asks.
//!
//! A message costs 30 to 90 questions in dependent steps. A client's answered question starts a chain of further ones
//! by rules (`rules`): pure functions from an answer to questions. A task of the daemon learns of answered questions
//! through a queue and asks through `resolve` as a client does; no client's question waits for it.
//!
//! # Decisions
//!
//! - A rule proves itself before it is used. It first counts which of its questions clients ask within 30 s, without asking; it
//!   is used while that is at least 60 %, and otherwise counts again. So an outbound host never asks for SPF, and a rule that
//!   is not used sends no query to find out when that changes.
//! - A rule begins once clients have asked six of its first ten questions, or all of its first four. When it waited until twenty questions were
//!   judged, after 30 s, the messages of the first minute gained nothing. After a
//!   restart they learn again within ten messages.
//! - An MX asked with DO is one of software that delivers with DANE. The addresses of its hosts are rules of their own, as
//!   software that receives mail asks for the MX of senders, and for no host: on a host that does both, the rules for
//!   all MX would be used by one question in five. SPF and DMARC have one rule for both, as what mail to a domain
//!   teaches helps the mail that comes from it.
//! - Only misses teach it. A question that memory answers needs no look-ahead, so its trigger needs no event, and a
//!   hit costs one comparison: whether its answer was asked ahead and is used for the first time.
//! - SPF, DMARC and DKIM are asked at the same time as the MX once the servers of the domain are known, and the
//!   addresses of its hosts follow
//!   the answer. So a made-up domain of spam ends with its first NXDOMAIN, and the way to a new domain is asked once.
//! - Clients come first: no race, no hedge, at most half of the flights and of the queries to servers in progress, none in
//!   zones that gave no answer a moment ago, and at most one in four queries to servers for answers that no client has used. A
//!   client never waits for a question of look-ahead, and gets none of its failures (`resolve::ahead`).
//! - A sender with a silent zone takes no turn of others: a question ends after three seconds, and twelve of a zone are in
//!   progress at most, as many as a message has.
//! - While this host is overloaded, answers of clients are not followed, and count as lost.
//! - A question that a client uses costs no query more, so only unused questions are bounded, by the share of all queries to
//!   servers. Otherwise nine of ten queries of a mail could not be sent ahead.
//! - DNS lists are left to `dnsbl.batch`, which knows their quotas. `resolve::answered` reports PTR and MX to it, as lists
//!   may follow these too.

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

/// A rule, for people.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RuleStanding {
    /// The rule.
    pub rule: Rule,
    /// Its state.
    pub state: RuleState,
    /// Its counts since the start.
    pub counts: RuleCounts,
    /// Per cent of the questions judged lately that clients used, or would have used; none before the first.
    pub share: Option<u32>,
}

impl Lookahead {
    /// Nothing is known.
    pub fn new(clock: &Clock, random: &Random) -> Arc<Self> {
        Arc::new(Self(Mutex::new(LookaheadTables::new(Keyed::new(random), clock.mono()))))
    }

    /// The rules, in order.
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

    /// Asks ahead as long as it runs.
    pub async fn run(self: Arc<Self>, resolver: Arc<LookaheadResolver>) -> Infallible {
        let mut asking: JoinSet<(Start, Option<AskedAhead>)> = JoinSet::new();
        // After a panic of this task, its questions are gone.
        self.state().nothing_in_progress();
        loop {
            let start = tokio::select! {
                biased;
                Some(ended) = asking.join_next() => match ended {
                    Ok((start, ended)) => self.ended(&resolver, &start, ended.as_ref()),
                    // It was cancelled: this task ends.
                    Err(_) => Vec::new(),
                },
                events = resolver.answered() => {
                    // Each answer is freed before the next is read.
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
            // A queue that others keep full would otherwise hold the runtime's thread, and the watchdog would miss this task.
            tokio::task::yield_now().await;
        }
    }

    /// Takes in an event, and returns the questions to ask. While clients need the room, only uses are counted.
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

    /// Locks after a panic too: wrong counts only cost or save a question.
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
