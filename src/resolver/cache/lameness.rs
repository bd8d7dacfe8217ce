//! The zones that a server does not serve though it should.
//!
//! Pure. Some names of servers in delegations are old or wrong, and a server forgets a zone by mistake: it is asked for it
//! again after a while.

use hickory_proto::rr::Name;
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};

use crate::limits::{MAX_LAME_OCTETS, MAX_LAME_ZONES};
use dns::clock::Mono;
use dns::question::wire_name;

/// Zones that a server does not serve though it should, in wire form, each with the time until which it counts as
/// lame; the oldest first. Their octets are bounded, because an entry is weighed once.
#[derive(Debug, Default)]
pub(super) struct Lameness(pub(super) Vec<(Box<[u8]>, Mono)>);

impl Lameness {
    pub(super) fn holds(&self, zone: &Name, now: Mono) -> bool {
        !self.0.is_empty() && {
            let zone = wire_name(zone);
            self.0.iter().any(|(lame, until)| **lame == *zone && now < *until)
        }
    }

    pub(super) fn add(&mut self, zone: &Name, until: Mono, now: Mono) {
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
