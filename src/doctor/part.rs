//! The parts of a check, and the findings that need these parts. A repeated check may no longer have a finding. If the part of the check that would
//! show it has no result, the cause may still exist. This module decides this by comparing what findings are about.
//!
//! A finding about an unknown part names this part, and the hosts, addresses or DNS lists that are affected. It makes the absence of another finding
//! uncertain only if both concern the same part, and the same host, address or DNS list.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A part of a check. If a part could not be checked, its result is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The check of the delegation in the parent zone.
    Delegation,
    /// The checks of each single server of the zone.
    Servers,
    /// The comparison of the records that the servers of the zone give.
    Records,
    /// The check of the DNSSEC chain of trust.
    Dnssec,
    /// The check of the MX records.
    MxRecords,
    /// The check of the addresses of the mail hosts.
    MailHosts,
    /// The checks that connect to the mail hosts at port 25.
    Connections,
    /// The check of PTR records, and of the addresses of the names in them.
    Pointers,
    /// The check of SPF records, with the records that they include.
    Spf,
    /// The check of DKIM keys.
    Dkim,
    /// The check of DMARC records.
    Dmarc,
    /// The check of the record and the policy of MTA-STS.
    MtaSts,
    /// The check of the record of TLS reporting.
    TlsRpt,
    /// The check of TLSA records.
    Dane,
    /// The check in DNS lists.
    Lists,
    /// The comparison with the answers of other resolvers.
    Others,
}

/// A host, an address, or an entry in a DNS list, that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A host: lower case, with its last dot.
    Host(String),
    /// An IP address.
    Address(IpAddr),
    /// An address or domain that was looked up in one DNS list or in all lists.
    Listing {
        /// The address or domain (without its last dot) that was looked up in DNS lists.
        subject: String,
        /// The zone of the DNS list; `None` for all lists.
        list: Option<String>,
    },
}

impl About {
    /// Returns true if both are the same host or the same address. For listings in DNS lists: if both have the same address or domain, and, if both
    /// name a list, the same list.
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
    fn every_finding_needs_a_part_and_every_unknown_one_names_one() {
        for code in Code::ALL {
            let entry = code.entry();
            let is_named = *code != Code::PolicyUnknown;
            assert_eq!(!entry.parts.is_empty(), is_named, "{}", entry.word);
            assert!(entry.level != Level::CouldNotTell || entry.parts.len() < 2, "{}", entry.word);
        }
    }

    #[test]
    fn a_listing_is_that_of_its_list_or_of_all() {
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
