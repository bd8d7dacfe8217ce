//! Tests of what the cache knows about servers.

use super::*;
use crate::limits::{DEAD_AFTER_SILENCES, LAME_TIME, MAX_SILENT_ZONES};

const MS: Duration = Duration::from_millis(1);

fn server() -> Server {
    Server::new(Keyed::new(&Random::seeded(1)))
}

fn at(millis: u64) -> Mono {
    Mono::from_micros(millis * 1_000)
}

#[test]
fn timer_follows_round_trips_of_server() {
    let server = server();
    let standing = server.standing(&Name::root(), Mono::START);
    assert_eq!((standing.timer, standing.patience), (UNKNOWN_TIMER, UNKNOWN_TIMER));
    for _ in 0..50 {
        server.answered(&Name::root(), 80 * MS, Mono::START);
    }
    let standing = server.standing(&Name::root(), Mono::START);
    assert_eq!(standing.round_trip, Some(80 * MS));
    assert!(standing.timer >= 80 * MS && standing.timer <= 90 * MS, "{:?}", standing.timer);
    assert_eq!(standing.patience, standing.timer * 2);
}

// A server may cause a burst of second queries and then a share of its queries.
#[test]
fn hedge_queries_are_limited_per_server() {
    let server = server();
    let taken = || (0..1_000).filter(|_| server.take_hedge()).count();
    assert_eq!(taken(), usize::try_from(HEDGE_BURST_PER_SERVER).unwrap());
    (0..50).for_each(|_| server.earn_hedge());
    assert_eq!(taken(), 10);
}

#[test]
fn the_list_tells_the_slowest_first() {
    let servers = Servers::new(1 << 20, Keyed::new(&dns::random::Random::seeded(1)));
    let address = |last: u8| SocketAddr::from(([192, 0, 2, last], 53));
    for (last, round_trip) in [(1, 10), (2, 90), (3, 20)] {
        servers.get(address(last)).answered(&Name::root(), round_trip * MS, Mono::START);
    }
    for silence in 1..=DEAD_AFTER_SILENCES.into() {
        servers.get(address(3)).silent(&Name::root(), at(silence), at(silence), &Random::seeded(1));
    }
    servers.get(address(1)).mark_lame(&Name::root(), LAME_TIME, Mono::START);
    servers.get(address(1)).takes_no_edns(Mono::START);
    servers.get(address(2)).takes_no_tcp(Mono::START);
    servers.get(address(2)).flips_case(Mono::START);
    let list = servers.list(Mono::START);
    assert_eq!(list.iter().map(|known| known.address).collect::<Vec<_>>(), [3, 2, 1].map(address));
    let [dead, slow, fast] = list.as_slice() else { panic!("{list:?}") };
    assert_eq!((slow.features.edns, slow.features.tcp, slow.features.keeps_case), (true, false, false));
    assert_eq!((fast.features.tcp, fast.features.keeps_case), (true, true));
    assert_eq!((dead.health, dead.dead_for.is_some(), dead.silences), (Health::Dead, true, 3));
    assert_eq!((fast.features.edns, fast.lame.len(), fast.round_trip), (false, 1, Some(10 * MS)));
    let later = servers.list(Mono::START.after(LAME_TIME + NO_EDNS_TIME));
    assert!(
        later.iter().all(|known| known.features.edns && known.lame.is_empty() && known.dead_for.is_none())
    );
}

#[test]
fn considered_server_is_listed_unasked() {
    let servers = Servers::new(1 << 20, Keyed::new(&dns::random::Random::seeded(1)));
    let address = SocketAddr::from(([192, 0, 2, 1], 53));
    servers.get(address).standing(&Name::root(), Mono::START);
    let asked = || servers.list(Mono::START).iter().map(|known| known.asked).collect::<Vec<_>>();
    assert_eq!(asked(), [false]);
    servers.get(address).earn_hedge();
    assert_eq!(asked(), [true]);
    servers.clear();
    servers.get(address);
    assert_eq!(asked(), [false], "what was before the flush is forgotten");
}

#[test]
fn silence_is_counted_per_zone() {
    let (server, random) = (server(), Random::seeded(1));
    let zone = |number: usize| Name::from_ascii(format!("z{number}.")).unwrap();
    for silence in 1..=u64::from(DEAD_AFTER_SILENCES) {
        server.silent(&zone(1), at(silence * 1_000), at(silence * 1_000 + 500), &random);
    }
    assert!(server.probe(&zone(1), at(3_600), &random));
    server.probed_in_vain(&zone(1), at(3_600));
    let known = |number| server.standing(&zone(number), at(4_600)).silent_since.is_some();
    assert!(known(1) && !known(2) && server.would_count(&zone(2), at(4_600)));
    for number in 2..=MAX_SILENT_ZONES {
        server.silent(&zone(number), at(4_000), at(4_400), &random);
        server.silent(&zone(number), at(4_200), at(4_500), &random);
        assert!(!known(number), "one event may have hit both messages");
        server.silent(&zone(number), at(4_400), at(4_500), &random);
        assert!(known(1) && known(number) && !known(number + 1));
    }
    for sent in [4_000, 4_500] {
        server.silent(&zone(MAX_SILENT_ZONES + 1), at(sent), at(sent + 50), &random);
    }
    assert!(known(1) && !known(2) && known(3), "of the least silent the oldest goes");
    assert!(server.answered(&zone(MAX_SILENT_ZONES), MS, at(4_550)));
    assert!(!known(3) && !known(MAX_SILENT_ZONES), "the server lives, and few messages were lost for each");
}

// The server answers for other zones, so it is dead for this zone only.
#[test]
fn server_is_silent_for_dropped_zone() {
    let (server, random) = (server(), Random::seeded(1));
    let [dropped, other] = ["dropped.", "other."].map(|zone| Name::from_ascii(zone).unwrap());
    for silence in 1..=u64::from(SURE_SILENCES) {
        assert!(server.would_count(&dropped, at(silence * 500)));
        server.silent(&dropped, at(silence * 500), at(silence * 500 + 100), &random);
        server.answered(&other, MS, at(silence * 500 + 200));
    }
    let standing = |zone, millis| server.standing(zone, at(millis));
    assert_eq!(standing(&dropped, 3_200).health, Health::Dead);
    assert_eq!((standing(&other, 3_200).health, server.next_try(&other)), (Health::Answering, None));
    assert_eq!(standing(&dropped, 3_600).silent_since, None, "it was not probed for this zone");
    assert_eq!(server.next_try(&dropped), Some(Mono::START));
    assert!(server.probe(&dropped, at(3_200), &random) && server.is_being_probed(&dropped));
    assert!(!server.probe(&other, at(3_200), &random) && !server.is_being_probed(&other));
    server.probed_in_vain(&dropped, at(3_200));
    assert_eq!(standing(&dropped, 3_600).silent_since, Some(at(500)));
    assert_eq!(standing(&other, 3_600).silent_since, None);
    server.answered(&other, MS, at(3_650));
    assert!(standing(&dropped, 3_660).silent_since.is_some(), "an answer for another zone changes nothing");
    server.answered(&dropped, MS, at(3_670));
    assert_eq!((standing(&dropped, 3_680).silent_since, server.next_try(&dropped)), (None, None));
}

// Queries for other zones wait less only after as many silences as make it sure.
#[test]
fn surely_dead_server_shortens_other_waits() {
    let (server, random) = (server(), Random::seeded(1));
    let zone = |number: usize| Name::from_ascii(format!("z{number}.")).unwrap();
    let elsewhere = |number| server.standing(&zone(number), at(3_600)).silent_elsewhere;
    for silence in 1..u64::from(SURE_SILENCES) {
        server.silent(&zone(1), at(silence * 500), at(silence * 500 + 400), &random);
    }
    assert!(server.probe(&zone(1), at(3_000), &random));
    server.probed_in_vain(&zone(1), at(3_000));
    assert!(server.standing(&zone(1), at(3_600)).silent_since.is_some() && !elsewhere(2));
    assert!(server.would_count(&zone(1), at(3_000)));
    server.silent(&zone(1), at(3_000), at(3_400), &random);
    assert!(elsewhere(2) && !elsewhere(1) && !server.would_count(&zone(1), at(3_450)));
    server.did_not_answer(&zone(2), at(2_600), at(3_600));
    assert!(!elsewhere(2) && server.standing(&zone(2), at(3_600)).silent_since.is_some());
    server.answered(&zone(1), MS, at(3_650));
    assert_eq!(server.standing(&zone(2), at(3_660)).silent_since, None);
    server.did_not_answer(&zone(3), at(3_600), at(3_700));
    assert!(server.would_count(&zone(3), at(3_650)), "it was heard since");
}

#[test]
fn lameness_is_by_zone_and_ends() {
    let server = server();
    let (one, other) = (Name::from_ascii("one.").unwrap(), Name::from_ascii("other.").unwrap());
    server.mark_lame(&one, LAME_TIME, Mono::START);
    assert!(server.standing(&one, Mono::START).lame);
    assert!(!server.standing(&other, Mono::START).lame);
    assert!(!server.standing(&one, Mono::START.after(LAME_TIME)).lame);
    server.serves(&other, at(0));
    assert!(server.standing(&one, Mono::START).lame);
    server.serves(&one, at(0));
    assert!(!server.standing(&one, Mono::START).lame, "an answer from the zone ends it");
}

#[test]
fn dead_zone_needs_failed_probe_too() {
    let (server, random) = (server(), Random::seeded(1));
    let [dropped, other] = ["dropped.", "other."].map(|zone| Name::from_ascii(zone).unwrap());
    for silence in 1..=u64::from(DEAD_AFTER_SILENCES) {
        server.silent(&dropped, at(silence * 500), at(silence * 500 + 100), &random);
        server.answered(&other, MS, at(silence * 500 + 200));
    }
    let standing = || server.standing(&dropped, at(3_510));
    assert_eq!((standing().health, standing().silent_since), (Health::Answering, None));
    assert!(server.probe(&dropped, at(1_800), &random));
    server.probed_in_vain(&dropped, at(1_800));
    assert_eq!((standing().health, standing().silent_since), (Health::Dead, Some(at(500))));
    assert_eq!(server.standing(&other, at(3_510)).health, Health::Answering);
}

/// The server answers for `other.` at 0.1 s, and then neither queries nor probes about `zones`.
fn silent_for(server: &Server, zones: &[Name]) {
    let random = Random::seeded(1);
    server.answered(&Name::from_ascii("other.").unwrap(), MS, at(100));
    for zone in zones {
        for silence in 1..=u64::from(DEAD_AFTER_SILENCES) {
            server.silent(zone, at(silence * 500), at(silence * 500 + 100), &random);
        }
        server.probe(zone, at(1_800), &random);
        server.probed_in_vain(zone, at(1_800));
        assert!(server.standing(zone, at(3_510)).silent_since.is_some());
    }
}

// Several zones fell silent together, so each is probed again once the server replies.
#[test]
fn outage_silences_are_doubted_after_reply() {
    let zones = ["a.", "b.", "c."].map(|zone| Name::from_ascii(zone).unwrap());
    let server = server();
    silent_for(&server, &zones);
    let standing = |zone: usize, millis| server.standing(&zones[zone], at(millis));
    assert!(server.answered(&zones[2], MS, at(3_520)));
    for zone in [0, 1] {
        let now = standing(zone, 3_530);
        assert_eq!((now.silent_since, now.silent_elsewhere), (None, true), "asked, and waited for a second");
        assert_eq!(server.next_try(&zones[zone]), Some(Mono::START), "probed at once");
    }
    assert!(!standing(2, 3_530).silent_elsewhere);
    server.did_not_answer(&zones[0], at(3_525), at(3_540));
    assert_eq!(
        (standing(0, 3_550).silent_since, standing(0, 3_550).silent_elsewhere),
        (Some(at(500)), false)
    );
    server.probed_in_vain(&zones[1], at(3_525));
    assert!(standing(1, 3_550).silent_since.is_some(), "the probe shows that this one is dropped");
    // The first two zones were silent when the server answered for another zone, so the later outage is not the reason for their silence.
    for silence in 8..=10_u64 {
        server.silent(&zones[2], at(silence * 500), at(silence * 500 + 100), &Random::seeded(1));
    }
    assert!(server.answered(&zones[2], MS, at(5_200)));
    assert!(!standing(0, 5_210).silent_elsewhere && !standing(1, 5_210).silent_elsewhere);
}

#[test]
fn silence_of_single_zone_stays_known() {
    let zone = Name::from_ascii("a.").unwrap();
    let server = server();
    silent_for(&server, std::slice::from_ref(&zone));
    assert!(server.answered(&Name::from_ascii("other.").unwrap(), MS, at(3_520)));
    let standing = server.standing(&zone, at(3_530));
    assert_eq!((standing.silent_since, standing.silent_elsewhere), (Some(at(500)), false));
}

#[test]
fn servers_are_told_apart_by_address() {
    let keyed = Keyed::new(&Random::seeded(1));
    let [one, other] = [1, 2].map(|last| SocketAddr::from(([192, 0, 2, last], 53)));
    let hash = |address: &SocketAddr| <SocketAddr as LookedUp<SocketAddr>>::hash(address, &keyed);
    assert_ne!(hash(&one), hash(&other));
    assert!(LookedUp::is(&one, &one) && !LookedUp::is(&one, &other));
    let servers = Servers::new(1 << 20, keyed);
    servers.get(one).earn_hedge();
    assert!(servers.known(one).is_some() && servers.known(other).is_none());
}

// A recursive server has no slow zones.
#[test]
fn slow_answer_counts_for_its_zone() {
    let server = server();
    let [usual, slow] = ["usual.", "slow."].map(|zone| Name::from_ascii(zone).unwrap());
    let round_trips = || [&usual, &slow].map(|zone| server.standing(zone, at(0)).round_trip);
    server.answered(&usual, 20 * MS, at(0));
    server.answered(&slow, 2_000 * MS, at(0));
    assert_eq!(round_trips(), [Some(20 * MS), Some(2_000 * MS)]);
    server.answered(&slow, 20 * MS, at(0));
    assert_eq!(round_trips(), [Some(20 * MS); 2], "it is not slow any more");
    let recursive = self::server();
    for round_trip in [20 * MS, 2_000 * MS] {
        assert!(!recursive.answered_recursively(&usual, round_trip, at(0)));
    }
    assert_ne!(recursive.standing(&slow, at(0)).round_trip, Some(20 * MS), "no zone of it is slow");
}

// It is repeated when the measured value is out of date.
#[test]
fn round_trip_measurement_runs_alone() {
    let (server, zone) = (server(), Name::root());
    let is_due = |now| server.standing(&zone, now).to_be_measured;
    assert!(server.begin_measurement(&zone, at(0)));
    assert!(!server.begin_measurement(&zone, at(0)) && !is_due(at(0).after(MEASURE_PAUSE - MS)));
    let answered = at(0).after(MEASURE_PAUSE);
    assert!(is_due(answered));
    server.answered(&zone, 100 * MS, answered);
    let end = answered.after(MEASURED_TIME);
    assert!(!is_due(answered) && !is_due(answered.after(MEASURED_TIME - MS)) && is_due(end));
    let round_trip = |now| {
        server.answered(&zone, 180 * MS, now);
        server.standing(&zone, now).round_trip.unwrap()
    };
    assert!(round_trip(answered) < 120 * MS, "one answer among others");
    assert!(round_trip(end) > 140 * MS, "it counts as much as all before it");
}

// A dead server is probed when a question needs it, and its first answer is reported once.
#[test]
fn overdue_server_is_doubtful_then_dead() {
    let (server, zone) = (server(), Name::root());
    server.overdue(at(0), at(300));
    assert_eq!(server.standing(&zone, at(300)).health, Health::Doubtful);
    let other = Name::from_ascii("other.").unwrap();
    let random = Random::seeded(1);
    assert!(!server.probe_also(&zone, at(300), &random) && !server.hasten_probe(&other, at(300)));
    for silence in 1..=u64::from(DEAD_AFTER_SILENCES) {
        server.silent(&zone, at(silence * 500), at(silence * 500 + 100), &random);
    }
    let sent = at(u64::from(DEAD_AFTER_SILENCES) * 500 + 50);
    assert!(server.would_count(&other, sent) && !server.would_count(&zone, sent), "two queries on the way");
    assert!(server.hasten_probe(&other, at(2_000)) && !server.hasten_probe(&other, at(2_000)));
    assert_eq!(server.last_probe(&other), None);
    assert!(server.probe(&other, at(2_000), &random) && server.probe_also(&zone, at(2_000), &random));
    assert_eq!(server.last_probe(&other), Some(at(2_000)));
    assert!(server.answered_recursively(&zone, MS, at(2_000)));
    assert!(!server.answered_recursively(&zone, MS, at(2_001)));
}

#[test]
fn server_feature_returns_when_shown() {
    let server = server();
    let features = || server.standing(&Name::root(), at(0)).features;
    for _ in 1..OWN_CASE_ANSWERS {
        server.answers_own_case(at(0));
    }
    server.answers_mixed_case();
    assert!(features().keeps_case);
    for left in (0..OWN_CASE_ANSWERS).rev() {
        server.answers_own_case(at(0));
        assert_eq!(features().keeps_case, left > 0, "{left}");
    }
    server.takes_no_tcp(at(0));
    assert!(!features().tcp);
    server.takes_tcp();
    assert!(features().tcp);
}

// A server whose long replies arrive is not asked for short ones after a loss.
#[test]
fn long_replies_keep_large_datagrams() {
    let server = server();
    let sends_long = |now| server.standing(&Name::root(), now).features.long_datagrams;
    server.loses_long_datagrams(at(0));
    assert!(!sends_long(at(1)));
    server.sends_long_datagrams(at(1));
    assert!(sends_long(at(1)));
    server.loses_long_datagrams(at(2));
    assert!(sends_long(at(2)), "a long reply has arrived lately");
    server.loses_long_datagrams(at(1).after(SHORT_TIME));
    assert!(!sends_long(at(1).after(SHORT_TIME)));
}
