//! The types for a client of resolverd and its question.

use std::fmt;
use std::net::IpAddr;

use hickory_proto::rr::{Name, RecordType};

use super::names::name_text;
use crate::words;

/// A question of a client, of class IN. Only the listener stores the client's spelling of the name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// In lower case and absolute.
    pub name: Name,
    /// The record type.
    pub kind: RecordType,
    /// The DO flag (RFC 3225): the client wants signatures and proofs.
    pub dnssec_ok: bool,
    /// The CD flag (RFC 4035 section 3.2.2): the client validates the answer itself.
    pub checking_disabled: bool,
    /// Decides which zones the client sees.
    pub view: ViewId,
}

/// A number that identifies the zones and settings that a group of clients sees. Each view has its own part of the cache, because each
/// cache key ends with this number. Numbers ascend and are never used twice while the daemon runs. At the start, the view of `[listen]`
/// gets the first number, 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ViewId(pub(super) u32);

impl ViewId {
    /// Returns the number of the view. The first view has 0.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Returns the number for the next view, or `None` if all numbers have been used.
    pub fn following(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    /// Returns the last four octets of each cache key of this view.
    pub const fn octets(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }
}

impl Question {
    /// Creates a question of the first view, without DO and CD.
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

/// The client that sent a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    /// The IP address of the client.
    pub address: IpAddr,
    /// The port of the client.
    pub port: u16,
    /// The DNS message id of the question. With address and port, the id distinguishes a repeated question from a new one.
    pub id: u16,
}

words! {
    /// The transport of a client's question. The query history stores the positions of the variants, so their order must stay.
    pub enum ClientTransport {
        /// A UDP datagram.
        Udp = "udp": "UDP",
        /// A TCP connection.
        Tcp = "tcp": "TCP",
        /// A TLS connection (RFC 7858).
        Tls = "tls": "TLS",
        /// An HTTPS request (RFC 8484).
        Https = "https": "HTTPS",
        /// A QUIC stream (RFC 9250).
        Quic = "quic": "QUIC",
    }
}

impl ClientTransport {
    /// Returns true if DNS messages arrive over TCP connections, and not over UDP or QUIC.
    pub const fn is_stream(self) -> bool {
        !matches!(self, Self::Udp | Self::Quic)
    }

    /// Returns true if only the client and resolverd can read the DNS messages.
    pub const fn is_encrypted(self) -> bool {
        matches!(self, Self::Tls | Self::Https | Self::Quic)
    }
}
