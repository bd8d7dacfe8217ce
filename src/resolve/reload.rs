//! Changes of routes by a reload: the new views, and the data that were learnt on routes that no longer exist.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use hickory_proto::rr::Name;

use super::Resolver;
use crate::clock::Mono;
use crate::limits::CHANGED_ROUTE_TIME;
use crate::zones::{self, Views};

/// Names at and below which a reload has changed routes, each with the moment. Flights that began before it may keep
/// data of the old routes until they end.
#[derive(Default)]
pub(super) struct ChangedRoutes(Mutex<BTreeMap<Name, Mono>>);

impl ChangedRoutes {
    /// Notes the names of a reload. Their number is bounded by the zones of the configurations of the last seconds.
    fn note(&self, names: &[Name], now: Mono) {
        let mut changed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        changed.retain(|_, at| is_recent(*at, now));
        changed.extend(names.iter().map(|name| (name.clone(), now)));
    }

    /// The names for which memory may have data of old routes.
    pub(super) fn recent(&self, now: Mono) -> Vec<Name> {
        let changed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        changed.iter().filter(|(_, at)| is_recent(**at, now)).map(|(name, _)| name.clone()).collect()
    }
}

fn is_recent(at: Mono, now: Mono) -> bool {
    now.since(at) <= CHANGED_ROUTE_TIME
}

impl Resolver {
    /// Changes to new views, which follow the current ones. Flights in progress keep theirs. Returns the names at and
    /// below which routes have changed.
    pub fn set_views(&self, views: Views) -> Vec<Name> {
        let old = self.views();
        let changed = zones::changed(old.config(), views.config());
        views.go_on_from(&old);
        self.recorder.recurses(views.recurse());
        self.changed.note(&changed, self.clock.mono());
        self.views.store(Arc::new(views));
        self.lists.forget_unasked();
        changed
    }

    /// Forgets data at and below `names`, where routes have changed, and data of views that no longer exist.
    pub async fn forget(&self, names: &[Name]) {
        // An older flight may have asked a list on a route that no longer exists.
        self.lists.forget_unasked();
        let (views, names) = (self.views(), names.to_vec());
        self.iterate.keep_views(|view| views.is_in_use(view));
        self.memory.walk(move |memory| memory.forget(&names, |view| views.is_in_use(view))).await;
    }
}
