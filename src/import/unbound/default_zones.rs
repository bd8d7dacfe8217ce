//! The local zones that Unbound has by default. Unbound answers their names even if all other names are forwarded (unbound.conf(5), "local-zone").
//!
//! resolverd has these zones too, but sends their names to the servers of a `[[zone]]` above them. So the import sets `locally_served` for such a
//! zone, or writes a default zone that `locally_served` does not include to the file.

use hickory_proto::rr::Name;

use super::reader::Section;
use super::upstreams::{self, UpstreamZones};
use crate::draft::Draft;
use crate::finding::{SourcePlace, Weight};
use crate::served;
use crate::values::{is_within, plain};
use dns::wire::presentation::read_name;

/// Default zones that `locally_served` does not include.
const OTHERS: [&str; 1] = ["test."];

/// Default zones that Unbound answers although `unblock-lan-zones` is set: this option sends only the reverse names of private networks to servers.
const NOT_OF_LAN: [&str; 4] = ["home.arpa.", "resolver.arpa.", "service.arpa.", "test."];

/// Names that Unbound answers itself, and that `locally_served` does not include.
const SPECIAL: [&str; 4] = ["invalid", "localhost", "onion", "test"];

const LOOPBACK: [&str; 2] =
    ["127.in-addr.arpa", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa"];

/// Returns true if a default zone of Unbound has exactly this name.
pub(super) fn is_default(name: &str) -> bool {
    let name = plain(name);
    let served = served::zone_around(&name).is_some_and(|served| served == name);
    served || SPECIAL.iter().chain(&LOOPBACK).any(|zone| *zone == name)
}

/// Returns true if Unbound itself answers `name` although no `local-zone` of its configuration contains it. `lets_lan_out` is true if Unbound
/// sends queries for the reverse names of private networks to servers (`unblock-lan-zones`).
pub(super) fn is_answered(name: &str, lets_lan_out: bool) -> bool {
    !lets_lan_out && served::zone_around(name).is_some() || SPECIAL.iter().any(|zone| is_within(name, zone))
}

/// Returns true for `localhost` and names below it (RFC 6761 section 6.3).
pub(super) fn is_of_this_host(name: &str) -> bool {
    is_within(name, "localhost")
}

/// Returns true for `localhost`, the reverse names of its addresses, and names below them. resolverd always answers these names itself.
pub(super) fn is_answered_here(name: &str) -> bool {
    is_of_this_host(name) || LOOPBACK.iter().any(|zone| is_within(name, zone))
}

pub(super) struct DefaultZone {
    pub(super) name: Name,
    /// The position of the zone with servers above this default zone.
    pub(super) place: SourcePlace,
}

/// Returns the default zones of Unbound that the configuration of resolverd must contain, because resolverd would otherwise send their names to
/// the servers of a zone above them.
pub(super) fn below(upstreams: &UpstreamZones<'_>, draft: &mut Draft) -> Vec<DefaultZone> {
    let names: &[&str] = if upstreams.lets_lan_out { &NOT_OF_LAN } else { &OTHERS };
    let below = names.iter().filter(|name| !upstreams.has(name)).filter_map(|text| {
        let (around, name) = (upstreams.around(text)?, read_name(text)?);
        Some(DefaultZone { name, place: around.place.clone() })
    });
    let keeps = |section: &&Section| upstreams.keeps_locally_served(upstreams::name(section));
    let around_test = |section: &&Section| is_within("test", upstreams::name(section));
    let (did, instead) = if upstreams.lets_lan_out {
        (
            "got no query for home.arpa and test: Unbound answered them itself",
            "a [[zone]] with records = [] for each does the same",
        )
    } else {
        (
            "got no query for names of private networks, home.arpa and test: Unbound answered them itself",
            "locally_served = true and a [[zone]] \"test\" do the same; for a network whose names these servers have add a [[zone]]",
        )
    };
    if let Some(first) = upstreams.all().find(|section| keeps(section) || around_test(section)) {
        draft.report(Weight::Different, first, (did, instead));
    }
    below.collect()
}
