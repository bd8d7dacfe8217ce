//! Extended errors that contradict the zone as its servers give it to this host: their usual remedy would change what is right.
//!
//! RFC 8914 section 4; RFC 8624 section 3 and RFC 9157 (algorithms and digest types that all validators have), RFC 9276 (NSEC3).

use std::collections::BTreeSet;

use super::extended_errors::{ErrorClaim, ExtendedErrorKind};
use super::facts::{DomainFacts, Got, QueryForm, Want, is_within};
use super::key_records::{COMMON_ALGORITHMS, COMMON_DIGEST, Ds};
use super::{dnssec, hashed_denial, keys, parents, remedies, served, zone};

/// That an error contradicts the zone.
pub(super) struct Contradicted {
    pub(super) words: String,
    pub(super) remedy: &'static str,
}

/// Whether the zone is not signed: its servers send no signatures, though they were asked with EDNS, and the zone above has no DS records.
fn is_unsigned(facts: &DomainFacts) -> bool {
    let has_ds = || keys::told_above(facts).is_some_and(|ds| !ds.is_empty()) || parents::is_signed(facts);
    let has_edns = |server| served::form(facts, server).is_some_and(|form| form != QueryForm::Plain);
    dnssec::signatures(facts).is_empty() && served::serving(facts).into_iter().any(has_edns) && !has_ds()
}

/// Whether a server of the zone has proven the absence of records with NSEC records of the zone.
fn has_plain_denials(facts: &DomainFacts) -> bool {
    let apex = zone::apex(facts);
    facts.got.iter().any(|(want, got)| match (want, got) {
        (Want::Server { .. }, Got::Reply(reply)) if reply.authoritative => {
            reply.authority.iter().any(|record| record.kind == "NSEC" && is_within(&record.name, apex))
        }
        _ => false,
    })
}

/// The data of the zone that contradict the cause which an error names, in words; none if the zone may have this cause.
fn in_place(facts: &DomainFacts, claim: ErrorClaim) -> Option<String> {
    match claim {
        ErrorClaim::Signatures | ErrorClaim::None => None,
        ErrorClaim::Algorithm => {
            let numbers: BTreeSet<u8> = dnssec::signatures(facts).into_iter().collect();
            let are_common = numbers.iter().all(|number| COMMON_ALGORITHMS.contains(number));
            let listed = numbers.iter().map(u8::to_string).collect::<Vec<_>>().join(" and ");
            (!numbers.is_empty() && are_common)
                .then(|| format!("they sign with algorithm {listed}, which all validators have"))
        }
        ErrorClaim::Digest => {
            let records = keys::told_above(facts)?;
            let is_common = |data: &&str| Ds::read(data).is_some_and(|ds| ds.hash == COMMON_DIGEST);
            (!records.is_empty() && records.iter().all(is_common)).then(|| {
                format!("the DS records have digest type {COMMON_DIGEST}, which all validators have")
            })
        }
        ErrorClaim::Iterations => match hashed_denial::iterations(facts) {
            Some(0) => Some("their NSEC3 records have 0 iterations".to_owned()),
            Some(_) => None,
            None => {
                has_plain_denials(facts).then(|| "they send NSEC records, and no NSEC3 records".to_owned())
            }
        },
    }
}

/// That the zone does not have the cause that an error names, where its servers show that.
pub(super) fn by_zone(facts: &DomainFacts, kind: &ExtendedErrorKind) -> Option<Contradicted> {
    let begin = "these resolvers name a cause that no server gives to this host now";
    let end = "A site of a server, which they reach and this host does not, may give it, or they have an old answer";
    if kind.claim == ErrorClaim::None {
        return None;
    }
    if is_unsigned(facts) {
        let words =
            format!("{begin}: the servers send no signatures, and the zone above has no DS record. {end}");
        return Some(Contradicted { words, remedy: remedies::ERROR_OF_UNSIGNED });
    }
    let words = format!("{begin}: {}. {end}", in_place(facts, kind.claim)?);
    Some(Contradicted { words, remedy: remedies::ERROR_CONTRADICTED })
}

#[cfg(test)]
#[path = "contradicted_errors_tests.rs"]
mod tests;
