//! Checks whether a key of a zone has signed an RRset.
//!
//! RFC 4035 section 5.3, RFC 4034 section 3.

use hickory_proto::ProtoError;
use hickory_proto::dnssec::rdata::{DNSSECRData, RRSIG};
use hickory_proto::dnssec::{Algorithm, PublicKey, Verifier};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::budget::Budget;
use super::canonical::signed_octets;
use super::keys::{ZoneKey, ZoneKeys};
use super::rsa::{RsaKey, is_rsa};
use super::rules::{Algorithms, Rules};
use super::verdict::{ValidationFailure, Why};
use crate::limits::{CLOCKLESS_TTL, MAX_KEYS_OF_TAG, MAX_RRSIGS, MAX_SIGNATURES, SLOW_CHECK};
use dns::clock::Calendar;

/// How long before the start of its validity period a signature is accepted, because the clock of this host may be slow: a tenth of the
/// period, but at least and at most these numbers of seconds. Unbound has the same limits: val-sig-skew-min and val-sig-skew-max.
const EARLY: (u32, u32) = (3_600, 86_400);

/// An RRset whose signatures are checked: records with the same owner and type.
#[derive(Clone, Copy, Debug)]
pub struct CoveredRrset<'a> {
    /// The owner name of the RRset.
    pub name: &'a Name,
    /// The record type of the RRset.
    pub kind: RecordType,
    /// The records of the RRset.
    pub records: &'a [&'a Record],
}

/// What a valid signature proves about the RRset that it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoodSignature {
    /// The time for which the RRset may be cached, in seconds: the smallest of its TTL, the original TTL in the signature, and the time
    /// until the signature expires.
    pub ttl: u32,
    /// The name directly above the wildcard from which the RRset was made, or `None` if it was not made from a wildcard.
    pub encloser: Option<Name>,
}

/// Returns the signatures among `records` that cover the RRset of type `kind` at `name`.
pub fn covering<'a>(
    records: impl IntoIterator<Item = &'a Record>,
    name: &Name,
    kind: RecordType,
) -> Vec<&'a RRSIG> {
    let fits = |record: &'a Record| match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(signature))
            if signature.input().type_covered == kind && record.name == *name =>
        {
            Some(signature)
        }
        _ => None,
    };
    records.into_iter().filter_map(fits).take(MAX_RRSIGS).collect()
}

/// Returns the type that a signature covers, or `None` if `record` is not a signature.
pub fn covered_type(record: &Record) -> Option<RecordType> {
    match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) => Some(signature.input().type_covered),
        _ => None,
    }
}

/// Returns the zone that has signed an RRset, according to its signatures. This zone must be at `name` or above it; for DS records, only
/// above it. Returns `None` if no such zone has signed.
pub fn signer<'a>(name: &Name, kind: RecordType, signatures: &[&'a RRSIG]) -> Option<&'a Name> {
    let may = |signer: &&Name| signer.zone_of(name) && !(kind == RecordType::DS && *signer == name);
    let signers = signatures.iter().map(|signature| &signature.input().signer_name);
    signers.filter(may).max_by_key(|signer| signer.iter().len())
}

/// Checks the signatures of an RRset with the keys of the zone. One valid signature is enough.
///
/// # Errors
/// No signature is valid. The most informative failure is returned (see `or_more_telling`).
pub async fn check(
    rrset: &CoveredRrset<'_>,
    signatures: &[&RRSIG],
    keys: &ZoneKeys,
    rules: Rules<'_>,
) -> Result<GoodSignature, ValidationFailure> {
    let what = format!("{} {}", rrset.name, rrset.kind);
    let text = format!("{what} has no signature (RRSIG) by a key of {}", keys.zone);
    let mut fault = ValidationFailure::new(Why::RrsigsMissing, text).at(&keys.zone);
    let mut failed = 0;
    for signature in signatures {
        if failed >= MAX_SIGNATURES {
            break;
        }
        if signature.input().signer_name != keys.zone || !rules.algorithms.check(signature.input().algorithm)
        {
            continue;
        }
        match check_one(rrset, signature, keys, rules).await {
            Ok(signed) => return Ok(signed),
            Err(found) if found.why == Why::Indeterminate => return Err(found),
            Err(found) => {
                // Only a wrong signature counts as failed. A signature outside its validity period, or by a key that the zone does not
                // have, needs no cryptographic check.
                failed = failed.saturating_add(usize::from(found.why == Why::Bogus));
                fault = fault.or_more_telling(found.at(&keys.zone));
            }
        }
    }
    Err(fault)
}

async fn check_one(
    rrset: &CoveredRrset<'_>,
    signature: &RRSIG,
    keys: &ZoneKeys,
    rules: Rules<'_>,
) -> Result<GoodSignature, ValidationFailure> {
    let Rules { calendar, budget, .. } = rules;
    let (input, name) = (signature.input(), rrset.name);
    let bogus = |text: String| {
        let zone = if name.is_root() { "the root" } else { &name.to_string() };
        ValidationFailure::new(Why::Bogus, format!("the RRSIG of {zone} {} {text}", rrset.kind))
    };
    // With fewer labels than its signer, a signature would cover a wildcard of a zone above.
    let labels = keys.zone.num_labels()..=name.num_labels();
    if !labels.contains(&input.num_labels) || !keys.zone.zone_of(name) {
        return Err(bogus("does not apply to this name".to_owned()));
    }
    let left = match time_left(rrset, signature, calendar) {
        // This signature of the root is valid, but its validity period has not begun. The owner of the root's keys does not publish a
        // signature before its period begins, so the clock of this host is slow.
        Err(fault) if fault.why == Why::NotYetValid && keys.zone.is_root() => {
            Err(fault.proving(input.sig_inception.get().into()))
        }
        left => Ok(left?),
    };
    let fits =
        |key: &&ZoneKey| key.tag == input.key_tag && key.algorithm == input.algorithm && key.key.zone_key();
    let tried: Vec<&ZoneKey> = keys.keys.iter().filter(fits).take(MAX_KEYS_OF_TAG).collect();
    if tried.is_empty() {
        let text =
            format!("the RRSIG of {name} {} names a DNSKEY that {} does not have", rrset.kind, keys.zone);
        return Err(ValidationFailure::new(
            Why::DnskeyMissing,
            format!("{text} (key tag {})", input.key_tag),
        ));
    }
    let encloser = encloser(name, signature);
    let owner = owner_in_zone(name, encloser.as_ref()).map_err(|error| bogus(error.to_string()))?;
    let octets = signed_octets(&owner, signature, rrset.records)
        .ok_or_else(|| bogus("covers data that cannot be encoded".to_owned()))?;
    for key in tried {
        budget.take_check()?;
        let fits = verify(key, &octets, signature.sig());
        budget.breathe(weight(key)).await;
        if fits {
            let left = left?;
            let ttl = rrset.records.iter().map(|record| record.ttl).min().unwrap_or(0);
            return Ok(GoodSignature { ttl: ttl.min(input.original_ttl).min(left), encloser });
        }
        budget.note_failed(weight(key));
    }
    Err(bogus(format!("(key tag {}) does not verify", input.key_tag)))
}

/// Returns true if `key` has made `signature`, whatever its validity period. Returns `None` if resolverd does not support the algorithm,
/// the data cannot be encoded, or the limit of checks is exceeded.
pub fn is_made_by(
    rrset: &CoveredRrset<'_>,
    signature: &RRSIG,
    key: &ZoneKey,
    budget: &Budget,
) -> Option<bool> {
    let input = signature.input();
    if input.num_labels > rrset.name.num_labels() || !Algorithms::default().check(input.algorithm) {
        return None;
    }
    let owner = owner_in_zone(rrset.name, encloser(rrset.name, signature).as_ref()).ok()?;
    let octets = signed_octets(&owner, signature, rrset.records)?;
    budget.take_check().ok()?;
    let fits = verify(key, &octets, signature.sig());
    if !fits {
        budget.note_failed(weight(key));
    }
    Some(fits)
}

/// Returns the name directly above the wildcard from which an RRset was made, if it was. The number of labels in the signature shows this.
fn encloser(name: &Name, signature: &RRSIG) -> Option<Name> {
    let labels = signature.input().num_labels;
    (labels < name.num_labels()).then(|| name.trim_to(labels.into()))
}

fn owner_in_zone(name: &Name, encloser: Option<&Name>) -> Result<Name, ProtoError> {
    encloser.map_or_else(|| Ok(name.clone()), |encloser| encloser.prepend_label("*"))
}

fn verify(key: &ZoneKey, octets: &[u8], signature: &[u8]) -> bool {
    if is_rsa(key.algorithm) {
        let rsa = RsaKey::read(key.key.public_key().public_bytes());
        return rsa.is_some_and(|rsa| rsa.verify(key.algorithm, octets, signature));
    }
    key.key.verify(octets, signature).is_ok()
}

/// Returns the cost of a check with this key, as a multiple of the cost of a usual check.
fn weight(key: &ZoneKey) -> u32 {
    match key.algorithm {
        Algorithm::ECDSAP384SHA384 => SLOW_CHECK,
        algorithm if is_rsa(algorithm) => {
            RsaKey::read(key.key.public_key().public_bytes()).map_or(1, |rsa| rsa.weight())
        }
        _ => 1,
    }
}

/// Returns the time, in seconds, until the signature expires. An expired signature is never accepted, even if the clock may be fast,
/// because an attacker could send old answers again (RFC 4035 section 5.3.1). If the clock is slow (`Calendar::After`), only the end of
/// the validity period is checked, and the RRset is cached for a short time.
fn time_left(
    rrset: &CoveredRrset<'_>,
    signature: &RRSIG,
    calendar: Calendar,
) -> Result<u32, ValidationFailure> {
    let input = signature.input();
    let (inception, expiration) = (input.sig_inception.get(), input.sig_expiration.get());
    // These times are serial numbers of 32 bits, which start again at 0 in 2106 (RFC 4034 section 3.1.5).
    let (Calendar::Clock(unix) | Calendar::After(unix)) = calendar;
    let now = u32::try_from(unix & u64::from(u32::MAX)).unwrap_or(0);
    let after = |one: u32, other: u32| {
        let gap = one.wrapping_sub(other);
        (gap <= u32::MAX / 2).then_some(gap)
    };
    let what = format!("{} {}", rrset.name, rrset.kind);
    let Some(whole) = after(expiration, inception) else {
        let text = format!("the RRSIG of {what} expires before its inception");
        return Err(ValidationFailure::new(Why::Expired, text));
    };
    if let (Calendar::After(_), Some(_)) = (calendar, after(expiration, now)) {
        return Ok(CLOCKLESS_TTL);
    }
    let most = (whole / 10).clamp(EARLY.0, EARLY.1);
    if let Some(early) = after(inception, now).filter(|early| *early >= most) {
        let text = format!("the RRSIG of {what} is not valid yet: it begins in {}", span(early));
        return Err(ValidationFailure::new(Why::NotYetValid, text));
    }
    match after(expiration, now) {
        Some(left) => Ok(left),
        None => {
            let text = format!("the RRSIG of {what} expired {} ago", span(now.wrapping_sub(expiration)));
            Err(ValidationFailure::new(Why::Expired, text))
        }
    }
}

/// Returns true if `record` is a signature that expired before `calendar`.
pub fn has_expired(record: &Record, calendar: Calendar) -> bool {
    let (Calendar::Clock(unix) | Calendar::After(unix)) = calendar;
    let now = u32::try_from(unix & u64::from(u32::MAX)).unwrap_or(0);
    match &record.data {
        // The end of a signature is a serial number of 32 bits (RFC 4034 section 3.1.5).
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) => {
            signature.input().sig_expiration.get().wrapping_sub(now) > u32::MAX / 2
        }
        _ => false,
    }
}

fn span(seconds: u32) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
