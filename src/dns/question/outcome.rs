//! The closed list of outcomes in which every question ends, and of messages that are counted apart.

use serde::{Deserialize, Serialize};

/// The outcome of a client's question. Each question has one of these, counted once; their sum is the number of
/// questions. JSON and the screens have the same words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Answered from memory; no server was asked.
    Cache,
    /// Answered by a flight that another question had begun.
    Shared,
    /// Answered by a flight of its own, which asked servers.
    Upstream,
    /// Answered from memory past the TTL, as no server answered (RFC 8767).
    Stale,
    /// SERVFAIL: the flight ended in failure.
    Failed,
    /// SERVFAIL: the flight ended in failure a moment ago (RFC 9520).
    #[serde(rename = "cached_failure")]
    Remembered,
    /// SERVFAIL: the client's deadline has passed; the flight continues.
    #[serde(rename = "timeout")]
    Deadline,
    /// SERVFAIL at once: a bound of `limits` was reached, or the daemon is ending.
    Shed,
    /// FORMERR: the question cannot be read.
    #[serde(rename = "formerr")]
    FormError,
    /// NOTIMP: an operation that we do not serve.
    #[serde(rename = "notimp")]
    NotImplemented,
    /// BADVERS: a version of EDNS that we do not speak (RFC 6891 section 6.1.3).
    #[serde(rename = "badvers")]
    BadVersion,
    /// REFUSED: a class or type that we do not serve.
    Refused,
    /// SERVFAIL: resolverd crashed while it resolved the question. A bug of ours: no server is at fault.
    #[serde(rename = "internal_error")]
    Crashed,
}

impl Outcome {
    /// All of them, in the order in which they are shown. The history on the disk has their places: a new one comes last.
    pub const ALL: [Self; 13] = [
        Self::Cache,
        Self::Shared,
        Self::Upstream,
        Self::Stale,
        Self::Failed,
        Self::Remembered,
        Self::Deadline,
        Self::Shed,
        Self::FormError,
        Self::NotImplemented,
        Self::BadVersion,
        Self::Refused,
        Self::Crashed,
    ];

    /// Its place in `ALL`.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns true if the client got SERVFAIL.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Remembered | Self::Deadline | Self::Shed | Self::Crashed)
    }

    /// Its word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cache => "cache",
            Self::Shared => "shared",
            Self::Upstream => "upstream",
            Self::Stale => "stale",
            Self::Failed => "failed",
            Self::Remembered => "cached_failure",
            Self::Deadline => "timeout",
            Self::Shed => "shed",
            Self::FormError => "formerr",
            Self::NotImplemented => "notimp",
            Self::BadVersion => "badvers",
            Self::Refused => "refused",
            Self::Crashed => "internal_error",
        }
    }

    /// Its label on screens and in log lines.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Cache => "from cache",
            Self::Shared => "shared query",
            Self::Upstream => "from servers",
            Self::Stale => "stale answer",
            Self::Failed => "failed",
            Self::Remembered => "cached failure",
            Self::Deadline => "timeout",
            Self::Shed => "overload",
            Self::FormError => "FORMERR",
            Self::NotImplemented => "NOTIMP",
            Self::BadVersion => "BADVERS",
            Self::Refused => "REFUSED",
            Self::Crashed => "internal error",
        }
    }
}

/// A DNS message to the listener that is no question, or no new one; counted apart from outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Apart {
    /// Shorter than a header: dropped.
    #[serde(rename = "too_short")]
    Runt,
    /// A response: dropped, because answering one invites loops.
    Response,
    /// From an address outside `listen.allow`. Some datagrams a second get REFUSED, the others no reply; a connection is
    /// closed.
    Denied,
    /// The same client repeats a question that it is waiting for, with the same id and port: its first copy is
    /// answered.
    Repeated,
    /// A reply that could not be sent: the client's socket or its queue was full.
    ReplyLost,
    /// A connection that could not be accepted: out of descriptors, or closed before its turn.
    AcceptFailed,
}

impl Apart {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::Runt, Self::Response, Self::Denied, Self::Repeated, Self::ReplyLost, Self::AcceptFailed];

    /// Its place in `ALL`.
    pub const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_stands_at_its_index() {
        for (place, outcome) in Outcome::ALL.iter().enumerate() {
            assert_eq!(outcome.index(), place);
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.word());
        }
        for (place, apart) in Apart::ALL.iter().enumerate() {
            assert_eq!(apart.index(), place);
        }
    }
}
