use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::budget::Budget;
use crate::entrust::{Entrusted, entrust};
use crate::limits::{MAX_CHECKS_IN_A_ROW, MAX_DNSKEYS, MAX_DS, MAX_FAILED_CHECKS};
use crate::rules::Algorithms;
use crate::stage::{DAY, NOW, Signer, TODAY, come_to, name, rrsig};
use hickory_proto::dnssec::rdata::sig::SigInput;
use hickory_proto::dnssec::rdata::{DNSKEY, DS};
use hickory_proto::dnssec::{DigestType, PublicKeyBuf};
use hickory_proto::rr::{SerialNumber, rdata};

fn addresses(owner: &str) -> Vec<Record> {
    let address = |last| Record::from_rdata(name(owner), 300, RData::A(rdata::A::new(192, 0, 2, last)));
    vec![address(9), address(1)]
}

fn today(budget: &Budget) -> Rules<'_> {
    Rules { algorithms: Algorithms::default(), calendar: TODAY, budget }
}

fn judge(
    records: &[Record],
    signatures: &[Record],
    keys: &ZoneKeys,
    unix: u64,
) -> Result<GoodSignature, ValidationFailure> {
    let records: Vec<&Record> = records.iter().collect();
    let signatures: Vec<&RRSIG> = signatures.iter().map(rrsig).collect();
    let rrset = CoveredRrset { name: &records[0].name, kind: records[0].record_type(), records: &records };
    come_to(check(
        &rrset,
        &signatures,
        keys,
        Rules { calendar: Calendar::Clock(unix), ..today(&Budget::default()) },
    ))
}

#[test]
fn changed_record_fails_each_algorithm() {
    for algorithm in [Algorithm::ECDSAP256SHA256, Algorithm::ECDSAP384SHA384, Algorithm::ED25519] {
        let signer = Signer::new("example.", algorithm);
        let mut records = addresses("WWW.Example.");
        let signature = [signer.sign(&records)];
        let signed = judge(&records, &signature, &signer.keys(), NOW).unwrap();
        assert_eq!(signed, GoodSignature { ttl: 300, encloser: None });
        records.reverse();
        records[0].ttl = 20;
        assert_eq!(judge(&records, &signature, &signer.keys(), NOW).unwrap().ttl, 20);
        let good = rrsig(&signature[0]).sig();
        for octets in [[good, &[0]].concat(), good[1..].to_vec(), good[..good.len() - 1].to_vec()] {
            let changed = RRSIG::from_sig(signer.input(&records), octets);
            let changed = RData::DNSSEC(DNSSECRData::RRSIG(changed));
            let changed = [Record::from_rdata(records[0].name.clone(), 300, changed)];
            let found = judge(&records, &changed, &signer.keys(), NOW).unwrap_err();
            assert_eq!(found.why, Why::Bogus, "{algorithm}: of another length");
        }
        records[0].data = RData::A(rdata::A::new(192, 0, 2, 66));
        assert_eq!(judge(&records, &signature, &signer.keys(), NOW).unwrap_err().why, Why::Bogus);
    }
}

// The original TTL and the end of the signature are bounds.
#[test]
fn signature_caps_ttl() {
    let signer = Signer::new("example.", Algorithm::ED25519);
    let mut records = addresses("www.example.");
    let signature = [signer.sign(&records)];
    records.iter_mut().for_each(|record| record.ttl = 9_999);
    assert_eq!(judge(&records, &signature, &signer.keys(), NOW).unwrap().ttl, 300);
    let end = NOW + u64::from(10 * DAY) - 100;
    assert_eq!(judge(&records, &signature, &signer.keys(), end).unwrap().ttl, 100);
}

// A tenth of the time of the signature; a fast clock has none.
#[test]
fn slow_clock_has_tolerance() {
    let signer = Signer::new("example.", Algorithm::ED25519);
    let records = addresses("www.example.");
    let at = |begin: u64, end: u64| {
        let serial = |unix: u64| SerialNumber::new(u32::try_from(unix).unwrap());
        let input =
            SigInput { sig_inception: serial(begin), sig_expiration: serial(end), ..signer.input(&records) };
        judge(&records, &[signer.sign_as(input, &records)], &signer.keys(), NOW)
    };
    let day = u64::from(DAY);
    for left in [0, 1, 5] {
        assert_eq!(u64::from(at(NOW - 20 * day, NOW + left).unwrap().ttl), left, "it ends in {left} s");
    }
    assert_eq!(at(NOW - 20 * day, NOW - 1).unwrap_err().why, Why::Expired);
    assert_eq!(at(NOW - 2 * day, NOW - day).unwrap_err().why, Why::Expired);
    assert!(at(NOW + 3_500, NOW + 5 * 3_600).is_ok());
    assert_eq!(at(NOW + day, NOW + 2 * day).unwrap_err().why, Why::NotYetValid);
    assert_eq!(at(NOW + day, NOW - day).unwrap_err().why, Why::Expired);
    let reason = at(NOW - 20 * day, NOW - 3 * day).unwrap_err().text;
    assert_eq!(reason, "the RRSIG of www.example. A expired 3 days ago");
    let reason = at(NOW - 20 * day, NOW - 61).unwrap_err().text;
    assert_eq!(reason, "the RRSIG of www.example. A expired 61 s ago");
    for (ended, text) in [(119, "119 s"), (600, "10 min"), (5 * 3_600, "5 h"), (2 * day - 1, "47 h")] {
        let reason = at(NOW - 20 * day, NOW - ended).unwrap_err().text;
        assert_eq!(reason, format!("the RRSIG of www.example. A expired {text} ago"));
    }
    // A validity period may begin in the future, by less than a tenth of its length. Here it is 100 hours long, so it may begin less than
    // 10 hours in the future.
    for (begins, good) in [(36_000 - 1, true), (36_000, false)] {
        assert_eq!(at(NOW + begins, NOW + begins + 360_000).is_ok(), good, "begins in {begins} s");
    }
}

/// The times in signatures are serial numbers of 32 bits. Two times that differ by at most 68 years must compare correctly, even if the numbers begin
/// again at 0 between them (in 2106).
#[test]
fn kept_signature_expires_at_end() {
    let signer = Signer::new("example.", Algorithm::ED25519);
    let records = addresses("www.example.");
    let now = u32::try_from(NOW).unwrap();
    let signed = |end: u32| {
        let input = SigInput { sig_expiration: SerialNumber::new(end), ..signer.input(&records) };
        signer.sign_as(input, &records)
    };
    for (end, expired) in [
        (now, false),
        (now + 1, false),
        (now - 1, true),
        (now - 20 * DAY, true),
        (now + 20 * DAY, false),
        (now.wrapping_add(u32::MAX / 2), false),
        (now.wrapping_add(u32::MAX / 2 + 1), true),
    ] {
        for unix in [NOW, NOW + (1 << 32)] {
            assert_eq!(has_expired(&signed(end), Calendar::Clock(unix)), expired, "{end} at {unix}");
            assert_eq!(has_expired(&signed(end), Calendar::After(unix)), expired, "{end} after {unix}");
        }
    }
    assert!(!has_expired(&records[0], TODAY), "an address is no signature");
}

/// Other zones than the root may publish signatures before their validity begins, which shows nothing about the clock.
#[test]
fn future_root_signature_shows_slow_clock() {
    let day = u64::from(DAY);
    let serial = |unix: u64| SerialNumber::new(u32::try_from(unix).unwrap());
    let proven = |zone: &str, forged: bool, (begin, end): (u64, u64), calendar: Calendar| {
        let (signer, other) = (Signer::new(zone, Algorithm::ED25519), Signer::new(zone, Algorithm::ED25519));
        let records = addresses("example.");
        let mut input = signer.input(&records);
        (input.sig_inception, input.sig_expiration) = (serial(begin), serial(end));
        let signature = if forged { other.sign_as(input, &records) } else { signer.sign_as(input, &records) };
        let (held, signatures): (Vec<&Record>, _) = (records.iter().collect(), [rrsig(&signature)]);
        let rrset = CoveredRrset { name: &records[0].name, kind: RecordType::A, records: &held };
        come_to(check(&rrset, &signatures, &signer.keys(), Rules { calendar, ..today(&Budget::default()) }))
    };
    let ahead = (NOW + 20 * day, NOW + 30 * day);
    let fault = proven(".", false, ahead, TODAY).unwrap_err();
    assert_eq!((fault.why, fault.passed), (Why::NotYetValid, Some(ahead.0)));
    assert_eq!(proven("example.", false, ahead, TODAY).unwrap_err().passed, None);
    let forged = proven(".", true, ahead, TODAY).unwrap_err();
    assert_eq!((forged.why, forged.passed), (Why::Bogus, None));
    // If the clock is slow, the start of a validity period is not checked. Its end must be later than the time in `Calendar::After`.
    let slow = Calendar::After(ahead.0);
    assert_eq!(proven("example.", false, ahead, slow).unwrap().ttl, CLOCKLESS_TTL);
    assert_eq!(proven("example.", false, (NOW + 40 * day, NOW + 50 * day), slow).unwrap().ttl, CLOCKLESS_TTL);
    assert_eq!(proven("example.", false, (NOW, NOW + 19 * day), slow).unwrap_err().why, Why::Expired);
    assert_eq!(proven("example.", true, ahead, slow).unwrap_err().why, Why::Bogus);
}

#[test]
fn signatures_match_name_and_type() {
    let signer = Signer::new("example.", Algorithm::ED25519);
    let records = addresses("www.example.");
    let text = RData::TXT(rdata::TXT::new(vec!["x".into()]));
    let text = [Record::from_rdata(name("www.example."), 300, text)];
    let [wanted, of_text, of_sibling] =
        [&records, text.as_slice(), &addresses("mail.example.")].map(|covered| signer.sign(covered));
    let all = [records[0].clone(), of_text, of_sibling, wanted.clone()];
    assert_eq!(covering(&all, &name("WWW.example."), RecordType::A), [rrsig(&wanted)]);
    assert_eq!(
        all.each_ref().map(covered_type),
        [None, Some(RecordType::TXT), Some(RecordType::A), Some(RecordType::A)]
    );
}

#[test]
fn wildcard_answer_has_closest_encloser() {
    let signer = Signer::new("example.", Algorithm::ED25519);
    let wildcard = signer.sign(&addresses("*.wild.example."));
    let records = addresses("a.b.wild.example.");
    let signed = judge(&records, std::slice::from_ref(&wildcard), &signer.keys(), NOW).unwrap();
    assert_eq!(signed.encloser, Some(name("wild.example.")));
    let itself = judge(&addresses("*.wild.example."), &[wildcard], &signer.keys(), NOW).unwrap();
    assert_eq!(itself.encloser, None);
}

// Another key, type, zone or number of labels.
#[test]
fn foreign_signature_is_not_accepted() {
    let signer = Signer::new("example.", Algorithm::ED25519);
    let records = addresses("www.example.");
    let why = |input: SigInput, keys: &ZoneKeys| {
        let fault = judge(&records, &[signer.sign_as(input, &records)], keys, NOW).unwrap_err();
        assert_eq!(fault.broken_at.as_deref(), Some(&keys.zone), "{fault}");
        fault.why
    };
    let other = Signer::new("example.", Algorithm::ED25519);
    assert_eq!(why(signer.input(&records), &other.keys()), Why::DnskeyMissing);
    let sibling = Signer::new("other.", Algorithm::ED25519);
    assert_eq!(why(signer.input(&records), &sibling.keys()), Why::RrsigsMissing);
    let mut flagged = signer.keys();
    flagged.keys[0].key = Signer::with_flags("example.", Algorithm::ED25519, 0).dnskey;
    assert_eq!(why(signer.input(&records), &flagged), Why::DnskeyMissing);
    assert_eq!(judge(&records, &[], &signer.keys(), NOW).unwrap_err().why, Why::RrsigsMissing);
    let foreign = addresses("www.other.");
    let signature = [signer.sign(&foreign)];
    assert_eq!(judge(&foreign, &signature, &signer.keys(), NOW).unwrap_err().why, Why::Bogus);
    let deep = addresses("a.www.example.");
    let signature = [signer.sign(&deep)];
    assert_eq!(judge(&records, &signature, &signer.keys(), NOW).unwrap_err().why, Why::Bogus);
}

#[test]
fn ds_signer_is_parent_zone() {
    let (parent, child) =
        (Signer::new("com.", Algorithm::ED25519), Signer::new("example.com.", Algorithm::ED25519));
    let records = addresses("example.com.");
    let signatures = [parent.sign(&records), child.sign(&records)];
    let signatures: Vec<&RRSIG> = signatures.iter().map(rrsig).collect();
    assert_eq!(signer(&name("example.com."), RecordType::A, &signatures), Some(&name("example.com.")));
    assert_eq!(signer(&name("example.com."), RecordType::DS, &signatures), Some(&name("com.")));
    assert_eq!(signer(&name("other."), RecordType::A, &signatures), None);
}

// KeyTrap, CVE-2023-50387.
#[test]
fn keys_with_equal_tag_are_bounded() {
    let signer = Signer::new("example.", Algorithm::ED25519);
    let records = addresses("www.example.");
    let mut keys = signer.keys();
    for _ in 0..40 {
        let mut twin = Signer::new("example.", Algorithm::ED25519).keys().keys.remove(0);
        twin.tag = signer.tag();
        keys.keys.insert(0, twin);
    }
    let forged: Vec<Record> = (0..40).map(|_| signer.sign(&records)).collect();
    let signatures: Vec<&RRSIG> = forged.iter().map(rrsig).collect();
    let held: Vec<&Record> = records.iter().collect();
    let rrset = CoveredRrset { name: &records[0].name, kind: RecordType::A, records: &held };
    let budget = Budget::default();
    let fault = come_to(check(&rrset, &signatures, &keys, today(&budget))).unwrap_err();
    assert_eq!(fault.why, Why::Indeterminate, "{fault}");
}

#[test]
fn unusable_signatures_do_not_hide_valid() {
    let signer = Signer::new("example.", Algorithm::ED25519);
    let records = addresses("www.example.");
    let other = |change: &dyn Fn(&mut SigInput)| {
        let mut input = signer.input(&records);
        change(&mut input);
        let data = RData::DNSSEC(DNSSECRData::RRSIG(RRSIG::from_sig(input, vec![0; 64])));
        Record::from_rdata(records[0].name.clone(), 300, data)
    };
    let kinds: [&dyn Fn(&mut SigInput); 3] = [
        &|input| input.key_tag = input.key_tag.wrapping_add(1),
        &|input| input.sig_expiration = SerialNumber::new(input.sig_inception.get() + 1),
        &|input| input.algorithm = Algorithm::Unknown(200),
    ];
    for change in kinds {
        let mut signatures = vec![other(change); 2 * MAX_SIGNATURES];
        signatures.push(signer.sign(&records));
        assert!(judge(&records, &signatures, &signer.keys(), NOW).is_ok());
    }
    // The valid signature comes after `MAX_SIGNATURES` wrong ones and is not checked.
    let mut signatures = vec![other(&|_| ()); MAX_SIGNATURES];
    signatures.push(signer.sign(&records));
    assert_eq!(judge(&records, &signatures, &signer.keys(), NOW).unwrap_err().why, Why::Bogus);
    signatures.remove(0);
    assert!(judge(&records, &signatures, &signer.keys(), NOW).is_ok());
    let many = vec![signer.sign(&records); 2 * MAX_RRSIGS];
    assert_eq!(covering(&many, &records[0].name, RecordType::A).len(), MAX_RRSIGS);
}

#[test]
fn failed_signature_costs_by_time() {
    let field = [&[5, 1, 255, 255, 255, 255], [0xC5; 512].as_slice()].concat();
    let large = DNSKEY::with_flags(257, PublicKeyBuf::new(field, Algorithm::RSASHA256));
    let until_spent = |algorithm: Algorithm, key: Option<&DNSKEY>, usual: u32| {
        let signer = Signer::new("example.", if key.is_some() { Algorithm::ED25519 } else { algorithm });
        let records = addresses("www.example.");
        let mut keys = signer.keys();
        if let Some(key) = key {
            keys.keys[0].key = key.clone();
        }
        keys.keys[0].algorithm = algorithm;
        let input = SigInput { algorithm, ..signer.input(&records) };
        let forged = RRSIG::from_sig(input, vec![7; 64]);
        let held: Vec<&Record> = records.iter().collect();
        let rrset = CoveredRrset { name: &records[0].name, kind: RecordType::A, records: &held };
        let budget = Budget::default();
        for _ in 0..MAX_FAILED_CHECKS.div_ceil(usual) {
            let fault = come_to(check(&rrset, &[&forged], &keys, today(&budget))).unwrap_err();
            assert_eq!(fault.why, Why::Bogus, "{algorithm}");
        }
        let fault = come_to(check(&rrset, &[&forged], &keys, today(&budget))).unwrap_err();
        assert_eq!(fault.why, Why::Indeterminate, "{algorithm}");
    };
    until_spent(Algorithm::ED25519, None, 1);
    until_spent(Algorithm::ECDSAP256SHA256, None, 1);
    until_spent(Algorithm::ECDSAP384SHA384, None, SLOW_CHECK);
    until_spent(Algorithm::RSASHA256, Some(&large), 3);
}

#[test]
fn expensive_validation_yields_thread() {
    let signer = Signer::new("example.", Algorithm::ED25519);
    let (records, keys) = (addresses("www.example."), signer.keys());
    let forged = RRSIG::from_sig(signer.input(&records), vec![7; 64]);
    let held: Vec<&Record> = records.iter().collect();
    let rrset = CoveredRrset { name: &records[0].name, kind: RecordType::A, records: &held };
    let turns = come_to(async {
        let (budget, turns) = (Budget::default(), Arc::new(AtomicU32::new(0)));
        let counted = Arc::clone(&turns);
        let other = tokio::spawn(async move {
            loop {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        for _ in 0..2 * MAX_CHECKS_IN_A_ROW {
            check(&rrset, &[&forged], &keys, today(&budget)).await.unwrap_err();
        }
        other.abort();
        turns.load(Ordering::Relaxed)
    });
    assert!((2..=3).contains(&turns), "{turns}");
}

#[test]
fn best_usable_ds_entrusts_keys() {
    let signer = Signer::new("example.", Algorithm::ED25519);
    let keys = [signer.record()];
    let signature = signer.sign(&keys);
    let judge = |ds: &[DS]| {
        let ds: Vec<&DS> = ds.iter().collect();
        let (keys, budget) = ([&keys[0]], Budget::default());
        come_to(entrust(&signer.zone, &ds, &keys, &[rrsig(&signature)], today(&budget)))
    };
    let insecure = |entrusted| match entrusted {
        Entrusted::Insecure(fault) => fault.why,
        other => panic!("{other:?}"),
    };
    let bogus = |entrusted| match entrusted {
        Entrusted::Bogus(fault) => fault.why,
        other => panic!("{other:?}"),
    };
    for digest in [DigestType::SHA256, DigestType::SHA384, DigestType::SHA1] {
        assert_eq!(judge(&[signer.ds(digest)]), Entrusted::Secure(signer.keys(), 3_600), "{digest:?}");
    }
    let other = Signer::new("example.", Algorithm::ED25519);
    assert_eq!(bogus(judge(&[other.ds(DigestType::SHA256)])), Why::DnskeyMissing);
    // The SHA-1 digest of this key is not used, because there is a SHA-256 digest (of another key).
    assert_eq!(
        bogus(judge(&[other.ds(DigestType::SHA256), signer.ds(DigestType::SHA1)])),
        Why::DnskeyMissing
    );
    let gost = DS::new(signer.tag(), Algorithm::ED25519, DigestType::Unknown(3), vec![1; 32]);
    assert_eq!(insecure(judge(std::slice::from_ref(&gost))), Why::Digest);
    assert!(matches!(judge(&[gost, signer.ds(DigestType::SHA256)]), Entrusted::Secure(..)));
    for unknown in
        [Algorithm::Unknown(16), Algorithm::Unknown(200), Algorithm::from_u8(5), Algorithm::from_u8(1)]
    {
        let ds = DS::new(signer.tag(), unknown, DigestType::SHA256, vec![1; 32]);
        assert_eq!(insecure(judge(&[ds])), Why::Algorithm, "{unknown:?}");
    }
}

// It is no zone key, is revoked, or has not signed the keys.
#[test]
fn unfit_key_is_not_trusted() {
    let judge = |signer: &Signer, signatures: &[&RRSIG]| {
        let (ds, keys) = (signer.ds(DigestType::SHA256), signer.record());
        let budget = Budget::default();
        come_to(entrust(&signer.zone, &[&ds], &[&keys], signatures, today(&budget)))
    };
    let why = |flags| {
        let signer = Signer::with_flags("example.", Algorithm::ED25519, flags);
        let signature = signer.sign(&[signer.record()]);
        match judge(&signer, &[rrsig(&signature)]) {
            Entrusted::Bogus(fault) => {
                assert_eq!(fault.broken_at.as_deref(), Some(&name("example.")), "{fault}");
                fault.why
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(why(0), Why::NoZoneKeyBit);
    assert_eq!(why(257 | 0x80), Why::DnskeyMissing);
    let signer = Signer::new("example.", Algorithm::ED25519);
    assert!(matches!(judge(&signer, &[]), Entrusted::Bogus(fault) if fault.why == Why::RrsigsMissing));
}

#[test]
fn usable_ds_is_found_among_many() {
    let signer = Signer::new("example.", Algorithm::ED25519);
    let unknown = |number: u8| {
        let (algorithm, digest) = if number.is_multiple_of(2) {
            (Algorithm::Unknown(200), DigestType::SHA256)
        } else {
            (Algorithm::ED25519, DigestType::Unknown(200))
        };
        DS::new(signer.tag(), algorithm, digest, vec![number; 32])
    };
    let mut ds: Vec<DS> = (0..3 * MAX_DS).map(|number| unknown(u8::try_from(number).unwrap())).collect();
    ds.push(signer.ds(DigestType::SHA256));
    let others = (0..2 * MAX_DNSKEYS).map(|_| Signer::new("example.", Algorithm::ED25519));
    // Only a few keys with the same tag are tried, so keys that happen to have the tag of `signer` are removed here.
    let others = others.filter(|other| other.tag() != signer.tag()).map(|other| other.record());
    let keys: Vec<Record> = others.chain([signer.record()]).collect();
    let signature = signer.sign(&keys);
    let (ds, keys): (Vec<&DS>, Vec<&Record>) = (ds.iter().collect(), keys.iter().collect());
    let budget = Budget::default();
    let trusted = match come_to(entrust(&signer.zone, &ds, &keys, &[rrsig(&signature)], today(&budget))) {
        Entrusted::Secure(trusted, _) => trusted,
        other => panic!("{other:?}"),
    };
    assert_eq!(trusted.keys.len(), MAX_DNSKEYS);
    assert!(trusted.keys.iter().any(|key| key.key == signer.dnskey));
}

/// Such a signature would let the owner of a zone sign a wildcard of a zone above.
#[test]
fn signature_with_labels_above_zone_refused() {
    let signer = Signer::new("sub.example.", Algorithm::ED25519);
    let records = addresses("www.sub.example.");
    for (labels, is_good) in [(3, true), (2, true), (1, false), (0, false)] {
        let input = SigInput { num_labels: labels, ..signer.input(&records) };
        let found = judge(&records, &[signer.sign_as(input, &records)], &signer.keys(), NOW);
        assert_eq!(found.is_ok(), is_good, "{labels} labels");
    }
}
