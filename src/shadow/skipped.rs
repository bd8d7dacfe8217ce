//! The parts of a capture, or queries, without a question to compare.

use serde::Serialize;

/// Why a line, a packet or a frame has no question to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Skipped {
    /// A line of a log about something else.
    OtherLine,
    /// A question about a name that the log has shortened or in which it has replaced a key.
    Withheld,
    /// A packet of a link type that is not known.
    UnknownLink,
    /// A packet without IP.
    NotIp,
    /// A packet to or from another port than 53, or neither UDP nor TCP.
    OtherPort,
    /// A packet of DNS over TCP.
    OverTcp,
    /// A part of a fragmented packet.
    Fragment,
    /// A packet or frame that the capture has cut.
    Cut,
    /// A frame of dnstap about something else than a query of a client.
    OtherFrame,
    /// A response.
    Response,
    /// A query without RD: of a resolver to a name server.
    NotRecursive,
    /// A message that cannot be read.
    Unreadable,
    /// ANY, AXFR and other types without records of their own, or another class than IN.
    TypeNotCompared,
}

impl Skipped {
    /// In words, after a number.
    pub const fn words(self) -> &'static str {
        match self {
            Self::OtherLine => "lines without a query",
            Self::Withheld => "lines in which a part of the name is withheld",
            Self::UnknownLink => "packets of an unknown link type",
            Self::NotIp => "packets without IP",
            Self::OtherPort => "packets that are not to port 53",
            Self::OverTcp => "packets of DNS over TCP",
            Self::Fragment => "fragments",
            Self::Cut => "packets or frames that the capture has cut",
            Self::OtherFrame => "dnstap messages that are no query of a client",
            Self::Response => "responses",
            Self::NotRecursive => "queries without RD",
            Self::Unreadable => "messages that cannot be read",
            Self::TypeNotCompared => "queries of a type or class that is not compared",
        }
    }
}
