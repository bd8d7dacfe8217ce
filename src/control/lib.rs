//! The control socket: the requests of `resolverctl`, and the server that answers them.
//!
//! No client question waits for the control socket. The server reaches the resolver through the trait `Controlled`, so that
//! tests can run it without a resolver.
//!
//! This crate calls the crates whose state it shows: `resolver`, `history`, `watched`, `doctor`. The crate `ctl` uses the same
//! protocol.
//!
//! # Decisions
//!
//! - Any user who may open the socket may read. Only root and the user that the daemon runs as may change something (see
//!   `permitted` in `connection`).
//! - The socket file of a dead daemon is replaced; the socket file of a running daemon is not.
//! - Requests that visit all entries (flush, `cache`, `servers`, `zones`) run on a separate thread, one at a time, so that no
//!   client question waits for them.
//! - Reading changes no counter and does not count as a use of an entry. The figures of a window are differences between
//!   snapshots.
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

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_proto::rr::{Name, RecordType};

use self::lookup::Lookup;
use self::protocol::zones::ZoneWhat;
use self::protocol::{DaemonStatus, Stats};
use self::trace::{TraceAsked, TraceRefused};
use ::watched::WatchedDomain;
use dns::clock::{Mono, Now};
use dns::question::{Question, ServerQuery};
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
use resolver::iterate::direct::ReplyUnknown;
use resolver::lookahead::RuleStanding;
use resolver::resolve::inflight::InFlight;

/// The interface of the daemon that the control socket uses.
pub trait Controlled: Send + Sync + 'static {
    /// Returns the properties and the current state of the daemon.
    fn status(&self) -> DaemonStatus;

    /// Returns the counters and the query history.
    fn recorder(&self) -> &Recorder;

    /// Asks a question as a client does, and waits for the result.
    fn query(&self, question: Question) -> BoxFuture<'_, Lookup>;

    /// Like `query`, but also sends each step as it happens.
    fn trace(&self, asked: TraceAsked) -> BoxFuture<'_, Result<Lookup, TraceRefused>>;

    /// Sends one query to one server. The error says why the query shows nothing about the server.
    fn ask_server(&self, asked: ServerQuery) -> BoxFuture<'_, Result<Heard, ReplyUnknown>>;

    /// Asks a DNS list a question of the operator. Unlike a client's question, it does not count as use of the list, and batches do not
    /// learn from it.
    fn ask_list(&self, question: Question) -> BoxFuture<'_, Lookup>;

    /// Removes entries from the caches.
    fn flush(&self, flush: Flush) -> BoxFuture<'_, Flushed>;

    /// Returns the number of entries and the size of each cache, and their limits.
    fn fill(&self) -> Vec<StoreFill>;

    /// Returns the states of servers, the slowest first.
    fn servers(&self) -> BoxFuture<'_, Vec<KnownServer>>;

    /// Returns the states of DNS lists.
    fn lists(&self) -> &Lists;

    /// Returns the look-ahead rules.
    fn lookahead(&self) -> Vec<RuleStanding>;

    /// Returns the watched domains, ordered by name.
    fn watched(&self) -> Vec<WatchedDomain>;

    /// Returns the current time.
    fn now(&self) -> Now;

    /// Returns the queries in progress, the oldest first.
    fn inflight(&self) -> Vec<InFlight>;

    /// Returns the messages (emails) of the query history that each request selects, the worst first. Results for the last requests may be
    /// missing, but never those for the first request.
    fn why_each(&self, wanted: Vec<Wanted>) -> BoxFuture<'_, Vec<Vec<MessageReport>>>;

    /// Returns how much time the questions since `from` spent in each stage.
    fn stages(&self, from: u64) -> BoxFuture<'_, FromRecord<StageRow>>;

    /// Returns the zones whose names could not be resolved, the zone with the most failed questions first.
    fn failed(&self, wanted: FailedWanted) -> BoxFuture<'_, FailedReport>;

    /// Returns the cached entries under a name, of one type or of all types, and the time at which they were read.
    fn look(&self, name: Name, kind: Option<RecordType>) -> BoxFuture<'_, (Vec<Held>, Mono)>;

    /// Returns the current configuration.
    fn config(&self) -> Arc<Config>;

    /// Sets a negative trust anchor for `time`: signatures at and below `name` are not checked. Returns false if the maximum
    /// number of anchors is reached.
    fn add_nta(&self, name: Name, time: Duration) -> BoxFuture<'_, bool>;

    /// Removes a negative trust anchor; returns false if there was none.
    fn remove_nta(&self, name: Name) -> BoxFuture<'_, bool>;

    /// Returns the temporary negative trust anchors, each with its remaining time.
    fn ntas(&self) -> Vec<(Name, Duration)>;

    /// Adds or removes a temporary zone. Returns the changes, or the reason why nothing has changed, as sentences.
    fn change_zones(&self, what: ZoneWhat) -> BoxFuture<'_, Result<Vec<String>, String>>;

    /// Returns the temporary zones, each with its remaining time. `None` means that the zone ends with the daemon.
    fn temporary_zones(&self) -> BTreeMap<Name, Option<Duration>>;

    /// Reads the configuration file again. Returns the changes, or the errors of the file, as sentences. A file with errors
    /// changes nothing.
    fn reload(&self) -> BoxFuture<'_, Result<Vec<String>, Vec<String>>>;
}

/// Number of zones, servers and clients that the main screen of the statistics shows.
const WORST: usize = 3;

/// Returns the main screen of the statistics, for the socket and for the demo.
pub fn stats(recorder: &Recorder, stores: Vec<StoreFill>, window: Window) -> Stats {
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
        stores,
    }
}
