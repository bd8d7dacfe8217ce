//! Name servers of the zone of which this host could not tell whether they serve it: then nothing says that none answers.
//!
//! RFC 1034 section 4.2.2. The address of a server may be known to others only, as that of a name whose zone has servers with IPv6 alone.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::codes::Code;
use super::facts::{DomainFacts, LookupFound, is_within};
use super::finding::Finding;
use super::part::{About, Part};
use super::{elsewhere, remedies, server_hosts, server_names, zone};
use crate::limits::MAX_CHECKED_NAMES;

/// A name of a server whose address this host could not find. Others may find it, and the zone at it.
pub(super) struct UnfoundName {
    name: String,
    why: String,
    /// Whether the reason is that this host has no route to the servers of the zone of the name.
    pub(super) is_unrouted: bool,
}

impl UnfoundName {
    pub(super) fn words(&self) -> String {
        format!("{} was not asked: {}", self.name, self.why)
    }
}

/// The names of servers whose lookups fail for no reason that holds for others too. A name in the zone itself is found by glue, or by
/// nobody.
pub(super) fn unfound(facts: &DomainFacts) -> Vec<UnfoundName> {
    let (apex, glue) = (zone::apex(facts), zone::glue(facts));
    let unfound = |name: String| {
        if server_names::has_address(facts, &glue, &name)
            || is_within(&name, apex)
            || server_names::fault(facts, &name).is_some()
        {
            return None;
        }
        let why = ["A", "AAAA"].into_iter().find_map(|kind| match facts.lookup(&name, kind) {
            LookupFound::Unknown(why) => Some(why),
            _ => None,
        })?;
        if elsewhere::circle_of_servers(facts, &name, apex).is_some() {
            return None;
        }
        let unrouted = elsewhere::unrouted(facts, &name, "A").map(|unrouted| unrouted.words);
        let is_unrouted = unrouted.is_some();
        let why = unrouted.unwrap_or_else(|| format!("its address could not be looked up ({why})"));
        Some(UnfoundName { name, why, is_unrouted })
    };
    zone::server_names(facts).into_iter().take(MAX_CHECKED_NAMES).filter_map(unfound).collect()
}

/// Adds names to the finding about servers to which this host has no route.
pub(super) fn add_unrouted(names: &[UnfoundName], findings: &mut Vec<Finding>) {
    let words = names.iter().map(UnfoundName::words).collect::<Vec<_>>().join("; ");
    match findings.iter_mut().find(|finding| finding.code == Code::NsUnrouted) {
        _ if names.is_empty() => {}
        Some(known) => known.evidence = format!("{}; {words}", known.evidence),
        None => findings.push(Finding::new(Code::NsUnrouted, words)),
    }
}

/// The servers of which it could not be told whether they serve the zone.
pub(super) struct Untold {
    /// Each with its conduct.
    pub(super) servers: Vec<(IpAddr, String)>,
    /// Names whose addresses this host could not find.
    pub(super) names: Vec<UnfoundName>,
}

impl Untold {
    pub(super) const fn is_empty(&self) -> bool {
        self.servers.is_empty() && self.names.is_empty()
    }

    pub(super) fn words(&self, servers: &BTreeMap<IpAddr, BTreeSet<String>>) -> String {
        let of_servers =
            (!self.servers.is_empty()).then(|| server_hosts::with_conduct(servers, &self.servers));
        of_servers.into_iter().chain(self.names.iter().map(UnfoundName::words)).collect::<Vec<_>>().join("; ")
    }

    /// Adds the remedy, if these servers have one cause that the code does not fit.
    pub(super) fn with_remedy(&self, finding: Finding) -> Finding {
        let is_unrouted = self.servers.is_empty() && self.names.iter().all(|name| name.is_unrouted);
        if is_unrouted { finding.to_do(remedies::NO_ROUTE) } else { finding }
    }

    pub(super) fn finding(&self, servers: &BTreeMap<IpAddr, BTreeSet<String>>) -> Finding {
        let about = self.servers.iter().map(|(server, _)| About::Address(*server));
        let finding = Finding::new(Code::DelegationUnknown, self.words(servers));
        self.with_remedy(finding.of(Part::Servers).about(about))
    }
}
