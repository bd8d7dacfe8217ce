//! The results of several pasted lines, and the order in which they are shown.

use std::collections::BTreeSet;

use super::line::PastedLine;
use history::culprit::CulpritKind;
use history::why::MessageReport;

/// A message of the history, and the pasted lines that it is shown for.
#[derive(Clone, Debug)]
pub struct LineResult {
    /// The message, as the first of these lines has it.
    pub message: MessageReport,
    /// The numbers of the lines. The two parts of a line of `postqueue -j` have one number.
    numbers: BTreeSet<usize>,
    /// The entry of a queue, the bounce or the line of a log that the first of them is of.
    entry: usize,
    /// Whether this one shows when the mail of an entry came, with its sender.
    is_arrival: bool,
}

impl LineResult {
    /// The result of one line.
    pub fn new(line: &PastedLine, message: MessageReport) -> Self {
        let PastedLine { number, entry, is_arrival, .. } = *line;
        Self { message, numbers: BTreeSet::from([number]), entry, is_arrival }
    }

    /// Adds a line with the same result.
    pub fn add(&mut self, line: &PastedLine) {
        self.numbers.insert(line.number);
    }

    /// The message with the number of its lines behind the first.
    pub fn into_message(self) -> MessageReport {
        let more_lines = self.numbers.len().saturating_sub(1) as u64;
        MessageReport { more_lines, ..self.message }
    }
}

/// The results in the order in which they are shown: of an entry of a queue, or of a bounce, those first whose cause is known. Its first line
/// has the sender, which is mostly a domain of this host: next to another cause it is no result that the history lacks it.
pub fn known_first(mut results: Vec<LineResult>) -> Vec<LineResult> {
    let is_unknown = |one: &LineResult| one.message.culprit.kind == CulpritKind::Unknown;
    let known: BTreeSet<usize> = results.iter().filter(|one| !is_unknown(one)).map(|one| one.entry).collect();
    results.retain(|one| !(one.is_arrival && one.message.is_absent() && known.contains(&one.entry)));
    results.sort_by_key(|one| (one.entry, is_unknown(one)));
    results
}
