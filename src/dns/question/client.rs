//! A client and its question.

use std::fmt;
use std::net::IpAddr;

use hickory_proto::rr::{Name, RecordType};

use super::names::name_text;
use crate::words;

/// A question of class IN. Its name is in lower case; only the listener keeps the client's spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// The name, in lower case and absolute.
    pub name: Name,
    /// The record type that is asked for.
    pub kind: RecordType,
    /// DO (RFC 3225): the client wants signatures and proofs.
    pub dnssec_ok: bool,
    /// CD (RFC 4035 section 3.2.2): the client validates the answer itself.
    pub checking_disabled: bool,
    /// The view of the listener that received the question.
    pub view: ViewId,
}

/// Identifies the set of zones and policies that a client sees. Each view has its own part of the cache, because the last four octets of a key are
/// this id. Ids are assigned in ascending order and are never used twice while the daemon runs. The first id belongs to `[listen]` at the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ViewId(pub(super) u32);

impl ViewId {
    /// Returns the number of the view, from 0.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Returns the next id; `None` after the last one.
    pub fn following(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    /// Returns the octets that end each key of this view.
    pub const fn octets(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }
}

impl Question {
    /// Creates a question without DO and CD.
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
    /// The address of the client.
    pub address: IpAddr,
    /// The port of the client.
    pub port: u16,
    /// The id of the client's message. Together with address and port, it distinguishes a repeated question from a new one.
    pub id: u16,
}

words! {
    /// The transport of a client's question. Stored records contain the positions of the variants.
    pub enum ClientTransport {
        /// The question came in a UDP datagram.
        Udp = "udp": "UDP",
        /// The question came over a TCP connection.
        Tcp = "tcp": "TCP",
        /// The question came over a TLS connection (RFC 7858).
        Tls = "tls": "TLS",
        /// The question came in an HTTPS request (RFC 8484).
        Https = "https": "HTTPS",
        /// The question came on a QUIC stream (RFC 9250).
        Quic = "quic": "QUIC",
    }
}

impl ClientTransport {
    /// Returns true if the kernel handles this transport as a stream, not as datagrams.
    pub const fn is_stream(self) -> bool {
        !matches!(self, Self::Udp | Self::Quic)
    }

    /// Returns true if nobody except the client and resolverd can read the messages.
    pub const fn is_encrypted(self) -> bool {
        matches!(self, Self::Tls | Self::Https | Self::Quic)
    }
}
