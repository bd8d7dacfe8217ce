//! A client must get its answer even if background work for its question panics.

use std::sync::Arc;
use std::time::Duration;

use dns::question::{ExtendedError, Outcome};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::prelude::ask;
use lab::simulation::{Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};

fn lab() -> Arc<Lab> {
    let mut tree = Tree::default();
    for (server, last) in [("a.root", 1), ("ns1.tld", 2), ("ns2.tld", 3)] {
        tree.server(ServerPlan::new(server, vec![[127, 0, 0, last].into()])).unwrap();
    }
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone(
        "tld.",
        &["ns1.tld".to_owned(), "ns2.tld".to_owned()],
        "www 60 A 10.0.0.1\nmail 60 A 10.0.0.2\n",
    )
    .unwrap();
    Arc::new(tree.build().unwrap())
}

// A panic in a flight fails only this query and is not cached.
#[test]
fn panicked_flight_is_servfail_without_overload() {
    paused(async {
        let lab = lab();
        let config = config_for(&lab);
        let simulation = Simulation::new(lab, config, 1);
        simulation.resolver().strike_flights().order(1);
        let reply = ask(&simulation, "www.tld.", RecordType::A).await;
        assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail);
        let error = reply.extended_error.unwrap();
        assert_eq!((reply.outcome, error.code), (Outcome::Crashed, ExtendedError::OTHER));
        assert!(error.text.contains("crashed"), "{}", error.text);
        let reply = ask(&simulation, "www.tld.", RecordType::A).await;
        assert_eq!(reply.message.answers.len(), 1, "it is not remembered");
    });
}

#[test]
fn panic_in_silence_count_keeps_answer() {
    paused(async {
        let lab = lab();
        lab.server("ns2.tld").unwrap().set_faults(&[Fault::Slow(Duration::from_secs(2))]);
        let config = config_for(&lab);
        let simulation = Simulation::new(lab, config, 1);
        ask(&simulation, "www.none.", RecordType::A).await;
        simulation.network().set_unroutable([127, 0, 0, 2].into());
        let strike = simulation.resolver().strike_silences();
        // The future that counts queries without a reply panics in its second poll.
        strike.order(2);
        let reply = ask(&simulation, "www.tld.", RecordType::A).await;
        assert!(!strike.is_ordered(), "no silence was counted");
        assert_eq!(reply.message.metadata.response_code, ResponseCode::NoError, "{:?}", reply.extended_error);
    });
}

#[test]
fn panic_during_root_priming_keeps_answer() {
    paused(async {
        let lab = lab();
        let mut config = config_for(&lab);
        config.cache.max_ttl = Duration::from_secs(3_600);
        config.cache.prefetch = false;
        let simulation = Simulation::new(lab, config, 1);
        ask(&simulation, "www.tld.", RecordType::A).await;
        tokio::time::sleep(Duration::from_secs(3_300)).await;
        let strike = simulation.resolver().strike_silences();
        strike.order(1);
        let reply = ask(&simulation, "mail.tld.", RecordType::A).await;
        assert!(!strike.is_ordered(), "the root was not primed again");
        assert_eq!(reply.message.metadata.response_code, ResponseCode::NoError, "{:?}", reply.extended_error);
    });
}
