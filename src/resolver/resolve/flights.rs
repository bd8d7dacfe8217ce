//! Resolutions (flights): all clients that ask the same question at the same time wait for one resolution.
//!
//! A resolution passes its answer directly to all waiting clients, because the cache may refuse to store it.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::Shared;
use hickory_proto::rr::Name;
use tokio::sync::oneshot;

use super::answered_events;
use super::backlog::Backlog;
use super::client_question::ClientQuestion;
use super::shares::{
    ClientKey, FlightAdmission, Numbered, ShareAccount, Shares, ShedReason, Ticket, ZoneHash,
};
use crate::iterate::flight_progress::FlightProgress;
use crate::limits::{FEW_WAITERS, PRIVATE_LABELS, WorkBounds};
use dns::clock::Mono;
use dns::hash::Keyed;
use dns::question::{
    Answer, Client, ExtendedError, QuestionKey, ViewId, WireName, is_within, label_places, name_of_wire,
    wire_name,
};

#[derive(Debug)]
pub(super) struct Landed {
    /// The answer of the resolution. After a failure it is SERVFAIL or a stale answer.
    pub(super) answer: Arc<Answer>,
    pub(super) end: FlightEnd,
    pub(super) packets: u32,
}

#[derive(Debug)]
pub(super) enum FlightEnd {
    /// The resolution ended with an answer of servers or from the cache.
    Answered,
    /// The resolution ended with an answer that another resolution had asked for.
    Shared,
    Failed,
    /// The resolution ended with a failure, and the clients get a stale answer.
    Stale,
    /// The resolution was ended early, to make room for another resolution, or by a reload.
    Shed(Shed),
}

/// The channel for the result of the resolution. An error means that the resolution was given up without a result.
pub(super) type Landing = Shared<oneshot::Receiver<Arc<Landed>>>;

#[derive(Clone)]
pub(super) struct Flights {
    table: Arc<Mutex<FlightTable>>,
    /// Hashes zones and clients. The key is secret, because strangers choose the names and could otherwise choose names with equal hashes.
    keyed: Keyed,
}

/// The key of a resolution's question, with its hash, which is computed only once.
#[derive(Clone, PartialEq, Eq)]
struct FlightKey {
    hash: u64,
    key: Arc<QuestionKey>,
}

impl Hash for FlightKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

struct FlightTable {
    bounds: WorkBounds,
    flights: Numbered<FlightKey, Flight>,
    shares: Shares,
    backlog: Backlog,
    standing: Numbered<Ticket, FlightPlace>,
    waiters: usize,
    waiting: Numbered<ClientKey, usize>,
}

struct Flight {
    landing: Landing,
    progress: Arc<FlightProgress>,
    waiting: HashSet<Client, Keyed>,
    ticket: Ticket,
}

/// A resolution in the table. A message through `give_way` ends it early.
struct FlightPlace {
    key: FlightKey,
    /// The zone against whose limit of resolutions this one counts, in wire form.
    zone: Box<[u8]>,
    /// True if look-ahead asks more questions when the resolution reaches the servers of the zone that has the queried name.
    leads_at_delegation: bool,
    give_way: oneshot::Sender<Shed>,
}

#[derive(Clone, Copy)]
struct FlightStart<'a> {
    ticket: Ticket,
    /// The zone against whose limit this resolution counts, in wire form.
    zone: &'a [u8],
    leads_at_delegation: bool,
}

pub(super) enum JoinedFlight {
    /// If `begun` is present, the resolution is new and must be run.
    Waits { seat: FlightSeat, begun: Option<BegunFlight> },
    /// The same client already waits for the answer to the same question.
    Repeated,
    /// There is no room for the question.
    Shed(Shed),
}

#[derive(Clone, Debug)]
pub(super) struct Shed {
    pub(super) why: ShedReason,
    /// The zone against whose limit of resolutions the question counts.
    pub(super) zone: Name,
}

impl Shed {
    pub(super) fn extended_error(&self) -> ExtendedError {
        self.why.extended_error(&self.zone)
    }
}

/// A client that waits for a resolution. Dropping the value ends the wait.
pub(super) struct FlightSeat {
    pub(super) landing: Landing,
    pub(super) progress: Arc<FlightProgress>,
    flights: Flights,
    key: FlightKey,
    client: Client,
}

/// A new resolution that must be run. If it is dropped before it ends, the waiting clients are notified.
pub(super) struct BegunFlight {
    pub(super) ticket: Ticket,
    gives_way: oneshot::Receiver<Shed>,
    sender: Option<oneshot::Sender<Arc<Landed>>>,
    flights: Flights,
}

impl Flights {
    pub(super) fn new(keyed: Keyed, bounds: WorkBounds) -> Self {
        Self { table: Arc::new(Mutex::new(FlightTable::new(bounds))), keyed }
    }

    /// Lets a client wait for the resolution of its question. If there is none, begins one; `progress` creates the record of its progress. A
    /// new resolution counts against the limit of resolutions of `zone` (in wire form) until it reaches the servers of another zone.
    pub(super) fn join(
        &self,
        asked: &ClientQuestion,
        zone: &[u8],
        progress: impl FnOnce() -> FlightProgress,
    ) -> JoinedFlight {
        let ClientQuestion { key, client, arrived, .. } = asked;
        let asker = self.client_key(client.address);
        let key = &FlightKey { hash: self.keyed.octets(key.as_bytes()), key: Arc::new(key.clone()) };
        let mut table = self.table();
        if !table.may_wait(key, asker) {
            return JoinedFlight::Shed(Shed { why: ShedReason::Waiters, zone: name_of_wire(zone) });
        }
        let begun = if let Some(flight) = table.flights.get(key) {
            if flight.waiting.contains(client) {
                return JoinedFlight::Repeated;
            }
            let ticket = flight.ticket;
            table.shares.hand_over(ticket, asker);
            None
        } else {
            let progress = progress();
            table.backlog.takes_in(*arrived, progress.began());
            let account = ShareAccount { client: asker, zone: self.zone_hash(zone) };
            if let Err(why) = table.make_room(account, progress.began()) {
                return JoinedFlight::Shed(Shed { why, zone: name_of_wire(zone) });
            }
            let ticket = table.shares.take(account, progress.began());
            let place = FlightStart {
                ticket,
                zone,
                leads_at_delegation: answered_events::leads_at_delegation(asked),
            };
            Some(self.begin(&mut table, key, place, progress))
        };
        match self.seat(&mut table, key, *client, asker) {
            Some(seat) => JoinedFlight::Waits { seat, begun },
            // Cannot happen: the resolution was just found or begun.
            None => {
                // The table is unlocked first, because dropping a resolution locks the table.
                drop(table);
                JoinedFlight::Repeated
            }
        }
    }

    /// Records that a resolution is about to ask the servers of `zone`. The resolution then counts against the limit of `zone`, unless it already
    /// counts against that of a zone below. If the limit is exceeded, the resolution is ended. Returns the key of the question if `zone` is the
    /// queried name and look-ahead asks more questions at this point, but only at the first call.
    pub(super) fn enters(&self, number: u64, zone: &Name, now: Mono) -> Option<Arc<QuestionKey>> {
        if zone.iter().len() < PRIVATE_LABELS {
            return None;
        }
        let (ticket, wire) = (Ticket::numbered(number), WireName::new(zone));
        let mut table = self.table();
        let standing = table.standing.get_mut(&ticket)?;
        let leads = standing.leads_at_delegation && standing.key.key.name() == &*wire;
        standing.leads_at_delegation &= !leads;
        let led = leads.then(|| Arc::clone(&standing.key.key));
        if !is_within(&standing.zone, &wire) {
            table.go_over(ticket, (&wire, self.zone_hash(&wire)), now);
        }
        led.filter(|_| table.standing.contains_key(&ticket))
    }

    /// Ends the resolutions for names at and below `changed`, whose route a reload has changed, and those that have reached a zone above or
    /// below such a name. Their clients begin new resolutions. Otherwise queries after a reload would get answers from the old servers. The
    /// resolutions of a view that is no longer in use continue.
    pub(super) fn end_changed(&self, changed: &[Name], is_in_use: impl Fn(ViewId) -> bool) {
        let changed: HashSet<Vec<u8>> = changed.iter().map(wire_name).collect();
        let above: HashSet<&[u8]> = changed.iter().flat_map(|name| suffixes(name)).collect();
        let is_changed = |name: &[u8]| suffixes(name).any(|suffix| changed.contains(suffix));
        let concerns = |place: &FlightPlace| {
            let is_led = is_changed(&place.zone) || above.contains(&*place.zone);
            is_in_use(place.key.key.view()) && (is_led || is_changed(place.key.key.name()))
        };
        let mut table = self.table();
        let concerned = table.standing.iter().filter(|(_, place)| concerns(place)).map(|(ticket, _)| *ticket);
        for ticket in concerned.collect::<Vec<_>>() {
            table.give_way(ticket, None, ShedReason::Reloaded);
        }
    }

    pub(super) fn has(&self, key: &QuestionKey) -> bool {
        let key = FlightKey { hash: self.keyed.octets(key.as_bytes()), key: Arc::new(key.clone()) };
        self.table().flights.contains_key(&key)
    }

    pub(super) fn len(&self) -> usize {
        self.table().flights.len()
    }

    pub(super) fn waiters(&self) -> usize {
        self.table().waiters
    }

    /// Returns true if so many resolutions are in progress that the zone or client with the most of them gets no new ones.
    pub(super) fn are_crowded(&self) -> bool {
        let table = self.table();
        table.shares.taken() >= table.crowded_from()
    }

    /// Returns the question, the progress and the number of waiting clients of each resolution.
    pub(super) fn list(&self) -> Vec<(QuestionKey, Arc<FlightProgress>, usize)> {
        let table = self.table();
        let listed = |(key, flight): (&FlightKey, &Flight)| {
            (QuestionKey::clone(&key.key), Arc::clone(&flight.progress), flight.waiting.len())
        };
        table.flights.iter().map(listed).collect()
    }

    fn begin(
        &self,
        table: &mut FlightTable,
        key: &FlightKey,
        start: FlightStart<'_>,
        progress: FlightProgress,
    ) -> BegunFlight {
        let FlightStart { ticket, zone, leads_at_delegation } = start;
        let (sender, receiver) = oneshot::channel();
        let (give_way, gives_way) = oneshot::channel();
        let (landing, progress) = (receiver.shared(), Arc::new(progress));
        table.flights.insert(
            key.clone(),
            Flight { landing, progress, waiting: HashSet::with_hasher(self.keyed), ticket },
        );
        let (key, zone) = (key.clone(), zone.into());
        table.standing.insert(ticket, FlightPlace { key, zone, leads_at_delegation, give_way });
        BegunFlight { ticket, gives_way, sender: Some(sender), flights: self.clone() }
    }

    fn seat(
        &self,
        table: &mut FlightTable,
        key: &FlightKey,
        client: Client,
        asker: ClientKey,
    ) -> Option<FlightSeat> {
        let flight = table.flights.get_mut(key)?;
        flight.waiting.insert(client);
        let (landing, progress) = (flight.landing.clone(), Arc::clone(&flight.progress));
        table.waiters = table.waiters.saturating_add(1);
        let of_client = table.waiting.entry(asker).or_default();
        *of_client = of_client.saturating_add(1);
        Some(FlightSeat { landing, progress, flights: self.clone(), key: key.clone(), client })
    }

    fn end(&self, ticket: Ticket, answered: Option<Mono>) {
        self.table().remove(ticket, answered);
    }

    fn zone_hash(&self, zone: &[u8]) -> ZoneHash {
        self.keyed.octets(zone)
    }

    /// Returns the hash of an IPv4 address, or of the /64 prefix of an IPv6 address, because one client may use a whole /64.
    fn client_key(&self, address: IpAddr) -> ClientKey {
        match address.to_canonical() {
            IpAddr::V4(address) => self.keyed.octets(&address.octets()),
            IpAddr::V6(address) => self.keyed.octets(&(address.to_bits() >> 64).to_be_bytes()),
        }
    }

    fn table(&self) -> MutexGuard<'_, FlightTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a name in wire form, and each name above it up to the root.
fn suffixes(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let root = name.len().checked_sub(1);
    label_places(name).chain(root).filter_map(|place| name.get(place..))
}

impl FlightTable {
    fn new(bounds: WorkBounds) -> Self {
        let (flights, backlog, standing, waiters, waiting) = Default::default();
        Self { bounds, flights, shares: Shares::new(bounds), backlog, standing, waiters, waiting }
    }

    /// Returns a number of resolutions. If more are in progress, the zone or client with the most of them gets no new ones.
    fn crowded_from(&self) -> usize {
        self.backlog.crowded_from(self.bounds)
    }

    /// Returns true if one more question of a client may wait for the resolution of `key`. Here `free` is the number of clients that may still begin
    /// to wait. At most half as many clients as `free` may wait for one resolution, so that the first client of a new resolution finds room. A client
    /// with fewer than `FEW_WAITERS` waiting questions may always wait, unless `free` is 0.
    fn may_wait(&self, key: &FlightKey, client: ClientKey) -> bool {
        let free = self.bounds.waiters.saturating_sub(self.waiters);
        let of_flight = self.flights.get(key).map_or(0, |flight| flight.waiting.len());
        let of_client = self.waiting.get(&client).copied().unwrap_or(0);
        free > 0 && (of_flight <= free / 2 || of_client < FEW_WAITERS)
    }

    /// If there is no room for a new resolution of `account`, ends another one. Returns an error if none may be ended for it.
    fn make_room(&mut self, account: ShareAccount, now: Mono) -> Result<(), ShedReason> {
        match self.shares.judge(account, self.crowded_from(), now) {
            FlightAdmission::Room => {}
            FlightAdmission::InPlaceOf(other) => self.give_way(other, None, ShedReason::MadeRoom),
            FlightAdmission::Refused(why) => return Err(why),
        }
        Ok(())
    }

    /// Counts a resolution against the limit of resolutions of `zone` (in wire form) from now on. If the limit is exceeded, ends the
    /// resolution.
    fn go_over(&mut self, ticket: Ticket, (zone, hash): (&[u8], ZoneHash), now: Mono) {
        let Some(account) = self.shares.account(ticket) else { return };
        let moved = ShareAccount { zone: hash, ..account };
        match self.shares.judge(moved, self.crowded_from(), now) {
            FlightAdmission::Refused(why) => self.give_way(ticket, Some(zone), why),
            verdict => {
                if let FlightAdmission::InPlaceOf(other) = verdict
                    && other != ticket
                {
                    self.give_way(other, None, ShedReason::MadeRoom);
                }
                self.shares.go_over(ticket, hash, now);
                if let Some(standing) = self.standing.get_mut(&ticket) {
                    standing.zone = zone.into();
                }
            }
        }
    }

    /// Ends a resolution early. `zone`: the zone whose servers the resolution was about to ask, if the limit of that zone is exceeded; otherwise
    /// `None`.
    fn give_way(&mut self, ticket: Ticket, zone: Option<&[u8]>, why: ShedReason) {
        if let Some(standing) = self.remove(ticket, None) {
            let zone = name_of_wire(zone.unwrap_or(&standing.zone));
            // An error means that the resolution has just ended by itself.
            let _ = standing.give_way.send(Shed { why, zone });
        }
    }

    /// Removes a resolution. `answered` is the time at which servers of the resolution's zone answered, if they did.
    fn remove(&mut self, ticket: Ticket, answered: Option<Mono>) -> Option<FlightPlace> {
        let standing = self.standing.remove(&ticket)?;
        self.shares.give_up(ticket, answered);
        self.flights.remove(&standing.key);
        Some(standing)
    }
}

impl BegunFlight {
    pub(super) async fn gives_way(&mut self) -> Shed {
        match (&mut self.gives_way).await {
            Ok(shed) => shed,
            // An error means that the resolution was removed from the table, so nothing will end it early. This function then never returns. Its
            // caller also waits for the result of the resolution.
            Err(_) => std::future::pending().await,
        }
    }

    /// Removes the resolution from the table and gives its result to the waiting clients. The caller must have stored the result in the cache,
    /// because the next question may begin another resolution otherwise. `answered` is the time at which servers of the zone answered.
    pub(super) fn land(mut self, landed: Landed, answered: Option<Mono>) -> Arc<Landed> {
        self.flights.end(self.ticket, answered);
        let landed = Arc::new(landed);
        if let Some(sender) = self.sender.take() {
            // An error means that no client waits any more.
            let _ = sender.send(Arc::clone(&landed));
        }
        landed
    }
}

impl Drop for BegunFlight {
    fn drop(&mut self) {
        if self.sender.is_some() {
            self.flights.end(self.ticket, None);
        }
    }
}

impl Drop for FlightSeat {
    fn drop(&mut self) {
        let asker = self.flights.client_key(self.client.address);
        let mut table = self.flights.table();
        table.waiters = table.waiters.saturating_sub(1);
        match table.waiting.get_mut(&asker) {
            Some(waiting) if *waiting > 1 => *waiting = waiting.saturating_sub(1),
            _ => {
                table.waiting.remove(&asker);
            }
        }
        if let Some(flight) = table.flights.get_mut(&self.key)
            && Arc::ptr_eq(&flight.progress, &self.progress)
        {
            flight.waiting.remove(&self.client);
        }
    }
}

#[cfg(test)]
#[path = "flights_tests.rs"]
mod tests;
