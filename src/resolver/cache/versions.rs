//! Counters of changed answers: a copy of an answer outside the memory is of use while its counter stays the same.

use std::hash::Hasher;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::limits::ANSWER_VERSIONS;
use dns::hash::Plain;

/// The version of the answer to a question, at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswerVersion {
    place: u32,
    count: u32,
}

/// The counters. Questions with the same hash share a counter: a change of one answer makes the copies of the other answers
/// useless too, which costs a lookup and nothing else. So the hash needs no secret.
pub(super) struct Versions([AtomicU32; ANSWER_VERSIONS]);

impl Default for Versions {
    fn default() -> Self {
        Self([const { AtomicU32::new(0) }; ANSWER_VERSIONS])
    }
}

impl Versions {
    /// The version of the answer under `key`. Read it before the answer.
    pub(super) fn for_key(&self, key: &[u8]) -> AnswerVersion {
        let place = place(key);
        AnswerVersion { place, count: self.count(place) }
    }

    /// Returns true if the answer has not changed since.
    pub(super) fn is_current(&self, version: AnswerVersion) -> bool {
        self.count(version.place) == version.count
    }

    /// Notes that the answer of this version has changed or is gone. Call it after the change.
    pub(super) fn end(&self, version: AnswerVersion) {
        if let Some(counter) = self.0.get(version.place as usize) {
            counter.fetch_add(1, Ordering::Release);
        }
    }

    /// Notes that any answer may have changed or be gone. Call it after the change.
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
