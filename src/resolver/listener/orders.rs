//! The orders to a worker thread, and the signal that wakes the worker.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use tokio::sync::Notify;

use crate::limits::READ_WAIT;

/// The order to a worker thread to serve queries.
pub(super) const SERVE: u8 = 0;
/// The order to a worker thread to end after the last reply has been sent.
pub(super) const RETIRE: u8 = 1;
/// The order to a worker thread to end at once, without replies to the waiting queries.
pub(super) const STOP: u8 = 2;
/// The order to a worker thread to read no more queries.
pub(super) const LEAVE: u8 = 3;

/// The current order to a worker thread, and the signal (`bell`) that wakes the worker.
#[derive(Default)]
pub(super) struct Orders {
    order: AtomicU8,
    pub(super) bell: Notify,
    /// True if the worker thread may be sleeping in the system call that reads. The signal `bell` does not wake it from this system call.
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

    /// Records whether the worker thread may sleep in the system call that reads. The worker checks its order again
    /// before each such call.
    pub(super) fn set_deaf(&self, is_deaf: bool) {
        self.is_deaf.store(is_deaf, Ordering::SeqCst);
    }

    /// Waits until the worker has seen the last order. This takes no longer than `READ_WAIT` and one pass of the worker's main loop.
    pub(super) async fn is_known(&self) {
        while self.is_deaf.load(Ordering::SeqCst) {
            tokio::time::sleep(READ_WAIT).await;
        }
    }

    /// Returns true if the worker thread still reads queries.
    pub(super) fn reads(&self) -> bool {
        !matches!(self.order.load(Ordering::Acquire), STOP | LEAVE)
    }
}
