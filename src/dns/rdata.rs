//! Reads the data of a record, even if the DNS library rejects them.
//!
//! If the DNS library cannot interpret the data of one record, it rejects the whole DNS message. This module keeps the message usable.
//!
//! # Decisions
//!
//! - Data that the library rejects are stored as octets (RFC 3597 section 5). So the RRset is complete, its signature is valid, and clients
//!   get the data of the zone.
//! - This module does not interpret such data. So an NSEC3 with unknown flags or an unknown hash proves nothing (RFC 5155 section 8.2), and
//!   a DNSKEY with another protocol than 3 signs nothing (RFC 4034 section 2.1.2).

use hickory_proto::rr::rdata::NULL;
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder, DecodeError, Restrict};

/// Types whose data are not kept as octets: addresses, and types whose names may be compressed, so that their octets have no meaning
/// outside their DNS message (RFC 3597 section 4; old servers also compress SRV). Also OPT, TSIG and types that occur only in questions,
/// because no zone has their data.
const UNDERSTOOD: [RecordType; 13] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::NS,
    RecordType::CNAME,
    RecordType::SOA,
    RecordType::PTR,
    RecordType::MX,
    RecordType::SRV,
    RecordType::OPT,
    RecordType::TSIG,
    RecordType::IXFR,
    RecordType::AXFR,
    RecordType::ANY,
];

/// Reads the next `length` octets as data of a record of type `kind`. Data that the library cannot interpret are kept as octets. Empty data
/// are kept too, if the type allows them (RFC 3597); the library takes such a record for a part of an UPDATE.
///
/// # Errors
/// Fails if there are too few octets, or if the data cannot be interpreted although their type requires it.
pub fn read(kind: RecordType, length: u16, decoder: &mut BinDecoder<'_>) -> Result<RData, DecodeError> {
    let begin = decoder.index();
    let octets = decoder.read_slice(usize::from(length))?.unverified();
    // Compressed names in the data point to earlier octets of the DNS message, so the decoder must see these octets too. `begin` fits into
    // 16 bits in a message. Data outside a message contain no pointers.
    let whole = u16::try_from(begin).ok().filter(|_| length > 0).map(|begin| decoder.clone(begin));
    let mut data = whole.unwrap_or_else(|| BinDecoder::new(octets));
    match RData::read(&mut data, kind, Restrict::new(length)) {
        Err(_) if !UNDERSTOOD.contains(&kind) => {
            let rdata = if octets.is_empty() { NULL::new() } else { NULL::with(octets.to_vec()) };
            Ok(RData::Unknown { code: kind, rdata })
        }
        known => known,
    }
}

/// Returns true if the data were interpreted, or if their type allows that they are kept as octets.
pub fn is_understood(data: &RData) -> bool {
    !matches!(data, RData::Unknown { code, .. } if UNDERSTOOD.contains(code))
}

/// Reads a whole record: owner, type, class, TTL and data. It cannot read OPT, whose class and TTL have another meaning.
///
/// # Errors
/// Fails if the owner or one of the fields cannot be read, or if `read` fails for the data.
pub fn read_record(decoder: &mut BinDecoder<'_>) -> Result<Record, DecodeError> {
    let name = Name::read(decoder)?;
    let kind = RecordType::read(decoder)?;
    let class = DNSClass::read(decoder)?;
    let ttl = decoder.read_u32()?.unverified();
    let length = decoder.read_u16()?.unverified();
    let data = read(kind, length, decoder)?;
    let mut record = Record::from_rdata(name, ttl, data);
    record.dns_class = class;
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::serialize::binary::BinEncodable;

    /// For each type that the library parses, data that it rejects.
    const ODD: [(u16, &[u8]); 19] = [
        (13, &[9, b'x']),
        (16, &[9, b'x']),
        (25, &[0x0c, 0x10, 3, 13, 1]),
        (35, &[0, 1, 0, 1, 1, b'!', 0, 0, 0]),
        (37, &[0, 1, 0]),
        (43, &[0, 1]),
        (44, &[1]),
        (46, &[0, 1, 13]),
        (47, &[5, b'x']),
        (48, &[1, 0, 2, 13, 1, 2, 3, 4]),
        (48, &[1, 0]),
        (50, &[1, 2, 0, 0, 0, 1, 7]),
        (50, &[2, 0, 0, 0, 0, 1, 7]),
        (51, &[1, 4, 0, 0, 0]),
        (52, &[3]),
        (59, &[0]),
        (60, &[1, 0, 0, 13, 1]),
        (62, &[0, 0, 0, 1, 0, 4]),
        (257, &[0, 1, b'-', b'x']),
    ];

    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        [&[1, b'a', 0], &kind.to_be_bytes()[..], &[0, 1, 0, 0, 0, 60], &length, data].concat()
    }

    #[test]
    fn refused_record_data_stays_octets() {
        for (kind, data) in ODD {
            let octets = record(kind, data);
            assert!(Record::read(&mut BinDecoder::new(&octets)).is_err(), "type {kind} {data:?}");
            let read = read_record(&mut BinDecoder::new(&octets)).unwrap();
            assert!(matches!(read.data, RData::Unknown { .. }), "type {kind}");
            assert_eq!(u16::from(read.record_type()), kind);
            assert_eq!(read.to_bytes().unwrap(), octets, "type {kind}");
        }
    }

    #[test]
    fn broken_record_of_understood_type_fails() {
        for kind in UNDERSTOOD {
            let octets = record(kind.into(), &[0xff]);
            assert!(read_record(&mut BinDecoder::new(&octets)).is_err(), "{kind}");
        }
        let short = record(48, &[1, 0, 2, 13]);
        assert!(read_record(&mut BinDecoder::new(&short[..short.len() - 1])).is_err());
    }
}
