//! The readers of the rings and of the store.

use std::sync::Mutex;

use super::dates::Dates;
use super::entry::{Entry, QuestionEntry};
use super::names::ReadNames;
use super::reading;
use super::recorded::{ReadSpan, Recorded};
use super::ring::{self, Ring};
use super::store::Store;
use super::stored;
use crate::clock::micros;
use crate::limits::{EXPLAINED_TIME, MAX_STORED_READ};
use crate::question::Outcome;

/// Reads rings: the newest entries first, until the memory of its reader is used up.
pub(super) struct RingReader<'a> {
    pub(super) span: &'a ReadSpan,
    /// The dates of moments.
    pub(super) dates: &'a Dates,
    pub(super) recorded: Recorded,
    /// The entries before this moment were not all read.
    pub(super) begin: u64,
    /// When the first question came that the cache did not answer.
    pub(super) misses: Option<u64>,
    /// When the first question of the ring ended.
    pub(super) ended: Option<u64>,
}

/// Reads the store: the newest segments first, until the memory of its reader is used up.
pub(super) struct StoreReader<'a> {
    pub(super) span: &'a ReadSpan,
    /// Only questions before this moment.
    pub(super) until: u64,
    /// The questions in memory, in the order of time. Those from the cache may reach further back than `until`.
    pub(super) memory: &'a [QuestionEntry],
    /// Octets of memory that were taken.
    pub(super) taken: usize,
}

impl StoreReader<'_> {
    pub(super) fn read(mut self, store: &dyn Store, names: &mut ReadNames<'_>, recorded: &mut Recorded) {
        // Older flights explain nothing in the span.
        let first = self.span.from.saturating_sub(micros(EXPLAINED_TIME));
        store.read_back(&mut |segment| {
            let mut latest = 0;
            stored::read(segment, names, |entry| match entry {
                Entry::Question(question) => {
                    latest = latest.max(question.at);
                    if question.at < self.until && !self.is_in_memory(&question) {
                        let begin = recorded.stored_begin.map_or(question.at, |begin| begin.min(question.at));
                        recorded.stored_begin = Some(begin);
                        recorded.without_client |= question.is_without_client();
                        if self.span.has(&question) {
                            self.taken = self.taken.saturating_add(question.weight());
                            recorded.questions.push(question);
                        }
                    }
                }
                Entry::Flight(flight) => {
                    latest = latest.max(flight.end());
                    if flight.end() >= first && flight.began <= self.span.to {
                        self.taken = self.taken.saturating_add(flight.weight());
                        recorded.flights.push(flight);
                    }
                }
                Entry::Outage(since, until) => {
                    latest = latest.max(until);
                    if until >= first && since <= self.span.to {
                        self.taken = self.taken.saturating_add(size_of::<(u64, u64)>());
                        recorded.outages.push((since, until));
                    }
                }
                // Stored questions have their users.
                Entry::Owner(_) => {}
            });
            self.taken < MAX_STORED_READ && latest >= first
        });
    }

    /// Whether a question is still in memory: one from the cache, or the first of the others. The clock of the host may have moved a little
    /// since it was stored, and `history.redact` may have changed its client and its name.
    fn is_in_memory(&self, question: &QuestionEntry) -> bool {
        let (from, to) = (question.at.saturating_sub(SAME_MOMENT), question.at.saturating_add(SAME_MOMENT));
        let begin = self.memory.partition_point(|other| other.at < from);
        let near = self.memory.get(begin..).unwrap_or_default().iter().take_while(|other| other.at <= to);
        let is_same = |other: &QuestionEntry| match question.outcome {
            Outcome::Cache => (other.client, &other.name) == (question.client, &question.name),
            _ => other.elapsed == question.elapsed,
        };
        near.filter(|other| (other.kind, other.outcome) == (question.kind, question.outcome)).any(is_same)
    }
}

/// Microseconds in which two questions are the same if all else is.
const SAME_MOMENT: u64 = 10_000;

impl<'a> RingReader<'a> {
    pub(super) fn new(span: &'a ReadSpan, dates: &'a Dates) -> Self {
        Self { span, dates, recorded: Recorded::default(), begin: 0, misses: None, ended: None }
    }

    /// Reads only when the first question of a ring came and ended.
    pub(super) fn read_first(&mut self, ring: &Mutex<Ring>, names: &mut ReadNames<'_>) {
        let mut block = Vec::new();
        ring::read_first(ring, &mut block);
        reading::read(&block, names, |mut entry| {
            entry.date(self.dates);
            if let Entry::Question(question) = &entry {
                self.begins(question);
            }
        });
    }

    /// Notes when a question came and ended.
    fn begins(&mut self, question: &QuestionEntry) {
        let first = |known: Option<u64>, at: u64| Some(known.map_or(at, |first| first.min(at)));
        self.ended = first(self.ended, question.end());
        if question.outcome != Outcome::Cache {
            self.misses = first(self.misses, question.at);
        }
        self.recorded.begin = first(self.recorded.begin, question.at);
    }

    /// Reads a ring into `memory` octets; returns how many it took.
    pub(super) fn read(&mut self, ring: &Mutex<Ring>, names: &mut ReadNames<'_>, memory: usize) -> usize {
        let mut taken = 0_usize;
        // Entries that are moved to a larger piece of memory, again and again, take a tenth of the time of a command.
        let fit = memory.checked_div(QuestionEntry::LEAST_WEIGHT).unwrap_or(0);
        self.recorded.questions.reserve(ring::most_entries(ring).min(fit));
        ring::read_back(ring, |block| {
            let mut earliest = u64::MAX;
            reading::read(block, names, |mut entry| {
                entry.date(self.dates);
                match entry {
                    Entry::Question(question) => {
                        earliest = earliest.min(question.at);
                        self.begins(&question);
                        if self.span.has(&question) {
                            taken = taken.saturating_add(question.weight());
                            self.recorded.questions.push(question);
                        }
                    }
                    Entry::Flight(flight) => {
                        taken = taken.saturating_add(flight.weight());
                        self.recorded.flights.push(flight);
                    }
                    Entry::Owner(owner) => self.recorded.owners.push(owner),
                    // They are stored only.
                    Entry::Outage(..) => {}
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
