//! The log of the queries that arrived at the servers of the lab, in the order of arrival, with a counter for each server. Its length is
//! limited.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::rr::{Name, RecordType};

use dns::clock::Mono;
use dns::conduct::Transport;

/// The most queries in the log. The longest test sends some ten thousand. Without a limit, a long demo would use more and more memory.
const MAX_KEPT: usize = 100_000;

/// A query that arrived at a server of the lab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// When it arrived.
    pub at: Mono,
    /// The name of the server.
    pub server: Arc<str>,
    /// The name in the question, in the case of the query.
    pub name: Name,
    /// The record type in the question.
    pub kind: RecordType,
    /// The transport of the query.
    pub transport: Transport,
    /// True if the query had an OPT record.
    pub edns: bool,
}

impl fmt::Display for Received {
    /// Writes `SERVER NAME TYPE` as in scenarios, in lower case, then ` tcp` for a query over TCP and ` plain` for one without OPT.
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

/// The queries that the servers of one lab have received.
#[derive(Default)]
pub struct Log(Mutex<Inner>);

impl Log {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a query. Beyond `MAX_KEPT` queries, only counts it.
    pub fn note(&self, received: Received) {
        let mut inner = self.inner();
        *inner.counts.entry(received.server.clone()).or_default() += 1;
        if inner.kept.len() < MAX_KEPT {
            inner.kept.push(received);
        }
    }

    /// Returns the queries, the oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.inner().kept.clone()
    }

    /// Removes and returns all queries, the oldest first. The counters keep their values.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.inner().kept)
    }

    /// Returns the number of queries to one server since the start.
    pub fn count(&self, server: &str) -> u64 {
        self.inner().counts.get(server).copied().unwrap_or(0)
    }

    /// Returns the number of queries to all servers since the start.
    pub fn total(&self) -> u64 {
        self.inner().counts.values().sum()
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Log({} messages)", self.total())
    }
}
