//! The servers that others ask in the place of the configuration of this host, and their replies.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::facts::record_set::negative_ttl;
use crate::facts::{DomainFacts, ReplyFacts, ReplySecurity, canonical};
use crate::limits::MAX_CONFIGURED_SERVERS;
use crate::{served, zone};

/// Servers of the zone as others find them: by the glue of the zone above, because the configuration may answer their names too.
pub(crate) fn servers(facts: &DomainFacts) -> Vec<IpAddr> {
    if facts.configured().is_none() {
        return Vec::new();
    }
    let (glue, serving) = (zone::glue(facts), served::serving(facts));
    let of_name = |name: String| match glue.get(name.as_str()) {
        Some(glued) => glued.iter().copied().collect(),
        None => facts.addresses(&name),
    };
    let named: BTreeSet<IpAddr> =
        zone::parent_set(facts).unwrap_or_default().into_iter().flat_map(of_name).collect();
    named.into_iter().filter(|server| serving.contains(server)).take(MAX_CONFIGURED_SERVERS).collect()
}

/// The reply of a server as it is judged in the place of the daemon's.
pub(crate) fn in_place_of(here: &ReplyFacts, now: ReplyFacts) -> ReplyFacts {
    let configured = here.configured.clone();
    let security = if configured.is_some() { ReplySecurity::Unknown } else { here.security };
    ReplyFacts { security, configured, ..now }
}

/// The target of the last alias of a reply that says nothing about this target: another zone has it.
pub(crate) fn open_end(now: &ReplyFacts, name: &str) -> Option<String> {
    let target = |name: &String| {
        let mut aliases = now.answers.iter().filter(|record| record.kind == "CNAME");
        aliases.find(|record| record.name == *name).map(|record| canonical(&record.data))
    };
    // Each alias of the reply leads one step further, unless they lead in a circle.
    let names = std::iter::successors(Some(name.to_owned()), target);
    let last = names.take(now.answers.len() + 1).last()?;
    let told = now.answers.iter().any(|record| record.kind != "CNAME" && record.name == last)
        || negative_ttl(now, &last).is_some();
    (last != name && !told && now.rcode == "NOERROR").then_some(last)
}
