//! Bounds of the daemon as a whole.

use std::time::Duration;

use resolver::limits::{MAX_EXCHANGES, MAX_TCP_CLIENTS};

/// How often a local mirror of a list is asked for its serial: rsync runs every few minutes at most.
pub const MIRROR_INTERVAL: Duration = Duration::from_secs(60);

/// At the end of the daemon, how long to wait for answers in progress; then SERVFAIL is sent.
pub const STOP_GRACE: Duration = Duration::from_millis(500);

/// The time to send these SERVFAILs.
pub const STOP_FLUSH: Duration = Duration::from_millis(200);

/// Descriptors that are requested at start: every exchange and client connection has one, a UDP worker has four, and there are
/// some more.
pub const DESCRIPTORS: u64 = (MAX_EXCHANGES + MAX_TCP_CLIENTS + 1_000) as u64;

/// The maximum time of the snapshot at the end of the daemon, for a slow disk. After it the previous file stays. The
/// unit gives the daemon ten seconds to end.
pub const STOP_SNAPSHOT: Duration = Duration::from_secs(4);

/// As `STOP_SNAPSHOT`, for what the record has in memory. The usual size takes a tenth of a second.
pub const STOP_HISTORY: Duration = Duration::from_secs(2);

/// The time between two writes of the cache's snapshot. A crash loses the entries of this time. A write takes about a
/// second for a full cache.
pub const CACHE_SNAPSHOT_INTERVAL: Duration = Duration::from_secs(600);

/// The delay of the write after a flush, so that a script that flushes many names causes one write.
pub const CACHE_SNAPSHOT_PAUSE: Duration = Duration::from_secs(30);

/// How often the calendar is compared with the elapsed time after entries were restored. Entries that are too old are
/// given for this long after the clock was set.
pub const CLOCK_WATCH: Duration = Duration::from_secs(10);

/// The time between two writes of the file of lists. A crash loses the query counts of a minute.
pub const KEEP_INTERVAL: Duration = Duration::from_secs(60);

/// Octets of the file with the keys of the root: `MAX_ROOT_KEYS` of `MAX_ROOT_KEY` take 45 KiB.
pub const MAX_ROOT_KEYS_FILE: u64 = 64 << 10;

/// The longest time in which the last messages are written when the daemon ends.
pub const TAP_END: Duration = Duration::from_secs(1);
