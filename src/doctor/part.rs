//! The parts of a check, and the findings that need these parts. As long as a part is unknown, the absence of a finding does not show that its cause
//! is gone. This module compares what findings are about, to decide this.
//!
//! A finding about an unknown part names this part, and the hosts, addresses or DNS lists that are affected. It can hide another finding only if both
//! concern the same part, and the same host, address or DNS list.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A part of a check, about which facts may be unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The delegation in the parent zone.
    Delegation,
    /// The checks of each single server of the zone.
    Servers,
    /// The records that each server of the zone gives.
    Records,
    /// The DNSSEC chain of trust.
    Dnssec,
    /// The MX records.
    MxRecords,
    /// The addresses of the mail hosts.
    MailHosts,
    /// The connections to the mail hosts at port 25.
    Connections,
    /// PTR records, and the addresses of the names in them.
    Pointers,
    /// SPF records, with the records that they include.
    Spf,
    /// DKIM keys.
    Dkim,
    /// DMARC records.
    Dmarc,
    /// The record and the policy of MTA-STS.
    MtaSts,
    /// The record of TLS reporting.
    TlsRpt,
    /// TLSA records.
    Dane,
    /// The answers of DNS lists.
    Lists,
    /// The answers of other resolvers.
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
        /// An address, or a domain without its last dot.
        subject: String,
        /// The zone of the list; `None` for all lists.
        list: Option<String>,
    },
}

impl About {
    /// Returns true if both are the same host or address. Two listings must have the same address or domain, and the same list if both name one.
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
