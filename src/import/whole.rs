//! Findings about the imported configuration as a whole: the memory that the cache needs, zones from whose answers private addresses are not removed,
//! refused queries of this host, and servers that resolverd never queries.

use std::net::IpAddr;

use ipnet::IpNet;

use super::finding::Weight;
use super::values::{Clients, counted, is_within, loopback, private_networks};
use config::limits::{CACHE_SLACK_PERCENT, MEMORY_BESIDE_CACHE};
use config::{Config, ZoneKind};
use dns::wire::presentation::name_text;
use record::limits::{MAX_STORED_READ, RECORD_READER};

/// In octets: `MemoryMax=` in systemd/resolverd.service.
const UNIT_MEMORY: u64 = 600 << 20;

/// Names in these domains have no address records.
const REVERSE: [&str; 2] = ["in-addr.arpa", "ip6.arpa"];

/// resolverd removes addresses in these networks from answers.
pub(super) const PRIVATE: (&str, &str) = ("[resolve]", "private_addresses");

pub(super) const SIZE: (&str, &str) = ("[cache]", "size");

/// The addresses from which programs of this host send queries: IPv4 first, as in the networks that the function `loopback` returns.
const OWN: [&str; 2] = ["127.0.0.1/32", "::1/128"];

pub(super) const CLIENTS: (&str, &str) = ("[listen]", "allow");

/// An effect of the configuration, and what the operator should do.
pub(super) type EffectAndRemedy = (String, String);

/// Reports that the systemd unit permits less memory than resolverd needs with this size of the cache.
pub(super) fn memory(config: &Config) -> Option<EffectAndRemedy> {
    let (size, history) = (config.cache.size, config.history_size());
    let needed = needed(size, history);
    (needed > UNIT_MEMORY).then(|| {
        let mebibytes = |octets: u64| octets.div_ceil(1 << 20);
        let (needed, permitted) = (mebibytes(needed), mebibytes(UNIT_MEMORY));
        let did = format!("set a size of the cache with which resolverd needs up to {needed} MiB of memory");
        let instead = format!(
            "resolverd.service permits {permitted} MiB, and beyond it the process is killed: set MemoryMax={needed}M with `systemctl edit resolverd`, or decrease cache.size"
        );
        (did, instead)
    })
}

/// Returns the memory of the whole process in octets, as the daemon computes it at its start.
fn needed(size: u64, history: u64) -> u64 {
    let slack = size.saturating_mul(CACHE_SLACK_PERCENT) / 100;
    let record = history.saturating_mul(RECORD_READER.saturating_add(1));
    let stored = u64::try_from(MAX_STORED_READ).unwrap_or(u64::MAX);
    let stored = if history > 0 { stored } else { 0 };
    [slack, MEMORY_BESIDE_CACHE, record, stored].into_iter().fold(size, u64::saturating_add)
}

/// Reports zones from whose answers resolverd does not remove private addresses. The root zone is not reported: private addresses are removed from
/// answers for its names.
pub(super) fn unprotected(config: &Config) -> Option<EffectAndRemedy> {
    let resolve = &config.resolve;
    let is_asked = |kind: &ZoneKind| matches!(kind, ZoneKind::Forward(_) | ZoneKind::Stub(_));
    let is_excepted = |name: &str| {
        let excepted = resolve.private_domains.iter().any(|domain| is_within(name, &name_text(domain)));
        excepted || REVERSE.iter().any(|tree| is_within(name, tree))
    };
    let of_servers = config.zones.iter().filter(|zone| !zone.name.is_root() && is_asked(&zone.kind));
    let names = of_servers.map(|zone| name_text(&zone.name).trim_end_matches('.').to_owned());
    let names: Vec<String> = names.filter(|name| !is_excepted(name)).collect();
    if names.is_empty() || resolve.private_addresses.is_empty() {
        return None;
    }
    let did = format!("removed these addresses from answers of the servers of {} too", counted(&names));
    let instead = "resolverd removes none from answers in a [[zone]] with forward or stub, unless its name is \".\": if others can write names there, let its servers remove these addresses";
    Some((did, instead.to_owned()))
}

/// Reports addresses of this host that are not allowed as clients, although resolverd listens there.
pub(super) fn own_queries(config: &Config) -> Option<(Weight, EffectAndRemedy)> {
    let listen = &config.listen;
    let of = |nets: &[IpNet]| nets.iter().copied().collect();
    let clients = Clients { allow: of(&listen.allow), refuse: of(&listen.refuse), drop: of(&listen.drop) };
    let is_asked = |own: IpAddr| {
        let is_own = |address: IpAddr| address.is_loopback() || address.is_unspecified();
        listen.addresses.iter().any(|at| is_own(at.ip()) && at.is_ipv4() == own.is_ipv4())
    };
    let asked = loopback().into_iter().zip(OWN).filter(|(net, _)| is_asked(net.addr()));
    let refused = |(_, own): &(IpNet, &str)| !own.parse().is_ok_and(|own| clients.permits(&own));
    let (first, nets) = (asked.clone().next()?, asked.filter(&refused));
    let nets: Vec<String> = nets.map(|(net, _)| net.to_string()).collect();
    if nets.is_empty() {
        return None;
    }
    let nets = nets.join(" and ");
    let did = format!("refused or dropped the queries of this host ({nets})");
    // Programs of this host send their queries to the loopback address `first`, and the kernel gives the queries the same source address.
    let (weight, needed) = match refused(&first) {
        true => (Weight::Dangerous, "are to ask resolverd: otherwise its own mail fails"),
        false => (Weight::Different, "ask this address"),
    };
    let instead = format!("add {nets} to listen.allow if programs of this host {needed}");
    Some((weight, (did, instead)))
}

/// Reports that resolverd does not query name servers with private addresses. This matters only if resolverd resolves names itself.
pub(super) fn private_servers(config: &Config) -> Option<(&'static str, &'static str)> {
    let private = private_networks();
    let is_private = |address: IpAddr| private.iter().any(|net| net.contains(&address));
    let serves = config.listen.allow.iter().any(|net| private.iter().any(|private| private.contains(net)));
    let asks = config.zones.iter().any(|zone| match &zone.kind {
        ZoneKind::Forward(servers) => servers.iter().any(|server| is_private(server.address.ip())),
        ZoneKind::Stub(servers) => servers.iter().any(|server| is_private(server.ip())),
        ZoneKind::Recurse | ZoneKind::File { .. } | ZoneKind::Records(_) | ZoneKind::Blocked => false,
    });
    let is_forwarded = config.zones.iter().any(|zone| {
        zone.name.is_root()
            && zone.view.is_none()
            && matches!(zone.kind, ZoneKind::Forward(_))
            && !zone.forward_first
    });
    let denies = config.resolve.deny_servers.iter().any(|denied| private.contains(denied));
    if is_forwarded || !denies || !(serves || asks) {
        return None;
    }
    let did = "asked servers with private addresses too, if a name is delegated to them";
    let instead = "resolverd asks such servers only for a [[zone]] that names them, and for delegations inside of it: for other names on servers of your network add a [[zone]] with their addresses in stub, or remove the network from resolve.deny_servers";
    Some((did, instead))
}
