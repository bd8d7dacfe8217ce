//! The lock of the record's counters and rings.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a counter, even if another thread has panicked with the lock: a count is valid after every statement.
pub(super) fn lock<Kept>(mutex: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
