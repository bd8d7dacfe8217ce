//! The queue of cache misses of a worker thread. Clients are served in rotation. If one client sends many questions, its zones and ports
//! are also served in rotation.
//!
//! On an overloaded host, a flood of one client fills a plain queue, and other clients lose their questions. This queue removes excess
//! misses early and evenly. When it is more than half full, a client with more than three quarters of the waiting misses loses one miss for
//! each new miss. When it is full, the client with the most misses loses one. The removed miss belongs to that zone or port of the client
//! that has the most misses (`flows`).

use std::collections::{BTreeMap, VecDeque};

use super::flows::Flows;
use super::queued::{ClientKey, Queued};
use crate::limits::{MAX_SPARE_PLACES, SPARE_QUEUES};

/// The waiting cache misses of several clients, here called items.
pub(super) struct FairQueue<Item> {
    clients: BTreeMap<ClientKey, Flows<Item>>,
    /// The waiting clients in the order in which they are served.
    turns: VecDeque<ClientKey>,
    /// The empty queues of clients that no longer wait, to be used for the next clients without an allocation.
    spare: Vec<Flows<Item>>,
    waiting: usize,
    most: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admitted<Item> {
    Waits,
    /// The new item was added, and the last item of the client or flow (see `flows`) with the most items was removed.
    InPlaceOf(Item),
    /// The new item was not added, because no other client and no other flow has more items.
    Refused(Item),
}

impl<Item: Queued> FairQueue<Item> {
    pub(super) fn new(most: usize) -> Self {
        Self { clients: BTreeMap::new(), turns: VecDeque::new(), spare: Vec::new(), waiting: 0, most }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    pub(super) fn first(&self) -> Option<&Item> {
        self.clients.get(self.turns.front()?)?.first()
    }

    pub(super) fn add(&mut self, item: Item) -> Admitted<Item> {
        let client = item.client();
        let given_back = match self.gives_way(client) {
            None => None,
            Some(heaviest) => {
                let flows = self.clients.get(&heaviest);
                if heaviest == client && !flows.is_some_and(|flows| flows.has_heavier(&item)) {
                    return Admitted::Refused(item);
                }
                self.take_last(heaviest)
            }
        };
        let (turns, spare) = (&mut self.turns, &mut self.spare);
        let items = self.clients.entry(client).or_insert_with(|| {
            turns.push_back(client);
            spare.pop().unwrap_or_default()
        });
        items.add(item);
        self.waiting = self.waiting.saturating_add(1);
        given_back.map_or(Admitted::Waits, Admitted::InPlaceOf)
    }

    pub(super) fn next(&mut self) -> Option<Item> {
        let client = self.turns.pop_front()?;
        let items = self.clients.get_mut(&client)?;
        let next = items.next();
        self.waiting = self.waiting.saturating_sub(1);
        if items.len() > 0 {
            self.turns.push_back(client);
        } else if let Some(mut emptied) = self.clients.remove(&client)
            && self.spare.len() < SPARE_QUEUES
            && emptied.capacity() <= MAX_SPARE_PLACES
        {
            emptied.rest();
            self.spare.push(emptied);
        }
        next
    }

    /// Returns the client that must lose an item before an item of `client` is added, or `None` if there is room for it. Returns `client`
    /// if no other client has more items than `client` would then have.
    fn gives_way(&self, client: ClientKey) -> Option<ClientKey> {
        // Until the queue is half full, no client loses an item.
        if self.waiting < self.most / 2 {
            return None;
        }
        let own = self.clients.get(&client).map_or(0, Flows::len);
        let is_full = self.waiting >= self.most;
        let is_most = |items: usize| items > self.waiting / 4 * 3;
        if is_most(own) {
            // While no other client has items in the queue, the items of this client may fill it.
            return (is_full || own < self.waiting).then_some(client);
        }
        let (heaviest, most) = self
            .clients
            .iter()
            .map(|(client, items)| (*client, items.len()))
            .max_by_key(|(_, most)| *most)?;
        if !is_full && !is_most(most) {
            return None;
        }
        Some(if most > own.saturating_add(1) { heaviest } else { client })
    }

    /// Removes the last item of a client that has several items.
    fn take_last(&mut self, client: ClientKey) -> Option<Item> {
        let item = self.clients.get_mut(&client)?.take_last()?;
        self.waiting = self.waiting.saturating_sub(1);
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::super::queued::stage::Asked;
    use super::*;
    use std::time::Duration;

    use crate::limits::{MAX_QUEUE, MAX_QUEUE_TIME, UNDIVIDED_MISSES};
    use dns::clock::Mono;
    use proptest::prelude::*;

    const FLOODS: ClientKey = ClientKey::V4(1);
    const LIGHT: ClientKey = ClientKey::V4(2);

    fn of(client: ClientKey, number: usize) -> Asked {
        Asked { client, ..Asked::numbered(number) }
    }

    fn all(queue: &mut FairQueue<Asked>) -> Vec<usize> {
        std::iter::from_fn(|| queue.next()).map(|asked| asked.number).collect()
    }

    #[test]
    fn single_client_fills_queue_in_order() {
        let mut queue = FairQueue::new(MAX_QUEUE);
        assert!(queue.is_empty() && queue.first().is_none() && queue.next().is_none());
        let mut added = |number| queue.add(of(FLOODS, number)) == Admitted::Waits;
        assert_eq!((0..6_000).filter(|number| added(*number)).count(), MAX_QUEUE);
        assert_eq!(queue.add(of(FLOODS, 7_000)), Admitted::Refused(of(FLOODS, 7_000)));
        assert_eq!(queue.first(), Some(&of(FLOODS, 0)));
        assert!(all(&mut queue).into_iter().eq(0..MAX_QUEUE));
        assert!(queue.is_empty() && queue.clients.is_empty() && queue.turns.is_empty());
    }

    #[test]
    fn flooding_client_yields_to_light_client() {
        let mut queue = FairQueue::new(MAX_QUEUE);
        for number in 0..MAX_QUEUE {
            assert_eq!(queue.add(of(FLOODS, number)), Admitted::Waits);
        }
        for number in [10_001, 10_002] {
            let last = MAX_QUEUE - (number - 10_000);
            assert_eq!(queue.add(of(LIGHT, number)), Admitted::InPlaceOf(of(FLOODS, last)));
        }
        assert_eq!(queue.add(of(FLOODS, 5)), Admitted::Refused(of(FLOODS, 5)));
        let begun: Vec<usize> = (0..5).filter_map(|_| queue.next()).map(|asked| asked.number).collect();
        assert_eq!(begun, [0, 10_001, 1, 10_002, 2]);
    }

    // Programs at one address are told apart by port and zone.
    #[test]
    fn flooding_port_yields_at_same_address() {
        let mut queue = FairQueue::new(MAX_QUEUE);
        for number in 0..MAX_QUEUE {
            assert_eq!(queue.add(of(FLOODS, number)), Admitted::Waits);
        }
        let light = |number| Asked { port: 2, zone: 2, ..of(FLOODS, number) };
        for number in [10_001, 10_002] {
            let last = MAX_QUEUE - (number - 10_000);
            assert_eq!(queue.add(light(number)), Admitted::InPlaceOf(of(FLOODS, last)));
        }
        assert_eq!(queue.add(of(FLOODS, 5)), Admitted::Refused(of(FLOODS, 5)));
        let begun = all(&mut queue);
        let place = |number| begun.iter().position(|other| *other == number).unwrap();
        assert!(place(10_002) <= UNDIVIDED_MISSES + 4, "{}", place(10_002));
        assert_eq!(begun.len(), MAX_QUEUE);
        assert!(queue.is_empty() && queue.clients.is_empty());
    }

    // A client with three quarters of the items gives way; two equal bursts fit.
    #[test]
    fn half_full_queue_limits_client_share() {
        let mut queue = FairQueue::new(MAX_QUEUE);
        assert_eq!(queue.add(of(LIGHT, 0)), Admitted::Waits);
        let flood = (1..MAX_QUEUE).filter(|number| queue.add(of(FLOODS, *number)) == Admitted::Waits);
        assert_eq!(flood.count(), MAX_QUEUE / 2 - 1);
        assert!(matches!(queue.add(of(LIGHT, 1)), Admitted::InPlaceOf(_)));
        let mut queue = FairQueue::new(MAX_QUEUE);
        for number in 0..MAX_QUEUE {
            let client = if number % 2 == 0 { FLOODS } else { LIGHT };
            assert_eq!(queue.add(of(client, number)), Admitted::Waits);
        }
        assert_eq!(queue.add(of(LIGHT, 1)), Admitted::Refused(of(LIGHT, 1)), "both have as much");
        assert!(matches!(queue.add(of(ClientKey::V6(1), 1)), Admitted::InPlaceOf(_)));
    }

    /// The host begins the resolution of 200 cache misses a second. One client sends 4 000 misses a second, and another client sends 10.
    #[test]
    fn light_client_loses_nothing_under_overload() {
        light_with_flood(of(LIGHT, 0), 2);
        // Here the client with the flood also sends the 10 misses a second, for another zone. They wait until the misses in `line` (the first
        // `UNDIVIDED_MISSES` of this client) are handled.
        light_with_flood(Asked { zone: 2, ..of(FLOODS, 0) }, 2 + u64::try_from(UNDIVIDED_MISSES).unwrap());
    }

    /// Sends a flood of queries, and at the same time queries like `light`. `turns` is the greatest number of other misses that are handled
    /// while a query like `light` waits.
    fn light_with_flood(light: Asked, turns: u64) {
        let (mut queue, mut now) = (FairQueue::new(MAX_QUEUE), Mono::START);
        let (mut sent, mut begun, mut longest) = (0_u32, 0_u32, Duration::ZERO);
        for tick in 0..2_000_u32 {
            now = now.after(Duration::from_millis(5));
            for _ in 0..20 {
                let _ = queue.add(Asked { at: now, ..of(FLOODS, 0) });
            }
            if tick % 20 == 0 {
                sent += 1;
                let asked = Asked { at: now, ..light };
                assert_ne!(queue.add(asked), Admitted::Refused(asked));
            }
            while let Some(asked) = queue.next() {
                let is_light = (asked.client, asked.zone) == (light.client, light.zone);
                if is_light {
                    begun += 1;
                    longest = longest.max(now.since(asked.at));
                }
                if now.since(asked.at) < MAX_QUEUE_TIME {
                    break;
                }
            }
        }
        assert_eq!(begun, sent);
        assert!(longest <= Duration::from_millis(5 * turns), "{longest:?}");
    }

    #[test]
    fn returning_client_reuses_queue_memory() {
        let mut queue = FairQueue::new(MAX_QUEUE);
        let _ = queue.add(of(FLOODS, 0));
        queue.next();
        assert!(queue.clients.is_empty() && queue.spare[0].capacity() > 0);
        let _ = queue.add(of(LIGHT, 1));
        assert!(queue.spare.is_empty(), "it has the queue of the other");
        for number in 0..u64::try_from(2 * SPARE_QUEUES).unwrap() {
            let _ = queue.add(of(ClientKey::V6(number), 1));
        }
        for _ in 0..2 * MAX_SPARE_PLACES {
            let _ = queue.add(of(FLOODS, 1));
        }
        all(&mut queue);
        assert_eq!(queue.spare.len(), SPARE_QUEUES);
        assert!(queue.spare.iter().all(|items| items.capacity() <= MAX_SPARE_PLACES));
        assert!(queue.spare.iter().all(|items| items.len() == 0));
    }

    proptest! {
        #[test]
        fn fair_queue_keeps_order_per_zone(
            steps in proptest::collection::vec((0_u32..3, 0_u64..3, 0_u8..4), 1..400),
        ) {
            let (mut queue, mut taken, mut added) = (FairQueue::new(MAX_QUEUE), Vec::new(), 0);
            for (number, (client, zone, takes)) in steps.into_iter().enumerate() {
                if takes == 0 {
                    taken.extend(queue.next());
                } else {
                    added += 1;
                    let asked = Asked { zone, ..of(ClientKey::V4(client), number) };
                    prop_assert_eq!(queue.add(asked), Admitted::Waits);
                }
                prop_assert_eq!(queue.waiting, queue.clients.values().map(Flows::len).sum::<usize>());
                prop_assert_eq!(queue.turns.len(), queue.clients.len());
            }
            taken.extend(std::iter::from_fn(|| queue.next()));
            prop_assert_eq!(taken.len(), added);
            for one in (0..3).flat_map(|client| (0..3).map(move |zone| (ClientKey::V4(client), zone))) {
                let of_zone = taken.iter().filter(|asked| (asked.client, asked.zone) == one);
                prop_assert!(of_zone.map(|asked| asked.number).is_sorted());
            }
        }
    }
}
