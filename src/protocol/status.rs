//! Rows of the replies about the state and health of the daemon, the statistics, and how full the caches are.
//!
//! All durations are in seconds.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use dns::cached::StoreFill;
use dns::words;
use record::{ServerRow, ShedRow, StatsReport, ZoneRow};
use validate::root_keys::{RootKey, RootKeyState, RootKeysReport, RootKeysUnfollowed};

/// The daemon and its current state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DaemonStatus {
    /// The version.
    pub version: String,
    /// The process id.
    pub process: u32,
    /// The path of the configuration file; `None` if the daemon uses the built-in defaults.
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
    /// The certificates of the listeners for TLS, HTTPS and QUIC.
    pub certificates: Vec<CertificateStatus>,
    /// The state of the listener for metrics; `None` if `metrics.listen` is empty.
    pub metrics: Option<MetricsStatus>,
    /// Number of resolutions (flights) in progress. One resolution serves all clients that ask the same question.
    pub flights: u64,
    /// The largest number of resolutions that may be in progress.
    pub flights_max: u64,
    /// Number of tasks and threads that were restarted after a panic.
    pub restarts: u64,
    /// Number of tasks and threads that did not respond to the last check of the watchdog.
    pub stuck: u64,
    /// The root keys.
    pub root_keys: RootKeysStatus,
    /// The state of the snapshot of the cache; `None` if `cache.snapshot` is off.
    pub snapshot: Option<SnapshotStatus>,
}

/// The state of the snapshot file, which the daemon reads at its next start.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SnapshotStatus {
    /// True if the daemon has read the snapshot of the previous process.
    pub read: bool,
    /// The seconds since this process last wrote the snapshot; `None` before the first time.
    pub age: Option<f64>,
    /// The number of entries in the snapshot that was written last.
    pub entries: u64,
    /// The size of the snapshot file in octets.
    pub bytes: u64,
    /// The number of entries that this process restored from the snapshot of the previous process.
    pub restored: u64,
}

/// The keys of the root zone: the trust anchors for most names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootKeysStatus {
    /// True if resolverd follows changes of the keys automatically (RFC 5011).
    pub follows: bool,
    /// Why resolverd does not follow changes of the keys; `None` if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfollowed: Option<RootKeysUnfollowed>,
    /// When the root keys were last validated successfully, in seconds since 1970; `None` if they never were.
    pub checked: Option<u64>,
    /// Why the last query for the root keys failed, as the last part of a sentence; `None` if it succeeded.
    pub why: Option<String>,
    /// When the current series of failed queries for the root keys began, in seconds since 1970; `None` if the last query succeeded.
    pub failing_since: Option<u64>,
    /// Why the root keys could not be written to the state directory, as the last part of a sentence; `None` if they were written.
    pub unkept: Option<String>,
    /// True if answers should be validated with the root keys, but none of these keys can be used.
    pub unusable: bool,
    /// The root keys, each with its state.
    pub keys: Vec<RootKeyRow>,
}

/// A key of the root zone, with its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootKeyRow {
    /// The key tag, a number that identifies the key (RFC 4034 appendix B).
    pub tag: u16,
    /// The state of the root key (RFC 5011 section 4.2).
    pub state: RootKeyStanding,
    /// When the key entered this state, in seconds since 1970; `None` if resolverd has not seen the key in the root zone yet.
    pub since: Option<u64>,
}

words! {
    /// The state of a root key (RFC 5011 section 4.2).
    pub enum RootKeyStanding {
        /// The key is built in or configured, and resolverd has not seen it in the root zone yet.
        Configured = "configured",
        /// The root key is new and not trusted yet.
        Pending = "pending",
        /// The root key is trusted.
        Valid = "valid",
        /// The root key is trusted, but no longer published in the root zone.
        Missing = "missing",
        /// The root has revoked the key.
        Revoked = "revoked",
        /// The root key was revoked more than 30 days ago.
        Removed = "removed",
    }
}

impl RootKeysStatus {
    /// Converts the report about the root keys to the form of the protocol.
    pub fn from_report(report: RootKeysReport) -> Self {
        let RootKeysReport { unfollowed, keys, unseen, trouble, failing_since, unkept, is_usable } = report;
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
        let (follows, unusable) = (unfollowed.is_none(), !is_usable);
        let checked = keys.checked;
        Self { follows, unfollowed, checked, why: trouble, failing_since, unkept, unusable, keys: rows }
    }
}

/// A configured listen address at which resolverd does not listen, because this host does not have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingAddress {
    /// The listen address, as written in the configuration.
    pub address: SocketAddr,
    /// Why resolverd cannot listen at the address, as the last part of a sentence.
    pub why: String,
}

/// The certificate of a listener for TLS, HTTPS or QUIC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateStatus {
    /// The path of the certificate file.
    pub file: String,
    /// Start of the validity, in seconds since 1970; `None` if it cannot be read from the certificate.
    pub from: Option<u64>,
    /// End of the validity, in seconds since 1970; `None` if it cannot be read from the certificate.
    pub until: Option<u64>,
    /// Why the daemon uses an older certificate than the current files on disk; `None` if it uses the current files.
    pub wrong: Option<String>,
}

/// The state of the listener for metrics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricsStatus {
    /// The configured address.
    pub address: SocketAddr,
    /// Why the listener does not run, as the last part of a sentence; `None` if it runs.
    pub why: Option<String>,
}

/// The state and the health of the daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The state of the daemon.
    #[serde(flatten)]
    pub daemon: DaemonStatus,
    /// Seconds since the daemon started.
    pub uptime: f64,
    /// The number of clients' questions in the last five minutes, or since the start if the daemon has run for a shorter time.
    pub questions: u64,
    /// The period in which `questions` were counted, in seconds.
    pub seconds: f64,
    /// The number of entries and the size in octets of each cache.
    pub stores: Vec<StoreFill>,
    /// The current problems, each with advice; empty if there is none.
    pub warnings: Vec<Warning>,
}

impl Status {
    /// Returns true if this resolver has no known problem. Failing zones of other operators are not problems of this resolver.
    pub fn works(&self) -> bool {
        self.faults_of_others() == self.warnings.len()
    }

    /// Returns the number of warnings about zones and DNS lists of other operators.
    pub fn faults_of_others(&self) -> usize {
        self.warnings.iter().filter(|warning| warning.severity == Severity::Notice).count()
    }
}

/// How serious a problem of the daemon is.
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

/// A problem of the daemon, with advice for the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// How serious the problem is.
    pub severity: Severity,
    /// What the problem is, in one sentence.
    pub problem: String,
    /// Advice for the operator, in words.
    pub remedy: String,
}

impl Warning {
    /// Creates a warning about a problem that affects only some queries.
    pub fn new(problem: String, remedy: &str) -> Self {
        Self { severity: Severity::Warning, problem, remedy: remedy.to_owned() }
    }

    /// Creates a warning about a problem that affects queries of all kinds. `remedy` is the advice.
    pub fn critical(problem: String, remedy: &str) -> Self {
        Self { severity: Severity::Critical, ..Self::new(problem, remedy) }
    }
}

/// The content of the main screen of the statistics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// The version of the daemon.
    pub version: String,
    /// The statistics of the requested period.
    #[serde(flatten)]
    pub report: StatsReport,
    /// The zones whose resolutions took the longest total time.
    pub slow_zones: Vec<ZoneRow>,
    /// The zones with the most failed resolutions.
    pub failed_zones: Vec<ZoneRow>,
    /// The servers for which resolverd waited longest in total.
    pub slow_servers: Vec<ServerRow>,
    /// The zones whose questions were turned away most often because of overload.
    pub shed_zones: Vec<ShedRow>,
    /// The clients whose questions were turned away most often because of overload.
    pub shed_clients: Vec<ShedRow>,
    /// The number of entries and the size in octets of each cache.
    pub stores: Vec<StoreFill>,
}
