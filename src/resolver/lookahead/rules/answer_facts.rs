//! The parts of an answer that the look-ahead rules need.

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RData, Record};

use crate::limits::MAX_AHEAD_HOSTS;
use dns::question::{Answer, Security};
use dns::wire;

#[derive(Clone, Debug)]
pub(in crate::lookahead) struct AnswerFacts {
    pub(in crate::lookahead) rcode: ResponseCode,
    /// True if the answer was validated (DNSSEC) and is secure.
    pub(in crate::lookahead) secure: bool,
    pub(in crate::lookahead) records: Vec<Record>,
}

impl AnswerFacts {
    /// Parses the DNS message of an answer. Returns `None` if the message cannot be parsed.
    pub(in crate::lookahead) fn from_answer(answer: &Answer) -> Option<Self> {
        let records = wire::response::read(&answer.wire).ok()?.answers;
        Some(Self { rcode: answer.rcode, secure: answer.security == Security::Secure, records })
    }

    /// Returns true if the name exists, even without data of the type.
    pub(in crate::lookahead) fn exists(&self) -> bool {
        self.rcode == ResponseCode::NoError
    }

    /// Returns the texts of the TXT records. The strings of each record are joined (RFC 7208 section 3.3).
    pub(in crate::lookahead) fn texts(&self) -> impl Iterator<Item = Vec<u8>> {
        self.records.iter().filter_map(|record| match &record.data {
            RData::TXT(text) => Some(text.txt_data.concat()),
            _ => None,
        })
    }

    /// Returns the hosts in the MX records, the most preferred first. A null MX (RFC 7505) has no host.
    pub(in crate::lookahead) fn hosts(&self) -> Vec<Name> {
        let hosts = self.records.iter().filter_map(|record| match &record.data {
            RData::MX(mx) if !mx.exchange.is_root() => Some((mx.preference, mx.exchange.to_lowercase())),
            _ => None,
        });
        let mut hosts: Vec<(u16, Name)> = hosts.collect();
        hosts.sort();
        hosts.dedup_by(|one, other| one.1 == other.1);
        hosts.into_iter().take(MAX_AHEAD_HOSTS).map(|(_, host)| host).collect()
    }
}
