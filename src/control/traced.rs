//! A question whose steps are followed, and why it may be refused.

use hickory_proto::rr::Name;
use tokio::sync::mpsc;

use crate::limits::MAX_FRESH_TRACES;
use dns::question::Question;
use history::event::Step;

/// A question whose steps are followed.
#[derive(Debug)]
pub struct TraceAsked {
    /// The question.
    pub question: Question,
    /// Whether it is resolved as if nothing were known; the cache and all counters stay as they are.
    pub fresh: bool,
    /// Gets the steps.
    pub steps: mpsc::Sender<Step>,
}

/// Why a question is not traced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceRefused {
    /// The bound of traces is reached.
    #[error("The maximum of {MAX_FRESH_TRACES} `resolverctl trace --fresh` at once is reached; try again.")]
    TooMany,
    /// A list near its quota.
    #[error(
        "Not queried: most of the daily quota of the DNS list {list} is used, and mail needs the rest. Without --fresh the trace is allowed; the quota begins anew at 00:00 UTC."
    )]
    Quota {
        /// The list.
        list: Name,
    },
    /// This host has no room for it.
    #[error("The trace cannot begin: {why}.")]
    Lacking {
        /// The error of the system.
        why: String,
    },
}
