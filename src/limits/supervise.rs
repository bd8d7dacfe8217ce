//! Bounds of supervision.

use std::time::Duration;

/// Panics of one task or thread within `RESTART_WINDOW` after which it is not restarted: a fault that comes back at
/// once is better met by a new process.
pub const MAX_RESTARTS: usize = 5;

/// The time in which they are counted.
pub const RESTART_WINDOW: Duration = Duration::from_secs(600);

/// The pause between a panic and the restart: no busy loop, and no question waits for long.
pub const RESTART_PAUSE: Duration = Duration::from_millis(100);
