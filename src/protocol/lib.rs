//! The protocol between `resolverctl` and the daemon: one request per connection, in JSON, one object per line.
//!
//! A reply has any number of lines. The last line is `end` or `problem`, so that a client notices a truncated reply.
//!
//! The server is in the crate `control`, the client in `resolverctl`. This crate has plain types and the reading of names; it calls neither
//! the resolver nor the network.

pub mod facts;
pub mod fleet;
pub mod limits;
pub mod lists;
pub mod lookup;
mod problem;
mod query;
pub mod rows;
mod status;
pub mod watched;
pub mod zones;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use self::fleet::{FleetMember, FleetState};
use self::lists::{BatchState, ListFacts, ListRow, ListTest};
pub use self::problem::{Blame, Problem};
pub use self::query::{ConfiguredSource, MonitorRequest, QueryEvent, QueryReply, TraceRequest};
use self::rows::{FlightState, HeldRow, LookaheadRule, LookaheadState, ServerState};
pub use self::status::{
    CertificateStatus, DaemonStatus, MetricsStatus, MissingAddress, RootKeyRow, RootKeyStanding,
    RootKeysStatus, Severity, SnapshotStatus, Stats, Status, Warning,
};
use self::watched::WatchedRow;
use self::zones::{ZoneState, ZoneWhat};
use dns::cached::Flushed;
use dns::question::ServerQuery;
use doctor::facts::{NoReply, ReplyFacts};
use explain::costs::{CostRow, CostSpan};
use explain::culprit::DecisiveTime;
use explain::delays::ListDelays;
use explain::failed::FailedZone;
use explain::spent::{StageRow, TableSpan};
use explain::why::MessageReport;
use record::changes::ChangeRow;
use record::event::Step;
use record::minutes::span::SpanReport;
use record::{ClientRow, ServerRow, TypeRow, UserRow, Window, ZoneRow};
use tls_policy::TlsLevel;
pub use validate::root_keys::RootKeysUnfollowed;

/// A request of `resolverctl` to the daemon: what the reply must show, or what the daemon must do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// The state and health of the daemon.
    Status,
    /// The statistics of a period.
    Stats {
        /// The period.
        window: Window,
        /// The table to send; `None` for the main screen.
        table: Option<Table>,
    },
    /// The statistics of a period within the last 30 days. The daemon stores the statistics of each minute on disk.
    Minutes {
        /// Start, in seconds since 1970.
        from: u64,
        /// End, in seconds since 1970.
        to: u64,
        /// The length of each part of the span, in seconds; 0 means no parts. The reply has one line for each part, and then one for the whole span.
        #[serde(default)]
        step: u64,
    },
    /// Resolves a question like a client's question.
    Query {
        /// The name to ask for, or an address, whose PTR records are then asked for.
        name: String,
        /// The record type. `None` means A, or PTR if the name is an address.
        #[serde(default, rename = "type")]
        kind: Option<String>,
        /// True for the signatures too (the flag DO).
        #[serde(default)]
        dnssec: bool,
    },
    /// Like `Query`. The reply also has each step of the resolution as it happens.
    Trace(TraceRequest),
    /// Sends a query to one server. The reply is that server's complete answer.
    AskServer(ServerQuery),
    /// Asks if the configuration says that a name is answered on this host only. Then the operator must not ask other servers or
    /// resolvers about this name.
    KeptHere {
        /// The name.
        name: String,
    },
    /// The addresses of the root servers that the daemon queries.
    RootServers,
    /// Removes entries from the caches.
    Flush {
        /// The entries to remove.
        what: FlushWhat,
        /// True if all gateways of the fleet remove them.
        #[serde(default)]
        fleet: bool,
    },
    /// The gateways of the fleet, and the state of its store.
    Fleet,
    /// The states of the servers to which resolverd sends queries.
    Servers {
        /// Only servers at this address; `None` selects all.
        address: Option<IpAddr>,
    },
    /// The configured zones.
    Zones,
    /// Adds or removes a temporary zone.
    Zone {
        /// Adds or removes the zone.
        what: ZoneWhat,
    },
    /// The resolutions in progress.
    Inflight,
    /// Messages (emails) of the query history, with the reasons why they were slow. The daemon reads the history once for all
    /// `requests`. If the reply becomes too large, the results of the last requests are missing; the client must send these
    /// requests again.
    Why {
        /// Each request selects messages (emails); at most `limits::MAX_WHY_REQUESTS`.
        requests: Vec<WhyRequest>,
    },
    /// The causes that delayed mail in a period, and by how much.
    Costs(CostsRequest),
    /// The zones whose questions failed.
    Failed(FailedRequest),
    /// A line about each client query that the cache does not answer, when the query ends. The reply continues until the client
    /// or the daemon closes the connection.
    Monitor(MonitorRequest),
    /// The cached entries for a name.
    Cache {
        /// The name.
        name: String,
        /// The record type; `None` selects all types.
        #[serde(default, rename = "type")]
        kind: Option<String>,
    },
    /// The current configuration.
    Config {
        /// True selects only values that differ from the default.
        #[serde(default)]
        changed: bool,
    },
    /// The states of the DNS lists that clients have queried.
    Dnsbl {
        /// The zone of the list to show. The reply then also has what the registry says about this list. `None` shows all lists.
        #[serde(default)]
        list: Option<String>,
    },
    /// Like `Dnsbl`, after a test of the lists in use.
    DnsblHealth,
    /// The facts about all known DNS lists (the registry).
    DnsblList,
    /// The answers of DNS lists about an address or a domain.
    DnsblTest {
        /// The address or the domain.
        subject: String,
        /// True if lists that are not in use are asked too.
        #[serde(default)]
        all: bool,
        /// The lists to ask, in use or not, given by their zones or by names in these zones. If empty, `all` selects the lists.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lists: Vec<String>,
    },
    /// The changes of the records of a domain and its mail hosts.
    Changes {
        /// The domain.
        name: String,
        /// Only changes since this time, in seconds since 1970.
        from: f64,
    },
    /// The TLS policy for a next hop of mail.
    TlsPolicy {
        /// The next hop, as Postfix writes it: `domain`, `domain:port`, `[host]` or `[host]:port`.
        next_hop: String,
    },
    /// The rules of look-ahead, which resolves questions before clients ask them.
    Lookahead,
    /// The watched domains (`[[watch]]`) and what their checks found.
    Watched,
    /// Reads the configuration file again.
    Reload,
    /// Lists, adds or removes negative trust anchors.
    Nta {
        /// The action.
        what: NtaWhat,
        /// True if all gateways of the fleet do it.
        #[serde(default)]
        fleet: bool,
    },
}

impl Request {
    /// Returns true if the request changes the daemon. Only root and the user that the daemon runs as may send such a request.
    pub const fn changes(&self) -> bool {
        match self {
            Self::Flush { .. } | Self::Reload | Self::Zone { .. } => true,
            Self::Nta { what, .. } => !matches!(what, NtaWhat::List),
            _ => false,
        }
    }

    /// Returns true if the request reads the whole query history.
    pub const fn reads_history(&self) -> bool {
        matches!(
            self,
            Self::Why { .. }
                | Self::Costs(_)
                | Self::Failed(_)
                | Self::Minutes { .. }
                | Self::Stats { table: Some(Table::Stage), .. }
        )
    }
}

/// Selects messages (emails) of the query history.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhyRequest {
    /// The name, address or domain that the message (email) concerns; `None` selects all messages.
    pub subject: Option<String>,
    /// If true, a name selects only questions for this name, not for names below it.
    #[serde(default)]
    pub itself: bool,
    /// Start of the period in which the message (email) caused questions, in seconds since 1970. `None` means no limit.
    pub from: Option<f64>,
    /// End of the period, in seconds since 1970. `None` means no limit.
    pub to: Option<f64>,
    /// Address or network of the client; `None` selects all clients.
    pub client: Option<String>,
    /// The largest number of messages (emails) in the reply, the slowest first.
    pub most: usize,
    /// The period, in seconds since 1970, whose delays decide what the cause of a slow email was. `None` means that all delays count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decisive: Option<DecisiveTime<f64>>,
}

/// Selects the period whose causes of delayed mail are summed up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostsRequest {
    /// Start of the period, in seconds since 1970.
    pub from: f64,
    /// End of the period, in seconds since 1970.
    pub to: f64,
    /// Address or network of the client; `None` selects all clients.
    pub client: Option<String>,
    /// The zone of a DNS list, to get also the messages (emails) that it delayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
}

/// Selects failed questions of the query history.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailedRequest {
    /// Start of the period, in seconds since 1970.
    pub from: f64,
    /// Selects this zone and the zones below it; `None` selects all zones.
    pub zone: Option<String>,
    /// Address or network of the client; `None` selects all clients.
    pub client: Option<String>,
}

/// The tables of the statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    /// Zones, most resolutions first.
    #[value(alias = "zones")]
    Zone,
    /// Servers, longest wait first.
    #[value(alias = "servers")]
    Server,
    /// Clients, most queries first.
    #[value(alias = "clients")]
    Client,
    /// Local users, most cache misses first.
    #[value(alias = "users")]
    User,
    /// Types, most queries first.
    Type,
    /// The stages of cache misses: queue, own work, waiting for servers, fetching DNSSEC keys.
    Stage,
}

/// Selects entries of the caches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlushWhat {
    /// The entries for one name, or for a name and all names below it.
    Name {
        /// The name.
        name: String,
        /// True for all names below it too.
        tree: bool,
        /// The record type; `None` selects all types.
        #[serde(rename = "type")]
        kind: Option<String>,
    },
    /// All negative answers and all remembered failures.
    Negative,
    /// All entries of all caches.
    All,
}

/// What is done with negative trust anchors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NtaWhat {
    /// Adds a negative trust anchor.
    Add {
        /// The name at and below which nothing is validated.
        name: String,
        /// The time after which the anchor is removed, in seconds.
        seconds: u64,
    },
    /// Removes a negative trust anchor.
    Remove {
        /// The name of the negative trust anchor.
        name: String,
    },
    /// Lists the current negative trust anchors, each with the time until it is removed.
    List,
}

/// A line of a reply from the daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// The reply to `Request::Status`.
    Status(Box<Status>),
    /// The reply to `Request::Stats` without a table.
    Stats(Box<Stats>),
    /// A row of the reply to `Request::Minutes`.
    Minutes(Box<SpanReport>),
    /// A row of the table of zones.
    Zone(ZoneRow),
    /// A row of the table of servers.
    Server(ServerRow),
    /// A row of the table of clients.
    Client(ClientRow),
    /// A row of the table by local user.
    User(UserRow),
    /// A row of the table of record types.
    Type(TypeRow),
    /// A row of the table of stages.
    Stage(StageRow),
    /// The reply to `Request::Query`, and the last line after the steps of `Request::Trace`.
    Query(Box<QueryReply>),
    /// A line of the reply to `Request::Trace`: one step of the resolution.
    Step(Step),
    /// The reply to `Request::AskServer`.
    ServerReply {
        /// The facts about the server's reply, or the reason why there is no reply.
        facts: Box<Result<ReplyFacts, NoReply>>,
    },
    /// The reply to `Request::KeptHere`.
    KeptHere {
        /// The reason why the name is answered on this host only; `None` if other servers may be asked about it.
        why: Option<String>,
    },
    /// The reply to `Request::RootServers`.
    RootServers {
        /// One address of each server.
        addresses: Vec<IpAddr>,
    },
    /// The reply to `Request::Flush`.
    Flushed(Removed),
    /// The first line of the reply to `Request::Fleet`.
    Fleet(Box<FleetState>),
    /// A row of the reply to `Request::Fleet`.
    FleetMember(Box<FleetMember>),
    /// A row of the reply to `Request::Servers`.
    ServerState(ServerState),
    /// A line of the reply to `Request::Zones`: one configured zone.
    ZoneState(ZoneState),
    /// A line of the reply to `Request::Inflight`: one resolution.
    Flight(FlightState),
    /// An email in the reply to `Request::Why`, the worst first.
    Message(Box<MessageReport>),
    /// In the reply to `Request::Why`: ends the emails for one request.
    MessagesEnd,
    /// A row of the reply to `Request::Costs`: a cause, or the sum of a side (the party that can remove causes).
    Cost(CostRow),
    /// In the reply to `Request::Costs`: the messages (emails) that the wanted DNS list delayed.
    ListDelays(Box<ListDelays>),
    /// The last row of the reply to `Request::Costs`: the period.
    CostSpan(CostSpan),
    /// A row of the reply to `Request::Failed`, the zone with the most failed questions first.
    FailedZone(Box<FailedZone>),
    /// The last row of the table of stages: the period that the times in the table cover.
    TableSpan(TableSpan),
    /// The last row of the reply to `Request::Failed`: how far back the history goes.
    RecordBegin {
        /// The time of the oldest query in the history, in seconds since 1970. `None` if the history is empty.
        begin: Option<f64>,
        /// True if the daemon has no query history.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        off: bool,
    },
    /// A query in the reply to `Request::Monitor`.
    Event(QueryEvent),
    /// In the reply to `Request::Monitor`: the client reads too slowly, so queries are missing.
    Lost {
        /// The number of missing queries.
        lost: u64,
    },
    /// A line of the reply to `Request::Cache`: one entry.
    Held(HeldRow),
    /// A row of the reply to `Request::Nta`.
    Nta {
        /// resolverd validates nothing at and below this name.
        name: String,
        /// The time in seconds until the anchor is removed; `None` for an anchor of the configuration.
        left: Option<f64>,
    },
    /// A line of the reply to `Request::Dnsbl` or `Request::DnsblHealth`: one list.
    ListState(ListRow),
    /// The state of batches of DNS list queries, for all lists. This line follows the lines of the lists.
    Batch(BatchState),
    /// The first line of the reply to `Request::DnsblList`.
    Registry {
        /// The day on which the facts of the registry were last checked, as text.
        dated: String,
    },
    /// A line of the reply to `Request::DnsblList`: one list.
    ListFacts(ListFacts),
    /// A line of the reply to `Request::DnsblTest`: the answer of one list.
    ListTest(ListTest),
    /// A row of the reply to `Request::Changes`, the latest change first.
    RecordChange(ChangeRow),
    /// The last row of the reply to `Request::Changes`.
    ChangesBegin {
        /// Since when the records of the domain are watched, in seconds since 1970. `None` if they are not.
        since: Option<u64>,
        /// True if the daemon watches no records, because it has no query history.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        off: bool,
    },
    /// The reply to `Request::TlsPolicy`.
    TlsPolicy(TlsPolicyReply),
    /// A row of the reply to `Request::Lookahead`.
    LookaheadRule(LookaheadRule),
    /// The mode and the counters of look-ahead. This line follows the rules.
    Lookahead(LookaheadState),
    /// A row of the reply to `Request::Watched`.
    Watched(Box<WatchedRow>),
    /// The reply would have more rows than the limit allows, so some are missing.
    LeftOut {
        /// The number of missing rows.
        left_out: u64,
    },
    /// A line of the configuration in the reply to `Request::Config`.
    Config {
        /// The line as it would stand in the configuration file.
        line: String,
    },
    /// A change that a reload of the configuration made. If nothing changed, there is no such line.
    Change {
        /// What the reload has changed, in one sentence.
        #[serde(rename = "change")]
        sentence: String,
    },
    /// An error in the configuration file that was to be loaded. The old configuration stays in effect.
    Wrong {
        /// Description of the error, in one sentence with the line and the key in the file.
        #[serde(rename = "wrong")]
        sentence: String,
    },
    /// The request could not be served. This is the last line.
    Problem(Problem),
    /// The reply is complete. This is the last line.
    End,
}

/// The TLS policy for a next hop of mail, and from what it follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsPolicyReply {
    /// The next hop, as it was typed.
    pub next_hop: String,
    /// The policy.
    pub policy: TlsLevel,
    /// The answer to Postfix, with the map name `QUERY`.
    pub answer: String,
    /// What the policy means.
    pub meaning: String,
    /// The facts from which it follows.
    pub reasons: Vec<String>,
}

/// The numbers of removed cache entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// The number of entries removed from all caches together.
    pub removed: u64,
    /// The number of entries removed from each cache.
    #[serde(flatten)]
    pub entries: Flushed,
}

impl Reply {
    /// Returns the message (email) of a reply to `Request::Why`.
    pub fn message(&self) -> Option<&MessageReport> {
        if let Self::Message(message) = self { Some(message) } else { None }
    }
}

impl From<Flushed> for Removed {
    fn from(flushed: Flushed) -> Self {
        let Flushed { answers, rrsets, negatives, delegations, failures, servers } = flushed;
        let removed = [answers, rrsets, negatives, delegations, failures, servers].iter().sum();
        Self { removed, entries: flushed }
    }
}
