//! Bounds of `resolverctl check`.

use std::time::Duration;

/// Octets of a reply of a mail host: the longest replies to EHLO have 1 KiB.
pub(crate) const MAX_MAIL_HOST_REPLY: u64 = 8 << 10;

/// Octets of a reply with a policy of MTA-STS: RFC 8461 section 3.2 suggests 64 KiB for the policy.
pub(crate) const MAX_POLICY_FILE: u64 = 66 << 10;

/// Names of a resolver's certificate that a sentence shows.
pub(crate) const MAX_NAMES_OF_CERTIFICATE: usize = 3;

/// Certificates of a mail host that are kept: chains have two or three.
pub(crate) const MAX_PEER_CERTIFICATES: usize = 8;

/// How long a resolver of others is waited for over TLS or HTTPS, with the connection: three round trips more than over UDP.
pub(crate) const SECURED_RESOLVER_TIME: Duration = Duration::from_secs(4);

/// Names that `compare` follows from alias to alias: each has a zone of its own, whose servers are asked.
pub(crate) const MAX_COMPARED_NAMES: usize = 4;

/// DKIM selectors of a command line: each is one lookup, or more if it fails, of `MAX_CHECK_QUESTIONS`.
pub(crate) const MAX_GIVEN_SELECTORS: usize = 10;

/// Octets of a message that `check mail` reads: header fields come first, and the fields in the parts of a bounce come soon.
pub(crate) const MAX_CHECKED_MESSAGE: u64 = 1 << 20;
