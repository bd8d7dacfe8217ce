//! The time, injected: nothing below `daemon` reads a clock of its own.
//!
//! May call: nothing of ours. One clock serves both worlds. In the daemon it is the machine's; in the
//! simulation it is tokio's paused clock, which jumps to the next timer, so four-second deadlines cost nothing.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment, in microseconds since the clock was made. Never goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(u64);

impl Mono {
    /// The moment the clock was made.
    pub const START: Self = Self(0);

    /// The moment `micros` microseconds after the clock was made.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the clock was made.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The moment `span` later; saturates at the end of time (584 000 years).
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_micros()).unwrap_or(u64::MAX)))
    }

    /// How long ago `earlier` was; zero where it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// Whole seconds since `earlier`, rounded down: what has been taken off a TTL (RFC 1035 section 3.2.1).
    pub fn seconds_since(self, earlier: Self) -> u32 {
        u32::try_from(self.0.saturating_sub(earlier.0) / 1_000_000).unwrap_or(u32::MAX)
    }
}

/// What decisions are given: the moment, and what the calendar says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// For spans: TTLs, timers, deadlines.
    pub mono: Mono,
    /// Seconds since 1970, for people and signatures; may jump when the machine's clock is set.
    pub unix: u64,
}

/// Where moments come from.
#[derive(Clone)]
pub struct Clock {
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Machine {
        started: std::time::Instant,
    },
    #[cfg(feature = "lab")]
    Virtual {
        started: tokio::time::Instant,
        unix_at_start: u64,
    },
}

impl Clock {
    /// The machine's clock.
    pub fn machine() -> Self {
        Self { kind: Kind::Machine { started: std::time::Instant::now() } }
    }

    /// The clock of a runtime whose time is paused; `unix_at_start` is its calendar now.
    /// Call it inside that runtime.
    #[cfg(feature = "lab")]
    pub fn simulated(unix_at_start: u64) -> Self {
        Self { kind: Kind::Virtual { started: tokio::time::Instant::now(), unix_at_start } }
    }

    /// The moment alone: one read of the monotonic clock, for the hit path.
    pub fn mono(&self) -> Mono {
        let elapsed = match &self.kind {
            Kind::Machine { started } => started.elapsed(),
            #[cfg(feature = "lab")]
            Kind::Virtual { started, .. } => started.elapsed(),
        };
        Mono::START.after(elapsed)
    }

    /// The moment and its calendar time.
    pub fn now(&self) -> Now {
        let mono = self.mono();
        let unix = match &self.kind {
            Kind::Machine { .. } => {
                SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
            }
            #[cfg(feature = "lab")]
            Kind::Virtual { unix_at_start, .. } => unix_at_start.saturating_add(mono.as_micros() / 1_000_000),
        };
        Now { mono, unix }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Clock({:?})", self.mono())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_saturate_and_seconds_round_down() {
        let early = Mono::from_micros(500_000);
        let late = early.after(Duration::from_millis(1_999));
        assert_eq!(late.seconds_since(early), 1);
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(Mono::from_micros(u64::MAX).after(Duration::from_secs(1)).as_micros(), u64::MAX);
    }
}
