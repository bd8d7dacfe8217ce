//! Name servers of a signed zone that deny records without the proof, an NSEC or NSEC3 record.
//!
//! RFC 4035 section 3.1.3 and RFC 5155 section 7.2 (a server sends the proof), RFC 4035 section 5.4 (a denial without it is bogus).
//!
//! # Decisions
//!
//! - After a denial without a proof, a validating resolver asks another server. So one such server beside others is a warning. It is a failure
//!   if all servers are so, or if no server proves the denial of a policy or of TLSA records.
//! - A server that sends no signatures, or has other keys, is told by that alone.

use std::net::IpAddr;

use super::codes::Code;
use super::facts::{DomainFacts, Got, QueryForm, ReplyFacts, Want};
use super::finding::{Finding, Level};
use super::part::About;
use super::record_set::is_known;
use super::{keys, served, server_hosts, zone};
use crate::limits::MAX_UNANSWERED_SHOWN;

/// Whether a reply denies records.
fn is_denial(reply: &ReplyFacts) -> bool {
    reply.authoritative && is_known(reply) && !reply.truncated && reply.answers.is_empty()
}

/// Whether a reply has the proof of a denial.
fn has_proof(reply: &ReplyFacts) -> bool {
    reply.authority.iter().any(|record| ["NSEC", "NSEC3"].contains(&record.kind.as_str()))
}

/// The replies of servers of the zone to queries with EDNS, each with its server and its lookup.
fn replies(facts: &DomainFacts) -> impl Iterator<Item = (IpAddr, (&str, &'static str), &ReplyFacts)> {
    facts.got.iter().filter_map(|(want, got)| match (want, got) {
        (Want::Server { server, name, kind, way: QueryForm::Udp | QueryForm::Tcp }, Got::Reply(reply)) => {
            Some((*server, (name.as_str(), *kind), reply))
        }
        _ => None,
    })
}

/// Whether a reply denies records without a proof: then all that it lacks is one fault.
pub(super) fn is_unproven_denial(reply: &ReplyFacts) -> bool {
    is_denial(reply) && !has_proof(reply)
}

/// Whether servers deny these records, and all that do send no proof.
pub(super) fn is_unproven(facts: &DomainFacts, lookup: (&str, &str)) -> bool {
    let mut denials = replies(facts)
        .filter(|(_, asked, reply)| *asked == lookup && is_denial(reply))
        .map(|(.., reply)| reply)
        .peekable();
    denials.peek().is_some() && denials.all(|reply| !has_proof(reply))
}

/// The conduct of a server that denies records of the zone without a proof, in words; none if it does not.
pub(super) fn conduct(facts: &DomainFacts, server: IpAddr) -> Option<String> {
    let apex = zone::apex(facts);
    let has_soa = |reply: &ReplyFacts| zone::soa(reply).is_some_and(|soa| soa.owner == apex);
    // A name below may be in another zone, so that a reply without the SOA record does not tell its zone.
    let is_denied = |lookup: (&str, &str)| {
        lookup.0 == apex
            || replies(facts).any(|(_, asked, reply)| asked == lookup && is_denial(reply) && has_soa(reply))
    };
    let is_of_zone =
        |lookup, reply: &ReplyFacts| has_soa(reply) || (reply.authority.is_empty() && is_denied(lookup));
    let of_server = replies(facts).filter(|(asked, ..)| *asked == server);
    let unproven = of_server
        .filter(|(_, lookup, reply)| is_unproven_denial(reply) && is_of_zone(*lookup, reply))
        .map(|(_, (name, kind), _)| format!("{name} {kind}"));
    let mut unproven: Vec<String> = unproven.collect();
    // The same lookup may have been asked over UDP and over TCP.
    unproven.dedup();
    let (first, others) = unproven.split_at(unproven.len().min(MAX_UNANSWERED_SHOWN));
    let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    (!first.is_empty())
        .then(|| format!("denies {}{more} without an NSEC or NSEC3 record as the proof", first.join(", ")))
}

/// The finding about a signed domain. `are_lookups_bogus`: whether this host has lookups that no server proves.
pub(super) fn check(facts: &DomainFacts, are_lookups_bogus: bool) -> Option<Finding> {
    if !keys::has_ds(facts) || facts.configured().is_some() || zone::apex(facts) == "." {
        return None;
    }
    let by_fit = keys::by_fit(facts);
    let is_told =
        |server: &IpAddr| by_fit.others.contains_key(server) || by_fit.unsigned.contains_key(server);
    let is_signing = |server: &IpAddr| served::form(facts, *server) != Some(QueryForm::Plain);
    let mut servers = served::serving(facts);
    servers.retain(|server| !is_told(server) && is_signing(server));
    let told: Vec<(IpAddr, String)> =
        servers.iter().filter_map(|server| Some((*server, conduct(facts, *server)?))).collect();
    let finding =
        Finding::new(Code::NsWithoutProof, server_hosts::with_conduct(&zone::servers(facts), &told));
    let finding = finding.about(told.iter().map(|(server, _)| About::Address(*server)));
    let is_failure = told.len() == servers.len() || are_lookups_bogus;
    (!told.is_empty()).then(|| if is_failure { finding.at(Level::Failure) } else { finding })
}

#[cfg(test)]
#[path = "unproven_tests.rs"]
mod tests;
