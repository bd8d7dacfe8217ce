//! Tests with hostile servers. As scenario files, these tests would be too long.

use std::sync::Arc;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RData, RecordType};
use lab::delegations::Tree;
use lab::distort::POISON;
use lab::fault::Fault;
use lab::simulation::{Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};

/// The number of addresses of the name. Each takes 16 octets in the answer, so the last third of them is in the second IP fragment.
const ADDRESSES: usize = 140;

fn lab(fault: Fault) -> Arc<Lab> {
    let mut tree = Tree::default();
    for (name, last) in [("a.root", 1), ("ns.tld", 2)] {
        tree.server(ServerPlan::new(name, vec![[127, 0, 0, last].into()])).unwrap();
    }
    let text: String = (0..ADDRESSES).map(|last| format!("many 300 A 10.0.0.{last}\n")).collect();
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone("tld.", &["ns.tld".to_owned()], &text).unwrap();
    let lab = Arc::new(tree.build().unwrap());
    lab.server("ns.tld").unwrap().set_faults(&[fault]);
    lab
}

#[test]
fn forged_tail_of_datagram_is_ignored() {
    let lab = lab(Fault::ForgedTail);
    let reply = paused(async {
        let simulation = Simulation::new(lab.clone(), config_for(&lab), 1);
        simulation.ask(&Name::from_ascii("many.tld.").unwrap(), RecordType::A).await.unwrap()
    });
    assert_eq!(reply.message.metadata.response_code, ResponseCode::NoError);
    assert_eq!(reply.message.answers.len(), ADDRESSES);
    assert!(reply.message.answers.iter().all(|record| record.data != RData::A(POISON)));
    let asked = lab.log().received();
    let asked: Vec<String> =
        asked.iter().filter(|it| &*it.server == "ns.tld").map(ToString::to_string).collect();
    assert_eq!(asked, ["ns.tld many.tld. A", "ns.tld many.tld. A tcp"]);
}

#[test]
fn the_lab_forges_tails_at_all() {
    let lab = lab(Fault::ForgedTail);
    let mut query = hickory_proto::op::Message::query();
    query.add_query(hickory_proto::op::Query::query(Name::from_ascii("many.tld.").unwrap(), RecordType::A));
    let random = dns::random::Random::seeded(1);
    let server = lab.server("ns.tld").unwrap();
    let (to, transport) = (server.addresses()[0], dns::conduct::Transport::Udp);
    let sending = lab::server::Sending { to, transport, at: dns::clock::Mono::START };
    let deliveries = server.respond(&query.to_vec().unwrap(), sending, &random);
    let message = hickory_proto::op::Message::from_vec(&deliveries[0].octets).unwrap();
    assert_eq!(message.answers.len(), ADDRESSES);
    let poisoned = message.answers.iter().filter(|record| record.data == RData::A(POISON)).count();
    assert!((40..60).contains(&poisoned), "{poisoned} forged");
}
