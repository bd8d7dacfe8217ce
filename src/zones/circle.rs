//! Finds configured servers that are listeners of resolverd itself: its queries would come back to it.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use crate::config::{Config, Listener, ZoneKind};
use crate::zones::Wrong;

/// Refuses a zone that forwards to a listener of this configuration, or has one as its server.
///
/// # Errors
/// The first such zone.
pub(super) fn refuse(config: &Config) -> Result<(), Wrong> {
    for zone in &config.zones {
        let (key, servers): (_, Vec<SocketAddr>) = match &zone.kind {
            ZoneKind::Forward(forwarders) => ("forward", forwarders.iter().map(|one| one.address).collect()),
            ZoneKind::Stub(servers) => ("stub", servers.clone()),
            ZoneKind::File { .. } | ZoneKind::Records(_) => continue,
        };
        // Queries to a listener that does not see the zone go elsewhere.
        let sees =
            |listener: &&Listener| listener.zones.as_ref().is_none_or(|zones| zones.contains(&zone.name));
        let seeing = config.all_listeners().filter(sees);
        let listeners: Vec<SocketAddr> = seeing.flat_map(|listener| &listener.addresses).copied().collect();
        for server in servers {
            if let Some(listener) = listeners.iter().find(|listener| is_at(**listener, server, is_ours)) {
                return Err(Wrong {
                    zone: zone.name.to_string(),
                    reason: format!(
                        "{key} contains {server}, at which resolverd itself listens ({listener}): its queries would come back to it; write the address and port of another server"
                    ),
                });
            }
        }
    }
    Ok(())
}

/// Whether a message to `server` comes to `listener`; `is_ours`: whether this host has an address.
fn is_at(listener: SocketAddr, server: SocketAddr, is_ours: impl Fn(SocketAddr) -> bool) -> bool {
    let (own, asked) = (listener.ip().to_canonical(), server.ip().to_canonical());
    let is_same = || own == asked && is_one_link(listener, server);
    listener.port() == server.port()
        && own.is_ipv4() == asked.is_ipv4()
        && (is_same() || (own.is_unspecified() && (asked.is_loopback() || is_ours(server))))
}

/// Whether two link-local addresses may be on one link: each link has its own. True for other addresses.
fn is_one_link(one: SocketAddr, other: SocketAddr) -> bool {
    let scope = |address: SocketAddr| match address {
        SocketAddr::V6(address) => address.scope_id(),
        SocketAddr::V4(_) => 0,
    };
    let (one, other) = (scope(one), scope(other));
    one == other || one == 0 || other == 0
}

/// Whether this host has the address. Nothing is sent.
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

    #[test]
    fn the_kernel_knows_the_addresses_of_this_host() {
        // The second is reached from the first, like a further address of a network card.
        for (address, is_it) in [([127, 0, 0, 1], true), ([127, 0, 0, 9], true), ([192, 0, 2, 1], false)] {
            assert_eq!(is_ours((address, 53).into()), is_it, "{address:?}");
        }
    }
}
