//! Prefetch: renews cached answers, delegations, server addresses and DNSSEC keys that are in use before their TTL ends, so that no client
//! waits for them.
//!
//! `cache::freshness` decides when to renew. When a client uses an answer whose TTL ends soon, the answer is reported once, and a task asks
//! its question again. Clients get the old answer until its TTL ends, and then join the resolution (flight) in progress.
//!
//! # Decisions
//!
//! - Answers of DNS lists are not renewed, so that a list gets no more queries than clients cause.
//! - Renewals stop while there are too many resolutions. Only a few renewals of one zone may be in progress, so that a silent zone does not
//!   delay other zones. An answer for which there was no room may be reported again after a second.
//! - At most half of the renewals in progress may be for delegations and server addresses.
//! - If a renewal fails, the old answer remains in use until its TTL ends.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use hickory_proto::rr::{Name, RecordType};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};

use super::chase::AtList;
use super::client_question::ClientQuestion;
use super::flight::FlightResolver;
use super::side::{Ahead, SideResolver};
use crate::iterate::Lookup;
use crate::iterate::context::Context;
use crate::iterate::flight_progress::FlightProgress;
use crate::iterate::renewal::ExpiringEntry;
use crate::limits::{MAX_RENEWALS_OF_ZONE, MAX_RENEWALS_WAITING};
use dns::clock::Mono;
use dns::question::{Answer, Client, QuestionKey};
use record::Counter;
use zones::{RouteTarget, Views};

/// The client in the questions of renewals. No real client has this address.
pub(super) const ASKER: Client = Client { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), port: 0, id: 0 };

#[derive(Debug)]
struct Renewal {
    key: QuestionKey,
    /// The answer to renew; `None` if the last resolution of the question failed.
    answer: Option<Arc<Answer>>,
}

#[derive(Debug, Default)]
struct Renewals {
    waiting: Mutex<VecDeque<Renewal>>,
    added: Notify,
}

impl Renewals {
    /// Adds a question. Returns an error if the queue is full. If the last resolution of the question failed (no `answer`), the question is
    /// queued only once, even if many clients ask it.
    fn add(&self, renewal: Renewal) -> Result<(), Renewal> {
        let mut waiting = self.waiting();
        if renewal.answer.is_none() && waiting.iter().any(|other| other.key == renewal.key) {
            return Ok(());
        }
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

/// The renewals in progress, each with the keyed hash of the zone whose servers are asked.
#[derive(Debug, Default)]
struct ZonesAsked(Vec<(u64, AbortHandle)>);

impl ZonesAsked {
    fn has_room(&self, zone: u64) -> bool {
        self.0.iter().filter(|(other, _)| *other == zone).count() < MAX_RENEWALS_OF_ZONE
    }

    fn forget_finished(&mut self) {
        self.0.retain(|(_, task)| !task.is_finished());
    }
}

/// Renews cached answers, delegations, server addresses and DNSSEC keys that are in use.
pub struct Prefetcher {
    views: Arc<ArcSwap<Views>>,
    flight: Arc<FlightResolver>,
    side: Arc<SideResolver>,
    renewals: Renewals,
}

impl Prefetcher {
    pub(super) fn new(side: &Arc<SideResolver>) -> Arc<Self> {
        let (views, flight) = (Arc::clone(&side.views), Arc::clone(&side.flight));
        Arc::new(Self { views, flight, side: Arc::clone(side), renewals: Renewals::default() })
    }

    /// Queues an answer whose TTL ends soon, unless it was queued before.
    #[cold]
    pub(super) fn hand_over(&self, key: &[u8], answer: &Arc<Answer>, now: Mono) {
        if !answer.renewal.take(now) || !self.views.load().config().cache.prefetch {
            return;
        }
        let renewal = Renewal { key: QuestionKey::from_bytes(key), answer: Some(Arc::clone(answer)) };
        if let Err(renewal) = self.renewals.add(renewal) {
            self.shed_renewal(&renewal);
        }
    }

    /// Queues a failed question, so that it is resolved again in the background. If the queue is full, the question is resolved again only when a
    /// client asks it.
    pub(super) fn try_again(&self, key: &QuestionKey) {
        let _ = self.renewals.add(Renewal { key: key.clone(), answer: None });
    }

    fn shed_renewal(&self, renewal: &Renewal) {
        if let Some(answer) = &renewal.answer {
            answer.renewal.give_back(self.flight.clock.mono());
            self.flight.recorder.count(Counter::PrefetchesShed, 1);
        }
    }

    /// Renews the queued answers, delegations, server addresses and DNSSEC keys. Never returns.
    pub async fn run(self: Arc<Self>) -> Infallible {
        let (mut asking, bounds) = (JoinSet::new(), self.flight.iterate.bounds());
        let (mut answers, mut expiring) = (ZonesAsked::default(), ZonesAsked::default());
        loop {
            let of_zone = |zone: &Name| self.flight.memory.keyed().hash_one(zone);
            tokio::select! {
                biased;
                Some(_) = asking.join_next() => {
                    answers.forget_finished();
                    expiring.forget_finished();
                }
                entry = self.flight.iterate.next_renewal(|zone| expiring.has_room(of_zone(zone))),
                    if asking.len() < bounds.renewals() && expiring.0.len() < bounds.renewed_expiring() =>
                {
                    let zone = of_zone(&entry.asked);
                    expiring.0.push((zone, asking.spawn(Arc::clone(&self).renew_expiring(entry))));
                }
                renewal = self.renewals.next(), if asking.len() < bounds.renewals() => {
                    let Some(asked) = self.renewable(&renewal.key) else { continue };
                    let zone = self.flight.memory.keyed().hash_one(self.flight.zone_at_first(&asked));
                    if !answers.has_room(zone) {
                        self.shed_renewal(&renewal);
                        continue;
                    }
                    answers.0.push((zone, asking.spawn(Arc::clone(&self).renew(asked, renewal))));
                }
            }
        }
    }

    /// Returns the question of a key. Returns `None` if it must not be asked without a client, because it asks a DNS list or a local zone,
    /// or if its view no longer exists.
    fn renewable(&self, key: &QuestionKey) -> Option<ClientQuestion> {
        let question = key.question()?;
        let view = self.views.load().get(question.view).cloned()?;
        let asked = ClientQuestion::new(question, key.clone(), ASKER, self.flight.clock.mono(), view);
        let is_here = matches!(asked.way.target, RouteTarget::Local(_));
        (asked.way.policy.list.is_none() && !is_here).then_some(asked)
    }

    async fn renew(self: Arc<Self>, asked: ClientQuestion, renewal: Renewal) {
        match self.side.ask_aside(asked).await {
            Ahead::Sent if renewal.answer.is_some() => self.flight.recorder.count(Counter::Prefetches, 1),
            Ahead::Sent | Ahead::NotNeeded => {}
            Ahead::NoRoom => self.shed_renewal(&renewal),
        }
    }

    async fn renew_expiring(self: Arc<Self>, entry: ExpiringEntry) {
        let is_answered = self.ask_for_expiring(&entry).await;
        self.flight.iterate.end_renewal(&entry, is_answered);
    }

    /// Renews a delegation with the DNSSEC keys of its zone, or the addresses of a server. Returns true if a server has answered.
    async fn ask_for_expiring(&self, entry: &ExpiringEntry) -> bool {
        let ExpiringEntry { name, kind, view, .. } = entry;
        if !self.views.load().holds(view) {
            // A reload has changed the view of this cache entry, so the entry is not renewed.
            return false;
        }
        let progress = Arc::new(FlightProgress::new(&self.flight.clock));
        let context = Context::new(progress, Arc::clone(view)).renewing();
        let way = view.server_route(name, *kind);
        let is_answered = if *kind == RecordType::NS {
            let lookup = Lookup {
                name,
                kind: *kind,
                route: way,
                context: &context,
                rewrite: None,
                sub_questions: &*self.flight.chaser,
                avoid: &[],
                cut: None,
            };
            // If the renewal fails, the old delegation remains valid until its TTL ends.
            let is_answered = self.flight.iterate.renew_delegation(lookup).await.is_ok();
            if is_answered {
                self.flight.chaser.trust.renew_keys(name, &context).await;
            }
            is_answered
        } else {
            let chaser = &self.flight.chaser;
            chaser.chase((name, *kind), (way, None), AtList::Passes, &context).await.is_ok()
        };
        if context.budget.packets() > 0 {
            self.flight.recorder.count(Counter::ServersRenewed, 1);
        }
        is_answered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::question::ViewId;

    #[test]
    fn failed_question_is_queued_once() {
        let renewals = Renewals::default();
        for kind in [RecordType::A, RecordType::MX, RecordType::A, RecordType::A] {
            let key = QuestionKey::of_sub_question(&Name::root(), kind, ViewId::default());
            assert!(renewals.add(Renewal { key, answer: None }).is_ok());
        }
        assert_eq!(renewals.waiting().len(), 2);
    }
}
