//! Rows of the replies about servers, flights, cache entries and look-ahead.
//!
//! All time spans are in seconds.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use resolver::cache::rrset::Rank;
use resolver::cache::servers::Health;
use resolver::cache::servers::ServerFeatures;
use resolver::config::LookaheadMode;
use resolver::lookahead::{Rule, RuleState};

/// The state of a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerState {
    /// Address and port of the server.
    pub address: SocketAddr,
    /// True if the server was asked since the start or the last flush.
    pub asked: bool,
    /// Smoothed round-trip time; `None` if the server has never answered.
    pub round_trip: Option<f64>,
    /// Time to wait for the server before another server is asked too.
    pub retry_after: f64,
    /// Shows if the server answers queries.
    pub health: Health,
    /// Time until the next probe of a dead server; `None` if the server is not dead.
    pub dead_for: Option<f64>,
    /// Number of consecutive queries that the server did not answer.
    pub unanswered: u32,
    /// EDNS and other features that the server is not known to lack. In JSON they are keys of the server object.
    #[serde(flatten)]
    pub features: ServerFeatures,
    /// Zones that the server should serve but does not.
    pub lame: Vec<String>,
}

/// A query in progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlightState {
    /// Name that is asked for.
    pub name: String,
    /// Type asked for.
    #[serde(rename = "type")]
    pub kind: String,
    /// Age of the query.
    pub age: f64,
    /// Number of waiting clients; 0 if all clients have been answered because their deadline has passed.
    pub clients: usize,
    /// Number of queries that were sent to servers so far.
    pub messages: usize,
    /// The zone whose servers were asked last.
    pub zone: Option<String>,
    /// The server that was asked last.
    pub server: Option<String>,
}

/// A cache entry under a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldRow {
    /// Kind of the entry.
    pub held: HeldAs,
    /// Record type; `None` if the entry applies to all types.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Number of the view whose clients use the entry. The view of `[listen]` starts as 0; listeners that serve other zones have other
    /// views. A reload that changes the view of a listener gives the view a new number.
    pub view: u32,
    /// Flags of the questions that the entry answers: `do`, `cd`.
    pub flags: Vec<String>,
    /// Whole seconds for which the entry may still be used.
    pub ttl: u64,
    /// The source of an RRset: its rank (RFC 2181 section 5.4.1).
    pub source: Option<Rank>,
    /// Size in octets.
    pub octets: u32,
    /// Content of the entry; records are in zone-file form.
    pub data: Vec<String>,
}

/// The kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldAs {
    /// A complete answer, stored as the octets that are sent to clients.
    Answer,
    /// An RRset.
    Rrset,
    /// A negative answer for the name or the type.
    Negative,
    /// The servers of the zone.
    Delegation,
    /// The state of the zone's keys.
    Trust,
    /// A recent failure.
    Failure,
}

/// A look-ahead rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LookaheadRule {
    /// The rule, named after the question that it asks early.
    pub rule: Rule,
    /// State of the rule in the mode "learned".
    pub state: RuleState,
    /// Number of questions that this rule asked early, before a client, since the daemon started.
    pub asked: u64,
    /// Number of these questions whose answers a client used before the TTL expired.
    pub used: u64,
    /// Number of these questions whose answers no client used.
    pub unused: u64,
    /// Seconds of waiting that the rule saved clients.
    pub saved: f64,
    /// Number of questions that clients were expected to ask, and that the rule only observed and did not ask early.
    pub observed: u64,
    /// Number of the observed questions that a client really asked within 30 s.
    pub sent_later: u64,
    /// Percentage of the latest questions of this rule whose answers clients used or would have used; `None` before the first question.
    pub share: Option<u32>,
}

/// The look-ahead mode. This row follows the rows of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookaheadState {
    /// Mode of the listeners that do not set a mode.
    pub mode: LookaheadMode,
    /// Number of listeners that set a mode.
    pub own_modes: u64,
    /// Number of questions that were not asked early because a limit was reached, since the daemon started.
    pub refused: u64,
    /// Number of answers from which look-ahead learned nothing, since the daemon started.
    pub lost: u64,
}
