//! A table by zone, server or client: bounded in rows, kept by the minute for an hour and since the start.
//!
//! If there are more keys than rows, the heaviest keep theirs and the rest becomes "other": keys come from strangers.

use std::collections::{BTreeMap, VecDeque};

use super::window::Window;
use crate::limits;

/// The counters of a row.
pub(super) trait Tally: Clone + Default {
    /// Adds the counters of another row.
    fn add(&mut self, other: &Self);

    /// The weight that decides who keeps a row, greater is better: time spent, or questions asked.
    fn weight(&self) -> u64;
}

/// Rows by key, and the rest.
#[derive(Clone, Debug)]
pub(super) struct Rows<Key, Counted> {
    /// At most as many as the table may hold. Ordered, so that equal runs give equal tables.
    pub(super) rows: BTreeMap<Key, Counted>,
    /// The sum of all keys without a row.
    pub(super) other: Counted,
    capacity: usize,
    /// Once rows have been lost, no row is lighter than this: a lighter key is rejected at once, without a search. An
    /// attack with ever new names then costs one comparison each.
    floor: u64,
}

impl<Key: Ord + Clone, Counted: Tally> Rows<Key, Counted> {
    /// No rows yet, and at most `capacity`.
    pub(super) fn new(capacity: usize) -> Self {
        Self { rows: BTreeMap::new(), other: Counted::default(), capacity, floor: 0 }
    }

    /// Adds to a key's row; a new row may replace the lightest one.
    pub(super) fn add(&mut self, key: &Key, counted: &Counted) {
        if let Some(row) = self.rows.get_mut(key) {
            row.add(counted);
            return;
        }
        if self.rows.len() >= self.capacity && counted.weight() <= self.floor {
            self.other.add(counted);
            return;
        }
        self.rows.insert(key.clone(), counted.clone());
        if self.rows.len() > self.capacity {
            self.lose_lightest();
        }
    }

    /// Adds the lightest row to "other".
    fn lose_lightest(&mut self) {
        let lightest = self.rows.iter().min_by_key(|(_, row)| row.weight()).map(|(key, _)| key.clone());
        if let Some(row) = lightest.and_then(|key| self.rows.remove(&key)) {
            self.floor = self.floor.max(row.weight());
            self.other.add(&row);
        }
    }

    /// Adds all rows of another table.
    pub(super) fn add_all(&mut self, others: &Self) {
        for (key, counted) in &others.rows {
            self.add(key, counted);
        }
        self.other.add(&others.other);
    }
}

/// A table with its windows.
#[derive(Debug)]
pub(super) struct CounterTable<Key, Counted> {
    start: Rows<Key, Counted>,
    current: Rows<Key, Counted>,
    minutes: VecDeque<Rows<Key, Counted>>,
}

impl<Key: Ord + Clone, Counted: Tally> Default for CounterTable<Key, Counted> {
    fn default() -> Self {
        Self {
            start: Rows::new(limits::MAX_TABLE_ROWS),
            current: Rows::new(limits::MAX_MINUTE_ROWS),
            minutes: VecDeque::new(),
        }
    }
}

impl<Key: Ord + Clone, Counted: Tally> CounterTable<Key, Counted> {
    /// Counts for a key, now.
    pub(super) fn add(&mut self, key: &Key, counted: &Counted) {
        self.start.add(key, counted);
        self.current.add(key, counted);
    }

    /// The row of a key since the start, if it has one.
    pub(super) fn get(&self, key: &Key) -> Option<&Counted> {
        self.start.rows.get(key)
    }

    /// Adds rows gathered elsewhere, now.
    pub(super) fn add_all(&mut self, rows: &Rows<Key, Counted>) {
        self.start.add_all(rows);
        self.current.add_all(rows);
    }

    /// A minute is over.
    pub(super) fn close_minute(&mut self) {
        let closed = std::mem::replace(&mut self.current, Rows::new(limits::MAX_MINUTE_ROWS));
        self.minutes.push_front(closed);
        self.minutes.truncate(limits::SNAPSHOT_MINUTES);
    }

    /// The rows of a window: the current minute and as many whole ones as the window has.
    pub(super) fn rows(&self, window: Window) -> Rows<Key, Counted> {
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
        rows.other.0 + rows.rows.values().map(|count| count.0).sum::<u64>()
    }

    #[test]
    fn an_hour_later_only_the_start_remembers() {
        let mut table = CounterTable::default();
        table.add(&1, &Count(5));
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
        fn rows_are_bounded_lose_nothing_and_keep_the_heaviest(
            adds in proptest::collection::vec((0_u32..40, 1_u64..9), 1..200)
        ) {
            let mut rows = Rows::new(8);
            rows.add(&1_000, &Count(10_000));
            for (key, count) in &adds {
                rows.add(key, &Count(*count));
            }
            prop_assert!(rows.rows.len() <= 8);
            prop_assert_eq!(total(&rows), 10_000 + adds.iter().map(|(_, count)| count).sum::<u64>());
            prop_assert!(rows.rows.contains_key(&1_000));
        }
    }
}
