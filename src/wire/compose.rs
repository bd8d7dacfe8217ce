//! Composing an answer once, as the bytes that hits will copy.
//!
//! The library encodes records; the offsets of the TTLs are read off the result.

use hickory_proto::ProtoError;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{DNSClass, Record};
use hickory_proto::serialize::binary::{BinEncodable, BinEncoder};

use super::cursor::Cursor;
use super::{HEADER, OPT};
use crate::clock::Mono;
use crate::question::{Answer, ExtendedError, ListMark, Question, Security};

/// What an answer is made of.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    /// The question it answers.
    pub question: &'a Question,
    /// Its response code.
    pub rcode: ResponseCode,
    /// The answer section: the whole chain of aliases, then the data; with DO also their signatures.
    pub answers: &'a [Record],
    /// The authority section: the SOA of a negative answer; with DO also proofs.
    pub authorities: &'a [Record],
    /// When the TTLs of these records are true.
    pub stored: Mono,
    /// What a person is told of a failure.
    pub extended_error: Option<ExtendedError>,
    /// Which DNS list it came from, if from one.
    pub list: Option<ListMark>,
}

/// Composes an answer. It may be kept until the first of its TTLs runs out; one without records not at all.
///
/// None where the records do not fit a message of 65 535 octets.
pub fn answer(parts: &Parts<'_>) -> Option<Answer> {
    let wire = encode(parts).ok()?;
    let (ttl_offsets, shortest) = ttls(&wire)?;
    let expires = parts.stored.after(std::time::Duration::from_secs(u64::from(shortest.unwrap_or(0))));
    Some(Answer {
        wire: wire.into_boxed_slice(),
        ttl_offsets: ttl_offsets.into_boxed_slice(),
        rcode: parts.rcode,
        stored: parts.stored,
        expires,
        extended_error: parts.extended_error.clone(),
        security: Security::Unchecked,
        list: parts.list,
    })
}

/// QR and RA of the header's flags.
const RESPONSE: u16 = 0x8080;

/// Four bits of the response code stand in the header; an answer has no others.
const RCODE: u16 = 0x000f;

/// Octets of most answers.
const USUAL: usize = 256;

fn encode(parts: &Parts<'_>) -> Result<Vec<u8>, ProtoError> {
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
    for record in parts.answers.iter().chain(parts.authorities) {
        record.emit(&mut encoder)?;
    }
    Ok(wire)
}

/// A failure: header and question, with what a person is told. Never kept as an answer.
pub fn failure(question: &Question, error: ExtendedError, now: Mono) -> Answer {
    let parts = Parts {
        question,
        rcode: ResponseCode::ServFail,
        answers: &[],
        authorities: &[],
        stored: now,
        extended_error: Some(error.clone()),
        list: None,
    };
    // A header and a question always fit; should the library think otherwise, twelve octets say SERVFAIL.
    answer(&parts).unwrap_or_else(|| Answer {
        wire: vec![0, 0, 0x80, 0x82, 0, 0, 0, 0, 0, 0, 0, 0].into_boxed_slice(),
        ttl_offsets: Box::default(),
        rcode: ResponseCode::ServFail,
        stored: now,
        expires: now,
        extended_error: Some(error),
        security: Security::Unchecked,
        list: None,
    })
}

/// The offsets of all TTLs of a message and the smallest of them.
fn ttls(wire: &[u8]) -> Option<(Vec<u16>, Option<u32>)> {
    let mut cursor = Cursor::new(wire, 6);
    let records = u32::from(cursor.u16()?) + u32::from(cursor.u16()?) + u32::from(cursor.u16()?);
    let mut cursor = Cursor::new(wire, HEADER);
    cursor.skip_name()?;
    cursor.u32()?;
    let mut offsets = Vec::new();
    let mut shortest = None;
    for _ in 0..records {
        cursor.skip_name()?;
        let kind = cursor.u16()?;
        cursor.u16()?;
        let offset = u16::try_from(cursor.offset()).ok()?;
        let ttl = cursor.u32()?;
        let length = cursor.u16()?;
        cursor.take(usize::from(length))?;
        if kind != OPT {
            offsets.push(offset);
            shortest = Some(shortest.map_or(ttl, |least: u32| least.min(ttl)));
        }
    }
    Some((offsets, shortest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::{Name, RData, RecordType, rdata};
    use std::str::FromStr;
    use std::time::Duration;

    #[test]
    fn an_answer_lives_as_long_as_its_shortest_ttl() {
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
        let parts = Parts {
            question: &question,
            rcode: ResponseCode::NoError,
            answers: &records,
            authorities: &[],
            stored: Mono::START,
            extended_error: None,
            list: None,
        };
        let kept = answer(&parts).unwrap();
        assert_eq!(kept.expires, Mono::START.after(Duration::from_secs(9)));
        assert_eq!(kept.ttl_offsets.len(), 2);
        assert!(!failure(&question, ExtendedError::new(22, "no"), Mono::START).is_fresh(Mono::START));
    }
}
