//! Log lines: to stderr, each with its priority where stderr is the journal.
//!
//! May call: nothing of ours. The journal reads priorities from a prefix (sd-daemon(3)) and keeps every line it takes
//! from stderr with its trusted fields; that way lines come in one order with those of a panic, and can be tested.

use std::fmt;
use std::fs::File;
use std::io::{IsTerminal, stderr};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, reload};

/// Sets the level of this process's lines. A process has one log, so this is the one thing that is global.
static LEVEL: OnceLock<reload::Handle<LevelFilter, Registry>> = OnceLock::new();

/// Begins to write lines of `level` and above. Once a process; later calls only set the level.
pub fn start(level: Level) {
    let (filter, handle) = reload::Layer::new(LevelFilter::from_level(level));
    let lines = Lines { journal: is_journal(std::env::var("JOURNAL_STREAM").ok().as_deref()) };
    let written = tracing_subscriber::fmt::layer()
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal() && !lines.journal)
        .event_format(lines);
    if tracing_subscriber::registry().with(filter).with(written).try_init().is_ok() {
        // Nobody else can have begun, so nobody else can have set it.
        let _ = LEVEL.set(handle);
    } else {
        set_level(level);
    }
}

/// Writes lines of `level` and above from now on: for a reload.
pub fn set_level(level: Level) {
    if let Some(handle) = LEVEL.get() {
        // It fails only where the log itself is gone, and then there is nobody to tell.
        let _ = handle.modify(|filter| *filter = LevelFilter::from_level(level));
    }
}

/// How a line looks.
struct Lines {
    journal: bool,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let level = *event.metadata().level();
        if self.journal {
            write!(line, "<{}>", priority(level))?;
        } else {
            SystemTime.format_time(&mut line)?;
            write!(line, " {level:>5} ")?;
        }
        context.field_format().format_fields(line.by_ref(), event)?;
        writeln!(line)
    }
}

/// The priority of syslog(3).
const fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

/// Whether stderr is the stream of the journal that `JOURNAL_STREAM` tells of (systemd.exec(5)): it is also set where
/// somebody has sent stderr elsewhere.
fn is_journal(stream: Option<&str>) -> bool {
    let told = stream.and_then(|stream| stream.split_once(':'));
    let Some((device, inode)) = told.and_then(|(device, inode)| device.parse().ok().zip(inode.parse().ok()))
    else {
        return false;
    };
    let about = stderr().as_fd().try_clone_to_owned().and_then(|fd| File::from(fd).metadata());
    about.is_ok_and(|about: std::fs::Metadata| (about.dev(), about.ino()) == (device, inode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_stream_is_not_the_journal() {
        for stream in [None, Some(""), Some("1"), Some("a:b"), Some("0:0")] {
            assert!(!is_journal(stream), "{stream:?}");
        }
        let about = stderr().as_fd().try_clone_to_owned().and_then(|fd| File::from(fd).metadata()).unwrap();
        assert!(is_journal(Some(&format!("{}:{}", about.dev(), about.ino()))));
    }
}
