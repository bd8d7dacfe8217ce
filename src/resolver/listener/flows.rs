//! The cache misses of one client that sends many questions, divided into flows that are served in rotation. A flow has the misses of one
//! zone, or of one port of the client.
//!
//! All programs on a gateway ask from its loopback address, so they are one client. In a single queue, a flood of one program would delay
//! the misses of the other programs.
//!
//! While few misses wait, they form one queue. Beyond that, each zone has its own flow, because a flood mostly asks for names in one zone.
//! If one port asks for many zones, the misses for its further zones form one flow of the port, because a program mostly sends all its
//! queries from one port.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::queued::Queued;
use crate::limits::{MAX_ZONES_OF_PORT, UNDIVIDED_MISSES};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum FlowKey {
    /// The cache misses of one zone, identified by the keyed hash of its name.
    Zone(u64),
    /// The cache misses for further zones from a port that already has flows for many zones.
    Port(u16),
}

/// The first value is the port whose query started the flow.
type Flow<Item> = (u16, VecDeque<Item>);

/// The waiting cache misses of one client, here called items.
pub(super) struct Flows<Item> {
    /// The items that arrived while few items waited. They are handled before the flows.
    line: VecDeque<Item>,
    flows: BTreeMap<FlowKey, Flow<Item>>,
    /// The flows in the order in which they are served.
    turns: VecDeque<FlowKey>,
    /// The flows, sorted by the number of their items.
    ranks: BTreeSet<(usize, FlowKey)>,
    /// For each port of the client, the number of zone flows (`FlowKey::Zone`) that its queries have started.
    begun: BTreeMap<u16, usize>,
    divided: usize,
}

impl<Item: Queued> Flows<Item> {
    pub(super) fn len(&self) -> usize {
        self.line.len().saturating_add(self.divided)
    }

    pub(super) fn first(&self) -> Option<&Item> {
        self.line.front().or_else(|| self.flows.get(self.turns.front()?)?.1.front())
    }

    pub(super) fn add(&mut self, item: Item) {
        if self.divided == 0 && self.line.len() < UNDIVIDED_MISSES {
            self.line.push_back(item);
            return;
        }
        let (key, port) = (self.flow_of(&item), item.port());
        let (turns, begun) = (&mut self.turns, &mut self.begun);
        let (_, items) = self.flows.entry(key).or_insert_with(|| {
            turns.push_back(key);
            if let FlowKey::Zone(_) = key {
                let zones = begun.entry(port).or_default();
                *zones = zones.saturating_add(1);
            }
            (port, VecDeque::new())
        });
        items.push_back(item);
        let count = items.len();
        self.divided = self.divided.saturating_add(1);
        self.rank(key, count.saturating_sub(1), count);
    }

    /// Removes and returns the next item. The items in `line`, which arrived while few items waited, come first. If `line` is empty, the item comes
    /// from the flow whose turn it is.
    pub(super) fn next(&mut self) -> Option<Item> {
        if let Some(item) = self.line.pop_front() {
            return Some(item);
        }
        let key = self.turns.pop_front()?;
        let item = self.take(key, VecDeque::pop_front);
        if self.flows.contains_key(&key) {
            self.turns.push_back(key);
        }
        item
    }

    pub(super) fn take_last(&mut self) -> Option<Item> {
        let Some((_, key)) = self.ranks.last().copied() else { return self.line.pop_back() };
        let item = self.take(key, VecDeque::pop_back);
        if !self.flows.contains_key(&key) {
            self.turns.retain(|other| *other != key);
        }
        item
    }

    /// Returns true if some flow has more items than the flow of `item` would have after `item` is added.
    pub(super) fn has_heavier(&self, item: &Item) -> bool {
        let own = self.flows.get(&self.flow_of(item)).map_or(0, |(_, items)| items.len());
        self.ranks.last().is_some_and(|(most, _)| *most > own.saturating_add(1))
    }

    /// Returns how many items fit into the allocated memory of `line`.
    pub(super) fn capacity(&self) -> usize {
        self.line.capacity()
    }

    /// Frees the memory of the flows. No flow may have items.
    pub(super) fn rest(&mut self) {
        if self.turns.capacity() > 0 {
            *self = Self { line: std::mem::take(&mut self.line), ..Self::default() };
        }
    }

    /// Returns the flow of the item's zone, or of its port if queries from this port have started the flows of many zones.
    fn flow_of(&self, item: &Item) -> FlowKey {
        let (zone, port) = (FlowKey::Zone(item.zone()), item.port());
        let begins = || !self.flows.contains_key(&zone);
        let has_many = self.begun.get(&port).is_some_and(|zones| *zones >= MAX_ZONES_OF_PORT);
        if has_many && begins() { FlowKey::Port(port) } else { zone }
    }

    fn take(&mut self, key: FlowKey, take: impl FnOnce(&mut VecDeque<Item>) -> Option<Item>) -> Option<Item> {
        let (port, items) = self.flows.get_mut(&key)?;
        let (port, before) = (*port, items.len());
        let item = take(items);
        let after = items.len();
        self.divided = self.divided.saturating_sub(before.saturating_sub(after));
        self.rank(key, before, after);
        if after == 0 {
            self.flows.remove(&key);
            if let FlowKey::Zone(_) = key {
                self.end_zone(port);
            }
        }
        item
    }

    /// Counts one flow less for `port`. A zone flow (the waiting cache misses for one zone) that a query from this port had started is empty
    /// and was removed.
    fn end_zone(&mut self, port: u16) {
        match self.begun.get_mut(&port) {
            Some(zones) if *zones > 1 => *zones = zones.saturating_sub(1),
            _ => drop(self.begun.remove(&port)),
        }
    }

    fn rank(&mut self, key: FlowKey, before: usize, after: usize) {
        self.ranks.remove(&(before, key));
        if after > 0 {
            self.ranks.insert((after, key));
        }
    }
}

impl<Item> Default for Flows<Item> {
    fn default() -> Self {
        let (line, flows, turns) = (VecDeque::new(), BTreeMap::new(), VecDeque::new());
        Self { line, flows, turns, ranks: BTreeSet::new(), begun: BTreeMap::new(), divided: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::queued::stage::Asked;
    use super::*;

    fn asked(port: u16, zone: u64, number: usize) -> Asked {
        Asked { port, zone, ..Asked::numbered(number) }
    }

    fn before(flows: &mut Flows<Asked>, wanted: usize) -> usize {
        std::iter::from_fn(|| flows.next()).take_while(|asked| asked.number != wanted).count()
    }

    // The flood of one zone comes from many ports.
    #[test]
    fn flooded_zone_yields_to_other_zones() {
        let mut flows = Flows::default();
        for number in 0..3_000 {
            flows.add(asked(u16::try_from(number).unwrap(), 1, number));
        }
        for zone in 2..12 {
            flows.add(asked(5_000, zone, 10_000));
        }
        flows.add(asked(5_001, 12, 20_000));
        assert_eq!(before(&mut flows, 20_000), UNDIVIDED_MISSES + 11);
        assert_eq!(std::iter::from_fn(|| flows.next()).count(), 3_000 - UNDIVIDED_MISSES - 1);
        assert!(flows.begun.is_empty() && flows.ranks.is_empty() && flows.len() == 0);
    }

    #[test]
    fn port_with_many_zones_takes_turns() {
        let mut flows = Flows::default();
        for number in 0..3_000 {
            flows.add(asked(1, u64::try_from(number).unwrap(), number));
        }
        flows.add(asked(2, 10_000, 10_000));
        assert_eq!(flows.ranks.last().unwrap().1, FlowKey::Port(1));
        assert_eq!(before(&mut flows, 10_000), UNDIVIDED_MISSES + MAX_ZONES_OF_PORT + 1);
        assert_eq!(
            std::iter::from_fn(|| flows.next()).count(),
            3_000 - UNDIVIDED_MISSES - MAX_ZONES_OF_PORT - 1
        );
        assert!(flows.begun.is_empty() && flows.ranks.is_empty() && flows.len() == 0);
    }

    #[test]
    fn heaviest_flow_loses_its_last_item() {
        let mut flows = Flows::default();
        (0..UNDIVIDED_MISSES).for_each(|number| flows.add(asked(1, 1, number)));
        for (zone, number) in [(2, 100), (3, 200), (3, 201)] {
            flows.add(asked(1, zone, number));
        }
        assert!(flows.has_heavier(&asked(1, 4, 0)) && !flows.has_heavier(&asked(1, 2, 0)));
        let lost: Vec<usize> = (0..3).filter_map(|_| flows.take_last()).map(|asked| asked.number).collect();
        assert_eq!(lost[0], 201);
        assert_eq!(flows.turns.len(), 0);
        assert_eq!(flows.take_last().unwrap().number, UNDIVIDED_MISSES - 1, "then the line loses its last");
        assert_eq!(std::iter::from_fn(|| flows.next()).count(), UNDIVIDED_MISSES - 1);
        assert!(flows.begun.is_empty() && flows.len() == 0);
    }
}
