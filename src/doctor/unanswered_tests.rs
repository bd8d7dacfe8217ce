//! Tests of servers that do not answer some lookups.

use super::*;
use crate::facts::tests::{TWO_SERVERS, facts};
use crate::finding::Level;
use crate::judge;

/// The daemon and the first server have the SPF record.
const SPF: &str = "
    lookup a.test. TXT | \"v=spf1 mx -all\"
    server 198.18.1.1 a.test. TXT udp aa | \"v=spf1 mx -all\"";

fn judged(lines: &str) -> Vec<Finding> {
    judge(&facts("a.test.", &format!("{TWO_SERVERS}\n{SPF}\n{lines}")))
}

fn evidence(findings: &[Finding], code: Code) -> Option<&str> {
    findings.iter().find(|finding| finding.code == code).map(|finding| finding.evidence.as_str())
}

#[test]
fn server_dropping_ns_is_named() {
    let second = "server 198.18.2.1 a.test. NS";
    let shown = |lines: &str, lossy: bool| {
        let mut facts = facts("a.test.", &format!("{TWO_SERVERS}\n{lines}"));
        let sent = facts.sent.entry("198.18.2.1".parse().unwrap()).or_default();
        (sent.answered, sent.lost) = (9, usize::from(lossy));
        let found = judge(&facts);
        evidence(&found, Code::NsPartly).map(str::to_owned)
    };
    let silent = format!("{second} mixed unknown\n{second} udp silent");
    let dropped = Some("198.18.2.1 (ns2.a.test.) does not answer for a.test. NS".to_owned());
    assert_eq!(shown(&silent, false), dropped);
    let over_tcp = |answer: &str| format!("{silent}\n{second} tcp {answer}");
    assert_eq!(shown(&over_tcp("silent"), true), dropped, "chance is not so alike");
    assert_eq!(shown(&silent, true), None);
    assert_eq!(shown(&over_tcp("aa | ns1.a.test. | ns2.a.test."), true), None);
    let facts = facts("a.test.", &format!("{TWO_SERVERS}\n{silent}"));
    let again = Want::Server {
        server: "198.18.2.1".parse().unwrap(),
        name: "a.test.".to_owned(),
        kind: "NS",
        way: QueryForm::Tcp,
    };
    assert!(wants(&facts).contains(&again));
}

#[test]
fn lost_udp_difference_shows_over_tcp() {
    let second = "server 198.18.2.1 a.test. TXT";
    let bad = "tcp aa | \"v=spf1 +all\"";
    let lost = format!("{second} udp silent\n{second} {bad}");
    assert!(evidence(&judged(&lost), Code::RecordsDiffer).is_some());
    // This server answers all queries over UDP late.
    let slow = format!("{TWO_SERVERS}\n{SPF}").replace(
        "server 198.18.2.1 a.test. SOA udp aa",
        "server 198.18.2.1 a.test. SOA udp silent\nserver 198.18.2.1 a.test. SOA tcp aa",
    );
    let of = facts("a.test.", &slow);
    assert!(crate::compared::of_policies(&of).contains(&Want::Server {
        server: "198.18.2.1".parse().unwrap(),
        name: "a.test.".to_owned(),
        kind: "TXT",
        way: QueryForm::Tcp,
    }));
    let found = judge(&facts("a.test.", &format!("{slow}\n{second} {bad}")));
    assert!(evidence(&found, Code::RecordsDiffer).is_some(), "{found:#?}");
}

#[test]
fn denied_existing_name_is_named() {
    let mail = "lookup a.test. MX | 10 mx.a.test.
        server 198.18.1.1 a.test. MX udp aa | 10 mx.a.test.
        server 198.18.2.1 a.test. MX udp aa | 10 mx.a.test.
        server 198.18.2.1 a.test. TXT udp aa | \"v=spf1 mx -all\"
        lookup mx.a.test. A | 198.18.7.1
        lookup mx.a.test. AAAA
        server 198.18.1.1 mx.a.test. A udp aa | 198.18.7.1
        server 198.18.2.1 mx.a.test. A udp aa | 198.18.7.1
        server 198.18.1.1 mx.a.test. AAAA udp aa
        server 198.18.2.1 mx.a.test. AAAA udp";
    let of = |shown: &str| judged(&format!("{mail} {shown}"));
    let denied = "198.18.2.1 (ns2.a.test.) denies the name (NXDOMAIN), which exists, for mx.a.test. AAAA";
    assert_eq!(evidence(&of("aa NXDOMAIN"), Code::NsPartly), Some(denied));
    // The target of the alias does not exist, but the name itself exists.
    assert_eq!(evidence(&of("aa NXDOMAIN | =mx.a.test. CNAME gone.a.test."), Code::NsPartly), None);
    assert_eq!(evidence(&of("aa"), Code::NsPartly), None);
}

#[test]
fn mx_unanswered_everywhere_is_failure() {
    let of = |first: &str, second: &str| {
        judged(&format!(
            "lookup a.test. MX SERVFAIL\nserver 198.18.1.1 a.test. MX udp {first}\nserver 198.18.2.1 a.test. MX udp {second}"
        ))
    };
    for (first, second) in [("SERVFAIL", "silent"), ("silent", "silent"), ("REFUSED", "NOTIMP")] {
        let found = of(first, second);
        assert_eq!((found[0].code, found[0].level), (Code::MxUnanswered, Level::Failure), "{found:#?}");
        assert!(
            found[0].evidence.starts_with("a.test. MX: 198.18.1.1 (ns1.a.test.) "),
            "{}",
            found[0].evidence
        );
        for code in [Code::MailUnknown, Code::DelegationOk, Code::NsPartly] {
            assert_eq!(evidence(&found, code), None, "{found:#?}");
        }
    }
    assert_eq!(evidence(&of("SERVFAIL", "unknown"), Code::MxUnanswered), None, "not asked");
    let one = of("SERVFAIL", "aa | 10 mx.a.test.");
    assert_eq!(evidence(&one, Code::MxUnanswered), None);
    assert!(evidence(&one, Code::NsPartly).is_some());
}

#[test]
fn lossy_path_blames_no_server() {
    let shown = |facts: &DomainFacts| check(facts).iter().any(|finding| finding.code == Code::NsPartly);
    for (over_tcp, lossy, is_told) in [
        ("tcp aa | \"v=spf1 mx -all\"", &[][..], true),
        ("tcp aa | \"v=spf1 mx -all\"", &["198.18.2.1"], false),
        ("tcp aa | \"v=spf1 mx -all\"", &["198.18.1.1"], true),
        ("tcp aa | \"v=spf1 mx -all\"", &["198.18.1.1", "198.18.9.1"], false),
        ("tcp unknown", &[], true),
        ("tcp unknown", &["198.18.2.1"], false),
        ("tcp silent", &["198.18.2.1"], true),
    ] {
        let lines = format!(
            "{TWO_SERVERS}\n{SPF}\nserver 198.18.2.1 a.test. TXT udp silent\nserver 198.18.2.1 a.test. TXT {over_tcp}"
        );
        let mut facts = facts("a.test.", &lines);
        for server in ["198.18.1.1", "198.18.2.1", "198.18.9.1"] {
            let sent = facts.sent.entry(server.parse().unwrap()).or_default();
            (sent.answered, sent.lost) = (1, usize::from(lossy.contains(&server)));
        }
        assert_eq!(shown(&facts), is_told, "{over_tcp} {lossy:?}");
    }
}

#[test]
fn policy_without_udp_is_failure() {
    let level = |second: &str| {
        let lines = format!(
            "{TWO_SERVERS}\n{SPF}\n\
             server 198.18.1.1 a.test. TXT udp silent\nserver 198.18.1.1 a.test. TXT tcp aa | \"v=spf1 mx -all\"\n\
             server 198.18.2.1 a.test. TXT udp {second}\nserver 198.18.2.1 a.test. TXT tcp aa | \"v=spf1 mx -all\""
        );
        let found = check(&facts("a.test.", &lines));
        found.into_iter().find(|finding| finding.code == Code::NsPartly).map(|finding| finding.level)
    };
    assert_eq!(level("silent"), Some(Level::Failure));
    assert_eq!(level("aa | \"v=spf1 mx -all\""), Some(Level::Warning));
}

#[test]
fn failed_lookups_are_repeated_over_tcp() {
    let lines = format!(
        "{TWO_SERVERS}\n{SPF}\nserver 198.18.2.1 a.test. TXT udp silent\nserver 198.18.1.1 a.test. MX udp SERVFAIL"
    );
    let asked: Vec<(IpAddr, &str)> = wants(&facts("a.test.", &lines))
        .into_iter()
        .map(|want| match want {
            Want::Server { server, kind, way: QueryForm::Tcp, .. } => (server, kind),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(asked, [("198.18.1.1".parse().unwrap(), "MX"), ("198.18.2.1".parse().unwrap(), "TXT")]);
}
