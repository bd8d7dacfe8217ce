//! Cases of the delegation.

use super::*;
use crate::check::domain::facts::tests::facts;

/// The zone above, which delegates to `ns1` and `ns2`.
const ABOVE: &str = "
    lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5
    lookup a.test. NS | ns1.a.test. | ns2.b.test.
    lookup test. SOA | ns.test. h. 1 2 3 4 5
    lookup test. NS | ns.test.
    lookup ns.test. A | 198.18.9.1
    lookup ns.test. AAAA
    lookup ns1.a.test. A | 198.18.1.1
    lookup ns1.a.test. AAAA
    lookup ns2.b.test. A | 198.18.2.1
    lookup ns2.b.test. AAAA";

const REFERRAL: &str = "server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | >a.test. NS ns2.b.test. | +ns1.a.test. A 198.18.1.1";

const FIRST: &str = "
    server 198.18.1.1 a.test. SOA udp aa | ns1.a.test. h. 7 2 3 4 5
    server 198.18.1.1 a.test. SOA tcp aa | ns1.a.test. h. 7 2 3 4 5
    server 198.18.1.1 a.test. NS mixed aa | ns1.a.test. | ns2.b.test.
    server 198.18.1.1 a.test. MX udp aa | 10 mx.a.test.";

const SECOND: &str = "
    server 198.18.2.1 a.test. SOA udp aa | ns1.a.test. h. 7 2 3 4 5
    server 198.18.2.1 a.test. SOA tcp aa | ns1.a.test. h. 7 2 3 4 5
    server 198.18.2.1 a.test. NS mixed aa | ns1.a.test. | ns2.b.test.
    server 198.18.2.1 a.test. MX udp aa | 10 mx.a.test.";

/// The findings of a domain whose referral, first and second server are replaced by those that are given.
fn codes(referral: &str, first: &str, second: &str) -> Vec<(Code, Level)> {
    let lines = format!("{ABOVE}\n{referral}\n{first}\n{second}");
    check(&facts("a.test.", &lines)).into_iter().map(|finding| (finding.code, finding.level)).collect()
}

fn usual(code: Code) -> (Code, Level) {
    (code, code.entry().level)
}

#[test]
fn servers_that_agree_are_well() {
    assert_eq!(codes(REFERRAL, FIRST, SECOND), [usual(Code::DelegationWell)]);
    let facts = facts("a.test.", &format!("{ABOVE}\n{REFERRAL}\n{FIRST}\n{SECOND}"));
    assert!(wants(&facts).iter().all(|want| facts.got.contains_key(want)), "nothing is left to ask");
    assert!(check(&facts)[0].evidence.contains("seen everywhere by 2026-01-01 01:00 UTC"));
}

#[test]
fn each_fault_of_a_server_has_its_code() {
    let soa = "server 198.18.2.1 a.test. SOA";
    let cases = [
        (format!("{soa} udp REFUSED"), Code::NsLame),
        (format!("{soa} udp SERVFAIL"), Code::NsLame),
        (format!("{soa} udp ra | ns1.a.test. h. 7 2 3 4 5"), Code::NsLame),
        (format!("{soa} udp aa"), Code::NsLame),
        (format!("{soa} udp silent\n{soa} plain silent\n{soa} tcp silent"), Code::NsSilent),
        (format!("{soa} udp unreachable\n{soa} plain silent"), Code::NsSilent),
        (format!("{soa} udp unknown"), Code::DelegationUnknown),
        (format!("{soa} udp no-route"), Code::NsUnrouted),
        (format!("{soa} udp FORMERR\n{soa} plain aa | ns1.a.test. h. 7 2 3 4 5"), Code::NsEdns),
        (format!("{soa} udp silent\n{soa} plain aa | ns1.a.test. h. 7 2 3 4 5"), Code::NsEdns),
        (SECOND.replace("SOA tcp aa", "SOA tcp unreachable"), Code::NsTcp),
        (SECOND.replace("SOA tcp aa", "SOA tcp silent"), Code::NsTcp),
        (
            SECOND.replace("SOA udp aa | ns1.a.test. h. 7", "SOA udp aa | ns1.a.test. h. 6"),
            Code::SerialDiffers,
        ),
        (SECOND.replace("10 mx.a.test.", "10 old.a.test."), Code::MxDiffers),
    ];
    for (second, code) in cases {
        assert_eq!(codes(REFERRAL, FIRST, &second).first(), Some(&usual(code)), "{second}");
    }
    let notes = [
        (SECOND.replace("SOA udp aa", "SOA udp aa ra"), Code::NsRecursive),
        (SECOND.replace("SOA udp aa", "SOA udp aa 900ms"), Code::NsSlow),
        (
            SECOND.replace("NS mixed aa", "NS mixed other-case")
                + "\nserver 198.18.2.1 a.test. NS udp aa | ns1.a.test. | ns2.b.test.",
            Code::NsCase,
        ),
    ];
    for (second, code) in notes {
        assert_eq!(codes(REFERRAL, FIRST, &second), [usual(code), usual(Code::DelegationWell)], "{second}");
    }
    let silent = |text: &str| text.replace("SOA udp aa", "SOA udp silent");
    assert_eq!(codes(REFERRAL, &silent(FIRST), &silent(SECOND)), [usual(Code::NsNoneAnswers)]);
}

#[test]
fn the_registrar_s_set_is_compared_with_the_zone_s() {
    let other = |text: &str| text.replace("ns1.a.test. | ns2.b.test.", "ns1.a.test. | ns3.c.test.");
    let overlapping = codes(REFERRAL, &other(FIRST), SECOND);
    assert_eq!(overlapping.first(), Some(&(Code::NsDiffer, Level::Warning)));
    let old = REFERRAL.replace("ns1.a.test. |", "old1.d.test. |").replace("ns2.b.test.", "old2.d.test.");
    assert_eq!(codes(&old, FIRST, SECOND).first(), Some(&(Code::NsDiffer, Level::Failure)));
    let glue = REFERRAL.replace("A 198.18.1.1", "A 198.18.1.99");
    assert!(codes(&glue, FIRST, SECOND).contains(&usual(Code::GlueDiffers)));
}

#[test]
fn names_without_addresses_single_servers_and_one_network_are_told() {
    let with = |from: &str, to: &str| {
        let lines = format!("{ABOVE}\n{REFERRAL}\n{FIRST}\n{SECOND}").replace(from, to);
        let found = check(&facts("a.test.", &lines));
        found.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    let gone = with("lookup ns2.b.test. A | 198.18.2.1", "lookup ns2.b.test. A NXDOMAIN");
    assert!(gone.contains(&Code::NsWithoutAddress), "{gone:?}");
    let single = with(" | ns2.b.test.", "");
    assert!(single.contains(&Code::NsSingle) || single.contains(&Code::NsDiffer), "{single:?}");
    assert!(with("198.18.2.1", "198.18.1.2").contains(&Code::NsOneNetwork));
    let denied = with("lookup a.test. SOA |", "lookup a.test. SOA NXDOMAIN |");
    assert!(!denied.contains(&Code::DomainMissing), "the zone above delegates it: {denied:?}");
    let missing = check(&facts("a.test.", "lookup a.test. SOA NXDOMAIN"));
    assert_eq!(missing.first().map(|finding| finding.code), Some(Code::DomainMissing));
}
