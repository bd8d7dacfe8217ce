//! Notes about valid settings that probably do not have the intended effect. `--check` and a reload show them.

use std::net::IpAddr;

use super::report::ConfigProblem;
use super::{Config, Listener};

/// Returns a note for each listener whose `allow` permits only this host although other hosts can reach the listener, or permits every client on the
/// internet.
pub fn notes(config: &Config) -> Vec<ConfigProblem> {
    let sections = std::iter::once("listen").chain(std::iter::repeat("listener"));
    sections.zip(config.all_listeners()).filter_map(|(section, listener)| note(section, listener)).collect()
}

fn note(section: &str, listener: &Listener) -> Option<ConfigProblem> {
    let reached = listener.all_addresses().find(|at| !at.address.ip().is_loopback())?;
    let address = reached.address;
    let is_public = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => !(ip.is_private() || ip.is_link_local()),
        IpAddr::V6(ip) => !(ip.is_unique_local() || ip.is_unicast_link_local()),
    };
    let (key, wrong, remedy) = if !listener.allow.is_empty()
        && listener.allow.iter().all(|network| network.addr().is_loopback())
    {
        let wrong = format!("permits only this host, so all queries of other hosts to {address} get REFUSED");
        (
            "allow",
            wrong,
            format!("add the networks of your clients to {section}.allow, or remove this address"),
        )
    } else if listener.open_resolver && is_public(address.ip()) {
        let wrong = format!("is true, and {address} may be a public address");
        ("open_resolver", wrong, "protect it with a firewall: attackers abuse open resolvers".to_owned())
    } else {
        return None;
    };
    Some(ConfigProblem { line: None, key: Some(format!("{section}.{key}")), wrong, remedy })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note_of(addresses: &[&str], allow: &[&str], open_resolver: bool) -> Option<String> {
        let listener = Listener {
            addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
            allow: allow.iter().map(|network| network.parse().unwrap()).collect(),
            open_resolver,
            ..Listener::default()
        };
        note("listen", &listener).map(|note| note.to_string())
    }

    #[test]
    fn useless_and_open_listeners_are_noted() {
        let local = ["127.0.0.0/8", "::1/128"];
        assert_eq!(
            note_of(&["127.0.0.1:53", "192.0.2.10:53"], &local, false).unwrap(),
            "listen.allow permits only this host, so all queries of other hosts to 192.0.2.10:53 get REFUSED; add the networks of your clients to listen.allow, or remove this address"
        );
        assert_eq!(
            note_of(&["192.0.2.10:53"], &["0.0.0.0/0"], true).unwrap(),
            "listen.open_resolver is true, and 192.0.2.10:53 may be a public address; protect it with a firewall: attackers abuse open resolvers"
        );
        assert_eq!(note_of(&["127.0.0.1:53"], &local, false), None);
        assert_eq!(note_of(&["192.0.2.10:53"], &["127.0.0.0/8", "192.0.2.0/24"], false), None);
        assert_eq!(note_of(&["192.0.2.10:53"], &[], false), None);
        assert_eq!(note_of(&["10.0.0.1:53"], &["0.0.0.0/0"], true), None);
    }
}
