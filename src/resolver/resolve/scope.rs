//! The scope of a snapshot of the cache: the views of the configuration, and the names whose data are not kept.

use std::collections::HashSet;
use std::time::Duration;

use hickory_proto::rr::Name;

use crate::cache::snapshot::Scope;
use crate::zones::Views;
use dns::question::wire_name;

/// The scope of a snapshot of the cache. Data at and below `overlooked` are not kept.
pub(super) fn of_snapshot(views: &Views, overlooked: impl Iterator<Item = Name>) -> Scope {
    let config = views.config();
    let mut lists = HashSet::new();
    for (apex, list) in config.lists() {
        lists.insert(wire_name(&apex));
        lists.extend(list.rewrite.as_ref().map(|rewrite| wire_name(rewrite.secret().base())));
    }
    let caps = config.zones.iter().flat_map(|zone| [zone.max_ttl, zone.negative_max_ttl]).flatten();
    let cap = config.cache.max_ttl.max(config.cache.negative_max_ttl);
    Scope {
        fingerprint: views.fingerprint(),
        views: views.distinct().map(|view| view.knows).collect(),
        lists,
        overlooked: overlooked.map(|name| wire_name(&name)).collect(),
        max_ttl: caps.fold(cap, Duration::max),
        serve_stale: config.cache.serve_stale,
    }
}
