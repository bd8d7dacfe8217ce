//! `[[view]]`: groups of clients that see their own zones, through reloads and a restart. No data of one view may reach a client of another
//! view.

use std::io::Cursor;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{RData, RecordType};
use tokio::task::JoinSet;

use config::{Config, ConfiguredHost, ConfiguredRecord, ConfiguredView, ConfiguredZone, Listener, ZoneKind};
use dns::question::Outcome;
use dns::random::Random;
use lab::delegations::Tree;
use lab::prelude::name;
use lab::server::Distance;
use lab::simulation::{Flags, SimulatedReply, Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};

/// The number of private zones of the operator, each with its own server.
const ZONES: u8 = 4;

/// The address of a client of the view `office`. `GUEST` is one of the view `guests`, and `OTHER` is in no view.
const OFFICE: [u8; 4] = [10, 200, 0, 1];
const GUEST: [u8; 4] = [10, 200, 1, 1];
const OTHER: [u8; 4] = [192, 0, 2, 1];

fn apex(zone: u8) -> String {
    format!("z{zone}.test.")
}

/// Returns a lab with private zones below `test.`, each on its own server. The root does not delegate them: on the internet, no name below
/// `test.` exists (RFC 6761 section 6.2).
fn lab() -> Arc<Lab> {
    let mut tree = Tree::default();
    let mut root = ServerPlan::new("a.root", vec![[127, 0, 0, 1].into()]);
    root.distance = Distance::steady(Duration::from_millis(20));
    tree.server(root).unwrap();
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    for zone in 0..ZONES {
        let server = format!("ns.z{zone}.test");
        let mut plan = ServerPlan::new(&server, vec![[10, 1, zone, 1].into()]);
        plan.distance = Distance::steady(Duration::from_millis(300));
        tree.server(plan).unwrap();
        let text = format!("* 300 A 10.0.{zone}.1\nalias 300 CNAME host.z1.test.\n");
        tree.zone(&apex(zone), &[server], &text).unwrap();
    }
    Arc::new(tree.build().unwrap())
}

/// Returns a stub zone with its own server, for the clients of a view.
fn stub(zone: u8, view: Option<&str>) -> ConfiguredZone {
    ConfiguredZone {
        name: name(&apex(zone)),
        view: view.map(str::to_owned),
        kind: ZoneKind::Stub(vec![SocketAddr::from(([10, 1, zone, 1], 53))]),
        ..ConfiguredZone::default()
    }
}

/// Returns a view whose clients are 10.200.`number`.0/24.
fn view(view: &str, number: u8, hides: bool) -> ConfiguredView {
    let clients = vec![format!("10.200.{number}.0/24").parse().unwrap()];
    ConfiguredView { name: view.to_owned(), clients, zones: hides.then(Vec::new) }
}

/// Returns a configuration with two views. The view `office` has other data in z0, and has z1. The view `guests` has only z2. All other
/// clients have z0 and z3.
fn config(lab: &Lab) -> Config {
    let mut config = config_for(lab);
    config.views = vec![view("office", 0, false), view("guests", 1, true)];
    let records = ZoneKind::Records(vec!["* A 10.0.99.1".to_owned()]);
    config.zones = vec![
        stub(0, None),
        ConfiguredZone { kind: records, ..stub(0, Some("office")) },
        stub(1, Some("office")),
        stub(2, Some("guests")),
        stub(3, None),
    ];
    config
}

async fn ask(simulation: &Simulation, client: [u8; 4], owner: &str) -> SimulatedReply {
    let flags = Flags { client: Some(IpAddr::from(client)), ..Flags::default() };
    simulation.ask_with(&name(owner), RecordType::A, flags).await.unwrap()
}

/// Returns `None` if the name does not exist.
fn address(reply: &SimulatedReply) -> Option<Ipv4Addr> {
    match reply.message.metadata.response_code {
        ResponseCode::NoError => match &reply.message.answers.last().unwrap().data {
            RData::A(address) => Some(address.0),
            other => panic!("{other}"),
        },
        ResponseCode::NXDomain => None,
        other => panic!("{other}"),
    }
}

/// Returns the third octet of the address of `host` in each zone, or `None` if the name does not exist.
async fn seen(simulation: &Simulation, client: [u8; 4]) -> Vec<Option<u8>> {
    let mut seen = Vec::new();
    for zone in 0..ZONES {
        let reply = ask(simulation, client, &format!("host.{}", apex(zone))).await;
        seen.push(address(&reply).map(|address| address.octets()[2]));
    }
    seen
}

#[test]
fn clients_see_zones_of_their_view() {
    let wanted = [
        (OFFICE, [Some(99), Some(1), None, Some(3)]),
        (GUEST, [None, None, Some(2), None]),
        (OTHER, [Some(0), None, None, Some(3)]),
    ];
    for first in 0..wanted.len() {
        paused(async {
            let lab = lab();
            let simulation = Simulation::new(Arc::clone(&lab), config(&lab), 1);
            // Each value of `first` gives another order of the clients. Every client therefore asks while the cache already has the answers for
            // other views.
            for round in 0..3 {
                for turn in 0..wanted.len() {
                    let (client, zones) = &wanted[(first + turn) % wanted.len()];
                    assert_eq!(seen(&simulation, *client).await, zones, "{client:?} in round {round}");
                }
            }
        });
    }
}

#[test]
fn alias_target_follows_client_view() {
    paused(async {
        let lab = lab();
        let simulation = Simulation::new(Arc::clone(&lab), config(&lab), 1);
        for _ in 0..2 {
            let inside = ask(&simulation, OFFICE, "alias.z3.test.").await;
            assert_eq!(address(&inside), Some([10, 0, 1, 1].into()));
            let outside = ask(&simulation, OTHER, "alias.z3.test.").await;
            assert_eq!(outside.message.metadata.response_code, ResponseCode::NXDomain);
            assert_eq!(outside.message.answers.len(), 1, "the alias itself");
        }
    });
}

#[test]
fn views_share_no_flight() {
    paused(async {
        let lab = lab();
        let simulation = Simulation::new(Arc::clone(&lab), config(&lab), 1);
        let (office, guest, other) = tokio::join!(
            ask(&simulation, OFFICE, "host.z1.test."),
            ask(&simulation, GUEST, "host.z1.test."),
            ask(&simulation, OTHER, "host.z1.test.")
        );
        assert_eq!(address(&office), Some([10, 0, 1, 1].into()));
        assert_eq!((address(&guest), address(&other)), (None, None));
    });
}

#[test]
fn view_hosts_are_for_its_clients() {
    paused(async {
        let lab = lab();
        let mut config = config(&lab);
        let host = |owner: &str, last: u8, view: Option<&str>| ConfiguredHost {
            name: name(owner),
            addresses: vec![[10, 9, 0, last].into()],
            view: view.map(str::to_owned),
        };
        let record = |owner: &str, data: &str, view: Option<&str>| ConfiguredRecord {
            name: name(owner),
            kind: RecordType::A,
            data: vec![data.to_owned()],
            ttl: None,
            view: view.map(str::to_owned),
        };
        config.hosts = vec![
            host("mail.z3.test.", 1, None),
            host("mail.z3.test.", 2, Some("office")),
            host("guest.z2.test.", 3, Some("guests")),
        ];
        config.records = vec![
            record("www.z3.test.", "10.9.0.4", None),
            record("www.z3.test.", "10.9.0.5", Some("office")),
            // Clients in no view get this record, and clients in the view "guests" get the `[[host]]` entry of the same name.
            record("guest.z2.test.", "10.9.0.6", None),
        ];
        let simulation = Simulation::new(Arc::clone(&lab), config, 1);
        for _ in 0..2 {
            for (client, owner, last) in [
                (OFFICE, "mail.z3.test.", Some(2)),
                (OTHER, "mail.z3.test.", Some(1)),
                (OFFICE, "www.z3.test.", Some(5)),
                (OTHER, "www.z3.test.", Some(4)),
                (GUEST, "guest.z2.test.", Some(3)),
                (OTHER, "guest.z2.test.", Some(6)),
                (GUEST, "mail.z3.test.", None),
            ] {
                let found = address(&ask(&simulation, client, owner).await);
                assert_eq!(found.map(|address| address.octets()[3]), last, "{client:?} {owner}");
            }
        }
        let reverse = |client: [u8; 4]| {
            let flags = Flags { client: Some(IpAddr::from(client)), ..Flags::default() };
            let simulation = &simulation;
            async move {
                let reply =
                    simulation.ask_with(&name("2.0.9.10.in-addr.arpa."), RecordType::PTR, flags).await;
                reply.unwrap().message.metadata.response_code
            }
        };
        assert_eq!(reverse(OFFICE).await, ResponseCode::NoError);
        assert_eq!(reverse(OTHER).await, ResponseCode::NXDomain);
    });
}

#[test]
fn views_without_zones_share_cache() {
    paused(async {
        let lab = lab();
        let mut config = config(&lab);
        config.views.push(view("alike", 2, false));
        let simulation = Simulation::new(Arc::clone(&lab), config, 1);
        assert_eq!(ask(&simulation, OTHER, "host.z3.test.").await.outcome, Outcome::Upstream);
        assert_eq!(ask(&simulation, [10, 200, 2, 1], "host.z3.test.").await.outcome, Outcome::Cache);
        assert_eq!(ask(&simulation, OFFICE, "host.z3.test.").await.outcome, Outcome::Upstream);
    });
}

#[test]
fn listener_zones_override_client_views() {
    paused(async {
        let lab = lab();
        let mut config = config(&lab);
        let listener = |zones| Listener { addresses: Vec::new(), zones, ..config.listen.clone() };
        config.listeners = vec![listener(Some(vec![name(&apex(3))])), listener(None)];
        let simulation = Simulation::new(Arc::clone(&lab), config, 1);
        for (listener, zone, wanted) in
            [(1, 1, None), (1, 3, Some(3)), (1, 0, None), (2, 1, Some(1)), (2, 0, Some(99))]
        {
            let flags = Flags { client: Some(OFFICE.into()), listener, ..Flags::default() };
            let owner = name(&format!("host.{}", apex(zone)));
            let reply = simulation.ask_with(&owner, RecordType::A, flags).await.unwrap();
            assert_eq!(address(&reply).map(|address| address.octets()[2]), wanted, "{listener} z{zone}");
        }
    });
}

/// Starts a new resolver. Its cache is read from a snapshot of `stopped`.
fn restarted(stopped: &Simulation, config: Config) -> Simulation {
    let mut file = Cursor::new(Vec::new());
    let (of, now) = (stopped.resolver(), stopped.clock().now());
    of.memory().write_snapshot(&of.snapshot_scope(), now, &mut file).unwrap();
    let next = Simulation::new(Arc::clone(stopped.lab()), config, 2);
    next.clock().set_wrong_by(i64::try_from(now.unix - next.clock().now().unix).unwrap());
    let (of, now) = (next.resolver(), next.clock().now());
    let mut file = Cursor::new(file.into_inner());
    // If the configured zones have changed, the snapshot is refused.
    let _ = of.memory().read_snapshot(&of.snapshot_scope(), now, &mut file, || true);
    next
}

#[test]
fn view_answers_survive_restart() {
    paused(async {
        let lab = lab();
        let simulation = Simulation::new(Arc::clone(&lab), config(&lab), 1);
        let (office, guest) = ("host.z1.test.", "host.z2.test.");
        assert_eq!(ask(&simulation, OFFICE, office).await.outcome, Outcome::Upstream);
        assert_eq!(ask(&simulation, GUEST, guest).await.outcome, Outcome::Upstream);
        let next = restarted(&simulation, config(&lab));
        assert_eq!(ask(&next, OFFICE, office).await.outcome, Outcome::Cache);
        assert_eq!(ask(&next, GUEST, guest).await.outcome, Outcome::Cache);
        assert_eq!(
            (address(&ask(&next, OTHER, office).await), address(&ask(&next, OFFICE, guest).await)),
            (None, None)
        );
        // The two views swap their positions, so each gets the index that the other one had.
        let mut swapped = config(&lab);
        swapped.zones[2].view = Some("guests".to_owned());
        swapped.zones[3].view = Some("office".to_owned());
        let next = restarted(&simulation, swapped);
        assert_eq!(address(&ask(&next, OFFICE, office).await), None);
        assert_eq!(address(&ask(&next, GUEST, guest).await), None);
        assert_eq!(address(&ask(&next, GUEST, office).await), Some([10, 0, 1, 1].into()));
    });
}

#[test]
fn reload_moves_client_to_view() {
    paused(async {
        let lab = lab();
        let simulation = Simulation::new(Arc::clone(&lab), config(&lab), 1);
        assert_eq!(address(&ask(&simulation, OFFICE, "host.z1.test.").await), Some([10, 0, 1, 1].into()));
        let mut moved = config(&lab);
        moved.views[0].clients = vec!["10.200.7.0/24".parse().unwrap()];
        moved.views[1].clients.push("10.200.0.0/16".parse().unwrap());
        simulation.reload(moved).await;
        assert_eq!(seen(&simulation, OFFICE).await, [None, None, Some(2), None]);
        let reply = ask(&simulation, [10, 200, 7, 1], "host.z1.test.").await;
        assert_eq!(
            (address(&reply), reply.outcome),
            (Some([10, 0, 1, 1].into()), Outcome::Cache),
            "the view is the same"
        );
    });
}

/// Returns a configuration in which each view has only the zones in its element of `sees`.
fn sets(lab: &Lab, sees: &[Vec<u8>]) -> Config {
    let mut config = config_for(lab);
    for (number, zones) in (0..).zip(sees) {
        let named = format!("v{number}");
        config.views.push(view(&named, number, true));
        config.zones.extend(zones.iter().map(|zone| stub(*zone, Some(&named))));
    }
    config
}

/// Reloads change the zones of the views. The answers of a view whose zones stay the same stay in the cache.
#[test]
fn random_reloads_keep_client_views() {
    for seed in 0..4 {
        paused(async {
            let (lab, random) = (lab(), Random::seeded(seed));
            let draw = |below: u8| u8::try_from(random.below(below.into())).unwrap();
            let mut sees: Vec<Vec<u8>> = vec![vec![0], vec![1, 2], vec![]];
            let simulation = Arc::new(Simulation::new(Arc::clone(&lab), sets(&lab, &sees), seed));
            let mut asking = JoinSet::new();
            for round in 0..30 {
                for _ in 0..6 {
                    let (client, owner) =
                        ([10, 200, draw(3), 1], format!("h{}.{}", draw(2), apex(draw(ZONES))));
                    let simulation = Arc::clone(&simulation);
                    asking.spawn(async move { drop(ask(&simulation, client, &owner).await) });
                }
                tokio::time::sleep(Duration::from_millis(1 + u64::from(draw(200)))).await;
                match draw(3) {
                    0 => sees.rotate_left(1),
                    1 => sees.iter_mut().for_each(|zones| zones.retain(|zone| *zone != draw(ZONES))),
                    _ => {
                        let (place, zone) = (usize::from(draw(3)), draw(ZONES));
                        let zones: &mut Vec<u8> = &mut sees[place];
                        if !zones.contains(&zone) {
                            zones.push(zone);
                        }
                    }
                }
                simulation.reload(sets(&lab, &sees)).await;
                for (number, zones) in (0..).zip(&sees) {
                    for zone in 0..ZONES {
                        let owner = format!("h{}.{}", draw(2), apex(zone));
                        let found = address(&ask(&simulation, [10, 200, number, 1], &owner).await);
                        let wanted = zones.contains(&zone).then_some(Ipv4Addr::new(10, 0, zone, 1));
                        assert_eq!(found, wanted, "seed {seed}, round {round}: {owner} in v{number}");
                    }
                }
            }
            while let Some(asked) = asking.join_next().await {
                asked.unwrap();
            }
        });
    }
}
