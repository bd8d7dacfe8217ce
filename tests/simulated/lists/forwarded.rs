//! DNS lists behind a forwarder. Its answers may come from its cache, so they do not show that it reaches the internet.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use tokio::task::JoinSet;

use super::stage::{LISTS, name, pass, question, sender};
use config::{ConfiguredZone, Forwarder, ZoneKind};
use dnsbl::entry::ListEntry;
use dnsbl::list_way::Way;
use dnsbl::state::ListState;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::server::Distance;
use lab::simulation::{SimulatedReply, Simulation, config_for, paused};
use lab::world::ServerPlan;

/// A DNS list that the forwarder cannot reach.
const BROKEN: &str = LISTS[3].0;

/// A resolver with a forwarder, which can answer for all DNS lists except `unknown`, and has some other names in its cache.
struct Office {
    simulation: Simulation,
    _tended: JoinSet<Infallible>,
}

impl Office {
    fn new(unknown: &[&str]) -> Self {
        let mut tree = Tree::default();
        let mut plan = |server: &str, last: u8, millis: u64| {
            let mut plan = ServerPlan::new(server, vec![IpAddr::from([192, 0, 2, last])]);
            plan.distance = Distance::steady(Duration::from_millis(millis));
            tree.server(plan).unwrap();
            [server.to_owned()]
        };
        let (root, office) = (plan("a.root", 1, 10), plan("forwarder", 2, 30));
        tree.zone(".", &root, "").unwrap();
        tree.zone("mail.example.", &office, "* 300 A 198.51.100.7\n").unwrap();
        for (apex, _) in LISTS.into_iter().filter(|(apex, _)| !unknown.contains(apex)) {
            tree.zone(apex, &office, "2.0.0.127 60 A 127.0.0.2\n").unwrap();
        }
        let lab = Arc::new(tree.build().unwrap());
        let mut config = config_for(&lab);
        config.zones = vec![ConfiguredZone {
            name: name("."),
            kind: ZoneKind::Forward(vec![Forwarder {
                address: ([192, 0, 2, 2], 53).into(),
                encryption: None,
            }]),
            ..ConfiguredZone::default()
        }];
        let simulation = Simulation::new(lab, config, 7);
        let tended = simulation.tend();
        Self { simulation, _tended: tended }
    }

    async fn ask(&self, text: &str) -> SimulatedReply {
        self.simulation.ask(&name(text), RecordType::A).await.unwrap()
    }

    /// Asks all DNS lists about a new address, and asks for a name in the cache of the forwarder.
    async fn message(&self, number: u32) {
        let (sender, memory) = (sender(number), format!("h{number}.mail.example."));
        let lists = LISTS.iter().map(|(apex, _)| question(sender, apex)).collect::<Vec<_>>();
        futures_util::future::join_all(lists.iter().map(|text| self.ask(text))).await;
        assert_eq!(self.ask(&memory).await.message.metadata.response_code, ResponseCode::NoError);
        pass(Duration::from_secs(1)).await;
    }

    fn entry(&self, apex: &str) -> Arc<ListEntry> {
        let way = Way::Forwarders(vec![([192, 0, 2, 2], 53).into()]);
        self.simulation.resolver().lists().entry(&name(apex), &way)
    }
}

// The forwarder has lost the internet, and answers from its cache.
#[test]
fn forwarder_cache_opens_no_breaker() {
    paused(async {
        let lists: Vec<&str> = LISTS.iter().map(|(apex, _)| *apex).collect();
        let office = Office::new(&lists);
        for number in 0..60 {
            office.message(number).await;
        }
        for (apex, _) in LISTS {
            assert_eq!(office.entry(apex).watch.open(), None, "{apex}");
        }
    });
}

// The other lists behind the forwarder are answered.
#[test]
fn failing_list_behind_forwarder_opens_breaker() {
    paused(async {
        let office = Office::new(&[BROKEN]);
        for number in 0..20 {
            office.message(number).await;
        }
        assert!(office.entry(BROKEN).watch.open().is_some());
        assert_eq!(office.entry(BROKEN).state(), ListState::Refusing);
        for (apex, _) in LISTS.into_iter().filter(|(apex, _)| *apex != BROKEN) {
            assert_eq!(office.entry(apex).watch.open(), None, "{apex}");
        }
    });
}

#[test]
fn silent_forwarder_opens_no_breaker() {
    paused(async {
        let office = Office::new(&[]);
        for number in 0..5 {
            office.message(number).await;
        }
        let forwarder = office.simulation.lab().server("forwarder").unwrap();
        forwarder.set_faults(&[Fault::Dead]);
        let lists = LISTS.iter().map(|(apex, _)| question(sender(99), apex)).collect::<Vec<_>>();
        futures_util::future::join_all(lists.iter().map(|text| office.ask(text))).await;
        for (apex, _) in LISTS {
            assert_eq!(office.entry(apex).watch.open(), None, "{apex}");
        }
        forwarder.set_faults(&[]);
        let reply = office.ask(&question(sender(100), LISTS[0].0)).await;
        assert_eq!(reply.message.metadata.response_code, ResponseCode::NXDomain);
    });
}
