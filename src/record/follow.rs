//! Reads what is new in the record, some time after it was written.
//!
//! No question waits for it. A flight is written before the questions that waited for it, so that each question is read
//! with its flight, or with one that failed shortly before and explains it.

use std::collections::VecDeque;
use std::sync::Mutex;

use super::entry::{self, Entry, FlightEntry};
use super::recorded::Recorded;
use super::redact::Secrets;
use super::ring::{self, Ring, RingPlace};
use crate::clock::Mono;
use crate::limits::{EXPLAINED_TIME, MAX_FOLLOWED_FLIGHTS};

/// A reader that goes on where it ended.
#[derive(Debug, Default)]
pub(super) struct Follower {
    place: RingPlace,
    /// The last flights: at most `MAX_FOLLOWED_FLIGHTS`.
    flights: VecDeque<FlightEntry>,
}

impl Follower {
    /// Reads the new questions of a ring, with the flights that may explain them: also earlier ones. Moments are in microseconds
    /// of `Mono`.
    pub(super) fn read(&mut self, ring: &Mutex<Ring>, secrets: &Secrets, now: Mono) -> Recorded {
        let mut news = Recorded::default();
        ring::read_on(ring, &mut self.place, |octets| {
            entry::read(octets, |entry| match secrets.removed(entry) {
                Entry::Question(question) => news.questions.push(question),
                Entry::Flight(flight) => self.flights.push_back(flight),
            });
        });
        let since = now.before(EXPLAINED_TIME).as_micros();
        self.flights.retain(|flight| flight.end() >= since);
        news.flights = self.flights.iter().cloned().collect();
        let news = news.in_order();
        let more = self.flights.len().saturating_sub(MAX_FOLLOWED_FLIGHTS);
        self.flights.drain(..more);
        news
    }
}
