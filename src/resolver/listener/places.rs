//! Limits the number of connections, encrypted or not, in total and for each client (RFC 7766 section 6.2). When a limit is reached, a new
//! connection replaces a connection of the client with the most connections: the oldest without any DNS message, if such connections are
//! old or numerous enough, otherwise the one that was idle for the longest time. Also limits the questions in progress and the waiting
//! replies of all connections together.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::queued::ClientKey;
use crate::limits::{SILENT_CONNECTION, STOP_FIRST_MESSAGE, WorkBounds};
use dns::clock::{Clock, Mono};
use exchange::limits::MAX_PIPELINED;

pub(super) struct ConnectionPlaces {
    bounds: WorkBounds,
    seats: Mutex<Vec<Arc<Seat>>>,
    /// Notified when a new connection has sent its first DNS message, or was closed.
    first_message: Notify,
}

pub(super) struct Seat {
    client: ClientKey,
    /// When the connection was last active, in microseconds of the daemon's clock.
    active: AtomicU64,
    has_sent: AtomicBool,
    questions: AtomicUsize,
    /// The octets of the replies that the client has not read yet, and of the requests that wait for these replies to be read.
    unsent: AtomicUsize,
    /// Notified when this connection must be closed for another one.
    leave: Notify,
}

/// The right of a connection to be open. It ends when this value is dropped.
pub(super) struct TakenPlace {
    places: Arc<ConnectionPlaces>,
    seat: Arc<Seat>,
}

impl ConnectionPlaces {
    pub(super) fn new(bounds: WorkBounds) -> Self {
        Self { bounds, seats: Mutex::default(), first_message: Notify::new() }
    }

    /// Registers a new connection of `client`. If `client` has as many connections as one client may have, another one of them is closed. If
    /// all clients together have as many as permitted, one of the client with the most connections is closed.
    pub(super) fn take(self: &Arc<Self>, client: ClientKey, now: Mono) -> TakenPlace {
        let mut seats = self.seats();
        let own = |seat: &&Arc<Seat>| seat.client == client;
        if seats.iter().filter(own).count() >= self.bounds.connections_of_client() {
            make_room(&mut seats, now, |seat| seat.client == client);
        } else if seats.len() >= self.bounds.connections {
            let counts = counts(&seats);
            let most = counts.values().max().copied();
            make_room(&mut seats, now, |seat| counts.get(&seat.client).copied() == most);
        }
        let active = AtomicU64::new(now.as_micros());
        let (questions, unsent, leave) = <(AtomicUsize, AtomicUsize, Notify)>::default();
        let has_sent = AtomicBool::new(false);
        let seat = Arc::new(Seat { client, active, has_sent, questions, unsent, leave });
        seats.push(Arc::clone(&seat));
        TakenPlace { places: Arc::clone(self), seat }
    }

    /// Waits until every connection that was opened less than `STOP_FIRST_MESSAGE` ago has sent its first DNS message or was closed.
    /// Called while the daemon is stopping.
    pub(super) async fn first_messages(&self, clock: &Clock) {
        while let Some(span) = self.first_message_in(clock.mono()) {
            // After the time or a notification, the connections are checked again.
            let _ = timeout(span, self.first_message.notified()).await;
        }
    }

    /// Returns the longest time for which some connection may still send its first DNS message, or `None` if there is no such connection.
    pub(super) fn first_message_in(&self, now: Mono) -> Option<Duration> {
        let seats = self.seats();
        let new = seats.iter().filter(|seat| !seat.has_sent.load(Ordering::Relaxed));
        let accepted = new.map(|seat| Mono::from_micros(seat.active.load(Ordering::Relaxed)));
        accepted
            .filter_map(|at| STOP_FIRST_MESSAGE.checked_sub(now.since(at)))
            .filter(|span| !span.is_zero())
            .max()
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.seats().len()
    }

    fn seats(&self) -> MutexGuard<'_, Vec<Arc<Seat>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn counts(seats: &[Arc<Seat>]) -> BTreeMap<ClientKey, usize> {
    let mut counts: BTreeMap<ClientKey, usize> = BTreeMap::new();
    for seat in seats {
        let count = counts.entry(seat.client).or_default();
        *count = count.saturating_add(1);
    }
    counts
}

/// Closes one of the connections for which `matches` returns true. Connections that have sent no DNS message come first, then idle ones, then
/// those with a question in progress; among equals, the one that was active longest ago. If at least half of the connections have sent a DNS
/// message, recent connections without one come after the idle ones. Removes the closed connection from the list, so that the next call does
/// not count it.
fn make_room(seats: &mut Vec<Arc<Seat>>, now: Mono, matches: impl Fn(&Seat) -> bool) {
    let has_sent = |seat: &Seat| seat.has_sent.load(Ordering::Relaxed);
    let all = seats.iter().filter(|seat| matches(seat));
    let (all, sent) =
        all.fold((0_usize, 0_usize), |(all, sent), seat| (all + 1, sent + usize::from(has_sent(seat))));
    // If at least half of the connections have sent a DNS message, recent connections without one are closed only after idle ones, so that
    // new clients do not end each other's handshakes.
    let are_few = sent >= all.saturating_sub(sent);
    let rank = |seat: &Seat| {
        let active = seat.active.load(Ordering::Relaxed);
        let is_young = now.since(Mono::from_micros(active)) < SILENT_CONNECTION;
        let class = match (has_sent(seat), seat.questions.load(Ordering::Relaxed)) {
            (false, _) if !(are_few && is_young) => 0,
            (true, 0) => 1,
            (false, _) => 2,
            (true, _) => 3,
        };
        (class, active)
    };
    let idlest = seats
        .iter()
        .enumerate()
        .filter(|(_, seat)| matches(seat))
        .min_by_key(|(_, seat)| rank(seat))
        .map(|(place, _)| place);
    if let Some(place) = idlest {
        // The notification is stored, so it reaches even a connection that begins to wait for it later.
        seats.swap_remove(place).leave.notify_one();
    }
}

impl TakenPlace {
    pub(super) fn mark_active(&self, now: Mono) {
        self.seat.active.store(now.as_micros(), Ordering::Relaxed);
    }

    pub(super) fn mark_sent(&self) {
        if !self.seat.has_sent.swap(true, Ordering::Relaxed) {
            self.places.first_message.notify_one();
        }
    }

    /// Returns true if the connection may have one more question in progress. Its first question is always allowed. Further questions are
    /// limited for each client and for all clients together.
    pub(super) fn has_room(&self) -> bool {
        self.questions() == 0 || self.has_room_among(&self.places.seats())
    }

    /// Records that one more question is in progress. Returns false, and records nothing, if a limit is reached.
    pub(super) fn begin_question(&self) -> bool {
        // No lock is needed for the first question: it is not limited, and only this connection changes its own number of questions.
        let seats = (self.questions() > 0).then(|| self.places.seats());
        let begins = seats.as_ref().is_none_or(|seats| self.has_room_among(seats));
        self.seat.questions.fetch_add(usize::from(begins), Ordering::Relaxed);
        begins
    }

    pub(super) fn end_question(&self) {
        self.seat.questions.fetch_sub(1, Ordering::Relaxed);
    }

    fn has_room_among(&self, seats: &[Arc<Seat>]) -> bool {
        let more = |seat: &Seat| seat.questions.load(Ordering::Relaxed).saturating_sub(1);
        let (all, own) = self.sums(seats, more);
        let bounds = self.places.bounds;
        self.questions() < MAX_PIPELINED
            && all < bounds.more_pipelined()
            && own < bounds.more_pipelined_of_client()
    }

    fn questions(&self) -> usize {
        self.seat.questions.load(Ordering::Relaxed)
    }

    /// Records the octets of replies that wait for the client. Returns false if they exceed the limit of the client or of all clients.
    pub(super) fn keep_unsent(&self, octets: usize) -> bool {
        let (bounds, added) =
            (self.places.bounds, octets.saturating_sub(self.seat.unsent.load(Ordering::Relaxed)));
        let seats = (added > 0).then(|| self.places.seats());
        let fits = seats.as_ref().is_none_or(|seats| {
            let (all, own) = self.sums(seats, |seat| seat.unsent.load(Ordering::Relaxed));
            all.saturating_add(added) <= bounds.unsent
                && own.saturating_add(added) <= bounds.unsent_of_client()
        });
        if fits {
            self.seat.unsent.store(octets, Ordering::Relaxed);
        }
        fits
    }

    /// Returns the sums of the values of `counted` for all connections, and for the connections of this client.
    fn sums(&self, seats: &[Arc<Seat>], counted: impl Fn(&Seat) -> usize) -> (usize, usize) {
        seats.iter().fold((0, 0), |(all, own), seat| {
            let (more, is_own) = (counted(seat), seat.client == self.seat.client);
            (all.saturating_add(more), own.saturating_add(if is_own { more } else { 0 }))
        })
    }

    pub(super) async fn leave(&self) {
        self.seat.leave.notified().await;
    }
}

impl Drop for TakenPlace {
    fn drop(&mut self) {
        self.places.seats().retain(|seat| !Arc::ptr_eq(seat, &self.seat));
        self.places.first_message.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::FULL_WORK_CACHE;
    use futures_util::FutureExt;

    fn places() -> Arc<ConnectionPlaces> {
        Arc::new(ConnectionPlaces::new(WorkBounds::for_cache_size(FULL_WORK_CACHE)))
    }

    fn client(last: u8) -> ClientKey {
        ClientKey::from_address([127, 0, 0, last].into())
    }

    fn at(seconds: u64) -> Mono {
        Mono::START.after(Duration::from_secs(seconds))
    }

    #[test]
    fn full_client_loses_idlest_connection() {
        let places = places();
        let stranger = places.take(client(2), at(0));
        let held: Vec<TakenPlace> = (0..places.bounds.connections_of_client())
            .map(|number| places.take(client(1), at(number as u64)))
            .collect();
        held[0].mark_active(at(1_000));
        let _newest = places.take(client(1), at(2_000));
        assert!(held[1].leave().now_or_never().is_some(), "the idlest leaves");
        assert!(held[0].leave().now_or_never().is_none());
        assert!(stranger.leave().now_or_never().is_none(), "another client's stays");
        assert_eq!(places.seats().len(), places.bounds.connections_of_client() + 1);
    }

    // There is a bound for each client and one for all together.
    #[test]
    fn unsent_octets_are_bounded() {
        let places = places();
        let of_client = places.bounds.unsent_of_client();
        let (one, second) = (places.take(client(1), at(0)), places.take(client(1), at(0)));
        assert!(one.keep_unsent(of_client - 10));
        assert!(!second.keep_unsent(11) && second.keep_unsent(10));
        assert!(!one.keep_unsent(of_client - 9), "it has what it had");
        let others: Vec<_> = (2..=4).map(|last| places.take(client(last), at(0))).collect();
        assert!(others.iter().all(|other| other.keep_unsent(of_client)), "one leaves room for others");
        let last = places.take(client(9), at(0));
        assert!(!last.keep_unsent(1));
        assert!(one.keep_unsent(0) && last.keep_unsent(11));
        drop(others);
        assert!(last.keep_unsent(of_client));
    }

    // Each connection has one question; more are bounded for each client and for all.
    #[test]
    fn pipelined_questions_are_bounded() {
        let places = places();
        let of = |last| -> Vec<TakenPlace> {
            let held: Vec<_> = (0..places.bounds.connections_of_client())
                .map(|_| places.take(client(last), at(0)))
                .collect();
            for place in held.iter().cycle().take(places.bounds.connections_of_client() * MAX_PIPELINED) {
                assert_eq!(place.has_room(), place.begin_question());
            }
            held
        };
        let sum = |held: &[TakenPlace]| held.iter().map(TakenPlace::questions).sum::<usize>();
        let first = of(1);
        assert_eq!(
            sum(&first),
            places.bounds.connections_of_client() + places.bounds.more_pipelined_of_client()
        );
        let rest: Vec<_> = (2..=4).map(of).collect();
        let all = sum(&first) + rest.iter().map(|held| sum(held)).sum::<usize>();
        assert_eq!(all, places.bounds.connections + places.bounds.more_pipelined());
        drop((first, rest));
        let alone = places.take(client(1), at(0));
        assert_eq!((0..).take_while(|_| alone.begin_question()).count(), MAX_PIPELINED);
        alone.end_question();
        assert!(alone.begin_question() && !alone.begin_question());
    }

    #[test]
    fn idlest_connection_leaves_when_full() {
        let places = places();
        let held: Vec<TakenPlace> = (0..places.bounds.connections)
            .map(|number| {
                let client = ClientKey::V4(0x0A00_0000 | u32::try_from(number).unwrap());
                places.take(client, at(number as u64))
            })
            .collect();
        let _newest = places.take(client(1), at(5_000));
        assert!(held[0].leave().now_or_never().is_some());
        assert!(held[1].leave().now_or_never().is_none());
        drop(held);
        assert_eq!(places.seats().len(), 1);
    }

    // An idle connection leaves before one whose first query is still on its way.
    #[test]
    fn new_connections_spare_each_other() {
        let places = places();
        let used: Vec<TakenPlace> = (0..places.bounds.connections_of_client())
            .map(|number| places.take(client(1), at(number as u64)))
            .collect();
        used.iter().for_each(TakenPlace::mark_sent);
        assert!(used[0].begin_question());
        let new: Vec<TakenPlace> = (0..10).map(|_| places.take(client(1), at(1_000))).collect();
        assert!(new.iter().all(|place| place.leave().now_or_never().is_none()));
        let left = |place: &TakenPlace| place.leave().now_or_never().is_some();
        assert!(!left(&used[0]), "its client waits for an answer");
        assert!(used[1..=10].iter().all(left) && !used[11..].iter().any(left));
        let _later = places.take(client(1), at(1_003));
        assert!(left(&new[0]), "it has sent nothing for three seconds");
    }

    // Many silent connections of one client leave before those of others.
    #[test]
    fn silent_connections_leave_first() {
        let places = places();
        let quiet = places.take(client(1), at(0));
        quiet.mark_sent();
        let asked = places.take(client(2), at(0));
        asked.mark_sent();
        let silent = |last: u8, count: usize| -> Vec<TakenPlace> {
            (0..count).map(|number| places.take(client(last), at(10 + number as u64))).collect()
        };
        let floods = (
            silent(2, places.bounds.connections_of_client() - 1),
            [3, 4].map(|last| silent(last, places.bounds.connections_of_client())),
        );
        let _rest = silent(5, places.bounds.connections_of_client() - 1);
        assert_eq!(places.seats().len(), places.bounds.connections);
        let _new = places.take(client(6), at(1_000));
        assert!(quiet.leave().now_or_never().is_none(), "the idlest of all, but alone");
        let _same = places.take(client(2), at(1_000));
        assert!(asked.leave().now_or_never().is_none(), "it has sent a query");
        assert!(floods.0[0].leave().now_or_never().is_some());
        let six = |last: u64| format!("2001:db8::{last:x}").parse().unwrap();
        assert_eq!(ClientKey::from_address(six(1)), ClientKey::from_address(six(2)), "a client has a /64");
    }
}
