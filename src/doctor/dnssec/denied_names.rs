//! Finds servers whose denials prove that names do not exist for which the same servers give records.
//!
//! The NSEC or NSEC3 records of such a zone lack names, for example because they were not updated with the zone (RFC 4035 section 2.3, RFC 5155
//! section 7.1). A resolver that uses cached records for other names (RFC 8198) denies these names.
//!
//! # Decisions
//!
//! - A name counts only if the zone itself has signed its records. Names of a wildcard or of a delegated zone may be denied.
//! - The records and the denial must come from the same server, because servers may have different versions of the zone.

use std::net::IpAddr;

use hickory_proto::rr::Name;

use crate::codes::Code;
use crate::delegation::server_hosts;
use crate::dnssec::each_server::{is_denial, proof_records};
use crate::dnssec::key_records::{is_by, signature};
use crate::dnssec::keys;
use crate::facts::DomainFacts;
use crate::finding::Finding;
use crate::limits::MAX_UNANSWERED_SHOWN;
use crate::part::About;
use crate::served::{self, ServerReply};
use crate::zone;
use dns::wire::presentation::read_name;
use validate::budget::Budget;
use validate::denial::{Denials, Proven};

/// A name with records that the zone has signed.
struct SignedName<'f> {
    text: &'f str,
    name: Name,
}

/// Returns the finding about servers that deny names for which they give records.
pub(super) fn check(facts: &DomainFacts) -> Option<Finding> {
    let apex = zone::apex(facts);
    if !keys::has_ds(facts) || facts.configured().is_some() || apex == "." {
        return None;
    }
    let (zone, servers) = (read_name(apex)?, zone::servers(facts));
    let conducts: Vec<(IpAddr, String)> = servers
        .keys()
        .filter_map(|server| Some((*server, contradiction(facts, *server, (apex, &zone))?)))
        .collect();
    let evidence = server_hosts::with_conduct(&servers, &conducts);
    let about = conducts.iter().map(|(server, _)| About::Address(*server));
    (!conducts.is_empty()).then(|| Finding::new(Code::DenialsCoverNames, evidence).about(about))
}

/// Describes the denial of a server that proves for the most names that they do not exist though the server gives records of them.
fn contradiction(facts: &DomainFacts, server: IpAddr, (apex, zone): (&str, &Name)) -> Option<String> {
    let replies: Vec<ServerReply<'_>> = served::replies(facts).filter(|of| of.server == server).collect();
    let mut names: Vec<SignedName<'_>> = replies.iter().filter_map(|of| signed_name(of, apex)).collect();
    names.dedup_by(|one, other| one.text == other.text);
    // The SOA record shows that the denial is not of a parent or child zone on the same server.
    let is_of_zone = |of: &&ServerReply<'_>| {
        is_denial(of.reply) && zone::soa(of.reply).is_some_and(|soa| soa.owner == apex)
    };
    let denied = replies.iter().filter(is_of_zone).map(|of| (of.lookup, denied(of, zone, &names)));
    let ((name, kind), denied) = denied.max_by_key(|(_, denied)| denied.len())?;
    let (shown, others) = denied.split_at(denied.len().min(MAX_UNANSWERED_SHOWN));
    let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    let shown = shown.join(", ");
    let words = format!(
        "gives records of {shown}{more}, and its NSEC or NSEC3 records in the denial of {name} {kind} prove that no such name exists"
    );
    (!denied.is_empty()).then_some(words)
}

/// Returns the name of the question if the reply has records of this name that the zone `apex` has signed, and not those of a wildcard.
fn signed_name<'f>(of: &ServerReply<'f>, apex: &str) -> Option<SignedName<'f>> {
    let (text, name) = (of.lookup.0, read_name(of.lookup.0)?);
    let own = of.reply.answers.iter().filter(|record| record.name == text).filter_map(signature);
    let is_signed = own
        .filter(|signature| is_by(signature, apex))
        .any(|signature| signature.input().num_labels == name.num_labels());
    (of.reply.authoritative && is_signed).then_some(SignedName { text, name })
}

/// Returns the names whose absence the NSEC or NSEC3 records of a denial prove.
fn denied<'f>(of: &ServerReply<'f>, zone: &Name, names: &[SignedName<'f>]) -> Vec<&'f str> {
    let records = proof_records(of.reply).unwrap_or_default();
    let denials = Denials::unchecked(&records, zone);
    let is_denied =
        |one: &&SignedName<'_>| matches!(denials.nxdomain(&one.name, &Budget::default()), Ok(Proven::Fully));
    names.iter().filter(is_denied).map(|one| one.text).collect()
}
