//! The record of what resolverd did: counters, histograms, tables, incidents, and the last queries
//! of clients with their resolutions, in memory and on disk.
//!
//! The resolver, the DNS lists and the other parts report their events to the [`Recorder`], and
//! never wait for it. [`minutes`] keeps the counters of 30 days on disk. `control` and the metrics
//! read the counters, and `explain` reads its entries to say why mail waited. This crate calls only
//! `validate` and `dns`; it knows nothing of the explanation. Every question is counted once, by
//! its outcome. Tables of counters have a bounded number of rows; what has no row is counted in the
//! row "other".
//!
//! # Decisions
//!
//! - A window (for instance the last five minutes) is the difference between two snapshots of the
//!   counters, so reading statistics changes no counter.
//! - A cache hit costs one lock of a mutex that belongs to its worker, and two relaxed additions.
//! - The steps of a resolution (flight) are stored as data and become text only when somebody reads
//!   them, because writing the text takes CPU time for each cache miss.
//! - To add a counter, add a row to the table in `counters`, and count the event where it happens.
//! - A zone is reported as failing only if servers of other zones answered in the same time.
//!   Otherwise an outage of this host's network would write log lines about every zone.
//! - Log lines about incidents are written when the event happens. Those about failed and slow
//!   questions need the explanation: the crate `explain` makes them from [`Recorder::news`] a
//!   second later and on another thread.
//! - An incident ends only when a question that failed before is answered (and validated, if the
//!   failure was a bogus answer).

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

pub mod changes;
mod counters;
pub mod culprit;
mod dates;
pub mod domain;
pub mod entry;
pub mod event;
pub mod facts;
mod fault_spans;
pub mod follow;
mod hidden_clients;
mod histogram;
mod incident;
mod keeping;
pub mod limits;
pub mod line;
mod links;
mod local_users;
mod log_feed;
mod loss;
pub mod minute;
pub mod minutes;
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
pub mod report;
mod ring;
mod saved_memory;
mod shard;
mod statistics;
pub mod store;
pub mod stored;
mod streams;
mod table;
pub mod tally;
mod totals;
pub mod trail;
pub mod watch;
mod window;

use std::cell::Cell;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_proto::rr::Name;
use tokio::sync::Notify;

pub use crate::counters::{Counter, Counts};
use crate::event::{Ended, FlightEnded, Overdue, Sent, ServerOrigin};
pub use crate::histogram::{BOUNDS, Distribution, Histogram, Quantiles, Spread};
use crate::incident::{FlightZone, Incidents};
use crate::line::Line;
pub use crate::line::{TimeSpan, failed_text};
use crate::log_feed::LogFeed;
pub use crate::log_feed::RecorderSettings;
use crate::recorded::Kept;
pub use crate::recorded::{Flown, HitPage, ReadSpan, Recorded};
use crate::redact::Redaction;
pub use crate::report::{
    ClientRow, ClockJump, FailingZone, FailuresByZone, LossReport, Scraped, ServerPace, ServerRow, ShedRow,
    StatsReport, Troubles, TypeRow, UpstreamReport, UserRow, ZoneFailures, ZoneRow, blames,
};
use crate::shard::Shard;
use crate::table::{CounterTable, Rows};
pub use crate::tally::OTHER;
use crate::tally::{ClientTally, FailureTally, Messages, ZoneTally};
use crate::totals::{Totals, Upstream};
use crate::window::Snapshots;
pub use crate::window::Window;
use dns::clock::{Clock, Mono, micros};
use dns::conduct::Transport;
use dns::question::{Apart, WireName};
pub use validate::verdict::SecurityStatus;

/// Records questions and resolutions, counts events, and makes reports of the counters.
#[derive(Debug)]
pub struct Recorder {
    clock: Clock,
    started: Mono,
    /// In seconds since 1970.
    started_unix: u64,
    sums: Sums,
    incidents: Mutex<Incidents>,
    doubt: Notify,
    /// Wakes the task that waits in `streams_doubted`.
    stream_doubt: Notify,
    kept: Kept,
    log: LogFeed,
}

#[derive(Debug)]
struct Sums {
    shards: Box<[Shard]>,
    upstream: Upstream,
    /// The key is the name in wire form, because comparing octets is many times faster than
    /// comparing names.
    zones: Mutex<CounterTable<Vec<u8>, ZoneTally>>,
    servers: Mutex<CounterTable<IpAddr, Messages>>,
    clients: Mutex<CounterTable<IpAddr, ClientTally>>,
    /// Questions that the cache did not answer, by local user.
    users: Mutex<CounterTable<String, ClientTally>>,
    /// The failed questions of `StatsReport::failures`, by the zone whose servers failed. A
    /// question is counted when the task that reads the history reads it. The empty key counts
    /// questions without a known zone: resolverd was overloaded, or newer entries overwrote the
    /// question before it was read.
    failures: Mutex<CounterTable<Vec<u8>, FailureTally>>,
    snapshots: Mutex<Snapshots<Totals>>,
}

impl Recorder {
    /// Creates an empty history with the smallest possible memory for recorded questions. `shards`:
    /// the number of workers that count questions (1 to `limits::MAX_SHARDS`); each has counters of
    /// its own.
    pub fn new(clock: Clock, shards: usize) -> Arc<Self> {
        Self::with_size(clock, shards, limits::MIN_RECORD)
    }

    /// Like `new`, but the memory for recorded questions and resolutions has `size` octets in
    /// total; 0 records nothing.
    pub fn with_size(clock: Clock, shards: usize, size: u64) -> Arc<Self> {
        Arc::new(Self::made(clock, shards, size, true))
    }

    /// Creates a history for a second resolver in the same process. No report shows its questions,
    /// and it writes nothing to the log.
    pub fn aside(clock: Clock) -> Arc<Self> {
        Arc::new(Self::made(clock, 1, 0, false))
    }

    fn made(clock: Clock, shards: usize, size: u64, is_logged: bool) -> Self {
        let started = clock.mono();
        let shards = shards.clamp(1, limits::MAX_SHARDS);
        let (_, hits) = recorded::split(size, shards);
        Self {
            kept: Kept::new(&clock, size, shards),
            started_unix: clock.now().unix,
            clock,
            started,
            sums: Sums {
                shards: (0..shards).map(|_| Shard::with_ring(hits)).collect(),
                upstream: Upstream::default(),
                zones: Mutex::default(),
                servers: Mutex::default(),
                clients: Mutex::default(),
                users: Mutex::default(),
                failures: Mutex::default(),
                snapshots: Mutex::new(Snapshots::new(started)),
            },
            incidents: Mutex::default(),
            doubt: Notify::new(),
            stream_doubt: Notify::new(),
            log: LogFeed::new(is_logged),
        }
    }

    fn write(&self, line: Option<Line>) {
        if let Some(line) = line.filter(|_| self.log.is_logged) {
            let names = self.log.withholds_names.load(Ordering::Relaxed);
            line.write(&lock(&self.log.secrets), Redaction { clients: names, names });
        }
    }

    /// Counts a client's question that has ended, in the counters of the worker `shard` (modulo the
    /// number of shards). This takes less than 50 ns.
    pub fn question(&self, shard: usize, ended: &Ended) {
        self.questions(shard, ended, 1);
    }

    /// Counts `count` questions of a client that have the same type, outcome and time.
    pub fn questions(&self, shard: usize, ended: &Ended, count: u64) {
        if let Some(shard) = self.shard(shard) {
            shard.questions(ended, count);
        }
    }

    /// Counts an event at a listener other than a question: a DNS message that is dropped, refused
    /// or a repeat, a lost reply, or a connection that could not be accepted.
    pub fn apart(&self, shard: usize, apart: Apart) {
        if let Some(shard) = self.shard(shard) {
            shard.apart(apart);
        }
    }

    /// Counts a query to a server, after its answer or timeout.
    pub fn sent(&self, sent: &Sent) {
        self.sums.upstream.sent(sent);
        let now = self.clock.mono();
        let count = |row: &mut Messages| {
            row.count(sent);
            row.note_time(sent, now);
        };
        lock(&self.sums.servers).count(&sent.server.ip(), count);
        lock(&self.sums.zones).count(&*WireName::new(&sent.zone), |row| count(&mut row.messages));
        let sent_at = now.before(sent.elapsed);
        let answered = sent.conduct.came_back();
        // TCP may be blocked although the network works.
        let over_tcp = sent.transport == Transport::Tcp;
        if !answered && !over_tcp {
            let (server, zone) = (sent.server, &sent.zone);
            self.overdue(&Overdue { server, zone, origin: sent.origin, sent: sent_at });
        }
        let mut incidents = lock(&self.incidents);
        let mut lines = incidents.heard(sent, now);
        if sent.origin == ServerOrigin::Recursion {
            let Incidents { outage, loss, streams, .. } = &mut *incidents;
            lines.extend(if answered { outage.heard(sent_at, now) } else { None });
            if !over_tcp {
                lines.extend(loss.note(sent.server.ip(), answered, outage, now));
            }
            let is_up = !outage.is_doubtful();
            let line = streams.note(sent, is_up, now);
            if matches!(line, Some(Line::TcpBlocked { .. })) {
                incidents.forget_blocked();
            }
            lines.extend(line);
            if incidents.streams.is_doubtful() {
                self.stream_doubt.notify_one();
            }
        }
        drop(incidents);
        lines.into_iter().for_each(|line| self.write(Some(line)));
    }

    /// Returns when a server last replied, in microseconds since 1970. 0 means never, or that this
    /// is not known.
    pub fn last_reply(&self, server: IpAddr) -> u64 {
        let replied = lock(&self.sums.servers).row(&server).and_then(Messages::replied);
        self.unix_of(replied)
    }

    /// Returns when a server of a zone last answered without an error, in microseconds since 1970.
    /// `zone` is in lower-case wire form. 0 means never, or that this is not known.
    pub fn last_answer(&self, zone: &[u8]) -> u64 {
        let answered = lock(&self.sums.zones).row(zone).and_then(|row| row.messages.answered());
        self.unix_of(answered)
    }

    /// Returns the number of queries to servers so far.
    pub fn messages(&self) -> u64 {
        self.sums.upstream.messages()
    }

    /// Registers that a query was not answered in time. If the network of this host may be down,
    /// wakes the task that waits in `doubted` and then queries another server.
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

    /// Waits until a query to a server on the internet is overdue and no server on the internet has
    /// answered since. Then the caller must query another server, to find out if the first server
    /// or the network of this host is at fault.
    pub async fn doubted(&self) {
        while !self.is_doubtful() {
            self.doubt.notified().await;
        }
    }

    /// Waits until TCP has failed to servers in several networks, and no server has answered over
    /// TCP since. Then the caller must query a root server over TCP, to find out if this host is at
    /// fault.
    pub async fn streams_doubted(&self) {
        while !lock(&self.incidents).streams.is_doubtful() {
            self.stream_doubt.notified().await;
        }
    }

    /// Returns for how long TCP has been blocked on the path from this host; `None` if it is not.
    pub fn tcp_blocked(&self) -> Option<Duration> {
        let now = self.clock.mono();
        lock(&self.incidents).streams.since().map(|since| now.since(since))
    }

    /// Returns true if the network of this host loses packets or is down, or was within `time`. Timeouts then show nothing about servers.
    pub fn has_lost_within(&self, time: Duration) -> bool {
        let now = self.clock.mono();
        lock(&self.incidents).has_lost_since(now.before(time), now)
    }

    /// Returns true if TCP is blocked on the path from this host, or was within `time`.
    pub fn was_tcp_blocked_within(&self, time: Duration) -> bool {
        let now = self.clock.mono();
        let spans = lock(&self.incidents).streams.spans(now);
        spans.iter().any(|(_, until)| *until >= now.before(time))
    }

    /// Registers that servers answer over IPv4, but none in several networks does over IPv6.
    pub fn ipv6_broken(&self) {
        lock(&self.incidents).ipv6_broken = Some(self.clock.mono());
        self.write(Some(Line::Ipv6Broken));
    }

    /// Registers that a server has answered over IPv6 after `ipv6_broken`.
    pub fn ipv6_works(&self) {
        let since = lock(&self.incidents).ipv6_broken.take();
        self.write(since.map(|since| Line::Ipv6Works { after: self.clock.mono().since(since) }));
    }

    /// Returns when the last fault of the network of this host ended, in microseconds since 1970; 0
    /// if there was none.
    pub fn host_fault_ended(&self) -> u64 {
        let ended = lock(&self.incidents).host_fault_ended();
        self.unix_of(ended)
    }

    /// Returns a time in microseconds since 1970, by the present difference between both clocks; 0
    /// for `None`.
    fn unix_of(&self, at: Option<Mono>) -> u64 {
        let ago = at.map(|at| micros(self.clock.mono().since(at)));
        ago.map_or(0, |ago| self.clock.unix_micros().saturating_sub(ago))
    }

    /// Returns true if `doubted` would return at once.
    pub(crate) fn is_doubtful(&self) -> bool {
        lock(&self.incidents).outage.is_doubtful()
    }

    /// Counts that an answer of `server` was bogus. Its query is already counted.
    pub fn bogus(&self, server: IpAddr, zone: &Name) {
        lock(&self.sums.servers).count(&server, Messages::count_bogus);
        lock(&self.sums.zones).count(&*WireName::new(zone), |row| row.messages.count_bogus());
    }

    /// Returns the current problems: an outage of the network of this host, and the zones that
    /// fail.
    pub fn troubles(&self) -> Troubles {
        let now = self.clock.mono();
        let incidents = lock(&self.incidents);
        let down = incidents.outage.since().map(|since| now.since(since));
        let lossy = incidents.loss.report(now);
        let unkept = self.kept.store.get().and_then(|store| store.trouble());
        let (zones, ended) = (incidents.failing(now), incidents.recently_ended());
        let without_tcp = incidents.streams.since().map(|since| now.since(since));
        let without_ipv6 = incidents.ipv6_broken.map(|since| now.since(since));
        drop(incidents);
        let clock_jump = self.dates().jump(now.as_micros());
        Troubles { down, lossy, without_tcp, without_ipv6, clock_jump, unkept, zones, ended }
    }

    /// Forgets the failures of zones at and below these names, because other servers now answer for
    /// them.
    pub fn forget_failures(&self, names: &[Name]) {
        lock(&self.incidents).forget(names, self.clock.mono());
    }

    /// Adds `count` to the counter `counter`.
    pub fn count(&self, counter: Counter, count: usize) {
        if count == 0 {
            return;
        }
        self.sums.upstream.counters.add(counter, u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// Returns all counters since the start.
    pub fn counted(&self) -> Counts {
        self.sums.upstream.counters.read()
    }

    /// Counts a resolution that has ended.
    pub fn flight(&self, ended: &FlightEnded<'_>) {
        self.sums.upstream.flight(ended);
        let Some(zone) = &ended.zone else {
            return lock(&self.sums.zones).count_other(|row| row.count_flight(ended));
        };
        let worked = Cell::new(false);
        lock(&self.sums.zones).count(&*WireName::new(zone), |row| {
            row.count_flight(ended);
            // This closure is called twice: for the counters of this minute, and then for those
            // since the start. Only the second result stays in `worked`. A zone whose new row has
            // only this resolution counts as never worked.
            worked.set(row.flights > 1 && row.flights > row.failed);
        });
        let zone = FlightZone { name: zone, worked: worked.get() };
        let line = lock(&self.incidents).ended(zone, ended, self.clock.mono());
        self.write(line);
    }

    /// Counts a client's question that was rejected because too many questions for `zone` were
    /// already waiting.
    pub fn shed(&self, zone: &Name) {
        lock(&self.sums.zones).count(&*WireName::new(zone), ZoneTally::count_shed);
    }

    /// Takes a snapshot of the counters. The statistics of a period, such as the last minute, are
    /// the differences between two snapshots. Must be called every `limits::SNAPSHOT_INTERVAL`.
    pub fn tick(&self) {
        let now = self.clock.mono();
        let line = lock(&self.incidents).tick(now);
        self.write(line);
        self.log.noticed.notify_one();
        let mut clients = lock(&self.sums.clients);
        let mut fresh = Rows::new(limits::MAX_TABLE_ROWS);
        for shard in &self.sums.shards {
            shard.take_clients(&mut fresh);
        }
        clients.add_all(&fresh);
        if lock(&self.sums.snapshots).take(now, self.totals()) {
            clients.close_minute();
            lock(&self.sums.users).close_minute();
            lock(&self.sums.servers).close_minute();
            lock(&self.sums.zones).close_minute();
            lock(&self.sums.failures).close_minute();
        }
    }

    fn shard(&self, shard: usize) -> Option<&Shard> {
        self.sums.shards.get(shard % self.sums.shards.len().max(1))
    }
}

/// Locks a mutex, even after a panic of another thread: the data are valid after every statement.
fn lock<Kept>(mutex: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
