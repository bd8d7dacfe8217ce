//! Delegations and addresses of servers that are in use and about to expire. They are renewed in the background, so
//! that no client waits for a parent or for the zone of a server's name.
//!
//! A walk that uses one in the last tenth of its time hands it over (`cache::renewal`). A zone without queries is
//! not renewed. Unbound renews keys likewise (`prefetch-key`), and fetches delegations after they have expired.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::rr::{Name, RecordType};
use tokio::sync::Notify;

use super::classify::Said;
use super::context::Context;
use super::failure::Failure;
use super::{Errand, Iterate};
use crate::cache::entries::Delegation;
use crate::cache::renewal;
use crate::clock::Mono;
use crate::limits::{MAX_ENDINGS, MAX_REFERRALS, RENEWAL_PAUSE};
use crate::question::QuestionKey;
use crate::zones::View;

/// A delegation or addresses that are about to expire.
#[derive(Debug)]
pub struct Ending {
    /// The zone, or the server.
    pub name: Name,
    /// NS: the delegation of the zone. A or AAAA: addresses of the server.
    pub kind: RecordType,
    /// The routes of the question that has used it.
    pub view: Arc<View>,
}

/// The entries that wait for their renewal.
#[derive(Debug, Default)]
pub(super) struct Endings {
    table: Mutex<EndingTable>,
    added: Notify,
}

#[derive(Debug, Default)]
struct EndingTable {
    waiting: VecDeque<Ending>,
    /// The entries that were handed over lately, with the times: a renewal that fails is tried again after a pause.
    told: HashMap<QuestionKey, Mono>,
}

impl Endings {
    /// Adds one, unless it was added lately or there are too many.
    fn add(&self, name: &Name, kind: RecordType, view: &Arc<View>, now: Mono) {
        let key = QuestionKey::of_sub_question(name, kind, view.knows);
        let is_recent = |told: &Mono| now.since(*told) < RENEWAL_PAUSE;
        let mut table = self.table();
        if table.told.get(&key).is_some_and(is_recent) {
            return;
        }
        if table.told.len() >= MAX_ENDINGS {
            table.told.retain(|_, told| is_recent(told));
        }
        if table.told.len() < MAX_ENDINGS {
            table.told.insert(key, now);
            table.waiting.push_back(Ending { name: name.clone(), kind, view: Arc::clone(view) });
            drop(table);
            self.added.notify_one();
        }
    }

    async fn next(&self) -> Ending {
        loop {
            let next = self.table().waiting.pop_front();
            match next {
                Some(next) => return next,
                None => self.added.notified().await,
            }
        }
    }

    fn table(&self) -> MutexGuard<'_, EndingTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Iterate {
    /// The next entry that is about to expire; waits until there is one.
    pub async fn ending(&self) -> Ending {
        self.means.endings.next().await
    }

    /// Whether a delegation in use is about to end; it is renewed then. The root is primed instead.
    pub fn foresee_end(&self, cut: &Delegation, context: &Context) -> bool {
        let now = self.now();
        let is_found = cut.configured.is_empty() && !cut.zone.is_root();
        let is_due = is_found && renewal::is_renewal_due(cut.since, cut.expires, now);
        if is_due && context.view.config.cache.prefetch {
            self.means.endings.add(&cut.zone, RecordType::NS, &context.view, now);
        }
        is_due
    }

    /// The same for addresses of a server, which are known until `expires`.
    pub(super) fn foresee_end_of_addresses(&self, server: &Name, kind: RecordType, context: &Context) {
        if context.view.config.cache.prefetch {
            self.means.endings.add(server, kind, &context.view, self.now());
        }
    }

    /// Asks for the delegation of the zone `errand.name` again, at the closest zone above it whose own delegation is
    /// not about to end, and keeps the answer.
    ///
    /// # Errors
    /// No server of a zone above it gives an answer.
    pub async fn renew_delegation(&self, errand: Errand<'_>) -> Result<(), Failure> {
        let zone = errand.name;
        let mut cut = self.start(Errand { kind: RecordType::DS, ..errand }).await?;
        while self.foresee_end(&cut, errand.context) {
            let name = cut.zone.clone();
            cut = self.start(Errand { name: &name, kind: RecordType::DS, ..errand }).await?;
        }
        for _ in 0..MAX_REFERRALS {
            if cut.zone == *zone {
                break;
            }
            // The root need not know more than the top-level domain (RFC 9156).
            let part = if cut.zone.is_root() { zone.trim_to(1) } else { zone.clone() };
            match self.ask_zone(Errand { name: &part, kind: RecordType::NS, ..errand }, &cut).await? {
                Said::Referral(referral) => cut = self.keep_referral(errand, referral, Some(&cut)),
                // The zone is gone, or one server has both zones: then the old delegation holds until its end.
                Said::Found(found) if found.denies() => {
                    let rrsets = self.memory.rrsets.of(errand.context.view.knows);
                    rrsets.forget_delegation(zone);
                    break;
                }
                Said::Found(_) | Said::Doubtful(_) | Said::Nothing(_) => break,
            }
        }
        Ok(())
    }
}
