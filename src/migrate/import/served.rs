//! Zones that other resolvers answer themselves.
//!
//! The locally served zones (RFC 6303) are answered although a zone around them is forwarded; resolverd gives them to a `[[zone]]`
//! around them, unless it has `locally_served`. A zone without data becomes a `[[zone]]` with `records = []`: it has a SOA record at its
//! name, and the answer for each name below is NXDOMAIN. Other answers of such zones are reported once for all of them.

use super::draft::Draft;
use super::finding::{TypedSetting, Weight};
use super::values::{counted, is_within};
use resolver::zones::locally_served;

/// Returns true if locally served zones are below a zone.
pub(super) fn is_around(apex: &str) -> bool {
    locally_served().any(|served| is_within(&served, apex) && !is_within(apex, &served))
}

/// The locally served zone at or above a name.
pub(super) fn zone_around(name: &str) -> Option<String> {
    locally_served().find(|served| is_within(name, served))
}

/// The effect of a zone in which all names are there, without records.
pub(super) const NODATA: &str = "answered that the names have no records (NODATA)";

/// A zone without data, and its setting.
#[derive(Clone, Debug)]
pub(super) struct EmptyZone {
    pub(super) setting: TypedSetting,
    pub(super) name: String,
}

/// Reports the zones whose own names did not exist.
pub(super) fn report_denied(zones: &[EmptyZone], draft: &mut Draft) {
    let did = "answered that the name of the zone does not exist (NXDOMAIN)";
    let instead = "resolverd answers that this name has no records, and NXDOMAIN for the names below it";
    report(zones, (did, instead), draft);
}

/// Reports the zones in which all names were there.
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
