//! Shared by most tests: names, questions, a readable log, and notes about skipped tests.
//!
//! An error of a test ends it: these functions panic where other functions of the lab return errors.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use hickory_proto::rr::RecordType;
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Level};

pub use dns::stage::{name, skipped};
use resolver::limits::DEAD_WANTED_TIME;

use super::simulation::{Flags, SimulatedReply, Simulation};

/// The time in which a client must get a reply: the deadline of four seconds, and some milliseconds for rounding.
pub const REPLY_TIME: Duration = Duration::from_millis(4_010);

/// Longer than a flight, and longer than a dead server is probed without questions for it.
pub const AFTERWARDS: Duration = DEAD_WANTED_TIME.saturating_add(Duration::from_secs(60));

/// Mail domains of the internet of soaks: three for each hoster.
pub const SOAK_DOMAINS: usize = 24;

/// Asks as a client with EDNS does.
///
/// # Panics
/// The text is no name, or the question cannot be asked.
pub async fn ask(simulation: &Simulation, text: &str, kind: RecordType) -> SimulatedReply {
    ask_with(simulation, text, kind, Flags::default()).await
}

/// Like `ask`, with flags.
///
/// # Panics
/// As `ask`.
pub async fn ask_with(simulation: &Simulation, text: &str, kind: RecordType, flags: Flags) -> SimulatedReply {
    match simulation.ask_with(&name(text), kind, flags).await {
        Ok(reply) => reply,
        Err(error) => panic!("{text} {kind}: {error}"),
    }
}

/// Like `ask`, with AD, for a client that wants to know whether an answer is secure.
///
/// # Panics
/// As `ask`.
pub async fn ask_for_ad(simulation: &Simulation, text: &str, kind: RecordType) -> SimulatedReply {
    ask_with(simulation, text, kind, Flags { authentic_data: true, ..Flags::default() }).await
}

/// A number that an environment variable may set.
pub fn by_hand(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The variable that makes long tests run in full.
const LONG: &str = "RESOLVERD_LONG";

/// How much of a long test runs: a quarter of `full`, or all of it with `RESOLVERD_LONG=1`.
pub fn of_long(full: u64) -> u64 {
    if by_hand(LONG, 0) > 0 { full } else { full / 4 }
}

/// Resident octets of this process (proc(5), statm: pages of 4 KiB).
///
/// # Panics
/// The kernel does not report it.
pub fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    let Some(pages) = pages else { panic!("/proc/self/statm: {text:?}") };
    pages * 4_096
}

/// The lines of a log, to be read back.
#[derive(Clone, Debug, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// The log of this process, of all threads; the same for all callers.
    pub fn of_process() -> Self {
        static LINES: OnceLock<Lines> = OnceLock::new();
        let begin = || {
            let lines = Self::default();
            let writer = lines.clone();
            tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).init();
            lines
        };
        LINES.get_or_init(begin).clone()
    }

    /// The log of this thread from `level` up while `work` runs, without times and modules.
    pub fn from_work(level: Level, work: impl FnOnce()) -> String {
        // While a process has one subscriber, `tracing` takes it for the one of all threads: a line that a thread without it reaches first
        // is off for all. So there are always two.
        static SECOND: OnceLock<Dispatch> = OnceLock::new();
        SECOND.get_or_init(|| Dispatch::new(NoSubscriber::new()));
        let lines = Self::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .finish();
        tracing::subscriber::with_default(subscriber, work);
        lines.text()
    }

    /// The log so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// How often it has this text.
    pub fn count(&self, text: &str) -> usize {
        self.text().matches(text).count()
    }
}

impl Write for Lines {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_back_from_its_level_up() {
        let log = Lines::from_work(Level::INFO, || {
            tracing::info!("one");
            tracing::debug!("two");
        });
        assert_eq!(log, " INFO one\n");
    }

    #[test]
    fn a_line_that_another_thread_reaches_first_is_read_back() {
        let line = || tracing::info!("one");
        let log = Lines::from_work(Level::INFO, || {
            assert!(std::thread::spawn(line).join().is_ok());
            line();
        });
        assert_eq!(log, " INFO one\n");
    }
}
