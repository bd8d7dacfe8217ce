//! How a message goes to a server, and how the server behaves. The iterator decides by these types, and the record
//! counts them.
//!
//! # Decisions
//!
//! - These types stood in `record` first, although `iterate`, `resolve` and `exchange` decide by them. A module on
//!   the way of a question must not need one beside it, so they moved here.

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
}

/// The conduct of a server after a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conduct {
    /// Answered, referred or denied correctly.
    Answered,
    /// Answered with TC: the message goes to TCP.
    Truncated,
    /// Did not answer while we listened.
    Silent,
    /// The network reports that it cannot be reached, or it refused TCP.
    Unreachable,
    /// Its TLS certificate is for another server.
    Certificate,
    /// REFUSED.
    Refused,
    /// SERVFAIL.
    ServFail,
    /// Another response code that does not end the question: FORMERR, NOTIMP, BADVERS and the like.
    OtherError,
    /// Does not serve the zone: referred upward, sideways or to itself.
    Lame,
    /// Sent a message that does not fit the question or cannot be read.
    Unfit,
}

impl Conduct {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 10] = [
        Self::Answered,
        Self::Truncated,
        Self::Silent,
        Self::Unreachable,
        Self::Certificate,
        Self::Refused,
        Self::ServFail,
        Self::OtherError,
        Self::Lame,
        Self::Unfit,
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
            Self::Certificate => Some("certificate rejected"),
            Self::Refused => Some("REFUSED"),
            Self::ServFail => Some("SERVFAIL"),
            Self::OtherError => Some("error response"),
            Self::Lame => Some("lame"),
            Self::Unfit => Some("invalid reply"),
        }
    }

    /// Whether it is a fault of the server; faults of the network count too.
    pub const fn is_fault(self) -> bool {
        !matches!(self, Self::Answered | Self::Truncated)
    }

    /// Whether a message came back, so that the time is a round trip.
    pub const fn came_back(self) -> bool {
        !matches!(self, Self::Silent | Self::Unreachable)
    }
}
