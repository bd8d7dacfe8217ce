//! Questions through the daemon, queries to one server, and queries as they end.
//!
//! Spans are in seconds, moments in seconds since 1970.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::zones::ZoneSource;
use dns::question::{ExtendedError, Outcome, Security};
use doctor::facts::QueryForm;

/// A question whose steps are wanted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceRequest {
    /// The name; an address asks for its PTR.
    pub name: String,
    /// The type; none: A, or PTR if the name is an address.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// Whether it is resolved past the cache.
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
    /// Its time in seconds.
    pub elapsed: f64,
    /// Flags of the header, as dig names them.
    pub flags: Vec<String>,
    /// Its security.
    pub security: Security,
    /// Answer section, with current TTLs.
    pub answers: Vec<RecordText>,
    /// SOA of a negative answer, which gives its time (RFC 2308).
    pub authority: Vec<RecordText>,
    /// Why there is no answer.
    pub extended_error: Option<ExtendedError>,
    /// The part of the configuration that answers for the name; none if it is resolved on the internet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configured: Option<ConfiguredSource>,
    /// The views whose clients get other data for the name. This reply is as for a client in no view.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<String>,
}

/// The part of the configuration that answers for a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfiguredSource {
    /// The apex of the zone, or the name of the host or record.
    pub zone: String,
    /// The source of its answers.
    pub kind: ZoneSource,
    /// The servers that are asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<SocketAddr>,
    /// The zone file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// A record as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordText {
    /// Owner name.
    pub name: String,
    /// Seconds that it may still be kept.
    pub ttl: u32,
    /// Type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Data in zone-file form; characters that act on a terminal are escaped.
    pub data: String,
}

/// A query to one server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerQuery {
    /// The server.
    pub server: IpAddr,
    /// Its port; none: `resolve.upstream_port`.
    pub port: Option<u16>,
    /// The name.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The form of the query.
    pub form: QueryForm,
}

/// The wanted queries: failed or slow queries if one of both is given, otherwise all queries.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonitorRequest {
    /// Queries that fail with SERVFAIL.
    #[serde(default)]
    pub failures: bool,
    /// Queries that take this long or longer.
    pub slow: Option<f64>,
    /// Only queries of this address or network.
    pub client: Option<String>,
    /// Only names at and below this one.
    pub zone: Option<String>,
}

/// A query that has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueryEvent {
    /// When it came.
    pub at: f64,
    /// Its client.
    pub client: IpAddr,
    /// The name.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its outcome.
    pub outcome: Outcome,
    /// From its arrival to the reply.
    pub elapsed: f64,
    /// Why it failed; none if it did not.
    pub error: Option<String>,
}
