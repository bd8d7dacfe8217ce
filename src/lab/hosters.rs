//! The hosting companies ("hosters") of the simulated internet, and the names for their addresses.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// A company that runs name servers and mail hosts for many domains.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hoster {
    pub(super) domain: &'static str,
    /// Its name servers, with names in its own domain, in another domain of the same TLD, or under another TLD.
    pub(super) servers: &'static [&'static str],
    /// The first three octets of the /24 network of its mail hosts (RFC 5737, RFC 2544).
    pub(super) block: [u8; 3],
    /// The median round trip to its name servers, in milliseconds.
    pub(super) median: u32,
}

impl Hoster {
    /// Returns the domains that contain names of its name servers, without the hoster's own domain.
    pub(super) fn server_domains(&self) -> BTreeSet<&'static str> {
        let domains = self.servers.iter().filter_map(|server| Some(server.split_once('.')?.1));
        domains.filter(|domain| *domain != self.domain).collect()
    }
}

const fn hoster(
    domain: &'static str,
    servers: &'static [&'static str],
    block: [u8; 3],
    median: u32,
) -> Hoster {
    Hoster { domain, servers, block, median }
}

/// The hosting companies. The servers of some are near and of some far away, and some companies are badly run.
pub(super) const HOSTERS: [Hoster; 8] = [
    hoster(
        "alphahost.net",
        &["ns1.alphahost.net", "ns2.alphahost.net", "ns3.alphahost.net"],
        [198, 18, 2],
        8,
    ),
    hoster("betahost.com", &["ns1.betahost.com", "ns2.betahost.com"], [198, 18, 100], 25),
    hoster(
        "gammahost.org",
        &["ns1.gammahost.org", "ns2.gammahost.org", "ns3.gamma-dns.com", "ns4.gamma-dns.com"],
        [198, 19, 113],
        40,
    ),
    hoster("deltahost.de", &["ns1.delta-dns.de", "ns2.delta-dns.de"], [198, 18, 10], 60),
    hoster(
        "epsilonhost.co.uk",
        &["ns1.epsilon-dns.org", "ns2.epsilon-dns.net", "ns3.epsilon-dns.org"],
        [198, 18, 20],
        90,
    ),
    hoster("zetahost.com", &["ns1.zetahost.com", "ns2.zetahost.com"], [198, 19, 30], 130),
    hoster("etahost.net", &["ns1.etahost.net", "ns2.eta-dns.de"], [198, 19, 40], 180),
    hoster("thetahost.example", &["ns1.thetahost.example", "ns2.thetahost.example"], [198, 19, 50], 240),
];

/// Returns the octets of an address in reverse order, as in DNS lists and in-addr.arpa.
pub(crate) fn reversed(address: Ipv4Addr) -> String {
    let [first, second, third, last] = address.octets();
    format!("{last}.{third}.{second}.{first}")
}
