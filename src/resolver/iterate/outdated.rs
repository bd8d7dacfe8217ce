//! Detects that a cached delegation is outdated, because its servers no longer serve the zone. The servers of the parent zone are then asked for the
//! current servers.
//!
//! When a domain moves, its old servers refuse queries for it or are switched off. Resolvers cache the old delegation for up to two days, and without
//! this module mail to the domain would wait that long.

use std::sync::Arc;

use super::failure::Failure;
use super::{Iterate, Lookup, Resolved};
use crate::limits::{SILENT_DELEGATION_TIME, SUSPECT_AGE};
use dns::cached::Delegation;
use dns::conduct::Conduct;
use record::event::StepEvent;

/// A delegation from the cache that may be outdated, and the result of its servers: a failure, or a denial that a working server would not send.
pub(super) struct Outdated {
    delegation: Arc<Delegation>,
    outcome: Result<Resolved, Failure>,
}

impl Outdated {
    /// If the parent refers to the same servers again, returns their earlier result.
    pub(super) fn confirmed_by(&self, delegation: &Delegation) -> Option<Result<Resolved, Failure>> {
        same_servers(&self.delegation, delegation).then(|| self.outcome.clone())
    }
}

impl Iterate {
    /// Removes `delegation` from the cache if the result of its servers shows that it may be outdated. Returns the delegation if the parent zone is
    /// to be asked now. If this question has no time left, the next question asks the parent.
    pub(super) fn outdated(
        &self,
        lookup: Lookup<'_>,
        delegation: Arc<Delegation>,
        outcome: &Result<Resolved, Failure>,
    ) -> Option<Outdated> {
        let of_zone = match outcome {
            Ok(resolved) => resolved.found.doubted && resolved.zone == delegation.zone,
            Err(failure) => failure.zone().is_some_and(|zone| zone == delegation.zone),
        };
        // Only a delegation that was received before this question, and that is not configured, can be outdated.
        let old = delegation.since < lookup.context.began() && delegation.configured.is_empty();
        // If servers are avoided because of bogus answers, the delegation is not at fault.
        if !old || !of_zone || delegation.zone.is_root() || !lookup.avoid.is_empty() {
            return None;
        }
        let again = match outcome {
            Ok(_) if self.now().since(delegation.since) >= SUSPECT_AGE => true,
            Ok(_) => return None,
            Err(failure) => self.may_have_moved(lookup, &delegation, failure)?,
        };
        self.memory.rrsets.in_view(lookup.context.view.knows).forget_delegation(&delegation.zone);
        lookup.context.note(StepEvent::Outdated { zone: delegation.zone.to_string() });
        again.then(|| Outdated { delegation, outcome: outcome.clone() })
    }

    /// Decides if the servers of the parent zone are asked for the current delegation after a failure: for this question (`Some(true)`),
    /// for the next question (`Some(false)`), or not at all (`None`).
    fn may_have_moved(&self, lookup: Lookup<'_>, delegation: &Delegation, failure: &Failure) -> Option<bool> {
        match failure {
            // If the servers were already known not to answer, the parent is asked at most once in `SILENT_DELEGATION_TIME`.
            failure if failure.is_known_silence() => {
                (self.now().since(delegation.since) >= SILENT_DELEGATION_TIME).then_some(true)
            }
            Failure::Servers { faults, .. } if faults.iter().any(|(_, fault)| fault.came_back()) => {
                Some(true)
            }
            Failure::Addresses { .. } => Some(true),
            // In an outage of this host's network, silence shows nothing about the servers.
            Failure::Servers { faults, .. } | Failure::Time { faults, .. } => {
                let is_silent = |fault: &Conduct| matches!(fault, Conduct::Silent | Conduct::NoTcp);
                let silent = faults.iter().any(|(_, fault)| is_silent(fault));
                (silent && self.shared.uplink.has_heard_internet(lookup.context.began())).then_some(false)
            }
            _ => None,
        }
    }
}

fn same_servers(one: &Delegation, other: &Delegation) -> bool {
    let glue = |delegation: &Delegation| {
        let named = delegation
            .glue
            .iter()
            .map(|(place, address)| (delegation.servers.get(*place).cloned(), *address));
        let mut named: Vec<_> = named.collect();
        named.sort();
        named
    };
    let servers = |delegation: &Delegation| {
        let mut servers = delegation.servers.clone();
        servers.sort();
        servers
    };
    one.zone == other.zone && servers(one) == servers(other) && glue(one) == glue(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::clock::Mono;
    use hickory_proto::rr::Name;

    fn delegation(servers: &[&str], glue: &[(usize, &str)]) -> Delegation {
        Delegation::plain(
            Name::from_ascii("example.").unwrap(),
            servers.iter().map(|name| Name::from_ascii(name).unwrap()).collect(),
            glue.iter().map(|(place, address)| (*place, address.parse().unwrap())).collect(),
            (Mono::START, Mono::START),
        )
    }

    #[test]
    fn server_set_comparison_ignores_order() {
        let one = delegation(&["a.", "b."], &[(0, "192.0.2.1"), (1, "192.0.2.2")]);
        assert!(same_servers(&one, &delegation(&["b.", "a."], &[(0, "192.0.2.2"), (1, "192.0.2.1")])));
        assert!(!same_servers(&one, &delegation(&["a.", "b."], &[(0, "192.0.2.1"), (1, "192.0.2.3")])));
        assert!(!same_servers(&one, &delegation(&["a."], &[(0, "192.0.2.1")])));
    }
}
