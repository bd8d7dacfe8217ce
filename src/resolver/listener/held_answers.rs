//! Answers of a connection whose replies wait until the client has taken the replies before them.
//!
//! # Decisions
//!
//! - Held answers count as replies that the client has not taken (`TakenPlace::keep_unsent`). An answer may be in memory too, but only as long as
//!   there is room: with texts of 60 KB, clients that did not read kept 10 MB of answers with a cache of 8 MiB, which had forgotten
//!   them.
//! - Queries of a connection that wait for one answer share it, so it counts once.

use std::collections::VecDeque;
use std::sync::Arc;

use dns::question::Answer;

/// The answers, in the order in which they came. There are at most as many as a connection has questions in progress.
pub(super) struct HeldAnswers<Answered> {
    answers: VecDeque<(Answered, Held)>,
}

/// The memory that an answer holds.
pub(super) enum Held {
    /// Nothing.
    Nothing,
    /// An answer that others may hold too.
    Answer(Arc<Answer>),
    /// Octets that nothing else holds.
    Octets(usize),
}

impl Held {
    /// The memory of an answer, if there is one.
    pub(super) fn for_answer(answer: Option<&Arc<Answer>>) -> Self {
        answer.map_or(Self::Nothing, |answer| Self::Answer(Arc::clone(answer)))
    }

    fn octets(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Answer(answer) => answer.wire.len(),
            Self::Octets(octets) => *octets,
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Answer(one), Self::Answer(other)) if Arc::ptr_eq(one, other))
    }
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
        let is_first = |(place, held): &(usize, &Held)| {
            !self.answers.iter().take(*place).any(|(_, other)| other.is_same(held))
        };
        let all = self.answers.iter().map(|(_, held)| held).enumerate();
        all.filter(is_first).fold(0, |sum, (_, held)| sum.saturating_add(held.octets()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::recent_tests::answer;
    use super::*;
    use dns::clock::Mono;

    #[test]
    fn an_answer_for_several_queries_counts_once_and_until_the_last_is_taken() {
        let [one, other] = [1, 2].map(|last| answer("www.example.", 60, last, Mono::START).1);
        let octets = one.wire.len();
        let mut held = HeldAnswers::default();
        for (number, answer) in [(1, &one), (2, &other), (3, &one)] {
            held.add(number, Held::for_answer(Some(answer)));
        }
        held.add(4, Held::for_answer(None));
        held.add(5, Held::Octets(7));
        assert_eq!(held.octets(), 2 * octets + 7);
        assert_eq!((held.take(), held.octets()), (Some(1), 2 * octets + 7), "the third query holds it");
        assert_eq!((held.take(), held.octets()), (Some(2), octets + 7));
        assert_eq!((held.take(), held.octets()), (Some(3), 7));
        assert_eq!((held.take(), held.take(), held.octets()), (Some(4), Some(5), 0));
        assert!(held.is_empty() && held.take().is_none());
    }
}
