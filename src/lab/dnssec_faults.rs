//! Turns the correct response from a signed zone into the response of a server with a DNSSEC fault, which breaks the rules of RFC 4035
//! section 3.1.

use hickory_proto::dnssec::rdata::{DNSSECRData, NSEC, RRSIG};
use hickory_proto::op::{Edns, Message, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::rdata::{CNAME, NULL};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::distort::{POISONED_NAME, asks, bare};
use super::fault::Fault;
use zones::authority::Authority;

/// The EDNS option of an extended error (RFC 8914 section 2).
const EXTENDED_ERROR: u16 = 15;

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
        Fault::StripsProofs => strip_proofs(response),
        Fault::StripsProofsOf(kind) if asks(query, kind) => strip_proofs(response),
        Fault::FewProofs(most) => few_proofs(most, response),
        Fault::BareDenials if response.answers.is_empty() => {
            response.authorities.retain(|record| record.record_type() == RecordType::SOA);
        }
        Fault::StripsAuthority if response.metadata.authoritative => response.authorities.clear(),
        Fault::ParentsProof => parents_proof(authority, query, response),
        Fault::JunkProofs => junk_proofs(response),
        Fault::OddProofs => odd_proofs(query, response),
        Fault::StraySignatures => stray_signatures(response),
        Fault::WrongCname => wrong_cname(response),
        Fault::Validates if !query.metadata.checking_disabled => {
            *response = bare(query, ResponseCode::ServFail);
        }
        Fault::ExtendedError(code) if !query.metadata.checking_disabled => {
            *response = bare(query, ResponseCode::ServFail);
            let mut edns = Edns::new();
            edns.options_mut().insert(EdnsOption::Unknown(EXTENDED_ERROR, code.to_be_bytes().to_vec()));
            response.set_edns(edns);
        }
        Fault::RefusesDnskey if asks(query, RecordType::DNSKEY) => {
            *response = bare(query, ResponseCode::Refused);
        }
        _ => {}
    }
}

fn strip_proofs(response: &mut Message) {
    response.authorities.retain(|record| !is_proof(record));
}

/// Adds an NSEC record for an invented name. Its signature is a copy of a signature from the answer section, so it is not valid for this record.
fn junk_proofs(response: &mut Message) {
    let next_to = |record: &Record| record.name.base_name().prepend_label("aaa").ok();
    let Some(owner) = response.answers.first().and_then(next_to) else { return };
    let next = owner.base_name().prepend_label("zzz").unwrap_or_default();
    let nsec = RData::DNSSEC(DNSSECRData::NSEC(NSEC::new(next, [RecordType::A])));
    let stolen = response.answers.iter().find_map(|record| match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) => Some(signature.clone()),
        _ => None,
    });
    let forged = stolen.map(|signature| {
        let mut input = signature.input().clone();
        input.type_covered = RecordType::NSEC;
        let data = DNSSECRData::RRSIG(RRSIG::from_sig(input, signature.sig().to_vec()));
        Record::from_rdata(owner.clone(), 300, RData::DNSSEC(data))
    });
    response.add_authority(Record::from_rdata(owner, 300, nsec));
    response.add_authorities(forged);
}

/// Adds two NSEC3 records that a resolver must ignore: one with unknown flags, one with an unknown hash algorithm. Both have the opt-out flag and
/// cover nearly all hashes.
fn odd_proofs(query: &Message, response: &mut Message) {
    let asked = query.queries.first().map(|question| question.name().base_name());
    let hashed = asked.and_then(|above| above.prepend_label("00000000000000000000000000000000").ok());
    let Some(owner) = hashed else { return };
    for (hash, flags) in [(1, 3), (2, 1)] {
        let octets = [&[hash, flags, 0, 0, 0, 20][..], &[0xff; 20], &[0, 1, 0x20]].concat();
        let rdata = NULL::with(octets);
        let data = RData::Unknown { code: RecordType::NSEC3, rdata };
        response.add_authority(Record::from_rdata(owner.clone(), 300, data));
    }
}

/// Copies the first signature of each section to another owner name.
fn stray_signatures(response: &mut Message) {
    for records in [&mut response.answers, &mut response.authorities] {
        let first = records.iter().find(|record| record.record_type() == RecordType::RRSIG).cloned();
        let Some(mut stray) = first else { continue };
        stray.name = stray.name.prepend_label("stray").unwrap_or_default();
        records.push(stray);
    }
}

fn wrong_cname(response: &mut Message) {
    if response.answers.iter().all(|record| record.record_type() != RecordType::DNAME) {
        return;
    }
    for record in &mut response.answers {
        if record.record_type() == RecordType::CNAME {
            record.data = RData::CNAME(CNAME(Name::from_ascii(POISONED_NAME).unwrap_or_default()));
        }
    }
}

fn spoil(record: &mut Record) {
    if let RData::DNSSEC(DNSSECRData::RRSIG(signature)) = &record.data {
        let mut octets = signature.sig().to_vec();
        octets.iter_mut().rev().take(1).for_each(|octet| *octet ^= 0xff);
        let spoilt = RRSIG::from_sig(signature.input().clone(), octets);
        record.data = RData::DNSSEC(DNSSECRData::RRSIG(spoilt));
    }
}

/// Returns true for NSEC and NSEC3 records, and their signatures.
fn is_proof(record: &Record) -> bool {
    let kind = match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) => signature.input().type_covered,
        _ => record.record_type(),
    };
    matches!(kind, RecordType::NSEC | RecordType::NSEC3)
}

/// Leaves at most `most` NSEC and NSEC3 records with their signatures in the response.
fn few_proofs(most: usize, response: &mut Message) {
    let proofs = response.authorities.iter().filter(|record| is_proof(record));
    let mut owners: Vec<Name> = Vec::new();
    for proof in proofs {
        if !owners.contains(&proof.name) {
            owners.push(proof.name.clone());
        }
    }
    owners.truncate(most);
    response.authorities.retain(|record| !is_proof(record) || owners.contains(&record.name));
}

/// If the response says that the apex of a zone has no data of a type, replaces the proof in it by the NSEC record that the parent zone has
/// for the same name.
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
    strip_proofs(response);
    response.add_authorities(parent.set(&name, RecordType::NSEC).unwrap_or_default().iter().cloned());
    response.add_authorities(parent.signatures(&name, RecordType::NSEC).iter().cloned());
}
