//! `resolverd demo --bench` and `benches/message.rs`: the time that the DNS of a message of mail takes, and its queries to
//! servers, with look-ahead off, by rules and learned, next to two limits (`limit`).
//!
//! The lab's rough internet in memory, on its virtual clock: a gateway gets and sends mail at a steady rate, from an empty
//! cache. Times are those of the mail software. The CPU time is that of the thread, servers of the lab included, so that
//! only its ratios mean anything.
//!
//! Installed resolvers (`installed`) get the same mail in real time, over sockets, from the same internet; their CPU time is
//! that of their process. `benches/compare/mail.sh` starts them.

mod installed;
mod limit;
pub mod mails;
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
use self::mails::{MailKind, Popularity, draw};
use self::table::Column;
pub use self::table::Table;
use super::client::AskError;
use super::fault::Fault;
use super::internet::Internet;
use super::simulation::{Simulation, config_trusting, paused};
use super::traffic::{self, Asker, Mail, Played};
use super::world::{LabError, UNIX_AT_START};

/// The modes of look-ahead that are measured, each with its column in the table.
pub const MODES: [(&str, LookaheadMode); 3] =
    [("off", LookaheadMode::Off), ("rules", LookaheadMode::Rules), ("learned", LookaheadMode::Learned)];

/// The columns of the limits: without asking ahead, and with.
const LIMITS: [(&str, bool); 2] = [("limit", false), ("limit, ahead", true)];

/// The options of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Mail domains.
    pub domains: usize,
    /// Messages of a run.
    pub messages: usize,
    /// Messages in a second.
    pub rate: u32,
    /// The runs of each resolver: the table shows their medians.
    pub seeds: Vec<u64>,
    /// How often each domain occurs.
    pub popularity: Popularity,
    /// Exchanges of a thousand that are lost on all paths, in addition to the losses of each path.
    pub loss_per_mille: u32,
    /// Whether one server of each zone is dead, if another one is not.
    pub dead_servers: bool,
    /// Installed resolvers, in real time, instead of this one with each mode of look-ahead on the virtual clock. Only
    /// `dead_servers` applies to them, not `loss_per_mille`.
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

/// An installed resolver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Its column in the table.
    pub name: String,
    /// The command of a shell that becomes the resolver, which answers at port 53 of 127.0.0.1. The files `root.hints` and
    /// `root.ds` of the working directory are the root servers and the trust anchor.
    pub command: String,
}

/// The result of one run.
#[derive(Clone, Debug, Default)]
struct Run {
    /// The messages.
    played: Vec<(MailKind, Played)>,
    /// The questions of each kind: their number, and their time.
    waits: BTreeMap<&'static str, (u32, Duration)>,
    /// Queries to servers, and how many of them went to DNS lists.
    sent: [u64; 2],
    /// Queries to servers that are dead or lame.
    to_broken: u64,
    /// Questions asked ahead, and how many of them a client used; none if the resolver does not say.
    ahead: Option<[u64; 2]>,
    /// CPU time.
    cpu: Duration,
    /// Signed domains whose MX is answered with AD after the mail, and all that are signed; none on the virtual clock.
    secure: Option<[u64; 2]>,
}

/// Measures all resolvers. Call it outside of a runtime.
///
/// # Errors
/// Those of installed resolvers. None for the texts of the lab.
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

/// Plays the mail of a seed through this resolver on the virtual clock.
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

/// Plays the mail of a seed through a limit.
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

/// The internet of a seed, signed at `unix`, seconds since 1970.
fn internet(options: &Options, seed: u64, unix: u64) -> Result<Arc<Internet>, LabError> {
    let internet = Internet::rough_at(seed, options.domains, unix)?;
    if options.dead_servers {
        internet.lab.break_one_of_each_zone(&[Fault::Dead], &Random::seeded(seed));
    }
    Ok(Arc::new(internet))
}

/// Counts the messages that came to the servers.
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

/// Plays all messages. `asker_of` is the resolver of a message.
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
            (MailKind::of(&mail), played)
        });
    }
    let played = playing.join_all().await;
    let waits = waits.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Run { played, waits, ..Run::default() }
}

/// Times the questions of a message.
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

/// The CPU time of this thread.
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
