//! Reads the host: its files, the listeners at port 53, and the answers of root servers.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use super::host::CheckedHost;
use super::{HostFacts, forwarding, postfix, proc, root_zone};
use resolver::config::{Config, defaults};

/// Reads the host below `root`, and asks `servers`, root servers, over the network.
pub fn gather(root: &Path, servers: &[SocketAddr], unix: u64) -> HostFacts {
    let host = CheckedHost { root };
    let config = config(root);
    HostFacts {
        ours: listeners(&config),
        forwarding: forwarding::of(&config),
        resolv_conf: host.link("/etc/resolv.conf"),
        nsswitch: host.file("/etc/nsswitch.conf"),
        resolved: (
            host.is_there("/run/systemd/resolve"),
            host.files(
                "/etc/systemd/resolved.conf",
                &["/usr/lib", "/usr/local/lib", "/run", "/etc"],
                "systemd/resolved.conf.d",
                "conf",
            ),
        ),
        network_manager: (
            host.is_there("/run/NetworkManager"),
            host.files_by_directory(
                "/etc/NetworkManager/NetworkManager.conf",
                &["/usr/lib", "/run", "/etc"],
                "NetworkManager/conf.d",
                "conf",
            ),
        ),
        cloud_init: (
            host.is_there("/etc/cloud/cloud.cfg") && !host.is_there("/etc/cloud/cloud-init.disabled"),
            host.files("/etc/cloud/cloud.cfg", &["/etc"], "cloud/cloud.cfg.d", "cfg"),
        ),
        postfix: postfix::instances(&host),
        opendkim: host.file("/etc/opendkim.conf"),
        holders: proc::holders(&host),
        ipv6: (host.file("/proc/net/ipv6_route"), host.file("/proc/net/if_inet6")),
        heard: root_zone::ask(servers),
        unix,
        root_keys: None,
    }
}

/// The addresses where resolverd listens at port 53.
pub fn ours(root: &Path) -> Vec<IpAddr> {
    listeners(&config(root))
}

/// The configuration of resolverd; its errors are left to `resolverd --check`.
fn config(root: &Path) -> Config {
    let path = CheckedHost { root }.path(defaults::FILE);
    if path.exists() { Config::load(Some(&path)).unwrap_or_default() } else { Config::default() }
}

fn listeners(config: &Config) -> Vec<IpAddr> {
    let addresses = config.listen.addresses.iter().filter(|address| address.port() == defaults::PORT);
    addresses.map(SocketAddr::ip).collect()
}
