//! The times of questions and flights, read from a ring without their names and texts: a table of stages needs no more, and the whole
//! record is read for it.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Mutex;

use smallvec::SmallVec;

use super::entry::{FLIGHT, FOR_KEYS, QUESTION};
use super::reading::{EntryReader, FAULT, entries};
use super::ring::{self, Ring};
use crate::hash::Plain;
use crate::question::Outcome;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FlightTimes {
    /// When it began.
    pub(super) began: u64,
    elapsed: u64,
    /// Its queries to servers.
    pub(super) messages: SmallVec<[MessageTimes; 2]>,
}

/// A query to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MessageTimes {
    /// When it was sent, and when it ended.
    pub(super) span: (u64, u64),
    /// Whether it was for keys of DNSSEC.
    pub(super) keys: bool,
}

/// The times in a ring, in microseconds of `Mono`.
#[derive(Debug, Default)]
pub(super) struct RingTimes {
    /// In any order.
    pub(super) questions: Vec<QuestionTimes>,
    /// By their numbers; of one that was kept twice the longer, which is complete.
    pub(super) flights: HashMap<u64, FlightTimes, BuildHasherDefault<Plain>>,
}

impl RingTimes {
    /// The questions of a ring that came since `from`, and the flights that ended since then.
    pub(super) fn of(ring: &Mutex<Ring>, from: u64) -> Self {
        let mut times = Self::default();
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
                    let Some((id, flight)) = flight(&mut reader, from) else { continue };
                    last = last.max(Some(flight.began.saturating_add(flight.elapsed)));
                    let known = self.flights.get(&id).map_or(0, |known| known.elapsed);
                    if known <= flight.elapsed {
                        self.flights.insert(id, flight);
                    }
                }
                _ => {}
            }
        }
        last
    }
}

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

/// See `WrittenFlight::put`. Without messages if it ended before `from`.
fn flight(reader: &mut EntryReader<'_>, from: u64) -> Option<(u64, FlightTimes)> {
    let (id, began) = (u64::from_le_bytes(reader.chunk()?), u64::from_le_bytes(reader.chunk()?));
    let elapsed = u64::from(u32::from_le_bytes(reader.chunk()?));
    let mut flight = FlightTimes { began, elapsed, messages: SmallVec::new() };
    if began.saturating_add(elapsed) < from {
        return Some((id, flight));
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
    for _ in 0..reader.octet()? {
        let (at, time) = (u32::from_le_bytes(reader.chunk()?), u32::from_le_bytes(reader.chunk()?));
        let [_, _, _, _, depth] = reader.chunk()?;
        reader.take(17)?;
        let sent = began.saturating_add(at.into());
        let span = (sent, sent.saturating_add(time.into()));
        flight.messages.push(MessageTimes { span, keys: depth & FOR_KEYS != 0 });
    }
    Some((id, flight))
}
