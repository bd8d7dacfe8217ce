//! The format of the snapshot file: a head, blocks of entries with checksums, and an end mark.
//!
//! The head is written last, so an unfinished file has none. The checksum of a block also depends on the checksum of the previous block, so missing
//! or moved blocks are found.
//!
//! Numbers are in network byte order. The length is written before a string of octets. Reading functions accept any octets, and return `None` if
//! there are too few.

use std::hash::Hasher;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};

use super::unusable::UnusableSnapshot;
use crate::limits::{MAX_SNAPSHOT_BLOCK, SNAPSHOT_BLOCK};
use dns::hash::Plain;

const MAGIC: [u8; 16] = *b"resolverd cache\n";

const VERSION: u32 = 5;

pub(super) const HEAD: usize = MAGIC.len() + 4 + 32 + 8 + 8 + 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The digest of the configuration that influences answers (see `Scope`).
    pub(super) fingerprint: [u8; 32],
    /// When the snapshot was written, in seconds since 1970.
    pub(super) written: u64,
    /// The number of entries in all blocks.
    pub(super) entries: u64,
}

impl Head {
    fn to_octets(self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(HEAD);
        octets.extend_from_slice(&MAGIC);
        octets.extend_from_slice(&VERSION.to_be_bytes());
        octets.extend_from_slice(&self.fingerprint);
        octets.extend_from_slice(&self.written.to_be_bytes());
        octets.extend_from_slice(&self.entries.to_be_bytes());
        let sum = checksum(0, &octets);
        octets.extend_from_slice(&sum.to_be_bytes());
        octets
    }

    fn read(octets: &[u8; HEAD]) -> Result<Self, UnusableSnapshot> {
        let mut left = Octets::new(octets);
        if left.array() != Some(MAGIC) {
            return Err(UnusableSnapshot::Foreign);
        }
        let version = left.word().ok_or(UnusableSnapshot::Broken)?;
        if version != VERSION {
            return Err(UnusableSnapshot::Version(version, VERSION));
        }
        let mut read = || Some((left.array()?, left.long()?, left.long()?, left.long()?));
        let (fingerprint, written, entries, sum) = read().ok_or(UnusableSnapshot::Broken)?;
        let summed = octets.get(..HEAD.saturating_sub(8)).unwrap_or_default();
        if checksum(0, summed) != sum {
            return Err(UnusableSnapshot::Broken);
        }
        Ok(Self { fingerprint, written, entries })
    }
}

/// Computes the checksum of `octets` from that of the previous block (`before`). Eight octets at a time are multiplied with an odd number, so any
/// change of up to eight consecutive octets changes the sum.
fn checksum(before: u64, octets: &[u8]) -> u64 {
    let mut sum = Plain::default();
    sum.write_u64(before);
    sum.write_usize(octets.len());
    sum.write(octets);
    sum.finish()
}

pub(super) struct Writer<'w, File> {
    file: &'w mut File,
    block: Vec<u8>,
    sum: u64,
    entries: u64,
}

impl<'w, File: Write + Seek> Writer<'w, File> {
    pub(super) fn new(file: &'w mut File) -> io::Result<Self> {
        file.write_all(&[0; HEAD])?;
        Ok(Self { file, block: Vec::with_capacity(SNAPSHOT_BLOCK), sum: 0, entries: 0 })
    }

    /// Writes one entry. `put` appends its octets to the current block. If the block is then longer than `MAX_SNAPSHOT_BLOCK`, the entry is left out.
    pub(super) fn entry(&mut self, put: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let before = self.block.len();
        put(&mut self.block);
        if self.block.len() > MAX_SNAPSHOT_BLOCK {
            self.block.truncate(before);
        } else if self.block.len() > before {
            self.entries = self.entries.saturating_add(1);
        }
        if self.block.len() >= SNAPSHOT_BLOCK { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.block.is_empty() {
            self.sum = checksum(self.sum, &self.block);
            self.file.write_all(&u32::try_from(self.block.len()).unwrap_or(0).to_be_bytes())?;
            self.file.write_all(&self.sum.to_be_bytes())?;
            self.file.write_all(&self.block)?;
        }
        self.block.clear();
        Ok(())
    }

    /// Writes the end of the file, and then its head. Returns the number of entries and the size of the file in octets.
    pub(super) fn end(mut self, fingerprint: [u8; 32], written: u64) -> io::Result<(u64, u64)> {
        self.flush()?;
        self.file.write_all(&[0; 4])?;
        self.file.write_all(&self.sum.to_be_bytes())?;
        let octets = self.file.stream_position()?;
        self.file.seek(SeekFrom::Start(0))?;
        let head = Head { fingerprint, written, entries: self.entries };
        self.file.write_all(&head.to_octets())?;
        self.file.flush()?;
        Ok((self.entries, octets))
    }
}

pub(super) struct SnapshotReader<'r, File> {
    file: &'r mut File,
    block: Vec<u8>,
    sum: u64,
}

impl<'r, File: Read + Seek> SnapshotReader<'r, File> {
    pub(super) fn new(file: &'r mut File) -> Result<(Self, Head), UnusableSnapshot> {
        let mut head = [0; HEAD];
        file.read_exact(&mut head).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => UnusableSnapshot::Foreign,
            _ => UnusableSnapshot::Unread(error),
        })?;
        let head = Head::read(&head)?;
        Ok((Self { file, block: Vec::new(), sum: 0 }, head))
    }

    /// Returns `None` at the end mark.
    pub(super) fn block(&mut self) -> Result<Option<&[u8]>, UnusableSnapshot> {
        let mut before = [0; 12];
        self.fill(|reader| reader.file.read_exact(&mut before))?;
        let mut left = Octets::new(&before);
        let (length, sum) = left.word().zip(left.long()).ok_or(UnusableSnapshot::Broken)?;
        let length = usize::try_from(length).map_err(|_| UnusableSnapshot::Broken)?;
        if length == 0 {
            let is_whole = sum == self.sum && matches!(self.file.read(&mut [0]), Ok(0));
            return if is_whole { Ok(None) } else { Err(UnusableSnapshot::Broken) };
        }
        if length > MAX_SNAPSHOT_BLOCK {
            return Err(UnusableSnapshot::Broken);
        }
        self.block.resize(length, 0);
        self.fill(|reader| reader.file.read_exact(&mut reader.block))?;
        self.sum = checksum(self.sum, &self.block);
        if self.sum == sum { Ok(Some(&self.block)) } else { Err(UnusableSnapshot::Broken) }
    }

    /// Checks all blocks and goes back to the first one, so that no entry of a damaged file is used. Stops early if `goes_on` returns false.
    pub(super) fn check(&mut self, goes_on: impl Fn() -> bool) -> Result<(), UnusableSnapshot> {
        while goes_on() && self.block()?.is_some() {}
        self.sum = 0;
        self.file.seek(SeekFrom::Start(HEAD as u64)).map_err(UnusableSnapshot::Unread)?;
        Ok(())
    }

    fn fill(&mut self, read: impl FnOnce(&mut Self) -> io::Result<()>) -> Result<(), UnusableSnapshot> {
        read(self).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => UnusableSnapshot::Broken,
            _ => UnusableSnapshot::Unread(error),
        })
    }
}

/// Octets that have not been read. Each function takes octets from the front.
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

    /// Reads a length and a string of this length.
    pub(super) fn string(&mut self) -> Option<&'o [u8]> {
        let length = self.word()?;
        self.take(usize::try_from(length).ok()?)
    }
}

/// Appends the length and the string. A string that is longer than `MAX_SNAPSHOT_BLOCK` is cut. `Writer::entry` then leaves out its entry, so the
/// wrong length does not matter.
pub(super) fn put_string(out: &mut Vec<u8>, octets: &[u8]) {
    let octets = octets.get(..MAX_SNAPSHOT_BLOCK).unwrap_or(octets);
    out.extend_from_slice(&u32::try_from(octets.len()).unwrap_or(0).to_be_bytes());
    out.extend_from_slice(octets);
}
