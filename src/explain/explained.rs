//! Finds the resolution (flight) that explains the outcome of a question: the resolution of this question, an earlier resolution that
//! failed, or the one whose answer the cache gave.
//!
//! A question may fail at once because another question failed shortly before. Both then have the same culprit.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;

use crate::culprit::ExplainedQuestion;
use crate::message::ListOf;
use crate::subject::ListName;
use dns::clock::micros;
use dns::hash::Plain;
use dns::question::{Outcome, label_places};
use record::Recorded;
use record::entry::{ByAsked, FlightEntry, QuestionEntry, place_of};
use record::event::Shows;
use record::limits::EXPLAINED_TIME;
use record::report::OWNED_LABELS;

/// The resolutions of the history, indexed in several tables. Each list is sorted by time.
pub(crate) struct Explained<'a> {
    by_number: HashMap<u64, &'a FlightEntry, BuildHasherDefault<Plain>>,
    /// Failed resolutions, by name and type of the question.
    of_question: BTreeMap<(&'a [u8], u16), Vec<&'a FlightEntry>>,
    /// Failed resolutions, by the zone whose servers failed.
    of_zone: BTreeMap<&'a [u8], Vec<&'a FlightEntry>>,
    /// Resolutions that did not fail, by name and type.
    with_answer: ByAsked<Vec<&'a FlightEntry>>,
    /// All resolutions of questions to DNS lists, by the apex of the list.
    of_list: BTreeMap<&'a [u8], Vec<&'a FlightEntry>>,
}

impl<'a> Explained<'a> {
    pub(crate) fn from_recorded(recorded: &'a Recorded, list: ListOf<'_>) -> Self {
        let (by_number, of_question, of_zone, with_answer, of_list) = Default::default();
        let mut explained = Self { by_number, of_question, of_zone, with_answer, of_list };
        for flight in &recorded.flights {
            explained.by_number.insert(flight.id, flight);
            if let Some(apex) = list(&flight.name).and_then(|list| list.apex_in(&flight.name)) {
                explained.of_list.entry(apex).or_default().push(flight);
            }
            if flight.shows.is_none() {
                explained.with_answer.entry(place_of(&flight.name, flight.kind)).or_default().push(flight);
            } else {
                let question = (&*flight.name, flight.kind.into());
                explained.of_question.entry(question).or_default().push(flight);
                if label_places(&flight.zone).count() >= OWNED_LABELS {
                    explained.of_zone.entry(&flight.zone).or_default().push(flight);
                }
            }
        }
        explained
    }

    pub(crate) fn explain(&self, question: &'a QuestionEntry, list: ListOf<'_>) -> ExplainedQuestion<'a> {
        let list = list(&question.name);
        let own = question.flight.and_then(|id| self.by_number.get(&id).copied());
        let flight = match question.outcome {
            // resolverd stopped while the question waited, so no resolution explains the failure.
            Outcome::Shed if question.was_stopped() => None,
            // resolverd rejected the question because other questions already waited for its silent zone. The failed resolution of such a question
            // explains the rejection. The resolution of the rejected question itself, if there is one, ended before the servers could answer, so it
            // is used only if no other is known.
            Outcome::Shed if !question.is_overload() => {
                self.of_zones(question).filter(|flight| flight.shows == Some(Shows::Silence)).or(own)
            }
            Outcome::Remembered | Outcome::Stale => own.or_else(|| self.before(question, list)),
            Outcome::Cache => own.or_else(|| last(self.with_answer.get(&question.place())?, question.at)),
            _ => own,
        };
        ExplainedQuestion { question, list, flight }
    }

    /// Returns the numbers of the failed resolutions of names in DNS lists. They are stored on disk even if no failed question refers to
    /// them: a question to a silent list fails before its resolution ends, or has no resolution.
    pub(crate) fn failed_to_lists(&self) -> impl Iterator<Item = u64> {
        let flights = self.of_list.values().flatten();
        flights.filter(|flight| flight.shows.is_some()).map(|flight| flight.id)
    }

    /// Returns the last failed resolution before a question: for the same name and type, or else for a zone that contains the name, or else
    /// for the same DNS list. A resolution for the DNS list may be old, because resolverd sends no client queries to a silent list.
    fn before(&self, question: &QuestionEntry, list: Option<ListName>) -> Option<&'a FlightEntry> {
        let same = self.of_question.get(&(&*question.name, u16::from(question.kind)));
        let same =
            same.and_then(|flights| last(flights, question.at)).filter(|flight| is_recent(flight, question));
        same.or_else(|| self.of_zones(question)).or_else(|| {
            let apex = list?.apex_in(&question.name)?;
            last(self.of_list.get(apex)?, question.at)
        })
    }

    /// Returns the last recent failed resolution in the deepest zone that contains the name of the question.
    fn of_zones(&self, question: &QuestionEntry) -> Option<&'a FlightEntry> {
        let zones = label_places(&question.name).filter_map(|place| question.name.get(place..));
        let mut flights = zones.filter_map(|zone| last(self.of_zone.get(zone)?, question.at));
        flights.find(|flight| is_recent(flight, question))
    }
}

fn last<'a>(flights: &[&'a FlightEntry], at: u64) -> Option<&'a FlightEntry> {
    let end = flights.partition_point(|flight| flight.began <= at);
    flights.get(end.checked_sub(1)?).copied()
}

fn is_recent(flight: &FlightEntry, question: &QuestionEntry) -> bool {
    let window = micros(EXPLAINED_TIME);
    flight.end().saturating_add(window) >= question.at
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::question::wire_name;
    use hickory_proto::rr::{Name, RecordType};

    const SECOND: u64 = 1_000_000;

    fn list(name: &[u8]) -> Option<ListName> {
        let apex = wire("list.test.");
        name.ends_with(&apex).then_some(ListName { apex: apex.len(), keyed: false, refuses: false })
    }

    fn wire(text: &str) -> std::sync::Arc<[u8]> {
        wire_name(&Name::from_ascii(text).unwrap()).into()
    }

    fn flight(id: u64, second: u64, name: &str, zone: &str, shows: Option<Shows>) -> FlightEntry {
        FlightEntry {
            name: wire(name),
            zone: wire(zone),
            shows,
            ..FlightEntry::blank(id, second * SECOND, SECOND)
        }
    }

    #[test]
    fn remembered_failure_finds_its_cause() {
        let silence = Some(Shows::Silence);
        let flights = vec![
            flight(1, 0, "a.example.", "example.", silence),
            flight(2, 10, "b.mail.test.", "mail.test.", silence),
            flight(3, 20, "2.0.0.127.list.test.", "", Some(Shows::List)),
            flight(5, 30, "other.mail.test.", "mail.test.", None),
            flight(4, 9_000, "3.0.0.127.list.test.", "", None),
        ];
        let recorded = Recorded { flights, ..Recorded::default() };
        let explained = Explained::from_recorded(&recorded, &list);
        use Outcome::{Remembered, Shed};
        let explains = |second: u64, name: &str, outcome: Outcome| {
            let at = second * SECOND;
            let question = QuestionEntry {
                outcome,
                flight: (outcome == Shed && second == 30).then_some(5),
                code: (outcome == Shed).then_some(22),
                ..QuestionEntry::hit(wire(name), RecordType::A, [127, 0, 0, 1].into(), 0, at)
            };
            explained.explain(&question, &list).flight.map(|flight| flight.id)
        };
        for (second, name, outcome, expected) in [
            (30, "a.example.", Remembered, Some(1)),
            (30, "other.example.", Remembered, None),
            (30, "other.mail.test.", Remembered, Some(2)),
            (30, "other.mail.test.", Shed, Some(2)),
            (30, "other.test.", Remembered, None),
            (5, "other.mail.test.", Remembered, None),
            (7_200, "a.example.", Remembered, None),
            (7_200, "other.mail.test.", Shed, None),
            (7_200, "9.0.0.127.list.test.", Remembered, Some(3)),
            (9_100, "9.0.0.127.list.test.", Remembered, Some(4)),
        ] {
            assert_eq!(explains(second, name, outcome), expected, "{second} {name} {outcome:?}");
        }
    }
}
