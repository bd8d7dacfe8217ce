//! Bounds of what gateways share in a fleet. A lease is an entry in the store: the gateway that has the lease of a question sends its queries, and
//! the other gateways wait for the answer.

use std::time::Duration;

/// Data that expire sooner than this are not shared: they would soon expire when another gateway has read them.
pub const MIN_SHARED_TIME: Duration = Duration::from_secs(5);

/// The number of zone cuts below the closest known one for which one question reads the store. A mail domain is one or two cuts below a TLD, and
/// the reverse zone of an address at most three below in-addr.arpa.
pub(crate) const MAX_SHARED_CUTS: usize = 4;

/// The total time that a question to a DNS list waits for a gateway that already asks the same question (it holds the lease of the question). A list
/// answers in 10 to 50 ms, so a longer wait would cost more than the second query.
pub(crate) const LEASE_WAIT: Duration = Duration::from_millis(20);

/// Another gateway may report that a DNS list does not answer. For this time after the report, the breaker of the list opens sooner here too. Within
/// this time, the other gateway probes the list at least once.
pub(crate) const FLEET_SUSPICION_TIME: Duration = Duration::from_secs(60);

/// For this time after an answer of a DNS list that this gateway may not share, such as a refusal, this gateway takes no lease for questions to the
/// list. Otherwise other gateways would wait for answers that they do not get.
pub(crate) const UNSHARED_LIST_TIME: Duration = Duration::from_secs(600);

/// The pause before the store is read again for a question that another gateway asks.
pub(crate) const LEASE_PAUSE: Duration = Duration::from_millis(10);

/// The number of flushes of single names or trees that are remembered, so that flushed data do not come back from the store. If there are more
/// flushes, data that were written to the store before the oldest remembered one are not used.
pub(crate) const MAX_FLEET_FLUSHES: usize = 256;

/// The greatest number of entries of `[fleet] zones`. The name of each question is compared with them.
pub(crate) const MAX_FLEET_ZONES: usize = 64;

/// The greatest number of entries of `[fleet] servers`. Clusters and sentinels name the other nodes themselves.
pub(crate) const MAX_FLEET_SERVERS: usize = 16;

/// The greatest length of `[fleet] group` and `[fleet] prefix`, in octets. They are part of each key in the store.
pub(crate) const MAX_FLEET_WORD: usize = 64;

/// The greatest size of a file with the key of the fleet or with the password of the store, in octets.
pub(crate) const MAX_FLEET_FILE: u64 = 4_096;

/// The least length of the key of the fleet, in octets. It equals the length of the MAC's digest, as RFC 2104 section 3 advises.
pub const MIN_FLEET_KEY: usize = 32;
