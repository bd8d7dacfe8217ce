//! Numbers and strings of octets in the format of the snapshot: numbers in network order, strings after their length.
//!
//! Reading accepts any octets, and returns none if too few are left.

use crate::limits::MAX_SNAPSHOT_BLOCK;

/// Octets that are read from the front.
pub(super) struct Octets<'o>(&'o [u8]);

impl<'o> Octets<'o> {
    pub(super) fn new(octets: &'o [u8]) -> Self {
        Self(octets)
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'o [u8]> {
        let (taken, left) = self.0.split_at_checked(count)?;
        self.0 = left;
        Some(taken)
    }

    pub(super) fn array<const COUNT: usize>(&mut self) -> Option<[u8; COUNT]> {
        let (taken, left) = self.0.split_first_chunk()?;
        self.0 = left;
        Some(*taken)
    }

    pub(super) fn octet(&mut self) -> Option<u8> {
        self.array().map(|[octet]| octet)
    }

    pub(super) fn short(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn word(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn long(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// A string of octets.
    pub(super) fn string(&mut self) -> Option<&'o [u8]> {
        let length = self.word()?;
        self.take(usize::try_from(length).ok()?)
    }
}

/// Appends a string of octets. If it is longer than a block, the whole entry is dropped, so its length does not
/// matter.
pub(super) fn put_string(out: &mut Vec<u8>, octets: &[u8]) {
    let octets = octets.get(..MAX_SNAPSHOT_BLOCK).unwrap_or(octets);
    out.extend_from_slice(&u32::try_from(octets.len()).unwrap_or(0).to_be_bytes());
    out.extend_from_slice(octets);
}
