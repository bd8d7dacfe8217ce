//! The log of queries to the lab's servers. It is ordered and limited, and has a count for each server.
//!
//! Tests compare it with their expectations. For example, the test that the same seed gives the same run compares two logs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::rr::{Name, RecordType};

use dns::clock::Mono;
use dns::conduct::Transport;

/// The maximum number of messages in the log. The longest test sends some ten thousand. A demo that runs for a long time must not use more memory.
const MAX_KEPT: usize = 100_000;

/// A message that arrived at a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The time at which the message was sent to the server.
    pub at: Mono,
    /// The name of the server.
    pub server: Arc<str>,
    /// The name of the question, in the spelling of the query.
    pub name: Name,
    /// The type of the question.
    pub kind: RecordType,
    /// The transport of the message.
    pub transport: Transport,
    /// True if the message had an OPT.
    pub edns: bool,
}

impl fmt::Display for Received {
    /// Writes `SERVER NAME TYPE` as scenarios do, followed by ` tcp` and ` plain` if they apply. The name is written in lower case.
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

/// The log of one lab, shared by its servers.
#[derive(Default)]
pub struct Log(Mutex<Inner>);

impl Log {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message. If the log has `MAX_KEPT` messages, it is only counted.
    pub fn note(&self, received: Received) {
        let mut inner = self.inner();
        *inner.counts.entry(received.server.clone()).or_default() += 1;
        if inner.kept.len() < MAX_KEPT {
            inner.kept.push(received);
        }
    }

    /// Returns the messages in the log, the oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.inner().kept.clone()
    }

    /// Returns the messages in the log, the oldest first, and empties the log. The counts remain.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.inner().kept)
    }

    /// Returns the number of messages that arrived at one server since the lab began.
    pub fn count(&self, server: &str) -> u64 {
        self.inner().counts.get(server).copied().unwrap_or(0)
    }

    /// Returns the number of messages that arrived at all servers since the lab began.
    pub fn total(&self) -> u64 {
        self.inner().counts.values().sum()
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Log({} messages)", self.total())
    }
}
