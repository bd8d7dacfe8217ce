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
pub mod gather;
pub mod host;
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
use self::host::HostFile;
use self::postfix::Postfix;
use self::proc::Holders;
use self::root_keys::{RootKeysHere, RootKeysUnknown};
use self::root_zone::RootZoneReplies;

/// The facts about this host.
#[derive(Clone, Debug)]
pub struct HostFacts {
    /// The addresses where resolverd listens at port 53.
    pub ours: Vec<IpAddr>,
    /// Whether all names go to forwarders, and none to the root servers.
    pub forwards_all: bool,
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
    /// Postfix.
    pub postfix: Postfix,
    /// `/etc/opendkim.conf`
    pub opendkim: HostFile,
    /// The listeners at port 53; none if /proc cannot be read.
    pub(crate) holders: Option<Holders>,
    /// The answers of root servers over UDP and TCP.
    pub heard: RootZoneReplies,
    /// Seconds since 1970, by this host's clock.
    pub unix: u64,
    /// The keys of the root at the daemon, or why it was not asked; none if nobody was to ask it.
    pub root_keys: Option<Result<RootKeysHere, RootKeysUnknown>>,
}

/// Every check, in the order of a query's way.
pub fn judge(facts: &HostFacts) -> Vec<HostFinding> {
    let (ours, forwards_all) = (facts.ours.as_slice(), facts.forwards_all);
    let (file, link) = &facts.resolv_conf;
    let mut findings = resolv_conf::check(file, link.as_deref(), ours);
    findings.extend([
        nsswitch::check(&facts.nsswitch),
        resolved::check(facts.resolved.0, &facts.resolved.1, ours),
        network_manager::check(facts.network_manager.0, &facts.network_manager.1),
        cloud_init::check(facts.cloud_init.0, &facts.cloud_init.1),
        postfix::check(&facts.postfix, ours),
        opendkim::check(&facts.opendkim, ours),
        port::check(facts.holders.as_ref(), ours),
        egress::udp(&facts.heard, forwards_all),
        egress::tcp(&facts.heard, forwards_all),
        clock::check(facts.unix, &facts.heard),
    ]);
    let listens = port::has_daemon(facts.holders.as_ref());
    findings.extend(facts.root_keys.as_ref().map(|here| root_keys::check(here, listens)));
    findings
}
