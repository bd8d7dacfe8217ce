//! The time of validation. If each zone has its own servers, validation takes no extra time, because the keys are fetched at the same time
//! as the answers. If a zone is on the servers of its parent, validation takes at most one round trip for each new zone cut.

use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use lab::delegations::Tree;
use lab::prelude::ask_for_ad;
use lab::server::Distance;
use lab::simulation::{Simulation, config_trusting, paused};
use lab::world::ServerPlan;

/// The zones from the root down, each with its server and the round trip time in milliseconds.
const DOWN: [(&str, &str, u64); 4] = [
    (".", "a.root", 10),
    ("tld.", "ns.tld", 20),
    ("zone.tld.", "ns.zone.tld", 40),
    ("deep.zone.tld.", "ns.deep.zone.tld", 80),
];

const TEXT: &str = "www 300 A 10.0.0.1\nmail 300 A 10.0.0.2\n*.wild 300 A 10.0.0.3\nalias 300 CNAME www\n";

fn simulation(words: &str, validate: bool) -> Simulation {
    let mut tree = Tree::default();
    for (place, (zone, server, distance)) in (1..).zip(DOWN) {
        let mut plan = ServerPlan::new(server, vec![[127, 0, 0, place].into()]);
        plan.distance = Distance::steady(Duration::from_millis(distance));
        tree.server(plan).unwrap();
        tree.zone(zone, &[server.to_owned()], TEXT).unwrap();
        tree.sign(zone, Some(words.parse().unwrap())).unwrap();
    }
    let lab = std::sync::Arc::new(tree.build().unwrap());
    let mut config = config_trusting(&lab);
    config.dnssec.validate = validate;
    config.resolve.race = false;
    Simulation::new(lab, config, 1)
}

/// Returns the times for a question with an empty cache: first with validation, then without it.
fn cold(words: &str, owner: &str, kind: RecordType) -> [Duration; 2] {
    [true, false].map(|validate| {
        paused(async {
            let simulation = simulation(words, validate);
            let reply = ask_for_ad(&simulation, owner, kind).await;
            assert_eq!(reply.message.metadata.authentic_data, validate, "{words} {owner} {:#?}", reply.steps);
            reply.elapsed
        })
    })
}

/// An answer may take this much longer with validation than without. The timers of the simulation count whole milliseconds, so each of its messages
/// may take up to one millisecond longer.
const TICKS: Duration = Duration::from_millis(6);

#[test]
fn cold_secure_answer_needs_no_wait() {
    for words in ["", "nsec3", "algorithm=8"] {
        for (owner, kind) in [
            ("www.deep.zone.tld.", RecordType::A),
            ("www.deep.zone.tld.", RecordType::MX),
            ("none.deep.zone.tld.", RecordType::A),
            ("x.wild.deep.zone.tld.", RecordType::A),
            ("alias.deep.zone.tld.", RecordType::A),
        ] {
            let [with, without] = cold(words, owner, kind);
            assert!(with <= without + TICKS, "{words} {owner} {kind}: {with:?} and {without:?} without");
            println!("{words} {owner} {kind}: {with:?}, without validation {without:?}");
        }
    }
}

/// The zone is on the servers of its parent, so no referral leads to it. resolverd queries its DS records and its keys at the same time.
#[test]
fn cut_without_referral_costs_round_trip() {
    let distance = Duration::from_millis(40);
    let [with, without] = [true, false].map(|validate| {
        paused(async {
            let mut tree = Tree::default();
            for (place, server) in (1..).zip(["a.root", "ns.zone"]) {
                let mut plan = ServerPlan::new(server, vec![[127, 0, 0, place].into()]);
                plan.distance = Distance::steady(distance);
                tree.server(plan).unwrap();
            }
            for (zone, server) in [(".", "a.root"), ("zone.", "ns.zone"), ("sub.zone.", "ns.zone")] {
                tree.zone(zone, &[server.to_owned()], TEXT).unwrap();
                tree.sign(zone, Some("".parse().unwrap())).unwrap();
            }
            let lab = std::sync::Arc::new(tree.build().unwrap());
            let mut config = config_trusting(&lab);
            config.dnssec.validate = validate;
            let simulation = Simulation::new(lab, config, 1);
            ask_for_ad(&simulation, "www.zone.", RecordType::A).await;
            let reply = ask_for_ad(&simulation, "www.sub.zone.", RecordType::A).await;
            assert_eq!(reply.message.metadata.authentic_data, validate, "{:#?}", reply.steps);
            reply.elapsed
        })
    });
    assert!(with <= without + distance + TICKS, "{with:?} and {without:?} without");
}

#[test]
fn a_warm_zone_costs_nothing() {
    paused(async {
        let simulation = simulation("nsec3", true);
        ask_for_ad(&simulation, "www.deep.zone.tld.", RecordType::A).await;
        simulation.lab().log().take();
        for (owner, kind, code) in [
            ("mail.deep.zone.tld.", RecordType::A, ResponseCode::NoError),
            ("mail.deep.zone.tld.", RecordType::MX, ResponseCode::NoError),
            ("none.deep.zone.tld.", RecordType::A, ResponseCode::NXDomain),
            ("y.wild.deep.zone.tld.", RecordType::A, ResponseCode::NoError),
        ] {
            let reply = ask_for_ad(&simulation, owner, kind).await;
            assert_eq!(reply.message.metadata.response_code, code, "{owner}");
            assert!(reply.message.metadata.authentic_data, "{owner} {:#?}", reply.steps);
            let sent = simulation.lab().log().take();
            assert_eq!(sent.len(), 1, "{owner} {sent:?}");
            // The timers of the simulation count whole milliseconds, so an answer may take one millisecond longer.
            let distance = Duration::from_millis(DOWN[3].2);
            assert!(reply.elapsed <= distance + Duration::from_millis(1), "{owner} took {:?}", reply.elapsed);
        }
        let reply = ask_for_ad(&simulation, "mail.deep.zone.tld.", RecordType::A).await;
        assert!(reply.message.metadata.authentic_data);
        assert_eq!((reply.elapsed, simulation.lab().log().take().len()), (Duration::ZERO, 0));
    });
}
