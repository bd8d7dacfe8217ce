//! The rules of look-ahead: functions that turn an answered question into the questions that mail software will ask next.
//!
//! The only input of a rule is the question, its answer, and the step in the chain to which the question belongs. A rule sends no queries.

mod address;
mod answer_facts;
mod dmarc;
mod exchanger;
mod spf;

#[cfg(test)]
mod tests;

use hickory_proto::rr::{Name, RecordType};

pub(super) use answer_facts::AnswerFacts;
use config::Rule;
use dns::question::Question;

/// Returns the question for the PTR of an address that a client has looked up in a DNS list.
pub(super) fn of_address(address: std::net::IpAddr) -> Further {
    address::pointer_of(address)
}

pub(super) fn of_domain(domain: &Name) -> Vec<Further> {
    std::iter::once(spf::of_domain(domain)).chain(dmarc::of_domain(domain)).collect()
}

pub(super) fn of_next_hop(domain: &Name) -> Option<Further> {
    exchanger::of_next_hop(domain)
}

pub(super) fn of_key(name: Name) -> Further {
    Further::new(name, RecordType::TXT, Rule::Dkim, RuleStep::End)
}

/// Returns the step with which look-ahead begins a chain of questions after this question of a client.
pub(super) fn begins(question: &Question) -> RuleStep {
    let name = &question.name;
    match question.kind {
        RecordType::PTR if address::is_reverse(name) => RuleStep::Pointer,
        RecordType::MX => RuleStep::Exchangers { with_do: question.dnssec_ok },
        RecordType::TXT if !name.iter().any(is_underscored) => RuleStep::Spf { depth: 0 },
        _ => RuleStep::End,
    }
}

/// Returns the questions that follow the answer for `name`. After NXDOMAIN, mail software asks nothing more about the name.
pub(super) fn follow(step: RuleStep, name: &Name, facts: &AnswerFacts) -> Vec<Further> {
    match step {
        RuleStep::End => Vec::new(),
        RuleStep::Pointer => address::after_pointer(facts),
        RuleStep::Exchangers { with_do } => exchanger::after_exchangers(name, with_do, facts),
        RuleStep::Host { secure } => exchanger::after_host(name, secure, facts),
        RuleStep::Spf { depth } => spf::after_text(name, depth, facts),
        RuleStep::SpfExchangers => spf::after_exchangers(facts),
        RuleStep::Dmarc => dmarc::after_text(name, facts),
    }
}

/// The step of a chain to which a question belongs. It decides which questions follow the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lookahead) enum RuleStep {
    /// No look-ahead question follows from the answer.
    End,
    /// A question for the PTR of an address. Questions for the addresses of the names in it follow.
    Pointer,
    /// A question for the MX of a domain.
    Exchangers {
        /// True if the client has set DO.
        with_do: bool,
    },
    /// A question for the addresses of a mail host. A question for TLSA records follows if the MX and the addresses are secure.
    Host {
        /// True if the MX was asked for with DO, and its answer is secure (DNSSEC).
        secure: bool,
    },
    /// A question for TXT records, among which an SPF record may be.
    Spf {
        /// The number of SPF records in the chain before this one.
        depth: u8,
    },
    /// A question for the MX of an `mx` term of an SPF record. Questions for the addresses of its hosts follow.
    SpfExchangers,
    /// A question for a DMARC record. If there is none, a question for the DMARC record of the domain above follows.
    Dmarc,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lookahead) struct Further {
    pub(in crate::lookahead) name: Name,
    pub(in crate::lookahead) kind: RecordType,
    pub(in crate::lookahead) rule: Rule,
    pub(in crate::lookahead) step: RuleStep,
    /// True for one of the ten lookups of an SPF record (RFC 7208 section 4.6.4).
    pub(in crate::lookahead) is_lookup: bool,
}

impl Further {
    pub(in crate::lookahead) fn new(name: Name, kind: RecordType, rule: Rule, step: RuleStep) -> Self {
        Self { name, kind, rule, step, is_lookup: false }
    }
}

/// Returns true for a label that begins with an underscore (RFC 8552). No mail comes from a domain with such a label.
pub(super) fn is_underscored(label: &[u8]) -> bool {
    label.first() == Some(&b'_')
}
