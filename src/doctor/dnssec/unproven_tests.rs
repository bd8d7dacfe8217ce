//! Cases of servers that deny records without a proof.

use super::*;
use crate::dnssec::keys::tests::SIGNED;
use crate::facts::Got;
use crate::facts::tests::facts;
use crate::{dnssec, judge};

/// A signed domain whose two servers deny its DMARC record with these records in the authority section.
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
const HASHED: &str = " | >a.b. SOA ns. h. 1 2 3 4 5 | >00.a.b. NSEC3 1 0 0 - 11 SOA";

/// The findings of DNSSEC, each with its level and its evidence.
fn told(facts: &DomainFacts) -> Vec<(Code, Level, String)> {
    dnssec::check(facts).into_iter().map(|finding| (finding.code, finding.level, finding.evidence)).collect()
}

#[test]
fn a_server_that_denies_without_a_proof_is_named_and_all_such_servers_are_a_failure() {
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
        // Another server tells the zone of the name.
        (PROVEN, "", Some((Level::Warning, two.clone()))),
        ("", "", None),
        // It may be the denial of a zone below.
        (PROVEN, " | >_dmarc.a.b. SOA ns. h. 1 2 3 4 5", None),
    ] {
        let found = told(&denied(first, second, ""));
        let expected = match expected {
            None => (Code::DnssecOk, Level::Ok, "a.b.".to_owned()),
            Some((level, evidence)) => (Code::NsWithoutProof, level, evidence),
        };
        assert_eq!(found, [expected], "{first} {second}");
    }
}

#[test]
fn proofs_of_other_names_and_wildcards_without_a_proof_are_none() {
    let other = " | >a.b. SOA ns. h. 1 2 3 4 5 | >a.b. NSEC \\052.a.b. SOA RRSIG NSEC";
    let elsewhere = " | >a.b. SOA ns. h. 1 2 3 4 5 | >m.a.b. NSEC x.a.b. A RRSIG NSEC";
    let found = told(&denied(PROVEN, elsewhere, ""));
    let words = "192.0.2.2 (ns2.a.b.) denies _dmarc.a.b. TXT with NSEC or NSEC3 records that do not prove it";
    assert_eq!(found, [(Code::NsWithoutProof, Level::Warning, words.to_owned())]);
    assert_eq!(told(&denied(PROVEN, other, ""))[0].0, Code::DnssecOk, "it cannot be read");
    let expanded = |authority: &str| {
        let answer =
            "_tlsrpt.a.b. TXT udp aa | \"x\" | =_tlsrpt.a.b. RRSIG TXT 13 2 300 4000000000 1 59409 a.b. x";
        told(&denied(PROVEN, PROVEN, &format!("server 192.0.2.2 {answer}{authority}")))
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
        let told = found.iter().find(|(code, ..)| *code == Code::NsWithoutProof);
        assert_eq!(
            told.map(|(_, _, evidence)| evidence.clone()),
            Some(format!("{begin} {end}")),
            "{found:#?}"
        );
    }
    let sound = expanded(" | >*.a.b. NSEC x.a.b. TXT RRSIG NSEC");
    assert!(sound.iter().all(|(code, ..)| *code != Code::NsWithoutProof), "{sound:#?}");
}

#[test]
fn lookups_that_no_server_proves_are_told_once() {
    let bogus = "lookup _dmarc.a.b. TXT SERVFAIL bogus\nlookup _dmarc.a.b. CNAME SERVFAIL bogus";
    let found = told(&denied(SOA, SOA, bogus));
    let codes: Vec<(Code, Level)> = found.iter().map(|(code, level, _)| (*code, *level)).collect();
    assert_eq!(codes, [(Code::NsWithoutProof, Level::Failure)], "{found:#?}");
    let judged = judge(&denied(SOA, SOA, bogus));
    assert!(judged.iter().all(|finding| finding.code != Code::PolicyUnanswered), "{judged:#?}");
    // Another reason stays.
    let found = told(&denied(PROVEN, PROVEN, bogus));
    assert_eq!(found.iter().map(|(code, ..)| *code).collect::<Vec<_>>(), [Code::DnssecBogus], "{found:#?}");
}

#[test]
fn a_domain_that_is_bogus_here_because_of_a_denial_names_the_servers() {
    let mail = "lookup a.b. MX SERVFAIL bogus\n".to_owned()
        + &[1, 2].map(|last| format!("server 192.0.2.{last} a.b. MX udp aa{SOA}\n")).concat();
    let found = told(&denied(PROVEN, PROVEN, &mail));
    let [(code, level, evidence)] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((*code, *level), (Code::NsWithoutProof, Level::Failure));
    assert!(evidence.contains("192.0.2.2 (ns2.a.b.) denies a.b. MX without an NSEC"), "{evidence}");
}

#[test]
fn an_unsigned_domain_needs_no_proof_and_a_server_without_signatures_is_told_by_that() {
    let mut unsigned = denied(SOA, SOA, "");
    for got in unsigned.got.values_mut() {
        if let Got::Reply(reply) = got {
            reply.answers.retain(|record| record.kind != "DS");
        }
    }
    assert_eq!(check(&unsigned, false), None);
    let without = "server 192.0.2.2 a.b. DNSKEY udp aa";
    let found = told(&denied(PROVEN, SOA, without));
    assert_eq!(found.iter().map(|(code, ..)| *code).collect::<Vec<_>>(), [Code::NsWithoutKeys], "{found:#?}");
}
