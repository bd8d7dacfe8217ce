//! Priming: asks a root server for the NS set of the root zone.
//!
//! As in RFC 9609, any server in the root hints may be asked. Addresses that the answer lacks are taken from the hints. While questions need the root
//! servers, priming is repeated before the TTL of the NS set ends, so that no question waits for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_proto::rr::{Name, RData, RecordType};

use super::classify::{Classified, Found};
use super::context::Context;
use super::failure::Failure;
use super::{Iterate, Lookup, SubQuestions};
use crate::cache::rrset::capped;
use crate::limits::{MAX_SERVERS, PRIME_RETRY};
use config::RootHints;
use dns::cached::Delegation;
use dns::clock::Mono;
use dns::question::ViewId;
use zones::{RouteTarget, View};

impl Iterate {
    /// Returns the root zone: the result of priming, or the hints if the root servers reply but do not answer the priming query.
    ///
    /// # Errors
    /// No root server can be reached.
    pub(super) async fn root(
        &self,
        context: &Context,
        sub_questions: &dyn SubQuestions,
    ) -> Result<Arc<Delegation>, Failure> {
        match self.prime(context, sub_questions).await {
            Err(Failure::Servers { faults, .. }) if faults.iter().any(|(_, fault)| fault.came_back()) => {
                let hints = Arc::new(self.hints(&context.view.config.resolve.root_hints));
                self.memory.rrsets.in_view(context.view.knows).put_delegation(Arc::clone(&hints));
                Ok(hints)
            }
            primed => primed,
        }
    }

    /// Returns true if the TTL of the root's NS set ends soon. Only one caller gets true, and must then call `prime_again`.
    pub(crate) fn is_priming_due(&self, view: &View) -> bool {
        view.recursion().policy.race
            && matches!(view.recursion().target, RouteTarget::Iterate)
            && self.priming_times.is_due(view.knows, self.now())
    }

    /// Asks the root servers in the hints for the NS set of the root, unless the cache has it.
    ///
    /// # Errors
    /// No root server answers.
    pub async fn prime(
        &self,
        context: &Context,
        sub_questions: &dyn SubQuestions,
    ) -> Result<Arc<Delegation>, Failure> {
        match self.memory.rrsets.in_view(context.view.knows).delegation(&Name::root(), self.now()) {
            Some(known) => Ok(known),
            None => self.prime_again(context, sub_questions).await,
        }
    }

    /// Like `prime`, but asks even if the cache has the NS set.
    ///
    /// # Errors
    /// No root server answers. The cached NS set stays in use.
    pub(crate) async fn prime_again(
        &self,
        context: &Context,
        sub_questions: &dyn SubQuestions,
    ) -> Result<Arc<Delegation>, Failure> {
        let root = Name::root();
        let view = &context.view;
        let hints = Arc::new(self.hints(&view.config.resolve.root_hints));
        let lookup = Lookup {
            name: &root,
            kind: RecordType::NS,
            route: view.recursion(),
            context,
            rewrite: None,
            sub_questions,
            avoid: &[],
            cut: None,
        };
        let asked = Box::pin(self.ask_zone(lookup, &hints)).await;
        let now = self.now();
        self.priming_times.set(view.knows, now.after(PRIME_RETRY));
        let primed = match asked? {
            Classified::Found(found) => {
                self.primed(&hints, &found, view.config.cache.max_ttl).map_or(hints, Arc::new)
            }
            Classified::Referral(_)
            | Classified::Doubtful(_)
            | Classified::Nothing(_)
            | Classified::NoRoom => hints,
        };
        // Priming is repeated in the last tenth of the TTL.
        let lives = primed.expires.since(now).max(PRIME_RETRY);
        self.priming_times.set(view.knows, now.after(lives.saturating_sub(lives / 10)));
        self.memory.rrsets.in_view(view.knows).put_delegation(Arc::clone(&primed));
        Ok(primed)
    }

    /// Returns the delegation of the root to the servers in the hints, valid for a short time.
    fn hints(&self, hints: &RootHints) -> Delegation {
        let mut servers = Vec::new();
        let mut glue = Vec::new();
        for (place, (name, addresses)) in hints.servers.iter().take(MAX_SERVERS).enumerate() {
            servers.push(name.to_lowercase());
            glue.extend(addresses.iter().map(|address| (place, *address)));
        }
        Delegation::plain(Name::root(), servers, glue, (self.now(), self.now().after(PRIME_RETRY)))
    }

    /// Returns the delegation of the root in the answer of a root server, with missing addresses from the hints. Returns `None` if the answer has no
    /// NS records.
    fn primed(&self, hints: &Delegation, found: &Found, max_ttl: Duration) -> Option<Delegation> {
        let mut servers: Vec<Name> = Vec::new();
        let mut ttl = u32::MAX;
        for record in found.answers.iter().take(MAX_SERVERS) {
            if let RData::NS(server) = &record.data {
                servers.push(server.0.to_lowercase());
                ttl = ttl.min(record.ttl);
            }
        }
        if servers.is_empty() {
            return None;
        }
        let mut glue = Vec::new();
        for (place, server) in servers.iter().enumerate() {
            let before = glue.len();
            glue.extend(
                found.glue.iter().filter(|(of, _)| of == server).map(|(_, address)| (place, *address)),
            );
            if glue.len() == before {
                let hinted = hints.servers.iter().position(|of| of == server);
                let addresses = hints.glue.iter().filter(|(of, _)| Some(*of) == hinted);
                glue.extend(addresses.map(|(_, address)| (place, *address)));
            }
        }
        let since = self.now();
        let expires = since.after(Duration::from_secs(capped(ttl, max_ttl).into()));
        Some(Delegation::plain(Name::root(), servers, glue, (since, expires)))
    }
}

/// The time of the next priming for each view that was primed before.
#[derive(Debug, Default)]
pub(super) struct PrimingTimes(Mutex<BTreeMap<ViewId, Mono>>);

impl PrimingTimes {
    pub(super) fn set(&self, view: ViewId, at: Mono) {
        self.table().insert(view, at);
    }

    /// Returns true if priming is due. Only one caller gets true until the time is set again.
    pub(super) fn is_due(&self, view: ViewId, now: Mono) -> bool {
        let mut table = self.table();
        let due = table.get(&view).is_some_and(|at| *at <= now);
        if due {
            table.remove(&view);
        }
        due
    }

    pub(super) fn keep(&self, is_in_use: impl Fn(ViewId) -> bool) {
        self.table().retain(|view, _| is_in_use(*view));
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<ViewId, Mono>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priming_runs_once_per_view() {
        let times = PrimingTimes::default();
        let views = [ViewId::default(), ViewId::default().following().unwrap()];
        let at = Mono::from_micros;
        assert!(!times.is_due(views[0], at(100)), "it was not primed yet");
        times.set(views[0], at(10));
        times.set(views[1], at(20));
        assert!(times.is_due(views[0], at(15)));
        assert!(!times.is_due(views[0], at(15)), "somebody does it already");
        assert!(!times.is_due(views[1], at(15)));
        assert!(times.is_due(views[1], at(20)));
        times.set(views[0], at(30));
        times.set(views[1], at(30));
        times.keep(|view| view == views[1]);
        assert!(!times.is_due(views[0], at(30)) && times.is_due(views[1], at(30)));
    }
}
