//! Local mirrors of DNS lists: how old their data are, by the serial of their SOA.
//!
//! May call: `limits`. Pure but for its own memory. rbldnsd puts the time of its newest file into a SOA whose serial is 0 in the file
//! (rbldnsd(8)), so that a serial that can be a recent moment is taken as that; any other is as old as it has been seen.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::limits::{MIRROR_SERIAL_AHEAD, MIRROR_SERIAL_BEHIND};

/// A mirror.
#[derive(Debug)]
pub struct Mirror {
    max_age: Duration,
    stale: AtomicBool,
    seen: Mutex<Option<Seen>>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    serial: u32,
    /// Seconds since 1970 at which its data were new, as far as we can tell.
    new_at: u64,
}

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Its data are too old.
    Stale {
        /// How old.
        age: Duration,
    },
    /// They are new again.
    Fresh,
}

impl Mirror {
    /// A mirror whose data may be so old.
    pub fn new(max_age: Duration) -> Self {
        Self { max_age, stale: AtomicBool::new(false), seen: Mutex::default() }
    }

    /// Whether its data are too old.
    pub fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }

    /// Hears its serial at `unix`; none where it did not tell one.
    pub fn heard(&self, serial: Option<u32>, unix: u64) -> Option<Turn> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let known = *seen;
        let now = match (serial, known) {
            (Some(serial), Some(known)) if known.serial == serial => known,
            (Some(serial), _) => Seen { serial, new_at: moment(serial, unix) },
            // Whoever does not answer gets no newer.
            (None, Some(known)) => known,
            (None, None) => Seen { serial: 0, new_at: unix },
        };
        *seen = Some(now);
        drop(seen);
        let age = Duration::from_secs(unix.saturating_sub(now.new_at));
        let stale = age > self.max_age;
        let was = self.stale.swap(stale, Ordering::Relaxed);
        match (was, stale) {
            (false, true) => Some(Turn::Stale { age }),
            (true, false) => Some(Turn::Fresh),
            _ => None,
        }
    }
}

/// When data with this serial were new.
fn moment(serial: u32, unix: u64) -> u64 {
    let told = u64::from(serial);
    let behind = unix.saturating_sub(MIRROR_SERIAL_BEHIND.as_secs());
    let ahead = unix.saturating_add(MIRROR_SERIAL_AHEAD.as_secs());
    if (behind..=ahead).contains(&told) { told.min(unix) } else { unix }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_172_460;
    const HOUR: u64 = 3_600;

    #[test]
    fn a_serial_that_is_a_moment_tells_the_age_at_once() {
        let mirror = Mirror::new(Duration::from_secs(2 * HOUR));
        let serial = |ago: u64| Some(u32::try_from(NOW - ago).unwrap());
        assert_eq!(mirror.heard(serial(60), NOW), None);
        let age = Duration::from_secs(3 * HOUR);
        assert_eq!(mirror.heard(serial(3 * HOUR), NOW), Some(Turn::Stale { age }));
        assert_eq!(mirror.heard(serial(3 * HOUR), NOW), None, "told once");
        assert!(mirror.is_stale());
        assert_eq!(mirror.heard(serial(0), NOW), Some(Turn::Fresh));
    }

    #[test]
    fn any_other_serial_is_as_old_as_it_has_been_seen() {
        let mirror = Mirror::new(Duration::from_secs(2 * HOUR));
        for (hours, turn) in [(0, false), (2, false), (3, true)] {
            assert_eq!(mirror.heard(Some(2_026_112_001), NOW + hours * HOUR).is_some(), turn, "{hours}");
        }
        assert_eq!(mirror.heard(Some(2_026_112_002), NOW + 4 * HOUR), Some(Turn::Fresh));
        assert!(
            matches!(mirror.heard(None, NOW + 9 * HOUR), Some(Turn::Stale { .. })),
            "silence makes nothing newer"
        );
    }
}
