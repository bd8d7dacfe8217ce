//! How a query was sent to a server (`Transport`), and how the server behaved (`Conduct`).
//!
//! # Decisions
//!
//! - These types are not in the crate `record`, which only counts them: `iterate`, `resolve` and `exchange` base decisions on
//!   them.

use std::net::IpAddr;

use hickory_proto::op::ResponseCode;
use serde::{Deserialize, Serialize};

use crate::words;

words! {
    /// The transport of a DNS message to a server. The query history stores the positions of the variants, so their order must
    /// stay.
    pub enum Transport {
        /// A UDP datagram without encryption.
        Udp = "udp": "UDP",
        /// A TCP connection without encryption.
        Tcp = "tcp": "TCP",
        /// A TCP connection with TLS.
        Tls = "tls": "TLS",
        /// An HTTP/2 request over a TCP connection with TLS.
        Https = "https": "HTTPS",
        /// A stream of a QUIC connection.
        Quic = "quic": "QUIC",
    }
}

/// How connections to a server are encrypted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Encryption {
    /// The name or address that the certificate of the server must contain (RFC 8310 section 5).
    pub certificate: String,
    /// The protocol of the connections.
    pub protocol: EncryptedProtocol,
}

/// A protocol that encrypts connections to a server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EncryptedProtocol {
    /// DNS over TLS (RFC 7858).
    Tls,
    /// DNS over HTTPS (RFC 8484), with this path of the URL.
    Https(String),
    /// DNS over QUIC (RFC 9250).
    Quic,
}

/// Returns the first address of the /24 or /48 network of a server. This is usually the smallest network that an operator gets.
pub fn network_of(server: IpAddr) -> IpAddr {
    match server {
        IpAddr::V4(address) => IpAddr::V4((address.to_bits() & (u32::MAX << 8)).into()),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & (u128::MAX << 80)).into()),
    }
}

/// Returns the network of a server, see `network_of`, as text: `192.0.2.0/24`.
pub fn network_text(server: IpAddr) -> String {
    format!("{}/{}", network_of(server), if server.is_ipv4() { 24 } else { 48 })
}

words! {
    /// What a server did after resolverd sent it a query. JSON and the screens use the same words.
    pub enum Conduct {
        /// The server gave a correct answer, referral or denial.
        Answered = "answered": "answered",
        /// The server answered with the TC flag: the query is sent again over TCP.
        Truncated = "truncated": "truncated",
        /// The server did not answer in time.
        Silent = "timeout": "timeout",
        /// The network reports that it cannot deliver DNS messages to the server.
        Unreachable = "unreachable": "unreachable",
        /// The server answered over UDP, but refused or closed the connection over TCP, or did not answer over TCP.
        NoTcp = "no_tcp": "no answer over TCP",
        /// The TLS certificate of the server is for another server.
        Certificate = "certificate": "certificate rejected",
        /// The server answered with REFUSED.
        Refused = "refused": "REFUSED",
        /// The server answered with SERVFAIL.
        ServFail = "servfail": "SERVFAIL",
        /// The server answered with FORMERR.
        FormErr = "formerr": "FORMERR",
        /// The server answered with NOTIMP.
        NotImp = "notimp": "NOTIMP",
        /// The server answered with NOTAUTH.
        NotAuth = "notauth": "NOTAUTH",
        /// The server answered with BADVERS.
        BadVers = "badvers": "BADVERS",
        /// The server answered with another response code, which does not answer the question.
        OtherError = "other_error": "unknown RCODE",
        /// The server does not serve the zone: it answers with a referral to a zone above, to an unrelated zone or to the same zone.
        Lame = "lame": "lame",
        /// The server sent a DNS message that does not answer the question or cannot be parsed.
        Unfit = "invalid": "invalid reply",
        /// The query did not leave this host: there is no route to the server, a local firewall blocks it, or no file descriptor or memory is
        /// left.
        NotSent = "not_sent": "not sent",
    }
}

impl Conduct {
    /// Returns the variant for a server that answered with the error `code`.
    pub const fn of_error(code: ResponseCode) -> Self {
        match code {
            ResponseCode::Refused => Self::Refused,
            ResponseCode::ServFail => Self::ServFail,
            ResponseCode::FormErr => Self::FormErr,
            ResponseCode::NotImp => Self::NotImp,
            ResponseCode::NotAuth => Self::NotAuth,
            ResponseCode::BADVERS => Self::BadVers,
            _ => Self::OtherError,
        }
    }

    /// Returns the label of a fault of the server or of the network, and `None` otherwise.
    pub const fn fault(self) -> Option<&'static str> {
        if self.is_fault() { Some(self.label()) } else { None }
    }

    /// Returns true for a fault of the server or of the network to it.
    pub const fn is_fault(self) -> bool {
        !matches!(self, Self::Answered | Self::Truncated)
    }

    /// Returns true if a DNS message of the server arrived, so that the measured time is a round trip.
    pub const fn came_back(self) -> bool {
        !matches!(self, Self::Silent | Self::Unreachable | Self::NotSent | Self::NoTcp)
    }
}

/// The health of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// The server answers, or had no query.
    Answering,
    /// The server did not answer the last query, which may have been lost.
    #[serde(rename = "recent_timeout")]
    Doubtful,
    /// The server is dead, and its next probe is due.
    Due,
    /// The server is dead, and its next probe is not due: it gets no queries of clients.
    Dead,
}

/// The features of a server. Each is true until the server shows that it lacks the feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFeatures {
    /// True if the server accepts EDNS (RFC 6891).
    pub edns: bool,
    /// True if the server repeats a name in the same mixed case (0x20).
    pub keeps_case: bool,
    /// True if the server accepts TCP.
    pub tcp: bool,
    /// True if UDP replies of more than 512 octets arrive.
    pub long_datagrams: bool,
}

impl ServerFeatures {
    /// All features.
    pub const ALL: Self = Self { edns: true, keeps_case: true, tcp: true, long_datagrams: true };
}
