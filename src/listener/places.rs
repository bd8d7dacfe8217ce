//! Places for stream clients: a bound for all, and one for each client. A new client takes the place of the idlest.
//!
//! RFC 7766 section 6.2: limits by client, and idle connections closed first.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::clock::Mono;
use crate::limits::{MAX_TCP_CLIENTS, MAX_TCP_PER_CLIENT, MAX_UNSENT, MAX_UNSENT_PER_CLIENT};

/// The connections of all listeners.
#[derive(Default)]
pub(super) struct ConnectionPlaces {
    seats: Mutex<Vec<Arc<Seat>>>,
}

/// One connection's place.
pub(super) struct Seat {
    client: IpAddr,
    /// When it was last active, in microseconds of the clock.
    active: AtomicU64,
    /// Octets of replies that the client has not taken yet.
    unsent: AtomicUsize,
    /// Notified when it must leave, for another client.
    leave: Notify,
}

/// A place that is given back when dropped.
pub(super) struct TakenPlace {
    places: Arc<ConnectionPlaces>,
    seat: Arc<Seat>,
}

/// Room for octets that a client has not taken yet. It is given back when dropped.
pub(super) struct UnsentRoom {
    seat: Arc<Seat>,
    octets: usize,
}

impl ConnectionPlaces {
    /// Takes a place for `client`. If there is none, the idlest of its own, or of all, makes room.
    pub(super) fn take(self: &Arc<Self>, client: IpAddr, now: Mono) -> TakenPlace {
        let mut seats = self.seats();
        let own = |seat: &&Arc<Seat>| seat.client == client;
        if seats.iter().filter(own).count() >= MAX_TCP_PER_CLIENT {
            make_room(&mut seats, |seat| seat.client == client);
        } else if seats.len() >= MAX_TCP_CLIENTS {
            make_room(&mut seats, |_| true);
        }
        let (active, unsent, leave) = (AtomicU64::new(now.as_micros()), AtomicUsize::new(0), Notify::new());
        let seat = Arc::new(Seat { client, active, unsent, leave });
        seats.push(Arc::clone(&seat));
        TakenPlace { places: Arc::clone(self), seat }
    }

    fn seats(&self) -> MutexGuard<'_, Vec<Arc<Seat>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the idlest connection that matches. It is removed from the list at once, so that the next call does not
/// count it.
fn make_room(seats: &mut Vec<Arc<Seat>>, matches: impl Fn(&Seat) -> bool) {
    let idlest = seats
        .iter()
        .enumerate()
        .filter(|(_, seat)| matches(seat))
        .min_by_key(|(_, seat)| seat.active.load(Ordering::Relaxed))
        .map(|(place, _)| place);
    if let Some(place) = idlest {
        // The notification is stored, so a task that waits later gets it.
        seats.swap_remove(place).leave.notify_one();
    }
}

impl TakenPlace {
    /// The connection was active.
    pub(super) fn mark_active(&self, now: Mono) {
        self.seat.active.store(now.as_micros(), Ordering::Relaxed);
    }

    /// Room for octets of replies that the client has not taken yet; none if it, or all clients together, keep too many.
    pub(super) fn keep_unsent(&self, octets: usize) -> Option<UnsentRoom> {
        let seats = self.places.seats();
        let unsent = |seat: &Arc<Seat>| seat.unsent.load(Ordering::Relaxed);
        let all: usize = seats.iter().map(unsent).sum();
        let own: usize = seats.iter().filter(|seat| seat.client == self.seat.client).map(unsent).sum();
        if all.saturating_add(octets) > MAX_UNSENT || own.saturating_add(octets) > MAX_UNSENT_PER_CLIENT {
            return None;
        }
        self.seat.unsent.fetch_add(octets, Ordering::Relaxed);
        Some(UnsentRoom { seat: Arc::clone(&self.seat), octets })
    }

    /// Waits until it has to leave.
    pub(super) async fn leave(&self) {
        self.seat.leave.notified().await;
    }
}

impl Drop for UnsentRoom {
    fn drop(&mut self) {
        self.seat.unsent.fetch_sub(self.octets, Ordering::Relaxed);
    }
}

impl Drop for TakenPlace {
    fn drop(&mut self) {
        self.places.seats().retain(|seat| !Arc::ptr_eq(seat, &self.seat));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::time::Duration;

    fn client(last: u8) -> IpAddr {
        [127, 0, 0, last].into()
    }

    fn at(seconds: u64) -> Mono {
        Mono::START.after(Duration::from_secs(seconds))
    }

    #[test]
    fn a_client_with_all_its_places_loses_its_idlest() {
        let places = Arc::new(ConnectionPlaces::default());
        let stranger = places.take(client(2), at(0));
        let held: Vec<TakenPlace> =
            (0..MAX_TCP_PER_CLIENT).map(|number| places.take(client(1), at(number as u64))).collect();
        held[0].mark_active(at(1_000));
        let _newest = places.take(client(1), at(2_000));
        assert!(held[1].leave().now_or_never().is_some(), "the idlest leaves");
        assert!(held[0].leave().now_or_never().is_none());
        assert!(stranger.leave().now_or_never().is_none(), "another client's stays");
        assert_eq!(places.seats().len(), MAX_TCP_PER_CLIENT + 1);
    }

    #[test]
    fn what_clients_have_not_taken_is_bounded_for_each_and_for_all_together() {
        let places = Arc::new(ConnectionPlaces::default());
        let (one, second) = (places.take(client(1), at(0)), places.take(client(1), at(0)));
        let kept = one.keep_unsent(MAX_UNSENT_PER_CLIENT - 10);
        assert!(kept.is_some() && second.keep_unsent(11).is_none() && second.keep_unsent(10).is_some());
        let others: Vec<_> = (2..=4).map(|last| places.take(client(last), at(0))).collect();
        let all: Vec<_> = others.iter().map(|other| other.keep_unsent(MAX_UNSENT_PER_CLIENT)).collect();
        assert!(all.iter().all(Option::is_some), "one client leaves room for others");
        let last = places.take(client(9), at(0));
        assert!(last.keep_unsent(11).is_none() && last.keep_unsent(10).is_some());
        drop(kept);
        assert!(last.keep_unsent(11).is_some());
    }

    #[test]
    fn beyond_all_places_the_idlest_of_all_leaves_and_places_are_given_back() {
        let places = Arc::new(ConnectionPlaces::default());
        let held: Vec<TakenPlace> = (0..MAX_TCP_CLIENTS)
            .map(|number| {
                places.take(
                    std::net::Ipv4Addr::from_bits(0x0A00_0000 | u32::try_from(number).unwrap()).into(),
                    at(number as u64),
                )
            })
            .collect();
        let _newest = places.take(client(1), at(5_000));
        assert!(held[0].leave().now_or_never().is_some());
        assert!(held[1].leave().now_or_never().is_none());
        drop(held);
        assert_eq!(places.seats().len(), 1);
    }
}
