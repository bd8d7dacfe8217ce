//! Tables of the settings of a resolver that are not carried over.

use super::finding::Weight;

/// A setting that is not carried over: its name, or the begin of its names with `*` at the end; how much it matters; its
/// effect, or the reason for which it needs nothing; the way to the same effect here.
pub(super) type ToldSetting = (&'static str, Weight, &'static str, &'static str);

/// The row of a setting: the first that fits.
pub(super) fn find<'t>(table: &'t [ToldSetting], name: &str) -> Option<&'t ToldSetting> {
    table.iter().find(|(wanted, ..)| match wanted.strip_suffix('*') {
        Some(begin) => name.starts_with(begin),
        None => *wanted == name,
    })
}
