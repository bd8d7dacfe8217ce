//! The orders to a worker.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use tokio::sync::Notify;

use crate::limits::READ_WAIT;

/// An order for a worker.
pub(super) const SERVE: u8 = 0;
/// End after the last reply.
pub(super) const RETIRE: u8 = 1;
/// End immediately.
pub(super) const STOP: u8 = 2;
/// Stop reading.
pub(super) const LEAVE: u8 = 3;

/// The orders for a worker, and the bell that wakes it.
#[derive(Default)]
pub(super) struct Orders {
    order: AtomicU8,
    pub(super) bell: Notify,
    /// True if the worker may be sleeping in a read, from which the bell does not wake it.
    is_deaf: AtomicBool,
}

impl Orders {
    pub(super) fn give(&self, order: u8) {
        self.order.store(order, Ordering::SeqCst);
        self.bell.notify_one();
    }

    pub(super) fn now(&self) -> u8 {
        self.order.load(Ordering::SeqCst)
    }

    /// Sets whether the worker may sleep in a read. It checks its order again before each read.
    pub(super) fn set_deaf(&self, is_deaf: bool) {
        self.is_deaf.store(is_deaf, Ordering::SeqCst);
    }

    /// Waits until the worker knows the last order. This takes no longer than `READ_WAIT` and one turn of its thread.
    pub(super) async fn is_known(&self) {
        while self.is_deaf.load(Ordering::SeqCst) {
            tokio::time::sleep(READ_WAIT).await;
        }
    }

    /// Returns true if the worker still reads queries.
    pub(super) fn reads(&self) -> bool {
        !matches!(self.order.load(Ordering::Acquire), STOP | LEAVE)
    }
}
