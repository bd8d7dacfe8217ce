//! From a worker's thread to the runtime: a miss becomes a task there.
//!
//! Bounded: a runtime that does not come to take what was handed over gets no more, and the client hears SERVFAIL.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::Handle;

use super::front::{Front, Missed};
use super::udp::Outbox;
use crate::clock::Mono;
use crate::limits::MAX_QUEUE;
use crate::question::Apart;

/// A question that was not in memory, and where its reply goes.
pub(super) struct Miss {
    pub(super) missed: Box<Missed>,
    pub(super) client: SocketAddr,
    pub(super) arrived: Mono,
    pub(super) shard: usize,
    pub(super) front: Arc<Front>,
    pub(super) outbox: Outbox,
}

/// The way of misses to the runtime.
#[derive(Clone)]
pub(super) struct HandOver {
    runtime: Handle,
    /// Those that no thread of the runtime has taken up.
    untaken: Arc<AtomicUsize>,
}

impl HandOver {
    /// To the runtime in which this is called.
    pub(super) fn to_this_runtime() -> Self {
        Self { runtime: Handle::current(), untaken: Arc::default() }
    }

    /// Hands a miss over; gives it back where as many wait to be taken up as may.
    pub(super) fn hand(&self, miss: Miss) -> Result<(), Miss> {
        if self.untaken.load(Ordering::Relaxed) >= MAX_QUEUE {
            return Err(miss);
        }
        self.untaken.fetch_add(1, Ordering::Relaxed);
        let untaken = Arc::clone(&self.untaken);
        // On the heap at once: the runtime would move it several times.
        self.runtime.spawn(Box::pin(async move {
            untaken.fetch_sub(1, Ordering::Relaxed);
            miss.answer().await;
        }));
        Ok(())
    }
}

impl Miss {
    /// Waits for the flight of its question, and sends the reply.
    async fn answer(self) {
        let Self { missed, client, arrived, shard, front, outbox } = self;
        let reply = front.resolve(shard, &missed, client, arrived, missed.query.udp_limit()).await;
        if !outbox.put(reply, client) {
            front.apart(shard, Apart::ReplyLost);
        }
        // Its client waits no more.
        drop(missed);
    }
}
