//! The default values of all keys. `conf/resolverd.toml` has the same values, as a test checks.
//!
//! The defaults of a `[[list]]` are in [`List::new`](dnsbl::list::List::new), because they depend on the purpose of the list, and lists of the
//! registry need them too.
//!
//! The root servers come from <https://www.iana.org/domains/root/servers>. Old addresses are harmless, because resolverd learns the current ones from
//! any root server that still answers (RFC 9609 section 2).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use hickory_proto::rr::Name;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::addresses::FIRST_SOURCE_PORT;
pub use super::addresses::{HTTPS_PATH, HTTPS_PORT, PORT, QUIC_PORT, TLS_PORT};
pub use super::records::RECORD_TTL;
use super::{
    Cache, Config, ConfiguredWatch, ConfiguredZone, Control, Dnsbl, Dnssec, DnstapSection, Family,
    FleetSection, HistorySection, Listener, LogSection, LookaheadMode, LookaheadSection, MetricsSection,
    OwnSection, PageReaders, Redact, Resolve, RootHints, TlsPolicySection, TrustAnchor, WatchAs, WatchLevel,
    ZoneKind,
};
use dnsbl::batch::Mode;
use dnsbl::list::Guard;
use dnsbl::registry::Registry;
use dnstap::tapped::TapKind;
use validate::anchors::Anchors;

/// The default path of the configuration file. If it does not exist, all defaults apply.
pub const FILE: &str = "/etc/resolverd/resolverd.toml";

/// The control socket, through which `resolverctl` talks to the daemon.
pub const SOCKET: &str = "/run/resolverd/control.sock";

/// By default, only this host may query, because attackers abuse open resolvers.
const ALLOW: [IpNet; 2] = [v4(127, 0, 0, 0, 8), v6([0, 0, 0, 0, 0, 0, 0, 1], 128)];

/// Networks without servers of the public internet (RFC 6890, RFC 1918, RFC 4193, RFC 6598, RFC 5737, RFC 3849, RFC 9637). A delegation with such an
/// address may be an attempt to make resolverd attack this host or its network.
const DENY_SERVERS: [IpNet; 20] = [
    v4(127, 0, 0, 0, 8),
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128),
    v4(0, 0, 0, 0, 8),
    v6([0; 8], 128),
    v4(224, 0, 0, 0, 4),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8),
    v4(255, 255, 255, 255, 32),
    v4(169, 254, 0, 0, 16),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10),
    v4(10, 0, 0, 0, 8),
    v4(172, 16, 0, 0, 12),
    v4(192, 168, 0, 0, 16),
    v4(100, 64, 0, 0, 10),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7),
    v4(192, 0, 2, 0, 24),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
    // All IPv4-mapped addresses are denied. Otherwise a delegation could name a denied IPv4 address in this form.
    v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96),
];

/// The letter of each root server with its IPv4 and its IPv6 address.
const ROOT_SERVERS: [(&str, Ipv4Addr, Ipv6Addr); 13] = [
    ("a", Ipv4Addr::new(198, 41, 0, 4), Ipv6Addr::new(0x2001, 0x503, 0xba3e, 0, 0, 0, 2, 0x30)),
    ("b", Ipv4Addr::new(170, 247, 170, 2), Ipv6Addr::new(0x2801, 0x1b8, 0x10, 0, 0, 0, 0, 0xb)),
    ("c", Ipv4Addr::new(192, 33, 4, 12), Ipv6Addr::new(0x2001, 0x500, 2, 0, 0, 0, 0, 0xc)),
    ("d", Ipv4Addr::new(199, 7, 91, 13), Ipv6Addr::new(0x2001, 0x500, 0x2d, 0, 0, 0, 0, 0xd)),
    ("e", Ipv4Addr::new(192, 203, 230, 10), Ipv6Addr::new(0x2001, 0x500, 0xa8, 0, 0, 0, 0, 0xe)),
    ("f", Ipv4Addr::new(192, 5, 5, 241), Ipv6Addr::new(0x2001, 0x500, 0x2f, 0, 0, 0, 0, 0xf)),
    ("g", Ipv4Addr::new(192, 112, 36, 4), Ipv6Addr::new(0x2001, 0x500, 0x12, 0, 0, 0, 0, 0xd0d)),
    ("h", Ipv4Addr::new(198, 97, 190, 53), Ipv6Addr::new(0x2001, 0x500, 1, 0, 0, 0, 0, 0x53)),
    ("i", Ipv4Addr::new(192, 36, 148, 17), Ipv6Addr::new(0x2001, 0x7fe, 0, 0, 0, 0, 0, 0x53)),
    ("j", Ipv4Addr::new(192, 58, 128, 30), Ipv6Addr::new(0x2001, 0x503, 0xc27, 0, 0, 0, 2, 0x30)),
    ("k", Ipv4Addr::new(193, 0, 14, 129), Ipv6Addr::new(0x2001, 0x7fd, 0, 0, 0, 0, 0, 1)),
    ("l", Ipv4Addr::new(199, 7, 83, 42), Ipv6Addr::new(0x2001, 0x500, 0x9f, 0, 0, 0, 0, 0x42)),
    ("m", Ipv4Addr::new(202, 12, 27, 33), Ipv6Addr::new(0x2001, 0xdc3, 0, 0, 0, 0, 0, 0x35)),
];

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix))
}

const fn v6(segments: [u16; 8], prefix: u8) -> IpNet {
    let [a, b, c, d, e, f, g, h] = segments;
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix))
}

impl Default for Listener {
    fn default() -> Self {
        let addresses = vec![
            SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT),
            SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), PORT),
        ];
        Self {
            addresses,
            tls: Vec::new(),
            https: Vec::new(),
            quic: Vec::new(),
            certificate: None,
            key: None,
            allow: ALLOW.to_vec(),
            open_resolver: false,
            refuse: Vec::new(),
            drop: Vec::new(),
            workers: 0,
            zones: None,
            dnsbl: Guard::Guard,
            on_refusal: None,
            lookahead: None,
        }
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            size: 256 << 20,
            max_ttl: Duration::from_secs(24 * 60 * 60),
            negative_max_ttl: Duration::from_secs(60 * 60),
            serve_stale: Duration::from_secs(60 * 60),
            prefetch: true,
            snapshot: true,
        }
    }
}

impl Default for Resolve {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(4),
            root_hints: RootHints::default(),
            ipv4: Family::Auto,
            ipv6: Family::Auto,
            deny_servers: DENY_SERVERS.to_vec(),
            private_addresses: Vec::new(),
            private_domains: Vec::new(),
            qname_minimisation: true,
            race: true,
            upstream_port: PORT,
            source: Vec::new(),
            source_ports: FIRST_SOURCE_PORT..=u16::MAX,
        }
    }
}

impl Default for RootHints {
    fn default() -> Self {
        let servers = ROOT_SERVERS.iter().filter_map(|(letter, ipv4, ipv6)| {
            let name = Name::from_ascii(format!("{letter}.root-servers.net.")).ok()?;
            Some((name, vec![IpAddr::V4(*ipv4), IpAddr::V6(*ipv6)]))
        });
        Self { path: None, servers: servers.collect() }
    }
}

impl Default for Dnssec {
    fn default() -> Self {
        let trust_anchor = TrustAnchor { path: None, anchors: Anchors::built_in() };
        Self {
            validate: true,
            trust_anchor,
            update_trust_anchors: true,
            negative_trust_anchors: Vec::new(),
            sha1: false,
        }
    }
}

impl Default for ConfiguredZone {
    /// The name and the servers are placeholders. The caller replaces them.
    fn default() -> Self {
        Self {
            name: Name::root(),
            view: None,
            kind: ZoneKind::Stub(Vec::new()),
            forward_first: false,
            locally_served: false,
            source: Vec::new(),
            max_ttl: None,
            negative_max_ttl: None,
            validate: true,
        }
    }
}

impl Default for Dnsbl {
    fn default() -> Self {
        Self {
            path: None,
            registry: Registry::built_in(),
            batch: Mode::Learned,
            batch_groups: Vec::new(),
            batch_waste: 3,
        }
    }
}

impl Default for LookaheadSection {
    fn default() -> Self {
        Self { mode: LookaheadMode::Learned }
    }
}

impl Default for ConfiguredWatch {
    fn default() -> Self {
        Self {
            domain: Name::root(),
            side: WatchAs::Both,
            interval: Duration::from_secs(60 * 60),
            level: WatchLevel::Warning,
        }
    }
}

impl Default for OwnSection {
    fn default() -> Self {
        Self {
            domains: Vec::new(),
            addresses: Vec::new(),
            helo: None,
            certificates: Vec::new(),
            dkim_keys: Vec::new(),
            interval: Duration::from_secs(60 * 60),
        }
    }
}

impl Default for Control {
    fn default() -> Self {
        Self { socket: PathBuf::from(SOCKET) }
    }
}

impl Default for MetricsSection {
    fn default() -> Self {
        Self { listen: None, page: PageReaders::ControlUsers, hosts: Vec::new() }
    }
}

impl Default for HistorySection {
    fn default() -> Self {
        Self { size: None, slow: Duration::from_secs(1), redact: Redact::None }
    }
}

impl Default for DnstapSection {
    /// Without a socket, dnstap is off. With a socket only, DNS messages of all kinds are copied.
    fn default() -> Self {
        Self {
            socket: None,
            messages: TapKind::ALL.map(|(_, kind)| kind).to_vec(),
            identity: String::new(),
            version: String::new(),
        }
    }
}

impl Default for LogSection {
    fn default() -> Self {
        Self { level: tracing::Level::INFO, queries: false }
    }
}

impl Default for Config {
    /// The configuration without a configuration file.
    fn default() -> Self {
        Self {
            listen: Listener::default(),
            has_fixed_addresses: false,
            is_without_snapshot: false,
            listeners: Vec::new(),
            cache: Cache::default(),
            resolve: Resolve::default(),
            dnssec: Dnssec::default(),
            views: Vec::new(),
            zones: Vec::new(),
            hosts: Vec::new(),
            records: Vec::new(),
            dnsbl: Dnsbl::default(),
            lists: Vec::new(),
            lookahead: LookaheadSection::default(),
            watches: Vec::new(),
            own: OwnSection::default(),
            control: Control::default(),
            metrics: MetricsSection::default(),
            tls_policy: TlsPolicySection::default(),
            history: HistorySection::default(),
            dnstap: DnstapSection::default(),
            fleet: FleetSection::default(),
            log: LogSection::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_root_hints_are_complete() {
        let config = Config::default();
        let servers = &config.resolve.root_hints.servers;
        assert_eq!(servers.len(), 13);
        for (name, addresses) in servers {
            assert!(name.is_fqdn());
            assert_eq!(addresses.len(), 2);
            for address in addresses {
                assert!(
                    !config.resolve.deny_servers.iter().any(|denied| denied.contains(address)),
                    "{address}"
                );
            }
        }
    }

    #[test]
    fn only_this_host_is_answered() {
        let listen = Listener::default();
        assert!(listen.addresses.iter().all(|address| address.ip().is_loopback() && address.port() == PORT));
        let stranger: IpAddr = "192.0.2.1".parse().unwrap();
        assert!(!listen.allow.iter().any(|net| net.contains(&stranger)));
    }
}
