//! Bounds of work in progress, which follow from `cache.size`.
//!
//! Queries in progress take memory in addition to the cache. With the bounds of a large cache they would take several times a small one,
//! so they are smaller below the default size of the cache.
//!
//! Measured with floods and a full cache: a flight takes 14 KB if its zone is slow, and 32 KB if all servers of its zone are
//! silent, with the queries that are still listened for. A further client that waits for it takes 2.4 KB. With a cache of 8 MiB,
//! for which 1.25 times `cache.size` plus 24 MiB are 34 MiB, the process took 46, 91 and 62 MiB with the greatest bounds, in floods
//! of slow names, of dead names and of clients.

use super::config::MIN_CACHE_SIZE;
use super::exchange::{MAX_EXCHANGES, MAX_PIPELINED};
use super::listener::{MAX_QUEUE, MAX_TCP_CLIENTS, MAX_UNSENT};
use super::resolve::{BUSY_FLIGHTS, MAX_FLIGHTS, MAX_RENEWALS, MAX_SILENT_FLIGHTS, MAX_WAITERS};

/// The `cache.size` in octets from which on work has its greatest bounds: the default.
pub(crate) const FULL_WORK_CACHE: u64 = 256 << 20;

/// Flights with the smallest cache: those of five messages of mail that ask all their questions at once. They take 8 MB if all
/// their zones are dead.
pub(crate) const LEAST_FLIGHTS: usize = 256;

/// Waiting clients with the smallest cache: five for each flight.
pub(crate) const LEAST_WAITERS: usize = 5 * LEAST_FLIGHTS;

/// Misses that a worker has not begun, with the smallest cache: a burst of 2 000 takes 2 MB, and begins within 0.1 s.
pub(crate) const LEAST_QUEUE: usize = MAX_QUEUE / 2;

/// Connections with the smallest cache. An open one takes 11 KB while queries come, and each may have a flight: with 512 connections
/// whose zone was silent, the process took 50 MiB with an empty cache of 16 MiB.
pub(crate) const LEAST_TCP_CLIENTS: usize = LEAST_FLIGHTS / 2;

/// Octets of replies that clients have not taken, with the smallest cache: 16 of the longest, four of them for one client.
pub(crate) const LEAST_UNSENT: usize = MAX_UNSENT / 4;

/// Streams of a connection over HTTPS or QUIC with the smallest cache. The library keeps 2.6 KB for each that is open, until its
/// query is answered: with 64 streams, 90 connections to silent zones took 15 MB over HTTPS and 10 MB over QUIC.
pub(crate) const LEAST_STREAMS: usize = MAX_PIPELINED / 4;

/// The greatest numbers of work in progress with a cache of some size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkBounds {
    /// Flights: `LEAST_FLIGHTS` to `MAX_FLIGHTS`.
    pub flights: usize,
    /// Clients that wait for flights: `LEAST_WAITERS` to `MAX_WAITERS`.
    pub waiters: usize,
    /// Misses that a worker has not begun: `LEAST_QUEUE` to `MAX_QUEUE`.
    pub queue: usize,
    /// Queries to servers: two for each flight, `MAX_EXCHANGES` at most.
    pub exchanges: usize,
    /// Connections of clients over TCP, TLS, HTTPS and QUIC: `LEAST_TCP_CLIENTS` to `MAX_TCP_CLIENTS`.
    pub connections: usize,
    /// Octets of replies that clients have not taken, at all connections together: `LEAST_UNSENT` to `MAX_UNSENT`.
    pub unsent: usize,
    /// Streams of a connection over HTTPS or QUIC: `LEAST_STREAMS` to `MAX_PIPELINED`.
    pub streams: usize,
}

impl WorkBounds {
    /// The bounds with a cache of `cache_size` octets: the least with the smallest cache, and from there in proportion to what it
    /// has more.
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

    /// The number of flights from which on the zone or the client with the most gives way: half, like Unbound's jostle
    /// list.
    pub(crate) fn crowded_flights(self) -> usize {
        self.flights / 2
    }

    /// Like `crowded_flights`, while this host does not keep up.
    pub(crate) fn busy_flights(self) -> usize {
        BUSY_FLIGHTS.min(self.crowded_flights() / 2)
    }

    /// Flights of a zone that was not asked before and has had no time to answer: a list after a restart.
    pub(crate) fn new_flights(self) -> usize {
        self.flights / 4
    }

    /// Flights of a zone from which no answer has come for `HEARD_TIME`: `MAX_SILENT_FLIGHTS`, and fewer with a small cache, so
    /// that eight such zones do not take all.
    pub(crate) fn silent_flights(self) -> usize {
        MAX_SILENT_FLIGHTS.min(self.flights / 8)
    }

    /// Fetches of DS and keys at once for all questions together: as many as flights, because each has one cut at a time.
    pub fn fetches(self) -> usize {
        self.flights
    }

    /// Renewals at once: `MAX_RENEWALS`, and fewer with a small cache, as clients' flights come first.
    pub fn renewals(self) -> usize {
        MAX_RENEWALS.min(self.flights / 8)
    }

    /// Like `renewals`, for delegations and addresses of servers, so that those below a silent TLD leave room for answers.
    pub(crate) fn renewed_expiring(self) -> usize {
        self.renewals() / 2
    }

    /// Late queries of all servers: half of the queries in progress, so that the other half serves those that answer.
    pub fn late(self) -> usize {
        self.exchanges / 2
    }

    /// Connections of one client: one address must not take them all.
    pub fn connections_of_client(self) -> usize {
        self.connections / 4
    }

    /// Connections over QUIC that are open or were closed a moment ago: some more than may be open. The library keeps what a closed one
    /// had, until no more datagrams of it can come.
    pub(crate) fn kept_quic(self) -> usize {
        self.connections.saturating_add(self.kept_quic_of_client())
    }

    /// Like `kept_quic`, for one client. Gateways close few connections.
    pub(crate) fn kept_quic_of_client(self) -> usize {
        self.connections_of_client().saturating_mul(2)
    }

    /// Questions in progress beyond the first of each connection, at all connections together: then these clients have two for each
    /// connection. A connection that gets no more reads on when one of its own is answered.
    pub(crate) fn more_pipelined(self) -> usize {
        self.connections
    }

    /// Like `more_pipelined`, for one client, so that one that asks much leaves room for others.
    pub(crate) fn more_pipelined_of_client(self) -> usize {
        self.more_pipelined() / 2
    }

    /// Like `unsent`, for one client, so that one that does not read leaves room for others.
    pub(crate) fn unsent_of_client(self) -> usize {
        self.unsent / 4
    }

    /// Questions that wait at all listeners, including the queue: more than `waiters`, so that the flights decide which are turned
    /// away.
    pub fn waiting(self) -> usize {
        self.waiters.saturating_add(self.queue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_PIPELINED;

    #[test]
    fn the_default_cache_has_all_and_the_smallest_enough_for_a_few_messages() {
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
        // The manual has these numbers.
        let middle = WorkBounds::for_cache_size(64 << 20);
        assert_eq!((middle.flights, middle.connections), (505, 182));
    }

    #[test]
    fn no_bound_becomes_smaller_with_a_larger_cache() {
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
