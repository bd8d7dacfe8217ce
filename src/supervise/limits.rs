//! Bounds of restarts.

use std::time::Duration;

/// A task or thread that panics more than this number of times within `RESTART_WINDOW` is not restarted, because such a fault needs a new
/// process.
pub const MAX_RESTARTS: usize = 5;

/// The period in which the panics of one task or thread are counted, for `MAX_RESTARTS`.
pub(crate) const RESTART_WINDOW: Duration = Duration::from_secs(600);

/// The pause between the panic of a task or thread and its restart. It avoids a busy loop, and is short for the clients that wait for an
/// answer.
pub(crate) const RESTART_PAUSE: Duration = Duration::from_millis(100);
