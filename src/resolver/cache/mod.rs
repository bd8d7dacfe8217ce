//! The cache. It has four tables: answers, RRsets with delegations, data about servers, and failures.
//!
//! An entry contains the times at which it was stored and at which it expires. Each lookup compares these with the current time. `store` limits the
//! memory of a table and chooses the entries to remove. The hash of the keys has a secret: clients choose the keys, and otherwise they could choose
//! keys that collide.
//!
//! # Decisions
//!
//! - An answer is stored in wire form, as it is sent, with the offsets of its TTLs. When a question is answered from the
//!   cache, these octets are copied and a few of them are changed, and nothing is decoded.
//! - The table is not the crate moka, which was used first. `benches/caches.rs` compares moka with `store`: memory of entries, lookups and
//!   eviction. Moka removes values at a time of its own choice; `store` counts exactly, and frees everything at a flush.
//! - Tests need a virtual clock, which the expiry of moka does not allow. So each entry contains the times at which it was stored and expires.
//! - The weight of an entry is its real size in memory, including keys and names. `tests/weights.rs` measures it. If weights were too small, a full
//!   cache would take more memory than `cache.size`.
//! - RRsets have ranks (RFC 2181 section 5.4.1). Glue and data from an answer without AA do not replace data from an answer with AA before the TTL
//!   of these data has expired.
//! - NXDOMAIN without proof denies only the type of its question, because load balancers answer NXDOMAIN for AAAA (RFC 4074). For A, and
//!   from a top-level domain, it denies all types, unless the name or a name below it is known to exist.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

mod delegations;
pub mod entries;
mod existence;
pub mod failures;
pub mod flush;
pub mod freshness;
pub mod keys;
pub mod look;
mod losses;
mod memory;
pub mod negative;
pub(crate) mod ranges;
pub mod room;
mod round_trips;
pub mod rrset;
pub mod rrsets;
pub mod security;
pub mod servers;
mod silence;
mod silent_zones;
mod slow_zones;
pub mod snapshot;
mod store;
mod versions;
mod walk;
mod weights;

pub use memory::{Answers, Memory};
pub use store::StoreFill;
pub use versions::AnswerVersion;
pub use weights::ENTRY_OVERHEAD;

/// Values that the tests of all tables of the cache need.
#[cfg(test)]
mod stage {
    use std::time::Duration;

    use super::Memory;
    use dns::random::Random;
    pub(super) use dns::stage::name;

    pub(super) const DAY: Duration = Duration::from_secs(86_400);

    /// Creates an empty cache that is large enough for any test.
    pub(super) fn memory() -> Memory {
        Memory::new(8 << 20, &Random::seeded(1))
    }
}
