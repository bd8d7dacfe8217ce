//! The rules as pure functions: from an answered question to the questions that mail software asks next.
//!
//! One file for each family. A rule sees the question, its answer and its place in the chain; it asks nothing and
//! knows nothing else.

mod address;
mod dmarc;
mod exchanger;
mod spf;
#[cfg(test)]
mod tests;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::rule::Rule;
use crate::limits::MAX_AHEAD_HOSTS;
use crate::question::{Answer, Security};
use crate::wire;

/// The part of an answer that the rules read.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) rcode: ResponseCode,
    /// Whether it is signed, and validated.
    pub(super) secure: bool,
    /// The answer section.
    pub(super) records: Vec<Record>,
}

impl Facts {
    /// None if the answer cannot be read.
    pub(super) fn of(answer: &Answer) -> Option<Self> {
        let records = wire::response::read(&answer.wire).ok()?.answers;
        Some(Self { rcode: answer.rcode, secure: answer.security == Security::Secure, records })
    }

    /// Whether the name has data of the type, or only lacks them: not if it does not exist, or nobody knows.
    fn exists(&self) -> bool {
        self.rcode == ResponseCode::NoError
    }

    /// The texts of TXT records, their strings joined (RFC 7208 section 3.3).
    pub(super) fn texts(&self) -> impl Iterator<Item = Vec<u8>> {
        self.records.iter().filter_map(|record| match &record.data {
            RData::TXT(text) => Some(text.txt_data.concat()),
            _ => None,
        })
    }

    /// The hosts of MX records, best preference first; none of a null MX (RFC 7505).
    fn hosts(&self) -> Vec<Name> {
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

/// The place of a question in its chain, which decides what follows its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RuleStep {
    /// Nothing follows.
    End,
    /// The PTR of an address: the addresses of its name follow.
    Pointer,
    /// The MX of a domain that mail comes from or goes to.
    Exchangers,
    /// Addresses of a mail host: TLSA follows, if the MX was secure and they are.
    Host {
        /// Whether the MX was.
        secure: bool,
    },
    /// A text that may be an SPF record.
    Spf {
        /// Levels above it.
        depth: u8,
    },
    /// The MX of an `mx` in an SPF record: addresses of its hosts follow.
    SpfExchangers,
    /// A text that may be a DMARC record: that of the domain above follows if it is none.
    Dmarc,
}

/// A question that may follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Further {
    pub(super) name: Name,
    pub(super) kind: RecordType,
    pub(super) rule: Rule,
    pub(super) step: RuleStep,
    /// Whether it is one of the ten lookups of an SPF record (RFC 7208 section 4.6.4).
    pub(super) is_lookup: bool,
}

impl Further {
    fn new(name: Name, kind: RecordType, rule: Rule, step: RuleStep) -> Self {
        Self { name, kind, rule, step, is_lookup: false }
    }
}

/// The PTR of an address that a DNS list was asked about.
pub(super) fn of_address(address: std::net::IpAddr) -> Further {
    address::pointer_of(address)
}

/// The records of a sender's domain that a receiver asks for beside its MX.
pub(super) fn of_domain(domain: &Name) -> Vec<Further> {
    std::iter::once(spf::of_domain(domain)).chain(dmarc::of_domain(domain)).collect()
}

/// The DKIM key of this name, which a client asked before.
pub(super) fn of_key(name: Name) -> Further {
    Further::new(name, RecordType::TXT, Rule::Dkim, RuleStep::End)
}

/// The place of a client's own question: the begin of a chain.
pub(super) fn begins(name: &Name, kind: RecordType) -> RuleStep {
    match kind {
        RecordType::PTR if address::is_reverse(name) => RuleStep::Pointer,
        RecordType::MX => RuleStep::Exchangers,
        RecordType::TXT if !name.iter().any(is_underscored) => RuleStep::Spf { depth: 0 },
        _ => RuleStep::End,
    }
}

/// The questions that follow `name` at this place. After NXDOMAIN mail software asks no more about the name.
pub(super) fn follow(step: RuleStep, name: &Name, facts: &Facts) -> Vec<Further> {
    match step {
        RuleStep::End => Vec::new(),
        RuleStep::Pointer => address::after_pointer(facts),
        RuleStep::Exchangers => exchanger::after_exchangers(name, facts),
        RuleStep::Host { secure } => exchanger::after_host(name, secure, facts),
        RuleStep::Spf { depth } => spf::after_text(name, depth, facts),
        RuleStep::SpfExchangers => spf::after_exchangers(facts),
        RuleStep::Dmarc => dmarc::after_text(name, facts),
    }
}

/// Whether a label begins with an underscore (RFC 8552): no mail comes from such a name.
fn is_underscored(label: &[u8]) -> bool {
    label.first() == Some(&b'_')
}
