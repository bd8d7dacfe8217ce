//! The questions of a file or of clients, one after the other at a bounded rate.

use std::pin::pin;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, Stream, StreamExt};
use tokio::time::{MissedTickBehavior, interval};

use super::examine::{Examined, Examiner};
use crate::client::ControlClient;
use crate::domain::kept_here;
use shadow::answer::SideAnswer;
use shadow::asked::AskedQuestion;
use shadow::judge::{Judged, Sample, judge};
use shadow::limits::SHADOW_AT_ONCE;
use shadow::report::{NotCompared, ShadowReport};

/// A question that waits for its comparison.
pub(super) struct Waiting {
    pub(super) question: AskedQuestion,
    /// Its queries so far.
    pub(super) queries: u64,
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
    /// Questions that were not sent.
    pub(super) refused: Vec<AskedQuestion>,
}

/// A question whose cause depends on whether the resolver in place answers other questions, which may come later.
struct OpenQuestion {
    waiting: Waiting,
    last: Sample,
    /// The cause if it answers others.
    if_it_does: Judged,
    /// The cause if it answers none.
    if_not: Judged,
}

/// The questions that are open as long as the resolver in place has answered none.
#[derive(Default)]
struct OpenQuestions(Vec<OpenQuestion>);

impl OpenQuestions {
    /// Takes the end of a question into the report as soon as its cause is known.
    fn take(&mut self, report: &mut ShadowReport, waiting: Waiting, mut examined: Examined) {
        report.answered(&examined.first);
        let mut of = |answers_others| {
            examined.evidence.answers_others = answers_others;
            judge(&waiting.question, &examined.evidence)
        };
        let (if_it_does, if_not) = (of(true), of(false));
        let last = examined.evidence.shown().unwrap_or(&examined.first).clone();
        if if_it_does == if_not && !report.answers_others() {
            // Each of those that are open depends on it. There may be thousands, so none is looked at again.
            return report.take(&waiting.question, waiting.queries, (if_not, &last));
        }
        self.0.push(OpenQuestion { waiting, last, if_it_does, if_not });
        if report.answers_others() {
            self.settle(report);
        }
    }

    /// Takes all of them into the report.
    fn settle(&mut self, report: &mut ShadowReport) {
        let answers_others = report.answers_others();
        for open in self.0.drain(..) {
            let judged = if answers_others { open.if_it_does } else { open.if_not };
            report.take(&open.waiting.question, open.waiting.queries, (judged, &open.last));
        }
    }
}

impl Replay<'_> {
    /// Compares all questions until the last one, or until `end`.
    pub(super) async fn run(
        &self,
        questions: impl Stream<Item = Waiting>,
        report: &mut ShadowReport,
        end: impl Future<Output = ()>,
    ) -> Played {
        let mut open = OpenQuestions::default();
        let played = self.play(questions, (report, &mut open), end).await;
        open.settle(report);
        played
    }

    async fn play(
        &self,
        questions: impl Stream<Item = Waiting>,
        (report, open): (&mut ShadowReport, &mut OpenQuestions),
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
                Some((waiting, examined)) = running.next() => {
                    played.ended += 1;
                    match examined {
                        Ok(examined) => open.take(report, waiting, examined),
                        Err(why) => {
                            report.leave_out(why, 1);
                            played.refused.push(waiting.question);
                        }
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
        mut waiting: Waiting,
        answers_others: bool,
    ) -> (Waiting, Result<Examined, NotCompared>) {
        let in_place = waiting.in_place.take();
        let examined = match self.refused(&waiting.question).await {
            Some(why) => Err(why),
            None => Ok(self.examiner.examine(&waiting.question, in_place, answers_others).await),
        };
        (waiting, examined)
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

#[cfg(test)]
mod tests {
    use hickory_proto::rr::RecordType;

    use super::*;
    use doctor::facts::ReplyFacts;
    use shadow::answer::SideReply;
    use shadow::judge::Evidence;

    fn reply(rcode: &str) -> SideAnswer {
        let facts = ReplyFacts { rcode: rcode.to_owned(), ..ReplyFacts::default() };
        SideAnswer::Reply(Box::new(SideReply { facts, secure: false, error: None }))
    }

    #[test]
    fn only_a_question_whose_cause_depends_on_other_answers_stays_open() {
        let (mut report, mut open) = (ShadowReport::default(), OpenQuestions::default());
        let mut ends = |in_place: SideAnswer| {
            let question = AskedQuestion {
                name: "www.example.".to_owned(),
                kind: RecordType::A,
                dnssec_ok: false,
                checking_disabled: false,
            };
            let first = Sample { in_place, resolverd: reply("NOERROR") };
            let evidence = Evidence { samples: vec![first.clone(); 3], ..Evidence::default() };
            let waiting = Waiting { question, queries: 1, in_place: None };
            open.take(&mut report, waiting, Examined { first, evidence });
            (open.0.len(), report.summary("192.0.2.53", false).compared)
        };
        assert_eq!(ends(reply("REFUSED")), (1, 0));
        assert_eq!(ends(SideAnswer::None("timeout".to_owned())), (1, 1));
        assert_eq!(ends(reply("REFUSED")), (2, 1));
        assert_eq!(ends(reply("NXDOMAIN")), (0, 4));
    }
}
