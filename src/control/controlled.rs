//! What the control socket asks of the daemon.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_proto::rr::{Name, RecordType};

use super::trace::{TraceAsked, TraceRefused};
use crate::fleet::Confirmation;
use ::watched::WatchedState;
use config::Config;
use dns::cached::{Flush, Flushed, StoreFill};
use dns::clock::{Mono, Now};
use dns::question::{Question, ServerQuery};
use dnsbl::table::Lists;
use exchange::{Heard, ReplyUnknown};
use explain::costs::{CostReport, CostsWanted};
use explain::failed::{FailedReport, FailedWanted};
use explain::spent::{FromRecord, StageRow};
use explain::why::{MessageReport, Wanted};
use protocol::DaemonStatus;
use protocol::fleet::{FleetMember, FleetOrder, FleetState};
use protocol::lookup::Lookup;
use protocol::zones::{Section, ZoneWhat};
use record::Recorder;
use record::changes::ChangesReport;
use record::minutes::span::SpanReport;
use resolver::cache::look::Held;
use resolver::cache::servers::KnownServer;
use resolver::lookahead::RuleStanding;
use resolver::resolve::inflight::InFlight;
use tls_policy::{TlsLevel, Verdict};

/// The temporary zones and hosts, each with the section that it belongs to, and with its end. A name has one of them.
pub type TemporaryEntries<Ends> = BTreeMap<Name, (Section, Ends)>;

/// The interface of the daemon that the control socket uses.
pub trait Controlled: Send + Sync + 'static {
    /// Returns the state of the daemon.
    fn status(&self) -> DaemonStatus;

    /// Returns the recorder, which has the counters and the query history.
    fn recorder(&self) -> &Recorder;

    /// Resolves a question like a client's question, and waits for the result.
    fn query(&self, question: Question) -> BoxFuture<'_, Lookup>;

    /// Resolves a question as `query` does, and also sends each step of the resolution as it happens.
    fn trace(&self, asked: TraceAsked) -> BoxFuture<'_, Result<Lookup, TraceRefused>>;

    /// Sends one query to one server, and returns its reply. The error says why the query shows nothing about the server.
    fn ask_server(&self, asked: ServerQuery) -> BoxFuture<'_, Result<Heard, ReplyUnknown>>;

    /// Asks a DNS list a question of the operator. Unlike a client's question, the question does not count as a use of the list,
    /// and batches (queries that resolverd sends to lists before clients ask) do not learn from it.
    fn ask_list(&self, question: Question) -> BoxFuture<'_, Lookup>;

    /// Removes the selected entries from the caches, and returns how many were removed.
    fn flush(&self, flush: Flush) -> BoxFuture<'_, Flushed>;

    /// Returns the number of entries and the size of each cache, and their limits.
    fn fill(&self) -> Vec<StoreFill>;

    /// Returns the servers that the daemon knows with their states: dead ones first, then those with the longest timeout.
    fn servers(&self) -> BoxFuture<'_, Vec<KnownServer>>;

    /// Returns the DNS lists with their states.
    fn lists(&self) -> &Lists;

    /// Returns the rules of look-ahead with their counters.
    fn lookahead(&self) -> Vec<RuleStanding>;

    /// Returns the watched domains (`[[watch]]`) with their findings, sorted by name.
    fn watched(&self) -> Vec<WatchedState>;

    /// Returns the TLS policy for a next hop of mail, as Postfix writes it.
    fn tls_policy(&self, next_hop: String) -> BoxFuture<'_, Verdict>;

    /// Returns the number of TLS policies that mail servers were given, by level; none if they cannot ask for them.
    fn tls_verdicts(&self) -> Vec<(TlsLevel, u64)>;

    /// Returns the current time on all clocks.
    fn now(&self) -> Now;

    /// Returns the resolutions in progress, the oldest first.
    fn inflight(&self) -> Vec<InFlight>;

    /// For each request, returns the selected messages (emails) of the query history, the worst first. There is always a result
    /// for the first request. Results of the last requests are missing if the results become too large or the search takes too
    /// long.
    fn why_each(&self, wanted: Vec<Wanted>) -> BoxFuture<'_, Vec<Vec<MessageReport>>>;

    /// Returns the causes that delayed mail in a period, and by how much.
    fn costs(&self, wanted: CostsWanted) -> BoxFuture<'_, CostReport>;

    /// Returns how much time the questions since `from` (in microseconds since 1970) spent in each stage of their resolution.
    fn stages(&self, from: u64) -> BoxFuture<'_, FromRecord<StageRow>>;

    /// Returns the statistics of a span of time, from the statistics of each minute on disk. `span` is in seconds since 1970. Each report covers
    /// `step` seconds; if `step` is 0, one report covers the whole span. Returns `None` if the daemon has no minutes on disk.
    fn minutes(&self, span: (u64, u64), step: u64) -> BoxFuture<'_, Option<Vec<SpanReport>>>;

    /// Returns the zones whose questions failed; the zone with the most failed questions comes first.
    fn failed(&self, wanted: FailedWanted) -> BoxFuture<'_, FailedReport>;

    /// Returns the changes of the records of a domain and its mail hosts since `from`, in seconds since 1970.
    fn changes(&self, domain: &Name, from: u64) -> ChangesReport;

    /// Returns the cached entries for a name, of one type or of all types, and the time at which they were read.
    fn look(&self, name: Name, kind: Option<RecordType>) -> BoxFuture<'_, (Vec<Held>, Mono)>;

    /// Returns the current configuration of the daemon.
    fn config(&self) -> Arc<Config>;

    /// Adds a negative trust anchor for the duration `time`: resolverd then does not validate names at and below `name`. Returns
    /// false if the largest number of anchors is reached.
    fn add_nta(&self, name: Name, time: Duration) -> BoxFuture<'_, bool>;

    /// Removes the negative trust anchor at `name`. Returns false if there was none.
    fn remove_nta(&self, name: Name) -> BoxFuture<'_, bool>;

    /// Returns the negative trust anchors that were added at run time, each with its remaining time.
    fn ntas(&self) -> Vec<(Name, Duration)>;

    /// Adds or removes a temporary zone or host. Returns the changes, or the reason why nothing has changed, as sentences.
    fn change_zones(&self, what: ZoneWhat) -> BoxFuture<'_, Result<Vec<String>, String>>;

    /// Returns the temporary zones and hosts, each with its remaining time. `None` means that it is removed when the daemon stops.
    fn temporary_zones(&self) -> TemporaryEntries<Option<Duration>>;

    /// Returns the state of the fleet's store, and the gateways of the fleet.
    fn fleet(&self) -> (FleetState, Vec<FleetMember>);

    /// Sends an order, for example to remove data from the caches, to the other gateways of the fleet. The error says in a sentence why the
    /// order was not sent.
    fn order_fleet(&self, order: FleetOrder) -> Result<Confirmation, String>;

    /// Reads the configuration file again. Returns the changes, or the errors of the file, as sentences. A file with errors
    /// changes nothing.
    fn reload(&self) -> BoxFuture<'_, Result<Vec<String>, Vec<String>>>;
}
