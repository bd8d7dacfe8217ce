//! Computes the memory that entries of the cache take, in octets.

use hickory_proto::rr::Name;

use dns::question::QuestionKey;

/// The memory that an entry takes in addition to its key and its value, in octets: its slot, its position in the hash
/// table, and the unused parts of both. `tests/weights.rs` compares it with the allocator's own count, and `cargo bench
/// --bench memory` with the growth of resident memory.
pub const ENTRY_OVERHEAD: usize = 112;

/// The part of `ENTRY_OVERHEAD` that an empty slot takes too, in octets.
pub(super) const SLOT: u32 = 80;

/// Returns the size of a shared value, including its two reference counters, in octets.
pub(super) const fn shared<Value>() -> usize {
    size_of::<Value>() + 2 * size_of::<usize>()
}

/// Returns how many octets the allocator really takes for a request of `octets` octets. The allocator has four sizes between a power of two and the
/// next one, and steps of 16 octets below 128. A large request takes one page more.
pub(super) fn block(octets: usize) -> usize {
    let step = (octets.next_power_of_two() / 8).max(16);
    let more = if octets > LARGE { PAGE } else { 0 };
    octets.div_ceil(step).saturating_mul(step).saturating_add(more)
}

/// The size of the largest allocation that shares memory pages with others, in octets.
const LARGE: usize = 14 << 10;

/// The size of a memory page in octets.
const PAGE: usize = 4 << 10;

/// Returns the memory that a name takes in addition to its struct, in octets. The library `hickory_proto` keeps the first 32 octets of labels and
/// the ends of 24 labels within the struct.
pub(super) fn outside(name: &Name) -> usize {
    let labels = name.iter().len();
    let octets = name.len().saturating_sub(labels.max(1));
    let grown = |count: usize, within: usize| if count > within { block(count) } else { 0 };
    grown(octets, NAME_OCTETS_WITHIN).saturating_add(grown(labels, NAME_LABELS_WITHIN))
}

/// The number of octets of labels that the library keeps within the struct of a name.
const NAME_OCTETS_WITHIN: usize = 32;

/// The number of label ends that the library keeps within the struct of a name.
const NAME_LABELS_WITHIN: usize = 24;

/// Returns the memory that an entry with the key `key` takes, in octets. `blocks` has the sizes of all allocations that the value of the entry
/// makes.
pub(super) fn weight(key: &QuestionKey, blocks: &[usize]) -> u32 {
    let blocks =
        blocks.iter().map(|octets| block(*octets)).fold(block(key.as_bytes().len()), usize::saturating_add);
    u32::try_from(blocks.saturating_add(ENTRY_OVERHEAD)).unwrap_or(u32::MAX)
}
