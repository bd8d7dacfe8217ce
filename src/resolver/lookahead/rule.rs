//! The rules of look-ahead. Each rule is counted and judged separately.

use serde::{Deserialize, Serialize};

/// A rule. Its name in JSON and on the screen is the kind of record that it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The PTR of an address about which a DNS list was asked.
    Ptr,
    /// The IPv4 addresses of the name in a PTR.
    PtrA,
    /// The IPv6 addresses of the name in a PTR.
    PtrAaaa,
    /// The IPv4 addresses of a domain's mail hosts, or of the domain if it has no MX.
    MxA,
    /// The IPv6 addresses of a domain's mail hosts, or of the domain if it has no MX.
    MxAaaa,
    /// The IPv4 addresses of the mail hosts of a domain whose MX was asked for with DO. Software that delivers mail with DANE sets DO
    /// (RFC 7672 section 2.2), and software that receives mail does not.
    DaneA,
    /// The IPv6 addresses of such mail hosts.
    DaneAaaa,
    /// The TLSA records of a mail host whose MX and addresses are secure.
    Tlsa,
    /// The SPF record of a domain whose MX was asked for.
    Spf,
    /// The SPF records that an SPF record includes, or redirects to.
    SpfChain,
    /// The addresses and MX records that the terms of an SPF record refer to.
    SpfHosts,
    /// The DMARC record of a domain.
    Dmarc,
    /// The DMARC records of the domains above a domain that has none.
    DmarcWalk,
    /// The DKIM keys of a domain that clients have asked for before.
    Dkim,
}

impl Rule {
    /// All rules, in the order in which they are shown.
    pub const ALL: [Self; 14] = [
        Self::Ptr,
        Self::PtrA,
        Self::PtrAaaa,
        Self::MxA,
        Self::MxAaaa,
        Self::DaneA,
        Self::DaneAaaa,
        Self::Tlsa,
        Self::Spf,
        Self::SpfChain,
        Self::SpfHosts,
        Self::Dmarc,
        Self::DmarcWalk,
        Self::Dkim,
    ];

    /// Returns the index of this rule in `ALL`.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns the number with which this rule marks answers, counted from 1.
    pub const fn mark(self) -> u8 {
        // There are fewer than 255 rules.
        (self as u8).saturating_add(1)
    }

    /// Returns the rule that marks answers with this number.
    pub(crate) fn of_mark(mark: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.mark() == mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_stands_at_its_index_and_has_a_mark() {
        for (place, rule) in Rule::ALL.into_iter().enumerate() {
            assert_eq!(rule.index(), place);
            assert_eq!(Rule::of_mark(rule.mark()), Some(rule));
        }
        assert_eq!(Rule::of_mark(0), None);
    }
}
