//! Questions that the daemon resolves for the operator, and events about queries of clients that have ended.
//!
//! Durations are in seconds, points in time in seconds since 1970.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::zones::ZoneSource;
use dns::question::{ExtendedError, Outcome, Security};
use doctor::facts::Record;

/// Asks resolverd to resolve a question and to report each step of the resolution.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceRequest {
    /// The name to ask for, or an address, whose PTR records are then asked for.
    pub name: String,
    /// The record type to ask for. `None` means A, or PTR if the name is an address.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// True if resolverd uses no cached data.
    #[serde(default)]
    pub fresh: bool,
}

/// The result of a question that the daemon resolved for the operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueryReply {
    /// The name.
    pub name: String,
    /// The record type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The response code of the answer, by its usual name: `NOERROR`, `NXDOMAIN`, `SERVFAIL`.
    pub rcode: String,
    /// How the question was answered, or why it failed.
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
    /// The part of the configuration that answers for the name; `None` if resolverd resolves the name on the internet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configured: Option<ConfiguredSource>,
    /// The views whose clients get other data. This reply has the data for clients without a view.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<String>,
}

/// The part of the configuration that answers for a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfiguredSource {
    /// The apex of the configured zone; for a host entry or a record, its name.
    pub zone: String,
    /// Where the answers come from, for instance forwarders or a file.
    pub kind: ZoneSource,
    /// The configured servers that resolverd queries for the name; empty if the answer comes from records, a host entry or a
    /// file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<SocketAddr>,
    /// The path of the zone file; `None` if the answer does not come from a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// Selects queries: failed ones, slow ones or both. If neither `failures` nor `slow` is set, all queries.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonitorRequest {
    /// True selects queries that ended in SERVFAIL.
    #[serde(default)]
    pub failures: bool,
    /// Selects queries that take at least this many seconds.
    pub slow: Option<f64>,
    /// Only clients with this address or in this network; `None` selects all.
    pub client: Option<String>,
    /// Only this name and names below it; `None` selects all.
    pub zone: Option<String>,
}

/// A query of a client that has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueryEvent {
    /// When the query was received, in seconds since 1970.
    pub at: f64,
    /// The address of the client.
    pub client: IpAddr,
    /// The name.
    pub name: String,
    /// The record type.
    #[serde(rename = "type")]
    pub kind: String,
    /// How the query was answered, or why it failed.
    pub outcome: Outcome,
    /// The time from the arrival of the query to the reply, in seconds.
    pub elapsed: f64,
    /// Why the query failed, as a sentence; `None` if it did not fail.
    pub error: Option<String>,
}
