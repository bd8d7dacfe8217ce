//! Bounds of `resolverctl check`.

use std::time::Duration;

/// Octets that `check system` reads of a file of the host: configuration files have a few KiB, tables of /proc more.
pub const MAX_CHECKED_FILE: u64 = 4 << 20;

/// Drop-ins of one configuration that `check system` reads.
pub const MAX_CHECKED_DROP_INS: usize = 100;

/// Root servers that `check system` asks, one after the other until one answers.
pub const CHECK_SERVERS: usize = 3;

/// How long to wait for each of them: the farthest answers within 0.3 s.
pub const CHECK_TIME: Duration = Duration::from_secs(2);

/// The largest datagram read from a root server: more than the 1 232 that we offer, because some send more.
pub const MAX_CHECK_DATAGRAM: usize = 4_096;
