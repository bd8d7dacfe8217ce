//! The facts that a plan needs: the facts of `resolverctl check system`, the services, and the programs that write
//! `/etc/resolv.conf`.

use std::net::SocketAddr;

use super::dnsmasq;
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

/// A configuration of another resolver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OtherConfiguration {
    /// The beginning of the unit's name.
    pub(crate) unit: &'static str,
    /// The file.
    pub(crate) path: &'static str,
    /// Whether `resolverctl import` converts it.
    pub(crate) is_converted: bool,
}

const fn other(unit: &'static str, path: &'static str, is_converted: bool) -> OtherConfiguration {
    OtherConfiguration { unit, path, is_converted }
}

/// Configurations of resolvers. Of each resolver the first that is there counts: the Recursor takes YAML before its old form.
const CONFIGURATIONS: [OtherConfiguration; 10] = [
    other("named", "/etc/bind/named.conf", true),
    other("named", "/etc/named.conf", true),
    other("unbound", "/etc/unbound/unbound.conf", true),
    other("dnsmasq", "/etc/dnsmasq.conf", true),
    other("pdns-recursor", "/etc/powerdns/recursor.yml", false),
    other("pdns-recursor", "/etc/powerdns/recursor.conf", false),
    other("pdns-recursor", "/etc/pdns-recursor/recursor.yml", false),
    other("pdns-recursor", "/etc/pdns-recursor/recursor.conf", false),
    other("knot-resolver", "/etc/knot-resolver/config.yaml", false),
    other("kresd", "/etc/knot-resolver/kresd.conf", false),
];

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
    /// dhclient of ISC.
    pub dhclient: Dhclient,
    /// dhcpcd of Roy Marples.
    pub dhcpcd: Dhcpcd,
    /// `/etc/resolvconf.conf` of openresolv.
    pub openresolv: HostFile,
    /// The configuration of dnsmasq, with the files that it names and the options of its service.
    pub dnsmasq: Vec<HostFile>,
    /// Configurations of other resolvers on this host.
    pub(crate) others: Vec<OtherConfiguration>,
}

/// The DHCP client of ISC, whose script writes `resolv.conf`.
#[derive(Clone, Debug)]
pub struct Dhclient {
    /// Whether it is installed.
    pub is_there: bool,
    /// Whether its script runs hooks of a directory, as Debian's does.
    pub(crate) has_hooks: bool,
    /// Our hook.
    pub hook: HostFile,
    /// `/etc/dhcp/dhclient.conf`
    pub conf: HostFile,
}

/// The DHCP client of Debian 13, whose script writes `resolv.conf`.
#[derive(Clone, Debug)]
pub struct Dhcpcd {
    /// Whether it is installed.
    pub is_there: bool,
    /// `/etc/dhcpcd.conf`
    pub conf: HostFile,
    /// The file that its script runs before its other hooks.
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
    let openresolv = is_any(&["/sbin/resolvconf", "/usr/sbin/resolvconf"]);
    Ok(SwitchFacts {
        host: gather::gather(machine.root, servers, unix),
        config: config(&host),
        units: machine.units(&units)?,
        nsswitch_link: host.link("/etc/nsswitch.conf").1,
        dhclient: Dhclient {
            is_there: is_any(&["/sbin/dhclient", "/usr/sbin/dhclient"]),
            has_hooks: host.is_there("/etc/dhcp/dhclient-enter-hooks.d"),
            hook: host.file(HOOK),
            conf: host.file("/etc/dhcp/dhclient.conf"),
        },
        dhcpcd: Dhcpcd {
            is_there: is_any(&["/sbin/dhcpcd", "/usr/sbin/dhcpcd"]),
            conf: host.file("/etc/dhcpcd.conf"),
            hook: host.file(DHCPCD_HOOK),
        },
        openresolv: match openresolv {
            true => host.file("/etc/resolvconf.conf"),
            false => HostFile::Missing { path: "/etc/resolvconf.conf".to_owned() },
        },
        dnsmasq: dnsmasq::files(&host),
        others: CONFIGURATIONS.into_iter().filter(|other| host.is_there(other.path)).collect(),
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
