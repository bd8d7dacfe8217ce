//! The time of a first lookup, compared with the best possible time, which an oracle computes, and with the times of the servers that were
//! queried in parallel. Some tests are about silent and slow zones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};

use dns::question::Outcome;
use dns::random::Random;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::internet::Internet;
use lab::server::{Distance, LabServer};
use lab::simulation::{SimulatedReply, Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan, absolute};
use record::event::StepEvent;

/// The number of mail domains: five for each hoster.
const DOMAINS: usize = 40;

/// One server of each zone has one of these faults: dead, lame in several ways, silent for some queries, lossy.
const AILMENTS: [Fault; 7] = [
    Fault::Dead,
    Fault::Refused,
    Fault::ServFail,
    Fault::UpwardReferral,
    Fault::LameEmpty,
    Fault::DropsEdns,
    Fault::LosesFirst,
];

/// Computes the best possible times: it asks the fastest server without faults of each zone. Like a resolver, it does not ask again for
/// zones and addresses that it knows.
struct Oracle<'a> {
    lab: &'a Lab,
    zones: BTreeMap<Name, Vec<&'a LabServer>>,
    known: BTreeSet<Name>,
    addresses: BTreeSet<String>,
}

impl<'a> Oracle<'a> {
    fn new(lab: &'a Lab) -> Self {
        let zones = lab.zones().map(|(zone, servers)| (zone.clone(), servers)).collect();
        let addresses = lab.zones().next().into_iter().flat_map(|(_, roots)| roots);
        let addresses = addresses.map(|server| server.name().to_owned()).collect();
        Self { lab, zones, known: BTreeSet::from([Name::root()]), addresses }
    }

    /// Returns the minimum time to resolve a name with the known zones and addresses.
    fn time(&mut self, name: &Name) -> Duration {
        let mut path: Vec<Name> = self.zones.keys().filter(|zone| zone.zone_of(name)).cloned().collect();
        path.sort_by_key(Name::num_labels);
        let mut at = path.iter().rposition(|zone| self.known.contains(zone)).unwrap();
        let mut spent = Duration::ZERO;
        loop {
            let server = self.reach(&path[at], &mut spent);
            spent += far(server);
            // A server answers from the deepest of its zones.
            let serves = |zone: &Name| self.zones[zone].iter().any(|one| one.name() == server.name());
            let deepest = path.iter().rposition(serves).unwrap();
            if deepest + 1 == path.len() {
                return spent;
            }
            at = deepest + 1;
            self.known.insert(path[at].clone());
            let glued = |one: &&&LabServer| path[deepest].zone_of(&absolute(one.name()).unwrap());
            let glued = self.zones[&path[at]].iter().filter(glued).map(|one| one.name().to_owned());
            self.addresses.extend(glued.collect::<Vec<_>>());
        }
    }

    /// Returns the server without faults that answers soonest. The time to resolve an unknown address is added to `spent`.
    fn reach(&mut self, zone: &Name, spent: &mut Duration) -> &'a LabServer {
        let sound = |one: &&&LabServer| !one.faults().iter().any(|fault| AILMENTS.contains(fault));
        let servers: Vec<&LabServer> = self.zones[zone].iter().filter(sound).copied().collect();
        let near =
            servers.iter().filter(|one| self.addresses.contains(one.name())).min_by_key(|one| far(one));
        if let Some(server) = near {
            return server;
        }
        let server = *servers.iter().min_by_key(|one| far(one)).unwrap();
        *spent += self.time(&absolute(server.name()).unwrap());
        self.addresses.insert(server.name().to_owned());
        self.lab.server(server.name()).unwrap()
    }
}

/// Returns the usual round trip to a server.
fn far(server: &LabServer) -> Duration {
    server.distance().round_trip + server.distance().jitter / 2
}

/// Returns the time that `of_hundred` per cent of the times do not exceed.
fn percentile(times: &mut [Duration], of_hundred: usize) -> Duration {
    times.sort();
    times[(times.len() * of_hundred / 100).min(times.len() - 1)]
}

/// Asks for the MX records of each domain for the first time. Returns the time of each lookup, and the best possible time (see `Oracle`).
async fn first_lookups(seed: u64) -> Vec<(Duration, Duration)> {
    let internet = Internet::new(seed, DOMAINS).unwrap();
    internet.lab.break_one_of_each_zone(&AILMENTS, &Random::seeded(seed));
    let simulation = Simulation::new(internet.lab.clone(), config_for(&internet.lab), seed);
    let mut oracle = Oracle::new(&internet.lab);
    let mut times = Vec::new();
    for domain in &internet.domains {
        let reply = simulation.ask(&domain.name, RecordType::MX).await.unwrap();
        assert_eq!(reply.message.metadata.response_code, ResponseCode::NoError, "{:#?}", reply.steps);
        times.push((reply.elapsed, oracle.time(&domain.name)));
    }
    times
}

#[test]
fn first_lookup_is_near_oracle_time() {
    let (mut ours, mut oracles) = (Vec::new(), Vec::new());
    for seed in 0..25 {
        for (our, oracle) in paused(first_lookups(seed)) {
            ours.push(our);
            oracles.push(oracle);
        }
    }
    let [ours, oracles] =
        [&mut ours, &mut oracles].map(|times| [percentile(times, 50), percentile(times, 95)]);
    println!("ours {ours:?}, the oracle's {oracles:?}");
    assert!(ours[0] * 10 <= oracles[0] * 13, "median {:?}, the oracle's {:?}", ours[0], oracles[0]);
    assert!(ours[1] <= oracles[1] * 2, "95th percentile {:?}, the oracle's {:?}", ours[1], oracles[1]);
}

/// resolverd queries two servers in parallel at each zone cut. Returns the sum of the times of the faster ones. Returns `None` if there are
/// sub-questions, because these run at the same time as other queries.
fn faster_of_raced(lab: &Lab, reply: &SimulatedReply) -> Option<Duration> {
    let mut cuts: Vec<Duration> = Vec::new();
    for step in reply.steps.iter() {
        if step.depth > 0 {
            return None;
        }
        match &step.event {
            StepEvent::Cut { .. } => cuts.push(Duration::MAX),
            StepEvent::Sent { server, reason, .. } if reason == "first" || reason == "race" => {
                let last = cuts.last_mut()?;
                *last = far(lab.at(server.parse().ok()?)?).min(*last);
            }
            _ => {}
        }
    }
    Some(cuts.into_iter().sum())
}

#[test]
fn cold_lookup_nears_faster_raced_server() {
    let mut ratios = Vec::new();
    for seed in 0..20 {
        let internet = Internet::new(seed, DOMAINS).unwrap();
        for domain in &internet.domains {
            let reply = paused(async {
                let simulation = Simulation::new(internet.lab.clone(), config_for(&internet.lab), seed);
                simulation.ask(&domain.name, RecordType::MX).await.unwrap()
            });
            if let Some(least) = faster_of_raced(&internet.lab, &reply) {
                ratios.push(reply.elapsed.as_secs_f64() / least.as_secs_f64());
            }
        }
    }
    assert!(ratios.len() >= 100, "only {} lookups without sub-questions", ratios.len());
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ratios.len() / 2];
    println!("median {median:.3} of {}", ratios.len());
    assert!(median <= 1.2, "median {median}");
}

/// Creates a lab: one.tld. is on two servers with these faults, and other.tld. is on two servers without faults.
fn two_zones(faults: &[Fault]) -> Arc<Lab> {
    let mut tree = Tree::default();
    let mut server = |name: &str, last: [u8; 2], faults: &[Fault]| {
        let mut plan = ServerPlan::new(name, vec![[127, 0, last[0], last[1]].into()]);
        plan.distance = Distance::steady(Duration::from_millis(20));
        plan.faults = faults.to_vec();
        tree.server(plan).unwrap();
        name.to_owned()
    };
    let root = [server("a.root", [0, 1], &[])];
    let tld = [server("ns.tld", [0, 2], &[])];
    let one = [server("ns1.one.tld", [1, 1], faults), server("ns2.one.tld", [1, 2], faults)];
    let other = [server("ns1.other.tld", [2, 1], &[]), server("ns2.other.tld", [2, 2], &[])];
    let text: String = (0..8).map(|number| format!("host{number} 300 A 10.0.0.{number}\n")).collect();
    tree.zone(".", &root, "").unwrap();
    tree.zone("tld.", &tld, "").unwrap();
    tree.zone("one.tld.", &one, &text).unwrap();
    tree.zone("other.tld.", &other, &text).unwrap();
    Arc::new(tree.build().unwrap())
}

async fn ask(simulation: &Simulation, name: &str) -> SimulatedReply {
    simulation.ask(&Name::from_ascii(name).unwrap(), RecordType::A).await.unwrap()
}

#[test]
fn silent_zone_costs_only_its_client() {
    let lab = two_zones(&[Fault::Dead]);
    paused(async {
        let simulation = Simulation::new(lab.clone(), config_for(&lab), 1);
        let healthy = ask(&simulation, "host0.other.tld.").await.elapsed;
        let client = async {
            let reply = ask(&simulation, "host0.one.tld.").await;
            assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail);
            assert!(reply.elapsed <= Duration::from_secs(4), "{:?}", reply.elapsed);
        };
        let others = async {
            for number in 1..8 {
                tokio::time::sleep(Duration::from_millis(500)).await;
                let reply = ask(&simulation, &format!("host{number}.other.tld.")).await;
                assert!(reply.elapsed <= healthy, "{:?} instead of {healthy:?}", reply.elapsed);
            }
        };
        tokio::join!(client, others);
        // After this pause, the resolution has ended, and resolverd knows that the servers are silent.
        tokio::time::sleep(Duration::from_millis(6_500)).await;
        lab.log().take();
        let reply = ask(&simulation, "host0.one.tld.").await;
        assert_eq!((reply.outcome, reply.elapsed), (Outcome::Failed, Duration::ZERO));
        assert!(lab.log().take().is_empty());
    });
}

// The answer of the server comes after 3, 5 or 7 seconds.
#[test]
fn late_answer_reaches_glibc_retry() {
    for seconds in [3, 5, 7] {
        let lab = two_zones(&[Fault::Slow(Duration::from_secs(seconds))]);
        paused(async {
            let simulation = Simulation::new(lab.clone(), config_for(&lab), seconds);
            let first = ask(&simulation, "host0.one.tld.").await;
            let answered = if first.message.answers.is_empty() {
                assert!(first.elapsed <= Duration::from_secs(4));
                // glibc repeats its query after five seconds, and then waits up to five more.
                tokio::time::sleep(Duration::from_secs(5) - first.elapsed).await;
                let second = ask(&simulation, "host0.one.tld.").await;
                assert!(second.elapsed <= Duration::from_secs(5));
                second
            } else {
                first
            };
            assert_eq!(answered.message.answers.len(), 1, "{seconds} s: {:#?}", answered.steps);
        });
    }
}

// The server drops this domain and answers for another.
#[test]
fn dropped_domain_costs_mail_four_seconds() {
    for (millis, most, is_heard) in
        [(2, 50, true), (2, 50, false), (30, 50, true), (100, 300, true), (200, 2_000, true)]
    {
        let mut tree = Tree::default();
        let mut server = |name: &str, last: [u8; 2], faults: &[Fault]| {
            let mut plan = ServerPlan::new(name, vec![[127, 0, last[0], last[1]].into()]);
            plan.distance = Distance::steady(Duration::from_millis(millis));
            plan.faults = faults.to_vec();
            tree.server(plan).unwrap();
            name.to_owned()
        };
        let above = [server("a.root", [0, 1], &[]), server("ns.tld", [0, 2], &[])];
        let hoster = [
            server("ns1.one.tld", [1, 1], &[Fault::DropsFirstZone]),
            server("ns2.one.tld", [1, 2], &[Fault::DropsFirstZone]),
        ];
        tree.zone(".", &above[..1], "").unwrap();
        tree.zone("tld.", &above[1..], "").unwrap();
        tree.zone("one.tld.", &hoster, "@ 300 A 10.0.0.1\n").unwrap();
        tree.zone("other.tld.", &hoster, "* 300 A 10.0.0.2\n").unwrap();
        let lab = Arc::new(tree.build().unwrap());
        paused(async {
            let simulation = Simulation::new(lab.clone(), config_for(&lab), millis);
            let healthy = match is_heard {
                true => ask(&simulation, "host.other.tld.").await.elapsed,
                false => Duration::from_secs(1),
            };
            let mail = async {
                let mut times = Vec::new();
                for name in ["mail0.one.tld.", "one.tld.", "mail1.one.tld.", "mail0.one.tld."] {
                    let reply = ask(&simulation, name).await;
                    assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail);
                    times.push(reply.elapsed);
                }
                times
            };
            // Meanwhile, clients ask for names in a zone whose servers answer.
            let others = async {
                for number in 0..60 {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    let reply = ask(&simulation, &format!("host{number}.other.tld.")).await;
                    assert!(reply.elapsed <= healthy, "{:?} instead of {healthy:?}", reply.elapsed);
                }
            };
            let (times, ()) = tokio::join!(mail, others);
            assert!(times[0] <= Duration::from_secs(4), "{times:?}");
            let rest: Duration = times[1..].iter().sum();
            assert!(rest <= Duration::from_millis(most), "{times:?} at {millis} ms");
        });
    }
}
