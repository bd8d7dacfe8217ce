//! The messages of clients: how they arrived, and the queries that wait for a reply.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use crate::zones::View;
use dns::clock::Mono;
use dns::wire::query::Query;

/// How messages that came together arrived, and how long a reply may be.
#[derive(Clone, Copy)]
pub(super) struct Occasion {
    /// The shard of the counters.
    pub(super) shard: usize,
    pub(super) at: Mono,
    /// The greatest number of octets of a reply; `None` if the query itself sets the limit.
    pub(super) limit: Option<usize>,
}

/// The source of a message: its client, and the batch in which it was read.
#[derive(Clone, Copy)]
pub(super) struct Arrival {
    pub(super) client: SocketAddr,
    pub(super) occasion: Occasion,
}

/// A query that memory could not answer; its client waits.
pub(super) struct WaitingQuery {
    pub(super) query: Query,
    pub(super) arrival: Arrival,
    /// The view of its listener when the query arrived; a reload does not change it.
    pub(super) view: Arc<View>,
    /// Together with the address and the port of its client, it distinguishes a repeated query from a new one: the id of the query.
    pub(super) number: u16,
    /// Released once its reply was sent.
    pub(super) waiting: Waiting,
}

/// A waiting client. The value is kept until the reply was sent; the daemon ends only after that.
pub(super) type Waiting = OwnedSemaphorePermit;

impl WaitingQuery {
    /// Identifies the query by the number of its stream: over HTTPS and QUIC, all queries have the same id.
    pub(super) fn number_by_stream(&mut self, stream: u64) {
        self.number = u16::try_from(stream & u64::from(u16::MAX)).unwrap_or_default();
    }

    /// The part that makes the daemon wait for the reply.
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
