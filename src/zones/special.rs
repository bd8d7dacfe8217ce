//! Names that never leave this host: special-use names and the reverse zones of private addresses.
//!
//! RFC 6761 section 6 (localhost, invalid, test), RFC 7686 (onion), RFC 6762 section 22.1 (local), RFC 8375
//! (home.arpa), RFC 9476 (alt), RFC 9462 section 6.4 (resolver.arpa), RFC 9665 (service.arpa), RFC 6303 and RFC 7793
//! (reverse zones). An MTA asks for the reverse name of each private client. If such a query left this host, it could
//! take 30 s.

use hickory_proto::rr::{Name, RData, Record, rdata};

use super::{Route, RouteTarget, Wrong, ZonePolicy, local};

/// TTL of answers made here (RFC 6303 section 3).
const TTL: u32 = 10_800;

/// Empty zones, unless a zone configured at or above them replaces them.
const EMPTY: [&str; 37] = [
    "test.",
    "local.",
    "alt.",
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

/// Zones that are always empty, even if a zone above them is configured: these names must not be sent to any server.
const NEVER: [&str; 2] = ["invalid.", "onion."];

/// 127.0.0.0/8 and ::1 read backwards.
const LOOPBACK: [&str; 2] =
    ["127.in-addr.arpa.", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa."];

/// The first and the last second octet of 100.64.0.0/10 (RFC 7793).
const SHARED: std::ops::RangeInclusive<u8> = 64..=127;

/// A zone made here.
pub(super) struct Special {
    name: Name,
    /// Whether a configured zone above it replaces it.
    yields: bool,
    holds: Holds,
}

enum Holds {
    Nothing,
    Localhost,
    LoopbackFour,
    LoopbackSix,
}

/// The names of the empty zones made here that a zone configured above them replaces, without those of 100.64.0.0/10.
pub fn replaced_by_zones_around() -> impl Iterator<Item = &'static str> {
    EMPTY.into_iter()
}

/// All of them.
pub(super) fn zones() -> Vec<Special> {
    let name = |text: &str| Name::from_ascii(text).ok();
    let shared = SHARED.map(|octet| format!("{octet}.100.in-addr.arpa."));
    let empty = EMPTY.iter().map(|text| (*text).to_owned()).chain(shared);
    let yielding = empty.map(|text| (text, true));
    let never = NEVER.iter().map(|text| ((*text).to_owned(), false));
    let mut zones: Vec<Special> = yielding
        .chain(never)
        .filter_map(|(text, yields)| Some(Special { name: name(&text)?, yields, holds: Holds::Nothing }))
        .collect();
    let [four, six] = LOOPBACK;
    for (text, holds) in
        [("localhost.", Holds::Localhost), (four, Holds::LoopbackFour), (six, Holds::LoopbackSix)]
    {
        zones.extend(name(text).map(|name| Special { name, yields: false, holds }));
    }
    zones
}

/// Whether a zone made here gives way to the zone configured at `apex`.
pub(super) fn gives_way(special: &Special, apex: &Name) -> bool {
    special.name == *apex || special.yields && apex.zone_of(&special.name)
}

/// The route of a zone made here.
pub(super) fn route(special: &Special, policy: &ZonePolicy) -> Result<Route, Wrong> {
    let apex = &special.name;
    let wrong = |reason: String| Wrong { zone: apex.to_string(), reason };
    let record = |owner: &Name, data| Record::from_rdata(owner.clone(), TTL, data);
    let localhost = || RData::PTR(rdata::PTR(Name::from_labels(["localhost"]).unwrap_or_default()));
    let records = match special.holds {
        Holds::Nothing => Vec::new(),
        Holds::Localhost => {
            // RFC 6761 section 6.3: names below localhost are loopback too.
            let below = apex.prepend_label("*").map_err(|error| wrong(error.to_string()))?;
            let four = || RData::A(rdata::A::new(127, 0, 0, 1));
            let six = || RData::AAAA(rdata::AAAA::new(0, 0, 0, 0, 0, 0, 0, 1));
            vec![record(apex, four()), record(apex, six()), record(&below, four()), record(&below, six())]
        }
        Holds::LoopbackFour => {
            let one =
                Name::from_ascii("1.0.0.127.in-addr.arpa.").map_err(|error| wrong(error.to_string()))?;
            vec![record(&one, localhost())]
        }
        Holds::LoopbackSix => vec![record(apex, localhost())],
    };
    let authority = local::from_records(apex, records, TTL).map_err(wrong)?;
    Ok(Route {
        zone: apex.clone(),
        target: RouteTarget::Local(authority),
        policy: policy.clone(),
        mirrored: None,
    })
}
