//! Turns each miss (a query that must be resolved) into a task of the worker that read it.
//!
//! Each task takes some kilobytes before its first run, so the number of such tasks is limited. Further misses wait as queries (see
//! `fair_queue`). If too many wait, a miss of the client or zone with the most of them is answered with SERVFAIL, and so is a miss that has
//! waited too long. Otherwise, on an overloaded host, each miss would wait longer than the one before it, far beyond the deadline of its
//! client.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::datagrams::Peer;
use super::fair_queue::{Admitted, FairQueue};
use super::front::Front;
use super::outbox::{Outbox, ResolvedMiss};
use super::queued::{ClientKey, Queued};
use super::waiting::WaitingQuery;
use crate::limits::{MAX_QUEUE_TIME, UDP_BATCH, WORKER_TASKS};
use dns::clock::StillClock;
use dnstap::tapped::TapKind;

pub(super) struct Miss {
    pub(super) waiting: Box<WaitingQuery>,
    pub(super) peer: Peer,
    pub(super) front: Arc<Front>,
    pub(super) outbox: Arc<Outbox>,
}

/// The cache misses of a worker thread that are not tasks yet.
pub(super) struct HandOver {
    waiting: RefCell<FairQueue<Miss>>,
    tasks: Arc<AtomicUsize>,
}

impl HandOver {
    pub(super) fn new(most: usize) -> Self {
        Self { waiting: RefCell::new(FairQueue::new(most)), tasks: Arc::default() }
    }

    /// Adds a cache miss. If too many wait, the last miss of the client and zone with the most misses is answered with SERVFAIL and
    /// removed. If this is the new miss, it is returned and not answered.
    pub(super) fn hand(&self, miss: Miss) -> Result<(), Miss> {
        let admitted = self.waiting.borrow_mut().add(miss);
        match admitted {
            Admitted::Waits => Ok(()),
            Admitted::InPlaceOf(other) => {
                other.shed();
                Ok(())
            }
            Admitted::Refused(miss) => Err(miss),
        }
    }

    pub(super) fn waits(&self) -> bool {
        !self.waiting.borrow().is_empty()
    }

    /// Starts the resolution of waiting misses as tasks of the current runtime, up to the limit of tasks. Misses that have waited too long are
    /// answered with SERVFAIL. Returns true if no miss waits any more.
    pub(super) fn begin(&self) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        let Some(now) = waiting.first().map(|miss| miss.front.now()) else { return true };
        let mut late = 0_usize;
        while self.tasks.load(Ordering::Relaxed) < WORKER_TASKS as usize && late < UDP_BATCH {
            let Some(miss) = waiting.next() else { return true };
            if now.since(miss.waiting.arrival.occasion.at) >= MAX_QUEUE_TIME {
                late = late.saturating_add(1);
                miss.shed();
                continue;
            }
            self.tasks.fetch_add(1, Ordering::Relaxed);
            let tasks = Arc::clone(&self.tasks);
            tokio::spawn(StillClock::during(async move {
                tasks.fetch_sub(1, Ordering::Relaxed);
                miss.answer().await;
            }));
        }
        waiting.is_empty()
    }
}

impl Queued for Miss {
    fn client(&self) -> ClientKey {
        ClientKey::from_address(self.peer.client.ip())
    }

    fn port(&self) -> u16 {
        self.peer.client.port()
    }

    fn zone(&self) -> u64 {
        self.front.zone_of(&self.waiting.query)
    }
}

impl Miss {
    async fn answer(self) {
        let Self { waiting, peer, front, outbox } = self;
        let reply = front.reply_if(&waiting, front.resolve(&waiting).await).await;
        outbox.put(ResolvedMiss { reply, peer, _waiting: waiting });
    }

    fn shed(self) {
        let Self { waiting, peer, front, outbox } = self;
        let mut reply = Vec::new();
        front.shed(waiting.arrival, &waiting.query, &mut reply);
        front.tap(TapKind::ClientResponse, waiting.arrival, &reply);
        outbox.put(ResolvedMiss { reply: Some(reply), peer, _waiting: waiting });
    }
}
