//! Local mirrors of DNS lists: determines how old their data are, from the serial number of their SOA, and whether they answer.
//!
//! If the serial number in the data file is 0, rbldnsd replaces it with the time of its newest file (rbldnsd(8)). Therefore a serial number
//! that is a recent time in seconds since 1970 counts as the time of the data. For any other serial number, the age is counted from the
//! time at which it was first seen.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::limits::{MIRROR_SERIAL_AHEAD, MIRROR_SERIAL_BEHIND};

/// The state of a local mirror of a DNS list (a copy of its zone in the operator's network).
#[derive(Debug)]
pub struct Mirror {
    max_age: Duration,
    stale: AtomicBool,
    seen: Mutex<Option<SeenSerial>>,
}

/// The answer of a mirror to a query for its SOA record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MirrorAnswer {
    /// A SOA with this serial number.
    Serial(u32),
    /// An answer without a SOA.
    Nothing,
    /// No server of the mirror gave an answer.
    Silence,
}

#[derive(Clone, Copy, Debug)]
struct SeenSerial {
    serial: u32,
    /// When the data with this serial number were new, in seconds since 1970.
    new_at: u64,
}

/// A change in the state of a mirror, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MirrorChange {
    /// The data of the mirror are older than allowed.
    Stale {
        /// The age of the data.
        age: Duration,
    },
    /// No server of the mirror answers.
    Silent,
    /// The mirror answers again with data that are new enough.
    Fresh,
}

impl Mirror {
    /// Creates the state of a mirror whose data may be at most `max_age` old.
    pub fn new(max_age: Duration) -> Self {
        Self { max_age, stale: AtomicBool::new(false), seen: Mutex::default() }
    }

    /// Returns true if the data are older than allowed, or if the mirror does not answer.
    pub fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }

    /// Returns since when the mirror has its data, in seconds since 1970, and the greatest permitted age. Returns `None` before the first answer.
    pub fn data(&self) -> Option<(u64, Duration)> {
        self.seen().map(|seen| (seen.new_at, self.max_age))
    }

    /// Copies the state from before a reload, because a reload does not make the data newer.
    pub fn go_on_from(&self, old: &Self) {
        *self.seen() = *old.seen();
        self.stale.store(old.is_stale(), Ordering::Relaxed);
    }

    fn seen(&self) -> MutexGuard<'_, Option<SeenSerial>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records an answer that arrived at `unix`, in seconds since 1970. Returns the change of the state, if there is one.
    pub fn heard(&self, answer: MirrorAnswer, unix: u64) -> Option<MirrorChange> {
        let mut seen = self.seen();
        let known = *seen;
        let now = match (answer, known) {
            (MirrorAnswer::Serial(serial), Some(known)) if known.serial == serial => known,
            (MirrorAnswer::Serial(serial), _) => SeenSerial { serial, new_at: moment(serial, unix) },
            // If the answer has no serial number, the data are those of the last known serial number.
            (_, Some(known)) => known,
            (_, None) => SeenSerial { serial: 0, new_at: unix },
        };
        *seen = Some(now);
        drop(seen);
        let age = Duration::from_secs(unix.saturating_sub(now.new_at));
        let silent = answer == MirrorAnswer::Silence;
        let stale = silent || age > self.max_age;
        let was = self.stale.swap(stale, Ordering::Relaxed);
        match (was, stale) {
            (false, true) if silent => Some(MirrorChange::Silent),
            (false, true) => Some(MirrorChange::Stale { age }),
            (true, false) => Some(MirrorChange::Fresh),
            _ => None,
        }
    }
}

/// Returns the time of the data, in seconds since 1970: the serial number if it is a recent time, otherwise the current time `unix`.
fn moment(serial: u32, unix: u64) -> u64 {
    let written = u64::from(serial);
    let behind = unix.saturating_sub(MIRROR_SERIAL_BEHIND.as_secs());
    let ahead = unix.saturating_add(MIRROR_SERIAL_AHEAD.as_secs());
    if (behind..=ahead).contains(&written) { written.min(unix) } else { unix }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_172_460;
    const HOUR: u64 = 3_600;

    #[test]
    fn serial_in_unix_time_gives_age() {
        let mirror = Mirror::new(Duration::from_secs(2 * HOUR));
        let serial = |ago: u64| MirrorAnswer::Serial(u32::try_from(NOW - ago).unwrap());
        assert_eq!(mirror.heard(serial(60), NOW), None);
        let age = Duration::from_secs(3 * HOUR);
        assert_eq!(mirror.heard(serial(3 * HOUR), NOW), Some(MirrorChange::Stale { age }));
        assert_eq!(mirror.heard(serial(3 * HOUR), NOW), None, "reported once");
        assert!(mirror.is_stale());
        assert_eq!(mirror.heard(serial(0), NOW), Some(MirrorChange::Fresh));
    }

    // The age of a counter or date serial is the time since the serial was first seen.
    #[test]
    fn age_of_other_serials_is_observed() {
        let mirror = Mirror::new(Duration::from_secs(2 * HOUR));
        for (hours, turn) in [(0, false), (2, false), (3, true)] {
            assert_eq!(
                mirror.heard(MirrorAnswer::Serial(2_026_112_001), NOW + hours * HOUR).is_some(),
                turn,
                "{hours}"
            );
        }
        assert_eq!(
            mirror.heard(MirrorAnswer::Serial(2_026_112_002), NOW + 4 * HOUR),
            Some(MirrorChange::Fresh)
        );
        assert!(
            matches!(mirror.heard(MirrorAnswer::Nothing, NOW + 9 * HOUR), Some(MirrorChange::Stale { .. })),
            "an answer without a SOA makes nothing newer"
        );
    }

    #[test]
    fn silent_mirror_is_not_used() {
        let mirror = Mirror::new(Duration::from_secs(2 * HOUR));
        let serial = MirrorAnswer::Serial(2_026_112_001);
        assert_eq!(mirror.heard(serial, NOW), None);
        assert_eq!(mirror.heard(MirrorAnswer::Silence, NOW + 60), Some(MirrorChange::Silent));
        assert_eq!(mirror.heard(MirrorAnswer::Silence, NOW + 120), None, "reported once");
        assert_eq!(mirror.heard(serial, NOW + 180), Some(MirrorChange::Fresh));
        assert!(
            matches!(mirror.heard(serial, NOW + 3 * HOUR), Some(MirrorChange::Stale { .. })),
            "and no newer by it"
        );
    }
}
