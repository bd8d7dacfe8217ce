//! The log of the queries that arrived at the servers of the lab. It is in the order of arrival, its length is limited, and it has a counter for
//! each server.
//!
//! Tests compare the log with what they expect. One test compares two logs, to check that the same seed gives the same run.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::rr::{Name, RecordType};

use dns::clock::Mono;
use dns::conduct::Transport;

/// The maximum number of queries in the log. The longest test sends some ten thousand. The limit prevents a demo that runs for a long time from
/// using more and more memory.
const MAX_KEPT: usize = 100_000;

/// A query that arrived at a server of the lab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The time at which the query arrived.
    pub at: Mono,
    /// The name of the server that received the query.
    pub server: Arc<str>,
    /// The name in the question, with the upper and lower case of the query.
    pub name: Name,
    /// The record type in the question.
    pub kind: RecordType,
    /// The transport with which the query was sent.
    pub transport: Transport,
    /// True if the query had an OPT record.
    pub edns: bool,
}

impl fmt::Display for Received {
    /// Writes `SERVER NAME TYPE` as in scenarios, followed by ` tcp` for a query over TCP and ` plain` for a query without OPT. The name is in
    /// lower case.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {}", self.server, self.name.to_lowercase(), self.kind)?;
        if self.transport == Transport::Tcp {
            formatter.write_str(" tcp")?;
        }
        if self.edns { Ok(()) } else { formatter.write_str(" plain") }
    }
}

#[derive(Default)]
struct Inner {
    kept: Vec<Received>,
    counts: BTreeMap<Arc<str>, u64>,
}

/// The log of one lab: the queries that its servers have received. All its servers write to it.
#[derive(Default)]
pub struct Log(Mutex<Inner>);

impl Log {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a query to the log. If the log already has `MAX_KEPT` queries, the query is only counted.
    pub fn note(&self, received: Received) {
        let mut inner = self.inner();
        *inner.counts.entry(received.server.clone()).or_default() += 1;
        if inner.kept.len() < MAX_KEPT {
            inner.kept.push(received);
        }
    }

    /// Returns the queries in the log, the oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.inner().kept.clone()
    }

    /// Removes all queries from the log and returns them, the oldest first. The counters keep their values.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.inner().kept)
    }

    /// Returns the number of queries that have arrived at one server since the start of the lab.
    pub fn count(&self, server: &str) -> u64 {
        self.inner().counts.get(server).copied().unwrap_or(0)
    }

    /// Returns the number of queries that have arrived at all servers since the start of the lab.
    pub fn total(&self) -> u64 {
        self.inner().counts.values().sum()
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Log({} messages)", self.total())
    }
}
