//! Recursion from the root servers in place of forwarders that give no usable answer (option `forward_first`).
//!
//! # Decisions
//!
//! - Recursion begins when all forwarders have failed. If no server has answered for 1.8 s, it also begins while the forwarders may still answer.
//!   This time is the client response timeout of RFC 8767, and leaves time for an answer before the client's deadline. Unbound and BIND wait until
//!   every forwarder has timed out.
//! - A denial from a forwarder counts as an answer. A bogus answer counts as a failure of the forwarder.
//! - For the zone of a DNS list, recursion is used only if the forwarders are silent. SERVFAIL or REFUSED from a forwarder may mean that the list
//!   refuses the queries of the forwarder. If this host sent the same queries, the list might block this host too.
//! - A question waits for the forwarders of a zone only once. Its sub-questions do not wait for them again.

use hickory_proto::rr::Name;

use super::context::Context;
use super::failure::Failure;
use super::{Iterate, Lookup, Resolved};
use crate::cache::freshness;
use record::Counter;
use record::event::StepEvent;
use zones::{Route, RouteTarget};

impl Iterate {
    /// Finds the answer to a question: data, a denial, or an alias. The caller validates the answer and caches it.
    ///
    /// # Errors
    /// No server gives a usable answer, or the budget of the question is used up.
    pub async fn find(&self, lookup: Lookup<'_>) -> Result<Resolved, Failure> {
        match beyond(lookup.route) {
            None => self.find_routed(lookup).await,
            Some(beyond) => Box::pin(self.find_forward_first(lookup, beyond)).await,
        }
    }

    /// Asks the forwarders of a zone. If they give no usable answer, uses recursion: the route `beyond`.
    async fn find_forward_first(&self, lookup: Lookup<'_>, beyond: &Route) -> Result<Resolved, Failure> {
        let Lookup { route, context, .. } = lookup;
        let recursion = Lookup { route: beyond, cut: None, ..lookup };
        if context.budget.is_past_forwarders(&route.zone) {
            return self.find_routed(recursion).await;
        }
        let mut forwarded = Box::pin(self.find_routed(lookup));
        let mut failed = match self.until_stale(&mut forwarded, context).await {
            None => false,
            Some(Err(failure)) if gives_way(route, &failure) => true,
            Some(outcome) => return outcome,
        };
        self.leave_forwarders(lookup, &route.zone);
        let mut recursed = Box::pin(self.find_routed(recursion));
        loop {
            tokio::select! {
                biased;
                outcome = &mut forwarded, if !failed => match outcome {
                    Err(failure) if is_of_forwarders(route, &failure) => failed = true,
                    outcome => return outcome,
                },
                outcome = &mut recursed => {
                    let Err(beyond) = outcome else { return outcome };
                    // The servers found by recursion have failed too. The client gets the reason of their failure.
                    if failed {
                        return Err(beyond);
                    }
                    let at_fault =
                        |failure| if is_of_forwarders(route, &failure) { beyond } else { failure };
                    return forwarded.await.map_err(at_fault);
                }
            }
        }
    }

    /// Waits for `work` and returns its result. Returns `None` as soon as no server has replied for so long that clients may get stale answers.
    async fn until_stale<T>(
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

    fn leave_forwarders(&self, lookup: Lookup<'_>, zone: &Name) {
        lookup.context.budget.pass_forwarders(zone);
        self.shared.recorder.count(Counter::ForwardersFailed, 1);
        lookup.context.note(StepEvent::ForwardersFailed { zone: zone.to_string() });
    }
}

/// Returns the route for recursion after a failure of the forwarders of `route`. Returns `None` if `forward_first` is not set, or if `route` has no
/// forwarders.
pub(super) fn beyond(route: &Route) -> Option<&Route> {
    match &route.target {
        RouteTarget::Forward { beyond, .. } => beyond.as_deref(),
        _ => None,
    }
}

fn gives_way(route: &Route, failure: &Failure) -> bool {
    match failure {
        Failure::Silent { .. } | Failure::Addresses { .. } => true,
        Failure::Servers { faults, .. } => {
            route.policy.list.is_none() || !faults.iter().any(|(_, conduct)| conduct.came_back())
        }
        _ => false,
    }
}

/// Returns true if the forwarders of `route` are at fault: it is a failure after which `forward first` permits recursion, or the time limit
/// of the question has passed.
fn is_of_forwarders(route: &Route, failure: &Failure) -> bool {
    matches!(failure, Failure::Time { .. }) || gives_way(route, failure)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;

    use super::*;
    use crate::iterate::server_role::ServerRole;
    use config::{Config, ConfiguredZone, Forwarder, ZoneKind};
    use dns::conduct::Conduct;
    use dns::stage::name;
    use hickory_proto::rr::RecordType;
    use zones::Views;

    // A DNS list is asked directly after silence only, other names after any failure.
    #[test]
    fn silent_forwarder_falls_back_to_recursion() {
        let address: SocketAddr = "192.0.2.53:53".parse().unwrap();
        let kind = ZoneKind::Forward(vec![Forwarder { address, encryption: None }]);
        let zone =
            ConfiguredZone { name: Name::root(), kind, forward_first: true, ..ConfiguredZone::default() };
        let config = Config { zones: vec![zone], ..Config::default() };
        let views = Views::new(&Arc::new(config)).unwrap();
        let view = views.general().unwrap();
        let all = view.route(&name("www.example."), RecordType::A);
        let list = view.route(&name("2.0.0.127.zen.spamhaus.org."), RecordType::A);
        assert!(list.policy.list.is_some());
        let role = ServerRole::Forwarder;
        let servers =
            |conduct| Failure::Servers { zone: Name::root(), role, faults: vec![(address, conduct)] };
        for (failure, of_all, of_list) in [
            (servers(Conduct::Silent), true, true),
            (servers(Conduct::Refused), true, false),
            (servers(Conduct::ServFail), true, false),
            (Failure::Silent { zone: Name::root(), role, servers: vec![address] }, true, true),
            (Failure::Time { zone: Name::root(), role, faults: Vec::new() }, false, false),
        ] {
            assert_eq!((gives_way(all, &failure), gives_way(list, &failure)), (of_all, of_list), "{failure}");
        }
        let target =
            |route| beyond(route).map(|beyond| (beyond.zone.to_string(), beyond.policy.list.is_some()));
        assert_eq!(target(all), Some((".".to_owned(), false)));
        assert_eq!(target(list), Some(("zen.spamhaus.org.".to_owned(), true)));
    }
}
