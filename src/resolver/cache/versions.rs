//! Counters of changes to answers in the cache. A worker may copy an answer and use the copy without the cache, as long as the counter of the
//! answer has not changed.

use std::hash::Hasher;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::limits::ANSWER_VERSIONS;
use dns::hash::Plain;

/// The value of the counter of an answer at the time when it was read. It identifies the version of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswerVersion {
    place: u32,
    count: u32,
}

/// The counters. The hash of a question selects its counter, and several questions share a counter. When one of their answers changes, the copies
/// of the other answers are no longer used either. This only costs one lookup for each of them, so collisions are harmless and the hash needs no
/// secret.
pub(super) struct Versions([AtomicU32; ANSWER_VERSIONS]);

impl Default for Versions {
    fn default() -> Self {
        Self([const { AtomicU32::new(0) }; ANSWER_VERSIONS])
    }
}

impl Versions {
    /// Returns the current version of the answer under `key`. The caller must read the version before it reads the
    /// answer.
    pub(super) fn for_key(&self, key: &[u8]) -> AnswerVersion {
        let place = place(key);
        AnswerVersion { place, count: self.count(place) }
    }

    /// Returns true if the counter to which `version` belongs has not changed since `version` was read.
    pub(super) fn is_current(&self, version: AnswerVersion) -> bool {
        self.count(version.place) == version.count
    }

    /// Records that the answer to which `version` belongs has changed or was removed. The caller must call this function after the change.
    pub(super) fn end(&self, version: AnswerVersion) {
        if let Some(counter) = self.0.get(version.place as usize) {
            counter.fetch_add(1, Ordering::Release);
        }
    }

    /// Records that any answer may have changed or may have been removed. The caller must call this function after the change.
    pub(super) fn end_all(&self) {
        for counter in &self.0 {
            counter.fetch_add(1, Ordering::Release);
        }
    }

    fn count(&self, place: u32) -> u32 {
        self.0.get(place as usize).map_or(0, |counter| counter.load(Ordering::Acquire))
    }
}

fn place(key: &[u8]) -> u32 {
    let mut hasher = Plain::default();
    hasher.write(key);
    u32::try_from(hasher.finish() % ANSWER_VERSIONS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_ends_the_version_of_its_key_and_a_flush_ends_all() {
        let versions = Versions::default();
        let [one, other] = [b"one".as_slice(), b"other"].map(|key| versions.for_key(key));
        versions.end(one);
        assert_eq!([one, other].map(|version| versions.is_current(version)), [false, true]);
        assert!(versions.is_current(versions.for_key(b"one")));
        versions.end_all();
        assert!(!versions.is_current(other));
    }
}
