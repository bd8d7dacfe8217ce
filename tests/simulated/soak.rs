//! Runs with many seeds. Even if one server of each zone is dead, lame or silent, no question may fail. The same seed gives the same run.
//! Many clients with the same question share one resolution.
//!
//! `RESOLVERD_SOAK_SEEDS` is the number of runs with a broken server; `RESOLVERD_SOAK_FIRST` is the first seed, to repeat a run that failed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RecordType};

use dns::question::Outcome;
use dns::random::Random;
use lab::client::AskError;
use lab::delegations::Tree;
use lab::internet::Internet;
use lab::log::Received;
use lab::mails::{Popularity, draw};
use lab::prelude::{SOAK_DOMAINS, by_hand};
use lab::simulation::{Simulation, config_for, paused};
use lab::traffic;
use lab::traffic::{Asker, Program};
use lab::world::{Lab, ServerPlan};
use record::event::StepEvent;
use stage::watched::{AILMENTS, Watched};

/// The number of emails in one run.
const MESSAGES: usize = 6;

/// Plays emails. One server of each zone has a fault. Returns the failures, and every query that servers received.
async fn soak(seed: u64) -> (Vec<String>, Vec<Received>) {
    let internet = Internet::new(seed, SOAK_DOMAINS).unwrap();
    internet.lab.break_one_of_each_zone(&AILMENTS, &Random::seeded(seed));
    let simulation = Simulation::new(internet.lab.clone(), config_for(&internet.lab), seed);
    let watched = Watched::new(&simulation);
    for mail in draw(&internet, seed, MESSAGES, Popularity::Uniform) {
        traffic::play(&internet, &mail, &watched, simulation.clock()).await;
    }
    (watched.into_failed(), internet.lab.log().received())
}

#[test]
fn broken_server_per_zone_fails_nothing() {
    let mut failures = Vec::new();
    let (first, seeds) = (by_hand("RESOLVERD_SOAK_FIRST", 0), by_hand("RESOLVERD_SOAK_SEEDS", 100));
    for seed in first..first + seeds {
        let (failed, received) = paused(soak(seed));
        assert!(!received.is_empty());
        failures.extend(failed.into_iter().map(|failure| format!("seed {seed}: {failure}")));
    }
    let shown = failures.iter().take(3).cloned().collect::<Vec<_>>().join("\n");
    assert!(failures.is_empty(), "{} questions failed\n{shown}", failures.len());
}

/// Records the queries that were sent twice to the same server for one question.
struct OneByOne<'a> {
    simulation: &'a Simulation,
    twice: tokio::sync::Mutex<Vec<String>>,
}

impl Asker for OneByOne<'_> {
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        _program: Program,
    ) -> BoxFuture<'a, Result<Message, AskError>> {
        Box::pin(async move {
            let mut twice = self.twice.lock().await;
            let lab = self.simulation.lab();
            lab.log().take();
            let began = self.simulation.clock().mono();
            let reply = self.simulation.ask(name, kind).await?;
            let mut first = BTreeMap::new();
            for one in lab.log().take() {
                let sent = one.at.since(began);
                let Some(before) = first.insert(one.to_string(), sent) else { continue };
                // A second query to a server is correct if the first one got no reply, even if the server has answered another question
                // meanwhile. A query at the same time as a reply is correct too, because the reply may not have been read yet.
                let addresses = lab.server(&one.server).unwrap().addresses();
                let of = |server: &str| addresses.iter().any(|address| address.to_string() == server);
                let (mut answered, mut late) = (false, false);
                for step in reply.steps.iter() {
                    let at = Duration::from_secs_f64(step.at);
                    match &step.event {
                        StepEvent::Received { server, .. } if of(server) => {
                            answered |= before < at && at < sent
                        }
                        StepEvent::Unanswered { server, .. } if of(server) => {
                            late |= before < at && at < sent
                        }
                        StepEvent::Sent { server, reason, .. } if of(server) => {
                            // A second query for one of these reasons is correct even after a reply: all other servers have failed, so this
                            // one is queried again; or it has denied a name in mixed case, so it gets the name in lower case.
                            late |= at == sent && matches!(reason.as_str(), "retry" | "again" | "own_case")
                        }
                        _ => {}
                    }
                }
                // Queries for SOA and NS do not belong to a question. They probe dead servers, or check the network of this host.
                let aside = matches!(one.kind, RecordType::SOA | RecordType::NS);
                if answered && !late && !aside {
                    twice.push(format!("{one}, for {name} {kind}: {:#?}", reply.steps));
                }
            }
            Ok(reply.message)
        })
    }
}

#[test]
fn question_sends_no_message_twice() {
    for (seed, broken) in (0..10).flat_map(|seed| [(seed, false), (seed, true)]) {
        let twice = paused(async {
            let internet = Internet::new(seed, SOAK_DOMAINS).unwrap();
            if broken {
                internet.lab.break_one_of_each_zone(&AILMENTS, &Random::seeded(seed));
            }
            let simulation = Simulation::new(internet.lab.clone(), config_for(&internet.lab), seed);
            let asker = OneByOne { simulation: &simulation, twice: tokio::sync::Mutex::default() };
            for mail in draw(&internet, seed, MESSAGES, Popularity::Uniform) {
                traffic::play(&internet, &mail, &asker, simulation.clock()).await;
            }
            asker.twice.into_inner()
        });
        assert!(twice.is_empty(), "seed {seed}, broken {broken}: {} sent twice: {}", twice.len(), twice[0]);
    }
}

#[test]
fn same_seed_repeats_run() {
    for seed in [3, 4] {
        let (first, second) = (paused(soak(seed)).1, paused(soak(seed)).1);
        let different = first.iter().zip(&second).position(|(one, other)| one != other);
        assert_eq!(different.map(|place| (&first[place], &second[place])), None, "seed {seed}");
        assert_eq!(first.len(), second.len(), "seed {seed}");
    }
}

#[test]
fn many_askers_make_one_flight() {
    let alone = paused(packets_of(1));
    assert_eq!(paused(packets_of(200)), alone);
}

/// Returns the number of queries to servers if this many clients ask for one name at the same time.
async fn packets_of(askers: usize) -> u64 {
    let internet = Internet::new(1, SOAK_DOMAINS).unwrap();
    let lab: Arc<Lab> = internet.lab.clone();
    let simulation = Simulation::new(lab.clone(), config_for(&lab), 1);
    let name = &internet.domains[5].name;
    let asked = (0..askers).map(|_| simulation.ask(name, RecordType::MX));
    let replies = join_all(asked).await;
    let outcomes: Vec<Outcome> = replies.into_iter().map(|reply| reply.unwrap().outcome).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Upstream).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Shared).count(), askers - 1);
    lab.log().total()
}

/// The number of names. Their TTLs are 1, 2, 4 and so on to 512 seconds.
const OWNERS: u16 = 10;

#[test]
fn no_answer_outlives_its_ttl() {
    for seed in 0..20 {
        paused(ask_as_time_goes_by(seed));
    }
}

/// Asks for random names at random times. Each cached answer must be younger than its TTL and have the correct remaining TTL.
async fn ask_as_time_goes_by(seed: u64) {
    let mut tree = Tree::default();
    tree.server(ServerPlan::new("a.root", vec![[127, 0, 0, 1].into()])).unwrap();
    let text: String =
        (0..OWNERS).map(|owner| format!("host{owner} {} A 10.0.0.1\n", 1_u32 << owner)).collect();
    tree.zone(".", &["a.root".to_owned()], &text).unwrap();
    let lab = Arc::new(tree.build().unwrap());
    let simulation = Simulation::new(lab.clone(), config_for(&lab), seed);
    let random = Random::seeded(seed);
    for _ in 0..300 {
        let owner = random.u16() % OWNERS;
        let name = Name::from_ascii(format!("host{owner}.")).unwrap();
        let reply = simulation.ask(&name, RecordType::A).await.unwrap();
        let fetched = lab.log().received().iter().rfind(|received| received.name == name).unwrap().at;
        let age = simulation.clock().mono().since(fetched);
        let told = u64::from(reply.message.answers[0].ttl);
        assert!(age < Duration::from_secs(1 << owner) + Duration::from_millis(20), "{name} is {age:?} old");
        assert!(
            told <= 1 << owner && told + age.as_secs() <= (1 << owner) + 1,
            "{name}: {told} s after {age:?}"
        );
        tokio::time::sleep(Duration::from_millis(u64::from(random.below(20_000)))).await;
    }
}
