//! The cache: tables of answers, of RRsets with delegations, of data about servers, and of failures.
//!
//! An entry has the times at which it was stored and expires. Each lookup compares them with the current time, so tests can use a virtual clock.
//! `store` limits the memory of a table and evicts entries. Clients choose the keys, so their hash has a secret: otherwise clients could choose keys
//! that collide.
//!
//! # Decisions
//!
//! - An answer is stored in wire form with the offsets of its TTLs. A cache hit copies these octets, changes a few, and decodes nothing.
//! - The table is not the crate moka, which removes values at a time of its own choice and has no virtual clock. `benches/caches.rs` compares moka
//!   with `store`. `store` counts memory exactly, and frees everything at a flush.
//! - The weight of an entry is its real memory, including keys and names. `tests/weights.rs` measures it. With smaller weights, a full cache would
//!   take more memory than `cache.size`.
//! - RRsets have ranks (RFC 2181 section 5.4.1). Before their TTL expires, data from an answer with AA are not replaced by glue or by data from an
//!   answer without AA.
//! - An unsigned NXDOMAIN denies only the type of its question, because load balancers answer NXDOMAIN for AAAA (RFC 4074). For A, and from a
//!   top-level domain, it denies all types, unless the cache shows that the name exists.

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
mod lameness;
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
mod server_standing;
pub mod servers;
mod silence;
mod silent_zones;
mod slow_zones;
pub mod snapshot;
mod store;
mod versions;
mod weights;

pub use memory::{Answers, Memory};
pub use versions::AnswerVersion;
pub use weights::ENTRY_OVERHEAD;

#[cfg(test)]
mod stage {
    use std::time::Duration;

    use super::Memory;
    use dns::random::Random;
    pub(super) use dns::stage::name;

    pub(super) const DAY: Duration = Duration::from_secs(86_400);

    /// Large enough for any test.
    pub(super) fn memory() -> Memory {
        Memory::new(8 << 20, &Random::seeded(1))
    }
}
