//! Limits for DNS messages, zone files and the calendar time, each with the reason for its value.

use std::time::Duration;

/// The maximum number of compression pointers that one name may follow. Programs that write DNS messages need one or two.
pub(crate) const MAX_POINTERS: u8 = 16;

/// The maximum length of the text of an extended error (RFC 8914), in octets. With it, a failure reply to any question fits into 512
/// octets.
pub const MAX_ERROR_TEXT: usize = 180;

/// The first of November 2026, in seconds since 1970. This version of resolverd is newer, so a clock with an earlier time is
/// wrong.
pub const CLOCK_FLOOR: u64 = 1_793_491_200;

/// Monotonic times can be this long before the start of the process: a cache entry from an earlier process may be as old as its TTL and
/// `cache.serve_stale` together.
pub const MONO_LEAD: Duration = MAX_TTL.saturating_add(MAX_SERVE_STALE);

/// The time by which the machine's clock may be slow. resolverd accepts signatures whose validity begins at most this far in the
/// future (one day, as `val-sig-skew-max` of Unbound).
pub(crate) const SLOW_CLOCK: Duration = Duration::from_secs(86_400);

/// If calendar time and elapsed time differ by this many seconds, somebody has set the machine's clock. resolverd then tries
/// questions again that failed because of the wrong time. Synchronised clocks are adjusted by less than a second at a time.
pub const CLOCK_JUMP: u64 = 60;

/// How long a query of the operator or of a check waits for the reply of another resolver. The resolver may have to ask the servers of the
/// zone first.
pub const DIRECT_RECURSION_TIME: Duration = Duration::from_secs(2);

/// How long the operator or a check waits for the reply of an authoritative server over UDP. The most distant servers answer
/// within 0.4 s. A server that needs 2 s is slow, but not silent. A check sends the query again after `CHECK_TRY_TIME`, and still
/// waits for a reply to the first query.
pub const DIRECT_TIME: Duration = Duration::from_secs(3);

/// How long the operator or a check waits for the reply of a server over TCP, which needs two round trips.
pub const DIRECT_STREAM_TIME: Duration = Duration::from_secs(3);

/// The largest permitted value of `cache.max_ttl`: a week. RFC 8767 section 4 suggests that no TTL need be longer.
pub const MAX_TTL: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The largest permitted value of `cache.serve_stale`. RFC 8767 section 5 suggests at most one to three days.
pub const MAX_SERVE_STALE: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// If a name has more labels than this, the DNS tree walk of DMARC looks up the whole name first, and then this number of its last labels (RFC 9989
/// section 4.10).
pub const DMARC_WALK_LABELS: usize = 7;

/// The length of the shortest customer key of a DNS list, in octets. A shorter one could be an ordinary word in a text from which keys are
/// removed.
pub const MIN_LIST_KEY: usize = 8;
