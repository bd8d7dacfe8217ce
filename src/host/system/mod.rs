//! `resolverctl check system`: checks that queries of this host reach resolverd, and that resolverd's queries reach the internet.
//!
//! Each check is a pure function in its own file. Only `root_keys` needs a daemon, only `gather` reads the host, and only `root_zone` sends queries.
//!
//! # Decisions
//!
//! - A verdict can be "could not tell", for instance if only root may read a file. If a file of NetworkManager, systemd-resolved or cloud-init that
//!   cannot be read counted as empty, the check would report a failure on a healthy host.
//! - A chroot without resolv.conf is correct if resolverd listens at 127.0.0.1, because the C library then queries 127.0.0.1. Postfix sets `edns0`
//!   and `trust-ad` itself, so a missing copy of resolv.conf is no failure.
//! - Facts are collected first and judged afterwards, so that tests can use a directory tree.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod clock;
pub(crate) mod cloud_init;
pub(crate) mod egress;
mod facts;
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

pub use self::facts::HostFacts;
pub use self::finding::{CheckVerdict, HostFinding};

/// Returns the findings in the order in which a query passes the checked parts of the host.
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
    findings.extend(facts.notes.iter().map(|note| {
        let evidence = format!("{} {}", note.key.as_deref().unwrap_or_default(), note.wrong);
        HostFinding::warning("listeners", evidence, note.remedy.as_str())
    }));
    let listens = port::has_daemon(facts.holders.as_ref());
    findings.extend(facts.root_keys.as_ref().map(|here| root_keys::check(here, listens)));
    findings
}
