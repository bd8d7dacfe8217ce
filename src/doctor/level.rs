//! The levels and topics of findings.

use serde::{Deserialize, Serialize};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Mail is lost, delayed or rejected.
    Failure,
    /// Mail suffers at some hosts, or will suffer after another fault.
    Warning,
    /// The check could not find out whether there is a fault.
    CouldNotTell,
    /// This works, but could be better.
    Note,
    /// Everything is correct.
    Ok,
}

impl Level {
    /// Returns the word for the level on the screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Warning => "warning",
            Self::CouldNotTell => "unknown",
            Self::Note => "note",
            Self::Ok => "ok",
        }
    }
}

/// The topic of a finding. The order of the variants is the order on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// The servers of the zone, and the delegation to them.
    Delegation,
    /// DNSSEC.
    Dnssec,
    /// MX records and the hosts that they name.
    Mail,
    /// PTR records.
    Pointer,
    /// SPF, DKIM, DMARC and the policies about TLS.
    Policy,
    /// DNS lists.
    Lists,
    /// The answers of public resolvers and of the resolvers in resolv.conf.
    Others,
}

impl Topic {
    /// All topics.
    pub const ALL: [Self; 7] =
        [Self::Delegation, Self::Dnssec, Self::Mail, Self::Pointer, Self::Policy, Self::Lists, Self::Others];

    /// Returns the heading of the topic.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Delegation => "Delegation",
            Self::Dnssec => "DNSSEC",
            Self::Mail => "Mail",
            Self::Pointer => "PTR",
            Self::Policy => "Policy",
            Self::Lists => "Lists",
            Self::Others => "Other resolvers",
        }
    }
}
