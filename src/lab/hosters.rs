//! The hosters of the built-in internet, and names of their addresses.

use std::net::Ipv4Addr;

/// A company that runs name servers and mail hosts for others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hoster {
    /// Its own domain.
    pub(super) domain: &'static str,
    /// Its name servers: in its domain, in a sibling, or under another TLD altogether.
    pub(super) servers: &'static [&'static str],
    /// Further domains that hold its servers' names.
    pub(super) server_domains: &'static [&'static str],
    /// The /24 of its mail hosts: documentation and benchmark space (RFC 5737, RFC 2544).
    pub(super) block: [u8; 3],
    /// Median of its servers' distance, in milliseconds.
    pub(super) median: u32,
}

/// The hosters: near and far, well and badly run.
pub(super) const HOSTERS: [Hoster; 8] = [
    Hoster {
        domain: "alphahost.net",
        servers: &["ns1.alphahost.net", "ns2.alphahost.net", "ns3.alphahost.net"],
        server_domains: &[],
        block: [198, 18, 2],
        median: 8,
    },
    Hoster {
        domain: "betahost.com",
        servers: &["ns1.betahost.com", "ns2.betahost.com"],
        server_domains: &[],
        block: [198, 18, 100],
        median: 25,
    },
    Hoster {
        domain: "gammahost.org",
        servers: &["ns1.gammahost.org", "ns2.gammahost.org", "ns3.gamma-dns.com", "ns4.gamma-dns.com"],
        server_domains: &["gamma-dns.com"],
        block: [198, 19, 113],
        median: 40,
    },
    Hoster {
        domain: "deltahost.de",
        servers: &["ns1.delta-dns.de", "ns2.delta-dns.de"],
        server_domains: &["delta-dns.de"],
        block: [198, 18, 10],
        median: 60,
    },
    Hoster {
        domain: "epsilonhost.co.uk",
        servers: &["ns1.epsilon-dns.org", "ns2.epsilon-dns.net", "ns3.epsilon-dns.org"],
        server_domains: &["epsilon-dns.org", "epsilon-dns.net"],
        block: [198, 18, 20],
        median: 90,
    },
    Hoster {
        domain: "zetahost.com",
        servers: &["ns1.zetahost.com", "ns2.zetahost.com"],
        server_domains: &[],
        block: [198, 19, 30],
        median: 130,
    },
    Hoster {
        domain: "etahost.net",
        servers: &["ns1.etahost.net", "ns2.eta-dns.de"],
        server_domains: &["eta-dns.de"],
        block: [198, 19, 40],
        median: 180,
    },
    Hoster {
        domain: "thetahost.example",
        servers: &["ns1.thetahost.example", "ns2.thetahost.example"],
        server_domains: &[],
        block: [198, 19, 50],
        median: 240,
    },
];

/// An address in the form of lists and in-addr.arpa: last octet first.
pub(crate) fn reversed(address: Ipv4Addr) -> String {
    let [first, second, third, last] = address.octets();
    format!("{last}.{third}.{second}.{first}")
}
