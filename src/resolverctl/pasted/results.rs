//! The results for pasted lines: which messages (emails) are printed, and in which order.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::fit::{SHARE, is_of_dns};
use super::line::PastedLine;
use explain::why::MessageReport;
use record::culprit::CulpritKind;

/// A message (email), and the pasted lines for which it is printed.
#[derive(Clone, Debug)]
pub struct LineResult {
    /// The message, with the culprit for the first of its lines.
    pub message: MessageReport,
    /// The numbers of the lines. A line of `postqueue -j` is read as two lines (sender and recipients) with the same number.
    numbers: BTreeSet<usize>,
    entry: usize,
    is_arrival: bool,
    /// True if the line reports a failed lookup.
    blames_dns: bool,
    /// The part of the delay before the queue manager in seconds, if it is most of the delay. Other lines of the mail then show the queries of
    /// this time.
    before_queue: Option<f64>,
    /// True if the line has a delay, or reports a result of DNS.
    is_telling: bool,
    /// True if the message is the best match of one of its lines.
    is_best: bool,
}

impl LineResult {
    /// Creates a result for one pasted line. `is_best`: the message is the best match of the line.
    pub fn new(line: &PastedLine, message: MessageReport, is_best: bool) -> Self {
        let PastedLine { number, entry, is_arrival, blames_dns, .. } = *line;
        let (before_queue, is_telling) = (line.delay.before_queue(), line.is_telling());
        let numbers = BTreeSet::from([number]);
        Self { message, numbers, entry, is_arrival, blames_dns, before_queue, is_telling, is_best }
    }

    /// Adds another line with the same message (email).
    pub fn add(&mut self, line: &PastedLine, is_best: bool) {
        self.numbers.insert(line.number);
        self.is_best |= is_best;
    }

    fn is_unknown(&self) -> bool {
        self.message.culprit.kind == CulpritKind::Unknown
    }

    /// Compares by `rank`, then by the wait for DNS: the longest comes first.
    fn compare<Rank: Ord>(&self, other: &Self, rank: impl Fn(&Self) -> Rank) -> Ordering {
        rank(self).cmp(&rank(other)).then(other.message.waited.total_cmp(&self.message.waited))
    }

    /// Returns the message (email). Its `more_lines` is the number of lines after the first one.
    pub fn into_message(self) -> MessageReport {
        let more_lines = self.numbers.len().saturating_sub(1) as u64;
        MessageReport { more_lines, ..self.message }
    }
}

/// Sorts the results: within a mail, known culprits come first, then those of lines that report a failed lookup, then the longest wait. Left
/// out are: the sender of a queue entry if the history has no message (email) for it and another line of the entry has a known culprit, because
/// its domain is mostly one of this host; the line of a delivery whose delay was before the queue manager, if other lines of the mail explain
/// this time by DNS; and a line without a delay whose mail DNS did not delay, if another line has a delay or a cause in DNS.
pub fn known_first(mut results: Vec<LineResult>) -> Vec<LineResult> {
    let known: BTreeSet<usize> =
        results.iter().filter(|one| !one.is_unknown()).map(|one| one.entry).collect();
    let mut explained: BTreeMap<usize, f64> = BTreeMap::new();
    for one in results.iter().filter(|one| is_of_dns(one.message.culprit.kind)) {
        *explained.entry(one.entry).or_default() += one.message.waited;
    }
    let telling: BTreeSet<usize> = results.iter().filter(|one| one.is_telling).map(|one| one.entry).collect();
    let is_explained = |one: &LineResult, before: f64| {
        explained.get(&one.entry).is_some_and(|waited| *waited >= before * SHARE)
    };
    results.retain(|one| {
        let is_needless_sender = one.is_arrival && one.message.is_absent() && known.contains(&one.entry);
        let is_needless_delivery =
            one.is_unknown() && one.before_queue.is_some_and(|before| is_explained(one, before));
        // Another line of the mail shows more about its delay.
        let is_needless_quiet = matches!(one.message.culprit.kind, CulpritKind::NotDns | CulpritKind::None)
            && (!one.is_telling && telling.contains(&one.entry)
                || !(one.is_telling && one.is_best) && explained.contains_key(&one.entry));
        !is_needless_sender && !is_needless_delivery && !is_needless_quiet
    });
    let rank = |one: &LineResult| (one.entry, one.is_unknown(), !one.blames_dns);
    results.sort_by(|one, other| one.compare(other, rank));
    results
}

/// Returns the messages (emails), the one that waited longest for DNS first. Messages that are not the best match of any line come last,
/// because they may be of other mails, and messages with an unknown culprit come after the known ones.
pub fn longest_wait_first(results: &[LineResult]) -> Vec<&MessageReport> {
    let mut sorted: Vec<&LineResult> = results.iter().collect();
    let rank = |one: &LineResult| (!one.is_best, one.is_unknown());
    sorted.sort_by(|one, other| one.compare(other, rank));
    sorted.into_iter().map(|result| &result.message).collect()
}
