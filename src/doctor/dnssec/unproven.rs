//! Name servers of a signed zone that deny records, or give those of a wildcard, without the proof: NSEC or NSEC3 records.
//!
//! RFC 4035 section 3.1.3 and RFC 5155 section 7.2 (a server sends the proof), RFC 4035 section 5.4 (a denial without it is bogus).
//!
//! # Decisions
//!
//! - After a denial without a proof, a validating resolver asks another server. So one such server beside others is a warning. It is a failure
//!   if all servers are so, or if no server proves the denial of a policy or of TLSA records.
//! - Some servers send a part of the proof, such as one of the three NSEC3 records that a missing name needs, or the NSEC record of another name.
//!   A resolver takes this for no proof.
//! - A server that sends no signatures, or has other keys, is told by that alone.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::codes::Code;
use crate::delegation::server_hosts;
use crate::dnssec::denial_proofs::{self, Claim, ClaimProof};
use crate::dnssec::keys;
use crate::facts::{DomainFacts, QueryForm, ReplyFacts};
use crate::finding::{Finding, Level};
use crate::limits::MAX_UNANSWERED_SHOWN;
use crate::part::About;
use crate::served::{self, ServerReply};
use crate::zone;

/// The replies of servers to queries with EDNS.
fn replies(facts: &DomainFacts) -> impl Iterator<Item = ServerReply<'_>> {
    served::replies(facts).filter(|of| matches!(of.way, QueryForm::Udp | QueryForm::Tcp))
}

/// Whether a reply denies records without any proof: then all that it lacks is one fault.
pub(crate) fn is_unproven_denial(reply: &ReplyFacts) -> bool {
    denial_proofs::is_denial(reply) && !denial_proofs::has_any(reply)
}

/// Whether servers deny these records, and none that does proves it.
pub(crate) fn is_unproven(facts: &DomainFacts, lookup: (&str, &str)) -> bool {
    let is_lacking = |reply: &ReplyFacts| fault(facts, lookup, reply).is_some();
    let mut denials = replies(facts)
        .filter(|of| of.lookup == lookup && denial_proofs::is_denial(of.reply))
        .map(|of| of.reply)
        .peekable();
    denials.peek().is_some() && denials.all(is_lacking)
}

/// The fault of a reply that does not prove what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum ProofFault {
    /// It denies records without a proof.
    Denies,
    /// It denies records with a part of the proof, or with that of other names.
    DeniesInPart,
    /// It gives the records of a wildcard without the proof that no name is closer.
    Expands,
    /// The same, with another proof.
    ExpandsInPart,
}

impl ProofFault {
    /// It in words, about these lookups.
    fn words(self, lookups: &str) -> String {
        match self {
            Self::Denies => format!("denies {lookups} without an NSEC or NSEC3 record as the proof"),
            Self::DeniesInPart => format!("denies {lookups} with NSEC or NSEC3 records that do not prove it"),
            Self::Expands => format!(
                "gives the records of a wildcard for {lookups} without an NSEC or NSEC3 record as the proof that no name is closer"
            ),
            Self::ExpandsInPart => format!(
                "gives the records of a wildcard for {lookups} with NSEC or NSEC3 records that do not prove that no name is closer"
            ),
        }
    }
}

/// The fault of a reply; none if it proves what it says, or needs no proof.
fn fault(facts: &DomainFacts, (name, kind): (&str, &str), reply: &ReplyFacts) -> Option<ProofFault> {
    let apex = zone::apex(facts);
    let claim = denial_proofs::claim(reply, name, apex)?;
    let is_wildcard = matches!(claim, Claim::Wildcard(_));
    match denial_proofs::judge(reply, (name, kind), apex, claim) {
        ClaimProof::Sound => None,
        ClaimProof::Missing => Some(if is_wildcard { ProofFault::Expands } else { ProofFault::Denies }),
        ClaimProof::Incomplete if is_wildcard => Some(ProofFault::ExpandsInPart),
        ClaimProof::Incomplete => Some(ProofFault::DeniesInPart),
    }
}

/// The conduct of a server that gives no proof of what it says about the zone, in words; none if it gives all.
pub(crate) fn conduct(facts: &DomainFacts, server: IpAddr) -> Option<String> {
    let apex = zone::apex(facts);
    let has_soa = |reply: &ReplyFacts| zone::soa(reply).is_some_and(|soa| soa.owner == apex);
    // A name below may be in another zone, so that a reply without the SOA record does not tell its zone.
    let is_denied = |lookup: (&str, &str)| {
        lookup.0 == apex
            || replies(facts)
                .any(|of| of.lookup == lookup && denial_proofs::is_denial(of.reply) && has_soa(of.reply))
    };
    // The signature of a wildcard tells its zone.
    let is_of_zone = |lookup, reply: &ReplyFacts| {
        !reply.answers.is_empty() || has_soa(reply) || (reply.authority.is_empty() && is_denied(lookup))
    };
    let mut faults = BTreeMap::<ProofFault, Vec<String>>::new();
    for ServerReply { lookup, reply, .. } in replies(facts).filter(|of| of.server == server) {
        if let Some(fault) = fault(facts, lookup, reply).filter(|_| is_of_zone(lookup, reply)) {
            let (lookups, told) = (faults.entry(fault).or_default(), format!("{} {}", lookup.0, lookup.1));
            // The same lookup may have been asked over UDP and over TCP.
            if lookups.last() != Some(&told) {
                lookups.push(told);
            }
        }
    }
    let words: Vec<String> =
        faults.into_iter().map(|(fault, lookups)| fault.words(&some(&lookups))).collect();
    (!words.is_empty()).then(|| words.join(", and "))
}

/// The first of some lookups in words, and the number of the others.
fn some(lookups: &[String]) -> String {
    let (first, others) = lookups.split_at(lookups.len().min(MAX_UNANSWERED_SHOWN));
    let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    format!("{}{more}", first.join(", "))
}

/// The finding about a signed domain. `are_lookups_bogus`: whether this host has lookups that no server proves.
pub(crate) fn check(facts: &DomainFacts, are_lookups_bogus: bool) -> Option<Finding> {
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
