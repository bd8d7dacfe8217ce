//! Mail hosts that senders do not reach, because their addresses are private or those of documentation, or need IPv6.
//!
//! RFC 5321 section 5.1 (senders try each address), RFC 5737 and RFC 3849 (documentation).

use std::net::IpAddr;

use crate::codes::{Code, remedies};
use crate::facts::DomainFacts;
use crate::facts::private_address::is_private;
use crate::finding::{Finding, Level};
use crate::part::About;

/// Addresses with the word before them.
pub(crate) fn listed(addresses: &[IpAddr]) -> String {
    let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    format!("the {} {}", if list.len() == 1 { "address" } else { "addresses" }, list.join(", "))
}

/// Whether the address is one of examples in documentation (RFC 5737, RFC 3849).
fn is_documentation(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_documentation(),
        IpAddr::V6(v6) => v6.segments().starts_with(&[0x2001, 0xdb8]),
    }
}

/// Whether no host on the internet has the address, or reaches it.
fn is_unreachable(address: &IpAddr) -> bool {
    is_private(*address) || is_documentation(*address)
}

/// The ways to the mail hosts of a domain.
pub(crate) struct Reach {
    /// The hosts with an address that senders reach.
    public: Vec<String>,
    /// Whether senders reach them over IPv6 alone.
    pub(crate) needs_ipv6: bool,
}

impl Reach {
    /// The ways to these hosts of a domain that names so many.
    pub(crate) fn of(facts: &DomainFacts, hosts: &[String], named: usize) -> Self {
        let reached = |host: &String| {
            let addresses = facts.addresses(host).into_iter();
            addresses.filter(|address| !is_unreachable(address)).collect::<Vec<IpAddr>>()
        };
        let public: Vec<String> = hosts.iter().filter(|host| !reached(host).is_empty()).cloned().collect();
        // Nothing is said of all hosts unless all were looked up.
        let are_known = named == hosts.len() && hosts.iter().all(|host| facts.lookup(host, "A").is_known());
        let has_ipv4 = hosts.iter().flat_map(reached).any(|address| address.is_ipv4());
        let needs_ipv6 = are_known && !public.is_empty() && !has_ipv4;
        Self { public, needs_ipv6 }
    }

    /// Whether senders reach a host.
    pub(crate) const fn has_public(&self) -> bool {
        !self.public.is_empty()
    }

    /// The finding about private addresses of a host. Senders try these, and the others too; senders without IPv6 have none of the others
    /// if all are of IPv6.
    pub(crate) fn private(&self, facts: &DomainFacts, host: &str) -> Option<Finding> {
        let private: Vec<IpAddr> = facts.addresses(host).into_iter().filter(is_unreachable).collect();
        if private.is_empty() {
            return None;
        }
        let is_cut_off = self.needs_ipv6 && private.iter().any(IpAddr::is_ipv4);
        let evidence = format!("{host} has {}", listed(&private));
        let is_own = self.public.iter().any(|public| public == host);
        let others = if is_own { "its public address".to_owned() } else { self.public.join(", ") };
        let found = |text: &str| {
            let finding = Finding::new(Code::MxPrivateAddress, format!("{evidence}{text}"));
            finding.about([About::Host(host.to_owned())])
        };
        Some(match self.has_public() {
            false => found(""),
            true if is_cut_off => found(&format!(
                "; senders also try {others}, over IPv6 alone: senders without IPv6 do not deliver"
            )),
            true => {
                let told = found(&format!("; senders also try {others}: mail is late, and not lost"));
                told.at(Level::Warning).to_do(remedies::PRIVATE_BESIDE_PUBLIC)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;
    use crate::mail::check;

    /// The findings about addresses of a domain.
    fn of(lines: &str) -> Vec<(Code, Level, String)> {
        let wanted = [Code::MxPrivateAddress, Code::MxWithoutIpv4, Code::NoMx];
        let found = check(&facts("a.test.", lines)).into_iter();
        let found = found.filter(|finding| wanted.contains(&finding.code));
        found.map(|finding| (finding.code, finding.level, finding.evidence)).collect()
    }

    #[test]
    fn a_private_ipv4_address_beside_public_ipv6_ones_stops_senders_without_ipv6() {
        let one = of(
            "lookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. A | 10.0.0.1\nlookup mx.a.test. AAAA | 2001:2::1",
        );
        let told = "mx.a.test. has the address 10.0.0.1; senders also try its public address, over IPv6 alone: senders without IPv6 do not deliver";
        let without = |names: &str| (Code::MxWithoutIpv4, Level::Warning, names.to_owned());
        assert_eq!(one, [(Code::MxPrivateAddress, Level::Failure, told.to_owned()), without("mx.a.test.")]);
        let lines = "lookup a.test. MX | 10 in.a.test. | 20 six.a.test.\nlookup in.a.test. A | 10.0.0.1 | 10.0.0.2\nlookup in.a.test. AAAA
            lookup six.a.test. AAAA | 2001:2::1\nlookup six.a.test. A";
        let two = of(lines);
        let told = "in.a.test. has the addresses 10.0.0.1, 10.0.0.2; senders also try six.a.test., over IPv6 alone: senders without IPv6 do \
                    not deliver";
        assert_eq!(two[0], (Code::MxPrivateAddress, Level::Failure, told.to_owned()));
        assert_eq!(two[1..], [without("in.a.test., six.a.test.")]);
        let unknown = of(&format!("{lines} SERVFAIL"));
        assert!(unknown.len() == 1 && unknown[0].1 == Level::Warning, "the other may have one: {unknown:?}");
    }

    #[test]
    fn a_private_address_of_the_other_family_or_beside_a_public_one_delays_mail() {
        for addresses in [
            "A | 198.18.0.1\nlookup mx.a.test. AAAA | fd00::1",
            "A | 198.18.0.1 | 10.0.0.1\nlookup mx.a.test. AAAA | 2001:2::1",
        ] {
            let found = of(&format!("lookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. {addresses}"));
            assert_eq!((found.len(), found[0].1), (1, Level::Warning), "{addresses}");
            assert!(found[0].2.ends_with("mail is late, and not lost"), "{found:?}");
        }
    }

    #[test]
    fn the_address_of_a_domain_without_mx_is_judged_alike() {
        let found = of("lookup a.test. MX\nlookup a.test. A | 10.0.0.1\nlookup a.test. AAAA | 2001:2::1");
        let evidence = "a.test. has no MX; it has the addresses 10.0.0.1, 2001:2::1; senders without IPv6 do not deliver";
        let plain = "a.test. has no MX; it has the addresses 10.0.0.1, 2001:2::1";
        assert_eq!(
            found,
            [
                (Code::MxPrivateAddress, Level::Failure, evidence.to_owned()),
                (Code::NoMx, Level::Warning, plain.to_owned()),
                (Code::MxWithoutIpv4, Level::Warning, "a.test.".to_owned())
            ]
        );
    }
}
