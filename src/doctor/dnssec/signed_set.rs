//! The record sets of a reply with their signatures, as text, and whether a key has made a signature over one.
//!
//! RFC 4034 section 3.1, RFC 4035 section 5.3.

use std::collections::{BTreeMap, BTreeSet};

use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::rr::{RData, Record as WireRecord};

use crate::facts::{Record, ReplyFacts, is_within};
use dns::zone_file;
use validate::budget::Budget;
use validate::keys::ZoneKey;
use validate::signature::{CoveredRrset, is_made_by};

/// The types of answers that mail needs.
const ANSWERS: [&str; 9] = ["SOA", "NS", "DNSKEY", "MX", "A", "AAAA", "TXT", "CNAME", "TLSA"];

/// The types of a negative answer.
const DENIALS: [&str; 3] = ["SOA", "NSEC", "NSEC3"];

/// Whether a signature was made over a record set with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureFit {
    /// The key made the signature.
    Verifies,
    /// The key did not make the signature.
    Fails,
    /// It is not known.
    Unknown,
}

/// A signature by a key of the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SetSignature<'f> {
    /// The number of the algorithm.
    pub(crate) algorithm: u8,
    /// The tag of the key.
    pub(crate) tag: u16,
    /// Its data.
    pub(crate) data: &'f str,
}

impl<'f> SetSignature<'f> {
    /// The signature of a type by the zone `apex`; `None` if the data are another signature.
    fn read(data: &'f str, kind: &str, apex: &str) -> Option<Self> {
        let mut fields = data.split_whitespace();
        (fields.next()? == kind).then_some(())?;
        let algorithm = fields.next()?.parse().ok()?;
        let tag = fields.nth(4)?.parse().ok()?;
        fields.next()?.eq_ignore_ascii_case(apex).then_some(Self { algorithm, tag, data })
    }
}

/// Records of one owner and type, with the signatures over them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SignedSet<'f> {
    /// The owner.
    pub(crate) name: &'f str,
    /// The type.
    pub(crate) kind: &'f str,
    data: BTreeSet<&'f str>,
    /// The signatures by the zone, in the order of the reply.
    pub(crate) signatures: Vec<SetSignature<'f>>,
}

/// The record sets of a reply that belong to the zone `apex`: of its answers, and of the proof that there are none.
pub(crate) fn of_reply<'f>(reply: &'f ReplyFacts, apex: &str) -> Vec<SignedSet<'f>> {
    let mut sets = of_section(&reply.answers, &ANSWERS, apex);
    if sets.is_empty() {
        sets = of_section(&reply.authority, &DENIALS, apex);
    }
    sets
}

fn of_section<'f>(records: &'f [Record], kinds: &[&str], apex: &str) -> Vec<SignedSet<'f>> {
    let mut sets = BTreeMap::<(&str, &str), SignedSet<'f>>::new();
    let counts = |record: &&Record| kinds.contains(&record.kind.as_str()) && is_within(&record.name, apex);
    for Record { name, kind, data, .. } in records.iter().filter(counts) {
        let empty = SignedSet { name, kind, ..SignedSet::default() };
        sets.entry((name, kind)).or_insert(empty).data.insert(data);
    }
    let mut sets: Vec<SignedSet<'f>> = sets.into_values().collect();
    for set in &mut sets {
        let over = records.iter().filter(|record| record.kind == "RRSIG" && record.name == set.name);
        set.signatures = over.filter_map(|record| SetSignature::read(&record.data, set.kind, apex)).collect();
    }
    sets
}

/// Whether a key of the zone, a DNSKEY record, has made a signature over a set. The times of the signature do not count.
pub(crate) fn fit(
    set: &SignedSet<'_>,
    signature: SetSignature<'_>,
    key: &str,
    apex: &str,
    budget: &Budget,
) -> SignatureFit {
    let made = || {
        let RData::DNSSEC(DNSSECRData::DNSKEY(key)) = record(apex, "DNSKEY", key)?.data else { return None };
        let RData::DNSSEC(DNSSECRData::RRSIG(signature)) = record(set.name, "RRSIG", signature.data)?.data
        else {
            return None;
        };
        let records: Vec<WireRecord> =
            set.data.iter().map(|data| record(set.name, set.kind, data)).collect::<Option<_>>()?;
        let first = records.first()?;
        let all: Vec<&WireRecord> = records.iter().collect();
        let covered = CoveredRrset { name: &first.name, kind: first.record_type(), records: &all };
        is_made_by(&covered, &signature, &ZoneKey::of(key)?, budget)
    };
    match made() {
        Some(true) => SignatureFit::Verifies,
        Some(false) => SignatureFit::Fails,
        None => SignatureFit::Unknown,
    }
}

/// A record from its text; `None` if it cannot be read, or perhaps not as it was sent.
pub(crate) fn record(name: &str, kind: &str, data: &str) -> Option<WireRecord> {
    // Backslashes are octal numbers in some texts of names.
    let is_plain = kind == "TXT" || !data.contains('\\');
    zone_file::record(&format!("{name} 0 IN {kind} {data}")).ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::SignatureFit::{Fails, Unknown, Verifies};
    use super::*;

    /// RFC 8080 section 6.1.
    const KEY: &str = "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=";
    const MX: &str = "10 mail.example.com.";
    const SIGNATURE: &str = "MX 15 2 3600 1440021600 1438207200 3613 example.com. \
        oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg==";

    fn reply(data: &str, signature: &str) -> ReplyFacts {
        let record = |kind: &str, data: &str| Record {
            name: "example.com.".to_owned(),
            ttl: 60,
            kind: kind.to_owned(),
            data: data.to_owned(),
        };
        ReplyFacts { answers: vec![record("MX", data), record("RRSIG", signature)], ..ReplyFacts::default() }
    }

    fn judged(data: &str, signature: &str, key: &str) -> Option<SignatureFit> {
        let (reply, apex) = (reply(data, signature), "example.com.");
        let sets = of_reply(&reply, apex);
        let set = sets.first()?;
        Some(fit(set, *set.signatures.first()?, key, apex, &Budget::default()))
    }

    #[test]
    fn a_signature_fits_its_records_and_its_key() {
        assert_eq!(judged(MX, SIGNATURE, KEY), Some(Verifies));
        assert_eq!(judged("10 MAIL.example.com.", SIGNATURE, KEY), Some(Verifies), "names fold");
        assert_eq!(judged("20 mail.example.com.", SIGNATURE, KEY), Some(Fails));
        assert_eq!(judged(MX, &SIGNATURE.replace("oL9k", "oL9l"), KEY), Some(Fails));
        let other = KEY.replace("l02W", "zPnZ");
        assert!(matches!(judged(MX, SIGNATURE, &other), Some(Fails | Unknown)));
    }

    #[test]
    fn what_cannot_be_read_or_checked_is_not_told() {
        for (data, signature, key) in [
            ("10 a\\001.example.com.", SIGNATURE, KEY),
            ("ten", SIGNATURE, KEY),
            (MX, "MX 15 2 3600 1440021600 1438207200 3613 example.com. x", KEY),
            (MX, &SIGNATURE.replace("MX 15", "MX 12"), KEY),
            (MX, &SIGNATURE.replace("MX 15 2", "MX 15 3"), KEY),
            (MX, SIGNATURE, "257 3 15 ?"),
        ] {
            assert_eq!(judged(data, signature, key), Some(Unknown), "{data} {signature} {key}");
        }
        assert_eq!(
            judged(MX, &SIGNATURE.replace("example.com. oL", "com. oL"), KEY),
            None,
            "of another zone"
        );
        assert_eq!(judged(MX, &SIGNATURE.replace("MX 15", "A 15"), KEY), None, "of another type");
    }

    #[test]
    fn a_spent_budget_tells_nothing() {
        let (reply, budget) = (reply("20 mail.example.com.", SIGNATURE), Budget::default());
        let set = of_reply(&reply, "example.com.").remove(0);
        let judged: Vec<SignatureFit> =
            (0..200).map(|_| fit(&set, set.signatures[0], KEY, "example.com.", &budget)).collect();
        assert_eq!((judged.first(), judged.last()), (Some(&Fails), Some(&Unknown)));
    }
}
