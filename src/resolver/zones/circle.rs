//! Finds configured servers that are listeners of resolverd itself: its queries would come back to it.
//!
//! A listener may forward a zone to another one that does not see the zone. It is a circle if that one forwards the names of
//! the zone back, by the route that it has for them. The names of a zone that no zone below it has go the same way, so
//! each zone is followed once. With `[[view]]`, the address that resolverd asks from decides which zones it sees at a listener.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use super::clients::ClientNetworks;
use crate::config::seen::SeenZones;
use crate::config::{Config, ConfiguredZone, ListenAt, ListenFor, Listener, ZoneKind};
use crate::zones::Wrong;

/// A server of a zone that is a listener of resolverd itself.
struct OwnServer {
    server: SocketAddr,
    /// The place of the group of clients that resolverd belongs to there, and the address of the listener.
    group: usize,
    at: SocketAddr,
}

/// The clients of a listener that see the same zones.
struct Group<'c> {
    listener: &'c Listener,
    /// The place of their `[[view]]`; none: they are in no view, or their listener has a list of zones.
    view: Option<usize>,
    /// Their zones.
    zones: SeenZones,
}

/// Refuses a zone whose queries would come back to the clients of the listener that has sent them, over any number of listeners.
///
/// # Errors
/// The first such zone.
pub(super) fn refuse(config: &Config) -> Result<(), Wrong> {
    let groups = groups(config);
    let networks = ClientNetworks::from_views(&config.views);
    let zones: Vec<(&ConfiguredZone, Vec<OwnServer>)> =
        config.zones.iter().map(|zone| (zone, own_servers(zone, (config, &networks), &groups))).collect();
    if zones.iter().all(|(_, own)| own.is_empty()) {
        return Ok(());
    }
    for (names_of, _) in &zones {
        let route = |place: usize| {
            let seen = groups.get(place)?.zones.zones_in(config);
            let fits = |zone: &&ConfiguredZone| zone.name.zone_of(&names_of.name);
            let closest = seen.into_iter().filter(fits).max_by_key(|zone| zone.name.iter().len())?;
            zones.iter().find(|(zone, _)| std::ptr::eq(*zone, closest))
        };
        let routes: Vec<_> = (0..groups.len()).map(route).collect();
        for (place, routed) in routes.iter().enumerate() {
            let Some((zone, own)) = routed else { continue };
            let next = |place: usize| {
                routes.get(place).copied().flatten().map_or(&[][..], |(_, own)| own.as_slice())
            };
            if let Some(server) = own.iter().find(|server| leads_to(place, server.group, next)) {
                return Err(wrong(zone, server, server.group != place));
            }
        }
    }
    Ok(())
}

/// The groups of clients of all listeners.
fn groups(config: &Config) -> Vec<Group<'_>> {
    let of_listener = |listener| {
        let general = Group { listener, view: None, zones: SeenZones::of_listener(listener) };
        let views = config.views.iter().enumerate().filter(|_| listener.zones.is_none());
        let chosen = views.map(move |(place, view)| Group {
            listener,
            view: Some(place),
            zones: SeenZones::of_view(view, config),
        });
        std::iter::once(general).chain(chosen)
    };
    config.all_listeners().flat_map(of_listener).collect()
}

/// Returns true if queries of the clients `from` come to the clients `to` of a listener in the end.
fn leads_to<'a>(to: usize, from: usize, next: impl Fn(usize) -> &'a [OwnServer]) -> bool {
    let (mut reached, mut left) = (BTreeSet::from([from]), vec![from]);
    while let Some(place) = left.pop() {
        if place == to {
            return true;
        }
        left.extend(next(place).iter().map(|server| server.group).filter(|place| reached.insert(*place)));
    }
    false
}

/// The servers of a zone that are listeners.
fn own_servers(
    zone: &ConfiguredZone,
    (config, networks): (&Config, &ClientNetworks),
    groups: &[Group<'_>],
) -> Vec<OwnServer> {
    let servers: Vec<(SocketAddr, bool)> = match &zone.kind {
        ZoneKind::Forward(forwarders) => {
            forwarders.iter().map(|one| (one.address, one.encryption.is_some())).collect()
        }
        ZoneKind::Stub(servers) => servers.iter().map(|server| (*server, false)).collect(),
        ZoneKind::Recurse | ZoneKind::File { .. } | ZoneKind::Records(_) => Vec::new(),
    };
    let mut own = Vec::new();
    for (server, is_encrypted) in servers {
        let sources = if zone.source.is_empty() { &config.resolve.source } else { &zone.source };
        let view = networks.view(source(server, sources));
        // An encrypted connection to a listener without encryption fails each time, so it is a mistake too.
        let comes_to = |at: &ListenAt| match at.serves {
            ListenFor::Plain => true,
            ListenFor::Tls | ListenFor::Https => is_encrypted,
            ListenFor::Quic => false,
        };
        for (place, group) in groups.iter().enumerate() {
            let is_chosen = group.listener.zones.is_some() || group.view == view;
            let mut listens = group.listener.all_addresses().filter(comes_to).map(|at| at.address);
            let at = listens.find(|at| is_chosen && is_at(*at, server, is_ours));
            own.extend(at.map(|at| OwnServer { server, group: place, at }));
        }
    }
    own
}

/// The address from which this host asks a server that is itself: one of `sources`, or the one that the kernel chooses. That is the
/// address of the server, and 127.0.0.1 for each loopback address.
fn source(server: SocketAddr, sources: &[IpAddr]) -> IpAddr {
    let asked = server.ip().to_canonical();
    let configured = sources.iter().find(|source| source.is_ipv4() == asked.is_ipv4()).copied();
    configured.unwrap_or_else(|| match asked {
        IpAddr::V4(address) if address.is_loopback() => Ipv4Addr::LOCALHOST.into(),
        asked => asked,
    })
}

fn wrong(zone: &ConfiguredZone, own: &OwnServer, is_over_others: bool) -> Wrong {
    let OwnServer { server, at, .. } = own;
    let key = if matches!(zone.kind, ZoneKind::Stub(_)) { "stub" } else { "forward" };
    let others = if is_over_others { ", and that listener forwards them back" } else { "" };
    Wrong::in_zone(
        zone,
        format!(
            "{key} contains {server}, at which resolverd itself listens ({at}){others}: its queries would come back to it; write the address and port of another server"
        ),
    )
}

/// Returns true if a query to `server` comes to `listener`; `is_ours`: whether this host has an address.
fn is_at(listener: SocketAddr, server: SocketAddr, is_ours: impl Fn(SocketAddr) -> bool) -> bool {
    let (own, asked) = (listener.ip().to_canonical(), server.ip().to_canonical());
    let is_same = || own == asked && is_one_link(listener, server);
    listener.port() == server.port()
        && own.is_ipv4() == asked.is_ipv4()
        && (is_same() || (own.is_unspecified() && (asked.is_loopback() || is_ours(server))))
}

/// Returns true if two link-local addresses may be on one link: each link has its own. True for other addresses.
fn is_one_link(one: SocketAddr, other: SocketAddr) -> bool {
    let scope = |address: SocketAddr| match address {
        SocketAddr::V6(address) => address.scope_id(),
        SocketAddr::V4(_) => 0,
    };
    let (one, other) = (scope(one), scope(other));
    one == other || one == 0 || other == 0
}

/// Returns true if this host has the address. Nothing is sent.
///
/// IPv4: only then can a socket send to it from itself. The kernel would choose the first address of the network to send to a
/// further one, and `ip_nonlocal_bind` lets a socket have any address. IPv6: the kernel sends to it from itself.
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
    use crate::config::Forwarder;
    use hickory_proto::rr::Name;

    #[test]
    fn a_listener_is_asked_at_its_address_and_a_wildcard_at_each_of_this_host() {
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

    /// A configuration of listeners, with the zones that each sees, and of zones that forward to a listener.
    fn refused(listeners: &[&[&str]], zones: &[(&str, usize)]) -> Option<(String, bool)> {
        let name = |text: &&str| Name::from_ascii(text).unwrap();
        let address =
            |place: usize| SocketAddr::from(([127, 0, 0, 1], 5_300 + u16::try_from(place).unwrap()));
        let mut config = Config::default();
        config.listen.addresses = Vec::new();
        config.listeners = listeners
            .iter()
            .enumerate()
            .map(|(place, seen)| Listener {
                addresses: vec![address(place)],
                zones: Some(seen.iter().map(name).collect()),
                ..config.listen.clone()
            })
            .collect();
        let forward =
            |place| ZoneKind::Forward(vec![Forwarder { address: address(place), encryption: None }]);
        config.zones = zones
            .iter()
            .map(|(zone, to)| ConfiguredZone {
                name: name(zone),
                kind: forward(*to),
                ..ConfiguredZone::default()
            })
            .collect();
        let wrong = refuse(&config).err()?;
        Some((wrong.zone, wrong.reason.contains("forwards them back")))
    }

    #[test]
    fn a_circle_is_found_over_any_number_of_listeners() {
        let (own, over_others) =
            (|zone: &str| Some((zone.to_owned(), false)), |zone: &str| Some((zone.to_owned(), true)));
        assert_eq!(refused(&[&["."]], &[(".", 0)]), own("."));
        // The other listener resolves the names itself, or forwards other names.
        assert_eq!(refused(&[&["."], &[]], &[(".", 1)]), None);
        assert_eq!(refused(&[&["a."], &["b."]], &[("a.", 1), ("b.", 0)]), None);
        // It forwards some of the names, or all.
        assert_eq!(refused(&[&["."], &["b."]], &[(".", 1), ("b.", 0)]), over_others("."));
        assert_eq!(refused(&[&["b."], &["."]], &[("b.", 1), (".", 0)]), over_others("b."));
        // The route for the names of b. at the first listener is another one.
        assert_eq!(refused(&[&[".", "b."], &["b."]], &[(".", 1), ("b.", 7)]), None);
        assert_eq!(
            refused(&[&["."], &["b."], &["a.b."]], &[(".", 1), ("b.", 2), ("a.b.", 0)]),
            over_others(".")
        );
        assert_eq!(refused(&[&["."], &["b."], &["a."]], &[(".", 1), ("b.", 2), ("a.", 0)]), None);
    }

    #[test]
    fn the_view_of_the_own_address_decides_about_a_circle() {
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
    fn an_encrypted_forwarder_is_compared_with_listeners_of_all_streams() {
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
            // Nothing without encryption is read there, and QUIC is of UDP.
            ("127.0.0.1:5853", false),
            ("tls://127.0.0.1:5854#dns.example", false),
        ] {
            assert_eq!(is_refused(server), refused, "{server}");
        }
    }

    #[test]
    fn the_kernel_knows_the_addresses_of_this_host() {
        // The second is reached from the first, like a further address of a network card.
        for (address, is_it) in [([127, 0, 0, 1], true), ([127, 0, 0, 9], true), ([192, 0, 2, 1], false)] {
            assert_eq!(is_ours((address, 53).into()), is_it, "{address:?}");
        }
    }
}
