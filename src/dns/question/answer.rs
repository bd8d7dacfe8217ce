//! An answer as it is kept and sent, its security, and the DNS list that it came from.

use hickory_proto::op::ResponseCode;
use serde::{Deserialize, Serialize};

use super::extended_error::ExtendedError;
use super::marks::{AheadMark, RenewalMark};
use crate::clock::Mono;

/// The security of an answer, or of its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// It was not checked.
    #[default]
    Unchecked,
    /// Signed, and the chain from a trust anchor holds.
    Secure,
    /// Provably unsigned, or excluded from validation.
    Insecure,
}

impl Security {
    /// The security of two parts of one answer together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unchecked, _) | (_, Self::Unchecked) => Self::Unchecked,
            (Self::Insecure, _) | (_, Self::Insecure) => Self::Insecure,
            (Self::Secure, Self::Secure) => Self::Secure,
        }
    }
}

/// An answer as the octets to send, which is kept in memory and given to all waiting clients.
///
/// The octets are a complete message without OPT: the id is 0, the question is in lower case, and names are compressed by pointing to it. When the
/// client's spelling is written over the question, the owner names therefore have it too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Header, question, answer and authority sections.
    pub wire: Box<[u8]>,
    /// Offsets of the TTL fields in `wire`.
    pub ttl_offsets: Box<[u16]>,
    /// Response code of the header.
    pub rcode: ResponseCode,
    /// The moment at which the TTLs in `wire` were true.
    pub stored: Mono,
    /// The moment at which the first TTL ends. Not after `stored` if the answer must not be kept (TTL 0).
    pub expires: Mono,
    /// An extended error that belongs to the answer (RFC 8914), mostly of failures.
    pub extended_error: Option<ExtendedError>,
    /// Its security: secure sets AD for clients that understand it.
    pub security: Security,
    /// The DNS list that it came from, if any, and what the list said.
    pub list: Option<ListMark>,
    /// Marks an answer that is being renewed.
    pub renewal: RenewalMark,
    /// Marks an answer that look-ahead asked for and that no client has used yet.
    pub ahead: AheadMark,
}

/// The DNS list that an answer came from, and what it said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListMark {
    /// The list's number: `dnsbl::table`.
    pub list: u32,
    /// The answer of the list.
    pub says: ListSays,
}

/// The answer of a DNS list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListSays {
    /// Listed.
    Listed,
    /// Not listed.
    NotListed,
    /// Neither: it refused, is no longer a list, or did not answer.
    Unknown,
}

impl Answer {
    /// Returns true if it may answer a question now.
    pub fn is_fresh(&self, now: Mono) -> bool {
        now < self.expires
    }

    /// Returns true if it denies the name, or the type at the name (RFC 2308).
    pub fn is_negative(&self) -> bool {
        let answers = self.wire.get(6..8);
        self.rcode == ResponseCode::NXDomain || answers == Some(&[0, 0])
    }
}
