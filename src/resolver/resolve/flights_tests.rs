use super::*;
use crate::limits::{
    FULL_WORK_CACHE, MAX_FLIGHTS, MAX_SILENT_FLIGHTS, MAX_WAITERS, NEW_ZONE_TIME, WorkBounds,
};
use dns::clock::Clock;
use dns::question::{Question, wire_name};
use dns::random::Random;
use hickory_proto::rr::RecordType;
use proptest::prelude::*;
use std::hash::BuildHasher;

fn flights() -> Flights {
    Flights::new(Keyed::new(&Random::seeded(1)), WorkBounds::for_cache_size(FULL_WORK_CACHE))
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

fn asked(number: usize, client: Client) -> ClientQuestion {
    ClientQuestion::in_test(Question::new(&name(number), RecordType::A), client)
}

fn join(flights: &Flights, number: usize, client: Client) -> JoinedFlight {
    flights.join(&asked(number, client), &wire_name(&name(number)), || FlightProgress::new(&Clock::machine()))
}

fn join_in_zone(flights: &Flights, number: usize, client: Client) -> JoinedFlight {
    let zone = Name::from_ascii("example.").unwrap();
    flights.join(&asked(number, client), &wire_name(&zone), || FlightProgress::new(&Clock::machine()))
}

// A flight that is given up ends, and the question may begin anew.
#[test]
fn repeated_query_joins_once() {
    let flights = flights();
    let JoinedFlight::Waits { seat, begun: Some(begun) } = join(&flights, 1, client(1, 1)) else {
        panic!("no flight")
    };
    assert!(matches!(join(&flights, 1, client(1, 1)), JoinedFlight::Repeated));
    let JoinedFlight::Waits { begun: None, .. } = join(&flights, 1, client(1, 2)) else {
        panic!("another id is another question")
    };
    // The `FlightSeat` that the last `join` returned was dropped immediately.
    assert_eq!(flights.waiters(), 1);
    assert_eq!([1, 2].map(|number| flights.has(&asked(number, client(1, 1)).key)), [true, false]);
    drop(begun);
    assert_eq!((flights.len(), flights.has(&asked(1, client(1, 1)).key)), (0, false));
    assert!(seat.landing.clone().now_or_never().unwrap().is_err());
    drop(seat);
    assert_eq!(flights.waiters(), 0);
    assert!(matches!(join(&flights, 1, client(1, 1)), JoinedFlight::Waits { begun: Some(_), .. }));
}

/// If the hashes were equal, each lookup would compare its key with all other keys.
#[test]
fn questions_have_hashes_of_their_own() {
    let keyed = Keyed::new(&Random::seeded(1));
    let hash = |number| {
        let key = Arc::new(asked(number, client(1, 1)).key);
        keyed.hash_one(FlightKey { hash: keyed.octets(key.as_bytes()), key })
    };
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}

#[test]
fn flights_of_heaviest_client_give_way() {
    let flights = flights();
    assert!(!flights.are_crowded());
    let mut held = Vec::new();
    for number in 0..MAX_FLIGHTS {
        assert_eq!(flights.are_crowded(), number >= MAX_FLIGHTS / 2, "{number}");
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
    // Another client begins a new resolution for the question that was ended early. Dropping the old resolution does not end the new one.
    assert!(matches!(join(&flights, 0, stranger(2)), JoinedFlight::Waits { begun: Some(_), .. }));
    drop((seat, first));
}

// A zone with too many flights sheds one that a referral leads to it.
#[test]
fn flight_entering_silent_zone_gives_way() {
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
        // A resolution never counts against the limit of a top-level domain.
        flights.enters(begun.ticket.number(), &top, now);
    }
    let JoinedFlight::Waits { begun: Some(mut one_more), .. } = join_in_zone(&flights, 9_999, client(1, 1))
    else {
        panic!("the zone above has answered")
    };
    flights.enters(one_more.ticket.number(), &Name::root(), now);
    assert!(one_more.gives_way().now_or_never().is_none(), "the root is everybody's");
    flights.enters(one_more.ticket.number(), &silent, now.after(NEW_ZONE_TIME));
    let shed = one_more.gives_way().now_or_never().unwrap();
    assert_eq!(shed.why, ShedReason::SilentZone);
    assert!(shed.extended_error().text.contains("silent.example."), "{}", shed.extended_error().text);
}

// Look-ahead begins there; questions of the operator do not count.
#[test]
fn mx_flight_reports_zone_entry_once() {
    let (flights, now) = (flights(), Clock::machine().mono());
    let begin = |number, kind, client| {
        let question = Question::new(&name(number), kind);
        let zone = wire_name(&question.name);
        let asked = ClientQuestion::in_test(question, client);
        match flights.join(&asked, &zone, || FlightProgress::new(&Clock::machine())) {
            JoinedFlight::Waits { seat, begun: Some(begun) } => (seat, begun),
            _ => panic!("no flight"),
        }
    };
    let enters = |begun: &BegunFlight, zone: &Name| {
        let key = flights.enters(begun.ticket.number(), zone, now);
        key.and_then(|key| key.question()).map(|question| (question.name, question.kind))
    };
    let (_seat, exchangers) = begin(1, RecordType::MX, client(1, 1));
    assert_eq!(enters(&exchangers, &name(2)), None);
    assert_eq!(enters(&exchangers, &name(1)), Some((name(1), RecordType::MX)));
    assert_eq!(enters(&exchangers, &name(1)), None, "once");
    let (_seat, addresses) = begin(2, RecordType::A, client(1, 2));
    assert_eq!(enters(&addresses, &name(2)), None);
    // A question of a command of the operator does not make look-ahead ask.
    let operator = Client { address: [0, 0, 0, 0].into(), ..client(1, 3) };
    let (_seat, exchangers) = begin(3, RecordType::MX, operator);
    assert_eq!(enters(&exchangers, &name(3)), None);
}

// The client with the most flights in the zone loses its oldest.
#[test]
fn silent_zone_admits_lighter_client() {
    let flights = flights();
    let (silent, now) = (Name::from_ascii("silent.example.").unwrap(), Clock::machine().mono());
    let mut held = Vec::new();
    for number in 0..MAX_SILENT_FLIGHTS {
        let JoinedFlight::Waits { seat, begun: Some(begun) } = join(&flights, number, client(1, 1)) else {
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
fn ipv6_network_counts_as_client() {
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

// One answer has a third of all waiters at most, so others find room.
#[test]
fn waiters_of_answer_are_bounded() {
    let flights = flights();
    let ask = |number: usize, asker: usize| {
        let [.., port_high, port_low, id_high, id_low] = asker.to_be_bytes();
        let (port, id) = (u16::from_be_bytes([port_high, port_low]), u16::from_be_bytes([id_high, id_low]));
        join(&flights, number, client(port, id))
    };
    let seat_of = |joined| match joined {
        JoinedFlight::Waits { seat, begun } => Some((seat, begun)),
        JoinedFlight::Repeated | JoinedFlight::Shed(_) => None,
    };
    let first: Vec<_> = (0..MAX_WAITERS).filter_map(|asker| seat_of(ask(1, asker))).collect();
    assert!(first.len().abs_diff(MAX_WAITERS / 3) <= 2, "{}", first.len());
    // A client with fewer than `FEW_WAITERS` waiting questions may still wait for this resolution.
    let mut few: Vec<_> = (0..100).filter_map(|port| seat_of(join(&flights, 1, stranger(port)))).collect();
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
    /// Each question has one resolution, and each client waits for it once.
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
