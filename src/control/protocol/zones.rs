//! Rows of the reply about configured zones.
//!
//! All durations are in seconds.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use resolver::cache::servers::Health;

/// Adds or removes a temporary zone. Such a zone is not in the configuration file, survives reloads, and ends with the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneWhat {
    /// Adds a zone. A temporary zone with the same name is replaced.
    Add {
        /// The zone.
        zone: AddedZone,
        /// Lifetime in seconds; `None` means until the daemon ends.
        seconds: Option<u64>,
    },
    /// Removes a temporary zone.
    Remove {
        /// Apex of the zone.
        name: String,
    },
}

/// A zone that is added while the daemon runs, with the values of a `[[zone]]` entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddedZone {
    /// Apex of the zone.
    pub name: String,
    /// The forwarders, or empty if `stub` is set.
    pub forward: Vec<String>,
    /// The zone's own servers, or empty if `forward` is set.
    pub stub: Vec<String>,
    /// True if answers are validated with DNSSEC.
    pub validate: bool,
}

impl AddedZone {
    /// Returns the zone as an entry of the configuration file.
    pub fn entry(&self) -> String {
        // Strings and lists of strings are written alike in JSON and TOML. Their serialization cannot fail.
        let list = |servers: &[String]| serde_json::to_string(servers).unwrap_or_default();
        let name = serde_json::to_string(&self.name).unwrap_or_default();
        let mut entry = format!("[[zone]]\nname = {name}\n");
        for (key, servers) in [("forward", &self.forward), ("stub", &self.stub)] {
            if !servers.is_empty() {
                entry.push_str(&format!("{key} = {}\n", list(servers)));
            }
        }
        if !self.validate {
            entry.push_str("validate = false\n");
        }
        entry
    }
}

/// A configured zone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ZoneState {
    /// Apex of the zone.
    pub zone: String,
    /// The name of the view whose clients see the zone; `None` if clients without a view see it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
    /// Where the answers of the zone come from, for instance forwarders or a file.
    pub kind: ZoneSource,
    /// True if names are resolved from the root servers when the forwarders of the zone fail.
    pub forward_first: bool,
    /// The servers that are asked about names in the zone, as configured.
    pub servers: Vec<ZoneServer>,
    /// The path of the zone file; `None` if there is no file.
    pub file: Option<String>,
    /// The addresses of a host entry; empty for other zones.
    pub addresses: Vec<IpAddr>,
    /// The addresses from which queries for this zone are sent, if they differ from the general setting; otherwise empty.
    pub source: Vec<IpAddr>,
    /// The largest TTL of answers from this zone, in seconds; `None` if the general setting applies.
    pub max_ttl: Option<f64>,
    /// The largest TTL of negative answers from this zone, in seconds; `None` if the general setting applies.
    pub negative_max_ttl: Option<f64>,
    /// Set if the zone is not in the configuration file, but was added by `resolverctl zone add`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary: Option<Temporary>,
    /// Listeners that do not answer from this zone, each by its first address.
    pub hidden_at: Vec<SocketAddr>,
}

/// The remaining lifetime of a temporary zone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Temporary {
    /// Seconds until the zone ends; `None` means that it ends with the daemon.
    pub left: Option<f64>,
}

/// The kind of source from which the answers of a zone come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneSource {
    /// Recursive servers (forwarders), to which queries are forwarded.
    Forward,
    /// The authoritative servers of the zone, which are named in the configuration.
    Stub,
    /// The authoritative servers that are found by following delegations from the root.
    Recurse,
    /// A file with the records of the zone.
    #[default]
    File,
    /// Records in the configuration file.
    Records,
    /// An entry of the configuration for one host.
    Host,
}

/// A server of a configured zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZoneServer {
    /// The address and port of the server.
    pub address: SocketAddr,
    /// The name that the certificate of the server must have, if it is queried over TLS or HTTPS; `None` for UDP and TCP.
    pub tls: Option<String>,
    /// The path of the URL, if the server is queried over HTTPS; otherwise `None`.
    pub https: Option<String>,
    /// The round-trip time in seconds; `None` if the server has never answered.
    pub round_trip: Option<f64>,
    /// If the server answers queries; `None` if it was not queried since the start of the daemon or the last flush.
    pub health: Option<Health>,
    /// True if the server is known not to serve the zone.
    pub lame: bool,
}
