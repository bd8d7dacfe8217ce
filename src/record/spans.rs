//! The time that spans of microseconds cover together.

use smallvec::SmallVec;

use super::entry::QuestionEntry;

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

/// The time in which questions of a message were in progress, in microseconds.
pub(super) fn waited(questions: &[&QuestionEntry]) -> u64 {
    // The cache takes no time.
    let asked = questions.iter().filter(|question| question.elapsed > 0);
    covered(asked.map(|question| (question.at, question.end())).collect(), (0, u64::MAX))
}
