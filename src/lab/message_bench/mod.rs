//! `resolverd demo --bench` and `benches/message.rs`: measures how long the DNS queries for a mail message take, and how many queries go to
//! servers. Compares look-ahead off, by rules and learned with the limits of an ideal resolver (`limit`).
//!
//! The servers of the simulated rough internet are in memory, and the clock is virtual. A gateway receives and sends mail at a constant rate, and
//! begins with an empty cache. The times are those for which the mail software waits. The CPU time is that of the thread, which includes the
//! servers of the lab, so only ratios of CPU times are meaningful.
//!
//! Installed resolvers (`installed`) get the same mail on the same internet, in real time over sockets. Their CPU time is the time of their
//! processes. `benches/compare/mail.sh` starts them.

mod installed;
mod limit;
mod table;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RecordType};
use rustix::time::{ClockId, clock_gettime};

use dns::clock::Clock;
use dns::random::Random;
use history::{Counter, Window};
use resolver::config::LookaheadMode;

pub use self::installed::BenchError;
use self::limit::{Limit, LimitOf};
use self::table::Column;
pub use self::table::Table;
use super::client::AskError;
use super::fault::Fault;
use super::internet::Internet;
use super::simulation::{Simulation, config_trusting, paused};
use super::traffic::{self, Asker, Mail, Played};
use super::world::{LabError, UNIX_AT_START};
use crate::mails::{MailKind, Popularity, draw};

/// The modes of look-ahead that are measured, each with the title of its column in the table.
pub const MODES: [(&str, LookaheadMode); 3] =
    [("off", LookaheadMode::Off), ("rules", LookaheadMode::Rules), ("learned", LookaheadMode::Learned)];

/// The columns of the table for the ideal resolver. Each has a title, and whether the ideal resolver uses look-ahead.
const LIMITS: [(&str, bool); 2] = [("limit", false), ("limit, ahead", true)];

/// The options of the benchmark.
#[derive(Clone, Debug)]
pub struct Options {
    /// The number of mail domains in the simulated internet.
    pub domains: usize,
    /// The number of mail messages in one run.
    pub messages: usize,
    /// The number of mail messages per second.
    pub rate: u32,
    /// The seeds of the runs. Each resolver is measured once with each seed, and the table shows the medians.
    pub seeds: Vec<u64>,
    /// How often each mail domain occurs in the mail.
    pub popularity: Popularity,
    /// How many of a thousand UDP exchanges are lost on every path, in addition to the losses of each path.
    pub loss_per_mille: u32,
    /// True if one server of each zone is dead. At least one other server of the zone works.
    pub dead_servers: bool,
    /// The installed resolvers. If there are any, they are measured in real time, instead of resolverd on the virtual clock. `dead_servers`
    /// applies to them, but `loss_per_mille` does not.
    pub installed: Vec<Installed>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            domains: 400,
            messages: 1_200,
            rate: 25,
            seeds: vec![1, 2, 3],
            popularity: Popularity::Zipf,
            loss_per_mille: 0,
            dead_servers: false,
            installed: Vec::new(),
        }
    }
}

/// A resolver that is installed on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The title of the resolver's column in the table.
    pub name: String,
    /// The shell command that starts the resolver, which must answer at port 53 of 127.0.0.1. The files `root.hints` and `root.ds` in its working
    /// directory have the root servers and the trust anchor.
    pub command: String,
}

/// The measurements of one run of the benchmark.
#[derive(Clone, Debug, Default)]
struct Run {
    /// The mail messages, each with its kind and its times.
    played: Vec<(MailKind, Played)>,
    /// For each kind of question, the number of questions and the sum of their times.
    waits: BTreeMap<&'static str, (u32, Duration)>,
    /// The number of queries to servers, and the number of those that went to servers of DNS lists.
    sent: [u64; 2],
    /// The number of queries that went to dead or lame servers.
    to_broken: u64,
    /// The number of look-ahead questions, and the number of those whose answers a client used. `None` if the resolver does not report this.
    ahead: Option<[u64; 2]>,
    /// The CPU time of the run.
    cpu: Duration,
    /// The number of signed domains whose MX answer has the AD flag after the mail traffic, and the number of all signed domains. `None` if the
    /// virtual clock was used.
    secure: Option<[u64; 2]>,
}

/// Measures all resolvers. Must not be called inside an async runtime.
///
/// # Errors
/// Fails if an installed resolver fails. The simulated internet itself causes no error.
pub fn table(options: &Options) -> Result<Table, BenchError> {
    let mut columns = Vec::new();
    for one in &options.installed {
        let runs = options.seeds.iter().map(|seed| installed::run(options, one, *seed));
        columns.push(Column { head: one.name.clone(), runs: runs.collect::<Result<_, _>>()? });
    }
    for (name, mode) in MODES.iter().filter(|_| options.installed.is_empty()) {
        let runs = options.seeds.iter().map(|seed| run(options, *mode, *seed));
        columns.push(Column { head: (*name).to_owned(), runs: runs.collect::<Result<_, _>>()? });
    }
    for (name, asks_ahead) in LIMITS {
        let runs = options.seeds.iter().map(|seed| limit(options, asks_ahead, *seed));
        columns.push(Column { head: name.to_owned(), runs: runs.collect::<Result<_, _>>()? });
    }
    Ok(table::from_columns(&columns))
}

/// Sends the mail traffic of a seed through resolverd on the virtual clock, and returns the measurements.
fn run(options: &Options, mode: LookaheadMode, seed: u64) -> Result<Run, LabError> {
    let internet = internet(options, seed, UNIX_AT_START)?;
    let began = cpu_time();
    let mut run = paused(async {
        let mut config = config_trusting(&internet.lab);
        config.lookahead.mode = mode;
        let simulation = Arc::new(Simulation::new(internet.lab.clone(), config, seed));
        simulation.network().set_loss(options.loss_per_mille);
        let _tended = simulation.tend();
        let mut run = play(&internet, options, seed, |_| Arc::clone(&simulation), simulation.clock()).await;
        let counts = simulation.recorder().report(Window::Start).upstream.counts;
        run.ahead = Some([Counter::LookaheadAsked, Counter::LookaheadUsed].map(|counter| counts[counter]));
        count_sent(&mut run, &internet);
        run
    });
    run.cpu = cpu_time().saturating_sub(began);
    Ok(run)
}

/// Sends the mail traffic of a seed through the ideal resolver, and returns the measurements.
fn limit(options: &Options, asks_ahead: bool, seed: u64) -> Result<Run, LabError> {
    let internet = internet(options, seed, UNIX_AT_START)?;
    let began = cpu_time();
    let mut run = paused(async {
        let limit = Limit::new(Arc::clone(&internet));
        let of_mail = |mail: &Mail| Arc::new(LimitOf::new(Arc::clone(&limit), mail.clone(), asks_ahead));
        let run = play(&internet, options, seed, of_mail, limit.clock()).await;
        Run { sent: limit.sent(), ..run }
    });
    run.cpu = cpu_time().saturating_sub(began);
    Ok(run)
}

/// Returns the simulated internet for a seed. Its signatures are made at the time `unix`, in seconds since 1970.
fn internet(options: &Options, seed: u64, unix: u64) -> Result<Arc<Internet>, LabError> {
    let internet = Internet::rough_at(seed, options.domains, unix)?;
    if options.dead_servers {
        internet.lab.break_one_of_each_zone(&[Fault::Dead], &Random::seeded(seed));
    }
    Ok(Arc::new(internet))
}

/// Stores in `run` how many queries arrived at the servers.
fn count_sent(run: &mut Run, internet: &Internet) {
    let log = internet.lab.log();
    let to_lists = log.received().iter().filter(|one| is_of_list(internet, &one.name)).count();
    run.sent = [log.total(), u64::try_from(to_lists).unwrap_or(u64::MAX)];
    let broken = internet.lab.servers().iter().filter(|server| !server.is_sound());
    run.to_broken = broken.map(|server| log.count(server.name())).sum();
}

fn is_of_list(internet: &Internet, name: &Name) -> bool {
    internet.lists.iter().any(|list| list.zone.zone_of(name))
}

/// Asks the questions of all emails. `asker_of` returns the resolver to use for an email.
async fn play<Resolver: Asker + Send + Sync + 'static>(
    internet: &Arc<Internet>,
    options: &Options,
    seed: u64,
    asker_of: impl Fn(&Mail) -> Arc<Resolver>,
    clock: &Clock,
) -> Run {
    let waits = Arc::new(Mutex::new(BTreeMap::new()));
    let mut playing = tokio::task::JoinSet::new();
    let mut moments = tokio::time::interval(Duration::from_secs(1) / options.rate);
    for mail in draw(internet, seed, options.messages, options.popularity) {
        let (internet, clock, waits) = (Arc::clone(internet), clock.clone(), Arc::clone(&waits));
        let asker = asker_of(&mail);
        moments.tick().await;
        playing.spawn(async move {
            let played = traffic::play(
                &internet,
                &mail,
                &Timed { asker: &*asker, internet: &internet, clock: &clock, waits: &waits },
                &clock,
            )
            .await;
            (MailKind::from_mail(&mail), played)
        });
    }
    let played = playing.join_all().await;
    let waits = waits.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Run { played, waits, ..Run::default() }
}

/// A resolver that also measures how long each question of a mail message takes.
struct Timed<'a> {
    asker: &'a dyn Asker,
    internet: &'a Internet,
    clock: &'a Clock,
    waits: &'a Mutex<BTreeMap<&'static str, (u32, Duration)>>,
}

impl Asker for Timed<'_> {
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        dnssec_ok: bool,
    ) -> BoxFuture<'a, Result<Message, AskError>> {
        async move {
            let began = self.clock.mono();
            let answer = self.asker.ask(name, kind, dnssec_ok).await;
            let waited = self.clock.mono().since(began);
            let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
            let (count, sum) = waits.entry(title(name, kind, is_of_list(self.internet, name))).or_default();
            (*count, *sum) = (*count + 1, *sum + waited);
            answer
        }
        .boxed()
    }
}

/// Returns the title of the row for a question in the table.
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

/// Returns the CPU time that this thread has used so far.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_ahead_makes_messages_faster_and_the_limits_are_below() {
        let options = Options { domains: 60, messages: 120, seeds: vec![1], ..Options::default() };
        let shown = table(&options).unwrap().to_string();
        let all = shown.lines().find(|line| line.starts_with("all ")).unwrap_or_else(|| panic!("{shown}"));
        let means: Vec<u32> = all.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [off, rules, _, limit, ahead] = means.as_slice() else { panic!("{shown}") };
        assert!(ahead < limit && limit < off && rules < off, "{shown}");
        for part in
            ["outbound  ", "queries to servers, for each mail  ", "CPU ms", "limit, ahead", "DMARC, mean"]
        {
            assert!(shown.contains(part), "{shown}");
        }
    }
}
