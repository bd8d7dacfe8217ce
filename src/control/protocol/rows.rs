//! Rows of the replies about servers, flights, entries of memory, and look-ahead.
//!
//! Spans are in seconds.

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
    /// Its address and port.
    pub address: SocketAddr,
    /// Whether it was asked since the start or the last flush.
    pub asked: bool,
    /// Smoothed round trip, if it ever answered.
    pub round_trip: Option<f64>,
    /// How long it is waited for before another server is asked too.
    pub retry_after: f64,
    /// Whether it answers.
    pub health: Health,
    /// Time until its next probe, if it is dead.
    pub dead_for: Option<f64>,
    /// Queries in a row that it did not answer.
    pub unanswered: u32,
    /// The features that it is not known to lack. In JSON they are keys of the server.
    #[serde(flatten)]
    pub features: ServerFeatures,
    /// Zones it does not serve though it should.
    pub lame: Vec<String>,
}

/// A query in progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlightState {
    /// Name asked for.
    pub name: String,
    /// Type asked for.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its age.
    pub age: f64,
    /// Clients that wait for it; 0 if all have been answered at their deadline.
    pub clients: usize,
    /// Queries sent so far.
    pub messages: usize,
    /// The zone whose servers were asked last.
    pub zone: Option<String>,
    /// The server that was asked last.
    pub server: Option<String>,
}

/// An entry of memory under a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldRow {
    /// The kind of entry.
    pub held: HeldAs,
    /// Its type; none if it holds for all types.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The number of its view. At the start the view of `[listen]` is 0, and listeners with other zones have other views. A reload
    /// that changes the view of a listener gives it a new number.
    pub view: u32,
    /// Flags of the questions that it answers: `do`, `cd`.
    pub flags: Vec<String>,
    /// Whole seconds that it may still be used.
    pub ttl: u64,
    /// The source of an RRset: its rank (RFC 2181 section 5.4.1).
    pub source: Option<Rank>,
    /// Its weight in octets.
    pub octets: u32,
    /// Its content, in zone-file form if it has records.
    pub data: Vec<String>,
}

/// The kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldAs {
    /// An answer as bytes to send.
    Answer,
    /// An RRset.
    Rrset,
    /// A denial of the name or the type.
    Negative,
    /// The servers of the zone.
    Delegation,
    /// The state of the zone's keys.
    Trust,
    /// A failure of a moment ago.
    Failure,
}

/// A rule of look-ahead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LookaheadRule {
    /// The rule, by what it asks for.
    pub rule: Rule,
    /// Its state in the mode "learned".
    pub state: RuleState,
    /// Questions asked ahead since the start.
    pub asked: u64,
    /// Questions asked ahead that a client used before the TTL of the answer ended.
    pub used: u64,
    /// Questions asked ahead that no client has used.
    pub unused: u64,
    /// Seconds that clients did not wait.
    pub saved: f64,
    /// Questions that were expected of clients, and not asked ahead.
    pub observed: u64,
    /// Expected questions that a client asked within 30 s.
    pub sent_later: u64,
    /// Per cent of the last questions that clients used, or would have used; none before the first.
    pub share: Option<u32>,
}

/// The mode of look-ahead; after the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookaheadState {
    /// The mode of listeners without a mode of their own.
    pub mode: LookaheadMode,
    /// Listeners with a mode of their own.
    pub own_modes: u64,
    /// Questions that were not asked because of a bound, since the start.
    pub refused: u64,
    /// Answers from which nothing was learnt, since the start.
    pub lost: u64,
}
