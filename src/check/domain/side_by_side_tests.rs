//! Cases of answers side by side.

use super::*;
use crate::check::domain::facts::tests::facts;
use crate::check::domain::facts::{OtherResolver, ResolverWay};

const TO_SERVERS: &str = "
    lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5
    lookup test. SOA | ns.test. h. 1 2 3 4 5
    lookup test. NS | ns.test.
    lookup ns.test. A | 198.18.9.1
    lookup ns1.a.test. A | 198.18.1.1
    lookup ns2.a.test. A | 198.18.1.2
    lookup ns3.a.test. A | 198.18.1.3
    server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | >a.test. NS ns2.a.test. | >a.test. NS ns3.a.test.
    server 198.18.9.1 a.test. DS udp aa | 1 13 2 AB";

const SOUND: &str = "
    lookup a.test. MX | 10 mx.a.test.
    server 192.0.2.8 a.test. MX recursive ra | 10 MX.a.test.
    server 198.18.1.1 a.test. MX udp aa | 10 mx.a.test.
    server 198.18.1.2 a.test. MX udp aa | 10 mx.a.test.
    server 198.18.1.3 a.test. MX udp aa | 10 mx.a.test.";

fn with_resolver(lines: &str) -> DomainFacts {
    let mut facts = facts("a.test.", &format!("{TO_SERVERS}\n{lines}"));
    let name = "192.0.2.8 (public)".to_owned();
    facts.subject.resolvers =
        vec![OtherResolver { way: ResolverWay::Plain("192.0.2.8".parse().unwrap()), name }];
    facts
}

/// The verdicts and reasons that are not "same", of these answers.
fn told(lines: &str, kind: &'static str) -> Vec<(String, AnswerVerdict, String)> {
    let answers = answers(&with_resolver(lines), kind).into_iter();
    let differing = answers.filter(|answer| answer.verdict != AnswerVerdict::Same);
    differing.map(|answer| (answer.server, answer.verdict, answer.why)).collect()
}

/// The only answer that differs, if this line is replaced.
fn one(from: &str, to: &str) -> (String, AnswerVerdict, String) {
    assert!(SOUND.contains(from), "{from}");
    let mut told = told(&SOUND.replace(from, to), "MX");
    assert_eq!(told.len(), 1, "{told:?}");
    told.remove(0)
}

fn row(server: &str, verdict: AnswerVerdict, why: &str) -> (String, AnswerVerdict, String) {
    (server.to_owned(), verdict, why.to_owned())
}

#[test]
fn each_difference_has_its_verdict_and_reason() {
    use AnswerVerdict::{Different, Failed, Old, Unknown, Withheld};
    assert_eq!(told(SOUND, "MX"), []);
    let this = |to: &str| one("lookup a.test. MX | 10 mx.a.test.", &format!("lookup a.test. MX{to}"));
    let until = "old records, until 2026-01-01 01:00 UTC at the latest";
    let removed = format!("{until}; remove them with `resolverctl flush a.test.`");
    assert_eq!(this(" | 10 old.a.test."), row("this resolver", Old, &removed));
    assert_eq!(this(" SERVFAIL"), row("this resolver", Failed, "SERVFAIL"));
    let public = |to: &str| {
        one(
            "192.0.2.8 a.test. MX recursive ra | 10 MX.a.test.",
            &format!("192.0.2.8 a.test. MX recursive {to}"),
        )
    };
    assert_eq!(public("ra | 10 old.a.test."), row("192.0.2.8 (public)", Old, until));
    assert_eq!(public("NXDOMAIN ra").1, Withheld);
    assert_eq!(public("silent"), row("192.0.2.8 (public)", Unknown, "no answer"));
    assert_eq!(
        public("REFUSED"),
        row("192.0.2.8 (public)", Unknown, "REFUSED, the resolver does not serve this host")
    );
    let third = "198.18.1.3 (ns3.a.test.)";
    let server = |to: &str| {
        one("198.18.1.3 a.test. MX udp aa | 10 mx.a.test.", &format!("198.18.1.3 a.test. MX udp {to}"))
    };
    let most = "most name servers have 10 mx.a.test.";
    assert_eq!(server("aa | 10 other.a.test."), row(third, Different, most));
    assert_eq!(server("aa"), row(third, Different, most));
    assert_eq!(server("NXDOMAIN aa"), row(third, Different, most));
    assert_eq!(server("REFUSED"), row(third, Failed, "REFUSED"));
    let lame = "it answers without authority, so it does not serve the zone";
    assert_eq!(server("| 10 mx.a.test."), row(third, Failed, lame));
    assert_eq!(server("silent"), row(third, Unknown, "no answer"));
}

#[test]
fn without_a_majority_all_servers_differ_and_a_resolver_may_have_either_answer() {
    let halves =
        SOUND.replace("198.18.1.2 a.test. MX udp aa | 10 mx", "198.18.1.2 a.test. MX udp aa | 10 old");
    let halves =
        halves.replace("198.18.1.3 a.test. MX udp aa | 10 mx.a.test.", "198.18.1.3 a.test. MX udp silent");
    let verdicts: Vec<_> =
        told(&halves, "MX").into_iter().map(|(server, verdict, _)| (server, verdict)).collect();
    let expected = [
        ("198.18.1.1 (ns1.a.test.)", AnswerVerdict::Different),
        ("198.18.1.2 (ns2.a.test.)", AnswerVerdict::Different),
        ("198.18.1.3 (ns3.a.test.)", AnswerVerdict::Unknown),
    ];
    assert_eq!(verdicts, expected.map(|(server, verdict)| (server.to_owned(), verdict)));
}

#[test]
fn a_name_that_does_not_exist_is_not_one_without_such_records() {
    let negative = "
        lookup a.test. MX NXDOMAIN | >a.test. SOA ns1.a.test. h. 7 2 3 4 5
        server 192.0.2.8 a.test. MX recursive ra | >a.test. SOA ns1.a.test. h. 7 2 3 4 5
        server 198.18.1.1 a.test. MX udp aa
        server 198.18.1.2 a.test. MX udp aa
        server 198.18.1.3 a.test. MX udp aa";
    let told = told(negative, "MX");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].0.as_str(), told[0].1), ("this resolver", AnswerVerdict::Old));
}

#[test]
fn addresses_in_turn_are_no_fault() {
    let addresses = "
        lookup a.test. A | 198.18.5.1
        server 192.0.2.8 a.test. A recursive ra | 198.18.5.9
        server 198.18.1.1 a.test. A udp aa | 198.18.5.1
        server 198.18.1.2 a.test. A udp aa | 198.18.5.1
        server 198.18.1.3 a.test. A udp aa | =a.test. A 198.18.5.3";
    let verdicts = |facts: &DomainFacts| {
        let told = answers(facts, "A").into_iter().map(|answer| answer.verdict);
        told.filter(|verdict| *verdict != AnswerVerdict::Same).collect::<Vec<_>>()
    };
    let mut facts = with_resolver(addresses);
    assert_eq!(verdicts(&facts), [AnswerVerdict::Elsewhere, AnswerVerdict::Different]);
    if let Some(Got::Reply(reply)) = facts.got.get_mut(&at([198, 18, 1, 3].into(), "a.test.", "A")) {
        reply.answers.iter_mut().for_each(|record| record.ttl = 60);
    }
    assert_eq!(verdicts(&facts), [AnswerVerdict::Elsewhere, AnswerVerdict::Elsewhere]);
}

#[test]
fn without_a_server_of_the_zone_resolvers_are_compared_with_each_other() {
    let silent = |here: &str| {
        let mut lines =
            format!("lookup a.test. MX | {here}\nserver 192.0.2.8 a.test. MX recursive | 10 mx.a.test.");
        for last in 1..=3 {
            lines.push_str(&format!("\nserver 198.18.1.{last} a.test. MX udp silent"));
        }
        let verdicts = answers(&with_resolver(&lines), "MX").into_iter().map(|answer| answer.verdict);
        verdicts.take(2).collect::<Vec<_>>()
    };
    assert_eq!(silent("10 mx.a.test."), [AnswerVerdict::Same; 2]);
    assert_eq!(silent("10 other.a.test."), [AnswerVerdict::Different; 2]);
}

#[test]
fn an_alias_leads_to_its_target_and_ds_records_are_asked_at_the_zone_above() {
    let alias = "
        lookup a.test. MX | =a.test. CNAME b.test. | =b.test. MX 10 mx.b.test.
        server 198.18.1.1 a.test. MX udp aa | =a.test. CNAME B.test.";
    let facts = with_resolver(alias);
    assert_eq!(target(&facts, "MX"), Some("b.test.".to_owned()));
    assert!(told(alias, "MX").is_empty());
    assert_eq!(target(&with_resolver(SOUND), "MX"), None);
    let signed = with_resolver("lookup a.test. DS | 1 13 2 AB");
    let told: Vec<_> =
        answers(&signed, "DS").into_iter().map(|answer| (answer.server, answer.verdict)).collect();
    let same = |server: &str| (server.to_owned(), AnswerVerdict::Same);
    assert_eq!(told, [same("this resolver"), same("198.18.9.1")]);
}

#[test]
fn the_plan_ends_when_all_are_asked() {
    let facts = with_resolver(SOUND);
    let wants = SideBySide { kind: "MX" }.wants(&facts, &BTreeSet::new());
    for server in 1..=3 {
        assert!(wants.contains(&at([198, 18, 1, server].into(), "a.test.", "MX")), "{server}");
    }
    assert!(wants.iter().all(|want| !matches!(want, Want::MailHost { .. } | Want::Lists { .. })));
}
