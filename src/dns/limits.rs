//! Bounds of messages, zone files and the calendar.

use std::time::Duration;

/// Compression pointers that one pointer may lead over. Encoders point at labels, some at one other pointer.
pub(crate) const MAX_POINTERS: u8 = 16;

/// Octets of the text of an extended error: a sentence, small enough to fit with any question into 512 octets.
pub const MAX_ERROR_TEXT: usize = 180;

/// The first of November 2026, in seconds since 1970: before this version was written, so no correct clock is
/// earlier.
pub const CLOCK_FLOOR: u64 = 1_793_491_200;

/// The time before the start of a process that moments can represent: a restored entry may be as old as its TTL and `cache.serve_stale` together.
pub const MONO_LEAD: Duration = MAX_TTL.saturating_add(MAX_SERVE_STALE);

/// A clock that is slow by at most this time is accepted, because signatures that begin as far in the future are tolerated (a day, Unbound's
/// val-sig-skew-max).
pub(crate) const SLOW_CLOCK: Duration = Duration::from_secs(86_400);

/// If the calendar differs from the elapsed time by this much, it was set, and failures that the old time caused are tried again. Synchronised clocks
/// move by less than a second at a time.
pub const CLOCK_JUMP: u64 = 60;

/// How long to wait for a recursive server of somebody else: it may have to ask the servers of the zone first.
pub const DIRECT_RECURSION_TIME: Duration = Duration::from_secs(2);

/// How long to wait for a server over UDP. The most distant servers answer within 0.4 s, and one that needs 2 s is slow, but not silent. A check asks
/// again after `CHECK_TRY_TIME`, and continues to wait for the first reply.
pub const DIRECT_TIME: Duration = Duration::from_secs(3);

/// Like `DIRECT_TIME`, over TCP, which needs two round trips and is started once.
pub const DIRECT_STREAM_TIME: Duration = Duration::from_secs(3);

/// The largest `cache.max_ttl`: a week, as long as any zone's records are meant to be kept (RFC 8767 section 4).
pub const MAX_TTL: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The largest `cache.serve_stale`: RFC 8767 section 5 suggests one to three days as the most.
pub const MAX_SERVE_STALE: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// Labels above which the DNS tree walk of DMARC skips to the last seven (RFC 9989 section 4.10).
pub const DMARC_WALK_LABELS: usize = 7;
