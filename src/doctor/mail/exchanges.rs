//! Reads the MX records of the domain. Finds names whose last dot is missing in the zone file, so that the server appends the name of the
//! zone.
//!
//! RFC 5321 section 5.1 (how senders choose the host), RFC 1035 section 5.1 (last dots).

use std::collections::BTreeSet;
use std::net::IpAddr;

use hickory_proto::rr::RData;

use crate::facts::{DomainFacts, Record, is_within};
use crate::limits::MAX_CHECKED_HOSTS;
use crate::zone;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Exchange {
    pub(crate) preference: u16,
    pub(crate) host: String,
}

impl Exchange {
    fn read(record: &Record) -> Option<Self> {
        let RData::MX(mx) = &record.data else { return None };
        Some(Self { preference: mx.preference, host: record.target()? })
    }

    pub(crate) fn is_null(&self) -> bool {
        self.host == "."
    }

    /// Returns the IP address that the MX record has by mistake instead of a host name.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        address(self.host.trim_end_matches('.'))
    }
}

/// Parses an IP address, also in the form of mail addresses (RFC 5321 section 4.1.3): `[192.0.2.1]`, `[IPv6:2001:db8::1]`.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let literal = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let literal = literal.map(|literal| literal.strip_prefix("ipv6:").unwrap_or(literal));
    literal.unwrap_or(text).parse().ok()
}

/// Returns the MX records of the domain, the most preferred first.
pub(crate) fn exchanges(facts: &DomainFacts) -> Vec<Exchange> {
    let mut exchanges: Vec<Exchange> =
        facts.records(&facts.subject.domain, "MX").into_iter().filter_map(Exchange::read).collect();
    exchanges.sort();
    exchanges
}

/// Returns the hosts in the MX records, the most preferred first. Without MX records, this is the domain itself.
pub(crate) fn named_hosts(facts: &DomainFacts) -> Vec<String> {
    let exchanges = exchanges(facts);
    if exchanges.is_empty() && facts.lookup(&facts.subject.domain, "MX").is_absent() {
        return vec![facts.subject.domain.clone()];
    }
    let named = exchanges.into_iter().filter(|exchange| !exchange.is_null() && exchange.address().is_none());
    let mut known = BTreeSet::new();
    named.map(|exchange| exchange.host).filter(|host| known.insert(host.clone())).collect()
}

/// Returns the mail hosts that are looked up.
pub(crate) fn hosts(facts: &DomainFacts) -> Vec<String> {
    named_hosts(facts).into_iter().take(MAX_CHECKED_HOSTS).collect()
}

/// Top-level domains that are hardly ever used inside a name. If one of them is directly before the name of the zone, the last dot is
/// probably missing in the zone file.
const TOP_LEVEL: [&str; 5] = ["com", "net", "org", "info", "biz"];

/// Returns true if the name is an IP address with the name of the zone appended.
pub(crate) fn holds_address(facts: &DomainFacts, name: &str) -> bool {
    let before = name.strip_suffix(zone::apex(facts)).unwrap_or_default();
    address(before.trim_end_matches('.')).is_some()
}

/// Describes a name without an address. If its last dot may be missing, the text contains the name that the operator of the zone probably
/// meant.
pub(crate) fn with_last_dot(facts: &DomainFacts, name: &str) -> String {
    let zone = zone::apex(facts);
    let before = name.strip_suffix(zone).filter(|before| before.ends_with('.'));
    let top = |before: &str| {
        before.trim_end_matches('.').rsplit_once('.').is_some_and(|(_, top)| TOP_LEVEL.contains(&top))
    };
    match before.filter(|before| is_within(before, zone) || top(before)) {
        Some(meant) => format!("{name} (the zone file may name {meant} without its last dot)"),
        None => name.to_owned(),
    }
}
