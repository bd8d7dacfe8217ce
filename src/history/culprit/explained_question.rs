//! A question of a message with its list and its flight, and the zone for which a query of that flight is counted.

use crate::entry::{FlightEntry, QuestionEntry};
use crate::event::Shows;
use crate::subject::{ListName, domain_of, organisation};
use dns::question::{Outcome, is_within};

/// A question of a message, the DNS list to which it was sent, and the flight that explains its outcome.
#[derive(Clone, Copy, Debug)]
pub struct ExplainedQuestion<'a> {
    /// The question of the client.
    pub question: &'a QuestionEntry,
    /// The DNS list to which the question was sent; none for other questions.
    pub list: Option<ListName>,
    /// The flight of the question. If the question failed because another one had failed before, the flight of that other question.
    pub flight: Option<&'a FlightEntry>,
}

impl ExplainedQuestion<'_> {
    /// Returns true if the client got SERVFAIL.
    pub fn failed(&self) -> bool {
        self.question.outcome.is_failure()
    }

    /// Returns true if the question failed because this resolver had too much work: it was turned away although its zone is not known to be
    /// silent, or most of its time was over before its resolution began.
    pub(crate) fn is_overload(&self) -> bool {
        let QuestionEntry { at, elapsed, outcome, .. } = *self.question;
        let queued = self.waited_for().map_or(0, |flight| flight.began.saturating_sub(at));
        let is_silent = || self.flight.is_some_and(|flight| flight.shows == Some(Shows::Silence));
        match outcome {
            Outcome::Shed => self.question.is_overload() || !(is_silent() || self.question.was_stopped()),
            Outcome::Deadline => queued > elapsed / 2,
            _ => false,
        }
    }

    /// Returns the flight of the question, if the question waited for it.
    pub(super) fn waited_for(&self) -> Option<&FlightEntry> {
        self.flight.filter(|flight| self.question.flight == Some(flight.id))
    }

    /// Returns the zone of a failure that shows no zone: the zone of its list, otherwise the domain of its name. So the failures of two
    /// domains are not counted as one.
    pub(super) fn own_zone(&self) -> Box<[u8]> {
        self.apex().map_or_else(|| domain_of(&self.question.name), Box::from)
    }

    /// Returns the apex of the DNS list to which the question was sent, in wire form.
    pub(crate) fn apex(&self) -> Option<&[u8]> {
        self.list?.apex_in(&self.question.name)
    }
}

/// The relation between a zone and the list to which a question is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ListRelation {
    /// The servers of the zone are the servers of the list itself.
    Own,
    /// The zone is above the list and has the same owner: the list answers only if the zone answers.
    Above,
    /// The zone has another owner, or there is no list.
    Other,
}

impl ListRelation {
    fn between(one: &ExplainedQuestion<'_>, zone: &[u8]) -> Self {
        let Some(apex) = one.apex() else { return Self::Other };
        if is_within(zone, apex) {
            return Self::Own;
        }
        if is_within(apex, zone) {
            return if is_within(zone, organisation(apex)) { Self::Above } else { Self::Other };
        }
        // Names with a key are asked in a zone other than the apex, and this zone is then the deepest one. A zone that only contains the
        // addresses of servers is asked for these addresses in sub-questions.
        let is_deepest = one.flight.is_some_and(|flight| {
            let mut asked = flight.messages.iter().filter(|message| *message.zone == *zone).peekable();
            *flight.zone == *zone && (asked.peek().is_none() || asked.any(|message| message.depth == 0))
        });
        if is_deepest { Self::Own } else { Self::Other }
    }
}

/// Returns the zone for which a query to the servers of a zone is counted: the zone of the list, if they are the servers of the list.
pub(super) fn zone_of(one: &ExplainedQuestion<'_>, zone: &[u8]) -> Box<[u8]> {
    match one.apex() {
        Some(apex) if ListRelation::between(one, zone) == ListRelation::Own => apex.into(),
        _ => zone.into(),
    }
}

/// Returns true if the silence of a zone's servers is a silence of the list: they are the servers of the list, or the owner of the list uses
/// them for a zone above it. The servers of a top-level domain have another owner.
pub(super) fn is_of_list(one: &ExplainedQuestion<'_>, zone: &[u8]) -> bool {
    ListRelation::between(one, zone) != ListRelation::Other
}
