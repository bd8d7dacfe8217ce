//! The security of data: the signatures and proofs that came with them, and the keys of zones.
//!
//! Kept as wire octets next to the data that they prove, and decoded on the miss path only. RFC 4035 section 4.5 (data
//! that are kept together).

use hickory_proto::dnssec::PublicKey;
use hickory_proto::rr::{Name, Record};
use hickory_proto::serialize::binary::{BinDecoder, BinEncodable, BinEncoder, NameEncoding};

use super::weights::{block, outside};
use dns::clock::Mono;
use dns::question::Security;
use dns::rdata;
use validate::keys::{ZoneKey, ZoneKeys};
use validate::verdict::{SecurityStatus, ValidationFailure};

/// Signatures, DS and proofs of absence, as wire octets.
#[derive(Clone, Debug, Default)]
pub struct Evidence(Box<[u8]>);

/// The security of an RRset or an absence, and the records that prove it.
#[derive(Clone, Debug, Default)]
pub struct Backing {
    /// The records that came along to prove it.
    pub evidence: Evidence,
    /// The result of the check.
    pub security: Security,
}

/// The state of a zone's keys: the result of the chain from a trust anchor down to it.
#[derive(Debug)]
pub struct ZoneTrust {
    /// The zone.
    pub zone: Name,
    /// The result.
    pub standing: ZoneSecurity,
    /// Since when.
    pub stored: Mono,
    /// When its keys were last asked for.
    pub sought: Mono,
    /// The moment of its end.
    pub expires: Mono,
}

/// See `ZoneTrust`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoneSecurity {
    /// It is signed with these keys.
    Secure(ZoneKeys),
    /// It is provably unsigned, or signed with algorithms that are not checked.
    Insecure(Option<ValidationFailure>),
    /// Its keys do not match its parent's DS.
    Bogus(ValidationFailure),
    /// Its parent proves that no zone begins there.
    NoZone(ValidationFailure),
}

impl Evidence {
    /// These records; a record that cannot be encoded is left out.
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

    /// The records, each with `ttl` seconds to live.
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

    /// Returns true if no record came along.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their form in memory, for the snapshot.
    pub(super) fn as_octets(&self) -> &[u8] {
        &self.0
    }

    /// The records of that form. Unreadable ones are found when they are read.
    pub(super) fn restored(octets: &[u8]) -> Self {
        Self(octets.into())
    }

    /// Octets kept.
    pub(super) fn octets(&self) -> usize {
        self.0.len()
    }
}

impl ZoneTrust {
    /// Its validation state.
    pub fn state(&self) -> SecurityStatus {
        match self.standing {
            ZoneSecurity::Secure(_) => SecurityStatus::Secure,
            ZoneSecurity::Insecure(_) => SecurityStatus::Insecure,
            ZoneSecurity::Bogus(_) | ZoneSecurity::NoZone(_) => SecurityStatus::Bogus,
        }
    }

    /// Its octets outside the struct.
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
