//! Prefetch: an answer in use is renewed on the side before its TTL ends, so that no client waits for that.
//!
//! `cache::freshness` decides when. A hit hands its answer over once, and a task asks the question again. Clients that
//! come meanwhile get the old answer; those that come after its end join the flight.
//!
//! # Decisions
//!
//! - No answer of a DNS list is renewed: a list is asked no more often than its clients ask.
//! - Nothing is renewed while flights are crowded, and no zone has more than a few of the places, so that a zone that does
//!   not answer does not hold up the others. An answer that found no place may be handed over again.
//! - A renewal that fails leaves the old answer as it is, until its end.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};

use super::Resolver;
use super::client_question::ClientQuestion;
use super::side::Ahead;
use crate::cache::freshness;
use crate::clock::Mono;
use crate::dnsbl::list_events::ListEventKind;
use crate::limits::{MAX_RENEWALS, MAX_RENEWALS_OF_ZONE, MAX_RENEWALS_WAITING};
use crate::question::{Answer, Client, QuestionKey};
use crate::record::Counter;
use crate::zones::Kind;

/// No client has this address.
const ASKER: Client = Client { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), port: 0, id: 0 };

/// An answer that is to be renewed.
#[derive(Debug)]
struct Renewal {
    key: QuestionKey,
    answer: Arc<Answer>,
}

/// Answers that wait to be renewed.
#[derive(Debug, Default)]
pub(super) struct Renewals {
    waiting: Mutex<VecDeque<Renewal>>,
    added: Notify,
}

impl Renewals {
    /// Adds one, if there is room.
    fn add(&self, renewal: Renewal) -> Result<(), Renewal> {
        let mut waiting = self.waiting();
        if waiting.len() >= MAX_RENEWALS_WAITING {
            return Err(renewal);
        }
        waiting.push_back(renewal);
        drop(waiting);
        self.added.notify_one();
        Ok(())
    }

    async fn next(&self) -> Renewal {
        loop {
            let next = self.waiting().pop_front();
            match next {
                Some(next) => return next,
                None => self.added.notified().await,
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Renewal>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolver {
    /// Reports an answer from memory that is about to be sent: to its DNS list, or to prefetch if its end is near.
    pub fn hit(&self, key: &[u8], answer: &Arc<Answer>, now: Mono) {
        match answer.list {
            Some(mark) => {
                self.lists.hit(mark);
                self.lists.ring.tell(key, ListEventKind::Asked(Some(mark.says)), now);
            }
            None if freshness::is_renewal_due(answer.stored, answer.expires, now) => {
                self.hand_over(key, answer)
            }
            None => {}
        }
    }

    #[cold]
    fn hand_over(&self, key: &[u8], answer: &Arc<Answer>) {
        if !answer.renewal.take() || !self.views.load().config().cache.prefetch {
            return;
        }
        let renewal = Renewal { key: QuestionKey::from_bytes(key), answer: Arc::clone(answer) };
        if let Err(renewal) = self.renewals.add(renewal) {
            self.shed_renewal(&renewal);
        }
    }

    fn shed_renewal(&self, renewal: &Renewal) {
        renewal.answer.renewal.give_back();
        self.recorder.count(Counter::PrefetchesShed, 1);
    }

    /// Renews answers that are handed over, as long as it runs.
    pub async fn prefetch(self: Arc<Self>) -> Infallible {
        let mut asking = JoinSet::new();
        let mut zones: Vec<(u64, AbortHandle)> = Vec::new();
        loop {
            tokio::select! {
                biased;
                Some(_) = asking.join_next() => zones.retain(|(_, task)| !task.is_finished()),
                renewal = self.renewals.next(), if asking.len() < MAX_RENEWALS => {
                    let Some(asked) = self.renewable(&renewal.key) else { continue };
                    let zone = self.memory.keyed().hash_one(self.zone_at_first(&asked));
                    if zones.iter().filter(|(other, _)| *other == zone).count() >= MAX_RENEWALS_OF_ZONE {
                        self.shed_renewal(&renewal);
                        continue;
                    }
                    zones.push((zone, asking.spawn(Arc::clone(&self).renew(asked, renewal))));
                }
            }
        }
    }

    /// The question of a key, if it may be asked ahead of its clients.
    fn renewable(&self, key: &QuestionKey) -> Option<ClientQuestion> {
        let question = key.question()?;
        let view = self.views.load().get(question.view).cloned()?;
        let asked = ClientQuestion::new(question, key.clone(), ASKER, self.clock.mono(), view);
        let is_here = matches!(asked.way.kind, Kind::Local(_));
        (asked.way.policy.list.is_none() && !is_here).then_some(asked)
    }

    async fn renew(self: Arc<Self>, asked: ClientQuestion, renewal: Renewal) {
        match self.ask_aside(asked).await {
            Ahead::Sent => self.recorder.count(Counter::Prefetches, 1),
            Ahead::NotNeeded => {}
            Ahead::NoRoom => self.shed_renewal(&renewal),
        }
    }
}
