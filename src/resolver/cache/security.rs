//! The DNSSEC state of data, with signatures and proofs, and the keys of zones.
//!
//! Signatures and proofs are stored in wire form with the data that they prove (RFC 4035 section 4.5). They are decoded when a resolution uses them;
//! answers from the cache do not need them.

use hickory_proto::dnssec::PublicKey;
use hickory_proto::rr::{Name, Record};
use hickory_proto::serialize::binary::{BinDecoder, BinEncodable, BinEncoder, NameEncoding};

use super::weights::{block, outside};
use dns::clock::Mono;
use dns::question::Security;
use dns::rdata;
use validate::keys::{ZoneKey, ZoneKeys};
use validate::verdict::{SecurityStatus, ValidationFailure};

/// Signatures, DS records and proofs of absence, in wire form.
#[derive(Clone, Debug, Default)]
pub struct Evidence(Box<[u8]>);

/// The DNSSEC state of an RRset or a denial, and the records that prove it.
#[derive(Clone, Debug, Default)]
pub struct Backing {
    /// The records that prove the data, from the same message.
    pub evidence: Evidence,
    /// The result of validation.
    pub security: Security,
}

/// The DNSSEC state of a zone, according to the chain of trust from a trust anchor.
#[derive(Debug)]
pub struct ZoneTrust {
    /// The name of the zone.
    pub zone: Name,
    /// The result of validating the zone's keys.
    pub standing: ZoneSecurity,
    /// When this result was stored.
    pub stored: Mono,
    /// When servers were last queried for the DNSKEY records.
    pub sought: Mono,
    /// When this result expires.
    pub expires: Mono,
}

/// The result of validating a zone's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoneSecurity {
    /// The zone is signed and has these trusted keys.
    Secure(ZoneKeys),
    /// The zone is provably unsigned, or signed only with unsupported algorithms.
    Insecure(Option<ValidationFailure>),
    /// The keys do not match the DS records in the parent zone.
    Bogus(ValidationFailure),
    /// The parent zone proves that there is no zone cut at this name.
    NoZone(ValidationFailure),
}

impl Evidence {
    /// Encodes `records` in wire form. Records that cannot be encoded are left out.
    pub fn from_records<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut octets = Vec::new();
        for record in records {
            let mut own = Vec::new();
            let mut encoder = BinEncoder::new(&mut own);
            encoder.set_name_encoding(NameEncoding::Uncompressed);
            if record.emit(&mut encoder).is_ok() {
                octets.append(&mut own);
            }
        }
        Self(octets.into_boxed_slice())
    }

    /// Decodes the records, with a TTL of `ttl` seconds.
    pub fn records(&self, ttl: u32) -> Vec<Record> {
        let mut decoder = BinDecoder::new(&self.0);
        let mut records = Vec::new();
        while !decoder.is_empty() {
            let Ok(mut record) = rdata::read_record(&mut decoder) else { break };
            record.ttl = ttl;
            records.push(record);
        }
        records
    }

    /// Returns true if there are no records.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the wire form for the snapshot.
    pub(super) fn as_octets(&self) -> &[u8] {
        &self.0
    }

    /// Restores the wire form from a snapshot without a check. `records` leaves out what cannot be decoded.
    pub(super) fn restored(octets: &[u8]) -> Self {
        Self(octets.into())
    }

    pub(super) fn octets(&self) -> usize {
        self.0.len()
    }
}

impl ZoneTrust {
    /// Returns the result without keys and reasons.
    pub fn state(&self) -> SecurityStatus {
        match self.standing {
            ZoneSecurity::Secure(_) => SecurityStatus::Secure,
            ZoneSecurity::Insecure(_) => SecurityStatus::Insecure,
            ZoneSecurity::Bogus(_) | ZoneSecurity::NoZone(_) => SecurityStatus::Bogus,
        }
    }

    /// Returns the memory of keys and texts in octets, without the struct itself.
    pub(super) fn octets(&self) -> usize {
        let more = match &self.standing {
            ZoneSecurity::Secure(keys) => {
                let octets = |key: &ZoneKey| block(key.key.public_key().public_bytes().len());
                let places = block(keys.keys.capacity().saturating_mul(size_of::<ZoneKey>()));
                let fixed = outside(&keys.zone).saturating_add(places);
                keys.keys.iter().map(octets).fold(fixed, usize::saturating_add)
            }
            ZoneSecurity::Insecure(None) => 0,
            ZoneSecurity::Insecure(Some(fault))
            | ZoneSecurity::Bogus(fault)
            | ZoneSecurity::NoZone(fault) => block(fault.text.len()),
        };
        outside(&self.zone).saturating_add(more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::RData;
    use hickory_proto::rr::rdata::{A, NULL};

    #[test]
    fn records_come_back_whole_with_the_ttl_that_is_left() {
        let owner = Name::from_ascii("Mail.example.").unwrap();
        let record = |last| Record::from_rdata(owner.clone(), 300, RData::A(A::new(192, 0, 2, last)));
        let records = Evidence::from_records(&[record(1), record(2)]).records(7);
        assert_eq!(records.len(), 2);
        assert!(records.iter().all(|record| record.ttl == 7 && record.name.eq_case(&owner)));
        assert_eq!(records[1].data, record(2).data);
        let odd = NULL::with(vec![1, 0, 2, 13]);
        let odd = RData::Unknown { code: hickory_proto::rr::RecordType::DNSKEY, rdata: odd };
        let odd = Record::from_rdata(owner.clone(), 300, odd);
        assert_eq!(Evidence::from_records(&[odd.clone(), record(1)]).records(300), [odd, record(1)]);
        assert!(Evidence::default().is_empty() && Evidence::default().records(1).is_empty());
    }
}
