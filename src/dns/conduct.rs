//! How a query is sent to a server, and how the server behaves. The iterator bases its decisions on these types, and the history counts them.
//!
//! # Decisions
//!
//! - These types are not in `history`, because `iterate`, `resolve` and `exchange` base decisions on them.

use hickory_proto::op::ResponseCode;

use crate::words;

words! {
    /// The transport of a message to a server. Stored records contain the positions of the variants.
    pub enum Transport {
        /// A datagram.
        Udp = "udp": "UDP",
        /// A stream.
        Tcp = "tcp": "TCP",
        /// A stream under TLS.
        Tls = "tls": "TLS",
        /// A request of HTTP/2 under TLS.
        Https = "https": "HTTPS",
    }
}

/// The encryption of the streams to a server: TLS (RFC 7858), or HTTPS (RFC 8484).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Encryption {
    /// The name that the certificate of the server must have (RFC 8310 section 5).
    pub certificate: String,
    /// The path of the HTTPS URL; `None` for TLS without HTTPS.
    pub https: Option<String>,
}

words! {
    /// What a server did after a query. JSON uses the same words as the screens.
    pub enum Conduct {
        /// The server gave a correct answer, referral or denial.
        Answered = "answered": "answered",
        /// The server answered with the TC flag: the query is sent again over TCP.
        Truncated = "truncated": "truncated",
        /// The server did not answer in time.
        Silent = "timeout": "timeout",
        /// The network reports that the server cannot be reached.
        Unreachable = "unreachable": "unreachable",
        /// The server answered over UDP, but refused or closed the connection over TCP, or did not answer over TCP.
        NoTcp = "no_tcp": "no answer over TCP",
        /// The TLS certificate of the server is for another server.
        Certificate = "certificate": "certificate rejected",
        /// REFUSED.
        Refused = "refused": "REFUSED",
        /// SERVFAIL.
        ServFail = "servfail": "SERVFAIL",
        /// FORMERR.
        FormErr = "formerr": "FORMERR",
        /// NOTIMP.
        NotImp = "notimp": "NOTIMP",
        /// NOTAUTH.
        NotAuth = "notauth": "NOTAUTH",
        /// BADVERS.
        BadVers = "badvers": "BADVERS",
        /// The server sent another response code, which does not answer the question.
        OtherError = "other_error": "unknown RCODE",
        /// The server does not serve the zone: it refers to a zone above, to an unrelated zone or to the same zone.
        Lame = "lame": "lame",
        /// The server sent a message that does not answer the question or cannot be parsed.
        Unfit = "invalid": "invalid reply",
        /// No query left this host: it has no route to the server, its firewall blocks it, or it has no descriptor or memory left.
        NotSent = "not_sent": "not sent",
    }
}

impl Conduct {
    /// Returns the behaviour of a server that answers with this response code, which is an error.
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

    /// Returns the words that describe the fault, or `None` if the behaviour is not a fault.
    pub const fn fault(self) -> Option<&'static str> {
        if self.is_fault() { Some(self.label()) } else { None }
    }

    /// Returns true if this behaviour is a fault of the server or of the network.
    pub const fn is_fault(self) -> bool {
        !matches!(self, Self::Answered | Self::Truncated)
    }

    /// Returns true if a message came back from the server, so that the measured time is a round trip.
    pub const fn came_back(self) -> bool {
        !matches!(self, Self::Silent | Self::Unreachable | Self::NotSent | Self::NoTcp)
    }
}
