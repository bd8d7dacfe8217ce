//! Many questions for a zone whose servers are dead: the resolutions and the queries to servers that they cause, and the time of answers from
//! other zones.

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::server::Distance;
use lab::simulation::{SimulatedReply, Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};
use tokio::task::JoinSet;

/// The pause between two questions for the dead zone, so that there are a hundred per second.
const BETWEEN: Duration = Duration::from_millis(10);

/// To send these questions takes twenty seconds.
const QUESTIONS: u32 = 2_000;

/// Two zones have two servers each. The servers of one zone are dead.
fn lab() -> Arc<Lab> {
    let mut tree = Tree::default();
    let dead = &[Fault::Dead][..];
    let servers: [(&str, u8, u64, &[Fault]); 6] = [
        ("a.root", 1, 10, &[]),
        ("ns.tld", 2, 10, &[]),
        ("ns1.well.tld", 3, 20, &[]),
        ("ns2.well.tld", 4, 40, &[]),
        ("ns1.dead.tld", 5, 30, dead),
        ("ns2.dead.tld", 6, 30, dead),
    ];
    for (name, last, millis, faults) in servers {
        let mut plan = ServerPlan::new(name, vec![[127, 0, 0, last].into()]);
        plan.distance = Distance::steady(Duration::from_millis(millis));
        plan.faults = faults.to_vec();
        tree.server(plan).unwrap();
    }
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone("tld.", &["ns.tld".to_owned()], "").unwrap();
    for zone in ["well.tld.", "dead.tld."] {
        let servers = [1, 2].map(|number| format!("ns{number}.{}", zone.trim_end_matches('.')));
        tree.zone(zone, &servers, "* 300 A 10.0.0.1\n").unwrap();
    }
    Arc::new(tree.build().unwrap())
}

async fn ask(simulation: &Simulation, number: u32, zone: &str) -> SimulatedReply {
    let name = Name::from_ascii(format!("host{number}.{zone}")).unwrap();
    simulation.ask(&name, RecordType::A).await.unwrap()
}

// A hundred queries per second go to a zone whose servers are dead.
#[test]
fn flood_for_dead_zone_delays_nobody() {
    let lab = lab();
    paused(async {
        let simulation = Arc::new(Simulation::new(lab.clone(), config_for(&lab), 1));
        for number in 0..20 {
            ask(&simulation, number, "well.tld.").await;
        }
        let mut crowd = JoinSet::new();
        let (mut flights, mut slowest) = (0, Duration::ZERO);
        for number in 0..QUESTIONS {
            let one = Arc::clone(&simulation);
            crowd.spawn(async move { ask(&one, number, "dead.tld.").await });
            tokio::time::sleep(BETWEEN).await;
            flights = flights.max(simulation.resolver().flights());
            if number % 10 == 0 {
                let well = ask(&simulation, 1_000 + number, "well.tld.").await;
                assert_eq!(well.message.metadata.response_code, ResponseCode::NoError);
                slowest = slowest.max(well.elapsed);
            }
        }
        assert_eq!(slowest, Duration::from_millis(20));
        let messages = lab.log().count("ns1.dead.tld") + lab.log().count("ns2.dead.tld");
        assert!(flights <= 400, "{flights} flights at once");
        assert!(messages <= 3 * u64::from(QUESTIONS), "{messages} messages");
        // The server that answered before stops answering. The next answer takes the timer of this server plus the round trip of the other one.
        lab.server("ns1.well.tld").unwrap().set_faults(&[Fault::Dead]);
        let hedged = ask(&simulation, 9_000, "well.tld.").await;
        assert!(hedged.elapsed <= Duration::from_millis(75), "{:?}: {:#?}", hedged.elapsed, hedged.steps);
        while crowd.join_next().await.is_some() {}
    });
}
