//! The store that the gateways of a fleet share, as the resolver sees it: a trait of three calls.
//!
//! The resolver reads the store when a question is not in its cache, at the same time as it asks the servers, and writes what it has learned. It
//! never waits for the store longer than the store usually takes. The crate `fleet` implements the trait with Valkey or Redis.

use std::fmt::Debug;
use std::time::Duration;

use dns::clock::Mono;
use futures_util::future::BoxFuture;

/// The name of an entry in the store: the digest of the configuration, the kind of the entry, the domain name and the type. If two gateways compute
/// the same name, they mean the same entry. The store gets only a keyed digest of this name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SharedKey(pub Box<[u8]>);

/// An entry that is written to the store.
#[derive(Clone, Debug)]
pub struct SharedEntry {
    /// The name of the entry.
    pub key: SharedKey,
    /// The octets of the entry.
    pub octets: Vec<u8>,
    /// The time from now until the entry expires.
    pub left: Duration,
    /// The time at which the question began. A flush after this time concerns the entry too.
    pub begun: Mono,
}

/// An entry that was read from the store, and that is authentic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundEntry {
    /// The octets of the entry.
    pub octets: Vec<u8>,
    /// The time since the entry was written, by the clock of the store.
    pub age: Duration,
}

/// The gateway that sends the queries for a question which several gateways may have at the same time. A gateway with the lease of the question sends
/// them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lease {
    /// This gateway asks: it has the lease, or leases are not used for the question.
    #[default]
    Own,
    /// Another gateway has the lease. It began to send the queries at most some milliseconds ago.
    Other,
    /// The store did not say who asks. This gateway asks.
    Unknown,
}

/// What the store has for a question.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The entries that were found, in the order of the keys. Entries that have expired or are not authentic are left out.
    pub entries: Vec<FoundEntry>,
    /// Who asks the question, if the first key has no entry.
    pub lease: Lease,
}

/// The store that gateways share. It never fails: without a reply in time, it finds nothing.
pub trait FleetStore: Debug + Send + Sync {
    /// Reads the entries of `keys`. If `leases` is true and the first key has no entry, also takes the lease of this key.
    fn find(&self, keys: Vec<SharedKey>, leases: bool) -> BoxFuture<'static, Found>;

    /// Writes entries later, without waiting. If too many entries wait to be written, these are dropped and counted.
    fn keep(&self, entries: Vec<SharedEntry>);

    /// Returns if the store is asked, and for how long the queries to servers are delayed for it: a little longer than the store usually takes. For a
    /// store that is far away, this time is 0.
    fn head_start(&self) -> HeadStart;
}

/// Says if the store is asked for a question, and if the queries to servers are delayed for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadStart {
    /// The store does not work: it is not asked.
    Rests,
    /// The store is asked, and the servers are asked after this time if it has not replied.
    Wait(Duration),
}
