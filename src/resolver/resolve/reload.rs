//! The names whose servers (routes) a reload has changed; the cache may still contain data from the old servers. Also determines for which
//! configuration a snapshot of the cache is valid.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use hickory_proto::rr::{Name, RData, Record};

use crate::cache::snapshot::Scope;
use crate::limits::CHANGED_ROUTE_TIME;
use dns::clock::Mono;
use dns::question::wire_name;
use zones::{View, Views};

/// The names at and below which a reload has changed the servers, each with the time of the reload. Resolutions that began before the
/// reload may still cache data from the old servers.
pub(super) struct ChangedRoutes {
    views: Arc<ArcSwap<Views>>,
    names: Mutex<BTreeMap<Name, Mono>>,
}

impl ChangedRoutes {
    pub(super) fn new(views: &Arc<ArcSwap<Views>>) -> Self {
        Self { views: Arc::clone(views), names: Mutex::default() }
    }

    /// Records the names whose servers a reload changes, before the new views are in use. The number of stored names is limited by the
    /// number of zones in the configurations of the last seconds.
    pub(super) fn note(&self, names: &[Name], now: Mono) {
        let mut changed = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        changed.retain(|_, at| is_recent(*at, now));
        changed.extend(names.iter().map(|name| (name.clone(), now)));
    }

    /// Returns the names for which the cache may contain data from old servers.
    pub(super) fn recent(&self, now: Mono) -> Vec<Name> {
        let changed = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        changed.iter().filter(|(_, at)| is_recent(**at, now)).map(|(name, _)| name.clone()).collect()
    }

    /// Returns true if a reload has changed the servers of `name` since `began`, and another view has replaced `view`. So `view` may still
    /// have the old servers.
    pub(super) fn concern(&self, (view, began): (&Arc<View>, Mono), name: &Name) -> bool {
        self.is_older(view) && self.since(began).iter().any(|changed| changed.zone_of(name))
    }

    /// Like `concern`, but checks all names in the answer to a question for `name`.
    pub(super) fn concern_chain(
        &self,
        (view, began): (&Arc<View>, Mono),
        (name, answers): (&Name, &[Record]),
    ) -> bool {
        if !self.is_older(view) {
            return false;
        }
        let changed = self.since(began);
        let ends = answers.iter().filter_map(|record| match &record.data {
            RData::CNAME(target) => Some(&target.0),
            _ => None,
        });
        let mut names = std::iter::once(name).chain(answers.iter().map(|record| &record.name)).chain(ends);
        names.any(|name| changed.iter().any(|changed| changed.zone_of(name)))
    }

    fn since(&self, began: Mono) -> Vec<Name> {
        let changed = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        changed.iter().filter(|(_, at)| **at >= began).map(|(name, _)| name.clone()).collect()
    }

    /// Returns true if a reload has replaced `view`.
    fn is_older(&self, view: &Arc<View>) -> bool {
        let views = self.views.load();
        !views.holds(view) && views.get(view.id).is_some()
    }
}

fn is_recent(at: Mono, now: Mono) -> bool {
    now.since(at) <= CHANGED_ROUTE_TIME
}

/// Returns for which configuration and names a snapshot is valid. Data at and below the names `overlooked` are not part of the snapshot.
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
        configured: views.fingerprints(),
        views: views.distinct().map(|view| view.knows).collect(),
        lists,
        overlooked: overlooked.map(|name| wire_name(&name)).collect(),
        max_ttl: caps.fold(cap, Duration::max),
        serve_stale: config.cache.serve_stale,
    }
}
