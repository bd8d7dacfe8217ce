//! A hostile internet: one server in twenty has a fault of the lab's list, and paths lose packets. No answer may be wrong, few questions
//! may fail, the memory must stay within its limit, and every resolution and task must end.
//!
//! `RESOLVERD_SOAK_SEEDS` and `RESOLVERD_SOAK_QUESTIONS` are the numbers of runs and of their questions; `RESOLVERD_SOAK_FIRST` is the first seed,
//! to repeat a run that failed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RecordType};

use config::Config;
use dns::random::Random;
use lab::client::AskError;
use lab::distort::POISON;
use lab::fault::{Fault, MixedCaseReply};
use lab::internet::Internet;
use lab::mails::{Popularity, draw};
use lab::oracle::Oracle;
use lab::prelude::{AFTERWARDS, REPLY_TIME, SOAK_DOMAINS, by_hand, skipped};
use lab::simulation::{Simulation, config_for, config_trusting, paused};
use lab::traffic;
use lab::traffic::{Asker, Program};
use record::event::{Step, StepEvent};
use resolver::limits::MAX_PACKETS_PER_QUESTION;

/// The default number of runs. In each run, four servers have a fault, so 16 runs are enough to give each fault of the list to a server.
const SEEDS: u64 = 16;

/// The maximum number of further runs, for faults whose servers got no query in the first runs.
const MORE_SEEDS: u64 = 24;

/// At most one of `ONE_IN` servers has a fault.
const ONE_IN: usize = 20;

/// The maximum time between two emails. Answers must expire and dead servers be probed in this time.
const PAUSE_MILLIS: u32 = 20_000;

/// The number of questions that are asked before the test, to find out which servers are in use.
const RECONNAISSANCE: usize = 400;

#[derive(Debug, Default)]
struct Run {
    questions: usize,
    failed: Vec<String>,
    /// The wrong answers, each with its question.
    wrong: Vec<String>,
    /// The faults of servers that received a query.
    met: BTreeSet<Fault>,
    /// The number of queries that servers received.
    messages: u64,
}

/// The possible faults of servers, the packets lost per thousand, and whether zones are signed and validated.
#[derive(Clone, Copy)]
struct World<'a> {
    faults: &'a [Fault],
    loss_per_mille: u32,
    signed: bool,
}

/// Plays one run for each seed. Each run gives some servers faults from the list. Until each fault has met a query, further runs are played
/// with the remaining faults.
fn soak(world: World<'_>, questions: u64) -> Vec<(u64, Run)> {
    let (first, seeds) = (by_hand("RESOLVERD_SOAK_FIRST", 0), by_hand("RESOLVERD_SOAK_SEEDS", SEEDS));
    let questions = usize::try_from(by_hand("RESOLVERD_SOAK_QUESTIONS", questions)).unwrap();
    let end = first + seeds;
    let mut runs: Vec<(u64, Run)> =
        (first..end).map(|seed| (seed, paused(run(seed, world, questions)))).collect();
    if seeds < SEEDS {
        skipped("fewer seeds were asked for than it takes to meet every fault");
        return runs;
    }
    let unmet = |runs: &[(u64, Run)]| -> Vec<Fault> {
        let is_met = |fault: &Fault| runs.iter().any(|(_, run)| run.met.contains(fault));
        world.faults.iter().filter(|fault| !is_met(fault)).copied().collect()
    };
    // Each zone must keep one server without faults, so some faults are left for a later run.
    for seed in end..end + MORE_SEEDS {
        let left = unmet(&runs);
        if left.is_empty() {
            break;
        }
        println!("seed {seed} is for faults that are not met yet: {left:?}");
        runs.push((seed, paused(run(seed, World { faults: &left, ..world }, RECONNAISSANCE))));
    }
    let left = unmet(&runs);
    assert!(left.is_empty(), "no question met {left:?}");
    runs
}

async fn run(seed: u64, world: World<'_>, questions: usize) -> Run {
    let World { faults, loss_per_mille, signed } = world;
    let internet = if signed {
        Internet::signed(seed, SOAK_DOMAINS).unwrap()
    } else {
        Internet::new(seed, SOAK_DOMAINS).unwrap()
    };
    let config = if signed { config_trusting(&internet.lab) } else { config_for(&internet.lab) };
    let asked = reconnoitre(&internet, &config, seed).await;
    let broken = break_some(&internet, faults, &asked, seed);
    let simulation = Simulation::new(internet.lab.clone(), config, seed);
    simulation.network().set_loss(loss_per_mille);
    simulation.network().set_stream_loss(loss_per_mille);
    let oracle = Oracle::new(&internet.lab);
    let watched = Watched { simulation: &simulation, oracle: &oracle, run: Mutex::default() };
    let random = Random::seeded(seed);
    // Each email has its own seed, so with more questions the beginning of the run stays the same.
    for number in 0.. {
        if watched.run.lock().unwrap().questions >= questions {
            break;
        }
        for mail in draw(&internet, seed.wrapping_mul(1_000_003).wrapping_add(number), 1, Popularity::Uniform)
        {
            traffic::play(&internet, &mail, &watched, simulation.clock()).await;
        }
        tokio::time::sleep(Duration::from_millis(random.below(PAUSE_MILLIS).into())).await;
    }
    tokio::time::sleep(AFTERWARDS).await;
    let mut run = watched.run.into_inner().unwrap();
    run.wrong.extend(left_behind(&simulation));
    run.messages = internet.lab.log().total();
    let received = internet.lab.log().received();
    let met = |name: &str| received.iter().any(|received| *received.server == *name);
    run.met = broken.iter().filter(|(name, _)| met(name)).map(|(_, fault)| *fault).collect();
    run.failed.iter_mut().for_each(|failure| failure.push_str(&format!("\n  broken: {broken:?}")));
    run
}

/// Returns the servers that receive queries. Faults of all other servers would have no effect.
async fn reconnoitre(internet: &Internet, config: &Config, seed: u64) -> BTreeSet<String> {
    let simulation = Simulation::new(internet.lab.clone(), config.clone(), seed);
    let mut questions = 0;
    for mail in draw(internet, seed, RECONNAISSANCE, Popularity::Uniform) {
        questions += traffic::play(internet, &mail, &simulation, simulation.clock()).await.questions as usize;
        if questions >= RECONNAISSANCE {
            break;
        }
    }
    internet.lab.log().take().iter().map(|received| received.server.to_string()).collect()
}

/// Gives one in twenty of all servers a fault, but never the last healthy server of a zone. Returns the servers with faults.
fn break_some(
    internet: &Internet,
    faults: &[Fault],
    asked: &BTreeSet<String>,
    seed: u64,
) -> BTreeMap<String, Fault> {
    let lab = &internet.lab;
    let zones: Vec<BTreeSet<&str>> =
        lab.zones().map(|(_, servers)| servers.iter().map(|server| server.name()).collect()).collect();
    let random = Random::seeded(seed);
    let mut broken: BTreeSet<&str> = BTreeSet::new();
    let servers = lab.servers();
    let count = servers.len().div_ceil(ONE_IN);
    // If this number of tries does not find `count` servers, fewer servers get a fault.
    for _ in 0..100 * count {
        let drawn = servers[usize::from(random.u16()) % servers.len()].name();
        let spares =
            |zone: &BTreeSet<&str>| zone.iter().any(|server| *server != drawn && !broken.contains(server));
        if broken.len() < count && asked.contains(drawn) && zones.iter().all(spares) {
            broken.insert(drawn);
        }
    }
    let begin = usize::try_from(seed).unwrap() * count;
    let mut drawn: Vec<Fault> = (begin..begin + count).map(|place| faults[place % faults.len()]).collect();
    let told = broken.iter().map(|name| {
        let server = lab.server(name).unwrap();
        // A server does not get a fault whose lies resolverd cannot recognise. A server of the root or of com. may give answers for com.
        // and names below it. Only signatures show that such an answer, or a denial with the SOA record of the root, is a lie.
        let authority = server.authority();
        let zones = authority.zones();
        let may = zones.iter().any(|zone| zone.origin().num_labels() < 2);
        // A server of a zone and its child zone may refer to the child zone with any address, so resolverd cannot recognise a false
        // address.
        let is_below = |origin: &Name, other: &Name| origin != other && other.zone_of(origin);
        let refers =
            zones.iter().any(|zone| zones.iter().any(|other| is_below(zone.origin(), other.origin())));
        // The first time that a server of a DNS list denies a name in mixed case, resolverd believes it. The denial may be false, but one missed
        // listing loses no mail.
        let leads_to_list =
            zones.iter().any(|zone| internet.lists.iter().any(|list| zone.origin().zone_of(&list.zone)));
        let lies = |fault: &Fault| match fault {
            Fault::Poisons | Fault::CatchAll => may,
            Fault::SelfReferral => refers,
            Fault::MixedCase(_) => leads_to_list,
            _ => false,
        };
        let fits = |fault: &Fault| !lies(fault);
        let fault = drawn.iter().position(fits).map_or(Fault::Dead, |place| drawn.remove(place));
        server.set_faults(&[server.faults(), vec![fault]].concat());
        ((*name).to_owned(), fault)
    });
    told.collect()
}

/// Returns what is still in progress. After all questions were answered, this must be nothing.
fn left_behind(simulation: &Simulation) -> Vec<String> {
    let mut found = Vec::new();
    let (flights, tasks) =
        (simulation.resolver().flights(), tokio::runtime::Handle::current().metrics().num_alive_tasks());
    if flights > 0 || tasks > simulation.by_itself() {
        found.push(format!("{flights} flights and {tasks} tasks go on"));
    }
    let memory = simulation.resolver().memory();
    for store in memory.fill() {
        if store.bytes > store.capacity {
            found.push(format!("{store:?} is over its bound"));
        }
    }
    let now = simulation.clock().mono();
    for name in memory.names() {
        let held = format!("{:?}", memory.look(&name, None, now));
        let octets = format!("{:?}", POISON.octets());
        if held.contains(&POISON.to_string()) || held.contains(octets.trim_matches(['[', ']'])) {
            found.push(format!("poison under {name}: {held}"));
        }
    }
    found
}

/// A mail gateway that compares each reply with the truth.
struct Watched<'a> {
    simulation: &'a Simulation,
    oracle: &'a Oracle,
    run: Mutex<Run>,
}

impl Asker for Watched<'_> {
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        _program: Program,
    ) -> BoxFuture<'a, Result<Message, AskError>> {
        Box::pin(async move {
            let reply = self.simulation.ask(name, kind).await?;
            let mut run = self.run.lock().unwrap();
            run.questions += 1;
            if let Some(objection) = self.oracle.objection(name, kind, &reply.message) {
                run.wrong.push(format!("{name} {kind}: {objection}\n  {:?}", reply.steps));
            }
            let sent = |step: &&Step| matches!(step.event, StepEvent::Sent { .. });
            if reply.steps.iter().filter(sent).count() > MAX_PACKETS_PER_QUESTION as usize {
                run.wrong.push(format!("{name} {kind} cost more messages than a question may"));
            }
            if reply.elapsed > REPLY_TIME {
                run.wrong.push(format!("{name} {kind} took {:?}", reply.elapsed));
            }
            if reply.message.metadata.response_code == ResponseCode::ServFail {
                let why = reply.extended_error.map(|error| error.text).unwrap_or_default();
                run.failed.push(format!("{name} {kind}: {:?} {why}", reply.outcome));
            }
            Ok(reply.message)
        })
    }
}

/// Faults without effect on unsigned zones.
const OF_SIGNED_ZONES: [Fault; 5] =
    [Fault::BadSignatures, Fault::NoDnssec, Fault::StripsProofs, Fault::ParentsProof, Fault::RefusesDnskey];

/// Returns the faults that a resolver can notice without signatures.
fn honest() -> Vec<Fault> {
    let numbered = [
        Fault::Slow(Duration::from_millis(1_500)),
        Fault::Ttl(0),
        Fault::Ttl(1 << 31),
        Fault::Drops(RecordType::SOA),
        Fault::MixedCase(MixedCaseReply::NoData),
        Fault::MixedCase(MixedCaseReply::Nxdomain),
        Fault::MixedCase(MixedCaseReply::Refused),
        Fault::MixedCase(MixedCaseReply::Lame),
        Fault::DropsLonger(512),
        Fault::Flood(60),
        Fault::Flood(70),
    ];
    let can_be_told = |fault: &Fault| !fault.lies() && !OF_SIGNED_ZONES.contains(fault);
    Fault::all().filter(can_be_told).chain(numbered).collect()
}

/// Checks the runs: no answer may be wrong, and at most this many questions per thousand may fail.
fn hold(runs: &[(u64, Run)], failures_per_mille: usize) {
    let wrong: Vec<String> = runs
        .iter()
        .flat_map(|(seed, run)| run.wrong.iter().map(move |it| format!("seed {seed}: {it}")))
        .collect();
    assert!(wrong.is_empty(), "{} things wrong\n{}", wrong.len(), wrong[..wrong.len().min(5)].join("\n"));
    let questions: usize = runs.iter().map(|(_, run)| run.questions).sum();
    let failed: Vec<String> = runs
        .iter()
        .flat_map(|(seed, run)| run.failed.iter().map(move |it| format!("seed {seed}: {it}")))
        .collect();
    println!("{} of {questions} questions failed", failed.len());
    assert!(
        failed.len() * 1_000 <= questions * failures_per_mille,
        "{} of {questions} questions failed\n{}",
        failed.len(),
        failed[..failed.len().min(8)].join("\n")
    );
}

fn unsigned(faults: &[Fault], loss_per_mille: u32) -> World<'_> {
    World { faults, loss_per_mille, signed: false }
}

// As long as the zone has a healthy server.
#[test]
fn lossless_hostile_internet_fails_nothing() {
    hold(&soak(unsigned(&honest(), 0), 2_000), 0);
}

// At a loss of 30 %, one question in a thousand may fail.
#[test]
fn lossy_hostile_internet_fails_little() {
    // One denial in mixed case in eleven loses both queries that check it, and is then believed (`mixed_case_repeat_dropped`).
    let denies =
        |fault: &Fault| matches!(fault, Fault::MixedCase(MixedCaseReply::NoData | MixedCaseReply::Nxdomain));
    let faults: Vec<Fault> = honest().into_iter().filter(|fault| !denies(fault)).collect();
    hold(&soak(unsigned(&faults, 300), 2_000), 1);
}

/// In this test, servers may have faults in signatures and proofs too.
#[test]
fn validated_hostile_internet_fails_nothing() {
    let faults: Vec<Fault> = OF_SIGNED_ZONES.into_iter().chain(honest()).collect();
    hold(&soak(World { faults: &faults, loss_per_mille: 0, signed: true }, 500), 0);
}

/// resolverd must believe the lies of servers about their own unsigned zones. A lie must not cost more queries than a correct answer, and
/// must not affect other zones.
#[test]
fn a_lying_server_is_bounded() {
    let liars: Vec<Fault> = Fault::all().filter(|fault| fault.lies()).collect();
    for (seed, run) in soak(unsigned(&liars, 0), 2_000) {
        let unbounded: Vec<&String> = run.wrong.iter().filter(|it| !it.contains("instead of")).collect();
        assert!(unbounded.is_empty(), "seed {seed}: {unbounded:?}");
    }
}

/// A failed run must be repeatable.
#[test]
fn same_seed_gives_same_run() {
    let faults: Vec<Fault> = OF_SIGNED_ZONES.into_iter().chain(honest()).collect();
    for (seed, signed) in [(0, true), (1, false)] {
        let world = World { faults: &faults, loss_per_mille: 300, signed };
        let [first, second] = [(); 2].map(|()| format!("{:#?}", paused(run(seed, world, RECONNAISSANCE))));
        let different = first.lines().zip(second.lines()).find(|(one, other)| one != other);
        assert_eq!(different, None, "seed {seed}");
        assert_eq!(first.len(), second.len(), "seed {seed}");
    }
}
