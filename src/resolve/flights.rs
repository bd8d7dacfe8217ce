//! Flights: one for each question in progress, however many clients wait for it.
//!
//! A flight hands its answer directly to all its waiters, because memory may refuse to keep it.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::Shared;
use hickory_proto::rr::Name;
use tokio::sync::oneshot;

use super::backlog::Backlog;
use super::shares::{Account, Admission, ClientKey, Numbered, Shares, ShedReason, Ticket, ZoneKey};
use crate::clock::Mono;
use crate::hash::Keyed;
use crate::limits::{FEW_WAITERS, MAX_WAITERS, PRIVATE_LABELS};
use crate::question::{Answer, Client, QuestionKey, WireName, is_within, name_of_wire};
use crate::record::trail::Trail;

/// The result of a flight.
#[derive(Debug)]
pub(super) struct Landed {
    /// The answer, or the failure as one.
    pub(super) answer: Arc<Answer>,
    /// Whether it is a failure.
    pub(super) failed: bool,
    /// Whether the answer is a stale one, in place of the failure.
    pub(super) stale: bool,
    /// Why it gave way to others, if it did.
    pub(super) shed: Option<Shed>,
    /// Whether another flight asked for it too.
    pub(super) shared: bool,
    /// Messages sent for it.
    pub(super) packets: u32,
}

/// The channel on which waiters learn of the end. An error is a flight that was given up.
pub(super) type Landing = Shared<oneshot::Receiver<Arc<Landed>>>;

/// The flights in progress.
#[derive(Clone)]
pub(super) struct Flights {
    table: Arc<Mutex<FlightTable>>,
    /// The key of the hash that identifies zones and clients, because strangers choose their names.
    keyed: Keyed,
}

struct FlightTable {
    flights: HashMap<QuestionKey, Flight, Keyed>,
    shares: Shares,
    backlog: Backlog,
    /// The flights by their places.
    standing: Numbered<Ticket, FlightPlace>,
    waiters: usize,
    /// Waiting places of each client.
    waiting: HashMap<ClientKey, usize, Keyed>,
}

struct Flight {
    landing: Landing,
    trail: Arc<Trail>,
    waiting: HashSet<Client, Keyed>,
    ticket: Ticket,
}

/// The state of a flight.
struct FlightPlace {
    key: QuestionKey,
    /// The zone that its place is counted for, in wire form.
    zone: Box<[u8]>,
    /// Ends the flight.
    give_way: oneshot::Sender<Shed>,
}

/// The result of joining a flight.
pub(super) enum JoinedFlight {
    /// It waits for a flight; if it is the first, `begun` has to be run.
    Waits { seat: FlightSeat, begun: Option<BegunFlight> },
    /// The same client already waits for it.
    Repeated,
    /// There is no room for it.
    Shed(Shed),
}

/// A question that was turned away, and why.
#[derive(Clone, Debug)]
pub(super) struct Shed {
    pub(super) why: ShedReason,
    /// The zone that it is counted for.
    pub(super) zone: Name,
}

impl Shed {
    /// The reason in a sentence.
    pub(super) fn sentence(&self) -> String {
        self.why.sentence(&self.zone)
    }
}

/// A client's place among the waiters of a flight; given up when dropped.
pub(super) struct FlightSeat {
    /// The end.
    pub(super) landing: Landing,
    /// The steps so far.
    pub(super) trail: Arc<Trail>,
    flights: Flights,
    key: QuestionKey,
    client: Client,
}

/// A flight to be run. Dropped without landing, it counts as given up, and its waiters learn that.
pub(super) struct BegunFlight {
    /// The flight's place.
    pub(super) ticket: Ticket,
    gives_way: oneshot::Receiver<Shed>,
    sender: Option<oneshot::Sender<Arc<Landed>>>,
    flights: Flights,
}

impl Flights {
    /// No flights.
    pub(super) fn new(keyed: Keyed) -> Self {
        Self { table: Arc::new(Mutex::new(FlightTable::new(keyed))), keyed }
    }

    /// Lets `client`, whose question came at `arrived`, wait for the flight of `key`. If there is none, one begins
    /// with `trail`. The flight counts for `zone`, in wire form, until its walk enters another.
    pub(super) fn join(
        &self,
        key: &QuestionKey,
        client: Client,
        arrived: Mono,
        zone: &[u8],
        trail: impl FnOnce() -> Trail,
    ) -> JoinedFlight {
        let asker = self.client_key(client.address);
        let mut table = self.table();
        if !table.may_wait(key, asker) {
            return JoinedFlight::Shed(Shed { why: ShedReason::Waiters, zone: name_of_wire(zone) });
        }
        let begun = if let Some(flight) = table.flights.get(key) {
            if flight.waiting.contains(&client) {
                return JoinedFlight::Repeated;
            }
            let ticket = flight.ticket;
            table.shares.hand_over(ticket, asker);
            None
        } else {
            let trail = trail();
            table.backlog.takes_in(arrived, trail.began());
            let account = Account { client: asker, zone: self.zone_key(zone) };
            if let Err(why) = table.make_room(account, trail.began()) {
                return JoinedFlight::Shed(Shed { why, zone: name_of_wire(zone) });
            }
            let ticket = table.shares.take(account, trail.began());
            Some(self.begin(&mut table, key, ticket, zone, trail))
        };
        match self.seat(&mut table, key, client, asker) {
            Some(seat) => JoinedFlight::Waits { seat, begun },
            // Not reached: it was just found or begun.
            None => JoinedFlight::Repeated,
        }
    }

    /// The walk of a flight has entered `zone`. From now on its place counts for that zone, unless it already counts
    /// for it or for a zone below. If the zone has no place left, the flight gives way.
    pub(super) fn enters(&self, number: u64, zone: &Name, now: Mono) {
        if zone.iter().len() < PRIVATE_LABELS {
            return;
        }
        let (ticket, wire) = (Ticket::of(number), WireName::of(zone));
        let mut table = self.table();
        let Some(standing) = table.standing.get(&ticket) else { return };
        if is_within(&standing.zone, &wire) {
            return;
        }
        let Some(account) = table.shares.account(ticket) else { return };
        let moved = Account { zone: self.zone_key(&wire), ..account };
        let crowded = table.backlog.crowded_from();
        match table.shares.judge(moved, crowded, now) {
            Admission::Refused(why) => table.give_way(ticket, Some(&wire), why),
            verdict => {
                if let Admission::InPlaceOf(other) = verdict
                    && other != ticket
                {
                    table.give_way(other, None, ShedReason::MadeRoom);
                }
                table.shares.go_over(ticket, moved.zone, now);
                if let Some(standing) = table.standing.get_mut(&ticket) {
                    standing.zone = (&*wire).into();
                }
            }
        }
    }

    /// Flights in progress.
    pub(super) fn len(&self) -> usize {
        self.table().flights.len()
    }

    /// Clients that wait for a flight.
    pub(super) fn waiters(&self) -> usize {
        self.table().waiters
    }

    /// Whether there are so many flights that the heaviest zone or client gives way.
    pub(super) fn are_crowded(&self) -> bool {
        let table = self.table();
        table.shares.taken() >= table.backlog.crowded_from()
    }

    /// Each flight's question, steps and number of waiting clients.
    pub(super) fn list(&self) -> Vec<(QuestionKey, Arc<Trail>, usize)> {
        let table = self.table();
        let told = |(key, flight): (&QuestionKey, &Flight)| {
            (key.clone(), Arc::clone(&flight.trail), flight.waiting.len())
        };
        table.flights.iter().map(told).collect()
    }

    fn begin(
        &self,
        table: &mut FlightTable,
        key: &QuestionKey,
        ticket: Ticket,
        zone: &[u8],
        trail: Trail,
    ) -> BegunFlight {
        let (sender, receiver) = oneshot::channel();
        let (give_way, gives_way) = oneshot::channel();
        let (landing, trail) = (receiver.shared(), Arc::new(trail));
        table.flights.insert(
            key.clone(),
            Flight { landing, trail, waiting: HashSet::with_hasher(self.keyed), ticket },
        );
        table.standing.insert(ticket, FlightPlace { key: key.clone(), zone: zone.into(), give_way });
        BegunFlight { ticket, gives_way, sender: Some(sender), flights: self.clone() }
    }

    /// A seat at the flight of `key`.
    fn seat(
        &self,
        table: &mut FlightTable,
        key: &QuestionKey,
        client: Client,
        asker: ClientKey,
    ) -> Option<FlightSeat> {
        let flight = table.flights.get_mut(key)?;
        flight.waiting.insert(client);
        let (landing, trail) = (flight.landing.clone(), Arc::clone(&flight.trail));
        table.waiters = table.waiters.saturating_add(1);
        let of_client = table.waiting.entry(asker).or_default();
        *of_client = of_client.saturating_add(1);
        Some(FlightSeat { landing, trail, flights: self.clone(), key: key.clone(), client })
    }

    fn end(&self, ticket: Ticket, answered: Option<Mono>) {
        self.table().remove(ticket, answered);
    }

    fn zone_key(&self, zone: &[u8]) -> ZoneKey {
        self.keyed.hash_one(zone)
    }

    /// The hash of an IPv4 address or of the /64 of an IPv6 address, as one client has a whole /64.
    fn client_key(&self, address: IpAddr) -> ClientKey {
        match address.to_canonical() {
            IpAddr::V4(address) => self.keyed.hash_one(address.to_bits()),
            IpAddr::V6(address) => self.keyed.hash_one(address.to_bits() >> 64),
        }
    }

    fn table(&self) -> MutexGuard<'_, FlightTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FlightTable {
    fn new(keyed: Keyed) -> Self {
        Self {
            flights: HashMap::with_hasher(keyed),
            shares: Shares::default(),
            backlog: Backlog::default(),
            standing: Numbered::default(),
            waiters: 0,
            waiting: HashMap::with_hasher(keyed),
        }
    }

    /// Whether one more question of a client may wait for the flight of `key`. A flight has at most half as many
    /// waiters as places are free, so that the first waiter of a new flight finds room. A client with few waiting
    /// questions may wait for any flight.
    fn may_wait(&self, key: &QuestionKey, client: ClientKey) -> bool {
        let free = MAX_WAITERS.saturating_sub(self.waiters);
        let of_flight = self.flights.get(key).map_or(0, |flight| flight.waiting.len());
        let of_client = self.waiting.get(&client).copied().unwrap_or(0);
        free > 0 && (of_flight <= free / 2 || of_client < FEW_WAITERS)
    }

    /// Makes another flight give way if `account` needs room.
    fn make_room(&mut self, account: Account, now: Mono) -> Result<(), ShedReason> {
        match self.shares.judge(account, self.backlog.crowded_from(), now) {
            Admission::Room => {}
            Admission::InPlaceOf(other) => self.give_way(other, None, ShedReason::MadeRoom),
            Admission::Refused(why) => return Err(why),
        }
        Ok(())
    }

    /// Ends a flight and tells its waiters at once. `zone`: the zone that it was about to enter.
    fn give_way(&mut self, ticket: Ticket, zone: Option<&[u8]>, why: ShedReason) {
        if let Some(standing) = self.remove(ticket, None) {
            let zone = name_of_wire(zone.unwrap_or(&standing.zone));
            // The flight may land at this moment.
            let _ = standing.give_way.send(Shed { why, zone });
        }
    }

    /// Removes a flight, unless it was removed before. `answered`: when its zone answered.
    fn remove(&mut self, ticket: Ticket, answered: Option<Mono>) -> Option<FlightPlace> {
        let standing = self.standing.remove(&ticket)?;
        self.shares.give_up(ticket, answered);
        self.flights.remove(&standing.key);
        Some(standing)
    }
}

impl BegunFlight {
    /// Waits until the flight has to give way to others.
    pub(super) async fn gives_way(&mut self) -> Shed {
        match (&mut self.gives_way).await {
            Ok(shed) => shed,
            // It has landed.
            Err(_) => std::future::pending().await,
        }
    }

    /// Ends the flight. Its result must be in memory by now, otherwise the next question begins another flight.
    ///
    /// `answered`: when its zone answered.
    pub(super) fn land(mut self, landed: Landed, answered: Option<Mono>) -> Arc<Landed> {
        self.flights.end(self.ticket, answered);
        let landed = Arc::new(landed);
        if let Some(sender) = self.sender.take() {
            // If nobody waits any more, the answer is kept all the same.
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
            && Arc::ptr_eq(&flight.trail, &self.trail)
        {
            flight.waiting.remove(&self.client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::limits::{CROWDED_FLIGHTS, MAX_FLIGHTS, MAX_SILENT_FLIGHTS, NEW_ZONE_TIME};
    use crate::question::{Question, wire_name};
    use crate::random::Random;
    use hickory_proto::rr::RecordType;
    use proptest::prelude::*;

    fn flights() -> Flights {
        Flights::new(Keyed::new(&Random::seeded(1)))
    }

    fn client(port: u16, id: u16) -> Client {
        Client { address: [127, 0, 0, 1].into(), port, id }
    }

    fn stranger(port: u16) -> Client {
        Client { address: [127, 0, 0, 2].into(), ..client(port, 1) }
    }

    fn name(number: usize) -> Name {
        Name::from_ascii(format!("n{number}.example.")).unwrap()
    }

    fn key(number: usize) -> QuestionKey {
        Question::new(&name(number), RecordType::A).key()
    }

    /// Asks for a name of a zone of its own.
    fn join(flights: &Flights, number: usize, client: Client) -> JoinedFlight {
        flights.join(&key(number), client, Mono::START, &wire_name(&name(number)), || {
            Trail::new(Clock::machine())
        })
    }

    /// Asks for a name of one zone.
    fn join_in_zone(flights: &Flights, number: usize, client: Client) -> JoinedFlight {
        let zone = Name::from_ascii("example.").unwrap();
        flights.join(&key(number), client, Mono::START, &wire_name(&zone), || Trail::new(Clock::machine()))
    }

    #[test]
    fn a_repeat_is_told_from_another_question_and_a_given_up_flight_ends() {
        let flights = flights();
        let JoinedFlight::Waits { seat, begun: Some(begun) } = join(&flights, 1, client(1, 1)) else {
            panic!("no flight")
        };
        assert!(matches!(join(&flights, 1, client(1, 1)), JoinedFlight::Repeated));
        let JoinedFlight::Waits { begun: None, .. } = join(&flights, 1, client(1, 2)) else {
            panic!("another id is another question")
        };
        // That seat has already been given up.
        assert_eq!(flights.waiters(), 1);
        drop(begun);
        assert_eq!(flights.len(), 0);
        assert!(seat.landing.clone().now_or_never().unwrap().is_err());
        drop(seat);
        assert_eq!(flights.waiters(), 0);
        assert!(matches!(join(&flights, 1, client(1, 1)), JoinedFlight::Waits { begun: Some(_), .. }));
    }

    #[test]
    fn flights_are_bounded_and_those_of_the_heaviest_client_give_way() {
        let flights = flights();
        assert!(!flights.are_crowded());
        let mut held = Vec::new();
        for number in 0..MAX_FLIGHTS {
            assert_eq!(flights.are_crowded(), number >= CROWDED_FLIGHTS, "{number}");
            let JoinedFlight::Waits { seat, begun } = join(&flights, number, client(1, 1)) else {
                panic!("full at {number}")
            };
            held.push((seat, begun.unwrap()));
        }
        assert!(matches!(join(&flights, MAX_FLIGHTS, client(1, 1)), JoinedFlight::Shed(_)), "none is old");
        assert!(matches!(join(&flights, 0, client(2, 1)), JoinedFlight::Waits { begun: None, .. }));
        let JoinedFlight::Waits { begun: Some(_begun), .. } = join(&flights, MAX_FLIGHTS, stranger(1)) else {
            panic!("who asks little is answered")
        };
        assert_eq!(flights.len(), MAX_FLIGHTS);
        let (seat, mut first) = held.swap_remove(0);
        let shed = first.gives_way().now_or_never().unwrap();
        assert_eq!(shed.zone, name(0));
        // Another client begins the question that gave way, and the end of the old flight does not end the new one.
        assert!(matches!(join(&flights, 0, stranger(2)), JoinedFlight::Waits { begun: Some(_), .. }));
        drop((seat, first));
    }

    #[test]
    fn a_flight_that_is_led_to_a_zone_with_too_many_gives_way() {
        let flights = flights();
        let mut held = Vec::new();
        for number in 0..MAX_SILENT_FLIGHTS {
            let JoinedFlight::Waits { seat, begun } = join_in_zone(&flights, number, client(1, 1)) else {
                panic!("full at {number}")
            };
            held.push((seat, begun.unwrap()));
        }
        let silent = Name::from_ascii("silent.example.").unwrap();
        let now = Clock::machine().mono();
        let top = Name::from_ascii("test.").unwrap();
        for (_, begun) in &held {
            flights.enters(begun.ticket.number(), &silent, now);
            // A top-level domain is not one zone either: the flights stay counted where they were.
            flights.enters(begun.ticket.number(), &top, now);
        }
        let JoinedFlight::Waits { begun: Some(mut one_more), .. } =
            join_in_zone(&flights, 9_999, client(1, 1))
        else {
            panic!("the zone above has answered")
        };
        flights.enters(one_more.ticket.number(), &Name::root(), now);
        assert!(one_more.gives_way().now_or_never().is_none(), "the root is everybody's");
        flights.enters(one_more.ticket.number(), &silent, now.after(NEW_ZONE_TIME));
        let shed = one_more.gives_way().now_or_never().unwrap();
        assert_eq!(shed.why, ShedReason::SilentZone);
        assert!(shed.sentence().contains("silent.example."), "{}", shed.sentence());
    }

    #[test]
    fn in_a_silent_zone_the_client_with_the_most_makes_room_for_another() {
        let flights = flights();
        let (silent, now) = (Name::from_ascii("silent.example.").unwrap(), Clock::machine().mono());
        let mut held = Vec::new();
        for number in 0..MAX_SILENT_FLIGHTS {
            let JoinedFlight::Waits { seat, begun: Some(begun) } = join(&flights, number, client(1, 1))
            else {
                panic!("full at {number}")
            };
            flights.enters(begun.ticket.number(), &silent, now);
            held.push((seat, begun));
        }
        let JoinedFlight::Waits { begun: Some(mut other), .. } = join(&flights, 9_999, stranger(1)) else {
            panic!("it begins in a zone of its own")
        };
        flights.enters(other.ticket.number(), &silent, now.after(NEW_ZONE_TIME));
        assert!(other.gives_way().now_or_never().is_none());
        let (_, oldest) = &mut held[0];
        let shed = oldest.gives_way().now_or_never().unwrap();
        assert_eq!((shed.why, shed.zone), (ShedReason::MadeRoom, silent));
        assert_eq!(flights.len(), MAX_SILENT_FLIGHTS);
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let flights = flights();
        let key = |address: &str| flights.client_key(address.parse().unwrap());
        assert_eq!(key("2001:db8:0:1::1"), key("2001:db8:0:1:ffff::2"));
        assert_ne!(key("2001:db8:0:1::1"), key("2001:db8:0:2::1"));
        assert_eq!(key("192.0.2.1"), key("::ffff:192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }

    #[test]
    fn nobody_waits_beyond_the_bound() {
        let flights = flights();
        let seats: Vec<_> = (0..=u32::try_from(MAX_WAITERS).unwrap())
            .filter_map(|asker| {
                let address = std::net::Ipv4Addr::from_bits(0x0A00_0000 | asker).into();
                match join(&flights, 1, Client { address, port: 1, id: 1 }) {
                    JoinedFlight::Waits { seat, begun } => Some((seat, begun)),
                    JoinedFlight::Repeated | JoinedFlight::Shed(_) => None,
                }
            })
            .collect();
        assert_eq!((seats.len(), flights.waiters()), (MAX_WAITERS, MAX_WAITERS));
        let JoinedFlight::Shed(shed) = join(&flights, 2, stranger(1)) else { panic!("there is no room") };
        assert_eq!(shed.why, ShedReason::Waiters);
    }

    #[test]
    fn of_those_who_wait_for_one_answer_there_are_a_third_at_most_and_others_find_room() {
        let flights = flights();
        let ask = |number: usize, asker: usize| {
            let [.., port_high, port_low, id_high, id_low] = asker.to_be_bytes();
            let (port, id) =
                (u16::from_be_bytes([port_high, port_low]), u16::from_be_bytes([id_high, id_low]));
            join(&flights, number, client(port, id))
        };
        let seat_of = |joined| match joined {
            JoinedFlight::Waits { seat, begun } => Some((seat, begun)),
            JoinedFlight::Repeated | JoinedFlight::Shed(_) => None,
        };
        let first: Vec<_> = (0..MAX_WAITERS).filter_map(|asker| seat_of(ask(1, asker))).collect();
        assert!(first.len().abs_diff(MAX_WAITERS / 3) <= 2, "{}", first.len());
        // A client with few waiting questions finds room here too. Each place that it gives up, it may take again.
        let mut few: Vec<_> =
            (0..100).filter_map(|port| seat_of(join(&flights, 1, stranger(port)))).collect();
        assert_eq!(few.len(), FEW_WAITERS);
        few.pop();
        few.extend((100..200).filter_map(|port| seat_of(join(&flights, 1, stranger(port)))));
        assert_eq!(few.len(), FEW_WAITERS);
        let others: Vec<_> = (2..1_000).filter_map(|number| seat_of(ask(number, 1))).collect();
        assert_eq!(others.len(), 998);
        drop((first, few, others));
        assert_eq!(flights.waiters(), 0);
        assert!(flights.table().waiting.is_empty());
    }

    proptest! {
        /// However many clients ask, in any order: one flight a question, and each client waits once.
        #[test]
        fn one_flight_a_question(asks in proptest::collection::vec((0_usize..4, 0_u16..20), 1..200)) {
            let flights = flights();
            let (mut held, mut begun_for) = (Vec::new(), HashSet::new());
            for (number, port) in asks {
                match join(&flights, number, client(port, 9)) {
                    JoinedFlight::Waits { seat, begun } => {
                        if let Some(begun) = begun {
                            prop_assert!(begun_for.insert(number));
                            held.push((None, Some(begun)));
                        }
                        held.push((Some(seat), None));
                    }
                    JoinedFlight::Repeated => prop_assert!(begun_for.contains(&number)),
                    JoinedFlight::Shed(_) => prop_assert!(false, "far from full"),
                }
            }
            prop_assert_eq!(flights.len(), begun_for.len());
        }
    }
}
