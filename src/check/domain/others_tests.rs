//! Cases of the resolvers of others.

use super::*;
use crate::check::domain::facts::tests::facts;

const ZONE: &str = "
    lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5
    lookup a.test. MX | 10 cached.a.test.
    lookup a.test. A | 198.18.0.80
    lookup a.test. AAAA
    lookup a.test. TXT | \"v=spf1 -all\"
    lookup test. SOA | ns.test. h. 1 2 3 4 5
    lookup test. NS | ns.test.
    lookup ns.test. A | 198.18.9.1
    lookup ns1.a.test. A | 198.18.1.1
    server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | +ns1.a.test. A 198.18.1.1
    server 198.18.1.1 a.test. NS mixed aa | ns1.a.test.
    server 198.18.1.1 a.test. MX udp aa | 10 new.a.test.";

/// The answers of a resolver that sees the zone as it is.
const SOUND: &str = "
    server 192.0.2.8 a.test. MX recursive ra | 10 New.a.test.
    server 192.0.2.8 a.test. A recursive ra | 198.18.0.80
    server 192.0.2.8 a.test. AAAA recursive ra
    server 192.0.2.8 a.test. TXT recursive ra | \"v=spf1 -all\"
    server 192.0.2.8 a.test. NS recursive ra | ns1.a.test.";

fn subject(lines: &str) -> DomainFacts {
    asked(&format!("{ZONE}\n{lines}"))
}

/// Facts of a check that asks one resolver.
fn asked(lines: &str) -> DomainFacts {
    let mut facts = facts("a.test.", lines);
    let name = "public resolver 192.0.2.8".to_owned();
    facts.subject.resolvers =
        vec![OtherResolver { way: ResolverWay::Plain("192.0.2.8".parse().unwrap()), name }];
    facts
}

/// The finding if the sound answer is replaced.
fn found(from: &str, to: &str) -> Vec<(Code, Level)> {
    assert!(SOUND.contains(from), "{from}");
    let found = check(&subject(&SOUND.replace(from, to)));
    found.into_iter().map(|finding| (finding.code, finding.level)).collect()
}

#[test]
fn each_difference_has_its_reason() {
    let usual = |code: Code| vec![(code, code.entry().level)];
    assert_eq!(found("10 New", "10 new"), usual(Code::OthersOk));
    assert_eq!(found("10 New", "10 old"), usual(Code::OthersOld));
    assert_eq!(found("10 New", "10 cached"), usual(Code::OthersOld), "the cache of this host may be old too");
    assert_eq!(found("NS recursive ra | ns1", "NS recursive ra | old"), usual(Code::OthersOld));
    assert_eq!(found("spf1 -all", "spf1 ~all"), usual(Code::OthersOld));
    assert_eq!(
        found("A recursive ra | 198.18.0.80", "A recursive ra | 198.18.0.81"),
        usual(Code::OthersElsewhere)
    );
    assert_eq!(found("A recursive ra | 198.18.0.80", "A recursive ra | 0.0.0.0"), usual(Code::OthersHide));
    let negative = "MX recursive NXDOMAIN ra";
    assert_eq!(found("MX recursive ra | 10 New.a.test.", negative), usual(Code::OthersHide));
    let kept = format!("{negative} | >a.test. SOA ns1.a.test. h. 7 2 3 4 5");
    assert_eq!(found("MX recursive ra | 10 New.a.test.", &kept), usual(Code::OthersOld));
    assert_eq!(found("MX recursive ra | 10 New.a.test.", "MX recursive SERVFAIL"), usual(Code::OthersFail));
    let partly = vec![(Code::OthersUnknown, Level::Note)];
    assert_eq!(found("TXT recursive ra | \"v=spf1 -all\"", "TXT recursive silent"), partly);
}

#[test]
fn a_zone_without_ns_records_at_its_apex_makes_no_resolver_s_answer_old() {
    let (told, seen) = ("a.test. NS mixed aa | ns1.a.test.", "NS recursive ra | ns1.a.test.");
    let codes = |zone: &str, resolver: &str| -> Vec<Code> {
        let lines = format!("{ZONE}\n{}", SOUND.replace("10 New", "10 new").replace(seen, resolver));
        let found = check(&asked(&lines.replace(told, zone)));
        found.into_iter().map(|finding| finding.code).collect()
    };
    let negative = "NS recursive ra | >a.test. SOA ns1.a.test. h. 7 2 3 4 5";
    let denied = "NS recursive NXDOMAIN ra | >a.test. SOA ns1.a.test. h. 7 2 3 4 5";
    let alias = "NS recursive ra | =a.test. CNAME b.test. | =b.test. NS ns.b.test.";
    assert_eq!(codes(told, negative), [Code::OthersOld], "the zone has NS records");
    assert_eq!(codes("a.test. NS udp aa", negative), [Code::OthersOk]);
    assert_eq!(codes("a.test. NS udp NXDOMAIN aa", denied), [Code::OthersOk]);
    assert_eq!(codes("a.test. NS udp aa | =a.test. CNAME b.test.", alias), [Code::OthersOk]);
}

#[test]
fn a_resolver_that_does_not_answer_costs_one_question() {
    let alone = subject("server 192.0.2.8 a.test. MX recursive silent");
    assert_eq!(wants(&alone).len(), 1);
    let told: Vec<_> = check(&alone).into_iter().map(|finding| (finding.code, finding.level)).collect();
    assert_eq!(told, [(Code::OthersUnknown, Level::CouldNotTell)]);
    let refused = check(&subject("server 192.0.2.8 a.test. MX recursive REFUSED"));
    assert_eq!(refused[0].level, Level::CouldNotTell);
    assert!(refused[0].evidence.contains("does not serve this host"), "{}", refused[0].evidence);
    let sound = subject(SOUND);
    assert!(wants(&sound).iter().all(|want| sound.got.contains_key(want)), "{:?}", wants(&sound));
    assert!(check(&facts("a.test.", ZONE)).is_empty());
}

#[test]
fn the_end_of_old_records_is_told() {
    let old = check(&subject(&SOUND.replace("10 New", "10 old"))).remove(0);
    assert_eq!(
        old.evidence,
        "public resolver 192.0.2.8 a.test. MX: 10 old.a.test. until 2026-01-01 01:00 UTC. They have the new records by \
         2026-01-01 01:00 UTC"
    );
}
