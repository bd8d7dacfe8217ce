//! The resolvers of others that are asked, and the records that they may have now.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::facts::{DomainFacts, Got, OtherResolver, QueryForm, ResolverWay, Want};
use super::record_set::{final_records, records};
use super::{served, zone};
use crate::limits::MAX_OTHER_RESOLVERS;

/// The resolvers to ask.
pub(super) fn resolvers(facts: &DomainFacts) -> impl Iterator<Item = &OtherResolver> {
    facts.subject.resolvers.iter().take(MAX_OTHER_RESOLVERS)
}

/// The question to a resolver.
pub(super) fn ask(resolver: &OtherResolver, name: &str, kind: &'static str) -> Want {
    in_form(resolver, (name, kind), QueryForm::Recursive)
}

/// The question to a resolver for what it has without validation.
pub(super) fn ask_unvalidated(resolver: &OtherResolver, name: &str, kind: &'static str) -> Want {
    in_form(resolver, (name, kind), QueryForm::Unvalidated)
}

fn in_form(resolver: &OtherResolver, (name, kind): (&str, &'static str), way: QueryForm) -> Want {
    let name = name.to_owned();
    match &resolver.way {
        ResolverWay::Plain(server) => Want::Server { server: *server, name, kind, way },
        ResolverWay::AtPort(server) => Want::Resolver { server: *server, name, kind, way },
        ResolverWay::Secured(resolver) => {
            let unvalidated = way == QueryForm::Unvalidated;
            Want::Secured { resolver: resolver.clone(), name, kind, unvalidated }
        }
    }
}

/// Texts about answers, each of which begins with the name of its resolver: the same words once, behind the names of all.
pub(super) fn joined(facts: &DomainFacts, texts: &[&str]) -> String {
    let mut by_words: Vec<(&str, Vec<&str>)> = Vec::new();
    for text in texts {
        let mut names = resolvers(facts).map(|resolver| resolver.name.as_str());
        let of_name = |name| Some((name, text.strip_prefix(name).filter(|words| words.starts_with(' '))?));
        let (name, words) = names.find_map(of_name).unwrap_or(("", text));
        match by_words.iter_mut().find(|(known, _)| *known == words) {
            Some((_, names)) => names.push(name),
            None => by_words.push((words, vec![name])),
        }
    }
    let told = by_words.into_iter().map(|(words, names)| format!("{}{words}", names.join(" and ")));
    told.collect::<Vec<_>>().join("; ")
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
        let told = servers.iter().filter_map(|server| served::given(facts, *server, (name, kind)));
        told.filter_map(|reply| records(reply, name, kind)).collect()
    };
    // The cache of this host may be old, so it counts only where no server was asked.
    if sets.is_empty()
        && let Some(reply) = facts.lookup(name, kind).reply()
    {
        sets.insert(final_records(reply, kind));
    }
    sets
}
