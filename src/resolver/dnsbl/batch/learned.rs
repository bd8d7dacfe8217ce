//! Learns the habits of clients, and decides which questions a batch contains.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::allowance::BatchAllowance;
use super::habit::Habit;
use super::{EXCHANGER, ListId};
use crate::limits::{
    BATCH_MIN_RISK, BATCH_MIN_ROUND_TRIP, BATCH_PERCENT, BATCH_WINDOW, MAX_BATCH_HABITS, MAX_BATCH_LISTS,
    MAX_BATCH_SUBJECTS,
};
use dns::clock::{Mono, micros};
use dns::question::{ListSays, ViewId};

/// Determines which lists are asked in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The batch contains the lists that clients usually ask next.
    Learned,
    /// The batch contains the other lists of the groups that the operator has configured.
    Configured,
    /// No batches are sent; the effect of `Learned` is counted.
    Observe,
    /// No batches are sent.
    Off,
}

/// A group of clients: the DO and CD flags and the view of their questions.
pub type ClientGroup = (u8, ViewId);

/// The check of one subject, for instance an address, by a group of clients. It consists of questions to several lists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Check {
    /// The group of clients.
    pub clients: ClientGroup,
    /// The subject: the labels before the list's apex, in lower case and wire form.
    pub subject: Box<[u8]>,
    /// The number of labels of the subject. It distinguishes IPv4 addresses, IPv6 addresses and domains, for which clients ask different
    /// lists.
    pub labels: u8,
}

/// A question to a list that belongs to a check.
#[derive(Clone, Copy, Debug)]
pub struct CheckQuery<'a> {
    /// The check to which the question belongs.
    pub check: &'a Check,
    /// The list that is asked.
    pub list: ListId,
}

/// The state of a list, as far as it decides whether the list may be in a batch.
#[derive(Clone, Copy, Debug, Default)]
pub struct BatchStanding {
    /// True if the list may be in a batch: it answers, and its quota is not nearly used up.
    pub ready: bool,
    /// The usual round trip of the list.
    pub usual: Option<Duration>,
    /// The time for which negative answers of the list may be stored.
    pub negative_ttl: Option<Duration>,
}

/// How many batch questions to one list were useful, and how much time they saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchCounts {
    /// The number of batch questions whose list a client asked afterwards about the same subject.
    pub used: u64,
    /// The number of batch questions whose list no client asked afterwards, so that the answer was not used.
    pub wasted: u64,
    /// The time by which batches shortened the waits of clients, in microseconds.
    pub saved_micros: u64,
}

impl Default for Batch {
    /// Sends no batches. Used until the configuration is known.
    fn default() -> Self {
        Self::new(Mode::Off, Vec::new(), 0)
    }
}

/// Learns the habits of clients, and decides which batches are sent.
#[derive(Debug)]
pub struct Batch {
    mode: Mode,
    groups: Vec<Vec<ListId>>,
    allowance: BatchAllowance,
    open: BTreeMap<Check, SubjectQuestions>,
    /// The keys of `open`, each with the time at which the check began. The oldest check is first.
    order: VecDeque<(Check, Mono)>,
    habits: BTreeMap<Trigger, (Mono, Habit)>,
    counts: BTreeMap<ListId, BatchCounts>,
}

/// A question to a list and its result, after which a batch may be sent. There is one habit for each trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Trigger {
    clients: ClientGroup,
    labels: u8,
    list: ListId,
    /// The result of the question. `None` selects the habit for all results, which is used before the result is known.
    came: Option<ListSays>,
}

/// The questions to lists that have been asked about one subject.
#[derive(Debug, Default)]
struct SubjectQuestions {
    /// The questions that clients asked, in the order in which they asked them.
    asked: Vec<AskedList>,
    /// The questions that batches asked before any client did.
    ahead: Vec<AheadQuery>,
}

/// A list that a client has asked about the subject.
#[derive(Debug)]
struct AskedList {
    list: ListId,
    at: Mono,
    came: Option<ListSays>,
    /// The index of the subject in the trial of the list's habit, if it is part of the trial.
    trial: Option<u32>,
}

#[derive(Debug)]
struct AheadQuery {
    list: ListId,
    at: Mono,
    risk: u32,
    used: bool,
}

impl Batch {
    /// Creates a state without habits. At most `percent` of a hundred questions to lists may be batch questions whose answers stay unused. `groups`
    /// are the groups of lists that the operator has configured.
    pub fn new(mode: Mode, groups: Vec<Vec<ListId>>, percent: u32) -> Self {
        Self {
            mode,
            groups,
            allowance: BatchAllowance::new(percent),
            open: BTreeMap::new(),
            order: VecDeque::new(),
            habits: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Changes the settings. Habits and counters stay.
    pub fn configure(&mut self, mode: Mode, groups: Vec<Vec<ListId>>, percent: u32) {
        self.mode = mode;
        self.groups = groups;
        self.allowance = BatchAllowance::new(percent);
    }

    /// Removes the habits and counters of lists that are no longer asked.
    pub fn keep(&mut self, is_asked: impl Fn(ListId) -> bool) {
        self.habits.retain(|trigger, _| trigger.list >= EXCHANGER || is_asked(trigger.list));
        self.counts.retain(|list, _| is_asked(*list));
    }

    /// Returns whether batches are sent, and which lists are in them.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Returns the number of useful and useless batch questions to a list, and the time that they saved.
    pub fn counts(&self, list: ListId) -> BatchCounts {
        self.counts.get(&list).copied().unwrap_or_default()
    }

    /// Records that a client asks a list. `came` is the result, if the cache has it. Returns the lists that resolverd must ask now as a batch.
    pub fn asked(
        &mut self,
        query: CheckQuery<'_>,
        came: Option<ListSays>,
        now: Mono,
        standing: impl Fn(ListId) -> BatchStanding,
    ) -> Vec<ListId> {
        let CheckQuery { check, list } = query;
        self.settle(now);
        if self.mode == Mode::Off {
            return Vec::new();
        }
        if !self.open.contains_key(check) {
            if self.open.len() >= MAX_BATCH_SUBJECTS {
                return Vec::new();
            }
            self.order.push_back((check.clone(), now));
        }
        let questions = self.open.entry(check.clone()).or_default();
        if let Some(ahead) = questions.ahead.iter_mut().find(|ahead| ahead.list == list && !ahead.used) {
            ahead.used = true;
            self.allowance.settle(ahead.risk, true);
            let usual = standing(list).usual.unwrap_or_default();
            let saved = now.since(ahead.at).min(usual);
            let counts = self.counts.entry(list).or_default();
            counts.used = counts.used.saturating_add(1);
            let micros = micros(saved);
            counts.saved_micros = counts.saved_micros.saturating_add(micros);
        }
        if questions.asked.len() >= MAX_BATCH_LISTS || questions.asked.iter().any(|asked| asked.list == list)
        {
            return Vec::new();
        }
        // A PTR or MX question is a trigger only as the first question about its subject: an smtpd behind postscreen asks for the PTR after the
        // lists, which says nothing about an smtpd that asks for the PTR before them.
        if list >= EXCHANGER && !questions.asked.is_empty() {
            return Vec::new();
        }
        let in_trial = |asked: &AskedList| Some((asked.list, asked.trial?, now.since(asked.at)));
        let before: Vec<_> = questions.asked.iter().filter_map(in_trial).collect();
        let trial = self.try_habits(query, &before, now);
        if let Some(questions) = self.open.get_mut(check) {
            questions.asked.push(AskedList { list, at: now, came, trial });
        }
        let mut start = self.start(query, None, now, &standing);
        if came.is_some() {
            start.extend(self.start(query, came, now, &standing));
        }
        start
    }

    /// Records that a question to `list` was sent. A question of a batch has already been counted.
    pub(crate) fn went_out(&mut self, check: &Check, list: ListId) {
        // If no client asked this question, the operator asked it with the control program. It is not part of a check.
        let Some(questions) = self.open.get(check) else { return };
        if !questions.ahead.iter().any(|ahead| ahead.list == list) {
            self.allowance.went_out();
        }
    }

    /// Records the result of a client's question to a list. Returns the lists that resolverd must ask now as a batch.
    pub(crate) fn came_out(
        &mut self,
        query: CheckQuery<'_>,
        came: ListSays,
        now: Mono,
        standing: impl Fn(ListId) -> BatchStanding,
    ) -> Vec<ListId> {
        let CheckQuery { check, list } = query;
        let questions = self.open.get_mut(check);
        let Some(asked) = questions.and_then(|it| it.asked.iter_mut().find(|asked| asked.list == list))
        else {
            return Vec::new();
        };
        if asked.came.replace(came).is_some() {
            return Vec::new();
        }
        self.start(query, Some(came), now, &standing)
    }

    /// Records that a batch question to `list` was not sent, because the cache had the answer, or because a client asked the same question meanwhile.
    pub(crate) fn not_needed(&mut self, check: &Check, list: ListId) {
        let Some(questions) = self.open.get_mut(check) else { return };
        let Some(place) = questions.ahead.iter().position(|ahead| ahead.list == list) else { return };
        let ahead = questions.ahead.swap_remove(place);
        self.allowance.give_back(if ahead.used { 0 } else { ahead.risk });
        if ahead.used
            && let Some(counts) = self.counts.get_mut(&list)
        {
            counts.used = counts.used.saturating_sub(1);
        }
    }

    /// Learns the habits of clients from the checks that began more than `BATCH_WINDOW` ago, and removes these checks.
    pub fn settle(&mut self, now: Mono) {
        while let Some((_, began)) = self.order.front() {
            if now.since(*began) < BATCH_WINDOW {
                return;
            }
            let Some((check, _)) = self.order.pop_front() else { return };
            if let Some(questions) = self.open.remove(&check) {
                self.learn(&check, &questions, now);
            }
        }
    }

    /// Returns the lists to ask as a batch after a question with the result `came`. The list with the longest usual round trip is first.
    fn start(
        &mut self,
        CheckQuery { check, list }: CheckQuery<'_>,
        came: Option<ListSays>,
        now: Mono,
        standing: &impl Fn(ListId) -> BatchStanding,
    ) -> Vec<ListId> {
        let wanted = if self.mode == Mode::Configured {
            self.grouped(list, came)
        } else {
            self.expected(Trigger { clients: check.clients, labels: check.labels, list, came })
        };
        let Some(questions) = self.open.get_mut(check) else { return Vec::new() };
        let mut fit: Vec<(Duration, ListId, u32)> = Vec::new();
        for (list, risk, gap) in wanted {
            let known = questions.asked.iter().any(|asked| asked.list == list)
                || questions.ahead.iter().any(|ahead| ahead.list == list);
            let BatchStanding { ready, usual, negative_ttl } = standing(list);
            let lasts = negative_ttl.is_some_and(|ttl| ttl > gap);
            if let Some(usual) = usual.filter(|usual| *usual > BATCH_MIN_ROUND_TRIP)
                && !known
                && ready
                && lasts
            {
                fit.push((usual, list, risk.max(BATCH_MIN_RISK)));
            }
        }
        fit.sort_unstable_by(|one, other| other.cmp(one));
        let mut start = Vec::new();
        for (_, list, risk) in fit {
            if questions.ahead.len() < MAX_BATCH_LISTS && self.allowance.take(risk) {
                questions.ahead.push(AheadQuery { list, at: now, risk, used: false });
                start.push(list);
            }
        }
        if self.mode == Mode::Observe { Vec::new() } else { start }
    }

    /// Returns the lists that clients usually ask next: the list, the risk in thousandths that it is not asked, and the usual time until it is asked.
    fn expected(&self, trigger: Trigger) -> Vec<(ListId, u32, Duration)> {
        let Some((_, habit)) = self.habits.get(&trigger) else { return Vec::new() };
        let followers = habit.expected(BATCH_PERCENT);
        followers.map(|(follower, risk)| (follower.list, risk, follower.gap)).collect()
    }

    /// Returns the other lists of the operator's groups. They are asked immediately. The allowance records whether their answers are used.
    fn grouped(&self, list: ListId, came: Option<ListSays>) -> Vec<(ListId, u32, Duration)> {
        let groups = self.groups.iter().filter(|group| came.is_none() && group.contains(&list));
        groups.flatten().filter(|other| **other != list).map(|other| (*other, 0, Duration::ZERO)).collect()
    }

    fn learn(&mut self, check: &Check, questions: &SubjectQuestions, now: Mono) {
        for ahead in &questions.ahead {
            if !ahead.used {
                self.allowance.settle(ahead.risk, false);
                let counts = self.counts.entry(ahead.list).or_default();
                counts.wasted = counts.wasted.saturating_add(1);
            }
        }
        for (place, asked) in questions.asked.iter().enumerate() {
            let later = questions.asked.iter().skip(place.saturating_add(1));
            let followed: Vec<_> = later.map(|other| (other.list, other.at.since(asked.at))).collect();
            let trigger =
                |came| Trigger { clients: check.clients, labels: check.labels, list: asked.list, came };
            for trigger in
                [Some(trigger(None)), asked.came.map(|came| trigger(Some(came)))].into_iter().flatten()
            {
                self.habit(trigger, now).learn(&followed);
            }
        }
    }

    /// Records that a list was asked, in the trials of the lists that were asked before it about the same subject. `before` has these lists, the
    /// index of the subject in their trials, and the time since their questions. Begins the trial of the list itself, and returns the index in it.
    fn try_habits(
        &mut self,
        CheckQuery { check, list }: CheckQuery<'_>,
        before: &[(ListId, u32, Duration)],
        now: Mono,
    ) -> Option<u32> {
        let trigger = |list| Trigger { clients: check.clients, labels: check.labels, list, came: None };
        for (first, place, gap) in before {
            if let Some((_, habit)) = self.habits.get_mut(&trigger(*first)) {
                habit.follow_trial(*place, list, *gap);
            }
        }
        self.habit(trigger(list), now).begin_trial()
    }

    /// Returns the habit of a trigger. If the table is full, a new habit replaces the one that was unused for the longest time.
    fn habit(&mut self, trigger: Trigger, now: Mono) -> &mut Habit {
        if !self.habits.contains_key(&trigger) && self.habits.len() >= MAX_BATCH_HABITS {
            let oldest = self.habits.iter().min_by_key(|(_, (met, _))| *met).map(|(trigger, _)| *trigger);
            if let Some(oldest) = oldest {
                self.habits.remove(&oldest);
            }
        }
        let (met, habit) = self.habits.entry(trigger).or_default();
        *met = now;
        habit
    }
}

#[cfg(test)]
mod tests;
