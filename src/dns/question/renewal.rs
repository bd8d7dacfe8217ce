//! The mark of an entry in memory that is being renewed, so that it is renewed once.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::clock::Mono;

/// The value of a mark that is taken.
const TAKEN: u32 = u32::MAX;

/// The mark of an entry that is being renewed. It is no part of the value.
///
/// It holds the second, since the first moment of the clock, from which it may be taken.
#[derive(Debug, Default)]
pub struct RenewalMark(AtomicU32);

impl RenewalMark {
    /// Takes the mark; returns false if it is taken, or was given back in this second.
    pub fn take(&self, now: Mono) -> bool {
        let from = self.0.load(Ordering::Relaxed);
        // For most hits this read is enough, and no write is needed.
        now.seconds_since(Mono::START) >= from
            && from != TAKEN
            && self.0.compare_exchange(from, TAKEN, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Removes the mark: there was no room for the renewal. The entry may be handed over again in the next second.
    /// Not each use hands it over, because there are many uses and there is still no room.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn one_renews_it_at_a_time_and_tries_once_in_a_second() {
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
}
