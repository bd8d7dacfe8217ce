//! Shared by the unit tests of all crates.

use hickory_proto::rr::Name;

/// A name.
///
/// # Panics
/// It is none.
pub fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}
