//! The weight of entries, as they lie in memory.

use hickory_proto::rr::Name;

use dns::question::QuestionKey;

/// Octets of an entry in addition to its key and its value: its slot, its place in the hash table, and the unused
/// part of both. `tests/weights.rs` measures it against the allocator's own count, and `cargo bench --bench memory`
/// against resident growth.
pub const ENTRY_OVERHEAD: usize = 112;

/// The part of it that a slot keeps while it is empty.
pub(super) const SLOT: u32 = 80;

/// Octets of a shared value, with the two counters before it.
pub(super) const fn shared<Value>() -> usize {
    size_of::<Value>() + 2 * size_of::<usize>()
}

/// Octets that the allocator hands out for a request of this size: it has four sizes between a power of two and the
/// next, steps of 16 octets below 128, and a page more for each of the large ones.
pub(super) fn block(octets: usize) -> usize {
    let step = (octets.next_power_of_two() / 8).max(16);
    let more = if octets > LARGE { PAGE } else { 0 };
    octets.div_ceil(step).saturating_mul(step).saturating_add(more)
}

/// The largest allocation that shares pages with others.
const LARGE: usize = 14 << 10;

/// Octets of a page.
const PAGE: usize = 4 << 10;

/// Octets of a name outside it: the library keeps 32 octets of labels and the ends of 24 labels within.
pub(super) fn outside(name: &Name) -> usize {
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
pub(super) fn weight(key: &QuestionKey, blocks: &[usize]) -> u32 {
    let blocks =
        blocks.iter().map(|octets| block(*octets)).fold(block(key.as_bytes().len()), usize::saturating_add);
    u32::try_from(blocks.saturating_add(ENTRY_OVERHEAD)).unwrap_or(u32::MAX)
}
