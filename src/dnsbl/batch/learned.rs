//! Learns which DNS lists clients ask one after the other, and decides which lists resolverd asks in advance (a batch). Also counts for each list
//! how many of its listings no other list had.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::allowance::BatchAllowances;
use super::habit::Habit;
use super::ids::{EXCHANGER, LEARNED, ListId};
use crate::limits::{
    BATCH_MIN_RISK, BATCH_MIN_ROUND_TRIP, BATCH_PERCENT, BATCH_WINDOW, MAX_BATCH_HABITS, MAX_BATCH_LISTS,
    MAX_BATCH_SUBJECTS,
};
use dns::clock::{Mono, micros};
use dns::question::{ListSays, ViewId};

/// Says which DNS lists resolverd asks in advance, in a batch, after a client has asked one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// resolverd asks in advance the DNS lists that clients usually ask next, as learned from earlier questions.
    Learned,
    /// resolverd asks in advance the other DNS lists of the groups that the operator has configured.
    Configured,
    /// resolverd asks no DNS list in advance. It only counts how many questions of the mode `Learned` clients would have used.
    Observe,
    /// resolverd asks no DNS list before a client asks it, and does not count the questions that the mode `Learned` would ask.
    Off,
}

/// A group of clients whose questions get the same answers: the DO and CD flags and the view of their questions.
pub type ClientGroup = (u8, ViewId);

/// A subject, such as an IP address, about which a group of clients asks DNS lists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Check {
    /// The group of clients that ask.
    pub clients: ClientGroup,
    /// The subject: the labels before the apex of the DNS list (such as a reversed address), in lower case and wire form.
    pub subject: Box<[u8]>,
    /// The number of labels of the subject. The number differs for IPv4 addresses, IPv6 addresses and domains, and clients ask different lists about
    /// each.
    pub labels: u8,
}

/// A question to one DNS list.
#[derive(Clone, Copy, Debug)]
pub struct CheckQuery<'a> {
    /// The subject of the question, and the group of clients that ask about it.
    pub check: &'a Check,
    /// The DNS list that the question is sent to.
    pub list: ListId,
    /// True if this is a blocklist. Only listings of blocklists are compared with each other.
    pub blocks: bool,
}

/// The facts about a DNS list that decide whether resolverd may ask the list in advance, in a batch.
#[derive(Clone, Copy, Debug, Default)]
pub struct BatchStanding {
    /// True if the DNS list answers, and its daily quota of queries is not nearly used up.
    pub ready: bool,
    /// The usual round trip of a query to the DNS list, or `None` if it is not known.
    pub usual: Option<Duration>,
    /// The time for which negative answers of the DNS list may be cached, or `None` if it is not known. An answer in advance is useless if it
    /// expires before the client asks.
    pub negative_ttl: Option<Duration>,
}

/// How many batch questions to one DNS list clients used, and how much time they saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchCounts {
    /// The number of batch questions whose answers a client used.
    pub used: u64,
    /// The number of batch questions whose answers no client used.
    pub wasted: u64,
    /// The time, in microseconds, by which batch questions shortened the waits of clients.
    pub saved_micros: u64,
}

/// Counts the listings of a DNS list, and those of them that no other DNS list had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListingCounts {
    /// The number of subjects that this list listed and about which at least one other blocklist was asked within `BATCH_WINDOW`. For the others, it
    /// is unknown whether another list has them.
    pub compared: u64,
    /// The number of these subjects that no other DNS list listed.
    pub sole: u64,
}

impl Default for Batch {
    /// Creates a state in which resolverd asks no DNS list in advance, for the time until the configuration has been read.
    fn default() -> Self {
        Self::new(Mode::Off, Vec::new(), 0)
    }
}

/// A habit that a restart must not lose: which DNS lists clients ask after a question to a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownHabit {
    /// The clients that have the habit.
    pub clients: ClientGroup,
    /// The number of labels of the subjects.
    pub labels: u8,
    /// The DNS list that clients asked first.
    pub list: ListId,
    /// The result of the question. `None` stands for all results.
    pub came: Option<ListSays>,
    /// The number of addresses from which the habit was learned.
    pub seen: u32,
    /// The DNS lists that clients ask next.
    pub followers: Vec<KnownFollower>,
}

/// A DNS list that clients ask next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownFollower {
    /// The DNS list.
    pub list: ListId,
    /// One bit for each of the last addresses, set if clients asked the list about it.
    pub asked: u128,
    /// The usual time until clients ask it.
    pub gap: Duration,
}

/// Learns which DNS lists clients ask after each other, and decides which lists resolverd asks in advance.
#[derive(Debug)]
pub struct Batch {
    mode: Mode,
    groups: Vec<Vec<ListId>>,
    allowance: BatchAllowances,
    open: BTreeMap<Check, SubjectQuestions>,
    /// The subjects in `open`, the oldest first, each with the time of the first question.
    order: VecDeque<(Check, Mono)>,
    habits: BTreeMap<Trigger, (Mono, Habit)>,
    counts: BTreeMap<ListId, BatchCounts>,
    listings: BTreeMap<ListId, ListingCounts>,
}

/// A question to a DNS list, with its result, after which resolverd may ask a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Trigger {
    clients: ClientGroup,
    labels: u8,
    list: ListId,
    /// The result of the question. A trigger with `None` stands for all results: it learns from each question, and is used until the result of
    /// a question is known.
    came: Option<ListSays>,
}

#[derive(Debug, Default)]
struct SubjectQuestions {
    asked: Vec<AskedList>,
    ahead: Vec<AheadQuery>,
    /// The answers of blocklists about this subject, at most `MAX_BATCH_LISTS`. The value is true for a listing.
    answers: BTreeMap<ListId, bool>,
}

#[derive(Debug)]
struct AskedList {
    list: ListId,
    at: Mono,
    came: Option<ListSays>,
    /// The index of this subject in the trial of `list`: the first subjects from which resolverd learns which lists clients ask after `list`.
    trial: Option<u32>,
}

#[derive(Debug)]
struct AheadQuery {
    list: ListId,
    at: Mono,
    risk: u32,
    used: bool,
}

impl SubjectQuestions {
    fn note(&mut self, query: CheckQuery<'_>, came: Option<ListSays>) {
        let listed = match came {
            Some(ListSays::Listed) => true,
            Some(ListSays::NotListed) => false,
            Some(ListSays::Unknown) | None => return,
        };
        if query.blocks && self.answers.len() < MAX_BATCH_LISTS {
            self.answers.insert(query.list, listed);
        }
    }
}

impl Batch {
    /// Creates a state in which nothing is learned yet. `percent` is the limit for batch questions whose answers no client uses, for each hundred
    /// questions to DNS lists. `groups` are the groups of lists that the operator has configured.
    pub fn new(mode: Mode, groups: Vec<Vec<ListId>>, percent: u32) -> Self {
        Self {
            mode,
            groups,
            allowance: BatchAllowances::new(percent),
            open: BTreeMap::new(),
            order: VecDeque::new(),
            habits: BTreeMap::new(),
            counts: BTreeMap::new(),
            listings: BTreeMap::new(),
        }
    }

    /// Changes the settings of batches. What was learned and counted before is kept.
    pub fn configure(&mut self, mode: Mode, groups: Vec<Vec<ListId>>, percent: u32) {
        self.mode = mode;
        self.groups = groups;
        self.allowance = BatchAllowances::new(percent);
    }

    /// Removes what was learned and counted about lists for which `is_asked` returns false.
    pub fn keep(&mut self, is_asked: impl Fn(ListId) -> bool) {
        self.habits.retain(|trigger, _| trigger.list >= EXCHANGER || is_asked(trigger.list));
        self.counts.retain(|list, _| is_asked(*list));
        self.listings.retain(|list, _| is_asked(*list));
    }

    /// Returns the habits that were learned from enough addresses.
    pub fn known_habits(&self) -> Vec<KnownHabit> {
        let known = |(trigger, (_, habit)): (&Trigger, &(Mono, Habit))| {
            let Trigger { clients, labels, list, came } = *trigger;
            let (seen, followers) = habit.known()?;
            let followers = followers.map(|(list, asked, gap)| KnownFollower { list, asked, gap }).collect();
            Some(KnownHabit { clients, labels, list, came, seen, followers })
        };
        self.habits.iter().filter_map(known).collect()
    }

    /// Restores a habit of an earlier process.
    pub fn restore(&mut self, known: KnownHabit, now: Mono) {
        let KnownHabit { clients, labels, list, came, seen, followers } = known;
        let followers = followers.iter().map(|one| (one.list, one.asked, one.gap));
        *self.habit(Trigger { clients, labels, list, came }, now) = Habit::restored(seen, followers);
    }

    /// Returns which DNS lists resolverd asks in advance.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Returns how many batch questions to `list` clients used, and how much time they saved.
    pub fn counts(&self, list: ListId) -> BatchCounts {
        self.counts.get(&list).copied().unwrap_or_default()
    }

    /// Returns how many listings of `list` were compared with other DNS lists, and how many of these no other list had.
    pub fn listings(&self, list: ListId) -> ListingCounts {
        self.listings.get(&list).copied().unwrap_or_default()
    }

    /// Called when a client asks a DNS list. `came` is the meaning of the answer, if the cache has the answer already. Returns the lists that
    /// resolverd must ask now, as a batch.
    pub fn asked(
        &mut self,
        query: CheckQuery<'_>,
        came: Option<ListSays>,
        now: Mono,
        standing: impl Fn(ListId) -> BatchStanding,
    ) -> Vec<ListId> {
        let CheckQuery { check, list, .. } = query;
        self.settle(now);
        if !self.open.contains_key(check) {
            if self.open.len() >= MAX_BATCH_SUBJECTS {
                return Vec::new();
            }
            self.order.push_back((check.clone(), now));
        }
        let questions = self.open.entry(check.clone()).or_default();
        questions.note(query, came);
        if let Some(ahead) = questions.ahead.iter_mut().find(|ahead| ahead.list == list && !ahead.used) {
            ahead.used = true;
            self.allowance.at(list).settle(ahead.risk, true);
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
        // A PTR or MX question starts a batch only if it is the first question about its subject. An smtpd behind postscreen asks for the PTR after
        // postscreen has asked the DNS lists, so this PTR question does not announce questions to lists.
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

    /// Returns true if clients asked a DNS list, and not only a learned zone, in this check.
    pub fn is_checked(&self, check: &Check) -> bool {
        self.open.get(check).is_some_and(|questions| questions.asked.iter().any(|asked| asked.list < LEARNED))
    }

    /// Counts a question that was sent to `list`. Batch questions are not counted here, because `start` has already counted them.
    pub fn went_out(&mut self, check: &Check, list: ListId) {
        // If no client has asked about this subject, the question comes from `resolverctl`, and is not counted.
        let Some(questions) = self.open.get(check) else { return };
        if !questions.ahead.iter().any(|ahead| ahead.list == list) {
            self.allowance.at(list).went_out();
        }
    }

    /// Returns the lists that resolverd must ask now as a batch, because the result of a client's question is known.
    pub fn came_out(
        &mut self,
        query: CheckQuery<'_>,
        came: ListSays,
        now: Mono,
        standing: impl Fn(ListId) -> BatchStanding,
    ) -> Vec<ListId> {
        let CheckQuery { check, list, .. } = query;
        let Some(questions) = self.open.get_mut(check) else { return Vec::new() };
        questions.note(query, Some(came));
        let Some(asked) = questions.asked.iter_mut().find(|asked| asked.list == list) else {
            return Vec::new();
        };
        if asked.came.replace(came).is_some() {
            return Vec::new();
        }
        self.start(query, Some(came), now, &standing)
    }

    /// Called when a batch question to `list` was not sent, because the cache had the answer or a client asked the same question meanwhile.
    pub fn not_needed(&mut self, check: &Check, list: ListId) {
        let Some(questions) = self.open.get_mut(check) else { return };
        let Some(place) = questions.ahead.iter().position(|ahead| ahead.list == list) else { return };
        let ahead = questions.ahead.swap_remove(place);
        self.allowance.at(list).give_back(if ahead.used { 0 } else { ahead.risk });
        if ahead.used
            && let Some(counts) = self.counts.get_mut(&list)
        {
            counts.used = counts.used.saturating_sub(1);
        }
    }

    /// Removes each subject (address or domain) about which clients first asked more than `BATCH_WINDOW` ago, and learns from the questions about
    /// it.
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

    /// Returns the DNS lists that resolverd must ask now in a batch, the one with the longest usual round trip first. `came` is the result of a
    /// client's question to `list`, or `None` if it is not known yet.
    fn start(
        &mut self,
        CheckQuery { check, list, .. }: CheckQuery<'_>,
        came: Option<ListSays>,
        now: Mono,
        standing: &impl Fn(ListId) -> BatchStanding,
    ) -> Vec<ListId> {
        let wanted = match self.mode {
            Mode::Off => return Vec::new(),
            Mode::Configured => self.grouped(list, came),
            Mode::Learned | Mode::Observe => {
                self.expected(Trigger { clients: check.clients, labels: check.labels, list, came })
            }
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
            if questions.ahead.len() < MAX_BATCH_LISTS && self.allowance.at(list).take(risk) {
                questions.ahead.push(AheadQuery { list, at: now, risk, used: false });
                start.push(list);
            }
        }
        if self.mode == Mode::Observe { Vec::new() } else { start }
    }

    /// Returns the DNS lists that clients usually ask after this trigger. With each list comes the probability, in thousandths, that no client asks
    /// it, and the usual time until a client asks it.
    fn expected(&self, trigger: Trigger) -> Vec<(ListId, u32, Duration)> {
        let Some((_, habit)) = self.habits.get(&trigger) else { return Vec::new() };
        let followers = habit.expected(BATCH_PERCENT);
        followers.map(|(follower, risk)| (follower.list, risk, follower.gap)).collect()
    }

    /// Returns the other lists in the operator's groups that contain `list`. Their probability and their time (see `expected`) are 0: the operator
    /// says that clients ask all lists of a group.
    fn grouped(&self, list: ListId, came: Option<ListSays>) -> Vec<(ListId, u32, Duration)> {
        let groups = self.groups.iter().filter(|group| came.is_none() && group.contains(&list));
        groups.flatten().filter(|other| **other != list).map(|other| (*other, 0, Duration::ZERO)).collect()
    }

    fn learn(&mut self, check: &Check, questions: &SubjectQuestions, now: Mono) {
        let listed = || questions.answers.iter().filter(|(_, listed)| **listed);
        for (list, _) in listed().filter(|_| questions.answers.len() > 1) {
            let ListingCounts { compared, sole } = self.listings.entry(*list).or_default();
            *compared = compared.saturating_add(1);
            *sole = sole.saturating_add(u64::from(listed().count() == 1));
        }
        for ahead in &questions.ahead {
            if !ahead.used {
                self.allowance.at(ahead.list).settle(ahead.risk, false);
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

    /// Records the question of a client to `list` about a subject (an address or a domain). `before` has the lists that clients asked about
    /// this subject earlier: the list, the index of the subject in the trial of the list (its first subjects), and the time since the
    /// question. The trials of these lists record that clients asked `list` next. Adds the subject to the trial of `list`. Returns its index
    /// there, or `None` if the trial is full.
    fn try_habits(
        &mut self,
        CheckQuery { check, list, .. }: CheckQuery<'_>,
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

    /// Returns the habit of `trigger`: the lists that clients usually ask after it. If the table is full, a new habit replaces the least recently
    /// used one.
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
