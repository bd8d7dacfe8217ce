//! Bounds of supervision.

use std::time::Duration;

/// Panics of one task or thread within `RESTART_WINDOW` after which it is not restarted: a fault that returns at once
/// needs a new process.
pub const MAX_RESTARTS: usize = 5;

/// The time in which they are counted.
pub(crate) const RESTART_WINDOW: Duration = Duration::from_secs(600);

/// The pause between a panic and the restart: long enough to avoid a busy loop, and short for waiting questions.
pub(crate) const RESTART_PAUSE: Duration = Duration::from_millis(100);
