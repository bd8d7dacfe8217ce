//! Detects configured servers that are listeners of resolverd itself, so that queries to them would come back.
//!
//! It is no error if a zone is forwarded to another listener of resolverd that does not see this zone. With `[[view]]`, the listener
//! selects the view by the source address of resolverd's query. A circle over several listeners, of which each forwards to the next, is not
//! detected. Its queries end at their deadline.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use super::clients::ClientNetworks;
use crate::Wrong;
use config::seen::SeenZones;
use config::{Config, ConfiguredZone, ListenAt, ListenFor, ZoneKind};

/// Rejects a configuration with a zone whose queries would come back to a listener that sees the same zone.
pub(super) fn refuse(config: &Config) -> Result<(), Wrong> {
    let networks = ClientNetworks::from_views(&config.views);
    for zone in &config.zones {
        let (key, servers) = servers(zone);
        for (server, is_encrypted) in servers {
            if let Some(at) = own_listener(zone, (server, is_encrypted), config, &networks) {
                let wrong = format!(
                    "{key} contains {server}, at which resolverd itself listens ({at}): its queries would come back to it; write the address and port of another server"
                );
                return Err(Wrong::in_zone(zone, wrong));
            }
        }
    }
    Ok(())
}

/// Returns the configuration key of a zone's servers, and each server. The boolean is true for an encrypted connection.
fn servers(zone: &ConfiguredZone) -> (&'static str, Vec<(SocketAddr, bool)>) {
    match &zone.kind {
        ZoneKind::Forward(forwarders) => {
            let servers = forwarders.iter().map(|one| (one.address, one.encryption.is_some()));
            ("forward", servers.collect())
        }
        ZoneKind::Stub(servers) => ("stub", servers.iter().map(|server| (*server, false)).collect()),
        ZoneKind::Recurse | ZoneKind::File { .. } | ZoneKind::Records(_) | ZoneKind::Blocked => {
            ("", Vec::new())
        }
    }
}

/// Returns the address of resolverd's own listener that a query to `server` would reach, if the sender of this query sees `zone` at this
/// listener. The listener would then send the query to `server` again.
fn own_listener(
    zone: &ConfiguredZone,
    (server, is_encrypted): (SocketAddr, bool),
    config: &Config,
    networks: &ClientNetworks,
) -> Option<SocketAddr> {
    let sources = if zone.source.is_empty() { &config.resolve.source } else { &zone.source };
    let view = networks.view(source(server, sources)).and_then(|view| config.views.get(view));
    // An encrypted connection to a listener without encryption always fails, so such a server is refused like one from which queries come back.
    let comes_to = |at: &ListenAt| match at.serves {
        ListenFor::Plain => true,
        ListenFor::Tls | ListenFor::Https => is_encrypted,
        ListenFor::Quic => false,
    };
    config.all_listeners().find_map(|listener| {
        let seen = match view.filter(|_| listener.zones.is_none()) {
            Some(view) => SeenZones::of_view(view, config),
            None => SeenZones::of_listener(listener),
        };
        let is_seen = || seen.zones_in(config).into_iter().any(|other| std::ptr::eq(other, zone));
        let mut listens = listener.all_addresses().filter(comes_to).map(|at| at.address);
        listens.find(|at| is_at(*at, server, is_ours)).filter(|_| is_seen())
    })
}

/// Returns the source address of a query to a server on this host: one of `sources`, or the choice of the kernel. The kernel chooses
/// 127.0.0.1 for an IPv4 loopback address, and otherwise the address of the server.
fn source(server: SocketAddr, sources: &[IpAddr]) -> IpAddr {
    let asked = server.ip().to_canonical();
    let configured = sources.iter().find(|source| source.is_ipv4() == asked.is_ipv4()).copied();
    configured.unwrap_or_else(|| match asked {
        IpAddr::V4(address) if address.is_loopback() => Ipv4Addr::LOCALHOST.into(),
        asked => asked,
    })
}

/// Returns true if a query to `server` arrives at `listener`. `is_ours` returns true if an address belongs to this host.
fn is_at(listener: SocketAddr, server: SocketAddr, is_ours: impl Fn(SocketAddr) -> bool) -> bool {
    let (own, asked) = (listener.ip().to_canonical(), server.ip().to_canonical());
    let is_same = || own == asked && is_one_link(listener, server);
    listener.port() == server.port()
        && own.is_ipv4() == asked.is_ipv4()
        && (is_same() || (own.is_unspecified() && (asked.is_loopback() || is_ours(server))))
}

/// Returns false only for link-local addresses of different links (network interfaces).
fn is_one_link(one: SocketAddr, other: SocketAddr) -> bool {
    let scope = |address: SocketAddr| match address {
        SocketAddr::V6(address) => address.scope_id(),
        SocketAddr::V4(_) => 0,
    };
    let (one, other) = (scope(one), scope(other));
    one == other || one == 0 || other == 0
}

/// Returns true if the address belongs to this host. No packet is sent.
///
/// A UDP socket is connected to the address. The kernel sends packets to one of the host's own addresses from the same address, so the
/// source address of the socket is then the address itself. For IPv4, the kernel may choose another address of the same network, so the
/// socket is first bound to the address. If the address does not belong to the host, the connection then fails, even with
/// `ip_nonlocal_bind`.
fn is_ours(server: SocketAddr) -> bool {
    let asked = match server.ip().to_canonical() {
        IpAddr::V4(address) => SocketAddr::new(address.into(), server.port()),
        IpAddr::V6(_) => server,
    };
    let from = if asked.is_ipv4() { asked.ip() } else { [0_u16; 8].into() };
    let sends_from = UdpSocket::bind((from, 0)).and_then(|socket| {
        socket.connect(asked)?;
        socket.local_addr()
    });
    sends_from.is_ok_and(|from| from.ip() == asked.ip())
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Listener;

    // A wildcard listener is reached at each address of this host.
    #[test]
    fn forwarder_at_own_listener_is_found() {
        let ours = |address: SocketAddr| address.ip() == IpAddr::from([192, 0, 2, 1]);
        for (listener, server, asked) in [
            ("127.0.0.1:53", "127.0.0.1:53", true),
            ("127.0.0.1:53", "127.0.0.1:5353", false),
            ("127.0.0.1:53", "127.0.0.2:53", false),
            ("127.0.0.1:53", "[::ffff:127.0.0.1]:53", true),
            ("[::1]:53", "[::1]:53", true),
            ("[::1]:53", "127.0.0.1:53", false),
            ("0.0.0.0:53", "127.0.0.9:53", true),
            ("0.0.0.0:53", "192.0.2.1:53", true),
            ("0.0.0.0:53", "192.0.2.2:53", false),
            ("0.0.0.0:53", "[::1]:53", false),
            ("[::]:53", "[::1]:53", true),
            ("[::]:53", "127.0.0.1:53", false),
            ("[fe80::1%2]:53", "[fe80::1%2]:53", true),
            ("[fe80::1%2]:53", "[fe80::1%3]:53", false),
            ("[fe80::1]:53", "[fe80::1%3]:53", true),
        ] {
            let (listener_at, server_at) = (listener.parse().unwrap(), server.parse().unwrap());
            assert_eq!(is_at(listener_at, server_at, ours), asked, "{listener} {server}");
        }
    }

    // Only a listener that sees the zone makes a circle.
    #[test]
    fn zone_forwarding_to_itself_is_refused() {
        let refused = |seen: &str, to: &str| {
            let text = format!(
                "version = 1\n[listen]\naddresses = [\"127.0.0.1:5301\"]\n[[listener]]\naddresses = [\"127.0.0.1:5300\"]\nzones = [{seen}]\n[[zone]]\nname = \"a\"\nforward = [\"{to}\"]\n"
            );
            let config = Config::read_over(Config::default(), &text, std::path::Path::new("/")).unwrap();
            refuse(&config).err().map(|wrong| wrong.zone)
        };
        assert_eq!(refused("\"a\"", "127.0.0.1:5300").as_deref(), Some("a."));
        assert_eq!(refused("", "127.0.0.1:5300"), None, "that listener resolves the names itself");
        assert_eq!(refused("", "127.0.0.1:5301").as_deref(), Some("a."));
        assert_eq!(refused("\"a\"", "127.0.0.1:5353"), None);
    }

    // The source address of the query selects the view that answers it.
    #[test]
    fn circle_depends_on_view_of_source() {
        let refused = |clients: &str, source: &str| {
            let text = format!(
                "version = 1\n[listen]\naddresses = [\"127.0.0.1:5300\"]\n[[view]]\nname = \"office\"\nclients = [\"{clients}\"]\n[[zone]]\nname = \"a\"\nview = \"office\"\nforward = [\"127.0.0.1:5300\"]\n{source}"
            );
            let config = Config::read_over(Config::default(), &text, std::path::Path::new("/")).unwrap();
            refuse(&config).err().map(|wrong| wrong.zone)
        };
        assert_eq!(refused("10.0.0.0/8", ""), None, "the zone is not seen at the own address");
        assert_eq!(refused("127.0.0.0/8", "").as_deref(), Some("a. of the view office"));
        assert_eq!(refused("127.0.0.0/8", "source = [\"10.0.0.1\"]\n"), None);
    }

    #[test]
    fn encrypted_forwarder_to_itself_is_refused() {
        let at = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        let is_refused = |server: &str| {
            let text = format!("version = 1\n[[zone]]\nname = \".\"\nforward = [\"{server}\"]\n");
            let mut config = Config::read_over(Config::default(), &text, std::path::Path::new("/")).unwrap();
            config.listen = Listener {
                addresses: vec![at(5_300)],
                tls: vec![at(5_853)],
                https: vec![at(5_443)],
                quic: vec![at(5_854)],
                ..config.listen
            };
            refuse(&config).is_err()
        };
        for (server, refused) in [
            ("127.0.0.1:5300", true),
            ("tls://127.0.0.1:5300#dns.example", true),
            ("tls://127.0.0.1:5853#dns.example", true),
            ("https://127.0.0.1:5443#dns.example", true),
            ("tls://127.0.0.2:5853#dns.example", false),
            // Port 5853 is only for TLS, and port 5854 only for QUIC (over UDP), so neither of these forwarders is a listener here.
            ("127.0.0.1:5853", false),
            ("tls://127.0.0.1:5854#dns.example", false),
        ] {
            assert_eq!(is_refused(server), refused, "{server}");
        }
    }

    #[test]
    fn loopback_addresses_belong_to_host() {
        // The kernel sends packets to 127.0.0.9 with the source address 127.0.0.1, but 127.0.0.9 belongs to this host too.
        for (address, is_it) in [([127, 0, 0, 1], true), ([127, 0, 0, 9], true), ([192, 0, 2, 1], false)] {
            assert_eq!(is_ours((address, 53).into()), is_it, "{address:?}");
        }
    }
}
