//! The state of look-ahead: the chains of questions, the questions that clients are expected to ask, and the accounts of the rules.
//!
//! `Outside` gives these functions the state of the resolver. The task in `mod` carries out their decisions.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};

use super::account::{KnownUses, RuleAccount};
use super::allowance::QueryAllowance;
use super::avoided::Avoided;
use super::expected::{ChainNumber, Expected, ExpectedKey, ExpectedQuestions, key_of};
use super::in_progress::InProgress;
use super::rules::{self, AnswerFacts, Further, RuleStep};
use super::selectors::Selectors;
use crate::iterate::context::SubjectBudget;
use crate::limits::{
    AHEAD_FAILED_TIME, AHEAD_RISK, AHEAD_SHORT_TIME, AHEAD_WINDOW, MAX_AHEAD_CHAINS, MAX_AHEAD_OF_SUBJECT,
    MAX_SPF_LOOKUPS,
};
use crate::resolve::ahead::{AskedAhead, KnownAhead};
use config::{Config, LookaheadMode, Rule, RuleState};
use dns::clock::Mono;
use dns::hash::Keyed;
use dns::question::{Answer, ExtendedError, Question};
use dnsbl::list::AskedAbout;

pub(super) trait Outside {
    /// Returns the cached answer, or whether look-ahead may ask the question.
    fn known(&self, question: &Question) -> KnownAhead;
    /// Returns the zone that look-ahead avoids for some time if `question` fails. Look-ahead itself has asked `question`.
    fn zone(&self, question: &Question) -> Name;
    /// Returns the zone that look-ahead avoids because this question of a client has failed.
    fn failed_zone(&self, question: &Question) -> Name;
    /// Returns true if clients use so little of the resolver's capacity that there is room for look-ahead.
    fn has_room(&self) -> bool;
    /// Returns how many queries were sent to servers since the start of the daemon.
    fn messages(&self) -> u64;
    fn config(&self) -> Arc<Config>;
    /// Removes the mark of look-ahead from a cached answer, because a client's use of the answer has been counted.
    fn unmark(&self, question: &Question);
}

/// A client's question to a DNS list whose answer was not in the cache.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientAsked<'a> {
    pub(super) question: &'a Question,
    pub(super) mode: LookaheadMode,
    pub(super) list: &'a AskedAbout,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct ClientAnswered<'a> {
    pub(super) question: &'a Question,
    pub(super) mode: LookaheadMode,
    pub(super) arrived: Mono,
    pub(super) answer: &'a Answer,
}

#[derive(Clone, Debug)]
pub(super) struct Start {
    pub(super) question: Question,
    pub(super) rule: Rule,
    pub(super) key: ExpectedKey,
    /// The zone against whose limit of look-ahead questions in progress the question counts.
    pub(super) zone: Name,
    /// The limits that the questions of the chain share.
    pub(super) subject: Arc<SubjectBudget>,
}

/// A chain: questions about one address or one domain. Each follows from the answer to another.
#[derive(Debug)]
struct RuleChain {
    mode: LookaheadMode,
    /// The configuration when the chain began. If it changes, the chain ends.
    config: Arc<Config>,
    /// The client's question with which the chain began. All questions of the chain have its flags and its view.
    like: Question,
    /// How many questions look-ahead may still ask.
    asked_left: u8,
    /// How many more expected questions of the chain look-ahead may count without asking them.
    observed_left: u8,
    lookups: u8,
    subject: Arc<SubjectBudget>,
}

#[derive(Debug)]
pub(super) struct LookaheadTables {
    accounts: [RuleAccount; Rule::ALL.len()],
    expected: ExpectedQuestions,
    chains: BTreeMap<ChainNumber, RuleChain>,
    /// The chains in the order in which they began, each with the time at which it began.
    order: VecDeque<(ChainNumber, Mono)>,
    next_chain: ChainNumber,
    allowance: QueryAllowance,
    avoided: Avoided,
    selectors: Selectors,
    in_progress: InProgress,
    /// The number of questions that a limit has prevented since the last `take_refused`.
    refused: usize,
}

impl LookaheadTables {
    pub(super) fn new(keyed: Keyed, now: Mono) -> Self {
        Self {
            accounts: Default::default(),
            expected: ExpectedQuestions::new(keyed),
            chains: BTreeMap::new(),
            order: VecDeque::new(),
            next_chain: 0,
            allowance: QueryAllowance::new(now),
            avoided: Avoided::default(),
            selectors: Selectors::new(keyed),
            in_progress: InProgress::default(),
            refused: 0,
        }
    }

    pub(super) fn account(&self, rule: Rule) -> Option<&RuleAccount> {
        self.accounts.get(rule.index())
    }

    /// Marks this rule as useful: another gateway has reported that its clients ask its questions.
    pub(super) fn used_elsewhere(&mut self, rule: Rule) {
        if let Some(account) = self.accounts.get_mut(rule.index()) {
            account.used_elsewhere();
        }
    }

    pub(super) fn restore_uses(&mut self, rule: Rule, known: KnownUses) {
        if let Some(account) = self.accounts.get_mut(rule.index()) {
            account.restore(known);
        }
    }

    pub(super) fn allowance(&mut self) -> &mut QueryAllowance {
        &mut self.allowance
    }

    pub(super) fn selectors(&mut self) -> &mut Selectors {
        &mut self.selectors
    }

    pub(super) fn take_refused(&mut self) -> usize {
        std::mem::take(&mut self.refused)
    }

    /// Sets the number of questions in progress to 0, after a panic of the task.
    pub(super) fn nothing_in_progress(&mut self) {
        self.in_progress = InProgress::default();
    }

    /// Processes a client's question to a DNS list. Returns the questions that look-ahead should ask now.
    pub(super) fn asked(&mut self, client: ClientAsked<'_>, outside: &impl Outside, now: Mono) -> Vec<Start> {
        let ClientAsked { question, mode, list } = client;
        self.settle(now);
        let AskedAbout::Address(address) = list else { return Vec::new() };
        self.begin((question, mode), vec![rules::of_address(*address)], outside, now)
    }

    /// Called when the servers of a domain are about to be asked for its MX. Returns the questions that look-ahead should ask at the same
    /// time.
    pub(super) fn delegated(
        &mut self,
        (question, mode): (&Question, LookaheadMode),
        outside: &impl Outside,
        now: Mono,
    ) -> Vec<Start> {
        self.settle(now);
        let further = rules::of_domain(&question.name).into_iter().chain(self.keys(question));
        let further = further.chain(of_next_hop(question, outside)).collect();
        self.begin((question, mode), further, outside, now)
    }

    fn keys(&self, question: &Question) -> Vec<Further> {
        let keys = self.selectors.for_domain(question.view, &question.name);
        keys.iter().map(|name| rules::of_key(name.clone())).collect()
    }

    /// Processes a client's question that was answered. Returns the questions that look-ahead should ask now, and true if look-ahead had
    /// asked the client's question in advance.
    pub(super) fn answered(
        &mut self,
        client: ClientAnswered<'_>,
        outside: &impl Outside,
        now: Mono,
    ) -> (Vec<Start>, bool) {
        self.settle(now);
        let ClientAnswered { question, mode, arrived, answer } = client;
        let was_expected = self.used(question, arrived, outside);
        if answer.rcode == ResponseCode::ServFail {
            if is_of_servers(answer) {
                self.avoided.add(question.view, outside.failed_zone(question), AHEAD_FAILED_TIME, now);
            }
            return (Vec::new(), was_expected.is_some_and(|used| used.asked));
        }
        if question.kind == RecordType::TXT && !answer.is_negative() {
            self.selectors.note(question.view, &question.name, answer);
        }
        let start = match was_expected {
            // The chain continues when look-ahead's own question ends.
            Some(UsedBy { asked: true, .. }) => return (Vec::new(), true),
            Some(UsedBy { chain, step, .. }) => {
                let further = further(step, &question.name, answer).unwrap_or_default();
                self.plan(chain, further, outside, now)
            }
            None => {
                let step = rules::begins(question);
                let Some(mut further) = further(step, &question.name, answer) else {
                    return (Vec::new(), false);
                };
                further.extend(self.keys(question));
                further.extend(of_next_hop(question, outside));
                self.begin((question, mode), further, outside, now)
            }
        };
        (start, false)
    }

    /// Called when a client uses a cached answer that look-ahead fetched because of `rule`. Returns true if this counts as a use.
    pub(super) fn used_mark(
        &mut self,
        question: &Question,
        rule: Rule,
        outside: &impl Outside,
        at: Mono,
    ) -> bool {
        self.settle(at);
        if self.expected.get_mut(&key_of(&question.key())).is_some() {
            return self.used(question, at, outside).is_some_and(|used| used.asked);
        }
        if let Some(account) = self.accounts.get_mut(rule.index()) {
            account.used_late();
        }
        true
    }

    /// Processes the end of a look-ahead question. `ended` is `None` if the question could not be asked. Returns the questions that follow.
    pub(super) fn ended(
        &mut self,
        start: &Start,
        ended: Option<&AskedAhead>,
        outside: &impl Outside,
        now: Mono,
    ) -> Vec<Start> {
        self.in_progress.end(start.question.view, &start.zone);
        let Some(expected) = self.expected.get_mut(&start.key) else { return Vec::new() };
        let before = expected.messages.unwrap_or(0);
        let (chain, step, used) = (expected.chain, expected.step, expected.used);
        let answer = ended.and_then(|ended| ended.answer.as_deref());
        let next = answer.and_then(|answer| further(step, &start.question.name, answer)).unwrap_or_default();
        let Some(ended) = ended.filter(|ended| ended.messages > 0) else {
            // Look-ahead sent no query: the whole answer was in the cache, or the question could not be asked. So it does not count as a question
            // of its rule.
            self.allowance.settle(before, 0);
            if !used {
                self.allowance.give_back();
                self.expected.remove(&start.key);
                if let Some(account) = self.accounts.get_mut(start.rule.index()) {
                    account.not_needed();
                }
            }
            return self.plan(chain, next, outside, now);
        };
        let counts = if used { 0 } else { u64::from(ended.messages) };
        expected.took = Some(now.since(expected.at));
        expected.until = Some(answer.map_or(now, |answer| answer.expires));
        expected.messages = Some(counts);
        self.allowance.settle(before, counts);
        let gap = self.account(start.rule).map(RuleAccount::gap).unwrap_or_default();
        let is_short = |answer: &Answer| answer.expires.since(answer.stored) < gap;
        let avoided = match answer {
            None => ended.blamed.clone().map(|zone| (zone, AHEAD_FAILED_TIME)),
            Some(answer) => is_short(answer).then(|| (outside.zone(&start.question), AHEAD_SHORT_TIME)),
        };
        if let Some((zone, time)) = avoided {
            self.avoided.add(start.question.view, zone, time, now);
        }
        self.plan(chain, next, outside, now)
    }

    /// Counts each question whose time (`AHEAD_WINDOW`) is over as used or unused, and removes old chains.
    pub(super) fn settle(&mut self, now: Mono) {
        while let Some(over) = self.expected.next_over(now) {
            if let Some(account) = self.accounts.get_mut(over.rule.index()) {
                account.judge(over.used, over.messages.is_some());
            }
        }
        while let Some((number, began)) = self.order.front().copied() {
            // A chain is kept for twice `AHEAD_WINDOW`, because its last question may have begun later than the chain.
            if now.since(began) < 2 * AHEAD_WINDOW && self.order.len() <= MAX_AHEAD_CHAINS {
                return;
            }
            self.order.pop_front();
            self.chains.remove(&number);
        }
    }

    /// Records that a client has asked an expected question. Each question is counted only once.
    fn used(&mut self, question: &Question, arrived: Mono, outside: &impl Outside) -> Option<UsedBy> {
        if self.expected.is_empty() {
            return None;
        }
        let expected = self.expected.get_mut(&key_of(&question.key()))?;
        let (asked, before) = (expected.messages.is_some(), expected.messages.unwrap_or(0));
        let used = UsedBy { chain: expected.chain, step: expected.step, asked };
        if expected.used || arrived < expected.at {
            return Some(UsedBy { asked: false, step: RuleStep::End, ..used });
        }
        expected.used = true;
        let gap = arrived.since(expected.at);
        // `until` is the end of the TTL, or for a failure the time of the failure. A question that arrives later did not save the client any time.
        // `until` is `None` while look-ahead waits for the answer.
        let helped = expected.until.is_none_or(|until| arrived < until);
        let saved = if helped { expected.took.map_or(gap, |took| took.min(gap)) } else { Duration::ZERO };
        if asked {
            self.allowance.give_back();
            if helped {
                expected.messages = Some(0);
                self.allowance.settle(before, 0);
            }
            if let Some(chain) = self.chains.get(&expected.chain) {
                // The mark of the cached answer is removed, because a client has used the answer. The client's question may have other
                // flags, so the question of look-ahead is built here.
                outside.unmark(&Question {
                    name: question.name.clone(),
                    kind: question.kind,
                    ..chain.like.clone()
                });
            }
        }
        let account = self.accounts.get_mut(expected.rule.index())?;
        if asked {
            account.used(gap, saved)
        } else {
            account.sent_later(gap)
        }
        Some(used)
    }

    /// Plans the questions that follow a client's question. If a chain of questions already expects the SPF record of the domain and has the same
    /// DO flag, the questions are added to this chain. Mail software sets DO only for a delivery to the domain. So mail from the domain and mail
    /// to it have separate chains, and neither uses up the limits of the other. A new chain that has no question is removed: for one email, a
    /// client may ask thirty lists about the same address.
    fn begin(
        &mut self,
        (like, mode): (&Question, LookaheadMode),
        further: Vec<Further>,
        outside: &impl Outside,
        now: Mono,
    ) -> Vec<Start> {
        if further.is_empty() {
            return Vec::new();
        }
        let record = Question { kind: RecordType::TXT, ..like.clone() };
        let known = self.expected.get_mut(&key_of(&record.key())).map(|expected| expected.chain);
        let is_like = |number: &ChainNumber| {
            self.chains.get(number).is_some_and(|chain| chain.like.dnssec_ok == like.dnssec_ok)
        };
        if let Some(number) = known.filter(is_like) {
            return self.plan(number, further, outside, now);
        }
        let number = self.next_chain;
        self.next_chain = number.wrapping_add(1);
        let chain = RuleChain {
            mode,
            config: outside.config(),
            like: like.clone(),
            asked_left: MAX_AHEAD_OF_SUBJECT,
            observed_left: MAX_AHEAD_OF_SUBJECT,
            lookups: MAX_SPF_LOOKUPS,
            subject: Arc::default(),
        };
        self.chains.insert(number, chain);
        let start = self.plan(number, further, outside, now);
        if self.chains.get(&number).is_some_and(RuleChain::is_unused) {
            self.chains.remove(&number);
        } else {
            self.order.push_back((number, now));
        }
        start
    }

    /// Decides which of the questions `further` look-ahead asks. Other questions are only counted. A question whose answer is in the cache
    /// is replaced by the questions that follow from this answer.
    fn plan(
        &mut self,
        number: ChainNumber,
        further: Vec<Further>,
        outside: &impl Outside,
        now: Mono,
    ) -> Vec<Start> {
        let mut start = Vec::new();
        let mut waiting: VecDeque<Further> = further.into();
        let config = outside.config();
        while let Some(next) = waiting.pop_front() {
            let Some(chain) = self.chains.get_mut(&number) else { break };
            if !Arc::ptr_eq(&chain.config, &config) {
                break;
            }
            if next.is_lookup {
                let Some(left) = chain.lookups.checked_sub(1) else { continue };
                chain.lookups = left;
            }
            let (mode, subject) = (chain.mode, Arc::clone(&chain.subject));
            let question = Question { name: next.name.clone(), kind: next.kind, ..chain.like.clone() };
            let key = key_of(&question.key());
            match outside.known(&question) {
                KnownAhead::Answer(answer) => {
                    waiting.extend(self::further(next.step, &next.name, &answer).unwrap_or_default());
                    continue;
                }
                KnownAhead::Nothing => {}
                KnownAhead::Left => continue,
            }
            let asks = self.asks(next.rule, mode);
            if !self.expected.takes(&key, asks) {
                continue;
            }
            let zone = if asks { outside.zone(&question) } else { Name::root() };
            if asks && self.avoided.has(question.view, &zone, now) {
                continue;
            }
            let is_free = self.left_in_chain(number, asks).is_some_and(|left| *left > 0)
                && (!asks
                    || (!subject.is_spent()
                        && self.in_progress.has_room(question.view, &zone)
                        && self.may_ask(next.rule, outside, now)));
            if !is_free {
                self.refused = self.refused.saturating_add(usize::from(asks));
                continue;
            }
            if let Some(left) = self.left_in_chain(number, asks) {
                *left = left.saturating_sub(1);
            }
            let Further { rule, step, .. } = next;
            let messages = asks.then_some(AHEAD_RISK);
            let (took, until, used) = (None, None, false);
            let expected = Expected { rule, step, chain: number, at: now, messages, took, until, used };
            let Some(account) = self.accounts.get_mut(rule.index()) else { continue };
            if asks {
                account.asked();
                self.in_progress.begin(question.view, &zone);
                self.expected.add(key.clone(), expected);
                start.push(Start { question, rule, key, zone, subject });
            } else if self.expected.has_room_to_observe() {
                account.observed();
                self.expected.add(key, expected);
            }
        }
        start
    }

    /// Returns true if look-ahead asks the questions of the rule, and false if it only counts them.
    fn asks(&self, rule: Rule, mode: LookaheadMode) -> bool {
        match mode {
            LookaheadMode::Rules => true,
            LookaheadMode::Learned => {
                self.account(rule).is_some_and(|account| account.state() != RuleState::Inactive)
            }
            LookaheadMode::Observe | LookaheadMode::Off => false,
        }
    }

    fn may_ask(&mut self, rule: Rule, outside: &impl Outside, now: Mono) -> bool {
        self.expected.has_room()
            && self.account(rule).is_some_and(RuleAccount::has_room)
            && outside.has_room()
            && self.allowance.take(now, outside.messages(), AHEAD_RISK)
    }

    /// Returns how many more questions a chain may have: questions that look-ahead asks (`asks`), or that it only counts.
    fn left_in_chain(&mut self, number: ChainNumber, asks: bool) -> Option<&mut u8> {
        let chain = self.chains.get_mut(&number)?;
        Some(if asks { &mut chain.asked_left } else { &mut chain.observed_left })
    }
}

impl RuleChain {
    fn is_unused(&self) -> bool {
        self.asked_left == MAX_AHEAD_OF_SUBJECT && self.observed_left == MAX_AHEAD_OF_SUBJECT
    }
}

/// Returns true if servers caused a failure, and not the load of this host or a cached failure.
fn is_of_servers(answer: &Answer) -> bool {
    let other = [ExtendedError::NOT_READY, ExtendedError::CACHED_ERROR];
    answer.extended_error.as_ref().is_none_or(|error| !other.contains(&error.code))
}

#[derive(Clone, Copy, Debug)]
struct UsedBy {
    chain: ChainNumber,
    step: RuleStep,
    /// True if look-ahead asked the question, and this is the first use by a client.
    asked: bool,
}

/// Returns the questions that follow an answer. If none can follow at this step, the answer is not parsed.
fn further(step: RuleStep, name: &Name, answer: &Answer) -> Option<Vec<Further>> {
    if step == RuleStep::End || answer.rcode == ResponseCode::ServFail {
        return None;
    }
    let found = rules::follow(step, name, &AnswerFacts::from_answer(answer)?);
    Some(found).filter(|found| !found.is_empty())
}

/// Returns the question for the MTA-STS record, if a mail server asks for the MX of a next hop, and asks this host for TLS policies.
fn of_next_hop(question: &Question, outside: &impl Outside) -> Option<Further> {
    let is_next_hop = question.kind == RecordType::MX && question.dnssec_ok;
    let is_asked = is_next_hop && outside.config().tls_policy.listen.is_some();
    if is_asked { rules::of_next_hop(&question.name) } else { None }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
