//! The four memories: answers, RRsets with delegations, servers, failures.
//!
//! An entry carries its times and is judged by the moment of the lookup. `store` bounds the octets and chooses the
//! entries to remove. Strangers choose the keys, so the hash is keyed.
//!
//! # Decisions
//!
//! - An answer is stored as the octets to send, with the offsets of its TTLs. A hit copies and patches; it decodes
//!   nothing.
//! - moka was used first and replaced. It took 290 octets an entry in addition to the entry's own, recorded each lookup for its
//!   policy, and removed values when it chose to. S3-FIFO in shards takes 112 octets (`ENTRY_OVERHEAD`), counts exactly, and frees
//!   everything at a flush.
//! - moka's own expiry was never used, because its clock cannot be injected. Entries still carry their own times.
//! - An entry is weighed as it lies in memory, keys and names included (`tests/weights.rs`). Before that was
//!   measured, entries weighed 40 to 220 octets too little, and a full cache took up to 1.5 times `cache.size`.
//! - RRsets have ranks (RFC 2181 section 5.4.1): glue, or an answer without AA, replaces data with AA only after the
//!   TTL of these data.
//! - NXDOMAIN without proof denies only the type of its question, as load balancers say NXDOMAIN for AAAA (RFC 4074).
//!   For A it denies all types, unless the name or a name below it is known to exist.

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
mod memory;
pub mod negative;
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

/// Shared by the tests of the memories.
#[cfg(test)]
mod stage {
    use std::time::Duration;

    use super::Memory;
    use dns::random::Random;
    pub(super) use dns::stage::name;

    pub(super) const DAY: Duration = Duration::from_secs(86_400);

    /// Empty memories, large enough for any test.
    pub(super) fn memory() -> Memory {
        Memory::new(8 << 20, &Random::seeded(1))
    }
}
