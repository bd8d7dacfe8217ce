//! Converts the times of entries from the monotonic clock `Mono` to dates.
//!
//! If the clock of the host is set, earlier entries keep their old dates, like the log of the mail server and the files on disk. With new
//! dates, a question that is both in memory and on disk would count twice.

use std::time::Duration;

use crate::limits::{CLOCK_JUMP, CLOCK_JUMP_SHOWN, CLOCK_STEP, MAX_CLOCK_STEPS};
use crate::report::ClockJump;
use dns::clock::micros;

/// The differences between the date and the monotonic clock, in microseconds. Whenever the clock of the host is set, a new difference is
/// added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dates {
    /// Each element has a monotonic time, and the difference that applies from this time on. Sorted by time. At most `MAX_CLOCK_STEPS`.
    steps: Vec<(u64, u64)>,
    /// The latest monotonic time that `note` has registered, in microseconds.
    seen: u64,
}

impl Dates {
    /// Creates the conversion. `unix`: the date of the monotonic time `mono`, in microseconds since 1970.
    pub(crate) fn begun(mono: u64, unix: u64) -> Self {
        let mut dates = Self::default();
        dates.note(mono, unix);
        dates
    }

    /// Registers that `unix`, in microseconds since 1970, is the date of `mono`. If the clock of the host was set since the last call, the
    /// new difference applies to all times after the last call. Returns the change if it is a jump.
    pub(crate) fn note(&mut self, mono: u64, unix: u64) -> Option<ClockJump> {
        let difference = unix.wrapping_sub(mono);
        let last = self.steps.last().map(|(_, last)| *last);
        let is_step = last
            .is_none_or(|last| u128::from(change(last, difference).unsigned_abs()) >= CLOCK_STEP.as_micros());
        if is_step {
            let first = if self.steps.is_empty() { 0 } else { self.seen.saturating_add(1) };
            self.steps.push((first, difference));
            let more = self.steps.len().saturating_sub(MAX_CLOCK_STEPS);
            self.steps.drain(..more);
        }
        self.seen = self.seen.max(mono);
        last.and_then(|last| jump(change(last, difference), Duration::ZERO))
    }

    /// Returns how far the clock differs from what it would show if nobody had set it in the last `CLOCK_JUMP_SHOWN`. `mono`: the present time.
    pub(crate) fn jump(&self, mono: u64) -> Option<ClockJump> {
        let begin = mono.saturating_sub(micros(CLOCK_JUMP_SHOWN));
        let first = self.steps.partition_point(|(since, _)| *since <= begin).saturating_sub(1);
        let recent = self.steps.get(first..).unwrap_or_default();
        let (((_, before), after), (_, last)) = (recent.split_first()?, recent.last()?);
        let is_far =
            |(_, difference): &&(u64, u64)| jump(change(*before, *difference), Duration::ZERO).is_some();
        let (since, _) = after.iter().find(is_far)?;
        jump(change(*before, *last), Duration::from_micros(mono.saturating_sub(*since)))
    }

    /// Returns the date of `mono`, in microseconds since 1970. Before the first call of `note`, this is `mono` itself.
    pub(crate) fn unix(&self, mono: u64) -> u64 {
        let behind = self.steps.partition_point(|(first, _)| *first <= mono);
        let step = self.steps.get(behind.saturating_sub(1));
        mono.wrapping_add(step.map_or(0, |(_, difference)| *difference))
    }
}

/// Returns the signed change between two differences, in microseconds.
fn change(before: u64, after: u64) -> i64 {
    after.wrapping_sub(before).cast_signed()
}

/// Returns the change as a jump if it is large.
fn jump(change: i64, ago: Duration) -> Option<ClockJump> {
    let by = Duration::from_micros(change.unsigned_abs());
    (by >= CLOCK_JUMP).then_some(ClockJump { ago, by, back: change < 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jump_is_shown_until_set_back() {
        let (minute, day) = (60 * SECOND, 24 * 60 * 60 * SECOND);
        let start = 1_000 * day;
        let mut dates = Dates::begun(day, start);
        assert_eq!(dates.note(day + minute, start + minute + 30 * SECOND), None, "a correction");
        let by = Duration::from_micros(day);
        let jump = dates.note(day + 2 * minute, start + day + 2 * minute + 30 * SECOND);
        assert_eq!(jump, Some(ClockJump { ago: Duration::ZERO, by, back: false }));
        let ago = |jump: Option<ClockJump>| jump.map(|jump| jump.ago.as_secs());
        assert_eq!(ago(dates.jump(day + 12 * minute)), Some(11 * 60 - 1), "since the last reading before it");
        assert!(dates.note(day + 13 * minute, start + 13 * minute).is_some_and(|jump| jump.back));
        assert_eq!(dates.jump(day + 14 * minute), None, "it is right again");
        let back = dates.note(day + 15 * minute, start + 15 * minute - day);
        assert_eq!(back.map(|jump| jump.back), Some(true));
        assert!(dates.jump(day + 15 * minute).is_some());
        assert_eq!(dates.jump(2 * day + 20 * minute), None, "the operator has known for a day");
    }

    const SECOND: u64 = 1_000_000;

    #[test]
    fn times_before_clock_step_stay() {
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
    fn clock_steps_are_bounded() {
        let mut dates = Dates::default();
        for step in 0..2 * MAX_CLOCK_STEPS as u64 {
            dates.note(step * SECOND, 2 * step * SECOND);
        }
        assert_eq!(dates.steps.len(), MAX_CLOCK_STEPS);
        assert_eq!(dates.unix(0), MAX_CLOCK_STEPS as u64 * SECOND);
    }
}
