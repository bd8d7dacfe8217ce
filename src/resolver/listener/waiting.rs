//! The messages of clients: how they came, and those that wait for a reply.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use crate::zones::View;
use dns::clock::Mono;
use dns::wire::query::Query;

/// The arrival of messages that came together, and the size of a reply.
#[derive(Clone, Copy)]
pub(super) struct Occasion {
    /// The shard of the counters.
    pub(super) shard: usize,
    pub(super) at: Mono,
    /// The most octets of a reply; none: the query's own limit.
    pub(super) limit: Option<usize>,
}

/// The source of a message: its client, and the batch in which it was read.
#[derive(Clone, Copy)]
pub(super) struct Arrival {
    pub(super) client: SocketAddr,
    pub(super) occasion: Occasion,
}

/// A query that was not in memory; its client waits.
pub(super) struct WaitingQuery {
    pub(super) query: Query,
    pub(super) arrival: Arrival,
    /// The view of its listener when it came: a reload does not change it.
    pub(super) view: Arc<View>,
    /// Together with the address and the port of its client, it distinguishes a repeated query from a new one: the id of the query.
    pub(super) number: u16,
    /// Given back once its reply is on its way.
    pub(super) waiting: Waiting,
}

/// A waiting client. It is kept until the reply is on its way; the daemon ends only after that.
pub(super) type Waiting = OwnedSemaphorePermit;

impl WaitingQuery {
    /// Identifies it by the number of its stream at its client: over HTTP and QUIC all queries have the same id.
    pub(super) fn number_by_stream(&mut self, stream: u64) {
        self.number = u16::try_from(stream & u64::from(u16::MAX)).unwrap_or_default();
    }

    /// The part that lets the daemon wait for its reply.
    pub(super) fn into_waiting(self) -> Waiting {
        self.waiting
    }
}

impl Arrival {
    /// The greatest length of the reply to `query`, in octets.
    pub(super) fn limit(&self, query: &Query) -> usize {
        self.occasion.limit.unwrap_or_else(|| query.udp_limit())
    }
}
