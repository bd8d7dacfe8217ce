//! The mark of an answer that look-ahead asked for and no client has used yet.

use std::sync::atomic::{AtomicU8, Ordering};

/// The mark, with the number of the rule that asked. It is no part of the value.
#[derive(Debug, Default)]
pub struct AheadMark(AtomicU8);

impl AheadMark {
    /// Sets the mark for the rule of this number, from 1.
    pub fn set(&self, rule: u8) {
        self.0.store(rule, Ordering::Relaxed);
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Removes the mark; returns the number of the rule if it was set.
    pub fn take(&self) -> Option<u8> {
        Some(self.0.swap(0, Ordering::Relaxed)).filter(|rule| *rule != 0)
    }
}

impl Clone for AheadMark {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for AheadMark {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for AheadMark {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_use_takes_the_mark() {
        let mark = AheadMark::default();
        assert!(!mark.is_set() && mark.take().is_none());
        mark.set(3);
        assert!(mark.is_set() && !mark.clone().is_set());
        assert_eq!([mark.take(), mark.take()], [Some(3), None]);
    }
}
