//! The four memories: answers, RRsets with delegations, servers, failures.
//!
//! An entry carries its times and is judged by the moment of the lookup. `store` bounds the octets and chooses the
//! entries to remove. Strangers choose the keys, so the hash is keyed.
//!
//! # Decisions
//!
//! - An answer is stored as the octets to send, with the offsets of its TTLs. A hit copies and patches; it decodes
//!   nothing.
//! - moka was used first and replaced. It took 290 octets an entry beside its own, recorded each lookup for its
//!   policy, and removed values when it chose to. S3-FIFO in shards takes 112 octets (`ENTRY_OVERHEAD`), counts exactly, and frees
//!   everything at a flush.
//! - moka's own expiry was never used, because its clock cannot be injected. Entries still carry their own times.
//! - An entry is weighed as it lies in memory, keys and names included (`tests/weights.rs`). Before that was
//!   measured, entries weighed 40 to 220 octets too little, and a full cache took up to half as much again as
//!   `cache.size`.
//! - RRsets have ranks (RFC 2181 section 5.4.1): neither glue nor an answer without AA replaces data with AA while
//!   those live.
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
pub mod negative;
pub mod renewal;
mod round_trips;
pub mod rrset;
pub mod rrsets;
pub mod security;
pub mod servers;
mod silence;
pub mod snapshot;
mod store;
mod versions;
mod walk;

use std::sync::Arc;

use hickory_proto::rr::Name;

use crate::clock::Mono;
use crate::hash::Keyed;
use crate::question::{Answer, QuestionKey};
use crate::random::Random;
pub use versions::AnswerVersion;

/// Octets of an entry in addition to its key and its value: its slot, its place in the hash table, and the unused
/// part of both. `tests/weights.rs` measures it against the allocator's own count, and `cargo bench --bench memory`
/// against resident growth.
pub const ENTRY_OVERHEAD: usize = 112;

/// The part of it that a slot keeps while it is empty.
const SLOT: u32 = 80;

/// Shares of `cache.size` in per cent: answers serve hits; RRsets and delegations save messages; entries of the two
/// small memories have at most a few hundred octets.
const SHARES: CacheShares = CacheShares { answers: 50, rrsets: 40, servers: 5, failures: 5 };

struct CacheShares {
    answers: u64,
    rrsets: u64,
    servers: u64,
    failures: u64,
}

/// A bounded table by question, or by another key of the same form.
type QuestionStore<V> = store::Store<QuestionKey, V>;

/// The four memories.
#[derive(Clone)]
pub struct Memory {
    /// Answers as bytes to send.
    pub answers: Answers,
    /// RRsets, proofs of their absence, and delegations.
    pub rrsets: rrsets::Rrsets,
    /// The state of each server.
    pub servers: servers::Servers,
    /// Questions that failed a moment ago.
    pub failures: failures::Failures,
    keyed: Keyed,
    walks: walk::Walks,
}

impl Memory {
    /// Empty memories within `size` octets.
    pub fn new(size: u64, random: &Random) -> Self {
        let share = |percent: u64| size / 100 * percent;
        let keyed = Keyed::new(random);
        Self {
            answers: Answers(
                QuestionStore::new(share(SHARES.answers), keyed, weigh_answer, SLOT),
                Arc::default(),
            ),
            rrsets: rrsets::Rrsets::new(QuestionStore::new(
                share(SHARES.rrsets),
                keyed,
                entries::weigh,
                SLOT,
            )),
            servers: servers::Servers::new(share(SHARES.servers), keyed),
            failures: failures::Failures::new(QuestionStore::new(
                share(SHARES.failures),
                keyed,
                failures::weigh,
                SLOT,
            )),
            keyed,
            walks: walk::Walks::default(),
        }
    }

    /// The hash of these memories, for other tables with strangers' keys.
    pub fn keyed(&self) -> Keyed {
        self.keyed
    }

    /// The fill of each memory.
    pub fn fill(&self) -> [StoreFill; 4] {
        [
            fill("answers", &self.answers.0),
            fill("rrsets", self.rrsets.store()),
            self.servers.fill(),
            fill("failures", self.failures.store()),
        ]
    }
}

/// The fill of one memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreFill {
    /// The name of the memory.
    pub store: &'static str,
    /// Entries, those past their TTL included.
    pub entries: u64,
    /// Their weight in octets.
    pub bytes: u64,
    /// Its bound in octets.
    pub capacity: u64,
}

/// Answers as the bytes to send, by question.
#[derive(Clone)]
pub struct Answers(QuestionStore<Arc<Answer>>, Arc<versions::Versions>);

impl Answers {
    /// The answer to a question now, by the key that `wire::query` has read.
    pub fn get(&self, key: &[u8], now: Mono) -> Option<Arc<Answer>> {
        self.0.get(key).filter(|answer| answer.is_fresh(now))
    }

    /// Keeps an answer; one without time to live is not kept.
    pub fn put(&self, key: QuestionKey, answer: &Arc<Answer>) {
        if answer.is_fresh(answer.stored) {
            let before = self.1.of(key.as_bytes());
            self.0.insert(key, Arc::clone(answer));
            self.1.end(before);
        }
    }

    /// The version of the answer under `key`, for a copy of it. Read it before the answer.
    pub fn version(&self, key: &[u8]) -> AnswerVersion {
        self.1.of(key)
    }

    /// Whether the answer of this version has neither changed nor been flushed. It may have been evicted.
    pub fn is_current(&self, version: AnswerVersion) -> bool {
        self.1.is_current(version)
    }
}

fn weigh_answer(key: &QuestionKey, answer: &Arc<Answer>) -> u32 {
    let offsets = answer.ttl_offsets.len().saturating_mul(2);
    let text = answer.extended_error.as_ref().map_or(0, |error| error.text.len());
    weight(key, &[shared::<Answer>(), answer.wire.len(), offsets, text])
}

/// Octets of a shared value, with the two counters before it.
const fn shared<Value>() -> usize {
    size_of::<Value>() + 2 * size_of::<usize>()
}

/// Octets that the allocator hands out for a request of this size: it has four sizes between a power of two and the
/// next, steps of 16 octets below 128, and a page more for each of the large ones.
fn block(octets: usize) -> usize {
    let step = (octets.next_power_of_two() / 8).max(16);
    let more = if octets > LARGE { PAGE } else { 0 };
    octets.div_ceil(step).saturating_mul(step).saturating_add(more)
}

/// The largest allocation that shares pages with others.
const LARGE: usize = 14 << 10;

/// Octets of a page.
const PAGE: usize = 4 << 10;

/// Octets of a name outside it: the library keeps 32 octets of labels and the ends of 24 labels within.
fn outside(name: &Name) -> usize {
    let labels = name.iter().len();
    let octets = name.len().saturating_sub(labels.max(1));
    let grown = |count: usize, within: usize| if count > within { block(count) } else { 0 };
    grown(octets, NAME_OCTETS_WITHIN).saturating_add(grown(labels, NAME_LABELS_WITHIN))
}

/// Octets of labels that the library keeps within a name.
const NAME_OCTETS_WITHIN: usize = 32;

/// Ends of labels that the library keeps within a name.
const NAME_LABELS_WITHIN: usize = 24;

/// The weight of an entry under `key` with blocks of these octets.
fn weight(key: &QuestionKey, blocks: &[usize]) -> u32 {
    let blocks =
        blocks.iter().map(|octets| block(*octets)).fold(block(key.as_bytes().len()), usize::saturating_add);
    u32::try_from(blocks.saturating_add(ENTRY_OVERHEAD)).unwrap_or(u32::MAX)
}

fn fill<K: store::LookedUp<K> + Clone, V: Clone>(
    name: &'static str,
    store: &store::Store<K, V>,
) -> StoreFill {
    let (entries, bytes) = store.fill();
    StoreFill { store: name, entries, bytes, capacity: store.capacity() }
}

/// Shared by the tests of the memories.
#[cfg(test)]
mod stage {
    use std::time::Duration;

    use super::Memory;
    pub(super) use crate::question::stage::name;
    use crate::random::Random;

    pub(super) const DAY: Duration = Duration::from_secs(86_400);

    /// Empty memories, large enough for any test.
    pub(super) fn memory() -> Memory {
        Memory::new(8 << 20, &Random::seeded(1))
    }
}
