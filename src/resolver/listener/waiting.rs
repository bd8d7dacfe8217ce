//! Describes how DNS messages of clients arrived, and contains the queries whose clients wait for a reply.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use crate::zones::View;
use dns::clock::Mono;
use dns::wire::query::Query;

/// What all DNS messages of a batch have in common: when and over which transport they arrived.
#[derive(Clone, Copy)]
pub(super) struct Occasion {
    /// The shard (separate copy) of the counters in which these DNS messages are counted.
    pub(super) shard: usize,
    pub(super) at: Mono,
    /// The greatest length of a reply in octets. `None` for datagrams, where each query determines it.
    pub(super) limit: Option<usize>,
}

/// Where a DNS message comes from: its client, and what is known of the batch in which it was read.
#[derive(Clone, Copy)]
pub(super) struct Arrival {
    pub(super) client: SocketAddr,
    pub(super) occasion: Occasion,
}

/// A query that could not be answered from the cache, and whose client waits.
pub(super) struct WaitingQuery {
    pub(super) query: Query,
    pub(super) arrival: Arrival,
    /// The view that the client had when the query arrived. A reload does not change it.
    pub(super) view: Arc<View>,
    /// The number that identifies the query: usually its DNS id. Together with the address and the port of the client,
    /// it distinguishes a repeated query from a new one.
    pub(super) number: u16,
    /// The permit of the client to wait. It is released when the reply was sent.
    pub(super) waiting: Waiting,
}

/// The permit of a client to wait for a reply. It exists until the reply was sent. While a permit exists, the daemon
/// does not stop.
pub(super) type Waiting = OwnedSemaphorePermit;

impl WaitingQuery {
    /// Uses the number of a stream instead of the id of the query. Over HTTPS and QUIC, all queries have the same id.
    pub(super) fn number_by_stream(&mut self, stream: u64) {
        self.number = u16::try_from(stream & u64::from(u16::MAX)).unwrap_or_default();
    }

    /// Returns the permit of the client to wait. As long as the permit exists, the daemon does not stop.
    pub(super) fn into_waiting(self) -> Waiting {
        self.waiting
    }
}

impl Arrival {
    /// Returns the greatest length of the reply to `query`, in octets: from the transport, or from the query itself for
    /// a datagram.
    pub(super) fn limit(&self, query: &Query) -> usize {
        self.occasion.limit.unwrap_or_else(|| query.udp_limit())
    }
}
