//! Examines one question of `resolverctl shadow`: asks both resolvers, confirms a difference, and looks for its cause at the name servers of the
//! zone.

use hickory_proto::rr::RecordType;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::lists::ListBudget;
use super::sides::Sides;
use crate::domain::Daemon;
use crate::limits::{SHADOW_PAUSE, SHADOW_REPEATS};
use crate::moment;
use doctor::facts::{CheckSubject, Got, Want};
use doctor::side_by_side::{SideBySide, compared};
use gather::{Sources, gather};
use shadow::answer::{Likeness, Side, parting};
use shadow::asked::AskedQuestion;
use shadow::judge::{Evidence, Sample};

pub(super) struct Examiner {
    pub(super) sides: Sides,
    pub(super) daemon: Daemon,
    /// The options of the queries to the name servers of a zone. `seek` copies them and adds the name of the question.
    pub(super) subject: CheckSubject,
    /// Limits how many comparisons with name servers are in progress.
    pub(super) places: Semaphore,
    /// How many more differences may be examined: `MAX_SHADOW_EXAMINED` at the start.
    pub(super) left: Semaphore,
    pub(super) lists: ListBudget,
}

impl Examiner {
    /// Collects the evidence about a question that the two resolvers have answered differently. `answers_others` is true if the present
    /// resolver of this host has answered another question. If it is false, that resolver may be down, so its silence shows nothing.
    pub(super) async fn examine(&self, question: &AskedQuestion, answers_others: bool) -> Evidence {
        let mut evidence = Evidence {
            samples: vec![self.sides.sample(question).await],
            list: self.lists.list_of(&question.name),
            ..Evidence::default()
        };
        self.repeat(question, &mut evidence).await;
        if let Some(last) = evidence.samples.last().cloned()
            && last.likeness() == Likeness::Different
            && (answers_others || last.in_place.reply().is_some())
        {
            self.seek(question, (&last, &mut evidence)).await;
        }
        evidence
    }

    /// Asks both resolvers again as long as their answers differ. Asks only once about a DNS list, because lists limit queries,
    /// and because both resolvers then have the answer in their caches.
    async fn repeat(&self, question: &AskedQuestion, evidence: &mut Evidence) {
        let repeats = if evidence.list.is_some() { 1 } else { SHADOW_REPEATS };
        for _ in 0..repeats {
            let likeness = evidence.samples.last().map(Sample::likeness);
            if !matches!(likeness, Some(Likeness::SecureOnly | Likeness::Different)) {
                return;
            }
            sleep(SHADOW_PAUSE).await;
            evidence.samples.push(self.sides.sample(question).await);
        }
    }

    /// Asks resolverd and the name servers of the zone the questions whose answers may show the cause of a difference, and stores the replies in
    /// `evidence`.
    async fn seek(&self, question: &AskedQuestion, (last, evidence): (&Sample, &mut Evidence)) {
        let kind: &'static str = match question.kind {
            RecordType::Unknown(_) => return,
            known => known.into(),
        };
        let is_list = evidence.list.is_some();
        let fails = |side: &Side| last.answer(*side).rcode() == Some("SERVFAIL");
        if !is_list && !question.checking_disabled && Side::ALL.iter().any(fails) {
            let unchecked = AskedQuestion { checking_disabled: true, ..question.clone() };
            evidence.with_cd = Some(self.sides.sample(&unchecked).await);
        }
        let Ok(left) = self.left.try_acquire() else { return };
        left.forget();
        // `acquire` fails only if the semaphore is closed, which it never is.
        let Ok(_place) = self.places.acquire().await else { return };
        if let Got::Reply(reply) = self.daemon.ask(&Want::Lookup { name: question.name.clone(), kind }).await
        {
            evidence.reason = reply.why;
            evidence.configured = reply.configured;
        }
        if is_list {
            return;
        }
        let domain = parting(&question.name, kind, &last.in_place, &last.resolverd);
        let subject = CheckSubject { domain, unix: moment::unix(), ..self.subject.clone() };
        let facts = gather(subject, &SideBySide { kind }, &self.daemon).await;
        if evidence.configured.is_none() {
            evidence.configured = facts.configured().map(str::to_owned);
        }
        evidence.compared = Some(compared(&facts, kind));
    }
}
