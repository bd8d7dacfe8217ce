//! How DNS messages of clients arrived, and the queries whose clients wait for a reply.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use dns::clock::Mono;
use dns::wire::query::Query;
use zones::View;

#[derive(Clone, Copy)]
pub(super) struct Occasion {
    pub(super) shard: usize,
    pub(super) at: Mono,
    /// The greatest length of a reply in octets. `None` for datagrams: each query determines it.
    pub(super) limit: Option<usize>,
}

#[derive(Clone, Copy)]
pub(super) struct Arrival {
    pub(super) client: SocketAddr,
    pub(super) occasion: Occasion,
}

/// A query whose answer is not in the cache, and whose client waits.
pub(super) struct WaitingQuery {
    pub(super) query: Query,
    pub(super) arrival: Arrival,
    /// The view of the client when the query arrived. A reload does not change it.
    pub(super) view: Arc<View>,
    /// Identifies the query: usually its DNS id. With the address and the port of the client, it distinguishes a repeated query from a new
    /// one.
    pub(super) number: u16,
    pub(super) waiting: Waiting,
}

/// The permit of a client to wait for a reply. It exists until the reply was sent. While a permit exists, the daemon does not stop.
pub(super) type Waiting = OwnedSemaphorePermit;

impl WaitingQuery {
    /// Identifies the query by the number of its stream and not by its id: over HTTPS and QUIC, all queries have the same id.
    pub(super) fn number_by_stream(&mut self, stream: u64) {
        self.number = u16::try_from(stream & u64::from(u16::MAX)).unwrap_or_default();
    }

    pub(super) fn into_waiting(self) -> Waiting {
        self.waiting
    }
}

impl Arrival {
    /// Returns the greatest length of the reply, in octets.
    pub(super) fn limit(&self, query: &Query) -> usize {
        self.occasion.limit.unwrap_or_else(|| query.udp_limit())
    }
}
