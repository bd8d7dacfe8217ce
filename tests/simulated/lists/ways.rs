//! DNS lists whose queries go to changing servers. A `Way` says which: the public servers of the list, or the servers of a configured zone.
//! Each answer is checked, and the state of a `Way` that no listener uses any more is forgotten.

use std::net::SocketAddr;
use std::sync::Arc;

use hickory_proto::op::ResponseCode;

use super::stage::{LISTS, Stage, name, question, sender};
use config::{ConfiguredZone, ZoneKind};
use dnsbl::limits::MAX_LIST_WAYS;
use dnsbl::list_way::Way;
use lab::simulation::paused;

/// A parked zone: every name has the address of a web server.
const PARKED: &str = "* 60 A 203.0.113.7\n";

/// Returns a configured zone for the DNS list, and the `Way` through its servers. Each `number` gives another `Way`, because it is the port
/// of a server.
fn mirror(stage: &Stage, apex: &str, number: u16) -> (ConfiguredZone, Way) {
    let servers: Vec<SocketAddr> =
        vec![(stage.servers(apex)[0].addresses()[0], 53).into(), ([198, 51, 100, 1], number).into()];
    let zone = ConfiguredZone {
        name: name(apex),
        kind: ZoneKind::Stub(servers.clone()),
        ..ConfiguredZone::default()
    };
    (zone, Way::Stub(servers))
}

async fn is_told(stage: &Stage, number: u32, apex: &str) {
    let reply = stage.ask(&question(sender(number), apex)).await;
    assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail, "{number}: {apex}");
    assert!(reply.message.answers.is_empty(), "{number}: {apex}");
}

#[test]
fn parked_list_with_changing_stub_filtered() {
    paused(async {
        let stage = Stage::new(&|_| PARKED.to_owned(), |_| {});
        let resolver = stage.simulation.resolver();
        let base = Arc::clone(resolver.views().config());
        for number in 1..=600 {
            let mut config = base.as_ref().clone();
            let (zone, way) = mirror(&stage, LISTS[0].0, number);
            config.zones = vec![zone];
            stage.simulation.reload(config).await;
            is_told(&stage, number.into(), LISTS[0].0).await;
            let asked: Vec<_> = resolver.lists().all().iter().map(|entry| entry.way.clone()).collect();
            assert_eq!(asked, [way], "the ways of before are forgotten");
        }
        stage.simulation.reload(base.as_ref().clone()).await;
        for (apex, _) in LISTS {
            is_told(&stage, 9_999, apex).await;
        }
        assert_eq!(resolver.lists().all().len(), LISTS.len());
    });
}

#[test]
fn full_table_still_filters_lists() {
    paused(async {
        let stage = Stage::new(&|_| PARKED.to_owned(), |_| {});
        let lists = stage.simulation.resolver().lists();
        for number in 0..MAX_LIST_WAYS {
            lists.entry(&name(&format!("l{number}.example.")), &Way::Public);
        }
        for (apex, _) in LISTS {
            is_told(&stage, 1, apex).await;
        }
        assert_eq!(lists.all().len(), MAX_LIST_WAYS);
        assert!(LISTS.iter().all(|(apex, _)| lists.all().iter().any(|entry| entry.apex == name(apex))));
    });
}
