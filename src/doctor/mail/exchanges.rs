//! The MX records of the domain, and the hosts that they name.
//!
//! RFC 5321 section 5.1 (the choice of the host).

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::facts::{DomainFacts, ReplyFacts, canonical};
use crate::limits::MAX_CHECKED_HOSTS;

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

/// The difference between MX records with the same hosts, in words.
pub(crate) const OTHER_PREFERENCES: &str = "; the mail hosts are the same, and their preferences differ";

/// Whether replies with MX records name the same hosts.
pub(crate) fn are_same_hosts<'r>(replies: impl Iterator<Item = &'r ReplyFacts>) -> bool {
    let hosts = |reply: &ReplyFacts| -> BTreeSet<String> {
        reply.data("MX").filter_map(Exchange::read).map(|exchange| exchange.host).collect()
    };
    let sets: BTreeSet<BTreeSet<String>> = replies.map(hosts).collect();
    sets.len() == 1 && !sets.contains(&BTreeSet::new())
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
