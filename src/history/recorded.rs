//! The recorded questions: the part of the history that keeps single questions, and the flights that answered them.

use std::cmp::Reverse;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use hickory_proto::rr::{Name, Record};
use ipnet::IpNet;

use super::dates::Dates;
use super::entry::{FlightEntry, OutageEntry, OwnerEntry, QuestionEntry};
use super::event::FlightFailure;
use super::octets::HitHead;
use super::owner;
use super::ring::Ring;
use super::store::Store;
use super::trail::Trail;
use super::watch::Watchers;

use dns::clock::Clock;
use dns::conduct::Conduct;
use dns::question::Question;

/// The record: the rings in memory and the store. The rings of the workers are in their shards.
#[derive(Debug)]
pub(super) struct Kept {
    /// The ring for flights, and for questions that the cache did not answer.
    pub(super) misses: Mutex<Ring>,
    /// The store for failed and slow questions, which has them for a longer time than memory.
    pub(super) store: OnceLock<Arc<dyn Store>>,
    /// The size of all rings, in octets; 0 if no question is kept.
    pub(super) size: u64,
    /// A number that is added to the numbers of trails, so that flights of two processes have different numbers.
    pub(super) first: u64,
    /// Converts the moments of the last questions to dates.
    pub(super) dates: Mutex<Dates>,
    /// The readers that receive each question when it ends.
    pub(super) watchers: Watchers,
}

/// The ring of a worker, locked for those questions of a batch that the cache answered. It stays locked until the page is dropped: a lock for
/// each question would wait each time until the octets of the previous question are written to memory. Drop the page before replies are sent.
/// Questions over TCP use the ring of the first worker, and one page for each message.
#[derive(Debug)]
pub struct HitPage<'a> {
    pub(super) ring: MutexGuard<'a, Ring>,
    /// When the batch came, in microseconds of `Mono`.
    pub(super) at: u64,
    /// The number of the view to which the clients belong.
    pub(super) view: u32,
    /// The last client, and the position at which its entries begin.
    pub(super) client: IpAddr,
    pub(super) head: HitHead,
}

/// A flight that is to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct Flown<'a> {
    /// The steps of the flight.
    pub trail: &'a Trail,
    /// The question of the flight.
    pub question: &'a Question,
    /// The name of `question` in lower-case wire form.
    pub name: &'a [u8],
    /// The zone whose servers failed, otherwise the deepest zone whose servers were asked. For a bogus answer it is the zone at which the
    /// chain of trust breaks.
    pub zone: Option<&'a Name>,
    /// Why the flight failed; none if it did not fail.
    pub failed: Option<&'a FlightFailure>,
    /// The servers with faults of that zone, and what each of them did last.
    pub faults: &'a [(IpAddr, Conduct)],
    /// The records in the answer.
    pub answers: &'a [Record],
}

impl<'a> Flown<'a> {
    /// Creates the record of a flight that is still in progress.
    pub fn so_far(trail: &'a Trail, question: &'a Question, name: &'a [u8]) -> Self {
        Self { trail, question, name, zone: None, failed: None, faults: &[], answers: &[] }
    }
}

/// Recorded questions and flights, in the order of time. Moments are in microseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Clients' questions.
    pub questions: Vec<QuestionEntry>,
    /// Flights, each once.
    pub flights: Vec<FlightEntry>,
    /// When the first question in memory came, even if this question is not wanted.
    pub begin: Option<u64>,
    /// Before this time, questions that the cache did not answer may be missing in memory. None if memory has all of them since the start.
    pub lost: Option<u64>,
    /// Before this time, questions that the cache answered may be missing in memory. None if memory has all of them since the start.
    pub(crate) lost_hits: Option<u64>,
    /// Since this time, the disk has failed, bogus and slow questions. None if the disk has no questions, or if nothing is stored.
    pub stored_since: Option<u64>,
    /// True if the configuration records no questions (`history.size` is 0).
    pub off: bool,
    /// True if the disk has questions without the addresses of their clients (`history.redact`).
    pub hides_clients: bool,
    /// Times in which our own network was down: no server on the internet answered, including root servers.
    pub outages: Vec<OutageEntry>,
    /// Times in which our own network lost packets, as far as memory has them.
    pub losses: Vec<OutageEntry>,
    /// The users that were found for clients. `in_order` copies them to the questions of the clients.
    pub owners: Vec<OwnerEntry>,
}

/// Selects the questions to read.
#[derive(Clone, Debug)]
pub struct ReadSpan {
    /// Only questions that came at or after this time, in microseconds since 1970.
    pub from: u64,
    /// Only questions that came before this time.
    pub to: u64,
    /// Only questions of these clients.
    pub client: Option<IpNet>,
    /// True if questions that the cache answered are read too.
    pub hits: bool,
}

impl Default for ReadSpan {
    /// Selects all questions.
    fn default() -> Self {
        Self { from: 0, to: u64::MAX, client: None, hits: true }
    }
}

/// Returns the sizes, in octets, of the ring of misses and of each worker's ring of hits, for a record of `size` octets.
pub(super) fn split(size: u64, shards: usize) -> (usize, usize) {
    let half = usize::try_from(size / 2).unwrap_or(0);
    (half, half / shards.max(1))
}

impl Kept {
    /// Creates the rings. The ring of misses has half of `size` octets. If `size` is 0, no question is kept.
    pub(super) fn new(clock: &Clock, size: u64, shards: usize) -> Self {
        let (misses, _) = split(size, shards);
        Self {
            misses: Mutex::new(Ring::new(misses)),
            store: OnceLock::new(),
            size,
            first: clock.unix_micros(),
            dates: Mutex::new(Dates::begun(clock.mono().as_micros(), clock.unix_micros())),
            watchers: Watchers::default(),
        }
    }

    /// Returns true if questions are kept.
    pub(super) fn is_on(&self) -> bool {
        self.size > 0
    }
}

impl HitPage<'_> {
    /// Records a question of the batch that was answered from the cache. `asked` is the name in wire form, in any case, followed by the type.
    #[inline]
    pub fn put(&mut self, asked: &[u8], client: IpAddr) {
        if client != self.client {
            (self.client, self.head) = (client, HitHead::new(client, self.view, self.at));
        }
        self.ring.hit(&self.head, asked);
    }
}

impl ReadSpan {
    /// Returns the smallest span that contains all of these spans.
    pub fn over(spans: impl Iterator<Item = Self>) -> Self {
        let both = |one: Self, other: Self| Self {
            from: one.from.min(other.from),
            to: one.to.max(other.to),
            client: one.client.filter(|client| other.client == Some(*client)),
            hits: one.hits || other.hits,
        };
        spans.reduce(both).unwrap_or_default()
    }

    /// Returns true if the record has a question of the client that came at `at`.
    pub(super) fn has(&self, at: u64, client: IpAddr) -> bool {
        (self.from..=self.to).contains(&at)
            && self.client.is_none_or(|wanted| wanted.contains(&client.to_canonical()))
    }
}

impl Recorded {
    /// Returns since when memory has every question that the cache did not answer. Returns `None` if memory has no question.
    pub fn whole(&self) -> Option<u64> {
        self.lost.or(self.begin)
    }

    /// Puts the entries in the order of time, and adds the users to the questions. If a flight was recorded twice, the later entry is kept,
    /// because it is complete.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        // Entries are large, so their sort keys are stored separately.
        self.questions.sort_by_cached_key(|question| question.at);
        self.flights.sort_by_cached_key(|flight| (flight.id, Reverse(flight.elapsed)));
        self.flights.dedup_by_key(|flight| flight.id);
        self.flights.sort_by_cached_key(|flight| flight.began);
        self.outages = joined(self.outages);
        owner::give(&std::mem::take(&mut self.owners), &mut self.questions);
        self
    }
}

/// Returns the spans in the order of time, with overlapping spans joined.
fn joined(mut spans: Vec<OutageEntry>) -> Vec<OutageEntry> {
    spans.sort_unstable();
    let mut joined: Vec<OutageEntry> = Vec::new();
    for (since, until) in spans {
        match joined.last_mut() {
            Some((_, end)) if since <= *end => *end = until.max(*end),
            _ => joined.push((since, until)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Recorded {
        /// As it is read: equal names have the same memory.
        pub(crate) fn interned(self) -> Self {
            let (no_secrets, mut octets) = (crate::redact::Secrets::default(), Vec::new());
            let mut interned = Self { questions: Vec::new(), flights: Vec::new(), ..self.clone() };
            let stored: Vec<bool> = self.questions.iter().map(|question| question.stored).collect();
            self.questions.iter().for_each(|question| crate::octets::put_question(question, &mut octets));
            self.flights.iter().for_each(|flight| crate::octets::put_flight(flight, &mut octets));
            let mut names = crate::names::ReadNames::without(&no_secrets);
            crate::octets::read(&octets, &mut names, |entry| match entry {
                crate::entry::Entry::Question(question) => interned.questions.push(question),
                crate::entry::Entry::Flight(flight) => interned.flights.push(flight),
                _ => {}
            });
            interned.questions.iter_mut().zip(stored).for_each(|(question, stored)| question.stored = stored);
            interned
        }
    }

    #[test]
    fn an_outage_that_was_stored_while_it_lasted_is_one() {
        let outages = vec![(9, 12), (1, 3), (1, 7), (2, 5)];
        let recorded = Recorded { outages, ..Recorded::default() }.in_order();
        assert_eq!(recorded.outages, [(1, 7), (9, 12)]);
    }

    #[test]
    fn a_flight_that_is_kept_twice_is_one_whatever_the_clock_did() {
        let entry = |elapsed, began| FlightEntry::blank(7, began, elapsed);
        let between = FlightEntry { id: 8, ..entry(1, 5) };
        let flights = vec![entry(4_000_000, 4), between.clone(), entry(6_000_000, 6)];
        let recorded = Recorded { flights, ..Recorded::default() }.in_order();
        assert_eq!(recorded.flights, [between, entry(6_000_000, 6)]);
    }
}
