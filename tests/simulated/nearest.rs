//! resolverd must find the nearest server of a zone, whichever server it queried first. No question may wait for the queries that measure the
//! other servers.

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::internet::Internet;
use lab::server::Distance;
use lab::simulation::{Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};

const MS: Duration = Duration::from_millis(1);

/// Returns a lab in which one.tld. is on servers at these distances in milliseconds, and two.tld. on the first of them. Every name below
/// these two zones has an address.
fn lab(distances: &[u32]) -> Arc<Lab> {
    let mut tree = Tree::default();
    let mut server = |name: &str, last: [u8; 2], millis: u32| {
        let mut plan = ServerPlan::new(name, vec![[127, 0, last[0], last[1]].into()]);
        plan.distance = Distance::steady(millis * MS);
        tree.server(plan).unwrap();
        name.to_owned()
    };
    let top = [server("a.root", [0, 1], 10)];
    let tld = [server("ns.tld", [0, 2], 10)];
    let numbered = (1_u8..).zip(distances);
    let servers: Vec<String> = numbered
        .map(|(number, millis)| server(&format!("ns{number}.one.tld"), [1, number], *millis))
        .collect();
    tree.zone(".", &top, "").unwrap();
    tree.zone("tld.", &tld, "").unwrap();
    tree.zone("one.tld.", &servers, "* 300 A 10.0.0.1").unwrap();
    tree.zone("two.tld.", &servers[..1], "* 300 A 10.0.0.1").unwrap();
    Arc::new(tree.build().unwrap())
}

/// Asks for `count` new names, one after the other. Returns the times of all questions except the first, which also needs the referrals.
async fn times(simulation: &Simulation, label: &str, count: usize, pause: Duration) -> Vec<Duration> {
    let mut times = Vec::new();
    for number in 0..count {
        let name = Name::from_ascii(format!("{label}{number}.one.tld.")).unwrap();
        let reply = simulation.ask(&name, RecordType::A).await.unwrap();
        assert_eq!(reply.message.answers.len(), 1, "{:#?}", reply.steps);
        times.push(reply.elapsed);
        tokio::time::sleep(pause).await;
    }
    times.split_off(1)
}

/// Counts the queries that only measure the round trip to a server of one.tld.
fn measurements(lab: &Lab) -> usize {
    lab.log()
        .received()
        .iter()
        .filter(|one| one.kind == RecordType::SOA && one.name.iter().len() == 2)
        .count()
}

#[test]
fn nearest_of_six_servers_is_found() {
    for place in 0..6 {
        let mut distances = [81, 82, 83, 84, 85, 86];
        distances[place] = 5;
        let lab = lab(&distances);
        let times = paused(async {
            let simulation = Simulation::new(lab.clone(), config_for(&lab), 3);
            times(&simulation, "host", 40, 100 * MS).await
        });
        assert!(times[20..].iter().all(|time| *time == 5 * MS), "at {place}: {times:?}");
        assert!(times.iter().all(|time| *time <= 86 * MS), "no question waits for it: {times:?}");
        assert!(measurements(&lab) <= 4, "{} after the two that were raced", measurements(&lab));
    }
}

#[test]
fn recovered_nearest_server_is_remeasured() {
    let lab = lab(&[20, 60]);
    paused(async {
        let simulation = Simulation::new(lab.clone(), config_for(&lab), 3);
        let usual = times(&simulation, "usual", 10, 100 * MS).await;
        assert!(usual.iter().all(|time| *time == 20 * MS), "{usual:?}");
        let near = lab.server("ns1.one.tld").unwrap();
        near.set_faults(&[Fault::Slow(400 * MS)]);
        let slow = times(&simulation, "slow", 20, 3_000 * MS).await;
        assert!(slow[10..].iter().all(|time| *time == 60 * MS), "{slow:?}");
        near.set_faults(&[]);
        let soon = times(&simulation, "soon", 10, 1_000 * MS).await;
        assert!(soon.iter().all(|time| *time == 60 * MS), "nobody knows yet: {soon:?}");
        let later = times(&simulation, "later", 12, 60_000 * MS).await;
        assert_eq!(later.last(), Some(&(20 * MS)), "{later:?}");
        assert!(later.iter().all(|time| *time <= 60 * MS), "no question waits for it: {later:?}");
    });
}

// It answers for another zone all the time.
#[test]
fn server_slow_for_zone_is_remeasured() {
    let lab = lab(&[20, 60]);
    paused(async {
        let simulation = Simulation::new(lab.clone(), config_for(&lab), 3);
        let near = lab.server("ns1.one.tld").unwrap();
        let usual = times(&simulation, "usual", 10, 100 * MS).await;
        assert!(usual.iter().all(|time| *time == 20 * MS), "{usual:?}");
        near.set_faults(&[Fault::SlowFirstZone(700 * MS)]);
        let slow = times(&simulation, "slow", 20, 3_000 * MS).await;
        assert!(slow[10..].iter().all(|time| *time == 60 * MS), "{slow:?}");
        near.set_faults(&[]);
        let mut later = Vec::new();
        for minute in 0..12 {
            let other = Name::from_ascii(format!("other{minute}.two.tld.")).unwrap();
            simulation.ask(&other, RecordType::A).await.unwrap();
            later.extend(times(&simulation, &format!("later{minute}x"), 2, 30_000 * MS).await);
        }
        assert_eq!(later.first(), Some(&(60 * MS)), "nobody knows yet: {later:?}");
        assert_eq!(later.last(), Some(&(20 * MS)), "{later:?}");
        assert!(later.iter().all(|time| *time <= 60 * MS), "no question waits for it: {later:?}");
    });
}

#[test]
fn silent_server_is_found_without_wait() {
    for seed in 0..8 {
        let lab = lab(&[20, 30, 25]);
        lab.server("ns3.one.tld").unwrap().set_faults(&[Fault::Dead]);
        let times = paused(async {
            let simulation = Simulation::new(lab.clone(), config_for(&lab), seed);
            times(&simulation, "host", 30, 11_000 * MS).await
        });
        assert!(times.iter().all(|time| *time <= 30 * MS), "seed {seed}: {times:?}");
    }
}

#[test]
fn list_servers_are_not_measured() {
    let internet = Internet::new(1, 8).unwrap();
    let list = &internet.lists[0].zone;
    paused(async {
        let simulation = Simulation::new(internet.lab.clone(), config_for(&internet.lab), 1);
        for number in 0..60 {
            let name = Name::from_ascii(format!("{number}.0.0.10")).unwrap().append_domain(list).unwrap();
            simulation.ask(&name, RecordType::A).await.unwrap();
            tokio::time::sleep(1_000 * MS).await;
        }
    });
    let received = internet.lab.log().received();
    assert!(received.iter().filter(|one| list.zone_of(&one.name)).count() >= 60);
    let of_list = received.iter().filter(|one| one.kind == RecordType::SOA && list.zone_of(&one.name));
    assert_eq!(of_list.count(), 0);
}
