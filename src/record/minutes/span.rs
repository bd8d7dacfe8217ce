//! The sum of the statistics of a span of time. The store has one row for each minute.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::row::{Busy, BusyCounts, BusyKind, Row};
use super::times::{Counts, by_time, quantiles};
use crate::Quantiles;
use crate::minutes::limits::{MAX_BUSY, MAX_SUMMED_NAMES};
use dns::conduct::Conduct;
use dns::question::Outcome;

/// The statistics of a span of time. Times are in seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SpanReport {
    /// The begin of the span.
    pub from: u64,
    /// The end of the span.
    pub to: u64,
    /// The number of minutes that have a row.
    pub minutes: u64,
    /// The number of questions of clients.
    pub questions: u64,
    /// The number of questions for each outcome, without zeros.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// The number of queries to servers for each behaviour of the server, such as a timeout, without zeros.
    pub messages: BTreeMap<Conduct, u64>,
    /// The DNS times of messages (emails): how long their questions were in progress.
    pub message_time: Quantiles,
    /// The histogram of the DNS times of messages (emails): for each bucket, its shortest time in microseconds and its number of messages.
    #[serde(default)]
    pub message_times: Vec<(u64, u64)>,
    /// The times from a question to its reply.
    pub latency: Quantiles,
    /// The round-trip times of queries to servers.
    pub round_trip: Quantiles,
    /// The busiest names of each kind. Zones, lists and networks of servers are sorted by the total time of their resolutions or queries, the longest
    /// first. Local users are sorted by the number of their questions, the greatest first.
    pub busiest: Vec<Busy>,
    /// For networks among `busiest`, a zone whose servers are there, as far as it is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub zones_of_networks: BTreeMap<Box<str>, String>,
}

/// The sum of rows, while rows are added.
#[derive(Debug)]
pub struct Span {
    from: u64,
    to: u64,
    sum: Row,
    minutes: u64,
    busy: HashMap<(BusyKind, Box<str>), BusyCounts>,
}

impl Span {
    /// Creates an empty sum for the span from `from` to `to`, in seconds since 1970.
    pub fn new(from: u64, to: u64) -> Self {
        Self { from, to, sum: Row::default(), minutes: 0, busy: HashMap::new() }
    }

    /// Returns spans of `step` seconds between `from` and `to`, and then the whole span. If `step` is 0, returns only the whole span.
    pub fn steps((from, to): (u64, u64), step: u64) -> Vec<Self> {
        let end = if step == 0 { from } else { to };
        let begins = (from..end).step_by(usize::try_from(step.max(1)).unwrap_or(usize::MAX));
        let parts = begins.map(|begin| Self::new(begin, begin.saturating_add(step).min(to)));
        parts.chain(Some(Self::new(from, to))).collect()
    }

    /// Adds a row if it belongs to the span. Rows must come in the order of time.
    pub fn add(&mut self, row: &Row) {
        if !self.contains(row.minute) {
            return;
        }
        // A restart of resolverd causes two rows for the same minute.
        self.minutes = self.minutes.saturating_add((row.minute != self.sum.minute).into());
        self.sum.minute = row.minute;
        for (sum, counts) in self.sum.counts_mut().into_iter().zip(row.counts()) {
            for (place, count) in counts {
                let sum = sum.entry(*place).or_default();
                *sum = sum.saturating_add(*count);
            }
        }
        self.add_busy(row.minute, &row.busy);
    }

    /// Returns true if the span contains a minute. `minute` is the end of the minute, in minutes since 1970.
    fn contains(&self, minute: u64) -> bool {
        let end = minute.saturating_mul(60);
        end > self.from && end <= self.to
    }

    /// Adds the counts of the busiest names, if the minute belongs to the span.
    pub fn add_busy(&mut self, minute: u64, busy: &[Busy]) {
        if !self.contains(minute) {
            return;
        }
        for Busy { kind, name, counts } in busy {
            let key = (*kind, name.clone());
            if self.busy.len() < MAX_SUMMED_NAMES || self.busy.contains_key(&key) {
                self.busy.entry(key).or_default().add(*counts);
            }
        }
    }

    /// Returns the statistics of the span.
    pub fn report(self) -> SpanReport {
        let row = |((kind, name), counts)| Busy { kind, name, counts };
        let mut busiest: Vec<Busy> = self.busy.into_iter().map(row).collect();
        busiest.sort_by(|one, other| {
            // As in `stats --by user`, the user with the most questions is first.
            let worth = |row: &Busy| match row.kind {
                BusyKind::User => (row.counts.questions, row.counts.spent_ms),
                _ => (row.counts.spent_ms, row.counts.questions),
            };
            one.kind
                .cmp(&other.kind)
                .then_with(|| worth(other).cmp(&worth(one)))
                .then_with(|| one.name.cmp(&other.name))
        });
        let mut rows = busiest.chunk_by(|one, other| one.kind == other.kind).collect::<Vec<_>>();
        let busiest = rows.iter_mut().flat_map(|rows| rows.iter().take(MAX_BUSY).cloned()).collect();
        SpanReport {
            from: self.from,
            to: self.to,
            minutes: self.minutes,
            questions: self.sum.outcomes.values().fold(0, |sum, count| sum.saturating_add(*count)),
            outcomes: named(&Outcome::ALL, &self.sum.outcomes),
            messages: named(&Conduct::ALL, &self.sum.messages),
            message_time: quantiles(&self.sum.message_time),
            message_times: by_time(&self.sum.message_time),
            latency: quantiles(&self.sum.latency),
            round_trip: quantiles(&self.sum.round_trip),
            busiest,
            zones_of_networks: BTreeMap::new(),
        }
    }
}

/// Replaces positions by the values at these positions in `values`.
fn named<Value: Copy + Ord>(values: &[Value], counts: &Counts) -> BTreeMap<Value, u64> {
    let value = |(place, count): (&u8, &u64)| Some((*values.get(usize::from(*place))?, *count));
    counts.iter().filter_map(value).collect()
}

impl SpanReport {
    /// Returns the number of questions that got SERVFAIL.
    pub fn failed(&self) -> u64 {
        let failed = self.outcomes.iter().filter(|(outcome, _)| outcome.is_failure());
        failed.fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Returns the number of queries to servers.
    pub fn sent(&self) -> u64 {
        self.messages.values().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn span_users_are_sorted_by_questions() {
        let busy = |kind, name: &str, questions, spent_ms| Busy {
            kind,
            name: name.into(),
            counts: BusyCounts { questions, spent_ms, ..BusyCounts::default() },
        };
        let mut span = Span::new(600, 660);
        let of = |kind| [busy(kind, "often", 9, 1), busy(kind, "slow", 2, 8)];
        span.add_busy(11, &[of(BusyKind::Zone), of(BusyKind::User)].concat());
        let names = span.report().busiest.into_iter().map(|row| row.name);
        assert_eq!(names.collect::<Vec<_>>(), ["slow", "often", "often", "slow"].map(Box::from));
    }

    #[test]
    fn span_sums_its_minutes() {
        let row = |minute, name: &str| Row {
            minute,
            outcomes: [(0, 5), (4, 1)].into(),
            messages: [(0, 2)].into(),
            message_time: [(20, 3)].into(),
            latency: [(20, 3)].into(),
            busy: vec![Busy {
                kind: BusyKind::Zone,
                name: name.into(),
                counts: BusyCounts { questions: 2, failed: 1, spent_ms: 7 * minute, ..BusyCounts::default() },
            }],
            ..Row::default()
        };
        let rows = [row(10, "a."), row(11, "a."), row(11, "b."), row(12, "b."), row(13, "c.")];
        assert_eq!(Span::steps((600, 720), 0).len(), 1);
        let mut spans = Span::steps((600, 720), 60);
        spans.rotate_right(1);
        rows.iter().for_each(|row| spans.iter_mut().for_each(|span| span.add(row)));
        let reports: Vec<SpanReport> = spans.into_iter().map(Span::report).collect();
        let counted: Vec<_> =
            reports.iter().map(|one| (one.from, one.to, one.minutes, one.questions, one.failed())).collect();
        assert_eq!(counted, [(600, 720, 2, 18, 3), (600, 660, 1, 12, 2), (660, 720, 1, 6, 1)]);
        let names = reports[0].busiest.iter().map(|row| (&*row.name, row.counts.questions));
        assert_eq!(names.collect::<Vec<_>>(), [("b.", 4), ("a.", 2)]);
        assert_eq!(reports[0].latency.count, 9);
        assert_eq!(reports[0].message_times, [(92_672, 9)]);
    }
}
