use proptest::prelude::*;

use super::*;
use crate::limits::{FULL_WORK_CACHE, MAX_FLIGHTS, MAX_SILENT_FLIGHTS};
use config::limits::MIN_CACHE_SIZE;
use dns::question::{name_of_wire, wire_name};

const HALF: usize = MAX_FLIGHTS / 2;

const MAX_NEW_FLIGHTS: usize = MAX_FLIGHTS / 4;

/// Returns the state without resolutions, with the limits for a large cache.
fn no_places() -> Shares {
    Shares::new(WorkBounds::for_cache_size(FULL_WORK_CACHE))
}

fn at(millis: u64) -> Mono {
    Mono::START.after(Duration::from_millis(millis))
}

/// Begins `count` resolutions, and ends others if needed. Returns how many were refused.
fn take(shares: &mut Shares, account: ShareAccount, count: usize, now: Mono) -> usize {
    let mut refused = 0;
    for _ in 0..count {
        match shares.judge(account, HALF, now) {
            FlightAdmission::Room => {}
            FlightAdmission::InPlaceOf(other) => shares.give_up(other, None),
            FlightAdmission::Refused(_) => {
                refused += 1;
                continue;
            }
        }
        shares.take(account, now);
    }
    refused
}

/// Lets the servers of a zone answer one resolution, and begins `count` other resolutions for this zone. Returns how many of them were
/// refused.
fn take_heard(shares: &mut Shares, account: ShareAccount, count: usize, now: Mono) -> usize {
    let first = shares.take(account, now);
    shares.take(account, now);
    shares.give_up(first, Some(now));
    take(shares, account, count.saturating_sub(1), now)
}

fn account(client: ClientKey, zone: ZoneHash) -> ShareAccount {
    ShareAccount { client, zone }
}

// A zone that answers may have half of them.
#[test]
fn silent_zone_has_few_flights() {
    let mut shares = no_places();
    shares.take(account(1, 1), at(0));
    let known = at(0).after(NEW_ZONE_TIME);
    assert_eq!(take(&mut shares, account(1, 1), 999, known), 1_000 - MAX_SILENT_FLIGHTS);
    assert_eq!(take(&mut shares, account(1, 4), 1_000, known), 1_000 - MAX_NEW_FLIGHTS);
    let mut shares = no_places();
    shares.take(account(1, 1), at(0));
    take(&mut shares, account(1, 1), 999, known);
    assert_eq!(take_heard(&mut shares, account(1, 2), 2_000, known), 2_000 - HALF + MAX_SILENT_FLIGHTS);
    assert_eq!(take(&mut shares, account(1, 3), 1, known), 0, "a zone with few");
    let later = known.after(HEARD_TIME);
    assert_eq!(shares.judge(account(1, 2), HALF, later), FlightAdmission::Refused(ShedReason::SilentZone));
}

#[test]
fn smallest_cache_shares_fewer_flights() {
    let bounds = WorkBounds::for_cache_size(MIN_CACHE_SIZE);
    let mut shares = Shares::new(bounds);
    let mut admitted = |account, count: usize, now| {
        let admits = |_: &usize| {
            let has_room = shares.judge(account, bounds.crowded_flights(), now) == FlightAdmission::Room;
            has_room.then(|| shares.take(account, now)).is_some()
        };
        (0..count).filter(admits).count()
    };
    let known = at(0).after(NEW_ZONE_TIME);
    assert_eq!(admitted(account(1, 1), 1, at(0)), 1);
    assert_eq!(admitted(account(1, 1), 300, known), bounds.silent_flights() - 1);
    assert_eq!(admitted(account(1, 2), 300, known), bounds.new_flights());
    (3..9).for_each(|zone| assert_eq!(admitted(account(1, zone), 10, known), 10));
    assert_eq!(admitted(account(1, 2), 1, known), 0, "more than half is taken, and it has the most");
    assert_eq!(admitted(account(2, 10), EVEN_SHARE, known), EVEN_SHARE, "another client");
}

#[test]
fn silent_zone_favours_lighter_client() {
    let mut shares = no_places();
    take(&mut shares, account(1, 1), 1_000, at(0));
    assert_eq!(take(&mut shares, account(2, 1), 10, at(1)), 0);
    assert_eq!(shares.zones_of.count(1, 1), MAX_NEW_FLIGHTS - 10);
    assert!(shares.in_place_of(account(1, 1)) == FlightAdmission::InPlaceOf(Ticket(10)), "the oldest went");
}

// A hundred silent zones take about half; zones with few flights are never refused.
#[test]
fn many_silent_zones_leave_room() {
    let mut shares = no_places();
    for _ in 0..200 {
        for zone in 0..100 {
            take(&mut shares, account(1, zone), 1, at(0));
        }
    }
    assert!(shares.taken() <= HALF + 100, "{}", shares.taken());
    assert_eq!(take(&mut shares, account(1, 200), EVEN_SHARE, at(0)), 0);
}

#[test]
fn heaviest_zone_yields_when_full() {
    let mut shares = no_places();
    take_heard(&mut shares, account(1, 1), HALF, at(0));
    for zone in 2..1_990 {
        assert_eq!(take(&mut shares, account(1, zone), 1, at(1)), 0, "at zone {zone}");
    }
    assert_eq!((shares.taken(), shares.zones_of.count(1, 1)), (MAX_FLIGHTS, MAX_FLIGHTS - 1_988));
}

// It yields to others at once and to its own questions by age.
#[test]
fn client_of_many_zones_gives_way() {
    let mut shares = no_places();
    let zones = 0..u64::try_from(MAX_FLIGHTS).unwrap();
    let refused: usize = zones.map(|zone| take(&mut shares, account(1, zone), 1, at(0))).sum();
    assert_eq!(refused, 0);
    assert_eq!(take(&mut shares, account(1, 9_000), 1, at(1)), 1, "its own have their time");
    assert_eq!(take(&mut shares, account(2, 9_001), 20, at(1)), 0);
    assert_eq!(take(&mut shares, account(1, 9_002), 1, at(0).after(JOSTLE_AGE)), 0);
    assert_eq!(shares.clients.count((), 2), 20, "the light client's are not the ones that go");
}

// Thousands of clients of one zone make room for one that asks for other zones.
#[test]
fn clients_of_same_zone_give_way() {
    let mut shares = no_places();
    take_heard(&mut shares, account(1, 1), 1, at(0));
    for client in 2..3_000 {
        take(&mut shares, account(client, 1), 1, at(0));
    }
    assert_eq!(shares.taken(), MAX_FLIGHTS);
    for zone in 2..50 {
        assert_eq!(take(&mut shares, account(9_000, zone), 1, at(0)), 0);
    }
    assert_eq!(shares.clients.count((), 9_000), 48);
}

// A flight moves to the zone it is referred to and to a lighter client that joins.
#[test]
fn flight_share_follows_zone_and_client() {
    let mut shares = no_places();
    let ticket = shares.take(account(1, 1), at(0));
    shares.take(account(1, 1), at(0));
    shares.go_over(ticket, 2, at(5));
    assert_eq!(shares.account(ticket), Some(account(1, 2)));
    let most = [1, 2].map(|zone| shares.most_of_zone(zone, at(5).after(NEW_ZONE_TIME)));
    assert_eq!(most, [MAX_FLIGHTS, MAX_SILENT_FLIGHTS], "the one that led there has answered");
    shares.hand_over(ticket, 2);
    assert_eq!(shares.account(ticket), Some(account(2, 2)));
    shares.hand_over(ticket, 1);
    assert_eq!(shares.account(ticket), Some(account(2, 2)), "which has no fewer");
}

// Reverse names count for their network.
#[test]
fn flight_counts_for_registered_domain() {
    let zone = |text: &str, cut| {
        let name = wire_name(&Name::from_ascii(text).unwrap());
        name_of_wire(zone_at_first(&name, cut)).to_ascii()
    };
    assert_eq!(zone("a.b.victim.com.", 1), "victim.com.");
    assert_eq!(zone("a.b.victim.co.uk.", 3), "victim.co.uk.");
    assert_eq!(zone("com.", 0), "com.");
    assert_eq!(zone("4.3.2.1.in-addr.arpa.", 1), "2.1.in-addr.arpa.");
    assert_eq!(zone("4.3.2.1.in-addr.arpa.", 5), "3.2.1.in-addr.arpa.");
    assert_eq!(zone("f.e.d.c.b.a.9.8.7.6.5.ip6.arpa.", 2), "c.b.a.9.8.7.6.5.ip6.arpa.");
}

proptest! {
    /// If resolutions begin and end in any order, the limits are not exceeded, and no entry is left after the last one.
    #[test]
    fn sums_hold_and_nothing_is_left(
        steps in proptest::collection::vec((0_u64..4, 0_u64..6, 0_u8..5), 1..400)
    ) {
        let mut shares = no_places();
        let mut held: Vec<Ticket> = Vec::new();
        for (place, (client, zone, what)) in steps.into_iter().enumerate() {
            let now = at(u64::try_from(place).unwrap_or(0));
            let one = held.get(place % held.len().max(1)).copied();
            match (what, one) {
                (0, Some(ticket)) => shares.go_over(ticket, zone, now),
                (1, Some(ticket)) => shares.hand_over(ticket, client),
                (2, Some(ticket)) => {
                    shares.give_up(ticket, Some(now));
                    held.retain(|other| *other != ticket);
                }
                _ => held.push(shares.take(account(client, zone), now)),
            }
            prop_assert_eq!(shares.taken(), held.len());
            let of_clients: usize = shares.clients.counts.values().sum();
            let of_zones: usize = shares.zones.counts.values().sum();
            let of_pairs: usize = shares.zones_of.counts.values().sum();
            prop_assert_eq!((of_clients, of_zones, of_pairs), (held.len(), held.len(), held.len()));
        }
        for ticket in held {
            shares.give_up(ticket, None);
        }
        let empty = Shares { next: shares.next, ..no_places() };
        prop_assert_eq!(format!("{shares:?}"), format!("{empty:?}"));
    }
}
