//! Tables of the settings of a resolver that are not carried over.

use super::finding::Weight;

/// A setting that is not carried over: its name, or the begin of its names with `*` at the end; how much it matters; its
/// effect, or the reason for which it needs nothing; the way to the same effect here.
pub(super) type ToldSetting = (&'static str, Weight, &'static str, &'static str);

/// The advice for a resolver that did not validate.
pub(super) const UNVALIDATED: &str = "dnssec.validate = false does the same; remove it unless a forwarder removes signatures: DANE needs validation";

/// The effect of anchors without one of the root, and what to do.
pub(super) const PARTLY_VALIDATED: (&str, &str) = (
    "validated names below its trust anchors only, as none is of the root",
    "resolverd validates all names; if a forwarder removes signatures, set validate = false in its [[zone]]",
);

/// The row of a setting: the first that fits.
pub(super) fn find<'t>(table: &'t [ToldSetting], name: &str) -> Option<&'t ToldSetting> {
    table.iter().find(|(wanted, ..)| match wanted.strip_suffix('*') {
        Some(begin) => name.starts_with(begin),
        None => *wanted == name,
    })
}
