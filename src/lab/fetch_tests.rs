//! Tests: several questions share a fetch of DNSSEC keys, even if the fetch is cancelled, or the question that began it has used up its
//! queries.

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::Name;

use super::delegations::Tree;
use super::server::Distance;
use super::simulation::{Simulation, config_trusting, paused};
use super::world::ServerPlan;
use dns::question::ViewId;
use record::limits::FLIGHT_TIME;
use resolver::iterate::context::Context;
use resolver::iterate::failure::Failure;
use resolver::iterate::flight_progress::FlightProgress;
use resolver::limits::MAX_PACKETS_PER_QUESTION;

const ROUND_TRIP: Duration = Duration::from_millis(40);

fn simulation() -> Simulation {
    let mut tree = Tree::default();
    for (last, (zone, server)) in (1..).zip([(".", "a.root"), ("zone.", "ns.zone")]) {
        let mut plan = ServerPlan::new(server, vec![[127, 0, 0, last].into()]);
        plan.distance = Distance::steady(ROUND_TRIP);
        tree.server(plan).unwrap();
        tree.zone(zone, &[server.to_owned()], "").unwrap();
        tree.sign(zone, Some("".parse().unwrap())).unwrap();
    }
    let lab = Arc::new(tree.build().unwrap());
    let config = config_trusting(&lab);
    Simulation::new(lab, config, 1)
}

fn context(simulation: &Simulation) -> Context {
    let view = simulation.resolver().views().get(ViewId::default()).cloned().unwrap();
    Context::new(Arc::new(FlightProgress::new(simulation.clock())), view)
}

/// The question `spent` may send only one more query. It begins a fetch of DNSSEC keys and therefore fails. A second question waits for the same
/// fetch, and must get the keys. Returns the failure of `spent`.
async fn joined(simulation: &Simulation, spent: &Context) -> Failure {
    let zone = Name::from_ascii("zone.").unwrap();
    let (keys, fresh) = (simulation.resolver().key_fetches(&zone), context(simulation));
    let begun = keys.begin(spent).unwrap();
    let (begun, own) = tokio::join!(begun, keys.fetch(&fresh));
    assert!(own.unwrap());
    assert!(fresh.budget.packets() > 0, "at its own cost");
    begun.unwrap().unwrap_err()
}

#[test]
fn panicked_key_fetch_frees_waiters() {
    paused(async {
        let simulation = simulation();
        let zone = Name::from_ascii("zone.").unwrap();
        let (keys, context) = (simulation.resolver().key_fetches(&zone), context(&simulation));
        let held = keys.hold(&context).expect("nobody fetches yet");
        let broken = tokio::spawn(async move {
            tokio::time::sleep(ROUND_TRIP).await;
            let _held = held;
            panic!("of the test");
        });
        // Both questions wait for the fetch. When the fetch has panicked, each question fetches the keys itself.
        let (one, other) = tokio::join!(keys.fetch(&context), keys.fetch(&context));
        assert!(broken.await.unwrap_err().is_panic());
        assert!(one.unwrap() && other.unwrap());
        assert!(!keys.is_fetching(&context));
        assert!(keys.hold(&context).is_some());
    });
}

// The question that began the fetch runs out of queries or time; the joined one gets the keys.
#[test]
fn key_fetch_joiner_survives_failed_beginner() {
    paused(async {
        let simulation = simulation();
        let spent = context(&simulation);
        while spent.budget.packets() + 1 < MAX_PACKETS_PER_QUESTION {
            assert!(spent.budget.take());
        }
        let failure = joined(&simulation, &spent).await;
        assert!(matches!(failure, Failure::Packets { .. }), "{failure}");
    });
    paused(async {
        let simulation = simulation();
        let late = context(&simulation);
        tokio::time::sleep(FLIGHT_TIME - ROUND_TRIP / 2).await;
        let failure = joined(&simulation, &late).await;
        assert!(matches!(failure, Failure::Time { .. }), "{failure}");
    });
}
