//! Name servers of the zone whose fault this host has seen too, and which are the likely cause where resolvers of others fail.
//!
//! RFC 4035 section 5 (without the keys, and without the proof of a denial, answers of a signed zone are bogus), RFC 8914 section 4.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::extended_errors::{ExtendedErrorKind, ServerFault};
use super::facts::{DomainFacts, Got, QueryForm, ReplyFacts, Want};
use super::record_set::is_known;
use super::resolver_answers::Lookup;
use super::{keys, served, server_hosts, unanswered, zone};

/// The servers that are a likely cause.
pub(super) struct LikelyServers {
    pub(super) servers: Vec<IpAddr>,
    /// Each with its conduct, in words.
    pub(super) words: String,
}

/// The servers with a fault that explains the failure of these lookups with errors of this kind, or with none.
pub(super) fn at(
    facts: &DomainFacts,
    kind: Option<&ExtendedErrorKind>,
    lookups: &[Lookup],
) -> Option<LikelyServers> {
    let all = [ServerFault::Records, ServerFault::Keys, ServerFault::Proof];
    let faults = kind.map_or(all.as_slice(), |kind| kind.faults);
    let mut told: Vec<(IpAddr, String)> = Vec::new();
    for (server, conduct) in faults.iter().flat_map(|fault| with_fault(facts, *fault, lookups)) {
        match told.iter_mut().find(|(known, _)| *known == server) {
            Some((_, known)) if *known == conduct => {}
            Some((_, known)) => *known = format!("{known}, and {conduct}"),
            None => told.push((server, conduct)),
        }
    }
    let servers = told.iter().map(|(server, _)| *server).collect();
    let words = server_hosts::with_conduct(&zone::servers(facts), &told);
    (!told.is_empty()).then_some(LikelyServers { servers, words })
}

/// The servers with a fault, each with its conduct.
fn with_fault(facts: &DomainFacts, fault: ServerFault, lookups: &[Lookup]) -> BTreeMap<IpAddr, String> {
    let apex = zone::apex(facts);
    let of_lookup = |server: IpAddr, lookup: (&str, &'static str)| {
        let conduct = unanswered::conduct(facts, server, lookup)?;
        Some((server, format!("{conduct} for {} {}", lookup.0, lookup.1)))
    };
    match fault {
        ServerFault::Records => {
            let of_server = |server: IpAddr| {
                lookups.iter().find_map(|(name, kind)| of_lookup(server, (name.as_str(), kind)))
            };
            served::serving(facts).into_iter().filter_map(of_server).collect()
        }
        ServerFault::Keys if has_ds(facts) => {
            let unanswered = keys::servers(facts).into_iter();
            let unanswered = unanswered.filter_map(|server| of_lookup(server, (apex, "DNSKEY")));
            unanswered.chain(without_named_keys(facts)).collect()
        }
        ServerFault::Proof if has_ds(facts) => {
            served::serving(facts).into_iter().filter_map(|server| without_proof(facts, server)).collect()
        }
        ServerFault::Keys | ServerFault::Proof => BTreeMap::new(),
    }
}

/// The servers whose keys no DS record names, while those of another server fit, each with its conduct.
fn without_named_keys(facts: &DomainFacts) -> BTreeMap<IpAddr, String> {
    let keys = keys::by_fit(facts);
    let conduct = |reply: &ReplyFacts| match reply.data("DNSKEY").next() {
        Some(_) => "gives DNSKEY records that no DS record names".to_owned(),
        None => "gives no DNSKEY records".to_owned(),
    };
    let others = keys.others.into_iter().filter(|_| !keys.fitting.is_empty());
    others.map(|(server, reply)| (server, conduct(reply))).collect()
}

/// Whether the zone above has DS records, so that validators demand keys and proofs.
fn has_ds(facts: &DomainFacts) -> bool {
    keys::told_above(facts).is_some_and(|records| !records.is_empty())
}

/// A server that denies records of the zone without an NSEC or NSEC3 record, with its conduct.
fn without_proof(facts: &DomainFacts, server: IpAddr) -> Option<(IpAddr, String)> {
    let apex = zone::apex(facts);
    let is_unproven = |reply: &ReplyFacts| {
        let is_proof = |kind: &str| ["NSEC", "NSEC3"].contains(&kind);
        let is_of_zone = zone::soa(reply).is_some_and(|soa| soa.owner == apex);
        let has_none =
            reply.answers.is_empty() && !reply.authority.iter().any(|record| is_proof(&record.kind));
        reply.authoritative && is_known(reply) && is_of_zone && has_none
    };
    facts.got.iter().find_map(|(want, got)| match (want, got) {
        (
            Want::Server { server: asked, name, kind, way: QueryForm::Udp | QueryForm::Tcp },
            Got::Reply(reply),
        ) if *asked == server && is_unproven(reply) => {
            Some((server, format!("denies {name} {kind} without an NSEC or NSEC3 record as the proof")))
        }
        _ => None,
    })
}
