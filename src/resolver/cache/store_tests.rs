//! Tests which entries stay in a full table, and that the table stays within its limit.

use super::*;
use dns::random::Random;
use proptest::prelude::*;

impl LookedUp<Self> for u32 {
    fn hash(&self, keyed: &Keyed) -> u64 {
        keyed.octets(&self.to_be_bytes())
    }

    fn is(&self, key: &Self) -> bool {
        self == key
    }
}

/// Creates a store in which the weight of an entry, in octets, is the number that it stores.
fn store(capacity: u64) -> Store<u32, u32> {
    Store::new(capacity, Keyed::new(&Random::seeded(1)), |_, value| *value, 0)
}

fn keys(store: &Store<u32, u32>) -> Vec<u32> {
    let mut keys: Vec<u32> = store.entries(|_, _| true).into_iter().map(|(key, _)| key).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn used_entries_survive_flood_of_names() {
    let store = store(1_000);
    for key in 0..50 {
        store.insert(key, 10);
    }
    for key in 1_000..100_000 {
        store.insert(key, 10);
        store.get(&(key % 50));
    }
    assert!((0..50).all(|key| store.get(&key).is_some()), "{:?}", keys(&store));
    assert_eq!(store.fill(), (100, 1_000));
}

/// The entries in use stay, although others are looked up three times and then never again, like names in spam.
#[test]
fn used_entries_survive_triple_lookups() {
    let (entries, hot, scanned) = (4_000, 800, 100_000);
    let store = store(entries * 10);
    (0..hot).for_each(|key| store.insert(key, 10));
    let (random, mut missed) = (Random::seeded(2), 0);
    for key in hot..hot + scanned {
        let known = u32::from(random.u16()) % hot;
        if store.get(&known).is_none() {
            missed += 1;
            store.insert(known, 10);
        }
        store.insert(key, 10);
        for again in [key, key.saturating_sub(10)] {
            store.get(&again);
        }
    }
    assert!(missed < scanned / 300, "{missed} of {scanned}");
}

#[test]
fn used_entry_survives_heavy_newcomers() {
    let store = store(100_000);
    (0..2_000).for_each(|key| store.insert(key, 40));
    let asked_for = 10_000;
    store.insert(asked_for, 40);
    // The octets of the eight new entries are more than two eras (see `ERAS`), so the next lookup is counted as a visit of the entry. All entries fit
    // into the table.
    (3_000..3_008).for_each(|key| store.insert(key, 600));
    assert!(store.get(&asked_for).is_some());
    // The 200 new entries evict all earlier ones that were not looked up.
    (4_000..4_200).for_each(|key| store.insert(key, 600));
    assert!(store.get(&1_999).is_none());
    assert!(store.get(&asked_for).is_some());
}

#[test]
fn what_comes_back_soon_stays_longer() {
    let store = store(1_000);
    for key in 0..101 {
        store.insert(key, 10);
    }
    assert!(store.get(&0).is_none(), "the first to come, and never asked for");
    store.insert(0, 10);
    for key in 1_000..1_080 {
        store.insert(key, 10);
    }
    assert!(store.get(&0).is_some());
}

// An entry larger than the whole table is not held.
#[test]
fn removed_entries_return_their_room() {
    let store = store(1_000);
    store.insert(1, 1_001);
    assert_eq!(store.fill(), (0, 0));
    store.insert(1, 400);
    store.insert(1, 900);
    store.insert(2, 50);
    assert_eq!((store.fill(), store.get(&1), store.remove(&2)), ((2, 950), Some(900), Some(50)));
    assert_eq!((store.remove(&2), store.clear(), store.fill()), (None, 1, (0, 0)));
    assert_eq!(store.get_with(&3, || 7), 7);
    assert_eq!(store.get_with(&3, || 8), 7);
}

// Slots left by many small entries count when large entries come.
#[test]
fn slots_of_small_entries_are_weighed() {
    let store = Store::new(100_000, Keyed::new(&Random::seeded(1)), |_, value| *value, 10);
    (0..5_000).for_each(|key| store.insert(key, 20));
    assert_eq!(store.fill(), (5_000, 100_000));
    (10_000..10_100).for_each(|key| store.insert(key, 10_000));
    assert_eq!(store.fill(), (5, 50_000), "5 000 slots take the other half");
    (20_000..40_000).for_each(|key| store.insert(key, 20));
    assert_eq!(store.fill(), (4_999, 99_980), "and are used again");
}

proptest! {
    #[test]
    fn it_is_bounded_and_true(
        acts in proptest::collection::vec((0_u8..4, 0_u32..40, 1_u32..30), 1..400)
    ) {
        let store = store(200);
        let mut last = std::collections::HashMap::new();
        for (act, key, value) in acts {
            match act {
                0 => {
                    prop_assert!(store.get(&key).is_none_or(|held| last.get(&key) == Some(&held)));
                }
                1 => {
                    prop_assert!(store.remove(&key).is_none_or(|held| last.get(&key) == Some(&held)));
                    last.remove(&key);
                    prop_assert!(store.get(&key).is_none());
                }
                _ => {
                    store.insert(key, value);
                    last.insert(key, value);
                }
            }
            let entries = store.entries(|_, _| true);
            let weight: u64 = entries.iter().map(|(_, value)| u64::from(*value)).sum();
            prop_assert_eq!(store.fill(), (entries.len() as u64, weight));
            prop_assert!(weight <= 200);
            prop_assert!(entries.iter().all(|(key, value)| last.get(key) == Some(value)));
        }
    }
}

#[test]
fn evicted_entries_are_remembered_individually() {
    let hash = Keyed::new(&Random::seeded(1)).octets(b"\x07example\x00");
    let mut places: Vec<u32> =
        (0..128).map(|entry| halves(hash ^ entry << NEIGHBOURS_BEGIN).0 & 0xff).collect();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), 128);
}

/// A reload removes all answers of a busy daemon, and the table is filled again meanwhile. Each step must free its entries before the next one.
/// Otherwise the table takes up to twice its limit.
#[test]
fn removed_entries_are_freed_stepwise() {
    let store: Store<u32, Arc<u32>> = Store::new(100_000, Keyed::new(&Random::seeded(1)), |_, _| 10, 0);
    let count = u32::try_from(8 * SLOTS_AT_ONCE).unwrap();
    let values: Vec<Arc<u32>> = (0..count).map(Arc::new).collect();
    (0..count).zip(&values).for_each(|(key, value)| store.insert(key, Arc::clone(value)));
    let held = || values.iter().filter(|value| Arc::strong_count(value) > 1).count();
    let (before, mut removed) = (held(), 0);
    store.remove_each(
        |_, value| !value.is_multiple_of(4),
        |_| {
            removed += 1;
            let gone = before - held();
            assert!(removed - gone <= SLOTS_AT_ONCE, "{removed} removed, {gone} freed");
        },
    );
    assert_eq!((removed, held()), (before * 3 / 4, before / 4));
    assert!(store.entries(|_, value| !value.is_multiple_of(4)).is_empty());
    store.remove_each(|_, _| true, |_| ());
    assert_eq!((store.fill(), held()), ((0, 0), 0));
}

// It gets its room back later.
#[test]
fn shrunk_table_keeps_used_entries() {
    let store = store(100_000);
    let in_use = 0..50_u32;
    let ask =
        |store: &Store<u32, u32>| in_use.clone().map(|key| store.get(&key)).filter(Option::is_some).count();
    in_use.clone().for_each(|key| store.insert(key, 100));
    for key in 1_000..5_000 {
        store.insert(key, 100);
        ask(&store);
    }
    assert_eq!(store.fill().1, 100_000);
    store.use_octets(20_000);
    assert_eq!(store.fill(), (200, 20_000));
    assert!(in_use.clone().all(|key| store.get(&key).is_some()), "{:?}", keys(&store));
    (5_000..6_000).for_each(|key| store.insert(key, 100));
    assert!(store.fill().1 <= 20_000, "it fills its old room");
    store.use_octets(store.capacity());
    (6_000..9_000).for_each(|key| store.insert(key, 100));
    assert_eq!((store.fill().1, store.capacity()), (100_000, 100_000));
}
