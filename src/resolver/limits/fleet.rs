//! Bounds of what gateways share in a fleet. A lease is an entry in the store: the gateway that has the lease of a question sends its queries, and
//! the other gateways wait for the answer.

use std::time::Duration;

/// Data that expire sooner are not shared.
pub const MIN_SHARED_TIME: Duration = Duration::from_secs(5);

/// The number of zone cuts below the closest known one for which one question reads the store. A mail domain is one or two cuts below a TLD, and the
/// reverse zone of an address at most three below in-addr.arpa.
pub(crate) const MAX_SHARED_CUTS: usize = 4;

/// The total time that a question to a DNS list waits for the gateway that has its lease (the gateway that asks the list for all). A list answers in
/// 10 to 50 ms, so a longer wait would cost more than a query of this gateway.
pub(crate) const LEASE_WAIT: Duration = Duration::from_millis(20);

/// After an answer that may not be shared, such as a refusal, this gateway for this time does not take over questions to the DNS list for the
/// fleet (a lease). Otherwise other gateways would wait for answers that they do not get.
pub(crate) const UNSHARED_LIST_TIME: Duration = Duration::from_secs(600);

/// The pause before the store is read again for a question that another gateway asks.
pub(crate) const LEASE_PAUSE: Duration = Duration::from_millis(10);

/// The number of flushes of names or trees that are remembered, so that flushed data do not come back from the store. After more flushes, no data
/// are used that are older than the oldest remembered flush.
pub(crate) const MAX_FLEET_FLUSHES: usize = 256;
