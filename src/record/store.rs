//! The interface of the store for failed and slow questions, which survives restarts: the disk, or memory in tests.

use std::fmt::Debug;

/// A store of segments (groups of recorded entries), for instance a directory in which each segment is a file.
pub trait Store: Send + Sync + Debug {
    /// Returns when the oldest segment was begun, in microseconds since 1970, if it is known.
    fn begin(&self) -> Option<u64> {
        None
    }

    /// Appends entries in the form that `stored::put` writes.
    fn append(&self, entries: &[u8]);

    /// Returns why entries cannot be written now: a sentence without a full stop. Returns `None` if they can.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// Removes data that are older than the configuration allows.
    fn tend(&self);

    /// Calls `take` with the octets of each segment, the newest first, until it returns false.
    fn read_back(&self, take: &mut dyn FnMut(&[u8]) -> bool);
}
