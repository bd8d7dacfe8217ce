//! Keys of zones in use are fetched again before they expire.

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use lab::delegations::Tree;
use lab::prelude::ask_for_ad;
use lab::server::Distance;
use lab::simulation::{Simulation, config_trusting, paused};
use lab::world::{Lab, ServerPlan};

const ROUND_TRIP: Duration = Duration::from_millis(40);

/// The TTL of the lab's DNSKEY records.
const KEYS_LIVE: Duration = Duration::from_secs(3_600);

fn lab() -> Arc<Lab> {
    let mut tree = Tree::default();
    for (last, (zone, server)) in
        (1..).zip([(".", "a.root"), ("tld.", "ns.tld"), ("zone.tld.", "ns.zone.tld")])
    {
        let mut plan = ServerPlan::new(server, vec![[127, 0, 0, last].into()]);
        plan.distance = Distance::steady(ROUND_TRIP);
        tree.server(plan).unwrap();
        tree.zone(zone, &[server.to_owned()], "*.x 60 A 10.0.0.1\n").unwrap();
        tree.sign(zone, Some("".parse().unwrap())).unwrap();
    }
    Arc::new(tree.build().unwrap())
}

fn keys_sought(lab: &Lab) -> usize {
    lab.log().take().iter().filter(|sent| sent.to_string().contains("DNSKEY")).count()
}

/// Asks one question per minute for three hours. No question may wait for keys. If `also` is set, a client asks once for this type at the
/// start.
fn hot_zone(also: Option<RecordType>) {
    paused(async {
        let lab = lab();
        let simulation = Simulation::new(lab.clone(), config_trusting(&lab), 1);
        ask_for_ad(&simulation, "first.x.zone.tld.", RecordType::A).await;
        if let Some(kind) = also {
            ask_for_ad(&simulation, "zone.tld.", kind).await;
        }
        assert!(keys_sought(&lab) >= 3, "root, TLD and zone");
        for minute in 1..=180_u32 {
            tokio::time::sleep(Duration::from_secs(60)).await;
            let reply = ask_for_ad(&simulation, &format!("n{minute}.x.zone.tld."), RecordType::A).await;
            assert!(reply.message.metadata.authentic_data, "minute {minute} {:#?}", reply.steps);
            assert!(
                reply.elapsed <= ROUND_TRIP + Duration::from_millis(1),
                "minute {minute}: {:?}",
                reply.elapsed
            );
        }
        let sought = keys_sought(&lab);
        // The keys of the root, the TLD and the zone are each fetched again after at least nine tenths of their TTL.
        let most = usize::try_from(180 * 60 / (KEYS_LIVE.as_secs() * 9 / 10)).unwrap() + 1;
        assert!((2..=most * 3).contains(&sought), "{sought} questions for keys");
    });
}

#[test]
fn used_zone_keys_are_prefetched() {
    hot_zone(None);
}

#[test]
fn client_dnskey_query_keeps_key_prefetch() {
    hot_zone(Some(RecordType::DNSKEY));
}

#[test]
fn failed_key_refresh_keeps_keys() {
    paused(async {
        let lab = lab();
        let simulation = Simulation::new(lab.clone(), config_trusting(&lab), 1);
        ask_for_ad(&simulation, "first.x.zone.tld.", RecordType::A).await;
        tokio::time::sleep(KEYS_LIVE.mul_f64(0.95)).await;
        lab.server("ns.zone.tld").unwrap().set_faults(&["drops=DNSKEY".parse().unwrap()]);
        for number in 0..5 {
            let reply = ask_for_ad(&simulation, &format!("n{number}.x.zone.tld."), RecordType::A).await;
            assert_eq!(reply.message.metadata.response_code, ResponseCode::NoError);
            assert!(reply.message.metadata.authentic_data, "{:#?}", reply.steps);
            // The server drops the query for the keys. Because of this silence, the next query may wait for one further round trip.
            assert!(reply.elapsed <= ROUND_TRIP * 2 + Duration::from_millis(1), "{:?}", reply.elapsed);
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
    });
}
