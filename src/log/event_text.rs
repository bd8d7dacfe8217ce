//! The content of an event, and a line of it on stderr.

use std::fmt;
use std::io::{self, Write as _, stderr};

use tracing::field::{Field, Visit};

/// The content of an event.
#[derive(Debug, Default)]
pub(super) struct EventText {
    pub(super) sentence: String,
    /// Its other fields, in their order.
    pub(super) fields: Vec<(&'static str, String)>,
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

/// Writes `begin` and a sentence to stderr, always as one line, even if it has octets of strangers.
pub(super) fn write_line(mut begin: String, sentence: &str) -> io::Result<()> {
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
