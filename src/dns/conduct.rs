//! How a query goes to a server, and how the server behaves. The iterator decides by these types, and the history counts them.
//!
//! # Decisions
//!
//! - These types stood in `history` first, although `iterate`, `resolve` and `exchange` decide by them. A module on
//!   the way of a question must not depend on a module of the same level, so they moved here.

use hickory_proto::op::ResponseCode;
use serde::{Deserialize, Serialize};

/// How a message went to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// A datagram.
    Udp,
    /// A stream.
    Tcp,
    /// A stream under TLS.
    Tls,
    /// A request of HTTP/2 under TLS.
    Https,
}

impl Transport {
    /// All of them, in the order of their numbers in the history.
    pub const ALL: [Self; 4] = [Self::Udp, Self::Tcp, Self::Tls, Self::Https];

    /// Its place in `ALL`.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its word on screens and in the log.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Https => "HTTPS",
        }
    }
}

/// The encryption of the streams to a server: TLS (RFC 7858), or HTTPS (RFC 8484).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Encryption {
    /// The name that the certificate of the server must have (RFC 8310 section 5).
    pub certificate: String,
    /// The path of the URL of HTTPS; none: TLS alone.
    pub https: Option<String>,
}

/// The conduct of a server after a message. The words in JSON are those of the screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conduct {
    /// Answered, referred or denied correctly.
    Answered,
    /// Answered with TC: the message goes to TCP.
    Truncated,
    /// Did not answer while we listened.
    #[serde(rename = "timeout")]
    Silent,
    /// The network reports that it cannot be reached.
    Unreachable,
    /// It answered over UDP, and its connection over TCP was refused or closed, or it did not answer over TCP.
    NoTcp,
    /// Its TLS certificate is for another server.
    Certificate,
    /// REFUSED.
    Refused,
    /// SERVFAIL.
    #[serde(rename = "servfail")]
    ServFail,
    /// FORMERR.
    #[serde(rename = "formerr")]
    FormErr,
    /// NOTIMP.
    #[serde(rename = "notimp")]
    NotImp,
    /// NOTAUTH.
    #[serde(rename = "notauth")]
    NotAuth,
    /// BADVERS.
    #[serde(rename = "badvers")]
    BadVers,
    /// Another response code that does not end the question.
    OtherError,
    /// Does not serve the zone: referred upward, sideways or to itself.
    Lame,
    /// Sent a message that does not fit the question or cannot be read.
    #[serde(rename = "invalid")]
    Unfit,
    /// No query left this host: it has no route to the server, its firewall blocks it, or it has no descriptor or memory left.
    NotSent,
}

impl Conduct {
    /// The conduct of a server that answers with an error.
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

    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 16] = [
        Self::Answered,
        Self::Truncated,
        Self::Silent,
        Self::Unreachable,
        Self::NoTcp,
        Self::Certificate,
        Self::Refused,
        Self::ServFail,
        Self::FormErr,
        Self::NotImp,
        Self::NotAuth,
        Self::BadVers,
        Self::OtherError,
        Self::Lame,
        Self::Unfit,
        Self::NotSent,
    ];

    /// Its place in `ALL`.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The words for the server's fault; none if it did well.
    pub const fn fault(self) -> Option<&'static str> {
        match self {
            Self::Answered | Self::Truncated => None,
            Self::Silent => Some("timeout"),
            Self::Unreachable => Some("unreachable"),
            Self::NoTcp => Some("no answer over TCP"),
            Self::Certificate => Some("certificate rejected"),
            Self::Refused => Some("REFUSED"),
            Self::ServFail => Some("SERVFAIL"),
            Self::FormErr => Some("FORMERR"),
            Self::NotImp => Some("NOTIMP"),
            Self::NotAuth => Some("NOTAUTH"),
            Self::BadVers => Some("BADVERS"),
            Self::OtherError => Some("unknown RCODE"),
            Self::Lame => Some("lame"),
            Self::Unfit => Some("invalid reply"),
            Self::NotSent => Some("not sent"),
        }
    }

    /// Returns true if it is a fault of the server; faults of the network count too.
    pub const fn is_fault(self) -> bool {
        !matches!(self, Self::Answered | Self::Truncated)
    }

    /// Returns true if a message came back, so that the time is a round trip.
    pub const fn came_back(self) -> bool {
        !matches!(self, Self::Silent | Self::Unreachable | Self::NotSent | Self::NoTcp)
    }
}
