//! A table of counters by zone, server or client, since the start and for each minute of the last hour, with a limited number of rows.
//!
//! Strangers choose the keys. If there are more keys than rows, the rows with the greatest weight stay, and all other keys are counted
//! together in "other".

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;

use crate::limits;
use crate::window::Window;
use dns::hash::Keyed;

pub(crate) trait Tally: Clone + Default {
    fn add(&mut self, other: &Self);

    /// Returns the time spent, or the number of questions. In a full table, rows with a greater weight stay.
    fn weight(&self) -> u64;
}

/// The rows by key, and the sum of all keys without a row. Rows are sorted before they are shown, so the same input gives the same table.
#[derive(Clone, Debug)]
pub(crate) struct Rows<Key, Counted> {
    /// At most `capacity`.
    rows: HashTable<Row<Key, Counted>>,
    pub(crate) other: Counted,
    capacity: usize,
    /// The least weight of a row in a full table. A new key with a smaller weight is counted in "other", without a search for the row with
    /// the least weight. So if an attacker asks for a new name each time, each name costs only one comparison.
    floor: u64,
    /// Hashes the keys with a random seed, because strangers choose the names. All tables of a `CounterTable` have the same seed, so a key
    /// is hashed once.
    keyed: Keyed,
}

#[derive(Clone, Debug)]
struct Row<Key, Counted> {
    hash: u64,
    key: Key,
    counted: Counted,
}

impl<Key: Ord + Hash + Clone, Counted: Tally> Rows<Key, Counted> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self::hashed_by(Keyed::of_system(), capacity)
    }

    fn hashed_by(keyed: Keyed, capacity: usize) -> Self {
        Self { rows: HashTable::new(), other: Counted::default(), capacity, floor: 0, keyed }
    }

    /// Adds counters to the row of a key. In a full table, a new row may replace the one with the least weight.
    pub(crate) fn add<Borrowed>(&mut self, key: &Borrowed, counted: &Counted)
    where
        Key: Borrow<Borrowed>,
        Borrowed: Hash + Eq + ToOwned<Owned = Key> + ?Sized,
    {
        self.count(self.keyed.hash_one(key), key, |row| row.add(counted));
    }

    fn count<Borrowed>(&mut self, hash: u64, key: &Borrowed, count: impl Fn(&mut Counted))
    where
        Key: Borrow<Borrowed>,
        Borrowed: Eq + ToOwned<Owned = Key> + ?Sized,
    {
        if let Some(row) = self.rows.find_mut(hash, |row| row.hash == hash && row.key.borrow() == key) {
            count(&mut row.counted);
            return;
        }
        let mut counted = Counted::default();
        count(&mut counted);
        if self.rows.len() >= self.capacity && counted.weight() <= self.floor {
            self.other.add(&counted);
            return;
        }
        self.rows.insert_unique(hash, Row { hash, key: key.to_owned(), counted }, |row| row.hash);
        if self.rows.len() > self.capacity {
            self.lose_lightest();
        }
    }

    /// Moves the counters of the row with the least weight to `other`.
    fn lose_lightest(&mut self) {
        let weighed = self.rows.iter().map(|row| ((row.counted.weight(), &row.key), row));
        let Some((_, lightest)) = weighed.min_by(|(one, _), (other, _)| one.cmp(other)) else { return };
        let (hash, key) = (lightest.hash, lightest.key.clone());
        if let Ok(entry) = self.rows.find_entry(hash, |row| row.hash == hash && row.key == key) {
            let (row, _) = entry.remove();
            self.floor = self.floor.max(row.counted.weight());
            self.other.add(&row.counted);
        }
    }

    pub(crate) fn add_all(&mut self, others: &Self) {
        let mut rows: Vec<_> = others.rows.iter().collect();
        rows.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        for row in rows {
            self.add(&row.key, &row.counted);
        }
        self.other.add(&others.other);
    }

    /// Returns the rows sorted by key, and the counters of all other keys.
    pub(crate) fn in_order(self) -> (Vec<(Key, Counted)>, Counted) {
        let mut rows: Vec<_> = self.rows.into_iter().map(|row| (row.key, row.counted)).collect();
        rows.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        (rows, self.other)
    }
}

/// Counters since the start, for the current minute, and for each of the last minutes.
#[derive(Debug)]
pub(crate) struct CounterTable<Key, Counted> {
    start: Rows<Key, Counted>,
    current: Rows<Key, Counted>,
    minutes: VecDeque<Rows<Key, Counted>>,
}

impl<Key: Ord + Hash + Clone, Counted: Tally> Default for CounterTable<Key, Counted> {
    fn default() -> Self {
        let start = Rows::new(limits::MAX_TABLE_ROWS);
        let current = Rows::hashed_by(start.keyed, limits::MAX_MINUTE_ROWS);
        Self { start, current, minutes: VecDeque::new() }
    }
}

impl<Key: Ord + Hash + Clone, Counted: Tally> CounterTable<Key, Counted> {
    pub(crate) fn count<Borrowed>(&mut self, key: &Borrowed, count: impl Fn(&mut Counted))
    where
        Key: Borrow<Borrowed>,
        Borrowed: Hash + Eq + ToOwned<Owned = Key> + ?Sized,
    {
        let hash = self.start.keyed.hash_one(key);
        self.current.count(hash, key, &count);
        self.start.count(hash, key, &count);
    }

    pub(crate) fn count_other(&mut self, count: impl Fn(&mut Counted)) {
        count(&mut self.current.other);
        count(&mut self.start.other);
    }

    pub(crate) fn add_all(&mut self, rows: &Rows<Key, Counted>) {
        self.start.add_all(rows);
        self.current.add_all(rows);
    }

    pub(crate) fn close_minute(&mut self) {
        let empty = Rows::hashed_by(self.start.keyed, limits::MAX_MINUTE_ROWS);
        let closed = std::mem::replace(&mut self.current, empty);
        self.minutes.push_front(closed);
        self.minutes.truncate(limits::SNAPSHOT_MINUTES);
    }

    /// Returns the counters of a key since the start, or `None` if it has no row.
    pub(crate) fn row<Borrowed>(&self, key: &Borrowed) -> Option<&Counted>
    where
        Key: Borrow<Borrowed>,
        Borrowed: Hash + Eq + ?Sized,
    {
        let hash = self.start.keyed.hash_one(key);
        let row = self.start.rows.find(hash, |row| row.hash == hash && row.key.borrow() == key)?;
        Some(&row.counted)
    }

    /// Returns the sum of the current minute and the whole minutes before it, or the counters since the start.
    pub(crate) fn rows(&self, window: Window) -> Rows<Key, Counted> {
        let Some(minutes) = window.minutes() else { return self.start.clone() };
        let mut sum = Rows::new(limits::MAX_TABLE_ROWS);
        for rows in std::iter::once(&self.current).chain(self.minutes.iter().take(minutes)) {
            sum.add_all(rows);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug, Default, PartialEq)]
    struct Count(u64);

    impl Tally for Count {
        fn add(&mut self, other: &Self) {
            self.0 += other.0;
        }

        fn weight(&self) -> u64 {
            self.0
        }
    }

    fn total(rows: &Rows<u32, Count>) -> u64 {
        rows.other.0 + rows.rows.iter().map(|row| row.counted.0).sum::<u64>()
    }

    #[test]
    fn row_leaves_windows_after_hour() {
        let mut table = CounterTable::default();
        table.count(&1, |row: &mut Count| row.0 += 5);
        table.close_minute();
        assert_eq!(total(&table.rows(Window::Minute)), 5);
        table.close_minute();
        assert_eq!(total(&table.rows(Window::Minute)), 0);
        assert_eq!(total(&table.rows(Window::FiveMinutes)), 5);
        for _ in 0..limits::SNAPSHOT_MINUTES {
            table.close_minute();
        }
        assert_eq!(total(&table.rows(Window::Hour)), 0);
        assert_eq!(total(&table.rows(Window::Start)), 5);
    }

    proptest! {
        #[test]
        fn bounded_rows_keep_heaviest(
            adds in proptest::collection::vec((0_u32..40, 1_u64..9), 1..200)
        ) {
            let mut rows = Rows::new(8);
            rows.add(&1_000, &Count(10_000));
            for (key, count) in &adds {
                rows.add(key, &Count(*count));
            }
            prop_assert!(rows.rows.len() <= 8);
            prop_assert_eq!(total(&rows), 10_000 + adds.iter().map(|(_, count)| count).sum::<u64>());
            prop_assert!(rows.in_order().0.iter().any(|(key, _)| *key == 1_000));
        }
    }
}
