//! Stores the history of queries in memory instead of on a disk.

use std::sync::Mutex;

use record::store::Store;
use record::stored::SEGMENT_HEAD;

/// Keeps the files of the history (segments) in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(pub Mutex<Vec<u8>>);

impl Store for MemoryStore {
    fn append(&self, entries: &[u8]) {
        self.0.lock().unwrap().extend_from_slice(entries);
    }

    fn tend(&self) {}

    fn read_back(&self, take: &mut dyn FnMut(&[u8]) -> bool) {
        take(&[&SEGMENT_HEAD[..], &self.0.lock().unwrap()].concat());
    }
}
