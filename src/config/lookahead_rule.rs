//! The rules of look-ahead, and their states. Each rule is counted and judged separately.

use dns::words;

words! {
    /// A rule of look-ahead. In JSON and on the screen, it is named after the kind of record that it asks for.
    pub enum Rule {
        /// The PTR record of an address that a DNS list was asked about.
        Ptr = "ptr": "PTR of an address",
        /// The IPv4 addresses of the name in a PTR record.
        PtrA = "ptr_a": "A of a PTR name",
        /// The IPv6 addresses of the name in a PTR record.
        PtrAaaa = "ptr_aaaa": "AAAA of a PTR name",
        /// The IPv4 addresses of a domain's mail hosts, or of the domain if it has no MX.
        MxA = "mx_a": "A of mail hosts",
        /// The IPv6 addresses of a domain's mail hosts, or of the domain if it has no MX.
        MxAaaa = "mx_aaaa": "AAAA of mail hosts",
        /// The IPv4 addresses of the mail hosts of a domain whose MX was asked for with DO. Software that delivers mail with DANE sets DO
        /// (RFC 7672 section 2.2), and software that receives mail does not.
        DaneA = "dane_a": "A for DANE",
        /// The IPv6 addresses of the mail hosts of a domain whose MX was asked for with DO.
        DaneAaaa = "dane_aaaa": "AAAA for DANE",
        /// The TLSA records (certificates) of a mail host whose MX and addresses are secure.
        Tlsa = "tlsa": "TLSA of mail hosts",
        /// The SPF record of a domain whose MX was asked for.
        Spf = "spf": "SPF record",
        /// The SPF records that an SPF record includes, or redirects to.
        SpfChain = "spf_chain": "SPF includes",
        /// The addresses and MX records to which the terms of an SPF record refer.
        SpfHosts = "spf_hosts": "hosts in SPF records",
        /// The DMARC record of a domain.
        Dmarc = "dmarc": "DMARC record",
        /// The DMARC records of the domains above a domain that has none.
        DmarcWalk = "dmarc_walk": "DMARC of higher domains",
        /// The DKIM keys of a domain that clients have asked for before.
        Dkim = "dkim": "DKIM keys",
        /// The MTA-STS record of a domain whose MX was asked for with DO, if mail servers ask this host for TLS policies.
        MtaSts = "mta_sts": "MTA-STS record",
    }
}

words! {
    /// The state of a look-ahead rule, which decides if look-ahead asks its questions in advance.
    pub enum RuleState {
        /// Look-ahead asks the questions of the rule in advance.
        Active = "active",
        /// Clients used too few of the rule's questions: look-ahead only counts how many of them clients ask.
        Inactive = "inactive",
        /// Too few of the rule's questions have been judged so far: look-ahead asks them in advance.
        Learning = "learning",
    }
}

impl Rule {
    /// Returns the number (from 1) with which this rule marks the answers that it has asked for.
    pub const fn mark(self) -> u8 {
        (self as u8).saturating_add(1)
    }

    /// Returns the rule that marks answers with this number.
    pub fn of_mark(mark: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.mark() == mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_index_and_mark() {
        for (place, rule) in Rule::ALL.into_iter().enumerate() {
            assert_eq!(rule.index(), place);
            assert_eq!(Rule::of_mark(rule.mark()), Some(rule));
        }
        assert_eq!(Rule::of_mark(0), None);
    }
}
