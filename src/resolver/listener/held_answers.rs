//! Work for a connection that has ended, and answers whose replies wait until the client has taken the replies before them.
//!
//! They count as replies that the client has not taken (`TakenPlace::keep_unsent`). An answer may be in memory too, but only as long as
//! there is room: with texts of 60 KB, clients that did not read kept 10 MB of answers with a cache of 8 MiB, which had forgotten
//! them.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use super::waiting::WaitingQuery;
use dns::question::Answer;

/// The answers, in the order in which they came. There are at most as many as a connection has questions in progress.
pub(super) struct HeldAnswers<Answered> {
    /// Each with the octets that it holds.
    answers: VecDeque<(Answered, usize)>,
    octets: usize,
}

/// How work for a stream of a connection over HTTPS or QUIC ended.
pub(super) enum StreamStep<Stream, Fault> {
    /// Its query was read.
    Read(Stream, Result<Vec<u8>, Fault>),
    /// Its question was resolved. No answer if its first copy is answered.
    Resolved(Stream, Option<Arc<Answer>>, Box<WaitingQuery>),
}

impl<Stream, Fault> StreamStep<Stream, Fault> {
    /// The octets that it holds while it waits.
    pub(super) fn held(&self) -> usize {
        match self {
            Self::Read(_, read) => read.as_ref().map_or(0, Vec::capacity),
            Self::Resolved(_, answer, _) => octets_of(answer.as_ref()),
        }
    }
}

/// Waits until a moment; without one, for ever.
pub(super) async fn wait(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => pending().await,
    }
}

/// The octets of an answer, if there is one.
pub(super) fn octets_of(answer: Option<&Arc<Answer>>) -> usize {
    answer.map_or(0, |answer| answer.wire.len())
}

impl<Answered> Default for HeldAnswers<Answered> {
    fn default() -> Self {
        Self { answers: VecDeque::new(), octets: 0 }
    }
}

impl<Answered> HeldAnswers<Answered> {
    /// Adds an answer that holds so many octets.
    pub(super) fn add(&mut self, answered: Answered, octets: usize) {
        self.octets = self.octets.saturating_add(octets);
        self.answers.push_back((answered, octets));
    }

    /// Takes the first out.
    pub(super) fn take(&mut self) -> Option<Answered> {
        let (answered, octets) = self.answers.pop_front()?;
        self.octets = self.octets.saturating_sub(octets);
        Some(answered)
    }

    /// Returns true if there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The octets of all.
    pub(super) fn octets(&self) -> usize {
        self.octets
    }
}
