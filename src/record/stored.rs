//! The history on disk: which entries are stored, and the format of the files, which are called
//! segments.
//!
//! Stored are failed and slow questions, all questions that waited for the same resolutions
//! (flights), these resolutions, failed resolutions to DNS lists, and emails that took long (see
//! the crate `explain`, which selects them). A segment consists of a header and entries, each after
//! its checksum. A crash may cut off the end of a segment, so a reader skips damaged entries. Times
//! are in microseconds since 1970.

use crate::entry::Entry;
use crate::octets::{self, TAGS};
use dns::hash::checksum;

/// The first octets of each segment; the last one is the version of the format.
pub const SEGMENT_HEAD: [u8; 16] = *b"resolverd rec\n\0\x02";

/// The octets of the checksum of an entry.
const SUM: usize = 8;

/// The maximum size of an entry, in octets. A resolution with the most queries, links and texts
/// takes less.
const MAX_ENTRY: usize = 32 << 10;

/// Appends the checksum of an entry, and the entry.
pub fn put(entry: &Entry, into: &mut Vec<u8>) {
    frame(into, |into| octets::put(entry, into));
}

/// Appends a checksum, and what `put` writes.
pub(crate) fn frame(into: &mut Vec<u8>, put: impl FnOnce(&mut Vec<u8>)) {
    let begin = into.len();
    into.extend_from_slice(&[0; SUM]);
    put(into);
    let octets = into.get(begin.saturating_add(SUM)..).unwrap_or_default();
    let sum = checksum(octets);
    if let Some(place) = into.get_mut(begin..).and_then(|frame| frame.first_chunk_mut::<SUM>()) {
        *place = sum.to_le_bytes();
    }
}

/// The error that a segment (a file of the history) has a damaged entry, for callers that use only
/// whole segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is damaged, or of another version")]
pub struct DamagedSegment;

/// The result of checking a segment (a file of the history).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SegmentCheck {
    /// The end of the last undamaged entry; 0 if this is no segment of this version.
    pub end: usize,
    /// The octets of damaged entries before `end`.
    pub damaged: usize,
}

/// Checks up to which octet a segment can be read.
pub fn check(segment: &[u8]) -> SegmentCheck {
    frames(segment, |_| ())
}

/// Calls `take` with each undamaged entry of a segment.
pub(crate) fn read(segment: &[u8], take: impl FnMut(&[u8])) {
    frames(segment, take);
}

/// Calls `take` with each undamaged entry. The length of a damaged entry may be wrong too, so the
/// next undamaged one is searched at every octet.
fn frames(segment: &[u8], mut take: impl FnMut(&[u8])) -> SegmentCheck {
    let Some(mut left) = segment.strip_prefix(&SEGMENT_HEAD) else { return SegmentCheck::default() };
    let mut check = SegmentCheck { end: SEGMENT_HEAD.len(), damaged: 0 };
    while let Some((skipped, frame)) = Frame::next_whole(left) {
        take(frame.octets);
        check.damaged = check.damaged.saturating_add(skipped);
        left = frame.rest;
        check.end = segment.len().saturating_sub(left.len());
    }
    check
}

struct Frame<'s> {
    sum: u64,
    octets: &'s [u8],
    rest: &'s [u8],
}

impl<'s> Frame<'s> {
    fn first(octets: &'s [u8]) -> Option<Self> {
        let (sum, behind) = octets.split_first_chunk::<SUM>()?;
        let length = usize::from(u16::from_le_bytes(*behind.first_chunk()?));
        let (octets, rest) = behind.split_at_checked(length).filter(|_| length > 2)?;
        Some(Self { sum: u64::from_le_bytes(*sum), octets, rest })
    }

    /// Returns the first undamaged entry, and the number of octets before it.
    fn next_whole(octets: &'s [u8]) -> Option<(usize, Self)> {
        (0..octets.len()).find_map(|skipped| {
            let frame = Self::first(octets.get(skipped..)?)?;
            frame.is_whole().then_some((skipped, frame))
        })
    }

    /// Returns true if the entry is undamaged. In a damaged segment, millions of positions must be
    /// tried, so the checksum is computed only for octets that look like an entry.
    fn is_whole(&self) -> bool {
        let is_entry =
            self.octets.len() <= MAX_ENTRY && self.octets.get(2).is_some_and(|tag| TAGS.contains(tag));
        is_entry && checksum(self.octets) == self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::QuestionEntry;
    use crate::names::ReadNames;
    use crate::redact::Secrets;
    use proptest::prelude::*;

    fn question(at: u64) -> Entry {
        let failed = QuestionEntry::failed(b"\x07example\x00", at);
        Entry::Question(QuestionEntry { flight: Some(3), error: "no server answered".into(), ..failed })
    }

    fn segment(count: u64) -> Vec<u8> {
        let mut octets = SEGMENT_HEAD.to_vec();
        (0..count).for_each(|at| put(&question(at), &mut octets));
        octets
    }

    fn entries_of(segment: &[u8]) -> Vec<Entry> {
        let (secrets, mut entries) = (Secrets::default(), Vec::new());
        let names = &mut ReadNames::without(&secrets);
        read(segment, |octets| octets::read(octets, names, |entry| entries.push(entry)));
        entries
    }

    fn whole(end: usize) -> SegmentCheck {
        SegmentCheck { end, damaged: 0 }
    }

    #[test]
    fn segment_survives_encoding() {
        let octets = segment(3);
        assert_eq!(check(&octets), whole(octets.len()));
        assert_eq!(entries_of(&octets), (0..3).map(question).collect::<Vec<_>>());
        assert_eq!(check(b"another file, which is longer"), whole(0));
    }

    #[test]
    fn damaged_entry_loses_no_other() {
        let octets = segment(4);
        let length = segment(1).len() - SEGMENT_HEAD.len();
        // Damages an octet of the checksum, then one of the name.
        for place in [0, 60] {
            let mut damaged = octets.clone();
            damaged[SEGMENT_HEAD.len() + length + place] ^= 1;
            assert_eq!(check(&damaged), SegmentCheck { end: octets.len(), damaged: length });
            assert_eq!(entries_of(&damaged), [0, 2, 3].map(question));
        }
    }

    #[test]
    fn damaged_length_loses_no_other() {
        let octets = segment(4);
        let length = segment(1).len() - SEGMENT_HEAD.len();
        // Damages the lower octet of the length, then the upper one, then both with the checksum.
        for places in [8..9, 9..10, 0..10] {
            let mut damaged = octets.clone();
            places.for_each(|place| damaged[SEGMENT_HEAD.len() + length + place] ^= 0x55);
            assert_eq!(check(&damaged), SegmentCheck { end: octets.len(), damaged: length });
            assert_eq!(entries_of(&damaged), [0, 2, 3].map(question));
        }
        let (mut two, others) = (segment(2), segment(9).split_off(SEGMENT_HEAD.len()));
        two.extend(vec![0xff; 100_000]);
        two.extend(&others);
        assert_eq!(check(&two), SegmentCheck { end: two.len(), damaged: 100_000 });
        assert_eq!(entries_of(&two).len(), 11);
    }

    proptest! {
        #[test]
        fn damaged_segment_end_is_dropped(cut in 0_usize..300, rest in proptest::collection::vec(any::<u8>(), 0..80)) {
            let octets = segment(3);
            let cut = cut.min(octets.len());
            let mut octets = octets.get(..cut).unwrap().to_vec();
            octets.extend(rest);
            let (found, entries) = (check(&octets), entries_of(&octets));
            prop_assert!(found.end <= octets.len());
            prop_assert!(entries.len() <= 3 && entries.iter().cloned().eq((0..entries.len() as u64).map(question)));
            prop_assert_eq!(check(octets.get(..found.end).unwrap()), found);
        }
    }
}
