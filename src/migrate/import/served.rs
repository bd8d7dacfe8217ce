//! Handles the zones that other resolvers answer themselves, without asking a server.
//!
//! Other resolvers answer the locally served zones (RFC 6303) themselves, even if a zone above them is forwarded. In resolverd, a `[[zone]]` above
//! them gets their names, unless it has `locally_served`. A zone without data becomes a `[[zone]]` with `records = []`: it has a SOA record, and each
//! name below its apex gets NXDOMAIN. Zones that the other resolver answered differently are reported together.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::draft::Draft;
use super::finding::{TypedSetting, Weight};
use super::values::{counted, enclosing, plain};
use resolver::zones::locally_served;

/// The locally served zones (RFC 6303), without final dots.
static SERVED: LazyLock<HashSet<String>> =
    LazyLock::new(|| locally_served().map(|served| plain(&served)).collect());

/// The names above the locally served zones.
static ABOVE: LazyLock<HashSet<&str>> =
    LazyLock::new(|| SERVED.iter().flat_map(|served| enclosing(served).skip(1)).collect());

/// Returns true if at least one locally served zone (RFC 6303) is below the zone `apex`.
pub(super) fn is_around(apex: &str) -> bool {
    ABOVE.contains(plain(apex).as_str())
}

/// Returns the locally served zone (RFC 6303) that contains `name`, without a final dot.
pub(super) fn zone_around(name: &str) -> Option<&'static str> {
    enclosing(&plain(name)).find_map(|around| SERVED.get(around)).map(String::as_str)
}

/// The text of a finding: what the other resolver did in a zone in which all names exist without records.
pub(super) const NODATA: &str = "answered that the names have no records (NODATA)";

/// A zone without data, and the setting of the other resolver that defined it.
#[derive(Clone, Debug)]
pub(super) struct EmptyZone {
    pub(super) setting: TypedSetting,
    pub(super) name: String,
}

/// Adds a finding about the zones without data for whose own names the other resolver answered NXDOMAIN.
pub(super) fn report_denied(zones: &[EmptyZone], draft: &mut Draft) {
    let did = "answered that the name of the zone does not exist (NXDOMAIN)";
    let instead = "resolverd answers that this name has no records, and NXDOMAIN for the names below it";
    report(zones, (did, instead), draft);
}

/// Adds a finding about the zones without data in which the other resolver answered NODATA for all names.
pub(super) fn report_nodata(zones: &[EmptyZone], draft: &mut Draft) {
    let instead = "resolverd answers this for the name of the [[zone]], and NXDOMAIN for the names below it";
    report(zones, (NODATA, instead), draft);
}

fn report(zones: &[EmptyZone], (did, instead): (&str, &str), draft: &mut Draft) {
    let Some((first, others)) = zones.split_first() else { return };
    let names: Vec<&str> = others.iter().map(|zone| zone.name.as_str()).collect();
    let also = if names.is_empty() { String::new() } else { format!("; so did {}", counted(&names)) };
    draft.report(Weight::Different, &first.setting, (&format!("{did}{also}"), instead));
}
