//! Limits the number of queries to servers in progress, and shares this number fairly among the zones whose servers are asked. A query is sent only
//! when it has a place: the permission for one of these queries.
//!
//! A zone may use at most as many places as are free at that time; its further queries wait. So a single zone can use half of the places, and a
//! hundred such zones leave one hundredth of the places free. A zone with few queries therefore never waits for a zone with many (Choudhury and
//! Hahne, "Dynamic Queue Length Thresholds").

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::BuildHasherDefault;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use dns::hash::Plain;

#[derive(Debug)]
pub(super) struct Places(Mutex<PlacesTable>);

#[derive(Debug)]
struct PlacesTable {
    most: usize,
    taken: usize,
    zones: HashMap<u64, ZonePlaces, BuildHasherDefault<Plain>>,
    /// The zones with waiting queries, each after the number of places that its queries use. The zone with the fewest places comes first.
    waiting: BTreeSet<(usize, u64)>,
}

#[derive(Debug, Default)]
struct ZonePlaces {
    taken: usize,
    /// The queries of this zone that wait for a place, in the order of their arrival.
    waiting: VecDeque<oneshot::Sender<Place>>,
}

/// The permission to send one query to a server. When it is dropped, another query may be sent.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    zone: u64,
}

impl Places {
    pub(super) fn new(most: usize) -> Self {
        let (taken, zones, waiting) = Default::default();
        Self(Mutex::new(PlacesTable { most, taken, zones, waiting }))
    }

    /// Returns a sum for tests. It is 0 only if no query is in progress and none waits.
    #[cfg(feature = "simulated")]
    pub(super) fn len(&self) -> usize {
        let table = self.table();
        table.taken + table.zones.len() + table.waiting.len()
    }

    pub(super) fn taken(&self) -> usize {
        self.table().taken
    }

    /// Waits for a place. `zone` is the keyed hash of the zone's name.
    pub(super) async fn take(self: &Arc<Self>, zone: u64) -> Place {
        let turn = {
            let mut table = self.table();
            if let Some(place) = self.take_now(&mut table, zone) {
                return place;
            }
            table.wait(zone)
        };
        match turn.await {
            Ok(place) => place,
            // This never occurs, because the table does not drop the sender of a waiting query. If it occurred, one query more than the limit would
            // be sent, which is harmless.
            Err(_) => self.grant(&mut self.table(), zone),
        }
    }

    fn take_now(self: &Arc<Self>, table: &mut PlacesTable, zone: u64) -> Option<Place> {
        let held = table.zones.get(&zone);
        let waits = held.is_some_and(|held| !held.waiting.is_empty());
        let may = !waits && held.map_or(0, |held| held.taken) < table.free();
        may.then(|| self.grant(table, zone))
    }

    fn grant(self: &Arc<Self>, table: &mut PlacesTable, zone: u64) -> Place {
        table.taken = table.taken.saturating_add(1);
        let held = table.zones.entry(zone).or_default();
        held.taken = held.taken.saturating_add(1);
        Place { places: Arc::clone(self), zone }
    }

    /// Gives the free places to waiting queries, first to those of the zones with the fewest places.
    fn go_on(self: &Arc<Self>, table: &mut PlacesTable) -> Vec<(oneshot::Sender<Place>, Place)> {
        let mut granted = Vec::new();
        while let Some((taken, zone)) = table.waiting.first().copied()
            && taken < table.free()
        {
            table.waiting.pop_first();
            let turn = table.zones.get_mut(&zone).and_then(|held| held.waiting.pop_front());
            if let Some(turn) = turn.filter(|turn| !turn.is_closed()) {
                granted.push((turn, self.grant(table, zone)));
            }
            table.rank(zone);
        }
        granted
    }

    fn table(&self) -> MutexGuard<'_, PlacesTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PlacesTable {
    fn free(&self) -> usize {
        self.most.saturating_sub(self.taken)
    }

    fn wait(&mut self, zone: u64) -> oneshot::Receiver<Place> {
        let (sender, receiver) = oneshot::channel();
        let held = self.zones.entry(zone).or_default();
        // Removes queries at the front whose callers no longer wait.
        while held.waiting.front().is_some_and(oneshot::Sender::is_closed) {
            held.waiting.pop_front();
        }
        held.waiting.push_back(sender);
        self.rank(zone);
        receiver
    }

    /// If the zone has waiting queries, adds it to `waiting`. If it has neither places nor waiting queries, removes it from the table.
    fn rank(&mut self, zone: u64) {
        let Some(held) = self.zones.get(&zone) else { return };
        if !held.waiting.is_empty() {
            self.waiting.insert((held.taken, zone));
        } else if held.taken == 0 {
            self.zones.remove(&zone);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let granted = {
            let mut table = self.places.table();
            table.taken = table.taken.saturating_sub(1);
            if let Some(held) = table.zones.get_mut(&self.zone) {
                let before = held.taken;
                held.taken = before.saturating_sub(1);
                if !table.waiting.is_empty() {
                    table.waiting.remove(&(before, self.zone));
                }
                table.rank(self.zone);
            }
            self.places.go_on(&mut table)
        };
        for (turn, place) in granted {
            // If the query no longer waits, `send` returns the place, and dropping the place makes it free again.
            drop(turn.send(place));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_EXCHANGES;
    use futures_util::FutureExt;

    fn take(places: &Arc<Places>, zone: u64, count: usize) -> Vec<Place> {
        (0..count).map_while(|_| places.take(zone).now_or_never()).collect()
    }

    #[test]
    fn zone_takes_half_of_free_places() {
        let places = Arc::new(Places::new(MAX_EXCHANGES));
        let first = take(&places, 1, MAX_EXCHANGES);
        assert_eq!(first.len(), MAX_EXCHANGES / 2);
        let second = take(&places, 2, MAX_EXCHANGES);
        assert_eq!(second.len(), MAX_EXCHANGES / 4);
        drop((first, second));
        assert!(places.table().zones.is_empty() && places.table().waiting.is_empty());
        assert_eq!(places.table().taken, 0);
    }

    #[test]
    fn many_zones_leave_free_places() {
        let places = Arc::new(Places::new(MAX_EXCHANGES));
        let mut held = Vec::new();
        let mut before = 0;
        loop {
            for zone in 0..100 {
                held.extend(take(&places, zone, 1));
            }
            if held.len() == before {
                break;
            }
            before = held.len();
        }
        assert!(take(&places, 200, 20).len() == 20, "{} taken", held.len());
    }

    #[test]
    fn waiting_zone_with_fewest_goes_first() {
        let places = Arc::new(Places::new(MAX_EXCHANGES));
        let mut first = take(&places, 1, MAX_EXCHANGES);
        let mut second = take(&places, 2, MAX_EXCHANGES);
        let mut of_first = Box::pin(places.take(1));
        let mut left = Box::pin(places.take(2));
        let mut of_second = Box::pin(places.take(2));
        assert!(of_first.as_mut().now_or_never().is_none());
        assert!(left.as_mut().now_or_never().is_none());
        assert!(of_second.as_mut().now_or_never().is_none());
        drop(left);
        first.pop();
        assert!(of_second.as_mut().now_or_never().is_some(), "the one that has less");
        assert!(of_first.as_mut().now_or_never().is_none());
        second.clear();
        assert!(of_first.as_mut().now_or_never().is_some());
        // The waiting query that was dropped (`left`) has taken no place, so all places are free now.
        drop(first);
        assert_eq!(places.table().taken, 0);
        assert!(places.table().zones.is_empty());
    }
}
