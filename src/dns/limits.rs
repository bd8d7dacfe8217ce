//! Bounds of messages, zone files and the calendar.

use std::time::Duration;

/// Compression pointers that one pointer may lead over. Encoders point at labels, some at one other pointer.
pub(crate) const MAX_POINTERS: u8 = 16;

/// Octets of the text of an extended error: a sentence, small enough to fit with any question into 512 octets.
pub const MAX_ERROR_TEXT: usize = 180;

/// The first of November 2026, in seconds since 1970: before this version was written, so no correct clock is
/// earlier.
pub const CLOCK_FLOOR: u64 = 1_793_491_200;

/// The time before a process for which there are moments: a restored entry may have lived for the whole of its TTL and of
/// `cache.serve_stale`.
pub const MONO_LEAD: Duration = MAX_TTL.saturating_add(MAX_SERVE_STALE);

/// A clock that is slow by no more than this is accepted: signatures that begin as far in the future are tolerated (a
/// day, Unbound's val-sig-skew-max).
pub(crate) const SLOW_CLOCK: Duration = Duration::from_secs(86_400);

/// If the calendar moves by this much against the elapsed time, it was set. Failures because of the old time are then
/// tried again. Disciplined clocks move by less than a second at a time.
pub const CLOCK_JUMP: u64 = 60;

/// How long a resolver of others is waited for: it may have to ask the servers of the zone first.
pub const DIRECT_RECURSION_TIME: Duration = Duration::from_secs(2);

/// How long a server is waited for over UDP. The farthest answer within 0.4 s, and one that needs 2 s is slow and not silent. A check asks
/// again after `CHECK_TRY_TIME`, and waits for the first query at the same time.
pub const DIRECT_TIME: Duration = Duration::from_secs(3);

/// Like `DIRECT_TIME`, over TCP, which needs two round trips and is started once.
pub const DIRECT_STREAM_TIME: Duration = Duration::from_secs(3);

/// The largest `cache.max_ttl`: a week, as long as any zone's records are meant to be kept (RFC 8767 section 4).
pub const MAX_TTL: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The largest `cache.serve_stale`: RFC 8767 section 5 suggests one to three days as the most.
pub const MAX_SERVE_STALE: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// Labels above which the DNS tree walk of DMARC skips to the last seven (RFC 9989 section 4.10).
pub const DMARC_WALK_LABELS: usize = 7;
