//! A dead server is only probed in the background, and is used again within a minute after it works again. In an outage of this host's
//! network, no server counts as dead. If all servers are slow, only some queries are sent twice.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_proto::rr::{Name, RecordType};

use config::{ConfiguredZone, ZoneKind};
use dns::conduct::{Health, ServerFeatures};
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::server::Distance;
use lab::simulation::{SimulatedReply, Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};
use record::limits::{FLIGHT_TIME, INCIDENT_FAILURES};
use record::{Counter, Window};
use resolver::cache::servers::KnownServer;
use resolver::limits::{DEAD_WANTED_TIME, HEDGE_BURST, HEDGES_PER_MILLE};

/// one.tld. is on two servers, of which ns1 is nearer. Every name in it has an address.
fn lab() -> Arc<Lab> {
    let mut tree = Tree::default();
    for (name, last, millis) in [
        ("a.root", [0, 1], 10),
        ("ns.tld", [0, 2], 10),
        ("ns1.one.tld", [1, 1], 20),
        ("ns2.one.tld", [1, 2], 60),
    ] {
        let mut plan = ServerPlan::new(name, vec![[127, 0, last[0], last[1]].into()]);
        plan.distance = Distance::steady(Duration::from_millis(millis));
        tree.server(plan).unwrap();
    }
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone("tld.", &["ns.tld".to_owned()], "").unwrap();
    tree.zone("one.tld.", &["ns1.one.tld".to_owned(), "ns2.one.tld".to_owned()], "* 300 A 10.0.0.1\n")
        .unwrap();
    Arc::new(tree.build().unwrap())
}

async fn ask(simulation: &Simulation, number: u32) -> SimulatedReply {
    let name = Name::from_ascii(format!("host{number}.one.tld.")).unwrap();
    simulation.ask(&name, RecordType::A).await.unwrap()
}

/// Asks one question per second, which must all be answered. Returns the longest time.
async fn ask_for(simulation: &Simulation, numbers: std::ops::Range<u32>) -> Duration {
    let mut longest = Duration::ZERO;
    for number in numbers {
        let reply = ask(simulation, number).await;
        assert_eq!(reply.message.answers.len(), 1, "{:#?}", reply.steps);
        longest = longest.max(reply.elapsed);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    longest
}

/// Returns the queries that a server has received since the last call.
fn messages(lab: &Lab, server: &str) -> Vec<(String, RecordType)> {
    let received = lab.log().take().into_iter().filter(|one| *one.server == *server);
    received.map(|one| (one.name.to_lowercase().to_string(), one.kind)).collect()
}

// It is used again within a minute after it works again.
#[test]
fn dead_server_is_probed_in_background() {
    let lab = lab();
    for seed in 0..10 {
        paused(async {
            let simulation = Simulation::new(lab.clone(), config_for(&lab), seed);
            let server = lab.server("ns1.one.tld").unwrap();
            ask_for(&simulation, 0..10).await;
            server.set_faults(&[Fault::Dead]);
            ask_for(&simulation, 10..40).await;
            messages(&lab, "ns1.one.tld");
            let longest = ask_for(&simulation, 40..140).await;
            assert_eq!(longest, Duration::from_millis(60), "no client waits for the dead one");
            let probes = messages(&lab, "ns1.one.tld");
            assert!((2..=8).contains(&probes.len()), "{} probes", probes.len());
            server.set_faults(&[]);
            ask_for(&simulation, 140..200).await;
            assert_eq!(ask(&simulation, 200).await.elapsed, Duration::from_millis(20), "it is back");
        });
    }
}

/// Makes ns1 dead, waits until resolverd knows this, and clears the log of the lab.
async fn kill(lab: &Lab, simulation: &Simulation) {
    ask_for(simulation, 0..10).await;
    lab.server("ns1.one.tld").unwrap().set_faults(&[Fault::Dead]);
    ask_for(simulation, 10..40).await;
    lab.log().take();
}

#[test]
fn idle_dead_server_returns_within_minute() {
    for (seed, healed_after) in (0..5).flat_map(|seed| [1, 30, 200, 500].map(|after| (seed, after))) {
        let lab = lab();
        paused(async {
            let simulation = Simulation::new(lab.clone(), config_for(&lab), seed);
            kill(&lab, &simulation).await;
            tokio::time::sleep(Duration::from_secs(healed_after)).await;
            lab.server("ns1.one.tld").unwrap().set_faults(&[]);
            tokio::time::sleep(Duration::from_secs(60)).await;
            let probes = messages(&lab, "ns1.one.tld");
            assert!(!probes.is_empty());
            let reply = ask(&simulation, 1_000).await;
            assert_eq!(
                reply.elapsed,
                Duration::from_millis(20),
                "after {healed_after} s: {:#?}",
                reply.steps
            );
        });
    }
}

#[test]
fn unused_dead_server_probes_end() {
    for seed in 0..5 {
        let lab = lab();
        paused(async {
            let simulation = Simulation::new(lab.clone(), config_for(&lab), seed);
            kill(&lab, &simulation).await;
            tokio::time::sleep(DEAD_WANTED_TIME).await;
            let probes = lab.log().take().len();
            assert!((16..=24).contains(&probes), "{probes} probes in ten minutes");
            tokio::time::sleep(Duration::from_secs(3_600)).await;
            assert_eq!(lab.log().take(), Vec::new());
            // After this pause, the first question starts a probe of the dead server, but does not wait for its reply.
            assert_eq!(ask(&simulation, 1_000).await.elapsed, Duration::from_millis(60));
            assert_eq!(messages(&lab, "ns1.one.tld").len(), 1);
        });
    }
}

#[test]
fn disabled_race_sends_no_probes() {
    let lab = lab();
    paused(async {
        let mut config = config_for(&lab);
        config.resolve.race = false;
        let simulation = Simulation::new(lab.clone(), config, 1);
        lab.server("ns1.one.tld").unwrap().set_faults(&[Fault::Dead]);
        ask_for(&simulation, 0..60).await;
        tokio::time::sleep(DEAD_WANTED_TIME).await;
        let received = lab.log().take();
        assert!(received.iter().all(|one| one.kind != RecordType::SOA), "no probes");
        // 60 names need one query each, the root and tld. get one each, and at most ten are for the dead server.
        assert!(received.len() <= 60 + 2 + 10, "{} messages", received.len());
    });
}

#[test]
fn local_outage_blames_no_server() {
    for (seed, unrouted) in (0..10).flat_map(|seed| [(seed, false), (seed, true)]) {
        let lab = lab();
        paused(async {
            let mut config = config_for(&lab);
            config.resolve.ipv4 = config::Family::Auto;
            let simulation = Simulation::new(lab.clone(), config, seed);
            ask_for(&simulation, 0..10).await;
            let normal = ask(&simulation, 10).await.elapsed;
            let set_down = |down: bool| {
                if unrouted {
                    simulation.network().set_down(down);
                } else {
                    let faults: &[Fault] = if down { &[Fault::Dead] } else { &[] };
                    lab.servers().iter().for_each(|server| server.set_faults(faults));
                }
            };
            set_down(true);
            let outage = Duration::from_secs(600);
            let began = simulation.clock().mono();
            let mut last = 11;
            while simulation.clock().mono().since(began) < outage {
                last += 1;
                assert!(ask(&simulation, last).await.message.answers.is_empty());
                // This question has the same name each time, as the questions of a mail queue have.
                assert!(ask(&simulation, 11).await.message.answers.is_empty());
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            set_down(false);
            let known = simulation.resolver().memory().servers.list(simulation.clock().mono());
            assert!(known.iter().all(|server| server.health < Health::Due), "{known:?}");
            let unspoilt =
                |server: &KnownServer| server.features == ServerFeatures::ALL && server.lame.is_empty();
            assert!(known.iter().all(unspoilt), "{known:?}");
            let probes = lab.log().received().iter().filter(|one| one.kind == RecordType::SOA).count();
            assert_eq!(probes, 0, "nobody is dead, so nobody is probed");
            let first = ask(&simulation, 10_000).await;
            assert!(first.elapsed <= normal, "{:?} instead of {normal:?}: {:#?}", first.elapsed, first.steps);
            // After this pause, no question that was asked during the outage is still in progress. No failure is cached either: each failure of an
            // outage is cached for only one or two seconds.
            tokio::time::sleep(FLIGHT_TIME + Duration::from_secs(2)).await;
            for number in [11, last] {
                let again = ask(&simulation, number).await;
                assert_eq!(again.message.answers.len(), 1, "{:?}", again.extended_error);
                // The time includes a query to the parent zone for other servers of the zone.
                assert!(again.elapsed <= 2 * normal, "{:?} instead of {normal:?}", again.elapsed);
            }
        });
    }
}

#[test]
fn hedges_stay_limited_on_slow_servers() {
    let lab = lab();
    paused(async {
        let simulation = Simulation::new(lab.clone(), config_for(&lab), 1);
        ask_for(&simulation, 0..40).await;
        let slow = [Fault::Slow(Duration::from_millis(200))];
        lab.servers().iter().for_each(|server| server.set_faults(&slow));
        lab.log().take();
        let began = simulation.recorder().report(Window::Start).upstream.counts[Counter::Hedges];
        let mut slowest = Duration::ZERO;
        for burst in 0..4 {
            let asked = (0..500).map(|place| ask(&simulation, 1_000 + burst * 500 + place));
            slowest =
                slowest.max(join_all(asked).await.into_iter().map(|reply| reply.elapsed).max().unwrap());
        }
        let upstream = simulation.recorder().report(Window::Start).upstream;
        let (hedges, messages) =
            (upstream.counts[Counter::Hedges] - began, u64::try_from(lab.log().take().len()).unwrap());
        let bound = u64::from(HEDGE_BURST) + messages * u64::from(HEDGES_PER_MILLE) / 1_000;
        assert!(hedges <= bound, "{hedges} of {messages}");
        assert!(upstream.counts[Counter::HedgesRefused] > 0, "the bound was met");
        assert!(
            slowest < Duration::from_secs(1),
            "{slowest:?}: who may not ask a second server waits for the first"
        );
    });
}

// A zone that never worked is reported only if it is configured.
#[test]
fn configured_dead_zone_is_reported() {
    let lab = lab();
    for server in ["ns1.one.tld", "ns2.one.tld"] {
        lab.server(server).unwrap().set_faults(&[Fault::Dead]);
    }
    for is_configured in [true, false] {
        paused(async {
            let mut config = config_for(&lab);
            if is_configured {
                config.zones = vec![ConfiguredZone {
                    name: Name::from_ascii("one.tld.").unwrap(),
                    kind: ZoneKind::Stub(vec![([127, 0, 1, 1], 53).into()]),
                    ..ConfiguredZone::default()
                }];
            }
            let simulation = Simulation::new(lab.clone(), config, 1);
            for number in 0..INCIDENT_FAILURES {
                assert!(ask(&simulation, number).await.message.answers.is_empty());
                // A server of another zone answers, so this is not an outage of the network.
                let other = Name::from_ascii(format!("host{number}.tld.")).unwrap();
                simulation.ask(&other, RecordType::A).await.unwrap();
                tokio::time::sleep(FLIGHT_TIME).await;
            }
            let zones = simulation.recorder().troubles().zones;
            let reported: Vec<(&str, u32)> =
                zones.iter().map(|zone| (zone.zone.as_str(), zone.failures)).collect();
            let expected: &[_] = if is_configured { &[("one.tld.", INCIDENT_FAILURES)] } else { &[] };
            assert_eq!(reported, expected);
            // Without further failures, the time between the first and the last failure stays the same.
            tokio::time::sleep(Duration::from_secs(60)).await;
            for (before, after) in zones.iter().zip(simulation.recorder().troubles().zones) {
                assert_eq!((after.span, after.ago), (before.span, before.ago + Duration::from_secs(60)));
            }
        });
    }
}
