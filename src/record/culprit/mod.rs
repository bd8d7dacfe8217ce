//! The culprit of a slow or failed message: which server, list, network or program its questions waited for.
//!
//! Pure: a function of one message's questions, their flights, and the traffic around them. It never guesses. Causes
//! that cost about the same are all named, and "could not tell" is a result.
//!
//! # Decisions
//!
//! - Each moment in which the client waited counts once, for the question that ended last of those in progress: the
//!   others did not delay the mail further. Within that question it counts for the message to a server that was in
//!   progress; an answer counts more than a silence beside it, because it ended the wait.
//! - A failed question costs as much as its client's patience, because mail is deferred by it, however quickly it failed.
//! - A silence is called loss if the same server answers over the same transport shortly before and shortly after. It is
//!   called our own network's if root servers were asked meanwhile too, and no server on the internet answered.
//! - A failed question is blamed on each server's last word: a server that was silent once and refused then has refused.

mod blame;

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::entry::{FlightEntry, MessageEntry, QuestionEntry};
use super::message::ListName;
use super::tally::is_failure;
use super::traffic::{Traffic, moments};
use crate::conduct::{Conduct, Transport};
use crate::limits::{CLIENT_PAUSE, FAILURE_COST, SLOW_ANSWER};
use crate::question::{Outcome, is_within};

/// The kind of a culprit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CulpritKind {
    /// Servers of a zone did not answer.
    ServerSilent,
    /// They answered late.
    ServerSlow,
    /// They answered REFUSED or NOTAUTH.
    ServerRefused,
    /// They do not serve the zone that is delegated to them.
    ServerLame,
    /// They answered with another error, or with octets that are no answer.
    ServerFailed,
    /// Their answers are cut, and TCP fails.
    Truncated,
    /// The network reports that they cannot be reached.
    Unreachable,
    /// Servers of a DNS list did not answer.
    ListSilent,
    /// They answered late.
    ListSlow,
    /// They refuse our queries.
    ListRefused,
    /// Answers fail DNSSEC validation.
    Bogus,
    /// Some messages to a server get lost.
    Loss,
    /// Our own network: everything was silent.
    Network,
    /// This resolver had too much to do.
    Overload,
    /// The client waited between its questions.
    Client,
    /// Nothing was slow.
    None,
    /// The delay of a log line is not in DNS.
    NotDns,
    /// Could not tell.
    Unknown,
}

/// A cause of a delay, or of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Its kind.
    pub kind: CulpritKind,
    /// The zone, in wire form; empty if there is none.
    pub zone: Box<[u8]>,
    /// Whether the zone is that of a DNS list.
    pub list: bool,
    /// The time that the client waited for it, in microseconds.
    pub micros: u64,
    /// Questions that failed by it.
    pub failures: u32,
    /// The messages to each server, and the sum of their times in microseconds.
    pub servers: BTreeMap<IpAddr, (u32, u64)>,
    /// The sentence of the failure, if there is one.
    pub why: Box<str>,
}

/// The verdict on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageVerdict {
    /// From its first question to its last reply, in microseconds.
    pub took: u64,
    /// The part of it in which questions were in progress.
    pub waited: u64,
    /// The culprit first, then others that cost about the same. Never empty.
    pub causes: Vec<Cause>,
}

/// A question of a message, its list, and the flight that explains it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The question.
    pub question: &'a QuestionEntry,
    /// The list that it asks.
    pub list: Option<ListName>,
    /// Its flight. For a question that failed because another had failed before: the flight of that one.
    pub flight: Option<&'a FlightEntry>,
}

impl Asked<'_> {
    /// Whether its client got SERVFAIL.
    pub fn failed(&self) -> bool {
        is_failure(self.question.outcome)
    }

    /// Its flight, if it waited for it.
    fn waited_for(&self) -> Option<&FlightEntry> {
        self.flight.filter(|flight| self.question.flight == Some(flight.id))
    }

    /// The apex of its list.
    fn apex(&self) -> Option<&[u8]> {
        let name = &self.question.name;
        name.get(name.len().checked_sub(self.list?.apex)?..)
    }
}

/// The key of a cause.
type CauseKey = (CulpritKind, Box<[u8]>);

/// The culprit of a message, whose questions are in the order of time.
pub fn judge(asked: &[Asked<'_>], traffic: &Traffic) -> MessageVerdict {
    let began = asked.iter().map(|one| one.question.at).min().unwrap_or(0);
    let ended = asked.iter().map(|one| one.question.end()).max().unwrap_or(0);
    let mut causes: BTreeMap<CauseKey, Cause> = BTreeMap::new();
    let waited = spend(asked, traffic, &mut causes);
    for one in asked.iter().filter(|one| one.failed()) {
        blame::failure(one, traffic, &mut causes);
    }
    let took = ended.saturating_sub(began);
    let idle = took.saturating_sub(waited);
    if idle >= micros(CLIENT_PAUSE) {
        let client = cause(&mut causes, (CulpritKind::Client, Box::default()));
        client.micros = idle;
    }
    let mut causes: Vec<Cause> = causes.into_values().collect();
    causes.retain(|cause| cause.cost() >= micros(SLOW_ANSWER));
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.cost()));
    let best = causes.first().map_or(0, Cause::cost);
    causes.retain(|cause| cause.cost() >= best / 10 * 9);
    if causes.is_empty() {
        causes.push(Cause::of(CulpritKind::None, Box::default()));
    }
    MessageVerdict { took, waited, causes }
}

impl Cause {
    fn of(kind: CulpritKind, zone: Box<[u8]>) -> Self {
        let (list, servers, why) = Default::default();
        Self { kind, zone, list, micros: 0, failures: 0, servers, why }
    }

    /// The time by which it delays the mail, in microseconds.
    pub fn cost(&self) -> u64 {
        let failed = if self.failures > 0 { micros(FAILURE_COST) } else { 0 };
        self.micros.saturating_add(failed)
    }

    fn add(&mut self, message: &MessageEntry) {
        let (count, time) = self.servers.entry(message.server).or_default();
        *count = count.saturating_add(1);
        *time = time.saturating_add(message.elapsed.into());
    }
}

/// Counts the time in which questions were in progress for its causes; returns that time.
fn spend(asked: &[Asked<'_>], traffic: &Traffic, causes: &mut BTreeMap<CauseKey, Cause>) -> u64 {
    let mut waiting: Vec<&Asked<'_>> = asked.iter().filter(|one| one.question.elapsed > 0).collect();
    waiting.sort_by_key(|one| one.question.at);
    let (mut now, mut waited) = (0_u64, 0_u64);
    // The question that ends last of those in progress: until its end, or until one that ends later begins.
    let mut place = 0;
    while let Some(one) = waiting.get(place) {
        let begin = one.question.at.max(now);
        let later = waiting
            .iter()
            .skip(place.saturating_add(1))
            .position(|other| other.question.end() > one.question.end());
        let next = later.and_then(|behind| waiting.get(place.saturating_add(behind).saturating_add(1)));
        let end = next.map_or_else(|| one.question.end(), |next| next.question.at.min(one.question.end()));
        if end > begin {
            waited = waited.saturating_add(end.saturating_sub(begin));
            spend_question(one, (begin, end), traffic, causes);
            now = end;
        }
        match later {
            Some(behind) => place = place.saturating_add(behind).saturating_add(1),
            None => break,
        }
    }
    waited
}

/// Counts a part of the time of a question.
fn spend_question(
    one: &Asked<'_>,
    span: (u64, u64),
    traffic: &Traffic,
    causes: &mut BTreeMap<CauseKey, Cause>,
) {
    for (key, time) in timeline(one, span, traffic) {
        let cause = cause(causes, key);
        cause.micros = cause.micros.saturating_add(time);
    }
    let Some(flight) = one.waited_for() else { return };
    // The servers of each cause are counted once for a message.
    for message in &flight.messages {
        if let Some(kind) = kind_of(one, flight, message, traffic)
            && let Some(cause) = causes.get_mut(&(kind, zone_of(one, &message.zone)))
        {
            cause.list |= is_of_list(one, &message.zone);
            cause.add(message);
        }
    }
}

/// The causes that a question waited for, with the time of each.
fn timeline(one: &Asked<'_>, (begin, end): (u64, u64), traffic: &Traffic) -> Vec<(CauseKey, u64)> {
    let Some(flight) = one.waited_for() else {
        let kind =
            if one.question.outcome == Outcome::Shed { CulpritKind::Overload } else { CulpritKind::Unknown };
        return vec![((kind, Box::default()), end.saturating_sub(begin))];
    };
    let ends = flight.messages.iter().flat_map(|message| {
        let (sent, end) = moments(flight, message);
        [sent, end]
    });
    let mut changes: Vec<u64> = ends.chain([begin, end, flight.began]).collect();
    changes.retain(|moment| (begin..=end).contains(moment));
    changes.sort_unstable();
    changes.dedup();
    let mut spent = Vec::new();
    for (from, to) in changes.iter().zip(changes.iter().skip(1)) {
        let key = if *from < flight.began {
            Some((CulpritKind::Overload, Box::default()))
        } else if let Some(message) = waited_for(flight, *from) {
            kind_of(one, flight, message, traffic).map(|kind| (kind, zone_of(one, &message.zone)))
        } else {
            Some((CulpritKind::Unknown, Box::default()))
        };
        spent.extend(key.map(|key| (key, to.saturating_sub(*from))));
    }
    spent
}

/// The message that a flight waited for at a moment: one that was answered, else the oldest.
fn waited_for(flight: &FlightEntry, at: u64) -> Option<&MessageEntry> {
    let under_way = |message: &&MessageEntry| {
        let (sent, end) = moments(flight, message);
        sent <= at && at < end
    };
    let came_back = |message: &MessageEntry| message.conduct.is_some_and(Conduct::came_back);
    flight.messages.iter().filter(under_way).min_by_key(|message| (!came_back(message), message.at))
}

/// The zone that a message to the servers of a zone is counted for: that of the list, if these are its own.
fn zone_of(one: &Asked<'_>, zone: &[u8]) -> Box<[u8]> {
    match one.apex() {
        Some(apex) if is_of_list(one, zone) => apex.into(),
        _ => zone.into(),
    }
}

/// Whether the servers of a zone are those of the list. Names with a key are asked for in another zone than the apex,
/// which is then the deepest one.
fn is_of_list(one: &Asked<'_>, zone: &[u8]) -> bool {
    let deepest = one.flight.is_some_and(|flight| *flight.zone == *zone);
    one.apex().is_some_and(|apex| is_within(zone, apex) || (deepest && !is_within(apex, zone)))
}

/// The kind of fault that a message shows; none if it shows none.
fn kind_of(
    one: &Asked<'_>,
    flight: &FlightEntry,
    message: &MessageEntry,
    traffic: &Traffic,
) -> Option<CulpritKind> {
    let list = is_of_list(one, &message.zone);
    let slow = u64::from(message.elapsed) >= micros(SLOW_ANSWER);
    match message.conduct {
        Some(Conduct::Answered | Conduct::Truncated) => {
            slow.then_some(if list { CulpritKind::ListSlow } else { CulpritKind::ServerSlow })
        }
        None | Some(Conduct::Silent) => silence(list, flight, message, traffic),
        Some(Conduct::Unreachable) if traffic.is_down(flight, message) => Some(CulpritKind::Network),
        Some(conduct) => fault(list, conduct),
    }
}

/// The kind of a fault of a server.
fn fault(list: bool, conduct: Conduct) -> Option<CulpritKind> {
    match conduct {
        Conduct::Answered | Conduct::Truncated => None,
        Conduct::Silent if list => Some(CulpritKind::ListSilent),
        Conduct::Silent => Some(CulpritKind::ServerSilent),
        Conduct::Refused | Conduct::NotAuth if list => Some(CulpritKind::ListRefused),
        Conduct::Refused | Conduct::NotAuth => Some(CulpritKind::ServerRefused),
        Conduct::Lame => Some(CulpritKind::ServerLame),
        Conduct::NoTcp => Some(CulpritKind::Truncated),
        Conduct::Unreachable => Some(CulpritKind::Unreachable),
        _ => Some(CulpritKind::ServerFailed),
    }
}

/// The kind of a silence.
fn silence(
    list: bool,
    flight: &FlightEntry,
    message: &MessageEntry,
    traffic: &Traffic,
) -> Option<CulpritKind> {
    let cut = |other: &MessageEntry| {
        other.server == message.server && other.conduct == Some(Conduct::Truncated) && other.at <= message.at
    };
    let raced = |other: &MessageEntry| {
        let end = other.at.saturating_add(other.elapsed);
        other.conduct.is_some_and(Conduct::came_back)
            && other.server != message.server
            && end >= message.at.saturating_add(message.elapsed)
            && other.at.abs_diff(message.at) < SAME_MOMENT
    };
    if message.transport == Transport::Tcp && flight.messages.iter().any(cut) {
        return Some(CulpritKind::Truncated);
    }
    // The other server of a race answered first.
    if message.conduct.is_none() && flight.messages.iter().any(raced) {
        return None;
    }
    if traffic.is_down(flight, message) {
        Some(CulpritKind::Network)
    } else if traffic.is_lost(flight, message) {
        Some(CulpritKind::Loss)
    } else {
        fault(list, Conduct::Silent)
    }
}

/// Two messages sent within this time were sent together, in microseconds.
const SAME_MOMENT: u32 = 5_000;

fn cause(causes: &mut BTreeMap<CauseKey, Cause>, key: CauseKey) -> &mut Cause {
    causes.entry(key).or_insert_with_key(|(kind, zone)| Cause::of(*kind, zone.clone()))
}

fn micros(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
