//! Reads the metrics of a daemon. Nothing is counted here.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use hickory_proto::rr::Name;
use serde::Serialize;

use super::escape::escaped;
use super::table::Family;
use control::protocol::{RootKeyStanding, Severity, Status};
use control::{Controlled, status, watched};
use dns::wire::presentation;
use history::{Distribution, Recorder, Scraped};
use resolver::config::ZoneKind;
use resolver::dnsbl::list::List;
use resolver::dnsbl::state::ListState;

/// The value of a sample.
#[derive(Debug)]
pub(super) enum Value {
    /// A whole number.
    Whole(u64),
    /// Seconds.
    Seconds(f64),
    /// Times in buckets. They are few, and would make every other sample five times as large.
    Times(Box<Distribution>),
}

/// A sample of a metric: its labels in the text format, and its value.
#[derive(Debug)]
pub(super) struct Sample {
    family: Family,
    labels: Range<usize>,
    pub(super) value: Value,
}

/// The samples of every metric.
#[derive(Debug, Default)]
pub(super) struct Samples {
    /// In the order of the table once all are there.
    all: Vec<Sample>,
    /// The labels of all, one behind the other: a piece of memory for each label would take a fifth of a scrape.
    labels: String,
    /// In the order of the table.
    counters: Vec<Value>,
}

/// A list with the sums over the ways by which it is asked.
#[derive(Default)]
struct ListSum {
    state: ListState,
    queries: u64,
    hits: u64,
    listed: u64,
    not_listed: u64,
    untold: u64,
    today: u64,
    quota: Option<u64>,
    times: Distribution,
}

impl Samples {
    /// Reads the metrics of a daemon at this moment, in place of those of before.
    pub(super) fn read(&mut self, subject: &impl Controlled) {
        self.all.clear();
        self.labels.clear();
        // All counters are read once, which takes a fifth of a scrape.
        let scraped = subject.recorder().scraped(status::JUDGED);
        self.queries(subject.recorder(), &scraped);
        self.upstream(subject.recorder());
        self.state(&status::status_by(subject, &scraped.judged));
        self.lists(subject);
        self.zones(subject);
        self.watched(subject);
        self.all.sort_by_key(|sample| sample.family);
    }

    /// Octets of memory.
    pub(super) fn weight(&self) -> usize {
        let samples = self.all.capacity().saturating_mul(size_of::<Sample>());
        let counters = self.counters.capacity().saturating_mul(size_of::<Value>());
        samples.saturating_add(counters).saturating_add(self.labels.capacity())
    }

    /// The samples of each metric that is no counter of the record, in the order of the table.
    pub(super) fn of_families(&self) -> impl Iterator<Item = &[Sample]> {
        let mut rest = self.all.as_slice();
        Family::ALL.iter().map(move |family| {
            let end = rest.partition_point(|sample| sample.family <= *family);
            let (of_family, behind) = rest.split_at_checked(end).unwrap_or_default();
            rest = behind;
            of_family
        })
    }

    /// The counters of the record, in the order of the table.
    pub(super) fn counters(&self) -> &[Value] {
        &self.counters
    }

    /// The labels of a sample in the text format; empty if it has none.
    pub(super) fn labels(&self, sample: &Sample) -> &str {
        self.labels.get(sample.labels.clone()).unwrap_or_default()
    }

    fn put(&mut self, family: Family, labels: &[&str], value: Value) {
        let begin = self.labels.len();
        for (label, value) in family.labels().iter().zip(labels) {
            let comma = if self.labels.len() == begin { "" } else { "," };
            let pieces = [comma, label, "=\"", &escaped(value, true), "\""];
            pieces.iter().for_each(|piece| self.labels.push_str(piece));
        }
        self.all.push(Sample { family, labels: begin..self.labels.len(), value });
    }

    fn whole(&mut self, family: Family, labels: &[&str], value: u64) {
        self.put(family, labels, Value::Whole(value));
    }

    fn times(&mut self, family: Family, labels: &[&str], times: Distribution) {
        self.put(family, labels, Value::Times(Box::new(times)));
    }

    /// The queries of clients.
    fn queries(&mut self, recorder: &Recorder, scraped: &Scraped) {
        self.whole(Family::StartTime, &[], recorder.started_unix());
        for (outcome, count) in &scraped.outcomes {
            self.whole(Family::Queries, &[&word(outcome)], *count);
        }
        for row in &scraped.types {
            self.whole(Family::QueryTypes, &[&row.kind], row.questions);
        }
        for (outcome, times) in &scraped.latency {
            self.times(Family::QueryDuration, &[&word(outcome)], *times);
        }
        for (reason, count) in &scraped.apart {
            self.whole(Family::Discarded, &[&word(reason)], *count);
        }
        for (conduct, count) in &scraped.messages {
            self.whole(Family::Messages, &[&word(conduct)], *count);
        }
        for (status, count) in &scraped.validated {
            self.whole(Family::Validated, &[&word(status)], *count);
        }
        self.put(Family::Waited, &[], Value::Seconds(scraped.waited));
        self.counters.clear();
        self.counters.extend(scraped.counts.all().map(|(_, _, count)| Value::Whole(count)));
    }

    /// The work for queries that were not in memory.
    fn upstream(&mut self, recorder: &Recorder) {
        for (route, times) in recorder.flights_by_route() {
            self.times(Family::ResolutionDuration, &[&word(&route)], times);
        }
        self.times(Family::RoundTrip, &[], recorder.round_trips());
    }

    /// The state and the health of the daemon.
    fn state(&mut self, status: &Status) {
        let daemon = &status.daemon;
        self.whole(Family::BuildInfo, &[&daemon.version], 1);
        self.whole(Family::Flights, &[], daemon.flights);
        self.whole(Family::FlightsMax, &[], daemon.flights_max);
        self.whole(Family::MissingAddresses, &[], daemon.missing.len() as u64);
        self.whole(Family::TaskRestarts, &[], daemon.restarts);
        self.whole(Family::TasksStuck, &[], daemon.stuck);
        for state in RootKeyStanding::ALL {
            let keys = daemon.root_keys.keys.iter().filter(|key| key.state == state).count();
            self.whole(Family::RootKeys, &[&word(&state)], keys as u64);
        }
        self.whole(Family::RootKeysChecked, &[], daemon.root_keys.checked.unwrap_or(0));
        for certificate in &daemon.certificates {
            self.whole(Family::CertificateEnd, &[&certificate.file], certificate.until.unwrap_or(0));
        }
        for fill in &status.stores {
            self.whole(Family::CacheEntries, &[&fill.store], fill.entries);
            self.whole(Family::CacheBytes, &[&fill.store], fill.bytes);
            self.whole(Family::CacheCapacity, &[&fill.store], fill.capacity);
        }
        for severity in [Severity::Warning, Severity::Critical] {
            let problems = status.warnings.iter().filter(|warning| warning.severity == severity).count();
            self.whole(Family::Problems, &[&word(&severity)], problems as u64);
        }
    }

    /// The lists in use. Zones that only look like lists have names of strangers, and are left out.
    fn lists(&mut self, subject: &impl Controlled) {
        let (config, now) = (subject.config(), subject.now());
        let mut sums: BTreeMap<Name, ListSum> = BTreeMap::new();
        for entry in subject.lists().all() {
            let counts = entry.counts();
            if !config.list(&entry.apex).is_some_and(|list| is_in_use(&list, counts.questions)) {
                continue;
            }
            let sum = sums.entry(entry.apex.clone()).or_default();
            let state = entry.state();
            if badness(state) >= badness(sum.state) {
                sum.state = state;
            }
            let (today, _, quota) = entry.watch.quota(now.unix);
            sum.queries += counts.questions;
            sum.hits += counts.hits;
            sum.listed += counts.listed;
            sum.not_listed += counts.not_listed;
            sum.untold += counts.untold;
            sum.today += today;
            sum.quota = quota.or(sum.quota);
            sum.times.add(&entry.times());
        }
        for (apex, sum) in &sums {
            self.list(&text(apex), sum);
        }
    }

    fn list(&mut self, list: &str, sum: &ListSum) {
        for state in ListState::ALL {
            self.whole(Family::ListState, &[list, &word(&state)], u64::from(sum.state == state));
        }
        self.whole(Family::ListQueries, &[list], sum.queries);
        self.whole(Family::ListHits, &[list], sum.hits);
        for (answer, count) in
            [("listed", sum.listed), ("not_listed", sum.not_listed), ("untold", sum.untold)]
        {
            self.whole(Family::ListAnswers, &[list, answer], count);
        }
        self.times(Family::ListDuration, &[list], sum.times);
        self.whole(Family::ListToday, &[list], sum.today);
        if let Some(quota) = sum.quota {
            self.whole(Family::ListQuota, &[list], quota);
        }
    }

    /// The zones that fail, and the configured zones.
    fn zones(&mut self, subject: &impl Controlled) {
        let troubles = subject.recorder().troubles();
        self.whole(Family::NetworkDown, &[], u64::from(troubles.down.is_some()));
        self.whole(Family::FailingZones, &[], troubles.zones.len() as u64);
        let failing: Vec<Name> =
            troubles.zones.iter().filter_map(|failing| Name::from_ascii(&failing.zone).ok()).collect();
        // A zone of a view may have the name of another one, and each sample has labels of its own.
        let (config, mut told) = (subject.config(), BTreeSet::new());
        for zone in &config.zones {
            if matches!(zone.kind, ZoneKind::Forward(_) | ZoneKind::Stub(_)) && told.insert(&zone.name) {
                let fails = failing.iter().any(|failing| zone.name.zone_of(failing));
                self.whole(Family::ZoneFailing, &[&text(&zone.name)], u64::from(fails));
            }
        }
    }
}

impl Samples {
    /// The watched domains, named as in the configuration.
    fn watched(&mut self, subject: &impl Controlled) {
        for row in subject.watched().into_iter().map(watched::row) {
            for (level, count) in row.counts() {
                self.whole(Family::WatchedFindings, &[&row.domain, &word(&level)], count as u64);
            }
            self.whole(Family::WatchedChecked, &[&row.domain], row.checked.unwrap_or(0));
            let since = row.could_not_tell_since.unwrap_or(0);
            self.whole(Family::WatchedCouldNotTell, &[&row.domain], since);
        }
    }
}

/// Whether a list is asked, or the operator has named it.
fn is_in_use(list: &List, questions: u64) -> bool {
    list.is_alive() && (list.configured || questions > 0)
}

/// The order of states by their effect on mail.
const fn badness(state: ListState) -> u8 {
    match state {
        ListState::Untested => 0,
        ListState::Ok => 1,
        ListState::Slow | ListState::TestsDiffer => 2,
        ListState::Silent => 3,
        ListState::ListsNothing | ListState::Refusing => 4,
        ListState::Parked => 5,
        ListState::ListsTheWorld => 6,
    }
}

/// A name without its last dot, as lists are shown.
fn text(name: &Name) -> String {
    let text = presentation::name_text(name);
    match text.strip_suffix('.') {
        Some(short) if !short.is_empty() => short.to_owned(),
        _ => text,
    }
}

/// The word of a value in JSON.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        // Every value that comes here is a word.
        _ => String::new(),
    }
}
