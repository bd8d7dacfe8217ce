//! The store that the gateways of a fleet share, as the resolver sees it: a trait of three calls.
//!
//! If a question is not in the cache, the resolver reads the store at the same time as it asks the servers, and later writes what it has learned to
//! the store. The resolver never waits for the store longer than the store usually takes. The crate `fleet` implements the trait with Valkey or
//! Redis.

use std::fmt::Debug;
use std::time::Duration;

use dns::clock::Mono;
use futures_util::future::BoxFuture;

/// Identifies an entry in the store: the digest of the configuration, the kind of the entry, the domain name and the type. If two gateways compute
/// the same key, they mean the same entry. The store gets only a keyed digest of this key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SharedKey(pub Box<[u8]>);

/// An entry that is written to the store.
#[derive(Clone, Debug)]
pub struct SharedEntry {
    /// The key of the entry.
    pub key: SharedKey,
    /// The octets of the entry.
    pub octets: Vec<u8>,
    /// The time from now until the entry expires.
    pub left: Duration,
    /// The time at which the question began. If the operator flushes the name after this time, the flush applies to this entry too.
    pub begun: Mono,
}

/// An entry that was read from the store. It was written by a gateway of the fleet, which its authentication shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundEntry {
    /// The octets of the entry.
    pub octets: Vec<u8>,
    /// The time since the entry was written, by the clock of the store.
    pub age: Duration,
}

/// Says which gateway sends the queries for a question that several gateways may have at the same time: the gateway that has the lease of the
/// question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lease {
    /// This gateway sends the queries: it has the lease, or leases are not used for the question.
    #[default]
    Own,
    /// Another gateway has the lease. It began to send the queries at most some milliseconds ago.
    Other,
    /// The store did not reply, so it is unknown which gateway has the lease. This gateway sends the queries.
    Unknown,
}

/// What the store has for a question.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The entries that were found, in the order of the keys. Entries that have expired or are not authentic are left out.
    pub entries: Vec<FoundEntry>,
    /// Which gateway sends the queries for the question, if the store has no entry for the first key.
    pub lease: Lease,
}

/// The store that gateways share. Its functions never fail: if the store does not reply in time, nothing is found.
pub trait FleetStore: Debug + Send + Sync {
    /// Reads the entries of `keys`. If `leases` is true and the first key has no entry, also takes the lease of this key.
    fn find(&self, keys: Vec<SharedKey>, leases: bool) -> BoxFuture<'static, Found>;

    /// Writes entries later, without waiting. If too many entries wait to be written, these are dropped and counted.
    fn keep(&self, entries: Vec<SharedEntry>);

    /// Returns whether the store is asked for a question, and for how long the queries to servers wait for its reply: a little longer than the
    /// store usually takes. If the store is far away, they do not wait.
    fn head_start(&self) -> HeadStart;
}

/// Says whether the store is asked for a question, and whether the queries to servers wait for its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadStart {
    /// The store does not work: it is not asked.
    Rests,
    /// The store is asked, and the servers are asked after this time if it has not replied.
    Wait(Duration),
}
