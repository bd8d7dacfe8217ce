//! The place of a question in its chain, and the questions that may follow.

use hickory_proto::rr::{Name, RecordType};

use crate::lookahead::rule::Rule;

/// The place of a question in its chain, which decides what follows its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lookahead) enum RuleStep {
    /// Nothing follows.
    End,
    /// The PTR of an address: the addresses of its name follow.
    Pointer,
    /// The MX of a domain that mail comes from or goes to.
    Exchangers {
        /// Whether it was asked with DO.
        with_do: bool,
    },
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
    /// A text that may be a DMARC record. If it is no DMARC record, the domain above is asked next.
    Dmarc,
}

/// A question that may follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lookahead) struct Further {
    pub(in crate::lookahead) name: Name,
    pub(in crate::lookahead) kind: RecordType,
    pub(in crate::lookahead) rule: Rule,
    pub(in crate::lookahead) step: RuleStep,
    /// Whether it is one of the ten lookups of an SPF record (RFC 7208 section 4.6.4).
    pub(in crate::lookahead) is_lookup: bool,
}

impl Further {
    pub(in crate::lookahead) fn new(name: Name, kind: RecordType, rule: Rule, step: RuleStep) -> Self {
        Self { name, kind, rule, step, is_lookup: false }
    }
}

/// Whether a label begins with an underscore (RFC 8552): no mail comes from such a name.
pub(super) fn is_underscored(label: &[u8]) -> bool {
    label.first() == Some(&b'_')
}
