//! Limits the memory that long replies use. Before a long reply is decoded, memory (called room) is reserved for its records. The reservation ends
//! when the last copy of the reply is dropped.
//!
//! The records of a reply of 60 KB take up to 1.1 MB of memory, and a resolution needs them while it waits for the DNSSEC keys of their zone.
//!
//! # Decisions
//!
//! - The replies of servers in one /24 or /48 network may use at most half of this memory, so that one operator cannot prevent the long
//!   replies of all others.
//! - If there is no room for a reply, the reply waits for a short time, because most replies are dropped within milliseconds. If there is still no
//!   room, later replies from this network do not wait, until one of them finds room immediately. Otherwise each wait on a stream would delay the
//!   replies behind it.
//! - A reply that needs more than half of the memory is accepted if no other reply of its network uses memory at that time.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hickory_proto::rr::Record;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::limits::{LONG_REPLIES_PART, LONG_REPLY_WAIT, MAX_SHORT_REPLY, MIN_LONG_REPLIES};
use dns::conduct::network_of;
use dns::wire::HEADER;

/// The octets of memory for each permit of the semaphores in this module.
const PLACE: usize = 1_024;

/// The length in octets of a record with the root as owner and no data.
const SHORTEST_RECORD: usize = 11;

/// The memory that is reserved for a long reply. All copies of a reply share one reservation, which ends when the last copy is dropped.
#[derive(Clone, Debug, Default)]
pub struct ReplyRoom {
    held: Option<Arc<HeldRoom>>,
}

impl ReplyRoom {
    /// Returns true if memory is reserved, because the reply was long.
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }
}

impl PartialEq for ReplyRoom {
    /// Returns true always: the reservation is not part of a reply's content.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[derive(Debug)]
struct HeldRoom {
    _of_network: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
    /// Never read. While this reference exists, `LongReplies::network` does not remove the network from its table.
    _network: Arc<NetworkRoom>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no memory for a long reply")]
pub(super) struct NoRoom;

#[derive(Debug)]
pub(super) struct LongReplies {
    all: Arc<Semaphore>,
    /// The number of permits for the replies of one network: half of all.
    half: u32,
    networks: Mutex<HashMap<IpAddr, Arc<NetworkRoom>>>,
}

#[derive(Debug)]
struct NetworkRoom {
    places: Arc<Semaphore>,
    /// True if there was no room for the last long reply. The next long reply then does not wait for room.
    is_stuck: AtomicBool,
}

impl LongReplies {
    /// `cache_size` is in octets.
    pub(super) fn for_cache_size(cache_size: u64) -> Self {
        let octets = (cache_size / LONG_REPLIES_PART).max(MIN_LONG_REPLIES);
        let half = u32::try_from(octets / PLACE as u64 / 2).unwrap_or(u32::MAX);
        let all = Arc::new(Semaphore::new((half as usize).saturating_mul(2).min(Semaphore::MAX_PERMITS)));
        Self { all, half, networks: Mutex::default() }
    }

    /// Reserves memory for the records of `reply`. If there is no room, waits for at most `LONG_REPLY_WAIT`.
    pub(super) async fn admit(&self, server: SocketAddr, reply: &[u8]) -> Result<ReplyRoom, NoRoom> {
        let octets = octets_of_records(reply);
        if octets <= MAX_SHORT_REPLY {
            return Ok(ReplyRoom::default());
        }
        let places = u32::try_from(octets.div_ceil(PLACE)).unwrap_or(u32::MAX).min(self.half);
        let network = self.network(network_of(server.ip()));
        let held = match network.is_stuck.load(Ordering::Relaxed) {
            true => self.hold_now(&network, places),
            false => timeout(LONG_REPLY_WAIT, self.hold(&network, places)).await.ok().flatten(),
        };
        network.is_stuck.store(held.is_none(), Ordering::Relaxed);
        let (of_network, of_all) = held.ok_or(NoRoom)?;
        let held = HeldRoom { _of_network: of_network, _of_all: of_all, _network: network };
        Ok(ReplyRoom { held: Some(Arc::new(held)) })
    }

    /// Takes the permits of the network before those for all networks. So replies of one network that wait for the permits of their network do not
    /// delay the replies of other networks.
    async fn hold(
        &self,
        network: &NetworkRoom,
        places: u32,
    ) -> Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)> {
        let of_network = Arc::clone(&network.places).acquire_many_owned(places).await.ok()?;
        let of_all = Arc::clone(&self.all).acquire_many_owned(places).await.ok()?;
        Some((of_network, of_all))
    }

    fn hold_now(
        &self,
        network: &NetworkRoom,
        places: u32,
    ) -> Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)> {
        let of_network = Arc::clone(&network.places).try_acquire_many_owned(places).ok()?;
        let of_all = Arc::clone(&self.all).try_acquire_many_owned(places).ok()?;
        Some((of_network, of_all))
    }

    fn network(&self, network: IpAddr) -> Arc<NetworkRoom> {
        let mut networks = self.networks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = networks.get(&network) {
            return Arc::clone(known);
        }
        // Removes each network that has no reply in memory and no reply that waits for memory.
        networks.retain(|_, room| Arc::strong_count(room) > 1);
        let places = Arc::new(Semaphore::new(self.half as usize));
        let new = Arc::new(NetworkRoom { places, is_stuck: AtomicBool::new(false) });
        networks.insert(network, Arc::clone(&new));
        new
    }
}

/// Estimates the memory for the records of a reply, in octets, from the record counts in the header.
fn octets_of_records(reply: &[u8]) -> usize {
    let counts = reply.get(6..HEADER).unwrap_or_default().as_chunks::<2>().0;
    let said: usize = counts.iter().map(|count| usize::from(u16::from_be_bytes(*count))).sum();
    let records = said.min(reply.len() / SHORTEST_RECORD);
    records.saturating_mul(size_of::<Record>()).saturating_add(reply.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns half of the memory for long replies, in octets.
    fn half() -> usize {
        usize::try_from(MIN_LONG_REPLIES).unwrap() / 2
    }

    fn reply(octets: usize) -> Vec<u8> {
        let records = octets / (size_of::<Record>() + SHORTEST_RECORD);
        let mut reply = vec![0; HEADER + records * SHORTEST_RECORD];
        reply[6..8].copy_from_slice(&u16::try_from(records).unwrap().to_be_bytes());
        reply
    }

    fn server(network: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, network, 1], 53))
    }

    async fn admitted(room: &LongReplies, network: u8, reply: &[u8]) -> Vec<ReplyRoom> {
        let mut held = Vec::new();
        while let Ok(room) = room.admit(server(network), reply).await {
            assert!(held.len() < 1_000, "there is no bound");
            held.push(room);
        }
        held
    }

    #[test]
    fn reply_size_is_estimated_before_decoding() {
        let long = octets_of_records(&reply(100_000));
        assert!((90_000..=110_000).contains(&long), "{long}");
        let mut liar = vec![0xff; HEADER];
        assert!(octets_of_records(&liar) < 1_000, "no message is longer than its records");
        liar.truncate(3);
        assert_eq!(octets_of_records(&liar), 3);
    }

    // A dropped reply gives its room back.
    #[tokio::test(start_paused = true)]
    async fn long_replies_of_network_are_bounded() {
        let room = LongReplies::for_cache_size(0);
        let long = reply(half() / 8);
        let held = admitted(&room, 1, &long).await;
        assert!((7..=9).contains(&held.len()), "{}", held.len());
        let short = room.admit(server(1), &reply(MAX_SHORT_REPLY / 2)).await;
        assert!(short.is_ok_and(|short| !short.is_held()), "a short reply needs no room");
        assert_eq!(admitted(&room, 2, &long).await.len(), held.len(), "others have the other half");
        let copies = held.clone();
        drop(held);
        assert!(room.admit(server(1), &long).await.is_err(), "a copy is held");
        drop(copies);
        assert!(room.admit(server(1), &long).await.is_ok());
        assert!(room.admit(server(3), &long).await.is_ok());
        assert!(room.networks.lock().unwrap().len() <= 2, "networks without replies are forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn huge_reply_has_room_alone() {
        let room = LongReplies::for_cache_size(0);
        let (huge, long) = (reply(2 * half()), reply(half() / 8));
        let held = room.admit(server(1), &huge).await.unwrap();
        assert!(room.admit(server(1), &long).await.is_err());
        assert!(room.admit(server(2), &huge).await.is_ok());
        drop(held);
        let held = room.admit(server(1), &long).await.unwrap();
        assert!(room.admit(server(1), &huge).await.is_err());
        drop(held);
        assert!(room.admit(server(1), &huge).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_reply_waits_for_room_once() {
        let room = LongReplies::for_cache_size(0);
        let long = reply(half() / 2 + PLACE);
        let held = room.admit(server(1), &long).await.unwrap();
        let began = tokio::time::Instant::now();
        let (waited, ()) = tokio::join!(room.admit(server(1), &long), async {
            tokio::time::sleep(LONG_REPLY_WAIT / 2).await;
            drop(held);
        });
        let held = waited.unwrap();
        assert_eq!(began.elapsed(), LONG_REPLY_WAIT / 2);
        assert!(room.admit(server(1), &long).await.is_err());
        let began = tokio::time::Instant::now();
        assert!(room.admit(server(1), &long).await.is_err());
        assert!(began.elapsed().is_zero(), "the second does not wait for the time of the first again");
        drop(held);
        assert!(room.admit(server(1), &long).await.is_ok());
    }

    #[test]
    fn default_cache_has_long_reply_room() {
        let room = LongReplies::for_cache_size(256 << 20);
        assert!(room.half as usize * PLACE > 60 * 62_000);
    }
}
