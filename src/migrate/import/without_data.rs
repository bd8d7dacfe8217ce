//! Zones without data that another resolver answered itself: a `[[zone]]` with `records = []` has a SOA record at its name, and its answer
//! for each name below is NXDOMAIN. The others are told, once for all of such zones.

use super::draft::Draft;
use super::finding::{TypedSetting, Weight};
use super::values::counted;

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
