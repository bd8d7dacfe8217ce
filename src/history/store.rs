//! The interface of the storage for failed and slow questions, which survives restarts: the disk, or memory in tests.

use std::fmt::Debug;

/// A storage for segments of the history, for instance a directory in which each segment is a file.
pub trait Store: Send + Sync + Debug {
    /// Returns when the oldest segment was begun, in microseconds since 1970. Returns `None` if there is no segment, or if this is not known.
    fn begin(&self) -> Option<u64> {
        None
    }

    /// Appends entries of the history. `entries` has the form that `stored::put` writes.
    fn append(&self, entries: &[u8]);

    /// Returns why entries cannot be written at present, as a sentence without its final dot. Returns `None` if they can be written.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// Removes the data of the history that are older than the configuration allows.
    fn tend(&self);

    /// Calls `take` with the octets of each segment, the newest segment first, until it returns false.
    fn read_back(&self, take: &mut dyn FnMut(&[u8]) -> bool);
}
