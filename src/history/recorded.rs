//! The recorded questions: the part of the record that keeps each question, and the flights that answered them.

use std::cmp::Reverse;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use hickory_proto::rr::{Name, Record};
use ipnet::IpNet;

use super::entry::{FlightEntry, OutageEntry, OwnerEntry, QuestionEntry};
use super::event::FlightFailure;
use super::octets::HitHead;
use super::owner;
use super::ring::Ring;
use super::store::Store;
use super::trail::Trail;

use dns::clock::Clock;
use dns::conduct::Conduct;
use dns::question::Question;

/// The rings of the record. The rings of the workers are in their shards.
#[derive(Debug)]
pub(super) struct Kept {
    /// Questions that the cache did not answer, and flights.
    pub(super) misses: Mutex<Ring>,
    /// Where failed and slow questions are kept longer.
    pub(super) store: OnceLock<Arc<dyn Store>>,
    /// Octets of all rings; 0: nothing is kept.
    pub(super) size: u64,
    /// Added to the numbers of trails, so that flights of two processes have different numbers.
    pub(super) first: u64,
}

/// The ring of a worker, for the questions of a batch that were answered from the cache. It is locked until the page is dropped: a lock
/// for each question would wait each time until the octets of the last one are written to memory. Drop it before replies are sent.
/// Questions over TCP have the ring of the first worker, and a page for each message.
#[derive(Debug)]
pub struct HitPage<'a> {
    pub(super) ring: MutexGuard<'a, Ring>,
    /// When the batch came, in microseconds of `Mono`.
    pub(super) at: u64,
    /// The number of the view.
    pub(super) view: u32,
    /// The last client, and the begin of its entries.
    pub(super) client: IpAddr,
    pub(super) head: HitHead,
}

/// A flight to be kept.
#[derive(Clone, Copy, Debug)]
pub struct Flown<'a> {
    /// Its steps.
    pub trail: &'a Trail,
    /// Its question, and its name in lower-case wire form.
    pub question: &'a Question,
    /// See `question`.
    pub name: &'a [u8],
    /// The zone at whose servers it failed, else the deepest one whose servers it asked. A bogus failure is kept with the zone at which the
    /// chain of trust breaks.
    pub zone: Option<&'a Name>,
    /// Why it failed, if it did.
    pub failed: Option<&'a FlightFailure>,
    /// The servers of that zone with faults, and the last conduct of each.
    pub faults: &'a [(IpAddr, Conduct)],
    /// The records of its answer.
    pub answers: &'a [Record],
}

impl<'a> Flown<'a> {
    /// A flight that goes on.
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
    /// When the first question of memory came, whether it was wanted or not.
    pub begin: Option<u64>,
    /// Before then questions that the cache did not answer may be missing in memory; none if it has all since the start.
    pub lost: Option<u64>,
    /// Before then questions that the cache answered may be missing in memory; none if it has all since the start.
    pub(crate) lost_hits: Option<u64>,
    /// Since when the disk has failed, bogus and slow questions; none if it has none, or nothing is stored.
    pub stored_since: Option<u64>,
    /// Whether no questions are kept, because the record has no size.
    pub off: bool,
    /// Times in which our own network was down: no server on the internet answered, including root servers.
    pub outages: Vec<OutageEntry>,
    /// The users that were found for clients, which their questions get by `in_order`.
    pub owners: Vec<OwnerEntry>,
}

/// The questions to read.
#[derive(Clone, Debug)]
pub struct ReadSpan {
    /// Only questions that came since then, in microseconds since 1970.
    pub from: u64,
    /// Only questions that came before.
    pub to: u64,
    /// Only questions of these clients.
    pub client: Option<IpNet>,
    /// Also questions that the cache answered.
    pub hits: bool,
}

impl Default for ReadSpan {
    /// All questions.
    fn default() -> Self {
        Self { from: 0, to: u64::MAX, client: None, hits: true }
    }
}

/// The octets of the ring of misses, and of the ring of hits of each worker, in a record of `size` octets.
pub(super) fn split(size: u64, shards: usize) -> (usize, usize) {
    let half = usize::try_from(size / 2).unwrap_or(0);
    (half, half / shards.max(1))
}

impl Kept {
    /// The ring of misses has half of `size` octets; 0: nothing is kept.
    pub(super) fn new(clock: &Clock, size: u64, shards: usize) -> Self {
        let (misses, _) = split(size, shards);
        Self {
            misses: Mutex::new(Ring::new(misses)),
            store: OnceLock::new(),
            size,
            first: clock.unix_micros(),
        }
    }

    /// Whether questions are kept.
    pub(super) fn is_on(&self) -> bool {
        self.size > 0
    }
}

impl HitPage<'_> {
    /// Keeps a question of the batch that was answered from the cache. `asked` is its name in wire form, in any case, and
    /// behind it its type.
    #[inline]
    pub fn put(&mut self, asked: &[u8], client: IpAddr) {
        if client != self.client {
            (self.client, self.head) = (client, HitHead::new(client, self.view, self.at));
        }
        self.ring.hit(&self.head, asked);
    }
}

impl ReadSpan {
    /// The span that has all of these.
    pub fn over(spans: impl Iterator<Item = Self>) -> Self {
        let both = |one: Self, other: Self| Self {
            from: one.from.min(other.from),
            to: one.to.max(other.to),
            client: one.client.filter(|client| other.client == Some(*client)),
            hits: one.hits || other.hits,
        };
        spans.reduce(both).unwrap_or_default()
    }

    /// Whether it has a question that came at `at`.
    pub(super) fn has(&self, at: u64, client: IpAddr) -> bool {
        (self.from..=self.to).contains(&at)
            && self.client.is_none_or(|wanted| wanted.contains(&client.to_canonical()))
    }
}

impl Recorded {
    /// Since when memory has every question that the cache did not answer; none if it has no question.
    pub fn whole(&self) -> Option<u64> {
        self.lost.or(self.begin)
    }

    /// In the order of time, and with their users; of a flight that was kept twice the later entry, which is complete.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        // Entries are large: their keys are sorted apart from them.
        self.questions.sort_by_cached_key(|question| question.at);
        self.flights.sort_by_cached_key(|flight| (flight.id, Reverse(flight.elapsed)));
        self.flights.dedup_by_key(|flight| flight.id);
        self.flights.sort_by_cached_key(|flight| flight.began);
        self.outages = joined(self.outages);
        owner::give(&std::mem::take(&mut self.owners), &mut self.questions);
        self
    }
}

/// Spans in the order of time. Overlapping spans are joined.
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
