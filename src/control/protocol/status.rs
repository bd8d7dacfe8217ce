//! What the daemon is and whether it is well, the statistics, and how full the memories are.
//!
//! Spans are in seconds.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::cache::StoreFill;
use crate::record::{Report, ServerRow, ShedRow, ZoneRow};

/// What the daemon is, and what it is doing now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DaemonStatus {
    /// Its version.
    pub version: String,
    /// Its process id.
    pub process: u32,
    /// Its configuration file; none where it runs on built-in defaults.
    pub config: Option<String>,
    /// Where it listens.
    pub listen: Vec<SocketAddr>,
    /// Where it is to listen and does not, as this host lacks the address so far.
    #[serde(default)]
    pub missing: Vec<MissingAddress>,
    /// Flights that are under way.
    pub flights: u64,
    /// Flights that may be.
    pub flights_max: u64,
}

/// An address that is configured and cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingAddress {
    /// It, as configured.
    pub address: SocketAddr,
    /// Why it cannot be had, in words that end a sentence.
    pub why: String,
}

/// Is it well?
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// What it is.
    #[serde(flatten)]
    pub daemon: DaemonStatus,
    /// Seconds since it started.
    pub uptime: f64,
    /// Questions of the last five minutes, or since the start where that is later.
    pub questions: u64,
    /// Seconds in which they came.
    pub seconds: f64,
    /// How full the memories are.
    pub stores: Vec<Fill>,
    /// What is not well, and what to do; nothing where all is well.
    pub warnings: Vec<Warning>,
}

/// Something that is not well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// What.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

/// The one screen of the statistics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// The daemon's version.
    pub version: String,
    /// The statistics.
    #[serde(flatten)]
    pub report: Report,
    /// The zones on which most time was spent.
    pub slow_zones: Vec<ZoneRow>,
    /// The servers that were waited for longest.
    pub slow_servers: Vec<ServerRow>,
    /// The zones whose questions were turned away most, as others needed the room.
    #[serde(default)]
    pub shed_zones: Vec<ShedRow>,
    /// The clients whose questions were turned away most.
    #[serde(default)]
    pub shed_clients: Vec<ShedRow>,
    /// How full the memories are.
    pub stores: Vec<Fill>,
}

/// How full a memory is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// Which.
    pub store: String,
    /// Entries, those past their TTL included.
    pub entries: u64,
    /// Octets they are weighed at.
    pub bytes: u64,
    /// Octets it may hold.
    pub capacity: u64,
}

impl From<&StoreFill> for Fill {
    fn from(fill: &StoreFill) -> Self {
        let StoreFill { store, entries, bytes, capacity } = *fill;
        Self { store: store.to_owned(), entries, bytes, capacity }
    }
}
