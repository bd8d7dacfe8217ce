//! The record on disk: which entries are stored, and the form of the files, called segments.
//!
//! Failed and slow questions are stored, all that waited for the same flights, these flights, failed flights to DNS
//! lists, and the messages (emails) of `long_messages`, so that a restart and hours of traffic do not take them away. A segment is a head and entries, each behind its
//! checksum. A reader takes the entries before the first damaged entry: a crash may cut off the end of a segment.
//! Moments are in microseconds since 1970.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;

use super::entry::{self, Entry, FlightEntry};
use super::recorded::Recorded;
use crate::hash::Plain;
use crate::limits::MAX_FOLLOWED_FLIGHTS;

/// The begin of each segment; the last octet is the version of the form.
pub const SEGMENT_HEAD: [u8; 16] = *b"resolverd rec\n\0\x01";

/// Octets of a checksum.
const SUM: usize = 8;

/// Appends an entry behind its checksum.
pub(super) fn put(entry: &Entry, into: &mut Vec<u8>) {
    let begin = into.len();
    into.extend_from_slice(&[0; SUM]);
    entry.put(into);
    let octets = into.get(begin.saturating_add(SUM)..).unwrap_or_default();
    let sum = checksum(octets);
    if let Some(place) = into.get_mut(begin..).and_then(|frame| frame.first_chunk_mut::<SUM>()) {
        *place = sum.to_le_bytes();
    }
}

/// Reads the entries of a segment, and returns the number of octets of its begin that are whole.
pub fn read(segment: &[u8], mut take: impl FnMut(Entry)) -> usize {
    let Some(mut left) = segment.strip_prefix(&SEGMENT_HEAD) else { return 0 };
    while let Some((sum, behind)) = left.split_first_chunk::<SUM>() {
        let Some(length) = behind.first_chunk().map(|length| usize::from(u16::from_le_bytes(*length))) else {
            break;
        };
        let Some((octets, rest)) = behind.split_at_checked(length).filter(|_| length > 2) else { break };
        if checksum(octets) != u64::from_le_bytes(*sum) {
            break;
        }
        entry::read(octets, &mut take);
        left = rest;
    }
    segment.len().saturating_sub(left.len())
}

fn checksum(octets: &[u8]) -> u64 {
    let mut sum = Plain::default();
    sum.write_usize(octets.len());
    sum.write(octets);
    sum.finish()
}

/// Chooses the entries to be stored.
#[derive(Debug, Default)]
pub(super) struct Chooser {
    /// The stored flights, by their numbers, and their times: a flight is stored again when it has ended. At most
    /// `MAX_FOLLOWED_FLIGHTS`.
    flights: BTreeMap<u64, u64>,
    /// The stored flights that only show what servers did beside these. At most `MAX_FOLLOWED_FLIGHTS`.
    witnesses: BTreeSet<u64>,
    /// The outages when entries were last stored.
    outages: Vec<(u64, u64)>,
}

/// The numbers of the flights to be stored.
#[derive(Debug)]
pub(super) struct WantedFlights<'a> {
    /// Flights that explain a failed or slow question or later ones.
    pub(super) explain: &'a BTreeSet<u64>,
    /// Flights whose answers show that messages of the others were lost.
    pub(super) witnesses: &'a BTreeSet<u64>,
}

impl Chooser {
    /// Whether a flight was stored because it explains a question.
    pub(super) fn has(&self, flight: u64) -> bool {
        self.flights.contains_key(&flight)
    }

    /// Notes a flight that is stored.
    pub(super) fn add(&mut self, flight: &FlightEntry) {
        self.flights.insert(flight.id, flight.elapsed);
        while self.flights.len() > MAX_FOLLOWED_FLIGHTS {
            self.flights.pop_first();
        }
    }

    /// The entries to be stored of what is new. `is_wanted` tells whether a question failed or was slow.
    pub(super) fn choose(
        &mut self,
        recorded: &Recorded,
        wanted: &WantedFlights<'_>,
        is_wanted: impl Fn(usize) -> bool,
    ) -> Vec<Entry> {
        let mut chosen = Vec::new();
        for flight in &recorded.flights {
            let known = self.flights.get(&flight.id);
            let is_new = known
                .map_or_else(|| wanted.explain.contains(&flight.id), |elapsed| *elapsed < flight.elapsed);
            if is_new {
                self.flights.insert(flight.id, flight.elapsed);
                chosen.push(Entry::Flight(flight.clone()));
            } else if known.is_none()
                && wanted.witnesses.contains(&flight.id)
                && self.witnesses.insert(flight.id)
            {
                chosen.push(Entry::Flight(flight.clone()));
            }
        }
        for (place, question) in recorded.questions.iter().enumerate() {
            let waited = question.flight.is_some_and(|flight| self.flights.contains_key(&flight));
            if waited || is_wanted(place) {
                chosen.push(Entry::Question(question.clone()));
            }
        }
        while self.flights.len() > MAX_FOLLOWED_FLIGHTS {
            self.flights.pop_first();
        }
        while self.witnesses.len() > MAX_FOLLOWED_FLIGHTS {
            self.witnesses.pop_first();
        }
        if !chosen.is_empty() {
            let new = recorded.outages.iter().filter(|outage| !self.outages.contains(outage));
            chosen.extend(new.map(|(since, until)| Entry::Outage(*since, *until)));
            self.outages.clone_from(&recorded.outages);
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::Outcome;
    use crate::record::entry::QuestionEntry;
    use hickory_proto::rr::RecordType;
    use proptest::prelude::*;

    fn question(at: u64) -> Entry {
        Entry::Question(QuestionEntry {
            name: b"\x07example\x00"[..].into(),
            kind: RecordType::MX,
            client: [127, 0, 0, 1].into(),
            port: 0,
            view: 1,
            at,
            outcome: Outcome::Failed,
            elapsed: 7,
            flight: Some(3),
            error: "no server answered".into(),
            code: Some(22),
            user: None,
        })
    }

    fn segment(count: u64) -> Vec<u8> {
        let mut octets = SEGMENT_HEAD.to_vec();
        (0..count).for_each(|at| put(&question(at), &mut octets));
        octets
    }

    #[test]
    fn a_segment_is_read_as_it_was_written() {
        let (octets, mut entries) = (segment(3), Vec::new());
        assert_eq!(read(&octets, |entry| entries.push(entry)), octets.len());
        assert_eq!(entries, (0..3).map(question).collect::<Vec<_>>());
        assert_eq!(read(b"another file, which is longer", drop), 0);
    }

    proptest! {
        #[test]
        fn a_torn_or_damaged_end_is_left_out(cut in 0_usize..300, rest in proptest::collection::vec(any::<u8>(), 0..80)) {
            let whole = segment(3);
            let cut = cut.min(whole.len());
            let mut octets = whole.get(..cut).unwrap().to_vec();
            octets.extend(rest);
            let mut entries = Vec::new();
            let valid = read(&octets, |entry| entries.push(entry));
            prop_assert!(valid <= octets.len());
            prop_assert!(entries.len() <= 3 && entries.iter().cloned().eq((0..entries.len() as u64).map(question)));
            let again = read(octets.get(..valid).unwrap(), drop);
            prop_assert_eq!(again, valid);
        }
    }
}
