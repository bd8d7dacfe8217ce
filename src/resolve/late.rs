//! Answers that come after the end of their flight: judged and kept like others, for the next question.
//!
//! The keys may be as late as the answer. So an answer whose keys are missing is judged a second time a little later.

use std::convert::Infallible;
use std::sync::Arc;

use hickory_proto::rr::{Name, RecordType};
use tokio::task::JoinSet;

use super::Resolver;
use super::chase::leads_away;
use crate::cache::entries::Delegation;
use crate::iterate::Errand;
use crate::iterate::classify::{Found, Said};
use crate::iterate::context::Context;
use crate::iterate::kept_answers::AnswerSecurity;
use crate::iterate::late_answers::LateAnswer;
use crate::limits::{LATE_KEYS_TIME, MAX_LATE_JUDGED};
use crate::question::{Question, QuestionKey};
use crate::record::trail::Trail;
use crate::validate::verdict::Verdict;
use crate::zones::View;

/// How often a late answer is judged: once more after the time of a question, in which late keys come.
const JUDGEMENTS: usize = 2;

impl Resolver {
    /// Keeps answers that come too late, as long as it runs.
    pub async fn keep_late_answers(self: Arc<Self>) -> Infallible {
        let mut judged = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                Some(_) = judged.join_next() => {}
                late = self.iterate.late_answer(), if judged.len() < MAX_LATE_JUDGED => {
                    judged.spawn(Arc::clone(&self).keep_late_answer(late));
                }
            }
        }
    }

    async fn keep_late_answer(self: Arc<Self>, late: LateAnswer) {
        let LateAnswer { name, kind, view, checks, cut, said } = late;
        let current = self.views.load().get(view.id).cloned();
        if !current.is_some_and(|current| Arc::ptr_eq(&current, &view)) {
            // The routes have changed.
            return;
        }
        let context = Context::new(Arc::new(Trail::new(self.clock.clone())), Arc::clone(&view));
        let context = if checks { context } else { context.without_checks() };
        let errand = Errand {
            name: &name,
            kind,
            route: view.route(&name, kind),
            context: &context,
            rewrite: None,
            sub_questions: &*self,
            avoid: &[],
            cut: None,
        };
        match said {
            Said::Found(found) => {
                if self.keep_late(errand, found, &cut).await {
                    self.forget_failures(&name, kind, &view);
                }
            }
            Said::Referral(referral) => self.iterate.keep_late_referral(errand, referral, &cut),
            Said::Doubtful(_) | Said::Nothing(_) => {}
        }
    }

    /// Keeps an answer if it may be believed; returns false if not.
    async fn keep_late(&self, errand: Errand<'_>, mut found: Found, cut: &Delegation) -> bool {
        found.cut_where(|target| leads_away(errand, target));
        if !errand.context.checks() {
            self.iterate.keep(errand, &cut.zone, found, &AnswerSecurity::default());
            return true;
        }
        tokio::time::sleep(LATE_KEYS_TIME).await;
        for _ in 0..JUDGEMENTS {
            let judged = self.trust.judge(errand, &cut.zone, &mut found).await;
            match judged.verdict {
                Verdict::Secure | Verdict::Insecure(_) => {
                    self.iterate.keep(errand, &cut.zone, found, &judged.checked);
                    return true;
                }
                Verdict::Bogus(_) => return false,
                Verdict::Indeterminate(_) => {}
            }
        }
        false
    }

    /// Forgets failures of questions that are answered now.
    fn forget_failures(&self, name: &Name, kind: RecordType, view: &View) {
        for (dnssec_ok, checking_disabled) in [(false, false), (false, true), (true, false), (true, true)] {
            let question =
                Question { dnssec_ok, checking_disabled, view: view.id, ..Question::new(name, kind) };
            self.memory.failures.clear(&question.key());
        }
        self.memory.failures.clear(&QuestionKey::of_sub_question(name, kind, view.knows));
    }
}
