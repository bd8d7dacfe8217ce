//! Writes metrics in the text format of Prometheus, version 0.0.4.

use std::fmt::{Display, Write};
use std::sync::LazyLock;

use super::table::{self, Family};
use record::{BOUNDS, Distribution};

pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The descriptions of the metrics never change and are a third of the text, so resolverd formats them only once.
static HEADS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let head = |table::Metric { name, kind, about, .. }| {
        format!("# HELP {name} {}\n# TYPE {name} {}\n", escaped(about, false), kind.word())
    };
    table::all().into_iter().map(head).collect()
});

#[derive(Debug)]
pub(super) struct Samples {
    /// One element per metric, in the order of the rows of `families!`.
    families: Vec<String>,
}

impl Default for Samples {
    fn default() -> Self {
        Self { families: vec![String::new(); HEADS.len()] }
    }
}

// The results of `writeln!` are ignored, because writing into a string cannot fail.
impl Samples {
    /// Adds a sample. `labels` are the values of the labels, in the order in which the table `families!` names the labels of `family`.
    pub(super) fn put(&mut self, family: Family, labels: &[&str], value: impl Display) {
        let pairs = pairs(family, labels);
        let pairs = if pairs.is_empty() { pairs } else { format!("{{{pairs}}}") };
        if let Some(lines) = self.families.get_mut(family as usize) {
            let _ = writeln!(lines, "{}{pairs} {value}", family.name());
        }
    }

    pub(super) fn times(&mut self, family: Family, labels: &[&str], times: Distribution) {
        let (name, pairs) = (family.name(), pairs(family, labels));
        let comma = if pairs.is_empty() { "" } else { "," };
        let Distribution { within, count, sum } = times;
        let Some(lines) = self.families.get_mut(family as usize) else { return };
        let bounds = BOUNDS.iter().map(|bound| bound.as_secs_f64().to_string()).chain(["+Inf".to_owned()]);
        for (bound, within) in bounds.zip(within.into_iter().chain([count])) {
            let _ = writeln!(lines, "{name}_bucket{{{pairs}{comma}le=\"{bound}\"}} {within}");
        }
        let pairs = if pairs.is_empty() { pairs } else { format!("{{{pairs}}}") };
        let _ = writeln!(lines, "{name}_sum{pairs} {sum}\n{name}_count{pairs} {count}");
    }

    /// Adds a line for each counter of the query history, after the metrics of `Family::ALL`.
    pub(super) fn counters<'n>(&mut self, counters: impl Iterator<Item = (&'n str, u64)>) {
        for (lines, (name, count)) in self.families.iter_mut().skip(Family::ALL.len()).zip(counters) {
            let _ = writeln!(lines, "{} {count}", table::counter_name(name));
        }
    }

    pub(super) fn text(&self) -> String {
        HEADS.iter().zip(&self.families).flat_map(|(head, lines)| [head.as_str(), lines]).collect()
    }
}

fn pairs(family: Family, values: &[&str]) -> String {
    let pairs = family.labels().iter().zip(values);
    pairs.map(|(label, value)| format!("{label}=\"{}\"", escaped(value, true))).collect::<Vec<_>>().join(",")
}

/// Escapes the characters that have a meaning in the text format: quotes only in the value of a label (`quoted`).
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
