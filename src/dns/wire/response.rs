//! Reads a DNS message of a server (RFC 1035 section 4). If the DNS library rejects the message, this module reads it record by record.
//!
//! The library misreads two kinds of ordinary data: it takes a record without data for a part of an UPDATE (RFC 2136), and a SIG record
//! outside the additional section for a misplaced signature of the message (RFC 2535). Data that the library cannot interpret are stored as
//! octets. An unreadable additional record is left out, because such a record is never necessary.
//!
//! The upper bits of the response code are in OPT. Servers need them only for BADVERS and BADCOOKIE, which come without data. In a DNS
//! message with data, these bits are a mistake of the server, and are ignored, as in Unbound.

use hickory_proto::op::{Edns, Header, Message, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder, DecodeError};

use crate::rdata;

/// The maximum number of questions in a server's DNS message (RFC 9619).
const MAX_QUESTIONS: u16 = 1;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    /// The answer or the authority section. All of their records must be readable.
    Needed,
    Additional,
}

/// Reads the DNS message of a server.
///
/// # Errors
/// Fails if the header, the question, or a record of the answer or authority section cannot be read.
pub fn read(octets: &[u8]) -> Result<Message, DecodeError> {
    let mut message = Message::from_vec(octets).or_else(|_| by_record(octets))?;
    let has_data = !message.answers.is_empty() || !message.authorities.is_empty();
    if has_data && message.edns.as_ref().is_some_and(|edns| edns.rcode_high() != 0) {
        let [_, low] = u16::from(message.metadata.response_code).to_be_bytes();
        message.metadata.response_code = ResponseCode::from(0, low & 0x0F);
    }
    Ok(message)
}

fn by_record(octets: &[u8]) -> Result<Message, DecodeError> {
    let mut decoder = BinDecoder::new(octets);
    let Header { metadata, counts } = Header::read(&mut decoder)?;
    let long = octets.len() > usize::from(u16::MAX);
    if long || counts.queries > MAX_QUESTIONS || metadata.op_code != OpCode::Query {
        return Err(DecodeError::InvalidEmptyRecord);
    }
    let mut message = Message::new(metadata.id, metadata.message_type, metadata.op_code);
    message.metadata = metadata;
    for _ in 0..counts.queries {
        message.add_query(Query::read(&mut decoder)?);
    }
    message.answers = section(octets, &mut decoder, counts.answers, Section::Needed)?;
    message.authorities = section(octets, &mut decoder, counts.authorities, Section::Needed)?;
    let additionals = section(octets, &mut decoder, counts.additionals, Section::Additional)?;
    for record in additionals {
        if record.record_type() != RecordType::OPT {
            message.additionals.push(record);
        } else if message.edns.is_none() {
            let edns = Edns::from(&record);
            message.metadata.merge_response_code(edns.rcode_high());
            message.edns = Some(edns);
        }
    }
    Ok(message)
}

fn section(
    octets: &[u8],
    decoder: &mut BinDecoder<'_>,
    count: u16,
    section: Section,
) -> Result<Vec<Record>, DecodeError> {
    let mut records = Vec::new();
    for _ in 0..count {
        let begin = decoder.index();
        let kind = skip(decoder)?;
        let begin = u16::try_from(begin).map_err(|_| DecodeError::InvalidEmptyRecord)?;
        let at = BinDecoder::new(octets).clone(begin);
        match one(at, kind, section) {
            Ok(record) => records.push(record),
            Err(error) if section == Section::Needed => return Err(error),
            Err(_) => {}
        }
    }
    Ok(records)
}

fn skip(decoder: &mut BinDecoder<'_>) -> Result<RecordType, DecodeError> {
    Name::read(decoder)?;
    let kind = RecordType::read(decoder)?;
    decoder.read_slice(6)?;
    // The length needs no check here: `read_slice` fails if too few octets are left.
    let length = decoder.read_u16()?.unverified();
    decoder.read_slice(usize::from(length))?;
    Ok(kind)
}

fn one(mut decoder: BinDecoder<'_>, kind: RecordType, section: Section) -> Result<Record, DecodeError> {
    let of_message = match kind {
        RecordType::OPT => section == Section::Needed,
        // TSIG, and SIG in the additional section, are signatures of the whole DNS message. resolverd never asks for them.
        RecordType::TSIG => true,
        RecordType::SIG => section == Section::Additional,
        _ => false,
    };
    if of_message {
        return Err(DecodeError::RecordNotInAdditionalSection(kind));
    }
    if kind == RecordType::OPT {
        return Record::read(&mut decoder);
    }
    rdata::read_record(&mut decoder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::RData;

    /// Returns a response to the question `a. IN TXT` with these answer, authority and additional sections.
    fn response(sections: [&[&[u8]]; 3]) -> Vec<u8> {
        let mut octets = vec![0, 7, 0x84, 0, 0, 1];
        for records in sections {
            octets.extend(u16::try_from(records.len()).unwrap().to_be_bytes());
        }
        octets.extend([1, b'a', 0, 0, 16, 0, 1]);
        octets.extend(sections.concat().concat());
        octets
    }

    /// Returns a record of type `kind` whose owner is the name in the question.
    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        [&[0xc0, 12], &kind.to_be_bytes()[..], &[0, 1, 0, 0, 0, 60], &length, data].concat()
    }

    /// An OPT record with the upper bits of BADVERS.
    const OPT: [u8; 11] = [0, 0, 41, 0x04, 0xd0, 1, 0, 0, 0, 0, 0];

    #[test]
    fn empty_record_data_is_read() {
        for kind in [16, 10, 42, 65_280] {
            let octets = response([&[&record(kind, &[])], &[], &[&OPT]]);
            assert!(Message::from_vec(&octets).is_err());
            let message = read(&octets).unwrap();
            assert_eq!(u16::from(message.answers[0].record_type()), kind);
            assert!(message.edns.is_some());
            let again = message.answers[0].data.clone();
            assert!(!matches!(again, RData::Update0(_)));
        }
        for kind in [1, 28, 2, 5, 12, 15, 6, 33, 39] {
            let message = read(&response([&[&record(kind, &[])], &[], &[]]));
            assert!(message.is_err() || kind == 39, "an empty record of type {kind}");
        }
    }

    #[test]
    fn extended_rcode_needs_empty_answer() {
        let text = record(16, b"\x01x");
        let odd = record(16, &[]);
        let code = |octets: Vec<u8>| u16::from(read(&octets).unwrap().metadata.response_code);
        assert_eq!(code(response([&[], &[], &[&OPT]])), 16);
        assert_eq!(code(response([&[&text], &[], &[&OPT]])), 0);
        assert_eq!(code(response([&[], &[&text], &[&OPT]])), 0);
        assert_eq!(code(response([&[&odd], &[], &[&OPT]])), 0, "read record by record");
        let mut denial = response([&[], &[&text], &[&OPT]]);
        denial[3] = 3;
        assert_eq!(code(denial), 3);
        let mut other = response([&[], &[], &[&OPT]]);
        other[3] = 7;
        assert_eq!(code(other), 23, "BADCOOKIE");
    }

    #[test]
    fn sig_record_is_ordinary_answer() {
        let data = [0, 1, 13, 1, 0, 0, 0, 60, 0, 0, 0, 9, 0, 0, 0, 1, 0, 5, 1, b'a', 0, 1, 2, 3];
        let message = read(&response([&[&record(24, &data)], &[], &[]])).unwrap();
        assert_eq!(message.answers[0].record_type(), RecordType::SIG);
    }

    /// RFC 5155 section 8.2, RFC 4034 section 2.1.2.
    #[test]
    fn unknown_record_costs_no_other() {
        let nsec3 = record(50, &[1, 2, 0, 0, 0, 1, 7, 0, 1, 0x40]);
        let key = record(48, &[1, 0, 2, 13, 1, 2, 3, 4]);
        let text = record(16, b"\x01x");
        let octets = response([&[&text, &key], &[&nsec3], &[&OPT]]);
        assert!(Message::from_vec(&octets).is_err());
        let message = read(&octets).unwrap();
        assert_eq!((message.answers.len(), message.authorities.len()), (2, 1));
        let odd = [&message.answers[1], &message.authorities[0]];
        assert!(odd.iter().all(|record| matches!(record.data, RData::Unknown { .. })));
        assert_eq!(odd.map(|record| u16::from(record.record_type())), [48, 50]);
    }

    #[test]
    fn broken_additional_record_is_dropped() {
        let short = record(1, &[192, 0, 2]);
        let good = record(1, &[192, 0, 2, 1]);
        let text = record(16, b"\x01x");
        let message = read(&response([&[&text], &[], &[&short, &good, &OPT]])).unwrap();
        assert_eq!((message.answers.len(), message.additionals.len()), (1, 1));
        assert!(message.edns.is_some());
        assert!(read(&response([&[&short], &[], &[]])).is_err());
        assert!(read(&response([&[], &[&short], &[]])).is_err());
        let cut = response([&[&text], &[], &[&good]]);
        assert!(read(&cut[..cut.len() - 1]).is_err());
        assert!(read(&[]).is_err());
    }
}
