//! After lost packets, resolverd must still query a signed zone with DO, and an answer must not become bogus.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::RecordType;

use lab::delegations::Tree;
use lab::prelude::ask_for_ad;
use lab::server::Distance;
use lab::simulation::{Simulation, config_trusting, paused};
use lab::world::ServerPlan;
use record::Window;

/// The number of datagrams per thousand that are lost: every second one.
const LOSS: u32 = 500;

#[test]
fn loss_makes_nothing_bogus() {
    let (mut secure, mut asked) = (0, 0);
    for seed in 0..12 {
        paused(async {
            let mut tree = Tree::default();
            for (last, (zone, server)) in (1..).zip([(".", "a.root"), ("zone.", "ns.zone")]) {
                let mut plan = ServerPlan::new(server, vec![IpAddr::from([127, 0, 0, last])]);
                let loss_per_mille = if zone == "." { 0 } else { LOSS };
                plan.distance = Distance { loss_per_mille, ..Distance::steady(Duration::from_millis(20)) };
                tree.server(plan).unwrap();
                tree.zone(zone, &[server.to_owned()], "*.x 60 A 10.0.0.1\n").unwrap();
                tree.sign(zone, Some("".parse().unwrap())).unwrap();
            }
            let lab = Arc::new(tree.build().unwrap());
            let simulation = Simulation::new(lab.clone(), config_trusting(&lab), seed);
            for number in 0..6 {
                let owner = format!("n{number}.x.zone.");
                let reply = ask_for_ad(&simulation, &owner, RecordType::A).await;
                asked += 1;
                secure += u32::from(reply.message.metadata.authentic_data);
                tokio::time::sleep(Duration::from_secs(70)).await;
            }
            let report = simulation.recorder().report(Window::Start);
            let counts: Vec<u64> = report.upstream.validated.values().copied().collect();
            assert_eq!(counts.get(1..3), Some([0, 0].as_slice()), "seed {seed}: insecure and bogus");
            let plain = lab.log().received().iter().any(|received| received.to_string().ends_with("plain"));
            assert!(!plain, "seed {seed}: asked without OPT");
        });
    }
    assert!(secure * 10 >= asked * 9, "{secure} of {asked} answers are secure");
}
