//! `resolverd demo --bench` and `benches/message.rs`: measures how long the DNS queries for an email take, and how many queries go to
//! servers. Compares the modes of look-ahead (off, by rules, learned) and an ideal resolver (`limit`).
//!
//! The servers of the simulated rough internet are in memory, and the clock is virtual. A gateway receives and sends mail at a constant
//! rate, and begins with an empty cache. The times are those for which the mail software waits. The CPU time includes the servers of the
//! lab, so only ratios of CPU times are meaningful.
//!
//! Installed resolvers (`installed`) get the same mail on the same internet, in real time over sockets. Their CPU time is that of their
//! processes. `benches/compare/mail.sh` starts them.

mod installed;
mod limit;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RecordType};
use rustix::time::{ClockId, clock_gettime};

pub use self::installed::BenchError;
use self::limit::{Limit, LimitOf};
use self::table::Column;
pub use self::table::Table;
use super::client::AskError;
use super::fault::Fault;
use super::internet::Internet;
use super::log::Received;
use super::programs::Repeating;
use super::simulation::{Simulation, config_trusting, paused};
use super::traffic::{self, Asker, Mail, Played, Program, Wait};
use super::world::{LabError, UNIX_AT_START};
use crate::mails::{MailKind, Popularity, draw};
use config::LookaheadMode;
use dns::clock::Clock;
use dns::random::Random;
use record::{Counter, Window};

/// The modes of look-ahead, with the titles of their columns.
pub const MODES: [(&str, LookaheadMode); 3] =
    [("off", LookaheadMode::Off), ("rules", LookaheadMode::Rules), ("learned", LookaheadMode::Learned)];

/// The columns of the ideal resolver: the title, and true if the ideal resolver uses look-ahead.
const LIMITS: [(&str, bool); 2] = [("limit", false), ("limit, ahead", true)];

/// The seeds with which resolverd may be tuned.
pub const WORK_SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

/// The seeds that show if a change is good for any internet. Do not look at their results while you tune resolverd.
pub const FINAL_SEEDS: [u64; 3] = [1_001, 1_002, 1_003];

/// The options of the benchmark.
#[derive(Clone, Debug)]
pub struct Options {
    /// The number of mail domains.
    pub domains: usize,
    /// Emails in one run.
    pub messages: usize,
    /// Emails per second.
    pub rate: u32,
    /// One run for each seed; the table shows the medians.
    pub seeds: Vec<u64>,
    /// How often each mail domain occurs in the mail.
    pub popularity: Popularity,
    /// How many of a thousand UDP exchanges are lost on every path, in addition to the losses of the path.
    pub loss_per_mille: u32,
    /// What resolverd has processed before the measurement. Has no effect on installed resolvers.
    pub before: Before,
    /// True if one server of each zone is dead. At least one other server of the zone works.
    pub dead_servers: bool,
    /// The installed resolvers. If there are any, they are measured in real time, instead of resolverd on the virtual clock.
    /// `loss_per_mille` does not apply to them.
    pub installed: Vec<Installed>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            domains: 400,
            messages: 1_200,
            rate: 25,
            seeds: WORK_SEEDS.to_vec(),
            popularity: Popularity::Zipf,
            loss_per_mille: 0,
            before: Before::Nothing,
            dead_servers: false,
            installed: Vec::new(),
        }
    }
}

/// What resolverd has processed before the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing: it has just started with an empty cache.
    Nothing,
    /// As many emails as in the measurement. Then it was restarted, with all that it keeps on disk.
    Restart,
    /// As many emails as in the measurement, without a restart.
    Emails,
}

/// A resolver that is installed on this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The title of its column.
    pub name: String,
    /// The shell command that starts it. It must answer at port 53 of 127.0.0.1. The files `root.hints` and `root.ds` in its working
    /// directory have the root servers and the trust anchor.
    pub command: String,
    /// The number of gateways that the command starts, at least one. Emails go to them round robin.
    pub gateways: u8,
}

#[derive(Clone, Debug, Default)]
struct Run {
    played: Vec<(MailKind, Played)>,
    /// How long emails waited for each kind of question.
    waits: BTreeMap<&'static str, Duration>,
    /// The number of questions of clients, and how many of them were about names in DNS lists.
    asked: [u64; 2],
    sent: [u64; 2],
    to_broken: u64,
    /// Look-ahead questions, and those whose answers a client used. `None` if the resolver does not report this.
    ahead: Option<[u64; 2]>,
    cpu: Duration,
    /// Signed domains whose MX answer has the AD flag after the mail traffic, and all signed domains. `None` with the virtual clock.
    secure: Option<[u64; 2]>,
}

/// Measures how long mail waits for DNS with each resolver of the benchmark. Must not be called inside an async runtime.
///
/// # Errors
/// Fails if an installed resolver fails.
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

/// Sends the mail traffic of a seed through resolverd on the virtual clock.
fn run(options: &Options, mode: LookaheadMode, seed: u64) -> Result<Run, LabError> {
    let internet = internet(options, seed, UNIX_AT_START)?;
    let began = cpu_time();
    let mut run = paused(async {
        let mut config = config_trusting(&internet.lab);
        config.lookahead.mode = mode;
        let mut simulation = Arc::new(Simulation::new(internet.lab.clone(), config, seed));
        let (before, mails) = mails(options, &internet, seed);
        if !before.is_empty() {
            let _tended = simulation.tend();
            play(&internet, options.rate, before, |_| Arc::clone(&simulation), simulation.clock()).await;
        }
        if options.before == Before::Restart {
            simulation = Arc::new(simulation.restarted(seed.wrapping_add(1)));
        }
        simulation.network().set_loss(options.loss_per_mille);
        let _tended = simulation.tend();
        internet.lab.log().take();
        let mut run =
            play(&internet, options.rate, mails, |_| Arc::clone(&simulation), simulation.clock()).await;
        let counts = simulation.recorder().report(Window::Start).upstream.counts;
        run.ahead = Some([Counter::LookaheadAsked, Counter::LookaheadUsed].map(|counter| counts[counter]));
        count_sent(&mut run, &internet);
        run
    });
    run.cpu = cpu_time().saturating_sub(began);
    Ok(run)
}

fn limit(options: &Options, asks_ahead: bool, seed: u64) -> Result<Run, LabError> {
    let internet = internet(options, seed, UNIX_AT_START)?;
    let began = cpu_time();
    let mut run = paused(async {
        let limit = Limit::new(Arc::clone(&internet));
        let of_mail = |mail: &Mail| Arc::new(LimitOf::new(Arc::clone(&limit), mail.clone(), asks_ahead));
        let (before, mails) = mails(options, &internet, seed);
        play(&internet, options.rate, before, of_mail, limit.clock()).await;
        let sent_before = limit.sent();
        let run = play(&internet, options.rate, mails, of_mail, limit.clock()).await;
        let sent = limit.sent();
        Run { sent: [0, 1].map(|place| sent[place].saturating_sub(sent_before[place])), ..run }
    });
    run.cpu = cpu_time().saturating_sub(began);
    Ok(run)
}

/// Returns the mail before the measurement, and the measured mail.
fn mails(options: &Options, internet: &Internet, seed: u64) -> (Vec<Mail>, Vec<Mail>) {
    let unmeasured = if options.before == Before::Nothing { 0 } else { options.messages };
    let mut before = draw(internet, seed, unmeasured + options.messages, options.popularity);
    let measured = before.split_off(unmeasured);
    (before, measured)
}

fn internet(options: &Options, seed: u64, unix: u64) -> Result<Arc<Internet>, LabError> {
    let internet = Internet::rough_at(seed, options.domains, unix)?;
    if options.dead_servers {
        internet.lab.break_one_of_each_zone(&[Fault::Dead], &Random::seeded(seed));
    }
    Ok(Arc::new(internet))
}

/// Counts the queries to servers since the log was emptied.
fn count_sent(run: &mut Run, internet: &Internet) {
    let received = internet.lab.log().received();
    let count =
        |is_meant: &dyn Fn(&Received) -> bool| received.iter().filter(|one| is_meant(one)).count() as u64;
    run.sent = [count(&|_| true), count(&|one| is_of_list(internet, &one.name))];
    let servers = internet.lab.servers().iter().filter(|server| !server.is_sound());
    let broken: BTreeSet<&str> = servers.map(|server| server.name()).collect();
    run.to_broken = count(&|one| broken.contains(&*one.server));
}

fn is_of_list(internet: &Internet, name: &Name) -> bool {
    internet.lists.iter().any(|list| list.zone.zone_of(name))
}

async fn play<Resolver: Asker + Send + Sync + 'static>(
    internet: &Arc<Internet>,
    rate: u32,
    mails: Vec<Mail>,
    mut asker_of: impl FnMut(&Mail) -> Arc<Resolver>,
    clock: &Clock,
) -> Run {
    let asked: Arc<[AtomicU64; 2]> = Arc::default();
    let mut playing = tokio::task::JoinSet::new();
    let mut moments = tokio::time::interval(Duration::from_secs(1) / rate);
    for mail in mails {
        let (internet, clock, asker) = (Arc::clone(internet), clock.clone(), asker_of(&mail));
        let asked = Arc::clone(&asked);
        moments.tick().await;
        playing.spawn(async move {
            let client = Paced { asker: Repeating(&*asker), internet: &internet, asked: &asked };
            let played = traffic::play(&internet, &mail, &client, &clock).await;
            (MailKind::from_mail(&mail), played)
        });
    }
    let played = playing.join_all().await;
    let asked = [0, 1].map(|place| asked[place].load(Ordering::Relaxed));
    let mut run = Run { played, asked, ..Run::default() };
    for wait in run.played.iter().flat_map(|(_, played)| &played.waits) {
        *run.waits.entry(title(wait, is_of_list(internet, &wait.name))).or_default() += wait.time;
    }
    run
}

/// Counts the questions to a resolver, and lets the time pass for which mail software waits for other things than DNS.
struct Paced<'a> {
    asker: Repeating<'a>,
    internet: &'a Internet,
    /// The number of all questions, and the number of those about names in DNS lists.
    asked: &'a [AtomicU64; 2],
}

impl Asker for Paced<'_> {
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        program: Program,
    ) -> BoxFuture<'a, Result<Message, AskError>> {
        let [all, to_lists] = self.asked;
        all.fetch_add(1, Ordering::Relaxed);
        to_lists.fetch_add(u64::from(is_of_list(self.internet, name)), Ordering::Relaxed);
        self.asker.ask(name, kind, program)
    }

    fn pass(&self, time: Duration) -> BoxFuture<'_, ()> {
        tokio::time::sleep(time).boxed()
    }
}

fn title(wait: &Wait, is_of_list: bool) -> &'static str {
    let has = |label: &[u8]| wait.name.iter().any(|one| one == label);
    match (wait.kind, wait.program) {
        (_, program) if is_of_list && program.is_scanner() => "DNS lists, for the content",
        _ if is_of_list => "DNS lists, at the connection",
        (RecordType::PTR, _) => "PTR",
        (RecordType::MX, Program::DaneClient) => "MX, outbound",
        (RecordType::MX, _) => "MX of senders and HELO names",
        (RecordType::TLSA, _) => "TLSA",
        (RecordType::NS, _) => "NS",
        (RecordType::TXT, _) if has(b"_dmarc") => "DMARC",
        (RecordType::TXT, _) if has(b"_domainkey") => "DKIM",
        (RecordType::TXT, _) => "SPF",
        (_, Program::DaneClient) => "addresses, outbound",
        (_, program) if program.is_scanner() => "addresses, for the content",
        _ => "addresses of clients and senders",
    }
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The queries of seed 1 to servers: 1 % more than were measured in 0.2.0.
    const MOST_QUERIES: u64 = 13_349;

    /// How much longer mail waits after a restart than without one.
    const MOST_AFTER_RESTART: f64 = 1.05;

    /// The mean time that a message of seed 1 waits: 2 % more than was measured in 0.2.0.
    const MOST_WAITING: Duration = Duration::from_micros(206_450);

    #[test]
    fn lookahead_makes_messages_faster() {
        let options = Options { domains: 60, messages: 120, seeds: vec![1], ..Options::default() };
        let shown = table(&options).unwrap().to_string();
        let all = shown.lines().find(|line| line.starts_with("all ")).unwrap_or_else(|| panic!("{shown}"));
        let means: Vec<u32> = all.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [off, rules, _, limit, ahead] = means.as_slice() else { panic!("{shown}") };
        assert!(ahead < limit && limit < off && rules < off, "{shown}");
        for part in [
            "outbound  ",
            "queries to servers, for each mail  ",
            "CPU ms",
            "limit, ahead",
            "waited ms: DMARC",
        ] {
            assert!(shown.contains(part), "{shown}");
        }
    }

    /// Returns the mean time that the emails of a run waited for DNS.
    fn mean(run: &Run) -> Duration {
        let waited: Duration = run.played.iter().map(|(_, played)| played.elapsed).sum();
        waited / u32::try_from(run.played.len()).unwrap()
    }

    /// What is known about servers, lists and mail programs before a restart is known after it.
    #[test]
    fn restart_costs_mail_no_time() {
        let means = [Before::Emails, Before::Restart].map(|before| {
            let options = Options { messages: 600, before, ..Options::default() };
            let runs = [1, 2].map(|seed| mean(&run(&options, LookaheadMode::Learned, seed).unwrap()));
            runs.iter().sum::<Duration>()
        });
        let ratio = means[1].as_secs_f64() / means[0].as_secs_f64();
        assert!(ratio <= MOST_AFTER_RESTART, "{means:?}: {ratio:.3}");
    }

    /// What mail costs is a figure that was reached: one per cent more queries, or two per cent more waiting, must be worth it.
    #[test]
    fn mail_costs_no_more_than_before() {
        let options = Options { seeds: vec![1], ..Options::default() };
        let run = run(&options, LookaheadMode::Learned, 1).unwrap();
        let mean = mean(&run);
        assert!(run.sent[0] <= MOST_QUERIES, "{} queries to servers", run.sent[0]);
        assert!(mean <= MOST_WAITING, "{mean:?} for each mail");
    }
}
