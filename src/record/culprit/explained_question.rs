//! A question of a message with its list and its flight, and the zone that a query of that flight is counted for.

use crate::question::is_within;
use crate::record::entry::{FlightEntry, QuestionEntry};
use crate::record::subject::ListName;

/// A question of a message, its list, and the flight that explains it.
#[derive(Clone, Copy, Debug)]
pub struct ExplainedQuestion<'a> {
    /// The question.
    pub question: &'a QuestionEntry,
    /// The list that it asks.
    pub list: Option<ListName>,
    /// Its flight. For a question that failed because another had failed before: the flight of that one.
    pub flight: Option<&'a FlightEntry>,
}

impl ExplainedQuestion<'_> {
    /// Whether its client got SERVFAIL.
    pub fn failed(&self) -> bool {
        self.question.outcome.is_failure()
    }

    /// Its flight, if it waited for it.
    pub(super) fn waited_for(&self) -> Option<&FlightEntry> {
        self.flight.filter(|flight| self.question.flight == Some(flight.id))
    }

    /// The apex of its list.
    pub(in crate::record) fn apex(&self) -> Option<&[u8]> {
        let name = &self.question.name;
        name.get(name.len().checked_sub(self.list?.apex)?..)
    }
}

/// The zone that a query to the servers of a zone is counted for: the zone of the list if the list owns these servers.
pub(super) fn zone_of(one: &ExplainedQuestion<'_>, zone: &[u8]) -> Box<[u8]> {
    match one.apex() {
        Some(apex) if is_of_list(one, zone) => apex.into(),
        _ => zone.into(),
    }
}

/// Whether the servers of a zone belong to the list. Names with a key are asked for in another zone than the apex,
/// which is then the deepest one.
pub(super) fn is_of_list(one: &ExplainedQuestion<'_>, zone: &[u8]) -> bool {
    let deepest = one.flight.is_some_and(|flight| *flight.zone == *zone);
    one.apex().is_some_and(|apex| is_within(zone, apex) || (deepest && !is_within(apex, zone)))
}
