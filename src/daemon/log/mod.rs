//! Writes log lines. If stderr is connected to the systemd journal, they go to the journal with their fields; otherwise they go to stderr as plain
//! lines.
//!
//! The fields of a log line (`incident`, `zone`, `servers`) repeat facts of its sentence. stderr shows only the sentence.
//!
//! # Decisions
//!
//! - Incidents can be found by a field (`journalctl -t resolverd INCIDENT=zone_fails`), so monitoring does not depend on the text of a line.
//! - Lines have no colours.
//! - An error is logged only once, by the code that decides what happens next. Otherwise, each zone would log an outage of this host's network.

mod event_text;
mod journal;

use std::fmt::Write as _;
use std::io;
use std::sync::OnceLock;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, reload};

use event_text::{EventText, write_line};
use journal::Journal;

static LEVEL: OnceLock<reload::Handle<Targets, Registry>> = OnceLock::new();

/// Starts the log at this `level`. Later calls in the same process only set the level.
pub fn start(level: Level) {
    let (filter, handle) = reload::Layer::new(own_lines(level));
    let journal = Journal::of_stderr(std::env::var("JOURNAL_STREAM").ok().as_deref());
    if tracing_subscriber::registry().with(filter).with(LogOutput { journal }).try_init().is_ok() {
        // This call cannot fail: `try_init` succeeds once, so nobody has set `LEVEL`.
        let _ = LEVEL.set(handle);
    } else {
        set_level(level);
    }
}

/// Changes the log level, after a reload of the configuration.
pub fn set_level(level: Level) {
    if let Some(handle) = LEVEL.get() {
        // An error can only mean that the log of this process has ended.
        let _ = handle.modify(|filter| *filter = own_lines(level));
    }
}

/// The crates that write log lines.
const OWN_CRATES: [&str; 14] = [
    "config",
    "control",
    "daemon",
    "dnsbl",
    "dnstap",
    "exchange",
    "fleet",
    "lab",
    "record",
    "resolver",
    "supervise",
    "tls_policy",
    "watched",
    "zones",
];

/// Passes only lines of resolverd's own crates. Libraries may write very many: one writes a line for each record that it reads.
fn own_lines(level: Level) -> Targets {
    Targets::new().with_targets(OWN_CRATES.map(|name| (name, level)))
}

struct LogOutput {
    journal: Option<Journal>,
}

impl<S: Subscriber> Layer<S> for LogOutput {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let level = *event.metadata().level();
        let mut said = EventText::default();
        event.record(&mut said);
        let written = match &self.journal {
            Some(journal) => journal.write(level, &said),
            None => plain(level, &said.sentence),
        };
        // If neither the journal nor stderr accepts the log line, the line is lost.
        let _ = written;
    }
}

fn plain(level: Level, sentence: &str) -> io::Result<()> {
    let mut line = String::new();
    // Writing to a string does not fail; if the clock fails, the time is left out.
    let _ = SystemTime.format_time(&mut Writer::new(&mut line));
    let _ = write!(line, " {level:>5} ");
    write_line(line, sentence)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    // A crate without a row here would log nothing.
    #[test]
    fn every_crate_that_logs_is_listed() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for folder in std::fs::read_dir(source).unwrap().map(Result::unwrap) {
            let Ok(manifest) = std::fs::read_to_string(folder.path().join("Cargo.toml")) else { continue };
            let name = folder.file_name().into_string().unwrap();
            let logs = manifest.lines().any(|line| line == "tracing.workspace = true");
            assert_eq!(OWN_CRATES.contains(&name.as_str()), logs, "{name}");
        }
    }

    #[test]
    fn only_own_crates_are_logged() {
        for level in [Level::ERROR, Level::INFO, Level::DEBUG, Level::TRACE] {
            let lines = own_lines(level);
            assert!(lines.would_enable(module_path!(), &level));
            assert!(OWN_CRATES.iter().all(|name| lines.would_enable(name, &Level::ERROR)));
            assert!(!lines.would_enable("hickory_proto::rr::record_data", &Level::ERROR));
        }
        assert!(!own_lines(Level::INFO).would_enable(module_path!(), &Level::DEBUG));
    }
}
