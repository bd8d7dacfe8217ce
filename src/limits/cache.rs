//! Memory of the process beside the cache.

use std::time::Duration;

/// The time between two looks. One takes some dozen microseconds.
pub const ROOM_PAUSE: Duration = Duration::from_millis(50);

/// Octets that the process may use beside `cache.size` with `CACHE_SLACK_PERCENT`, and `history.size`.
pub const PROCESS_BESIDE_CACHE: u64 = 24 << 20;

/// UDP threads whose memory is a part of `PROCESS_BESIDE_CACHE`.
pub const USUAL_UDP_THREADS: u64 = 2;

/// Octets of a further UDP thread: its table of replies, and the room of a batch of queries.
pub const UDP_THREAD_MEMORY: u64 = 1_536 << 10;
