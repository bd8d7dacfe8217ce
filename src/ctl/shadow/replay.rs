//! The questions of a file or of clients, one after the other at a bounded rate.

use std::pin::pin;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, Stream, StreamExt};
use tokio::time::{MissedTickBehavior, interval};

use super::examine::Examiner;
use crate::client::ControlClient;
use crate::domain::kept_here;
use shadow::answer::SideAnswer;
use shadow::asked::AskedQuestion;
use shadow::judge::Evidence;
use shadow::limits::SHADOW_AT_ONCE;
use shadow::report::{NotCompared, ShadowReport};

/// A question that waits for its comparison.
pub(super) struct Waiting {
    pub(super) question: AskedQuestion,
    /// The answer that a client has had from the resolver in place.
    pub(super) in_place: Option<SideAnswer>,
}

/// A run.
pub(super) struct Replay<'r> {
    pub(super) examiner: &'r Examiner,
    pub(super) client: &'r ControlClient,
    /// The time between two questions.
    pub(super) pause: Duration,
    /// Whether it ends when one of the resolvers replies to nothing. Clients are served on.
    pub(super) ends_in_silence: bool,
}

/// The end of a run.
#[derive(Default)]
pub(super) struct Played {
    /// Questions that were compared or refused.
    pub(super) ended: usize,
    /// Questions that were begun and not ended.
    pub(super) cut: usize,
}

impl Replay<'_> {
    /// Compares all questions until the last one, or until `end`.
    pub(super) async fn run(
        &self,
        questions: impl Stream<Item = Waiting>,
        report: &mut ShadowReport,
        end: impl Future<Output = ()>,
    ) -> Played {
        let (mut questions, mut end) = (pin!(questions.fuse()), pin!(end));
        let mut turns = interval(self.pause);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut next, mut is_over) = (None, false);
        let (mut running, mut played) = (FuturesUnordered::new(), Played::default());
        while !is_over || next.is_some() || !running.is_empty() {
            tokio::select! {
                biased;
                () = &mut end => {
                    played.cut = running.len() + usize::from(next.is_some());
                    return played;
                }
                Some((question, evidence)) = running.next() => {
                    played.ended += 1;
                    match evidence {
                        Ok(evidence) => report.take(&question, &evidence),
                        Err(why) => report.leave_out(why, 1),
                    }
                    if self.ends_in_silence && report.is_silent() {
                        played.cut = running.len() + usize::from(next.is_some());
                        return played;
                    }
                }
                question = questions.next(), if !is_over && next.is_none() => {
                    is_over = question.is_none();
                    next = question;
                }
                _ = turns.tick(), if next.is_some() && running.len() < SHADOW_AT_ONCE => {
                    running.extend(next.take().map(|waiting| self.one(waiting, report.answers_others())));
                }
            }
        }
        played
    }

    /// Compares one question, unless it is not to be sent.
    async fn one(
        &self,
        Waiting { question, in_place }: Waiting,
        answers_others: bool,
    ) -> (AskedQuestion, Result<Evidence, NotCompared>) {
        let evidence = match self.refused(&question).await {
            Some(why) => Err(why),
            None => Ok(self.examiner.examine(&question, in_place, answers_others).await),
        };
        (question, evidence)
    }

    /// Why a question is not sent; none if it may be.
    async fn refused(&self, question: &AskedQuestion) -> Option<NotCompared> {
        let (client, name) = (self.client.clone(), question.name.clone());
        // The client waits in system calls. Without an answer nothing is sent.
        match tokio::task::spawn_blocking(move || kept_here(&client, &name)).await {
            Ok(Ok(None)) => (!self.examiner.lists.take(&question.name)).then_some(NotCompared::ListBudget),
            Ok(Ok(Some(_))) => Some(NotCompared::KeptHere),
            _ => Some(NotCompared::Unreached),
        }
    }
}
