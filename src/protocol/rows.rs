//! Rows of the replies about servers, resolutions (flights), cache entries and look-ahead.
//!
//! All durations are in seconds.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use config::{LookaheadMode, Rule, RuleState};
use dns::cached::Rank;
use dns::conduct::{Health, ServerFeatures};

/// The state of a server to which resolverd sends queries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerState {
    /// The address and port of the server.
    pub address: SocketAddr,
    /// True if resolverd has queried the server since the start of the daemon or the last flush.
    pub asked: bool,
    /// The smoothed round-trip time in seconds; `None` if the server has never answered.
    pub round_trip: Option<f64>,
    /// In seconds: how long resolverd waits for a reply before it queries another server too.
    pub retry_after: f64,
    /// Whether the server answers queries, as far as resolverd knows.
    pub health: Health,
    /// The time in seconds until resolverd sends a query to the dead server again; `None` if the server is not dead.
    pub dead_for: Option<f64>,
    /// The number of queries in a row that the server did not answer.
    pub unanswered: u32,
    /// The features, such as EDNS, that the server is assumed to have. In JSON they are keys of the server object.
    #[serde(flatten)]
    pub features: ServerFeatures,
    /// The zones that are delegated to the server but that the server does not serve.
    pub lame: Vec<String>,
}

/// A resolution (flight), for which several clients may wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlightState {
    /// The name.
    pub name: String,
    /// The record type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Seconds since the resolution began.
    pub age: f64,
    /// The number of clients that wait for this resolution. 0 if the deadline of all clients has passed, so that they already got
    /// replies.
    pub clients: usize,
    /// The number of queries to servers that this resolution has sent so far.
    pub messages: usize,
    /// The zone whose servers were queried last; `None` before the first query.
    pub zone: Option<String>,
    /// The server that was queried last; `None` before the first query.
    pub server: Option<String>,
}

/// An entry of the cache for a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldRow {
    /// What the entry contains.
    pub held: HeldAs,
    /// The record type of the entry; `None` if the entry applies to all types.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The number of the view (the configured zones that a client sees) whose clients use the entry. The view of `[listen]` has
    /// the number 0 when the daemon starts. If a reload changes the zones of a listener, its view gets a new number.
    pub view: u32,
    /// The flags of the questions that the entry answers: `do`, `cd`.
    pub flags: Vec<String>,
    /// The remaining time for which the entry may be used, in whole seconds.
    pub ttl: u64,
    /// For an RRset, where its records came from: its rank (RFC 2181 section 5.4.1). `None` for other entries.
    pub source: Option<Rank>,
    /// The size in octets.
    pub octets: u32,
    /// The content of the cache entry as text. Records have the form of zone files.
    pub data: Vec<String>,
}

/// What a cache entry contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldAs {
    /// A complete answer, as the octets that are sent to clients.
    Answer,
    /// An RRset, from which answers are made.
    Rrset,
    /// A negative answer: the name or the type does not exist.
    Negative,
    /// The servers of a zone.
    Delegation,
    /// The DNSSEC state of a zone, with its keys.
    Trust,
    /// A recent failure, which is repeated to clients for a short time.
    Failure,
}

/// A rule of look-ahead: which question is resolved early, before a client asks it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LookaheadRule {
    /// The rule, with the question that it resolves early.
    pub rule: Rule,
    /// Whether the rule is active. In the mode "learned", only active rules resolve questions early.
    pub state: RuleState,
    /// Since the daemon started: the number of questions that this rule resolved before a client asked them.
    pub asked: u64,
    /// How many of their answers a client used before the TTL expired.
    pub used: u64,
    /// How many of their answers no client used before the TTL expired.
    pub unused: u64,
    /// The time in seconds that clients did not have to wait because of this rule.
    pub saved: f64,
    /// The number of questions that the rule would have asked in advance, while it only observed.
    pub observed: u64,
    /// How many of these a client really asked within 30 s.
    pub sent_later: u64,
    /// The percentage of this rule's last questions whose answers clients used or would have used; `None` before the first
    /// question.
    pub share: Option<u32>,
}

/// The mode and the counters of look-ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookaheadState {
    /// The mode of look-ahead on the listeners that do not set a mode of their own.
    pub mode: LookaheadMode,
    /// How many listeners set a mode of look-ahead of their own.
    pub own_modes: u64,
    /// Since the daemon started: the number of questions that were not resolved early because a limit was reached.
    pub refused: u64,
    /// Since the daemon started: the number of answers from which look-ahead learned nothing because it was too busy.
    pub lost: u64,
}
