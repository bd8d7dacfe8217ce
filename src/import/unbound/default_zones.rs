//! The local zones that Unbound has by default: it answers their names itself, also if all names are forwarded (unbound.conf(5),
//! "local-zone").
//!
//! resolverd has these zones too, but a `[[zone]]` around them replaces them. So below a forwarder for all names they are written
//! out: the names of internal clients stay on this host. Those of 100.64.0.0/10 would be 64 more, and are only told.

use hickory_proto::rr::Name;

use super::reader::{Section, UnboundSetting};
use super::zones::is_within;
use crate::import::draft::Draft;
use crate::import::finding::{SourcePlace, Weight};
use crate::wire::presentation::read_name;
use crate::zones;

/// Zones that resolverd has, and Unbound has not.
const NOT_OF_UNBOUND: [&str; 2] = ["local.", "alt."];

/// A zone that is there by default.
pub(super) struct DefaultZone {
    pub(super) name: Name,
    /// The zone of servers around it.
    pub(super) place: SourcePlace,
}

/// The default zones below zones of servers; `server` and the data that this host sees can turn them off.
pub(super) fn below(sections: &[Section], server: &Section, draft: &mut Draft) -> Vec<DefaultZone> {
    let of_servers = |section: &&Section| matches!(section.kind.as_str(), "forward-zone" | "stub-zone");
    let zones: Vec<(&Section, &str)> =
        sections.iter().filter(of_servers).map(|section| (section, apex(section))).collect();
    let lets_lan_out = server.last("unblock-lan-zones").is_some_and(UnboundSetting::is_yes);
    let mut found = Vec::new();
    let mut first: Option<&Section> = None;
    for text in zones::replaced_by_zones_around().filter(|text| !NOT_OF_UNBOUND.contains(text)) {
        let is_reverse = text.ends_with(".in-addr.arpa.") || text.ends_with(".ip6.arpa.");
        let has_own = zones.iter().any(|(_, apex)| is_within(apex, text) && is_within(text, apex));
        if has_own || lets_lan_out && is_reverse {
            continue;
        }
        let around = zones.iter().find(|(_, apex)| is_within(text, apex));
        let (Some((around, _)), Some(name)) = (around, read_name(text)) else { continue };
        first = first.or(Some(around));
        found.push(DefaultZone { name, place: around.place.clone() });
    }
    if let Some(first) = first {
        let did =
            "got no query for names of private networks, home.arpa and test: Unbound answered them itself";
        let instead = "a [[zone]] with records = [] for each does the same; add such zones for 100.64.0.0/10 if clients have its addresses, and remove those of networks whose names the servers have";
        let option = format!("{} {}", first.kind, apex(first));
        draft.tell(Weight::Different, &first.place, &option, (did, instead));
    }
    found
}

fn apex(section: &Section) -> &str {
    section.last("name").map_or(".", UnboundSetting::value)
}
