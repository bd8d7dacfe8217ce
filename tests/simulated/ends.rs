//! After a repair, every state is free of the fault within ten seconds of the first good answer, wherever this answer comes from.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::RecordType;
use tokio::task::JoinSet;

use config::{Config, Family};
use control::health::{judge, slow_servers};
use control::limits::JUDGED;
use control::rows::without_own_faults;
use dns::conduct::{Health, ServerFeatures};
use explain::costs::CostsWanted;
use explain::failed::{FailedWanted, StillFails};
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::prelude::{Lines, ask};
use lab::server::Distance;
use lab::simulated::Ipv6Way;
use lab::simulation::{Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};
use record::culprit::CulpritKind;
use resolver::cache::servers::KnownServer;

const SECOND: Duration = Duration::from_secs(1);

/// Two servers of one hoster have the zones one.tld. and two.tld.; other.tld. has a server of its own.
fn hoster() -> Arc<Lab> {
    let mut tree = Tree::default();
    let mut server = |name: &str, last: [u8; 2]| {
        let mut plan = ServerPlan::new(name, vec![[127, 0, last[0], last[1]].into()]);
        plan.distance = Distance::steady(Duration::from_millis(20));
        tree.server(plan).unwrap();
        name.to_owned()
    };
    let root = [server("a.root", [0, 1])];
    let tld = [server("ns.tld", [0, 2])];
    let hoster = [server("ns1.one.tld", [1, 1]), server("ns2.one.tld", [1, 2])];
    let other = [server("ns.other.tld", [2, 1])];
    tree.zone(".", &root, "").unwrap();
    tree.zone("tld.", &tld, "").unwrap();
    for zone in ["one.tld.", "two.tld."] {
        tree.zone(zone, &hoster, "* 300 A 10.0.0.1\n").unwrap();
    }
    tree.zone("other.tld.", &other, "* 30 A 10.0.0.3\n").unwrap();
    Arc::new(tree.build().unwrap())
}

struct World {
    simulation: Simulation,
    lab: Arc<Lab>,
    /// The tasks of the daemon: probes, and the reader of the history. They end when this value is dropped.
    _tasks: JoinSet<Infallible>,
}

impl World {
    async fn new() -> Self {
        let world = Self::over(hoster());
        world.mail("w", &["one", "two", "other"]).await;
        world
    }

    fn over(lab: Arc<Lab>) -> Self {
        let config = config_for(&lab);
        Self::with(lab, config)
    }

    fn with(lab: Arc<Lab>, config: Config) -> Self {
        let simulation = Simulation::new(Arc::clone(&lab), config, 7);
        let mut tasks = simulation.tend();
        tasks.spawn(Arc::clone(simulation.explainer()).write_log());
        Self { simulation, lab, _tasks: tasks }
    }

    async fn mail(&self, host: &str, zones: &[&str]) {
        for zone in zones {
            ask(&self.simulation, &format!("{host}.{zone}.tld."), RecordType::A).await;
        }
    }

    fn faults(&self, faults: &[Fault]) {
        for server in ["ns1.one.tld", "ns2.one.tld"] {
            self.lab.server(server).unwrap().set_faults(faults);
        }
    }

    /// Lets mail to all zones fail for some minutes.
    async fn fail(&self) {
        for number in 0..30 {
            self.mail(&format!("f{number}"), &["one", "two", "other"]).await;
            self.simulation.recorder().tick();
            tokio::time::sleep(5 * SECOND).await;
        }
    }

    /// Returns what the screens say about faults.
    async fn shown(&self) -> Vec<String> {
        let (recorder, resolver) = (self.simulation.recorder(), self.simulation.resolver());
        let by_zone = recorder.failures_by_zone(JUDGED);
        let troubles = recorder.troubles();
        let warnings = judge(&recorder.judged(JUDGED), by_zone.as_ref(), &troubles, &BTreeSet::new());
        let slow = slow_servers(recorder, self.simulation.clock().now().unix, &troubles);
        let status = warnings.into_iter().chain(slow).map(|warning| warning.problem);
        let failed = self.simulation.explainer().failed(FailedWanted::default()).await.zones;
        let failed = failed.into_iter().filter(|row| row.still_fails == StillFails::Yes);
        let failed = failed.map(|row| format!("failed: {:?} {}", row.zone, row.reason));
        let now = self.simulation.clock().mono();
        let servers = without_own_faults(resolver.memory().servers.list(now), recorder).into_iter();
        let has_fault = |server: &KnownServer| {
            server.health == Health::Dead || !server.lame.is_empty() || server.features != ServerFeatures::ALL
        };
        let servers = servers.filter(has_fault);
        let servers = servers.map(|server| format!("server {server:?}"));
        status.chain(failed).chain(servers).collect()
    }
}

#[test]
fn repaired_hoster_leaves_every_screen() {
    for faults in [&[Fault::Dead][..], &[Fault::Refused], &[Fault::ServFail]] {
        paused(async {
            let world = World::new().await;
            world.faults(faults);
            world.fail().await;
            let shown = world.shown().await;
            assert!(shown.len() >= 2 && shown.iter().any(|line| line.contains("one.tld")), "{shown:#?}");
            world.faults(&[]);
            // The probes of silent servers, or the first mail to one of the zones, for a name that never failed.
            tokio::time::sleep(40 * SECOND).await;
            if faults != [Fault::Dead] {
                world.mail("new", &["one", "two"]).await;
            }
            tokio::time::sleep(10 * SECOND).await;
            world.simulation.recorder().tick();
            assert_eq!(world.shown().await, Vec::<String>::new(), "after {faults:?}");
        });
    }
}

#[test]
fn fast_network_leaves_status_at_once() {
    paused(async {
        let world = World::new().await;
        let mail = async |word: &str, count: u64| {
            for number in 0..count {
                world.mail(&format!("{word}{number}"), &["one", "two", "other"]).await;
                tokio::time::sleep(SECOND).await;
            }
        };
        world.faults(&[Fault::Slow(Duration::from_millis(900))]);
        mail("slow", 40).await;
        let shown = world.shown().await;
        assert!(shown.iter().any(|line| line.starts_with("Name servers answer slowly: ")), "{shown:#?}");
        world.faults(&[]);
        mail("fast", 10).await;
        assert_eq!(world.shown().await, Vec::<String>::new());
    });
}

#[test]
fn failing_name_beside_answered_stays_shown() {
    paused(async {
        let world = World::new().await;
        world.faults(&[Fault::ServFail]);
        world.fail().await;
        world.faults(&[]);
        tokio::time::sleep(40 * SECOND).await;
        world.mail("new", &["one"]).await;
        assert!(world.shown().await.iter().all(|line| !line.contains("one.tld")));
        world.faults(&[Fault::ServFail]);
        world.mail("bad", &["one"]).await;
        let shown = world.shown().await;
        assert!(shown.iter().any(|line| line.contains("zone one.tld")), "{shown:#?}");
    });
}

#[test]
fn repaired_uplink_leaves_every_screen() {
    paused(async {
        let world = World::new().await;
        world.simulation.network().set_loss(1_000);
        world.fail().await;
        let shown = world.shown().await;
        assert!(shown.iter().any(|line| line.contains("No server on the internet")), "{shown:#?}");
        world.simulation.network().set_loss(0);
        tokio::time::sleep(40 * SECOND).await;
        world.mail("new", &["other"]).await;
        tokio::time::sleep(10 * SECOND).await;
        world.simulation.recorder().tick();
        let shown = world.shown().await;
        assert_eq!(shown, Vec::<String>::new());
    });
}

// Single queries of a long resolution get through: what a server did not answer before shows nothing about it.
#[test]
fn outage_teaches_nothing_about_servers() {
    for up in [2, 3, 4, 5, 7] {
        paused(async {
            let world = World::new().await;
            let network = world.simulation.network();
            for number in 0..40 {
                network.set_loss(1_000);
                let back = async {
                    tokio::time::sleep(up * SECOND).await;
                    network.set_loss(0);
                };
                let host = format!("o{number}");
                tokio::join!(world.mail(&host, &["one", "two", "other"]), back);
                tokio::time::sleep(2 * SECOND).await;
            }
            tokio::time::sleep(40 * SECOND).await;
            world.mail("new", &["one", "two", "other"]).await;
            tokio::time::sleep(10 * SECOND).await;
            world.simulation.recorder().tick();
            let shown = world.shown().await;
            assert!(shown.iter().all(|line| !line.starts_with("server ")), "{shown:#?}");
        });
    }
}

/// What fails because of the uplink does not prolong the fault of a zone that was repaired before.
#[test]
fn outage_prolongs_no_fault_of_others() {
    paused(async {
        let world = World::new().await;
        world.faults(&[Fault::ServFail]);
        for number in 0..5 {
            world.mail(&format!("f{number}"), &["one", "other"]).await;
            tokio::time::sleep(4 * SECOND).await;
        }
        assert!(world.shown().await.iter().any(|line| line.contains("zone one.tld")));
        world.faults(&[]);
        tokio::time::sleep(40 * SECOND).await;
        world.simulation.network().set_loss(1_000);
        for number in 0..10 {
            world.mail(&format!("d{number}"), &["one", "other"]).await;
            world.simulation.recorder().tick();
            tokio::time::sleep(2 * SECOND).await;
        }
        let shown = world.shown().await;
        let of_zone: Vec<&String> =
            shown.iter().filter(|line| line.contains("resolutions for zone one.tld")).collect();
        assert!(of_zone.iter().all(|line| !line.contains("the last one 0 s ago")), "{shown:#?}");
        assert!(of_zone.iter().all(|line| line.contains("within 16 s")), "{shown:#?}");
    });
}

/// Eight zones at servers in networks of their own. Their answers are longer than a datagram may be.
fn long_answers() -> Arc<Lab> {
    let mut tree = Tree::default();
    let mut server = |name: &str, address: [u8; 4]| {
        tree.server(ServerPlan::new(name, vec![address.into()])).unwrap();
        name.to_owned()
    };
    let root = [server("a.root", [127, 0, 0, 1])];
    let tld = [server("ns.tld", [127, 0, 0, 2])];
    let own: Vec<String> =
        (0..8).map(|zone| server(&format!("ns.z{zone}.tld"), [127, 10 + zone, 0, 1])).collect();
    tree.zone(".", &root, "").unwrap();
    tree.zone("tld.", &tld, "").unwrap();
    let long: String = (0..20).map(|number| format!("*.long 30 TXT \"{number:0>200}\"\n")).collect();
    for (zone, server) in own.into_iter().enumerate() {
        tree.zone(&format!("z{zone}.tld."), &[server], &long).unwrap();
    }
    Arc::new(tree.build().unwrap())
}

#[test]
fn blocked_tcp_is_fault_of_host() {
    let text = Lines::from_work(tracing::Level::INFO, || {
        paused(async {
            let world = World::over(long_answers());
            let mail = async |host: u8| {
                let mut texts = Vec::new();
                for zone in 0..8 {
                    let name = format!("h{host}.long.z{zone}.tld.");
                    let reply = ask(&world.simulation, &name, RecordType::TXT).await;
                    texts.extend(reply.extended_error.map(|error| error.text));
                }
                tokio::time::sleep(35 * SECOND).await;
                texts
            };
            assert_eq!(mail(0).await, Vec::<String>::new());
            world.simulation.network().set_tcp_blocked(true);
            for host in 1..5 {
                mail(host).await;
            }
            let texts = mail(5).await;
            assert!(
                texts.len() == 8
                    && texts.iter().all(|text| text.contains("TCP port 53 of other hosts is blocked")),
                "{texts:#?}"
            );
            let shown = world.shown().await;
            let blocked = "TCP port 53 of other hosts is blocked on the path from this host since";
            assert!(shown.iter().any(|line| line.starts_with(blocked)), "{shown:#?}");
            let troubles = world.simulation.recorder().troubles();
            assert_eq!(troubles.zones, [], "no owner of a zone must repair anything");
            let wanted = CostsWanted { to: u64::MAX, ..CostsWanted::default() };
            let costs = world.simulation.explainer().costs(wanted).await.rows;
            assert!(costs.iter().any(|row| row.kind == Some(CulpritKind::TcpBlocked)), "{costs:#?}");
            assert!(costs.iter().all(|row| row.kind != Some(CulpritKind::Truncated)), "{costs:#?}");
            world.simulation.network().set_tcp_blocked(false);
            tokio::time::sleep(10 * SECOND).await;
            world.simulation.recorder().tick();
            assert_eq!(world.simulation.recorder().tcp_blocked(), None);
            mail(6).await;
            assert_eq!(world.shown().await, Vec::<String>::new());
        });
    });
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("TCP")).collect();
    assert!(
        lines.iter().any(|line| line.contains("tcp_blocked"))
            && lines.iter().any(|line| line.contains("answer over TCP again")),
        "{lines:#?}"
    );
}

/// Forty zones, whose servers have addresses of both families in networks of their own.
fn dual_stack() -> Arc<Lab> {
    let mut tree = Tree::default();
    let mut server = |name: &str, last: [u8; 2]| {
        let six = format!("2001:db8:{:x}::1", u16::from_be_bytes(last)).parse().unwrap();
        let mut plan = ServerPlan::new(name, vec![[127, 0, last[0], last[1]].into(), six]);
        plan.distance = Distance::steady(Duration::from_millis(20));
        tree.server(plan).unwrap();
        name.to_owned()
    };
    let root = [server("a.root", [0, 1])];
    let tld = [server("ns.tld", [0, 2])];
    let own: Vec<String> = (0..40).map(|zone| server(&format!("ns.z{zone}.tld"), [1, zone])).collect();
    tree.zone(".", &root, "").unwrap();
    tree.zone("tld.", &tld, "").unwrap();
    for (zone, server) in own.into_iter().enumerate() {
        tree.zone(&format!("z{zone}.tld."), &[server], "* 30 A 10.0.0.1\n").unwrap();
    }
    Arc::new(tree.build().unwrap())
}

#[test]
fn broken_ipv6_is_shown_until_answered() {
    let text = Lines::from_work(tracing::Level::INFO, || {
        paused(async {
            let lab = dual_stack();
            let mut config = config_for(&lab);
            (config.resolve.ipv4, config.resolve.ipv6) = (Family::Auto, Family::Auto);
            let world = World::with(lab, config);
            let mail = async |host: &str, zones: std::ops::Range<u8>| {
                for zone in zones {
                    ask(&world.simulation, &format!("{host}.z{zone}.tld."), RecordType::A).await;
                }
            };
            world.simulation.network().set_ipv6(Ipv6Way::Swallowed);
            mail("w", 0..30).await;
            let shown = world.shown().await;
            let broken = "IPv6 is broken on the path from this host since";
            assert!(shown.iter().any(|line| line.starts_with(broken)), "{shown:#?}");
            assert!(world.simulation.recorder().troubles().without_ipv6.is_some());
            world.simulation.network().set_ipv6(Ipv6Way::Open);
            tokio::time::sleep(600 * SECOND).await;
            mail("new", 0..40).await;
            assert_eq!(world.shown().await, Vec::<String>::new());
        });
    });
    for line in ["ipv6_broken", "servers answer over IPv6 again after"] {
        assert_eq!(text.lines().filter(|logged| logged.contains(line)).count(), 1, "{line}: {text}");
    }
}

#[test]
fn clock_jump_is_shown_until_corrected() {
    let text = Lines::from_work(tracing::Level::INFO, || {
        paused(async {
            let world = World::new().await;
            let clock = world.simulation.clock();
            for (wrong_by, to) in [(24 * 60 * 60, "forward"), (-24 * 60 * 60, "back")] {
                clock.set_wrong_by(wrong_by);
                tokio::time::sleep(10 * SECOND).await;
                let shown = world.shown().await;
                let set = format!("The clock of this host was set {to} by 24 h");
                assert!(shown.len() == 1 && shown[0].starts_with(&set), "{shown:#?}");
                clock.set_wrong_by(0);
                tokio::time::sleep(10 * SECOND).await;
                assert_eq!(world.shown().await, Vec::<String>::new());
            }
        });
    });
    assert_eq!(text.lines().filter(|line| line.contains("clock_set")).count(), 4, "{text}");
}

#[test]
fn few_servers_without_tcp_blame_themselves() {
    paused(async {
        let lab = long_answers();
        for zone in 0..8 {
            lab.server(&format!("ns.z{zone}.tld")).unwrap().set_faults(&[Fault::NoTcp]);
        }
        let world = World::over(lab);
        for _ in 0..4 {
            for zone in 0..8 {
                ask(&world.simulation, &format!("h.long.z{zone}.tld."), RecordType::TXT).await;
            }
            tokio::time::sleep(35 * SECOND).await;
        }
        assert_eq!(world.simulation.recorder().tcp_blocked(), None);
    });
}
