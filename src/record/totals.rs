//! All counters at one moment, and the differences between two such moments.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::counters::{Counter, Counters, Counts};
use crate::event::{FlightEnded, RouteKind, Sent};
use crate::histogram::{Distribution, Histogram, Spread};
use crate::shard::{OUTCOMES, Shard};
use crate::tally;
use dns::clock::micros;
use dns::conduct::{Conduct, Transport};
use dns::question::{Apart, Outcome};
use validate::verdict::SecurityStatus;

/// The counters of queries to servers. All threads share them, because they are written less often than those of questions.
#[derive(Debug, Default)]
pub(crate) struct Upstream {
    pub(crate) round_trip: Histogram,
    pub(crate) message_time: Histogram,
    pub(crate) flight_time: [Histogram; RouteKind::ALL.len()],
    conduct: [AtomicU64; tally::CONDUCTS],
    pub(crate) counters: Counters,
    validated: [AtomicU64; SecurityStatus::ALL.len()],
    waited_micros: AtomicU64,
}

impl Upstream {
    pub(crate) fn sent(&self, sent: &Sent) {
        if let Some(count) = self.conduct.get(sent.conduct.index()) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        if sent.transport == Transport::Tcp {
            self.counters.add(Counter::Tcp, 1);
        }
        if sent.conduct.came_back() {
            self.round_trip.count(sent.elapsed);
        }
        let micros = micros(sent.elapsed);
        self.waited_micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(crate) fn messages(&self) -> u64 {
        self.conduct.iter().map(|count| count.load(Ordering::Relaxed)).fold(0, u64::saturating_add)
    }

    pub(crate) fn flight(&self, ended: &FlightEnded<'_>) {
        if let Some(time) = self.flight_time.get(ended.route.index()) {
            time.count(ended.elapsed);
        }
        self.counters.add(Counter::FlightsFailed, u64::from(ended.failed.is_some()));
        if let Some(count) = ended.state.and_then(|state| self.validated.get(state.index())) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.counters.add(Counter::FlightMessages, u64::from(ended.packets));
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Questions by type and outcome. The outcomes of one type follow each other.
    questions: Vec<u64>,
    apart: Vec<u64>,
    conduct: Vec<u64>,
    pub(crate) latency: Spread,
    /// The times by outcome. Their sum is `latency`.
    pub(crate) latency_of: Vec<Spread>,
    pub(crate) round_trip: Spread,
    /// How long emails waited for DNS; see `LongMessages`.
    pub(crate) message_time: Spread,
    pub(crate) flight_time: Spread,
    pub(crate) counts: Counts,
    validated: Vec<u64>,
    pub(crate) waited_micros: u64,
}

impl Totals {
    /// Reads all counters. Each shard (the counters of one worker) is locked while it is read, for some ten microseconds, so the sums
    /// agree. Only one shard is locked at a time, so the other workers continue.
    pub(crate) fn read(shards: &[Shard], upstream: &Upstream) -> Self {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut totals = Self {
            questions: vec![0; tally::TYPES * OUTCOMES],
            apart: vec![0; Apart::ALL.len()],
            latency_of: vec![Spread::default(); OUTCOMES],
            ..Self::default()
        };
        for shard in shards {
            let held = shard.held();
            let had = shard.add_to(&mut totals.questions, &mut totals.apart);
            // Histograms of outcomes that never occurred (most of them) are not read.
            for ((sum, times), had) in totals.latency_of.iter_mut().zip(&shard.latency).zip(had) {
                if had {
                    sum.add(&times.spread());
                }
            }
            drop(held);
        }
        totals.latency_of.iter().for_each(|sum| totals.latency.add(sum));
        Self {
            round_trip: upstream.round_trip.spread(),
            message_time: upstream.message_time.spread(),
            flight_time: Spread::sum(&upstream.flight_time),
            conduct: upstream.conduct.iter().map(load).collect(),
            counts: upstream.counters.read(),
            validated: upstream.validated.iter().map(load).collect(),
            waited_micros: load(&upstream.waited_micros),
            ..totals
        }
    }

    #[must_use]
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        Self {
            questions: difference(&self.questions, &earlier.questions),
            apart: difference(&self.apart, &earlier.apart),
            conduct: difference(&self.conduct, &earlier.conduct),
            latency: self.latency.since(&earlier.latency),
            latency_of: self
                .latency_of
                .iter()
                .enumerate()
                .map(|(place, latency)| match earlier.latency_of.get(place) {
                    Some(earlier) => latency.since(earlier),
                    None => latency.clone(),
                })
                .collect(),
            round_trip: self.round_trip.since(&earlier.round_trip),
            message_time: self.message_time.since(&earlier.message_time),
            flight_time: self.flight_time.since(&earlier.flight_time),
            counts: self.counts.since(&earlier.counts),
            validated: difference(&self.validated, &earlier.validated),
            waited_micros: self.waited_micros.saturating_sub(earlier.waited_micros),
        }
    }

    /// Returns the distribution of the response times of questions, for each outcome. Exporters such as Prometheus show it.
    pub(crate) fn distributions(&self) -> Vec<(Outcome, Distribution)> {
        let of = |outcome: Outcome| self.latency_of.get(outcome.index()).map(Spread::distribution);
        Outcome::ALL.into_iter().map(|outcome| (outcome, of(outcome).unwrap_or_default())).collect()
    }

    /// Returns the number of questions with each outcome, including zeros.
    pub(crate) fn outcomes(&self) -> BTreeMap<Outcome, u64> {
        let count = |outcome: Outcome| self.by_type().filter_map(|row| row.get(outcome.index())).sum();
        Outcome::ALL.into_iter().map(|outcome| (outcome, count(outcome))).collect()
    }

    /// Returns the number of resolutions with each result of validation, including zeros.
    pub(crate) fn validated(&self) -> BTreeMap<SecurityStatus, u64> {
        SecurityStatus::ALL
            .into_iter()
            .zip(self.validated.iter().copied().chain(std::iter::repeat(0)))
            .collect()
    }

    /// Returns for each record type how many questions had each outcome, in the order of the table of types.
    pub(crate) fn by_type(&self) -> impl Iterator<Item = &[u64]> {
        self.questions.chunks_exact(OUTCOMES)
    }

    /// Returns the number of each kind of event at the listeners that is no question (`Apart`), including zeros.
    pub(crate) fn apart(&self) -> BTreeMap<Apart, u64> {
        Apart::ALL.into_iter().zip(self.apart.iter().copied().chain(std::iter::repeat(0))).collect()
    }

    /// Returns the queries to servers by behaviour, including zeros.
    pub(crate) fn conduct(&self) -> BTreeMap<Conduct, u64> {
        Conduct::ALL.into_iter().zip(self.conduct.iter().copied().chain(std::iter::repeat(0))).collect()
    }
}

fn difference(now: &[u64], earlier: &[u64]) -> Vec<u64> {
    now.iter()
        .zip(earlier.iter().copied().chain(std::iter::repeat(0)))
        .map(|(now, earlier)| now.saturating_sub(earlier))
        .collect()
}
