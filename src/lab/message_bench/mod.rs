//! `resolverd demo --bench` and `benches/message.rs`: the time that the DNS of a message of mail takes, and its messages
//! to servers, with look-ahead off, by rules and learned, beside two limits (`limit`).
//!
//! The lab's rough internet in memory, on its virtual clock: a gateway gets and sends mail at a steady rate, from an empty
//! cache. Times are those of the mail software. The CPU time is that of the thread, servers of the lab included, so that
//! only its ratios mean anything.

mod figures;
mod limit;
pub mod mails;
mod table;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RecordType};
use rustix::time::{ClockId, clock_gettime};

use crate::clock::Clock;
use crate::config::LookaheadMode;
use crate::random::Random;
use crate::record::{Counter, Window};

pub use self::figures::{DOMAINS, Measured, Options, Run};
use self::limit::{Limit, LimitOf};
use self::mails::{MailKind, draw};
pub use self::table::Table;
use super::client::AskError;
use super::fault::Fault;
use super::internet::Internet;
use super::simulation::{Simulation, config_trusting, paused};
use super::traffic::{self, Asker, Mail};
use super::world::LabError;

/// Measures all resolvers. Call it outside of a runtime.
///
/// # Errors
/// As `run`.
pub fn table(options: &Options) -> Result<Table, LabError> {
    let mut columns = Vec::new();
    for measured in &options.resolvers {
        let runs: Vec<Run> =
            options.seeds.iter().map(|seed| run(options, *measured, *seed)).collect::<Result<_, _>>()?;
        columns.push(runs);
    }
    Ok(table::of_columns(options, &columns))
}

/// Plays the mail of a seed through a resolver. Call it outside of a runtime.
///
/// # Errors
/// None for the texts of the lab.
pub fn run(options: &Options, measured: Measured, seed: u64) -> Result<Run, LabError> {
    let internet = Arc::new(Internet::rough(seed, options.domains)?);
    if options.dead_servers {
        internet.lab.break_one_of_each_zone(&[Fault::Dead], &Random::seeded(seed));
    }
    let began = cpu_time();
    let mut run = match measured.mode() {
        Some(mode) => paused(with_resolver(&internet, options, mode, seed)),
        None => paused(with_limit(&internet, options, measured == Measured::LimitAhead, seed)),
    };
    run.cpu = cpu_time().saturating_sub(began);
    Ok(run)
}

async fn with_resolver(internet: &Arc<Internet>, options: &Options, mode: LookaheadMode, seed: u64) -> Run {
    let mut config = config_trusting(&internet.lab);
    config.lookahead.mode = mode;
    let simulation = Arc::new(Simulation::new(internet.lab.clone(), config, seed));
    simulation.network().set_loss(options.loss_per_mille);
    let _tended = simulation.tend();
    let of = |_: &Mail| Arc::clone(&simulation);
    let mut run = play(internet, options, seed, of, simulation.clock()).await;
    let counts = simulation.recorder().report(Window::Start).upstream.counts;
    run.ahead = [Counter::LookaheadAsked, Counter::LookaheadUsed].map(|counter| counts[counter]);
    let received = internet.lab.log().received();
    let of_lists = received.iter().filter(|one| is_of_list(internet, &one.name)).count();
    run.sent = [internet.lab.log().total(), u64::try_from(of_lists).unwrap_or(u64::MAX)];
    run
}

async fn with_limit(internet: &Arc<Internet>, options: &Options, asks_ahead: bool, seed: u64) -> Run {
    let limit = Limit::new(Arc::clone(internet));
    let of = |mail: &Mail| Arc::new(LimitOf::new(Arc::clone(&limit), mail.clone(), asks_ahead));
    let mut run = play(internet, options, seed, of, limit.clock()).await;
    run.sent = limit.sent();
    run
}

/// Plays all messages; `of` is the resolver of a message.
async fn play<Of: Asker + Send + Sync + 'static>(
    internet: &Arc<Internet>,
    options: &Options,
    seed: u64,
    of: impl Fn(&Mail) -> Arc<Of>,
    clock: &Clock,
) -> Run {
    let watch = Arc::new(Watch::default());
    let mut playing = tokio::task::JoinSet::new();
    for mail in draw(internet, seed, options.messages, options.popularity) {
        let (internet, clock, watch) = (Arc::clone(internet), clock.clone(), Arc::clone(&watch));
        let asker = of(&mail);
        playing.spawn(async move {
            let watched = Watched { asker: &*asker, internet: &internet, clock: &clock, watch: &watch };
            let played = traffic::play(&internet, &mail, &watched, &clock).await;
            (MailKind::of(&mail), played)
        });
        tokio::time::sleep(Duration::from_secs(1) / options.rate).await;
    }
    let played = playing.join_all().await;
    let waits = watch.waits.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let asked_of_lists = watch.asked_of_lists.load(Ordering::Relaxed);
    Run { played, waits, asked_of_lists, ..Run::default() }
}

fn is_of_list(internet: &Internet, name: &Name) -> bool {
    internet.lists.iter().any(|list| list.zone.zone_of(name))
}

/// The CPU time of this thread.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The questions of a run.
#[derive(Debug, Default)]
struct Watch {
    asked_of_lists: AtomicU64,
    waits: Mutex<BTreeMap<&'static str, (u32, Duration)>>,
}

/// Counts and times the questions of a message.
struct Watched<'a> {
    asker: &'a dyn Asker,
    internet: &'a Internet,
    clock: &'a Clock,
    watch: &'a Watch,
}

impl Asker for Watched<'_> {
    fn ask<'a>(&'a self, name: &'a Name, kind: RecordType) -> BoxFuture<'a, Result<Message, AskError>> {
        async move {
            let (began, is_of_list) = (self.clock.mono(), is_of_list(self.internet, name));
            self.watch.asked_of_lists.fetch_add(u64::from(is_of_list), Ordering::Relaxed);
            let answer = self.asker.ask(name, kind).await;
            let waited = self.clock.mono().since(began);
            let mut waits = self.watch.waits.lock().unwrap_or_else(PoisonError::into_inner);
            let (count, sum) = waits.entry(title(name, kind, is_of_list)).or_default();
            (*count, *sum) = (*count + 1, *sum + waited);
            answer
        }
        .boxed()
    }
}

/// The row of a question in the table.
fn title(name: &Name, kind: RecordType, is_of_list: bool) -> &'static str {
    let has = |label: &[u8]| name.iter().any(|one| one == label);
    match kind {
        _ if is_of_list => "DNS lists",
        RecordType::PTR => "PTR",
        RecordType::MX => "MX",
        RecordType::TLSA => "TLSA",
        RecordType::TXT if has(b"_dmarc") => "DMARC",
        RecordType::TXT if has(b"_domainkey") => "DKIM",
        RecordType::TXT => "SPF",
        _ => "addresses",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The limits bound what is possible, and nothing that they leave out makes another resolver faster.
    #[test]
    fn the_limits_are_below_the_resolver_and_asking_ahead_is_the_lower_one() {
        let options = Options { domains: 60, messages: 120, seeds: vec![1], ..Options::default() };
        let table = table(&options).unwrap();
        let shown = table.to_string();
        let [off, rules, _, limit, ahead] = table.means() else { panic!("{shown}") };
        assert!(ahead < limit && limit < off && rules < off, "{shown}");
        assert_eq!(table.failed()[3..], [0, 0], "{shown}");
        for part in ["outbound  ", "messages to servers, for each mail  ", "limit, ahead", "DMARC, mean"] {
            assert!(shown.contains(part), "{shown}");
        }
    }
}
