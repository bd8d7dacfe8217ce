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
    pub const fn words(self, count: u64) -> &'static str {
        let (one, many) = match self {
            Self::OtherLine => ("line without a query", "lines without a query"),
            Self::Withheld => (
                "line in which a part of the name is withheld",
                "lines in which a part of the name is withheld",
            ),
            Self::UnknownLink => ("packet of an unknown link type", "packets of an unknown link type"),
            Self::NotIp => ("packet without IP", "packets without IP"),
            Self::OtherPort => ("packet that is not to port 53", "packets that are not to port 53"),
            Self::OverTcp => ("packet of DNS over TCP", "packets of DNS over TCP"),
            Self::Fragment => ("fragment", "fragments"),
            Self::Cut => {
                ("packet or frame that the capture has cut", "packets or frames that the capture has cut")
            }
            Self::OtherFrame => (
                "dnstap message that is no query of a client",
                "dnstap messages that are no query of a client",
            ),
            Self::Response => ("response", "responses"),
            Self::NotRecursive => ("query without RD", "queries without RD"),
            Self::Unreadable => ("message that cannot be read", "messages that cannot be read"),
            Self::TypeNotCompared => (
                "query of a type or class that is not compared",
                "queries of a type or class that is not compared",
            ),
        };
        if count == 1 { one } else { many }
    }
}
