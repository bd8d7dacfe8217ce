//! Decides which keys of a zone are trusted. The zone's DNSKEY RRset must be signed by a key that a DS record of the parent, or a trust anchor,
//! identifies.
//!
//! See RFC 4035 section 5.2, RFC 4509 section 3 (SHA-1 digests are used only if there is no better digest), and RFC 6840 sections 5.2 (unknown
//! algorithms make a zone insecure) and 5.11 (one valid signature is enough).

use hickory_proto::dnssec::DigestType;
use hickory_proto::dnssec::rdata::{DNSSECRData, DS, RRSIG};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::keys::{ZoneKey, ZoneKeys};
use super::rules::{Algorithms, Rules};
use super::signature::{self, CoveredRrset};
use super::verdict::{ValidationFailure, Why};
use crate::limits::{MAX_DNSKEYS, MAX_DS, MAX_KEYS_OF_TAG};

/// The decision whether the DNSKEY records of a zone are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entrusted {
    /// The keys are trusted. The value has these keys, and the time in seconds for which they may be cached.
    Secure(ZoneKeys, u32),
    /// The zone is signed only with algorithms that resolverd does not support.
    Insecure(ValidationFailure),
    /// No key matches the DS records, or the DNSKEY RRset has no valid signature.
    Bogus(ValidationFailure),
}

/// Returns those records in `ds` whose algorithm and digest type resolverd supports.
///
/// # Errors
/// No DS record can be used. The error says why this makes the zone insecure.
pub fn usable<'a>(
    zone: &Name,
    ds: &[&'a DS],
    algorithms: Algorithms,
) -> Result<Vec<&'a DS>, ValidationFailure> {
    let known: Vec<&DS> = ds.iter().filter(|ds| algorithms.check(ds.algorithm())).copied().collect();
    if known.is_empty() {
        let text = format!("{zone} is signed only with algorithms that resolverd does not check");
        return Err(ValidationFailure::new(Why::Algorithm, text));
    }
    let digests: Vec<&DS> = known.into_iter().filter(|ds| ds.digest_type().is_supported()).collect();
    if digests.is_empty() {
        let text = format!("the DS records of {zone} use only digest types that resolverd does not check");
        return Err(ValidationFailure::new(Why::Digest, text));
    }
    let better = digests.iter().any(|ds| ds.digest_type() != DigestType::SHA1);
    let best = digests.into_iter().filter(|ds| !better || ds.digest_type() != DigestType::SHA1);
    // The limit is applied last. Otherwise a zone could become insecure because its usable DS records come after many unusable ones.
    Ok(best.take(MAX_DS).collect())
}

/// Decides which keys in the DNSKEY RRset of `zone` are trusted. `ds` are the DS records of its parent, or of a trust anchor.
pub async fn entrust(
    zone: &Name,
    ds: &[&DS],
    records: &[&Record],
    signatures: &[&RRSIG],
    rules: Rules<'_>,
) -> Entrusted {
    let ds = match usable(zone, ds, rules.algorithms) {
        Ok(ds) => ds,
        Err(fault) => return Entrusted::Insecure(fault),
    };
    let mut keys: Vec<ZoneKey> = records.iter().filter_map(|record| key_of(record)).collect();
    // Keys whose tag is in a DS record come first, so that the limit on the number of keys does not remove them.
    keys.sort_by_key(|key| !ds.iter().any(|ds| ds.key_tag() == key.tag));
    keys.truncate(MAX_DNSKEYS);
    if keys.is_empty() {
        let text = format!("{zone} has a DS record but no DNSKEY");
        return Entrusted::Bogus(ValidationFailure::new(Why::DnskeyMissing, text).at(zone));
    }
    let named: Vec<ZoneKey> =
        keys.iter().filter(|key| ds.iter().any(|ds| names(ds, zone, key, &keys))).cloned().collect();
    if named.is_empty() {
        return Entrusted::Bogus(none_named(zone, &ds, &keys).at(zone));
    }
    let rrset = CoveredRrset { name: zone, kind: RecordType::DNSKEY, records };
    let entry = ZoneKeys { zone: zone.clone(), keys: named };
    match signature::check(&rrset, signatures, &entry, rules).await {
        Ok(signed) => {
            let keys = keys.into_iter().filter(|key| key.key.zone_key() && !key.key.revoke()).collect();
            Entrusted::Secure(ZoneKeys { zone: zone.clone(), keys }, signed.ttl)
        }
        Err(fault) => Entrusted::Bogus(fault),
    }
}

/// Returns the key in a DNSKEY record, or `None` if the record is not a DNSKEY or its tag cannot be computed.
fn key_of(record: &Record) -> Option<ZoneKey> {
    let RData::DNSSEC(DNSSECRData::DNSKEY(key)) = &record.data else { return None };
    ZoneKey::new(key.clone())
}

/// Returns true if `ds` identifies `key`. Only the first `MAX_KEYS_OF_TAG` keys in `all` with the tag and algorithm of `ds` are tried.
fn names(ds: &DS, zone: &Name, key: &ZoneKey, all: &[ZoneKey]) -> bool {
    let fits = |key: &&ZoneKey| key.tag == ds.key_tag() && key.algorithm == ds.algorithm();
    let tried = all.iter().filter(fits).take(MAX_KEYS_OF_TAG).any(|tried| tried == key);
    tried && !key.key.revoke() && ds.covers(zone, &key.key).unwrap_or(false)
}

/// Returns the failure that says why no key of `zone` matches the DS records.
fn none_named(zone: &Name, ds: &[&DS], keys: &[ZoneKey]) -> ValidationFailure {
    let fits =
        |key: &&ZoneKey| ds.iter().any(|ds| ds.key_tag() == key.tag && ds.algorithm() == key.algorithm);
    let without_bit = |key: &ZoneKey| !key.key.zone_key();
    if keys.iter().filter(fits).any(without_bit) {
        let text = format!("the DNSKEY of {zone} that its DS names has no zone key flag");
        return ValidationFailure::new(Why::NoZoneKeyBit, text);
    }
    let tags =
        |tags: &mut dyn Iterator<Item = u16>| tags.map(|tag| tag.to_string()).collect::<Vec<_>>().join(", ");
    let wanted = tags(&mut ds.iter().map(|ds| ds.key_tag()));
    // The DS records of the root are trust anchors, because the root has no parent.
    let text = match zone.is_root() {
        true => format!("no DNSKEY of the root zone matches a trust anchor of resolverd (key tag {wanted})"),
        false => format!("no DNSKEY of {zone} matches the DS in its parent (key tag {wanted})"),
    };
    ValidationFailure::new(Why::DnskeyMissing, text)
}
