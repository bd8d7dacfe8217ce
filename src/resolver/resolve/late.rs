//! Answers that arrive after their resolution (flight) has ended. They are validated and cached like other answers. The DNSSEC keys of a
//! zone may arrive as late as the answer. If keys are missing, the answer is therefore validated a second time.

use std::convert::Infallible;
use std::sync::Arc;

use arc_swap::ArcSwap;
use hickory_proto::rr::{Name, RecordType};
use tokio::task::JoinSet;

use super::chase::{Chaser, leads_away};
use crate::iterate::Lookup;
use crate::iterate::classify::{Classified, Found};
use crate::iterate::context::Context;
use crate::iterate::flight_progress::FlightProgress;
use crate::iterate::kept_answers::AnswerSecurity;
use crate::iterate::late_answers::LateAnswer;
use crate::limits::{LATE_KEYS_TIME, MAX_LATE_JUDGED};
use dns::cached::Delegation;
use dns::question::{Question, QuestionKey};
use validate::verdict::Verdict;
use zones::{View, Views};

/// How many times a late answer is validated if the DNSSEC keys of its zone are missing.
const JUDGEMENTS: usize = 2;

pub(super) struct LateAnswerKeeper {
    pub(super) chaser: Arc<Chaser>,
    pub(super) views: Arc<ArcSwap<Views>>,
}

impl LateAnswerKeeper {
    /// Validates and caches late answers. Never returns.
    pub(super) async fn keep_all(self: Arc<Self>) -> Infallible {
        let mut judged = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                Some(_) = judged.join_next() => {}
                late = self.chaser.iterate.late_answer(), if judged.len() < MAX_LATE_JUDGED => {
                    judged.spawn(Arc::clone(&self).keep_late_answer(late));
                }
            }
        }
    }

    async fn keep_late_answer(self: Arc<Self>, late: LateAnswer) {
        let LateAnswer { name, kind, view, checks, cut, said } = late;
        if !self.views.load().holds(&view) {
            // A reload has changed the view, so the answer may come from servers that its name no longer uses.
            return;
        }
        let context = Context::new(Arc::new(FlightProgress::new(&self.chaser.clock)), Arc::clone(&view));
        let context = if checks { context } else { context.without_checks() };
        let lookup = Lookup {
            name: &name,
            kind,
            route: view.route(&name, kind),
            context: &context,
            rewrite: None,
            sub_questions: &*self.chaser,
            avoid: &[],
            cut: None,
        };
        match said {
            Classified::Found(found) => {
                if self.keep_late(lookup, found, &cut).await {
                    self.forget_failures(&name, kind, &view);
                }
            }
            Classified::Referral(referral) => self.chaser.iterate.keep_late_referral(lookup, referral, &cut),
            Classified::Doubtful(_) | Classified::Nothing(_) | Classified::NoRoom => {}
        }
    }

    /// Caches an answer if validation allows it. Returns false if it was not cached.
    async fn keep_late(&self, lookup: Lookup<'_>, mut found: Found, cut: &Delegation) -> bool {
        found.cut_where(|target| leads_away(lookup, target));
        if !lookup.context.checks() {
            self.chaser.iterate.keep(lookup, &cut.zone, found, &AnswerSecurity::default());
            return true;
        }
        tokio::time::sleep(LATE_KEYS_TIME).await;
        for _ in 0..JUDGEMENTS {
            let judged = self.chaser.trust.judge(lookup, &cut.zone, &mut found).await;
            match judged.verdict {
                Verdict::Secure | Verdict::Insecure(_) => {
                    self.chaser.iterate.keep(lookup, &cut.zone, found, &judged.checked);
                    return true;
                }
                Verdict::Bogus(_) => return false,
                Verdict::Indeterminate(_) => {}
            }
        }
        false
    }

    fn forget_failures(&self, name: &Name, kind: RecordType, view: &View) {
        for (dnssec_ok, checking_disabled) in [(false, false), (false, true), (true, false), (true, true)] {
            let question =
                Question { dnssec_ok, checking_disabled, view: view.id, ..Question::new(name, kind) };
            self.chaser.memory.failures.clear(&question.key());
        }
        self.chaser.memory.failures.clear(&QuestionKey::of_sub_question(name, kind, view.knows));
    }
}
