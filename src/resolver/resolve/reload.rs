//! Routes that a reload has changed: memory may have data that were learnt on routes that no longer exist. And the scope of a
//! snapshot of the cache, which another configuration may read.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use hickory_proto::rr::{Name, RData, Record};

use crate::cache::snapshot::Scope;
use crate::limits::CHANGED_ROUTE_TIME;
use crate::zones::{View, Views};
use dns::clock::Mono;
use dns::question::wire_name;

/// Names at and below which a reload has changed routes, each with the moment. Flights that began before it may keep
/// data of the old routes until they end.
pub(super) struct ChangedRoutes {
    views: Arc<ArcSwap<Views>>,
    names: Mutex<BTreeMap<Name, Mono>>,
}

impl ChangedRoutes {
    /// No route of these views has changed.
    pub(super) fn new(views: &Arc<ArcSwap<Views>>) -> Self {
        Self { views: Arc::clone(views), names: Mutex::default() }
    }

    /// Notes the names of a reload, before its views are in use. Their number is bounded by the zones of the configurations of the
    /// last seconds.
    pub(super) fn note(&self, names: &[Name], now: Mono) {
        let mut changed = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        changed.retain(|_, at| is_recent(*at, now));
        changed.extend(names.iter().map(|name| (name.clone(), now)));
    }

    /// The names for which memory may have data of old routes.
    pub(super) fn recent(&self, now: Mono) -> Vec<Name> {
        let changed = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        changed.iter().filter(|(_, at)| is_recent(**at, now)).map(|(name, _)| name.clone()).collect()
    }

    /// Returns true if `name` has another route than a question has that began at this moment in `view`. A view that is no longer
    /// in use has no new routes.
    pub(super) fn concern(&self, (view, began): (&Arc<View>, Mono), name: &Name) -> bool {
        self.is_older(view) && self.since(began).iter().any(|changed| changed.zone_of(name))
    }

    /// Like `concern`, for the names of the answer to a question for `name`.
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

    /// The names whose routes have changed since a moment.
    fn since(&self, began: Mono) -> Vec<Name> {
        let changed = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        changed.iter().filter(|(_, at)| **at >= began).map(|(name, _)| name.clone()).collect()
    }

    /// Returns true if a reload has replaced `view` by one with the same id.
    fn is_older(&self, view: &Arc<View>) -> bool {
        let views = self.views.load();
        !views.holds(view) && views.get(view.id).is_some()
    }
}

fn is_recent(at: Mono, now: Mono) -> bool {
    now.since(at) <= CHANGED_ROUTE_TIME
}

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
