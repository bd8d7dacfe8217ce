//! Bounds of the HTTP listener for metrics.

use std::time::Duration;

/// Connections at once. A pair of Prometheus servers and a person need three. The others keep a client that is slow to send
/// its request from being closed for a new one at once.
pub const MAX_METRICS_CONNECTIONS: usize = 32;

/// Octets of the header of a request: Prometheus sends about 300, with a proxy and its tokens up to 4 096; other servers
/// allow 8 192.
pub const MAX_METRICS_REQUEST: usize = 8_192;

/// Fields of the header of a request: Prometheus sends 6, other servers allow 100.
pub const MAX_METRICS_FIELDS: usize = 64;

/// The longest time until the header of a request has arrived: Prometheus sends it at once, and TCP repeats a lost packet
/// after 1 s at the latest.
pub const METRICS_HEADER_TIME: Duration = Duration::from_secs(2);

/// The longest time of a reply: Prometheus gives up after 10 s.
pub const METRICS_TIME: Duration = Duration::from_secs(10);

/// Octets of memory for metrics and their text that stay between two scrapes: with a hundred lists and zones there are about so many.
pub const MAX_KEPT_METRICS: usize = 512 << 10;
