//! The resolvers of others that are asked, and the records that they may have now.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::facts::{DomainFacts, Got, OtherResolver, QueryForm, ResolverWay, Want};
use super::record_set::{final_records, records};
use super::zone;
use crate::limits::MAX_OTHER_RESOLVERS;

/// The resolvers to ask.
pub(super) fn resolvers(facts: &DomainFacts) -> impl Iterator<Item = &OtherResolver> {
    facts.subject.resolvers.iter().take(MAX_OTHER_RESOLVERS)
}

/// The question to a resolver.
pub(super) fn ask(resolver: &OtherResolver, name: &str, kind: &'static str) -> Want {
    let name = name.to_owned();
    match &resolver.way {
        ResolverWay::Plain(server) => Want::Server { server: *server, name, kind, way: QueryForm::Recursive },
        ResolverWay::AtPort(server) => {
            Want::Resolver { server: *server, name, kind, way: QueryForm::Recursive }
        }
        ResolverWay::Secured(resolver) => Want::Secured { resolver: resolver.clone(), name, kind },
    }
}

/// The sets of records that servers of the zone gave, and their lookup through the daemon; empty if none is known.
pub(super) fn current(facts: &DomainFacts, name: &str, kind: &'static str) -> BTreeSet<BTreeSet<String>> {
    let servers: Vec<IpAddr> = zone::delegated_servers(facts).into_keys().collect();
    let mut sets: BTreeSet<BTreeSet<String>> = if kind == "NS" {
        let denied = |server| match facts.server(server, name, "NS", QueryForm::Udp) {
            Some(Got::Reply(reply)) if reply.authoritative && reply.rcode == "NXDOMAIN" => {
                Some(BTreeSet::new())
            }
            _ => None,
        };
        let set = |server: &IpAddr| zone::child_set_at(facts, *server).or_else(|| denied(*server));
        let own = servers.iter().filter_map(set);
        own.chain(zone::parent_set(facts)).collect()
    } else {
        let told = servers.iter().filter_map(|server| facts.server(*server, name, kind, QueryForm::Udp));
        let replies = told.filter_map(|got| match got {
            Got::Reply(reply) if reply.authoritative => records(reply, name, kind),
            _ => None,
        });
        replies.collect()
    };
    // The cache of this host may be old, so it counts only where no server was asked.
    if sets.is_empty()
        && let Some(reply) = facts.lookup(name, kind).reply()
    {
        sets.insert(final_records(reply, kind));
    }
    sets
}
