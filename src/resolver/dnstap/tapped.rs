//! A copied message, and the settings that determine what is copied and where it is written.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use dns::clock::Mono;
use dns::question::ClientTransport;
use history::redact::{Redaction, Secrets};

/// The kinds of messages that are copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TapKind {
    /// A query from a client.
    ClientQuery,
    /// A reply to a client.
    ClientResponse,
    /// A query to a server.
    ResolverQuery,
    /// A response from a server.
    ResolverResponse,
}

impl TapKind {
    /// All kinds, with their names in the configuration.
    pub const ALL: [(&str, Self); 4] = [
        ("client_query", Self::ClientQuery),
        ("client_response", Self::ClientResponse),
        ("resolver_query", Self::ResolverQuery),
        ("resolver_response", Self::ResolverResponse),
    ];

    /// Returns the bit that represents this kind.
    pub(super) const fn bit(self) -> u8 {
        1 << self as u8
    }

    /// Returns true if messages of this kind are exchanged with a client.
    pub(super) fn is_of_client(self) -> bool {
        matches!(self, Self::ClientQuery | Self::ClientResponse)
    }
}

/// The transport of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TapTransport {
    /// A datagram.
    Udp,
    /// A stream.
    Tcp,
    /// A stream with TLS.
    Tls,
    /// A request over HTTPS.
    Https,
    /// A stream of QUIC.
    Quic,
}

impl From<ClientTransport> for TapTransport {
    fn from(transport: ClientTransport) -> Self {
        match transport {
            ClientTransport::Udp => Self::Udp,
            ClientTransport::Tcp => Self::Tcp,
            ClientTransport::Tls => Self::Tls,
            ClientTransport::Https => Self::Https,
            ClientTransport::Quic => Self::Quic,
        }
    }
}

/// A copied message.
#[derive(Clone, Debug)]
pub struct TappedMessage {
    /// The kind of the message.
    pub kind: TapKind,
    /// The transport of the message.
    pub transport: TapTransport,
    /// The address and the port of the side that asks. The port is 0 if it is not known.
    pub asks: Option<(IpAddr, u16)>,
    /// The address and the port of the side that answers.
    pub answers: Option<SocketAddr>,
    /// The time at which the query was received or sent.
    pub queried: Mono,
    /// The time at which the response was received or sent. `None` if the message is a query.
    pub responded: Option<Mono>,
    /// The octets of the message.
    pub octets: Vec<u8>,
}

/// The settings of dnstap.
#[derive(Clone, Debug)]
pub struct TapSettings {
    /// The Unix socket of the program that reads the copies.
    pub socket: PathBuf,
    /// The name of this host that is sent to the program that reads.
    pub identity: String,
    /// The name and version of resolverd that are sent to the program that reads.
    pub version: String,
    /// The kinds of messages that are copied.
    pub kinds: Vec<TapKind>,
    /// The parts of messages that must not be copied, in addition to the keys of DNS lists.
    pub redaction: Redaction,
    /// The keys of customers of DNS lists.
    pub secrets: Secrets,
}
