//! Finds configured servers that are listeners of resolverd itself: its queries would come back to it.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use crate::config::{Config, ZoneKind};
use crate::zones::Wrong;

/// Refuses a zone that forwards to a listener of this configuration, or has one as its server.
///
/// # Errors
/// The first such zone.
pub(super) fn refuse(config: &Config) -> Result<(), Wrong> {
    let listeners = || config.all_listeners().flat_map(|listener| &listener.addresses);
    for zone in &config.zones {
        let (key, servers): (_, Vec<SocketAddr>) = match &zone.kind {
            ZoneKind::Forward(forwarders) => ("forward", forwarders.iter().map(|one| one.address).collect()),
            ZoneKind::Stub(servers) => ("stub", servers.clone()),
            ZoneKind::File { .. } => continue,
        };
        for server in servers {
            if let Some(listener) = listeners().find(|listener| is_at(**listener, server, is_ours)) {
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
fn is_at(listener: SocketAddr, server: SocketAddr, is_ours: impl Fn(IpAddr) -> bool) -> bool {
    let (own, asked) = (listener.ip().to_canonical(), server.ip().to_canonical());
    listener.port() == server.port()
        && own.is_ipv4() == asked.is_ipv4()
        && (own == asked || (own.is_unspecified() && (asked.is_loopback() || is_ours(asked))))
}

/// Whether this host has the address: if so, the kernel chooses the same address as the source. Nothing is sent.
fn is_ours(address: IpAddr) -> bool {
    let any: IpAddr = if address.is_ipv4() { [0; 4].into() } else { [0_u16; 8].into() };
    let from = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((address, 1))?;
        socket.local_addr()
    });
    from.is_ok_and(|from| from.ip() == address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_asked_at_its_address_and_a_wildcard_at_each_of_this_host() {
        let ours = |address: IpAddr| address == IpAddr::from([192, 0, 2, 1]);
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
        ] {
            let (listener_at, server_at) = (listener.parse().unwrap(), server.parse().unwrap());
            assert_eq!(is_at(listener_at, server_at, ours), asked, "{listener} {server}");
        }
    }

    #[test]
    fn the_kernel_knows_the_addresses_of_this_host() {
        assert!(is_ours([127, 0, 0, 1].into()));
        assert!(!is_ours([192, 0, 2, 1].into()), "an address for documentation");
    }
}
