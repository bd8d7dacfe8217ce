//! What is known of a server: for a zone, by which servers are chosen, and for display.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_proto::rr::Name;

use dns::clock::Mono;
use dns::conduct::{Health, ServerFeatures};

/// The state of a server for a zone, by which servers are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerStanding {
    /// The smoothed round trip of all answers of the server, or only of its answers for this zone if it is slow for this zone. `None` if the server
    /// has not answered.
    pub round_trip: Option<Duration>,
    /// How long to wait before another server is queried in addition.
    pub timer: Duration,
    /// When a reply counts as lost. Never shorter than `timer`.
    pub patience: Duration,
    /// The health of the server for the zone.
    pub health: Health,
    /// Since when the server is known not to answer for the zone. It then gets only probes in the background, and no question waits for it.
    pub(crate) silent_since: Option<Mono>,
    /// True if the server does not answer for other zones, and it is unknown if it answers for this zone: it had no query for this zone, or did not
    /// answer because of an outage that has ended. A question then waits only a short time for the server.
    pub(crate) silent_elsewhere: bool,
    /// True if the server does not serve the zone (lame).
    pub lame: bool,
    /// True if the server gave a usable answer within `SERVED_TIME`, and has not failed for the zone for good since.
    pub(crate) served_lately: bool,
    /// The share of lost queries in per cent; 0 if unknown, or if many queries wait for the server. It is also 0 for a server slower than
    /// `MAX_TIMER`: a missing reply is then probably late and not lost.
    pub loss: u8,
    /// The features, such as EDNS and TCP.
    pub features: ServerFeatures,
    /// True if the server finds names in mixed case (0x20), so that resolverd believes its denials of such names.
    pub(crate) finds_mixed_case: bool,
    /// True if the round trip for the zone is unknown or out of date, and was not measured a short time ago.
    pub(crate) to_be_measured: bool,
}

/// What is known about a server, for display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownServer {
    /// The address and port.
    pub address: SocketAddr,
    /// True if a query was ever sent to the server.
    pub asked: bool,
    /// The smoothed round trip, if the server has answered.
    pub round_trip: Option<Duration>,
    /// How long to wait before another server is queried.
    pub timer: Duration,
    /// The health of the server: it answers, did not answer the last query, or is dead.
    pub health: Health,
    /// The time until a dead server gets the next query; `None` if it is not dead.
    pub dead_for: Option<Duration>,
    /// The number of consecutive unanswered queries. Queries in progress at the same time count as one.
    pub silences: u32,
    /// The features, such as EDNS and TCP.
    pub features: ServerFeatures,
    /// The zones for which the server is lame.
    pub lame: Vec<Name>,
    /// The zone of the first query of this process to the server, as an example of its zones.
    pub zone: Option<Name>,
}
