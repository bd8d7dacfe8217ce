//! The two marks of a cache entry: that it is being renewed, and that look-ahead asked for it.
//!
//! A mark is not part of the value of an entry: a copy has no marks, and all marks are equal in comparisons.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use crate::clock::Mono;

/// The value of a [`RenewalMark`] while the entry is being renewed.
const TAKEN: u32 = u32::MAX;

/// Shows if a cache entry is being renewed. So an entry is not renewed twice at the same time.
///
/// If the entry is not being renewed, the value is the time from which it may be renewed, in seconds since `Mono::START`.
#[derive(Debug, Default)]
pub struct RenewalMark(AtomicU32);

impl RenewalMark {
    /// Takes the mark; the caller must then renew the entry. Returns false if another caller has the mark, or has given it back
    /// within this second.
    pub fn take(&self, now: Mono) -> bool {
        let from = self.0.load(Ordering::Relaxed);
        // For most cache hits, this read suffices, without a write.
        now.seconds_since(Mono::START) >= from
            && from != TAKEN
            && self.0.compare_exchange(from, TAKEN, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Gives the mark back if too many renewals are in progress, so that this one cannot begin. The mark may be taken again from the next
    /// second on.
    pub fn give_back(&self, now: Mono) {
        self.0.store(now.seconds_since(Mono::START).saturating_add(1), Ordering::Relaxed);
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

/// Set while look-ahead has asked for a cache entry and no client has used it yet. The value is the number of the look-ahead
/// rule.
#[derive(Debug, Default)]
pub struct AheadMark(AtomicU8);

impl AheadMark {
    /// Sets the mark. `rule`: the number of the look-ahead rule that asked for the entry, counted from 1.
    pub fn set(&self, rule: u8) {
        self.0.store(rule, Ordering::Relaxed);
    }

    /// Returns true if look-ahead asked for the entry and no client has used it yet.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Removes the mark when a client uses the entry. Returns the number of the look-ahead rule, or `None` if there was no mark.
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
    use std::time::Duration;

    // A try that is given back can be repeated a second later.
    #[test]
    fn renewal_mark_admits_one_holder() {
        let at = |millis| Mono::START.after(Duration::from_millis(millis));
        let mark = RenewalMark::default();
        assert_eq!([mark.take(at(0)), mark.take(at(900_000))], [true, false]);
        mark.give_back(at(900_000));
        assert_eq!(
            [mark.take(at(900_999)), mark.take(at(901_000)), mark.take(at(901_000))],
            [false, true, false]
        );
        assert!(mark.clone().take(at(0)), "a copy is another thing");
    }

    #[test]
    fn the_first_use_takes_the_mark() {
        let mark = AheadMark::default();
        assert!(!mark.is_set() && mark.take().is_none());
        mark.set(3);
        assert!(mark.is_set() && !mark.clone().is_set());
        assert_eq!([mark.take(), mark.take()], [Some(3), None]);
    }
}
