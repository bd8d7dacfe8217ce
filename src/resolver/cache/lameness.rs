//! The zones for which a server is lame: it is named as their server, and does not serve them.

use std::time::Duration;

use hickory_proto::rr::Name;
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};

use crate::limits::{MAX_LAME_OCTETS, MAX_LAME_ZONES};
use dns::clock::Mono;
use dns::question::wire_name;

/// The zones for which a server is lame, in wire form, the oldest first, each with the time until which it counts as lame. The size of the names is
/// limited, because the weight of a server in the table (`ENTRY`) is the same for all servers.
#[derive(Debug, Default)]
pub(super) struct Lameness(pub(super) Vec<(Box<[u8]>, Mono)>);

impl Lameness {
    pub(super) fn holds(&self, zone: &Name, now: Mono) -> bool {
        !self.left(zone, now).is_zero()
    }

    /// Returns the time for which the server still counts as lame for `zone`.
    pub(super) fn left(&self, zone: &Name, now: Mono) -> Duration {
        if self.0.is_empty() {
            return Duration::ZERO;
        }
        let zone = wire_name(zone);
        self.0.iter().find(|(lame, _)| **lame == *zone).map_or(Duration::ZERO, |(_, until)| until.since(now))
    }

    pub(super) fn add(&mut self, zone: &Name, until: Mono, now: Mono) {
        let until = until.max(now.after(self.left(zone, now)));
        let zone = wire_name(zone).into_boxed_slice();
        self.0.retain(|(lame, until)| *lame != zone && now < *until);
        let octets = |held: &[(Box<[u8]>, Mono)]| held.iter().map(|(zone, _)| zone.len()).sum::<usize>();
        while self.0.len() >= MAX_LAME_ZONES
            || !self.0.is_empty() && octets(&self.0).saturating_add(zone.len()) > MAX_LAME_OCTETS
        {
            self.0.remove(0);
        }
        self.0.push((zone, until));
    }

    pub(super) fn end(&mut self, zone: &Name) {
        if !self.0.is_empty() {
            let zone = wire_name(zone);
            self.0.retain(|(lame, _)| **lame != *zone);
        }
    }

    pub(super) fn zones(&self, now: Mono) -> Vec<Name> {
        let alive = self.0.iter().filter(|(_, until)| now < *until);
        alive.filter_map(|(zone, _)| Name::read(&mut BinDecoder::new(zone)).ok()).collect()
    }
}
