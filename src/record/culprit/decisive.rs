//! The culprit of a pasted log line: of a mail with several causes, the line tells by its time which one delayed its program.
//!
//! Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::explained_question::ExplainedQuestion;
use super::{MessageVerdict, judge, named, spend};
use crate::record::traffic::Traffic;

/// The time of a log line, which decides which queries of a mail are its culprit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisiveTime<Moment> {
    /// The time that the program of the line took: only waits in it count. A query that failed in it counts no more than its time,
    /// because the program went on.
    Delay {
        /// Its begin.
        from: Moment,
        /// Its end.
        to: Moment,
    },
    /// The moment of the line: only queries that ended before it count.
    Until(Moment),
}

impl<Moment> DecisiveTime<Moment> {
    /// The same with other moments.
    pub fn map<Other>(self, change: impl Fn(Moment) -> Other) -> DecisiveTime<Other> {
        match self {
            Self::Delay { from, to } => DecisiveTime::Delay { from: change(from), to: change(to) },
            Self::Until(end) => DecisiveTime::Until(change(end)),
        }
    }
}

/// The verdict on the part of a message, whose questions are in the order of time, that a time decides.
pub fn judge_decisive(
    asked: &[ExplainedQuestion<'_>],
    traffic: &Traffic,
    decisive: DecisiveTime<u64>,
) -> MessageVerdict {
    match decisive {
        DecisiveTime::Until(end) => {
            let ended = asked.iter().filter(|one| one.question.end() <= end);
            judge(&ended.copied().collect::<Vec<_>>(), traffic)
        }
        DecisiveTime::Delay { from, to } => {
            let mut causes = BTreeMap::new();
            let waited = spend(asked, (from, to), traffic, &mut causes);
            let causes = named(causes.into_values().collect(), waited, traffic);
            MessageVerdict { took: to.saturating_sub(from), waited, causes }
        }
    }
}
