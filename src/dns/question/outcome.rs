//! The complete list of outcomes: every question ends in one of them. Also the messages that are counted separately.

use crate::words;

words! {
    /// The outcome of a client's question. Each question has exactly one and is counted once, so their sum is the number of questions. JSON and the
    /// screens use the same words. Stored records use the positions of the variants: a new one must be added at the end.
    pub enum Outcome {
        /// Answered from memory, without a query to a server.
        Cache = "cache": "from cache",
        /// Answered by a flight that another question had begun.
        Shared = "shared": "shared query",
        /// Answered by a flight of its own, which asked servers.
        Upstream = "upstream": "from servers",
        /// Answered from memory after its TTL, because no server answered (RFC 8767).
        Stale = "stale": "stale answer",
        /// SERVFAIL: the flight ended in failure.
        Failed = "failed": "failed",
        /// SERVFAIL: the flight ended in failure a moment ago (RFC 9520).
        Remembered = "cached_failure": "cached failure",
        /// SERVFAIL: the client's deadline has passed; the flight continues.
        Deadline = "timeout": "timeout",
        /// SERVFAIL immediately: a limit in `limits` was reached, or the daemon is stopping.
        Shed = "shed": "overload",
        /// FORMERR: the question cannot be read.
        FormError = "formerr": "FORMERR",
        /// NOTIMP: an operation that we do not serve.
        NotImplemented = "notimp": "NOTIMP",
        /// BADVERS: a version of EDNS that we do not speak (RFC 6891 section 6.1.3).
        BadVersion = "badvers": "BADVERS",
        /// REFUSED: a class or type that we do not serve.
        Refused = "refused": "REFUSED",
        /// SERVFAIL: resolverd crashed while it resolved the question. A bug of ours: no server is at fault.
        Crashed = "internal_error": "internal error",
    }
}

impl Outcome {
    /// Returns true if the client got SERVFAIL.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Remembered | Self::Deadline | Self::Shed | Self::Crashed)
    }
}

words! {
    /// A DNS message to the listener that is not a question, or not a new one. It is counted separately from outcomes.
    pub enum Apart {
        /// Shorter than a header: dropped.
        Runt = "too_short": "too short",
        /// A response: dropped, because answering one invites loops.
        Response = "response",
        /// From an address outside `listen.allow`. Some datagrams a second get REFUSED, the others no reply; a connection is
        /// closed.
        Denied = "denied",
        /// The same client repeats a question that is still in progress, with the same id and port. Only its first copy is answered.
        Repeated = "repeated",
        /// A reply that could not be sent: the client's socket or its queue was full.
        ReplyLost = "reply_lost": "reply lost",
        /// A connection that could not be accepted: out of descriptors, or closed before its turn.
        AcceptFailed = "accept_failed": "accept failed",
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
