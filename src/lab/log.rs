//! The queries to the lab's servers: an ordered, bounded log and a count for each server.
//!
//! Tests assert on it: "the same seed, the same run" compares two of these.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::rr::{Name, RecordType};

use dns::clock::Mono;
use dns::conduct::Transport;

/// Messages kept. The longest soak sends some ten thousands; a demo that keeps running must not grow.
const MAX_KEPT: usize = 100_000;

/// A message that came to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// When it was sent to the server.
    pub at: Mono,
    /// The server's name.
    pub server: Arc<str>,
    /// The name of the question, in its spelling.
    pub name: Name,
    /// The type of the question.
    pub kind: RecordType,
    /// Its transport.
    pub transport: Transport,
    /// Whether it had OPT.
    pub edns: bool,
}

impl fmt::Display for Received {
    /// `SERVER NAME TYPE`, with ` tcp` and ` plain` if they apply: the form of scenarios. The name is written in
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

/// The log of one lab, shared by its servers.
#[derive(Default)]
pub struct Log(Mutex<Inner>);

impl Log {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a message. Beyond `MAX_KEPT` it is only counted.
    pub fn note(&self, received: Received) {
        let mut inner = self.inner();
        *inner.counts.entry(received.server.clone()).or_default() += 1;
        if inner.kept.len() < MAX_KEPT {
            inner.kept.push(received);
        }
    }

    /// The kept messages, oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.inner().kept.clone()
    }

    /// The kept messages, oldest first; the log is empty afterwards, the counts stay.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.inner().kept)
    }

    /// Messages that came to one server since the lab began.
    pub fn count(&self, server: &str) -> u64 {
        self.inner().counts.get(server).copied().unwrap_or(0)
    }

    /// Messages that came to all servers since the lab began.
    pub fn total(&self) -> u64 {
        self.inner().counts.values().sum()
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Log({} messages)", self.total())
    }
}
