//! Tables of the settings of a resolver that are not carried over.

use super::finding::Weight;

/// A setting that is not carried over: its name, or the begin of its names with `*` at the end; how much it matters; its
/// effect, or the reason for which it needs nothing; the way to the same effect here.
pub(super) type ToldSetting = (&'static str, Weight, &'static str, &'static str);

/// The advice for a resolver that did not validate.
pub(super) const UNVALIDATED: &str = "dnssec.validate = false does the same; remove it unless a forwarder removes signatures: DANE needs validation";

/// The finding about a file without the main section of its format, which another file may include.
pub(super) const FRAGMENT: (&str, &str) = (
    "is missing, with the clients, the addresses and the forwarders that it may have",
    "if another file includes this one, import that file instead",
);

/// The effect of CAs of its own for the certificates of forwarders.
pub(super) const OWN_CAS: &str = "checked the certificates of servers with CAs of its own";

/// The way to the same effect here.
pub(super) const CAS_OF_HOST: &str =
    "resolverd checks the name, with the CAs of this host; install a CA of your own there";

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
