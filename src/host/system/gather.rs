//! Collects the facts for `check system`: files, programs that listen on port 53, and replies of root servers.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use super::facts::HostFacts;
use super::host::CheckedHost;
use super::{egress, postfix, proc, root_zone};
use config::{Config, defaults, notes};

/// Directories of drop-in files of systemd-resolved. A file in a later directory replaces a file of the same name in an earlier one.
const RESOLVED: [&str; 4] = [
    "/usr/lib/systemd/resolved.conf.d",
    "/usr/local/lib/systemd/resolved.conf.d",
    "/run/systemd/resolved.conf.d",
    "/etc/systemd/resolved.conf.d",
];

/// Collects the facts about the host with its files below `root`, and queries root servers: `servers`, or those of the configuration if `servers` is
/// empty. `unix` is the time of the clock, in seconds since 1970.
pub fn gather(root: &Path, servers: &[SocketAddr], unix: u64) -> HostFacts {
    let host = CheckedHost { root };
    let config = config(root);
    HostFacts {
        ours: listeners(&config),
        notes: notes(&config),
        forwards_all: egress::forwards_all(&config),
        resolv_conf: host.link("/etc/resolv.conf"),
        nsswitch: host.file("/etc/nsswitch.conf"),
        resolved: (
            host.is_there("/run/systemd/resolve"),
            [vec![host.file("/etc/systemd/resolved.conf")], host.drop_ins(&RESOLVED, "conf")].concat(),
        ),
        network_manager: (
            host.is_there("/run/NetworkManager"),
            [
                host.drop_ins(&["/usr/lib/NetworkManager/conf.d", "/run/NetworkManager/conf.d"], "conf"),
                vec![host.file("/etc/NetworkManager/NetworkManager.conf")],
                host.drop_ins(&["/etc/NetworkManager/conf.d"], "conf"),
            ]
            .concat(),
        ),
        cloud_init: (
            host.is_there("/etc/cloud/cloud.cfg") && !host.is_there("/etc/cloud/cloud-init.disabled"),
            [vec![host.file("/etc/cloud/cloud.cfg")], host.drop_ins(&["/etc/cloud/cloud.cfg.d"], "cfg")]
                .concat(),
        ),
        postfix: postfix::gather(&host),
        opendkim: host.file("/etc/opendkim.conf"),
        holders: proc::holders(&host),
        heard: match servers {
            [] => root_zone::ask(&root_servers(&config)),
            servers => root_zone::ask(servers),
        },
        unix,
        root_keys: None,
    }
}

/// Returns the addresses at which resolverd should listen on port 53.
pub fn ours(root: &Path) -> Vec<IpAddr> {
    listeners(&config(root))
}

/// Reads the configuration file of resolverd. If the file has errors, returns the defaults, because `resolverd --check` reports the errors.
fn config(root: &Path) -> Config {
    let path = CheckedHost { root }.path(defaults::FILE);
    if path.exists() { Config::load(Some(&path)).unwrap_or_default() } else { Config::default() }
}

/// Returns the IPv4 addresses of the root hints.
fn root_servers(config: &Config) -> Vec<SocketAddr> {
    let addresses = config.resolve.root_hints.servers.iter().flat_map(|(_, addresses)| addresses);
    let ipv4 = addresses.filter(|address| address.is_ipv4());
    ipv4.map(|address| (*address, config.resolve.upstream_port).into()).collect()
}

fn listeners(config: &Config) -> Vec<IpAddr> {
    let addresses = config.listen.addresses.iter().filter(|address| address.port() == defaults::PORT);
    addresses.map(SocketAddr::ip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_asks_configured_root_servers() {
        let mut config = Config::default();
        assert_eq!(root_servers(&config).len(), 13);
        config.resolve.upstream_port = 5_353;
        config.resolve.root_hints.servers =
            vec![(hickory_proto::rr::Name::root(), vec![[192, 0, 2, 1].into()])];
        assert_eq!(root_servers(&config), ["192.0.2.1:5353".parse().unwrap()]);
    }
}
