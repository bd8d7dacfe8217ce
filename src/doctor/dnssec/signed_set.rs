//! Groups the records of a reply into sets with their signatures, and verifies a signature with a key.
//!
//! RFC 4034 section 3.1, RFC 4035 section 5.3.

use std::collections::BTreeMap;

use hickory_proto::dnssec::rdata::{DNSKEY, RRSIG};
use hickory_proto::rr::{RData, Record as WireRecord};

use crate::dnssec::key_records::{is_by, is_over, signature};
use crate::facts::{Record, ReplyFacts, is_within};
use dns::wire::presentation::read_name;
use validate::budget::Budget;
use validate::keys::ZoneKey;
use validate::signature::{CoveredRrset, is_made_by};

const ANSWERS: [&str; 9] = ["SOA", "NS", "DNSKEY", "MX", "A", "AAAA", "TXT", "CNAME", "TLSA"];

const DENIALS: [&str; 3] = ["SOA", "NSEC", "NSEC3"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureFit {
    Verifies,
    /// Another key made the signature, or the records were changed.
    Fails,
    /// The result is unknown, for example because the algorithm is not supported.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SignedSet<'f> {
    pub(crate) name: &'f str,
    pub(crate) kind: &'static str,
    /// The data of the records, sorted so that the order in the reply has no effect.
    data: BTreeMap<String, &'f RData>,
    /// The signatures that the zone itself has made over the records, in the order of the reply.
    pub(crate) signatures: Vec<&'f RRSIG>,
}

/// Returns the record sets of the zone `apex` from the answer section, or else those in the authority section that prove a denial.
pub(crate) fn of_reply<'f>(reply: &'f ReplyFacts, apex: &str) -> Vec<SignedSet<'f>> {
    let mut sets = of_section(&reply.answers, &ANSWERS, apex);
    if sets.is_empty() {
        sets = of_section(&reply.authority, &DENIALS, apex);
    }
    sets
}

fn of_section<'f>(records: &'f [Record], kinds: &[&'static str], apex: &str) -> Vec<SignedSet<'f>> {
    let mut sets = BTreeMap::<(&str, &str), SignedSet<'f>>::new();
    for record in records.iter().filter(|record| is_within(&record.name, apex)) {
        let Some(kind) = kinds.iter().copied().find(|kind| record.is(kind)) else { continue };
        let (name, data, signatures) = (record.name.as_str(), BTreeMap::new(), Vec::new());
        let set = sets.entry((name, kind)).or_insert(SignedSet { name, kind, data, signatures });
        set.data.insert(record.text(), &record.data);
    }
    for set in sets.values_mut() {
        let own = records.iter().filter(|record| record.name == set.name).filter_map(signature);
        set.signatures = own.filter(|of| is_over(of, set.kind) && is_by(of, apex)).collect();
    }
    sets.into_values().collect()
}

/// Verifies with a key the signature over a record set. Does not check the validity period of the signature. `budget` limits the number of
/// verifications.
pub(crate) fn fit(set: &SignedSet<'_>, signature: &RRSIG, key: &DNSKEY, budget: &Budget) -> SignatureFit {
    let made = || {
        let name = read_name(set.name)?;
        let of_data = |data: &&RData| WireRecord::from_rdata(name.clone(), 0, (*data).clone());
        let records: Vec<WireRecord> = set.data.values().map(of_data).collect();
        let all: Vec<&WireRecord> = records.iter().collect();
        let covered = CoveredRrset { name: &name, kind: records.first()?.record_type(), records: &all };
        is_made_by(&covered, signature, &ZoneKey::new(key.clone())?, budget)
    };
    match made() {
        Some(true) => SignatureFit::Verifies,
        Some(false) => SignatureFit::Fails,
        None => SignatureFit::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::SignatureFit::{Fails, Unknown, Verifies};
    use super::*;
    use crate::dnssec::key_records::key;

    /// The key of RFC 8080 section 6.1.
    const KEY: &str = "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=";
    const MX: &str = "10 mail.example.com.";
    const SIGNATURE: &str = "MX 15 2 3600 1440021600 1438207200 3613 example.com. \
        oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg==";

    fn reply(data: &str, signature: &str) -> ReplyFacts {
        let record = |kind: &str, data: &str| Record::read("example.com.", 60, kind, data).unwrap();
        ReplyFacts { answers: vec![record("MX", data), record("RRSIG", signature)], ..ReplyFacts::default() }
    }

    fn dnskey(text: &str) -> DNSKEY {
        key(&Record::read("example.com.", 60, "DNSKEY", text).unwrap()).unwrap().clone()
    }

    fn judged(data: &str, signature: &str, key: &str) -> Option<SignatureFit> {
        let (reply, apex) = (reply(data, signature), "example.com.");
        let sets = of_reply(&reply, apex);
        let set = sets.first()?;
        Some(fit(set, set.signatures.first()?, &dnskey(key), &Budget::default()))
    }

    #[test]
    fn signature_must_fit_records_and_key() {
        assert_eq!(judged(MX, SIGNATURE, KEY), Some(Verifies));
        assert_eq!(judged("10 MAIL.example.com.", SIGNATURE, KEY), Some(Verifies), "names fold");
        assert_eq!(judged("20 mail.example.com.", SIGNATURE, KEY), Some(Fails));
        assert_eq!(judged(MX, &SIGNATURE.replace("oL9k", "oL9l"), KEY), Some(Fails));
        let other = KEY.replace("l02W", "zPnZ");
        assert!(matches!(judged(MX, SIGNATURE, &other), Some(Fails | Unknown)));
    }

    #[test]
    fn what_cannot_be_checked_is_unknown() {
        for (data, signature, key) in [
            (MX, &SIGNATURE.replace("MX 15", "MX 12"), KEY),
            (MX, &SIGNATURE.replace("MX 15 2", "MX 15 3"), KEY),
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
        let (set, key) = (of_reply(&reply, "example.com.").remove(0), dnskey(KEY));
        let judged: Vec<SignatureFit> =
            (0..200).map(|_| fit(&set, set.signatures[0], &key, &budget)).collect();
        assert_eq!((judged.first(), judged.last()), (Some(&Fails), Some(&Unknown)));
    }
}
