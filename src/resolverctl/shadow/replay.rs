//! Sends the questions of a file to both resolvers, one after the other and at a limited rate.

use std::pin::pin;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{MissedTickBehavior, interval};

use super::examine::Examiner;
use crate::client::ControlClient;
use crate::domain::kept_here;
use shadow::asked::AskedQuestion;
use shadow::capture::Captured;
use shadow::judge::Evidence;
use shadow::limits::SHADOW_AT_ONCE;
use shadow::report::{NotCompared, ShadowReport};

pub(super) struct Replay<'r> {
    pub(super) examiner: &'r Examiner,
    pub(super) client: &'r ControlClient,
    /// The time from the start of one question to the start of the next one.
    pub(super) pause: Duration,
}

impl Replay<'_> {
    /// Compares the answers to all questions. Stops early after a signal, or if one of the resolvers has not replied to any of the first
    /// questions. Returns true after a signal.
    pub(super) async fn run(
        &self,
        captured: &Captured,
        report: &mut ShadowReport,
        signal: impl Future,
    ) -> bool {
        let (mut signal, mut interrupted) = (pin!(signal), false);
        let mut turns = interval(self.pause);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut questions = captured.questions.iter().map(|(question, _)| question);
        let mut running = FuturesUnordered::new();
        while questions.len() > 0 || !running.is_empty() {
            tokio::select! {
                biased;
                _ = &mut signal => {
                    interrupted = true;
                    break;
                }
                Some((question, evidence)) = running.next() => {
                    match evidence {
                        Ok(evidence) => report.take(question, evidence),
                        Err(why) => report.leave_out(why, 1),
                    }
                    if report.is_silent() {
                        break;
                    }
                }
                _ = turns.tick(), if questions.len() > 0 && running.len() < SHADOW_AT_ONCE => {
                    running.extend(questions.next().map(|question| self.one(question, report.answers_others())));
                }
            }
        }
        let left = questions.len() + running.len();
        report.leave_out(NotCompared::Ended, u64::try_from(left).unwrap_or(u64::MAX));
        interrupted
    }

    /// Compares the answers of the two resolvers to one question. If the question must not be sent, returns the reason (see `refused`).
    async fn one<'q>(
        &self,
        question: &'q AskedQuestion,
        answers_others: bool,
    ) -> (&'q AskedQuestion, Result<Evidence, NotCompared>) {
        let evidence = match self.refused(question).await {
            Some(why) => Err(why),
            None => Ok(self.examiner.examine(question, answers_others).await),
        };
        (question, evidence)
    }

    /// Returns the reason why the question must not be sent to the two resolvers; `None` if it may be sent.
    async fn refused(&self, question: &AskedQuestion) -> Option<NotCompared> {
        let (client, name) = (self.client.clone(), question.name.clone());
        // The client of the control socket blocks its thread, so it runs on a separate thread. If the daemon does not answer, the
        // question is not sent.
        match tokio::task::spawn_blocking(move || kept_here(&client, &name)).await {
            Ok(Ok(None)) => (!self.examiner.lists.take(&question.name)).then_some(NotCompared::ListBudget),
            Ok(Ok(Some(_))) => Some(NotCompared::KeptHere),
            _ => Some(NotCompared::Unreached),
        }
    }
}
