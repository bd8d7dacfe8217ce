//! Selects the entries for the disk.

use std::collections::{BTreeMap, BTreeSet};

use record::Recorded;
use record::entry::{Entry, OutageEntry};
use record::limits::MAX_FOLLOWED_FLIGHTS;

/// Selects the entries for the disk: failed and slow questions, all questions that waited for the
/// same resolutions, these resolutions, and further resolutions that explain the questions.
#[derive(Debug, Default)]
pub(crate) struct Chooser {
    /// The stored resolutions by id, each with its duration in microseconds when it was stored. A
    /// resolution that has lasted longer since then is stored again. At most
    /// `MAX_FOLLOWED_FLIGHTS`.
    flights: BTreeMap<u64, u64>,
    outages: Vec<OutageEntry>,
}

impl Chooser {
    pub(crate) fn has(&self, flight: u64) -> bool {
        self.flights.contains_key(&flight)
    }

    /// Returns the new entries to store: the questions at the indices `places`, the resolutions
    /// with the ids `flights`, and all questions that waited for stored resolutions.
    pub(crate) fn choose(
        &mut self,
        recorded: &Recorded,
        places: &BTreeSet<usize>,
        flights: &BTreeSet<u64>,
    ) -> Vec<Entry> {
        let mut chosen = Vec::new();
        for flight in &recorded.flights {
            let known = self.flights.get(&flight.id);
            let is_new =
                known.map_or_else(|| flights.contains(&flight.id), |elapsed| *elapsed < flight.elapsed);
            if is_new {
                self.flights.insert(flight.id, flight.elapsed);
                chosen.push(Entry::Flight(flight.clone()));
            }
        }
        for (place, question) in recorded.questions.iter().enumerate() {
            if places.contains(&place) || question.flight.is_some_and(|flight| self.has(flight)) {
                chosen.push(Entry::Question(question.clone()));
            }
        }
        while self.flights.len() > MAX_FOLLOWED_FLIGHTS {
            self.flights.pop_first();
        }
        if !chosen.is_empty() {
            let new = recorded.outages.iter().filter(|outage| !self.outages.contains(outage));
            chosen.extend(new.map(|outage| Entry::Outage(*outage)));
            self.outages.clone_from(&recorded.outages);
        }
        chosen
    }
}
