//! `resolverd demo --bench` and `benches/message.rs`: the time that the DNS of a message of mail takes, and its queries to
//! servers, with look-ahead off, by rules and learned, next to two limits (`limit`).
//!
//! The lab's rough internet in memory, on its virtual clock: a gateway gets and sends mail at a steady rate, from an empty
//! cache. Times are those of the mail software. The CPU time is that of the thread, servers of the lab included, so that
//! only its ratios mean anything.
//!
//! Installed resolvers (`installed`) get the same mail in real time, over sockets, from the same internet; their CPU time is
//! that of their process. `benches/compare/mail.sh` starts them.

mod figures;
mod installed;
mod limit;
pub mod mails;
mod playing;
mod table;

use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use history::{Counter, Window};
use resolver::config::LookaheadMode;

pub use self::figures::{Checks, DOMAINS, Installed, Measured, Options, Run};
pub use self::installed::BenchError;
use self::limit::{Limit, LimitOf};
use self::playing::{count_sent, internet, play};
use self::table::Column;
pub use self::table::Table;
use super::internet::Internet;
use super::simulation::{Simulation, config_trusting, paused};
use super::traffic::Mail;
use super::world::{LabError, UNIX_AT_START};

/// Measures all resolvers. Call it outside of a runtime.
///
/// # Errors
/// As `run`, and those of installed resolvers.
pub fn table(options: &Options) -> Result<Table, BenchError> {
    let mut columns = Vec::new();
    for one in &options.installed {
        let runs = options.seeds.iter().map(|seed| installed::run(options, one, *seed));
        columns.push(Column { head: one.name.clone(), runs: runs.collect::<Result<_, _>>()? });
    }
    for measured in &options.resolvers {
        let runs = options.seeds.iter().map(|seed| run(options, *measured, *seed));
        columns.push(Column { head: measured.title().to_owned(), runs: runs.collect::<Result<_, _>>()? });
    }
    Ok(table::of_columns(&columns, !options.installed.is_empty()))
}

/// Plays the mail of a seed through a resolver. Call it outside of a runtime.
///
/// # Errors
/// None for the texts of the lab.
pub fn run(options: &Options, measured: Measured, seed: u64) -> Result<Run, LabError> {
    let internet = internet(options, seed, UNIX_AT_START)?;
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
    run.ahead = Some([Counter::LookaheadAsked, Counter::LookaheadUsed].map(|counter| counts[counter]));
    count_sent(&mut run, internet);
    run
}

async fn with_limit(internet: &Arc<Internet>, options: &Options, asks_ahead: bool, seed: u64) -> Run {
    let limit = Limit::new(Arc::clone(internet));
    let of = |mail: &Mail| Arc::new(LimitOf::new(Arc::clone(&limit), mail.clone(), asks_ahead));
    let mut run = play(internet, options, seed, of, limit.clock()).await;
    run.sent = limit.sent();
    run
}

/// The CPU time of this thread.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
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
        for part in ["outbound  ", "queries to servers, for each mail  ", "limit, ahead", "DMARC, mean"] {
            assert!(shown.contains(part), "{shown}");
        }
    }
}
