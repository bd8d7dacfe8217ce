//! Delegations and addresses of servers past their TTL. They lead to a zone's own servers while the servers of its
//! parent, or of the zone of its servers' names, do not answer.
//!
//! RFC 8767. The client gets a fresh answer of the zone itself. An answer of a server above ends the use of the old
//! delegation, so that a domain that was taken away does not stay alive. SERVFAIL, REFUSED and lame answers from above are no
//! answers (RFC 8767 section 4): a registry's server that fails takes no domain away.

use std::net::IpAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use hickory_proto::rr::{Name, RecordType};

use super::ask::Sought;
use super::context::Context;
use super::failure::Failure;
use super::forward_first::beyond;
use super::{Iterate, Lookup, Resolved};
use crate::cache::entries::Delegation;
use crate::cache::freshness;
use crate::cache::freshness::Age;
use crate::zones::RouteTarget;
use dns::question::Security;
use history::event::StepEvent;
use validate::signature;

impl Iterate {
    /// Finds the answer: data, a denial, or an alias. The caller decides whether it is believed, and keeps it.
    ///
    /// # Errors
    /// No server on the way helps, or the budget of the question is spent.
    pub async fn find(&self, lookup: Lookup<'_>) -> Result<Resolved, Failure> {
        match beyond(lookup.route) {
            None => self.find_routed(lookup).await,
            Some(beyond) => Box::pin(self.find_forward_first(lookup, beyond)).await,
        }
    }

    /// Like `find`, on the route of the lookup alone.
    pub(super) async fn find_routed(&self, lookup: Lookup<'_>) -> Result<Resolved, Failure> {
        match self.stale_cut(lookup) {
            None => self.find_fresh(lookup).await,
            Some(_) => Box::pin(self.find_by_stale(lookup)).await,
        }
    }

    /// Like `find_routed`, if there is an old delegation: it is used once no server above has answered for a while.
    async fn find_by_stale(&self, lookup: Lookup<'_>) -> Result<Resolved, Failure> {
        let mut fresh = Box::pin(self.find_fresh(lookup));
        let failure = match self.until_stale(&mut fresh, lookup.context).await {
            None => None,
            Some(Err(failure)) if failure.extended_error().is_lack_of_answer() => Some(failure),
            Some(outcome) => return outcome,
        };
        // A server may have answered meanwhile.
        match (self.stale_cut(lookup), failure) {
            (Some(cut), failure) => self.find_with_stale(lookup, cut, fresh, failure).await,
            (None, Some(failure)) => Err(failure),
            (None, None) => fresh.await,
        }
    }

    /// The result of `work`; none once no server has answered the question for so long that stale data may be used.
    pub(super) async fn until_stale<T>(
        &self,
        work: &mut (impl Future<Output = T> + Unpin),
        context: &Context,
    ) -> Option<T> {
        let began = self.now();
        loop {
            let (now, from) = (self.now(), freshness::stale_from(began, context.last_answer()));
            if now >= from {
                return None;
            }
            tokio::select! {
                biased;
                result = &mut *work => return Some(result),
                () = tokio::time::sleep(from.since(now)) => {}
            }
        }
    }

    /// Asks the servers of the old delegation while the servers above may still answer: their answer comes first.
    /// `failure`: `fresh` has ended with it.
    async fn find_with_stale(
        &self,
        lookup: Lookup<'_>,
        cut: Arc<Delegation>,
        mut fresh: impl Future<Output = Result<Resolved, Failure>> + Send + Unpin,
        mut failure: Option<Failure>,
    ) -> Result<Resolved, Failure> {
        lookup.context.budget.use_stale(&cut.zone);
        let ago = self.now().since(cut.expires).as_secs();
        let found = format!("the delegation of {} that ended {ago} s ago", cut.zone);
        lookup.context.note(StepEvent::Memory { found });
        let mut stale = Box::pin(self.walk(lookup, Arc::clone(&cut), &[]));
        loop {
            tokio::select! {
                biased;
                outcome = &mut fresh, if failure.is_none() => match outcome {
                    Err(lack) if lack.extended_error().is_lack_of_answer() => failure = Some(lack),
                    outcome => return outcome,
                },
                outcome = &mut stale => {
                    // A referral from above ends the old delegation.
                    if outcome.is_ok() && self.is_still_stale(lookup, &cut) {
                        return outcome;
                    }
                    break;
                }
            }
        }
        match failure {
            Some(failure) => Err(failure),
            None => fresh.await,
        }
    }

    /// Returns true if memory has no other delegation of its zone since.
    fn is_still_stale(&self, lookup: Lookup<'_>, cut: &Arc<Delegation>) -> bool {
        let Lookup { route, context, .. } = lookup;
        let rrsets = self.memory.rrsets.in_view(context.view.knows);
        let known = rrsets.stale_delegation(&cut.zone, route.policy.serve_stale, self.now());
        known.is_some_and(|known| Arc::ptr_eq(&known, cut))
    }

    /// The delegation that has ended and may be used if the servers above do not answer.
    fn stale_cut(&self, lookup: Lookup<'_>) -> Option<Arc<Delegation>> {
        let Lookup { route, context, .. } = lookup;
        let serve_stale = route.policy.serve_stale;
        if lookup.known_cut().is_some() {
            // No other is closer.
            return None;
        }
        // DANE must not depend on a zone that may have moved.
        let is_found = matches!(route.target, RouteTarget::Iterate | RouteTarget::Stub(_))
            && lookup.rewrite.is_none()
            && lookup.kind != RecordType::TLSA;
        if serve_stale.is_zero() || !is_found || context.is_on_the_side() {
            return None;
        }
        let rrsets = self.memory.rrsets.in_view(context.view.knows);
        let cut = rrsets.stale_delegation(&lookup.at_or_above(), serve_stale, self.now())?;
        let calendar = self.shared.clock.calendar();
        let is_over = cut.evidence.records(0).iter().any(|record| signature::has_expired(record, calendar));
        (route.zone.zone_of(&cut.zone) && cut.zone != route.zone && !is_over).then_some(cut)
    }

    /// The result of a lookup of a server's addresses. Once its zone has not answered for a while, this returns the
    /// addresses past their TTL. The lookup is returned too and goes on, because the server may have moved.
    pub(super) async fn or_stale_addresses<'a>(
        &'a self,
        mut address_lookup: BoxFuture<'a, Result<Vec<IpAddr>, Failure>>,
        (server, kind): (Name, RecordType),
        context: &'a Context,
    ) -> Sought<'a> {
        let known = || self.stale_addresses(&server, kind, context);
        if known().is_empty() {
            return Sought { server, found: address_lookup.await, address_lookup: None };
        }
        let ended = self.until_stale(&mut address_lookup, context).await;
        let lacks = match &ended {
            None => true,
            Some(found) => matches!(found, Err(failure) if failure.is_lack_of_answer()),
        };
        let stale = if lacks { known() } else { Vec::new() };
        match ended {
            Some(found) if stale.is_empty() => Sought { server, found, address_lookup: None },
            Some(_) => Sought { server, found: Ok(stale), address_lookup: None },
            None if stale.is_empty() => Sought { server, found: address_lookup.await, address_lookup: None },
            None => {
                let of = server.clone();
                let rest =
                    async move { Sought { server: of, found: address_lookup.await, address_lookup: None } };
                Sought { server, found: Ok(stale), address_lookup: Some(Box::pin(rest)) }
            }
        }
    }

    fn stale_addresses(&self, server: &Name, kind: RecordType, context: &Context) -> Vec<IpAddr> {
        let (now, calendar) = (self.now(), self.shared.clock.calendar());
        let serve_stale = context.view.server_route(server, kind).policy.serve_stale;
        let rrsets = self.memory.rrsets.in_view(context.view.knows);
        let word = rrsets.last_word(server, kind, serve_stale, now);
        let Some(word) = word.filter(|word| word.kind == kind && word.age != Age::Fresh) else {
            return Vec::new();
        };
        let is_over = word.rrset.backing().security == Security::Secure
            && word.rrset.evidence(now).iter().any(|record| signature::has_expired(record, calendar));
        if is_over { Vec::new() } else { word.rrset.addresses().collect() }
    }
}

impl Lookup<'_> {
    /// The name whose closest zone is asked: for DS the parent's side of a cut (RFC 4035 section 3.1.4.1).
    pub(super) fn at_or_above(&self) -> Name {
        if self.is_asked_above() { self.name.base_name() } else { self.name.clone() }
    }

    /// The closest cut to that name, if it was looked up a moment ago.
    pub(super) fn known_cut(&self) -> Option<&Arc<Delegation>> {
        self.cut.filter(|_| !self.is_asked_above())
    }

    fn is_asked_above(&self) -> bool {
        self.kind == RecordType::DS && !self.name.is_root()
    }
}
