//! The keys of a zone.
//!
//! See RFC 4034 section 2 and appendix B.

use hickory_proto::dnssec::rdata::{DNSKEY, DS};
use hickory_proto::dnssec::{Algorithm, DigestType, PublicKey};
use hickory_proto::rr::Name;

/// The trusted keys of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneKeys {
    /// The zone.
    pub zone: Name,
    /// The zone keys that are not revoked.
    pub keys: Vec<ZoneKey>,
}

/// A key with its tag and algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneKey {
    /// The tag of the key (RFC 4034 appendix B).
    pub tag: u16,
    /// The algorithm of the key.
    pub algorithm: Algorithm,
    /// The data of the DNSKEY record.
    pub key: DNSKEY,
}

impl ZoneKey {
    /// Returns the key with its tag and algorithm, or `None` if the tag cannot be computed.
    pub fn new(key: DNSKEY) -> Option<Self> {
        Some(Self { tag: key.calculate_key_tag().ok()?, algorithm: key.public_key().algorithm(), key })
    }
}

/// Returns the DS of a key, for an anchor that is given as a key. Returns `None` if the digest cannot be computed.
pub fn ds_of(zone: &Name, key: &DNSKEY) -> Option<DS> {
    let digest = key.to_digest(zone, DigestType::SHA256).ok()?;
    let tag = key.calculate_key_tag().ok()?;
    Some(DS::new(tag, key.public_key().algorithm(), DigestType::SHA256, digest.as_ref().to_vec()))
}
