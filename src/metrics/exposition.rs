//! The text format of Prometheus, version 0.0.4.

use std::fmt::Write;
use std::sync::LazyLock;

use super::escape::escaped;
use super::gather::{Samples, Value};
use super::table::{self, Metric};
use history::{BOUNDS, Distribution};

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
    let mut heads = HEADS.iter();
    for (of_family, (metric, head)) in samples.of_families().zip(heads.by_ref()) {
        text.push_str(head);
        for sample in of_family {
            write_sample(text, &metric.name, samples.labels(sample), &sample.value);
        }
    }
    for (counter, (metric, head)) in samples.counters().iter().zip(heads) {
        text.push_str(head);
        write_sample(text, &metric.name, "", counter);
    }
}

// Pieces that are appended take a third of the time of a format. Writing into a string cannot fail.
fn write_sample(text: &mut String, name: &str, labels: &str, value: &Value) {
    let put = |text: &mut String, pieces: &[&str]| pieces.iter().for_each(|piece| text.push_str(piece));
    let all: &[&str] = if labels.is_empty() { &[" "] } else { &["{", labels, "} "] };
    match value {
        Value::Whole(number) => {
            put(text, &[name]);
            put(text, all);
            put(text, &[itoa::Buffer::new().format(*number), "\n"]);
        }
        Value::Seconds(seconds) => {
            put(text, &[name]);
            put(text, all);
            let _ = writeln!(text, "{seconds}");
        }
        Value::Times(times) => {
            let Distribution { within, count, sum } = **times;
            let comma = if labels.is_empty() { "" } else { "," };
            let bounds = SHOWN_BOUNDS.iter().map(String::as_str).chain(["+Inf"]);
            let mut digits = itoa::Buffer::new();
            for (bound, within) in bounds.zip(within.into_iter().chain([count])) {
                let within = digits.format(within);
                put(text, &[name, "_bucket{", labels, comma, "le=\"", bound, "\"} ", within, "\n"]);
            }
            put(text, &[name, "_sum"]);
            put(text, all);
            let _ = writeln!(text, "{sum}");
            put(text, &[name, "_count"]);
            put(text, all);
            put(text, &[digits.format(count), "\n"]);
        }
    }
}
