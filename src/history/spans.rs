//! The time that spans of microseconds cover together.

use smallvec::SmallVec;

/// The time within `begin` and `end` that is in one or more spans, in microseconds.
pub(super) fn covered(mut spans: SmallVec<[(u64, u64); 4]>, (begin, end): (u64, u64)) -> u64 {
    spans.sort_unstable();
    let (mut until, mut sum) = (begin, 0_u64);
    for (from, to) in spans {
        let to = to.min(end);
        sum = sum.saturating_add(to.saturating_sub(from.max(until)));
        until = until.max(to);
    }
    sum
}

/// The time in which questions of a message were in progress, in microseconds, by the begin and the end of each.
pub(super) fn waited(questions: impl Iterator<Item = (u64, u64)>) -> u64 {
    // The cache takes no time.
    covered(questions.filter(|(at, end)| end > at).collect(), (0, u64::MAX))
}
