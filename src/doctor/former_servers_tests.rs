//! Cases of a resolver that has the name servers of before a move.

use super::*;
use crate::codes::Code;
use crate::facts::ResolverWay;
use crate::facts::tests::facts;
use crate::finding::Finding;
use crate::{others, remedies};

/// The zone after the move, with all of its records at `ns1.a.test.`. The resolver still has other MX records.
const ZONE: &str = "
    lookup a.test. SOA | ns1.a.test. h. 1 2 3 4 5
    lookup a.test. MX | 10 new.c.test.
    lookup a.test. A
    lookup a.test. AAAA
    lookup a.test. TXT
    lookup test. SOA | ns.test. h. 1 2 3 4 5
    lookup test. NS | ns.test.
    lookup ns.test. A | 198.18.9.1
    lookup ns1.a.test. A | 198.18.1.1
    server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | +ns1.a.test. A 198.18.1.1
    server 198.18.1.1 a.test. SOA udp aa | ns1.a.test. h. 1 2 3 4 5
    server 198.18.1.1 a.test. NS mixed aa | ns1.a.test.
    server 198.18.1.1 a.test. MX udp aa | 10 new.c.test.
    server 192.0.2.8 a.test. MX recursive ra cached | 10 old.c.test.
    server 192.0.2.8 a.test. SOA recursive ra | old1.b.test. h. 2024010101 2 3 4 5
    server 192.0.2.8 a.test. A recursive ra
    server 192.0.2.8 a.test. AAAA recursive ra
    server 192.0.2.8 a.test. TXT recursive ra
    server 192.0.2.8 a.test. NS recursive ra cached | old1.b.test. | old2.b.test.
    lookup old1.b.test. A | 198.18.7.1
    lookup old2.b.test. A | 198.18.7.2\n";

fn subject(lines: &str) -> DomainFacts {
    let mut facts = facts("a.test.", lines);
    let way = ResolverWay::Plain("192.0.2.8".parse().unwrap());
    facts.subject.resolvers = vec![OtherResolver { way, name: "192.0.2.8 (x)".to_owned() }];
    facts
}

/// The finding if each of the former servers answers so for the MX records.
fn found(first: &str, second: &str) -> Finding {
    let of = |server: &str, answer: &str| match answer {
        "" => String::new(),
        answer => format!("server {server} a.test. MX udp {answer}\n"),
    };
    let lines = format!("{ZONE}{}{}", of("198.18.7.1", first), of("198.18.7.2", second));
    others::check(&subject(&lines)).remove(0)
}

#[test]
fn old_addresses_of_name_servers_that_kept_their_names_prolong_old_records() {
    let kept = ZONE
        .replace("| old1.b.test. | old2.b.test.", "| ns1.a.test.")
        .replace("SOA recursive ra | old1.b.test. h. 2024010101", "SOA recursive ra | ns1.a.test. h. 0");
    let wants = others::wants(&subject(&kept));
    assert!(wants.contains(&ask(&subject(&kept).subject.resolvers[0], "ns1.a.test.", "A")), "{wants:?}");
    let told = |address: &str| {
        let lines = format!("{kept}\nserver 192.0.2.8 ns1.a.test. A recursive ra | {address}");
        others::check(&subject(&lines)).remove(0)
    };
    let old = told("198.18.7.7");
    assert_eq!((old.code, old.remedy()), (Code::OthersOld, remedies::FORMER_SERVERS), "{old:#?}");
    let words = "; 192.0.2.8 (x) has other addresses of the name servers than those of now until 2026-01-01 01:00 UTC, and asks there until then. They \
                 have the new records by 2026-01-01 02:00 UTC, at the latest, unless the old records have a longer TTL than the new ones";
    assert!(old.evidence.ends_with(words), "{}", old.evidence);
    let same = told("198.18.1.1");
    assert!(
        same.evidence.ends_with("They have the new records by 2026-01-01 00:30 UTC"),
        "{}",
        same.evidence
    );
}

const OLD: &str = "aa | 10 old.c.test.";
const NEW: &str = "aa | 10 new.c.test.";

#[test]
fn a_resolver_with_the_name_servers_of_before_a_move_has_old_records() {
    let old = found("REFUSED", "REFUSED");
    assert_eq!(old.code, Code::OthersOld);
    assert_eq!(
        old.evidence,
        "192.0.2.8 (x) a.test. MX: 10 old.c.test. until 2026-01-01 00:30 UTC; 192.0.2.8 (x) a.test. NS: old1.b.test., \
         old2.b.test. until 2026-01-01 00:30 UTC; neither the zone nor the zone above names old1.b.test., old2.b.test. any more. \
         They have the new records by 2026-01-01 00:30 UTC"
    );
    assert_eq!(old.remedy(), Code::OthersOld.entry().remedy);
    let code = |from: &str, to: &str| {
        assert!(ZONE.contains(from), "{from}");
        others::check(&subject(&ZONE.replace(from, to))).remove(0).code
    };
    let names = "NS recursive ra cached | old1.b.test. | old2.b.test.";
    assert_eq!(code(names, "NS recursive ra cached | ns1.a.test."), Code::OthersDiffer, "the servers of now");
    assert_eq!(code(names, "NS recursive ra aa | old1.b.test."), Code::OthersDiffer, "a zone of its own");
    assert_eq!(code(names, "NS recursive SERVFAIL"), Code::OthersDiffer);
    let told = "a.test. NS mixed aa | ns1.a.test.";
    assert_eq!(
        code(told, "a.test. NS mixed aa | ns1.a.test. | old1.b.test. | old2.b.test."),
        Code::OthersDiffer
    );
    assert_eq!(code(told, "a.test. NS mixed silent"), Code::OthersDiffer, "it may name them");
    // A second server is silent, and may name them, unless they serve the zone themselves.
    let second = "server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | >a.test. NS ns2.a.test.
        lookup ns2.a.test. A | 198.18.2.1
        server 198.18.2.1 a.test. SOA udp silent\n";
    let of = |more: &str| others::check(&subject(&format!("{ZONE}{second}{more}"))).remove(0).code;
    assert_eq!(of(""), Code::OthersDiffer);
    assert_eq!(of(&format!("server 198.18.7.1 a.test. MX udp {OLD}")), Code::OthersOld);
}

#[test]
fn former_servers_with_old_records_prolong_them() {
    let by = |finding: &Finding| {
        finding.evidence.split_once("They have the new records by ").unwrap().1.to_owned()
    };
    // The NS records end after half an hour, and the records at the former servers have a TTL of one hour.
    let old = found(OLD, "REFUSED");
    assert_eq!(by(&old), "2026-01-01 01:30 UTC");
    assert!(
        old.evidence
            .contains("any more, and 198.18.7.1 (old1.b.test.) still gives old records (TTL 3600 s). They"),
        "{}",
        old.evidence
    );
    assert_eq!(old.remedy(), remedies::FORMER_SERVERS);
    assert!(found(OLD, OLD).evidence.contains("(old2.b.test.) still give old records"));
    for (first, second) in [(NEW, NEW), (NEW, "REFUSED"), ("REFUSED", "REFUSED")] {
        let stopped = found(first, second);
        assert_eq!(by(&stopped), "2026-01-01 00:30 UTC", "{first} {second}");
        assert_eq!(stopped.remedy(), Code::OthersOld.entry().remedy);
    }
    // The TTL of the new records is the bound.
    for (first, second) in [("silent", "silent"), ("", ""), (NEW, "silent")] {
        let untold = found(first, second);
        let end =
            "2026-01-01 01:30 UTC, at the latest, unless the old records have a longer TTL than the new ones";
        assert_eq!(by(&untold), end, "{first} {second}");
        assert!(
            untold.evidence.contains("; whether they still give old records could not be told."),
            "{untold:#?}"
        );
        assert_eq!(untold.remedy(), remedies::FORMER_SERVERS);
    }
}

#[test]
fn former_servers_are_asked_for_the_records_that_a_resolver_has_otherwise() {
    let facts = subject(ZONE);
    let server = |last: u8| question([198, 18, 7, last].into(), ("a.test.", "MX"));
    let wants = |facts: &DomainFacts| {
        let others = facts.subject.resolvers.iter().map(|resolver| (resolver, Vec::new()));
        wants(facts, &others.collect::<Vec<_>>())
    };
    assert_eq!(
        wants(&facts),
        [lookup("old1.b.test.", "A"), lookup("old2.b.test.", "A"), server(1), server(2)]
    );
    let same = ZONE.replace("old1.b.test. | old2.b.test.", "ns1.a.test.");
    assert_eq!(wants(&subject(&same)), []);
    let mut full = subject(ZONE);
    for number in 0..MAX_CHECK_QUESTIONS {
        full.got.insert(lookup(&format!("x{number}."), "A"), Got::Lists(Vec::new()));
    }
    assert_eq!(wants(&full), [], "all or none");
}
