//! The queue of a worker's misses: clients have their turns, and of one client the first comes first.
//!
//! On a host that does not keep up, a queue without turns fills with the misses of a client that floods: a client with a few
//! questions a second lost a quarter to a half of them. Too many misses are shed early and evenly: over half full, a client with three
//! quarters of what waits gives way, and when the queue is full the client with the most.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use crate::clock::Mono;
use crate::limits::{CROWDED_QUEUE, MAX_QUEUE, MAX_SPARE_PLACES, SPARE_QUEUES};

/// A client: an IPv4 address, or the /64 of an IPv6 address, as one client has a whole /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ClientKey {
    V4(u32),
    V6(u64),
}

impl ClientKey {
    /// The client at this address.
    pub(super) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Self::V6(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
            }
        }
    }
}

/// Items of clients that wait for their turn.
pub(super) struct FairQueue<Item> {
    /// The items of each client that waits, with the moment of their arrival.
    clients: BTreeMap<ClientKey, ItemsOfClient<Item>>,
    /// These clients in the order of their turns.
    turns: VecDeque<ClientKey>,
    /// Queues of clients that no longer wait: the next client allocates nothing.
    spare: Vec<ItemsOfClient<Item>>,
    /// The items of all clients.
    waiting: usize,
}

type ItemsOfClient<Item> = VecDeque<(Mono, Item)>;

/// The fate of a new item.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admitted<Item> {
    /// It waits.
    Waits,
    /// It waits, and the last item of the client with the most is given back.
    InPlaceOf(Item),
    /// It is given back, as no client has more than its own.
    Refused(Item),
}

impl<Item> FairQueue<Item> {
    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// The item whose turn is next.
    pub(super) fn first(&self) -> Option<&Item> {
        self.clients.get(self.turns.front()?)?.front().map(|(_, item)| item)
    }

    /// Adds an item of `client` that arrived at `at`.
    pub(super) fn add(&mut self, client: ClientKey, at: Mono, item: Item) -> Admitted<Item> {
        let given_back = match self.gives_way(client) {
            None => None,
            Some(heaviest) if heaviest == client => return Admitted::Refused(item),
            Some(heaviest) => self.take_last(heaviest),
        };
        let (turns, spare) = (&mut self.turns, &mut self.spare);
        let items = self.clients.entry(client).or_insert_with(|| {
            turns.push_back(client);
            spare.pop().unwrap_or_default()
        });
        items.push_back((at, item));
        self.waiting = self.waiting.saturating_add(1);
        given_back.map_or(Admitted::Waits, Admitted::InPlaceOf)
    }

    /// Takes the next item: clients in turn, and the first of the client. Returns also when it arrived.
    pub(super) fn next(&mut self) -> Option<(Mono, Item)> {
        let client = self.turns.pop_front()?;
        let items = self.clients.get_mut(&client)?;
        let next = items.pop_front();
        self.waiting = self.waiting.saturating_sub(1);
        if !items.is_empty() {
            self.turns.push_back(client);
        } else if let Some(emptied) = self.clients.remove(&client)
            && self.spare.len() < SPARE_QUEUES
            && emptied.capacity() <= MAX_SPARE_PLACES
        {
            self.spare.push(emptied);
        }
        next
    }

    /// The client that must give way before an item of `client` is added; none if there is room. It is `client` itself if
    /// no other has more than it would have then.
    fn gives_way(&self, client: ClientKey) -> Option<ClientKey> {
        if self.waiting < CROWDED_QUEUE {
            return None;
        }
        let own = self.clients.get(&client).map_or(0, VecDeque::len);
        let is_full = self.waiting >= MAX_QUEUE;
        let is_most = |items: usize| items > self.waiting / 4 * 3;
        if is_most(own) {
            // It has the most. A burst of one client may fill the queue.
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

    /// Takes the last item of a client that has others.
    fn take_last(&mut self, client: ClientKey) -> Option<Item> {
        let (_, item) = self.clients.get_mut(&client)?.pop_back()?;
        self.waiting = self.waiting.saturating_sub(1);
        Some(item)
    }
}

impl<Item> Default for FairQueue<Item> {
    fn default() -> Self {
        Self { clients: BTreeMap::new(), turns: VecDeque::new(), spare: Vec::new(), waiting: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::limits::MAX_QUEUE_TIME;
    use proptest::prelude::*;

    const FLOODS: ClientKey = ClientKey::V4(1);
    const LIGHT: ClientKey = ClientKey::V4(2);

    fn all<Item>(queue: &mut FairQueue<Item>) -> Vec<Item> {
        std::iter::from_fn(|| queue.next()).map(|(_, item)| item).collect()
    }

    #[test]
    fn a_client_is_an_address_or_a_network_of_64_bits() {
        let of = |text: &str| ClientKey::of(text.parse().unwrap());
        assert_eq!(of("127.0.0.1"), of("::ffff:127.0.0.1"));
        assert_ne!(of("127.0.0.1"), of("127.0.0.2"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::2:0:0:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("0.0.0.1"), of("0:0:0:1::"));
    }

    #[test]
    fn a_burst_of_one_client_fills_the_queue_and_is_served_in_its_order() {
        let mut queue = FairQueue::default();
        assert!(queue.is_empty() && queue.first().is_none() && queue.next().is_none());
        let mut added = |number| queue.add(FLOODS, Mono::START, number) == Admitted::Waits;
        assert_eq!((0..6_000).filter(|number| added(*number)).count(), MAX_QUEUE);
        assert_eq!(queue.add(FLOODS, Mono::START, 7_000), Admitted::Refused(7_000));
        assert_eq!(queue.first(), Some(&0));
        assert!(all(&mut queue).into_iter().eq(0..i32::try_from(MAX_QUEUE).unwrap()));
        assert!(queue.is_empty() && queue.clients.is_empty() && queue.turns.is_empty());
    }

    #[test]
    fn a_light_client_is_served_in_turn_and_the_one_that_floods_gives_way() {
        let mut queue = FairQueue::default();
        for number in 0..MAX_QUEUE {
            assert_eq!(queue.add(FLOODS, Mono::START, number), Admitted::Waits);
        }
        for number in [10_001, 10_002] {
            let last = MAX_QUEUE - (number - 10_000);
            assert_eq!(queue.add(LIGHT, Mono::START, number), Admitted::InPlaceOf(last));
        }
        assert_eq!(queue.add(FLOODS, Mono::START, 5), Admitted::Refused(5));
        let begun: Vec<usize> = (0..5).filter_map(|_| queue.next()).map(|(_, item)| item).collect();
        assert_eq!(begun, [0, 10_001, 1, 10_002, 2]);
    }

    #[test]
    fn over_half_full_a_client_with_three_quarters_gives_way_but_two_bursts_have_room() {
        let mut queue = FairQueue::default();
        assert_eq!(queue.add(LIGHT, Mono::START, 0), Admitted::Waits);
        let flood =
            (1..MAX_QUEUE).filter(|number| queue.add(FLOODS, Mono::START, *number) == Admitted::Waits);
        assert_eq!(flood.count(), CROWDED_QUEUE - 1);
        assert!(matches!(queue.add(LIGHT, Mono::START, 1), Admitted::InPlaceOf(_)));
        let mut queue = FairQueue::default();
        for number in 0..MAX_QUEUE {
            let client = if number % 2 == 0 { FLOODS } else { LIGHT };
            assert_eq!(queue.add(client, Mono::START, number), Admitted::Waits);
        }
        assert_eq!(queue.add(LIGHT, Mono::START, 1), Admitted::Refused(1), "both have as much");
        assert!(matches!(queue.add(ClientKey::V6(1), Mono::START, 1), Admitted::InPlaceOf(_)));
    }

    /// A host that begins 200 misses a second, a client that sends 4 000 of them, and one that sends 10.
    #[test]
    fn a_light_client_loses_nothing_on_a_host_that_does_not_keep_up() {
        let (mut queue, mut now) = (FairQueue::default(), Mono::START);
        let (mut sent, mut begun, mut longest) = (0_u32, 0_u32, Duration::ZERO);
        for tick in 0..2_000_u32 {
            now = now.after(Duration::from_millis(5));
            for _ in 0..20 {
                let _ = queue.add(FLOODS, now, FLOODS);
            }
            if tick % 20 == 0 {
                sent += 1;
                assert_ne!(queue.add(LIGHT, now, LIGHT), Admitted::Refused(LIGHT));
            }
            while let Some((at, client)) = queue.next() {
                if client == LIGHT {
                    begun += 1;
                    longest = longest.max(now.since(at));
                }
                if now.since(at) < MAX_QUEUE_TIME {
                    break;
                }
            }
        }
        assert_eq!(begun, sent);
        assert!(longest <= Duration::from_millis(10), "{longest:?}");
    }

    #[test]
    fn a_client_that_comes_and_goes_takes_no_new_memory() {
        let mut queue = FairQueue::default();
        let _ = queue.add(FLOODS, Mono::START, 0);
        queue.next();
        assert!(queue.clients.is_empty() && queue.spare[0].capacity() > 0);
        let _ = queue.add(LIGHT, Mono::START, 1);
        assert!(queue.spare.is_empty(), "it has the queue of the other");
        for number in 0..u64::try_from(2 * SPARE_QUEUES).unwrap() {
            let _ = queue.add(ClientKey::V6(number), Mono::START, 1);
        }
        for _ in 0..2 * MAX_SPARE_PLACES {
            let _ = queue.add(FLOODS, Mono::START, 1);
        }
        all(&mut queue);
        assert_eq!(queue.spare.len(), SPARE_QUEUES);
        assert!(queue.spare.iter().all(|items| items.capacity() <= MAX_SPARE_PLACES));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_each_client_keeps_its_order(
            steps in proptest::collection::vec((0_u32..4, any::<bool>()), 1..400),
        ) {
            let (mut queue, mut taken, mut added) = (FairQueue::default(), Vec::new(), 0);
            for (number, (client, takes)) in steps.into_iter().enumerate() {
                if takes {
                    taken.extend(queue.next().map(|(_, item)| item));
                } else {
                    added += 1;
                    prop_assert_eq!(queue.add(ClientKey::V4(client), Mono::START, (client, number)), Admitted::Waits);
                }
                prop_assert_eq!(queue.waiting, queue.clients.values().map(VecDeque::len).sum::<usize>());
                prop_assert_eq!(queue.turns.len(), queue.clients.len());
            }
            taken.extend(all(&mut queue));
            prop_assert_eq!(taken.len(), added);
            for client in 0..4 {
                let of_client = taken.iter().filter(|(other, _)| *other == client).map(|(_, number)| *number);
                prop_assert!(of_client.is_sorted());
            }
        }
    }
}
