//! The zones that other resolvers answer themselves, without a query to a server.
//!
//! Other resolvers answer the locally served zones (RFC 6303) even if a zone above them is forwarded. In resolverd, a `[[zone]]` above them gets
//! their names, unless `locally_served` is set. A zone without data becomes a `[[zone]]` with `records = []`, which has a SOA record and answers
//! NXDOMAIN below its apex. One finding reports all zones that the other resolver answered differently.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::draft::Draft;
use super::finding::{TypedSetting, Weight};
use super::values::{counted, enclosing, plain};
use zones::locally_served;

/// The locally served zones (RFC 6303) without final dots.
static SERVED: LazyLock<HashSet<String>> =
    LazyLock::new(|| locally_served().map(|served| plain(&served)).collect());

static ABOVE: LazyLock<HashSet<&str>> =
    LazyLock::new(|| SERVED.iter().flat_map(|served| enclosing(served).skip(1)).collect());

/// Returns true if a locally served zone (RFC 6303) is below `apex`.
pub(super) fn is_around(apex: &str) -> bool {
    ABOVE.contains(plain(apex).as_str())
}

/// Returns the locally served zone (RFC 6303) that contains `name`, without its final dot.
pub(super) fn zone_around(name: &str) -> Option<&'static str> {
    enclosing(&plain(name)).find_map(|around| SERVED.get(around)).map(String::as_str)
}

pub(super) const NODATA: &str = "answered that the names have no records (NODATA)";

#[derive(Clone, Debug)]
pub(super) struct EmptyZone {
    pub(super) setting: TypedSetting,
    pub(super) name: String,
}

/// Reports zones for whose apex the other resolver answered NXDOMAIN.
pub(super) fn report_denied(zones: &[EmptyZone], draft: &mut Draft) {
    let did = "answered that the name of the zone does not exist (NXDOMAIN)";
    let instead = "resolverd answers that this name has no records, and NXDOMAIN for the names below it";
    report(zones, (did, instead), draft);
}

/// Reports zones in which the other resolver answered NODATA for all names.
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
