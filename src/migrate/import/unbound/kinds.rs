//! The types of `local-zone` (unbound.conf(5), "local-zone").

/// Types that leave names without data of their own to the zones around them, or to resolution.
const OPEN: [&str; 7] =
    ["transparent", "typetransparent", "nodefault", "inform", "always_transparent", "noview", "ipset"];

/// Types that have no regard to local data.
const WITHOUT_DATA: [&str; 5] =
    ["always_transparent", "always_nxdomain", "always_nodata", "always_refuse", "always_deny"];

/// Whether all names of the zone are answered by it.
pub(super) fn is_closed(kind: &str) -> bool {
    !OPEN.contains(&kind)
}

/// Whether local data in the zone has an effect.
pub(super) fn has_data(kind: &str) -> bool {
    !WITHOUT_DATA.contains(&kind)
}

/// Whether one record of a name leaves its other types to the zones around.
pub(super) fn is_by_type(kind: &str) -> bool {
    kind == "typetransparent"
}
