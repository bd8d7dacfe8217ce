//! The control socket: the requests of `resolverctl`, and the server that answers them.
//!
//! No question of a client waits for it. It reaches the resolver through the trait `Controlled`, so that tests run it without a
//! resolver.
//!
//! Calls the crates whose state it shows: `resolver`, `history`, `watched`, `doctor`. `ctl` shares the protocol with it.
//!
//! # Decisions
//!
//! - Any user who may open the socket may read. Only root and the user of the daemon may change something
//!   (`permitted` in `connection`).
//! - A socket file of a daemon that no longer runs is replaced; one of a running daemon is not.
//! - Requests that visit all entries (flush, `cache`, `servers`, `zones`) run on a thread of their own, one at a time, so that no
//!   question waits for them.
//! - Reading changes no counter and does not count as a use of an entry. Windows are differences of snapshots.
//! - Counters are sent as a table of names and values, so that a resolverctl and a daemon of different versions understand each
//!   other.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

mod believed;
mod configured;
mod connection;
pub mod direct;
pub mod facts;
pub mod health;
pub mod limits;
pub mod lists;
pub mod lookup;
mod monitor;
pub mod protocol;
pub mod rows;
pub mod server;
pub mod trace;
mod why;
pub mod zones;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_proto::rr::{Name, RecordType};

use self::lookup::Lookup;
use self::protocol::{DaemonStatus, Stats};
use self::trace::{TraceAsked, TraceRefused};
use ::watched::WatchedDomain;
use dns::clock::{Mono, Now};
use dns::question::Question;
use history::failed::{FailedReport, FailedWanted};
use history::spent::{FromRecord, StageRow};
use history::why::{MessageReport, Wanted};
use history::{Recorder, Window};
use resolver::cache::StoreFill;
use resolver::cache::flush::{Flush, Flushed};
use resolver::cache::look::Held;
use resolver::cache::servers::KnownServer;
use resolver::config::Config;
use resolver::dnsbl::table::Lists;
use resolver::exchange::Heard;
use resolver::iterate::direct::{DirectQuery, Untold};
use resolver::lookahead::RuleStanding;
use resolver::resolve::inflight::InFlight;

/// The daemon, as the control socket sees it.
pub trait Controlled: Send + Sync + 'static {
    /// Its properties and current state.
    fn status(&self) -> DaemonStatus;

    /// The record of events.
    fn recorder(&self) -> &Recorder;

    /// Asks a question as a client does, and waits for its end.
    fn query(&self, question: Question) -> BoxFuture<'_, Lookup>;

    /// Like `query`, with its steps, which it gives as they happen.
    fn trace(&self, asked: TraceAsked) -> BoxFuture<'_, Result<Lookup, TraceRefused>>;

    /// Sends one query to one server; an error says why it shows nothing about the server.
    fn ask_server(&self, asked: DirectQuery) -> BoxFuture<'_, Result<Heard, Untold>>;

    /// Asks a DNS list for the operator: the list does not count as in use, and batches learn nothing.
    fn ask_list(&self, question: Question) -> BoxFuture<'_, Lookup>;

    /// Removes entries from the memories.
    fn flush(&self, flush: Flush) -> BoxFuture<'_, Flushed>;

    /// The fill of the memories.
    fn fill(&self) -> Vec<StoreFill>;

    /// The states of servers, the slowest first.
    fn servers(&self) -> BoxFuture<'_, Vec<KnownServer>>;

    /// The states of DNS lists.
    fn lists(&self) -> &Lists;

    /// The rules of look-ahead.
    fn lookahead(&self) -> Vec<RuleStanding>;

    /// The watched domains, in the order of their names.
    fn watched(&self) -> Vec<WatchedDomain>;

    /// The moment.
    fn now(&self) -> Now;

    /// The queries in progress, the oldest first.
    fn inflight(&self) -> Vec<InFlight>;

    /// For each request the wanted messages (emails) of the record, worst first. The last ones may be missing, but not the first one.
    fn why_each(&self, wanted: Vec<Wanted>) -> BoxFuture<'_, Vec<Vec<MessageReport>>>;

    /// Where the time of the questions of a window went by stage.
    fn stages(&self, from: u64) -> BoxFuture<'_, FromRecord<StageRow>>;

    /// The zones whose questions failed, most questions first.
    fn failed(&self, wanted: FailedWanted) -> BoxFuture<'_, FailedReport>;

    /// The entries of memory under a name, of one type or of all, and the moment of the reading.
    fn look(&self, name: Name, kind: Option<RecordType>) -> BoxFuture<'_, (Vec<Held>, Mono)>;

    /// The current configuration.
    fn config(&self) -> Arc<Config>;

    /// Sets a negative trust anchor for `time`: signatures at and below `name` are not checked. Returns false if
    /// there are as many as may be.
    fn add_nta(&self, name: Name, time: Duration) -> BoxFuture<'_, bool>;

    /// Removes a negative trust anchor; returns false if there was none.
    fn remove_nta(&self, name: Name) -> BoxFuture<'_, bool>;

    /// The negative trust anchors that were set for a while, each with the time that is left.
    fn ntas(&self) -> Vec<(Name, Duration)>;

    /// Reads the configuration file again: the changes, or the errors of the file, in sentences. A wrong file changes
    /// nothing.
    fn reload(&self) -> BoxFuture<'_, Result<Vec<String>, Vec<String>>>;
}

/// Rows of zones, servers and clients on the main screen of the statistics.
const WORST: usize = 3;

/// The main screen of the statistics: for the socket and for the demo.
pub fn stats(recorder: &Recorder, fill: &[StoreFill], window: Window) -> Stats {
    let mut zones = recorder.slow(window);
    zones.truncate(WORST);
    let mut failed = recorder.failing(window);
    failed.truncate(WORST);
    let mut servers = recorder.by_server(window);
    servers.truncate(WORST);
    let (mut shed_zones, mut shed_clients) = recorder.shed_by(window);
    shed_zones.truncate(WORST);
    shed_clients.truncate(WORST);
    Stats {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        report: recorder.report(window),
        slow_zones: zones,
        failed_zones: failed,
        slow_servers: servers,
        shed_zones,
        shed_clients,
        stores: fill.iter().map(protocol::Fill::from).collect(),
    }
}
