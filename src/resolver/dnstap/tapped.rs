//! A message that was copied, and the settings of what is copied and where it goes.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use dns::clock::Mono;
use dns::question::ClientTransport;
use history::redact::{Redaction, Secrets};

/// The kinds of messages that are copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TapKind {
    /// From a client.
    ClientQuery,
    /// To a client.
    ClientResponse,
    /// To a server.
    ResolverQuery,
    /// From a server.
    ResolverResponse,
}

impl TapKind {
    /// All of them, with the words of the configuration.
    pub const ALL: [(&str, Self); 4] = [
        ("client_query", Self::ClientQuery),
        ("client_response", Self::ClientResponse),
        ("resolver_query", Self::ResolverQuery),
        ("resolver_response", Self::ResolverResponse),
    ];

    /// The bit that stands for it in the switch.
    pub(super) const fn bit(self) -> u8 {
        1 << self as u8
    }

    /// Returns true if it belongs to a client.
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

/// A message that was copied.
#[derive(Clone, Debug)]
pub struct TappedMessage {
    /// Its kind.
    pub kind: TapKind,
    /// Its transport.
    pub transport: TapTransport,
    /// The side that asks; its port is 0 if it is not known.
    pub asks: Option<(IpAddr, u16)>,
    /// The side that answers.
    pub answers: Option<SocketAddr>,
    /// When the query came or was sent.
    pub queried: Mono,
    /// When the response came or was sent; none for a query.
    pub responded: Option<Mono>,
    /// The message.
    pub octets: Vec<u8>,
}

/// The settings of dnstap.
#[derive(Clone, Debug)]
pub struct TapSettings {
    /// The Unix socket of the program that reads.
    pub socket: PathBuf,
    /// The name of this host, for the reader.
    pub identity: String,
    /// The name and version of this program, for the reader.
    pub version: String,
    /// The kinds that are copied.
    pub kinds: Vec<TapKind>,
    /// The parts that must not be copied, in addition to the keys of DNS lists.
    pub redaction: Redaction,
    /// The keys of customers of DNS lists.
    pub secrets: Secrets,
}
