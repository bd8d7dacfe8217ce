//! A watched domain with its findings.

use std::time::Duration;

use super::history::DomainHistory;
use config::ConfiguredWatch;

/// A watched domain, for screens.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchedDomain {
    /// The configuration of the watched domain.
    pub watch: ConfiguredWatch,
    /// The findings of the domain and their changes.
    pub history: DomainHistory,
    /// The time until the next check, if other checks do not delay it; zero if the check is due.
    pub next: Duration,
}
