//! Cases of extended errors that name a cause which the zone does not have.

use super::*;
use crate::extended_errors;
use crate::facts::tests::facts;

/// The words and the remedy for an error about a zone of which this is the answer for the SOA, and these are further lines.
fn told(code: u16, soa: &str, more: &str) -> Option<(String, &'static str)> {
    let lines = format!(
        "lookup a.b. SOA | ns. h. 1 2 3 4 5\nlookup b. SOA | ns.b. h. 1 2 3 4 5\nlookup b. NS | ns.b.\nlookup ns.b. A | 192.0.2.9\n\
         lookup ns.a.b. A | 192.0.2.1\nserver 192.0.2.9 a.b. NS udp | >a.b. NS ns.a.b.\n\
         server 192.0.2.1 a.b. SOA udp aa | ns. h. 1 2 3 4 5{soa}\n{more}"
    );
    let found = by_zone(&facts("a.b.", &lines), extended_errors::kind([code]).unwrap());
    found.map(|found| (found.words, found.remedy))
}

fn signed(algorithm: u8) -> String {
    format!(" | =a.b. RRSIG SOA {algorithm} 2 300 4000000000 1 7 a.b. x")
}

const DS: &str = "server 192.0.2.9 a.b. DS udp aa | 7 13";

#[test]
fn an_unsigned_zone_is_not_told_to_sign() {
    for code in [1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 25, 27] {
        for ds in ["", "server 192.0.2.9 a.b. DS udp aa"] {
            let (words, remedy) = told(code, "", ds).unwrap_or_else(|| panic!("{code}"));
            assert!(
                words.contains("the servers send no signatures, and the zone above has no DS record"),
                "{words}"
            );
            assert_eq!(remedy, remedies::ERROR_OF_UNSIGNED);
        }
    }
    for code in [13, 14, 18, 20, 22, 23] {
        assert_eq!(told(code, "", ""), None, "{code}");
    }
    assert_eq!(told(10, "", &format!("{DS} 2 aa")), None, "the zone above says that it is signed");
}

#[test]
fn what_the_zone_has_already_is_not_advised() {
    let words = |code, algorithm, more: &str| {
        told(code, &signed(algorithm), more).map(|(words, remedy)| {
            assert_eq!(remedy, remedies::ERROR_CONTRADICTED);
            words
        })
    };
    for (algorithm, is_told) in [(13, true), (8, true), (15, false), (5, false)] {
        let told = words(1, algorithm, &format!("{DS} 2 aa"));
        assert_eq!(
            told.is_some_and(|words| words.contains(&format!("algorithm {algorithm}"))),
            is_told,
            "{algorithm}"
        );
    }
    for (digest, is_told) in [(2, true), (1, false), (4, false)] {
        assert_eq!(words(2, 13, &format!("{DS} {digest} aa")).is_some(), is_told, "{digest}");
    }
    let denial =
        |proof: &str| format!("{DS} 2 aa\nserver 192.0.2.1 _dmarc.a.b. TXT udp NXDOMAIN aa | >{proof}");
    let hashed = |iterations: u16| {
        denial(&format!("x.a.b. NSEC3 1 0 {iterations} - 2vptu5timamqttgl4luu9kg21e0aor3s A"))
    };
    let told = |more: &str| words(27, 13, more).unwrap_or_default();
    assert!(told(&denial("a.b. NSEC mail.a.b. A RRSIG NSEC")).contains("NSEC records, and no NSEC3 records"));
    assert!(told(&hashed(0)).contains("0 iterations"));
    assert_eq!((told(&hashed(5)), told(DS)), (String::new(), String::new()));
    assert_eq!(words(7, 13, &format!("{DS} 2 aa")), None, "another finding tells of signatures");
}
