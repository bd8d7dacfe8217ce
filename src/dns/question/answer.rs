//! An answer in the cache, with its DNSSEC security and its DNS list.

use hickory_proto::op::ResponseCode;
use serde::{Deserialize, Serialize};

use super::extended_error::ExtendedError;
use super::marks::{AheadMark, RenewalMark};
use crate::clock::Mono;

/// The result of DNSSEC validation of an answer, or of a part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// The answer was not validated with DNSSEC.
    #[default]
    Unchecked,
    /// The answer is signed, and the chain of trust from a trust anchor to it is valid.
    Secure,
    /// The answer is provably unsigned, or its zone is excluded from validation.
    Insecure,
}

impl Security {
    /// Returns the security of an answer with two parts, whose security is `self` and `other`.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unchecked, _) | (_, Self::Unchecked) => Self::Unchecked,
            (Self::Insecure, _) | (_, Self::Insecure) => Self::Insecure,
            (Self::Secure, Self::Secure) => Self::Secure,
        }
    }
}

/// An answer as the octets that clients get. The cache and all clients that wait for the answer share it.
///
/// The octets are a complete DNS message without OPT. The id is 0, the question is in lower case, and names are compressed with
/// pointers to the question. If the client's spelling replaces the question, the owner names get this spelling too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The DNS message: header, question, answer section and authority section.
    pub wire: Box<[u8]>,
    /// The offset of each TTL field in `wire`, in octets.
    pub ttl_offsets: Box<[u16]>,
    /// The response code of the answer.
    pub rcode: ResponseCode,
    /// The time at which the TTLs in `wire` were correct.
    pub stored: Mono,
    /// The time at which the smallest TTL ends. If the answer must not be cached (TTL 0), this is `stored` or earlier.
    pub expires: Mono,
    /// The extended error (RFC 8914), mostly of a failure.
    pub extended_error: Option<ExtendedError>,
    /// The result of DNSSEC validation. If it is secure, replies to clients that understand AD have this flag.
    pub security: Security,
    /// The DNS list of the answer, and what the list said about the name. `None` if the answer comes from no list.
    pub list: Option<ListMark>,
    /// The mark that the answer is being renewed, so that it is renewed only once at a time.
    pub renewal: RenewalMark,
    /// Set if look-ahead asked for this answer and no client has used it yet.
    pub ahead: AheadMark,
}

/// The DNS list of an answer, and what the list said about the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListMark {
    /// The index of the DNS list in the table of lists in use (`dnsbl::table`).
    pub list: u32,
    /// What the list says about the name or address.
    pub says: ListSays,
}

/// What a DNS list said about a name or an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListSays {
    /// The list has an entry.
    Listed,
    /// The list has no entry.
    NotListed,
    /// The list refused the query, is shut down, or did not answer.
    Unknown,
}

impl Answer {
    /// Returns true if the TTLs have not expired at `now`.
    pub fn is_fresh(&self, now: Mono) -> bool {
        now < self.expires
    }

    /// Returns true if the answer says that the name does not exist, or that it has no records of the type (RFC 2308).
    pub fn is_negative(&self) -> bool {
        let answers = self.wire.get(6..8);
        self.rcode == ResponseCode::NXDomain || answers == Some(&[0, 0])
    }
}
