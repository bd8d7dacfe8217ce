//! The state and health of the daemon, the statistics, and the fill of the memories.
//!
//! Spans are in seconds.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use history::{ServerRow, ShedRow, StatsReport, ZoneRow};
use resolver::cache::StoreFill;
use resolver::resolve::root_keys::RootKeysReport;
use validate::root_keys::{RootKey, RootKeyState};

/// The daemon and its current state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DaemonStatus {
    /// Its version.
    pub version: String,
    /// Its process id.
    pub process: u32,
    /// Its configuration file; none if it runs on built-in defaults.
    pub config: Option<String>,
    /// The addresses at which it listens over UDP and TCP.
    pub listen: Vec<SocketAddr>,
    /// The addresses at which it listens for DNS over TLS.
    pub listen_tls: Vec<SocketAddr>,
    /// The addresses at which it listens for DNS over HTTPS.
    pub listen_https: Vec<SocketAddr>,
    /// The addresses at which it listens for DNS over QUIC.
    pub listen_quic: Vec<SocketAddr>,
    /// Configured addresses at which it does not listen, because this host does not have them yet.
    pub missing: Vec<MissingAddress>,
    /// The certificates of encrypted listeners.
    pub certificates: Vec<CertificateStatus>,
    /// The listener for metrics; none if `metrics.listen` is empty.
    pub metrics: Option<MetricsStatus>,
    /// Flights in progress.
    pub flights: u64,
    /// The greatest number of flights.
    pub flights_max: u64,
    /// Tasks and threads that were restarted after a panic.
    pub restarts: u64,
    /// Tasks and threads that did not answer the watchdog in its last round.
    pub stuck: u64,
    /// The keys of the root that are followed.
    pub root_keys: RootKeysStatus,
    /// The snapshot of the cache; none if `cache.snapshot` is off.
    pub snapshot: Option<SnapshotStatus>,
}

/// The snapshot of the cache, which the next start reads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SnapshotStatus {
    /// Whether the file that was there at the start has been read.
    pub read: bool,
    /// Seconds since it was written; none if this process has not written it yet.
    pub age: Option<f64>,
    /// Entries in it.
    pub entries: u64,
    /// Octets of the file.
    pub bytes: u64,
    /// Entries that this process has restored from the one before it.
    pub restored: u64,
}

/// The keys of the root, which are the trust anchors of most names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootKeysStatus {
    /// Whether they are followed over their rollovers (RFC 5011).
    pub follows: bool,
    /// When they were last validated, in seconds since 1970; none if they never were.
    pub checked: Option<u64>,
    /// Why the last query for them failed, in words that end a sentence; none if it did not.
    pub why: Option<String>,
    /// Since when queries for them fail, in seconds since 1970; none if the last one did not.
    pub failing_since: Option<u64>,
    /// Why they could not be written to the state directory, in words that end a sentence; none if they were.
    pub unkept: Option<String>,
    /// Whether answers are validated by keys of the root, and none of them can be checked.
    pub unusable: bool,
    /// The keys.
    pub keys: Vec<RootKeyRow>,
}

/// A key of the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootKeyRow {
    /// Its key tag.
    pub tag: u16,
    /// Its state.
    pub state: RootKeyStanding,
    /// Since when, in seconds since 1970; none if it was not seen yet.
    pub since: Option<u64>,
}

/// The state of a key of the root (RFC 5011 section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RootKeyStanding {
    /// It is built in or configured, and was not seen yet.
    Configured,
    /// It is new and not trusted yet.
    Pending,
    /// It is trusted.
    Valid,
    /// It is trusted, but the root no longer shows it.
    Missing,
    /// The root has revoked it.
    Revoked,
    /// It was revoked more than 30 days ago.
    Removed,
}

impl RootKeyStanding {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Configured, Self::Pending, Self::Valid, Self::Missing, Self::Revoked, Self::Removed];
}

impl RootKeysStatus {
    /// The keys of a report. Keys that were learned do not count while they are not followed.
    pub fn from_report(report: RootKeysReport) -> Self {
        let RootKeysReport { follows, keys, unseen, trouble, failing_since, unkept, is_usable } = report;
        let row = |known: &RootKey| {
            let state = match known.state {
                RootKeyState::Pending => RootKeyStanding::Pending,
                RootKeyState::Valid => RootKeyStanding::Valid,
                RootKeyState::Missing => RootKeyStanding::Missing,
                RootKeyState::Revoked => RootKeyStanding::Revoked,
                RootKeyState::Removed => RootKeyStanding::Removed,
            };
            RootKeyRow { tag: known.tag, state, since: Some(known.since) }
        };
        let unseen =
            unseen.into_iter().map(|tag| RootKeyRow { tag, state: RootKeyStanding::Configured, since: None });
        let rows = keys.keys.iter().map(row).chain(unseen).collect();
        let unusable = !is_usable;
        Self { follows, checked: keys.checked, why: trouble, failing_since, unkept, unusable, keys: rows }
    }
}

/// An address that is configured and not available.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingAddress {
    /// The address, as configured.
    pub address: SocketAddr,
    /// Why it is not available, in words that end a sentence.
    pub why: String,
}

/// The certificate of an encrypted listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateStatus {
    /// Its file.
    pub file: String,
    /// From when on it is valid, in seconds since 1970; none if it does not tell.
    pub from: Option<u64>,
    /// Until when it is valid, in seconds since 1970; none if it does not tell.
    pub until: Option<u64>,
    /// Why the files on the disk, which are newer, are not in use; none if they are.
    pub wrong: Option<String>,
}

/// The listener for metrics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricsStatus {
    /// Its address.
    pub address: SocketAddr,
    /// Why it does not listen there, in words that end a sentence; none if it does.
    pub why: Option<String>,
}

/// The health of the daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The daemon.
    #[serde(flatten)]
    pub daemon: DaemonStatus,
    /// Seconds since it started.
    pub uptime: f64,
    /// Questions of the last five minutes, or since the start if that is later.
    pub questions: u64,
    /// The span of these questions, in seconds.
    pub seconds: f64,
    /// The fill of the memories.
    pub stores: Vec<Fill>,
    /// The troubles, with advice; empty if all is well.
    pub warnings: Vec<Warning>,
}

/// The weight of a trouble.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Some queries fail: for a zone, for a list, or at one address.
    #[default]
    Warning,
    /// Queries of all kinds fail, and mail with them.
    Critical,
}

/// A trouble with its advice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The weight.
    pub severity: Severity,
    /// The trouble.
    pub problem: String,
    /// The advice.
    pub remedy: String,
}

impl Warning {
    /// A trouble of some queries.
    pub(crate) fn new(problem: String, remedy: &str) -> Self {
        Self { severity: Severity::Warning, problem, remedy: remedy.to_owned() }
    }

    /// A trouble of all kinds of queries.
    pub(crate) fn critical(problem: String, remedy: &str) -> Self {
        Self { severity: Severity::Critical, ..Self::new(problem, remedy) }
    }
}

/// The main screen of the statistics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// The daemon's version.
    pub version: String,
    /// The statistics.
    #[serde(flatten)]
    pub report: StatsReport,
    /// The zones with the most time spent.
    pub slow_zones: Vec<ZoneRow>,
    /// The zones with the most failed resolutions.
    pub failed_zones: Vec<ZoneRow>,
    /// The servers with the longest wait.
    pub slow_servers: Vec<ServerRow>,
    /// The zones whose questions were turned away most, because others needed the room.
    pub shed_zones: Vec<ShedRow>,
    /// The clients whose questions were turned away most.
    pub shed_clients: Vec<ShedRow>,
    /// The fill of the memories.
    pub stores: Vec<Fill>,
}

/// The fill of a memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The memory.
    pub store: String,
    /// Number of entries, including entries past their TTL.
    pub entries: u64,
    /// Their weight in octets.
    pub bytes: u64,
    /// Its bound in octets.
    pub capacity: u64,
}

impl From<&StoreFill> for Fill {
    fn from(fill: &StoreFill) -> Self {
        let StoreFill { store, entries, bytes, capacity } = *fill;
        Self { store: store.to_owned(), entries, bytes, capacity }
    }
}
