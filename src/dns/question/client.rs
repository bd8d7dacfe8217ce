//! A client and its question.

use std::fmt;
use std::net::IpAddr;

use hickory_proto::rr::{Name, RecordType};

use super::names::name_text;
use crate::words::words;

/// A question of class IN. The client's spelling stays with the listener; names here are in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// Owner name asked for, lower case, absolute.
    pub name: Name,
    /// Type asked for.
    pub kind: RecordType,
    /// DO (RFC 3225): the client wants signatures and proofs.
    pub dnssec_ok: bool,
    /// CD (RFC 4035 section 3.2.2): the client validates for itself.
    pub checking_disabled: bool,
    /// The view of the listener that it came to.
    pub view: ViewId,
}

/// Identifies the set of zones and policies that a client sees. Each view has its own part of memory, because the last four octets of a key are this
/// id. Ids are assigned in order and never twice while the daemon runs. At the start, the first one belongs to `[listen]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ViewId(pub(super) u32);

impl ViewId {
    /// Its number, from 0.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The next one; none after the last.
    pub fn following(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    /// The octets that end a key.
    pub const fn octets(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }
}

impl Question {
    /// A plain question: no DO, no CD.
    pub fn new(name: &Name, kind: RecordType) -> Self {
        let mut name = name.to_lowercase();
        name.set_fqdn(true);
        Self { name, kind, dnssec_ok: false, checking_disabled: false, view: ViewId::default() }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", name_text(&self.name), self.kind)
    }
}

/// The client of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// The id of its message: with address and port it separates a repeat from a new question.
    pub id: u16,
}

words! {
    /// The way in which a question came. The record has their places.
    pub enum ClientTransport(word) {
        /// A datagram.
        Udp = "udp": "UDP",
        /// A stream.
        Tcp = "tcp": "TCP",
        /// A stream under TLS (RFC 7858).
        Tls = "tls": "TLS",
        /// A request over HTTPS (RFC 8484).
        Https = "https": "HTTPS",
        /// A stream of QUIC (RFC 9250).
        Quic = "quic": "QUIC",
    }
}

impl ClientTransport {
    /// Returns true if the kernel has a stream for it, and not datagrams.
    pub const fn is_stream(self) -> bool {
        !matches!(self, Self::Udp | Self::Quic)
    }

    /// Returns true if only client and resolverd read the messages.
    pub const fn is_encrypted(self) -> bool {
        matches!(self, Self::Tls | Self::Https | Self::Quic)
    }
}
