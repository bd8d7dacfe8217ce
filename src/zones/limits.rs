//! Bounds of configured zones.

use std::time::Duration;

/// The greatest number of aliases (CNAME) that are followed within a configured zone. BIND stops at 16. The bound ends loops.
pub const MAX_ALIASES_IN_ZONE: usize = 16;

/// The SOA serial of a mirrored DNS list may be the time of its data, in seconds since 1970. If the serial is further ahead of the clock than
/// this, it is not a time. For example, 2026112001 would be a time in 2034. The clock of the mirror may be wrong by a time zone.
pub const MIRROR_SERIAL_AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

/// If the SOA serial of a mirrored DNS list is further behind the clock than this, it is not a time.
pub const MIRROR_SERIAL_BEHIND: Duration = Duration::from_secs(365 * 24 * 60 * 60);
