//! The parts of a check. If a repeated check no longer has a finding, its cause may still exist: the part that shows the finding may have no
//! result this time.
//!
//! If a part has no result, a finding says this, and names the part and the affected hosts, addresses or DNS lists. Earlier findings about the
//! same part, and the same host, address or DNS list, do not count as solved.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A part of a check, which has a result or is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The delegation in the parent zone.
    Delegation,
    /// Each single server of the zone.
    Servers,
    /// The comparison of the records of all servers.
    Records,
    /// The DNSSEC chain of trust.
    Dnssec,
    /// The MX records.
    MxRecords,
    /// The addresses of the mail hosts.
    MailHosts,
    /// The connections to the mail hosts at port 25.
    Connections,
    /// The PTR records, and the addresses of the names in them.
    Pointers,
    /// The SPF records, with those that they include.
    Spf,
    /// The DKIM keys.
    Dkim,
    /// The DMARC records.
    Dmarc,
    /// The record and the policy of MTA-STS.
    MtaSts,
    /// The record of TLS reporting.
    TlsRpt,
    /// The TLSA records.
    Dane,
    /// The DNS lists.
    Lists,
    /// The answers of other resolvers.
    Others,
}

/// The host, address or entry in a DNS list that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A host: lower case, with its last dot.
    Host(String),
    /// An IP address.
    Address(IpAddr),
    /// An address or domain in one DNS list or in all lists.
    Listing {
        /// The address or domain, without its last dot.
        subject: String,
        /// The zone of the DNS list; `None` for all lists.
        list: Option<String>,
    },
}

impl About {
    /// Returns true if both are the same host, the same address, or the same subject in the same list. An entry without a list matches
    /// every list.
    pub fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Listing { subject: one, list: of_one },
                Self::Listing { subject: other, list: of_other },
            ) => one == other && (of_one.is_none() || of_other.is_none() || of_one == of_other),
            _ => self == other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Code;
    use crate::level::Level;

    #[test]
    fn every_code_has_its_part() {
        for code in Code::ALL {
            let entry = code.entry();
            let is_named = *code != Code::PolicyUnknown;
            assert_eq!(!entry.parts.is_empty(), is_named, "{}", entry.word);
            assert!(entry.level != Level::CouldNotTell || entry.parts.len() < 2, "{}", entry.word);
        }
    }

    #[test]
    fn listing_matches_list_or_all() {
        let listing = |subject: &str, list: Option<&str>| About::Listing {
            subject: subject.to_owned(),
            list: list.map(str::to_owned),
        };
        let at = |list| listing("a.test", Some(list));
        assert!(at("bl.a.").meets(&at("bl.a.")) && !at("bl.a.").meets(&at("bl.b.")));
        assert!(at("bl.a.").meets(&listing("a.test", None)) && listing("a.test", None).meets(&at("bl.a.")));
        assert!(!at("bl.a.").meets(&listing("b.test", None)));
        assert!(!at("bl.a.").meets(&About::Host("a.test".to_owned())));
    }
}
