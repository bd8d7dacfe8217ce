//! Key rollovers while clients ask questions. All answers must stay secure, and the servers must get few queries for keys.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use lab::delegations::Tree;
use lab::prelude::ask_with;
use lab::server::Distance;
use lab::simulation::{Flags, Simulation, config_trusting, paused};
use lab::world::{Lab, ServerPlan, UNIX_AT_START};

const AT_ONCE: usize = 10;
/// The time between two rounds of questions.
const BETWEEN: Duration = Duration::from_millis(500);

/// The number of rounds after each step of a rollover.
const BUSY: u32 = 20;

/// Longer than the TTL of the lab's DNSKEY records, so all caches have the new keys.
const SPREAD: Duration = Duration::from_secs(2 * 3_600);

/// Longer than the TTL of the lab's DS records.
const DS_SPREAD: Duration = Duration::from_secs(49 * 3_600);

/// Returns a lab whose lowest zone is signed as `words` say, at the time `unix`.
fn lab(words: &str, unix: u64) -> Lab {
    let mut tree = Tree::default();
    for (last, (zone, server)) in
        (1..).zip([(".", "a.root"), ("tld.", "ns.tld"), ("zone.tld.", "ns.zone.tld")])
    {
        let mut plan = ServerPlan::new(server, vec![[127, 0, 0, last].into()]);
        plan.distance = Distance::steady(Duration::from_millis(20));
        tree.server(plan).unwrap();
        tree.zone(zone, &[server.to_owned()], "*.x 60 A 10.0.0.1\n").unwrap();
        let words = if zone == "zone.tld." { words } else { "" };
        tree.sign(zone, Some(words.parse().unwrap())).unwrap();
    }
    tree.build_at(unix).unwrap()
}

/// Lets clients ask for new names. Returns the number of queries for DNSKEY.
async fn busy(simulation: &Simulation, lab: &Lab, step: &str) -> usize {
    let flags = Flags { authentic_data: true, ..Flags::default() };
    for round in 0..BUSY {
        let owners: Vec<String> =
            (0..AT_ONCE).map(|number| format!("n{round}-{number}.{step}.x.zone.tld.")).collect();
        let asked = owners.iter().map(|owner| ask_with(simulation, owner, RecordType::A, flags));
        for reply in join_all(asked).await {
            let head = &reply.message.metadata;
            assert_eq!(head.response_code, ResponseCode::NoError, "{step} {round}: {:#?}", reply.steps);
            assert!(head.authentic_data, "{step} {round}: {:#?}", reply.steps);
            assert!(reply.elapsed < Duration::from_secs(1), "{step} {round}: {:?}", reply.elapsed);
        }
        tokio::time::sleep(BETWEEN).await;
    }
    lab.log().take().iter().filter(|sent| sent.to_string().contains("DNSKEY")).count()
}

/// Plays a rollover. Each step says how the zone is signed, and the time until the next step.
fn roll(title: &str, steps: &[(&str, Duration)]) {
    paused(async {
        let lab = Arc::new(lab("", UNIX_AT_START));
        let simulation = Simulation::new(lab.clone(), config_trusting(&lab), 1);
        let began = simulation.clock().mono();
        assert!(busy(&simulation, &lab, "before").await >= 3, "{title}: root, TLD and zone");
        // While the cached keys are fresh, no server is queried for keys.
        tokio::time::sleep(Duration::from_secs(60)).await;
        for (number, (words, time)) in steps.iter().enumerate() {
            let unix = UNIX_AT_START + simulation.clock().mono().since(began).as_secs();
            lab.take_zones_of(&self::lab(words, unix));
            let sought = busy(&simulation, &lab, &format!("s{number}")).await;
            assert!(sought <= 3, "{title}, {words}: {sought} questions for keys at once");
            tokio::time::sleep(*time).await;
            let sought = busy(&simulation, &lab, &format!("t{number}")).await;
            // The keys of the root, the TLD and the zone may have expired, so each may be queried once, and those of the zone once more.
            assert!(sought <= 4, "{title}, {words}: {sought} questions for keys later");
        }
    });
}

#[test]
fn zsk_rollover_keeps_answers_secure() {
    roll(
        "shown before it signs (RFC 6781 section 4.1.1.1)",
        &[("zsk=old,new", SPREAD), ("zsk=old,new signs=new", SPREAD), ("zsk=new signs=new", SPREAD)],
    );
    roll("without notice", &[("zsk=new signs=new", SPREAD)]);
}

#[test]
fn ksk_rollover_keeps_answers_secure() {
    roll(
        "both keys, then both DS (RFC 6781 section 4.1.2)",
        &[
            ("ksk=old,new", SPREAD),
            ("ksk=old,new ds=old,new", DS_SPREAD),
            ("ksk=new ds=old,new", SPREAD),
            ("ksk=new ds=new", DS_SPREAD),
        ],
    );
    roll("without notice", &[("ksk=new zsk=new signs=new ds=new", SPREAD)]);
}
