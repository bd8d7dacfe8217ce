//! Bounds of the daemon as a whole.

use std::time::Duration;

use super::{MAX_EXCHANGES, MAX_TCP_CLIENTS};

/// How often a local mirror of a list is asked for its serial: rsync runs every few minutes at most.
pub const MIRROR_INTERVAL: Duration = Duration::from_secs(60);

/// At the end, answers that are on their way are waited for this long; then SERVFAIL goes out.
pub const STOP_GRACE: Duration = Duration::from_millis(500);

/// And the SERVFAILs have this long to be sent.
pub const STOP_FLUSH: Duration = Duration::from_millis(200);

/// Descriptors that are asked for at start: every exchange and client connection has one, and there are some more.
pub const DESCRIPTORS: u64 = (MAX_EXCHANGES + MAX_TCP_CLIENTS + 500) as u64;

/// Between two writings of the file of lists: what a crash forgets of a quota is a minute's questions.
pub const KEEP_INTERVAL: Duration = Duration::from_secs(60);
