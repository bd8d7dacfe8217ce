//! Bounds of the calendar.

use std::time::Duration;

use super::config::{MAX_SERVE_STALE, MAX_TTL};

/// The first of November 2026, in seconds since 1970: before this version was written, so no correct clock is
/// earlier.
pub const CLOCK_FLOOR: u64 = 1_793_491_200;

/// The time before a process for which there are moments: a restored entry may have lived for the whole of its TTL and of
/// `cache.serve_stale`.
pub const MONO_LEAD: Duration = MAX_TTL.saturating_add(MAX_SERVE_STALE);

/// A clock that is slow by no more than this is accepted: signatures that begin as far in the future are tolerated (a
/// day, Unbound's val-sig-skew-max).
pub const SLOW_CLOCK: Duration = Duration::from_secs(86_400);

/// If the calendar moves by this much against the elapsed time, it was set. Failures because of the old time are then
/// tried again. Disciplined clocks move by less than a second at a time.
pub const CLOCK_JUMP: u64 = 60;

/// Seconds that data are kept if the times of their signatures could not be judged: the clock may be set at any
/// moment.
pub const CLOCKLESS_TTL: u32 = 60;
