//! Mail over a signed simulated internet in which everything breaks. Servers have every fault of the lab's list. All servers of a zone fail
//! and come back. The network is down or loses messages. DNS lists do not answer, are parked, refuse queries or list everything. Reloads
//! add and remove zones, listeners and lists. The clock is set wrong and right. The host sleeps. Tasks and resolutions panic.
//!
//! No answer may be false, no client may wait longer than its deadline, and only the caused panics may occur. Within `RECOVERY` after the
//! faults, all questions must be answered again. At the end, no resolution may be in progress, and after a flush the cache must be as small
//! as at the start.
//!
//! `RESOLVERD_CHAOS_SEEDS` is the number of runs, `RESOLVERD_CHAOS_MESSAGES` the number of messages of each gateway in a run;
//! `RESOLVERD_CHAOS_FIRST` is the first seed, to repeat a run that failed.

mod events;
mod gateway;
mod plan;
mod truth;

use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;

use dns::cached::{Flush, StoreFill};
use dns::random::Random;
use dnsbl::limits::MAX_PROBE_TIME;
use events::{Done, Monkey, Wishes};
use gateway::{Gateway, Tally, outcomes};
use lab::internet::Internet;
use lab::prelude::{AFTERWARDS, SOAK_DOMAINS, by_hand};
use lab::simulation::{Simulation, paused};
use plan::Plan;
use supervise::strike::STRUCK;
use truth::Truth;

/// The default number of runs, each with its own seed.
const SEEDS: u64 = 4;

/// The number of emails of each gateway in a run.
const MESSAGES: u64 = 25;

const GATEWAYS: u8 = 4;

/// The time from the end of all faults until every question must be answered. A failure is cached for 30 s, a bogus zone is not queried for
/// 30 s, a dead server for 32 s, and a DNS list that was found broken is tested again after four minutes.
const RECOVERY: Duration = Duration::from_secs(300);

/// A time that is longer than the cache keeps any data.
const A_DAY: Duration = Duration::from_secs(90_000);

/// The percentage of questions that must be answered while faults occur, so that enough answers are compared.
const ANSWERED_PER_CENT: usize = 40;

/// Panics that the test did not cause.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[derive(Debug, Default)]
struct Run {
    chaos: Tally,
    /// The time for which faults occurred, of the virtual clock.
    lasted: Duration,
    wrong: Vec<String>,
    done: Done,
    /// The number of DNS messages that arrived at servers.
    messages: u64,
}

/// Records and prints all panics except those that the test orders.
fn note_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let show = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload_as_str() != Some(STRUCK) {
                PANICS.lock().unwrap().push(panic.to_string());
                show(panic);
            }
        }));
    });
}

fn take(tally: &Mutex<Tally>) -> Tally {
    std::mem::take(&mut *tally.lock().unwrap())
}

async fn run(seed: u64, messages: usize) -> Run {
    let internet = Internet::signed(seed, SOAK_DOMAINS).unwrap();
    let wishes = Wishes::default();
    let (plan, seen) = watch::channel(Plan::plain());
    let simulation = Simulation::new(internet.lab.clone(), plan.borrow().config(&internet), seed);
    let tended = simulation.tend();
    let empty = simulation.resolver().memory().fill();
    let truth = Truth::new(&internet, &plan.borrow());
    let tally = Arc::new(Mutex::new(Tally::default()));
    let gateway = |number| Gateway {
        internet: &internet,
        simulation: &simulation,
        truth: &truth,
        number,
        plan: seen.clone(),
        wishes: &wishes,
        random: Random::seeded(seed.wrapping_mul(1_000).wrapping_add(number.into())),
        tally: Arc::clone(&tally),
    };
    let gateways: Vec<Gateway<'_>> = (0..GATEWAYS).map(gateway).collect();
    let mut monkey = Monkey::new(&internet, &simulation, &truth, (&plan, &wishes), seed);
    let mut run = Run::default();

    gateways[0].ask_for_all().await;
    run.calm("before", take(&tally));

    let began = tokio::time::Instant::now();
    // Without `biased`, tokio would choose the first branch at random, and a run could not be repeated with its seed.
    tokio::select! {
        biased;
        _ = join_all(gateways.iter().map(|gateway| gateway.play(messages))) => {}
        () = monkey.rage() => {}
    }
    run.lasted = began.elapsed();
    run.chaos = take(&tally);
    run.wrong.append(&mut run.chaos.wrong);

    monkey.heal().await;
    tokio::time::sleep(RECOVERY).await;
    // If no client has used a silent DNS list for ten minutes, it is not probed until a client asks about it. So all lists are asked.
    gateways[0].ask_lists().await;
    tokio::time::sleep(MAX_PROBE_TIME * 2).await;
    let mut wanted = take(&tally);
    wanted.failed.clear();
    run.calm("after RECOVERY, of lists", wanted);
    for gateway in &gateways[..2] {
        gateway.ask_for_all().await;
        gateway.play(2).await;
    }
    let mut after = take(&tally);
    after.failed.retain(|failure| !is_lied_about(&truth, failure));
    run.calm("after RECOVERY", after);

    tokio::time::sleep(A_DAY).await;
    truth.forget_lies();
    gateways[0].ask_for_all().await;
    run.calm("a day later", take(&tally));

    tokio::time::sleep(AFTERWARDS).await;
    run.done = monkey.done.clone();
    run.messages = internet.lab.log().total();
    drop((gateways, tended));
    tokio::time::sleep(Duration::from_secs(60)).await;
    run.wrong.extend(left_behind(&simulation));
    run.wrong.extend(left_after_flush(&simulation, &empty));
    run
}

/// Returns true if the failure may be the result of a server that lied. `failure` begins with the name and the type of the question.
fn is_lied_about(truth: &Truth<'_>, failure: &str) -> bool {
    let mut words = failure.split([' ', ':']);
    let (name, kind) = (words.next().unwrap(), words.next().unwrap());
    truth.is_lied_about(&hickory_proto::rr::Name::from_ascii(name).unwrap(), kind.parse().unwrap())
}

/// Returns what is still in progress. After all questions were answered, this must be nothing.
fn left_behind(simulation: &Simulation) -> Vec<String> {
    let mut found = Vec::new();
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    if tasks != simulation.by_itself() {
        found.push(format!("{tasks} tasks go on"));
    }
    let (under_way, open) = (simulation.resolver().under_way(), simulation.network().open_sockets());
    if under_way + open > 0 {
        let flights = simulation.resolver().inflight();
        found.push(format!("{under_way} things are under way, {open} sockets open: {flights:?}"));
    }
    for store in simulation.resolver().memory().fill() {
        if store.bytes > store.capacity {
            found.push(format!("{store:?} is over its bound"));
        }
    }
    found
}

/// Returns an error text if a part of the flushed cache is larger than in an `empty` cache.
fn left_after_flush(simulation: &Simulation, empty: &[StoreFill; 4]) -> Option<String> {
    let memory = simulation.resolver().memory();
    memory.flush(&Flush::All);
    (memory.fill() != *empty).then(|| format!("flushed, memory holds {:?}", memory.fill()))
}

impl Run {
    /// Adds the results of a phase without faults: each failure counts as an error.
    fn calm(&mut self, when: &str, tally: Tally) {
        let wrong = tally.wrong.into_iter().chain(tally.failed);
        self.wrong.extend(wrong.map(|wrong| format!("{when}: {wrong}")));
    }
}

#[test]
fn chaos_gives_no_false_answer() {
    note_panics();
    let (first, seeds) = (by_hand("RESOLVERD_CHAOS_FIRST", 0), by_hand("RESOLVERD_CHAOS_SEEDS", SEEDS));
    let messages = usize::try_from(by_hand("RESOLVERD_CHAOS_MESSAGES", MESSAGES)).unwrap();
    let plays_all = first == 0 && seeds >= SEEDS && messages >= MESSAGES as usize;
    let (mut wrong, mut done) = (Vec::new(), Done::new());
    for seed in first..first + seeds {
        let run = paused(run(seed, messages));
        let Tally { questions, excused, failed, .. } = &run.chaos;
        println!(
            "seed {seed}: {questions} questions in {:.0?}, {} failed, {excused} excused",
            run.lasted,
            failed.len()
        );
        println!("  {:?}\n  {:?}", run.done, outcomes(failed));
        wrong.extend(run.wrong.iter().map(|it| format!("seed {seed}: {it}")));
        if (questions - failed.len()) * 100 < questions * ANSWERED_PER_CENT {
            wrong.push(format!("seed {seed}: {} of {questions} questions failed", failed.len()));
        }
        for (what, times) in run.done {
            *done.entry(what).or_default() += times;
        }
    }
    wrong.extend(PANICS.lock().unwrap().drain(..));
    assert!(wrong.is_empty(), "{} things wrong\n{}", wrong.len(), wrong[..wrong.len().min(5)].join("\n"));
    if plays_all {
        assert_eq!(done.len(), EVENTS, "not all was done: {done:?}");
    }
}

/// The number of emails of each gateway in `same_seed_gives_same_run`.
const MESSAGES_OF_TWICE: usize = 6;

/// Two runs with the same seed must have the same DNS messages, and the same failures with the same steps and times.
#[test]
fn same_seed_gives_same_run() {
    note_panics();
    for seed in [0, 1] {
        let [first, second] = [(); 2].map(|()| format!("{:#?}", paused(run(seed, MESSAGES_OF_TWICE))));
        let different = first.lines().zip(second.lines()).find(|(one, other)| one != other);
        assert_eq!(different, None, "seed {seed}");
        assert_eq!(first.len(), second.len(), "seed {seed}");
    }
}

const EVENTS: usize = 13;
