//! Log lines: to the journal with fields if stderr is the journal, otherwise plain lines to stderr.
//!
//! The fields of an event (`incident`, `zone`, `servers`) repeat what its sentence says. The journal stores both;
//! stderr shows the sentence.
//!
//! # Decisions
//!
//! - Incidents are found by field (`journalctl -t resolverd INCIDENT=zone_fails`), so that monitoring does not depend
//!   on the words of a line.
//! - A line that goes to a file or to the journal has no colours.
//! - An error is logged once, by the code that decides what happens next. An outage of this host's network once wrote
//!   two lines for each zone; it now has one line at its begin and one at its end.

mod journal;

use std::fmt::{self, Write as _};
use std::io::{self, Write as _, stderr};
use std::sync::OnceLock;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, reload};

use journal::Journal;

/// Sets the level of this process's lines. A process has one log, so this is the only global variable.
static LEVEL: OnceLock<reload::Handle<LevelFilter, Registry>> = OnceLock::new();

/// Begins to write lines of `level` and above. Only the first call of a process does so; later calls set the level.
pub fn start(level: Level) {
    let (filter, handle) = reload::Layer::new(LevelFilter::from_level(level));
    let journal = Journal::of_stderr(std::env::var("JOURNAL_STREAM").ok().as_deref());
    if tracing_subscriber::registry().with(filter).with(LogOutput { journal }).try_init().is_ok() {
        // This is the first call, so the level is not set yet.
        let _ = LEVEL.set(handle);
    } else {
        set_level(level);
    }
}

/// Writes lines of `level` and above from now on: for a reload.
pub fn set_level(level: Level) {
    if let Some(handle) = LEVEL.get() {
        // This fails only if the log has ended.
        let _ = handle.modify(|filter| *filter = LevelFilter::from_level(level));
    }
}

/// The destination of lines.
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
        // If neither the journal nor stderr takes the line, it is lost.
        let _ = written;
    }
}

/// The content of an event.
#[derive(Debug, Default)]
struct EventText {
    sentence: String,
    /// Its other fields, in their order.
    fields: Vec<(&'static str, String)>,
}

impl Visit for EventText {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let value = format!("{value:?}");
        match field.name() {
            "message" => self.sentence = value,
            name => self.fields.push((name, value)),
        }
    }
}

/// A line with its moment and level.
fn plain(level: Level, sentence: &str) -> io::Result<()> {
    let mut line = String::new();
    // Writing to a string does not fail; if the clock fails, the time is left out.
    let _ = SystemTime.format_time(&mut Writer::new(&mut line));
    let _ = write!(line, " {level:>5} ");
    write_line(line, sentence)
}

/// Writes `begin` and a sentence to stderr, always as one line, even if it has octets of strangers.
fn write_line(mut begin: String, sentence: &str) -> io::Result<()> {
    for character in sentence.chars() {
        if character.is_control() {
            begin.extend(character.escape_default());
        } else {
            begin.push(character);
        }
    }
    begin.push('\n');
    stderr().lock().write_all(begin.as_bytes())
}
