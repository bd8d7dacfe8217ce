//! Finds the servers that caused the failure of a question.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::culprit::cause::{Cause, CauseKey, cause};
use crate::culprit::explained_question::{ExplainedQuestion, is_of_list};
use crate::culprit::fault::{fault, key_of, kind_of, last_conduct, timeline};
use crate::limits::SLOW_ANSWER;
use crate::traffic::Traffic;
use dns::clock::micros;
use dns::conduct::Conduct;
use dns::question::{Outcome, is_within};
use record::culprit::CulpritKind;
use record::entry::{FlightEntry, MessageEntry};
use record::event::Shows;

/// A cause, a blamed server, and the last query to the server. The query is `None` if the server was not queried because it is known to be
/// silent.
type Blamed<'a> = (CauseKey, Option<IpAddr>, Option<&'a MessageEntry>);

pub(super) fn failure(
    one: &ExplainedQuestion<'_>,
    traffic: &Traffic,
    causes: &mut BTreeMap<CauseKey, Cause>,
) {
    let ExplainedQuestion { question, flight, .. } = one;
    if one.is_overload() {
        return fail(causes, (CulpritKind::Overload, Box::default()), one, &question.error);
    }
    let Some(flight) = flight else {
        // The question got a cached failure, but no recent resolution has failed. So resolverd has stopped the queries to this DNS list, because the
        // list refuses them or does not answer.
        let kind = match one.list.filter(|_| question.outcome == Outcome::Remembered) {
            Some(list) if list.refuses => CulpritKind::ListRefused,
            Some(_) => CulpritKind::ListSilent,
            None => CulpritKind::Unknown,
        };
        return fail(causes, (kind, one.own_zone()), one, &question.error);
    };
    let why = if flight.why.is_empty() { &question.error } else { &flight.why };
    let mut failed: Vec<CauseKey> = Vec::new();
    for (key, server, message) in blamed(one, flight, traffic) {
        let cause = cause(causes, key.clone());
        match (server, message) {
            // If the client waited for the resolution, `cause` may already have its queries to this server. They must not count twice.
            (Some(server), Some(message))
                if one.waited_for().is_none()
                    || cause.servers.get(&server).is_none_or(|(count, _)| *count == 0) =>
            {
                cause.add(message);
            }
            (Some(server), _) => {
                cause.servers.entry(server).or_default();
            }
            (None, _) => {}
        }
        if !failed.contains(&key) {
            failed.push(key);
        }
    }
    for key in failed {
        fail(causes, key, one, why);
    }
}

fn blamed<'a>(one: &ExplainedQuestion<'_>, flight: &'a FlightEntry, traffic: &Traffic) -> Vec<Blamed<'a>> {
    let only = |kind: CulpritKind, zone: Box<[u8]>| vec![((kind, zone), None, None)];
    let apex = || one.apex().map(Box::from).unwrap_or_else(|| (*flight.zone).into());
    if matches!(flight.shows, Some(Shows::Bogus)) {
        return only(CulpritKind::Bogus, (*flight.zone).into());
    }
    // If the servers of the DNS list had failed, the failure would name a zone. So the list has answered, but its answer is no valid listing.
    if matches!(flight.shows, Some(Shows::List)) && flight.zone.is_empty() {
        let refused = of_servers(one, flight, traffic);
        return if refused.iter().any(|((kind, _), ..)| *kind == CulpritKind::ListRefused) {
            refused
        } else {
            only(CulpritKind::ListRefused, apex())
        };
    }
    let zone = if flight.zone.is_empty() { one.own_zone() } else { (*flight.zone).into() };
    // The resolution found an answer, but the client had got SERVFAIL before: at the deadline of the question, or because its DNS list was
    // known to be silent.
    if flight.shows.is_none() {
        let late = late(one, (flight, &apex()), traffic);
        return match longest(one, traffic) {
            Some(key) => vec![(key, None, None)],
            None if !late.is_empty() => late,
            None => only(CulpritKind::Unknown, zone),
        };
    }
    let found = of_servers(one, flight, traffic);
    if !found.is_empty() {
        return found;
    }
    // If the question failed because servers were silent, the cause of the longest wait is blamed. Other failures have a reason of their
    // own, such as a loop of aliases, so slow servers are not at fault.
    if flight.shows == Some(Shows::Silence)
        && let Some(key) = longest(one, traffic)
    {
        return vec![(key, None, None)];
    }
    if flight.shows == Some(Shows::Unrouted) {
        return only(CulpritKind::Unreachable, zone);
    }
    if matches!(flight.shows, Some(Shows::List)) {
        return only(CulpritKind::ListSilent, apex());
    }
    only(CulpritKind::Unknown, zone)
}

/// Returns the servers of the DNS list whose answers came too late.
fn late<'a>(
    one: &ExplainedQuestion<'_>,
    (flight, apex): (&'a FlightEntry, &[u8]),
    traffic: &Traffic,
) -> Vec<Blamed<'a>> {
    let is_late =
        |message: &&MessageEntry| kind_of(one, flight, message, traffic) == Some(CulpritKind::ListSlow);
    let key = (CulpritKind::ListSlow, Box::from(apex));
    let late = flight.messages.iter().filter(is_late);
    late.map(|message| (key.clone(), Some(message.server), Some(message))).collect()
}

/// Returns the servers of the failed zone with the faults that their last behaviour shows.
fn of_servers<'a>(
    one: &ExplainedQuestion<'_>,
    flight: &'a FlightEntry,
    traffic: &Traffic,
) -> Vec<Blamed<'a>> {
    let in_zone = |message: &&MessageEntry| flight.zone.is_empty() || is_within(&message.zone, &flight.zone);
    let mut last: BTreeMap<IpAddr, (Option<Conduct>, Option<&MessageEntry>)> = BTreeMap::new();
    for message in flight.messages.iter().filter(in_zone) {
        let known = last.entry(message.server).or_insert((None, None));
        // The last query is stored. A query that was still unanswered when the resolution ended does not replace an answered one, which shows more
        // about the server.
        if message.conduct.is_some() || known.1.is_none_or(|before| before.conduct.is_none()) {
            known.1 = Some(message);
        }
    }
    if !flight.faults.is_empty() {
        last.retain(|server, _| flight.faults.iter().any(|(other, _)| other == server));
        for (server, conduct) in &flight.faults {
            last.entry(*server).or_insert((None, None)).0 = Some(*conduct);
        }
    }
    let blamed = last.into_iter().filter_map(|(server, (conduct, message))| {
        let zone = message.map_or(&*flight.zone, |message| &message.zone);
        // True for a query without a result that was sent shortly before the end of the resolution: the server may have answered it later.
        let under_way = |message: &&MessageEntry| {
            message.conduct.is_none() && u64::from(message.elapsed) < micros(SLOW_ANSWER)
        };
        let seen = message.filter(|message| !under_way(message));
        let seen = seen.and_then(|message| kind_of(one, flight, message, traffic));
        let said = conduct.and_then(|conduct| last_conduct(flight, server, Some(conduct)));
        let said = said.and_then(|conduct| match conduct {
            // The server truncated its answer over UDP. It was not asked over TCP, because it is known not to accept TCP.
            Conduct::Truncated => Some(CulpritKind::Truncated),
            Conduct::Silent if traffic.is_down_at(one.question.at) => Some(CulpritKind::Network),
            Conduct::Silent if traffic.is_silent_path(flight, server) => Some(CulpritKind::Unreachable),
            conduct => fault(is_of_list(one, zone), conduct),
        });
        let kind = seen.filter(|kind| !is_slow(*kind)).or(said)?;
        Some((key_of(one, kind, zone), Some(server), message))
    });
    blamed.collect()
}

/// Returns the cause for which a question waited longest.
fn longest(one: &ExplainedQuestion<'_>, traffic: &Traffic) -> Option<CauseKey> {
    let mut sums: BTreeMap<CauseKey, u64> = BTreeMap::new();
    for (key, time) in timeline(one, (one.question.at, one.question.end()), traffic) {
        let sum = sums.entry(key).or_default();
        *sum = sum.saturating_add(time);
    }
    let known = |((kind, _), time): &(CauseKey, u64)| *kind != CulpritKind::Unknown && *time >= traffic.slow;
    sums.into_iter().filter(known).max_by_key(|(_, time)| *time).map(|(key, _)| key)
}

/// Returns true if the cause is a slow answer. An answer that is slow, but comes before the deadline, makes no question fail.
fn is_slow(kind: CulpritKind) -> bool {
    matches!(kind, CulpritKind::ServerSlow | CulpritKind::ListSlow)
}

fn fail(causes: &mut BTreeMap<CauseKey, Cause>, key: CauseKey, one: &ExplainedQuestion<'_>, why: &str) {
    let cause = cause(causes, key);
    cause.add_list(one.apex());
    cause.failures = cause.failures.saturating_add(1);
    cause.deferring = cause.deferring.saturating_add(u32::from(one.list.is_none()));
    let is_turned_away = one.question.outcome == Outcome::Shed && !one.question.was_stopped();
    cause.turned_away = cause.turned_away.saturating_add(u32::from(is_turned_away));
    if cause.why.is_empty() {
        cause.why = why.into();
    }
    cause.list_fault = cause.list_fault.or_else(|| one.flight?.list_fault);
}
