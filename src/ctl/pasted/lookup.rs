//! Words about lookups in lines of mail software.

use doctor::message::{PHRASES, has};

/// Words of Exim about a sender whose domain could not be looked up.
pub(super) const SENDER_UNVERIFIED: &str = "could not complete sender verify";

/// The same of a recipient.
pub(super) const RECIPIENT_UNVERIFIED: &str = "could not complete recipient verify";

/// Words behind these if a server of that domain did not accept it.
const BY_SERVER: &str = " callout";

/// Whether a text in lower case says that a lookup failed.
pub(super) fn has_failed(text: &str) -> bool {
    let is_unverified =
        |words: &str| text.split_once(words).is_some_and(|(_, rest)| !rest.starts_with(BY_SERVER));
    [SENDER_UNVERIFIED, RECIPIENT_UNVERIFIED].into_iter().any(is_unverified)
        || has(text, &PHRASES.lookup_failed)
}

/// Whether a text in lower case names a host that was not found.
pub(super) fn names_host(text: &str) -> bool {
    has(text, &PHRASES.host_named)
}
