//! Groups the addresses of name servers into hosts, so that a fault of a host is counted once (RFC 9499 section 6).
//!
//! If a name has several addresses of one family, they may belong to several machines. So each address counts as a separate host.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::delegation::groups;
use dns::conduct::network_of;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Host {
    addresses: BTreeSet<IpAddr>,
    names: BTreeSet<String>,
}

impl Host {
    /// Returns the addresses and names of the host as text.
    fn shown(&self) -> String {
        let addresses: Vec<String> = self.addresses.iter().map(IpAddr::to_string).collect();
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let addresses = addresses.join(" and ");
        if names.is_empty() { addresses } else { format!("{addresses} ({})", names.join(", ")) }
    }
}

/// Groups addresses into hosts. An IPv4 and an IPv6 address with the same server names are one host.
fn hosts(
    servers: &BTreeMap<IpAddr, BTreeSet<String>>,
    addresses: impl IntoIterator<Item = IpAddr>,
) -> Vec<Host> {
    let mut found: Vec<Host> = Vec::new();
    for address in addresses {
        let names = servers.get(&address).cloned().unwrap_or_default();
        let same = || servers.iter().filter(|(_, of)| **of == names).map(|(other, _)| other.is_ipv4());
        let ipv4 = same().filter(|is_ipv4| *is_ipv4).count();
        let are_several = ipv4 > 1 || same().count() - ipv4 > 1;
        let of_one = found.iter_mut().find(|known| {
            let is_other_family = known.addresses.iter().all(|other| other.is_ipv4() != address.is_ipv4());
            known.names == names && !names.is_empty() && is_other_family && !are_several
        });
        match of_one {
            Some(known) => drop(known.addresses.insert(address)),
            None => found.push(Host { addresses: BTreeSet::from([address]), names }),
        }
    }
    found
}

pub(crate) fn count(servers: &BTreeMap<IpAddr, BTreeSet<String>>) -> usize {
    hosts(servers, servers.keys().copied()).len()
}

pub(crate) fn shown(
    servers: &BTreeMap<IpAddr, BTreeSet<String>>,
    addresses: impl IntoIterator<Item = IpAddr>,
) -> Vec<String> {
    hosts(servers, addresses).iter().map(Host::shown).collect()
}

/// Describes servers with their behaviour: `all` has each address with the behaviour of the server. The addresses of one host with the same behaviour
/// are named together.
pub(crate) fn with_conduct(servers: &BTreeMap<IpAddr, BTreeSet<String>>, all: &[(IpAddr, String)]) -> String {
    let mut conducts: Vec<(&str, Vec<IpAddr>)> = Vec::new();
    for (server, conduct) in all {
        match conducts.iter_mut().find(|(known, _)| known == conduct) {
            Some((_, addresses)) => addresses.push(*server),
            None => conducts.push((conduct, vec![*server])),
        }
    }
    let by_host = conducts
        .into_iter()
        .flat_map(|(conduct, of)| shown(servers, of).into_iter().map(move |host| (host, conduct)));
    let by_host: Vec<(String, &str)> = by_host.collect();
    groups::with_conduct(by_host.iter().map(|(host, conduct)| (host.as_str(), *conduct)))
}

/// Replaces the addresses in each group (an answer, and the addresses of the servers that gave it) by descriptions of their hosts.
pub(crate) fn of_groups(
    servers: &BTreeMap<IpAddr, BTreeSet<String>>,
    groups: impl IntoIterator<Item = (String, Vec<IpAddr>)>,
) -> Vec<(String, Vec<String>)> {
    groups.into_iter().map(|(said, addresses)| (said, shown(servers, addresses))).collect()
}

/// Returns true if there are several hosts in one network: all IPv4 addresses in one /24, and all IPv6 addresses in one /48. If there are
/// both, one host must have addresses of both families, which shows that the /24 and the /48 are at the same location.
pub(crate) fn are_in_one_network(servers: &BTreeMap<IpAddr, BTreeSet<String>>) -> bool {
    let hosts = hosts(servers, servers.keys().copied());
    let networks = |ipv4: bool| -> BTreeSet<IpAddr> {
        servers
            .keys()
            .filter(|address| address.is_ipv4() == ipv4)
            .map(|address| network_of(*address))
            .collect()
    };
    let (of_ipv4, of_ipv6) = (networks(true), networks(false));
    let are_joined = of_ipv4.is_empty()
        || of_ipv6.is_empty()
        || hosts.iter().any(|host| {
            host.addresses.iter().any(IpAddr::is_ipv4) && host.addresses.iter().any(IpAddr::is_ipv6)
        });
    hosts.len() > 1 && of_ipv4.len() <= 1 && of_ipv6.len() <= 1 && are_joined
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parses words such as `192.0.2.1=ns1,ns2`.
    fn servers(words: &str) -> BTreeMap<IpAddr, BTreeSet<String>> {
        let server = |word: &str| {
            let (address, names) = word.split_once('=').unwrap();
            (address.parse().unwrap(), names.split(',').map(str::to_owned).collect())
        };
        words.split_whitespace().map(server).collect()
    }

    #[test]
    fn dual_stack_addresses_are_same_host() {
        for (words, expected) in [
            (
                "198.18.0.1=a 2001:2::1=a 198.18.0.2=b 2001:2::2=b",
                "198.18.0.1 and 2001:2::1 (a); 198.18.0.2 and 2001:2::2 (b)",
            ),
            ("198.18.0.1=a 198.18.0.2=a 2001:2::1=a", "198.18.0.1 (a); 198.18.0.2 (a); 2001:2::1 (a)"),
            ("198.18.0.1=a 2001:2::1=b", "198.18.0.1 (a); 2001:2::1 (b)"),
        ] {
            let servers = servers(words);
            assert_eq!(shown(&servers, servers.keys().copied()).join("; "), expected, "{words}");
        }
        let part = servers("198.18.0.1=a 2001:2::1=a");
        assert_eq!(shown(&part, ["2001:2::1".parse().unwrap()]), ["2001:2::1 (a)"]);
    }

    #[test]
    fn conduct_is_shown_per_host() {
        let all = servers("198.18.0.1=a 2001:2::1=a 198.18.0.2=b 2001:2::2=b");
        let shown_by = |conducts: [&str; 4]| {
            let shown_by: Vec<_> = all.keys().copied().zip(conducts.map(str::to_owned)).collect();
            with_conduct(&all, &shown_by)
        };
        assert_eq!(
            shown_by(["is lame"; 4]),
            "198.18.0.1 and 2001:2::1 (a) is lame; 198.18.0.2 and 2001:2::2 (b) is lame"
        );
        assert_eq!(
            shown_by(["is lame", "is lame", "is slow", "is lame"]),
            "198.18.0.1 (a) is lame; 198.18.0.2 and 2001:2::2 (b) is lame; 2001:2::1 (a) is slow"
        );
    }

    #[test]
    fn shared_network_needs_every_family() {
        for (words, expected) in [
            ("9.0.0.1=a 9.0.0.2=b", true),
            ("9.0.0.1=a 2a00:1::1=a 9.0.0.2=b 2a00:1::2=b", true),
            ("9.0.0.1=a 2a00:1::1=a 9.0.0.2=b", true),
            ("9.0.0.1=a 2a00:1::1=b", false),
            ("9.0.0.1=a 2a00:1::1=a", false),
            ("9.0.0.1=a 2a00:1::1=a 9.0.0.2=b 2a00:2::2=b", false),
            ("9.0.0.1=a 9.0.1.2=b", false),
        ] {
            assert_eq!(are_in_one_network(&servers(words)), expected, "{words}");
        }
    }
}
