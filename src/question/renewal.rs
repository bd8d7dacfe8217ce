//! The mark of an entry in memory that is being renewed, so that it is renewed once.

use std::sync::atomic::{AtomicBool, Ordering};

/// The mark of an entry that is being renewed. It is no part of the value.
#[derive(Debug, Default)]
pub struct RenewalMark(AtomicBool);

impl RenewalMark {
    /// Sets the mark; returns false if it was set before.
    pub fn take(&self) -> bool {
        !self.0.swap(true, Ordering::Relaxed)
    }

    /// Removes the mark: there was no room for the renewal, so the next use may ask for it again.
    pub fn give_back(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Clone for RenewalMark {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for RenewalMark {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for RenewalMark {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_renews_it_at_a_time() {
        let mark = RenewalMark::default();
        assert_eq!([mark.take(), mark.take()], [true, false]);
        mark.give_back();
        assert!(mark.take() && mark.clone().take(), "a copy is another thing");
    }
}
