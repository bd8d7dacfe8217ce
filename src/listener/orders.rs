//! The orders to a worker.

use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::Notify;

/// An order for a worker.
pub(super) const SERVE: u8 = 0;
/// End after the last reply.
pub(super) const RETIRE: u8 = 1;
/// End at once.
pub(super) const STOP: u8 = 2;
/// Stop reading.
pub(super) const LEAVE: u8 = 3;

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
