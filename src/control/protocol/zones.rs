//! Rows of the reply about configured zones.
//!
//! Spans are in seconds.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use resolver::cache::servers::Health;

/// A configured zone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ZoneState {
    /// Its apex.
    pub zone: String,
    /// The view whose clients see it; none: clients without a view too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
    /// The source of its answers.
    pub kind: ZoneSource,
    /// Whether the root servers are asked if the forwarders fail.
    pub forward_first: bool,
    /// The servers that are asked, as configured.
    pub servers: Vec<ZoneServer>,
    /// The zone file.
    pub file: Option<String>,
    /// Addresses of a host.
    pub addresses: Vec<IpAddr>,
    /// Addresses to ask from, if they are not the general ones.
    pub source: Vec<IpAddr>,
    /// Seconds, if it differs from the general cap.
    pub max_ttl: Option<f64>,
    /// Seconds, if it differs from the general cap.
    pub negative_max_ttl: Option<f64>,
    /// Listeners whose clients do not see it, by their first address.
    pub hidden_at: Vec<SocketAddr>,
}

/// The source of a zone's answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneSource {
    /// Recursive servers.
    Forward,
    /// Its own servers.
    Stub,
    /// The servers that delegations from the root lead to.
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
    /// Its address and port.
    pub address: SocketAddr,
    /// The name of its certificate, if it is asked over TLS or HTTPS.
    pub tls: Option<String>,
    /// The path of its URL, if it is asked over HTTPS.
    pub https: Option<String>,
    /// Seconds, if it ever answered.
    pub round_trip: Option<f64>,
    /// Whether it answers; none if it was not asked since the start or the last flush.
    pub health: Option<Health>,
    /// Whether it is known not to serve the zone.
    pub lame: bool,
}
