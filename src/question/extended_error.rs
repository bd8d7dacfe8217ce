//! Extended DNS errors (RFC 8914).

use serde::{Deserialize, Serialize};

/// An extended DNS error (RFC 8914): a code for programs and a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendedError {
    /// INFO-CODE, section 5.2 and the registry of IANA.
    pub code: u16,
    /// EXTRA-TEXT: one sentence, never a secret.
    pub text: String,
}

impl ExtendedError {
    /// Other Error (RFC 8914 section 4.1).
    pub const OTHER: u16 = 0;
    /// Stale Answer (RFC 8914 section 4.4): its TTL is over, and no server answered.
    pub const STALE_ANSWER: u16 = 3;
    /// DNSSEC Indeterminate (RFC 8914 section 4.6): the chain of trust could not be fetched.
    pub const INDETERMINATE: u16 = 5;
    /// Cached Error (RFC 8914 section 4.14): the failure of a moment ago.
    pub const CACHED_ERROR: u16 = 13;
    /// Not Ready (RFC 8914 section 4.15): a bound is reached, or the daemon is ending.
    pub const NOT_READY: u16 = 14;
    /// Filtered (RFC 8914 section 4.18): held back by resolverd because of the operator's settings.
    pub const FILTERED: u16 = 17;
    /// Prohibited (RFC 8914 section 4.19): the client is not in `listen.allow`.
    pub const PROHIBITED: u16 = 18;
    /// Not Authoritative (RFC 8914 section 4.21): recursion is necessary and was not asked for.
    pub const NOT_AUTHORITATIVE: u16 = 20;
    /// Not Supported (RFC 8914 section 4.22): an operation or class that we do not serve.
    pub const NOT_SUPPORTED: u16 = 21;
    /// No Reachable Authority (RFC 8914 section 4.23).
    pub const NO_REACHABLE_AUTHORITY: u16 = 22;
    /// Network Error (RFC 8914 section 4.24).
    pub const NETWORK_ERROR: u16 = 23;

    /// Whether it comes from validation (RFC 8914 sections 4.2 to 4.13 and RFC 9276 section 3.2): a client gets the
    /// same error while the failure is remembered.
    pub fn is_of_validation(&self) -> bool {
        matches!(self.code, 1 | 2 | 5..=12 | 27)
    }

    /// Whether a signature is wrong or missing (RFC 8914 sections 4.7 to 4.13).
    pub fn is_bogus(&self) -> bool {
        matches!(self.code, 6..=12)
    }

    /// Whether no server gave a usable answer, and none denied it: a stale answer may replace it. SERVFAIL and
    /// REFUSED of all servers are no answer (RFC 8767 section 4); a bogus answer is one.
    pub fn is_lack_of_answer(&self) -> bool {
        matches!(self.code, Self::INDETERMINATE | Self::NO_REACHABLE_AUTHORITY | Self::NETWORK_ERROR)
    }

    /// An error with its sentence.
    pub fn new(code: u16, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}
