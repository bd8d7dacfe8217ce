//! A miss becomes a task of the worker that read it.
//!
//! Bounded: few tasks wait for their first run, because each takes some kilobytes. The other misses wait before that.
//! If the maximum of misses waits, the client gets SERVFAIL.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::datagrams::Peer;
use super::front::{Front, WaitingQuery};
use super::outbox::{Outbox, ResolvedMiss};
use crate::clock::StillClock;
use crate::limits::{MAX_QUEUE, WORKER_TASKS};

/// A question that was not in memory, and the way of its reply.
pub(super) struct Miss {
    pub(super) waiting: Box<WaitingQuery>,
    pub(super) peer: Peer,
    pub(super) front: Arc<Front>,
    pub(super) outbox: Arc<Outbox>,
}

/// The misses of a worker that it has not begun.
#[derive(Default)]
pub(super) struct HandOver {
    waiting: RefCell<VecDeque<Miss>>,
    /// Tasks that have not run yet.
    tasks: Arc<AtomicUsize>,
}

impl HandOver {
    /// Takes a miss; gives it back if the maximum waits.
    pub(super) fn hand(&self, miss: Miss) -> Result<(), Miss> {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() >= MAX_QUEUE {
            return Err(miss);
        }
        waiting.push_back(miss);
        Ok(())
    }

    /// Whether any waits to be begun.
    pub(super) fn waits(&self) -> bool {
        !self.waiting.borrow().is_empty()
    }

    /// Begins misses as tasks of the current runtime, up to the bound. Returns whether all have begun.
    pub(super) fn begin(&self) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        while self.tasks.load(Ordering::Relaxed) < WORKER_TASKS as usize {
            let Some(miss) = waiting.pop_front() else { return true };
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

impl Miss {
    /// Waits for the flight of its question, and puts the reply into the outbox.
    async fn answer(self) {
        let Self { waiting, peer, front, outbox } = self;
        let reply = match front.resolve(&waiting).await {
            Some(answer) => front.reply(&waiting, &answer).await,
            None => None,
        };
        outbox.put(ResolvedMiss { reply, peer, _waiting: waiting });
    }
}
