//! Queries as they end.
//!
//! Spans are in seconds, moments in seconds since 1970.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use dns::question::Outcome;

/// The wanted queries: failed or slow queries if one of both is given, otherwise all queries.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonitorRequest {
    /// Queries that fail with SERVFAIL.
    #[serde(default)]
    pub failures: bool,
    /// Queries that take this long or longer.
    #[serde(default)]
    pub slow: Option<f64>,
    /// Only queries of this address or network.
    #[serde(default)]
    pub client: Option<String>,
    /// Only names at and below this one.
    #[serde(default)]
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
