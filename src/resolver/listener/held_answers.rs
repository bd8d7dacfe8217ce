//! Work for a connection that has ended, and answers whose replies wait until the client has taken the replies before them.
//!
//! They count as replies that the client has not taken (`TakenPlace::keep_unsent`). An answer may be in memory too, but only as long as
//! there is room: with texts of 60 KB, clients that did not read kept 10 MB of answers with a cache of 8 MiB, which had forgotten
//! them. Queries of a connection that wait for one answer share it, so it counts once.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use super::waiting::WaitingQuery;
use dns::question::Answer;

/// The answers, in the order in which they came. There are at most as many as a connection has questions in progress.
pub(super) struct HeldAnswers<Answered> {
    answers: VecDeque<(Answered, Held)>,
}

/// What an answer holds: the octets, and the address of what others may hold too, otherwise 0.
pub(super) type Held = (usize, usize);

/// How work for a stream of a connection over HTTPS or QUIC ended.
pub(super) enum StreamStep<Stream, Fault> {
    /// Its query was read.
    Read(Stream, Result<Vec<u8>, Fault>),
    /// Its question was resolved. No answer if its first copy is answered.
    Resolved(Stream, Option<Arc<Answer>>, Box<WaitingQuery>),
}

impl<Stream, Fault> StreamStep<Stream, Fault> {
    /// What it holds while it waits.
    pub(super) fn held(&self) -> Held {
        match self {
            Self::Read(_, read) => (read.as_ref().map_or(0, Vec::capacity), 0),
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

/// What an answer holds, if there is one.
pub(super) fn octets_of(answer: Option<&Arc<Answer>>) -> Held {
    answer.map_or((0, 0), |answer| (answer.wire.len(), Arc::as_ptr(answer).addr()))
}

impl<Answered> Default for HeldAnswers<Answered> {
    fn default() -> Self {
        Self { answers: VecDeque::new() }
    }
}

impl<Answered> HeldAnswers<Answered> {
    /// Adds an answer.
    pub(super) fn add(&mut self, answered: Answered, held: Held) {
        self.answers.push_back((answered, held));
    }

    /// Takes the first out.
    pub(super) fn take(&mut self) -> Option<Answered> {
        self.answers.pop_front().map(|(answered, _)| answered)
    }

    /// Returns true if there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The octets of all, each shared answer once.
    pub(super) fn octets(&self) -> usize {
        let held = || self.answers.iter().map(|(_, held)| *held);
        let is_first = |(place, (_, shared)): &(usize, Held)| {
            *shared == 0 || held().take(*place).all(|(_, other)| other != *shared)
        };
        held().enumerate().filter(is_first).fold(0, |sum, (_, (octets, _))| sum.saturating_add(octets))
    }
}
