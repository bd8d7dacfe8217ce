//! The words that `resolverctl` and the daemon exchange: one request a connection, JSON, one object a line.
//!
//! A reply is any number of lines of which the last is `end` or `problem`, so that one cut off is not taken for a whole
//! one.

pub mod lists;
mod query;
pub mod rows;
mod status;
pub mod zones;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use self::lists::{AheadState, ListFacts, ListState, ListTest};
pub use self::query::{QueryReply, RecordText};
use self::rows::{FlightState, HeldRow, ServerState};
pub use self::status::{DaemonStatus, Fill, MissingAddress, Stats, Status, Warning};
use self::zones::ZoneState;
use crate::cache::flush::Flushed;
use crate::record::{ClientRow, ServerRow, TypeRow, Window, ZoneRow};

/// What may be asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Is it well?
    Status,
    /// What happened.
    Stats {
        /// How far back.
        window: Window,
        /// Which table instead of the screen.
        #[serde(default)]
        table: Option<Table>,
    },
    /// A question, asked through the daemon.
    Query {
        /// The name; an address asks for its PTR.
        name: String,
        /// The type; without it A, or PTR where the name is an address.
        #[serde(default, rename = "type")]
        kind: Option<String>,
        /// Whether its steps are wanted too.
        #[serde(default)]
        trace: bool,
    },
    /// Removing from the memories.
    Flush {
        /// What.
        what: FlushWhat,
    },
    /// What is known of servers.
    Servers {
        /// Only those at this address.
        #[serde(default)]
        address: Option<IpAddr>,
    },
    /// The zones that are configured.
    Zones,
    /// What is under way.
    Inflight,
    /// What memory holds under a name.
    Cache {
        /// The name.
        name: String,
        /// Only this type.
        #[serde(default, rename = "type")]
        kind: Option<String>,
    },
    /// The configuration that holds.
    Config {
        /// Only what differs from the default.
        #[serde(default)]
        changed: bool,
    },
    /// How the DNS lists in use are.
    Dnsbl,
    /// The same once their tests have been made anew.
    DnsblHealth,
    /// The registry of DNS lists.
    DnsblList,
    /// What each DNS list says of an address or a domain.
    DnsblTest {
        /// The address or the domain.
        subject: String,
        /// Whether lists that are not in use are asked too.
        #[serde(default)]
        all: bool,
    },
    /// Reading the configuration file again.
    Reload,
    /// Negative trust anchors.
    Nta {
        /// What to do with them.
        what: NtaWhat,
    },
}

impl Request {
    /// Whether it changes the daemon: that is for its owner and root, and not for all who may look.
    pub const fn changes(&self) -> bool {
        match self {
            Self::Flush { .. } | Self::Reload => true,
            Self::Nta { what } => !matches!(what, NtaWhat::List),
            Self::Status
            | Self::Stats { .. }
            | Self::Query { .. }
            | Self::Servers { .. }
            | Self::Zones
            | Self::Inflight
            | Self::Cache { .. }
            | Self::Dnsbl
            | Self::DnsblHealth
            | Self::DnsblList
            | Self::DnsblTest { .. }
            | Self::Config { .. } => false,
        }
    }
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
    /// Zones, most time first.
    #[value(skip)]
    Slow,
}

/// What is removed from the memories.
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

/// What is done with negative trust anchors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NtaWhat {
    /// One is added.
    Add {
        /// Its name.
        name: String,
        /// For how many seconds.
        seconds: u64,
    },
    /// One that was added is removed.
    Remove {
        /// Its name.
        name: String,
    },
    /// Nothing but telling which hold.
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
    /// To `Request::Query`.
    Query(Box<QueryReply>),
    /// To `Request::Flush`.
    Flushed(Removed),
    /// A row of the reply to `Request::Servers`.
    ServerState(ServerState),
    /// A row of the reply to `Request::Zones`.
    ZoneState(ZoneState),
    /// A row of the reply to `Request::Inflight`.
    Flight(FlightState),
    /// A row of the reply to `Request::Cache`.
    Held(HeldRow),
    /// A row of the reply to `Request::Nta`.
    Nta {
        /// The name at and below which nothing is validated.
        name: String,
        /// Seconds that it holds yet; none where the configuration says so.
        left: Option<f64>,
    },
    /// A row of the reply to `Request::Dnsbl` and `Request::DnsblHealth`.
    ListState(ListState),
    /// What is asked ahead of clients; after the lists.
    Ahead(AheadState),
    /// The first line of the reply to `Request::DnsblList`.
    Registry {
        /// The day on which its facts were looked at.
        dated: String,
    },
    /// A row of the reply to `Request::DnsblList`.
    ListFacts(ListFacts),
    /// A row of the reply to `Request::DnsblTest`.
    ListTest(ListTest),
    /// There are more rows than a reply may have.
    LeftOut {
        /// How many.
        left_out: u64,
    },
    /// A line of the reply to `Request::Config`.
    Config {
        /// The line, as it stands in a file.
        line: String,
    },
    /// What a reload has changed; none where nothing has.
    Change {
        /// One sentence.
        sentence: String,
    },
    /// What is wrong with the file that was to be reloaded: the old configuration stays in effect.
    Wrong {
        /// One sentence, with line and key.
        sentence: String,
    },
    /// The request could not be served; the last line.
    Problem(Problem),
    /// All has been said; the last line.
    End,
}

/// Why a request could not be served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{sentence}")]
pub struct Problem {
    /// Whether another request would do.
    pub fault: Fault,
    /// One sentence for people.
    pub sentence: String,
}

/// Whose fault a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The request asks for what cannot be.
    Request,
    /// The daemon could not do it.
    Daemon,
    /// Whoever asks may only look.
    Permission,
}

/// What was removed from the memories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// All together.
    pub removed: u64,
    /// Answers, the negative ones not counted.
    pub answers: u64,
    /// RRsets.
    pub rrsets: u64,
    /// Negative answers, kept as answers or as RRsets.
    pub negatives: u64,
    /// Zone cuts.
    pub delegations: u64,
    /// Failures.
    pub failures: u64,
    /// Servers.
    pub servers: u64,
}

impl From<Flushed> for Removed {
    fn from(flushed: Flushed) -> Self {
        let Flushed { answers, rrsets, negatives, delegations, failures, servers } = flushed;
        let removed = [answers, rrsets, negatives, delegations, failures, servers].iter().sum();
        Self { removed, answers, rrsets, negatives, delegations, failures, servers }
    }
}
