//! The orders to a worker, and the way in which replies to misses leave it.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use tokio::sync::Notify;

use super::datagrams::{self, Peer};

/// What a worker is told to do.
pub(super) const SERVE: u8 = 0;
/// To end once it has nothing left to answer.
pub(super) const RETIRE: u8 = 1;
/// To end.
pub(super) const STOP: u8 = 2;
/// To read no more.
pub(super) const LEAVE: u8 = 3;

/// Where replies to a worker's clients are put.
#[derive(Clone)]
pub(super) struct Outbox {
    pub(super) socket: Arc<UdpSocket>,
    /// Misses whose replies are still to come.
    pub(super) outstanding: Arc<AtomicUsize>,
    pub(super) orders: Arc<Orders>,
}

/// What a worker is told to do, and the bell that has it look.
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

    /// Whether queries are to be read still.
    pub(super) fn reads(&self) -> bool {
        !matches!(self.order.load(Ordering::Acquire), STOP | LEAVE)
    }
}

impl Outbox {
    /// Sends the reply to a miss, or learns that there will be none; false where the kernel has no room for it.
    pub(super) fn put(&self, reply: Option<Vec<u8>>, peer: &Peer) -> bool {
        let put = reply.is_none_or(|reply| datagrams::send(&self.socket, &reply, peer).is_ok());
        self.outstanding.fetch_sub(1, Ordering::SeqCst);
        // A worker that is to end waits for the last.
        if self.orders.now() != SERVE {
            self.orders.bell.notify_one();
        }
        put
    }
}
