//! Finds lookups that fail at a server although the server serves the zone: it drops queries for a type, answers them with an error, or
//! denies a name that exists.
//!
//! RFC 8906 section 3 (servers and firewalls that drop types), RFC 4074 section 4 (wrong answers to queries for AAAA).

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::codes::{Code, remedies};
use crate::compared::compared;
use crate::delegation::{at_times, server_hosts, server_silence};
use crate::dnssec::keys;
use crate::facts::record_set::is_known;
use crate::facts::{DomainFacts, Got, NoReply, QueryForm, ReplyFacts, Want};
use crate::finding::{Finding, Level};
use crate::limits::{MAX_REPEATED_OVER_TCP, MAX_UNANSWERED_SHOWN};
use crate::part::{About, Part};
use crate::{served, zone};

type NameAndType<'f> = (&'f str, &'static str);

/// Returns the lookups that the servers of the zone must answer, with the servers that are asked.
fn lookups(facts: &DomainFacts) -> Vec<(NameAndType<'_>, Vec<IpAddr>)> {
    let mut lookups = vec![((facts.subject.domain.as_str(), "MX"), served::serving(facts))];
    let apex = zone::apex(facts);
    lookups.push(((apex, "NS"), served::serving(facts)));
    // In a signed zone, the servers must also give the DNSKEY records: without them, no record can be validated.
    let is_of_keys = |want: &Want| matches!(want, Want::Server { name, kind: "DNSKEY", .. } if name == apex);
    if facts.got.keys().any(is_of_keys) {
        lookups.push(((apex, "DNSKEY"), keys::servers(facts)));
    }
    let others = compared(facts).into_iter().map(|compared| (compared.lookup, compared.servers));
    lookups.extend(others.filter(|(lookup, _)| *lookup != (facts.subject.domain.as_str(), "MX")));
    lookups
}

/// Returns the questions that are repeated over TCP, because they failed over UDP: a datagram may have been lost, or a server may have just
/// started.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let is_failed = |server: &IpAddr, lookup| match served::first(facts, *server, lookup) {
        Some(Got::Reply(reply)) => !is_known(reply),
        Some(Got::NoReply(lost)) => !matches!(lost, NoReply::Unknown(_) | NoReply::NoRoute),
        _ => false,
    };
    let asked = lookups(facts).into_iter().flat_map(|((name, kind), servers)| {
        let failed = servers.into_iter().filter(move |server| is_failed(server, (name, kind)));
        failed.map(move |server| Want::Server { server, name: name.to_owned(), kind, way: QueryForm::Tcp })
    });
    asked.take(MAX_REPEATED_OVER_TCP).collect()
}

const TRUNCATES: &str = "truncates its replies over UDP, and does not answer over TCP,";

/// Describes how a server fails for a lookup, although it serves the zone.
pub(super) fn conduct(facts: &DomainFacts, server: IpAddr, lookup: NameAndType<'_>) -> Option<String> {
    let is_given = served::given(facts, server, lookup).is_some();
    let conduct = match served::first(facts, server, lookup)? {
        Got::Reply(reply) if !is_known(reply) && is_given => return None,
        Got::Reply(reply) if !is_known(reply) => return Some(format!("answers {}", reply.rcode)),
        Got::Reply(reply) if is_denied(facts, server, lookup, reply) => {
            "denies the name (NXDOMAIN), which exists,"
        }
        Got::Reply(reply) if !reply.authoritative && !is_elsewhere(reply) => "answers without authority",
        Got::NoReply(NoReply::Silent) if server_silence::is_slow(facts, server) => return None,
        Got::NoReply(NoReply::Silent) if is_chance(facts, server, lookup) => return None,
        Got::NoReply(NoReply::Silent | NoReply::Unfit | NoReply::Unreachable) if is_given => {
            "answers over TCP only"
        }
        Got::NoReply(NoReply::Silent) => "does not answer",
        Got::NoReply(NoReply::Unreachable) => "is unreachable",
        Got::NoReply(NoReply::Unfit) => "sends replies that cannot be read",
        Got::NoReply(NoReply::Truncated) => TRUNCATES,
        _ => return None,
    };
    Some(conduct.to_owned())
}

/// Returns true if a missing reply over UDP may be chance: datagrams on the path to the server are lost, and the server is not silent over
/// TCP. If many queries to other servers were lost, silence over TCP does not matter.
fn is_chance(facts: &DomainFacts, server: IpAddr, (name, kind): NameAndType<'_>) -> bool {
    let over_tcp = facts.server(server, name, kind, QueryForm::Tcp);
    let is_silent =
        matches!(over_tcp, Some(Got::NoReply(NoReply::Silent | NoReply::Unfit | NoReply::Unreachable)));
    facts.is_lossy(server) && (!is_silent || facts.loses_many(server))
}

/// Returns true if a server denies a name for which it has given records of another type (RFC 8020).
fn is_denied(facts: &DomainFacts, asked: IpAddr, (name, _): NameAndType<'_>, reply: &ReplyFacts) -> bool {
    let exists = || {
        served::replies(facts).any(|of| {
            let exists = of.reply.authoritative && of.reply.rcode == "NOERROR";
            exists && of.server == asked && of.lookup.0 == name
        })
    };
    reply.rcode == "NXDOMAIN" && reply.authoritative && reply.answers.is_empty() && exists()
}

/// Returns true if a reply without AA is correct: the name belongs to a child zone, or the server also resolves for clients.
fn is_elsewhere(reply: &ReplyFacts) -> bool {
    reply.recursive || reply.authority.iter().any(|record| record.is("NS"))
}

pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let without_mx = no_mx_records(facts);
    let mut by_server = BTreeMap::<IpAddr, Vec<(String, Vec<String>)>>::new();
    let mut is_unanswered = false;
    for ((name, kind), servers) in lookups(facts) {
        if without_mx.is_some() && (name, kind) == (facts.subject.domain.as_str(), "MX") {
            continue;
        }
        let conducts = servers.into_iter().map(|server| (server, conduct(facts, server, (name, kind))));
        let conducts: Vec<(IpAddr, Option<String>)> = conducts.collect();
        // If all servers fail for an SPF or DMARC record, receivers defer or reject mail.
        is_unanswered |= kind == "TXT" && conducts.iter().all(|(_, conduct)| conduct.is_some());
        for (server, conduct) in conducts {
            // If a server fails with this error only sometimes, the module `each_server` reports it.
            let Some(conduct) = conduct.filter(|conduct| !is_at_times(facts, server, conduct)) else {
                continue;
            };
            let (lookup, conducts) = (format!("{name} {kind}"), by_server.entry(server).or_default());
            match conducts.iter_mut().find(|(known, _)| *known == conduct) {
                Some((_, lookups)) => lookups.push(lookup),
                None => conducts.push((conduct, vec![lookup])),
            }
        }
    }
    let partly = partly(facts, by_server);
    let partly = partly.map(|finding| if is_unanswered { finding.at(Level::Failure) } else { finding });
    without_mx.into_iter().chain(partly).collect()
}

/// Returns true if the server, or another address with the same server name, fails only sometimes, with the error in `conduct`.
fn is_at_times(facts: &DomainFacts, server: IpAddr, conduct: &str) -> bool {
    at_times::code_of_host(facts, server).is_some_and(|code| conduct == format!("answers {code}"))
}

fn partly(facts: &DomainFacts, by_server: BTreeMap<IpAddr, Vec<(String, Vec<String>)>>) -> Option<Finding> {
    let servers = zone::servers(facts);
    let is_long = by_server.values().flatten().all(|(conduct, _)| conduct == TRUNCATES);
    let about: Vec<About> = by_server.keys().copied().map(About::Address).collect();
    let conducts: Vec<(IpAddr, String)> = by_server
        .into_iter()
        .map(|(server, conducts)| {
            let words = conducts.iter().map(|(conduct, lookups)| format!("{conduct} for {}", some(lookups)));
            (server, words.collect::<Vec<_>>().join(", and "))
        })
        .collect();
    let evidence = server_hosts::with_conduct(&servers, &conducts);
    let finding = Finding::new(Code::NsPartly, evidence).in_part(Part::Records).about(about);
    (!conducts.is_empty()).then(|| if is_long { finding.to_do(remedies::OPEN_TCP) } else { finding })
}

fn some(items: &[String]) -> String {
    let (first, others) = items.split_at(items.len().min(MAX_UNANSWERED_SHOWN));
    match others.len() {
        0 => first.join(", "),
        count => format!("{} and {count} more", first.join(", ")),
    }
}

/// Returns the finding that no server gives the MX records of the domain or says that there are none. A denial of a name that exists does
/// not count.
fn no_mx_records(facts: &DomainFacts) -> Option<Finding> {
    let (lookup, serving) = ((facts.subject.domain.as_str(), "MX"), served::serving(facts));
    let servers = zone::servers(facts);
    if serving.is_empty() || facts.configured().is_some() {
        return None;
    }
    let conducts = serving.into_iter().map(|server| match served::given(facts, server, lookup) {
        Some(reply) if !is_denied(facts, server, lookup, reply) => None,
        _ => {
            let conduct = conduct(facts, server, lookup)?;
            Some((server, conduct.trim_end_matches(',').to_owned()))
        }
    });
    let conducts: Vec<(IpAddr, String)> = conducts.collect::<Option<_>>()?;
    let conducts = server_hosts::with_conduct(&servers, &conducts);
    Some(
        Finding::new(Code::MxUnanswered, format!("{} MX: {conducts}", lookup.0))
            .in_part(Part::MxRecords)
            .on(lookup.0, "MX"),
    )
}

#[cfg(test)]
#[path = "unanswered_tests.rs"]
mod tests;
