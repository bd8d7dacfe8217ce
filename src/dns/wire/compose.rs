//! Encodes an answer to octets once, when it is stored. Cache hits copy these octets.

use hickory_proto::ProtoError;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{DNSClass, Name, RData, Record};
use hickory_proto::serialize::binary::{BinEncodable, BinEncoder};

use super::edns::HEADER;
use super::ttl::{self, Ttls};
use crate::clock::Mono;
use crate::question::marks::{AheadMark, RenewalMark};
use crate::question::{Answer, ExtendedError, ListMark, Question, Security, WireName, is_wire_of};

/// The parts from which an answer to a client is encoded.
#[derive(Clone, Debug)]
pub struct AnswerParts<'a> {
    /// The question to which the answer belongs.
    pub question: &'a Question,
    /// The response code of the answer.
    pub rcode: ResponseCode,
    /// The records of the answer section: the whole chain of aliases, then the data. For a question with DO, also the signatures.
    pub answers: &'a [Record],
    /// The records of the authority section: the SOA of a negative answer. For a question with DO, also the proofs.
    pub authorities: &'a [Record],
    /// The time at which the TTLs of the records in `answers` and `authorities` are correct.
    pub stored: Mono,
    /// The extended error of the answer, if the answer is a failure.
    pub extended_error: Option<ExtendedError>,
    /// The DNS list that gave the answer; `None` if it comes from no list.
    pub list: Option<ListMark>,
}

impl<'a> AnswerParts<'a> {
    /// Creates the parts of a positive answer, whose authority section is empty.
    pub fn positive(question: &'a Question, answers: &'a [Record], stored: Mono) -> Self {
        let (rcode, authorities) = (ResponseCode::NoError, &[][..]);
        Self { question, rcode, answers, authorities, stored, extended_error: None, list: None }
    }
}

/// Encodes an answer. The result may be cached until the smallest TTL in it ends. An answer without records must not be cached.
///
/// Returns `None` if the records do not fit into a DNS message of 65 535 octets.
pub fn answer(parts: &AnswerParts<'_>) -> Option<Answer> {
    let wire = encode_addresses(parts).or_else(|| encode(parts).ok())?;
    let Ttls { offsets, shortest } = ttl::find(&wire)?;
    let expires = parts.stored.after(std::time::Duration::from_secs(u64::from(shortest.unwrap_or(0))));
    Some(Answer {
        wire: wire.into_boxed_slice(),
        ttl_offsets: offsets.into_boxed_slice(),
        rcode: parts.rcode,
        stored: parts.stored,
        expires,
        extended_error: parts.extended_error.clone(),
        security: Security::Unchecked,
        list: parts.list,
        renewal: RenewalMark::default(),
        ahead: AheadMark::default(),
    })
}

/// The bits QR and RA in the flags of a DNS message header.
const RESPONSE: u16 = 0x8080;

/// The bits of the response code in the flags of a DNS message header.
const RCODE: u16 = 0x000f;

/// The bits that make two octets a compression pointer (RFC 1035 section 4.1.4).
const POINTER: u16 = 0xc000;
/// The largest offset to which a compression pointer can point.
const MAX_POINTED: u16 = 0x3fff;

/// A compression pointer to the name of the question, which is directly after the header.
const OWNER_ASKED_FOR: [u8; 2] = [0xc0, 12];

const TYPE_AND_CLASS: usize = 4;

/// The number of octets of an A or AAAA record without its address, if its owner is a compression pointer.
const ADDRESS: usize = 12;

fn octets_of(data: &RData) -> usize {
    match data {
        RData::A(_) => 4,
        RData::AAAA(_) => 16,
        _ => 0,
    }
}

/// The usual size of an answer, in octets.
const USUAL: usize = 256;

fn encode(parts: &AnswerParts<'_>) -> Result<Vec<u8>, ProtoError> {
    let count = |section: &[Record]| {
        u16::try_from(section.len()).map_err(|_| ProtoError::from("more records than a DNS message can have"))
    };
    let flags = RESPONSE | u16::from(parts.rcode) & RCODE;
    let mut wire = Vec::with_capacity(USUAL);
    let mut encoder = BinEncoder::new(&mut wire);
    for field in [0, flags, 1, count(parts.answers)?, count(parts.authorities)?, 0] {
        encoder.emit_u16(field)?;
    }
    parts.question.name.emit(&mut encoder)?;
    parts.question.kind.emit(&mut encoder)?;
    DNSClass::IN.emit(&mut encoder)?;
    let mut owner = (&parts.question.name, HEADER);
    for record in parts.answers.iter().chain(parts.authorities) {
        emit(record, &mut owner, &mut encoder)?;
    }
    Ok(wire)
}

/// Encodes a record. `owner` is the previous owner name and its offset. An equal owner name is written as a compression pointer here,
/// because the library compresses only the first 120 names of a message.
fn emit<'r>(
    record: &'r Record,
    owner: &mut (&'r Name, usize),
    encoder: &mut BinEncoder<'_>,
) -> Result<(), ProtoError> {
    let (name, offset) = *owner;
    let pointer = u16::try_from(offset).ok().filter(|offset| *offset <= MAX_POINTED);
    match pointer.filter(|_| record.name == *name && !name.is_root()) {
        Some(offset) => encoder.emit_u16(POINTER | offset)?,
        None => {
            *owner = (&record.name, encoder.offset());
            record.name.emit(encoder)?;
        }
    }
    record.record_type().emit(encoder)?;
    record.dns_class.emit(encoder)?;
    encoder.emit_u32(record.ttl)?;
    let place = encoder.place::<u16>()?;
    record.data.emit(encoder)?;
    let length = encoder.len_since_place(&place);
    let length = u16::try_from(length).map_err(|_| ProtoError::from("more data than a record can have"))?;
    encoder.emit_at(place, length)
}

/// Encodes an answer that has only A or AAAA records at the question's name. The library takes several times as long for such answers, and
/// does not compress all owner names of long ones.
fn encode_addresses(parts: &AnswerParts<'_>) -> Option<Vec<u8>> {
    let AnswerParts { question, answers, .. } = parts;
    let count = u16::try_from(answers.len()).ok().filter(|count| *count > 0)?;
    if !parts.authorities.is_empty() || question.name.is_root() {
        return None;
    }
    let name = WireName::new(&question.name);
    let addresses: usize = answers.iter().map(|record| ADDRESS + octets_of(&record.data)).sum();
    let octets = HEADER + name.len() + TYPE_AND_CLASS + addresses;
    let mut wire = Vec::with_capacity(usize::from(u16::try_from(octets).ok()?));
    for field in [0, RESPONSE | u16::from(parts.rcode) & RCODE, 1, count, 0, 0] {
        wire.extend_from_slice(&field.to_be_bytes());
    }
    wire.extend_from_slice(&name);
    wire.extend_from_slice(&u16::from(question.kind).to_be_bytes());
    wire.extend_from_slice(&u16::from(DNSClass::IN).to_be_bytes());
    for record in *answers {
        if record.dns_class != DNSClass::IN || !is_wire_of(&name, &record.name) {
            return None;
        }
        let mut push = |data: &[u8]| {
            wire.extend_from_slice(&OWNER_ASKED_FOR);
            wire.extend_from_slice(&u16::from(record.record_type()).to_be_bytes());
            wire.extend_from_slice(&u16::from(DNSClass::IN).to_be_bytes());
            wire.extend_from_slice(&record.ttl.to_be_bytes());
            wire.extend_from_slice(&[0, u8::try_from(data.len()).unwrap_or(0)]);
            wire.extend_from_slice(data);
        };
        match &record.data {
            RData::A(address) => push(&address.octets()),
            RData::AAAA(address) => push(&address.octets()),
            _ => return None,
        }
    }
    Some(wire)
}

/// Creates the reply for a question that failed: header and question, with the extended error. It is never stored as an answer.
pub fn failure(question: &Question, error: ExtendedError, now: Mono) -> Answer {
    let parts = AnswerParts {
        question,
        rcode: ResponseCode::ServFail,
        answers: &[],
        authorities: &[],
        stored: now,
        extended_error: Some(error.clone()),
        list: None,
    };
    answer(&parts).unwrap_or_else(|| Answer {
        wire: vec![0, 0, 0x80, 0x82, 0, 0, 0, 0, 0, 0, 0, 0].into_boxed_slice(),
        ttl_offsets: Box::default(),
        rcode: ResponseCode::ServFail,
        stored: now,
        expires: now,
        extended_error: Some(error),
        security: Security::Unchecked,
        list: None,
        renewal: RenewalMark::default(),
        ahead: AheadMark::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::Message;
    use hickory_proto::rr::{Name, RData, RecordType, rdata};
    use std::str::FromStr;
    use std::time::Duration;

    #[test]
    fn answer_expires_with_shortest_ttl() {
        let name = Name::from_str("www.example.").unwrap();
        let records = [
            Record::from_rdata(
                name.clone(),
                60,
                RData::CNAME(rdata::CNAME(Name::from_str("w.example.").unwrap())),
            ),
            Record::from_rdata(
                Name::from_str("w.example.").unwrap(),
                9,
                RData::A(rdata::A::new(192, 0, 2, 1)),
            ),
        ];
        let question = Question::new(&name, RecordType::A);
        let parts = AnswerParts::positive(&question, &records, Mono::START);
        let kept = answer(&parts).unwrap();
        assert_eq!(kept.expires, Mono::START.after(Duration::from_secs(9)));
        assert_eq!(kept.ttl_offsets.len(), 2);
        assert!(!failure(&question, ExtendedError::new(22, "no"), Mono::START).is_fresh(Mono::START));
    }

    #[test]
    fn address_answers_match_library() {
        let name = Name::from_str("www.example.").unwrap();
        let at = |owner: &str, data| Record::from_rdata(Name::from_str(owner).unwrap(), 300, data);
        let record = |data| at("www.example.", data);
        let one = record(RData::A(rdata::A::new(192, 0, 2, 1)));
        let two = record(RData::AAAA(rdata::AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)));
        let alias = record(RData::CNAME(rdata::CNAME(Name::from_str("w.example.").unwrap())));
        let elsewhere = at("w.example.", one.data.clone());
        let question = Question::new(&name, RecordType::A);
        let plain = |answers: &[Record], authorities: &[Record]| {
            let (extended_error, list) = (None, None);
            let (question, rcode, stored) = (&question, ResponseCode::NXDomain, Mono::START);
            let parts = AnswerParts { question, rcode, answers, authorities, stored, extended_error, list };
            let plain = encode_addresses(&parts);
            if let Some(wire) = &plain {
                assert_eq!(*wire, encode(&parts).unwrap());
            }
            plain.is_some()
        };
        assert!(plain(std::slice::from_ref(&one), &[]));
        assert!(plain(&[one.clone(), two.clone(), one.clone()], &[]));
        assert!(
            !plain(&[], &[])
                && !plain(std::slice::from_ref(&alias), &[])
                && !plain(&[one.clone(), alias], &[])
        );
        assert!(!plain(&[elsewhere], &[]) && !plain(std::slice::from_ref(&one), &[two]));
        let other_case = [at("WWW.Example.", one.data)];
        let parts = AnswerParts::positive(&question, &other_case, Mono::START);
        assert_eq!(encode_addresses(&parts).unwrap().get(29..31), Some(OWNER_ASKED_FOR.as_slice()));
    }

    #[test]
    fn address_answer_fills_message() {
        let name = Name::from_str("www.example.").unwrap();
        let question = Question::new(&name, RecordType::A);
        let record = Record::from_rdata(name, 300, RData::A(rdata::A::new(192, 0, 2, 1)));
        let kept = |count: usize| {
            answer(&AnswerParts::positive(&question, &vec![record.clone(); count], Mono::START))
        };
        let most = (usize::from(u16::MAX) - HEADER - 13 - TYPE_AND_CLASS) / (ADDRESS + 4);
        let message = Message::from_vec(&kept(most).unwrap().wire).unwrap();
        assert_eq!(message.answers, vec![record.clone(); most]);
        assert!(kept(most + 1).is_none());
    }

    #[test]
    fn owner_names_are_compressed() {
        let names = ["records.with-a-long-name.example.", "target-of-an-alias.example."];
        let [asked, target] = names.map(|name| Name::from_str(name).unwrap());
        let question = Question::new(&asked, RecordType::TXT);
        let alias = RData::CNAME(rdata::CNAME(target.clone()));
        let text = || RData::TXT(rdata::TXT::new(vec!["t".repeat(37)]));
        let records =
            |owner: &Name, count: usize| vec![Record::from_rdata(owner.clone(), 300, text()); count];
        let of_alias =
            [vec![Record::from_rdata(asked.clone(), 300, alias)], records(&target, 1_300)].concat();
        for answers in [records(&asked, 1_300), of_alias] {
            let kept = answer(&AnswerParts::positive(&question, &answers, Mono::START)).unwrap();
            assert!(kept.wire.len() > 65_000, "{}", kept.wire.len());
            assert_eq!(kept.ttl_offsets.len(), answers.len());
            assert_eq!(Message::from_vec(&kept.wire).unwrap().answers, answers);
        }
    }
}
