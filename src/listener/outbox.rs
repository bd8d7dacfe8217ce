//! The orders to a worker, and its queue of replies to misses.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use tokio::sync::Notify;

use super::datagrams::{self, Peer};

/// An order for a worker.
pub(super) const SERVE: u8 = 0;
/// End after the last reply.
pub(super) const RETIRE: u8 = 1;
/// End at once.
pub(super) const STOP: u8 = 2;
/// Stop reading.
pub(super) const LEAVE: u8 = 3;

/// The queue of replies to a worker's clients.
#[derive(Clone)]
pub(super) struct Outbox {
    pub(super) socket: Arc<UdpSocket>,
    /// Misses whose replies are still to come.
    pub(super) outstanding: Arc<AtomicUsize>,
    pub(super) orders: Arc<Orders>,
}

/// The orders for a worker, and the bell that wakes it.
#[derive(Default)]
pub(super) struct Orders {
    order: AtomicU8,
    pub(super) bell: Notify,
}

impl Orders {
    pub(super) fn give(&self, order: u8) {
        self.order.store(order, Ordering::SeqCst);
        self.bell.notify_one();
    }

    pub(super) fn now(&self) -> u8 {
        self.order.load(Ordering::SeqCst)
    }

    /// Whether the worker still reads queries.
    pub(super) fn reads(&self) -> bool {
        !matches!(self.order.load(Ordering::Acquire), STOP | LEAVE)
    }
}

impl Outbox {
    /// Sends the reply to a miss, or notes that there is none. False if the kernel has no room for it.
    pub(super) fn put(&self, reply: Option<Vec<u8>>, peer: &Peer) -> bool {
        let put = reply.is_none_or(|reply| datagrams::send(&self.socket, &reply, peer).is_ok());
        self.outstanding.fetch_sub(1, Ordering::SeqCst);
        // A worker that ends waits for the last reply.
        if self.orders.now() != SERVE {
            self.orders.bell.notify_one();
        }
        put
    }
}
