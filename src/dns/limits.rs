//! The limits of messages, zone files and the calendar.

use std::time::Duration;

/// The maximum number of compression pointers that one name may follow. Programs usually write pointers to labels, and some write a pointer
/// to one other pointer.
pub(crate) const MAX_POINTERS: u8 = 16;

/// The maximum length of the text of an extended error, in octets: one sentence, short enough to fit with any question into 512 octets.
pub const MAX_ERROR_TEXT: usize = 180;

/// The first of November 2026, in seconds since 1970. This version was written later, so a clock that shows an earlier time
/// is wrong.
pub const CLOCK_FLOOR: u64 = 1_793_491_200;

/// How long before the start of the process a moment may be. A cache entry from an earlier process may be as old as its TTL and
/// `cache.serve_stale` together.
pub const MONO_LEAD: Duration = MAX_TTL.saturating_add(MAX_SERVE_STALE);

/// A clock that is slow by at most this time is accepted. Signatures whose validity begins at most this far in the future are also accepted
/// (one day, as `val-sig-skew-max` of Unbound).
pub(crate) const SLOW_CLOCK: Duration = Duration::from_secs(86_400);

/// If the calendar time and the elapsed time differ by this many seconds, somebody has set the clock. Failures that the wrong time caused are then
/// tried again. Synchronised clocks move by less than a second at a time.
pub const CLOCK_JUMP: u64 = 60;

/// How long to wait for the reply of another operator's recursive server. It may have to ask the servers of the zone first.
pub const DIRECT_RECURSION_TIME: Duration = Duration::from_secs(2);

/// How long to wait for a reply over UDP. The most distant servers answer within 0.4 s. A server that needs 2 s is slow, but not silent. A check
/// sends the query again after `CHECK_TRY_TIME`, and keeps waiting for the first reply.
pub const DIRECT_TIME: Duration = Duration::from_secs(3);

/// How long to wait for a reply over TCP, which needs two round trips. The query is sent only once.
pub const DIRECT_STREAM_TIME: Duration = Duration::from_secs(3);

/// The largest `cache.max_ttl`: a week, as long as any zone's records are meant to be kept (RFC 8767 section 4).
pub const MAX_TTL: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The largest `cache.serve_stale`: RFC 8767 section 5 suggests one to three days as the most.
pub const MAX_SERVE_STALE: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// The number of last labels with which the DNS tree walk of DMARC continues, if a name has more labels than this (RFC 9989 section 4.10).
pub const DMARC_WALK_LABELS: usize = 7;
