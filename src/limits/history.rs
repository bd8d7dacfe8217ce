//! Bounds of the history on disk, and of the log.

use std::time::Duration;

/// Octets of a field in the journal; the journal takes datagrams of 200 KiB, but a page of text is enough.
pub const MAX_LOG_FIELD: usize = 8 << 10;

/// Octets of all segments of the record on disk: at some 500 octets for a failed question with its flight more than a hundred
/// thousand of them.
pub const MAX_STORED: u64 = 64 << 20;

/// Octets of a segment: the oldest one is removed as a whole, and one is read at a time.
pub const MAX_SEGMENT: u64 = 4 << 20;

/// How long a segment is written: a gateway with few failures would not fill one in months, and a segment is removed as a whole.
pub const SEGMENT_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Octets at the end of a segment that a crash may have torn: one writing of entries. More of them are damage, and are not removed: somebody
/// may want to read what is behind it.
pub const MAX_TORN: usize = 64 << 10;

/// The time between two readings of the kernel's tables of sockets, so that there are at most five in a second. One takes a millisecond at
/// a gateway, and the kernel walks through all sockets.
pub const OWNER_PAUSE: Duration = Duration::from_millis(200);

/// Octets of /etc/passwd that are read: some ten thousand users.
pub const MAX_USERS: u64 = 1 << 20;
