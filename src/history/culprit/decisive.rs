//! The time of a pasted log line: of a mail with several causes, it tells which one delayed the program of the line.

use serde::{Deserialize, Serialize};

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
    /// The moment of the line of a connection: queries that ended before it count first, of the types that its host is looked up by. Those
    /// of the mail may come in the same second. If they were quick, the line is about a mail that waited behind it.
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
