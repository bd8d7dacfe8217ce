//! Bounds of what the calendar may say.

use std::time::Duration;

/// The first of November 2026, in seconds since 1970: before this version was written, so no clock that is right says less.
pub const CLOCK_FLOOR: u64 = 1_793_491_200;

/// A clock that is slower than what is known to have passed by no more than this is taken as it is: signatures are borne that
/// begin as far in the future (a day, Unbound's val-sig-skew-max).
pub const SLOW_CLOCK: Duration = Duration::from_secs(86_400);

/// A calendar that moves so far against the time that has gone by was set: what failed by it before is asked again. Clocks that
/// are disciplined move by less than a second at a time.
pub const CLOCK_JUMP: u64 = 60;

/// Seconds that data are kept whose signatures' times could not be judged: the clock may be set at any moment.
pub const CLOCKLESS_TTL: u32 = 60;
