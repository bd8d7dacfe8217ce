//! Helpers for DS and DNSKEY records: whether a DS record names a key, and which keys have signed the DNSKEY records.
//!
//! RFC 4034 section 5.1.4 and appendix B.

use std::collections::BTreeSet;

use hickory_proto::dnssec::PublicKey;
use hickory_proto::dnssec::rdata::{DNSKEY, DNSSECRData, RRSIG};
use hickory_proto::rr::RData;

use crate::facts::{Record, ReplyFacts};
use dns::wire::presentation::{name_text, read_name};

/// The DNSSEC algorithms that every validator supports.
pub(crate) const COMMON_ALGORITHMS: [u8; 2] = [8, 13];

/// The digest type of DS records that every validator supports.
pub(crate) const COMMON_DIGEST: u8 = 2;

pub(crate) fn key(record: &Record) -> Option<&DNSKEY> {
    match &record.data {
        RData::DNSSEC(DNSSECRData::DNSKEY(key)) => Some(key),
        _ => None,
    }
}

pub(crate) fn signature(record: &Record) -> Option<&RRSIG> {
    match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) => Some(signature),
        _ => None,
    }
}

pub(crate) fn is_over(signature: &RRSIG, kind: &str) -> bool {
    signature.input().type_covered.to_string() == kind
}

pub(crate) fn is_by(signature: &RRSIG, apex: &str) -> bool {
    name_text(&signature.input().signer_name).eq_ignore_ascii_case(apex)
}

/// Returns the algorithm and the tag of a key (RFC 4034 appendix B).
pub(crate) fn algorithm_and_tag(key: &DNSKEY) -> Option<(u8, u16)> {
    Some((key.public_key().algorithm().into(), key.calculate_key_tag().ok()?))
}

/// Returns true if one of the DS records names a key that has signed the DNSKEY records.
pub(crate) fn fits(apex: &str, ds: &BTreeSet<Ds>, reply: &ReplyFacts) -> bool {
    signing(apex, reply).into_iter().any(|key| ds.iter().any(|ds| ds.names(apex, key)))
}

pub(crate) fn own_keys<'f>(apex: &str, reply: &'f ReplyFacts) -> impl Iterator<Item = &'f DNSKEY> {
    reply.answers.iter().filter(move |record| record.name == apex).filter_map(key)
}

/// Returns the keys that have signed the DNSKEY records of the zone `apex`.
pub(crate) fn signing<'f>(apex: &str, reply: &'f ReplyFacts) -> Vec<&'f DNSKEY> {
    let own = reply.answers.iter().filter(|record| record.name == apex);
    let over_keys = own.filter_map(signature).filter(|signature| is_over(signature, "DNSKEY"));
    let tags: BTreeSet<u16> = over_keys.map(|signature| signature.input().key_tag).collect();
    let is_signing = |key: &&DNSKEY| key.calculate_key_tag().is_ok_and(|tag| tags.contains(&tag));
    own_keys(apex, reply).filter(is_signing).collect()
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ds {
    pub(crate) tag: u16,
    algorithm: u8,
    pub(crate) hash: u8,
    digest: Vec<u8>,
}

impl Ds {
    pub(crate) fn read(record: &Record) -> Option<Self> {
        let RData::DNSSEC(DNSSECRData::DS(ds)) = &record.data else { return None };
        Some(Self {
            tag: ds.key_tag(),
            algorithm: ds.algorithm().into(),
            hash: ds.digest_type().into(),
            digest: ds.digest().to_vec(),
        })
    }

    /// Returns true if all validators support the algorithm and the digest type of the DS record (RFC 8624 section 3).
    pub(crate) fn is_common(&self) -> bool {
        COMMON_ALGORITHMS.contains(&self.algorithm) && self.hash == COMMON_DIGEST
    }

    /// Returns true if the DS record names this key of the zone `apex`. If the digest type is not supported here, only algorithm and tag
    /// are compared.
    pub(crate) fn names(&self, apex: &str, key: &DNSKEY) -> bool {
        let digest = read_name(apex).and_then(|apex| key.to_digest(&apex, self.hash.into()).ok());
        algorithm_and_tag(key) == Some((self.algorithm, self.tag))
            && digest.is_none_or(|digest| digest.as_ref() == self.digest)
    }
}
