//! A copied DNS message, and the settings that determine what is copied and where it is written.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use dns::clock::Mono;
use dns::question::ClientTransport;
use record::redact::{Redaction, Secrets};

/// The kinds of DNS messages that dnstap copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TapKind {
    /// A query that a client has sent to resolverd.
    ClientQuery,
    /// A reply that resolverd has sent to a client.
    ClientResponse,
    /// A query that resolverd has sent to a server.
    ResolverQuery,
    /// A response that a server has sent to resolverd.
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

    pub(super) const fn bit(self) -> u8 {
        1 << self as u8
    }

    pub(super) fn is_of_client(self) -> bool {
        matches!(self, Self::ClientQuery | Self::ClientResponse)
    }
}

/// The transport over which a DNS message was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TapTransport {
    /// A UDP datagram.
    Udp,
    /// A TCP connection without encryption.
    Tcp,
    /// A TCP connection with TLS.
    Tls,
    /// An HTTPS request.
    Https,
    /// A stream of a QUIC connection.
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

/// A DNS message that was copied for dnstap.
#[derive(Clone, Debug)]
pub struct TappedMessage {
    /// The kind of the DNS message.
    pub kind: TapKind,
    /// The transport of the DNS message.
    pub transport: TapTransport,
    /// The address and port of the sender of the query (a client or resolverd). The port is 0 if it is not known.
    pub asks: Option<(IpAddr, u16)>,
    /// The address and port of the host that answers the query (resolverd or a server).
    pub answers: Option<SocketAddr>,
    /// The time at which this host received or sent the query.
    pub queried: Mono,
    /// The time at which this host received or sent the response. `None` for a query.
    pub responded: Option<Mono>,
    /// The octets of the DNS message.
    pub octets: Vec<u8>,
}

/// The settings of dnstap.
#[derive(Clone, Debug)]
pub struct TapSettings {
    /// The path of the Unix socket of the program that reads the copies.
    pub socket: PathBuf,
    /// The name of this host, for the program that reads the copies.
    pub identity: String,
    /// The name and version of resolverd, for the program that reads the copies.
    pub version: String,
    /// The kinds of DNS messages that dnstap copies.
    pub kinds: Vec<TapKind>,
    /// The parts that are not copied, in addition to the keys of DNS lists.
    pub redaction: Redaction,
    /// The keys of customers of DNS lists, which are removed from the copies.
    pub secrets: Secrets,
}
