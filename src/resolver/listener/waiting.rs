//! Describes how messages of clients arrived, and holds the queries that wait for a reply.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use crate::zones::View;
use dns::clock::Mono;
use dns::wire::query::Query;

/// The circumstances in which a batch of messages arrived.
#[derive(Clone, Copy)]
pub(super) struct Occasion {
    /// The shard of the counters.
    pub(super) shard: usize,
    pub(super) at: Mono,
    /// The greatest length of a reply in octets. `None` if the query itself determines it.
    pub(super) limit: Option<usize>,
}

/// The source of a message: its client, and the batch in which it was read.
#[derive(Clone, Copy)]
pub(super) struct Arrival {
    pub(super) client: SocketAddr,
    pub(super) occasion: Occasion,
}

/// A query that could not be answered from the cache, and whose client waits.
pub(super) struct WaitingQuery {
    pub(super) query: Query,
    pub(super) arrival: Arrival,
    /// The view of the client when the query arrived. A reload does not change it.
    pub(super) view: Arc<View>,
    /// The id of the query. Together with the address and the port of the client, it distinguishes a repeated query from a new one.
    pub(super) number: u16,
    /// The permit to wait. It is released when the reply was sent.
    pub(super) waiting: Waiting,
}

/// The permit of a waiting client. It is kept until the reply was sent. The daemon does not end before that.
pub(super) type Waiting = OwnedSemaphorePermit;

impl WaitingQuery {
    /// Uses the number of a stream instead of the id of the query. Over HTTPS and QUIC, all queries have the same id.
    pub(super) fn number_by_stream(&mut self, stream: u64) {
        self.number = u16::try_from(stream & u64::from(u16::MAX)).unwrap_or_default();
    }

    /// Returns the permit, which makes the daemon wait until the reply is sent.
    pub(super) fn into_waiting(self) -> Waiting {
        self.waiting
    }
}

impl Arrival {
    /// Returns the greatest length of the reply to `query`, in octets.
    pub(super) fn limit(&self, query: &Query) -> usize {
        self.occasion.limit.unwrap_or_else(|| query.udp_limit())
    }
}
