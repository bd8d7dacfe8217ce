//! The query history: the record of what resolverd did (counters, histograms, tables, incidents, and the last queries), and the explanation of
//! this record (`why`, `culprit`, `failed`).
//!
//! No question waits for the history. Every question is counted once, by its outcome. Tables have a bounded number of rows; the row "other"
//! counts the rest.
//!
//! This crate calls `dns` and `validate`. The resolver reports to the history; `control` and `ctl` read it.
//!
//! # Decisions
//!
//! - A window is the difference between two snapshots, so reading statistics changes nothing.
//! - A cache hit costs one lock of a mutex that belongs to its worker, and two relaxed additions.
//! - The steps of a flight are stored as data, and become text only when somebody reads them. Writing the text immediately was a part of the
//!   150 µs of CPU time that a cache miss cost; see `listener`.
//! - A new counter needs only a row in `counters` and the place in the code that counts it.
//! - A zone is reported as failing only if servers of other zones answered in the same time. Without this rule, an outage of the network once
//!   wrote two log lines for each zone, and one dead zone at an idle gateway was reported as an outage.
//! - Log lines about failed and slow questions are made from the stored entries, a second later and on another thread. At that time the whole
//!   flight is known, and also whether the network of this host was down; and the lines do not delay any question.
//! - An incident ends when a question that failed before is answered (and the answer is validated, if the failure was a bogus answer). An
//!   answer to another question of the zone is not enough.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

mod counters;
pub mod culprit;
mod dates;
pub mod doubt;
pub mod entry;
pub mod event;
mod evidence;
mod explained;
pub mod failed;
mod failure;
mod follow;
mod hidden_clients;
mod histogram;
mod incident;
mod keeping;
pub mod limits;
mod line;
mod links;
mod local_users;
mod log_lines;
mod logging;
mod long_messages;
pub mod message;
mod names;
pub mod note;
mod octets;
mod outage;
pub mod owner;
mod query_log;
mod reading;
pub mod reason;
mod recorded;
pub mod redact;
mod report;
mod ring;
mod saved_memory;
mod scraped;
pub mod search;
mod shard;
pub mod spent;
pub mod store;
pub mod stored;
mod subject;
mod table;
mod tally;
mod totals;
mod traffic;
pub mod trail;
pub mod watch;
pub mod why;
mod window;

use std::cell::Cell;
use std::cmp::Reverse;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_proto::rr::Name;
use tokio::sync::Notify;

pub use self::counters::{Counter, Counts};
use self::dates::Dates;
use self::event::{Ended, FlightEnded, Overdue, RouteKind, Sent, ServerOrigin};
use self::hidden_clients::ClientNumbers;
pub use self::histogram::{BOUNDS, Distribution, Histogram, Quantiles, Spread};
use self::incident::{FlightZone, Incidents};
use self::line::Line;
pub use self::line::{TimeSpan, failed_text};
pub use self::logging::{LogFacts, LogState};
use self::owner::WantedOwners;
use self::query_log::QueryLog;
use self::recorded::Kept;
pub use self::recorded::{Flown, HitPage, ReadSpan, Recorded};
use self::redact::{Redaction, Secrets};
pub use self::report::{
    ClientRow, FailingZone, FailuresByZone, Scraped, ServerRow, ShedRow, StatsReport, Troubles, TypeRow,
    UpstreamReport, ZoneFailures, ZoneRow, blames,
};
use self::shard::Shard;
use self::table::Tally;
use self::table::{CounterTable, Rows};
pub use self::tally::OTHER;
use self::tally::{ClientTally, FailureTally, Messages, ZoneTally};
use self::totals::{Totals, Upstream};
use self::watch::Watchers;
use self::window::Snapshots;
pub use self::window::Window;
use dns::clock::{Clock, Mono};
use dns::question::{Apart, Outcome, WireName, name_of_wire, name_text};

/// Counts events, and makes reports of the counts.
#[derive(Debug)]
pub struct Recorder {
    clock: Clock,
    started: Mono,
    /// The time at which the process started, in seconds since 1970.
    started_unix: u64,
    shards: Box<[Shard]>,
    upstream: Upstream,
    /// Zones, with the name in wire form as the key: octets are compared many times faster than names.
    zones: Mutex<CounterTable<Vec<u8>, ZoneTally>>,
    servers: Mutex<CounterTable<IpAddr, Messages>>,
    clients: Mutex<CounterTable<IpAddr, ClientTally>>,
    /// The failed questions of `StatsReport::failures`, by the zone whose servers failed. They are counted when they are read from `kept`.
    /// The empty name counts questions that waited for this resolver for most of their time, and questions that were overwritten before they
    /// were read.
    failures: Mutex<CounterTable<Vec<u8>, FailureTally>>,
    snapshots: Mutex<Snapshots<Totals>>,
    incidents: Mutex<Incidents>,
    /// Wakes the task that asks other servers when a server does not answer.
    doubt: Notify,
    /// The last questions, each as an entry of its own.
    kept: Kept,
    /// Converts the moments of the last questions to dates.
    dates: Mutex<Dates>,
    /// Wakes the task that reads new entries.
    noticed: Notify,
    /// True if a question that is worth a log line was recorded since the last reading.
    has_news: AtomicBool,
    /// From this time on, a question counts as slow; in microseconds.
    slow: AtomicU64,
    /// The readers that receive each question when it ends.
    watchers: Watchers,
    /// The questions that wait to be written to the query log.
    query_log: QueryLog,
    /// The clients whose local user must be looked up.
    owners: WantedOwners,
    /// The numbers that replace the addresses of clients on disk and in the log if `history.redact` withholds the addresses.
    client_numbers: ClientNumbers,
    /// The keys (secrets) that no log line about a zone may contain.
    secrets: Mutex<Secrets>,
    /// True if the log may contain only domains and no full names (`history.redact = "names"`).
    withholds_names: AtomicBool,
    /// True if lines about zones and the network are written to the log.
    is_logged: bool,
}

impl Recorder {
    /// Creates a record that begins now, with the smallest rings, and with one shard for each worker that counts questions (1 to
    /// `limits::MAX_SHARDS`).
    pub fn new(clock: Clock, shards: usize) -> Arc<Self> {
        Self::with_size(clock, shards, limits::MIN_RECORD)
    }

    /// Like `new`, with rings of `size` octets in total. If `size` is 0, no question is recorded.
    pub fn with_size(clock: Clock, shards: usize, size: u64) -> Arc<Self> {
        Arc::new(Self::made(clock, shards, size, true))
    }

    /// Creates a record for a second resolver, separate from the record of the daemon. It is not shown, and writes no line to the log.
    pub fn aside(clock: Clock) -> Arc<Self> {
        Arc::new(Self::made(clock, 1, 0, false))
    }

    fn made(clock: Clock, shards: usize, size: u64, is_logged: bool) -> Self {
        let started = clock.mono();
        let shards = shards.clamp(1, limits::MAX_SHARDS);
        let (_, hits) = recorded::split(size, shards);
        Self {
            kept: Kept::new(&clock, size, shards),
            dates: Mutex::new(Dates::begun(started.as_micros(), clock.unix_micros())),
            started_unix: clock.now().unix,
            clock,
            started,
            shards: (0..shards).map(|_| Shard::with_ring(hits)).collect(),
            upstream: Upstream::default(),
            zones: Mutex::default(),
            servers: Mutex::default(),
            clients: Mutex::default(),
            failures: Mutex::default(),
            snapshots: Mutex::new(Snapshots::new(started)),
            incidents: Mutex::default(),
            doubt: Notify::new(),
            noticed: Notify::new(),
            has_news: AtomicBool::new(false),
            slow: AtomicU64::new(u64::MAX),
            watchers: Watchers::default(),
            query_log: QueryLog::default(),
            owners: WantedOwners::default(),
            client_numbers: ClientNumbers::draw(),
            secrets: Mutex::new(Secrets::unknown()),
            withholds_names: AtomicBool::new(false),
            is_logged,
        }
    }

    /// Writes a line about a zone or the network.
    fn write(&self, line: Option<Line>) {
        if let Some(line) = line.filter(|_| self.is_logged) {
            let names = self.withholds_names.load(Ordering::Relaxed);
            line.write(&lock(&self.secrets), Redaction { clients: names, names });
        }
    }

    /// Counts a client's question that has ended, in the shard of the worker. This takes less than 50 ns. Any `shard` number is valid: it is
    /// taken modulo the number of shards.
    pub fn question(&self, shard: usize, ended: &Ended) {
        self.questions(shard, ended, 1);
    }

    /// Counts `count` questions of a client that ended in the same way.
    pub fn questions(&self, shard: usize, ended: &Ended, count: u64) {
        if let Some(shard) = self.shard(shard) {
            shard.questions(ended, count);
        }
    }

    /// Counts a message to the listener that is not a question, or that repeats an earlier question.
    pub fn apart(&self, shard: usize, apart: Apart) {
        if let Some(shard) = self.shard(shard) {
            shard.apart(apart);
        }
    }

    /// Counts a query to a server, once its result is known.
    pub fn sent(&self, sent: &Sent) {
        self.upstream.sent(sent);
        lock(&self.servers).count(&sent.server.ip(), |row| row.count(sent));
        lock(&self.zones).count(&*WireName::of(&sent.zone), |row| row.messages.count(sent));
        let now = self.clock.mono();
        let sent_at = now.before(sent.elapsed);
        if !sent.conduct.came_back() {
            let (server, zone) = (sent.server, &sent.zone);
            self.overdue(&Overdue { server, zone, origin: sent.origin, sent: sent_at });
        } else if sent.origin == ServerOrigin::Recursion {
            let line = lock(&self.incidents).outage.heard(sent_at, now);
            self.write(line);
        }
    }

    /// The number of queries sent to servers so far.
    pub fn messages(&self) -> u64 {
        self.upstream.messages()
    }

    /// Notes whether any view resolves from the root servers. If no view does, an outage of the internet is not reported.
    pub fn recurses(&self, does: bool) {
        lock(&self.incidents).outage.set_used(does);
    }

    /// Notes that the answer to a query is overdue. Another server is then asked, see `doubted`.
    pub fn overdue(&self, overdue: &Overdue<'_>) {
        if overdue.origin != ServerOrigin::Recursion {
            return;
        }
        let (server, root) = (overdue.server.ip(), overdue.zone.is_root());
        let mut incidents = lock(&self.incidents);
        let line = incidents.outage.overdue(server, root, overdue.sent, self.clock.mono());
        let doubtful = incidents.outage.is_doubtful();
        drop(incidents);
        self.write(line);
        if doubtful {
            self.doubt.notify_one();
        }
    }

    /// Waits until a server on the internet has not answered in time and no other server has been heard since. Then only a question to another
    /// server can show whether the server or our own network is at fault.
    pub async fn doubted(&self) {
        while !self.is_doubtful() {
            self.doubt.notified().await;
        }
    }

    /// Returns true if `doubted` would return immediately.
    pub(crate) fn is_doubtful(&self) -> bool {
        lock(&self.incidents).outage.is_doubtful()
    }

    /// Counts that an answer of `server`, which was counted earlier, turned out to be bogus.
    pub fn bogus(&self, server: IpAddr, zone: &Name) {
        lock(&self.servers).count(&server, Messages::count_bogus);
        lock(&self.zones).count(&*WireName::of(zone), |row| row.messages.count_bogus());
    }

    /// The current troubles.
    pub fn troubles(&self) -> Troubles {
        let now = self.clock.mono();
        let incidents = lock(&self.incidents);
        let down = incidents.outage.since().map(|since| now.since(since));
        let unkept = self.kept.store.get().and_then(|store| store.trouble());
        Troubles { down, unkept, zones: incidents.failing(now) }
    }

    /// Adds to a counter.
    pub fn count(&self, counter: Counter, count: usize) {
        if count == 0 {
            return;
        }
        self.upstream.counters.add(counter, u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// Counts a flight that has ended.
    pub fn flight(&self, ended: &FlightEnded<'_>) {
        self.upstream.flight(ended);
        let Some(zone) = &ended.zone else {
            return lock(&self.zones).count_other(|row| row.count_flight(ended));
        };
        let worked = Cell::new(false);
        lock(&self.zones).count(&*WireName::of(zone), |row| {
            row.count_flight(ended);
            // The row since the start comes last. If the table had no room for the zone, the row has this flight alone and shows nothing.
            worked.set(row.flights > 1 && row.flights > row.failed);
        });
        let zone = FlightZone { name: zone, worked: worked.get() };
        let line = lock(&self.incidents).ended(zone, ended, self.clock.mono());
        self.write(line);
    }

    /// Counts a client's question that was turned away because `zone` takes room that other zones need.
    pub fn shed(&self, zone: &Name) {
        lock(&self.zones).count(&*WireName::of(zone), ZoneTally::count_shed);
    }

    /// Takes the snapshot for the windows; called every `limits::SNAPSHOT_INTERVAL`.
    pub fn tick(&self) {
        let now = self.clock.mono();
        let line = lock(&self.incidents).tick(now);
        self.write(line);
        self.noticed.notify_one();
        let mut clients = lock(&self.clients);
        let mut fresh = Rows::new(limits::MAX_TABLE_ROWS);
        for shard in &self.shards {
            shard.take_clients(&mut fresh);
        }
        clients.add_all(&fresh);
        if lock(&self.snapshots).take(now, self.totals()) {
            clients.close_minute();
            lock(&self.servers).close_minute();
            lock(&self.zones).close_minute();
            lock(&self.failures).close_minute();
        }
    }

    /// The statistics of a window.
    pub fn report(&self, window: Window) -> StatsReport {
        self.report_by_type(window).0
    }

    /// Like `report`, with the types, read at one moment: the sums over types and over outcomes are equal.
    pub(crate) fn report_by_type(&self, window: Window) -> (StatsReport, Vec<TypeRow>) {
        let now = self.clock.mono();
        let (earlier, covered) = lock(&self.snapshots).begin(window, now);
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

    /// The start of the process, in seconds since 1970.
    pub const fn started_unix(&self) -> u64 {
        self.started_unix
    }

    /// The times of flights since the start, for each kind of route.
    pub fn flights_by_route(&self) -> impl Iterator<Item = (RouteKind, Distribution)> {
        RouteKind::ALL.into_iter().zip(self.upstream.flight_time.iter().map(Histogram::distribution))
    }

    /// Round trips of messages that came back, since the start.
    pub fn round_trips(&self) -> Distribution {
        self.upstream.round_trip.distribution()
    }

    /// The zones of a window, most flights first, "other" last. Windows of tables consist of whole minutes, including the current minute.
    pub fn by_zone(&self, window: Window) -> Vec<ZoneRow> {
        self.zones_by(window, |_| true, |zone| zone.flights)
    }

    /// The zones of a window on which flights spent time, the longest time first, "other" last.
    pub fn slow(&self, window: Window) -> Vec<ZoneRow> {
        self.zones_by(window, |zone| zone.flights > 0, |zone| zone.flight_micros)
    }

    /// The zones of a window in which flights failed, most failures first, "other" last.
    pub fn failing(&self, window: Window) -> Vec<ZoneRow> {
        self.zones_by(window, |zone| zone.failed > 0, |zone| zone.failed)
    }

    fn zones_by(
        &self,
        window: Window,
        is_shown: impl Fn(&ZoneTally) -> bool,
        worth: impl Fn(&ZoneTally) -> u64,
    ) -> Vec<ZoneRow> {
        let rows = lock(&self.zones).rows(window);
        let rows = listed(rows, |other| other.flights > 0 || other.shed > 0 || other.messages.total() > 0);
        let named = |(key, tally): (Option<Vec<u8>>, ZoneTally)| (key.map(|key| name_of_wire(&key)), tally);
        let mut rows: Vec<_> = rows.into_iter().map(named).filter(|(_, tally)| is_shown(tally)).collect();
        rows.sort_by_cached_key(|(name, tally)| (name.is_none(), Reverse(worth(tally)), name.clone()));
        let title = |name: Option<Name>| title(name.map(|name| name_text(&name)));
        rows.into_iter().map(|(name, tally)| ZoneRow::new(title(name), &tally)).collect()
    }

    /// The servers of a window, the longest total wait first, "other" last.
    pub fn by_server(&self, window: Window) -> Vec<ServerRow> {
        let mut rows = listed(lock(&self.servers).rows(window), |other| other.total() > 0);
        rows.sort_by_key(|(server, messages)| (server.is_none(), Reverse(messages.waited())));
        rows.into_iter().map(|(server, messages)| ServerRow::new(title(server), &messages)).collect()
    }

    /// The clients of a window, most questions first, "other" last.
    pub fn by_client(&self, window: Window) -> Vec<ClientRow> {
        let clients = lock(&self.clients);
        let mut rows = clients.rows(window);
        for shard in &self.shards {
            shard.add_clients(&mut rows);
        }
        drop(clients);
        let mut rows = listed(rows, |other| other.questions > 0);
        rows.sort_by_key(|(client, tally)| (client.is_none(), Reverse(tally.questions)));
        rows.into_iter().map(|(client, tally)| ClientRow::new(title(client), &tally)).collect()
    }

    /// The zones and the clients of a window whose questions were turned away for lack of room, those with most such questions first, "other" last.
    pub fn shed_by(&self, window: Window) -> (Vec<ShedRow>, Vec<ShedRow>) {
        let zones = self.by_zone(window).into_iter().map(|row| ShedRow { name: row.zone, shed: row.shed });
        let clients =
            self.by_client(window).into_iter().map(|row| ShedRow { name: row.client, shed: row.shed });
        (most_shed(zones), most_shed(clients))
    }

    /// The types of a window, most questions first. Types without a question are left out.
    pub fn by_type(&self, window: Window) -> Vec<TypeRow> {
        self.report_by_type(window).1
    }

    fn shard(&self, shard: usize) -> Option<&Shard> {
        self.shards.get(shard % self.shards.len().max(1))
    }

    fn totals(&self) -> Totals {
        Totals::read(&self.shards, &self.upstream)
    }
}

/// Locks a counter, even if another thread panicked while it held the lock: the counts are valid after every statement.
fn lock<Kept>(mutex: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The types that were asked, most questions first.
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

/// The rows of a table, and the row "other" (without a key) if it has any counts.
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

/// The text for the key of a row.
fn title<Key: ToString>(key: Option<Key>) -> String {
    key.map_or_else(|| OTHER.to_owned(), |key| key.to_string())
}
