//! `resolverctl check system`: whether queries on this host reach resolverd, and its queries the internet.
//!
//! One file for each check, each a pure function of texts and facts; this one combines them. The check needs no daemon, but for
//! `root_keys`: only `gather` reads the host, and only `root_zone` uses the network.
//!
//! # Decisions
//!
//! - A verdict has a value "could not tell". A file that only root may read once counted as empty, and the check then
//!   failed a healthy host (files of NetworkManager, systemd-resolved and cloud-init).
//! - A chroot without resolv.conf is correct if resolverd listens at 127.0.0.1, because the C library then asks
//!   127.0.0.1. Postfix sets `edns0` and `trust-ad` itself, so a missing copy was a false failure.
//! - Facts are collected first and judged afterwards, so that tests run over fixture trees instead of the machine.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod clock;
pub(crate) mod cloud_init;
pub(crate) mod egress;
mod finding;
pub mod forwarding;
pub mod gather;
pub mod host;
mod ini;
mod ipv6;
pub(crate) mod network_manager;
pub mod nsswitch;
pub mod opendkim;
pub mod port;
pub mod postfix;
pub mod proc;
pub mod resolv_conf;
pub mod resolved;
pub mod root_keys;
pub mod root_zone;

use std::net::IpAddr;

pub use self::finding::{CheckVerdict, HostFinding};
use self::forwarding::Forwarding;
use self::host::HostFile;
use self::postfix::PostfixInstance;
use self::proc::Holders;
use self::resolv_conf::ResolvConf;
use self::root_keys::{RootKeysHere, RootKeysUntold};
use self::root_zone::RootZoneReplies;

/// The facts about this host.
#[derive(Clone, Debug)]
pub struct HostFacts {
    /// The addresses where resolverd listens at port 53.
    pub ours: Vec<IpAddr>,
    /// The forwarders of all names; none if resolverd resolves names from the root servers.
    pub forwarding: Option<Forwarding>,
    /// `/etc/resolv.conf`, and its target if it is a link.
    pub resolv_conf: (HostFile, Option<String>),
    /// `/etc/nsswitch.conf`
    pub nsswitch: HostFile,
    /// Whether systemd-resolved runs, and its configuration files in the order of precedence.
    pub resolved: (bool, Vec<HostFile>),
    /// Whether NetworkManager runs, and its configuration files in the order of precedence.
    pub(crate) network_manager: (bool, Vec<HostFile>),
    /// Whether cloud-init runs, and its configuration files in the order of precedence.
    pub(crate) cloud_init: (bool, Vec<HostFile>),
    /// The instances of Postfix.
    pub postfix: Vec<PostfixInstance>,
    /// `/etc/opendkim.conf`
    pub opendkim: HostFile,
    /// The listeners at port 53; none if /proc cannot be read.
    pub(crate) holders: Option<Holders>,
    /// `/proc/net/ipv6_route` and `/proc/net/if_inet6`
    pub ipv6: (HostFile, HostFile),
    /// The answers of root servers over UDP and TCP.
    pub heard: RootZoneReplies,
    /// Seconds since 1970, by this host's clock.
    pub unix: u64,
    /// The keys of the root at the daemon, or why it was not asked; none if nobody was to ask it.
    pub root_keys: Option<Result<RootKeysHere, RootKeysUntold>>,
}

/// Every check, in the order of a query's way.
pub fn judge(facts: &HostFacts) -> Vec<HostFinding> {
    let ours = facts.ours.as_slice();
    let (file, link) = &facts.resolv_conf;
    let parsed = file.text().map(ResolvConf::parse);
    let mut findings = resolv_conf::check(file, link.as_deref(), ours);
    findings.extend([
        nsswitch::check(&facts.nsswitch),
        resolved::check(facts.resolved.0, &facts.resolved.1, ours),
        network_manager::check(facts.network_manager.0, &facts.network_manager.1),
        cloud_init::check(facts.cloud_init.0, &facts.cloud_init.1),
    ]);
    findings.extend(facts.postfix.iter().map(|instance| postfix::check(instance, parsed.as_ref(), ours)));
    findings.extend([
        opendkim::check(&facts.opendkim, ours),
        port::check(facts.holders.as_ref(), ours),
        egress::udp(&facts.heard, facts.forwarding.as_ref()),
        egress::tcp(&facts.heard, facts.forwarding.as_ref()),
        ipv6::check(&facts.ipv6.0, &facts.ipv6.1),
        clock::check(facts.unix, &facts.heard, facts.forwarding.is_some()),
    ]);
    let (listens, forwards_all) = (port::has_daemon(facts.holders.as_ref()), facts.forwarding.is_some());
    findings.extend(facts.root_keys.as_ref().map(|here| root_keys::check(here, listens, forwards_all)));
    findings
}
