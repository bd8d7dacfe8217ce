//! Computes the memory of cache entries in octets.

use hickory_proto::rr::Name;

use dns::question::QuestionKey;

/// The memory of an entry in addition to its key and value, in octets: its slot, its position in the hash table, and unused parts of both.
/// `tests/weights.rs` compares it with the allocator's own count, and `cargo bench --bench memory` with the growth of resident memory.
pub const ENTRY_OVERHEAD: usize = 112;

/// The part of `ENTRY_OVERHEAD` that a slot takes even if it has no entry, in octets.
pub(super) const SLOT: u32 = 80;

/// Returns the size of a shared value with its two reference counters, in octets.
pub(super) const fn shared<Value>() -> usize {
    size_of::<Value>() + 2 * size_of::<usize>()
}

/// Returns how many octets the allocator takes for `octets`. It has four sizes between two powers of two, and steps of 16 octets below 128. A large
/// request takes one page more.
pub(super) fn block(octets: usize) -> usize {
    let step = (octets.next_power_of_two() / 8).max(16);
    let more = if octets > LARGE { PAGE } else { 0 };
    octets.div_ceil(step).saturating_mul(step).saturating_add(more)
}

/// The largest allocation that shares memory pages with others, in octets.
const LARGE: usize = 14 << 10;

const PAGE: usize = 4 << 10;

/// Returns the memory of a name in addition to its struct, in octets. The struct of `hickory_proto` has space for 32 octets of labels and 24 labels.
pub(super) fn outside(name: &Name) -> usize {
    let labels = name.iter().len();
    let octets = name.len().saturating_sub(labels.max(1));
    let grown = |count: usize, within: usize| if count > within { block(count) } else { 0 };
    grown(octets, NAME_OCTETS_WITHIN).saturating_add(grown(labels, NAME_LABELS_WITHIN))
}

const NAME_OCTETS_WITHIN: usize = 32;

const NAME_LABELS_WITHIN: usize = 24;

/// Returns the memory that a cache entry takes, in octets. `blocks` has the sizes of all allocations of its value.
pub(super) fn weight(key: &QuestionKey, blocks: &[usize]) -> u32 {
    let blocks =
        blocks.iter().map(|octets| block(*octets)).fold(block(key.as_bytes().len()), usize::saturating_add);
    u32::try_from(blocks.saturating_add(ENTRY_OVERHEAD)).unwrap_or(u32::MAX)
}
