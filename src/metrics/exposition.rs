//! The text format of Prometheus, version 0.0.4.

use std::fmt::Write;

use super::gather::{Sample, Samples, Value};
use super::table::Metric;
use crate::record::{BOUNDS, Distribution};

/// The media type of the text.
pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics.
pub(super) fn text(samples: &Samples) -> String {
    let mut text = String::new();
    for (metric, samples) in samples.all() {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "# HELP {} {}", metric.name, escaped(metric.about, false));
        let _ = writeln!(text, "# TYPE {} {}", metric.name, metric.kind.word());
        samples.iter().for_each(|sample| write_sample(&mut text, &metric, sample));
    }
    text
}

fn write_sample(text: &mut String, metric: &Metric, sample: &Sample) {
    let labels: Vec<String> = metric
        .labels
        .iter()
        .zip(&sample.labels)
        .map(|(label, value)| format!("{label}=\"{}\"", escaped(value, true)))
        .collect();
    let mut line = |suffix: &str, bound: Option<String>, value: String| {
        let labels: Vec<&str> = labels.iter().chain(&bound).map(String::as_str).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(text, "{}{suffix}{labels} {value}", metric.name);
    };
    match &sample.value {
        Value::Whole(number) => line("", None, number.to_string()),
        Value::Seconds(seconds) => line("", None, seconds.to_string()),
        Value::Times(times) => {
            let Distribution { within, count, sum } = **times;
            for (bound, within) in BOUNDS.iter().zip(within) {
                line("_bucket", Some(format!("le=\"{}\"", bound.as_secs_f64())), within.to_string());
            }
            line("_bucket", Some("le=\"+Inf\"".to_owned()), count.to_string());
            line("_sum", None, sum.to_string());
            line("_count", None, count.to_string());
        }
    }
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
