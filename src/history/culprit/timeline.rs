//! The timeline of a question: the causes that it waited for, one after the other.

use super::cause::{CauseKey, CulpritKind};
use super::explained_question::{ExplainedQuestion, zone_of};
use super::fault::kind_of;
use crate::entry::{FlightEntry, MessageEntry};
use crate::traffic::{Traffic, moments};
use dns::conduct::Conduct;

/// The causes that a question waited for, with the time of each.
pub(super) fn timeline(
    one: &ExplainedQuestion<'_>,
    (begin, end): (u64, u64),
    traffic: &Traffic,
) -> Vec<(CauseKey, u64)> {
    let Some(flight) = one.waited_for() else {
        let key = if one.is_overload() {
            (CulpritKind::Overload, Box::default())
        } else if one.question.was_stopped() {
            (CulpritKind::Unknown, one.own_zone())
        } else {
            (CulpritKind::Unknown, Box::default())
        };
        return vec![(key, end.saturating_sub(begin))];
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

/// The query that a flight waited for at a moment: a query that was answered later, otherwise the oldest query.
fn waited_for(flight: &FlightEntry, at: u64) -> Option<&MessageEntry> {
    let under_way = |message: &&MessageEntry| {
        let (sent, end) = moments(flight, message);
        sent <= at && at < end
    };
    let came_back = |message: &MessageEntry| message.conduct.is_some_and(Conduct::came_back);
    flight.messages.iter().filter(under_way).min_by_key(|message| (!came_back(message), message.at))
}
