//! The scope of a snapshot of the cache: the views of the configuration, and the names whose data are not kept.

use std::collections::HashSet;
use std::time::Duration;

use super::Resolver;
use crate::cache::snapshot::Scope;
use crate::question::wire_name;

impl Resolver {
    /// The scope of a snapshot of the cache at this moment.
    pub fn snapshot_scope(&self) -> Scope {
        let views = self.views();
        let config = views.config();
        let mut lists = HashSet::new();
        for (apex, list) in config.lists() {
            lists.insert(wire_name(&apex));
            lists.extend(list.rewrite.as_ref().map(|rewrite| wire_name(rewrite.secret().base())));
        }
        let now = self.clock.mono();
        let anchors = self.ntas().list(now).into_iter().map(|(name, _)| name);
        let overlooked = anchors.chain(self.changed.recent(now));
        let caps = config.zones.iter().flat_map(|zone| [zone.max_ttl, zone.negative_max_ttl]).flatten();
        let cap = config.cache.max_ttl.max(config.cache.negative_max_ttl);
        Scope {
            fingerprint: views.fingerprint(),
            views: views.distinct().map(|view| (view.id, view.knows)).collect(),
            lists,
            overlooked: overlooked.map(|name| wire_name(&name)).collect(),
            max_ttl: caps.fold(cap, Duration::max),
            serve_stale: config.cache.serve_stale,
        }
    }
}
