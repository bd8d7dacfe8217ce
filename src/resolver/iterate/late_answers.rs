//! Answers that arrive after their question has failed. They are validated and cached, so that the next question gets them.
//!
//! When a question fails, its last queries still wait a little longer for their answers. The module `late_queries` limits the number of sockets
//! that wait for such answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::rr::{Name, RecordType};
use tokio::sync::Notify;

use super::classify::Classified;
use crate::limits::MAX_LATE_ANSWERS;
use dns::cached::Delegation;
use zones::View;

#[derive(Debug)]
pub(crate) struct LateAnswer {
    pub name: Name,
    pub kind: RecordType,
    pub view: Arc<View>,
    /// True if the answer must be validated before it is cached.
    pub checks: bool,
    pub cut: Arc<Delegation>,
    pub said: Classified,
}

#[derive(Debug, Default)]
pub(super) struct LateAnswers {
    waiting: Mutex<VecDeque<LateAnswer>>,
    added: Notify,
}

impl LateAnswers {
    /// Adds a late answer if it is usable, and if not too many late answers wait.
    pub(super) fn add(&self, answer: LateAnswer) {
        let mut waiting = self.waiting();
        if matches!(answer.said, Classified::Found(_) | Classified::Referral(_))
            && waiting.len() < MAX_LATE_ANSWERS
        {
            waiting.push_back(answer);
            drop(waiting);
            self.added.notify_one();
        }
    }

    pub(super) async fn next(&self) -> LateAnswer {
        loop {
            let next = self.waiting().pop_front();
            match next {
                Some(next) => return next,
                None => self.added.notified().await,
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<LateAnswer>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iterate::classify::{End, Found};
    use config::Config;
    use dns::clock::Mono;
    use dns::conduct::Conduct;
    use futures_util::FutureExt;
    use zones::Views;

    // Only replies with data or a denial are queued, and in their order.
    #[test]
    fn late_answer_queue_is_bounded() {
        let view = Views::new(&Arc::new(Config::default())).unwrap().of_listener(0).unwrap().clone();
        let moment = (Mono::START, Mono::START);
        let cut = Arc::new(Delegation::plain(Name::root(), Vec::new(), Vec::new(), moment));
        let name = |number: usize| Name::from_ascii(format!("n{number}.example.")).unwrap();
        let late = |number, said| {
            let (name, kind, checks) = (name(number), RecordType::A, true);
            LateAnswer { name, kind, view: view.clone(), checks, cut: cut.clone(), said }
        };
        let answers = LateAnswers::default();
        answers.add(late(0, Classified::Nothing(Conduct::Lame)));
        for number in 1..=MAX_LATE_ANSWERS + 1 {
            answers.add(late(number, Classified::Found(Found::new(Vec::new(), End::Data, Vec::new()))));
        }
        let kept: Vec<Name> =
            std::iter::from_fn(|| answers.next().now_or_never()).map(|late| late.name).collect();
        assert_eq!(kept, (1..=MAX_LATE_ANSWERS).map(name).collect::<Vec<_>>());
    }
}
