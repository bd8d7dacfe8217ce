//! Findings about the whole result, which no setting alone shows: the memory that its cache needs, and the zones whose answers
//! keep addresses that the other resolver removed. Pure.

use super::values::{counted, is_within};
use crate::config::{Config, ZoneKind};
use crate::limits::{CACHE_SLACK_PERCENT, MAX_STORED_READ, MEMORY_BESIDE_CACHE, RECORD_READER};
use crate::wire::presentation::name_text;

/// Octets that the unit of the packages permits: `MemoryMax=` of systemd/resolverd.service.
const UNIT_MEMORY: u64 = 600 << 20;

/// The trees of reverse names, which have no addresses.
const REVERSE: [&str; 2] = ["in-addr.arpa", "ip6.arpa"];

/// The key of the networks whose addresses are removed from answers.
pub(super) const PRIVATE: (&str, &str) = ("[resolve]", "private_addresses");

/// The key of the size of the cache.
pub(super) const SIZE: (&str, &str) = ("[cache]", "size");

/// The effect of a setting, and what to do.
pub(super) type Told = (String, String);

/// The need of a cache for which the unit permits too little memory.
pub(super) fn memory(config: &Config) -> Option<Told> {
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

/// The octets that the whole process needs, as the daemon computes them at its start.
fn needed(size: u64, history: u64) -> u64 {
    let slack = size.saturating_mul(CACHE_SLACK_PERCENT) / 100;
    let record = history.saturating_mul(RECORD_READER.saturating_add(1));
    let stored = u64::try_from(MAX_STORED_READ).unwrap_or(u64::MAX);
    let stored = if history > 0 { stored } else { 0 };
    [slack, MEMORY_BESIDE_CACHE, record, stored].into_iter().fold(size, u64::saturating_add)
}

/// The zones from whose answers `private_addresses` removes nothing. The zone of the root has names of strangers, and is no such zone.
pub(super) fn unprotected(config: &Config) -> Option<Told> {
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
