//! The canonical form of records, from which DNSSEC signatures are computed (RFC 4034 section 6, RFC 6840 section 5.1).
//!
//! `hickory_proto` writes the canonical form of the types that it parses. For other types, this module converts the names in the data to
//! lower case.

use hickory_proto::dnssec::rdata::RRSIG;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder, BinEncodable, BinEncoder, NameEncoding};

use dns::question::wire_name;

/// The types of RFC 4034 section 6.2 that `hickory_proto` does not parse. Each row has the type, the number of octets before the first name
/// in the data, and the number of names.
const WITH_NAMES: [(u16, usize, usize); 12] = [
    (3, 0, 1),  // MD
    (4, 0, 1),  // MF
    (7, 0, 1),  // MB
    (8, 0, 1),  // MG
    (9, 0, 1),  // MR
    (14, 0, 2), // MINFO
    (17, 0, 2), // RP
    (18, 2, 1), // AFSDB
    (21, 2, 1), // RT
    (26, 2, 2), // PX
    (36, 2, 1), // KX
    (39, 0, 1), // DNAME
];

/// Returns the octets that the owner of the zone signed (RFC 4034 section 3.1.8.1), or `None` if a part cannot be encoded. For records that
/// were made from a wildcard, `owner` is the name of the wildcard.
pub(super) fn signed_octets(owner: &Name, signature: &RRSIG, records: &[&Record]) -> Option<Vec<u8>> {
    let input = signature.input();
    let mut octets = Vec::with_capacity(512);
    octets.extend_from_slice(&u16::from(input.type_covered).to_be_bytes());
    octets.push(input.algorithm.into());
    octets.push(input.num_labels);
    octets.extend_from_slice(&input.original_ttl.to_be_bytes());
    octets.extend_from_slice(&input.sig_expiration.get().to_be_bytes());
    octets.extend_from_slice(&input.sig_inception.get().to_be_bytes());
    octets.extend_from_slice(&input.key_tag.to_be_bytes());
    octets.extend_from_slice(&wire_name(&input.signer_name));
    let mut data: Vec<Vec<u8>> =
        records.iter().map(|record| canonical_data(record)).collect::<Option<_>>()?;
    // RFC 4034 section 6.3: sorted, without duplicates.
    data.sort_unstable();
    data.dedup();
    let mut head = wire_name(owner);
    head.extend_from_slice(&u16::from(input.type_covered).to_be_bytes());
    head.extend_from_slice(&1_u16.to_be_bytes());
    head.extend_from_slice(&input.original_ttl.to_be_bytes());
    for data in data {
        octets.extend_from_slice(&head);
        octets.extend_from_slice(&u16::try_from(data.len()).ok()?.to_be_bytes());
        octets.extend_from_slice(&data);
    }
    Some(octets)
}

fn canonical_data(record: &Record) -> Option<Vec<u8>> {
    if let RData::Unknown { code, rdata } = &record.data {
        return lowered(*code, &rdata.anything);
    }
    let mut octets = Vec::new();
    let mut encoder = BinEncoder::new(&mut octets);
    encoder.set_canonical_form(true);
    encoder.set_name_encoding(NameEncoding::Uncompressed);
    record.data.emit(&mut encoder).ok()?;
    Some(octets)
}

/// Converts the names in the data of a record to lower case.
fn lowered(kind: RecordType, octets: &[u8]) -> Option<Vec<u8>> {
    let Some((_, before, names)) = WITH_NAMES.iter().find(|(code, _, _)| *code == u16::from(kind)) else {
        return Some(octets.to_vec());
    };
    let (head, tail) = octets.split_at_checked(*before)?;
    let mut lowered = head.to_vec();
    let mut decoder = BinDecoder::new(tail);
    for _ in 0..*names {
        lowered.extend_from_slice(&wire_name(&Name::read(&mut decoder).ok()?));
    }
    lowered.extend_from_slice(tail.get(decoder.index()..)?);
    Some(lowered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::rdata;

    // RFC 4034 section 6.2.
    #[test]
    fn canonical_form_lowers_listed_types_only() {
        let name = Name::from_ascii("MAIL.Example.").unwrap();
        let lower = wire_name(&name);
        let mx = Record::from_rdata(name.clone(), 1, RData::MX(rdata::MX::new(10, name.clone())));
        assert!(canonical_data(&mx).unwrap().ends_with(&lower));
        let dname = rdata::NULL::with(b"\x04MAIL\x07Example\0".to_vec());
        let dname =
            Record::from_rdata(name.clone(), 1, RData::Unknown { code: RecordType::DNAME, rdata: dname });
        assert_eq!(canonical_data(&dname).unwrap(), lower);
        let other = rdata::NULL::with(b"\x04MAIL".to_vec());
        let other = RData::Unknown { code: RecordType::Unknown(65_280), rdata: other };
        assert_eq!(canonical_data(&Record::from_rdata(name, 1, other)).unwrap(), b"\x04MAIL");
    }
}
