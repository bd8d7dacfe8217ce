//! Name servers of the zone whose fault this host has seen too, and which are the likely cause where resolvers of others fail.
//!
//! RFC 4035 section 5 (without the keys, and without the proof of a denial, answers of a signed zone are bogus), RFC 8914 section 4.
//!
//! # Decisions
//!
//! - A server with a fault that the error of the resolver names is the likely cause. One with another fault may be the cause, because
//!   resolvers choose their errors differently. But no such fault explains an error that names the times of signatures, or the like.
//! - A server that fails some queries and answers others fails those of resolvers too.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::extended_errors::{ExtendedErrorKind, ServerFault};
use super::facts::{DomainFacts, Got, QueryForm, ReplyFacts, Want};
use super::record_set::is_known;
use super::resolver_answers::Lookup;
use super::{keys, served, server_hosts, unanswered, unproven, zone};

/// All faults.
const FAULTS: [ServerFault; 3] = [ServerFault::Records, ServerFault::Keys, ServerFault::Proof];

/// The servers that are a likely cause.
pub(super) struct LikelyServers {
    pub(super) servers: Vec<IpAddr>,
    /// Each with its conduct, in words.
    pub(super) words: String,
    /// Whether the error of the resolver names their fault, or it names none.
    pub(super) is_named: bool,
}

/// The servers with a fault that explains the failure of these lookups with errors of this kind, or with none.
pub(super) fn at(
    facts: &DomainFacts,
    kind: Option<&ExtendedErrorKind>,
    lookups: &[Lookup],
) -> Option<LikelyServers> {
    let named = kind.map_or(FAULTS.as_slice(), |kind| kind.faults);
    let others: &[ServerFault] = if named.is_empty() { &[] } else { &FAULTS };
    let found = |faults, is_named| with_faults(facts, faults, (lookups, is_named));
    found(named, true).or_else(|| found(others, false))
}

/// The servers with one of these faults.
fn with_faults(
    facts: &DomainFacts,
    faults: &[ServerFault],
    (lookups, is_named): (&[Lookup], bool),
) -> Option<LikelyServers> {
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
    (!told.is_empty()).then_some(LikelyServers { servers, words, is_named })
}

/// The servers with a fault, each with its conduct.
fn with_fault(facts: &DomainFacts, fault: ServerFault, lookups: &[Lookup]) -> BTreeMap<IpAddr, String> {
    let apex = zone::apex(facts);
    let of_lookup = |server: IpAddr, lookup: (&str, &'static str)| {
        let conduct =
            unanswered::conduct(facts, server, lookup).or_else(|| at_times(facts, server, lookup))?;
        Some((server, format!("{conduct} for {} {}", lookup.0, lookup.1)))
    };
    match fault {
        ServerFault::Records => {
            let of_server = |server: IpAddr| {
                lookups.iter().find_map(|(name, kind)| of_lookup(server, (name.as_str(), kind)))
            };
            served::serving(facts).into_iter().filter_map(of_server).collect()
        }
        ServerFault::Keys if keys::has_ds(facts) => {
            let unanswered = keys::servers(facts).into_iter();
            let unanswered = unanswered.filter_map(|server| of_lookup(server, (apex, "DNSKEY")));
            unanswered.chain(without_named_keys(facts)).collect()
        }
        ServerFault::Proof if keys::has_ds(facts) => {
            let conduct = |server: IpAddr| Some((server, unproven::conduct(facts, server)?));
            served::serving(facts).into_iter().filter_map(conduct).collect()
        }
        ServerFault::Keys | ServerFault::Proof => BTreeMap::new(),
    }
}

/// The conduct of a server that fails some queries of a lookup and answers others. `unanswered` does not tell it, because a server that has
/// just begun does so too.
fn at_times(facts: &DomainFacts, server: IpAddr, lookup: (&str, &'static str)) -> Option<String> {
    match served::first(facts, server, lookup)? {
        Got::Reply(reply) if !is_known(reply) => {
            served::given(facts, server, lookup)?;
            Some(format!("answers {} to some queries", reply.rcode))
        }
        _ => None,
    }
}

/// Whether a server that serves the zone has failed a query with EDNS, whatever it has answered to others.
pub(super) fn has_one_failed(facts: &DomainFacts) -> bool {
    let serving = served::serving(facts);
    facts.got.iter().any(|(want, got)| match (want, got) {
        (Want::Server { server, way: QueryForm::Udp | QueryForm::Tcp, .. }, Got::Reply(reply)) => {
            serving.contains(server) && (!is_known(reply) || !reply.failed_before.is_empty())
        }
        _ => false,
    })
}

/// The servers whose keys no DS record names, while those of another server fit, each with its conduct.
fn without_named_keys(facts: &DomainFacts) -> BTreeMap<IpAddr, String> {
    let keys = keys::by_fit(facts);
    let conduct = |reply: &ReplyFacts| match reply.data("DNSKEY").next() {
        Some(_) if reply.data("DNSKEY").any(|key| keys::is_named(facts, key)) => {
            "gives DNSKEY records which the key that a DS record names has not signed, though it is among them"
        }
        Some(_) => "gives DNSKEY records that no DS record names",
        None => "gives no DNSKEY records",
    };
    let others = keys.others.into_iter().filter(|_| !keys.fitting.is_empty());
    others.map(|(server, reply)| (server, conduct(reply).to_owned())).collect()
}
