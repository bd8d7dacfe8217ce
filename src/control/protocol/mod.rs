//! The protocol of `resolverctl` and the daemon: one request a connection, JSON, one object a line.
//!
//! A reply is any number of lines, the last of which is `end` or `problem`, so that a truncated reply is not taken
//! for a whole one.

pub mod lists;
mod query;
pub mod rows;
mod status;
pub mod watched;
pub mod zones;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use self::lists::{BatchState, ListFacts, ListRow, ListTest};
pub use self::query::{
    ConfiguredSource, MonitorRequest, QueryEvent, QueryReply, RecordText, ServerQuery, TraceRequest,
};
use self::rows::{FlightState, HeldRow, LookaheadRule, LookaheadState, ServerState};
pub use self::status::{
    CertificateStatus, DaemonStatus, Fill, MetricsStatus, MissingAddress, RootKeyRow, RootKeyStanding,
    RootKeysStatus, Severity, SnapshotStatus, Stats, Status, Warning,
};
use self::watched::WatchedRow;
use self::zones::ZoneState;
use doctor::facts::{NoReply, ReplyFacts};
use history::culprit::DecisiveTime;
use history::event::Step;
use history::failed::FailedZone;
use history::spent::{StageRow, TableSpan};
use history::why::MessageReport;
use history::{ClientRow, ServerRow, TypeRow, Window, ZoneRow};
use resolver::cache::flush::Flushed;

/// A request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// The health.
    Status,
    /// The statistics.
    Stats {
        /// The window.
        window: Window,
        /// A table instead of the main screen.
        table: Option<Table>,
    },
    /// A question, asked through the daemon.
    Query {
        /// The name; an address asks for its PTR.
        name: String,
        /// The type; none: A, or PTR if the name is an address.
        #[serde(default, rename = "type")]
        kind: Option<String>,
    },
    /// Like `Query`, with its steps, as they happen.
    Trace(TraceRequest),
    /// A query to one server. The reply is the server's whole answer.
    AskServer(ServerQuery),
    /// Whether a name stays on this host: no server or resolver that a command names is asked about it.
    KeptHere {
        /// The name.
        name: String,
    },
    /// Removes entries from the memories.
    Flush {
        /// Which entries.
        what: FlushWhat,
    },
    /// The states of servers.
    Servers {
        /// Only servers at this address.
        address: Option<IpAddr>,
    },
    /// The configured zones.
    Zones,
    /// The queries in progress.
    Inflight,
    /// The messages (emails) of the record, and why they were slow.
    Why(WhyRequest),
    /// Several such requests, answered from one reading of the record. The last ones may have no reply: those are to be sent again.
    WhyEach {
        /// At most `limits::MAX_WHY_REQUESTS`.
        requests: Vec<WhyRequest>,
    },
    /// The zones whose questions failed.
    Failed(FailedRequest),
    /// Queries that the cache does not answer, as they end. The reply goes on until the client or the daemon ends it.
    Monitor(MonitorRequest),
    /// The entries of memory under a name.
    Cache {
        /// The name.
        name: String,
        /// Only this type.
        #[serde(default, rename = "type")]
        kind: Option<String>,
    },
    /// The current configuration.
    Config {
        /// Only values that differ from the default.
        #[serde(default)]
        changed: bool,
    },
    /// The states of the DNS lists in use.
    Dnsbl,
    /// The states of the DNS lists in use, after new tests.
    DnsblHealth,
    /// The registry of DNS lists.
    DnsblList,
    /// The answer of each DNS list for an address or a domain.
    DnsblTest {
        /// The address or the domain.
        subject: String,
        /// Whether lists that are not in use are asked too.
        #[serde(default)]
        all: bool,
        /// The lists that are asked, also if they are not in use: their zones, or names in them. Empty: all that `all` says.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lists: Vec<String>,
    },
    /// The rules of look-ahead.
    Lookahead,
    /// The watched domains.
    Watched,
    /// Reads the configuration file again.
    Reload,
    /// Negative trust anchors.
    Nta {
        /// The action.
        what: NtaWhat,
    },
}

impl Request {
    /// Whether it changes the daemon: only root and the user of the daemon may send such a request.
    pub const fn changes(&self) -> bool {
        match self {
            Self::Flush { .. } | Self::Reload => true,
            Self::Nta { what } => !matches!(what, NtaWhat::List),
            _ => false,
        }
    }

    /// Whether it reads the whole query history.
    pub(crate) const fn reads_history(&self) -> bool {
        matches!(
            self,
            Self::Why(_)
                | Self::WhyEach { .. }
                | Self::Failed(_)
                | Self::Stats { table: Some(Table::Stage), .. }
        )
    }
}

/// Which messages (emails) of the record are wanted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhyRequest {
    /// A name, an address or a domain; none: any.
    pub subject: Option<String>,
    /// Whether a name stands for itself alone, and not for those below it.
    #[serde(default)]
    pub itself: bool,
    /// The begin of the time, in seconds since 1970; none: all.
    pub from: Option<f64>,
    /// Its end.
    pub to: Option<f64>,
    /// The address or the network of the client.
    pub client: Option<String>,
    /// The number of messages at most.
    pub most: usize,
    /// The time that decides the culprit, in seconds since 1970; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decisive: Option<DecisiveTime<f64>>,
}

/// Which failures are wanted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedRequest {
    /// The begin of the time, in seconds since 1970.
    pub from: f64,
    /// Only this zone and the zones below it.
    pub zone: Option<String>,
    /// The address or the network of the client.
    pub client: Option<String>,
}

/// Tables of the statistics.
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
    /// The stages that the time of queries went to: queue, cache, servers, DNSSEC.
    Stage,
}

/// The entries to remove from the memories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlushWhat {
    /// A name, or a tree of them.
    Name {
        /// The name.
        name: String,
        /// Whether all names below it are meant too.
        tree: bool,
        /// Only this type.
        #[serde(rename = "type")]
        kind: Option<String>,
    },
    /// All negative answers and failures.
    Negative,
    /// Everything.
    All,
}

/// The action on negative trust anchors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NtaWhat {
    /// Adds one.
    Add {
        /// Its name.
        name: String,
        /// Its time in seconds.
        seconds: u64,
    },
    /// Removes one.
    Remove {
        /// Its name.
        name: String,
    },
    /// Lists the current ones.
    List,
}

/// A line of a reply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// To `Request::Status`.
    Status(Box<Status>),
    /// To `Request::Stats` without a table.
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
    /// To `Request::Query`, and after the steps to `Request::Trace`.
    Query(Box<QueryReply>),
    /// A step of the reply to `Request::Trace`.
    Step(Step),
    /// To `Request::AskServer`.
    ServerReply {
        /// The reply, or why there is none.
        facts: Box<Result<ReplyFacts, NoReply>>,
    },
    /// To `Request::KeptHere`.
    KeptHere {
        /// Why; none if others may be asked about the name.
        why: Option<String>,
    },
    /// To `Request::Flush`.
    Flushed(Removed),
    /// A row of the reply to `Request::Servers`.
    ServerState(ServerState),
    /// A row of the reply to `Request::Zones`.
    ZoneState(ZoneState),
    /// A row of the reply to `Request::Inflight`.
    Flight(FlightState),
    /// A message of the reply to `Request::Why`; worst first.
    Message(Box<MessageReport>),
    /// In the reply to `Request::WhyEach`, behind the messages of each request.
    MessagesEnd,
    /// A row of the reply to `Request::Failed`; most questions first.
    FailedZone(Box<FailedZone>),
    /// The last row of the table by stage.
    TableSpan(TableSpan),
    /// The last row of the reply to `Request::Failed`: when the record begins, in seconds since 1970; none if it is empty.
    RecordBegin {
        /// The moment.
        begin: Option<f64>,
        /// Whether no queries are kept.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        off: bool,
    },
    /// A line of the reply to `Request::Monitor`.
    Event(QueryEvent),
    /// A line of the same reply: the client reads too slowly.
    Lost {
        /// Queries that were not looked at.
        lost: u64,
    },
    /// A row of the reply to `Request::Cache`.
    Held(HeldRow),
    /// A row of the reply to `Request::Nta`.
    Nta {
        /// The name at and below which nothing is validated.
        name: String,
        /// Seconds that are left; none if it is in the configuration.
        left: Option<f64>,
    },
    /// A row of the reply to `Request::Dnsbl` and `Request::DnsblHealth`.
    ListState(ListRow),
    /// The state of batches; after the lists.
    Batch(BatchState),
    /// The first line of the reply to `Request::DnsblList`.
    Registry {
        /// The day on which its facts were checked.
        dated: String,
    },
    /// A row of the reply to `Request::DnsblList`.
    ListFacts(ListFacts),
    /// A row of the reply to `Request::DnsblTest`.
    ListTest(ListTest),
    /// A row of the reply to `Request::Lookahead`.
    LookaheadRule(LookaheadRule),
    /// The mode of look-ahead; after its rules.
    Lookahead(LookaheadState),
    /// A row of the reply to `Request::Watched`.
    Watched(Box<WatchedRow>),
    /// There are more rows than a reply may have.
    LeftOut {
        /// Their number.
        left_out: u64,
    },
    /// A line of the reply to `Request::Config`.
    Config {
        /// The line, as in a file.
        line: String,
    },
    /// A change by a reload; there is no such line without changes.
    Change {
        /// One sentence.
        #[serde(rename = "change")]
        sentence: String,
    },
    /// An error in the file to be reloaded: the old configuration stays in effect.
    Wrong {
        /// One sentence, with line and key.
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
    /// The daemon could not do it.
    Daemon,
    /// The client may only read.
    Permission,
}

/// The number of removed entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// The sum.
    pub removed: u64,
    /// The number of each sort.
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
