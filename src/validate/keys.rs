//! The keys of a zone that verify its signatures (RFC 4034 section 2 and appendix B).

use hickory_proto::dnssec::rdata::{DNSKEY, DS};
use hickory_proto::dnssec::{Algorithm, DigestType, PublicKey};
use hickory_proto::rr::Name;

/// The trusted keys of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneKeys {
    /// The zone to which the keys belong.
    pub zone: Name,
    /// The DNSKEY records of the zone, without revoked keys and keys that are not zone keys.
    pub keys: Vec<ZoneKey>,
}

/// A key of a zone, with its tag and algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneKey {
    /// The key tag (RFC 4034 appendix B).
    pub tag: u16,
    /// The DNSSEC algorithm of the key.
    pub algorithm: Algorithm,
    /// The data of the DNSKEY record.
    pub key: DNSKEY,
}

impl ZoneKey {
    /// Adds the tag and the algorithm to a key. Returns `None` if the tag cannot be computed.
    pub fn new(key: DNSKEY) -> Option<Self> {
        Some(Self { tag: key.calculate_key_tag().ok()?, algorithm: key.public_key().algorithm(), key })
    }
}

/// Returns the DS record that identifies `key`, or `None` if the digest cannot be computed.
pub fn ds_of(zone: &Name, key: &DNSKEY) -> Option<DS> {
    let digest = key.to_digest(zone, DigestType::SHA256).ok()?;
    let tag = key.calculate_key_tag().ok()?;
    Some(DS::new(tag, key.public_key().algorithm(), DigestType::SHA256, digest.as_ref().to_vec()))
}
