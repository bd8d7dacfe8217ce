//! Stores and finds delegations and the DNSSEC states of zones, by the name of the zone.

use std::sync::Arc;

use hickory_proto::rr::Name;

use super::entries::CacheEntry;
use super::keys::{KeySlot, NameKeys, SlotKey};
use super::rrsets::InView;
use super::security::ZoneTrust;
use dns::cached::Delegation;
use dns::clock::Mono;

impl InView<'_> {
    /// Stores a delegation under the name of its zone.
    pub fn put_delegation(&self, delegation: Arc<Delegation>) {
        self.store
            .insert(self.key(&delegation.zone, KeySlot::Delegation), CacheEntry::Delegation(delegation));
    }

    /// Stores the DNSSEC state of a zone under the name of the zone.
    pub fn put_zone_state(&self, state: Arc<ZoneTrust>) {
        self.store.insert(self.key(&state.zone, KeySlot::State), CacheEntry::State(state));
    }

    /// Returns the DNSSEC state of exactly this zone, if it has not expired.
    pub(crate) fn zone_state(&self, zone: &Name, now: Mono) -> Option<Arc<ZoneTrust>> {
        match self.store.get(&self.keys(zone).at(0, KeySlot::State)) {
            Some(CacheEntry::State(state)) if now < state.expires => Some(state),
            _ => None,
        }
    }

    pub(crate) fn forget_delegation(&self, zone: &Name) {
        self.store.remove(&self.keys(zone).at(0, KeySlot::Delegation));
    }

    /// Returns the delegation of exactly this zone, if its TTL has not expired.
    pub fn delegation(&self, zone: &Name, now: Mono) -> Option<Arc<Delegation>> {
        self.delegated(&self.keys(zone).at(0, KeySlot::Delegation), now)
    }

    /// Like `delegation`, but does not count as a use.
    pub(crate) fn peek_delegation(&self, zone: &Name, now: Mono) -> Option<Arc<Delegation>> {
        match self.store.peek(&self.keys(zone).at(0, KeySlot::Delegation)) {
            Some(CacheEntry::Delegation(delegation)) if now < delegation.expires => Some(delegation),
            _ => None,
        }
    }

    /// Returns the cached delegation of the closest zone at or above `name`.
    pub fn closest_delegation(&self, name: &Name, now: Mono) -> Option<Arc<Delegation>> {
        self.closest_to(self.keys(name), now)
    }

    /// `name` is in wire form.
    pub(crate) fn closest_delegation_of_wire(&self, name: &[u8], now: Mono) -> Option<Arc<Delegation>> {
        self.closest_to(NameKeys::of_wire(name, self.view, *self.store.keyed()), now)
    }

    fn closest_to(&self, mut keys: NameKeys, now: Mono) -> Option<Arc<Delegation>> {
        keys.upwards((0, usize::MAX), KeySlot::Delegation, |key| self.delegated(key, now))
    }

    pub(super) fn delegated(&self, key: &SlotKey<'_>, now: Mono) -> Option<Arc<Delegation>> {
        match self.store.get(key) {
            Some(CacheEntry::Delegation(delegation)) if now < delegation.expires => Some(delegation),
            _ => None,
        }
    }
}
