//! Makes the reports of statistics from the counters.

use std::cmp::Reverse;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::Name;

use crate::event::RouteKind;
use crate::histogram::{Distribution, Histogram};
use crate::report::{
    ClientRow, FailuresByZone, OWNED_LABELS, Scraped, ServerPace, ServerRow, ShedRow, StatsReport, TypeRow,
    UpstreamReport, UserRow, ZoneFailures, ZoneRow,
};
use crate::table::{Rows, Tally};
use crate::tally::{self, ClientTally, FailureTally, Messages, OTHER, ZoneTally};
use crate::totals::Totals;
use crate::window::Window;
use crate::{Recorder, lock};
use dns::clock::Mono;
use dns::question::{Outcome, label_places, name_of_wire, name_text};

impl Recorder {
    /// Returns the statistics of a window (a period such as the last five minutes).
    pub fn report(&self, window: Window) -> StatsReport {
        self.report_by_type(window).0
    }

    /// Returns the statistics of a window by which health is judged. The window begins after the end of the last fault of this host, so that an
    /// outage that has ended is no problem any more.
    pub fn judged(&self, window: Window) -> StatsReport {
        let (now, ended) = (self.clock.mono(), lock(&self.incidents).host_fault_ended());
        let Some(ended) = ended else { return self.report(window) };
        let begin = lock(&self.sums.snapshots).begin_after(window, ended, now);
        let current = self.totals();
        let (earlier, covered) = begin.unwrap_or_else(|| (Arc::new(current.clone()), Duration::ZERO));
        self.report_of(&current.since(&earlier), window, covered, now)
    }

    /// Returns the statistics of a window and the number of questions by type. Both are read at the same time, so their sums agree.
    pub(crate) fn report_by_type(&self, window: Window) -> (StatsReport, Vec<TypeRow>) {
        let now = self.clock.mono();
        let (earlier, covered) = lock(&self.sums.snapshots).begin(window, now);
        let totals = self.totals().since(&earlier);
        (self.report_of(&totals, window, covered, now), types_of(&totals))
    }

    fn report_of(&self, totals: &Totals, window: Window, covered: Duration, now: Mono) -> StatsReport {
        let outcomes = totals.outcomes();
        StatsReport {
            window,
            seconds: covered.as_secs_f64(),
            uptime: now.since(self.started).as_secs_f64(),
            questions: outcomes.values().sum(),
            outcomes,
            apart: totals.apart(),
            latency: totals.latency.quantiles(),
            upstream: UpstreamReport {
                messages: totals.conduct(),
                validated: totals.validated(),
                counts: totals.counts.clone(),
                waited: Duration::from_micros(totals.waited_micros).as_secs_f64(),
                round_trip: totals.round_trip.quantiles(),
                flights: totals.flight_time.quantiles(),
            },
        }
    }

    /// Returns the start of the process, in seconds since 1970.
    pub const fn started_unix(&self) -> u64 {
        self.started_unix
    }

    /// Returns the times of resolutions (flights) since the start, by `RouteKind`.
    pub fn flights_by_route(&self) -> impl Iterator<Item = (RouteKind, Distribution)> {
        RouteKind::ALL.into_iter().zip(self.sums.upstream.flight_time.iter().map(Histogram::distribution))
    }

    /// Returns the round trips of answered queries since the start.
    pub fn round_trips(&self) -> Distribution {
        self.sums.upstream.round_trip.distribution()
    }

    /// Returns the zones in a window, the one with most resolutions first, and the row "other" last. A window consists of the current
    /// minute and whole minutes before it.
    pub fn by_zone(&self, window: Window) -> Vec<ZoneRow> {
        self.zones_by(window, |_| true, |zone| zone.flights)
    }

    /// Returns the zones with resolutions in a window, the longest total time first, and the row "other" last.
    pub fn slow(&self, window: Window) -> Vec<ZoneRow> {
        self.zones_by(window, |zone| zone.flights > 0, |zone| zone.flight_micros)
    }

    /// Returns the zones with failed resolutions in a window, most failures first, and the row "other" last.
    pub fn failing(&self, window: Window) -> Vec<ZoneRow> {
        self.zones_by(window, |zone| zone.failed > 0, |zone| zone.failed)
    }

    fn zones_by(
        &self,
        window: Window,
        is_shown: impl Fn(&ZoneTally) -> bool,
        worth: impl Fn(&ZoneTally) -> u64,
    ) -> Vec<ZoneRow> {
        let rows = lock(&self.sums.zones).rows(window);
        let rows = listed(rows, |other| other.flights > 0 || other.shed > 0 || other.messages.total() > 0);
        let named = |(key, tally): (Option<Vec<u8>>, ZoneTally)| (key.map(|key| name_of_wire(&key)), tally);
        let mut rows: Vec<_> = rows.into_iter().map(named).filter(|(_, tally)| is_shown(tally)).collect();
        rows.sort_by_cached_key(|(name, tally)| (name.is_none(), Reverse(worth(tally)), name.clone()));
        let title = |name: Option<Name>| title(name.map(|name| name_text(&name)));
        rows.into_iter().map(|(name, tally)| ZoneRow::new(title(name), &tally)).collect()
    }

    /// Returns the servers that were queried in a window, the one for which resolverd waited longest first, and the row "other" last.
    pub fn by_server(&self, window: Window) -> Vec<ServerRow> {
        let mut rows = listed(lock(&self.sums.servers).rows(window), |other| other.total() > 0);
        rows.sort_by_key(|(server, messages)| (server.is_none(), Reverse(messages.waited())));
        rows.into_iter().map(|(server, messages)| ServerRow::new(title(server), &messages)).collect()
    }

    /// Returns how long each server took to reply in a window, and how long it takes now.
    pub fn paces(&self, window: Window) -> Vec<ServerPace> {
        let now = self.clock.mono();
        let rows = lock(&self.sums.servers).rows(window);
        let pace = |(server, messages): (IpAddr, Messages)| {
            Some(ServerPace {
                server,
                replies: messages.came_back(),
                round_trip: messages.mean_round_trip().as_secs_f64(),
                recent: messages.recent_round_trip().as_secs_f64(),
                ago: now.since(messages.replied()?),
            })
        };
        rows.in_order().0.into_iter().filter_map(pace).collect()
    }

    /// Returns the clients in a window, the one with most questions first, and the row "other" last.
    pub fn by_client(&self, window: Window) -> Vec<ClientRow> {
        let clients = lock(&self.sums.clients);
        let mut rows = clients.rows(window);
        for shard in &self.sums.shards {
            shard.add_clients(&mut rows);
        }
        drop(clients);
        let mut rows = listed(rows, |other| other.questions > 0);
        rows.sort_by_key(|(client, tally)| (client.is_none(), Reverse(tally.questions)));
        rows.into_iter().map(|(client, tally)| ClientRow::new(title(client), &tally)).collect()
    }

    /// Returns the local users in a window, the one with most cache misses first, and the row "other" last.
    pub fn by_user(&self, window: Window) -> Vec<UserRow> {
        let mut rows = listed(lock(&self.sums.users).rows(window), |other| other.questions > 0);
        rows.sort_by_key(|(user, tally)| (user.is_none(), Reverse(tally.questions)));
        let row = |(user, tally): (Option<String>, ClientTally)| UserRow {
            user: title(user),
            questions: tally.questions,
            failed: tally.failed,
            waited: Duration::from_micros(tally.waited_micros).as_secs_f64(),
        };
        rows.into_iter().map(row).collect()
    }

    /// Returns the zones and the clients with rejected questions in a window, most such questions first, and the row "other" last.
    pub fn shed_by(&self, window: Window) -> (Vec<ShedRow>, Vec<ShedRow>) {
        let zones = self.by_zone(window).into_iter().map(|row| ShedRow { name: row.zone, shed: row.shed });
        let clients =
            self.by_client(window).into_iter().map(|row| ShedRow { name: row.client, shed: row.shed });
        (most_shed(zones), most_shed(clients))
    }

    /// Returns the record types in a window, most questions first.
    pub fn by_type(&self, window: Window) -> Vec<TypeRow> {
        self.report_by_type(window).1
    }

    /// Returns the counters since the start, and the statistics of the window by which health is judged.
    pub fn scraped(&self, judged: Window) -> Scraped {
        let (now, totals) = (self.clock.mono(), self.totals());
        Scraped {
            report: self.report_of(&totals, Window::Start, now.since(self.started), now),
            types: types_of(&totals),
            latency: totals.distributions(),
            judged: self.judged(judged),
        }
    }

    /// Returns the failed questions of `StatsReport::failures` by zone. They are counted some seconds after they end, when the history is
    /// read. Returns `None` if no questions are recorded.
    pub fn failures_by_zone(&self, window: Window) -> Option<FailuresByZone> {
        if !self.kept.is_on() {
            return None;
        }
        let (rows, other) = lock(&self.sums.failures).rows(window).in_order();
        let (of_none, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(zone, _)| zone.is_empty());
        let others = of_none.iter().map(|(_, tally)| tally.0).fold(other.0, u64::saturating_add);
        let of_zone = |(zone, tally): (Vec<u8>, FailureTally)| ZoneFailures {
            zone: name_text(&name_of_wire(&zone)),
            failed: tally.0,
            is_owned: label_places(&zone).count() >= OWNED_LABELS,
        };
        let mut zones: Vec<ZoneFailures> = rows.into_iter().map(of_zone).collect();
        zones.sort_by_key(|zone| Reverse(zone.failed));
        Some(FailuresByZone { zones, others })
    }

    pub(crate) fn totals(&self) -> Totals {
        Totals::read(&self.sums.shards, &self.sums.upstream)
    }
}

/// Returns the record types, most questions first.
fn types_of(totals: &Totals) -> Vec<TypeRow> {
    let row = |(place, counts): (usize, &[u64])| {
        let sum = |wanted: fn(Outcome) -> bool| {
            let counted = Outcome::ALL.into_iter().zip(counts);
            counted.filter(|(outcome, _)| wanted(*outcome)).map(|(_, count)| count).sum()
        };
        TypeRow {
            kind: tally::type_title(place),
            questions: counts.iter().sum(),
            cache: sum(|outcome| outcome == Outcome::Cache),
            failed: sum(Outcome::is_failure),
        }
    };
    let asked = totals.by_type().enumerate().filter(|(_, counts)| counts.iter().any(|count| *count > 0));
    let mut rows: Vec<TypeRow> = asked.map(row).collect();
    rows.sort_by_key(|row| Reverse(row.questions));
    rows
}

/// Returns the rows sorted by key, and the row "other" (without a key) if `is_something` returns true for it.
fn listed<Key: Ord + Hash + Clone, Counted: Tally>(
    rows: Rows<Key, Counted>,
    is_something: impl Fn(&Counted) -> bool,
) -> Vec<(Option<Key>, Counted)> {
    let (rows, other) = rows.in_order();
    let other = Some(other).filter(is_something).map(|other| (None, other));
    rows.into_iter().map(|(key, counted)| (Some(key), counted)).chain(other).collect()
}

fn most_shed(rows: impl Iterator<Item = ShedRow>) -> Vec<ShedRow> {
    let mut rows: Vec<ShedRow> = rows.filter(|row| row.shed > 0).collect();
    rows.sort_by_key(|row| (row.name == OTHER, Reverse(row.shed)));
    rows
}

/// Returns the key, or "other".
fn title<Key: ToString>(key: Option<Key>) -> String {
    key.map_or_else(|| OTHER.to_owned(), |key| key.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ended, Sent, ServerOrigin};
    use dns::clock::Clock;
    use dns::conduct::{Conduct, Transport};
    use dns::question::{Apart, Outcome};
    use hickory_proto::rr::{Name, RecordType};
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn scrape_equals_report_counts() {
        let recorder = Recorder::new(Clock::simulated(1_795_165_920), 2);
        let work = |count: u64| {
            for (shard, outcome) in [(0, Outcome::Cache), (1, Outcome::Failed)] {
                let (client, kind) = ([127, 0, 0, 1].into(), RecordType::MX);
                let ended = Ended { client, kind, outcome, elapsed: Duration::from_micros(70 * count) };
                recorder.questions(shard, &ended, count);
            }
            recorder.apart(1, Apart::ALL[0]);
            recorder.sent(&Sent {
                server: "192.0.2.1:53".parse().unwrap(),
                zone: Name::root(),
                origin: ServerOrigin::Recursion,
                transport: Transport::Udp,
                conduct: Conduct::Silent,
                elapsed: Duration::from_millis(count),
            });
        };
        work(3);
        for _ in 0..20 {
            recorder.clock.sleep(Duration::from_secs(60));
            recorder.tick();
        }
        work(5);
        let scraped = recorder.scraped(Window::FiveMinutes);
        assert_eq!(scraped.types, recorder.by_type(Window::Start));
        assert_eq!(scraped.judged, recorder.report(Window::FiveMinutes));
        assert_eq!((scraped.judged.questions, scraped.report.questions), (10, 16));
    }
}
