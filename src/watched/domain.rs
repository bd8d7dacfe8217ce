//! A watched domain, for people and for the file.

use std::time::Duration;

use super::history::DomainHistory;
use resolver::config::ConfiguredWatch;

/// A watched domain, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchedDomain {
    /// Its part of the configuration.
    pub watch: ConfiguredWatch,
    /// Its findings and their changes.
    pub history: DomainHistory,
    /// The time until the next check, if no other check is late; zero if it is due.
    pub next: Duration,
}
