//! Routes that a reload has changed: memory may have data that were learnt on routes that no longer exist.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use hickory_proto::rr::Name;

use crate::clock::Mono;
use crate::limits::CHANGED_ROUTE_TIME;

/// Names at and below which a reload has changed routes, each with the moment. Flights that began before it may keep
/// data of the old routes until they end.
#[derive(Default)]
pub(super) struct ChangedRoutes(Mutex<BTreeMap<Name, Mono>>);

impl ChangedRoutes {
    /// Notes the names of a reload. Their number is bounded by the zones of the configurations of the last seconds.
    pub(super) fn note(&self, names: &[Name], now: Mono) {
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
