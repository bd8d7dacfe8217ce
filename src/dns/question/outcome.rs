//! The outcomes of clients' questions: each question ends with exactly one of them. Also the kinds of DNS messages from clients that do not count as
//! questions.

use crate::words;

words! {
    /// The outcome of a client's question. Each question has exactly one and is counted once, so the sum of all outcomes is the number of
    /// questions. JSON and the screens use the same words. The query history stores the positions of the variants, so a new variant must be added
    /// at the end.
    pub enum Outcome {
        /// The question was answered from the cache, without a query to a server.
        Cache = "cache": "from cache",
        /// The question was answered by a resolution (flight) that another client's question had begun.
        Shared = "shared": "joined same query",
        /// The question was answered by a resolution (flight) that it began itself, and that asked servers.
        Upstream = "upstream": "from servers",
        /// The question was answered from the cache although the TTL had ended, because no server answered (RFC 8767).
        Stale = "stale": "stale answer",
        /// The client got SERVFAIL, because the resolution of its question failed.
        Failed = "failed": "failed",
        /// The client got SERVFAIL, because the same question had failed a short time before (RFC 9520).
        Remembered = "cached_failure": "cached failure",
        /// The client got SERVFAIL, because its deadline passed. The resolution continues, and its result is cached.
        Deadline = "timeout": "timeout",
        /// The client got SERVFAIL immediately, because a limit in `limits` was reached or the daemon is stopping.
        Shed = "shed": "overload",
        /// The client got FORMERR, because the question cannot be parsed.
        FormError = "formerr": "FORMERR",
        /// The client got NOTIMP, because resolverd does not support the operation (opcode).
        NotImplemented = "notimp": "NOTIMP",
        /// The client got BADVERS, because resolverd does not support this version of EDNS (RFC 6891 section 6.1.3).
        BadVersion = "badvers": "BADVERS",
        /// The client got REFUSED, because resolverd does not answer questions for this class or type.
        Refused = "refused": "REFUSED",
        /// The client got SERVFAIL, because resolverd panicked while it resolved the question. This is a bug of resolverd, and no fault of
        /// a server.
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
    /// The DNS result of a question, or the DNS result that mail software reports. Stored records use the positions of the variants: a new one must
    /// be added at the end.
    #[derive(Default)]
    pub enum DnsResult {
        /// The result is not known.
        #[default]
        Unknown = "unknown",
        /// The answer has records of the type.
        Answer = "answer",
        /// The name exists, but has no records of the type (NODATA, RFC 2308 section 2.2).
        NoData = "no_data": "no data",
        /// The name does not exist.
        NoName = "nxdomain": "NXDOMAIN",
        /// The domain accepts no mail: its only MX record names the root (RFC 7505).
        NullMx = "null_mx": "null MX",
        /// A DNS list has an entry for the name or address.
        Listed = "listed",
        /// A DNS list has no entry for the name or address.
        NotListed = "not_listed": "not listed",
        /// A host has no address.
        NoAddress = "no_address": "no address",
        /// An address has no PTR record, or the name in its PTR record leads to another address.
        NoPointer = "no_pointer": "no PTR",
        /// The lookup gave no result: it failed for now.
        Failure = "failure": "temporary failure",
        /// The answer fails DNSSEC validation.
        Bogus = "bogus",
    }
}

impl DnsResult {
    /// Returns the result that the header of a reply shows. It has no branch, because it is called for each answer from the cache.
    #[inline]
    pub fn in_reply(reply: &[u8]) -> Self {
        /// The results by RCODE: first for replies without a record in the answer section, then for replies with one.
        const RESULTS: [DnsResult; 32] = {
            let mut results = [DnsResult::Unknown; 32];
            (results[0], results[16]) = (DnsResult::NoData, DnsResult::Answer);
            (results[3], results[19]) = (DnsResult::NoName, DnsResult::NoName);
            results
        };
        let Some([_, _, _, flags, _, _, high, low]) = reply.first_chunk() else { return Self::Unknown };
        let row = usize::from(flags & 0x0f) | usize::from(high | low != 0) << 4;
        RESULTS.get(row).copied().unwrap_or_default()
    }
}

words! {
    /// A DNS message that a listener received and that is not a question, or not a new one. It is counted separately from the outcomes of
    /// questions.
    pub enum Apart {
        /// The DNS message is shorter than a DNS header, and is dropped.
        Runt = "too_short": "too short",
        /// The DNS message is a response. It is dropped, because an answer to a response could start a loop.
        Response = "response",
        /// The DNS message comes from an address outside `listen.allow`. Some datagrams per second are answered with REFUSED, other datagrams are
        /// not answered. A connection is closed.
        Denied = "denied",
        /// The same client repeats a question that is still in progress, with the same id and port. Only its first copy is answered.
        Repeated = "repeated": "duplicate",
        /// The reply was lost, because the socket of the client or its queue of replies was full.
        ReplyLost = "reply_lost": "reply lost",
        /// A connection of a client could not be accepted: no file descriptor was left, or the client had already closed it.
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
