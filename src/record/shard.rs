//! The shard of a worker thread: counters, and a ring (a buffer for questions), to which only this worker writes. This code runs for each cache
//! hit, so it must be fast.
//!
//! Each question costs two relaxed additions, and one lock of a mutex that otherwise only readers of the statistics lock.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use crate::event::Ended;
use crate::histogram::Histogram;
use crate::ring::Ring;
use crate::table::Rows;
use crate::tally::{ClientTally, TYPES, type_place};
use crate::{limits, lock};
use dns::question::{Apart, Outcome};

pub(crate) const OUTCOMES: usize = Outcome::ALL.len();

/// The counters of one worker, aligned so that two workers never write to the same cache line.
#[repr(align(128))]
#[derive(Debug)]
pub(crate) struct Shard {
    /// Questions by type and outcome. The outcomes of one type follow each other.
    questions: Box<[AtomicU64]>,
    /// Events at listeners other than questions, such as a dropped DNS message or a lost reply. Indexed by `Apart::index`.
    apart: [AtomicU64; Apart::ALL.len()],
    pub(crate) latency: [Histogram; OUTCOMES],
    clients: Mutex<Clients>,
    /// Questions that the cache answered.
    pub(crate) ring: Mutex<Ring>,
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
    pub(crate) fn with_ring(size: usize) -> Self {
        Self { ring: Mutex::new(Ring::new(size)), ..Self::default() }
    }

    pub(crate) fn questions(&self, ended: &Ended, count: u64) {
        // Locked until all counters are updated, so that a reader with the lock finds the same questions in each counter.
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

    /// Locks the shard: while the guard exists, no question is counted in it.
    pub(crate) fn held(&self) -> MutexGuard<'_, Clients> {
        lock(&self.clients)
    }

    pub(crate) fn apart(&self, apart: Apart) {
        if let Some(count) = self.apart.get(apart.index()) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Adds the counters to `questions` (one number for each type and outcome) and `apart`. Returns for each outcome if the shard had any
    /// question with this outcome.
    pub(crate) fn add_to(&self, questions: &mut [u64], apart: &mut [u64]) -> [bool; OUTCOMES] {
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

    /// Adds to `sum` the counters of all clients since the last call of `take_clients`.
    pub(crate) fn add_clients(&self, sum: &mut Rows<IpAddr, ClientTally>) {
        lock(&self.clients).add_to(sum);
    }

    /// Moves the counters of all clients to `sum`.
    pub(crate) fn take_clients(&self, sum: &mut Rows<IpAddr, ClientTally>) {
        let taken = std::mem::take(&mut *lock(&self.clients));
        taken.add_to(sum);
    }
}

/// The clients since the last snapshot of the counters, sorted by address.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    rows: Vec<(IpAddr, ClientTally)>,
    /// The index of the client that was counted last. This client is compared first, because questions of one client often follow each other.
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
