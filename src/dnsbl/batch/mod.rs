//! Asking ahead: the first question about an address starts the lists that this gateway will ask next.
//!
//! Pure: it hears of questions and how they came out, and says what to start. Clients that ask list after list (Postfix's
//! `reject_rbl_client`, Exim's `dnslists`) then wait for the slowest list instead of for the sum. It starts nothing that
//! this client has not gone on to ask at nearly all of the last addresses that came out the same way; a listing usually
//! ends the checks.

mod allowance;
mod habit;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::allowance::Allowance;
use self::habit::Habit;
use crate::clock::Mono;
use crate::limits::{
    BATCH_MIN_RISK, BATCH_MIN_ROUND_TRIP, BATCH_PERCENT, BATCH_WASTE, BATCH_WINDOW, MAX_BATCH_HABITS,
    MAX_BATCH_LISTS, MAX_BATCH_SUBJECTS,
};
use crate::question::{ListSays, ViewId};

/// A list, by its number in the state of all lists.
pub type ListId = u32;

/// Whether lists are asked ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Those that clients went on to ask.
    Learned,
    /// Those of the operator's groups.
    Configured,
    /// None; what `Learned` would have done is counted.
    Observe,
    /// None.
    Off,
}

/// Whose questions they are: the flags and the view of their keys.
pub type Asker = (u8, ViewId);

/// Who asks about what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Check {
    /// Whose questions they are.
    pub asker: Asker,
    /// What is looked up: the labels before the list's apex, in lower-case wire form.
    pub subject: Box<[u8]>,
    /// Labels of the subject: tells addresses of IPv4 and IPv6 and domains apart, which are asked of other lists.
    pub labels: u8,
}

/// What is known of a list when it might be asked ahead.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    /// Whether it may be at all: it answers, and its quota is not near.
    pub ready: bool,
    /// How long it usually takes to answer.
    pub usual: Option<Duration>,
    /// How long its negative answers may be kept.
    pub negative_ttl: Option<Duration>,
}

/// What asking ahead has done for one list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Questions asked ahead that a client went on to ask.
    pub used: u64,
    /// Questions asked ahead that nobody went on to ask.
    pub wasted: u64,
    /// Microseconds that clients did not wait.
    pub saved_micros: u64,
}

impl Default for Batch {
    /// As with no configuration.
    fn default() -> Self {
        Self::new(Mode::Learned, Vec::new(), BATCH_WASTE)
    }
}

/// Learns and says what to ask ahead.
#[derive(Debug)]
pub struct Batch {
    mode: Mode,
    groups: Vec<Vec<ListId>>,
    allowance: Allowance,
    open: BTreeMap<Check, Session>,
    /// The checks of `open`, the oldest first.
    order: VecDeque<(Check, Mono)>,
    habits: BTreeMap<Trigger, (Mono, Habit)>,
    counts: BTreeMap<ListId, Counts>,
}

/// A question, by which habits are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Trigger {
    asker: Asker,
    labels: u8,
    list: ListId,
    /// How it came out; none for all ways together, which is what is known when it is asked.
    came: Option<ListSays>,
}

/// What has been asked about one subject.
#[derive(Debug, Default)]
struct Session {
    /// By clients, in order.
    asked: Vec<Step>,
    /// By us.
    ahead: Vec<Ahead>,
}

#[derive(Debug)]
struct Step {
    list: ListId,
    at: Mono,
    came: Option<ListSays>,
}

#[derive(Debug)]
struct Ahead {
    list: ListId,
    at: Mono,
    risk: u32,
    used: bool,
}

impl Batch {
    /// Nothing learnt; at most `percent` of a hundred questions to lists are asked in vain. `groups` are the operator's.
    pub fn new(mode: Mode, groups: Vec<Vec<ListId>>, percent: u32) -> Self {
        Self {
            mode,
            groups,
            allowance: Allowance::new(percent),
            open: BTreeMap::new(),
            order: VecDeque::new(),
            habits: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Goes over to other settings; what was learnt and counted stays.
    pub fn configure(&mut self, mode: Mode, groups: Vec<Vec<ListId>>, percent: u32) {
        self.mode = mode;
        self.groups = groups;
        self.allowance = Allowance::new(percent);
    }

    /// Forgets what was learnt and counted of lists that are asked no more.
    pub fn keep(&mut self, is_asked: impl Fn(ListId) -> bool) {
        self.habits.retain(|trigger, _| is_asked(trigger.list));
        self.counts.retain(|list, _| is_asked(*list));
    }

    /// Whether lists are asked ahead, and which.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// What was done for a list.
    pub fn counts(&self, list: ListId) -> Counts {
        self.counts.get(&list).copied().unwrap_or_default()
    }

    /// A client asks `list`; `came` says how it came out where memory knew. Gives the lists to ask now.
    pub fn asked(
        &mut self,
        check: &Check,
        list: ListId,
        came: Option<ListSays>,
        now: Mono,
        standing: impl Fn(ListId) -> Standing,
    ) -> Vec<ListId> {
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
        let session = self.open.entry(check.clone()).or_default();
        if let Some(ahead) = session.ahead.iter_mut().find(|ahead| ahead.list == list && !ahead.used) {
            ahead.used = true;
            self.allowance.settle(ahead.risk, true);
            let usual = standing(list).usual.unwrap_or_default();
            let saved = now.since(ahead.at).min(usual);
            let counts = self.counts.entry(list).or_default();
            counts.used = counts.used.saturating_add(1);
            let micros = u64::try_from(saved.as_micros()).unwrap_or(u64::MAX);
            counts.saved_micros = counts.saved_micros.saturating_add(micros);
        }
        if session.asked.len() >= MAX_BATCH_LISTS || session.asked.iter().any(|step| step.list == list) {
            return Vec::new();
        }
        session.asked.push(Step { list, at: now, came });
        let mut start = self.start(check, list, None, now, &standing);
        if came.is_some() {
            start.extend(self.start(check, list, came, now, &standing));
        }
        start
    }

    /// A question to `list` went out; one that was asked ahead has been counted.
    pub fn went_out(&mut self, check: &Check, list: ListId) {
        // What no client has asked, the operator has.
        let Some(session) = self.open.get(check) else { return };
        if !session.ahead.iter().any(|ahead| ahead.list == list) {
            self.allowance.went_out();
        }
    }

    /// A client's question to `list` has come out. Gives the lists to ask now.
    pub fn came_out(
        &mut self,
        check: &Check,
        list: ListId,
        came: ListSays,
        now: Mono,
        standing: impl Fn(ListId) -> Standing,
    ) -> Vec<ListId> {
        let session = self.open.get_mut(check);
        let Some(step) = session.and_then(|it| it.asked.iter_mut().find(|step| step.list == list)) else {
            return Vec::new();
        };
        if step.came.replace(came).is_some() {
            return Vec::new();
        }
        self.start(check, list, Some(came), now, &standing)
    }

    /// What was to be started at `list` did not have to be asked: memory had it, or somebody asked at the same time.
    pub fn not_needed(&mut self, check: &Check, list: ListId) {
        let Some(session) = self.open.get_mut(check) else { return };
        let Some(place) = session.ahead.iter().position(|ahead| ahead.list == list) else { return };
        let ahead = session.ahead.swap_remove(place);
        self.allowance.give_back(if ahead.used { 0 } else { ahead.risk });
        if ahead.used
            && let Some(counts) = self.counts.get_mut(&list)
        {
            counts.used = counts.used.saturating_sub(1);
        }
    }

    /// Learns from the checks that are over.
    pub fn settle(&mut self, now: Mono) {
        while let Some((_, began)) = self.order.front() {
            if now.since(*began) < BATCH_WINDOW {
                return;
            }
            let Some((check, _)) = self.order.pop_front() else { return };
            if let Some(session) = self.open.remove(&check) {
                self.learn(&check, &session, now);
            }
        }
    }

    /// The lists to ask after `list` came out as `came`, those first that take longest.
    fn start(
        &mut self,
        check: &Check,
        list: ListId,
        came: Option<ListSays>,
        now: Mono,
        standing: &impl Fn(ListId) -> Standing,
    ) -> Vec<ListId> {
        let wanted = if self.mode == Mode::Configured {
            self.grouped(list, came)
        } else {
            self.expected(Trigger { asker: check.asker, labels: check.labels, list, came })
        };
        let Some(session) = self.open.get_mut(check) else { return Vec::new() };
        let mut fit: Vec<(Duration, ListId, u32)> = Vec::new();
        for (list, risk, gap) in wanted {
            let known = session.asked.iter().any(|step| step.list == list)
                || session.ahead.iter().any(|ahead| ahead.list == list);
            let Standing { ready, usual, negative_ttl } = standing(list);
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
            if session.ahead.len() < MAX_BATCH_LISTS && self.allowance.take(risk) {
                session.ahead.push(Ahead { list, at: now, risk, used: false });
                start.push(list);
            }
        }
        if self.mode == Mode::Observe { Vec::new() } else { start }
    }

    /// What clients went on to ask: list, risk in thousandths, usual gap.
    fn expected(&self, trigger: Trigger) -> Vec<(ListId, u32, Duration)> {
        let Some((_, habit)) = self.habits.get(&trigger) else { return Vec::new() };
        let followers = habit.expected(BATCH_PERCENT);
        followers.map(|(follower, risk)| (follower.list, risk, follower.gap)).collect()
    }

    /// The other lists of the operator's groups, at once. They are taken to be asked; the account tells otherwise.
    fn grouped(&self, list: ListId, came: Option<ListSays>) -> Vec<(ListId, u32, Duration)> {
        let groups = self.groups.iter().filter(|group| came.is_none() && group.contains(&list));
        groups.flatten().filter(|other| **other != list).map(|other| (*other, 0, Duration::ZERO)).collect()
    }

    fn learn(&mut self, check: &Check, session: &Session, now: Mono) {
        for ahead in &session.ahead {
            if !ahead.used {
                self.allowance.settle(ahead.risk, false);
                let counts = self.counts.entry(ahead.list).or_default();
                counts.wasted = counts.wasted.saturating_add(1);
            }
        }
        for (place, step) in session.asked.iter().enumerate() {
            let later = session.asked.iter().skip(place.saturating_add(1));
            let followed: Vec<_> = later.map(|other| (other.list, other.at.since(step.at))).collect();
            let trigger = |came| Trigger { asker: check.asker, labels: check.labels, list: step.list, came };
            for trigger in
                [Some(trigger(None)), step.came.map(|came| trigger(Some(came)))].into_iter().flatten()
            {
                self.habit(trigger, now).learn(&followed);
            }
        }
    }

    /// The habit of a trigger; where there are as many as there may be, in place of the one that was longest not met.
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
