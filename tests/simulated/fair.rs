//! One client floods resolverd. Another client, which asks few questions (the light client), must get its answers as quickly as without the
//! flood.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};
use tokio::task::JoinSet;

use config::{ConfiguredZone, Forwarder, ZoneKind};
use dns::question::Outcome;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::server::Distance;
use lab::simulation::{Flags, SimulatedReply, Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};
use record::Window;
use record::limits::FLIGHT_TIME;
use resolver::limits::{MAX_FLIGHTS, MAX_SILENT_FLIGHTS, MAX_WAITERS, NEW_ZONE_TIME};

/// The round trip to the servers of the names for which the light client (the one with few questions) asks.
const NEAR: Duration = Duration::from_millis(20);

/// The light client must have 99 of 100 answers within this time.
const LATE: Duration = Duration::from_millis(100);

/// A reply may arrive this much later than expected.
const SLACK: Duration = Duration::from_millis(10);

const SILENT_ZONES: usize = 100;

/// The addresses from which the flood comes: that of the light client, because all programs of a gateway have the same address, and another one.
const FLOODERS: [IpAddr; 2] = [light(), IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 9))];

const fn light() -> IpAddr {
    IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)
}

/// A zone that works, a zone whose server takes half a second for a reply, and a hundred zones and a top-level domain with silent servers.
fn lab() -> Arc<Lab> {
    let mut tree = Tree::default();
    let mut server = |name: &str, address: [u8; 4], distance: Duration, faults: &[Fault]| {
        let mut plan = ServerPlan::new(name, vec![address.into()]);
        plan.distance = Distance::steady(distance);
        plan.faults = faults.to_vec();
        tree.server(plan).unwrap();
    };
    let near = Duration::from_millis(10);
    server("a.root", [127, 0, 0, 1], near, &[]);
    server("ns.tld", [127, 0, 0, 2], near, &[]);
    server("ns1.well.tld", [127, 0, 1, 1], NEAR, &[]);
    server("ns2.well.tld", [127, 0, 1, 2], NEAR, &[]);
    server("ns1.slow.tld", [127, 0, 1, 3], Duration::from_millis(500), &[]);
    server("ns.silent", [127, 0, 1, 4], NEAR, &[Fault::Dead]);
    for (number, last) in (0..SILENT_ZONES).zip(1_u8..) {
        server(&format!("ns1.silent{number}.tld"), [127, 0, 2, last], NEAR, &[Fault::Dead]);
        server(&format!("ns2.silent{number}.tld"), [127, 0, 3, last], NEAR, &[Fault::Dead]);
    }
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone("tld.", &["ns.tld".to_owned()], "").unwrap();
    tree.zone("silent.", &["ns.silent".to_owned()], "").unwrap();
    tree.zone("slow.tld.", &["ns1.slow.tld".to_owned()], "* 300 A 10.0.0.1\n").unwrap();
    let others = (0..SILENT_ZONES).map(|number| format!("silent{number}.tld."));
    for zone in others.chain(["well.tld.".to_owned()]) {
        let servers = [1, 2].map(|number| format!("ns{number}.{}", zone.trim_end_matches('.')));
        tree.zone(&zone, &servers, "* 300 A 10.0.0.1\n").unwrap();
    }
    Arc::new(tree.build().unwrap())
}

/// The resolver, and the questions of the flood that are in progress.
struct Stage {
    simulation: Arc<Simulation>,
    flood: JoinSet<SimulatedReply>,
}

impl Stage {
    async fn set(seed: u64) -> Self {
        let lab = lab();
        let simulation = Arc::new(Simulation::new(lab.clone(), config_for(&lab), seed));
        let stage = Self { simulation, flood: JoinSet::new() };
        ask(&stage.simulation, "cached.well.tld.", light()).await;
        stage
    }

    /// Asks as one of the flooding clients.
    fn crowd(&mut self, name: String, client: IpAddr) {
        let simulation = Arc::clone(&self.simulation);
        self.flood.spawn(async move { ask(&simulation, &name, client).await });
    }

    /// The light client asks for 50 cached names and 10 new names per second, and must get all answers in time. `flood` is called every
    /// hundredth of a second.
    async fn beside(&mut self, seconds: u32, mut flood: impl FnMut(&mut Self, u32)) {
        let mut asked = JoinSet::new();
        for tick in 0..seconds * 100 {
            flood(self, tick);
            for (every, name) in [(2, "cached.well.tld.".to_owned()), (10, format!("new{tick}.well.tld."))] {
                if tick % every == 0 {
                    let simulation = Arc::clone(&self.simulation);
                    asked.spawn(async move { ask(&simulation, &name, light()).await });
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mut times = Vec::new();
        let mut failed = Vec::new();
        while let Some(reply) = asked.join_next().await {
            let reply = reply.unwrap();
            times.push(reply.elapsed);
            if reply.message.answers.is_empty() {
                failed.push(reply);
            }
        }
        assert!(failed.is_empty(), "{} of {} failed: {:?}", failed.len(), times.len(), told(&failed[0]));
        times.sort();
        let late = times[times.len() * 99 / 100];
        assert!(late < LATE, "{late:?}");
    }

    /// Waits for all replies of the flood and returns them. Each must have arrived within the deadline, and nothing may be in progress.
    async fn end(mut self) -> Vec<SimulatedReply> {
        let mut replies = Vec::new();
        while let Some(reply) = self.flood.join_next().await {
            replies.push(reply.unwrap());
        }
        tokio::time::sleep(FLIGHT_TIME).await;
        let resolver = self.simulation.resolver();
        assert_eq!((resolver.flights(), resolver.waiters()), (0, 0));
        let deadline = resolver.views().config().resolve.deadline;
        let late = replies.iter().find(|reply| reply.elapsed > deadline + SLACK);
        assert!(late.is_none(), "{:?} after {:?}", late.map(told), late.map(|reply| reply.elapsed));
        replies
    }
}

async fn ask(simulation: &Simulation, name: &str, client: IpAddr) -> SimulatedReply {
    let flags = Flags { client: Some(client), ..Flags::default() };
    simulation.ask_with(&Name::from_ascii(name).unwrap(), RecordType::A, flags).await.unwrap()
}

fn told(reply: &SimulatedReply) -> (ResponseCode, Outcome, Option<String>) {
    let text = reply.extended_error.as_ref().map(|error| error.text.clone());
    (reply.message.metadata.response_code, reply.outcome, text)
}

fn shed(replies: &[SimulatedReply]) -> usize {
    replies.iter().filter(|reply| reply.outcome == Outcome::Shed).count()
}

// Six thousand names of one silent zone.
#[test]
fn flood_for_silent_zone_delays_nobody() {
    for flooder in FLOODERS {
        paused(async {
            let mut stage = Stage::set(1).await;
            for number in 0..6_000 {
                stage.crowd(format!("host{number}.silent0.tld."), flooder);
            }
            stage.beside(8, |_, _| ()).await;
            let recorder = Arc::clone(stage.simulation.recorder());
            let replies = stage.end().await;
            let all = u64::try_from(shed(&replies)).unwrap();
            assert!(all >= 5_000, "{all} shed");
            let (zones, _) = recorder.shed_by(Window::Start);
            let at_once = replies.iter().filter(|reply| reply.outcome == Outcome::Shed);
            assert!(
                at_once.clone().all(|reply| reply.elapsed <= SLACK),
                "{:?}",
                at_once.map(|reply| reply.elapsed).max()
            );
            let counted: Vec<(&str, u64)> = zones.iter().map(|row| (row.name.as_str(), row.shed)).collect();
            assert_eq!(counted, [("silent0.tld.", all)]);
        });
    }
}

// Four hundred names a second of one silent zone.
#[test]
fn steady_silent_queries_delay_nobody() {
    paused(async {
        let mut stage = Stage::set(2).await;
        stage
            .beside(5, |stage, tick| {
                for number in 0..4 {
                    stage.crowd(format!("host{tick}-{number}.silent0.tld."), light());
                }
                assert!(stage.simulation.resolver().flights() < MAX_FLIGHTS / 5, "capped early");
            })
            .await;
        stage.end().await;
    });
}

#[test]
fn hundred_silent_zones_delay_nobody() {
    for flooder in FLOODERS {
        paused(async {
            let mut stage = Stage::set(3).await;
            stage
                .beside(5, |stage, tick| {
                    for number in 0..40 {
                        let zone = (tick as usize * 40 + number) % SILENT_ZONES;
                        stage.crowd(format!("host{tick}-{number}.silent{zone}.tld."), flooder);
                    }
                })
                .await;
            stage.end().await;
        });
    }
}

// Four thousand names a second of a zone that answers slowly.
#[test]
fn flood_for_slow_zone_delays_nobody() {
    for flooder in FLOODERS {
        paused(async {
            let mut stage = Stage::set(4).await;
            stage
                .beside(4, |stage, tick| {
                    for number in 0..40 {
                        stage.crowd(format!("host{tick}-{number}.slow.tld."), flooder);
                    }
                })
                .await;
            let simulation = Arc::clone(&stage.simulation);
            let replies = stage.end().await;
            // A question that was refused because of too many resolutions is answered after the flood.
            let again = replies.iter().find(|reply| reply.outcome == Outcome::Shed).unwrap();
            let name = again.message.queries[0].name().to_string();
            assert_eq!(ask(&simulation, &name, flooder).await.outcome, Outcome::Upstream);
            let answered = replies.iter().filter(|reply| !reply.message.answers.is_empty()).count();
            assert!(answered >= 4_000, "a zone that answers has half of the places: {answered}");
        });
    }
}

#[test]
fn zones_below_silent_parent_delay_nobody() {
    for flooder in FLOODERS {
        paused(async {
            let mut stage = Stage::set(5).await;
            stage
                .beside(5, |stage, tick| {
                    for number in 0..40 {
                        stage.crowd(format!("www.zone{tick}-{number}.silent."), flooder);
                    }
                })
                .await;
            stage.end().await;
        });
    }
}

#[test]
fn many_waiters_for_name_delay_nobody() {
    for flooder in FLOODERS {
        paused(async {
            let mut stage = Stage::set(6).await;
            for _ in 0..2 * MAX_WAITERS {
                stage.crowd("host.silent0.tld.".to_owned(), flooder);
            }
            stage.beside(5, |_, _| ()).await;
            stage.end().await;
        });
    }
}

// Another client floods the same zone.
#[test]
fn light_client_is_answered_beside_flood() {
    paused(async {
        let mut stage = Stage::set(7).await;
        for number in 0..6_000 {
            stage.crowd(format!("host{number}.slow.tld."), FLOODERS[1]);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        let reply = ask(&stage.simulation, "mine.slow.tld.", light()).await;
        assert_eq!(reply.message.answers.len(), 1, "{:?}", told(&reply));
        stage.end().await;
    });
}

/// Without referrals, resolverd does not learn the zone of a name. The resolution then counts for the domain of the name, which may have
/// only a part of all resolutions.
#[test]
fn silent_forwarder_domain_share_is_limited() {
    paused(async {
        let lab = lab();
        let mut config = config_for(&lab);
        let silent = Forwarder { address: ([127, 0, 2, 1], 53).into(), encryption: None };
        config.zones = vec![ConfiguredZone {
            name: Name::root(),
            kind: ZoneKind::Forward(vec![silent]),
            ..ConfiguredZone::default()
        }];
        let simulation = Arc::new(Simulation::new(lab, config, 7));
        let mut flood = JoinSet::new();
        for number in 0..MAX_SILENT_FLIGHTS + 1 {
            let simulation = Arc::clone(&simulation);
            flood.spawn(
                async move { ask(&simulation, &format!("host{number}.a.victim.tld."), light()).await },
            );
        }
        tokio::time::sleep(2 * NEW_ZONE_TIME).await;
        let (code, outcome, text) = told(&ask(&simulation, "one.more.victim.tld.", light()).await);
        assert_eq!((code, outcome), (ResponseCode::ServFail, Outcome::Shed));
        assert!(text.as_ref().is_some_and(|text| text.contains("for victim.tld., whose")), "{text:?}");
        let (_, outcome, text) = told(&ask(&simulation, "www.other.tld.", light()).await);
        assert_ne!(outcome, Outcome::Shed, "{text:?}");
        let (zones, _) = simulation.recorder().shed_by(Window::Start);
        let counted: Vec<(&str, u64)> = zones.iter().map(|row| (row.name.as_str(), row.shed)).collect();
        assert_eq!(counted, [("victim.tld.", 1)]);
    });
}
