//! Finds the fault that a query to a server shows, and the causes for which a client's question waited. Several clients may wait for
//! different parts of one resolution (flight).

use std::net::IpAddr;

use crate::culprit::cause::CauseKey;
use crate::culprit::explained_question::{ExplainedQuestion, is_of_list, zone_of};
use crate::traffic::{Traffic, Unanswered, moments};
use dns::conduct::{Conduct, Transport};
use record::culprit::CulpritKind;
use record::entry::{FlightEntry, MessageEntry};
use record::reason::AGAIN;

/// Returns the fault that a query shows, if there is one.
pub(super) fn kind_of(
    one: &ExplainedQuestion<'_>,
    flight: &FlightEntry,
    message: &MessageEntry,
    traffic: &Traffic,
) -> Option<CulpritKind> {
    let list = is_of_list(one, &message.zone);
    let slow = u64::from(message.elapsed) >= traffic.slow;
    match message.conduct {
        // A connection that was opened as soon as TCP worked again.
        Some(Conduct::Answered | Conduct::Truncated)
            if slow && message.transport == Transport::Tcp && traffic.is_without_tcp(flight, message) =>
        {
            Some(CulpritKind::TcpBlocked)
        }
        Some(Conduct::Answered | Conduct::Truncated) => {
            slow.then_some(if list { CulpritKind::ListSlow } else { CulpritKind::ServerSlow })
        }
        None | Some(Conduct::Silent) => silence(list, flight, message, traffic),
        Some(Conduct::Unreachable | Conduct::NotSent) if traffic.is_down(flight, message) => {
            Some(CulpritKind::Network)
        }
        Some(Conduct::NoTcp) => Some(without_tcp(flight, message, traffic)),
        Some(conduct) => fault(list, conduct),
    }
}

/// Returns the key of the cause of a faulty query for this zone.
pub(super) fn key_of(one: &ExplainedQuestion<'_>, kind: CulpritKind, zone: &[u8]) -> CauseKey {
    match kind {
        // A fault of the own network is one cause for all zones.
        CulpritKind::NetworkLossy | CulpritKind::TcpBlocked => (kind, Box::default()),
        kind => (kind, zone_of(one, zone)),
    }
}

/// Returns the fault that the behaviour of a server shows, if it is a fault. `list`: true if the server belongs to a DNS list.
pub(super) fn fault(list: bool, conduct: Conduct) -> Option<CulpritKind> {
    match conduct {
        Conduct::Answered | Conduct::Truncated => None,
        Conduct::Silent if list => Some(CulpritKind::ListSilent),
        Conduct::Silent => Some(CulpritKind::ServerSilent),
        Conduct::Refused | Conduct::NotAuth if list => Some(CulpritKind::ListRefused),
        Conduct::Refused | Conduct::NotAuth => Some(CulpritKind::ServerRefused),
        Conduct::Lame => Some(CulpritKind::ServerLame),
        Conduct::NoTcp => Some(CulpritKind::Truncated),
        Conduct::Unreachable | Conduct::NotSent => Some(CulpritKind::Unreachable),
        _ => Some(CulpritKind::ServerFailed),
    }
}

/// Returns the fault for a query without an answer. Returns `None` if no client waited because of it.
fn silence(
    list: bool,
    flight: &FlightEntry,
    message: &MessageEntry,
    traffic: &Traffic,
) -> Option<CulpritKind> {
    let raced = |other: &MessageEntry| {
        let end = other.at.saturating_add(other.elapsed);
        other.conduct.is_some_and(Conduct::came_back)
            && other.server != message.server
            && end >= message.at.saturating_add(message.elapsed)
            && other.at.abs_diff(message.at) < SAME_MOMENT
    };
    if is_silent_over_tcp(flight, message) {
        return Some(without_tcp(flight, message, traffic));
    }
    // Another server was queried at the same time and answered first, so no client waited for this server.
    if message.conduct.is_none() && flight.messages.iter().any(raced) {
        return None;
    }
    if traffic.is_down(flight, message) {
        return Some(CulpritKind::Network);
    }
    if traffic.is_lossy(flight, message) {
        return Some(CulpritKind::NetworkLossy);
    }
    match traffic.unanswered(flight, message) {
        Unanswered::Lost => Some(CulpritKind::Loss),
        Unanswered::CouldNotTell => Some(CulpritKind::Unknown),
        Unanswered::Silent if traffic.is_silent_path(flight, message.server) => {
            Some(CulpritKind::Unreachable)
        }
        Unanswered::Silent => fault(list, Conduct::Silent),
    }
}

/// Returns the fault for a query over TCP that failed although the server answers over UDP.
fn without_tcp(flight: &FlightEntry, message: &MessageEntry, traffic: &Traffic) -> CulpritKind {
    if traffic.is_without_tcp(flight, message) { CulpritKind::TcpBlocked } else { CulpritKind::Truncated }
}

/// Returns true for an unanswered query over TCP after a truncated answer of the server over UDP.
fn is_silent_over_tcp(flight: &FlightEntry, message: &MessageEntry) -> bool {
    let cut = |other: &MessageEntry| {
        other.server == message.server && other.conduct == Some(Conduct::Truncated) && other.at <= message.at
    };
    message.transport == Transport::Tcp
        && matches!(message.conduct, None | Some(Conduct::Silent))
        && flight.messages.iter().any(cut)
}

/// Returns the last behaviour of a server. If the server truncated an answer and then did not answer over TCP, the result is `NoTcp`.
pub(crate) fn last_conduct(
    flight: &FlightEntry,
    server: IpAddr,
    conduct: Option<Conduct>,
) -> Option<Conduct> {
    let mut of_server = flight.messages.iter().filter(|message| message.server == server);
    match conduct {
        None | Some(Conduct::Silent | Conduct::Truncated)
            if of_server.any(|message| is_silent_over_tcp(flight, message)) =>
        {
            Some(Conduct::NoTcp)
        }
        conduct => conduct,
    }
}

/// Two queries within this time, in microseconds, count as sent together.
const SAME_MOMENT: u32 = 5_000;

/// Returns the causes for which a question waited in a period, with the time for each in microseconds.
pub(super) fn timeline(
    one: &ExplainedQuestion<'_>,
    (begin, end): (u64, u64),
    traffic: &Traffic,
) -> Vec<(CauseKey, u64)> {
    let Some(flight) = one.waited_for() else {
        let kind = if one.is_overload() { CulpritKind::Overload } else { CulpritKind::Unknown };
        let zone = if one.question.was_stopped() { one.own_zone() } else { Box::default() };
        return vec![((kind, zone), end.saturating_sub(begin))];
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
        } else if let Some(message) = waited_for(flight, *from).or_else(|| paused_after(flight, *from)) {
            kind_of(one, flight, message, traffic).map(|kind| key_of(one, kind, &message.zone))
        } else {
            Some((CulpritKind::Unknown, Box::default()))
        };
        spent.extend(key.map(|key| (key, to.saturating_sub(*from))));
    }
    spent
}

/// Returns the query after whose error a resolution paused at a time, before it asked a failing server again.
fn paused_after(flight: &FlightEntry, at: u64) -> Option<&MessageEntry> {
    let is_next = |message: &MessageEntry| message.reason == AGAIN && moments(flight, message).0 > at;
    if !flight.messages.iter().any(is_next) {
        return None;
    }
    let has_failed = |message: &&MessageEntry| {
        moments(flight, message).1 <= at && message.conduct == Some(Conduct::ServFail)
    };
    flight.messages.iter().filter(has_failed).max_by_key(|message| moments(flight, message).1)
}

/// Returns the query for which a resolution waited at a time: one that was answered later, or else the oldest one.
fn waited_for(flight: &FlightEntry, at: u64) -> Option<&MessageEntry> {
    let under_way = |message: &&MessageEntry| {
        let (sent, end) = moments(flight, message);
        sent <= at && at < end
    };
    let came_back = |message: &MessageEntry| message.conduct.is_some_and(Conduct::came_back);
    flight.messages.iter().filter(under_way).min_by_key(|message| (!came_back(message), message.at))
}
