//! Bounds of work in progress, which depend on `cache.size`.
//!
//! The queries in progress take memory in addition to the cache. With a small cache, the bounds for a large cache would allow several times
//! its size.
//!
//! Measured with floods of queries and a full cache: a resolution (flight) takes 14 KB if its zone is slow, and 32 KB if all servers of its zone are
//! silent. Each further client that waits for it takes 2.4 KB. With the greatest bounds and a cache of 8 MiB (then permitted), the process took up to
//! 91 MiB in such floods. It may use 1.25 times `cache.size` plus 24 MiB: 34 MiB with that cache, and 64 MiB with the smallest one, `MIN_CACHE_SIZE`.

use super::listener::{MAX_QUEUE, MAX_TCP_CLIENTS, MAX_UNSENT};
use super::resolve::{BUSY_FLIGHTS, MAX_FLIGHTS, MAX_RENEWALS, MAX_SILENT_FLIGHTS, MAX_WAITERS};
use config::limits::MIN_CACHE_SIZE;
use exchange::limits::{MAX_EXCHANGES, MAX_PIPELINED};

/// With this `cache.size` (in octets) or a larger one, the limits of work in progress have their greatest values. It is the default size.
pub(crate) const FULL_WORK_CACHE: u64 = 256 << 20;

/// The limit of resolutions with the smallest cache. It is enough for five emails whose questions are all asked at the same time. The
/// resolutions take 8 MB if the servers of all their zones are silent.
pub(crate) const LEAST_FLIGHTS: usize = 256;

/// The limit of waiting clients with the smallest cache: five for each resolution.
pub(crate) const LEAST_WAITERS: usize = 5 * LEAST_FLIGHTS;

/// With the smallest cache, the limit of cache misses that wait in one worker thread. A burst of 2 000 misses takes 2 MB, and its last
/// resolution begins within 0.1 s.
pub(crate) const LEAST_QUEUE: usize = MAX_QUEUE / 2;

/// The limit of TCP connections of clients with the smallest cache. An open connection takes 11 KB while queries arrive, and may have a
/// resolution. With 512 connections that asked for names of a silent zone, the process took 50 MiB.
pub(crate) const LEAST_TCP_CLIENTS: usize = LEAST_FLIGHTS / 2;

/// The limit of octets of replies that clients have not read, with the smallest cache: 16 of the longest replies. One client may use a quarter of
/// it.
pub(crate) const LEAST_UNSENT: usize = MAX_UNSENT / 4;

/// The limit of streams of one HTTPS or QUIC connection with the smallest cache. The HTTP/2 and QUIC libraries keep 2.6 KB for each open
/// stream until its query is answered. With 64 streams each, 90 connections that asked for names of silent zones took 15 MB over HTTPS and
/// 10 MB over QUIC.
pub(crate) const LEAST_STREAMS: usize = MAX_PIPELINED / 4;

/// The greatest numbers of connections, queries and other work in progress for a given `cache.size`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkBounds {
    /// Resolutions in progress: `LEAST_FLIGHTS` to `MAX_FLIGHTS`.
    pub flights: usize,
    /// Clients that wait for resolutions: `LEAST_WAITERS` to `MAX_WAITERS`.
    pub waiters: usize,
    /// Cache misses that wait in one worker thread: `LEAST_QUEUE` to `MAX_QUEUE`.
    pub queue: usize,
    /// Queries to servers in progress: two for each resolution, at most `MAX_EXCHANGES`.
    pub exchanges: usize,
    /// Connections of clients over TCP, TLS, HTTPS and QUIC: `LEAST_TCP_CLIENTS` to `MAX_TCP_CLIENTS`.
    pub connections: usize,
    /// Octets of replies that clients have not read, for all connections together: `LEAST_UNSENT` to `MAX_UNSENT`.
    pub unsent: usize,
    /// Open streams of one HTTPS or QUIC connection of a client: `LEAST_STREAMS` to `MAX_PIPELINED`.
    pub streams: usize,
}

impl WorkBounds {
    /// Returns the limits for a `cache.size` of `cache_size` octets. They grow linearly with the size, up to `FULL_WORK_CACHE`.
    pub fn for_cache_size(cache_size: u64) -> Self {
        let beyond = cache_size.clamp(MIN_CACHE_SIZE, FULL_WORK_CACHE) - MIN_CACHE_SIZE;
        let between = |least: usize, most: usize| {
            let more = (most - least) as u64 * beyond / (FULL_WORK_CACHE - MIN_CACHE_SIZE);
            usize::try_from(more).map_or(most, |more| least + more)
        };
        Self {
            flights: between(LEAST_FLIGHTS, MAX_FLIGHTS),
            waiters: between(LEAST_WAITERS, MAX_WAITERS),
            queue: between(LEAST_QUEUE, MAX_QUEUE),
            exchanges: between(2 * LEAST_FLIGHTS, MAX_EXCHANGES),
            connections: between(LEAST_TCP_CLIENTS, MAX_TCP_CLIENTS),
            unsent: between(LEAST_UNSENT, MAX_UNSENT),
            streams: between(LEAST_STREAMS, MAX_PIPELINED),
        }
    }

    /// If at least this number of resolutions is in progress, each new resolution ends a resolution of the zone or client with the most
    /// resolutions. It is half of the greatest number of resolutions, as in Unbound's jostle list.
    pub(crate) fn crowded_flights(self) -> usize {
        self.flights / 2
    }

    /// The number that replaces `crowded_flights` while this host is overloaded.
    pub(crate) fn busy_flights(self) -> usize {
        BUSY_FLIGHTS.min(self.crowded_flights() / 2)
    }

    /// The greatest number of resolutions of a zone that was not asked before and has not had time to answer.
    pub(crate) fn new_flights(self) -> usize {
        self.flights / 4
    }

    /// The greatest number of resolutions of a zone whose servers have not answered for `HEARD_TIME`. A few such zones cannot use all
    /// resolutions.
    pub(crate) fn silent_flights(self) -> usize {
        MAX_SILENT_FLIGHTS.min(self.flights / 8)
    }

    /// The greatest number of fetches of DS and DNSKEY records in progress. Each resolution checks one zone cut at a time.
    pub fn fetches(self) -> usize {
        self.flights
    }

    /// The greatest number of cached answers that are fetched again at the same time. The resolutions of clients have precedence.
    pub fn renewals(self) -> usize {
        MAX_RENEWALS.min(self.flights / 8)
    }

    /// The greatest number of delegations and addresses of servers that are fetched again at the same time. A silent TLD, whose delegations
    /// cannot be fetched, therefore leaves room for the renewal of answers.
    pub(crate) fn renewed_expiring(self) -> usize {
        self.renewals() / 2
    }

    /// The greatest number of queries to all servers that have timed out but may still be answered: half of the allowed queries in
    /// progress. The other half is left for servers that answer.
    pub fn late(self) -> usize {
        self.exchanges / 2
    }

    /// The greatest number of connections of one client.
    pub fn connections_of_client(self) -> usize {
        self.connections / 4
    }

    /// The greatest number of QUIC connections of clients that are open or were closed a moment ago. The QUIC library keeps the data of a
    /// closed connection until no more of its datagrams can arrive.
    pub(crate) fn kept_quic(self) -> usize {
        self.connections.saturating_add(self.kept_quic_of_client())
    }

    /// The greatest number of QUIC connections of one client that are open or were closed a moment ago (see `kept_quic`). Gateways rarely close
    /// connections, so they do not reach this number.
    pub(crate) fn kept_quic_of_client(self) -> usize {
        self.connections_of_client().saturating_mul(2)
    }

    /// The greatest number of questions in progress on all connections together, not counting the first question of each connection. If this number
    /// is reached, a connection with a question in progress is read again only when one of its own questions is answered.
    pub(crate) fn more_pipelined(self) -> usize {
        self.connections
    }

    /// The same as `more_pipelined` for all connections of one client. Half is left for other clients.
    pub(crate) fn more_pipelined_of_client(self) -> usize {
        self.more_pipelined() / 2
    }

    /// The greatest number of octets of replies that one client has not read, on all its connections together.
    pub(crate) fn unsent_of_client(self) -> usize {
        self.unsent / 4
    }

    /// The greatest number of client questions that wait for an answer at all listeners, including those in the queues of the worker
    /// threads. It is larger than `waiters`, so that the table of resolutions, and not a listener, chooses the question that is refused.
    pub fn waiting(self) -> usize {
        self.waiters.saturating_add(self.queue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_bounds_follow_cache_size() {
        let full = WorkBounds::for_cache_size(FULL_WORK_CACHE);
        assert_eq!(full, WorkBounds::for_cache_size(u64::MAX));
        assert_eq!((full.flights, full.waiters), (MAX_FLIGHTS, MAX_WAITERS));
        assert_eq!((full.exchanges, full.queue), (MAX_EXCHANGES, MAX_QUEUE));
        assert_eq!((full.silent_flights(), full.busy_flights()), (MAX_SILENT_FLIGHTS, BUSY_FLIGHTS));
        assert_eq!((full.renewals(), full.new_flights()), (MAX_RENEWALS, 500));
        assert_eq!((full.connections, full.connections_of_client()), (MAX_TCP_CLIENTS, 128));
        assert_eq!((full.unsent, full.unsent_of_client()), (MAX_UNSENT, 1 << 20));
        assert_eq!((full.streams, full.kept_quic(), full.kept_quic_of_client()), (MAX_PIPELINED, 768, 256));
        let least = WorkBounds::for_cache_size(MIN_CACHE_SIZE);
        assert_eq!((least.flights, least.waiters), (LEAST_FLIGHTS, LEAST_WAITERS));
        assert_eq!((least.silent_flights(), least.busy_flights(), least.late()), (32, 64, 256));
        assert_eq!((least.connections, least.more_pipelined_of_client()), (LEAST_TCP_CLIENTS, MAX_PIPELINED));
        assert_eq!((least.unsent, least.unsent_of_client()), (LEAST_UNSENT, 256 << 10));
        assert_eq!((least.streams, least.kept_quic(), least.kept_quic_of_client()), (LEAST_STREAMS, 192, 64));
        assert_eq!(WorkBounds::for_cache_size(0), least);
        // The manual states these numbers, so they must be changed together.
        let middle = WorkBounds::for_cache_size(64 << 20);
        assert_eq!((middle.flights, middle.connections), (505, 182));
    }

    #[test]
    fn work_bounds_grow_with_cache() {
        let bounds: Vec<_> = (0..=300).map(|mebibytes| WorkBounds::for_cache_size(mebibytes << 20)).collect();
        for pair in bounds.windows(2) {
            let ([a, b], of) = ([pair[0], pair[1]], |bounds: WorkBounds| {
                let of_work = [bounds.flights, bounds.waiters, bounds.queue, bounds.exchanges];
                [&of_work[..], &[bounds.connections, bounds.unsent, bounds.streams]].concat()
            });
            assert!(of(a).iter().zip(of(b)).all(|(before, after)| *before <= after), "{a:?}, {b:?}");
        }
    }
}
