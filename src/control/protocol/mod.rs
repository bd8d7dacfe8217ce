//! The protocol between `resolverctl` and the daemon: one request per connection, in JSON, one object per line.
//!
//! A reply has any number of lines. The last line is `end` or `problem`, so that a truncated reply is not mistaken for a
//! complete one.

pub mod lists;
mod query;
pub mod rows;
mod status;
pub mod watched;
pub mod zones;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use self::lists::{BatchState, ListFacts, ListRow, ListTest};
pub use self::query::{ConfiguredSource, MonitorRequest, QueryEvent, QueryReply, TraceRequest};
use self::rows::{FlightState, HeldRow, LookaheadRule, LookaheadState, ServerState};
pub use self::status::{
    CertificateStatus, DaemonStatus, MetricsStatus, MissingAddress, RootKeyRow, RootKeyStanding,
    RootKeysStatus, Severity, SnapshotStatus, Stats, Status, Warning,
};
use self::watched::WatchedRow;
use self::zones::{ZoneState, ZoneWhat};
use dns::question::ServerQuery;
use doctor::facts::{NoReply, ReplyFacts};
use history::culprit::DecisiveTime;
use history::event::Step;
use history::failed::FailedZone;
use history::spent::{StageRow, TableSpan};
use history::why::MessageReport;
use history::{ClientRow, ServerRow, TypeRow, Window, ZoneRow};
use resolver::cache::flush::Flushed;

/// A request to the daemon over the control socket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Asks for the state and health of the daemon.
    Status,
    /// Asks for the statistics.
    Stats {
        /// The period that the statistics cover.
        window: Window,
        /// Table to send instead of the main screen.
        table: Option<Table>,
    },
    /// Asks a question through the daemon.
    Query {
        /// Name to ask for; an address asks for its PTR records.
        name: String,
        /// Record type. `None` means A, or PTR if the name is an address.
        #[serde(default, rename = "type")]
        kind: Option<String>,
    },
    /// Like `Query`, but each step is sent as it happens.
    Trace(TraceRequest),
    /// Sends a query to one server. The reply is the complete answer of that server.
    AskServer(ServerQuery),
    /// Asks if the configuration keeps a name on this host. Then no other server or resolver, which the operator names, may be asked about it.
    KeptHere {
        /// The name that the operator wants to ask others about.
        name: String,
    },
    /// Removes entries from the caches.
    Flush {
        /// Entries to remove.
        what: FlushWhat,
    },
    /// Asks for the states of servers.
    Servers {
        /// Only servers at this address.
        address: Option<IpAddr>,
    },
    /// Asks for the configured zones.
    Zones,
    /// Adds or removes a temporary zone.
    Zone {
        /// The action.
        what: ZoneWhat,
    },
    /// Asks for the queries in progress.
    Inflight,
    /// Asks for messages (emails) of the query history, and why they were slow. The history is read once for all requests. The
    /// last requests may get no reply; send these again.
    Why {
        /// The selections of messages; at most `limits::MAX_WHY_REQUESTS`.
        requests: Vec<WhyRequest>,
    },
    /// Asks for the zones whose questions failed.
    Failed(FailedRequest),
    /// Asks for queries that the cache does not answer, each when it ends. The reply continues until the client or the daemon
    /// closes it.
    Monitor(MonitorRequest),
    /// Asks for the cached entries under a name.
    Cache {
        /// The name under which cached entries are wanted.
        name: String,
        /// Record type of the entries; `None` selects all types.
        #[serde(default, rename = "type")]
        kind: Option<String>,
    },
    /// Asks for the current configuration.
    Config {
        /// Only values that differ from the default.
        #[serde(default)]
        changed: bool,
    },
    /// Asks for the states of the DNS lists in use.
    Dnsbl,
    /// Tests the DNS lists in use, then asks for their states.
    DnsblHealth,
    /// Asks for the registry of DNS lists.
    DnsblList,
    /// Asks each DNS list about an address or a domain.
    DnsblTest {
        /// The address or the domain.
        subject: String,
        /// True if lists that are not in use are also asked.
        #[serde(default)]
        all: bool,
        /// Lists to ask even if they are not in use: their zones, or names in these zones. If empty, `all` selects the lists.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lists: Vec<String>,
    },
    /// Asks for the look-ahead rules.
    Lookahead,
    /// Asks for the watched domains.
    Watched,
    /// Reads the configuration file again.
    Reload,
    /// Lists or changes negative trust anchors.
    Nta {
        /// The action.
        what: NtaWhat,
    },
}

impl Request {
    /// Returns true if the request changes the daemon. Only root and the user that the daemon runs as may send such a request.
    pub const fn changes(&self) -> bool {
        match self {
            Self::Flush { .. } | Self::Reload | Self::Zone { .. } => true,
            Self::Nta { what } => !matches!(what, NtaWhat::List),
            _ => false,
        }
    }

    /// Returns true if the request reads the whole query history.
    pub(crate) const fn reads_history(&self) -> bool {
        matches!(self, Self::Why { .. } | Self::Failed(_) | Self::Stats { table: Some(Table::Stage), .. })
    }
}

/// Selects messages (emails) of the query history.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhyRequest {
    /// Name, address or domain to look for. `None` selects all.
    pub subject: Option<String>,
    /// If true, a name matches only itself, not the names below it.
    #[serde(default)]
    pub itself: bool,
    /// Start of the period, in seconds since 1970. `None` means no limit.
    pub from: Option<f64>,
    /// End of the period.
    pub to: Option<f64>,
    /// Address or network of the client.
    pub client: Option<String>,
    /// Maximum number of messages.
    pub most: usize,
    /// The period, in seconds since 1970, whose delays decide which server or zone was the cause. `None` means no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decisive: Option<DecisiveTime<f64>>,
}

/// Selects failed questions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedRequest {
    /// Start of the period, in seconds since 1970.
    pub from: f64,
    /// Only this zone and the zones below it.
    pub zone: Option<String>,
    /// Address or network of the client.
    pub client: Option<String>,
}

/// The tables of the statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// Zones, most resolutions first.
    Zone,
    /// Servers, longest wait first.
    Server,
    /// Clients, most queries first.
    Client,
    /// Types, most queries first.
    Type,
    /// The stages in which queries spent their time: queue, cache, servers, DNSSEC.
    Stage,
}

/// Selects the entries to remove from the caches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlushWhat {
    /// One name, or a name and all names below it.
    Name {
        /// The name whose entries are removed.
        name: String,
        /// True if all names below it are also removed.
        tree: bool,
        /// Record type of the removed entries; `None` removes all types.
        #[serde(rename = "type")]
        kind: Option<String>,
    },
    /// All negative answers and failures.
    Negative,
    /// Everything.
    All,
}

/// An action on negative trust anchors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NtaWhat {
    /// Adds one.
    Add {
        /// Name of the anchor.
        name: String,
        /// Lifetime in seconds.
        seconds: u64,
    },
    /// Removes one.
    Remove {
        /// Name of the anchor.
        name: String,
    },
    /// Lists the current anchors.
    List,
}

/// A line of a reply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// The reply to `Request::Status`.
    Status(Box<Status>),
    /// The reply to `Request::Stats` without a table.
    Stats(Box<Stats>),
    /// A row of the tables by zone.
    Zone(ZoneRow),
    /// A row of the table by server.
    Server(ServerRow),
    /// A row of the table by client.
    Client(ClientRow),
    /// A row of the table by type.
    Type(TypeRow),
    /// A row of the table by stage.
    Stage(StageRow),
    /// Result of `Request::Query`, and last line after the steps of `Request::Trace`.
    Query(Box<QueryReply>),
    /// A step of the reply to `Request::Trace`.
    Step(Step),
    /// The reply to `Request::AskServer`.
    ServerReply {
        /// Facts about the server's reply, or the reason why there is no reply.
        facts: Box<Result<ReplyFacts, NoReply>>,
    },
    /// The reply to `Request::KeptHere`.
    KeptHere {
        /// Why the name is kept on this host; `None` if other servers may be asked about it.
        why: Option<String>,
    },
    /// The reply to `Request::Flush`.
    Flushed(Removed),
    /// A row of the reply to `Request::Servers`.
    ServerState(ServerState),
    /// A row of the reply to `Request::Zones`.
    ZoneState(ZoneState),
    /// A row of the reply to `Request::Inflight`.
    Flight(FlightState),
    /// A message in the reply to `Request::Why`, worst first.
    Message(Box<MessageReport>),
    /// Marks the end of the messages for each request, in the reply to `Request::Why`.
    MessagesEnd,
    /// A row of the reply to `Request::Failed`, the zone with the most questions first.
    FailedZone(Box<FailedZone>),
    /// The last row of the table by stage.
    TableSpan(TableSpan),
    /// The last row of the reply to `Request::Failed`: the time of the oldest query in the history, in seconds since 1970. `None`
    /// if the history is empty.
    RecordBegin {
        /// Time of the oldest query in the history.
        begin: Option<f64>,
        /// True if the daemon keeps no query history.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        off: bool,
    },
    /// A line of the reply to `Request::Monitor`.
    Event(QueryEvent),
    /// In the reply to `Request::Monitor`: queries were skipped because the client reads too slowly.
    Lost {
        /// Number of skipped queries.
        lost: u64,
    },
    /// A row of the reply to `Request::Cache`.
    Held(HeldRow),
    /// A row of the reply to `Request::Nta`.
    Nta {
        /// The name of the negative trust anchor: nothing is validated at and below this name.
        name: String,
        /// Seconds until the anchor ends; `None` if the anchor is set in the configuration.
        left: Option<f64>,
    },
    /// A row of the reply to `Request::Dnsbl` and `Request::DnsblHealth`.
    ListState(ListRow),
    /// The state of batches of DNS list queries. This line follows the lists.
    Batch(BatchState),
    /// The first line of the reply to `Request::DnsblList`.
    Registry {
        /// The day on which the facts of the registry were checked.
        dated: String,
    },
    /// A row of the reply to `Request::DnsblList`.
    ListFacts(ListFacts),
    /// A row of the reply to `Request::DnsblTest`.
    ListTest(ListTest),
    /// A row of the reply to `Request::Lookahead`.
    LookaheadRule(LookaheadRule),
    /// The mode of look-ahead. This line follows its rules.
    Lookahead(LookaheadState),
    /// A row of the reply to `Request::Watched`.
    Watched(Box<WatchedRow>),
    /// There are more rows than a reply may have.
    LeftOut {
        /// Number of rows that were left out.
        left_out: u64,
    },
    /// A line of the reply to `Request::Config`.
    Config {
        /// The line, as it would be in a configuration file.
        line: String,
    },
    /// A change that a reload of the configuration made. If nothing changed, there is no such line.
    Change {
        /// Description of the change, in one sentence.
        #[serde(rename = "change")]
        sentence: String,
    },
    /// An error in the file to be reloaded: the old configuration stays in effect.
    Wrong {
        /// Description of the error, in one sentence with line and key.
        #[serde(rename = "wrong")]
        sentence: String,
    },
    /// The request could not be served; the last line.
    Problem(Problem),
    /// The reply is complete; the last line.
    End,
}

/// Why a request could not be served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{sentence}")]
pub struct Problem {
    /// Which side must act: the client or the daemon.
    pub fault: Blame,
    /// One sentence for people.
    pub sentence: String,
}

/// The side at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// The request asks for something impossible.
    Request,
    /// The daemon could not do what was requested.
    Daemon,
    /// The client lacks permission to change the daemon: it may only read.
    Permission,
}

/// The number of removed entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// The number of entries removed from all caches together.
    pub removed: u64,
    /// The number of entries removed from each cache.
    #[serde(flatten)]
    pub entries: Flushed,
}

impl From<Flushed> for Removed {
    fn from(flushed: Flushed) -> Self {
        let Flushed { answers, rrsets, negatives, delegations, failures, servers } = flushed;
        let removed = [answers, rrsets, negatives, delegations, failures, servers].iter().sum();
        Self { removed, entries: flushed }
    }
}
