//! The reply about the fleet: the state of its store, and a row for each gateway.

use std::time::Duration;

use hickory_proto::rr::Name;
use serde::{Deserialize, Serialize};

use dns::cached::Flush;

/// The state of the store that the gateways share.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FleetState {
    /// The group of gateways; `None` if this gateway is in no fleet.
    pub group: Option<String>,
    /// The servers of the store, as configured.
    pub servers: Vec<String>,
    /// Why the store does not work; `None` if it works.
    pub failing: Option<String>,
    /// How long it has not worked, in seconds.
    pub failing_for: Option<f64>,
    /// Why the store does not accept writes; `None` if it does.
    pub refuses_writes: Option<String>,
    /// The usual time of a reply of the store, in seconds.
    pub round_trip: Option<f64>,
    /// The number of reads for which the store did not reply within 20 ms.
    pub late: u64,
    /// The number of entries that this gateway has written to the store.
    pub written: u64,
    /// The number of entries that this gateway did not write to the store, because too many entries waited.
    pub dropped: u64,
    /// The number of entries of the store that this gateway did not use, because they were forged or had expired.
    pub refused: u64,
    /// The number of commands that the store answered with an error.
    pub errors: u64,
}

/// A gateway of the fleet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FleetMember {
    /// The host name.
    pub host: String,
    /// True for the gateway that replies.
    pub own: bool,
    /// The version of resolverd.
    pub version: String,
    /// The digest of the configuration values that decide answers. Gateways with different digests share no answers.
    pub configuration: String,
    /// True if `configuration` is equal to the digest of the gateway that replies.
    pub shares: bool,
    /// Since the gateway started: the number of questions that were answered from the store.
    pub hits: u64,
    /// Since the gateway started: the number of questions whose answers were not in the store.
    pub misses: u64,
    /// Since the gateway started: about how many queries to servers the store has saved.
    pub saved: u64,
    /// How much the clock of the gateway is ahead of the clock of the store, in seconds.
    pub clock_offset: f64,
    /// The usual time of a reply of the store to this gateway, in seconds.
    pub round_trip: f64,
    /// The time since the gateway last reported, in seconds.
    pub age: f64,
}

/// An order of the operator that all gateways of the fleet carry out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FleetOrder {
    /// Removes data from the caches.
    Flush(Flush),
    /// Adds a negative trust anchor for a time.
    AddNta(Name, Duration),
    /// Removes a negative trust anchor.
    RemoveNta(Name),
}
