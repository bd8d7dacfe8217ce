//! Collects the facts from which a switch is planned: the facts of `resolverctl check system`, the states of services, and the programs that write
//! `/etc/resolv.conf`.

use std::net::SocketAddr;

use super::error::SwitchError;
use super::machine::Machine;
use super::step::{OWN_UNITS, UnitState};
use crate::system;
use crate::system::gather;
use crate::system::host::{CheckedHost, HostFile};
use resolver::config::{Config, defaults};

/// systemd services that are DNS resolvers. The services of Knot Resolver are recognised separately, because their names contain a number.
const RESOLVERS: [&str; 7] = [
    "named.service",
    "named-chroot.service",
    "unbound.service",
    DNSMASQ,
    "knot-resolver.service",
    "pdns-recursor.service",
    "kresd@*.service",
];

/// The systemd service of dnsmasq, which also serves DHCP on some hosts.
pub(super) const DNSMASQ: &str = "dnsmasq.service";

/// Mail services that read `/etc/resolv.conf` only when they start: rspamd with its library rdns, amavis and SpamAssassin with
/// Net::DNS, OpenDKIM and OpenDMARC, which keep their own resolver state (res_ninit(3)). Exim, Sendmail and OpenSMTPD read the
/// file again, and Postfix is reloaded.
pub(super) const READ_AT_START: [&str; 7] = [
    "rspamd.service",
    "amavis.service",
    "amavisd.service",
    "spamd.service",
    "spamassassin.service",
    "opendkim.service",
    "opendmarc.service",
];

/// Returns true if a systemd service is a known DNS resolver, so that the switch may stop it.
pub(super) fn is_resolver(unit: &str) -> bool {
    RESOLVERS.contains(&unit) || (unit.starts_with("kresd@") && unit.ends_with(".service"))
}

/// The facts about a host with which the steps of a switch are planned.
#[derive(Clone, Debug)]
pub struct SwitchFacts {
    /// What `resolverctl check system` found out about this host.
    pub host: system::HostFacts,
    /// True if the configuration of resolverd has zones or records. If the configuration is invalid, this has its errors.
    pub config: Result<bool, String>,
    /// The states of these systemd units: other resolvers, resolverd, and services that read `/etc/resolv.conf` only when they
    /// start.
    pub units: Vec<UnitState>,
    /// Target of `/etc/nsswitch.conf`, if it is a symbolic link.
    pub(crate) nsswitch_link: Option<String>,
    /// The DHCP client dhclient of ISC, if this host has it.
    pub dhclient: Option<DhcpClient>,
    /// The DHCP client dhcpcd of Roy Marples, which Debian 13 uses, if this host has it.
    pub dhcpcd: Option<DhcpClient>,
    /// The file `/etc/resolvconf.conf`, the configuration of openresolv.
    pub openresolv: HostFile,
}

/// A DHCP client whose script writes `/etc/resolv.conf`.
#[derive(Clone, Debug)]
pub struct DhcpClient {
    /// True if the script of the DHCP client already runs resolverd's hook. On Debian, the script of ISC's client does so.
    pub(crate) runs_hook: bool,
    /// The hook file of resolverd for this DHCP client, with its text.
    pub hook: HostFile,
}

/// A file that the script of dhcpcd runs before its other hooks. The switch changes this file, because the change takes effect immediately. A change
/// of dhcpcd.conf needs a restart of dhcpcd, for which not every host has a service.
pub(super) const DHCPCD_HOOK: &str = "/etc/dhcpcd.enter-hook";

/// Path of the hook file of resolverd for the script of dhclient. The script runs it after the hook of resolvconf, whose name comes earlier in the
/// alphabet.
pub(super) const HOOK: &str = "/etc/dhcp/dhclient-enter-hooks.d/resolverd";

/// Collects the facts about this host for a switch. `servers` are root servers, which are asked over the network. `unix` is the time, in seconds
/// since 1970.
///
/// # Errors
/// Fails if systemctl cannot be run.
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
