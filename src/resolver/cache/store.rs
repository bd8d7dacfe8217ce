//! A table whose memory is limited, with its eviction policy.
//!
//! The policy is S3-FIFO (Yang et al., FIFO queues are all you need for cache eviction, SOSP 2023). A new entry enters a short queue. When the
//! entry reaches the end of this queue, it is evicted if it was not looked up; otherwise it moves to the long queue. At the end of the long queue,
//! an entry goes back to the begin if it was looked up, at most once for each counted lookup, and is evicted otherwise. The hash of an entry that
//! was evicted from the short queue is remembered; if the same entry is added again, it enters the long queue. So entries that are looked up only
//! once evict each other, and not entries in use. The table is split into shards. Each shard has a lock, which is held for one lookup.
//!
//! # Decisions
//!
//! - A lookup is not counted if it comes soon after the entry was added, or soon after the last counted lookup. The reason: for one email, mail
//!   software asks for the same name several times within seconds, and a resolution looks up what it has just stored. If these lookups counted,
//!   made-up domains that are looked up three times would fill the long queue (`benches/scan.rs`). The idea comes from 2Q (Johnson and Shasha, VLDB
//!   1994). Time is counted in added entries, because these cause evictions.
//! - The hashes of the entries of one name differ only in the bits `NEIGHBOURS`, so these entries are in one shard and next to each other in its
//!   hash table. A resolution looks up a dozen entries of a name, and most of them do not exist. The first lookup loads this part of the hash table
//!   into the processor's cache, and the other lookups find it there.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use crate::limits::{MAX_SHARDS_OF_STORE, MIN_SHARD, OCTETS_AT_ONCE, SLOTS_AT_ONCE};
use dns::hash::Keyed;
use dns::question::QuestionKey;

/// The percentage of the octets of a shard that the entries in the short queue may take.
const SHORT: u64 = 10;

/// The greatest number of lookups that are counted for one entry.
const MOST_VISITS: u8 = 3;

/// An era is the time in which new entries with one 64th of the shard's size are added to the shard. A lookup counts only if at least one whole era
/// has passed since the last counted lookup, or since the entry was added.
const ERAS: u64 = 64;

/// The value that stands for "no slot" in a queue or a list of slots.
const NONE: u32 = u32::MAX;

/// The bits of a hash that the hash table stores as one octet next to each entry. They do not influence the position of the entry in the table.
pub(super) const NEIGHBOURS: u64 = 0x7f << NEIGHBOURS_BEGIN;

/// The position of the lowest bit of `NEIGHBOURS` in a hash.
pub(super) const NEIGHBOURS_BEGIN: u32 = u64::BITS - 7;

/// A value by which an entry with a key of type `K` is looked up.
pub(super) trait LookedUp<K> {
    /// Returns the keyed hash of the key.
    fn hash(&self, keyed: &Keyed) -> u64;

    /// Returns true if `key` is the key of the entry that is looked up.
    fn is(&self, key: &K) -> bool;
}

/// A function that returns the memory that an entry of a table takes, in octets.
pub(super) type Weigh<K, V> = fn(&K, &V) -> u32;

/// A table of the cache whose entries may take a limited amount of memory.
pub(super) struct Store<K, V> {
    shards: Arc<[Mutex<StoreShard<K, V>>]>,
    keyed: Keyed,
    weigh: Weigh<K, V>,
    capacity: u64,
}

struct StoreShard<K, V> {
    /// The positions of entries in `slots`, by the hashes of their keys.
    table: HashTable<u32>,
    slots: Vec<StoreSlot<K, V>>,
    /// The positions of the empty slots in `slots`, which new entries of the table will use.
    free: Vec<u32>,
    short: Queue,
    long: Queue,
    /// The upper halves of the hashes of entries that were evicted from the short queue. The lower half of a hash gives the position of its upper
    /// half in this list.
    gone: Vec<u32>,
    /// The number of the current era. The next field is the number of octets of new entries after which this era ends.
    era: u16,
    left_of_era: u64,
    capacity: u64,
    /// The memory that an empty slot takes, in octets.
    slot: u32,
}

struct StoreSlot<K, V> {
    held: Option<(K, V)>,
    hash: u64,
    weight: u32,
    newer: u32,
    older: u32,
    /// The number of counted lookups of the entry since it was added, or since it was moved to the back of the long
    /// queue.
    visits: u8,
    is_long: bool,
    /// The era in which the entry was added, or the era of its last counted lookup.
    seen: u16,
}

/// A queue of slots (for eviction), as a linked list.
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
    /// Creates an empty table of at most `capacity` octets. An empty slot takes `slot` octets.
    pub(super) fn new(capacity: u64, keyed: Keyed, weigh: Weigh<K, V>, slot: u32) -> Self {
        let shards = (capacity / MIN_SHARD).clamp(1, MAX_SHARDS_OF_STORE);
        let shards = (0..shards).map(|_| Mutex::new(StoreShard::new(capacity / shards, slot))).collect();
        Self { shards, keyed, weigh, capacity }
    }

    /// Returns the value under `key`, or `None` if there is none. This counts as a use of the entry.
    pub(super) fn get(&self, key: &(impl LookedUp<K> + ?Sized)) -> Option<V> {
        let hash = key.hash(&self.keyed);
        self.shard(hash)?.get(hash, key)
    }

    /// Returns the value under `key`, like `get`, but does not count as a use of the entry.
    pub(super) fn peek(&self, key: &(impl LookedUp<K> + ?Sized)) -> Option<V> {
        let hash = key.hash(&self.keyed);
        let shard = self.shard(hash)?;
        let slot = shard.slot(shard.find(hash, key)?)?;
        slot.held.as_ref().map(|(_, value)| value.clone())
    }

    /// Returns the value under `key`, like `get`. If there is none, stores and returns the value that `make` returns.
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

    /// Stores `value` under `key`. An older value is replaced.
    pub(super) fn insert(&self, key: K, value: V) {
        let (hash, weight) = (key.hash(&self.keyed), (self.weigh)(&key, &value));
        if let Some(mut shard) = self.shard(hash) {
            shard.insert(hash, key, value, weight);
        }
    }

    /// Adds an entry from the snapshot of an earlier process under `key`, unless the table already has one. `in_use`: true if the entry was used
    /// again after it was stored (it was in the long queue). Returns true if the entry was added.
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

    /// Calls `see` with every entry until `see` fails. The last argument of `see` is true if the entry was used again after it was stored (it is in
    /// the long queue). This does not count as a use of the entries. No lock is held while `see` runs.
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

    /// Removes and returns the value under `key`.
    pub(super) fn remove(&self, key: &(impl LookedUp<K> + ?Sized)) -> Option<V> {
        let hash = key.hash(&self.keyed);
        let mut shard = self.shard(hash)?;
        let place = shard.find(hash, key)?;
        shard.take(place).map(|(_, value)| value)
    }

    /// Returns the entries for which `wanted` returns true. The same sequence of operations on the table always gives the same order. The call does
    /// not count as a use of the entries.
    pub(super) fn entries(&self, wanted: impl Fn(&K, &V) -> bool) -> Vec<(K, V)> {
        let mut entries = Vec::new();
        for shard in self.shards.iter() {
            // The lock is released after each step, so that a lookup waits for one step at most. No entry changes its slot
            // during a step.
            for begin in (0..).step_by(SLOTS_AT_ONCE) {
                let shard = lock(shard);
                let Some(slots) = shard.slots.get(begin..).filter(|slots| !slots.is_empty()) else { break };
                let held = slots.iter().take(SLOTS_AT_ONCE).filter_map(|slot| slot.held.as_ref());
                entries.extend(held.filter(|(key, value)| wanted(key, value)).cloned());
            }
        }
        entries
    }

    /// Removes the entries for which `wanted` returns true, and calls `removed_one` with each. The entries are removed in steps, and each step
    /// frees their memory. If the memory of all was freed only at the end, and new entries were added meanwhile, the table would take twice its
    /// limit.
    pub(super) fn remove_each(&self, wanted: impl Fn(&K, &V) -> bool, mut removed_one: impl FnMut(&V)) {
        let is_wanted =
            |slot: &StoreSlot<K, V>| slot.held.as_ref().is_some_and(|(key, value)| wanted(key, value));
        for shard in self.shards.iter() {
            // The steps are the same as in `entries`. If an entry is added meanwhile in a slot that an earlier step has visited, it is not removed.
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

    /// Removes all entries of the table, and returns how many there were.
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

    /// Returns the number of entries of the table, and the memory that they take in octets.
    pub(super) fn fill(&self) -> (u64, u64) {
        self.shards.iter().fold((0, 0), |(entries, octets), shard| {
            let shard = lock(shard);
            (entries.saturating_add(shard.table.len() as u64), octets.saturating_add(shard.weight()))
        })
    }

    /// Sets the limit of the table to `octets`. Entries that no longer fit are evicted in steps.
    pub(super) fn use_octets(&self, octets: u64) {
        let room = octets.checked_div(self.shards.len() as u64).unwrap_or(0);
        for shard in self.shards.iter() {
            while lock(shard).near(room) {}
        }
    }

    /// Returns the limit of the table in octets, as it was when the table was created.
    pub(super) fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Returns the keyed hash function of the keys.
    pub(super) fn keyed(&self) -> &Keyed {
        &self.keyed
    }

    fn shard(&self, hash: u64) -> Option<MutexGuard<'_, StoreShard<K, V>>> {
        // The upper half of the hash chooses the shard, and its lower half the position within the shard. The bits `NEIGHBOURS` in the upper half
        // are not used, because they differ between the entries of one name.
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

    /// Adds an entry whose key is not in the shard, unless the entry is larger than the limit of the whole shard.
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

    /// Adds the size of a new entry to the current era. Octets are counted, not entries, because the limits of the queues are in octets too. So an
    /// era always takes about a sixth of the short queue.
    fn count_to_era(&mut self, weight: u32) {
        self.left_of_era = self.left_of_era.saturating_sub(weight.into());
        if self.left_of_era == 0 {
            self.era = self.era.wrapping_add(1);
            self.left_of_era = self.weight() / ERAS;
        }
    }

    /// Evicts entries until the shard is within its limit. The memory of empty slots counts too: there are many empty slots after many small
    /// entries were evicted to make space for a few entries of 60 KB.
    fn fit(&mut self) {
        while self.weight().saturating_add(self.empty()) > self.capacity {
            self.evict();
        }
    }

    /// Changes the limit of the shard towards `room`, by one step. Returns true if more steps are needed. The lock is held for one step, so a
    /// lookup waits for at most one step.
    fn near(&mut self, room: u64) -> bool {
        let used = self.weight().saturating_add(self.empty());
        self.capacity = room.max(used.saturating_sub(OCTETS_AT_ONCE));
        self.fit();
        self.capacity > room
    }

    /// Returns the memory that all empty slots take, in octets.
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

    /// Puts an entry into a free slot, or into a new one, and returns the position of the slot.
    fn occupy(&mut self, slot: StoreSlot<K, V>) -> Option<u32> {
        if let Some(place) = self.free.pop() {
            *self.slot_mut(place)? = slot;
            return Some(place);
        }
        let place = u32::try_from(self.slots.len()).ok().filter(|place| *place != NONE)?;
        if self.slots.len() == self.slots.capacity() {
            // The vector grows by a quarter and is not doubled. A cache is full for most of its life, and after doubling, up to half of the memory
            // would stay unused.
            self.slots.reserve_exact(self.slots.len() / 4 + 16);
        }
        self.slots.push(slot);
        Some(place)
    }

    /// Evicts the oldest entry of a queue if it was not looked up. Otherwise moves it to the back of the long queue.
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

    /// Removes the entry in a slot of the table, and returns its key and value.
    fn take(&mut self, place: u32) -> Option<(K, V)> {
        let hash = self.slot(place)?.hash;
        if let Ok(entry) = self.table.find_entry(hash, |other| *other == place) {
            entry.remove();
        }
        self.unlink(place);
        self.free.push(place);
        let held = self.slot_mut(place)?.held.take();
        if self.table.is_empty() {
            // A new empty shard replaces the old one, so that the memory of all entries is freed.
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

    /// Remembers the hash of an entry that was evicted from the short queue.
    fn remember(&mut self, hash: u64) {
        if self.gone.len() < self.slots.len() {
            // The new list is larger and empty. This forgets only the hashes of the last few evicted entries.
            self.gone = vec![0; self.slots.len().next_power_of_two()];
        }
        let (place, mark) = halves(hash);
        let places = self.gone.len().saturating_sub(1);
        if let Some(gone) = self.gone.get_mut(place as usize & places) {
            *gone = mark;
        }
    }

    /// Returns true if an entry with this hash was evicted from the short queue earlier.
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
    // The bits are rotated so that the bits `NEIGHBOURS`, which differ between the entries of one name, are in the lower half.
    let hash = hash.rotate_right(NEIGHBOURS_BEGIN);
    let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(0);
    (half(hash), half(hash >> 32) | 1)
}

/// Locks a shard, even if another thread has panicked while it held the lock. The entries of the shard are valid in that case: an entry is
/// incomplete only while a queue is being changed, and the statements that change a queue cannot panic.
fn lock<Kept>(mutex: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A table whose keys are questions, or have the same form as the keys of questions.
pub(super) type QuestionStore<V> = Store<QuestionKey, V>;

/// How many entries one table of the cache has, and the memory that they take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreFill {
    /// The name of the table of the cache, as it is displayed.
    pub store: Cow<'static, str>,
    /// The number of entries in the table, including entries past their TTL.
    pub entries: u64,
    /// The memory that the entries take, in octets.
    pub bytes: u64,
    /// The memory that the table may take at most, in octets.
    pub capacity: u64,
}

/// Returns the number of entries in a table, their memory, and the limit of the table.
pub(super) fn fill<K: LookedUp<K> + Clone, V: Clone>(name: &'static str, store: &Store<K, V>) -> StoreFill {
    let (entries, bytes) = store.fill();
    StoreFill { store: name.into(), entries, bytes, capacity: store.capacity() }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
