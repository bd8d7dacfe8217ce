//! Log lines about single incidents, and the output of `resolverctl` at the same time.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_proto::rr::{Name, RecordType};

use crate::night::log::{Line, lines};
use crate::night::tell;
use config::{ConfiguredZone, Forwarder, ZoneKind};
use control::health::judge;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::prelude::name;
use lab::simulation::{Flags, Simulation, config_trusting};
use lab::world::{Lab, ServerPlan};
use record::Window;

/// A TLD on two servers, and domains with two servers each.
fn lab(domains: u8, signed: bool) -> Lab {
    let mut tree = Tree::default();
    let zone = |tree: &mut Tree, zone: &str, net: u8, number: u8, text: &str| {
        let servers: Vec<String> = [1, 2].map(|server| format!("ns{server}.{zone}")).to_vec();
        for (place, server) in (1_u8..).zip(&servers) {
            tree.server(ServerPlan::new(server, vec![IpAddr::from([192, net + number, number, place])]))
                .unwrap();
        }
        tree.zone(zone, &servers, text).unwrap();
    };
    let roots = ["a.root", "b.root"].map(str::to_owned);
    for (place, root) in (1_u8..).zip(&roots) {
        tree.server(ServerPlan::new(root, vec![IpAddr::from([192, 0, 2, place])])).unwrap();
    }
    tree.zone(".", &roots, "").unwrap();
    zone(&mut tree, "tld", 0, 3, "");
    for number in 0..domains {
        zone(&mut tree, &format!("d{number}.tld"), 1, number, "$TTL 60\n@ MX 10 mail\n* A 198.18.0.1\n");
    }
    tree.sign(".", Some("".parse().unwrap())).unwrap();
    tree.sign("tld", Some("".parse().unwrap())).unwrap();
    if signed {
        tree.sign("d0.tld", Some("".parse().unwrap())).unwrap();
    }
    tree.build().unwrap()
}

fn simulation(lab: Lab) -> Simulation {
    let lab = Arc::new(lab);
    let config = config_trusting(&lab);
    Simulation::new(lab, config, 1)
}

fn set_faults(simulation: &Simulation, domain: &str, faults: &[Fault]) {
    for server in ["ns1", "ns2"] {
        simulation.lab().server(&format!("{server}.{domain}")).unwrap().set_faults(faults);
    }
}

/// Asks for new names of a domain, one every ten seconds. Returns for each name whether there was an answer.
async fn ask(simulation: &Simulation, domain: &str, numbers: std::ops::Range<u32>) -> Vec<bool> {
    let mut answered = Vec::new();
    for number in numbers {
        let reply = simulation.ask(&name(&format!("h{number}.{domain}.")), RecordType::A).await.unwrap();
        answered.push(!reply.message.answers.is_empty());
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    answered
}

fn problems(simulation: &Simulation) -> Vec<String> {
    let recorder = simulation.recorder();
    let warnings = judge(&recorder.report(Window::FiveMinutes), None, &recorder.troubles(), &BTreeSet::new());
    warnings.into_iter().map(|warning| warning.problem).collect()
}

fn told<'a>(lines: &'a [Line], incident: &str) -> Vec<&'a Line> {
    lines.iter().filter(|line| line.is(incident)).collect()
}

// One dead domain at an idle gateway is no outage of the own network.
#[test]
fn idle_gateway_blames_dead_domain() {
    let lines = lines(|| async {
        let simulation = simulation(lab(1, false));
        let _tended = simulation.tend();
        assert_eq!(ask(&simulation, "d0.tld", 0..1).await, [true]);
        set_faults(&simulation, "d0.tld", &[Fault::Dead]);
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        ask(&simulation, "d0.tld", 1..8).await;
        let problems = problems(&simulation);
        assert!(problems.iter().any(|problem| problem.contains(" for zone d0.tld. failed ")), "{problems:?}");
        assert!(!problems.iter().any(|problem| problem.contains("on the internet")), "{problems:?}");
        set_faults(&simulation, "d0.tld", &[]);
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(ask(&simulation, "d0.tld", 8..9).await, [true]);
        assert_eq!(simulation.recorder().troubles().zones, []);
    });
    assert_eq!(told(&lines, "zone_fails").len(), 1, "{lines:#?}");
    assert_eq!((told(&lines, "zone_answers").len(), lines.len()), (1, 2), "{lines:#?}");
}

// A separate fault of one domain keeps its own lines.
#[test]
fn short_outage_has_two_log_lines() {
    for silent in [true, false] {
        let lines = lines(|| async {
            let simulation = simulation(lab(200, false));
            let _tended = simulation.tend();
            let tells = tell(&simulation);
            let ask = async |round: u32| {
                let names = (0..200).map(|number| name(&format!("r{round}.d{number}.tld.")));
                let names: Vec<Name> = names.collect();
                join_all(names.iter().map(|name| simulation.ask(name, RecordType::A))).await;
            };
            for round in 0..3 {
                ask(round).await;
                tokio::time::sleep(Duration::from_secs(20)).await;
            }
            let set_down = |down: bool| {
                if silent {
                    simulation.network().set_loss(if down { 1_000 } else { 0 });
                    simulation.network().set_stream_loss(if down { 1_000 } else { 0 });
                } else {
                    simulation.network().set_down(down);
                }
            };
            // The fault of this domain is independent of the outage of the network.
            set_faults(&simulation, "d7.tld", &[Fault::Refused]);
            set_down(true);
            let rounds = async {
                let waits = (3..10).map(|round| async move {
                    tokio::time::sleep(Duration::from_secs((round - 3).into())).await;
                    round
                });
                join_all(waits.map(async |wait| ask(wait.await).await)).await;
            };
            let outage = async {
                tokio::time::sleep(Duration::from_secs(7)).await;
                set_down(false);
            };
            tokio::join!(rounds, outage);
            tokio::time::sleep(Duration::from_secs(20)).await;
            for round in 20..24 {
                ask(round).await;
                tokio::time::sleep(Duration::from_secs(20)).await;
            }
            tells.abort();
        });
        let zones: Vec<&str> = told(&lines, "zone_fails").iter().filter_map(|line| line.zone()).collect();
        assert_eq!(zones, ["d7.tld"], "silent: {silent}");
        assert_eq!((told(&lines, "network_down").len(), told(&lines, "network_up").len()), (1, 1));
        let failed: Vec<&str> = told(&lines, "query_failed").iter().filter_map(|line| line.zone()).collect();
        assert_eq!((failed, lines.len()), (vec!["d7.tld"], 4), "{lines:#?}");
    }
}

#[test]
fn packet_loss_on_all_paths_logged() {
    let lines = lines(|| async {
        let simulation = simulation(lab(12, false));
        let _tended = simulation.tend();
        let minutes = |from: u32, count: u32| {
            let simulation = &simulation;
            async move {
                for round in (from..from + count).map(|minute| minute * 10) {
                    let domains: Vec<String> = (0..12).map(|number| format!("d{number}.tld")).collect();
                    join_all(domains.iter().map(|domain| ask(simulation, domain, round..round + 10))).await;
                }
            }
        };
        minutes(0, 3).await;
        set_faults(&simulation, "d7.tld", &[Fault::Dead]);
        minutes(3, 3).await;
        assert!(!problems(&simulation).iter().any(|problem| problem.contains("loses packets")));
        simulation.network().set_loss(200);
        minutes(6, 3).await;
        let found = problems(&simulation);
        let begin = "The network of this host loses packets since ";
        assert!(found.iter().any(|problem| problem.starts_with(begin)), "{found:?}");
        simulation.network().set_loss(0);
        minutes(9, 3).await;
        assert!(!problems(&simulation).iter().any(|problem| problem.contains("loses packets")));
    });
    assert_eq!((told(&lines, "network_lossy").len(), told(&lines, "network_loss_ends").len()), (1, 1));
    let zones: Vec<&str> = told(&lines, "zone_fails").iter().filter_map(|line| line.zone()).collect();
    assert_eq!(zones, ["d7.tld"]);
}

#[test]
fn reload_to_forwarding_ends_outage() {
    let lines = lines(|| async {
        let simulation = simulation(lab(1, false));
        let _tended = simulation.tend();
        simulation.network().set_down(true);
        ask(&simulation, "d0.tld", 0..2).await;
        assert!(problems(&simulation).iter().any(|problem| problem.contains("on the internet")));
        simulation.network().set_down(false);
        set_faults(&simulation, "d0.tld", &[Fault::Recursive]);
        let mut config = config_trusting(simulation.lab());
        config.dnssec.validate = false;
        config.zones = vec![ConfiguredZone {
            name: name("."),
            kind: ZoneKind::Forward(vec![Forwarder {
                address: ([192, 1, 0, 1], 53).into(),
                encryption: None,
            }]),
            ..ConfiguredZone::default()
        }];
        simulation.reload(config).await;
        assert_eq!(ask(&simulation, "d0.tld", 2..5).await, [true; 3]);
        assert_eq!(problems(&simulation), [""; 0], "no server of the internet is asked");
        let sent = simulation.lab().log().take();
        assert!(sent.iter().all(|sent| !sent.server.ends_with("root")), "{sent:#?}");
    });
    assert_eq!((told(&lines, "network_down").len(), lines.len()), (1, 1), "{lines:#?}");
}

#[test]
fn cd_answers_do_not_end_bogus() {
    let lines = lines(|| async {
        let simulation = simulation(lab(1, true));
        let _tended = simulation.tend();
        assert_eq!(ask(&simulation, "d0.tld", 0..1).await, [true]);
        set_faults(&simulation, "d0.tld", &[Fault::BadSignatures]);
        for _ in 0..6 {
            let reply = simulation.ask(&name("d0.tld."), RecordType::MX).await.unwrap();
            assert!(reply.message.answers.is_empty());
            let flags = Flags { checking_disabled: true, ..Flags::default() };
            let reply = simulation.ask_with(&name("d0.tld."), RecordType::MX, flags).await.unwrap();
            assert!(!reply.message.answers.is_empty(), "with CD it is given");
            tokio::time::sleep(Duration::from_secs(31)).await;
        }
        let rows = simulation.recorder().by_zone(Window::FiveMinutes);
        let row = rows.iter().find(|row| row.zone == "d0.tld.").unwrap();
        assert!(row.verdict.contains(" bogus"), "{}", row.verdict);
        let servers = simulation.recorder().by_server(Window::FiveMinutes);
        assert!(servers.iter().any(|row| row.verdict.contains(" bogus")), "{servers:#?}");
        let problems = problems(&simulation);
        assert!(
            matches!(problems.as_slice(), [only] if only.contains(" for zone d0.tld. failed ")),
            "{problems:?}"
        );
        set_faults(&simulation, "d0.tld", &[]);
        tokio::time::sleep(Duration::from_secs(120)).await;
        let reply = simulation.ask(&name("d0.tld."), RecordType::MX).await.unwrap();
        assert!(!reply.message.answers.is_empty(), "{:#?}", reply.steps);
    });
    let [begin, end] = lines.as_slice() else { panic!("{lines:#?}") };
    assert!(begin.is("zone_fails") && begin.text.contains("bogus"), "{begin:?}");
    assert!(end.is("zone_answers"), "{end:?}");
}
