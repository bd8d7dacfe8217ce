//! Listeners with different zones, and reloads. Each client must get the answer of the view that its listener has at that moment.

use std::io::Cursor;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{RData, RecordType};
use tokio::task::JoinSet;

use config::{Config, ConfiguredZone, Listener, ZoneKind};
use dns::question::Outcome;
use dns::random::Random;
use dnsbl::list::Guard;
use lab::delegations::Tree;
use lab::prelude::name;
use lab::server::Distance;
use lab::simulation::{Flags, SimulatedReply, Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};

/// The number of private zones. Clients of some listeners see them.
const ZONES: u8 = 4;

fn apex(zone: u8) -> String {
    format!("z{zone}.test.")
}

/// Private zones on slow servers. On the internet, no name below `test.` exists (RFC 6761 section 6.2).
fn lab() -> Arc<Lab> {
    let mut tree = Tree::default();
    let mut root = ServerPlan::new("a.root", vec![[127, 0, 0, 1].into()]);
    root.distance = Distance::steady(Duration::from_millis(20));
    tree.server(root).unwrap();
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    for zone in 0..ZONES {
        let server = format!("ns.{}", apex(zone));
        let server = server.trim_end_matches('.').to_owned();
        let mut plan = ServerPlan::new(&server, vec![[10, 1, zone, 1].into()]);
        plan.distance = Distance::steady(Duration::from_millis(300));
        tree.server(plan).unwrap();
        // `alias` leads to `host` of the first zone, and `far` leads through `over` of the first zone to `host` of the last zone.
        let (first, last) = (apex(0), apex(ZONES - 1));
        let aliases = match zone {
            0 => format!("over 300 CNAME host.{last}\n"),
            _ => format!("alias 300 CNAME host.{first}\nfar 300 CNAME over.{first}\n"),
        };
        tree.zone(&apex(zone), &[server], &format!("* 300 A 10.0.{zone}.1\n{aliases}")).unwrap();
    }
    Arc::new(tree.build().unwrap())
}

fn stub(zone: u8) -> ConfiguredZone {
    ConfiguredZone {
        name: name(&apex(zone)),
        kind: ZoneKind::Stub(vec![SocketAddr::from(([10, 1, zone, 1], 53))]),
        ..ConfiguredZone::default()
    }
}

fn listener(sees: &[u8]) -> Listener {
    Listener {
        addresses: Vec::new(),
        allow: Vec::new(),
        zones: Some(sees.iter().map(|zone| name(&apex(*zone))).collect()),
        dnsbl: Guard::Guard,
        on_refusal: None,
        ..Listener::default()
    }
}

/// Returns a configuration in which `[listen]` sees all zones, and each further listener those in its element of `sees`.
fn config(lab: &Lab, sees: &[Vec<u8>]) -> Config {
    let mut config = config_for(lab);
    config.zones = (0..ZONES).map(stub).collect();
    config.listeners = sees.iter().map(|sees| listener(sees)).collect();
    config
}

async fn ask(simulation: &Simulation, listener: usize, owner: &str) -> SimulatedReply {
    let flags = Flags { listener, ..Flags::default() };
    simulation.ask_with(&name(owner), RecordType::A, flags).await.unwrap()
}

/// Returns true if the answer comes from the private zone, not from the internet.
fn is_private(reply: &SimulatedReply, zone: u8) -> bool {
    let address = RData::A(std::net::Ipv4Addr::new(10, 0, zone, 1).into());
    match reply.message.metadata.response_code {
        ResponseCode::NoError => {
            assert_eq!(reply.message.answers[0].data, address);
            true
        }
        ResponseCode::NXDomain => false,
        other => panic!("{other}"),
    }
}

#[test]
fn replaced_listener_gets_no_old_answers() {
    paused(async {
        let lab = lab();
        let simulation = Simulation::new(Arc::clone(&lab), config(&lab, &[vec![0], vec![]]), 1);
        let owner = format!("host.{}", apex(0));
        let inside = async { is_private(&ask(&simulation, 1, &owner).await, 0) };
        let gone = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            simulation.reload(config(&lab, &[vec![]])).await;
        };
        let (inside, ()) = tokio::join!(inside, gone);
        assert!(inside, "a question on its way keeps its view");
        assert!(!is_private(&ask(&simulation, 1, &owner).await, 0), "this listener does not see the zone");
    });
}

// A view that is removed and added again begins with an empty cache.
#[test]
fn unchanged_view_keeps_cache_on_reload() {
    paused(async {
        let lab = lab();
        let simulation = Simulation::new(Arc::clone(&lab), config(&lab, &[vec![0], vec![1]]), 1);
        let (first, second) = (format!("host.{}", apex(0)), format!("host.{}", apex(1)));
        let outcome = async |place, owner| {
            let reply = ask(&simulation, place, owner).await;
            assert_eq!(reply.message.metadata.response_code, ResponseCode::NoError);
            reply.outcome
        };
        assert_eq!(outcome(1, &first).await, Outcome::Upstream);
        assert_eq!(outcome(2, &second).await, Outcome::Upstream);
        simulation.reload(config(&lab, &[vec![1]])).await;
        assert_eq!(outcome(1, &second).await, Outcome::Cache, "in another place");
        let held = simulation.resolver().memory().look(&name(&first), None, simulation.clock().mono());
        assert!(held.is_empty(), "what nobody can be given takes no room: {held:?}");
        simulation.reload(config(&lab, &[vec![1], vec![0]])).await;
        assert_eq!(outcome(1, &second).await, Outcome::Cache);
        assert_eq!(outcome(2, &first).await, Outcome::Upstream);
        // If only the setting for DNS lists changes, the cached servers and records stay valid.
        let mut spared = config(&lab, &[vec![1], vec![0]]);
        spared.listeners[1].dnsbl = Guard::Pass;
        simulation.reload(spared).await;
        assert_eq!(outcome(2, &first).await, Outcome::Cache);
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
    of.memory()
        .read_snapshot(&of.snapshot_scope(), now, &mut Cursor::new(file.into_inner()), || true)
        .unwrap();
    next
}

#[test]
fn waiting_client_follows_moved_zone() {
    paused(async {
        let lab = lab();
        let mut moved = config(&lab, &[]);
        moved.zones[0].kind = ZoneKind::Records(Vec::new());
        let simulation = Simulation::new(Arc::clone(&lab), config(&lab, &[]), 1);
        let owner = format!("host.{}", apex(0));
        let reloaded = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            simulation.reload(moved.clone()).await;
        };
        let waited = tokio::join!(ask(&simulation, 0, &owner), reloaded).0;
        assert!(waited.elapsed < Duration::from_millis(200), "{:?}", waited.elapsed);
        for _ in 0..20 {
            let reply = ask(&simulation, 0, &owner).await;
            assert!(reply.message.answers.is_empty() && waited.message.answers.is_empty());
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    });
}

/// The reload gives a zone other servers while an alias into this zone is queried, while its target is queried, or while a second alias is
/// followed into the zone.
#[test]
fn waiting_alias_follows_moved_zone() {
    for (alias, at, until) in [("alias", 100, 310), ("alias", 400, 450), ("far", 700, 910)] {
        paused(async {
            let lab = lab();
            let mut moved = config(&lab, &[]);
            moved.zones[0].kind = ZoneKind::Records(Vec::new());
            let simulation = Simulation::new(Arc::clone(&lab), config(&lab, &[]), 1);
            let owner = format!("{alias}.{}", apex(1));
            let reloaded = async {
                tokio::time::sleep(Duration::from_millis(at)).await;
                simulation.reload(moved.clone()).await;
            };
            let waited = tokio::join!(ask(&simulation, 0, &owner), reloaded).0;
            assert!(waited.elapsed < Duration::from_millis(until), "{alias} at {at}: {:?}", waited.elapsed);
            let is_empty = |reply: &SimulatedReply| {
                let mut answers = reply.message.answers.iter();
                !answers.any(|record| record.record_type() == RecordType::A)
            };
            for _ in 0..20 {
                for owner in [&owner, &format!("host.{}", apex(0)), &format!("over.{}", apex(0))] {
                    let reply = ask(&simulation, 0, owner).await;
                    assert!(is_empty(&reply) && is_empty(&waited), "{alias} at {at}: {owner}");
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        });
    }
}

/// The old servers answer after the reload and before the daemon stops.
#[test]
fn old_route_answers_end_at_restart() {
    paused(async {
        let lab = lab();
        let mut moved = config(&lab, &[]);
        moved.zones[0].kind = stub(1).kind;
        let simulation = Simulation::new(Arc::clone(&lab), config(&lab, &[]), 1);
        let (owner, beside) = (format!("host.{}", apex(0)), format!("host.{}", apex(2)));
        assert!(is_private(&ask(&simulation, 0, &beside).await, 2));
        let asked = ask(&simulation, 0, &owner);
        let reloaded = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            simulation.reload(moved.clone()).await;
        };
        let waited = tokio::join!(asked, reloaded).0;
        assert_eq!(
            waited.message.metadata.response_code,
            ResponseCode::ServFail,
            "the new server has no such zone"
        );
        let next = restarted(&simulation, moved.clone());
        let held = next.resolver().memory().look(&name(&owner), None, next.clock().mono());
        assert!(held.is_empty(), "{held:?}");
        assert_ne!(ask(&next, 0, &owner).await.outcome, Outcome::Cache);
        assert_eq!(ask(&next, 0, &beside).await.outcome, Outcome::Cache, "a zone that did not move");

        // Data from the new servers must be in the cache after a restart.
        let new = format!("new.{}", apex(3));
        moved.zones[3].max_ttl = Some(Duration::from_secs(200));
        simulation.reload(moved.clone()).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert!(is_private(&ask(&simulation, 0, &new).await, 3));
        assert_eq!(ask(&restarted(&simulation, moved), 0, &new).await.outcome, Outcome::Cache);
    });
}

#[test]
fn random_reloads_keep_listener_views() {
    for seed in 0..8 {
        paused(async {
            let (lab, random) = (lab(), Random::seeded(seed));
            let mut sees: Vec<Vec<u8>> = vec![vec![0], vec![1, 2], vec![]];
            let simulation = Arc::new(Simulation::new(Arc::clone(&lab), config(&lab, &sees), seed));
            let mut asking = JoinSet::new();
            for round in 0..80 {
                for _ in 0..6 {
                    let place = random.below(sees.len() as u32) as usize;
                    let zone = random.below(ZONES.into()) as u8;
                    let visible = sees[place].contains(&zone);
                    let owner = format!("h{}.{}", random.below(3), apex(zone));
                    let simulation = Arc::clone(&simulation);
                    asking.spawn(async move {
                        let reply = ask(&simulation, place + 1, &owner).await;
                        assert_eq!(is_private(&reply, zone), visible, "seed {seed}, round {round}: {owner}");
                    });
                }
                tokio::time::sleep(Duration::from_millis(1 + u64::from(random.below(200)))).await;
                let place = random.below(sees.len() as u32) as usize;
                match random.below(4) {
                    0 if sees.len() < 5 => {
                        let zone = random.below(ZONES.into()) as u8;
                        sees.insert(place, vec![zone]);
                    }
                    1 if sees.len() > 1 => drop(sees.remove(place)),
                    2 => sees.rotate_left(1),
                    _ => sees[place] = vec![random.below(ZONES.into()) as u8],
                }
                simulation.reload(config(&lab, &sees)).await;
            }
            while let Some(asked) = asking.join_next().await {
                asked.unwrap();
            }
        });
    }
}
