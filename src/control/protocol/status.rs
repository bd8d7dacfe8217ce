//! The state and health of the daemon, the statistics, and how full the caches are.
//!
//! All time spans are in seconds.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use dns::words;
use history::{ServerRow, ShedRow, StatsReport, ZoneRow};
use resolver::cache::StoreFill;
use resolver::resolve::root_keys::RootKeysReport;
use validate::root_keys::{RootKey, RootKeyState};

/// The daemon and its current state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DaemonStatus {
    /// Version of the daemon.
    pub version: String,
    /// Process id of the daemon.
    pub process: u32,
    /// Path of the configuration file; `None` if the daemon runs on built-in defaults.
    pub config: Option<String>,
    /// Addresses of the UDP and TCP listeners.
    pub listen: Vec<SocketAddr>,
    /// Addresses of the listeners for DNS over TLS.
    pub listen_tls: Vec<SocketAddr>,
    /// Addresses of the listeners for DNS over HTTPS.
    pub listen_https: Vec<SocketAddr>,
    /// Addresses of the listeners for DNS over QUIC.
    pub listen_quic: Vec<SocketAddr>,
    /// Configured addresses without a listener, because this host does not have them yet.
    pub missing: Vec<MissingAddress>,
    /// Certificates of the encrypted listeners.
    pub certificates: Vec<CertificateStatus>,
    /// The listener for metrics; `None` if `metrics.listen` is empty.
    pub metrics: Option<MetricsStatus>,
    /// Number of flights in progress. A flight is one resolution for all clients that ask the same question.
    pub flights: u64,
    /// Maximum number of flights.
    pub flights_max: u64,
    /// Number of tasks and threads that were restarted after a panic.
    pub restarts: u64,
    /// Number of tasks and threads that did not answer the last check of the watchdog.
    pub stuck: u64,
    /// The keys of the root zone that the daemon knows, and their states.
    pub root_keys: RootKeysStatus,
    /// The snapshot of the cache; `None` if `cache.snapshot` is off.
    pub snapshot: Option<SnapshotStatus>,
}

/// The state of the cache snapshot, a file which the daemon reads at its next start.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SnapshotStatus {
    /// True once the daemon has read the snapshot of the previous process.
    pub read: bool,
    /// Seconds since the last write; `None` if this process has not written a snapshot yet.
    pub age: Option<f64>,
    /// Number of entries in the snapshot.
    pub entries: u64,
    /// Size of the file in octets.
    pub bytes: u64,
    /// Number of entries that this process restored from the previous snapshot.
    pub restored: u64,
}

/// The keys of the root zone. They are the trust anchors for most names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootKeysStatus {
    /// True if the keys are tracked through rollovers (RFC 5011).
    pub follows: bool,
    /// Time of the last successful validation of the keys, in seconds since 1970; `None` if there was none.
    pub checked: Option<u64>,
    /// Why the last query for the keys failed, as the last part of a sentence; `None` if it succeeded.
    pub why: Option<String>,
    /// Start of the current series of failed queries for the keys, in seconds since 1970; `None` if the last query succeeded.
    pub failing_since: Option<u64>,
    /// Why the keys could not be written to the state directory, as the last part of a sentence; `None` if they were written.
    pub unkept: Option<String>,
    /// True if answers are to be validated with root keys, but none of these keys is usable.
    pub unusable: bool,
    /// The root keys, each with its state.
    pub keys: Vec<RootKeyRow>,
}

/// A root key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootKeyRow {
    /// Key tag.
    pub tag: u16,
    /// State of the key, as RFC 5011 defines it.
    pub state: RootKeyStanding,
    /// Time at which the key entered this state, in seconds since 1970; `None` if the key has not been seen yet.
    pub since: Option<u64>,
}

words! {
    /// The state of a root key (RFC 5011 section 4.2).
    pub enum RootKeyStanding {
        /// The key is built in or configured, and has not been seen in the root zone yet.
        Configured = "configured",
        /// The key is new and not trusted yet.
        Pending = "pending",
        /// The key is trusted.
        Valid = "valid",
        /// The key is trusted, but no longer published in the root zone.
        Missing = "missing",
        /// The root has revoked the key.
        Revoked = "revoked",
        /// The key was revoked more than 30 days ago.
        Removed = "removed",
    }
}

impl RootKeysStatus {
    /// Converts a report of the tracked keys. While tracking is off, learned keys are left out.
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
    /// Why the address is not available, as the last part of a sentence.
    pub why: String,
}

/// The certificate of an encrypted listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateStatus {
    /// Path of the certificate file.
    pub file: String,
    /// Start of validity, in seconds since 1970; `None` if it cannot be read from the certificate.
    pub from: Option<u64>,
    /// End of validity, in seconds since 1970; `None` if it cannot be read from the certificate.
    pub until: Option<u64>,
    /// Why the newer files on disk are not in use; `None` if they are in use.
    pub wrong: Option<String>,
}

/// The listener for metrics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricsStatus {
    /// Address of the listener.
    pub address: SocketAddr,
    /// Why the listener does not run, as the last part of a sentence; `None` if it runs.
    pub why: Option<String>,
}

/// The health of the daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// State of the daemon.
    #[serde(flatten)]
    pub daemon: DaemonStatus,
    /// Seconds since the daemon started.
    pub uptime: f64,
    /// Number of questions in the last five minutes, or since the start if the daemon has run for a shorter time.
    pub questions: u64,
    /// Length of this period in seconds.
    pub seconds: f64,
    /// Number of entries and size of each cache.
    pub stores: Vec<StoreFill>,
    /// Problems, with advice; empty if there is none.
    pub warnings: Vec<Warning>,
}

impl Status {
    /// Returns true if this resolver has no problem. Zones of other operators may still fail.
    pub fn works(&self) -> bool {
        self.warnings.iter().all(|warning| warning.severity == Severity::Notice)
    }
}

/// The severity of a problem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Queries for a zone of another operator fail. This resolver works.
    Notice,
    /// Many queries fail, or something of this resolver or its host needs attention.
    #[default]
    Warning,
    /// Queries of all kinds fail, so mail is affected too.
    Critical,
}

/// A problem, with advice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Severity of the problem.
    pub severity: Severity,
    /// Description of the problem.
    pub problem: String,
    /// The advice for the operator.
    pub remedy: String,
}

impl Warning {
    /// Creates a warning about a problem that affects only some queries.
    pub(crate) fn new(problem: String, remedy: &str) -> Self {
        Self { severity: Severity::Warning, problem, remedy: remedy.to_owned() }
    }

    /// Creates a warning about a problem that affects all kinds of queries.
    pub(crate) fn critical(problem: String, remedy: &str) -> Self {
        Self { severity: Severity::Critical, ..Self::new(problem, remedy) }
    }
}

/// The main screen of the statistics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Version of the daemon.
    pub version: String,
    /// The statistics.
    #[serde(flatten)]
    pub report: StatsReport,
    /// The zones with the longest total time of resolution.
    pub slow_zones: Vec<ZoneRow>,
    /// The zones with the most failed resolutions.
    pub failed_zones: Vec<ZoneRow>,
    /// The servers with the longest wait.
    pub slow_servers: Vec<ServerRow>,
    /// The zones whose questions were refused most often because of overload.
    pub shed_zones: Vec<ShedRow>,
    /// The clients whose questions were refused most often because of overload.
    pub shed_clients: Vec<ShedRow>,
    /// Number of entries and size of each cache.
    pub stores: Vec<StoreFill>,
}
