//! What servers do to signed answers on the way out: faults that concern DNSSEC alone.
//!
//! May call: `authority`, `fault`. RFC 4035 section 3.1 tells what they break.

use hickory_proto::dnssec::rdata::{DNSSECRData, RRSIG};
use hickory_proto::op::Message;
use hickory_proto::rr::{RData, Record, RecordType};

use super::fault::Fault;
use crate::zones::authority::Authority;

/// Changes a response of `authority`'s as a fault does.
pub(super) fn distort(fault: Fault, authority: &Authority, query: &Message, response: &mut Message) {
    match fault {
        Fault::BadSignatures => {
            response.answers.iter_mut().chain(&mut response.authorities).for_each(spoil);
        }
        Fault::NoDnssec => {
            let mut plain = query.clone();
            plain.edns = plain.edns.take().map(|mut edns| {
                edns.set_dnssec_ok(false);
                edns
            });
            *response = authority.respond(&plain);
        }
        Fault::StripsProofs => {
            response.authorities.retain(|record| !is_proof(record));
        }
        Fault::ParentsProof => parents_proof(authority, query, response),
        _ => {}
    }
}

/// Turns the last octet of a signature.
fn spoil(record: &mut Record) {
    if let RData::DNSSEC(DNSSECRData::RRSIG(signature)) = &record.data {
        let mut octets = signature.sig().to_vec();
        octets.iter_mut().rev().take(1).for_each(|octet| *octet ^= 0xff);
        let spoilt = RRSIG::from_sig(signature.input().clone(), octets);
        record.data = RData::DNSSEC(DNSSECRData::RRSIG(spoilt));
    }
}

/// Whether a record is NSEC or NSEC3, or the signature of one.
fn is_proof(record: &Record) -> bool {
    let kind = match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) => signature.input().type_covered,
        _ => record.record_type(),
    };
    matches!(kind, RecordType::NSEC | RecordType::NSEC3)
}

/// Where a name has no data at the apex of a zone, the NSEC that its parent has at the cut is given instead.
fn parents_proof(authority: &Authority, query: &Message, response: &mut Message) {
    let Some(question) = query.queries.first() else { return };
    let name = question.name().to_lowercase();
    if !response.answers.is_empty() || authority.zones().iter().all(|zone| zone.origin() != &name) {
        return;
    }
    let above = authority.zones().iter().filter(|zone| zone.origin() != &name);
    let Some(parent) = above.into_iter().find(|zone| zone.set(&name, RecordType::NSEC).is_some()) else {
        return;
    };
    response.authorities.retain(|record| !is_proof(record));
    response.add_authorities(parent.set(&name, RecordType::NSEC).unwrap_or_default().iter().cloned());
    response.add_authorities(parent.signatures(&name, RecordType::NSEC).iter().cloned());
}
