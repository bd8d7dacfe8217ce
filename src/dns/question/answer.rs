//! An answer as it is stored and sent, its security, and the DNS list that gave it.

use hickory_proto::op::ResponseCode;
use serde::{Deserialize, Serialize};

use super::extended_error::ExtendedError;
use super::marks::{AheadMark, RenewalMark};
use crate::clock::Mono;

/// The security of an answer, or of its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// The answer was not validated.
    #[default]
    Unchecked,
    /// The answer is signed, and the chain of trust from a trust anchor to it is valid.
    Secure,
    /// The answer is provably unsigned, or its zone is excluded from validation.
    Insecure,
}

impl Security {
    /// Returns the security of an answer that consists of two parts.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unchecked, _) | (_, Self::Unchecked) => Self::Unchecked,
            (Self::Insecure, _) | (_, Self::Insecure) => Self::Insecure,
            (Self::Secure, Self::Secure) => Self::Secure,
        }
    }
}

/// An answer as the octets to send. It is stored in the cache and given to all waiting clients.
///
/// The octets are a complete message without OPT. The id is 0, the question is in lower case, and names are compressed with pointers to the
/// question. So when the client's spelling replaces the question, the owner names get this spelling too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The message: header, question, answer section and authority section.
    pub wire: Box<[u8]>,
    /// The offsets of the TTL fields in `wire`.
    pub ttl_offsets: Box<[u16]>,
    /// The response code in the header.
    pub rcode: ResponseCode,
    /// The moment at which the TTLs in `wire` were correct.
    pub stored: Mono,
    /// The moment at which the smallest TTL ends. If the answer must not be cached (TTL 0), this is `stored` or earlier.
    pub expires: Mono,
    /// The extended error of the answer (RFC 8914). Most answers with one are failures.
    pub extended_error: Option<ExtendedError>,
    /// The security of the answer. If it is secure, AD is set in replies to clients that understand AD.
    pub security: Security,
    /// The DNS list that gave the answer and what the list said; `None` if the answer comes from no list.
    pub list: Option<ListMark>,
    /// Marks an answer that is being renewed.
    pub renewal: RenewalMark,
    /// Marks an answer that look-ahead asked for and that no client has used yet.
    pub ahead: AheadMark,
}

/// The DNS list that an answer came from, and what it said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListMark {
    /// The number of the list in the table of lists, `dnsbl::table`.
    pub list: u32,
    /// What the list said.
    pub says: ListSays,
}

/// What a DNS list said about a name or address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListSays {
    /// The list has an entry for the name or address.
    Listed,
    /// The list has no entry for the name or address.
    NotListed,
    /// It is unknown whether the name or address is listed: the list refused the query, is shut down, or did not answer.
    Unknown,
}

impl Answer {
    /// Returns true if the answer has not expired yet.
    pub fn is_fresh(&self, now: Mono) -> bool {
        now < self.expires
    }

    /// Returns true if the answer says that the name does not exist, or has no records of the type (RFC 2308).
    pub fn is_negative(&self) -> bool {
        let answers = self.wire.get(6..8);
        self.rcode == ResponseCode::NXDomain || answers == Some(&[0, 0])
    }
}
