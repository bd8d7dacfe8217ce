//! The store that the gateways of a fleet share, as the resolver sees it. The crate `fleet` implements the trait with Valkey or Redis.
//!
//! If a question is not in the cache, the resolver reads the store at the same time as it asks the servers, and later writes what it has learned to
//! the store. The resolver never waits for the store longer than the store usually takes.

use std::fmt::Debug;
use std::time::Duration;

use dns::clock::Mono;
use futures_util::future::BoxFuture;

/// Identifies an entry in the store: the digest of the configuration, the kind of the entry, the domain name and the type. The store gets only a
/// keyed digest of this key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SharedKey(pub Box<[u8]>);

/// An entry for the store.
#[derive(Clone, Debug)]
pub struct SharedEntry {
    /// The key of the entry.
    pub key: SharedKey,
    /// The octets of the entry.
    pub octets: Vec<u8>,
    /// The time from now until the entry expires.
    pub left: Duration,
    /// The time at which the question began. If the operator flushes the name later, the flush applies to this entry too.
    pub begun: Mono,
}

/// An entry that was read from the store. Its authentication shows that a gateway of the fleet wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundEntry {
    /// The octets of the entry.
    pub octets: Vec<u8>,
    /// The time since the entry was written, by the clock of the store.
    pub age: Duration,
}

/// Says which gateway sends the queries for a question that several gateways have at the same time: the one with the lease of the question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lease {
    /// This gateway sends the queries: it has the lease, or leases are not used for the question.
    #[default]
    Own,
    /// Another gateway got the lease at most some milliseconds ago, and sends the queries.
    Other,
    /// The store did not reply. This gateway sends the queries.
    Unknown,
}

/// What the store has for a question.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The entries in the order of the keys. Expired entries and entries that are not authentic are left out.
    pub entries: Vec<FoundEntry>,
    /// Says which gateway sends the queries, if the store has no entry for the first key.
    pub lease: Lease,
}

/// The store that gateways share. If it does not reply in time, nothing is found.
pub trait FleetStore: Debug + Send + Sync {
    /// Reads the entries of `keys`. If `leases` is true and the first key has no entry, also takes the lease of this key.
    fn find(&self, keys: Vec<SharedKey>, leases: bool) -> BoxFuture<'static, Found>;

    /// Writes entries later, without waiting. If too many entries wait already, new ones are dropped and counted.
    fn keep(&self, entries: Vec<SharedEntry>);

    /// Returns `HeadStart::Rests` if the store is not asked. Otherwise returns how long the queries to servers wait for its reply: a little longer
    /// than the store usually takes, or not at all if the store is far away.
    fn head_start(&self) -> HeadStart;
}

/// Says if the store is asked, and if the queries to servers wait for its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadStart {
    /// The store does not work: it is not asked.
    Rests,
    /// The store is asked, and the servers are asked after this time if it has not replied.
    Wait(Duration),
}
