//! The orders to a worker thread, and the signal that wakes the worker.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use tokio::sync::Notify;

use crate::limits::READ_WAIT;

/// The worker thread serves queries.
pub(super) const SERVE: u8 = 0;
/// The worker thread ends after the last reply has been sent.
pub(super) const RETIRE: u8 = 1;
/// The worker thread ends at once, without replies to the waiting queries.
pub(super) const STOP: u8 = 2;
/// The worker thread reads no more queries.
pub(super) const LEAVE: u8 = 3;

#[derive(Default)]
pub(super) struct Orders {
    order: AtomicU8,
    pub(super) bell: Notify,
    /// True if the worker thread may be sleeping in the system call that reads. The signal `bell` does not wake it from there.
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

    /// Records whether the worker may sleep in the system call that reads. The worker reads its order again before each such system call.
    pub(super) fn set_deaf(&self, is_deaf: bool) {
        self.is_deaf.store(is_deaf, Ordering::SeqCst);
    }

    /// Waits until the worker has seen the last order, for at most `READ_WAIT` and one pass of the worker's main loop.
    pub(super) async fn is_known(&self) {
        while self.is_deaf.load(Ordering::SeqCst) {
            tokio::time::sleep(READ_WAIT).await;
        }
    }

    pub(super) fn reads(&self) -> bool {
        !matches!(self.order.load(Ordering::Acquire), STOP | LEAVE)
    }
}
