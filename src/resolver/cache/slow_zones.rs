//! The zones for which a server takes much longer than for its other zones.
//!
//! A hoster's server may compute the answers of some domains, or query another server for them. The round trips of these zones are stored
//! separately, because they do not show how long other zones take. If they were stored together and six answers in a hundred took seconds,
//! all zones of the server would get a timer of two seconds. With 30 % loss, one query in seven would then have no answer within 4 s. Unbound
//! stores round trips for each address and zone. Here only slow zones have an entry.
//!
//! The round trip of a slow zone is out of date ten minutes after the last answer for this zone.

use std::time::Duration;

use hickory_proto::rr::Name;

use crate::limits::{MAX_SLOW_ZONES, SLOW_ANSWER_TIME};
use dns::clock::Mono;
use dns::hash::Keyed;
use dns::question::wire_name;

/// The slow zones of a server, the last added one at the end.
#[derive(Debug, Default)]
pub(super) struct SlowZones {
    zones: Vec<SlowZone>,
    /// The number of zones that were added since the last answer with a usual round trip.
    added: usize,
}

/// A zone with a slow last answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct SlowZone {
    /// The hash of the zone's name.
    name: u64,
    pub(super) smoothed: Duration,
    /// When the round trip was last measured.
    pub(super) measured: Mono,
}

/// The length of a round trip for a zone, compared with the usual one of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// About as long as usual. The first round trip of a server gets this value too, because no usual one is known.
    Alike,
    /// Much longer than usual: the server takes long for this zone.
    Slower,
    /// Much shorter than usual: the usual round trip was measured in zones for which the server takes long.
    Faster,
}

impl Compared {
    pub(super) fn with_usual(round_trip: Duration, usual: Option<Duration>) -> Self {
        let exceeds =
            |one: Duration, other: Duration| one >= SLOW_ANSWER_TIME && one > other.saturating_mul(2);
        match usual {
            Some(usual) if exceeds(round_trip, usual) => Self::Slower,
            Some(usual) if exceeds(usual, round_trip) => Self::Faster,
            _ => Self::Alike,
        }
    }
}

impl SlowZones {
    pub(super) fn get(&self, zone: &Name, keyed: &Keyed) -> Option<SlowZone> {
        if self.zones.is_empty() {
            return None;
        }
        let name = hash(zone, keyed);
        self.zones.iter().find(|slow| slow.name == name).copied()
    }

    /// Records a slow answer for `zone`. If the table is full, its oldest zone is removed. If more than `MAX_SLOW_ZONES` zones were added since the
    /// server last answered as fast as usual, the server itself is slow: the table is emptied, and the result is false.
    pub(super) fn add(&mut self, zone: &Name, round_trip: Duration, now: Mono, keyed: &Keyed) -> bool {
        let name = hash(zone, keyed);
        if let Some(slow) = self.zones.iter_mut().find(|slow| slow.name == name) {
            slow.smoothed = (slow.smoothed * 7 + round_trip) / 8;
            slow.measured = now;
            return true;
        }
        self.added = self.added.saturating_add(1);
        if self.added > MAX_SLOW_ZONES {
            *self = Self::default();
            return false;
        }
        if self.zones.len() >= MAX_SLOW_ZONES {
            self.zones.remove(0);
        }
        self.zones.push(SlowZone { name, smoothed: round_trip, measured: now });
        true
    }

    /// Records that the server has answered for `zone` as fast as usual: `zone` is no longer slow, and the count of slow zones starts again
    /// at 0.
    pub(super) fn end(&mut self, zone: &Name, keyed: &Keyed) {
        self.added = 0;
        if !self.zones.is_empty() {
            let name = hash(zone, keyed);
            self.zones.retain(|slow| slow.name != name);
        }
    }
}

fn hash(zone: &Name, keyed: &Keyed) -> u64 {
    keyed.octets(&wire_name(zone))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::random::Random;

    const MS: Duration = Duration::from_millis(1);
    const NOW: Mono = Mono::START;

    // It must also be longer than any distance explains.
    #[test]
    fn slow_round_trip_is_twice_usual() {
        let compared = |round_trip: u32, usual: u32| Compared::with_usual(round_trip * MS, Some(usual * MS));
        assert_eq!(Compared::with_usual(6_000 * MS, None), Compared::Alike);
        assert_eq!(compared(499, 1), Compared::Alike);
        assert_eq!(compared(500, 249), Compared::Slower);
        assert_eq!(compared(500, 250), Compared::Alike);
        assert_eq!(compared(249, 500), Compared::Faster);
        assert_eq!(compared(250, 500), Compared::Alike);
        assert_eq!(compared(1, 499), Compared::Alike);
    }

    // If all zones of a server become slow, the server itself is slow.
    #[test]
    fn slow_zones_are_bounded_per_server() {
        let keyed = Keyed::new(&Random::seeded(1));
        let zone = |number: usize| Name::from_ascii(format!("z{number}.")).unwrap();
        let smoothed = |slow: &SlowZones, number| slow.get(&zone(number), &keyed).map(|slow| slow.smoothed);
        let mut slow = SlowZones::default();
        for number in 0..MAX_SLOW_ZONES {
            assert!(slow.add(&zone(number), 800 * MS, NOW, &keyed));
        }
        assert!(slow.add(&zone(0), 1_600 * MS, NOW, &keyed), "it is slow already");
        assert_eq!(smoothed(&slow, 0), Some(900 * MS));
        slow.end(&zone(1), &keyed);
        assert_eq!(smoothed(&slow, 1), None);
        for number in MAX_SLOW_ZONES..2 * MAX_SLOW_ZONES {
            assert!(slow.add(&zone(number), 700 * MS, NOW, &keyed), "one of its zones is not slow");
        }
        assert_eq!(slow.zones.len(), MAX_SLOW_ZONES);
        assert_eq!(smoothed(&slow, 2), None, "the oldest has gone");
        assert!(!slow.add(&zone(2), 700 * MS, NOW, &keyed), "since then all were slow");
        assert!(slow.zones.is_empty());
    }
}
