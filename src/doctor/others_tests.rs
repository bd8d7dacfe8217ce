//! Tests of the comparison with other resolvers.

use super::*;
use crate::facts::ResolverWay;
use crate::facts::tests::facts;

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
    server 198.18.1.1 a.test. SOA udp aa | ns1.a.test. h. 7 2 3 4 5
    server 198.18.1.1 a.test. NS mixed aa | ns1.a.test.
    server 198.18.1.1 a.test. MX udp aa | 10 new.a.test.";

/// The replies of a resolver that has the current records of the zone.
const SOUND: &str = "
    server 192.0.2.8 a.test. MX recursive ra | 10 New.a.test.
    server 192.0.2.8 a.test. A recursive ra | 198.18.0.80
    server 192.0.2.8 a.test. AAAA recursive ra
    server 192.0.2.8 a.test. TXT recursive ra | \"v=spf1 -all\"
    server 192.0.2.8 a.test. NS recursive ra | ns1.a.test.";

fn subject(lines: &str) -> DomainFacts {
    asked(&format!("{ZONE}\n{lines}"))
}

/// Returns the facts of a check that asked one other resolver.
fn asked(lines: &str) -> DomainFacts {
    let mut facts = facts("a.test.", lines);
    let name = "public resolver 192.0.2.8".to_owned();
    facts.subject.resolvers =
        vec![OtherResolver { way: ResolverWay::Plain("192.0.2.8".parse().unwrap()), name }];
    facts
}

/// Returns the findings about the answers `SOUND`, in which `from` is replaced with `to`.
fn found(from: &str, to: &str) -> Vec<(Code, Level)> {
    assert!(SOUND.contains(from), "{from}");
    let found = check(&subject(&SOUND.replace(from, to)));
    found.into_iter().map(|finding| (finding.code, finding.level)).collect()
}

#[test]
fn old_public_denial_shows_end() {
    let of = |answer: &str| {
        let lines = SOUND.replace("MX recursive ra | 10 New.a.test.", answer).replace("192.0.2.8", "9.9.9.9");
        let mut facts = facts("a.test.", &format!("{ZONE}\n{lines}"));
        let way = ResolverWay::Plain("9.9.9.9".parse().unwrap());
        facts.subject.resolvers = vec![OtherResolver { way, name: "9.9.9.9 (Quad9)".to_owned() }];
        check(&facts).remove(0)
    };
    let soa = |serial: u32, most: u32| format!("| >a.test. SOA ns1.a.test. h. {serial} 2 3 4 {most}");
    for rcode in ["", "NXDOMAIN "] {
        let old = of(&format!("MX recursive {rcode}ra cached {}", soa(7, 3_600)));
        assert_eq!((old.code, old.level), (Code::OthersOld, Level::Warning), "{old:#?}");
        let begin = "9.9.9.9 (Quad9) a.test. MX: no MX until 2026-01-01 00:30 UTC: no server of the zone gives that to this host";
        assert!(old.evidence.starts_with(begin), "{}", old.evidence);
        let end = "They have the new records by 2026-01-01 00:30 UTC";
        assert!(old.evidence.ends_with(end), "{}", old.evidence);
    }
    let newer = of(&format!("MX recursive ra cached {}", soa(8, 3_600)));
    assert_eq!(newer.code, Code::OthersDiffer);
}

#[test]
fn older_mail_host_address_is_named() {
    let zone = format!("{ZONE}\n{SOUND}").replace("10 cached.a.test.", "10 new.a.test.");
    let codes = |seen: &str, more: &str| -> Vec<Code> {
        let lines = format!(
            "{zone}\nlookup new.a.test. A | 198.18.0.25\nserver 198.18.1.1 new.a.test. A udp aa | 198.18.0.25\n{seen}\n{more}"
        );
        let found = check(&asked(&lines));
        found.into_iter().map(|finding| finding.code).collect()
    };
    let of_host = |seen: &str| format!("server 192.0.2.8 new.a.test. A recursive {seen}");
    assert_eq!(codes(&of_host("ra | 198.18.0.25"), ""), [Code::OthersOk]);
    assert_eq!(codes(&of_host("ra | 198.18.0.24"), ""), [Code::OthersOk], "it may be by place");
    let soa = "server 192.0.2.8 a.test. SOA recursive ra | ns1.a.test. h. 6 2 3 4 5";
    assert_eq!(codes(&of_host("ra | 198.18.0.24"), soa), [Code::OthersOld]);
    assert_eq!(codes(&of_host("NXDOMAIN ra"), ""), [Code::OthersHide]);
    let open = asked(&zone);
    assert!(wants(&open).contains(&ask(&open.subject.resolvers[0], "new.a.test.", "A")));
}

#[test]
fn silent_resolver_costs_one_query() {
    for silent in ["silent", "REFUSED"] {
        let alone = subject(&format!("server 192.0.2.8 a.test. MX recursive {silent}"));
        assert_eq!(wants(&alone).len(), 1);
        let found: Vec<_> = check(&alone).into_iter().map(|finding| (finding.code, finding.level)).collect();
        assert_eq!(found, [(Code::OthersUnknown, Level::CouldNotTell)]);
    }
    let of_host = ["A", "AAAA"].map(|kind| format!("server 192.0.2.8 cached.a.test. {kind} recursive ra"));
    let sound = subject(&format!("{SOUND}\n{}", of_host.join("\n")));
    assert!(wants(&sound).iter().all(|want| sound.got.contains_key(want)), "{:?}", wants(&sound));
    assert!(check(&facts("a.test.", ZONE)).is_empty());
}

#[test]
fn unqueried_resolvers_name_only_limit() {
    let mut open = subject("");
    let mail = ask(&open.subject.resolvers[0], "a.test.", "MX");
    open.got.insert(mail.clone(), Got::NoReply(NoReply::Unknown(BOUND_REACHED.to_owned())));
    assert!(check(&open).is_empty(), "{:#?}", check(&open));
    let mut found = crate::judge(&open);
    found.retain(|finding| [Code::NsMany, Code::OthersUnknown].contains(&finding.code));
    let codes: Vec<(Code, Level)> = found.iter().map(|finding| (finding.code, finding.level)).collect();
    assert_eq!(codes, [(Code::NsMany, Level::Ok)], "{found:#?}");
    assert!(found[0].evidence.ends_with("was left for other resolvers"), "{found:#?}");
    open.got.insert(mail, Got::NoReply(NoReply::Silent));
    assert!(!are_left_out(&open));
}

// The proof is an older serial or an expired signature.
#[test]
fn old_records_need_proof_of_age() {
    let code = |from: &str, to: &str, more: &str| {
        check(&subject(&format!("{}\n{more}", SOUND.replace(from, to)))).remove(0).code
    };
    let soa = |serial: u32, flags: &str| {
        format!("server 192.0.2.8 a.test. SOA recursive ra {flags} | ns1.a.test. h. {serial} 2 3 4 5")
    };
    let of_soa = |serial: u32, flags: &str| code("10 New", "10 old", &soa(serial, flags));
    assert_eq!(of_soa(6, ""), Code::OthersOld);
    assert_eq!(of_soa(u32::MAX, ""), Code::OthersOld, "RFC 1982");
    for serial in [7, 8] {
        assert_eq!(of_soa(serial, ""), Code::OthersDiffer);
    }
    assert_eq!(of_soa(6, "aa"), Code::OthersDiffer, "a zone of its own");
    assert_eq!(
        code("MX recursive ra | 10 New", "MX recursive ra aa | 10 old", &soa(6, "")),
        Code::OthersDiffer
    );
    let above = "server 192.0.2.8 a.test. SOA recursive ra | >test. SOA ns.test. h. 0 2 3 4 5";
    assert_eq!(code("10 New", "10 old", above), Code::OthersDiffer, "the serial of another zone");
    // Two DNS providers serve the zone, with their own serials.
    let twice = "
        server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | >a.test. NS ns2.a.test.
        lookup ns2.a.test. A | 198.18.2.1
        server 198.18.2.1 a.test. SOA udp aa | ns2.a.test. h. 3 2 3 4 5";
    assert_eq!(code("10 New", "10 old", &format!("{twice}\n{}", soa(6, ""))), Code::OthersDiffer);
    assert_eq!(code("10 New", "10 old", &format!("{twice}\n{}", soa(2, ""))), Code::OthersOld);
    let denied = |serial: u32| {
        let to = format!("MX recursive NXDOMAIN ra | >a.test. SOA ns1.a.test. h. {serial} 2 3 4 5");
        code("MX recursive ra | 10 New.a.test.", &to, "")
    };
    assert_eq!((denied(6), denied(7)), (Code::OthersOld, Code::OthersDiffer));
    let signed = |end: u64| {
        let to = format!("10 old.a.test. | =a.test. RRSIG MX 13 2 300 {end} 1 1 a.test. AAAA");
        code("10 New.a.test.", &to, "")
    };
    let now = 1_767_225_600;
    assert_eq!((signed(now - 86_400), signed(now + 86_400)), (Code::OthersOld, Code::OthersDiffer));
}

#[test]
fn differing_resolver_gets_serial_query() {
    let asks_serial = |lines: &str| {
        let soa = ask(&subject("").subject.resolvers[0], "a.test.", "SOA");
        wants(&subject(lines)).contains(&soa)
    };
    assert!(asks_serial(&SOUND.replace("10 New", "10 old")));
    assert!(!asks_serial(&SOUND.replace("10 New", "10 new")));
}

#[test]
fn differing_records_show_end() {
    let lines = SOUND.replace("10 New", "10 old");
    let differ = check(&subject(&lines)).remove(0);
    assert_eq!(
        differ.evidence,
        "public resolver 192.0.2.8 a.test. MX: 10 old.a.test. until 2026-01-01 01:00 UTC. Their TTL has ended by \
         2026-01-01 01:00 UTC"
    );
    let soa = "server 192.0.2.8 a.test. SOA recursive ra | ns1.a.test. h. 6 2 3 4 5";
    let old = check(&subject(&format!("{lines}\n{soa}"))).remove(0);
    assert_eq!(
        old.evidence,
        "public resolver 192.0.2.8 a.test. MX: 10 old.a.test. until 2026-01-01 01:00 UTC: its serial is 6, and the zone has 7. \
         They have the new records by 2026-01-01 01:00 UTC"
    );
}

#[test]
fn differing_dmarc_record_names_resolver() {
    let zone = format!("{ZONE}\n{}", SOUND.replace("10 New", "10 new"));
    let here = "lookup _dmarc.a.test. TXT | \"v=DMARC1; p=reject\"";
    let found = |policy: &str, more: &str| -> Vec<Code> {
        let lines = format!("{zone}\n{here}\nserver 192.0.2.8 _dmarc.a.test. TXT recursive {policy}\n{more}");
        check(&asked(&lines)).into_iter().map(|finding| finding.code).collect()
    };
    assert_eq!(found("ra | \"v=DMARC1; p=reject\"", ""), [Code::OthersOk]);
    assert_eq!(found("ra | \"v=DMARC1; p=none\"", ""), [Code::OthersDiffer]);
    let soa = "server 192.0.2.8 a.test. SOA recursive ra | ns1.a.test. h. 6 2 3 4 5";
    assert_eq!(found("ra | \"v=DMARC1; p=none\"", soa), [Code::OthersOld]);
    assert_eq!(found("NXDOMAIN ra", ""), [Code::OthersHide]);
    let open = |lines: &str, name: &str| {
        let mut facts = asked(&format!("{zone}\n{lines}"));
        for host in ["A", "AAAA"].map(|kind| ask(&facts.subject.resolvers[0], "cached.a.test.", kind)) {
            facts.got.insert(host, Got::NoReply(NoReply::Silent));
        }
        wants(&facts).contains(&ask(&facts.subject.resolvers[0], name, "TXT"))
    };
    assert!(open(here, "_dmarc.a.test.") && !open("", "_dmarc.a.test."));
    let above = "lookup _dmarc.a.test. TXT NXDOMAIN\nlookup _dmarc.test. TXT | \"v=DMARC1; p=reject; psd=n\"";
    assert!(open(above, "_dmarc.test.") && !open(above, "_dmarc.a.test."), "the record that applies");
}

#[test]
fn zone_without_edns_is_compared() {
    let plain = ZONE
        .replace(
            "a.test. SOA udp aa | ns1.a.test. h. 7",
            "a.test. SOA udp BADVERS\nserver 198.18.1.1 a.test. SOA plain aa | ns1.a.test. h. 7",
        )
        .replace("a.test. MX udp aa", "a.test. MX plain aa");
    let found = check(&asked(&format!("{plain}\n{SOUND}")));
    assert_eq!(found.iter().map(|finding| finding.code).collect::<Vec<_>>(), [Code::OthersOk], "{found:#?}");
}

#[test]
fn each_difference_has_its_reason() {
    let usual = |code: Code| vec![(code, code.entry().level)];
    assert_eq!(found("10 New", "10 new"), usual(Code::OthersOk));
    let differ = usual(Code::OthersDiffer);
    assert_eq!(found("10 New", "10 old"), differ, "a zone of its own has a TTL too");
    assert_eq!(found("10 New", "10 cached"), differ, "the cache of this host may be old too");
    assert_eq!(found("NS recursive ra | ns1", "NS recursive ra | old"), usual(Code::OthersOld));
    assert_eq!(found("spf1 -all", "spf1 ~all"), differ);
    assert_eq!(found("A recursive ra | 198.18.0.80", "A recursive ra | 198.18.0.81"), usual(Code::OthersOk));
    assert_eq!(found("A recursive ra | 198.18.0.80", "A recursive ra | 0.0.0.0"), usual(Code::OthersHide));
    let negative = "MX recursive NXDOMAIN ra";
    assert_eq!(found("MX recursive ra | 10 New.a.test.", negative), usual(Code::OthersHide));
    let kept = format!("{negative} | >a.test. SOA ns1.a.test. h. 7 2 3 4 5");
    assert_eq!(found("MX recursive ra | 10 New.a.test.", &kept), differ);
    assert_eq!(found("MX recursive ra | 10 New.a.test.", "MX recursive SERVFAIL"), usual(Code::OthersFail));
    let partly = vec![(Code::OthersUnknown, Level::Note)];
    assert_eq!(found("TXT recursive ra | \"v=spf1 -all\"", "TXT recursive silent"), partly);
}
