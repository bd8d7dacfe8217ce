//! The text format of Prometheus, version 0.0.4.

use std::fmt::Write;

use super::gather::{Sample, Samples, Value};
use super::table::Metric;
use crate::record::{BOUNDS, Distribution};

/// The media type of the text.
pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Octets for which there is room at first: with some lists and zones the text has about as many. A text that grows is copied each time.
const ROOM: usize = 48 << 10;

/// All metrics.
pub(super) fn text(samples: &Samples) -> String {
    let mut text = String::with_capacity(ROOM);
    // Most lines are buckets, and all have the same bounds.
    let bounds = BOUNDS.map(|bound| bound.as_secs_f64().to_string());
    for (metric, samples) in samples.all() {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "# HELP {} {}", metric.name, escaped(metric.about, false));
        let _ = writeln!(text, "# TYPE {} {}", metric.name, metric.kind.word());
        samples.iter().for_each(|sample| write_sample(&mut text, &metric, sample, &bounds));
    }
    text
}

fn write_sample(text: &mut String, metric: &Metric, sample: &Sample, bounds: &[String]) {
    let mut labels = String::new();
    for (label, value) in metric.labels.iter().zip(&sample.labels) {
        let comma = if labels.is_empty() { "" } else { "," };
        let _ = write!(labels, "{comma}{label}=\"{}\"", escaped(value, true));
    }
    let comma = if labels.is_empty() { "" } else { "," };
    let all = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
    let name = &metric.name;
    let _ = match &sample.value {
        Value::Whole(number) => writeln!(text, "{name}{all} {number}"),
        Value::Seconds(seconds) => writeln!(text, "{name}{all} {seconds}"),
        Value::Times(times) => {
            let Distribution { within, count, sum } = **times;
            let before = format!("{name}_bucket{{{labels}{comma}le=\"");
            for (bound, within) in bounds.iter().zip(within) {
                // Most lines are these: pieces that are appended take a third of the time of a format.
                [&before, bound, "\"} "].iter().for_each(|piece| text.push_str(piece));
                let _ = writeln!(text, "{within}");
            }
            let _ = writeln!(text, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {count}");
            writeln!(text, "{name}_sum{all} {sum}\n{name}_count{all} {count}")
        }
    };
}

/// Backslash and line feed have a meaning in the format, in the value of a label also the quote.
fn escaped(text: &str, quoted: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if quoted { text.replace('"', "\\\"") } else { text }
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
