//! A table whose memory is limited, with its eviction policy.
//!
//! The policy is S3-FIFO (Yang et al., FIFO queues are all you need for cache eviction, SOSP 2023). A new entry enters the short queue. At its end,
//! the entry is evicted if it was not looked up, and otherwise moves to the long queue. At the end of the long queue, it goes back to the begin, at
//! most once for each counted lookup, or is evicted. The hashes of entries that were evicted from the short queue are remembered: if such an entry
//! comes again, it enters the long queue. So entries that are looked up only once do not evict entries in use. Each shard of the table has a lock,
//! which is held for one lookup.
//!
//! # Decisions
//!
//! - A lookup does not count soon after the entry was added, or soon after the last counted lookup. For one email, mail software asks for the same
//!   name several times within seconds, and a resolution looks up what it has just stored. If these counted, invented domains that are looked up
//!   three times would fill the long queue (`benches/scan.rs`). The idea is from 2Q (Johnson and Shasha, VLDB 1994). Time is counted in added
//!   entries, which cause evictions.
//! - The hashes of entries of one name differ only in the bits `NEIGHBOURS`, so these entries are next to each other in the hash table of one shard.
//!   A resolution looks up a dozen entries of a name, most of which do not exist: the first lookup loads this part into the processor's cache.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::HashTable;

use crate::limits::{MAX_SHARDS_OF_STORE, MIN_SHARD, OCTETS_AT_ONCE, SLOTS_AT_ONCE};
use dns::cached::StoreFill;
use dns::hash::Keyed;
use dns::question::QuestionKey;

/// The percentage of a shard's octets for the short queue.
const SHORT: u64 = 10;

/// The greatest count of the lookups of an entry. In a full table, this count decides if the entry stays.
const MOST_VISITS: u8 = 3;

/// An era ends when entries with one 64th of the shard's octets have been added, so the whole content of a shard can be replaced in 64 eras. A
/// lookup of an entry counts only if a whole era has passed since its last counted lookup, or since it was added.
const ERAS: u64 = 64;

/// The value for "no slot".
const NONE: u32 = u32::MAX;

/// The bits of a hash that the hash table stores beside each entry. They do not influence the position of the entry, so entries whose
/// hashes differ only in these bits are near each other.
pub(super) const NEIGHBOURS: u64 = 0x7f << NEIGHBOURS_BEGIN;

/// The lowest bit of `NEIGHBOURS`.
pub(super) const NEIGHBOURS_BEGIN: u32 = u64::BITS - 7;

/// A value by which an entry with a key of type `K` can be looked up.
pub(super) trait LookedUp<K> {
    fn hash(&self, keyed: &Keyed) -> u64;

    fn is(&self, key: &K) -> bool;
}

/// Returns the memory of an entry in octets.
pub(super) type Weigh<K, V> = fn(&K, &V) -> u32;

pub(super) struct Store<K, V> {
    shards: Arc<[Mutex<StoreShard<K, V>>]>,
    keyed: Keyed,
    weigh: Weigh<K, V>,
    capacity: u64,
}

struct StoreShard<K, V> {
    /// The positions of entries in `slots`.
    table: HashTable<u32>,
    slots: Vec<StoreSlot<K, V>>,
    /// The empty slots.
    free: Vec<u32>,
    short: Queue,
    long: Queue,
    /// For the entries that were evicted from the short queue: the upper half of the hash, stored at an index that the lower half determines.
    gone: Vec<u32>,
    /// The number of the current era.
    era: u16,
    /// The current era ends when new entries with this number of octets have been added.
    left_of_era: u64,
    capacity: u64,
    /// The memory of an empty slot in octets.
    slot: u32,
}

struct StoreSlot<K, V> {
    held: Option<(K, V)>,
    hash: u64,
    weight: u32,
    newer: u32,
    older: u32,
    /// Counted lookups since the entry was added or moved to the back of the long queue.
    visits: u8,
    is_long: bool,
    /// The number of the era (see `ERAS`) in which the entry was added or its last counted lookup happened.
    seen: u16,
}

/// A linked list of slots, for eviction.
struct Queue {
    newest: u32,
    oldest: u32,
    weight: u64,
}

impl<K, V> Clone for Store<K, V> {
    fn clone(&self) -> Self {
        Self { shards: Arc::clone(&self.shards), ..*self }
    }
}

impl<K: LookedUp<K> + Clone, V: Clone> Store<K, V> {
    /// Creates a table of at most `capacity` octets. An empty slot takes `slot` octets.
    pub(super) fn new(capacity: u64, keyed: Keyed, weigh: Weigh<K, V>, slot: u32) -> Self {
        let shards = (capacity / MIN_SHARD).clamp(1, MAX_SHARDS_OF_STORE);
        let shards = (0..shards).map(|_| Mutex::new(StoreShard::new(capacity / shards, slot))).collect();
        Self { shards, keyed, weigh, capacity }
    }

    /// Returns the value under `key`. This counts as a use of the entry.
    pub(super) fn get(&self, key: &(impl LookedUp<K> + ?Sized)) -> Option<V> {
        let hash = key.hash(&self.keyed);
        self.shard(hash)?.get(hash, key)
    }

    /// Like `get`, but does not count as a use.
    pub(super) fn peek(&self, key: &(impl LookedUp<K> + ?Sized)) -> Option<V> {
        let hash = key.hash(&self.keyed);
        let shard = self.shard(hash)?;
        let slot = shard.slot(shard.find(hash, key)?)?;
        slot.held.as_ref().map(|(_, value)| value.clone())
    }

    /// Like `get`. If there is no value, stores and returns that of `make`.
    pub(super) fn get_with(&self, key: &K, make: impl FnOnce() -> V) -> V {
        let hash = key.hash(&self.keyed);
        let Some(mut shard) = self.shard(hash) else { return make() };
        if let Some(known) = shard.get(hash, key) {
            return known;
        }
        let made = make();
        let weight = (self.weigh)(key, &made);
        shard.insert(hash, key.clone(), made.clone(), weight);
        made
    }

    pub(super) fn insert(&self, key: K, value: V) {
        let (hash, weight) = (key.hash(&self.keyed), (self.weigh)(&key, &value));
        if let Some(mut shard) = self.shard(hash) {
            shard.insert(hash, key, value, weight);
        }
    }

    /// Adds an entry from the snapshot of an earlier process, unless the table already has one for `key`. `in_use` is true if the entry was in the
    /// long queue, which has the entries that were looked up again. Returns true if the entry was added.
    pub(super) fn restore(&self, key: K, value: V, in_use: bool) -> bool {
        let (hash, weight) = (key.hash(&self.keyed), (self.weigh)(&key, &value));
        let Some(mut shard) = self.shard(hash) else { return false };
        let is_new = shard.find(hash, &key).is_none();
        if is_new {
            shard.add((hash, weight), key, value, in_use);
            shard.fit();
        }
        is_new
    }

    /// Calls `see` with every entry until `see` fails. The last argument of `see` is true if the entry is in the long queue, which has the entries
    /// that were looked up again. The call does not count as a use of the entry. No lock is held while `see` runs.
    pub(super) fn each<Error>(
        &self,
        mut see: impl FnMut(&K, &V, bool) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for shard in self.shards.iter() {
            let mut step = Vec::with_capacity(SLOTS_AT_ONCE);
            for begin in (0..).step_by(SLOTS_AT_ONCE) {
                let shard = lock(shard);
                let Some(slots) = shard.slots.get(begin..).filter(|slots| !slots.is_empty()) else { break };
                let held = |slot: &StoreSlot<K, V>| Some((slot.held.clone()?, slot.is_long));
                step.extend(slots.iter().take(SLOTS_AT_ONCE).filter_map(held));
                drop(shard);
                step.drain(..).try_for_each(|((key, value), is_long)| see(&key, &value, is_long))?;
            }
        }
        Ok(())
    }

    pub(super) fn remove(&self, key: &(impl LookedUp<K> + ?Sized)) -> Option<V> {
        let hash = key.hash(&self.keyed);
        let mut shard = self.shard(hash)?;
        let place = shard.find(hash, key)?;
        shard.take(place).map(|(_, value)| value)
    }

    /// Returns the entries for which `wanted` returns true. Their order depends only on the earlier operations on the table. The call does not count
    /// as a use of an entry.
    pub(super) fn entries(&self, wanted: impl Fn(&K, &V) -> bool) -> Vec<(K, V)> {
        let mut entries = Vec::new();
        for shard in self.shards.iter() {
            // The lock is released after each step, so a lookup waits for one step at most. During a step, no entry changes its slot.
            for begin in (0..).step_by(SLOTS_AT_ONCE) {
                let shard = lock(shard);
                let Some(slots) = shard.slots.get(begin..).filter(|slots| !slots.is_empty()) else { break };
                let held = slots.iter().take(SLOTS_AT_ONCE).filter_map(|slot| slot.held.as_ref());
                entries.extend(held.filter(|(key, value)| wanted(key, value)).cloned());
            }
        }
        entries
    }

    /// Removes the entries for which `wanted` returns true, and calls `removed_one` with each. Works in steps of `SLOTS_AT_ONCE` slots, and each step
    /// frees the memory of its entries. If all memory was freed at the end, new entries could make the table twice as large as its limit.
    pub(super) fn remove_each(&self, wanted: impl Fn(&K, &V) -> bool, mut removed_one: impl FnMut(&V)) {
        let is_wanted =
            |slot: &StoreSlot<K, V>| slot.held.as_ref().is_some_and(|(key, value)| wanted(key, value));
        for shard in self.shards.iter() {
            // The lock is released after each step, so that lookups do not wait for the whole table. An entry that is meanwhile added to a slot of an
            // earlier step stays.
            for begin in (0..).step_by(SLOTS_AT_ONCE) {
                let mut shard = lock(shard);
                let Some(slots) = shard.slots.get(begin..).filter(|slots| !slots.is_empty()) else { break };
                let step = (begin..).zip(slots).take(SLOTS_AT_ONCE).filter(|(_, slot)| is_wanted(slot));
                let places: Vec<u32> = step.filter_map(|(place, _)| u32::try_from(place).ok()).collect();
                let removed: Vec<(K, V)> = places.into_iter().filter_map(|place| shard.take(place)).collect();
                drop(shard);
                removed.iter().for_each(|(_, value)| removed_one(value));
            }
        }
    }

    /// Returns the number of removed entries.
    pub(super) fn clear(&self) -> u64 {
        let entries = self.fill().0;
        for shard in self.shards.iter() {
            let mut shard = lock(shard);
            let empty = StoreShard::new(shard.capacity, shard.slot);
            let held = std::mem::replace(&mut *shard, empty);
            drop(shard);
            drop(held);
        }
        entries
    }

    /// Returns the number of entries and their memory in octets.
    pub(super) fn fill(&self) -> (u64, u64) {
        self.shards.iter().fold((0, 0), |(entries, octets), shard| {
            let shard = lock(shard);
            (entries.saturating_add(shard.table.len() as u64), octets.saturating_add(shard.weight()))
        })
    }

    /// Sets the limit of the table. Entries that do not fit are evicted in steps.
    pub(super) fn use_octets(&self, octets: u64) {
        let room = octets.checked_div(self.shards.len() as u64).unwrap_or(0);
        for shard in self.shards.iter() {
            while lock(shard).near(room) {}
        }
    }

    /// Returns the limit at the creation of the table, in octets.
    pub(super) fn capacity(&self) -> u64 {
        self.capacity
    }

    pub(super) fn keyed(&self) -> &Keyed {
        &self.keyed
    }

    fn shard(&self, hash: u64) -> Option<MutexGuard<'_, StoreShard<K, V>>> {
        // The upper half of the hash chooses the shard, and the lower half the position in it. The bits `NEIGHBOURS` are not used, because entries of
        // one name that differ only in these bits must be in the same shard.
        let shard = ((hash & !NEIGHBOURS) >> 32).checked_rem(self.shards.len() as u64)?;
        self.shards.get(usize::try_from(shard).ok()?).map(lock)
    }
}

impl<K: LookedUp<K>, V: Clone> StoreShard<K, V> {
    fn new(capacity: u64, slot: u32) -> Self {
        let queue = || Queue { newest: NONE, oldest: NONE, weight: 0 };
        Self {
            table: HashTable::new(),
            slots: Vec::new(),
            free: Vec::new(),
            short: queue(),
            long: queue(),
            gone: Vec::new(),
            era: 0,
            left_of_era: 0,
            capacity,
            slot,
        }
    }

    fn weight(&self) -> u64 {
        self.short.weight.saturating_add(self.long.weight)
    }

    fn find(&self, hash: u64, key: &(impl LookedUp<K> + ?Sized)) -> Option<u32> {
        let is_it = |place: &u32| {
            let held = self.slot(*place).filter(|slot| slot.hash == hash).and_then(|slot| slot.held.as_ref());
            held.is_some_and(|(held, _)| key.is(held))
        };
        self.table.find(hash, is_it).copied()
    }

    fn get(&mut self, hash: u64, key: &(impl LookedUp<K> + ?Sized)) -> Option<V> {
        let place = self.find(hash, key)?;
        let era = self.era;
        let slot = self.slot_mut(place)?;
        if era.wrapping_sub(slot.seen) > 1 {
            slot.visits = slot.visits.saturating_add(1).min(MOST_VISITS);
            slot.seen = era;
        }
        slot.held.as_ref().map(|(_, value)| value.clone())
    }

    fn insert(&mut self, hash: u64, key: K, value: V, weight: u32) {
        if let Some(place) = self.find(hash, &key) {
            self.replace(place, (key, value), weight);
        } else {
            let is_long = self.came_back(hash);
            self.add((hash, weight), key, value, is_long);
        }
        self.fit();
    }

    /// Adds an entry. The caller must know that its key is not in the shard. An entry that is larger than the shard's limit is not added.
    fn add(&mut self, (hash, weight): (u64, u32), key: K, value: V, is_long: bool) {
        if u64::from(weight) > self.capacity {
            return;
        }
        self.count_to_era(weight);
        let (held, seen) = (Some((key, value)), self.era);
        let slot = StoreSlot { held, hash, weight, newer: NONE, older: NONE, visits: 0, is_long, seen };
        let Some(place) = self.occupy(slot) else { return };
        let slots = &self.slots;
        self.table.insert_unique(hash, place, |place| slots.get(*place as usize).map_or(0, |slot| slot.hash));
        self.push(place, is_long);
    }

    /// Counts the octets of an added entry. When they reach the length of an era, the next era begins. The length is a number of octets and
    /// not of entries, because the limits of the queues are in octets. It is about a sixth of the limit of the short queue.
    fn count_to_era(&mut self, weight: u32) {
        self.left_of_era = self.left_of_era.saturating_sub(weight.into());
        if self.left_of_era == 0 {
            self.era = self.era.wrapping_add(1);
            self.left_of_era = self.weight() / ERAS;
        }
    }

    /// Evicts entries until the shard is within its limit. The memory of empty slots counts, because there are many after a few entries of 60 KB have
    /// replaced small ones.
    fn fit(&mut self) {
        while self.weight().saturating_add(self.empty()) > self.capacity {
            self.evict();
        }
    }

    /// Changes the limit of the shard towards `room` by one step, so that a lookup waits for one step at most. Returns true if more steps are needed.
    fn near(&mut self, room: u64) -> bool {
        let used = self.weight().saturating_add(self.empty());
        self.capacity = room.max(used.saturating_sub(OCTETS_AT_ONCE));
        self.fit();
        self.capacity > room
    }

    /// Returns the memory of empty slots in octets.
    fn empty(&self) -> u64 {
        (self.free.len() as u64).saturating_mul(self.slot.into())
    }

    fn replace(&mut self, place: u32, held: (K, V), weight: u32) {
        let Some(slot) = self.slots.get_mut(place as usize) else { return };
        let queue = if slot.is_long { &mut self.long } else { &mut self.short };
        queue.weight = queue.weight.saturating_sub(slot.weight.into()).saturating_add(weight.into());
        slot.weight = weight;
        slot.held = Some(held);
    }

    /// Puts an entry into a free or a new slot, and returns its position.
    fn occupy(&mut self, slot: StoreSlot<K, V>) -> Option<u32> {
        if let Some(place) = self.free.pop() {
            *self.slot_mut(place)? = slot;
            return Some(place);
        }
        let place = u32::try_from(self.slots.len()).ok().filter(|place| *place != NONE)?;
        if self.slots.len() == self.slots.capacity() {
            // A cache is full for most of its life. If the vector were doubled, up to half of its memory would stay unused.
            self.slots.reserve_exact(self.slots.len() / 4 + 16);
        }
        self.slots.push(slot);
        Some(place)
    }

    /// Evicts the oldest entry of a queue, or moves it to the back of the long queue if it was looked up.
    fn evict(&mut self) {
        let is_short =
            self.long.oldest == NONE || self.short.weight > self.capacity.saturating_mul(SHORT) / 100;
        let place = if is_short { self.short.oldest } else { self.long.oldest };
        let Some(slot) = self.slots.get_mut(place as usize) else { return };
        if slot.visits == 0 {
            let hash = slot.hash;
            if is_short {
                self.remember(hash);
            }
            self.take(place);
            return;
        }
        slot.visits = if is_short { 0 } else { slot.visits.saturating_sub(1) };
        self.unlink(place);
        self.push(place, true);
    }

    fn take(&mut self, place: u32) -> Option<(K, V)> {
        let hash = self.slot(place)?.hash;
        if let Ok(entry) = self.table.find_entry(hash, |other| *other == place) {
            entry.remove();
        }
        self.unlink(place);
        self.free.push(place);
        let held = self.slot_mut(place)?.held.take();
        if self.table.is_empty() {
            // The new empty shard frees all memory.
            *self = Self::new(self.capacity, self.slot);
        }
        held
    }

    fn unlink(&mut self, place: u32) {
        let Some(slot) = self.slot(place) else { return };
        let (newer, older, weight, is_long) = (slot.newer, slot.older, slot.weight, slot.is_long);
        let queue = if is_long { &mut self.long } else { &mut self.short };
        queue.weight = queue.weight.saturating_sub(weight.into());
        match self.slots.get_mut(newer as usize) {
            Some(slot) => slot.older = older,
            None => queue.newest = older,
        }
        match self.slots.get_mut(older as usize) {
            Some(slot) => slot.newer = newer,
            None => queue.oldest = newer,
        }
    }

    fn push(&mut self, place: u32, is_long: bool) {
        let queue = if is_long { &mut self.long } else { &mut self.short };
        let newest = std::mem::replace(&mut queue.newest, place);
        match self.slots.get_mut(newest as usize) {
            Some(slot) => slot.newer = place,
            None => queue.oldest = place,
        }
        if let Some(slot) = self.slots.get_mut(place as usize) {
            (slot.newer, slot.older, slot.is_long) = (NONE, newest, is_long);
            queue.weight = queue.weight.saturating_add(slot.weight.into());
        }
    }

    fn remember(&mut self, hash: u64) {
        if self.gone.len() < self.slots.len() {
            // The larger list begins empty. Only the hashes of the last few evicted entries are lost by this.
            self.gone = vec![0; self.slots.len().next_power_of_two()];
        }
        let (place, mark) = halves(hash);
        let places = self.gone.len().saturating_sub(1);
        if let Some(gone) = self.gone.get_mut(place as usize & places) {
            *gone = mark;
        }
    }

    /// Returns true if an entry with this hash was recently evicted from the short queue, where each new entry begins.
    fn came_back(&self, hash: u64) -> bool {
        let (place, mark) = halves(hash);
        let places = self.gone.len().saturating_sub(1);
        self.gone.get(place as usize & places).is_some_and(|gone| *gone == mark)
    }

    fn slot(&self, place: u32) -> Option<&StoreSlot<K, V>> {
        self.slots.get(place as usize)
    }

    fn slot_mut(&mut self, place: u32) -> Option<&mut StoreSlot<K, V>> {
        self.slots.get_mut(place as usize)
    }
}

/// Returns the lower and the upper half of a hash. The upper half is never 0, because 0 marks an empty position.
fn halves(hash: u64) -> (u32, u32) {
    // The rotation moves the bits `NEIGHBOURS`, which differ between the entries of one name, to the lower half.
    let hash = hash.rotate_right(NEIGHBOURS_BEGIN);
    let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(0);
    (half(hash), half(hash >> 32) | 1)
}

/// Locks a shard, even if another thread has panicked with the lock. The entries are then valid: an entry is incomplete only while a queue is
/// changed, and those statements cannot panic.
fn lock<Kept>(mutex: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) type QuestionStore<V> = Store<QuestionKey, V>;

pub(super) fn fill<K: LookedUp<K> + Clone, V: Clone>(name: &'static str, store: &Store<K, V>) -> StoreFill {
    let (entries, bytes) = store.fill();
    StoreFill { store: name.into(), entries, bytes, capacity: store.capacity() }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
