//! The proof in a reply of a server that records do not exist, or that no name is closer than the wildcard whose records it gives.
//!
//! RFC 4035 sections 3.1.3 and 5.4, RFC 5155 sections 7.2 and 8. `validate` judges the NSEC and NSEC3 records as for a client's question;
//! `server_signatures` has their signatures.

use hickory_proto::rr::{Name, Record as WireRecord, RecordType};

use crate::dnssec::signed_set;
use crate::facts::record_set::is_known;
use crate::facts::{Record, ReplyFacts};
use dns::wire::presentation::read_name;
use validate::budget::Budget;
use validate::denial::Denials;
use validate::verdict::Why;

/// The statement of a reply that a signed zone must prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Claim {
    /// The name does not exist.
    NoName,
    /// The name has no records of the type.
    NoData,
    /// No name is closer than the wildcard, whose name has so many labels without its first one.
    Wildcard(usize),
}

/// The verdict on a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ClaimProof {
    /// It is there, or it could not be told.
    Sound,
    /// The reply has no NSEC or NSEC3 record.
    Missing,
    /// It has some, and they do not prove the statement.
    Incomplete,
}

/// Whether a record is an NSEC or NSEC3 record.
fn is_proof(record: &&Record) -> bool {
    ["NSEC", "NSEC3"].contains(&record.kind.as_str())
}

/// Whether a reply denies records.
pub(crate) fn is_denial(reply: &ReplyFacts) -> bool {
    reply.authoritative && is_known(reply) && !reply.truncated && reply.answers.is_empty()
}

/// Whether a reply has any part of a proof.
pub(crate) fn has_any(reply: &ReplyFacts) -> bool {
    reply.authority.iter().any(|record| is_proof(&record))
}

/// The statement that a reply about a name must prove in the zone `apex`; none if there is none.
pub(crate) fn claim(reply: &ReplyFacts, name: &str, apex: &str) -> Option<Claim> {
    if is_denial(reply) {
        return Some(if reply.rcode == "NXDOMAIN" { Claim::NoName } else { Claim::NoData });
    }
    let is_whole = reply.authoritative && !reply.truncated && !name.contains('\\') && !name.starts_with("*.");
    let all = name.trim_end_matches('.').split('.').count();
    let labels = |record: &Record| {
        let mut fields = record.data.split_whitespace();
        let labels: usize = fields.nth(2)?.parse().ok()?;
        let is_own = fields.nth(4)?.eq_ignore_ascii_case(apex);
        (record.kind == "RRSIG" && record.name == name && is_own && labels < all).then_some(labels)
    };
    reply.answers.iter().filter(|_| is_whole).find_map(labels).map(Claim::Wildcard)
}

/// Whether a reply to the lookup of a name and a type in the zone `apex` proves its statement.
pub(crate) fn judge(reply: &ReplyFacts, (name, kind): (&str, &str), apex: &str, claim: Claim) -> ClaimProof {
    if !has_any(reply) {
        return ClaimProof::Missing;
    }
    let read = || {
        let proofs = reply.authority.iter().filter(is_proof);
        let records = proofs.map(|proof| signed_set::record(&proof.name, &proof.kind, &proof.data));
        let records: Vec<WireRecord> = records.collect::<Option<_>>()?;
        Some((read_name(name)?, read_name(apex)?, kind.parse::<RecordType>().ok()?, records))
    };
    match read() {
        Some((name, zone, kind, records)) if !is_proven(claim, (&name, kind), &records, &zone) => {
            ClaimProof::Incomplete
        }
        _ => ClaimProof::Sound,
    }
}

/// Whether records prove a statement, or would cost more than a validator spends.
fn is_proven(claim: Claim, (name, kind): (&Name, RecordType), records: &[WireRecord], zone: &Name) -> bool {
    let (denials, budget) = (Denials::unchecked(records, zone), Budget::default());
    let proven = match claim {
        Claim::NoName => denials.nxdomain(name, &budget),
        Claim::NoData => denials.nodata(name, kind, &budget),
        Claim::Wildcard(labels) => denials.wildcard(name, &name.trim_to(labels), &budget),
    };
    match proven {
        Ok(_) => true,
        Err(fault) => fault.why == Why::Indeterminate,
    }
}
