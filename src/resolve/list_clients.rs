//! Clients that ask a DNS list: each waits until the list answers or its servers are known to be silent.

use std::sync::Arc;

use futures_util::future::Either;
use hickory_proto::rr::RecordType;

use super::client_question::ClientQuestion;
use super::lists::Watched;
use super::{Asked, Replied, Resolver};
use crate::clock::Mono;
use crate::dnsbl::list_events::ListEventKind;
use crate::question::{Answer, Client, ListSays, Outcome, Question};

impl Resolver {
    /// Answers a client's question to a list as soon as its servers answer or are known to be silent.
    pub(in crate::resolve) async fn ask_watched(
        self: &Arc<Self>,
        watched: &Watched,
        missed: &Arc<ClientQuestion>,
    ) -> Asked {
        let now = self.clock.mono();
        let ClientQuestion { question, arrived, .. } = &**missed;
        if watched.entry.watch.wanted(question.view, watched.list.quota, now) {
            self.lists.table.wake();
        }
        if question.kind == RecordType::A {
            self.lists.table.ring.tell(missed.key.as_bytes(), ListEventKind::Asked(None), now);
        }
        let asked = self.ask_unless_held(watched, missed, now).await;
        if let Asked::Replied(replied) = &asked {
            let says = replied.answer.list.map_or(ListSays::Untold, |mark| mark.says);
            watched.entry.miss(says, self.clock.mono().since(*arrived));
        }
        asked
    }

    /// Answers a question of the operator like a client's, but does not mark the list as in use and batches learn
    /// nothing from it.
    pub async fn ask_unmarked(self: &Arc<Self>, question: Question, client: Client) -> Asked {
        let arrived = self.clock.mono();
        let key = question.key();
        if let Some(answer) = self.memory.answers.get(key.as_bytes(), arrived) {
            return Asked::Replied(Replied { outcome: Outcome::Cache, answer, trail: None });
        }
        let Some(view) = self.views.load().get(question.view).cloned() else {
            return self.shed(&question, "a reload removed the listener of this query");
        };
        let missed = Arc::new(ClientQuestion::new(question, key, client, arrived, view));
        let Some(watched) = self.lists.watched(&missed) else { return self.join(&missed).await };
        self.ask_unless_held(&watched, &missed, arrived).await
    }

    /// Asks a list unless its servers are known to be silent, and waits until they answer or are found silent.
    async fn ask_unless_held(
        self: &Arc<Self>,
        watched: &Watched,
        missed: &Arc<ClientQuestion>,
        now: Mono,
    ) -> Asked {
        if let Some(held) = self.lists.held(watched, missed, now) {
            return replied(held);
        }
        let (waiting, opened) =
            (std::pin::pin!(self.join(missed)), std::pin::pin!(watched.entry.watch.opened()));
        match futures_util::future::select(waiting, opened).await {
            Either::Left((asked, _)) => asked,
            Either::Right(((), waiting)) => match self.lists.held(watched, missed, self.clock.mono()) {
                Some(held) => replied(held),
                None => waiting.await,
            },
        }
    }
}

/// The reply with an answer that was made here.
fn replied((outcome, answer): (Outcome, Answer)) -> Asked {
    Asked::Replied(Replied { outcome, answer: Arc::new(answer), trail: None })
}
