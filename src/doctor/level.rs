//! The levels and topics of the findings of a check.

use serde::{Deserialize, Serialize};

/// How serious a finding is for mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Mail is lost, delayed or rejected.
    Failure,
    /// Some hosts do not accept or deliver the mail, or one more fault would stop all mail.
    Warning,
    /// The check could not find out whether there is a fault.
    CouldNotTell,
    /// The checked part works, but could be better.
    Note,
    /// The checked part is correct.
    Ok,
}

impl Level {
    /// Returns the printed word for the level.
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

/// The topic of a finding, in the order of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// The name servers of the zone, and the delegation to them.
    Delegation,
    /// The signatures and keys of the zone.
    Dnssec,
    /// MX records and the hosts that they name.
    Mail,
    /// The PTR records of addresses.
    Pointer,
    /// SPF, DKIM, DMARC and the policies about TLS.
    Policy,
    /// The answers of DNS lists.
    Lists,
    /// The answers of public resolvers and of the resolvers in resolv.conf.
    Others,
}

impl Topic {
    /// All topics, in the order of the output.
    pub const ALL: [Self; 7] =
        [Self::Delegation, Self::Dnssec, Self::Mail, Self::Pointer, Self::Policy, Self::Lists, Self::Others];

    /// Returns the heading of this topic.
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
