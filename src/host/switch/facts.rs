//! Collects the facts from which a switch is planned: those of `resolverctl check system`, the states of services, and the programs that write
//! `/etc/resolv.conf`.

use std::net::SocketAddr;

use super::error::SwitchError;
use super::machine::Machine;
use super::step::{OWN_UNITS, UnitState};
use crate::system;
use crate::system::gather;
use crate::system::host::{CheckedHost, HostFile};
use config::{Config, defaults};

/// Services that are DNS resolvers. `is_resolver` also recognises the services of Knot Resolver, whose names contain a number.
const RESOLVERS: [&str; 7] = [
    "named.service",
    "named-chroot.service",
    "unbound.service",
    DNSMASQ,
    "knot-resolver.service",
    "pdns-recursor.service",
    "kresd@*.service",
];

/// dnsmasq also serves DHCP on some hosts.
pub(super) const DNSMASQ: &str = "dnsmasq.service";

/// Mail services that read `/etc/resolv.conf` only when they start: rspamd with the library rdns, amavis and SpamAssassin with Net::DNS, OpenDKIM and
/// OpenDMARC with their own resolver state (res_ninit(3)). The switch restarts them. Exim, Sendmail and OpenSMTPD read the file again, and the switch
/// reloads Postfix.
pub(super) const READ_AT_START: [&str; 7] = [
    "rspamd.service",
    "amavis.service",
    "amavisd.service",
    "spamd.service",
    "spamassassin.service",
    "opendkim.service",
    "opendmarc.service",
];

/// Returns true if the service is a known resolver, so that the switch may stop it.
pub(super) fn is_resolver(unit: &str) -> bool {
    RESOLVERS.contains(&unit) || (unit.starts_with("kresd@") && unit.ends_with(".service"))
}

/// The facts from which a switch is planned.
#[derive(Clone, Debug)]
pub struct SwitchFacts {
    /// The facts that `resolverctl check system` collects.
    pub host: system::HostFacts,
    /// True if the configuration of resolverd has zones or records. `Err` has the errors of an invalid configuration.
    pub config: Result<bool, String>,
    /// The states of other resolvers, of resolverd, and of services that read `/etc/resolv.conf` only when they start.
    pub units: Vec<UnitState>,
    /// The target of `/etc/nsswitch.conf` if it is a symbolic link.
    pub(crate) nsswitch_link: Option<String>,
    /// ISC's DHCP client dhclient, if this host has it.
    pub dhclient: Option<DhcpClient>,
    /// The DHCP client dhcpcd, which Debian 13 uses, if this host has it.
    pub dhcpcd: Option<DhcpClient>,
    /// `/etc/resolvconf.conf`, the configuration of openresolv.
    pub openresolv: HostFile,
}

/// A DHCP client whose script writes `/etc/resolv.conf`.
#[derive(Clone, Debug)]
pub struct DhcpClient {
    /// True if the script of the DHCP client runs resolverd's hook, as ISC's client on Debian does.
    pub(crate) runs_hook: bool,
    /// resolverd's hook file for this DHCP client.
    pub hook: HostFile,
}

/// The script of dhcpcd runs this file before its other hooks. A change of this file takes effect immediately. A change of dhcpcd.conf needs a
/// restart of dhcpcd, and not every host has a service for dhcpcd.
pub(super) const DHCPCD_HOOK: &str = "/etc/dhcpcd.enter-hook";

/// The script of dhclient runs hooks in alphabetical order, so this one is after the hook of resolvconf.
pub(super) const HOOK: &str = "/etc/dhcp/dhclient-enter-hooks.d/resolverd";

/// Collects the facts for a switch. `servers` are root servers, which get queries. `unix` is the time in seconds since 1970.
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
