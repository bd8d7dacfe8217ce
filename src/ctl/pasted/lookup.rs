//! Words about lookups in lines of mail software.

/// Words by which mail software reports a failed lookup.
const LOOKUP_FAILED: [&str; 18] = [
    "name service error",
    "host not found",
    "domain not found",
    "host or domain name not found",
    "host lookup did not complete",
    "lookup error",
    "lookup fail",
    "lookup timeout",
    "hostname lookup problem",
    "servfail",
    "does not resolve",
    "temporary failure in name resolution",
    "gave try_again",
    "name server timeout",
    "temporary dns error",
    "temperror",
    "query timed out",
    "server fail",
];

/// Words of Exim about a sender whose domain could not be looked up.
pub(super) const SENDER_UNVERIFIED: &str = "could not complete sender verify";

/// The same of a recipient.
pub(super) const RECIPIENT_UNVERIFIED: &str = "could not complete recipient verify";

/// Words behind these if a server of that domain did not accept it.
const BY_SERVER: &str = " callout";

/// Words next to a host that Exim and Postfix do not find.
const HOST_NAMED: [&str; 5] = [
    "host lookup for ",
    "lookup of host ",
    "unable to look up host ",
    "mx record points to ",
    "mx records point to ",
];

/// Whether a text in lower case says that a lookup failed.
pub(super) fn has_failed(text: &str) -> bool {
    let is_unverified =
        |words: &str| text.split_once(words).is_some_and(|(_, rest)| !rest.starts_with(BY_SERVER));
    [SENDER_UNVERIFIED, RECIPIENT_UNVERIFIED].into_iter().any(is_unverified)
        || LOOKUP_FAILED.iter().any(|words| text.contains(words))
}

/// Whether a text in lower case names a host that was not found.
pub(super) fn names_host(text: &str) -> bool {
    HOST_NAMED.iter().any(|words| text.contains(words))
}
