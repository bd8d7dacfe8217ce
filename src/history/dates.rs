//! Converts the times of entries from the monotonic clock `Mono` to dates.
//!
//! If the clock of the host is set, earlier entries keep their old dates, like the log of the mail server and the files on disk. With new
//! dates, a question that is both in memory and on disk would count twice.

use crate::limits::{CLOCK_STEP, MAX_CLOCK_STEPS};

/// The differences between the date and the monotonic clock, in microseconds. Whenever the clock of the host is set, a new difference is
/// added.
#[derive(Clone, Debug, Default)]
pub(super) struct Dates {
    /// Each element has a monotonic time, and the difference that applies from this time on. Sorted by time. At most `MAX_CLOCK_STEPS`.
    steps: Vec<(u64, u64)>,
    /// The latest monotonic time that `note` has registered, in microseconds.
    seen: u64,
}

impl Dates {
    /// Creates the conversion. `unix`: the date of the monotonic time `mono`, in microseconds since 1970.
    pub(super) fn begun(mono: u64, unix: u64) -> Self {
        let mut dates = Self::default();
        dates.note(mono, unix);
        dates
    }

    /// Registers that `unix`, in microseconds since 1970, is the date of `mono`. If the clock of the host was set since the last call, the
    /// new difference applies to all times after the last call.
    pub(super) fn note(&mut self, mono: u64, unix: u64) {
        let difference = unix.wrapping_sub(mono);
        let is_step = self.steps.last().is_none_or(|(_, last)| {
            let step = difference.wrapping_sub(*last).cast_signed().unsigned_abs();
            u128::from(step) >= CLOCK_STEP.as_micros()
        });
        if is_step {
            let first = if self.steps.is_empty() { 0 } else { self.seen.saturating_add(1) };
            self.steps.push((first, difference));
            let more = self.steps.len().saturating_sub(MAX_CLOCK_STEPS);
            self.steps.drain(..more);
        }
        self.seen = self.seen.max(mono);
    }

    /// Returns the date of `mono`, in microseconds since 1970. Before the first call of `note`, this is `mono` itself.
    pub(super) fn unix(&self, mono: u64) -> u64 {
        let behind = self.steps.partition_point(|(first, _)| *first <= mono);
        let step = self.steps.get(behind.saturating_sub(1));
        mono.wrapping_add(step.map_or(0, |(_, difference)| *difference))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    #[test]
    fn moments_before_a_step_of_the_clock_keep_their_dates() {
        let mut dates = Dates::default();
        assert_eq!(dates.unix(7), 7);
        dates.note(10 * SECOND, 1_000 * SECOND);
        dates.note(20 * SECOND, 1_010 * SECOND + 9_000);
        assert_eq!(dates.unix(20 * SECOND), 1_010 * SECOND, "not set, but read a little later");
        dates.note(30 * SECOND, 1_023 * SECOND);
        let of = |seconds: u64| dates.unix(seconds * SECOND) / SECOND;
        assert_eq!([of(5), of(20), of(21), of(30), of(40)], [995, 1_010, 1_014, 1_023, 1_033]);
        dates.note(40 * SECOND, 33 * SECOND);
        assert_eq!([5, 30, 35].map(|at| dates.unix(at * SECOND) / SECOND), [995, 1_023, 28], "back");
    }

    #[test]
    fn steps_are_bounded_and_the_oldest_are_forgotten() {
        let mut dates = Dates::default();
        (0..2 * MAX_CLOCK_STEPS as u64).for_each(|step| dates.note(step * SECOND, 2 * step * SECOND));
        assert_eq!(dates.steps.len(), MAX_CLOCK_STEPS);
        assert_eq!(dates.unix(0), MAX_CLOCK_STEPS as u64 * SECOND);
    }
}
