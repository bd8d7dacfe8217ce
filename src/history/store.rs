//! The place where failed and slow questions are kept over a restart: the disk, or the memory of a test.

use std::fmt::Debug;

/// A place for segments, for instance a directory.
pub trait Store: Send + Sync + Debug {
    /// When its oldest segment was begun, in microseconds since 1970; none if it is empty, or if this is not known.
    fn begin(&self) -> Option<u64> {
        None
    }

    /// Appends entries, as `put` has written them.
    fn append(&self, entries: &[u8]);

    /// Why entries cannot be written at present, in words without an end; none if they can.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// Removes what is too old.
    fn tend(&self);

    /// Calls `take` with each segment, the newest first, until it returns false.
    fn read_back(&self, take: &mut dyn FnMut(&[u8]) -> bool);
}
