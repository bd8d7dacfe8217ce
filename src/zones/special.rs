//! Names that are never resolved by servers outside this host: special-use names and the reverse zones of private addresses.
//!
//! RFC 6761 section 6 (localhost, invalid, test), RFC 7686 (onion), RFC 6762 section 22.1 (local), RFC 8375 (home.arpa), RFC 9476 (alt),
//! RFC 9462 section 6.4 (resolver.arpa), RFC 9665 (service.arpa), RFC 6303 and RFC 7793 (reverse zones). A mail server looks up the reverse
//! name of each client with a private address. A query for this name to servers on the internet could take 30 s.

use std::sync::LazyLock;

use hickory_proto::rr::{Name, RData, Record, rdata};

use super::authority::Authority;
use super::{Route, RouteTarget, Wrong, ZonePolicy, local};
use config::{Config, ConfiguredZone};

/// The TTL of answers that resolverd makes itself, in seconds (RFC 6303 section 3).
const TTL: u32 = 10_800;

/// resolverd serves these zones without content, unless the operator configures a zone at or above them.
const EMPTY: [&str; 3] = ["test.", "local.", "alt."];

/// Zones of IANA's registry "Locally-Served DNS Zones" (RFC 6303 section 6), without those of 100.64.0.0/10. resolverd serves them without
/// content, unless the operator configures one of them, or a zone above them without the option `locally_served`.
const LOCALLY_SERVED: [&str; 34] = [
    "home.arpa.",
    "resolver.arpa.",
    "service.arpa.",
    "0.in-addr.arpa.",
    "10.in-addr.arpa.",
    "254.169.in-addr.arpa.",
    "168.192.in-addr.arpa.",
    "2.0.192.in-addr.arpa.",
    "100.51.198.in-addr.arpa.",
    "113.0.203.in-addr.arpa.",
    "255.255.255.255.in-addr.arpa.",
    "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.",
    "d.f.ip6.arpa.",
    "8.e.f.ip6.arpa.",
    "9.e.f.ip6.arpa.",
    "a.e.f.ip6.arpa.",
    "b.e.f.ip6.arpa.",
    "8.b.d.0.1.0.0.2.ip6.arpa.",
    "16.172.in-addr.arpa.",
    "17.172.in-addr.arpa.",
    "18.172.in-addr.arpa.",
    "19.172.in-addr.arpa.",
    "20.172.in-addr.arpa.",
    "21.172.in-addr.arpa.",
    "22.172.in-addr.arpa.",
    "23.172.in-addr.arpa.",
    "24.172.in-addr.arpa.",
    "25.172.in-addr.arpa.",
    "26.172.in-addr.arpa.",
    "27.172.in-addr.arpa.",
    "28.172.in-addr.arpa.",
    "29.172.in-addr.arpa.",
    "30.172.in-addr.arpa.",
    "31.172.in-addr.arpa.",
];

/// resolverd always serves these zones without content. Queries for these names must not be sent to any server, even of a configured zone.
const NEVER: [&str; 2] = ["invalid.", "onion."];

const LOOPBACK: [&str; 2] =
    ["127.in-addr.arpa.", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa."];

/// The second octets of the addresses in 100.64.0.0/10 (RFC 7793).
const SHARED: std::ops::RangeInclusive<u8> = 64..=127;

/// All views and configurations share the special zones. They take 0.2 MB of memory.
static ZONES: LazyLock<Result<Vec<Special>, Wrong>> = LazyLock::new(made);

/// A zone for special names (such as `localhost`) that resolverd serves itself.
pub(super) struct Special {
    name: Name,
    yields: Yields,
    authority: Authority,
}

/// Tells if a configured zone above a special zone replaces it.
#[derive(Clone, Copy)]
enum Yields {
    Never,
    Always,
    /// The configured zone replaces the special zone, unless it has the option `locally_served`.
    UnlessServed,
}

enum Holds {
    Nothing,
    Localhost,
    LoopbackFour,
    LoopbackSix,
}

/// Returns the names of the zones of RFC 6303 and RFC 7793 that resolverd serves.
pub fn locally_served() -> impl Iterator<Item = String> {
    let shared = SHARED.map(|octet| format!("{octet}.100.in-addr.arpa."));
    LOCALLY_SERVED.iter().map(|text| (*text).to_owned()).chain(shared)
}

pub(super) fn zones() -> Result<&'static [Special], Wrong> {
    ZONES.as_deref().map_err(Wrong::clone)
}

fn made() -> Result<Vec<Special>, Wrong> {
    let of = |texts: &'static [&str], yields: Yields| {
        texts.iter().map(move |text| ((*text).to_owned(), yields, Holds::Nothing))
    };
    let [four, six] = LOOPBACK;
    let held = [("localhost.", Holds::Localhost), (four, Holds::LoopbackFour), (six, Holds::LoopbackSix)];
    locally_served()
        .map(|text| (text, Yields::UnlessServed, Holds::Nothing))
        .chain(of(&EMPTY, Yields::Always))
        .chain(of(&NEVER, Yields::Never))
        .chain(held.map(|(text, holds)| (text.to_owned(), Yields::Never, holds)))
        .map(|(text, yields, holds)| {
            let wrong = |reason: String| Wrong { zone: text.clone(), reason };
            let name = Name::from_ascii(&text).map_err(|error| wrong(error.to_string()))?;
            let authority = holds.records(&name).and_then(|records| local::from_records(&name, records, TTL));
            Ok(Special { authority: authority.map_err(wrong)?, name, yields })
        })
        .collect()
}

impl Holds {
    /// Returns the records of the zone without SOA and NS, which are added later.
    fn records(self, apex: &Name) -> Result<Vec<Record>, String> {
        let record = |owner: &Name, data| Record::from_rdata(owner.clone(), TTL, data);
        let localhost = || RData::PTR(rdata::PTR(Name::from_labels(["localhost"]).unwrap_or_default()));
        Ok(match self {
            Self::Nothing => Vec::new(),
            Self::Localhost => {
                // The names below localhost have the loopback addresses too (RFC 6761 section 6.3).
                let below = apex.prepend_label("*").map_err(|error| error.to_string())?;
                let four = || RData::A(rdata::A::new(127, 0, 0, 1));
                let six = || RData::AAAA(rdata::AAAA::new(0, 0, 0, 0, 0, 0, 0, 1));
                vec![record(apex, four()), record(apex, six()), record(&below, four()), record(&below, six())]
            }
            Self::LoopbackFour => {
                let one = Name::from_ascii("1.0.0.127.in-addr.arpa.").map_err(|error| error.to_string())?;
                vec![record(&one, localhost())]
            }
            Self::LoopbackSix => vec![record(apex, localhost())],
        })
    }
}

/// Returns true if a configured zone replaces the special zone. The closest configured zone at or above the special zone decides.
pub(super) fn is_replaced(special: &Special, configured: &[&ConfiguredZone]) -> bool {
    let around = configured.iter().filter(|zone| zone.name.zone_of(&special.name));
    around.max_by_key(|zone| zone.name.iter().len()).is_some_and(|zone| {
        zone.name == special.name
            || match special.yields {
                Yields::Never => false,
                Yields::Always => true,
                Yields::UnlessServed => !zone.locally_served,
            }
    })
}

/// Rejects the option `locally_served` in a configured zone that has no locally served zone below it.
pub(super) fn refuse(config: &Config) -> Result<(), Wrong> {
    let served: Vec<&Special> =
        zones()?.iter().filter(|special| matches!(special.yields, Yields::UnlessServed)).collect();
    let is_around = |apex: &Name| served.iter().any(|zone| zone.name != *apex && apex.zone_of(&zone.name));
    match config.zones.iter().find(|zone| zone.locally_served && !is_around(&zone.name)) {
        None => Ok(()),
        Some(zone) => Err(Wrong::in_zone(
            zone,
            "locally_served has no effect: no locally served zone (RFC 6303) is below this zone; remove it",
        )),
    }
}

pub(super) fn route(special: &Special, policy: &ZonePolicy) -> Route {
    Route {
        zone: special.name.clone(),
        target: RouteTarget::Local(special.authority.clone()),
        policy: policy.clone(),
        mirrored: None,
    }
}
