//! Decides which keys of a zone are trusted: a key that a DS record of the parent or a trust anchor identifies must sign the DNSKEY RRset.
//!
//! RFC 4035 section 5.2, RFC 4509 section 3 (SHA-1 digests are used only if there is no better digest), RFC 6840 sections 5.2 (unknown
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
    /// The trusted keys, and the time in seconds for which they may be cached.
    Secure(ZoneKeys, u32),
    /// The zone is signed only with algorithms that resolverd does not support.
    Insecure(ValidationFailure),
    /// No key matches the DS records, or the DNSKEY RRset has no valid signature.
    Bogus(ValidationFailure),
}

/// Returns the records in `ds` whose algorithm and digest type resolverd supports.
///
/// # Errors
/// No DS record can be used, so the zone is insecure. The error says why.
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
    // The limit is applied last, because the usable DS records may come after many unusable ones.
    Ok(best.take(MAX_DS).collect())
}

/// Decides which keys of `zone` are trusted. `ds` are the DS records of the parent, or of a trust anchor.
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
    // Keys with a tag of a DS record come first, so that the limit does not remove them.
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

fn key_of(record: &Record) -> Option<ZoneKey> {
    let RData::DNSSEC(DNSSECRData::DNSKEY(key)) = &record.data else { return None };
    ZoneKey::new(key.clone())
}

/// Returns true if `ds` identifies `key`. Only the first `MAX_KEYS_OF_TAG` keys with the tag and algorithm of `ds` are tried.
fn names(ds: &DS, zone: &Name, key: &ZoneKey, all: &[ZoneKey]) -> bool {
    let fits = |key: &&ZoneKey| key.tag == ds.key_tag() && key.algorithm == ds.algorithm();
    let tried = all.iter().filter(fits).take(MAX_KEYS_OF_TAG).any(|tried| tried == key);
    tried && !key.key.revoke() && ds.covers(zone, &key.key).unwrap_or(false)
}

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
    // The root has trust anchors instead of a parent.
    let text = match zone.is_root() {
        true => format!("no DNSKEY of the root zone matches a trust anchor of resolverd (key tag {wanted})"),
        false => format!("no DNSKEY of {zone} matches the DS in its parent (key tag {wanted})"),
    };
    ValidationFailure::new(Why::DnskeyMissing, text)
}
