//! Cases of the resolvers of others.

use super::*;
use crate::facts::tests::facts;
use crate::facts::{QueryForm, ResolverWay};

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
    let differ = usual(Code::OthersDiffer);
    assert_eq!(found("10 New", "10 old"), differ, "a zone of its own has a TTL too");
    assert_eq!(found("10 New", "10 cached"), differ, "the cache of this host may be old too");
    assert_eq!(found("NS recursive ra | ns1", "NS recursive ra | old"), usual(Code::OthersOld));
    assert_eq!(found("spf1 -all", "spf1 ~all"), differ);
    assert_eq!(
        found("A recursive ra | 198.18.0.80", "A recursive ra | 198.18.0.81"),
        usual(Code::OthersElsewhere)
    );
    assert_eq!(found("A recursive ra | 198.18.0.80", "A recursive ra | 0.0.0.0"), usual(Code::OthersHide));
    let negative = "MX recursive NXDOMAIN ra";
    assert_eq!(found("MX recursive ra | 10 New.a.test.", negative), usual(Code::OthersHide));
    let kept = format!("{negative} | >a.test. SOA ns1.a.test. h. 7 2 3 4 5");
    assert_eq!(found("MX recursive ra | 10 New.a.test.", &kept), differ);
    assert_eq!(found("MX recursive ra | 10 New.a.test.", "MX recursive SERVFAIL"), usual(Code::OthersFail));
    let own = "server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | >a.test. NS ns2.a.test.\nlookup ns2.a.test. A | 198.18.2.1";
    let lines = SOUND.replace("MX recursive ra | 10 New.a.test.", negative);
    let denied = subject(&format!("{own}\nserver 198.18.2.1 a.test. SOA udp NXDOMAIN aa\n{lines}"));
    assert!(
        check(&denied).iter().all(|finding| finding.code != Code::OthersHide),
        "a server of the zone denies it too"
    );
    let partly = vec![(Code::OthersUnknown, Level::Note)];
    assert_eq!(found("TXT recursive ra | \"v=spf1 -all\"", "TXT recursive silent"), partly);
}

#[test]
fn other_mail_and_text_records_of_a_public_resolver_are_old() {
    let codes = |from: &str, to: &str, more: &str| -> Vec<Code> {
        assert!(SOUND.contains(from), "{from}");
        let public = format!("{ZONE}\n{}\n{more}", SOUND.replace(from, to)).replace("192.0.2.8", "9.9.9.9");
        let told = "server 198.18.1.1 a.test. TXT udp aa | \"v=spf1 -all\"";
        let mut facts = facts("a.test.", &format!("{public}\n{told}"));
        let way = ResolverWay::Plain("9.9.9.9".parse().unwrap());
        facts.subject.resolvers = vec![OtherResolver { way, name: "9.9.9.9 (Quad9)".to_owned() }];
        let found = check(&facts);
        if let Some(old) = found.iter().find(|finding| finding.code == Code::OthersOld) {
            assert!(
                old.evidence.contains("at another place")
                    && old.evidence.contains(". If they are old, these ")
            );
        }
        found.into_iter().map(|finding| finding.code).collect()
    };
    let mail = ("MX recursive ra | 10 New", "MX recursive ra | 10 old");
    assert_eq!(codes(mail.0, mail.1, ""), [Code::OthersOld]);
    assert_eq!(codes("spf1 -all", "spf1 ~all", ""), [Code::OthersOld]);
    let serial =
        |serial: u32| format!("server 9.9.9.9 a.test. SOA recursive ra | ns1.a.test. h. {serial} 2 3 4 5");
    assert_eq!(
        codes(mail.0, mail.1, &serial(7)),
        [Code::OthersOld],
        "it was looked up later than the MX records"
    );
    assert_eq!(
        codes(mail.0, mail.1, &serial(8)),
        [Code::OthersDiffer],
        "a server elsewhere has a newer zone"
    );
    // An address of another place, or of a filter.
    let address = "A recursive ra | 198.18.0.80";
    assert_eq!(codes(address, "A recursive ra | 198.18.0.81", ""), [Code::OthersElsewhere]);
    let absent = "MX recursive ra | >a.test. SOA ns1.a.test. h. 7 2 3 4 5";
    assert_eq!(codes("MX recursive ra | 10 New.a.test.", absent, ""), [Code::OthersDiffer]);
    assert_eq!(codes("MX recursive ra |", "MX recursive aa ra |", ""), [Code::OthersOk]);
    assert_eq!(codes(mail.0, "MX recursive aa ra | 10 old", ""), [Code::OthersDiffer], "a zone of its own");
    let silent = "server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | >a.test. NS ns2.a.test.
        lookup ns2.a.test. A | 198.18.2.1\nserver 198.18.2.1 a.test. SOA udp silent";
    assert_eq!(
        codes(mail.0, mail.1, silent),
        [Code::OthersOld],
        "a server that does not answer is no reason"
    );
}

#[test]
fn a_longer_ttl_than_that_of_the_zone_shows_that_records_of_a_public_resolver_are_old() {
    let told = |resolver: &str, (kind, now, old): (&str, &str, &str), (of_zone, kept): (u32, u32)| {
        let name = if kind == "MX" { "a.test." } else { "new.a.test." };
        let lines = format!(
            "{ZONE}\n{SOUND}\nlookup new.a.test. {kind} | {now}\nserver 198.18.1.1 {name} {kind} udp aa | {now}\nserver 192.0.2.8 {name} {kind} recursive ra | {old}"
        );
        let lines = lines.replace("10 cached.a.test.", "10 new.a.test.").replace("192.0.2.8", resolver);
        let mut facts = facts("a.test.", &lines);
        let (way, server) = (ResolverWay::Plain(resolver.parse().unwrap()), "198.18.1.1".parse().unwrap());
        facts.subject.resolvers = vec![OtherResolver { way, name: resolver.to_owned() }];
        let kind = if kind == "MX" { "MX" } else { "A" };
        let own = crate::facts::at_server(server, name, kind, QueryForm::Udp);
        let other = ask(&facts.subject.resolvers[0], name, kind);
        for (want, ttl) in [(own, of_zone), (other, kept)] {
            let Some(Got::Reply(reply)) = facts.got.get_mut(&want) else { panic!("{want:?}") };
            reply.answers.iter_mut().for_each(|record| record.ttl = ttl);
        }
        let first = check(&facts).remove(0);
        let is_of_client = first.evidence.ends_with("given by client or by site, or old");
        assert_eq!(
            is_of_client,
            (first.code, first.level) == (Code::OthersDiffer, Level::Note),
            "{first:#?}"
        );
        assert!(!is_of_client || resolver == "9.9.9.9" && kind == "A" && kept <= 300, "{first:#?}");
        (first.code, first.evidence.contains("They have the new records by"))
    };
    let address = ("A", "198.18.0.25", "198.18.0.24");
    assert_eq!(told("9.9.9.9", address, (300, 3_000)), (Code::OthersOld, true));
    assert_eq!(told("9.9.9.9", address, (300, 300)).0, Code::OthersDiffer, "by place, or old");
    assert_eq!(told("9.9.9.9", address, (60, 200)).0, Code::OthersDiffer, "some resolvers raise short TTLs");
    assert_eq!(told("192.0.2.8", address, (300, 3_000)).0, Code::OthersDiffer, "a zone of its own");
    let mail = ("MX", "10 new.a.test.", "10 old.a.test.");
    assert_eq!(told("9.9.9.9", mail, (300, 3_000)), (Code::OthersOld, true));
    assert_eq!(told("9.9.9.9", mail, (3_600, 3_000)), (Code::OthersOld, false));
}

#[test]
fn addresses_of_a_mail_host_by_client_are_a_note_if_all_servers_have_told_theirs() {
    let of = |more: &str| {
        let lines = format!(
            "{ZONE}\n{SOUND}\nlookup new.a.test. A | 198.18.0.25\nserver 198.18.1.1 new.a.test. A udp aa | 198.18.0.25\n\
             server 192.0.2.8 new.a.test. A recursive ra cached | 198.18.0.24\n{more}"
        );
        let lines = lines.replace("10 cached.a.test.", "10 new.a.test.").replace("192.0.2.8", "9.9.9.9");
        let mut facts = facts("a.test.", &lines);
        let way = ResolverWay::Plain("9.9.9.9".parse().unwrap());
        facts.subject.resolvers = vec![OtherResolver { way, name: "9.9.9.9".to_owned() }];
        let found = check(&facts);
        found.into_iter().map(|finding| (finding.code, finding.level)).collect::<Vec<_>>()
    };
    let soa =
        |serial: u32| format!("server 9.9.9.9 a.test. SOA recursive ra | ns1.a.test. h. {serial} 2 3 4 5");
    for same in [String::new(), soa(7)] {
        assert_eq!(of(&same), [(Code::OthersDiffer, Level::Note)], "{same}");
    }
    assert_eq!(of(&soa(6)), [(Code::OthersOld, Level::Warning)]);
    assert_eq!(of(&soa(8)), [(Code::OthersDiffer, Level::CouldNotTell)], "a newer zone elsewhere");
    let silent = "server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | >a.test. NS ns2.a.test.
        lookup ns2.a.test. A | 198.18.2.1\nserver 198.18.2.1 a.test. SOA udp silent";
    assert_eq!(of(silent), [(Code::OthersDiffer, Level::CouldNotTell)], "another server may give it");
}

#[test]
fn a_negative_answer_that_a_public_resolver_may_have_kept_is_old_with_its_end() {
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
        let begin = "9.9.9.9 (Quad9) a.test. MX: no MX until 2026-01-01 00:30 UTC: all servers of the zone give records";
        assert!(old.evidence.starts_with(begin), "{}", old.evidence);
        let end = "If they are old, these resolvers have the new records by 2026-01-01 00:30 UTC";
        assert!(old.evidence.ends_with(end), "{}", old.evidence);
    }
    for (serial, most) in [(7, 900), (8, 3_600)] {
        let other = of(&format!("MX recursive ra cached {}", soa(serial, most)));
        assert_eq!(other.code, Code::OthersDiffer, "{serial} {most}");
    }
    let above = of("MX recursive ra cached | >test. SOA ns.test. h. 7 2 3 4 3600");
    assert_eq!(above.code, Code::OthersDiffer, "not of the zone itself");
}

#[test]
fn texts_beside_the_policies_of_mail_are_a_note_at_most() {
    let of = |texts: &str, more: &str| {
        let lines = format!("{}\n{more}", SOUND.replace("\"v=spf1 -all\"", texts));
        let found = check(&subject(&lines));
        found.into_iter().map(|finding| (finding.code, finding.level, finding.evidence)).collect::<Vec<_>>()
    };
    let soa = "server 192.0.2.8 a.test. SOA recursive ra | ns1.a.test. h. 6 2 3 4 5";
    for more in ["", soa] {
        let evidence = "public resolver 192.0.2.8 a.test. TXT: has \"ms=ms1\" (no SPF record differs) until 2026-01-01 01:00 UTC";
        let note = (Code::OthersDiffer, Level::Note, evidence.to_owned());
        assert_eq!(of("\"v=spf1 -all\" | \"ms=ms1\"", more), [note]);
    }
    assert_eq!(of("\"v=spf1 -all\" | \"v=spf1 mx -all\"", "")[0].1, Level::CouldNotTell);
    assert_eq!(of("\"ms=ms1\"", "")[0].1, Level::CouldNotTell, "without SPF");
}

#[test]
fn a_resolver_with_another_address_of_a_mail_host_in_the_zone_is_told() {
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
    assert_eq!(codes(&of_host("ra | 198.18.0.24"), ""), [Code::OthersDiffer]);
    let soa = "server 192.0.2.8 a.test. SOA recursive ra | ns1.a.test. h. 6 2 3 4 5";
    assert_eq!(codes(&of_host("ra | 198.18.0.24"), soa), [Code::OthersOld]);
    assert_eq!(codes(&of_host("NXDOMAIN ra"), ""), [Code::OthersHide]);
    let open = asked(&zone);
    assert!(wants(&open).contains(&ask(&open.subject.resolvers[0], "new.a.test.", "A")));
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
    assert_eq!(codes(told, negative), [Code::OthersDiffer], "the zone has NS records");
    assert_eq!(codes("a.test. NS udp aa", negative), [Code::OthersOk]);
    assert_eq!(codes("a.test. NS udp NXDOMAIN aa", denied), [Code::OthersOk]);
    assert_eq!(codes("a.test. NS udp aa | =a.test. CNAME b.test.", alias), [Code::OthersOk]);
}

#[test]
fn a_resolver_that_refuses_the_domain_alone_is_told_from_one_that_refuses_this_host() {
    let mail = "server 192.0.2.8 a.test. MX recursive REFUSED";
    let root = "server 192.0.2.8 . SOA recursive";
    let of = |more: &str| {
        let told = check(&subject(&format!("{mail}\n{more}"))).remove(0);
        (told.code, told.level, told.evidence)
    };
    let begin = "public resolver 192.0.2.8 a.test. MX: REFUSED";
    let told = |code: Code, end: &str| (code, code.entry().level, format!("{begin}{end}"));
    let alone = told(Code::OthersHide, ", and the resolver answers this host otherwise");
    assert_eq!(of(&format!("{root} ra | ns.root. h. 1 2 3 4 5")), alone);
    assert_eq!(of("server 192.0.2.8 a.test. A recursive ra | 198.18.0.80"), alone);
    let all = told(Code::OthersUnknown, ", the resolver does not serve this host");
    assert_eq!(of(&format!("{root} REFUSED")), all);
    for unknown in ["", &format!("{root} silent"), &format!("{root} SERVFAIL"), root] {
        assert_eq!(of(unknown), told(Code::OthersUnknown, ""), "{unknown}");
    }
    let open = subject(mail);
    let resolver = &open.subject.resolvers[0];
    assert_eq!(wants(&open), [ask(resolver, "a.test.", "MX"), ask(resolver, ".", "SOA")], "two questions");
}

#[test]
fn a_resolver_that_does_not_answer_costs_one_question() {
    let alone = subject("server 192.0.2.8 a.test. MX recursive silent");
    assert_eq!(wants(&alone).len(), 1);
    let told: Vec<_> = check(&alone).into_iter().map(|finding| (finding.code, finding.level)).collect();
    assert_eq!(told, [(Code::OthersUnknown, Level::CouldNotTell)]);
    let of_host = ["A", "AAAA"].map(|kind| format!("server 192.0.2.8 cached.a.test. {kind} recursive ra"));
    let sound = subject(&format!("{SOUND}\n{}", of_host.join("\n")));
    assert!(wants(&sound).iter().all(|want| sound.got.contains_key(want)), "{:?}", wants(&sound));
    assert!(check(&facts("a.test.", ZONE)).is_empty());
}

#[test]
fn resolvers_for_which_no_question_was_left_are_told_with_the_bound_alone() {
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

#[test]
fn records_are_old_only_where_a_serial_or_a_signature_of_the_resolver_shows_it() {
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
    // Two providers, each with serials of its own.
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
        let to = format!("10 old.a.test. | =a.test. RRSIG MX 13 2 300 {end} 1 1 a.test. x");
        code("10 New.a.test.", &to, "")
    };
    let now = 1_767_225_600;
    assert_eq!((signed(now - 86_400), signed(now + 86_400)), (Code::OthersOld, Code::OthersDiffer));
}

#[test]
fn a_resolver_with_other_records_is_asked_for_its_serial() {
    let asks_serial = |lines: &str| {
        let soa = ask(&subject("").subject.resolvers[0], "a.test.", "SOA");
        wants(&subject(lines)).contains(&soa)
    };
    assert!(asks_serial(&SOUND.replace("10 New", "10 old")));
    assert!(!asks_serial(&SOUND.replace("10 New", "10 new")));
}

#[test]
fn the_end_of_other_records_is_told() {
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
fn a_resolver_with_another_dmarc_record_is_told() {
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
fn addresses_that_the_servers_of_the_zone_give_in_turn_are_no_difference() {
    let zone = format!("{ZONE}\n{SOUND}").replace("10 cached.a.test.", "10 new.a.test.");
    let address =
        |way: &str, last: u8| format!("server 198.18.1.1 new.a.test. A {way} aa | 198.18.0.{last}\n");
    let of = |again: u8| {
        let lines = format!(
            "{zone}\nlookup new.a.test. A | 198.18.0.25\n{}{}server 192.0.2.8 new.a.test. A recursive ra | 198.18.0.24",
            address("udp", 25),
            address("plain", again)
        );
        asked(&lines)
    };
    let first = |facts: &DomainFacts| check(facts).remove(0).code;
    assert_eq!(first(&of(24)), Code::OthersOk, "one of its answers");
    assert_eq!(first(&of(26)), Code::OthersElsewhere, "it has more answers");
    let same = of(25);
    assert_eq!(first(&same), Code::OthersDiffer);
    let again = crate::facts::at_server("198.18.1.1".parse().unwrap(), "new.a.test.", "A", QueryForm::Tcp);
    assert!(wants(&same).contains(&again), "{:?}", wants(&same));
}

#[test]
fn a_zone_without_edns_is_compared_as_it_answers() {
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
fn a_resolver_without_records_hides_nothing_if_a_server_of_the_zone_gives_broken_answers() {
    let second = "server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | >a.test. NS ns2.a.test.
        lookup ns2.a.test. A | 198.18.2.1\n";
    let empty = SOUND.replace("TXT recursive ra | \"v=spf1 -all\"", "TXT recursive ra");
    let of = |broken: &str, empty: &str| {
        let lines = format!("{second}server 198.18.2.1 a.test. {broken}\n{empty}");
        let found = check(&subject(&lines));
        let found =
            found.into_iter().find(|finding| [Code::OthersHide, Code::OthersFail].contains(&finding.code));
        found.unwrap_or_else(|| panic!("{broken}"))
    };
    let badvers = "SOA udp BADVERS\nserver 198.18.2.1 a.test. SOA plain aa | ns1.a.test. h. 7 2 3 4 5";
    for (broken, conduct) in [
        (badvers, "answers BADVERS"),
        ("TXT udp NOTIMP", "answers NOTIMP"),
        ("TXT udp", "answers NOERROR without authority and without records"),
    ] {
        let told = of(broken, &empty);
        let words = format!(
            "public resolver 192.0.2.8 a.test. TXT: NOERROR without records; 198.18.2.1 (ns2.a.test.) {conduct}"
        );
        assert_eq!((told.code, told.evidence), (Code::OthersFail, words), "{broken}");
        assert_eq!(told.remedy, Some(remedies::BROKEN_ANSWERS), "{broken}");
    }
    for other in
        ["SOA udp REFUSED", "SOA udp SERVFAIL", "SOA udp silent", "SOA udp aa | ns1.a.test. h. 7 2 3 4 5"]
    {
        assert_eq!(of(other, &empty).code, Code::OthersHide, "{other}: resolvers ask the other server");
    }
    // A server that answers BADVERS to another query may do so to any.
    let at_times = "SOA udp aa | ns1.a.test. h. 7 2 3 4 5\nserver 198.18.2.1 a.test. NS udp BADVERS";
    let told = of(at_times, &empty);
    let words = "198.18.2.1 (ns2.a.test.) answers BADVERS to some queries with EDNS";
    assert!(told.code == Code::OthersFail && told.evidence.ends_with(words), "{told:#?}");
    let denied = SOUND.replace("TXT recursive ra | \"v=spf1 -all\"", "TXT recursive ra NXDOMAIN");
    assert_eq!(of(at_times, &denied).code, Code::OthersHide, "its code in the header is NOERROR");
    let sinkhole = SOUND.replace("A recursive ra | 198.18.0.80", "A recursive ra | 0.0.0.0");
    assert_eq!(of(badvers, &sinkhole).code, Code::OthersHide, "no server gives this");
}

#[test]
fn the_same_words_about_several_resolvers_are_told_once() {
    let mut facts = subject("");
    let of = |address: &str| {
        let way = crate::facts::ResolverWay::Plain(address.parse().unwrap());
        OtherResolver { way, name: format!("resolver {address}") }
    };
    facts.subject.resolvers = ["192.0.2.8", "192.0.2.9"].map(of).to_vec();
    let texts = [
        "resolver 192.0.2.8 a. MX: SERVFAIL",
        "resolver 192.0.2.8 a. A: SERVFAIL",
        "resolver 192.0.2.9 a. MX: SERVFAIL",
        "resolver 192.0.2.9 a. A: REFUSED",
    ];
    let words = "resolver 192.0.2.8 and resolver 192.0.2.9 a. MX: SERVFAIL; resolver 192.0.2.8 a. A: SERVFAIL; resolver 192.0.2.9 a. A: REFUSED";
    assert_eq!(joined(&facts, &texts), words);
    assert_eq!(joined(&facts, &["of nobody"]), "of nobody");
}

#[test]
fn the_extended_error_of_a_refusal_is_told() {
    let mut refused = subject(
        "server 192.0.2.8 a.test. MX recursive REFUSED\nserver 192.0.2.8 . SOA recursive ra | ns.root. h. 1 2 3 4 5",
    );
    let mail = ask(&refused.subject.resolvers[0], "a.test.", "MX");
    let Some(Got::Reply(reply)) = refused.got.get_mut(&mail) else { panic!() };
    (reply.extended_errors, reply.why) = (vec![18], "Prohibited".to_owned());
    let told = check(&refused).remove(0).evidence;
    let words = "public resolver 192.0.2.8 a.test. MX: REFUSED (Prohibited), and the resolver answers this host otherwise";
    assert_eq!(told, words);
}

#[test]
fn addresses_and_serials_that_differ_by_client_are_a_note() {
    let of = |serials: [u32; 2]| {
        let own =
            "lookup new.a.test. A | 198.18.0.25\nserver 198.18.1.1 new.a.test. A udp aa | 198.18.0.25\n";
        let resolver = |(address, serial): (&str, u32)| {
            let answer = format!(
                "server 192.0.2.8 new.a.test. A recursive ra cached | 198.18.0.{serial}\nserver 192.0.2.8 a.test. SOA recursive ra | ns1.a.test. h. \
                 {serial} 2 3 4 5"
            );
            format!("{SOUND}\n{answer}\n").replace("192.0.2.8", address)
        };
        let resolvers = ["8.8.8.8", "9.9.9.9"];
        let of_resolvers: String = resolvers.into_iter().zip(serials).map(resolver).collect();
        let lines = format!("{ZONE}\n{own}{of_resolvers}").replace("10 cached.a.test.", "10 new.a.test.");
        let mut facts = facts("a.test.", &lines);
        facts.subject.resolvers = resolvers
            .map(|address| OtherResolver {
                way: ResolverWay::Plain(address.parse().unwrap()),
                name: address.to_owned(),
            })
            .to_vec();
        check(&facts).into_iter().map(|finding| (finding.code, finding.level)).collect::<Vec<_>>()
    };
    assert_eq!(of([8, 9]), [(Code::OthersDiffer, Level::Note)]);
    assert_eq!(of([8, 8]), [(Code::OthersDiffer, Level::CouldNotTell)], "a newer zone elsewhere");
}
