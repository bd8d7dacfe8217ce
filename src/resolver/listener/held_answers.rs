//! The answers of a connection that are not sent yet, because the client must first read earlier replies. The results of other finished
//! tasks of the connection wait in the same queue.
//!
//! Waiting answers count as replies that the client has not read (`TakenPlace::keep_unsent`), even if the cache also has them: the cache
//! may remove them when it needs room. An answer that several queries of the connection share is counted once.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use super::waiting::WaitingQuery;
use dns::question::Answer;

/// The waiting answers of a connection, in the order in which they arrived. There are at most as many as the connection may have questions
/// in progress.
pub(super) struct HeldAnswers<Answered> {
    answers: VecDeque<(Answered, Held)>,
}

/// The size of a waiting answer or request in octets, and the address of the answer's data in memory. If several queries get the same answer, its
/// address is the same for all of them, so its octets are counted once. The address is 0 if there is no answer: only a request was read, or the
/// question gets none.
pub(super) type Held = (usize, usize);

/// The result of a task of a connection over HTTPS or QUIC, which reads or resolves the query of one stream.
pub(super) enum StreamStep<Stream, Fault> {
    Read(Stream, Result<Vec<u8>, Fault>),
    /// The question was resolved. There is no answer if the question is a repetition whose first copy is answered.
    Resolved(Stream, Option<Arc<Answer>>, Box<WaitingQuery>),
}

impl<Stream, Fault> StreamStep<Stream, Fault> {
    pub(super) fn held(&self) -> Held {
        match self {
            Self::Read(_, read) => (read.as_ref().map_or(0, Vec::capacity), 0),
            Self::Resolved(_, answer, _) => octets_of(answer.as_ref()),
        }
    }
}

/// Waits until `until`, or forever if it is `None`.
pub(super) async fn wait(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => pending().await,
    }
}

/// Returns the size of an answer and the address of its data, or zeros if there is no answer.
pub(super) fn octets_of(answer: Option<&Arc<Answer>>) -> Held {
    answer.map_or((0, 0), |answer| (answer.wire.len(), Arc::as_ptr(answer).addr()))
}

impl<Answered> Default for HeldAnswers<Answered> {
    fn default() -> Self {
        Self { answers: VecDeque::new() }
    }
}

impl<Answered> HeldAnswers<Answered> {
    pub(super) fn add(&mut self, answered: Answered, held: Held) {
        self.answers.push_back((answered, held));
    }

    pub(super) fn take(&mut self) -> Option<Answered> {
        self.answers.pop_front().map(|(answered, _)| answered)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// Returns the size of all waiting answers in octets. An answer that several queries share is counted once.
    pub(super) fn octets(&self) -> usize {
        let held = || self.answers.iter().map(|(_, held)| *held);
        let is_first = |(place, (_, shared)): &(usize, Held)| {
            *shared == 0 || held().take(*place).all(|(_, other)| other != *shared)
        };
        held().enumerate().filter(is_first).fold(0, |sum, (_, (octets, _))| sum.saturating_add(octets))
    }
}
