//! The times of questions and flights, read from a ring without their names and texts: a table of stages needs no more, and the whole
//! record is read for it.

use std::sync::Mutex;

use super::entry::{FLIGHT, FOR_KEYS, HEAD, QUESTION, index};
use super::numbers::PlacesByNumber;
use super::reading::{EntryReader, FAULT, entries};
use super::ring::{self, Ring};
use dns::question::Outcome;

/// A question that the cache did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct QuestionTimes {
    /// When it came.
    pub(super) at: u64,
    /// When its reply left.
    pub(super) end: u64,
    /// The number of the flight that it waited for.
    pub(super) flight: Option<u64>,
}

/// A flight.
#[derive(Clone, Copy, Debug)]
struct FlightTimes {
    began: u64,
    elapsed: u32,
    /// The place of the first of its queries to servers, and their number.
    messages: u32,
    count: u32,
}

/// A query to a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct MessageTimes {
    /// When it was sent, since the begin of its flight.
    at: u32,
    elapsed: u32,
    /// Whether it was for keys of DNSSEC.
    pub(super) keys: bool,
}

impl MessageTimes {
    /// When it was sent, and when it ended. Its flight began at `began`.
    pub(super) fn span(self, began: u64) -> (u64, u64) {
        let sent = began.saturating_add(self.at.into());
        (sent, sent.saturating_add(self.elapsed.into()))
    }
}

/// The times in a ring, in microseconds of `Mono`.
#[derive(Debug, Default)]
pub(super) struct RingTimes {
    /// In any order.
    pub(super) questions: Vec<QuestionTimes>,
    flights: Vec<FlightTimes>,
    /// The queries to servers of all flights.
    messages: Vec<MessageTimes>,
    /// The places of flights; of one that was kept twice the longer, which is complete.
    places: PlacesByNumber,
}

impl RingTimes {
    /// The questions of a ring that came since `from`, and the flights that ended since then.
    pub(super) fn of(ring: &Mutex<Ring>, from: u64) -> Self {
        let mut times = Self::default();
        // A table that grows is written anew each time. Mostly a question follows its flight.
        let room = ring::octets(ring) / ROOM;
        times.questions.reserve(room);
        times.flights.reserve(room);
        times.messages.reserve(room);
        // Entries are written at their end: no block before one that ended too early has a later one.
        ring::read_back(ring, |block| times.add(block, from).is_none_or(|last| last >= from));
        times
    }

    /// Adds those of a block; returns when the last one of the block ended, none if it has none.
    pub(super) fn add(&mut self, block: &[u8], from: u64) -> Option<u64> {
        let mut last = None;
        for entry in entries(block) {
            let mut reader = EntryReader(entry);
            match reader.octet() {
                Some(QUESTION) => {
                    let Some(question) = question(&mut reader) else { continue };
                    last = last.max(Some(question.end));
                    if question.at >= from {
                        self.questions.push(question);
                    }
                }
                Some(FLIGHT) => {
                    let Some((id, flight)) = self.flight(&mut reader, from) else { continue };
                    last = last.max(Some(flight.began.saturating_add(flight.elapsed.into())));
                    let place = u32::try_from(self.flights.len()).unwrap_or(u32::MAX);
                    let known = self.places.of(id).and_then(|known| self.flights.get(index(known)));
                    if known.is_none_or(|known| known.elapsed <= flight.elapsed) {
                        self.places.put(id, place);
                    }
                    self.flights.push(flight);
                }
                _ => {}
            }
        }
        last
    }

    /// When a flight began, and its queries to servers; none if the ring has lost it.
    pub(super) fn of_flight(&self, number: u64) -> Option<(u64, &[MessageTimes])> {
        let flight = self.flights.get(index(self.places.of(number)?))?;
        let messages = self.messages.get(index(flight.messages)..).unwrap_or_default();
        Some((flight.began, messages.get(..index(flight.count)).unwrap_or_default()))
    }

    /// See `WrittenFlight::put`. Without messages if it ended before `from`.
    fn flight(&mut self, reader: &mut EntryReader<'_>, from: u64) -> Option<(u64, FlightTimes)> {
        let (id, began) = (u64::from_le_bytes(reader.chunk()?), u64::from_le_bytes(reader.chunk()?));
        let elapsed = u32::from_le_bytes(reader.chunk()?);
        let messages = u32::try_from(self.messages.len()).unwrap_or(u32::MAX);
        if began.saturating_add(elapsed.into()) < from {
            return Some((id, FlightTimes { began, elapsed, messages, count: 0 }));
        }
        // The type, the name and the zone, what its failure shows, and why it failed.
        reader.take(2)?;
        reader.octets()?;
        reader.octets()?;
        reader.octet()?;
        reader.octets()?;
        reader.pass(FAULT)?;
        for _ in 0..reader.octet()? {
            reader.octets()?;
        }
        let count = reader.octet()?;
        for _ in 0..count {
            let (at, elapsed) = (u32::from_le_bytes(reader.chunk()?), u32::from_le_bytes(reader.chunk()?));
            let [_, _, _, _, depth] = reader.chunk()?;
            reader.take(17)?;
            self.messages.push(MessageTimes { at, elapsed, keys: depth & FOR_KEYS != 0 });
        }
        Some((id, FlightTimes { began, elapsed, messages, count: count.into() }))
    }
}

/// Octets of the ring for each question and its flight, at least.
const ROOM: usize = HEAD * 3;

/// See `Written::put`. None for one that the cache answered.
fn question(reader: &mut EntryReader<'_>) -> Option<QuestionTimes> {
    let outcome = *Outcome::ALL.get(usize::from(reader.octet()?))?;
    let [_, _, name, ..] = reader.chunk::<8>()?;
    let elapsed = u64::from(u32::from_le_bytes(reader.chunk()?));
    let at = u64::from_le_bytes(reader.chunk()?);
    reader.take(16_usize.saturating_add(name.into()))?;
    let flight = Some(u64::from_le_bytes(reader.chunk()?)).filter(|flight| *flight > 0);
    (outcome != Outcome::Cache).then_some(QuestionTimes { at, end: at.saturating_add(elapsed), flight })
}
