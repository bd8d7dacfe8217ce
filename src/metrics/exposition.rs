//! The text format of Prometheus, version 0.0.4.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::LazyLock;

use super::gather::{Samples, Value};
use super::table::{self, Metric};
use crate::record::{BOUNDS, Distribution};

/// The media type of the text.
pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Octets for which there is room at first: with some lists and zones the text has about as many. A text that grows is copied each time.
const ROOM: usize = 48 << 10;

/// The metrics of the table, each with the lines before its samples. They are a third of the text, and never change.
static HEADS: LazyLock<Vec<(Metric, String)>> = LazyLock::new(|| {
    let head = |metric: Metric| {
        let Metric { name, kind, about, .. } = &metric;
        let head = format!("# HELP {name} {}\n# TYPE {name} {}\n", escaped(about, false), kind.word());
        (metric, head)
    };
    table::all().into_iter().map(head).collect()
});

/// The bounds of buckets as text: all metrics have the same ones.
static SHOWN_BOUNDS: LazyLock<[String; BOUNDS.len()]> =
    LazyLock::new(|| BOUNDS.map(|bound| bound.as_secs_f64().to_string()));

/// Writes all metrics into `text`, whose content is replaced.
pub(super) fn write(samples: &Samples, text: &mut String) {
    text.clear();
    text.reserve(ROOM);
    let mut labels = String::new();
    for ((metric, head), samples) in HEADS.iter().zip(samples.all()) {
        text.push_str(head);
        for sample in samples {
            labels.clear();
            for (label, value) in metric.labels.iter().zip(&sample.labels) {
                let comma = if labels.is_empty() { "" } else { "," };
                [comma, label, "=\"", &escaped(value, true), "\""]
                    .iter()
                    .for_each(|piece| labels.push_str(piece));
            }
            write_sample(text, &metric.name, &labels, &sample.value);
        }
    }
}

// Pieces that are appended take a third of the time of a format. Writing into a string cannot fail.
fn write_sample(text: &mut String, name: &str, labels: &str, value: &Value) {
    let put = |text: &mut String, pieces: &[&str]| pieces.iter().for_each(|piece| text.push_str(piece));
    let all: &[&str] = if labels.is_empty() { &[" "] } else { &["{", labels, "} "] };
    let _ = match value {
        Value::Whole(number) => {
            put(text, &[name]);
            put(text, all);
            writeln!(text, "{number}")
        }
        Value::Seconds(seconds) => {
            put(text, &[name]);
            put(text, all);
            writeln!(text, "{seconds}")
        }
        Value::Times(times) => {
            let Distribution { within, count, sum } = **times;
            let comma = if labels.is_empty() { "" } else { "," };
            let bounds = SHOWN_BOUNDS.iter().map(String::as_str).chain(["+Inf"]);
            // Most buckets have as many as the one before.
            let (mut shown, mut of) = ("0".to_owned(), 0);
            for (bound, within) in bounds.zip(within.into_iter().chain([count])) {
                if within != of {
                    shown.clear();
                    let _ = write!(shown, "{within}");
                    of = within;
                }
                put(text, &[name, "_bucket{", labels, comma, "le=\"", bound, "\"} ", &shown, "\n"]);
            }
            put(text, &[name, "_sum"]);
            put(text, all);
            let _ = writeln!(text, "{sum}");
            put(text, &[name, "_count"]);
            put(text, all);
            put(text, &[&shown, "\n"]);
            Ok(())
        }
    };
}

/// Backslash and line feed have a meaning in the format, in the value of a label also the quote.
fn escaped(text: &str, quoted: bool) -> Cow<'_, str> {
    if !text.contains(['\\', '\n', '"']) {
        return text.into();
    }
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if quoted { text.replace('"', "\\\"").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_with_a_meaning_are_escaped() {
        assert_eq!(escaped("a\\b\n\"c\"", true), "a\\\\b\\n\\\"c\\\"");
        assert_eq!(escaped("\"c\"", false), "\"c\"");
    }
}
