//! The outcomes of clients' questions, and the kinds of DNS messages from clients that do not count as questions.

use crate::words;

words! {
    /// The outcome of a client's question. Each question has exactly one and is counted once. JSON and the screens use the same
    /// words. The query history stores the positions of the variants, so a new variant must be the last one.
    pub enum Outcome {
        /// The answer came from the cache.
        Cache = "cache": "from cache",
        /// The answer came from a resolution (flight) that another client's question had begun.
        Shared = "shared": "joined same query",
        /// The answer came from a resolution (flight) that this question began.
        Upstream = "upstream": "from servers",
        /// The answer came from the cache although its TTL had ended, because no server answered (RFC 8767).
        Stale = "stale": "stale answer",
        /// The client got SERVFAIL, because the resolution failed.
        Failed = "failed": "failed",
        /// The client got SERVFAIL, because the same question had failed a short time before (RFC 9520).
        Remembered = "cached_failure": "cached failure",
        /// The client got SERVFAIL, because its deadline passed. The resolution continues, and its result is cached.
        Deadline = "timeout": "timeout",
        /// The client got SERVFAIL at once, because a limit in `limits` was reached or the daemon is stopping.
        Shed = "shed": "overload",
        /// The client got FORMERR, because the question cannot be parsed.
        FormError = "formerr": "FORMERR",
        /// The client got NOTIMP, because resolverd does not support the operation (opcode).
        NotImplemented = "notimp": "NOTIMP",
        /// The client got BADVERS, because resolverd does not support this version of EDNS (RFC 6891 section 6.1.3).
        BadVersion = "badvers": "BADVERS",
        /// The client got REFUSED, because resolverd does not answer questions for this class or type.
        Refused = "refused": "REFUSED",
        /// The client got SERVFAIL, because resolverd panicked while it resolved the question: a bug of resolverd.
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
    /// The DNS result of a question, or the DNS result that mail software reports. Stored records use the positions of the
    /// variants, so a new variant must be the last one.
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
        /// An address has no PTR record, or the name in its PTR record has another address.
        NoPointer = "no_pointer": "no PTR",
        /// The lookup gave no result: it failed for now.
        Failure = "failure": "temporary failure",
        /// The answer fails DNSSEC validation.
        Bogus = "bogus",
    }
}

impl DnsResult {
    /// Returns the result that the header of a reply shows. It is called for each answer from the cache, so it contains no branch, which would
    /// make it slower.
    #[inline]
    pub fn in_reply(reply: &[u8]) -> Self {
        /// The results by RCODE: first 16 for replies without a record in the answer section, then 16 for replies with records.
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
    /// A DNS message to a listener that is not a question, or not a new one. It is counted separately from the outcomes of
    /// questions.
    pub enum Apart {
        /// Shorter than a DNS header; resolverd drops it.
        Runt = "too_short": "too short",
        /// A response; resolverd drops it, because an answer to a response could start a loop.
        Response = "response",
        /// From an address outside `listen.allow`. resolverd answers some datagrams per second with REFUSED, drops the others,
        /// and closes connections.
        Denied = "denied",
        /// The same client repeats a question in progress, with the same id and port. resolverd answers only the first copy.
        Repeated = "repeated": "duplicate",
        /// The reply was lost, because the socket of the client or its queue of replies was full.
        ReplyLost = "reply_lost": "reply lost",
        /// A connection could not be accepted: no file descriptor was left, or the client had closed it.
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
