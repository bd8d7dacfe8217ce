//! Forwarding of all names: a host whose queries all go to forwarders need not reach the root servers.

use dns::wire::presentation::name_text;
use resolver::config::{Config, Forwarder, ZoneKind};

/// The zones that a finding names: `resolverctl config show` has all of them.
const MAX_NAMED: usize = 5;

/// The forwarders of all names that no other zone has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarding {
    /// The forwarders, as the configuration names them.
    pub servers: Vec<String>,
    /// The zones whose names are resolved from the root servers nevertheless (`recurse`, `forward_first`), such as DNS lists.
    pub recursing: Vec<String>,
}

/// The forwarding of all names; none if resolverd resolves names from the root servers, also if it does so only after its forwarders.
pub(super) fn of(config: &Config) -> Option<Forwarding> {
    // This host is in the view of the control socket.
    let zones = || config.zones.iter().filter(|zone| zone.view.is_none());
    let all = zones().find(|zone| zone.name.is_root() && !zone.forward_first)?;
    let ZoneKind::Forward(forwarders) = &all.kind else { return None };
    let recurses = zones().filter(|zone| zone.kind == ZoneKind::Recurse || zone.forward_first);
    Some(Forwarding {
        servers: forwarders.iter().map(Forwarder::to_string).collect(),
        recursing: recurses.map(|zone| name_text(&zone.name)).collect(),
    })
}

impl Forwarding {
    /// The forwarders in a sentence.
    pub(super) fn words(&self) -> String {
        format!("resolverd forwards all names to {}", self.servers.join(", "))
    }

    /// The zones that need the root servers, in a sentence; none if there is no such zone.
    pub(super) fn recursing_words(&self) -> Option<String> {
        let named: Vec<&str> = self.recursing.iter().take(MAX_NAMED).map(String::as_str).collect();
        let left = self.recursing.len().saturating_sub(named.len());
        let more = if left > 0 { format!(" and {left} more") } else { String::new() };
        (!named.is_empty()).then(|| format!("{}{more}", named.join(", ")))
    }
}
