//! The part of the record that one worker writes: it determines the cost of a hit.
//!
//! One relaxed addition counts type and outcome, one counts the time, and the client's row is behind a mutex that
//! only readers also take.

use crate::limits;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use super::event::Ended;
use super::histogram::Histogram;
use super::lock;
use super::ring::Ring;
use super::table::Rows;
use super::tally::{ClientTally, TYPES, type_place};
use dns::question::{Apart, Outcome};

/// Columns of the table by type and outcome.
pub(super) const OUTCOMES: usize = Outcome::ALL.len();

/// Counters of one worker. Aligned so that no two workers share a cache line.
#[repr(align(128))]
#[derive(Debug)]
pub(super) struct Shard {
    /// By type, then by outcome.
    questions: Box<[AtomicU64]>,
    /// By `Apart::index`.
    apart: [AtomicU64; Apart::ALL.len()],
    /// By `Outcome::index`.
    pub(super) latency: [Histogram; OUTCOMES],
    clients: Mutex<Clients>,
    /// The entries of its questions from the cache.
    pub(super) ring: Mutex<Ring>,
}

impl Default for Shard {
    fn default() -> Self {
        Self {
            questions: (0..TYPES * OUTCOMES).map(|_| AtomicU64::new(0)).collect(),
            apart: Default::default(),
            latency: Default::default(),
            clients: Mutex::default(),
            ring: Mutex::default(),
        }
    }
}

impl Shard {
    /// A shard with a ring of `size` octets for its questions from the cache.
    pub(super) fn with_ring(size: usize) -> Self {
        Self { ring: Mutex::new(Ring::new(size)), ..Self::default() }
    }

    /// Counts `count` questions that have ended alike.
    pub(super) fn questions(&self, ended: &Ended, count: u64) {
        // It is held until all is counted, so that a reader who holds it finds the same questions in each counter.
        let mut clients = self.held();
        let place = type_place(ended.kind) * OUTCOMES + ended.outcome.index();
        if let Some(questions) = self.questions.get(place) {
            questions.fetch_add(count, Ordering::Relaxed);
        }
        if let Some(latency) = self.latency.get(ended.outcome.index()) {
            latency.add(ended.elapsed, count);
        }
        clients.count(ended, count);
    }

    /// While the returned value is held, no question is counted here.
    pub(super) fn held(&self) -> MutexGuard<'_, Clients> {
        lock(&self.clients)
    }

    /// Counts a message that is no question.
    pub(super) fn apart(&self, apart: Apart) {
        if let Some(count) = self.apart.get(apart.index()) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Adds this shard's counts by type and outcome, and of other messages. Returns for each outcome whether a question has had it.
    pub(super) fn add_to(&self, questions: &mut [u64], apart: &mut [u64]) -> [bool; OUTCOMES] {
        let mut had = [false; OUTCOMES];
        let of_types = questions.chunks_exact_mut(OUTCOMES).zip(self.questions.chunks_exact(OUTCOMES));
        for (sums, counts) in of_types {
            for ((sum, count), had) in sums.iter_mut().zip(counts).zip(&mut had) {
                let count = count.load(Ordering::Relaxed);
                *sum = sum.saturating_add(count);
                *had |= count > 0;
            }
        }
        for (sum, count) in apart.iter_mut().zip(&self.apart) {
            *sum = sum.saturating_add(count.load(Ordering::Relaxed));
        }
        had
    }

    /// Adds the clients seen since they were last taken.
    pub(super) fn add_clients(&self, sum: &mut Rows<IpAddr, ClientTally>) {
        lock(&self.clients).add_to(sum);
    }

    /// Takes the clients: they go into the table with the windows.
    pub(super) fn take_clients(&self, sum: &mut Rows<IpAddr, ClientTally>) {
        let taken = std::mem::take(&mut *lock(&self.clients));
        taken.add_to(sum);
    }
}

/// Clients seen since the last snapshot, by rising address.
#[derive(Debug, Default)]
pub(super) struct Clients {
    rows: Vec<(IpAddr, ClientTally)>,
    /// The place of the last one: questions of one client often follow each other.
    last: usize,
    other: ClientTally,
}

impl Clients {
    fn count(&mut self, ended: &Ended, count: u64) {
        match self.rows.get_mut(self.last) {
            Some((address, tally)) if *address == ended.client => tally.count(ended, count),
            _ => self.count_elsewhere(ended, count),
        }
    }

    fn count_elsewhere(&mut self, ended: &Ended, count: u64) {
        let place = match self.rows.binary_search_by_key(&ended.client, |(address, _)| *address) {
            Ok(place) => place,
            Err(place) if self.rows.len() < limits::MAX_CLIENTS_PER_SHARD => {
                self.rows.insert(place, (ended.client, ClientTally::default()));
                place
            }
            Err(_) => return self.other.count(ended, count),
        };
        self.last = place;
        if let Some((_, tally)) = self.rows.get_mut(place) {
            tally.count(ended, count);
        }
    }

    fn add_to(&self, sum: &mut Rows<IpAddr, ClientTally>) {
        for (address, tally) in &self.rows {
            sum.add(address, tally);
        }
        super::table::Tally::add(&mut sum.other, &self.other);
    }
}
