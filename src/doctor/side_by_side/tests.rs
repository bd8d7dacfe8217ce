//! Tests of the comparison of answers.

use std::net::IpAddr;

use super::*;
use crate::facts::tests::facts;
use crate::facts::{Got, OtherResolver, QueryForm, Record, ResolverWay, at_server};

const WAY: &str = "
    lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5
    lookup test. SOA | ns.test. h. 1 2 3 4 5
    lookup test. NS | ns.test.
    lookup ns.test. A | 198.18.9.1";

/// Returns the referral of the parent zone, with glue.
fn referral(kind: &str) -> String {
    let servers = ["1", "2", "3"];
    let names: String = servers.iter().map(|n| format!(" | >a.test. NS ns{n}.a.test.")).collect();
    let glue: String = servers.iter().map(|n| format!(" | +ns{n}.a.test. A 198.18.1.{n}")).collect();
    format!("server 198.18.9.1 a.test. {kind} udp{names}{glue}")
}

const SOUND: &str = "
    lookup a.test. MX | 10 mx.a.test.
    server 192.0.2.8 a.test. MX recursive ra | 10 MX.a.test.
    server 198.18.1.1 a.test. MX udp aa | 10 mx.a.test.
    server 198.18.1.2 a.test. MX udp aa | 10 mx.a.test.
    server 198.18.1.3 a.test. MX udp aa | 10 mx.a.test.";

fn with_resolver(lines: &str, kind: &str) -> DomainFacts {
    let mut facts = facts("a.test.", &format!("{WAY}\n{}\n{lines}", referral(kind)));
    let name = "192.0.2.8 (public)".to_owned();
    facts.subject.resolvers =
        vec![OtherResolver { way: ResolverWay::Plain("192.0.2.8".parse().unwrap()), name }];
    // Each server gives its answer twice, with the serial 7.
    let kind = KINDS.into_iter().find(|known| *known == kind).unwrap();
    for server in (1..4).map(|last| IpAddr::from([198, 18, 1, last])) {
        for (name, kind) in [("a.test.", "SOA"), ("a.test.", kind)] {
            let first = facts.got.get(&at_server(server, name, kind, QueryForm::Udp)).cloned();
            if let Some(got) = first.or_else(|| (kind == "SOA").then(soa)) {
                for form in [QueryForm::Udp, QueryForm::Plain] {
                    facts.got.entry(at_server(server, name, kind, form)).or_insert_with(|| got.clone());
                }
            }
        }
    }
    facts
}

const KINDS: [&str; 6] = ["A", "MX", "NS", "TXT", "DNSKEY", "SOA"];

fn soa() -> Got {
    let line = "server 198.18.1.1 a.test. SOA udp aa | ns1.a.test. h. 7 2 3 4 5";
    facts("a.test.", line).got.into_values().next().unwrap()
}

type Row = (String, AnswerVerdict, String);

fn rows(facts: &DomainFacts, kind: &'static str) -> Vec<Row> {
    let answers = compared(facts, kind).answers.into_iter();
    let differing = answers.filter(|answer| answer.verdict != AnswerVerdict::Same);
    differing.map(|answer| (answer.server, answer.verdict, answer.why)).collect()
}

/// Returns the rows with verdicts other than "same". The facts are `SOUND`, in which `from` is replaced with `to`, and the lines `more`.
fn replaced(from: &str, to: &str, more: &str) -> Vec<Row> {
    assert!(SOUND.contains(from), "{from}");
    rows(&with_resolver(&format!("{}\n{more}", SOUND.replace(from, to)), "MX"), "MX")
}

fn one(from: &str, to: &str) -> (AnswerVerdict, String) {
    let mut found = replaced(from, to, "");
    assert_eq!(found.len(), 1, "{found:?}");
    let (_, verdict, why) = found.remove(0);
    (verdict, why)
}

fn sentence(facts: &DomainFacts, kind: &'static str) -> String {
    conclude(&compared(facts, kind), Vec::new()).sentence
}

#[test]
fn each_difference_has_verdict_and_reason() {
    use AnswerVerdict::{Different, Failed, Filtered, NoAnswer, Old, Refused};
    let sound = with_resolver(SOUND, "MX");
    assert_eq!(rows(&sound, "MX"), []);
    assert_eq!(sentence(&sound, "MX"), "the 5 answers are the same: 10 mx.a.test.");
    let this = |to: &str| one("lookup a.test. MX | 10 mx.a.test.", &format!("lookup a.test. MX{to}"));
    let old = "an old answer in the cache: all name servers gave another one twice";
    let remedy = format!(
        "{old}; it stays in the cache until 2026-01-01 00:30 UTC at the latest (1800 s left); remove it with `resolverctl flush a.test.`"
    );
    assert_eq!(this(" cached | 10 old.a.test."), (Old, remedy));
    let trace = "an answer that no name server gave when it was asked: old, by place or in turn, or of a zone, a filter or a forwarder; see which gives it with `resolverctl trace --fresh a.test. MX`";
    assert_eq!(this(" | 10 old.a.test."), (AnswerVerdict::Unknown, trace.to_owned()), "just got");
    let removed =
        SOUND.replace("| 10 mx.a.test.", "").replace("MX recursive ra | 10 MX.a.test.", "MX recursive ra");
    let removed = removed.replace("lookup a.test. MX", "lookup a.test. MX cached | 10 old.a.test.");
    assert_eq!(rows(&with_resolver(&removed, "MX"), "MX")[0].1, Old, "removed from the zone");
    assert_eq!(this(" SERVFAIL"), (Failed, "SERVFAIL".to_owned()));
    assert_eq!(this(" SERVFAIL bogus").0, AnswerVerdict::Bogus);
    let public = |to: &str| {
        one(
            "192.0.2.8 a.test. MX recursive ra | 10 MX.a.test.",
            &format!("192.0.2.8 a.test. MX recursive {to}"),
        )
    };
    assert_eq!(
        public("ra cached | 10 old.a.test.").0,
        AnswerVerdict::Unknown,
        "a zone of its own is in its cache too"
    );
    assert_eq!(public("ra | 10 old.a.test.").0, AnswerVerdict::Unknown);
    assert_eq!(public("NXDOMAIN ra").0, Filtered);
    assert_eq!(public("NXDOMAIN ra | >test. SOA ns.test. h. 1 2 3 4 5").0, AnswerVerdict::Unknown);
    assert_eq!(public("NXDOMAIN ra | >x.a.test. SOA ns.test. h. 1 2 3 4 5").0, Filtered);
    assert_eq!(public("NXDOMAIN ra | >rpz.local. SOA ns.test. h. 1 2 3 4 5").0, Filtered);
    assert_eq!(public("silent"), (NoAnswer, "no answer".to_owned()));
    assert_eq!(public("REFUSED"), (Refused, "REFUSED, the resolver does not serve this host".to_owned()));
    assert_eq!(public("SERVFAIL").0, Failed);
    assert_eq!(public("ra | =a.test. CNAME block.filter.test.").0, AnswerVerdict::Unknown);
    let server = |to: &str| {
        one("198.18.1.3 a.test. MX udp aa | 10 mx.a.test.", &format!("198.18.1.3 a.test. MX udp {to}"))
    };
    let most = "most name servers have 10 mx.a.test. with serial 7".to_owned();
    assert_eq!(server("aa | 10 other.a.test."), (Different, most.clone()));
    assert_eq!(server("aa"), (Different, most));
    assert_eq!(server("| 10 mx.a.test.").0, Failed);
    assert_eq!(server("REFUSED").0, Refused);
    assert_eq!(server("silent").0, NoAnswer);
}

// The proof is the serial, the signature, or the answers of the name servers.
#[test]
fn old_cached_answer_needs_proof() {
    use AnswerVerdict::{Old, Unknown};
    let public = |to: &str| {
        let (verdict, why) = one(
            "192.0.2.8 a.test. MX recursive ra | 10 MX.a.test.",
            &format!("192.0.2.8 a.test. MX recursive ra {to}"),
        );
        let shown =
            why.strip_prefix("an old answer in the cache: ").and_then(|why| why.split_once("; it stays"));
        (verdict, shown.map(|(shown, _)| shown.to_owned()))
    };
    let of =
        |serial: &str| public(&format!("NXDOMAIN cached | >a.test. SOA ns1.a.test. h. {serial} 2 3 4 5"));
    assert_eq!(of("6"), (Old, Some("its serial is 6, and the zone has 7".to_owned())));
    assert_eq!(of("4294967295").0, Old, "RFC 1982");
    for other in ["7", "8"] {
        assert_eq!(of(other), (Unknown, None));
    }
    assert_eq!(public("aa NXDOMAIN | >a.test. SOA ns1.a.test. h. 6 2 3 4 5").0, Unknown, "a zone of its own");
    let signed = |ends: &[u64]| {
        let signature = |end: &u64| format!(" | =a.test. RRSIG MX 13 2 300 {end} 1 1 a.test. AAAA");
        public(&format!("cached | 10 old.a.test.{}", ends.iter().map(signature).collect::<String>()))
    };
    let (past, later) = (1_767_225_600 - 86_400, 1_767_225_600 + 86_400);
    assert_eq!(signed(&[past]), (Old, Some("its signature expired at 2025-12-31 00:00 UTC".to_owned())));
    assert_eq!(signed(&[past, later]), (Unknown, None));
    let denied = |end: u64| {
        public(&format!(
            "NXDOMAIN | >a.test. SOA ns1.a.test. h. 7 2 3 4 5 | >a.test. RRSIG SOA 13 2 300 {end} 1 1 a.test. AAAA"
        ))
    };
    assert_eq!((denied(past).0, denied(later).0), (Old, Unknown));
}

#[test]
fn only_names_fold() {
    let of = |kind: &'static str, one: &str, other: &str| {
        let lines = format!(
            "lookup a.test. {kind} | {one}\nserver 198.18.1.1 a.test. {kind} udp aa | {one}\n\
             server 198.18.1.2 a.test. {kind} udp aa | {other}\nserver 198.18.1.3 a.test. {kind} udp aa | {one}"
        );
        rows(&with_resolver(&lines, kind), kind).len()
    };
    assert_eq!(of("MX", "10 Mx.a.test.", "10 mX.a.test."), 0);
    assert_eq!(of("NS", "Ns.a.test.", "ns.A.test."), 1, "the delegation has ns1, ns2 and ns3");
    assert_eq!(of("TXT", "\"Abc\"", "\"abc\""), 1);
    assert_eq!(of("DNSKEY", "257 3 13 AAEC", "257 3 13 aaec"), 1);
    assert_eq!(of("TXT", "\"ab\" \"cd\"", "\"abcd\""), 1);
}

#[test]
fn older_serial_is_not_transferred() {
    let serial = |n: &str, serial: &str| {
        format!("server 198.18.1.{n} a.test. SOA udp aa | ns1.a.test. h. {serial} 2 3 4 5")
    };
    let [first, second, third] = ["10 mx.a.test.", "10 old.a.test.", "10 old.a.test."];
    let lines = format!(
        "lookup a.test. MX | 10 old.a.test.\nserver 198.18.1.1 a.test. MX udp aa | {first}\n\
         server 198.18.1.2 a.test. MX udp aa | {second}\nserver 198.18.1.3 a.test. MX udp aa | {third}\n{}\n{}\n{}",
        serial("1", "2"),
        serial("2", "4294967295"),
        serial("3", "4294967295")
    );
    let found = rows(&with_resolver(&lines, "MX"), "MX");
    let verdicts: Vec<AnswerVerdict> = found.iter().map(|(_, verdict, _)| *verdict).collect();
    use AnswerVerdict::{NotTransferred, Old};
    assert_eq!(verdicts, [Old, NotTransferred, NotTransferred], "{found:?}");
    assert!(found[0].2.contains("resolverctl flush a.test."), "{found:?}");
    assert!(found[1].2.contains("serial 4294967295, and another has 2"), "{found:?}");
}

#[test]
fn halves_are_both_shown() {
    let lines = "lookup a.test. MX | 10 mx.a.test.\nserver 198.18.1.1 a.test. MX udp aa | 10 mx.a.test.\n\
                 server 198.18.1.2 a.test. MX udp aa | 10 old.a.test.\nserver 198.18.1.3 a.test. MX udp silent";
    let facts = with_resolver(lines, "MX");
    let found = rows(&facts, "MX");
    assert_eq!(found.iter().filter(|row| row.1 == AnswerVerdict::Different).count(), 3, "{found:?}");
    assert_eq!(
        sentence(&facts, "MX"),
        "the name servers differ with one serial, and no answer has a majority; 198.18.1.3 (ns3.a.test.): no answer. 1 of 3 name servers \
         and 1 resolver answer: 10 mx.a.test.; 1 of 3 name servers answer: 10 old.a.test."
    );
}

#[test]
fn rotating_answers_are_no_fault() {
    let servers = |first: &str, again: &str| {
        let again = if again.is_empty() { String::new() } else { format!("| {again}") };
        let mut facts = with_resolver(
            &format!(
                "lookup a.test. A | 198.18.5.1\nserver 192.0.2.8 a.test. A recursive ra | 198.18.5.9\n\
                 server 198.18.1.1 a.test. A udp aa | {first}\nserver 198.18.1.1 a.test. A plain aa {again}\n\
                 server 198.18.1.2 a.test. A udp aa | {first}\nserver 198.18.1.3 a.test. A udp aa | {first}"
            ),
            "A",
        );
        for got in facts.got.values_mut() {
            if let Got::Reply(reply) = got {
                reply.answers.iter_mut().for_each(|record| record.ttl = 300);
            }
        }
        let compared = compared(&facts, "A");
        let verdicts: Vec<AnswerVerdict> = compared.answers.iter().map(|answer| answer.verdict).collect();
        (verdicts, Conclusion::differs(&compared.answers), Conclusion::is_unknown(&compared.answers))
    };
    use AnswerVerdict::{InTurn, Same, Unknown};
    let turning = vec![InTurn, Unknown, InTurn, InTurn, InTurn];
    assert_eq!(servers("198.18.5.2", "198.18.5.1"), (turning, false, true));
    assert_eq!(servers("198.18.5.1", "").0[2], AnswerVerdict::Different, "a denial is no rotation");
    let steady = servers("198.18.5.2", "198.18.5.2");
    assert_eq!(steady, (vec![Unknown, Unknown, Same, Same, Same], false, true));
}

#[test]
fn short_ttl_proves_no_rotation() {
    let mut facts = with_resolver(
        "lookup a.test. A | 198.18.5.1\nserver 198.18.1.1 a.test. A udp aa | 198.18.5.1\n\
         server 198.18.1.2 a.test. A udp aa | 198.18.5.1\nserver 198.18.1.3 a.test. A udp aa | 198.18.5.2",
        "A",
    );
    let verdicts = |facts: &DomainFacts| {
        let answers = compared(facts, "A").answers;
        let verdicts: Vec<AnswerVerdict> = answers.iter().map(|answer| answer.verdict).collect();
        (verdicts, Conclusion::differs(&answers), Conclusion::is_unknown(&answers))
    };
    use AnswerVerdict::{Different, Same, Unknown};
    assert_eq!(verdicts(&facts), (vec![Same, Same, Same, Different], true, false));
    for got in facts.got.values_mut() {
        if let Got::Reply(reply) = got {
            reply.answers.iter_mut().for_each(|record| record.ttl = 300);
        }
    }
    assert_eq!(verdicts(&facts), (vec![Unknown; 4], false, true));
}

#[test]
fn removed_addresses_are_filtered() {
    let of = |zone: &str, public: &str| {
        let lines = format!(
            "lookup a.test. A | {zone}\nserver 192.0.2.8 a.test. A recursive ra{public}\n\
             server 198.18.1.1 a.test. A udp aa | {zone}"
        );
        let mut found = rows(&with_resolver(&lines, "A"), "A");
        found.retain(|row| row.0.starts_with("192.0.2.8"));
        let (_, verdict, why) = found.remove(0);
        (verdict, why)
    };
    use AnswerVerdict::{Filtered, Unknown};
    assert_eq!(of("198.51.100.1", " | 0.0.0.0").0, Filtered);
    assert_eq!(of("198.51.100.1", " | 10.0.0.1").0, Filtered);
    assert_eq!(of("10.0.0.2", " | 10.0.0.1").0, Unknown);
    assert_eq!(of("198.51.100.1", " | 198.51.100.2").0, Unknown, "nothing shows that it is old");
}

// This resolver has no answer for the name.
#[test]
fn name_servers_are_found_without_answer() {
    let wants = |lines: &str| SideBySide { kind: "MX" }.wants(&facts("a.test.", lines), &BTreeSet::new());
    let at = |last: u8| Want::Server {
        server: [198, 18, 1, last].into(),
        name: "a.test.".to_owned(),
        kind: "MX",
        way: QueryForm::Udp,
    };
    let above = "lookup test. SOA | ns.test. h. 1 2 3 4 5\nlookup . SOA SERVFAIL\nlookup test. NS | ns.test.\n\
                 lookup ns.test. A | 198.18.1.9";
    let referral = referral("MX").replace("198.18.9.1", "198.18.1.9");
    for soa in [
        "lookup a.test. SOA SERVFAIL",
        "lookup a.test. SOA NXDOMAIN | >test. SOA ns.test. h. 1 2 3 4 5",
        "lookup a.test. SOA | >test. SOA ns.test. h. 1 2 3 4 5",
    ] {
        let lines = format!("{soa}\n{above}");
        assert!(wants(&lines).contains(&at(9)), "{soa}");
        assert!(wants(&format!("{lines}\n{referral}")).contains(&at(1)), "{soa}");
    }
    assert!(wants("lookup a.test. SOA SERVFAIL").contains(&lookup("test.", "SOA")));
}

#[test]
fn ds_records_come_from_parent() {
    let lines = format!(
        "{WAY}\nlookup . SOA | root. h. 1 2 3 4 5\nlookup . NS | root.\nlookup root. A | 198.18.9.9\n\
         lookup a.test. DS | 1 13 2 AB\nserver 198.18.9.9 a.test. DS udp | >test. NS ns.test. | +ns.test. A 198.18.9.1\n\
         server 198.18.9.1 a.test. DS udp aa | 1 13 2 AB"
    );
    let facts = facts("a.test.", &lines);
    assert_eq!(compared(&facts, "DS").zone.as_deref(), Some("test."));
    assert_eq!(sentence(&facts, "DS"), "the 2 answers are the same: 1 13 2 AB");
}

#[test]
fn servers_beyond_limits_are_counted() {
    let names: String =
        (0..30).map(|n| format!(" | >a.test. NS n{n}.a.test. | +n{n}.a.test. A 198.18.2.{n}")).collect();
    let mut facts = facts(
        "a.test.",
        &format!("{WAY}\nserver 198.18.9.1 a.test. MX udp{names}\nlookup a.test. MX | 10 a."),
    );
    let resolver = |last: u8| OtherResolver {
        way: ResolverWay::Plain([192, 0, 2, last].into()),
        name: last.to_string(),
    };
    facts.subject.resolvers = (0..8).map(resolver).collect();
    let conclusion = conclude(&compared(&facts, "MX"), vec!["b.test.".to_owned()]);
    assert_eq!((conclusion.servers_left_out.len(), conclusion.resolvers_left_out.len()), (6, 2));
    assert!(conclusion.is_partial());
    assert_eq!(conclusion.aliases_left_out, ["b.test."]);
}

#[test]
fn the_root_has_rows() {
    let lines = "lookup . SOA | a.root. h. 1 2 3 4 5\nlookup . NS | a.root.\nlookup a.root. A | 198.18.1.1\n\
                 server 198.18.1.1 . NS udp aa | a.root.";
    let facts = facts(".", lines);
    assert_eq!(sentence(&facts, "NS"), "the 2 answers are the same: a.root.");
}

#[test]
fn configured_answer_is_local() {
    let mut facts = with_resolver(SOUND, "MX");
    for want in [lookup("a.test.", "MX"), lookup("a.test.", "SOA")] {
        let Some(Got::Reply(reply)) = facts.got.get_mut(&want) else { panic!("{want:?}") };
        reply.configured = Some("[[zone]] a.test, the zone file a.zone".to_owned());
        if want == lookup("a.test.", "MX") {
            reply.answers[0] = Record::read("a.test.", 60, "MX", "10 local.a.test.").unwrap();
        }
    }
    let soa = facts.got[&lookup("test.", "SOA")].clone();
    facts.got.insert(lookup(".", "SOA"), Got::NoReply(crate::facts::NoReply::Silent));
    facts.got.insert(lookup("test.", "SOA"), soa);
    let found = rows(&facts, "MX");
    assert_eq!(found[0].1, AnswerVerdict::Local, "{found:?}");
    assert_eq!(found.len(), 1, "the name servers and the public resolver agree");
    assert_eq!(compared(&facts, "MX").zone.as_deref(), Some("a.test."), "by the referral of the zone above");
    assert!(
        sentence(&facts, "MX")
            .contains(". For others, 3 of 3 name servers and 1 resolver answer: 10 mx.a.test.")
    );
}

#[test]
fn truncated_replies_are_unknown() {
    let mut facts = with_resolver(SOUND, "MX");
    for got in facts.got.iter_mut().filter_map(|(want, got)| match (want, got) {
        (Want::Server { kind: "MX", server, .. }, Got::Reply(reply))
            if server.to_string().starts_with("198.18.1.") =>
        {
            Some(reply)
        }
        _ => None,
    }) {
        got.truncated = true;
    }
    let compared = compared(&facts, "MX");
    assert!(compared.answers.iter().all(|answer| answer.verdict == AnswerVerdict::Unknown), "{compared:#?}");
    assert!(!Conclusion::differs(&compared.answers) && Conclusion::is_unknown(&compared.answers));
    let sentence = conclude(&compared, Vec::new()).sentence;
    assert!(
        sentence.contains("No name server of a.test. has answered, so resolverctl cannot tell which answer is right. Answers: "),
        "{sentence}"
    );
}

#[test]
fn an_expired_answer_is_stale() {
    let mut facts = with_resolver(SOUND, "MX");
    let Some(Got::Reply(reply)) = facts.got.get_mut(&lookup("a.test.", "MX")) else { panic!() };
    reply.rcode = "SERVFAIL".to_owned();
    reply.expired = std::mem::take(&mut reply.answers);
    let answer = compared(&facts, "MX").answers.remove(0);
    assert_eq!((answer.verdict, answer.words().as_str()), (AnswerVerdict::Stale, "10 mx.a.test."));
}

#[test]
fn validated_answer_suggests_no_flush() {
    let lines = SOUND
        .replace("lookup a.test. MX |", "lookup a.test. MX secure cached |")
        .replace("udp aa | 10 mx.a.test.", "udp aa | 10 new.a.test.");
    let rows = rows(&with_resolver(&lines, "MX"), "MX");
    assert!(
        rows[0].2.contains("`resolverctl trace --fresh a.test. MX`") && !rows[0].2.contains("flush"),
        "{rows:?}"
    );
}

#[test]
fn local_and_forwarded_answers_are_named() {
    let lines = "lookup 1.0.0.127.in-addr.arpa. PTR | localhost.";
    let compared = compared(&facts("1.0.0.127.in-addr.arpa.", lines), "PTR");
    assert_eq!(compared.answers[0].verdict, AnswerVerdict::Local);
    let lines =
        SOUND.replace("lookup a.test. MX | 10 mx.a.test.", "lookup a.test. MX cached | 10 old.a.test.");
    let mut forwarded = with_resolver(&lines, "MX");
    forwarded.subject.forwarders = vec!["192.0.2.53:53".to_owned()];
    let found = rows(&forwarded, "MX");
    let whose = "an answer that no name server gave when it was asked: old, by place or in turn, or of a zone, a filter or a forwarder (192.0.2.53:53); see";
    assert!(found[0].1 == AnswerVerdict::Unknown && found[0].2.starts_with(whose), "{found:?}");
    let denied = "lookup a.test. MX NXDOMAIN cached | >a.test. SOA ns1.a.test. h. 6 2 3 4 5";
    let mut forwarded = with_resolver(&SOUND.replace("lookup a.test. MX | 10 mx.a.test.", denied), "MX");
    forwarded.subject.forwarders = vec!["192.0.2.53:53".to_owned()];
    let found = rows(&forwarded, "MX");
    assert!(
        found[0].1 == AnswerVerdict::Unknown && found[0].2.starts_with(whose),
        "a zone of its own: {found:?}"
    );
    let secure = denied.replace("NXDOMAIN", "NXDOMAIN secure");
    let mut forwarded = with_resolver(&SOUND.replace("lookup a.test. MX | 10 mx.a.test.", &secure), "MX");
    forwarded.subject.forwarders = vec!["192.0.2.53:53".to_owned()];
    let found = rows(&forwarded, "MX");
    assert!(found[0].1 == AnswerVerdict::Old && found[0].2.contains("its serial is 6"), "{found:?}");
    let denied = denied.replace("lookup a.test. MX", "server 192.0.2.8 a.test. MX recursive ra");
    let sound = "server 192.0.2.8 a.test. MX recursive ra | 10 MX.a.test.";
    let mut asked = with_resolver(&SOUND.replace(sound, &denied), "MX");
    assert_eq!(rows(&asked, "MX")[0].1, AnswerVerdict::Old);
    asked.subject.forwarders = vec!["192.0.2.8:53".to_owned()];
    assert_eq!(rows(&asked, "MX")[0].1, AnswerVerdict::Unknown, "the forwarder itself");
    // resolverd has removed private addresses from this answer, and has added a SOA record of its own.
    let lines = SOUND.replace(
        "lookup a.test. MX | 10 mx.a.test.",
        "lookup a.test. MX | >a.test. SOA a.test. nobody.invalid. 1 2 3 4 5",
    );
    let mut removed = with_resolver(&lines, "MX");
    let Some(Got::Reply(reply)) = removed.got.get_mut(&lookup("a.test.", "MX")) else { panic!() };
    reply.why = "removed because of private_addresses: 10.1.2.3".to_owned();
    assert_eq!(rows(&removed, "MX")[0].1, AnswerVerdict::Filtered);
}

#[test]
fn resolvers_without_an_answer_come_last() {
    let silent = SOUND.replace("recursive ra | 10 MX.a.test.", "recursive silent");
    let facts = with_resolver(&silent, "MX");
    let conclusion = conclude(&compared(&facts, "MX"), Vec::new());
    assert_eq!(conclusion.verdict, AnswerVerdict::Same);
    assert_eq!(
        conclusion.sentence,
        "the 4 answers are the same: 10 mx.a.test.; without an answer: 192.0.2.8 (public) (no answer)"
    );
}

#[test]
fn missing_ipv6_still_compares_ipv4() {
    for lost in ["no-route", "silent"] {
        let lines = format!(
            "{WAY}\nserver 198.18.9.1 a.test. MX udp | >a.test. NS ns1.a.test. | +ns1.a.test. A 198.18.1.1 | +ns1.a.test. AAAA 2001:db8::1\n\
             lookup a.test. MX | 10 mx.a.test.\nserver 198.18.1.1 a.test. MX udp aa | 10 mx.a.test.\n\
             server 2001:db8::1 a.test. MX udp {lost}"
        );
        let compared = compared(&facts("a.test.", &lines), "MX");
        assert!(
            !Conclusion::differs(&compared.answers) && !Conclusion::is_unknown(&compared.answers),
            "{lost}"
        );
        let sentence = conclude(&compared, Vec::new()).sentence;
        assert!(
            sentence
                .starts_with("the 2 answers are the same: 10 mx.a.test.; without an answer: 2001:db8::1 "),
            "{sentence}"
        );
    }
}

#[test]
fn list_codes_are_no_host_addresses() {
    let of = |public: &str| {
        let lines = format!(
            "lookup a.test. A | 127.0.0.2\nserver 192.0.2.8 a.test. A recursive {public}\n\
             server 198.18.1.1 a.test. A udp aa | 127.0.0.2"
        );
        rows(&with_resolver(&lines, "A"), "A").remove(0).1
    };
    assert_eq!(of("NXDOMAIN ra | >a.test. SOA ns1.a.test. h. 6 2 3 4 5"), AnswerVerdict::Old);
    assert_eq!(of("NXDOMAIN ra | >a.test. SOA ns1.a.test. h. 7 2 3 4 5"), AnswerVerdict::Unknown);
    assert_eq!(of("ra | 127.0.0.3"), AnswerVerdict::Unknown);
    assert_eq!(of("ra | 127.255.255.254"), AnswerVerdict::Refused);
    assert_eq!(of("ra | 127.0.0.1"), AnswerVerdict::Refused);
    let here = with_resolver(
        "lookup a.test. A | 127.255.255.254\nserver 198.18.1.1 a.test. A udp aa | 127.0.0.2",
        "A",
    );
    assert_eq!(rows(&here, "A")[0].1, AnswerVerdict::Failed, "the list refuses this resolver");
    let mut keyed =
        with_resolver("lookup a.test. A | 127.0.0.4\nserver 198.18.1.1 a.test. A udp aa | 127.0.0.2", "A");
    keyed.subject.keyed_lists = vec!["a.test.".to_owned()];
    let found = rows(&keyed, "A").remove(0);
    assert_eq!((found.1, found.2.as_str()), (AnswerVerdict::Local, "[[list]] a.test. is queried with a key"));
}

#[test]
fn shell_characters_stay_out_of_commands() {
    let lines = "lookup x|id.a.test. A | 198.18.5.1\nlookup x|id.a.test. SOA SERVFAIL\nlookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5\n\
                 lookup test. SOA | ns.test. h. 1 2 3 4 5\nlookup test. NS | ns.test.\nlookup ns.test. A | 198.18.9.1\n\
                 server 198.18.9.1 x|id.a.test. A udp | >a.test. NS ns1.a.test. | +ns1.a.test. A 198.18.1.1\n\
                 server 198.18.1.1 x|id.a.test. A udp aa | 198.18.5.2";
    let found = rows(&facts("x|id.a.test.", lines), "A").remove(0);
    assert!(
        found.2.ends_with("with `resolverctl trace --fresh`, with the name in single quotes"),
        "{found:?}"
    );
}

#[test]
fn server_denying_mixed_case_is_named() {
    let lines = format!(
        "{}\nserver 198.18.1.1 a.test. MX mixed NXDOMAIN aa | >a.test. SOA ns1.a.test. h. 7 2 3 4 5",
        SOUND.replace(
            "lookup a.test. MX | 10 mx.a.test.",
            "lookup a.test. MX NXDOMAIN | >a.test. SOA ns1.a.test. h. 7 2 3 4 5"
        )
    );
    let found = rows(&with_resolver(&lines, "MX"), "MX");
    let named: Vec<(&str, AnswerVerdict)> = found.iter().map(|row| (row.0.as_str(), row.1)).collect();
    use AnswerVerdict::Different;
    assert_eq!(named, [("this resolver", Different), ("198.18.1.1 (ns1.a.test.)", Different)], "{found:?}");
}

/// The NS records in the zone itself.
const OWN: &str =
    "server 198.18.1.1 a.test. NS udp aa | ns1.a.test. | ns7.b.test.\nlookup ns7.b.test. A | 198.18.7.1\n";

// Only the zone itself names them.
#[test]
fn servers_named_by_zone_are_queried() {
    let lines = |new: &str| {
        let here = format!("lookup a.test. MX cached | 10 {new}.a.test.");
        let sound = SOUND.replace("lookup a.test. MX | 10 mx.a.test.", &here);
        format!("{sound}\n{OWN}server 198.18.7.1 a.test. MX udp aa | 10 {new}.a.test.")
    };
    let facts = with_resolver(&lines("new"), "MX");
    let wants = SideBySide { kind: "MX" }.wants(&facts, &BTreeSet::new());
    let server = "198.18.7.1".parse().unwrap();
    assert!(wants.contains(&at_server(server, "a.test.", "SOA", QueryForm::Udp)), "{wants:?}");
    let rows = rows(&facts, "MX");
    assert!(rows.iter().all(|row| row.1 == AnswerVerdict::Unknown && !row.2.contains("flush")), "{rows:?}");
    let same = with_resolver(&lines("mx"), "MX");
    assert_eq!(sentence(&same, "MX"), "the 6 answers are the same: 10 mx.a.test.");
}

#[test]
fn servers_without_address_have_rows() {
    let lines = format!("{WAY}\n{} | >a.test. NS ns.gone.test.\n{SOUND}", referral("MX"));
    let mut facts = facts("a.test.", &lines);
    facts.subject.resolvers.clear();
    let why = "no address of the server was found".to_owned();
    assert_eq!(rows(&facts, "MX"), [("ns.gone.test.".to_owned(), AnswerVerdict::Unknown, why)]);
}

// It gives an answer in place of a referral.
#[test]
fn parent_server_serving_zone_is_recognized() {
    let lines = format!(
        "{WAY}\nlookup a.test. NS | ns.test.\nlookup a.test. MX | 10 mx.a.test.\nserver 198.18.9.1 a.test. MX udp aa | 10 mx.a.test."
    );
    let compared = compared(&facts("a.test.", &lines), "MX");
    assert_eq!(compared.zone.as_deref(), Some("a.test."));
    let denied = lines.replace("a.test. MX udp aa | 10 mx.a.test.", "a.test. MX udp NXDOMAIN aa");
    assert_eq!(super::compared(&facts("a.test.", &denied), "MX").zone.as_deref(), Some("test."));
}
