//! Hosts whose clock is wrong at boot, and is set a little later.

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::prelude::ask;
use lab::server::Distance;
use lab::simulation::{Simulation, config_trusting, paused};
use lab::world::{Lab, ServerPlan};

use super::{TOP, ZONE, play_all};

fn played(title: &str, text: &str) -> (String, String) {
    (title.to_owned(), format!("{TOP}{ZONE}sign zone.tld.\n{text}"))
}

/// The signatures of the root zone show that the clock is slow. Names are then resolved without AD, so that the host can find a time
/// server.
#[test]
fn slow_clock_resolves_without_ad() {
    let untimed = "  rcode NOERROR\n  flags !ad\n  ede 5\n";
    let secure = "  rcode NOERROR\n  flags ad\n  ede none\n";
    play_all([
        played(
            "a month",
            &format!(
                "clock slow 720h\nask www.zone.tld. A +DO\n{untimed}ask www.zone.tld. A +DO\n{untimed}\
                 ask none.zone.tld. A +DO\n  rcode NXDOMAIN\n  flags !ad\n\
                 clock right\nask mail.zone.tld. A +DO\n{secure}advance 61s\nask www.zone.tld. A +DO\n{secure}"
            ),
        ),
        played("years", &format!("clock slow 400000h\nask www.zone.tld. A\n{untimed}")),
        played("half a day is borne", &format!("clock slow 12h\nask www.zone.tld. A +DO\n{secure}")),
        played(
            "unsigned zones too",
            "sign zone.tld. ds=none unsigned\nclock slow 720h\nask www.zone.tld. A\n  rcode NOERROR\n  flags !ad\n",
        ),
        played(
            "what was over when the root was signed is over",
            "sign zone.tld. expired\nclock slow 720h\nask www.zone.tld. A\n  rcode SERVFAIL\n  ede 7\n",
        ),
        played(
            "what does not fit does not fit",
            "sign zone.tld. wrong-key\nclock slow 720h\nask www.zone.tld. A\n  rcode SERVFAIL\n  ede 6\n",
        ),
    ]);
}

/// With a fast clock, a signature seems to have expired, and an attacker may have sent an old answer again. So the answer is bogus. When
/// the clock is set, resolverd discards this result.
#[test]
fn correcting_fast_clock_discards_bogus() {
    play_all([played(
        "a month",
        "clock fast 720h\nask www.zone.tld. A +DO\n  rcode SERVFAIL\n  ede 7\n\
         ask www.zone.tld. A +DO\n  rcode SERVFAIL\n  ede 7\n  packets 0\n\
         clock right\nask www.zone.tld. A +DO\n  rcode NOERROR\n  flags ad\n",
    )]);
}

/// Signatures of other zones than the root must never make a correct clock count as slow.
#[test]
fn correct_clock_is_not_called_slow() {
    play_all([
        (
            "a zone that signs ahead".to_owned(),
            format!(
                "{TOP}{ZONE}sign tld. not-yet-valid\nsign zone.tld. not-yet-valid\nask www.zone.tld. A\n  rcode SERVFAIL\n  ede 8\n"
            ),
        ),
        (
            "a root that has run out".to_owned(),
            format!(
                "{TOP}{ZONE}sign . expired\nsign zone.tld.\nask www.zone.tld. A\n  rcode SERVFAIL\n  ede 7\n"
            ),
        ),
    ]);
}

/// Returns a lab with an unsigned zone below a signed TLD. The zone has a near and a distant server.
fn unsigned_zone() -> Arc<Lab> {
    let mut tree = Tree::default();
    let servers = [("a.root", 10), ("ns.tld", 10), ("near.zone.tld", 10), ("far.zone.tld", 200)];
    for (last, (server, distance)) in (1..).zip(servers) {
        let mut plan = ServerPlan::new(server, vec![[127, 0, 0, last].into()]);
        plan.distance = Distance::steady(Duration::from_millis(distance));
        tree.server(plan).unwrap();
    }
    for (zone, servers) in [(".", &servers[..1]), ("tld.", &servers[1..2]), ("zone.tld.", &servers[2..])] {
        let servers: Vec<String> = servers.iter().map(|(server, _)| (*server).to_owned()).collect();
        tree.zone(zone, &servers, "*.x 60 A 10.0.0.1\n").unwrap();
    }
    for zone in [".", "tld."] {
        tree.sign(zone, Some("".parse().unwrap())).unwrap();
    }
    Arc::new(tree.build().unwrap())
}

/// The clock is fast, so the proof that the zone is unsigned seems to have expired, and the answer of the near server counts as bogus. The clock is
/// set right while the distant server is queried. This server denies the name without AA. Such a denial is believed only if all servers give it. The
/// near server gave an answer, so the client must get SERVFAIL.
#[test]
fn denial_without_aa_loses_to_bogus() {
    paused(async {
        let lab = unsigned_zone();
        let simulation = Simulation::new(lab.clone(), config_trusting(&lab), 1);
        for number in 0..8 {
            let reply = ask(&simulation, &format!("n{number}.x.zone.tld."), RecordType::A).await;
            assert_eq!(reply.message.answers.len(), 1, "{:#?}", reply.steps);
        }
        // After this time, the proof that the zone is unsigned has left the cache.
        tokio::time::sleep(Duration::from_secs(400)).await;
        lab.server("far.zone.tld").unwrap().set_faults(&[Fault::CatchAll, Fault::NoAa]);
        simulation.clock().set_wrong_by(720 * 3_600);
        let asked = ask(&simulation, "www.x.zone.tld.", RecordType::A);
        let set = async {
            tokio::time::sleep(Duration::from_millis(150)).await;
            simulation.clock().set_wrong_by(0);
            ask(&simulation, "www.x.tld.", RecordType::A).await;
        };
        let (reply, ()) = tokio::join!(asked, set);
        assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail, "{:#?}", reply.steps);
        // The failure is cached for 30 s.
        tokio::time::sleep(Duration::from_secs(31)).await;
        let reply = ask(&simulation, "www.x.zone.tld.", RecordType::A).await;
        assert_eq!(reply.message.answers.len(), 1, "{:#?}", reply.steps);
    });
}
