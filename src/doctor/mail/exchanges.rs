//! The MX records of the domain, the hosts that they name, and names in a zone file without their last dot, behind which the server adds the name
//! of the zone.
//!
//! RFC 5321 section 5.1 (the choice of the host), RFC 1035 section 5.1 (last dots).

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::facts::{DomainFacts, canonical, is_within};
use crate::limits::MAX_CHECKED_HOSTS;
use crate::zone;

/// An MX record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Exchange {
    pub(crate) preference: u16,
    pub(crate) host: String,
}

impl Exchange {
    fn read(data: &str) -> Option<Self> {
        let (preference, host) = data.split_once(' ')?;
        Some(Self { preference: preference.parse().ok()?, host: canonical(host.trim()) })
    }

    pub(crate) fn is_null(&self) -> bool {
        self.host == "."
    }

    /// The address that stands in the place of the host's name.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        address(self.host.trim_end_matches('.'))
    }
}

/// The address in the place of a name, also as a literal of mail addresses (RFC 5321 section 4.1.3): `[192.0.2.1]`, `[IPv6:2001:db8::1]`.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let literal = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let literal = literal.map(|literal| literal.strip_prefix("ipv6:").unwrap_or(literal));
    literal.unwrap_or(text).parse().ok()
}

/// The MX records, the most preferred first.
pub(crate) fn exchanges(facts: &DomainFacts) -> Vec<Exchange> {
    let mut exchanges: Vec<Exchange> =
        facts.data(&facts.subject.domain, "MX").into_iter().filter_map(Exchange::read).collect();
    exchanges.sort();
    exchanges
}

/// The hosts that the MX records name, the most preferred first; or the domain itself.
pub(crate) fn named_hosts(facts: &DomainFacts) -> Vec<String> {
    let exchanges = exchanges(facts);
    if exchanges.is_empty() && facts.lookup(&facts.subject.domain, "MX").is_absent() {
        return vec![facts.subject.domain.clone()];
    }
    let named = exchanges.into_iter().filter(|exchange| !exchange.is_null() && exchange.address().is_none());
    let mut known = BTreeSet::new();
    named.map(|exchange| exchange.host).filter(|host| known.insert(host.clone())).collect()
}

/// The hosts that receive mail for the domain, as far as they are looked up.
pub(crate) fn hosts(facts: &DomainFacts) -> Vec<String> {
    named_hosts(facts).into_iter().take(MAX_CHECKED_HOSTS).collect()
}

/// Top-level domains that are labels of nothing else.
const TOP_LEVEL: [&str; 5] = ["com", "net", "org", "info", "biz"];

/// Returns true if an address stands in the place of a name, with the name of the zone behind it.
pub(crate) fn holds_address(facts: &DomainFacts, name: &str) -> bool {
    let before = name.strip_suffix(zone::apex(facts)).unwrap_or_default();
    address(before.trim_end_matches('.')).is_some()
}

/// A name without an address in words: with the name that is meant, if it may lack its last dot.
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
