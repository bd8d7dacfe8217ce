//! Shared by the unit tests of all modules.

use hickory_proto::rr::Name;

/// A name.
pub(crate) fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}
