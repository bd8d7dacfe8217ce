//! The facts about this host that its check reads.

use std::net::IpAddr;

use super::host::HostFile;
use super::postfix::Postfix;
use super::proc::Holders;
use super::root_keys::{RootKeysHere, RootKeysUnknown};
use super::root_zone::RootZoneReplies;
use config::ConfigProblem;

/// The facts from which `check system` makes its findings.
#[derive(Clone, Debug)]
pub struct HostFacts {
    /// The addresses of resolverd on port 53.
    pub ours: Vec<IpAddr>,
    /// Notes about valid settings that probably do not have the intended effect.
    pub notes: Vec<ConfigProblem>,
    /// True if resolverd forwards all names, so that it does not need the root servers.
    pub forwards_all: bool,
    /// `/etc/resolv.conf`, and its target if it is a symbolic link.
    pub resolv_conf: (HostFile, Option<String>),
    /// `/etc/nsswitch.conf`.
    pub nsswitch: HostFile,
    /// True if systemd-resolved runs; and its configuration files in the order of precedence.
    pub resolved: (bool, Vec<HostFile>),
    /// True if NetworkManager runs; and its configuration files in the order of precedence.
    pub(crate) network_manager: (bool, Vec<HostFile>),
    /// True if this host uses cloud-init; and its configuration files in the order of precedence.
    pub(crate) cloud_init: (bool, Vec<HostFile>),
    /// The configuration files of Postfix.
    pub postfix: Postfix,
    /// `/etc/opendkim.conf`.
    pub opendkim: HostFile,
    /// The programs that listen on port 53; `None` if /proc cannot be read.
    pub(crate) holders: Option<Holders>,
    /// The replies of root servers over UDP and TCP.
    pub heard: RootZoneReplies,
    /// The clock of this host, in seconds since 1970.
    pub unix: u64,
    /// The daemon's report about the keys of the root zone, or why this is unknown. `None` if the daemon should not be asked.
    pub root_keys: Option<Result<RootKeysHere, RootKeysUnknown>>,
}
