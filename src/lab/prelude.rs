//! Functions that most tests use. They panic where other functions of the lab return errors, because an error ends the test.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use hickory_proto::rr::RecordType;
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Level};

pub use dns::stage::{name, skipped};
use resolver::limits::DEAD_WANTED_TIME;

use super::simulation::{Flags, SimulatedReply, Simulation};

/// Within this time, a client must get a reply: the deadline of four seconds, and some milliseconds for rounding.
pub const REPLY_TIME: Duration = Duration::from_millis(4_010);

/// After this time, resolverd does no more work for earlier questions: longer than any resolution, and longer than resolverd probes a dead
/// server after the last question that needed this server.
pub const AFTERWARDS: Duration = DEAD_WANTED_TIME.saturating_add(Duration::from_secs(60));

/// The mail domains in long random tests (soaks): three for each hosting company.
pub const SOAK_DOMAINS: usize = 24;

/// Asks the simulated resolver a question, like a client with EDNS.
///
/// # Panics
/// The text is not a name, or the question cannot be asked.
pub async fn ask(simulation: &Simulation, text: &str, kind: RecordType) -> SimulatedReply {
    ask_with(simulation, text, kind, Flags::default()).await
}

/// Like `ask`, with these flags.
///
/// # Panics
/// Like `ask`.
pub async fn ask_with(simulation: &Simulation, text: &str, kind: RecordType, flags: Flags) -> SimulatedReply {
    match simulation.ask_with(&name(text), kind, flags).await {
        Ok(reply) => reply,
        Err(error) => panic!("{text} {kind}: {error}"),
    }
}

/// Like `ask`, with the AD flag, for a client that wants to know if the answer is secure.
///
/// # Panics
/// Like `ask`.
pub async fn ask_for_ad(simulation: &Simulation, text: &str, kind: RecordType) -> SimulatedReply {
    ask_with(simulation, text, kind, Flags { authentic_data: true, ..Flags::default() }).await
}

/// Returns the number in an environment variable, or `default`.
pub fn by_hand(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// This environment variable makes long tests run in full length.
const LONG: &str = "RESOLVERD_LONG";

/// Returns the repetitions of a long test: all of `full` with `RESOLVERD_LONG=1`, otherwise a quarter.
pub fn of_long(full: u64) -> u64 {
    if by_hand(LONG, 0) > 0 { full } else { full / 4 }
}

/// Returns the resident memory of this process in octets (proc(5), statm: pages of 4 KiB).
///
/// # Panics
/// The kernel does not report this memory.
pub fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    let Some(pages) = pages else { panic!("/proc/self/statm: {text:?}") };
    pages * 4_096
}

/// Collected log lines of a daemon.
#[derive(Clone, Debug, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Returns the log lines of all threads in this process: the same collection for all callers.
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

    /// Runs `work`, and returns the log lines of this thread meanwhile, from `level` up, without times and module names.
    pub fn from_work(level: Level, work: impl FnOnce()) -> String {
        // With one log subscriber in a process, the first thread that runs a log statement decides if `tracing` switches the statement off
        // in all threads. A second subscriber prevents this.
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

    /// Returns the log lines so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Returns how often `text` occurs in the log lines so far.
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
    fn log_capture_respects_level() {
        let log = Lines::from_work(Level::INFO, || {
            tracing::info!("one");
            tracing::debug!("two");
        });
        assert_eq!(log, " INFO one\n");
    }

    // Another thread reaches the log line first.
    #[test]
    fn log_capture_survives_other_threads() {
        let line = || tracing::info!("one");
        let log = Lines::from_work(Level::INFO, || {
            assert!(std::thread::spawn(line).join().is_ok());
            line();
        });
        assert_eq!(log, " INFO one\n");
    }
}
