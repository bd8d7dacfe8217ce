//! The places of flights by their numbers. The flights of a process are numbered one after the other, and a ring is read from its end:
//! so most places stand in a list, which takes a tenth of the memory of a table, and next to those that are looked for next.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use crate::limits::{MAX_LATER_FLIGHTS, MAX_MISSING_FLIGHTS, MIN_MISSING_FLIGHTS};
use dns::hash::Plain;

/// Places by numbers, which strangers do not choose.
#[derive(Debug, Default)]
pub(super) struct PlacesByNumber {
    /// The number of the first place of the list, which is greater than those behind it.
    first: Option<u64>,
    /// By the distance from `first`; `NONE` for a number without a place.
    list: Vec<u32>,
    /// How many places are in the list.
    count: usize,
    /// Of numbers that are too far from the others.
    others: HashMap<u64, u32, BuildHasherDefault<Plain>>,
}

/// No place.
const NONE: u32 = u32::MAX;

impl PlacesByNumber {
    /// The place of a number.
    pub(super) fn of(&self, number: u64) -> Option<u32> {
        let near = self.distance(number).and_then(|distance| self.list.get(distance)).copied();
        near.filter(|place| *place != NONE).or_else(|| {
            // Mostly empty.
            if self.others.is_empty() { None } else { self.others.get(&number).copied() }
        })
    }

    /// Sets the place of a number.
    pub(super) fn put(&mut self, number: u64, place: u32) {
        self.first.get_or_insert_with(|| number.saturating_add(MAX_LATER_FLIGHTS));
        let bound = self.count.saturating_mul(MAX_MISSING_FLIGHTS).saturating_add(MIN_MISSING_FLIGHTS);
        let Some(distance) = self.distance(number).filter(|distance| *distance <= bound) else {
            self.others.insert(number, place);
            return;
        };
        if distance >= self.list.len() {
            self.list.resize(distance.saturating_add(1), NONE);
        }
        if let Some(known) = self.list.get_mut(distance) {
            self.count = self.count.saturating_add(usize::from(*known == NONE));
            *known = place;
        }
    }

    fn distance(&self, number: u64) -> Option<usize> {
        usize::try_from(self.first?.checked_sub(number)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_its_last_place_near_or_far() {
        let mut places = PlacesByNumber::default();
        assert_eq!(places.of(7), None);
        let begin = 1_795_165_200_000_000;
        let near = (begin..begin + 70_000).rev();
        let numbers: Vec<u64> =
            near.chain([begin + 90_000, begin + 70_100, 0, u64::MAX, 1 << 40, begin - 200_000]).collect();
        for (place, number) in (0..).zip(&numbers) {
            places.put(*number, place);
        }
        for (place, number) in (0..).zip(&numbers) {
            assert_eq!(places.of(*number), Some(place), "{number}");
        }
        assert_eq!((places.of(begin - 1), places.of(begin + 70_000)), (None, None));
        assert_eq!(places.others.len(), 4, "too far from the others");
        assert!(places.list.len() < 80_000 + 200_000);
        for number in [begin + 3, 0] {
            places.put(number, 5);
            assert_eq!(places.of(number), Some(5));
        }
    }
}
