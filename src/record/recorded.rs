//! The recorded questions of clients, and the resolutions (flights) that answered them, one by one.

use std::cmp::Reverse;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use hickory_proto::rr::{Name, Record};
use ipnet::IpNet;

use crate::dates::Dates;
use crate::entry::{DelayEntry, FlightEntry, OutageEntry, OwnerEntry, QuestionEntry};
use crate::event::FlightFailure;
use crate::octets::HitHead;
use crate::owner;
use crate::ring::Ring;
use crate::store::Store;
use crate::trail::Trail;
use crate::watch::Watchers;
use dns::clock::Clock;
use dns::conduct::Conduct;
use dns::question::{DnsResult, Question};

/// The recorded questions and resolutions. The rings for hits (questions that the cache answered) are not here, but in the shards of the
/// workers.
#[derive(Debug)]
pub(crate) struct Kept {
    /// The ring for resolutions, and for questions that the cache did not answer.
    pub(crate) misses: Mutex<Ring>,
    /// The store on disk for failed and slow questions. Not set if nothing is stored.
    pub(crate) store: OnceLock<Arc<dyn Store>>,
    /// The size of all rings, in octets; 0 if no questions are recorded.
    pub(crate) size: u64,
    /// The start of the process in microseconds since 1970. It is added to the number of a resolution, so that ids of two processes differ.
    pub(crate) first: u64,
    pub(crate) dates: Mutex<Dates>,
    pub(crate) watchers: Watchers,
}

/// The ring of a worker, locked while the hits of one batch (questions that the cache answered) are recorded. If each question locked the
/// ring separately, the CPU would wait each time until the octets of the previous question are written to memory. Drop the `HitPage`, which
/// unlocks the ring, before the replies are sent. Each question over TCP has a `HitPage` of its own, on the ring of the first worker.
#[derive(Debug)]
pub struct HitPage<'a> {
    pub(crate) ring: MutexGuard<'a, Ring>,
    pub(crate) at: u64,
    /// The view of all clients in the batch.
    pub(crate) view: u32,
    /// The client of the last recorded question, for which `head` was made.
    pub(crate) client: IpAddr,
    pub(crate) head: HitHead,
}

/// The data to record about a resolution.
#[derive(Clone, Copy, Debug)]
pub struct Flown<'a> {
    /// The steps of the resolution so far.
    pub trail: &'a Trail,
    /// Its question.
    pub question: &'a Question,
    /// The name of `question` in lower-case wire form.
    pub name: &'a [u8],
    /// The zone to which the resolution is attributed: the zone whose servers failed, else the deepest zone whose servers were asked. For a
    /// bogus answer, the zone at which the chain of trust breaks.
    pub zone: Option<&'a Name>,
    /// Why the resolution failed; none if it did not fail.
    pub failed: Option<&'a FlightFailure>,
    /// The servers of `zone` with faults, with their last behaviour.
    pub faults: &'a [(IpAddr, Conduct)],
    /// The records in the answer.
    pub answers: &'a [Record],
    /// The zone whose cached NSEC or NSEC3 records deny the name, if no server was asked for it (RFC 8198).
    pub concluded_from: Option<&'a Name>,
}

impl<'a> Flown<'a> {
    /// Creates the data for a resolution in progress.
    pub fn so_far(trail: &'a Trail, question: &'a Question, name: &'a [u8]) -> Self {
        Self {
            trail,
            question,
            name,
            zone: None,
            failed: None,
            faults: &[],
            answers: &[],
            concluded_from: None,
        }
    }
}

/// Recorded questions and resolutions, sorted by time. Times are in microseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The selected questions.
    pub questions: Vec<QuestionEntry>,
    /// The selected resolutions, each once.
    pub flights: Vec<FlightEntry>,
    /// When the first question in memory came, selected or not; none if memory has no question.
    pub begin: Option<u64>,
    /// Before this time, memory may lack questions that the cache did not answer; none if it has all.
    pub lost: Option<u64>,
    /// Before this time, memory may lack questions that the cache answered; none if it has all.
    pub lost_hits: Option<u64>,
    /// Since this time, the disk has all failed, bogus and slow questions; none if it has no questions.
    pub stored_since: Option<u64>,
    /// True if nothing is recorded, because `history.size` is 0.
    pub off: bool,
    /// True if the disk has questions without client addresses, because of `history.redact`.
    pub hides_clients: bool,
    /// The periods without an answer of any server on the internet, including root servers.
    pub outages: Vec<OutageEntry>,
    /// The periods in which the network of this host lost packets, as far as memory has them.
    pub losses: Vec<OutageEntry>,
    /// The periods in which TCP port 53 of other hosts was blocked on the path from this host, as far as memory has them.
    pub without_tcp: Vec<OutageEntry>,
    /// The zones that the configuration gave other servers last, in wire form.
    pub changed_zones: Vec<Box<[u8]>>,
    /// The time of this change, in microseconds since 1970.
    pub changed_at: u64,
    /// The known local users. `in_order` copies them to the questions.
    pub owners: Vec<OwnerEntry>,
    /// The sums of delayed mail on disk, if the span selects them.
    pub sums: Vec<DelayEntry>,
    /// The begin of the oldest of these sums on disk that was read, selected or not.
    pub summed_since: Option<u64>,
}

/// Selects questions of the history by time, client and outcome.
#[derive(Clone, Debug)]
pub struct ReadSpan {
    /// The earliest time at which a question came, in microseconds since 1970.
    pub from: u64,
    /// The latest time at which a question came, in microseconds since 1970.
    pub to: u64,
    /// Only questions of clients in this network; none selects all clients.
    pub client: Option<IpNet>,
    /// True to include questions that the cache answered.
    pub hits: bool,
    /// True to include the sums of delayed mail on disk.
    pub sums: bool,
}

impl Default for ReadSpan {
    fn default() -> Self {
        Self { from: 0, to: u64::MAX, client: None, hits: true, sums: false }
    }
}

/// Returns the size of the ring for misses, and of each of the `shards` rings for hits, in octets.
pub(crate) fn split(size: u64, shards: usize) -> (usize, usize) {
    let half = usize::try_from(size / 2).unwrap_or(0);
    (half, half / shards.max(1))
}

impl Kept {
    /// If `size` is 0, no questions are recorded.
    pub(crate) fn new(clock: &Clock, size: u64, shards: usize) -> Self {
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

    pub(crate) fn is_on(&self) -> bool {
        self.size > 0
    }
}

impl HitPage<'_> {
    /// Records a question of the batch, and what its answer says. `asked`: the name in wire form, with the upper and lower case of the query,
    /// and the type.
    #[inline]
    pub fn put(&mut self, asked: &[u8], client: IpAddr, result: DnsResult) {
        if client != self.client {
            (self.client, self.head) = (client, HitHead::new(client, self.view, self.at));
        }
        self.ring.hit(&self.head, asked, result);
    }
}

impl ReadSpan {
    /// Returns the smallest selection that contains all of `spans`.
    pub fn over(spans: impl Iterator<Item = Self>) -> Self {
        let both = |one: Self, other: Self| Self {
            from: one.from.min(other.from),
            to: one.to.max(other.to),
            client: one.client.filter(|client| other.client == Some(*client)),
            hits: one.hits || other.hits,
            sums: one.sums || other.sums,
        };
        spans.reduce(both).unwrap_or_default()
    }

    /// Returns true if a question of this time and client is wanted.
    pub fn has(&self, at: u64, client: IpAddr) -> bool {
        (self.from..=self.to).contains(&at)
            && self.client.is_none_or(|wanted| wanted.contains(&client.to_canonical()))
    }
}

impl Recorded {
    /// Returns the time since which memory has every question that the cache did not answer. Returns `None` if memory has no question.
    pub fn whole(&self) -> Option<u64> {
        self.lost.or(self.begin)
    }

    /// Sorts the entries by time, and adds the local users to the questions. Of a resolution that was recorded twice, only the later entry
    /// is complete and stays.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        // The sort keys are computed once and cached, so that each of the large entries is moved only once.
        self.questions.sort_by_cached_key(|question| question.at);
        self.flights.sort_by_cached_key(|flight| (flight.id, Reverse(flight.elapsed)));
        self.flights.dedup_by_key(|flight| flight.id);
        self.flights.sort_by_cached_key(|flight| flight.began);
        self.outages = joined(self.outages);
        owner::give(&std::mem::take(&mut self.owners), &mut self.questions);
        self
    }
}

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

#[cfg(any(test, feature = "simulated"))]
impl Recorded {
    /// Returns the entries as a reader gets them: equal names share memory. For tests.
    pub fn interned(self) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outage_stored_twice_is_one() {
        let outages = vec![(9, 12), (1, 3), (1, 7), (2, 5)];
        let recorded = Recorded { outages, ..Recorded::default() }.in_order();
        assert_eq!(recorded.outages, [(1, 7), (9, 12)]);
    }

    #[test]
    fn flight_stored_twice_is_one() {
        let entry = |elapsed, began| FlightEntry::blank(7, began, elapsed);
        let between = FlightEntry { id: 8, ..entry(1, 5) };
        let flights = vec![entry(4_000_000, 4), between.clone(), entry(6_000_000, 6)];
        let recorded = Recorded { flights, ..Recorded::default() }.in_order();
        assert_eq!(recorded.flights, [between, entry(6_000_000, 6)]);
    }
}
