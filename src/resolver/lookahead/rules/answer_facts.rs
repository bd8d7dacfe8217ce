//! The part of an answer that the rules read.

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RData, Record};

use crate::limits::MAX_AHEAD_HOSTS;
use dns::question::{Answer, Security};
use dns::wire;

/// The part of an answer that the rules read.
#[derive(Clone, Debug)]
pub(in crate::lookahead) struct AnswerFacts {
    pub(in crate::lookahead) rcode: ResponseCode,
    /// True if it is signed and was validated.
    pub(in crate::lookahead) secure: bool,
    /// The answer section.
    pub(in crate::lookahead) records: Vec<Record>,
}

impl AnswerFacts {
    /// Returns `None` if the answer cannot be read.
    pub(in crate::lookahead) fn from_answer(answer: &Answer) -> Option<Self> {
        let records = wire::response::read(&answer.wire).ok()?.answers;
        Some(Self { rcode: answer.rcode, secure: answer.security == Security::Secure, records })
    }

    /// Returns true if the name exists, with data of the type or without. Returns false if the name does not exist, or if this is unknown.
    pub(in crate::lookahead) fn exists(&self) -> bool {
        self.rcode == ResponseCode::NoError
    }

    /// The texts of TXT records, their strings joined (RFC 7208 section 3.3).
    pub(in crate::lookahead) fn texts(&self) -> impl Iterator<Item = Vec<u8>> {
        self.records.iter().filter_map(|record| match &record.data {
            RData::TXT(text) => Some(text.txt_data.concat()),
            _ => None,
        })
    }

    /// The hosts of MX records, best preference first. A null MX (RFC 7505) has no host.
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
