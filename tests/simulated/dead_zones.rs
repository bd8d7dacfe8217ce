//! Zones whose servers are all silent. The tests measure what an email from such a domain costs, the first time and later. A server must
//! not count as dead because of a few lost packets, and its zone must be resolved at once when it works again.

use std::sync::Arc;
use std::time::Duration;

use dns::question::{ExtendedError, Outcome};
use futures_util::future::join_all;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::prelude::ask;
use lab::server::Distance;
use lab::simulation::{Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};
use resolver::limits::{MAX_DEAD_TIME, MAX_PROBE_WAIT, MAX_TRIES};

/// Returns a lab in which the zone one.tld. has `servers` servers with the faults `faults` and a round trip of `millis` milliseconds, and
/// other.tld. has a server without faults.
fn lab(servers: u8, millis: u64, faults: &[Fault]) -> Arc<Lab> {
    let mut tree = Tree::default();
    let mut server = |name: String, last: [u8; 2], millis: u64, faults: &[Fault]| {
        let mut plan = ServerPlan::new(&name, vec![[127, 0, last[0], last[1]].into()]);
        plan.distance = Distance::steady(Duration::from_millis(millis));
        plan.faults = faults.to_vec();
        tree.server(plan).unwrap();
        name
    };
    let root = [server("a.root".to_owned(), [0, 1], 10, &[])];
    let tld = [server("ns.tld".to_owned(), [0, 2], 20, &[])];
    let one: Vec<String> =
        (1..=servers).map(|last| server(format!("ns{last}.one.tld"), [1, last], millis, faults)).collect();
    let other = [server("ns.other.tld".to_owned(), [2, 1], 30, &[])];
    tree.zone(".", &root, "").unwrap();
    tree.zone("tld.", &tld, "").unwrap();
    tree.zone("one.tld.", &one, "@ 300 MX 10 mx\n@ 300 A 10.0.0.1\n* 300 A 10.0.0.2\n").unwrap();
    tree.zone("other.tld.", &other, "* 300 A 10.0.0.3\n").unwrap();
    Arc::new(tree.build().unwrap())
}

/// Asks the questions of smtpd for the domain of a sender. Returns the time, and the number of messages to the servers of the domain.
async fn mail(simulation: &Simulation) -> (Duration, usize) {
    simulation.lab().log().take();
    let mut elapsed = Duration::ZERO;
    for kind in [RecordType::MX, RecordType::A, RecordType::AAAA] {
        let reply = ask(simulation, "one.tld.", kind).await;
        assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail, "{:#?}", reply.steps);
        elapsed += reply.elapsed;
    }
    let sent = simulation.lab().log().take();
    (elapsed, sent.iter().filter(|one| one.server.ends_with("one.tld")).count())
}

// The first email waits about four seconds, later ones at most 50 ms.
#[test]
fn mail_from_dead_domain_costs_once() {
    // With four servers, each gets fewer queries, so it takes longer until all count as dead.
    for (seed, servers, millis, most) in
        [(1, 1, 30, 4_100), (2, 2, 30, 4_100), (3, 2, 250, 4_100), (4, 4, 100, 6_000)]
    {
        let lab = lab(servers, millis, &[Fault::Dead]);
        paused(async {
            let simulation = Simulation::new(lab.clone(), config_for(&lab), seed);
            let (elapsed, messages) = mail(&simulation).await;
            println!("{servers} servers: {elapsed:?}, {messages} messages");
            assert!(elapsed <= Duration::from_millis(most), "{servers} servers: {elapsed:?}");
            // For each server: the queries of the first question (`MAX_TRIES`) and two more, of which one is a probe in the background.
            let most = usize::from(servers) * usize::from(MAX_TRIES + 2);
            assert!(messages <= most, "{messages} messages to {servers} servers");
            for message in 2..=4 {
                tokio::time::sleep(Duration::from_secs(300)).await;
                let (elapsed, messages) = mail(&simulation).await;
                println!("message {message}: {elapsed:?}, {messages} messages");
                assert!(elapsed <= Duration::from_millis(50), "message {message}: {elapsed:?}");
                // The questions of the email cause no query. Only a probe of each dead server may be due at this time.
                assert!(messages <= usize::from(servers), "message {message}: {messages} messages");
            }
        });
    }
}

#[test]
fn known_domain_dying_costs_the_same() {
    for (seed, millis) in [(1, 30), (2, 120), (3, 300)] {
        let lab = lab(2, millis, &[]);
        paused(async {
            let simulation = Simulation::new(lab.clone(), config_for(&lab), seed);
            for number in 0..40 {
                ask(&simulation, &format!("host{number}.one.tld."), RecordType::A).await;
            }
            for last in 1..=2 {
                lab.server(&format!("ns{last}.one.tld")).unwrap().set_faults(&[Fault::Dead]);
            }
            let (elapsed, _) = mail(&simulation).await;
            println!("{millis} ms away: {elapsed:?}");
            // resolverd waits longer for a distant server.
            let most = if millis < 200 { 4_100 } else { 6_500 };
            assert!(elapsed <= Duration::from_millis(most), "{millis} ms away: {elapsed:?}");
            tokio::time::sleep(Duration::from_secs(300)).await;
            let (elapsed, _) = mail(&simulation).await;
            // One of the questions starts a probe and waits for its reply.
            assert!(elapsed <= MAX_PROBE_WAIT + Duration::from_millis(50), "{millis} ms away: {elapsed:?}");
        });
    }
}

#[test]
fn returned_zone_answers_all_names() {
    for seed in 0..10 {
        let lab = lab(2, 30, &[Fault::Dead]);
        paused(async {
            let simulation = Simulation::new(lab.clone(), config_for(&lab), seed);
            mail(&simulation).await;
            tokio::time::sleep(Duration::from_secs(60 + seed * 7)).await;
            mail(&simulation).await;
            lab.server("ns2.one.tld").unwrap().set_faults(&[]);
            // After this time, resolverd has probed one of the servers. The time between probes is `MAX_DEAD_TIME` plus or minus one eighth.
            tokio::time::sleep(MAX_DEAD_TIME * 9 / 8 + Duration::from_millis(100)).await;
            for (name, kind) in [("one.tld.", RecordType::MX), ("new.one.tld.", RecordType::A)] {
                let reply = ask(&simulation, name, kind).await;
                assert_eq!(reply.message.answers.len(), 1, "{:#?}", reply.steps);
                assert!(reply.elapsed <= Duration::from_millis(60), "{:?}", reply.elapsed);
            }
        });
    }
}

// A probe with SOA never succeeds at these servers.
#[test]
fn zone_dropping_soa_returns_after_outage() {
    for (seed, kinds) in [
        (1, [RecordType::A, RecordType::A]),
        (2, [RecordType::AAAA, RecordType::AAAA]),
        (3, [RecordType::A, RecordType::MX]),
    ] {
        let lab = lab(1, 30, &[Fault::Drops(RecordType::SOA)]);
        paused(async {
            let simulation = Simulation::new(lab.clone(), config_for(&lab), seed);
            let server = lab.server("ns1.one.tld").unwrap();
            let mut number = 0;
            let mut next = async |kind| {
                number += 1;
                let reply = ask(&simulation, &format!("host{number}.one.tld."), kind).await;
                tokio::time::sleep(Duration::from_secs(1)).await;
                reply.message.metadata.response_code == ResponseCode::NoError
            };
            assert!(next(kinds[0]).await);
            server.set_faults(&[Fault::Dead]);
            for _ in 0..12 {
                next(kinds[0]).await;
            }
            assert!(!next(kinds[1]).await);
            server.set_faults(&[Fault::Drops(RecordType::SOA)]);
            let mut lost = 0;
            while !next(kinds[0]).await {
                lost += 1;
                assert!(lost <= 10, "{kinds:?}: {lost} queries were lost");
            }
            for _ in 0..60 {
                assert!(next(kinds[0]).await, "{kinds:?}");
            }
        });
    }
}

#[test]
fn lossy_sole_server_is_not_dead() {
    let (mut asked, mut failed, mut known) = (0, 0, 0);
    for (seed, busy) in (0..30).flat_map(|seed| [(seed, false), (seed, true)]) {
        let lab = lab(1, 40, &[]);
        paused(async {
            let simulation = Simulation::new(lab.clone(), config_for(&lab), seed);
            simulation.network().set_loss(300);
            for number in 0..120 {
                if busy {
                    // Other servers answer, so there is no outage of the network, and a missing reply counts against the server.
                    ask(&simulation, &format!("host{number}.other.tld."), RecordType::A).await;
                }
                let reply = ask(&simulation, &format!("host{number}.one.tld."), RecordType::A).await;
                asked += 1;
                if reply.message.answers.is_empty() {
                    failed += 1;
                    known += usize::from(reply.elapsed == Duration::ZERO);
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        });
    }
    println!("{failed} of {asked} failed, {known} of them at once");
    assert!(failed * 1_000 <= asked, "{failed} of {asked}");
    assert_eq!(known, 0, "nothing is known to be silent");
}

#[test]
fn local_outage_makes_no_zone_silent() {
    for seed in 0..10 {
        let lab = lab(2, 30, &[]);
        paused(async {
            let simulation = Simulation::new(lab.clone(), config_for(&lab), seed);
            ask(&simulation, "host.one.tld.", RecordType::A).await;
            let set_down = |down: bool| {
                let faults: &[Fault] = if down { &[Fault::Dead] } else { &[] };
                lab.servers().iter().for_each(|server| server.set_faults(faults));
            };
            for outage in 0..5 {
                set_down(true);
                for number in 0..4 {
                    let reply = ask(&simulation, &format!("a{outage}{number}.one.tld."), RecordType::A).await;
                    assert!(reply.message.answers.is_empty());
                    assert!(reply.elapsed >= Duration::from_secs(4), "{:?}", reply.extended_error);
                }
                set_down(false);
                let name = format!("b{outage}.one.tld.");
                let reply = ask(&simulation, &name, RecordType::A).await;
                assert_eq!(reply.message.answers.len(), 1, "{:#?}", reply.steps);
                // The time includes a query to the parent zone for other servers of the zone.
                assert!(reply.elapsed <= Duration::from_millis(60), "{:?}", reply.elapsed);
            }
        });
    }
}

#[test]
fn dead_server_beside_living_costs_nothing() {
    let lab = lab(2, 30, &[]);
    paused(async {
        let simulation = Simulation::new(lab.clone(), config_for(&lab), 1);
        lab.server("ns1.one.tld").unwrap().set_faults(&[Fault::Dead]);
        for number in 0..60 {
            let reply = ask(&simulation, &format!("host{number}.one.tld."), RecordType::A).await;
            assert_eq!(reply.message.answers.len(), 1, "{:#?}", reply.steps);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        for number in 60..200 {
            let reply = ask(&simulation, &format!("host{number}.one.tld."), RecordType::A).await;
            assert_eq!(reply.elapsed, Duration::from_millis(30), "{:#?}", reply.steps);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
}

#[test]
fn known_silence_is_explained_not_cached() {
    let lab = lab(1, 30, &[Fault::Dead]);
    paused(async {
        let simulation = Simulation::new(lab.clone(), config_for(&lab), 1);
        mail(&simulation).await;
        for _ in 0..3 {
            let reply = ask(&simulation, "www.one.tld.", RecordType::A).await;
            let error = reply.extended_error.unwrap();
            assert_eq!((reply.outcome, error.code), (Outcome::Failed, ExtendedError::NO_REACHABLE_AUTHORITY));
            assert!(
                error.text.contains("127.0.1.1") && error.text.contains("in the background"),
                "{}",
                error.text
            );
            assert_eq!(reply.elapsed, Duration::ZERO);
        }
    });
}

/// The number of zones on one server, which drops the queries for almost all of them.
const HOSTED: usize = 100;

/// Returns a lab with a server of many zones, which answers only for zz.tld.
fn hoster() -> Arc<Lab> {
    let mut tree = Tree::default();
    let mut server = |name: &str, last: [u8; 2], faults: &[Fault]| {
        let mut plan = ServerPlan::new(name, vec![[127, 0, last[0], last[1]].into()]);
        plan.distance = Distance::steady(Duration::from_millis(20));
        plan.faults = faults.to_vec();
        tree.server(plan).unwrap();
        [name.to_owned()]
    };
    let root = server("a.root", [0, 1], &[]);
    let tld = server("ns.tld", [0, 2], &[]);
    let hoster = server("ns.z0.tld", [1, 1], &[Fault::DropsOtherZones]);
    tree.zone(".", &root, "").unwrap();
    tree.zone("tld.", &tld, "").unwrap();
    let hosted = (0..HOSTED).map(|number| format!("z{number}.tld.")).chain(["zz.tld.".to_owned()]);
    for zone in hosted {
        tree.zone(&zone, &hoster, "* 300 A 10.0.0.1\n").unwrap();
    }
    Arc::new(tree.build().unwrap())
}

// A hundred zones on one silent server delay no answer from another server.
#[test]
fn silent_hoster_costs_second_per_zone() {
    for seed in 0..5 {
        let lab = hoster();
        paused(async {
            let simulation = Simulation::new(lab.clone(), config_for(&lab), seed);
            ask(&simulation, "www.z0.tld.", RecordType::A).await;
            let names: Vec<String> = (1..HOSTED).map(|number| format!("www.z{number}.tld.")).collect();
            let silent = join_all(names.iter().map(|name| ask(&simulation, name, RecordType::A)));
            let living = async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                ask(&simulation, "www.zz.tld.", RecordType::A).await
            };
            let (silent, living) = tokio::join!(silent, living);
            for (name, reply) in names.iter().zip(&silent) {
                assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail);
                let most = Duration::from_millis(1_100);
                assert!(reply.elapsed <= most, "{name}: {:?} {:#?}", reply.elapsed, reply.steps);
            }
            assert_eq!(living.message.answers.len(), 1, "{:#?}", living.steps);
            assert!(living.elapsed <= Duration::from_millis(60), "{:?}", living.elapsed);
        });
    }
}

// The server answers for other zones meanwhile.
#[test]
fn zone_dropped_by_server_costs_once() {
    for seed in 0..5 {
        let lab = hoster();
        paused(async {
            let simulation = Simulation::new(lab.clone(), config_for(&lab), seed);
            let others = async {
                for number in 0..200 {
                    let reply = ask(&simulation, &format!("host{number}.zz.tld."), RecordType::A).await;
                    assert_eq!(reply.message.answers.len(), 1, "{:#?}", reply.steps);
                    assert!(reply.elapsed <= Duration::from_millis(200), "{:?}", reply.elapsed);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            };
            let dropped = async {
                tokio::time::sleep(Duration::from_millis(500)).await;
                let mut elapsed = Vec::new();
                for name in ["www.z0.tld.", "mail.z0.tld.", "z0.tld.", "mail.z0.tld."] {
                    let reply = ask(&simulation, name, RecordType::A).await;
                    assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail);
                    elapsed.push(reply.elapsed);
                    tokio::time::sleep(Duration::from_millis(700)).await;
                }
                let (first, later) = elapsed.split_first().unwrap();
                assert!(*first <= Duration::from_secs(4), "{elapsed:?}");
                assert!(later.iter().all(|later| *later <= Duration::from_millis(50)), "{elapsed:?}");
            };
            tokio::join!(others, dropped);
        });
    }
}
