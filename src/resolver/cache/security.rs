//! The DNSSEC state of data, with signatures and proofs, and the keys of zones.
//!
//! Signatures and proofs are stored in wire form with the data that they prove (RFC 4035 section 4.5). They are decoded when a resolution uses them;
//! answers from the cache do not need them.

use hickory_proto::dnssec::PublicKey;
use hickory_proto::rr::Name;

use super::weights::{block, outside};
use dns::cached::Evidence;
use dns::clock::Mono;
use dns::question::Security;
use validate::keys::{ZoneKey, ZoneKeys};
use validate::verdict::{SecurityStatus, ValidationFailure};

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
