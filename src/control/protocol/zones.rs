//! Rows of the reply about configured zones.
//!
//! All time spans are in seconds.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use resolver::cache::servers::Health;

/// A configured zone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ZoneState {
    /// Apex of the zone.
    pub zone: String,
    /// The view whose clients see the zone; `None` if clients without a view see it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
    /// The kind of source from which the answers come.
    pub kind: ZoneSource,
    /// True if the root servers are asked when the forwarders fail.
    pub forward_first: bool,
    /// The servers that are asked about names in the zone, as configured.
    pub servers: Vec<ZoneServer>,
    /// Path of the zone file.
    pub file: Option<String>,
    /// Addresses of a host entry.
    pub addresses: Vec<IpAddr>,
    /// Source addresses of queries for this zone, if they differ from the general source addresses.
    pub source: Vec<IpAddr>,
    /// Maximum TTL in seconds, if it differs from the general maximum.
    pub max_ttl: Option<f64>,
    /// Maximum TTL of negative answers in seconds, if it differs from the general maximum.
    pub negative_max_ttl: Option<f64>,
    /// Listeners that do not answer from this zone, each by its first address.
    pub hidden_at: Vec<SocketAddr>,
}

/// The kind of source from which the answers of a zone come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneSource {
    /// Recursive servers, to which queries are forwarded.
    Forward,
    /// The zone's authoritative servers, as configured.
    Stub,
    /// The authoritative servers that are found by following delegations from the root.
    Recurse,
    /// A zone file.
    #[default]
    File,
    /// Records of the configuration file.
    Records,
    /// A host entry.
    Host,
}

/// A server of a zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZoneServer {
    /// Address and port of the server.
    pub address: SocketAddr,
    /// Name expected in the server certificate, if the server is asked over TLS or HTTPS.
    pub tls: Option<String>,
    /// Path of the URL, if the server is asked over HTTPS.
    pub https: Option<String>,
    /// Round-trip time in seconds; `None` if the server has never answered.
    pub round_trip: Option<f64>,
    /// Shows if the server answers; `None` if it was not asked since the start or the last flush.
    pub health: Option<Health>,
    /// True if the server is known not to serve the zone.
    pub lame: bool,
}
