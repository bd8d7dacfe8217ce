//! The facts that a plan needs: the facts of `resolverctl check system`, the services, and the programs that write
//! `/etc/resolv.conf`.

use std::net::SocketAddr;

use super::error::SwitchError;
use super::machine::Machine;
use super::step::{OWN_UNITS, UnitState};
use crate::system;
use crate::system::gather;
use crate::system::host::{CheckedHost, HostFile};
use resolver::config::{Config, defaults};

/// The services that are resolvers. The services of Knot Resolver have a number.
const RESOLVERS: [&str; 7] = [
    "named.service",
    "named-chroot.service",
    "unbound.service",
    DNSMASQ,
    "knot-resolver.service",
    "pdns-recursor.service",
    "kresd@*.service",
];

/// Also serves DHCP on some hosts.
pub(super) const DNSMASQ: &str = "dnsmasq.service";

/// Services of mail that read `/etc/resolv.conf` only at their start: rspamd with its library rdns, amavis and SpamAssassin with
/// Net::DNS, OpenDKIM and OpenDMARC with a state of their own (res_ninit(3)). Exim, Sendmail and OpenSMTPD read it again, and Postfix is
/// reloaded.
pub(super) const READ_AT_START: [&str; 7] = [
    "rspamd.service",
    "amavis.service",
    "amavisd.service",
    "spamd.service",
    "spamassassin.service",
    "opendkim.service",
    "opendmarc.service",
];

/// Whether a service is a resolver, which may be stopped.
pub(super) fn is_resolver(unit: &str) -> bool {
    RESOLVERS.contains(&unit) || (unit.starts_with("kresd@") && unit.ends_with(".service"))
}

/// The facts.
#[derive(Clone, Debug)]
pub struct SwitchFacts {
    /// The facts of `check system`.
    pub host: system::HostFacts,
    /// Whether the configuration has zones or records of its own; or its errors.
    pub config: Result<bool, String>,
    /// The services of resolvers, of resolverd, and those that read `/etc/resolv.conf` only at their start.
    pub units: Vec<UnitState>,
    /// The target of `/etc/nsswitch.conf`, if it is a link.
    pub(crate) nsswitch_link: Option<String>,
    /// dhclient of ISC, if it is installed.
    pub dhclient: Option<DhcpClient>,
    /// dhcpcd of Roy Marples, Debian 13's client, if it is installed.
    pub dhcpcd: Option<DhcpClient>,
    /// `/etc/resolvconf.conf` of openresolv.
    pub openresolv: HostFile,
}

/// A DHCP client whose script writes `resolv.conf`.
#[derive(Clone, Debug)]
pub struct DhcpClient {
    /// Whether its script runs our hook: that of ISC's client does so on Debian.
    pub(crate) runs_hook: bool,
    /// Our hook.
    pub hook: HostFile,
}

/// The file that dhcpcd's script runs before its other hooks. A change counts at once, and that of dhcpcd.conf only after a
/// restart, for which not every host has a service.
pub(super) const DHCPCD_HOOK: &str = "/etc/dhcpcd.enter-hook";

/// Our hook of dhclient's script. It runs after that of resolvconf, which has a name before it.
pub(super) const HOOK: &str = "/etc/dhcp/dhclient-enter-hooks.d/resolverd";

/// Reads this host, and asks `servers`, root servers, over the network.
///
/// # Errors
/// systemctl cannot be run.
pub fn gather(machine: &Machine<'_>, servers: &[SocketAddr], unix: u64) -> Result<SwitchFacts, SwitchError> {
    let host = CheckedHost { root: machine.root };
    let units: Vec<&str> = RESOLVERS.into_iter().chain(OWN_UNITS).chain(READ_AT_START).collect();
    let is_any = |paths: &[&str]| paths.iter().any(|path| host.is_there(path));
    let client = |name: &str, hook: &str, runs_hook: bool| {
        let is_there = is_any(&[&format!("/sbin/{name}"), &format!("/usr/sbin/{name}")]);
        is_there.then(|| DhcpClient { runs_hook, hook: host.file(hook) })
    };
    Ok(SwitchFacts {
        host: gather::gather(machine.root, servers, unix),
        config: config(&host),
        units: machine.units(&units)?,
        nsswitch_link: host.link("/etc/nsswitch.conf").1,
        dhclient: client("dhclient", HOOK, host.is_there("/etc/dhcp/dhclient-enter-hooks.d")),
        dhcpcd: client("dhcpcd", DHCPCD_HOOK, true),
        openresolv: match is_any(&["/sbin/resolvconf", "/usr/sbin/resolvconf"]) {
            true => host.file("/etc/resolvconf.conf"),
            false => HostFile::Missing { path: "/etc/resolvconf.conf".to_owned() },
        },
    })
}

fn config(host: &CheckedHost<'_>) -> Result<bool, String> {
    let path = host.path(defaults::FILE);
    let config = match path.exists() {
        true => Config::load(Some(&path)).map_err(|errors| errors.to_string())?,
        false => Config::default(),
    };
    Ok(!config.zones.is_empty() || !config.hosts.is_empty() || !config.records.is_empty())
}
