//! The progress of a resolution (flight), which determines how long clients wait for it, and when they get stale answers.
//!
//! The resolution and its clients share this value. It contains the trail: the list of steps, which is only shown to people.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use dns::clock::{Clock, Moments, Mono};
use record::trail::Trail;
use validate::verdict::SecurityStatus;

/// The progress of a resolution, which the resolution and its waiting clients share.
#[derive(Debug)]
pub struct FlightProgress {
    began: Mono,
    moments: Moments,
    /// The time of the last reply of a server, in microseconds of the monotonic clock. Before the first reply, the start of the clock.
    answered: AtomicU64,
    refuted: AtomicBool,
    trail: Trail,
}

impl FlightProgress {
    /// Creates the progress of a resolution that begins now.
    pub fn new(clock: &Clock) -> Self {
        let (began, moments) = (clock.mono(), clock.moments());
        let answered = AtomicU64::new(Mono::START.as_micros());
        let trail = Trail::new(moments.clone(), began);
        Self { began, moments, answered, refuted: AtomicBool::new(false), trail }
    }

    /// Returns the time at which the resolution began.
    pub fn began(&self) -> Mono {
        self.began
    }

    /// Returns the trail: the steps of the resolution for people and for the history.
    pub fn trail(&self) -> &Trail {
        &self.trail
    }

    pub(crate) fn last_answer(&self) -> Option<Mono> {
        let answered = Mono::from_micros(self.answered.load(Ordering::Relaxed));
        (answered != Mono::START).then_some(answered)
    }

    /// Returns true if a server has sent a bogus answer or bogus DNSSEC keys.
    pub(crate) fn is_refuted(&self) -> bool {
        self.refuted.load(Ordering::Relaxed)
    }

    pub(super) fn answered(&self) {
        self.answered.store(self.moments.mono().as_micros(), Ordering::Relaxed);
    }

    /// Records the result of a validation. Only the result "bogus" has an effect.
    pub(super) fn judged(&self, state: SecurityStatus) {
        if state == SecurityStatus::Bogus {
            self.refuted.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::event::StepEvent;
    use record::limits::MAX_STEPS;

    // Answers and bogus data are noticed after MAX_STEPS steps as well.
    #[test]
    fn full_trail_still_records_outcome() {
        let progress = FlightProgress::new(&Clock::machine());
        let step = || StepEvent::Alias { target: "example.".to_owned() };
        (0..=MAX_STEPS).for_each(|_| progress.trail().note(0, step()));
        assert_eq!((progress.last_answer(), progress.is_refuted()), (None, false));
        progress.answered();
        assert!(progress.last_answer() >= Some(progress.began()));
        progress.judged(SecurityStatus::Secure);
        assert!(!progress.is_refuted());
        progress.judged(SecurityStatus::Bogus);
        assert!(progress.is_refuted());
        assert_eq!(progress.trail().steps().len(), MAX_STEPS);
    }
}
