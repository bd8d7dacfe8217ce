//! The sentence and the fields of a log line, and how a line is written to stderr.

use std::fmt;
use std::io::{self, Write as _, stderr};

use tracing::field::{Field, Visit};

use dns::wire::presentation::harmless;

/// The sentence and the fields of a log line. The sentence is always one line, even if it contains octets from other hosts.
#[derive(Debug, Default)]
pub(super) struct EventText {
    pub(super) sentence: String,
    pub(super) fields: Vec<(&'static str, String)>,
}

impl Visit for EventText {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let value = harmless(&format!("{value:?}"));
        match field.name() {
            "message" => self.sentence = value,
            name => self.fields.push((name, value)),
        }
    }
}

pub(super) fn write_line(mut begin: String, sentence: &str) -> io::Result<()> {
    begin.push_str(sentence);
    begin.push('\n');
    stderr().lock().write_all(begin.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::{Event, Subscriber};
    use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

    use super::*;

    struct Seen(Arc<Mutex<Vec<EventText>>>);

    impl<S: Subscriber> Layer<S> for Seen {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let mut said = EventText::default();
            event.record(&mut said);
            self.0.lock().unwrap().push(said);
        }
    }

    // Line feeds and bidirectional controls in a value neither begin nor turn a line.
    #[test]
    fn log_line_escapes_foreign_octets() {
        let seen = Arc::default();
        let log = tracing_subscriber::registry().with(Seen(Arc::clone(&seen)));
        tracing::subscriber::with_default(log, || {
            tracing::info!(zone = "a\u{202e}b", "said \"{}\"", "x\n2026-01-01 INFO\u{1b}[2J\u{2066}y");
        });
        let seen = seen.lock().unwrap();
        let [said] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!(said.sentence, "said \"x\\n2026-01-01 INFO\\u{1b}[2J\\u{2066}y\"");
        assert!(said.fields.iter().all(|(_, value)| !value.contains('\u{202e}')), "{said:?}");
    }
}
