//! Questions through the daemon, queries to one server, and events of completed queries.
//!
//! Time spans are in seconds, times in seconds since 1970.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::zones::ZoneSource;
use dns::question::{ExtendedError, Outcome, Security};
use doctor::facts::Record;

/// Asks a question, and requests each step of its resolution.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceRequest {
    /// Name to ask for; an address asks for its PTR records.
    pub name: String,
    /// Record type. `None` means A, or PTR if the name is an address.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// True if the question is resolved without the cache.
    #[serde(default)]
    pub fresh: bool,
}

/// The result of a question through the daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueryReply {
    /// Name asked for.
    pub name: String,
    /// Type asked for.
    #[serde(rename = "type")]
    pub kind: String,
    /// Response code, by its usual name: `NOERROR`, `NXDOMAIN`, `SERVFAIL`.
    pub rcode: String,
    /// The source of the answer, or why there is none.
    pub outcome: Outcome,
    /// Duration in seconds.
    pub elapsed: f64,
    /// Flags of the header, as dig names them.
    pub flags: Vec<String>,
    /// DNSSEC status of the answer.
    pub security: Security,
    /// Answer section, with current TTLs.
    pub answers: Vec<Record>,
    /// SOA of a negative answer; it determines how long the answer is kept (RFC 2308).
    pub authority: Vec<Record>,
    /// Why there is no answer.
    pub extended_error: Option<ExtendedError>,
    /// The part of the configuration that answers for the name; `None` if the name is resolved on the internet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configured: Option<ConfiguredSource>,
    /// The views whose clients get other data for the name. This reply has the data for a client without a view.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<String>,
}

/// The part of the configuration that answers for a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfiguredSource {
    /// The apex of the zone, or the name of the host or record.
    pub zone: String,
    /// The kind of source from which the answers come.
    pub kind: ZoneSource,
    /// The servers that are asked about the name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<SocketAddr>,
    /// Path of the zone file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// Selects queries: failed or slow queries if `failures` or `slow` is set, otherwise all queries.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonitorRequest {
    /// Selects queries that fail with SERVFAIL.
    #[serde(default)]
    pub failures: bool,
    /// Selects queries that take at least this many seconds.
    pub slow: Option<f64>,
    /// Selects queries of clients with this address or in this network.
    pub client: Option<String>,
    /// Selects names at and below this name.
    pub zone: Option<String>,
}

/// A completed query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueryEvent {
    /// Time of arrival.
    pub at: f64,
    /// Address of the client.
    pub client: IpAddr,
    /// The name that the client asked for.
    pub name: String,
    /// The record type that the client asked for.
    #[serde(rename = "type")]
    pub kind: String,
    /// Outcome of the query.
    pub outcome: Outcome,
    /// Time from arrival to reply.
    pub elapsed: f64,
    /// Why the query failed; `None` if it did not fail.
    pub error: Option<String>,
}
