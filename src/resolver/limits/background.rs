//! Bounds of questions that no client has asked.

use std::time::Duration;

/// The greatest number of batch questions in progress. Further questions are asked only when a client asks them.
pub(crate) const MAX_AHEAD: usize = 256;

/// The greatest number of probes and tests of DNS lists in progress at the same time.
pub(crate) const MAX_SIDE_QUESTIONS: usize = 32;

/// The greatest number of witness questions in progress, in addition to probes and tests. A witness question goes to a server that serves no DNS
/// list. Its answer shows that the network of this host works. The number allows one a second, each for the ten seconds of a resolution (flight).
pub(crate) const MAX_WITNESSES: usize = 10;

/// The longest sleep of the task that tests and probes the DNS lists.
pub(crate) const TEND_AGAIN: Duration = Duration::from_secs(60);

/// The least time between two queries that show if the network of this host works (witness queries).
pub(crate) const WITNESS_PAUSE: Duration = Duration::from_secs(1);
