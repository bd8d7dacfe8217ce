//! Rows of the replies about servers, flights, and what memory holds.
//!
//! Spans are in seconds.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::cache::rrsets::Rank;
use crate::cache::servers::Health;

/// What is known of a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerState {
    /// Its address and port.
    pub address: SocketAddr,
    /// Whether it was asked since the start or the last flush.
    pub asked: bool,
    /// Smoothed round trip, where it ever answered.
    pub round_trip: Option<f64>,
    /// How long it is waited for before another is asked.
    pub timer: f64,
    /// Whether it answers.
    pub health: Health,
    /// How long it is left alone yet, where it is dead.
    pub dead_for: Option<f64>,
    /// Messages in a row that it has let pass.
    pub silences: u32,
    /// Whether it takes EDNS.
    pub edns: bool,
    /// Whether it repeats the case of a question's letters (0x20).
    pub keeps_case: bool,
    /// Whether it takes TCP.
    pub tcp: bool,
    /// Zones it does not serve though it should.
    pub lame: Vec<String>,
}

/// A flight under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlightState {
    /// Name asked for.
    pub name: String,
    /// Type asked for.
    #[serde(rename = "type")]
    pub kind: String,
    /// Since when.
    pub age: f64,
    /// Clients that wait for it; none where all have been told that it takes too long.
    pub clients: usize,
    /// Messages sent so far.
    pub messages: usize,
    /// The zone whose servers were asked last.
    pub zone: Option<String>,
    /// The server that was asked last.
    pub server: Option<String>,
}

/// Something that memory holds under a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldRow {
    /// As what it is held.
    pub held: HeldAs,
    /// Its type; none where it holds for all types.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The view whose it is: that of `[listen]` is 0 at the start, and listeners with other zones have others. A reload that
    /// changes what a listener's clients see gives it a new one.
    pub view: u32,
    /// Flags of the questions that it answers: `do`, `cd`.
    pub flags: Vec<String>,
    /// Whole seconds that it may still be used.
    pub ttl: u64,
    /// How much an RRset is believed.
    pub rank: Option<Rank>,
    /// Octets that it is weighed at.
    pub octets: u32,
    /// What it says, in zone-file form where it has records.
    pub data: Vec<String>,
}

/// As what something is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldAs {
    /// An answer as bytes to send.
    Answer,
    /// An RRset.
    Rrset,
    /// That there is no such name or type.
    Negative,
    /// Who serves the zone.
    Delegation,
    /// What the zone's keys turned out to be.
    Trust,
    /// That the question failed a moment ago.
    Failure,
}
