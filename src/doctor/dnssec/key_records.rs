//! DS and DNSKEY records as they are compared: whether a DS record names a key, and which keys sign.
//!
//! RFC 4034 section 5.1.4 and appendix B.

use std::collections::BTreeSet;

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, digest};

use crate::facts::reply_facts::ReplyFacts;
use dns::wire::presentation::read_name;

/// Algorithms that all validators have.
pub(crate) const COMMON_ALGORITHMS: [u8; 2] = [8, 13];

/// The digest type of DS records that all validators have.
pub(crate) const COMMON_DIGEST: u8 = 2;

/// Returns true if a DS names a key that signs the keys of a reply.
pub(crate) fn fits(apex: &str, ds: &[Ds], reply: &ReplyFacts) -> bool {
    signing(apex, reply).iter().any(|key| ds.iter().any(|ds| ds.names(apex, key)))
}

/// Returns true if a DS names a key of a reply.
pub(crate) fn names_one(apex: &str, ds: &[Ds], reply: &ReplyFacts) -> bool {
    let mut keys = reply.answers.iter().filter(|record| record.kind == "DNSKEY" && record.name == apex);
    let is_named = |key: &Key| ds.iter().any(|ds| ds.names(apex, key));
    keys.any(|record| Key::read(&record.data).is_some_and(|key| is_named(&key)))
}

/// The tag of the key that made a signature, given as the data of an RRSIG record (RFC 4034 section 3.1).
pub(crate) fn key_tag(signature: &str) -> Option<u16> {
    signature.split_whitespace().nth(6)?.parse().ok()
}

/// The keys of a reply that sign its keys.
pub(crate) fn signing(apex: &str, reply: &ReplyFacts) -> Vec<Key> {
    let own = |kind: &'static str| {
        let records = reply.answers.iter().filter(move |record| record.kind == kind && record.name == apex);
        records.map(|record| record.data.as_str())
    };
    let tags: BTreeSet<u16> =
        own("RRSIG").filter(|data| data.starts_with("DNSKEY ")).filter_map(key_tag).collect();
    own("DNSKEY").filter_map(Key::read).filter(|key| tags.contains(&key.tag())).collect()
}

/// The data of a DNSKEY record in wire form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    pub(crate) fn read(data: &str) -> Option<Self> {
        let mut fields = data.split_whitespace();
        let flags: u16 = fields.next()?.parse().ok()?;
        let numbers: [u8; 2] = [fields.next()?.parse().ok()?, fields.next()?.parse().ok()?];
        let key = BASE64.decode(fields.collect::<String>().as_bytes()).ok()?;
        Some(Self([flags.to_be_bytes().as_slice(), &numbers, &key].concat()))
    }

    pub(crate) fn algorithm(&self) -> Option<u8> {
        self.0.get(3).copied()
    }

    /// Its tag (RFC 4034 appendix B).
    pub(crate) fn tag(&self) -> u16 {
        let octet = |octet: Option<&u8>| u32::from(octet.copied().unwrap_or_default());
        let pairs = self.0.chunks(2).map(|pair| octet(pair.first()) << 8 | octet(pair.get(1)));
        let sum = pairs.fold(0_u32, u32::wrapping_add);
        let [_, _, high, low] = sum.wrapping_add(sum >> 16).to_be_bytes();
        u16::from_be_bytes([high, low])
    }
}

/// A DS record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ds {
    pub(crate) tag: u16,
    algorithm: u8,
    pub(crate) hash: u8,
    digest: Vec<u8>,
}

impl Ds {
    pub(crate) fn read(data: &str) -> Option<Self> {
        let mut fields = data.split_whitespace();
        let tag = fields.next()?.parse().ok()?;
        let (algorithm, hash) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let digest = HEXLOWER_PERMISSIVE.decode(fields.collect::<String>().as_bytes()).ok()?;
        Some(Self { tag, algorithm, hash, digest })
    }

    /// Returns true if all validators support its algorithm and its digest type (RFC 8624 section 3).
    pub(crate) fn is_common(&self) -> bool {
        COMMON_ALGORITHMS.contains(&self.algorithm) && self.hash == COMMON_DIGEST
    }

    /// Returns true if it names a key. A digest of a type that is not known here is not compared.
    pub(crate) fn names(&self, apex: &str, key: &Key) -> bool {
        if self.tag != key.tag() || Some(self.algorithm) != key.algorithm() {
            return false;
        }
        let hash: &Algorithm = match self.hash {
            1 => &SHA1_FOR_LEGACY_USE_ONLY,
            2 => &SHA256,
            4 => &SHA384,
            _ => return true,
        };
        let Some(name) = read_name(apex) else { return false };
        let mut octets = Vec::new();
        for label in &name.to_lowercase() {
            octets.extend(u8::try_from(label.len()));
            octets.extend_from_slice(label);
        }
        octets.push(0);
        octets.extend_from_slice(&key.0);
        digest(hash, &octets).as_ref() == self.digest
    }
}
