//! Questions that the daemon resolves for the operator, and events about queries of clients that have ended.
//!
//! Durations are in seconds, points in time in seconds since 1970.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::zones::ZoneSource;
use dns::question::{ExtendedError, Outcome, Security};
use doctor::facts::Record;

/// Asks a question whose resolution is shown step by step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceRequest {
    /// The name to ask for. If it is an address, its PTR records are asked for.
    pub name: String,
    /// The record type to ask for. `None` means A, or PTR if the name is an address.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// True if the question is resolved without cached data.
    #[serde(default)]
    pub fresh: bool,
}

/// The result of a question that the daemon resolved for the operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueryReply {
    /// The name that the operator asked for.
    pub name: String,
    /// The record type that the operator asked for.
    #[serde(rename = "type")]
    pub kind: String,
    /// The response code of the answer, by its usual name: `NOERROR`, `NXDOMAIN`, `SERVFAIL`.
    pub rcode: String,
    /// The outcome: how the question was answered, or why it failed.
    pub outcome: Outcome,
    /// The time from the question to the answer, in seconds.
    pub elapsed: f64,
    /// The flags in the header of the answer, with the names that dig uses.
    pub flags: Vec<String>,
    /// The DNSSEC status of the answer, for instance secure.
    pub security: Security,
    /// The records of the answer section, with their current TTLs.
    pub answers: Vec<Record>,
    /// The SOA record of a negative answer. It determines how long the answer stays in the cache (RFC 2308).
    pub authority: Vec<Record>,
    /// Why there is no answer, as an extended error (RFC 8914); `None` if there is an answer without a problem.
    pub extended_error: Option<ExtendedError>,
    /// The part of the configuration from which the name is answered; `None` if the name is resolved on the internet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configured: Option<ConfiguredSource>,
    /// The views whose clients get other data for the name. This reply has the data for clients without a view.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<String>,
}

/// The part of the configuration from which a name is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfiguredSource {
    /// The apex of the configured zone; for a host entry or a record, its name.
    pub zone: String,
    /// Where the answers come from, for instance forwarders or a file.
    pub kind: ZoneSource,
    /// The configured servers that are asked about the name; empty if the answer comes from records, a host entry or a file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<SocketAddr>,
    /// The path of the zone file; `None` if the answer does not come from a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// Selects the queries that are shown: failed queries, slow queries or both. If neither `failures` nor `slow` is set, all queries.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonitorRequest {
    /// True if queries that ended in SERVFAIL are selected.
    #[serde(default)]
    pub failures: bool,
    /// Selects queries that take at least this many seconds; `None` if slow queries are not selected.
    pub slow: Option<f64>,
    /// Selects queries of clients with this address or in this network; `None` selects all clients.
    pub client: Option<String>,
    /// Selects queries for this name and for names below it; `None` selects all names.
    pub zone: Option<String>,
}

/// A query of a client that has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueryEvent {
    /// When the query was received, in seconds since 1970.
    pub at: f64,
    /// The address of the client that sent the query.
    pub client: IpAddr,
    /// The name for which the client asked.
    pub name: String,
    /// The record type for which the client asked.
    #[serde(rename = "type")]
    pub kind: String,
    /// The outcome: how the query was answered, or why it failed.
    pub outcome: Outcome,
    /// The time from the arrival of the query to the reply, in seconds.
    pub elapsed: f64,
    /// Why the query failed, as a sentence; `None` if it did not fail.
    pub error: Option<String>,
}
