//! The locally served zones (RFC 6303), which most resolvers answer themselves although a zone around them is forwarded.
//!
//! resolverd gives them to a `[[zone]]` around them, unless it has `locally_served`.

use super::values::is_within;
use resolver::zones::locally_served;

/// Whether a zone is around one of them, or several.
pub(super) fn is_around(apex: &str) -> bool {
    locally_served().any(|served| is_within(&served, apex) && !is_within(apex, &served))
}

/// That of a name: the one at or above it.
pub(super) fn of(name: &str) -> Option<String> {
    locally_served().find(|served| is_within(name, served))
}
