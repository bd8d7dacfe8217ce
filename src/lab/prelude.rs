//! Functions that most tests share: they create names and questions, read the log, and print notes about skipped tests. They panic where
//! other functions of the lab return errors, because an error ends the test.

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

/// A time that is longer than a flight, and longer than a dead server is probed after the last question that needs it.
pub const AFTERWARDS: Duration = DEAD_WANTED_TIME.saturating_add(Duration::from_secs(60));

/// The number of mail domains in the internet of long random tests (soaks): three for each hoster.
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

/// Returns a number that an environment variable may set, or `default`.
pub fn by_hand(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The variable that makes long tests run in full.
const LONG: &str = "RESOLVERD_LONG";

/// Returns how much of a long test is run: a quarter of `full`, or all of it if `RESOLVERD_LONG=1` is set.
pub fn of_long(full: u64) -> u64 {
    if by_hand(LONG, 0) > 0 { full } else { full / 4 }
}

/// Returns the resident memory of this process in octets (proc(5), statm: pages of 4 KiB).
///
/// # Panics
/// Panics if the kernel does not report it.
pub fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    let Some(pages) = pages else { panic!("/proc/self/statm: {text:?}") };
    pages * 4_096
}

/// The log lines of a test, which the test can read.
#[derive(Clone, Debug, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Returns the log of all threads of this process. All callers get the same log.
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

    /// Returns the log lines of this thread, from `level` up, that `work` writes. They have no times and no module names.
    pub fn from_work(level: Level, work: impl FnOnce()) -> String {
        // While a process has only one log subscriber, `tracing` uses it for all threads. A log statement that another thread executes
        // first is then switched off in all threads. So there are always two subscribers.
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

    /// Returns the log text so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Returns how often the log contains `text`.
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
