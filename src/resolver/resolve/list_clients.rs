//! Clients' questions to a DNS list. Each waits until the list answers or its servers are known to be silent.

use std::sync::Arc;

use futures_util::future::Either;
use hickory_proto::rr::RecordType;

use super::client_question::{Asked, ClientQuestion, Replied};
use super::lists::Watched;
use super::waiting::ClientResolver;
use dns::clock::Mono;
use dns::question::{Answer, ListSays, Outcome};
use dnsbl::list_events::ListEventKind;

impl ClientResolver {
    pub(super) async fn ask_watched(&self, watched: Watched<'_>, missed: &Arc<ClientQuestion>) -> Asked {
        let now = self.clock.mono();
        let ClientQuestion { question, arrived, .. } = &**missed;
        if watched.entry.watch.wanted(question.view, watched.list.quota, now) {
            self.lists.table.wake();
        }
        if question.kind == RecordType::A {
            self.lists.table.events.push(missed.key.as_bytes(), ListEventKind::Asked(None), now);
        }
        let asked = self.ask_unless_held(watched, missed, now).await;
        if let Asked::Replied(replied) = &asked {
            let says = replied.answer.list.map_or(ListSays::Unknown, |mark| mark.says);
            // Only a reply of a server shows how long the list takes, so no time is counted for an answer from the cache.
            let made_here = matches!(replied.outcome, Outcome::Remembered | Outcome::Cache);
            let answered = replied.progress.as_ref().filter(|_| !made_here).and_then(|one| one.last_answer());
            watched.entry.miss(says, answered.map(|_| self.clock.mono().since(*arrived)));
        }
        asked
    }

    /// Asks a DNS list. The client does not wait if the servers of the list are known to be silent, or become known to be silent.
    pub(super) async fn ask_unless_held(
        &self,
        watched: Watched<'_>,
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
                Some((outcome, answer)) => {
                    // The client has waited for this resolution (flight), so its steps are kept for the log.
                    let progress = missed.list.as_ref().and_then(|list| list.waits_for.get()).map(Arc::clone);
                    progress.iter().for_each(|progress| self.keep_so_far(missed, progress));
                    Asked::Replied(Replied { outcome, answer: Arc::new(answer), progress })
                }
                None => waiting.await,
            },
        }
    }
}

fn replied((outcome, answer): (Outcome, Answer)) -> Asked {
    Asked::Replied(Replied { outcome, answer: Arc::new(answer), progress: None })
}
