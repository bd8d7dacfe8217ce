//! Keys and signatures for the tests of this crate, made with `hickory_proto` instead of the code under test.

use hickory_proto::dnssec::crypto::{EcdsaSigningKey, Ed25519SigningKey};
use hickory_proto::dnssec::rdata::sig::SigInput;
use hickory_proto::dnssec::rdata::{DNSKEY, DNSSECRData, DS, NSEC, NSEC3, RRSIG};
use hickory_proto::dnssec::{Algorithm, DigestType, Nsec3HashAlgorithm, SigningKey, TBS};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType, SerialNumber};

use super::keys::{ZoneKey, ZoneKeys};
use dns::clock::Calendar;
pub(super) use dns::stage::name;

/// 2026-01-01, in seconds since 1970.
pub(super) const NOW: u64 = 1_767_225_600;

pub(super) const TODAY: Calendar = Calendar::Clock(NOW);

pub(super) const DAY: u32 = 86_400;

pub(super) fn come_to<Output>(check: impl Future<Output = Output>) -> Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(check)
}

pub(super) struct Signer {
    pub(super) zone: Name,
    key: Box<dyn SigningKey>,
    pub(super) dnskey: DNSKEY,
}

impl Signer {
    pub(super) fn new(zone: &str, algorithm: Algorithm) -> Self {
        Self::with_flags(zone, algorithm, 257)
    }

    pub(super) fn with_flags(zone: &str, algorithm: Algorithm, flags: u16) -> Self {
        let key: Box<dyn SigningKey> = match algorithm {
            Algorithm::ED25519 => {
                let der = Ed25519SigningKey::generate_pkcs8().unwrap();
                Box::new(Ed25519SigningKey::from_pkcs8(&der).unwrap())
            }
            _ => {
                let der = EcdsaSigningKey::generate_pkcs8(algorithm).unwrap();
                Box::new(EcdsaSigningKey::from_pkcs8(&der, algorithm).unwrap())
            }
        };
        let dnskey = DNSKEY::with_flags(flags, key.to_public_key().unwrap());
        Self { zone: name(zone), key, dnskey }
    }

    pub(super) fn tag(&self) -> u16 {
        self.dnskey.calculate_key_tag().unwrap()
    }

    pub(super) fn ds(&self, digest: DigestType) -> DS {
        let octets = self.dnskey.to_digest(&self.zone, digest).unwrap().as_ref().to_vec();
        DS::new(self.tag(), self.key.algorithm(), digest, octets)
    }

    pub(super) fn record(&self) -> Record {
        let data = RData::DNSSEC(DNSSECRData::DNSKEY(self.dnskey.clone()));
        Record::from_rdata(self.zone.clone(), 3_600, data)
    }

    pub(super) fn keys(&self) -> ZoneKeys {
        let key = ZoneKey { tag: self.tag(), algorithm: self.key.algorithm(), key: self.dnskey.clone() };
        ZoneKeys { zone: self.zone.clone(), keys: vec![key] }
    }

    /// Returns the fields of a signature. A test may change them before it makes the signature.
    pub(super) fn input(&self, records: &[Record]) -> SigInput {
        let now = u32::try_from(NOW).unwrap();
        SigInput {
            type_covered: records[0].record_type(),
            algorithm: self.key.algorithm(),
            num_labels: records[0].name.num_labels(),
            original_ttl: records[0].ttl,
            sig_expiration: SerialNumber::new(now + 10 * DAY),
            sig_inception: SerialNumber::new(now - 10 * DAY),
            key_tag: self.tag(),
            signer_name: self.zone.clone(),
        }
    }

    pub(super) fn sign(&self, records: &[Record]) -> Record {
        self.sign_as(self.input(records), records)
    }

    pub(super) fn sign_as(&self, input: SigInput, records: &[Record]) -> Record {
        let owner = &records[0].name;
        let octets = TBS::from_input(owner, DNSClass::IN, &input, records.iter()).unwrap();
        let signature = RRSIG::from_sig(input, self.key.sign(&octets).unwrap());
        Record::from_rdata(owner.clone(), records[0].ttl, RData::DNSSEC(DNSSECRData::RRSIG(signature)))
    }

    /// Adds one signature for each record.
    pub(super) fn signed(&self, records: Vec<Record>) -> Vec<Record> {
        let signatures: Vec<Record> =
            records.iter().map(|record| self.sign(std::slice::from_ref(record))).collect();
        records.into_iter().chain(signatures).collect()
    }
}

pub(super) fn rrsig(record: &Record) -> &RRSIG {
    match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) => signature,
        other => panic!("{other} is no signature"),
    }
}

pub(super) fn nsec(owner: &str, next: &str, types: &[RecordType]) -> Record {
    let data = NSEC::new(name(next), types.iter().copied());
    Record::from_rdata(name(owner), 60, RData::DNSSEC(DNSSECRData::NSEC(data)))
}

/// Creates an NSEC3 record with salt and iterations of RFC 5155 appendix A. `hash` and `next` are in base32.
pub(super) fn nsec3(zone: &str, opt_out: bool, hash: &str, next: &str, types: &[RecordType]) -> Record {
    nsec3_with(zone, (opt_out, 12), hash, next, types)
}

pub(super) fn nsec3_with(
    zone: &str,
    (opt_out, iterations): (bool, u16),
    hash: &str,
    next: &str,
    types: &[RecordType],
) -> Record {
    let next = data_encoding::BASE32_DNSSEC.decode(next.as_bytes()).unwrap();
    let salt = vec![0xAA, 0xBB, 0xCC, 0xDD];
    let data = NSEC3::new(Nsec3HashAlgorithm::SHA1, opt_out, iterations, salt, next, types.iter().copied());
    Record::from_rdata(name(&format!("{hash}.{zone}")), 60, RData::DNSSEC(DNSSECRData::NSEC3(data)))
}
