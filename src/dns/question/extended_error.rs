//! Extended DNS errors (RFC 8914): codes and texts that say why a reply is a failure.

use serde::{Deserialize, Serialize};

/// The names of the codes, in ascending order from code 0 (IANA registry "Extended DNS Error Codes").
const NAMES: [&str; 34] = [
    "Other Error",
    "Unsupported DNSKEY Algorithm",
    "Unsupported DS Digest Type",
    "Stale Answer",
    "Forged Answer",
    "DNSSEC Indeterminate",
    "DNSSEC Bogus",
    "Signature Expired",
    "Signature Not Yet Valid",
    "DNSKEY Missing",
    "RRSIGs Missing",
    "No Zone Key Bit Set",
    "NSEC Missing",
    "Cached Error",
    "Not Ready",
    "Blocked",
    "Censored",
    "Filtered",
    "Prohibited",
    "Stale NXDOMAIN Answer",
    "Not Authoritative",
    "Not Supported",
    "No Reachable Authority",
    "Network Error",
    "Invalid Data",
    "Signature Expired before Valid",
    "Too Early",
    "Unsupported NSEC3 Iterations Value",
    "Unable to conform to policy",
    "Synthesized",
    "Invalid Query Type",
    "Rate Limited",
    "Over Quota",
    "Negative Trust Anchor",
];

/// An extended DNS error (RFC 8914): a code for programs and a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendedError {
    /// The INFO-CODE (RFC 8914 section 5.2 and the registry of IANA).
    pub code: u16,
    /// The EXTRA-TEXT: one sentence, which never contains a secret.
    pub text: String,
}

impl ExtendedError {
    /// The text for clients that still wait for an answer when the daemon stops.
    pub const STOPPING: &str = "resolverd is stopping";

    /// Other Error (RFC 8914 section 4.1).
    pub const OTHER: u16 = 0;
    /// Stale Answer (RFC 8914 section 4.4): the TTL of the answer has ended, and no server answered.
    pub const STALE_ANSWER: u16 = 3;
    /// DNSSEC Indeterminate (RFC 8914 section 4.6): the chain of trust could not be fetched.
    pub(crate) const INDETERMINATE: u16 = 5;
    /// Cached Error (RFC 8914 section 4.14): the same question failed a short time ago.
    pub const CACHED_ERROR: u16 = 13;
    /// Not Ready (RFC 8914 section 4.15): a limit of resolverd is reached, or the daemon is stopping.
    pub const NOT_READY: u16 = 14;
    /// Blocked (RFC 8914 section 4.16): the operator's configuration blocks the answer.
    pub const BLOCKED: u16 = 15;
    /// Filtered (RFC 8914 section 4.18): resolverd withholds the answer because of the operator's configuration.
    pub const FILTERED: u16 = 17;
    /// Prohibited (RFC 8914 section 4.19): the client is not in `listen.allow`.
    pub const PROHIBITED: u16 = 18;
    /// Not Authoritative (RFC 8914 section 4.21): the answer needs recursion, but the question lacks the flag RD.
    pub const NOT_AUTHORITATIVE: u16 = 20;
    /// Not Supported (RFC 8914 section 4.22): resolverd does not support the operation or the class.
    pub(crate) const NOT_SUPPORTED: u16 = 21;
    /// No Reachable Authority (RFC 8914 section 4.23): no server of the zone gave a usable answer.
    pub const NO_REACHABLE_AUTHORITY: u16 = 22;
    /// Network Error (RFC 8914 section 4.24): the communication with a server failed.
    pub const NETWORK_ERROR: u16 = 23;
    /// Synthesized (registry of IANA): the answer was made from cached records (RFC 8198).
    pub const SYNTHESIZED: u16 = 29;

    /// Returns true if the error comes from DNSSEC validation (RFC 8914 sections 4.2 to 4.13 and RFC 9276 section 3.2). If the
    /// question is asked again soon, the client gets the same error from the cache.
    pub fn is_of_validation(&self) -> bool {
        matches!(self.code, 1 | 2 | 5..=12 | 27)
    }

    /// Returns true if the error says that a DNSSEC signature is wrong or missing (RFC 8914 sections 4.7 to 4.13).
    pub fn is_bogus(&self) -> bool {
        matches!(self.code, 6..=12)
    }

    /// Returns true if an error with this code says why an answer is not validated (RFC 8914 sections 4.2 and 4.3, RFC 9276 section 3.2, and
    /// negative trust anchors).
    pub fn is_of_insecurity(code: u16) -> bool {
        matches!(code, 1 | 2 | 27 | 33)
    }

    /// Returns true if no server gave a usable answer, so that resolverd may use a stale answer instead. SERVFAIL and REFUSED
    /// from all servers count as no answer (RFC 8767 section 4). A bogus answer counts as an answer.
    pub fn is_lack_of_answer(&self) -> bool {
        matches!(self.code, Self::INDETERMINATE | Self::NO_REACHABLE_AUTHORITY | Self::NETWORK_ERROR)
    }

    /// Returns the name of the code, or `None` if IANA's registry does not have it.
    pub fn name(&self) -> Option<&'static str> {
        NAMES.get(usize::from(self.code)).copied()
    }

    /// Creates an extended error from its code and its sentence.
    pub fn new(code: u16, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_name() {
        let name = |code| ExtendedError::new(code, "").name();
        assert_eq!(name(ExtendedError::STALE_ANSWER), Some("Stale Answer"));
        assert_eq!(name(ExtendedError::CACHED_ERROR), Some("Cached Error"));
        assert_eq!(name(ExtendedError::NETWORK_ERROR), Some("Network Error"));
        assert_eq!(name(27), Some("Unsupported NSEC3 Iterations Value"));
        assert_eq!(name(33), Some("Negative Trust Anchor"));
        assert_eq!(name(34), None);
    }
}
