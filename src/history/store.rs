//! The place that keeps failed and slow questions across restarts: the disk, or memory in tests.

use std::fmt::Debug;

/// A place that keeps segments of the record, for instance a directory.
pub trait Store: Send + Sync + Debug {
    /// Returns when the oldest segment was begun, in microseconds since 1970. Returns `None` if there is no segment, or if this is not known.
    fn begin(&self) -> Option<u64> {
        None
    }

    /// Appends entries, in the form that `stored::put` writes.
    fn append(&self, entries: &[u8]);

    /// Returns why entries cannot be written at present, as words without an end of sentence. Returns `None` if they can be written.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// Removes entries that are too old.
    fn tend(&self);

    /// Calls `take` with each segment, the newest first, until it returns false.
    fn read_back(&self, take: &mut dyn FnMut(&[u8]) -> bool);
}
