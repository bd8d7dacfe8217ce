//! resolverd must not have the faults that the recursive resolver of Hickory DNS 0.26 shows with usual mail. Many seeds are
//! used if the result depends on random numbers.

use std::sync::Arc;
use std::time::Duration;

use dns::question::Outcome;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::prelude::ask;
use lab::server::Distance;
use lab::simulation::{Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};

/// The number of runs of each test, because the server that is asked first is chosen at random.
const SEEDS: u64 = 20;

/// one.tld. is on ns1 and ns2, each with its faults and its round trip in milliseconds.
fn lab(first: (&[Fault], u64), second: (&[Fault], u64)) -> Arc<Lab> {
    let mut tree = Tree::default();
    let servers = [
        ("a.root", [127, 0, 0, 1], (&[] as &[Fault], 10)),
        ("ns.tld", [127, 0, 0, 2], (&[], 10)),
        ("ns1.one.tld", [127, 0, 1, 1], first),
        ("ns2.one.tld", [127, 0, 1, 2], second),
    ];
    for (name, address, (faults, millis)) in servers {
        let mut plan = ServerPlan::new(name, vec![address.into()]);
        plan.distance = Distance::steady(Duration::from_millis(millis));
        plan.faults = faults.to_vec();
        tree.server(plan).unwrap();
    }
    let text: String = (0..8).map(|number| format!("host{number} 300 A 10.0.0.{number}\n")).collect();
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone("tld.", &["ns.tld".to_owned()], "").unwrap();
    tree.zone("one.tld.", &["ns1.one.tld".to_owned(), "ns2.one.tld".to_owned()], &text).unwrap();
    Arc::new(tree.build().unwrap())
}

fn simulation(lab: &Arc<Lab>, race: bool, seed: u64) -> Simulation {
    let mut config = config_for(lab);
    config.resolve.race = race;
    Simulation::new(lab.clone(), config, seed)
}

/// Asks for host0 to host7. All must be answered. Returns the longest time.
async fn ask_eight(simulation: &Simulation) -> Duration {
    let mut longest = Duration::ZERO;
    for number in 0..8 {
        let reply = ask(simulation, &format!("host{number}.one.tld."), RecordType::A).await;
        assert_eq!(reply.message.answers.len(), 1, "{:#?}", reply.steps);
        longest = longest.max(reply.elapsed);
    }
    longest
}

#[test]
fn f1_error_of_server_tries_next() {
    for fault in [Fault::Refused, Fault::ServFail, Fault::NoEdns, Fault::UpwardReferral, Fault::LameEmpty] {
        for (seed, race) in (0..SEEDS).flat_map(|seed| [(seed, true), (seed, false)]) {
            let lab = lab((&[fault], 20), (&[], 20));
            paused(async { ask_eight(&simulation(&lab, race, seed)).await });
        }
    }
}

// A denial does not count as a failure of the server.
#[test]
fn f2_lame_server_is_not_preferred() {
    for seed in 0..SEEDS {
        let lab = lab((&[Fault::Refused], 5), (&[], 40));
        paused(async {
            let simulation = simulation(&lab, false, seed);
            for number in 0..20 {
                let reply = ask(&simulation, &format!("none{number}.one.tld."), RecordType::A).await;
                assert_eq!(reply.message.metadata.response_code, ResponseCode::NXDomain);
            }
        });
        assert!(
            lab.log().count("ns1.one.tld") <= 2,
            "{} messages to the lame one",
            lab.log().count("ns1.one.tld")
        );
        // The server gets one query for each of the 20 names. It has denied the first eight names, and has never given an answer for a name
        // in mixed case, so resolverd repeats these eight queries in lower case.
        assert_eq!(lab.log().count("ns2.one.tld"), 28);
    }
}

#[test]
fn f3_dead_server_delays_little() {
    for (seed, race) in (0..SEEDS).flat_map(|seed| [(seed, true), (seed, false)]) {
        let lab = lab((&[Fault::Dead], 20), (&[], 20));
        let longest = paused(async { ask_eight(&simulation(&lab, race, seed)).await });
        assert!(longest < Duration::from_millis(600), "{longest:?} with race {race}");
    }
}

#[test]
fn f4_known_server_precedes_unknown() {
    for seed in 0..SEEDS {
        let lab = lab((&[], 20), (&[], 20));
        paused(async {
            let simulation = simulation(&lab, false, seed);
            ask(&simulation, "host0.one.tld.", RecordType::A).await;
            let known = if lab.log().count("ns1.one.tld") == 1 { "ns1.one.tld" } else { "ns2.one.tld" };
            let unknown = if known == "ns1.one.tld" { "ns2.one.tld" } else { "ns1.one.tld" };
            lab.server(unknown).unwrap().set_faults(&[Fault::Dead]);
            let before = lab.log().count(known);
            let reply = ask(&simulation, "host1.one.tld.", RecordType::A).await;
            assert_eq!(reply.elapsed, Duration::from_millis(20));
            assert_eq!(lab.log().count(known), before + 1);
        });
    }
}

#[test]
fn f5_reverse_names_of_ipv6_resolve() {
    let name = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.1.0.0.2.ip6.arpa.";
    let mut tree = Tree::default();
    for (server, last) in [("a.root", 1), ("ns.arpa", 2)] {
        tree.server(ServerPlan::new(server, vec![[127, 0, 0, last].into()])).unwrap();
    }
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone("arpa.", &["ns.arpa".to_owned()], &format!("{name} PTR mail.example.\n")).unwrap();
    let lab = Arc::new(tree.build().unwrap());
    let reply = paused(async { ask(&simulation(&lab, true, 1), name, RecordType::PTR).await });
    assert_eq!(reply.message.answers.len(), 1);
    assert!(lab.log().total() <= 6, "{} messages", lab.log().total());
}

#[test]
fn f6_denied_non_terminal_hides_nothing() {
    let mut tree = Tree::default();
    for (server, last) in [("a.root", 1), ("ns.list", 2)] {
        tree.server(ServerPlan::new(server, vec![[127, 0, 0, last].into()])).unwrap();
    }
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone("list.", &["ns.list".to_owned()], "2.0.0.127 60 A 127.0.0.2\n").unwrap();
    let lab = Arc::new(tree.build().unwrap());
    lab.server("ns.list").unwrap().set_faults(&[Fault::NxdomainOnEmptyNonTerminals]);
    paused(async {
        let simulation = simulation(&lab, true, 1);
        for denied in ["127.list.", "0.127.list.", "0.0.127.list."] {
            let reply = ask(&simulation, denied, RecordType::A).await;
            assert_eq!(reply.message.metadata.response_code, ResponseCode::NXDomain);
        }
        let reply = ask(&simulation, "2.0.0.127.list.", RecordType::A).await;
        assert_eq!(reply.message.answers.len(), 1);
    });
}

// The answer is reused until its TTL has ended.
#[test]
fn f7_f9_answer_is_reused() {
    let lab = lab((&[], 20), (&[], 20));
    paused(async {
        let simulation = simulation(&lab, true, 1);
        ask(&simulation, "host1.one.tld.", RecordType::A).await;
        let sent = lab.log().total();
        for _ in 0..10 {
            let reply = ask(&simulation, "host1.one.tld.", RecordType::A).await;
            assert_eq!(reply.outcome, Outcome::Cache);
            tokio::time::sleep(Duration::from_secs(29)).await;
        }
        assert_eq!(lab.log().total(), sent);
        tokio::time::sleep(Duration::from_secs(11)).await;
        let reply = ask(&simulation, "host1.one.tld.", RecordType::A).await;
        assert_eq!(reply.outcome, Outcome::Upstream);
    });
}

#[test]
fn f8_a_failure_is_remembered() {
    let lab = lab((&[Fault::ServFail], 20), (&[Fault::ServFail], 20));
    paused(async {
        let simulation = simulation(&lab, true, 1);
        let reply = ask(&simulation, "host1.one.tld.", RecordType::A).await;
        assert_eq!(reply.outcome, Outcome::Failed);
        let sent = lab.log().total();
        let reply = ask(&simulation, "host1.one.tld.", RecordType::A).await;
        assert_eq!((reply.outcome, lab.log().total()), (Outcome::Remembered, sent));
    });
}

#[test]
fn f10_raced_error_loses_to_answer() {
    for seed in 0..SEEDS {
        let lab = lab((&[Fault::Refused], 2), (&[], 80));
        let reply =
            paused(async { ask(&simulation(&lab, true, seed), "host1.one.tld.", RecordType::A).await });
        assert_eq!(reply.message.answers.len(), 1, "seed {seed}");
    }
}
