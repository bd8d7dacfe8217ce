//! The levels and topics of the findings of a check.

use serde::{Deserialize, Serialize};

/// How serious a finding is for mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The finding is a fault: mail is lost, delayed or rejected.
    Failure,
    /// Some hosts do not accept or deliver the mail, or one more fault would stop all mail.
    Warning,
    /// The check could not find out whether there is such a fault.
    CouldNotTell,
    /// The part that was checked works, but could be better.
    Note,
    /// The part that was checked is correct.
    Ok,
}

impl Level {
    /// Returns the word for the level, as it is printed.
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

/// The topic of a finding. Findings are printed in the order of these variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Findings about the name servers of the zone, and the delegation to them.
    Delegation,
    /// Findings about the signatures and keys of the zone (DNSSEC).
    Dnssec,
    /// Findings about MX records and the hosts that they name.
    Mail,
    /// Findings about the PTR records of addresses.
    Pointer,
    /// Findings about SPF, DKIM, DMARC and the policies about TLS.
    Policy,
    /// Findings about the answers of DNS lists.
    Lists,
    /// Findings about the answers of public resolvers and of the resolvers in resolv.conf.
    Others,
}

impl Topic {
    /// All topics of findings, in the order in which they are printed.
    pub const ALL: [Self; 7] =
        [Self::Delegation, Self::Dnssec, Self::Mail, Self::Pointer, Self::Policy, Self::Lists, Self::Others];

    /// Returns the heading above the findings of this topic.
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
