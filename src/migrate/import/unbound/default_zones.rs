//! The local zones that Unbound has by default. Unbound answers their names itself, even if all other names are forwarded (unbound.conf(5),
//! "local-zone").
//!
//! resolverd has these zones too, but a `[[zone]]` above them replaces them, and would send internal names to its servers. So the import sets
//! `locally_served` for such a zone, or writes the default zone to the file if `locally_served` does not include it.

use hickory_proto::rr::Name;

use super::reader::Section;
use super::upstreams::{self, UpstreamZones};
use crate::import::draft::Draft;
use crate::import::finding::{SourcePlace, Weight};
use crate::import::served;
use crate::import::values::{is_within, plain};
use dns::wire::presentation::read_name;

/// The default zones of Unbound that the key `locally_served` does not include.
const OTHERS: [&str; 1] = ["test."];

/// The default zones that Unbound still answers if `unblock-lan-zones` is set. That option sends the reverse names of private networks to servers.
const NOT_OF_LAN: [&str; 4] = ["home.arpa.", "resolver.arpa.", "service.arpa.", "test."];

/// Names that Unbound answers itself, and that the key `locally_served` does not include.
const SPECIAL: [&str; 4] = ["invalid", "localhost", "onion", "test"];

/// The reverse zones of the loopback networks 127.0.0.0/8 and ::1.
const LOOPBACK: [&str; 2] =
    ["127.in-addr.arpa", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa"];

/// Returns true if Unbound has a default zone of exactly this name.
pub(super) fn is_default(name: &str) -> bool {
    let name = plain(name);
    let served = served::zone_around(&name).is_some_and(|served| served == name);
    served || SPECIAL.iter().chain(&LOOPBACK).any(|zone| *zone == name)
}

/// Returns true if Unbound itself answers a name for which the file has no `local-zone`. `lets_lan_out` is true if `unblock-lan-zones` is set:
/// Unbound then resolves the reverse names of private networks.
pub(super) fn is_answered(name: &str, lets_lan_out: bool) -> bool {
    !lets_lan_out && served::zone_around(name).is_some() || SPECIAL.iter().any(|zone| is_within(name, zone))
}

/// Returns true if a name always denotes the host on which a program runs (`localhost`, RFC 6761 section 6.3). No server is queried for such a name.
pub(super) fn is_of_this_host(name: &str) -> bool {
    is_within(name, "localhost")
}

/// Returns true if a name is `localhost` or a reverse name of its addresses. resolverd always answers these names itself.
pub(super) fn is_answered_here(name: &str) -> bool {
    is_of_this_host(name) || LOOPBACK.iter().any(|zone| is_within(name, zone))
}

/// A zone that Unbound answers by default.
pub(super) struct DefaultZone {
    pub(super) name: Name,
    /// The position of the setting that gives servers to a zone above this default zone.
    pub(super) place: SourcePlace,
}

/// Returns the default zones of Unbound that the imported file must contain. They are needed if a zone with servers contains them, because resolverd
/// would send their names to these servers.
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
