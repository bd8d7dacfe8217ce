//! The questions of a file, one after the other at a bounded rate.

use std::pin::pin;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{MissedTickBehavior, interval};

use super::examine::{Examined, Examiner};
use crate::ctl::client::ControlClient;
use crate::ctl::domain::kept_here;
use crate::limits::SHADOW_AT_ONCE;
use crate::shadow::asked::AskedQuestion;
use crate::shadow::report::{NotCompared, ShadowReport};

/// A run over a file.
pub(super) struct Replay<'r> {
    pub(super) examiner: &'r Examiner,
    pub(super) client: &'r ControlClient,
    /// The time between two questions.
    pub(super) pause: Duration,
}

impl Replay<'_> {
    /// Compares all questions until the last one, or until `end`. Returns whether `end` came first.
    pub(super) async fn run(
        &self,
        questions: &[(AskedQuestion, u64)],
        report: &mut ShadowReport,
        end: impl Future<Output = ()>,
    ) -> bool {
        let mut end = pin!(end);
        let mut turns = interval(self.pause);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut waiting, mut running) = (questions.iter(), FuturesUnordered::new());
        let mut next = waiting.next();
        loop {
            if next.is_none() && running.is_empty() {
                return false;
            }
            tokio::select! {
                biased;
                () = &mut end => {
                    let left = running.len() + waiting.len() + usize::from(next.is_some());
                    report.leave_out(NotCompared::Ended, u64::try_from(left).unwrap_or(u64::MAX));
                    return true;
                }
                Some((question, queries, examined)) = running.next() => take(report, (question, queries), examined),
                _ = turns.tick(), if next.is_some() && running.len() < SHADOW_AT_ONCE => {
                    if let Some((question, queries)) = next.take() {
                        match self.refused(question).await {
                            Some(why) => report.leave_out(why, 1),
                            None => {
                                let examined = self.examiner.examine(question, report.answers_others());
                                running.push(async move { (question, *queries, examined.await) });
                            }
                        }
                    }
                    next = waiting.next();
                }
            }
        }
    }

    /// Why a question is not sent to the resolver in place; none if it may be.
    async fn refused(&self, question: &AskedQuestion) -> Option<NotCompared> {
        let (client, name) = (self.client.clone(), question.name.clone());
        // The client waits in system calls. Without an answer nothing is sent.
        match tokio::task::spawn_blocking(move || kept_here(&client, &name)).await {
            Ok(Ok(None)) => (!self.examiner.lists.take(&question.name)).then_some(NotCompared::ListBudget),
            _ => Some(NotCompared::KeptHere),
        }
    }
}

/// Adds the end of a question to the report.
pub(super) fn take(
    report: &mut ShadowReport,
    (question, queries): (&AskedQuestion, u64),
    examined: Examined,
) {
    report.answered(&examined.first);
    report.take(question, queries, (examined.judged, &examined.last));
}
