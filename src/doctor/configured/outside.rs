//! The servers that others ask in the place of the configuration of this host, and their records of its mail hosts.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::facts::record_set::{is_known, negative_ttl, path};
use crate::facts::{
    DomainFacts, Got, QueryForm, ReplyFacts, ReplySecurity, Want, addresses, canonical, is_within, lookup,
};
use crate::limits::{MAX_CONFIGURED_HOST_LOOKUPS, MAX_CONFIGURED_SERVERS};
use crate::transport::dane;
use crate::{elsewhere, mail, served, zone};

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

/// The lookups of mail hosts in other zones that the configuration answers, which others look up at the servers of these zones.
pub(crate) fn hosts(facts: &DomainFacts) -> Vec<(String, &'static str)> {
    if zone::is_here_only(facts) || !has_public_mail(facts) {
        return Vec::new();
    }
    let apex = zone::apex(facts);
    let mut hosts = mail::hosts(facts);
    hosts.retain(|host| !is_within(host, apex));
    let lookups = hosts.iter().flat_map(|host| addresses(host).into_iter().chain([dane::want(host)]));
    let configured = lookups.filter_map(|want| match (facts.got.get(&want), want) {
        (Some(Got::Reply(reply)), Want::Lookup { name, kind }) if reply.configured.is_some() => {
            Some((name, kind))
        }
        _ => None,
    });
    configured.take(MAX_CONFIGURED_HOST_LOOKUPS).collect()
}

/// Whether others see the MX records that are judged. Names that only this host knows are sent to nobody.
fn has_public_mail(facts: &DomainFacts) -> bool {
    let domain = facts.subject.domain.as_str();
    let gives = |server: IpAddr| {
        let got = facts.server(server, domain, "MX", QueryForm::Udp);
        matches!(got, Some(Got::Reply(reply)) if reply.authoritative && is_known(reply))
    };
    facts.configured().is_none() || servers(facts).into_iter().any(gives)
}

/// The records of servers of other zones, in the place of the configured records of mail hosts, where these differ.
pub(crate) fn hosts_elsewhere(facts: &DomainFacts) -> Vec<(Want, ReplyFacts)> {
    let replaced = hosts(facts).into_iter().filter_map(|(name, kind)| {
        let want = lookup(&name, kind);
        let now = elsewhere::given(facts, (&name, kind))?;
        let Some(Got::Reply(here)) = facts.got.get(&want) else { return None };
        let differs = path(now, kind, ".")? != path(here, kind, ".")?;
        (differs && open_end(now, &name).is_none()).then(|| (want, in_place_of(here, now.clone())))
    });
    replaced.collect()
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
