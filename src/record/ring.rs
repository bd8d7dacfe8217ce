//! A ring of recorded entries (questions and resolutions) in memory. It consists of blocks of equal size, and new entries overwrite the
//! oldest block.
//!
//! Each worker has a ring of its own for questions that the cache answered. All other questions and the resolutions are in one common ring,
//! so cache hits do not overwrite a question that took four seconds. The memory of a ring is allocated at the start, so recording a cache
//! hit allocates none.
//!
//! A reader locks the ring only while it copies one block.

use std::hint::black_box;
use std::ops::RangeInclusive;
use std::sync::Mutex;

use crate::entry::{Entry, FlightEntry, QuestionEntry};
use crate::limits::{CORE_LINE, RECORD_BLOCK};
use crate::lock;
use crate::octets::{self, HitHead};
use crate::tally::FailureCount;
use dns::question::DnsResult;

/// The smallest number of blocks: one that is full, and one that is being written.
const FEWEST: usize = 2;

#[derive(Debug, Default)]
pub(crate) struct Ring {
    /// The blocks. The last entry of a block is followed by the length 0, or by the end of the block.
    octets: Vec<u8>,
    /// Where in `octets` the next entry will be written.
    next: usize,
    /// Where in `octets` the current block ends.
    end: usize,
    /// The number of the current block, counted from 0.
    block: u64,
    /// An entry is written here first, because its length is known only afterwards.
    entry: Vec<u8>,
    failures: FailureCount,
    /// The end of the entries of an earlier process, which were restored from a file.
    restored: RingPlace,
    /// True if the earlier process had already overwritten some of its entries.
    lost_before: bool,
}

impl Ring {
    /// Creates a ring of `size` octets, rounded to whole blocks. A ring of size 0 stores nothing.
    pub(crate) fn new(size: usize) -> Self {
        if size == 0 {
            return Self::default();
        }
        let blocks = (size / RECORD_BLOCK).max(FEWEST);
        Self { octets: vec![0; blocks.saturating_mul(RECORD_BLOCK)], end: RECORD_BLOCK, ..Self::default() }
    }

    /// Prefetches the memory for the next entries. This memory was last used one turn of the ring ago, so it is no longer in the CPU
    /// caches. The CPU does not wait for this read.
    #[inline]
    pub(crate) fn fetch(&self) {
        let octet = |place| self.octets.get(place).copied();
        black_box((octet(self.next), octet(self.next.saturating_add(CORE_LINE))));
    }

    /// Writes a question that the cache answered. `asked`: its name in wire form, and its type. `head`: the first octets of the entry.
    #[inline]
    pub(crate) fn hit(&mut self, head: &HitHead, asked: &[u8], result: DnsResult) {
        let room = HitHead::room(asked);
        if self.end.saturating_sub(self.next) < room {
            self.change();
        }
        let after = self.next.saturating_add(room);
        if let Some(room) = self.octets.get_mut(self.next..after) {
            head.write(asked, result, room);
            self.next = after;
        }
    }

    /// Writes a question that the cache did not answer.
    pub(crate) fn question(&mut self, question: &QuestionEntry) {
        self.failures.count(question.outcome);
        self.add(|octets| octets::put_question(question, octets));
    }

    pub(crate) fn flight(&mut self, flight: &FlightEntry) {
        self.add(|octets| octets::put_flight(flight, octets));
    }

    pub(crate) fn entry(&mut self, entry: &Entry) {
        self.add(|octets| octets::put(entry, octets));
    }

    /// Writes a question that the cache answered before a restart of resolverd.
    pub(crate) fn restore_hit(&mut self, hit: &QuestionEntry) {
        self.add(|octets| octets::put_hit(hit, octets));
    }

    /// Returns how many failed questions were written to the ring, including overwritten ones.
    pub(crate) const fn failures(&self) -> FailureCount {
        self.failures
    }

    /// Marks the end of the restored entries. `has_lost`: the earlier process had already overwritten some entries.
    pub(crate) const fn end_restoring(&mut self, has_lost: bool) {
        (self.restored, self.lost_before) = (self.place(), has_lost);
    }

    fn add(&mut self, put: impl FnOnce(&mut Vec<u8>)) {
        self.entry.clear();
        put(&mut self.entry);
        if self.end.saturating_sub(self.next) < self.entry.len() {
            self.change();
        }
        let after = self.next.saturating_add(self.entry.len());
        if let Some(room) = self.octets.get_mut(self.next..after) {
            room.copy_from_slice(&self.entry);
            self.next = after;
        }
    }

    #[cold]
    fn change(&mut self) {
        let rest = self.octets.get_mut(self.next..self.end).unwrap_or_default();
        if let Some(length) = rest.first_chunk_mut::<2>() {
            *length = [0; 2];
        }
        self.next = if self.end < self.octets.len() { self.end } else { 0 };
        self.end = self.next.saturating_add(RECORD_BLOCK).min(self.octets.len());
        self.block = self.block.saturating_add(1);
    }

    pub(crate) const fn place(&self) -> RingPlace {
        let begin = self.end.saturating_sub(RECORD_BLOCK);
        RingPlace { block: self.block, octets: self.next.saturating_sub(begin) }
    }

    pub(crate) fn has_lost(&self) -> bool {
        self.lost_before || self.block >= self.blocks()
    }

    fn blocks(&self) -> u64 {
        (self.octets.len() / RECORD_BLOCK) as u64
    }

    /// Appends a copy of a block to `into`, unless the block was overwritten.
    fn copy(&self, block: u64, into: &mut Vec<u8>) {
        let Some(back) = self.block.checked_sub(block).filter(|back| *back < self.blocks()) else { return };
        let begin = self.end.saturating_sub(RECORD_BLOCK);
        let back = usize::try_from(back).unwrap_or(0).saturating_mul(RECORD_BLOCK);
        let begin = begin
            .checked_sub(back)
            .unwrap_or_else(|| begin.saturating_add(self.octets.len()).saturating_sub(back));
        let end = if block == self.block { self.next } else { begin.saturating_add(RECORD_BLOCK) };
        into.extend_from_slice(self.octets.get(begin..end).unwrap_or_default());
    }
}

/// Reads the blocks, the newest first, until `take` returns false.
pub(crate) fn read_back(ring: &Mutex<Ring>, take: impl FnMut(&[u8]) -> bool) {
    read_blocks(ring, Iterator::rev, take);
}

/// Reads the blocks, the oldest first, until `take` returns false.
pub(crate) fn read_all(ring: &Mutex<Ring>, take: impl FnMut(&[u8]) -> bool) {
    read_blocks(ring, |blocks| blocks, take);
}

/// Reads the blocks in the order that `order` returns, until `take` returns false. Blocks that are overwritten during the reading are left out.
fn read_blocks<Order: Iterator<Item = u64>>(
    ring: &Mutex<Ring>,
    order: impl FnOnce(RangeInclusive<u64>) -> Order,
    mut take: impl FnMut(&[u8]) -> bool,
) {
    let (last, blocks) = {
        let ring = lock(ring);
        (ring.block, ring.blocks())
    };
    // Allocates before it locks the ring, so that a worker waits as briefly as possible.
    let mut octets = Vec::with_capacity(RECORD_BLOCK);
    for block in order(last.saturating_add(1).saturating_sub(blocks)..=last) {
        octets.clear();
        lock(ring).copy(block, &mut octets);
        if !take(&octets) {
            return;
        }
    }
}

/// Returns the size of all written blocks, in octets.
pub(crate) fn octets(ring: &Mutex<Ring>) -> usize {
    let ring = lock(ring);
    usize::try_from(ring.block.saturating_add(1).min(ring.blocks())).unwrap_or(0).saturating_mul(RECORD_BLOCK)
}

pub(crate) fn read_first(ring: &Mutex<Ring>, octets: &mut Vec<u8>) {
    let ring = lock(ring);
    let first = ring.block.saturating_add(1).saturating_sub(ring.blocks());
    octets.clear();
    ring.copy(first, octets);
}

/// The number of a block, and the offset in it in octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RingPlace {
    block: u64,
    octets: usize,
}

/// Reads the entries that this process has written after `place`, the oldest first, one block at a time. Overwritten blocks are left out.
pub(crate) fn read_on(ring: &Mutex<Ring>, place: &mut RingPlace, mut take: impl FnMut(&[u8])) {
    let (last, blocks, restored) = {
        let ring = lock(ring);
        (ring.block, ring.blocks(), ring.restored)
    };
    *place = restored.max(*place);
    let first = last.saturating_add(1).saturating_sub(blocks).max(place.block);
    let mut octets = Vec::new();
    for block in first..=last {
        if block != place.block {
            *place = RingPlace { block, octets: 0 };
        }
        octets.clear();
        lock(ring).copy(block, &mut octets);
        if let Some(new) = octets.get(place.octets..).filter(|new| !new.is_empty()) {
            take(new);
            place.octets = octets.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Entry;

    const ASKED: &[u8] = b"\x07example\x00\x00\x01";

    fn write(ring: &Mutex<Ring>, moments: std::ops::Range<u64>) {
        let mut ring = ring.lock().unwrap();
        moments
            .for_each(|at| ring.hit(&HitHead::new([127, 0, 0, 1].into(), 0, at), ASKED, DnsResult::Unknown));
    }

    fn times_of(block: &[u8]) -> Vec<u64> {
        let at = |entry| match entry {
            Entry::Question(question) => question.at,
            _ => panic!(),
        };
        octets::tests::read_all(block).into_iter().map(at).collect()
    }

    fn times(ring: &Mutex<Ring>) -> Vec<u64> {
        let mut times = Vec::new();
        read_back(ring, |block| {
            times.splice(0..0, times_of(block));
            true
        });
        times
    }

    #[test]
    fn ring_replaces_oldest_entries() {
        let ring = Mutex::new(Ring::new(4 * RECORD_BLOCK));
        let in_block = (RECORD_BLOCK / HitHead::room(ASKED)) as u64;
        let mut written = 0;
        // Writes about half a block in each step, so that the oldest blocks are overwritten several times.
        for step in 0..30 {
            let from = written;
            written += in_block / 2 + step;
            let counted = allocation_counter::measure(|| write(&ring, from..written));
            assert_eq!(counted.count_total, 0);
            let kept = times(&ring);
            assert_eq!(kept.last(), Some(&(written - 1)));
            assert!(kept.windows(2).all(|pair| pair[0] + 1 == pair[1]), "in order, without a gap");
            let first = (written - 1) / in_block * in_block;
            assert_eq!(kept[0], first.saturating_sub(3 * in_block), "after {written}");
        }
    }

    #[test]
    fn ring_reader_gets_entries_once() {
        let ring = Mutex::new(Ring::new(4 * RECORD_BLOCK));
        let (mut place, mut written, mut read) = (RingPlace::default(), 0, Vec::new());
        let go_on = |place: &mut RingPlace, read: &mut Vec<u64>| {
            read_on(&ring, place, |octets| {
                read.extend(times_of(octets));
            });
        };
        for step in 0..400 {
            write(&ring, written..written + step);
            written += step;
            go_on(&mut place, &mut read);
            go_on(&mut place, &mut read);
        }
        assert_eq!(read, (0..written).collect::<Vec<_>>());
        read.clear();
        write(&ring, written..written + 20_000);
        go_on(&mut place, &mut read);
        assert_eq!(read.last(), Some(&(written + 19_999)));
        assert!(read.len() > 1_000 && read.windows(2).all(|pair| pair[0] + 1 == pair[1]));
    }

    #[test]
    fn a_ring_without_memory_keeps_nothing() {
        let ring = Mutex::new(Ring::new(0));
        write(&ring, 0..9);
        assert!(times(&ring).is_empty());
    }
}
