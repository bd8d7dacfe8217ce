//! The recorded questions: the part of the record that keeps each question, and the flights that answered them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;

use hickory_proto::rr::{Name, Record};
use ipnet::IpNet;

use super::entry::{self, Entry, FlightEntry, QuestionEntry};
use super::event::Lost;
use super::redact::Secrets;
use super::ring::{self, Ring};
use super::trail::Trail;
use super::written::{HitHead, Written, WrittenFlight, saturated};
use super::{Recorder, links, lock};
use crate::clock::{Clock, Mono};
use crate::conduct::Conduct;
use crate::limits::RECORD_READER;
use crate::question::{Question, WireName};

/// The rings of the record, except those of the workers, which are in their shards.
#[derive(Debug)]
pub(super) struct Kept {
    /// Questions that the cache did not answer, and flights.
    misses: Mutex<Ring>,
    /// Octets of all rings; 0: nothing is kept.
    size: u64,
    /// Added to the numbers of trails, so that flights of two processes have different numbers.
    first: u64,
}

/// The ring of a worker, for the questions of a batch that were answered from the cache. It is taken for each question:
/// questions over TCP have the ring of the first worker, and neither waits for a batch of the other.
#[derive(Debug)]
pub struct HitPage<'a> {
    ring: &'a Mutex<Ring>,
    /// When the batch came, in microseconds of `Mono`.
    at: u64,
    /// The number of the view.
    view: u32,
    /// The last client, and the begin of its entries.
    client: IpAddr,
    head: HitHead,
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
    /// The zone at whose servers it failed, else the deepest one whose servers it asked.
    pub zone: Option<&'a Name>,
    /// Why it failed, if it did.
    pub failed: Option<&'a Lost>,
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
    /// When the first question of the record came, whether it was wanted or not.
    pub begin: Option<u64>,
    /// Times in which our own network was down: no server on the internet answered, including root servers.
    pub outages: Vec<(u64, u64)>,
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
}

impl Default for ReadSpan {
    /// All questions.
    fn default() -> Self {
        Self { from: 0, to: u64::MAX, client: None }
    }
}

/// Reads rings: the newest entries first, until the memory of its reader is used up.
struct RingReader<'a> {
    span: &'a ReadSpan,
    secrets: &'a Secrets,
    /// Added to moments of `Mono`.
    offset: u64,
    recorded: Recorded,
    /// The entries before this moment were not all read.
    begin: u64,
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
        Self { misses: Mutex::new(Ring::new(misses)), size, first: clock.unix_micros() }
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
        lock(self.ring).hit(&self.head, asked);
    }
}

impl Recorder {
    /// The ring of a worker for a batch that came at `at` from clients of a view; none if nothing is kept.
    pub fn hits(&self, shard: usize, at: Mono, view: u32) -> Option<HitPage<'_>> {
        if !self.kept.is_on() {
            return None;
        }
        let (at, client) = (at.as_micros(), IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let ring = &self.shard(shard)?.ring;
        Some(HitPage { ring, at, view, client, head: HitHead::new(client, view, at) })
    }

    /// The number of a flight in the record.
    pub fn flight_number(&self, trail: &Trail) -> u64 {
        self.kept.first.wrapping_add(trail.number())
    }

    /// Keeps a question that the cache did not answer.
    pub fn asked(&self, question: &Written<'_>) {
        if self.kept.is_on() {
            lock(&self.kept.misses).question(question);
        }
    }

    /// Keeps a flight: once it has ended, and before that when a client's deadline has passed.
    pub fn flown(&self, flown: &Flown<'_>) {
        if !self.kept.is_on() {
            return;
        }
        let Flown { trail, question, name, zone, failed, faults, answers } = *flown;
        let elapsed = self.clock.mono().since(trail.began());
        let zone = zone.map(WireName::of);
        let flight = WrittenFlight {
            id: self.flight_number(trail),
            began: trail.began().as_micros(),
            elapsed: u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
            name,
            kind: question.kind,
            zone: zone.as_deref().unwrap_or_default(),
            shows: failed.map(|failed| failed.shows),
            why: failed.map_or("", |failed| &failed.why),
            faults,
            messages: &trail.messages(),
            links: &links::of(answers),
        };
        lock(&self.kept.misses).flight(&flight);
    }

    /// The questions of a span, and all flights of the rings, without `secrets`. Its memory is bounded by a multiple of the
    /// size of the rings (`RECORD_READER`): the oldest entries are left out if they do not fit. It takes some ten
    /// milliseconds, so it is called on a thread of its own.
    pub fn recorded(&self, span: &ReadSpan, secrets: &Secrets) -> Recorded {
        let now = self.clock.mono();
        let offset = self.clock.unix_micros().wrapping_sub(now.as_micros());
        let mut reader = RingReader { span, secrets, offset, recorded: Recorded::default(), begin: 0 };
        let memory = usize::try_from(self.kept.size.saturating_mul(RECORD_READER)).unwrap_or(usize::MAX);
        let mut left = memory;
        for shard in &self.shards {
            let share = (memory / 2) / self.shards.len().max(1);
            left = left.saturating_sub(reader.read(&shard.ring, share));
        }
        reader.read(&self.kept.misses, left);
        let RingReader { mut recorded, begin, .. } = reader;
        recorded.questions.retain(|question| question.at >= begin);
        let unix = |at: Mono| at.as_micros().wrapping_add(offset);
        let outages = lock(&self.incidents).outage.spans(now);
        recorded.outages = outages.into_iter().map(|(since, until)| (unix(since), unix(until))).collect();
        recorded.in_order()
    }
}

impl Kept {
    fn is_on(&self) -> bool {
        self.size > 0
    }
}

impl RingReader<'_> {
    /// Reads a ring into `memory` octets; returns how many it took.
    fn read(&mut self, ring: &Mutex<Ring>, memory: usize) -> usize {
        let mut taken = 0_usize;
        ring::read_back(ring, |block| {
            let mut earliest = u64::MAX;
            entry::read(block, |entry| {
                let entry = self.secrets.removed(entry.after(self.offset));
                match entry {
                    Entry::Question(question) => {
                        earliest = earliest.min(question.at);
                        let first = self.recorded.begin.map_or(question.at, |first| first.min(question.at));
                        self.recorded.begin = Some(first);
                        if self.span.has(&question) {
                            taken = taken.saturating_add(question.weight());
                            self.recorded.questions.push(question);
                        }
                    }
                    Entry::Flight(flight) => {
                        taken = taken.saturating_add(flight.weight());
                        self.recorded.flights.push(flight);
                    }
                }
            });
            let more = taken < memory;
            if !more && earliest < u64::MAX {
                self.begin = self.begin.max(earliest);
            }
            more
        });
        taken
    }
}

impl ReadSpan {
    fn has(&self, question: &QuestionEntry) -> bool {
        (self.from..=self.to).contains(&question.at)
            && self.client.is_none_or(|client| client.contains(&question.client.to_canonical()))
    }
}

impl Recorded {
    /// In the order of time; of a flight that was kept twice the later entry, which is complete.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        self.questions.sort_by_key(|question| question.at);
        self.flights.sort_unstable_by_key(|flight| (flight.id, std::cmp::Reverse(flight.elapsed)));
        self.flights.dedup_by_key(|flight| flight.id);
        self.flights.sort_by_key(|flight| flight.began);
        self
    }

    /// The flight of a number.
    pub fn flight(&self, id: u64) -> Option<&FlightEntry> {
        self.flights.iter().find(|flight| flight.id == id)
    }
}

/// The time of a question as the record keeps it.
pub fn micros(elapsed: std::time::Duration) -> u32 {
    saturated(u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::Outcome;
    use hickory_proto::rr::RecordType;

    fn recorder(size: u64) -> std::sync::Arc<Recorder> {
        Recorder::with_size(Clock::machine(), 2, size)
    }

    #[test]
    fn a_reader_takes_a_bounded_multiple_of_the_rings() {
        let size = 1_u64 << 20;
        let recorder = recorder(size);
        for number in 0..40_000_u32 {
            // The shortest names have the most entries.
            let at = Mono::from_micros(number.into());
            let mut page = recorder.hits(0, at, 0).unwrap();
            page.put(b"\x00\x00\x01", [127, 0, 0, 1].into());
            recorder.asked(&Written {
                name: b"\x00",
                kind: RecordType::NS,
                client: [127, 0, 0, 1].into(),
                view: 0,
                at: number.into(),
                outcome: Outcome::Failed,
                elapsed: 1,
                flight: 1,
                error: "",
            });
        }
        let mut read = Recorded::default();
        let counted = allocation_counter::measure(|| {
            read = recorder.recorded(&ReadSpan::default(), &Secrets::default());
        });
        assert!(counted.bytes_max < size * RECORD_READER * 5 / 4, "{counted:?}");
        // Both kinds of questions reach back to the same moment, and to the last one.
        let last = read.questions.last().unwrap().at;
        assert_eq!(read.questions.iter().filter(|question| question.at == last).count(), 2);
        assert!(read.questions.len() > 5_000, "{}", read.questions.len());
    }

    #[test]
    fn a_flight_that_is_kept_twice_is_one_whatever_the_clock_did() {
        let entry = |elapsed, began| FlightEntry {
            id: 7,
            began,
            elapsed,
            name: Box::default(),
            kind: RecordType::A,
            zone: Box::default(),
            shows: None,
            why: Box::default(),
            faults: Vec::new(),
            messages: Vec::new(),
            links: Vec::new(),
        };
        let between = FlightEntry { id: 8, ..entry(1, 5) };
        let flights = vec![entry(4_000_000, 4), between.clone(), entry(6_000_000, 6)];
        let recorded = Recorded { flights, ..Recorded::default() }.in_order();
        assert_eq!(recorded.flights, [between, entry(6_000_000, 6)]);
    }

    #[test]
    fn a_reader_does_not_wait_for_a_batch_of_a_worker() {
        let recorder = recorder(1 << 20);
        let mut page = recorder.hits(0, Mono::from_micros(1), 0).unwrap();
        page.put(b"\x00\x00\x01", [127, 0, 0, 1].into());
        // Questions over TCP have the ring of the first worker.
        let mut other = recorder.hits(0, Mono::from_micros(2), 0).unwrap();
        other.put(b"\x00\x00\x01", [127, 0, 0, 1].into());
        let read = recorder.recorded(&ReadSpan::default(), &Secrets::default());
        assert_eq!(read.questions.len(), 2);
        page.put(b"\x00\x00\x01", [127, 0, 0, 1].into());
        let none = ReadSpan { client: Some("192.0.2.0/24".parse().unwrap()), ..ReadSpan::default() };
        assert!(recorder.recorded(&none, &Secrets::default()).questions.is_empty());
    }
}
