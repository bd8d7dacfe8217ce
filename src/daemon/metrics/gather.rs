//! Reads the current values of all metrics from a daemon.

use std::collections::{BTreeMap, BTreeSet};

use hickory_proto::rr::Name;
use serde::Serialize;

use super::exposition::Samples;
use super::table::Family;
use config::ZoneKind;
use control::{Controlled, health, limits, rows};
use dns::wire::presentation;
use dnsbl::list::List;
use dnsbl::state::ListState;
use protocol::{RootKeyStanding, Severity, Status};
use record::{Distribution, Recorder, Scraped, Window};

/// The counters of a DNS list, summed over the kinds of servers that get its queries (found by recursion, configured, or forwarders).
#[derive(Default)]
struct ListSum {
    state: ListState,
    queries: u64,
    hits: u64,
    listed: u64,
    not_listed: u64,
    unknown: u64,
    today: u64,
    quota: Option<u64>,
    times: Distribution,
}

pub(super) fn text(subject: &impl Controlled) -> String {
    let mut samples = Samples::default();
    // Reading the counters takes a fifth of the time of a scrape (one request of Prometheus), so they are read only once.
    let scraped = subject.recorder().scraped(limits::JUDGED);
    samples.queries(subject.recorder(), &scraped);
    samples.upstream(subject.recorder());
    samples.state(&health::status_by(subject, &scraped.judged));
    samples.fleet(subject);
    samples.lists(subject);
    samples.zones(subject);
    samples.watched(subject);
    for (level, count) in subject.tls_verdicts() {
        samples.put(Family::TlsPolicies, &[level.word()], count);
    }
    samples.text()
}

impl Samples {
    fn queries(&mut self, recorder: &Recorder, scraped: &Scraped) {
        self.put(Family::StartTime, &[], recorder.started_unix());
        for (outcome, count) in &scraped.report.outcomes {
            self.put(Family::Queries, &[&word(outcome)], *count);
        }
        for row in &scraped.types {
            self.put(Family::QueryTypes, &[&row.kind], row.questions);
        }
        for (outcome, times) in &scraped.latency {
            self.times(Family::QueryDuration, &[&word(outcome)], *times);
        }
        for (reason, count) in &scraped.report.apart {
            self.put(Family::Discarded, &[&word(reason)], *count);
        }
        for (conduct, count) in &scraped.report.upstream.messages {
            self.put(Family::Messages, &[&word(conduct)], *count);
        }
        for (status, count) in &scraped.report.upstream.validated {
            self.put(Family::Validated, &[&word(status)], *count);
        }
        self.put(Family::Waited, &[], scraped.report.upstream.waited);
        self.counters(scraped.report.upstream.counts.all().map(|(name, _, count)| (name, count)));
    }

    fn upstream(&mut self, recorder: &Recorder) {
        for row in recorder.by_user(Window::Start) {
            self.put(Family::UserQueries, &[&row.user], row.questions);
            self.put(Family::UserFailed, &[&row.user], row.failed);
            self.put(Family::UserWaited, &[&row.user], row.waited);
        }
        for (route, times) in recorder.flights_by_route() {
            self.times(Family::ResolutionDuration, &[&word(&route)], times);
        }
        self.times(Family::RoundTrip, &[], recorder.round_trips());
    }

    fn state(&mut self, status: &Status) {
        let daemon = &status.daemon;
        self.put(Family::BuildInfo, &[&daemon.version], 1);
        self.put(Family::Flights, &[], daemon.flights);
        self.put(Family::FlightsMax, &[], daemon.flights_max);
        self.put(Family::MissingAddresses, &[], daemon.missing.len() as u64);
        self.put(Family::TaskRestarts, &[], daemon.restarts);
        self.put(Family::TasksStuck, &[], daemon.stuck);
        for state in RootKeyStanding::ALL {
            let keys = daemon.root_keys.keys.iter().filter(|key| key.state == state).count();
            self.put(Family::RootKeys, &[&word(&state)], keys as u64);
        }
        self.put(Family::RootKeysChecked, &[], daemon.root_keys.checked.unwrap_or(0));
        for certificate in &daemon.certificates {
            self.put(Family::CertificateEnd, &[&certificate.file], certificate.until.unwrap_or(0));
        }
        for fill in &status.stores {
            self.put(Family::CacheEntries, &[&fill.store], fill.entries);
            self.put(Family::CacheBytes, &[&fill.store], fill.bytes);
            self.put(Family::CacheCapacity, &[&fill.store], fill.capacity);
        }
        for severity in [Severity::Notice, Severity::Warning, Severity::Critical] {
            let problems = status.warnings.iter().filter(|warning| warning.severity == severity).count();
            self.put(Family::Problems, &[&word(&severity)], problems as u64);
        }
    }

    fn fleet(&mut self, subject: &impl Controlled) {
        let (state, members) = subject.fleet();
        if state.group.is_some() {
            self.put(
                Family::FleetStore,
                &[],
                u64::from(state.failing.is_none() && state.round_trip.is_some()),
            );
            self.put(Family::FleetGateways, &[], members.len() as u64);
        }
    }

    /// Zones that only look like DNS lists are left out, because clients chose their names.
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
            sum.unknown += counts.unknown;
            sum.today += today;
            sum.quota = quota.or(sum.quota);
            sum.times.add(&entry.times());
        }
        for (apex, sum) in &sums {
            self.list(&name_text(apex), sum);
        }
    }

    fn list(&mut self, list: &str, sum: &ListSum) {
        for state in ListState::ALL {
            self.put(Family::ListState, &[list, &word(&state)], u64::from(sum.state == state));
        }
        self.put(Family::ListQueries, &[list], sum.queries);
        self.put(Family::ListHits, &[list], sum.hits);
        for (answer, count) in
            [("listed", sum.listed), ("not_listed", sum.not_listed), ("unknown", sum.unknown)]
        {
            self.put(Family::ListAnswers, &[list, answer], count);
        }
        self.times(Family::ListDuration, &[list], sum.times);
        self.put(Family::ListToday, &[list], sum.today);
        if let Some(quota) = sum.quota {
            self.put(Family::ListQuota, &[list], quota);
        }
    }

    fn zones(&mut self, subject: &impl Controlled) {
        let troubles = subject.recorder().troubles();
        self.put(Family::NetworkDown, &[], u64::from(troubles.down.is_some()));
        self.put(Family::NetworkWithoutTcp, &[], u64::from(troubles.without_tcp.is_some()));
        self.put(Family::NetworkWithoutIpv6, &[], u64::from(troubles.without_ipv6.is_some()));
        let lost = troubles.lossy.map_or(0, |lossy| lossy.percent);
        self.put(Family::NetworkLoss, &[], u64::from(lost));
        self.put(Family::FailingZones, &[], troubles.zones.len() as u64);
        let failing: Vec<Name> =
            troubles.zones.iter().filter_map(|failing| Name::from_ascii(&failing.zone).ok()).collect();
        // Configured zones of different views may have the same name, but the labels of each sample must be unique.
        let (config, mut shown) = (subject.config(), BTreeSet::new());
        for zone in &config.zones {
            if matches!(zone.kind, ZoneKind::Forward(_) | ZoneKind::Stub(_)) && shown.insert(&zone.name) {
                let fails = failing.iter().any(|failing| zone.name.zone_of(failing));
                self.put(Family::ZoneFailing, &[&name_text(&zone.name)], u64::from(fails));
            }
        }
    }

    /// The names of watched domains come from the configuration, so they are few enough to be labels of metrics.
    fn watched(&mut self, subject: &impl Controlled) {
        for row in subject.watched().into_iter().map(rows::watched) {
            for (level, count) in row.counts() {
                self.put(Family::WatchedFindings, &[&row.domain, &word(&level)], count as u64);
            }
            self.put(Family::WatchedChecked, &[&row.domain], row.checked.unwrap_or(0));
            let since = row.could_not_tell_since.unwrap_or(0);
            self.put(Family::WatchedCouldNotTell, &[&row.domain], since);
        }
    }
}

fn is_in_use(list: &List, questions: u64) -> bool {
    list.is_alive() && (list.configured || questions > 0)
}

/// A larger number is worse for mail.
const fn badness(state: ListState) -> u8 {
    match state {
        ListState::Untested => 0,
        ListState::Ok => 1,
        ListState::Slow | ListState::TestsDiffer => 2,
        ListState::Silent | ListState::DataTooOld => 3,
        ListState::ListsNothing | ListState::Refusing => 4,
        ListState::Parked => 5,
        ListState::ListsTheWorld => 6,
    }
}

/// Returns the name without its final dot.
fn name_text(name: &Name) -> String {
    let text = presentation::name_text(name);
    match text.strip_suffix('.') {
        Some(short) if !short.is_empty() => short.to_owned(),
        _ => text,
    }
}

/// Returns the word for `value` in JSON.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        // All values that are passed to this function are strings in JSON.
        _ => String::new(),
    }
}
