//! Truncated answers that are fetched over TCP. Many queries at the same time must share one connection, and none may wait for the others.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_proto::rr::{Name, RecordType};
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::server::Distance;
use lab::simulation::{Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};

/// The server of the zone has the faults `faults`, and is 30 ms away.
fn lab(faults: &[Fault]) -> Arc<Lab> {
    let mut tree = Tree::default();
    for (name, last, faults) in [("a.root", 1, &[] as &[Fault]), ("ns.tld", 2, faults)] {
        let mut plan = ServerPlan::new(name, vec![[127, 0, 0, last].into()]);
        plan.distance = Distance::steady(Duration::from_millis(30));
        plan.faults = faults.to_vec();
        tree.server(plan).unwrap();
    }
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone("tld.", &["ns.tld".to_owned()], "* 300 A 10.0.0.1\n").unwrap();
    Arc::new(tree.build().unwrap())
}

/// Asks for these names at the same time. All must be answered. Returns the longest time.
async fn ask_at_once(simulation: &Simulation, names: std::ops::Range<u32>) -> Duration {
    let asked = names.map(|number| async move {
        let name = Name::from_ascii(format!("host{number}.tld.")).unwrap();
        let reply = simulation.ask(&name, RecordType::A).await.unwrap();
        assert_eq!(reply.message.answers.len(), 1, "{:#?}", reply.steps);
        reply.elapsed
    });
    join_all(asked).await.into_iter().max().unwrap()
}

#[test]
fn truncated_answers_share_tcp_connection() {
    let lab = lab(&[Fault::AlwaysTruncates]);
    paused(async {
        let simulation = Simulation::new(lab.clone(), config_for(&lab), 1);
        // The round trips: the priming query, the root, the question over UDP, the TCP handshake, and the question over TCP.
        assert_eq!(ask_at_once(&simulation, 0..1).await, Duration::from_millis(5 * 30));
        assert_eq!(
            ask_at_once(&simulation, 1..61).await,
            Duration::from_millis(2 * 30),
            "the connection is kept"
        );
    });
}

#[test]
fn tcp_closing_server_answers_all() {
    let lab = lab(&[Fault::AlwaysTruncates, Fault::ClosesTcp]);
    paused(async {
        let simulation = Simulation::new(lab.clone(), config_for(&lab), 1);
        assert!(ask_at_once(&simulation, 0..40).await < Duration::from_millis(500));
    });
}
