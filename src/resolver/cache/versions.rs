//! Counters of changes to cached answers. A worker may use its copy of an answer as long as the counter of the answer has not changed.

use std::hash::Hasher;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::limits::ANSWER_VERSIONS;
use dns::hash::Plain;

/// Identifies a version of a cached answer: the place of the counter of its question, and the value of the counter at a time. The counter grows
/// when the answer changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswerVersion {
    place: u32,
    count: u32,
}

/// The counters of changes to cached answers. The hash of a question selects its counter, so several questions share one. When one of their answers
/// changes, the copies of the others are not used either. This costs one lookup for each of them, so collisions are harmless, and the hash needs no
/// secret.
pub(super) struct Versions([AtomicU32; ANSWER_VERSIONS]);

impl Default for Versions {
    fn default() -> Self {
        Self([const { AtomicU32::new(0) }; ANSWER_VERSIONS])
    }
}

impl Versions {
    /// Returns the current version of the answer under `key`. A caller that copies an answer calls this before it reads the answer: if the answer
    /// changes between the two, the copy counts as outdated.
    pub(super) fn for_key(&self, key: &[u8]) -> AnswerVersion {
        let place = place(key);
        AnswerVersion { place, count: self.count(place) }
    }

    pub(super) fn is_current(&self, version: AnswerVersion) -> bool {
        self.count(version.place) == version.count
    }

    /// Makes stored copies of the answer invalid. Call this after the answer has changed or was removed.
    pub(super) fn end(&self, version: AnswerVersion) {
        if let Some(counter) = self.0.get(version.place as usize) {
            counter.fetch_add(1, Ordering::Release);
        }
    }

    /// Increments all counters, because any answer may have changed or been removed. Must be called after the change.
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

    // A flush of all ends every version.
    #[test]
    fn changed_answer_invalidates_copies() {
        let versions = Versions::default();
        let [one, other] = [b"one".as_slice(), b"other"].map(|key| versions.for_key(key));
        versions.end(one);
        assert_eq!([one, other].map(|version| versions.is_current(version)), [false, true]);
        assert!(versions.is_current(versions.for_key(b"one")));
        versions.end_all();
        assert!(!versions.is_current(other));
    }
}
