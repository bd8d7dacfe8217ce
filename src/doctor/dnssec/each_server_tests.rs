//! Tests of signatures and proofs of non-existence at two servers of a zone.

use data_encoding::BASE64;

use super::*;
use crate::codes::remedies;
use crate::dnssec::keys::tests::SIGNED;
use crate::facts::Got;
use crate::facts::tests::facts;
use crate::{dnssec, judge};

/// This key (KSK) signs the DNSKEY records. The keys `FIRST` and `SECOND` sign the other records.
const ENTRY: &str =
    "257 3 13 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==";
const FIRST: &str =
    "256 3 13 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Qg==";
const SECOND: &str =
    "256 3 13 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+QQ==";

fn tag(key: &str) -> u16 {
    algorithm_and_tag(self::key(&Record::read("a.b.", 0, "DNSKEY", key).unwrap()).unwrap()).unwrap().1
}

/// Returns a signature over records of the type `kind`, made with this key. `fits`: the result of its verification: `good`, `bad`, or any
/// other word if unknown.
fn signature(kind: &str, key: &str, fits: &str) -> String {
    format!("=a.b. RRSIG {kind} 13 2 300 4000000000 1 {} a.b. {}", tag(key), BASE64.encode(fits.as_bytes()))
}

/// Returns the reply of a server with these DNSKEY records, which the first key signs.
fn keys_at(server: &str, keys: &[&str], fits: &str) -> String {
    format!(
        "server {server} a.b. DNSKEY udp aa | {} | {}",
        keys.join(" | "),
        signature("DNSKEY", ENTRY, fits)
    )
}

fn mail_at(server: &str, signatures: &[(&str, &str)]) -> String {
    let made = signatures.iter().map(|(key, fits)| format!(" | {}", signature("MX", key, fits)));
    format!("server {server} a.b. MX udp aa | 10 mx.a.b.{}", made.collect::<String>())
}

const BY_FIRST: &[(&str, &str)] = &[(FIRST, "good")];
const BY_SECOND: &[(&str, &str)] = &[(SECOND, "good")];

const ONE: &str = "192.0.2.1";
const OTHER: &str = "192.0.2.2";

fn zone_with(answers: &[String]) -> DomainFacts {
    let both = SIGNED.replace("lookup ns.a.b. A | 192.0.2.1", "lookup ns.a.b. A | 192.0.2.1 | 192.0.2.2");
    let soa = "server 192.0.2.2 a.b. SOA udp aa | ns. h. 1 2 3 4 5";
    let here = "lookup a.b. SOA secure | ns. h. 1 2 3 4 5";
    facts("a.b.", &format!("{here}{both}\n{soa}\n{}", answers.join("\n")))
}

fn shown(answers: &[String]) -> Option<(Level, String, &'static str)> {
    let facts = zone_with(answers);
    let found = signatures_by(&facts, &mut |_, signature, _| match signature.sig() {
        b"good" => SignatureFit::Verifies,
        b"bad" => SignatureFit::Fails,
        _ => SignatureFit::Unknown,
    })?;
    Some((found.level, found.evidence.clone(), found.remedy()))
}

/// Returns the evidence of the finding. `keys`: the keys of each server. `signatures`: the signatures of each server over the MX records.
fn of_mail(keys: [&[&str]; 2], signatures: [&[(&str, &str)]; 2]) -> Option<String> {
    let [one, other] = [(ONE, 0), (OTHER, 1)].map(|(server, place)| {
        format!("{}\n{}", keys_at(server, keys[place], "good"), mail_at(server, signatures[place]))
    });
    shown(&[one, other]).map(|(level, evidence, _)| {
        assert_eq!(level, Level::Failure, "{evidence}");
        evidence
    })
}

const SAME: [&[&str]; 2] = [&[ENTRY, FIRST], &[ENTRY, FIRST]];

#[test]
fn wrong_signature_at_server_is_named() {
    let good: &[(&str, &str)] = &[(FIRST, "good")];
    assert_eq!(of_mail(SAME, [good, good]), None);
    assert_eq!(of_mail(SAME, [good, &[]]).unwrap(), "192.0.2.2 (ns.a.b.) gives a.b. MX without a signature");
    let wrong = format!(
        "192.0.2.2 (ns.a.b.) gives a.b. MX with a signature of the key {} that does not verify",
        tag(FIRST)
    );
    assert_eq!(of_mail(SAME, [good, &[(FIRST, "bad")]]).unwrap(), wrong);
    // A fault of all servers is not reported here: another finding reports it.
    assert_eq!(of_mail(SAME, [&[], &[]]), None);
    assert_eq!(of_mail(SAME, [&[(FIRST, "bad")], &[(FIRST, "bad")]]), None);
    // It is unknown whether the signature at the first server is right, so no fault of the second server is reported.
    assert_eq!(of_mail(SAME, [&[(FIRST, "unknown")], &[(FIRST, "bad")]]), None);
    assert_eq!(of_mail(SAME, [good, &[(FIRST, "unknown")]]), None);
}

#[test]
fn one_signature_that_fits_is_enough() {
    let good: &[(&str, &str)] = &[(FIRST, "good")];
    for both in [
        &[(FIRST, "bad"), (FIRST, "good")][..],
        &[(SECOND, "good"), (FIRST, "good")],
        &[(FIRST, "good"), (SECOND, "bad")],
        &[(SECOND, "good"), (FIRST, "unknown")],
    ] {
        assert_eq!(of_mail(SAME, [good, both]), None, "{both:?}");
    }
    let wrong = of_mail(SAME, [good, &[(SECOND, "good"), (FIRST, "bad")]]).unwrap();
    assert!(wrong.ends_with(&format!("of the key {} that does not verify", tag(FIRST))), "{wrong}");
}

#[test]
fn key_rollover_is_no_fault() {
    let (first, second) = (BY_FIRST, BY_SECOND);
    let both: &[&str] = &[ENTRY, FIRST, SECOND];
    // A new key is published before it signs records. The first server does not have the new key yet.
    assert_eq!(of_mail([&[ENTRY, FIRST], both], [first, first]), None);
    assert_eq!(of_mail([both, both], [first, second]), None);
    // Both keys sign the records, as in a key rollover (RFC 6781 section 4.1.1.2).
    assert_eq!(of_mail([&[ENTRY, FIRST], both], [first, &[(SECOND, "good"), (FIRST, "good")]]), None);
}

#[test]
fn unpublished_signer_key_is_named() {
    let (first, second) = (BY_FIRST, BY_SECOND);
    let lacks = |signs: &str, key: &str| {
        format!(
            "{signs} (ns.a.b.) signs a.b. MX with the key {}, which is not in the DNSKEY records of all servers",
            tag(key)
        )
    };
    let partly: [&[&str]; 2] = [&[ENTRY, FIRST], &[ENTRY, FIRST, SECOND]];
    assert_eq!(of_mail(partly, [first, second]).unwrap(), lacks(OTHER, SECOND));
    // Two providers with different keys: the records of one provider are bogus with the keys of the other.
    let apart: [&[&str]; 2] = [&[ENTRY, FIRST], &[ENTRY, SECOND]];
    let both = format!("{}; {}", lacks(ONE, FIRST), lacks(OTHER, SECOND));
    assert_eq!(of_mail(apart, [first, second]).unwrap(), both);
    let nobody = format!(
        "192.0.2.2 (ns.a.b.) gives a.b. MX with a signature of the key {} that does not verify",
        tag(SECOND)
    );
    assert_eq!(of_mail(SAME, [first, second]).unwrap(), nobody);
    assert_eq!(of_mail(SAME, [second, second]), None, "the zone itself is bogus");
    let (_, _, remedy) = shown(&[
        format!("{}\n{}", keys_at(ONE, partly[0], "good"), mail_at(ONE, first)),
        format!("{}\n{}", keys_at(OTHER, partly[1], "good"), mail_at(OTHER, second)),
    ])
    .unwrap();
    assert_eq!(remedy, remedies::KEYS_OF_SIGNERS);
}

#[test]
fn unsigned_keys_at_server_are_named() {
    let bare = |server: &str| format!("server {server} a.b. DNSKEY udp aa | {ENTRY} | {FIRST}");
    let sound = format!("{}\n{}", keys_at(ONE, SAME[0], "good"), mail_at(ONE, BY_FIRST));
    let other = format!("{}\n{}", bare(OTHER), mail_at(OTHER, BY_FIRST));
    let (level, shown, _) = self::shown(&[sound.clone(), other.clone()]).unwrap();
    assert_eq!(
        (level, shown.as_str()),
        (Level::Failure, "192.0.2.2 (ns.a.b.) gives a.b. DNSKEY without a signature")
    );
    assert_eq!(keys::now(&zone_with(&[sound.clone(), other.clone()])), keys::KeysNow::Fit);
    // If no server signs its keys, the whole zone is bogus.
    let all = format!("{}\n{}", bare(ONE), mail_at(ONE, BY_FIRST));
    assert!(matches!(keys::now(&zone_with(&[all, other])), keys::KeysNow::Differ(_)));
    // A server without EDNS sends no signature at all.
    let plain = format!("{}\n{}", bare(OTHER), mail_at(OTHER, &[]));
    assert!(matches!(keys::now(&zone_with(&[sound, plain])), keys::KeysNow::Unsigned(_)));
}

#[test]
fn revoked_and_non_zone_keys_ignored() {
    let good: &[(&str, &str)] = &[(FIRST, "good")];
    for flags in ["384", "0"] {
        let other = SECOND.replace("256 3", &format!("{flags} 3"));
        assert_eq!(of_mail([&[ENTRY, FIRST, &other], SAME[1]], [good, good]), None);
    }
}

#[test]
fn key_signature_needs_ds_key() {
    let keys = |fits: [&str; 2]| {
        shown(&[keys_at(ONE, SAME[0], fits[0]), keys_at(OTHER, SAME[1], fits[1])]).map(|(_, shown, _)| shown)
    };
    assert_eq!(keys(["good", "good"]), None);
    let wrong = format!(
        "192.0.2.2 (ns.a.b.) gives a.b. DNSKEY with a signature of the key {} that does not verify",
        tag(ENTRY)
    );
    assert_eq!(keys(["good", "bad"]).unwrap(), wrong);
    assert_eq!(keys(["bad", "bad"]), None);
    // The parent zone has no DS record for this key. The module `keys` reports this.
    let bare = format!("{}\n{}", keys_at(ONE, SAME[0], "good"), mail_at(ONE, &[(FIRST, "good")]));
    let other = format!("server {OTHER} a.b. DNSKEY udp aa\n{}", mail_at(OTHER, &[]));
    assert_eq!(shown(&[bare, other]), None);
}

#[test]
fn unsigned_denial_at_server_is_warning() {
    let denial = |server: &str, signatures: &str| {
        format!(
            "{}\nserver {server} _dmarc.a.b. TXT udp NXDOMAIN aa | >a.b. NSEC mx.a.b. A MX RRSIG NSEC{signatures}",
            keys_at(server, SAME[0], "good")
        )
    };
    let signed = |fits: &str| format!(" | {}", signature("NSEC", FIRST, fits).replacen('=', ">", 1));
    let of = |signatures: &str| shown(&[denial(ONE, &signed("good")), denial(OTHER, signatures)]);
    assert_eq!(of(&signed("good")), None);
    let (level, evidence, _) = of("").unwrap();
    assert_eq!(
        (level, evidence.as_str()),
        (Level::Warning, "192.0.2.2 (ns.a.b.) gives a.b. NSEC without a signature")
    );
    assert_eq!(of(&signed("bad")).map(|(level, ..)| level), Some(Level::Warning));
}

#[test]
fn unsigned_child_needs_no_signature() {
    let of = |server: &str| {
        format!("{}\nserver {server} mx.c.a.b. A udp aa | 192.0.2.25", keys_at(server, SAME[0], "good"))
    };
    assert_eq!(shown(&[of(ONE), of(OTHER)]), None);
}

#[test]
fn bogus_server_replaces_dnssec_ok() {
    let answers = [
        format!("{}\n{}", keys_at(ONE, SAME[0], "x"), mail_at(ONE, &[(FIRST, "x")])),
        format!("{}\n{}", keys_at(OTHER, &[ENTRY, FIRST, SECOND], "x"), mail_at(OTHER, &[(SECOND, "x")])),
    ];
    let codes: Vec<Code> = judge(&zone_with(&answers)).into_iter().map(|finding| finding.code).collect();
    assert!(codes.contains(&Code::NsBogus) && !codes.contains(&Code::DnssecOk), "{codes:?}");
}

/// Returns facts about a signed domain whose two servers deny its DMARC record, with these records in the authority sections.
fn denied(first: &str, second: &str, more: &str) -> DomainFacts {
    let keys = SIGNED.rsplit_once("a.b. DNSKEY udp").unwrap().1;
    let deny = |server: u8, authority: &str| {
        format!("server 192.0.2.{server} _dmarc.a.b. TXT udp NXDOMAIN aa{authority}\n")
    };
    let lines = format!(
        "lookup a.b. SOA secure | ns. h. 1 2 3 4 5{SIGNED}\nlookup ns2.a.b. A | 192.0.2.2\n\
         server 192.0.2.9 a.b. NS udp | >a.b. NS ns.a.b. | >a.b. NS ns2.a.b.\n\
         server 192.0.2.2 a.b. SOA udp aa | ns. h. 1 2 3 4 5\nserver 192.0.2.2 a.b. DNSKEY udp{keys}\n{}{}{more}",
        deny(1, first),
        deny(2, second)
    );
    facts("a.b.", &lines)
}

const SOA: &str = " | >a.b. SOA ns. h. 1 2 3 4 5";
const PROVEN: &str = " | >a.b. SOA ns. h. 1 2 3 4 5 | >a.b. NSEC x.a.b. SOA RRSIG NSEC";
/// An NSEC3 record which proves that the zone has no name except the apex.
const HASHED: &str = " | >a.b. SOA ns. h. 1 2 3 4 5 | >n2p4hcte15ob4vsk4hm8mpo4oufi5o78.a.b. NSEC3 1 0 0 - n2p4hcte15ob4vsk4hm8mpo4oufi5o78 SOA";

fn findings(facts: &DomainFacts) -> Vec<(Code, Level, String)> {
    dnssec::check(facts).into_iter().map(|finding| (finding.code, finding.level, finding.evidence)).collect()
}

// If all servers of the zone deny without a proof, the finding is a failure.
#[test]
fn unproven_denial_names_servers() {
    let words = |server: &str| {
        format!("{server} denies _dmarc.a.b. TXT without an NSEC or NSEC3 record as the proof")
    };
    let (one, two) = (words("192.0.2.1 (ns.a.b.)"), words("192.0.2.2 (ns2.a.b.)"));
    for (first, second, expected) in [
        (PROVEN, PROVEN, None),
        (PROVEN, HASHED, None),
        (PROVEN, SOA, Some((Level::Warning, two.clone()))),
        (SOA, HASHED, Some((Level::Warning, one.clone()))),
        (SOA, SOA, Some((Level::Failure, format!("{one}; {two}")))),
        // The second reply has no SOA record, but the first reply shows to which zone the name belongs.
        (PROVEN, "", Some((Level::Warning, two.clone()))),
        ("", "", None),
        // The denial may come from a child zone, so it is not judged.
        (PROVEN, " | >_dmarc.a.b. SOA ns. h. 1 2 3 4 5", None),
    ] {
        let found = findings(&denied(first, second, ""));
        let expected = match expected {
            None => (Code::DnssecOk, Level::Ok, "a.b.".to_owned()),
            Some((level, evidence)) => (Code::NsWithoutProof, level, evidence),
        };
        assert_eq!(found, [expected], "{first} {second}");
    }
}

// Also a wildcard answer without a proof.
#[test]
fn unrelated_proof_counts_as_missing() {
    let elsewhere = " | >a.b. SOA ns. h. 1 2 3 4 5 | >m.a.b. NSEC x.a.b. A RRSIG NSEC";
    let found = findings(&denied(PROVEN, elsewhere, ""));
    let words = "192.0.2.2 (ns2.a.b.) denies _dmarc.a.b. TXT with NSEC or NSEC3 records that do not prove it";
    assert_eq!(found, [(Code::NsWithoutProof, Level::Warning, words.to_owned())]);
    let expanded = |authority: &str| {
        let answer =
            "_tlsrpt.a.b. TXT udp aa | \"x\" | =_tlsrpt.a.b. RRSIG TXT 13 2 300 4000000000 1 59409 a.b. AAAA";
        findings(&denied(PROVEN, PROVEN, &format!("server 192.0.2.2 {answer}{authority}")))
    };
    let begin = "192.0.2.2 (ns2.a.b.) gives the records of a wildcard for _tlsrpt.a.b. TXT";
    for (authority, end) in [
        ("", "without an NSEC or NSEC3 record as the proof that no name is closer"),
        (
            " | >m.a.b. NSEC x.a.b. A RRSIG NSEC",
            "with NSEC or NSEC3 records that do not prove that no name is closer",
        ),
    ] {
        let found = expanded(authority);
        let shown = found.iter().find(|(code, ..)| *code == Code::NsWithoutProof);
        assert_eq!(
            shown.map(|(_, _, evidence)| evidence.clone()),
            Some(format!("{begin} {end}")),
            "{found:#?}"
        );
    }
    let sound = expanded(" | >*.a.b. NSEC x.a.b. TXT RRSIG NSEC");
    assert!(sound.iter().all(|(code, ..)| *code != Code::NsWithoutProof), "{sound:#?}");
}

#[test]
fn unproven_lookups_are_reported_once() {
    let bogus = "lookup _dmarc.a.b. TXT SERVFAIL bogus\nlookup _dmarc.a.b. CNAME SERVFAIL bogus";
    let found = findings(&denied(SOA, SOA, bogus));
    let codes: Vec<(Code, Level)> = found.iter().map(|(code, level, _)| (*code, *level)).collect();
    assert_eq!(codes, [(Code::NsWithoutProof, Level::Failure)], "{found:#?}");
    let judged = judge(&denied(SOA, SOA, bogus));
    assert!(judged.iter().all(|finding| finding.code != Code::PolicyUnanswered), "{judged:#?}");
    // If validation fails because of another fault, the finding about that fault remains.
    let found = findings(&denied(PROVEN, PROVEN, bogus));
    assert_eq!(found.iter().map(|(code, ..)| *code).collect::<Vec<_>>(), [Code::DnssecBogus], "{found:#?}");
}

#[test]
fn bogus_by_denial_names_servers() {
    let mail = "lookup a.b. MX SERVFAIL bogus\n".to_owned()
        + &[1, 2].map(|last| format!("server 192.0.2.{last} a.b. MX udp aa{SOA}\n")).concat();
    let found = findings(&denied(PROVEN, PROVEN, &mail));
    let [(code, level, evidence)] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((*code, *level), (Code::NsWithoutProof, Level::Failure));
    assert!(evidence.contains("192.0.2.2 (ns2.a.b.) denies a.b. MX without an NSEC"), "{evidence}");
}

// A server without signatures is reported by another finding.
#[test]
fn unsigned_domain_needs_no_proof() {
    let mut unsigned = denied(SOA, SOA, "");
    for got in unsigned.got.values_mut() {
        if let Got::Reply(reply) = got {
            reply.answers.retain(|record| !record.is("DS"));
        }
    }
    assert_eq!(missing_proofs(&unsigned, false), None);
    let without = "server 192.0.2.2 a.b. DNSKEY udp aa";
    let found = findings(&denied(PROVEN, SOA, without));
    assert_eq!(found.iter().map(|(code, ..)| *code).collect::<Vec<_>>(), [Code::NsWithoutKeys], "{found:#?}");
}
