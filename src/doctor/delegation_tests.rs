//! Cases of the delegation.

use super::*;
use crate::facts::tests::facts;

#[path = "serials_tests.rs"]
mod serials;

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
    let found = check(&facts("a.test.", &lines)).into_iter().map(|finding| (finding.code, finding.level));
    found.filter(|(code, _)| *code != Code::ChangeSeen).collect()
}

fn usual(code: Code) -> (Code, Level) {
    (code, code.entry().level)
}

#[test]
fn servers_that_agree_are_well() {
    assert_eq!(codes(REFERRAL, FIRST, SECOND), [usual(Code::DelegationOk)]);
    let of_glue = "server 198.18.1.1 ns1.a.test. A udp aa | 198.18.1.1\nserver 198.18.2.1 ns1.a.test. A udp aa | 198.18.1.1";
    let facts = facts("a.test.", &format!("{ABOVE}\n{REFERRAL}\n{FIRST}\n{SECOND}\n{of_glue}"));
    assert!(wants(&facts).iter().all(|want| facts.got.contains_key(want)), "nothing is left to ask");
    assert!(check(&facts)[0].evidence.contains("seen everywhere by 2026-01-01 01:00 UTC"));
}

#[test]
fn the_moment_at_which_a_change_is_seen_everywhere_comes_with_every_fault() {
    let soa = "server 198.18.2.1 a.test. SOA";
    let moment = "A change of the name servers made now is seen everywhere by 2026-01-01 01:00 UTC";
    let told = |second: &str| -> Vec<(Code, bool)> {
        let found = check(&facts("a.test.", &format!("{ABOVE}\n{REFERRAL}\n{FIRST}\n{second}")));
        found.into_iter().map(|finding| (finding.code, finding.evidence.contains(moment))).collect()
    };
    for (second, code) in [
        (SECOND.replace("10 mx.a.test.", "10 old.a.test."), Code::MxDiffers),
        (format!("{soa} udp REFUSED"), Code::NsLame),
        (format!("{soa} udp silent\n{soa} plain silent\n{soa} tcp silent"), Code::NsSilent),
    ] {
        assert_eq!(told(&second), [(code, false), (Code::ChangeSeen, true)], "{second}");
    }
    assert_eq!(told(SECOND), [(Code::DelegationOk, true)], "told once");
    let other = SECOND.replace("| ns2.b.test.", "| ns3.c.test.");
    let differ: Vec<(Code, bool)> = told(&other).into_iter().filter(|(_, told)| *told).collect();
    assert_eq!(differ, [(Code::NsDiffer, true)], "told once");
}

#[test]
fn a_server_without_a_soa_is_asked_for_ns_records() {
    let asks = |second: &str| {
        let facts = facts("a.test.", &format!("{ABOVE}\n{REFERRAL}\n{FIRST}\n{second}"));
        wants(&facts).contains(&at_server([198, 18, 2, 1].into(), "a.test.", "NS", QueryForm::Udp))
    };
    let soa = "server 198.18.2.1 a.test. SOA udp";
    assert!(asks(&format!("{soa} aa")) && asks(&format!("{soa} NXDOMAIN aa")));
    assert!(!asks(&format!("{soa} REFUSED")) && !asks(SECOND));
}

#[test]
fn servers_that_are_too_slow_for_their_ns_records_do_not_agree() {
    let slow = |text: &str| {
        let silent = text.lines().filter(|line| line.contains(" NS mixed "));
        let silent = silent.map(|line| line.split(" mixed ").next().unwrap_or_default());
        let silent: String = silent.map(|line| format!("{line} mixed silent\n{line} udp silent\n")).collect();
        let others = text.lines().filter(|line| !line.contains(" NS mixed "));
        others.collect::<Vec<_>>().join("\n").replace("SOA udp aa", "SOA udp aa 900ms") + "\n" + &silent
    };
    let lines = format!("{ABOVE}\n{REFERRAL}\n{}\n{}", slow(FIRST), slow(SECOND));
    let found = check(&facts("a.test.", &lines));
    let of = |code| found.iter().find(|finding| finding.code == code);
    let told = of(Code::DelegationUnknown).unwrap_or_else(|| panic!("{found:#?}"));
    assert_eq!(told.evidence, "no name server of a.test. told its NS records");
    assert_eq!(of(Code::DelegationOk), None, "{found:#?}");
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
        (format!("{soa} udp silent\n{soa} plain aa 1150ms | ns1.a.test. h. 7 2 3 4 5"), Code::NsSlow),
        (SECOND.replace("SOA tcp aa", "SOA tcp unreachable"), Code::NsTcp),
        (SECOND.replace("SOA tcp aa", "SOA tcp silent"), Code::NsTcp),
        (SECOND.replace("SOA tcp aa", "SOA tcp aa tc"), Code::NsTcp),
        (SECOND.replace("SOA tcp aa", "SOA tcp unfit"), Code::NsTcp),
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
        (SECOND.replace("SOA tcp aa", "SOA tcp aa ra"), Code::NsRecursive),
        (SECOND.replace("SOA udp aa", "SOA udp aa 900ms"), Code::NsSlow),
        (
            SECOND.replace("SOA udp aa", "SOA udp aa 900ms").replace("SOA tcp aa", "SOA tcp silent"),
            Code::NsSlow,
        ),
        (
            SECOND.replace("NS mixed aa", "NS mixed other-case")
                + "\nserver 198.18.2.1 a.test. NS udp aa | ns1.a.test. | ns2.b.test.",
            Code::NsCase,
        ),
    ];
    for (second, code) in notes {
        assert_eq!(codes(REFERRAL, FIRST, &second), [usual(code), usual(Code::DelegationOk)], "{second}");
    }
    let silent =
        |text: &str| text.replace("SOA udp aa", "SOA udp silent").replace("MX udp aa", "MX udp silent");
    assert_eq!(codes(REFERRAL, &silent(FIRST), &silent(SECOND)), [usual(Code::NsNoneAnswers)]);
    let parent = "server 198.18.9.1 a.test. NS udp";
    let lost = codes(&format!("{parent} silent"), &silent(FIRST), &silent(SECOND));
    assert!(
        lost.iter().all(|found| *found == usual(Code::DelegationUnknown)),
        "no server is reached: {lost:?}"
    );
    let refused = FIRST.replace("SOA udp aa", "SOA udp REFUSED");
    let gives_mail = codes(REFERRAL, &refused, &silent(SECOND));
    assert!(!gives_mail.contains(&usual(Code::NsNoneAnswers)), "{gives_mail:?}");
    let refused = refused.replace("MX udp aa", "MX udp REFUSED").replace("NS mixed aa", "NS mixed REFUSED");
    let some = codes(&format!("{parent} silent"), &refused, &silent(SECOND));
    assert!(some.contains(&usual(Code::NsNoneAnswers)), "{some:?}");
}

#[test]
fn servers_that_all_answer_too_late_are_a_failure() {
    let late = |text: &str| {
        text.replace("SOA udp aa", "SOA udp aa 4002ms").replace("SOA tcp aa", "SOA tcp aa 4003ms")
    };
    let failed = "lookup a.test. SOA SERVFAIL\nlookup a.test. MX SERVFAIL";
    let told = |first: &str, second: &str, lookups: &str| {
        let lines = format!("{ABOVE}\n{REFERRAL}\n{first}\n{second}\n{lookups}");
        let found = check(&facts("a.test.", &lines)).into_iter();
        found.filter(|finding| finding.code == Code::NsSlow).collect::<Vec<_>>()
    };
    let all = told(&late(FIRST), &late(SECOND), failed);
    assert!(all.len() == 1 && all[0].level == Level::Failure, "{all:?}");
    assert!(
        all[0].evidence.ends_with("; no server of the zone answered a lookup by this host in time"),
        "{all:?}"
    );
    let silent = SECOND.replace(" aa | ", " silent | ");
    for (first, second, lookups, level) in [
        (late(FIRST), silent, failed, Level::Failure),
        (late(FIRST), SECOND.to_owned(), failed, Level::Note),
        (late(FIRST), late(SECOND), "", Level::Note),
        (
            late(FIRST),
            late(SECOND),
            "lookup a.test. SOA SERVFAIL\nlookup a.test. MX | 10 mx.a.test.",
            Level::Note,
        ),
        (
            late(FIRST),
            late(SECOND),
            "lookup a.test. SOA SERVFAIL bogus\nlookup a.test. MX SERVFAIL bogus",
            Level::Note,
        ),
        (late(FIRST), "server 198.18.2.1 a.test. SOA udp unknown".to_owned(), failed, Level::Note),
    ] {
        let found = told(&first, &second, lookups);
        let levels: Vec<Level> = found.iter().map(|finding| finding.level).collect();
        assert_eq!(levels, [level], "{second} {lookups} {found:?}");
    }
}

#[test]
fn a_server_with_a_late_reply_is_slow_and_not_silent() {
    let soa = "server 198.18.2.1 a.test. SOA";
    let silent = format!("{soa} udp silent\n{soa} plain silent\n{soa} tcp silent");
    for (other, conduct) in [
        ("NS tcp aa 4002ms | ns1.a.test. | ns2.b.test.", "answers over TCP after 4002 ms"),
        ("MX udp aa 4002ms | 10 mx.a.test.", "answers after 4002 ms"),
        ("MX udp aa 4002ms", "answers after 4002 ms"),
    ] {
        let second = format!("{silent}\nserver 198.18.2.1 a.test. {other}");
        let found = check(&facts("a.test.", &format!("{ABOVE}\n{REFERRAL}\n{FIRST}\n{second}")));
        let slow = found.iter().find(|finding| finding.code == Code::NsSlow);
        assert!(slow.is_some_and(|finding| finding.evidence.ends_with(conduct)), "{other} {found:#?}");
        assert!(found.iter().all(|finding| finding.code != Code::NsSilent), "{other} {found:#?}");
    }
}

#[test]
fn silence_until_the_end_of_the_check_is_not_known_beside_a_server_that_answers() {
    let soa = |server: &str, told: [&str; 2]| {
        let told = told.map(|told| format!("server {server} a.test. SOA {told}"));
        told.join("\n")
    };
    for (told, code) in [
        (["udp silent", "tcp unknown"], Code::DelegationUnknown),
        (["udp silent", "tcp silent"], Code::NsSilent),
        (["udp silent", "plain silent"], Code::DelegationUnknown),
        (["udp unreachable", "tcp unknown"], Code::NsSilent),
    ] {
        let found = codes(REFERRAL, FIRST, &soa("198.18.2.1", told));
        assert_eq!(found.first(), Some(&usual(code)), "{told:?} {found:?}");
        let both = codes(REFERRAL, &soa("198.18.1.1", told), &soa("198.18.2.1", told));
        assert_eq!(both.first(), Some(&usual(Code::NsNoneAnswers)), "{told:?} {both:?}");
    }
}

#[test]
fn a_server_that_gives_its_soa_over_tcp_and_answers_other_queries_over_udp_is_not_silent() {
    let of = |mail: &str, is_lossy: bool| {
        let second = SECOND.replace("SOA udp aa", "SOA udp silent").replace("MX udp aa", mail);
        let mut facts = facts("a.test.", &format!("{ABOVE}\n{REFERRAL}\n{FIRST}\n{second}"));
        facts.sent.entry("198.18.2.1".parse().unwrap()).or_default().lost = usize::from(is_lossy);
        let found = check(&facts).into_iter();
        found
            .map(|finding| finding.code)
            .filter(|code| [Code::NsSilent, Code::NsPartly].contains(code))
            .collect::<Vec<Code>>()
    };
    for (mail, is_lossy, expected) in [
        ("MX udp aa", false, &[][..]),
        ("MX udp silent", true, &[]),
        ("MX udp silent", false, &[Code::NsSilent]),
    ] {
        let found = of(mail, is_lossy);
        assert_eq!(found, expected, "{mail} {is_lossy}");
    }
}

#[test]
fn a_name_in_a_zone_whose_servers_fail_is_told_of_this_zone() {
    let lines = format!("{ABOVE}\n{REFERRAL}").replace(
        "lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5",
        "lookup x.a.test. SOA SERVFAIL\nlookup a.test. SOA SERVFAIL",
    );
    let servers =
        ["198.18.1.1", "198.18.2.1"].map(|server| format!("server {server} a.test. SOA udp SERVFAIL"));
    let facts = facts("x.a.test.", &format!("{lines}\n{}", servers.join("\n")));
    assert_eq!(zone::apex(&facts), "a.test.");
    let found = check(&facts);
    let none = found.iter().find(|finding| finding.code == Code::NsNoneAnswers);
    let evidence = none.map(|finding| finding.evidence.as_str()).unwrap_or_default();
    assert!(evidence.starts_with("of the zone a.test.: ") && evidence.contains("198.18.2.1"), "{found:#?}");
}

#[test]
fn servers_that_give_mail_and_no_soa_serve_the_zone() {
    let mail = |server: &str, soa: &str| {
        format!("server {server} a.test. SOA udp {soa}\nserver {server} a.test. MX udp aa | 10 mx.a.test.")
    };
    for soa in ["aa", "silent"] {
        let found = codes(REFERRAL, &mail("198.18.1.1", soa), &mail("198.18.2.1", soa));
        assert!(found.contains(&usual(Code::NsPartly)), "{soa}: {found:?}");
        assert!(!found.contains(&usual(Code::NsNoneAnswers)), "{soa}: {found:?}");
    }
}

#[test]
fn servers_that_give_no_ns_records_do_not_agree() {
    let dropped = |text: &str, server: &str| {
        let of_names = format!("server {server} a.test. NS mixed aa | ns1.a.test. | ns2.b.test.");
        let silent =
            format!("server {server} a.test. NS mixed silent\nserver {server} a.test. NS udp silent");
        assert!(text.contains(&of_names));
        text.replace(&of_names, &silent)
    };
    let found = codes(REFERRAL, &dropped(FIRST, "198.18.1.1"), &dropped(SECOND, "198.18.2.1"));
    assert!(
        found.contains(&usual(Code::NsPartly)) && !found.contains(&usual(Code::DelegationOk)),
        "{found:?}"
    );
}

#[test]
fn servers_that_answer_late_are_not_dead() {
    let silent =
        |text: &str| text.replace("SOA udp aa", "SOA udp silent").replace("MX udp aa", "MX udp silent");
    let late = |answer: &str| {
        let lines = format!(
            "{ABOVE}\n{REFERRAL}\n{}\n{}\nlookup a.test. MX {answer} | 10 mx.a.test.",
            silent(FIRST),
            silent(SECOND)
        );
        check(&facts("a.test.", &lines)).into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert!(late("3003ms").contains(&Code::DelegationUnknown));
    for answer in ["20ms", "cached 3003ms"] {
        assert!(late(answer).contains(&Code::NsNoneAnswers), "{answer}");
    }
}

#[test]
fn a_host_that_gets_only_bogus_answers_reaches_servers() {
    let unreached = |reply: &str| is_unreached(&facts("a.test.", &format!("lookup a.test. SOA {reply}")));
    assert!(unreached("SERVFAIL") && !unreached("SERVFAIL bogus") && !unreached("NXDOMAIN"));
}

#[test]
fn nothing_agrees_unless_both_sides_have_told() {
    let parent = "server 198.18.9.1 a.test. NS udp";
    for referral in [format!("{parent} silent"), format!("{parent} REFUSED"), String::new()] {
        assert_eq!(codes(&referral, FIRST, SECOND), [usual(Code::DelegationUnknown)], "{referral}");
    }
    let unheard = |number: u8| format!("server 198.18.{number}.1 a.test. SOA udp no-route");
    assert_eq!(codes(REFERRAL, &unheard(1), &unheard(2)), [usual(Code::DelegationUnknown)]);
}

#[test]
fn servers_of_an_alias_s_target_are_not_those_of_the_name() {
    let lines = "
        lookup m.a.test. SOA | =m.a.test. CNAME t.b.test. | =b.test. SOA ns.b.test. h. 7 2 3 4 5
        lookup m.a.test. NS | =m.a.test. CNAME t.b.test. | =t.b.test. NS ns.b.test.
        lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5
        lookup a.test. NS | ns1.a.test.
        lookup ns1.a.test. A | 198.18.1.1
        lookup ns.b.test. A | 198.18.3.1
        server 198.18.1.1 m.a.test. NS udp aa | =m.a.test. CNAME t.b.test.
        server 198.18.3.1 m.a.test. SOA udp REFUSED
        server 198.18.3.1 a.test. SOA udp REFUSED";
    // The delegation of the zone that holds the alias is checked, and these facts do not tell it.
    let found = check(&facts("m.a.test.", lines));
    let codes: Vec<Code> = found.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::DelegationUnknown, Code::NsSingle, Code::ChangeSeen]);
    assert!(found.iter().all(|finding| !finding.evidence.contains("b.test.")), "{found:?}");
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
    let more = |glue: &str| {
        let referral = glue.to_owned();
        let lines = format!("{ABOVE}\n{referral}\n{FIRST}\n{SECOND}");
        let lines = lines.replace("ns1.a.test. A | 198.18.1.1", "ns1.a.test. A | 198.18.1.1 | 198.18.1.2");
        let found = check(&facts("a.test.", &lines));
        found.into_iter().find(|finding| finding.code == Code::GlueDiffers).map(|finding| finding.level)
    };
    assert_eq!(more(REFERRAL), Some(Level::Note), "a part of the addresses");
    let lame = format!("{REFERRAL}\nserver 198.18.1.2 a.test. SOA udp REFUSED");
    assert_eq!(more(&lame), Some(Level::Failure), "the other address is not that of a server of the zone");
    assert_eq!(more(&glue), Some(Level::Failure));
    assert_eq!(more(&format!("{glue} | +ns1.a.test. A 198.18.1.1")), Some(Level::Warning));
}

#[test]
fn glue_is_compared_with_the_addresses_that_the_servers_of_the_newest_zone_give() {
    let found = |serial: &str, first: &str, second: &str| {
        let second_zone = SECOND.replace("h. 7 ", &format!("h. {serial} "));
        let told = format!(
            "server 198.18.1.1 ns1.a.test. A udp aa | {first}\nserver 198.18.2.1 ns1.a.test. A udp aa | {second}"
        );
        let found = check(&facts("a.test.", &format!("{ABOVE}\n{REFERRAL}\n{FIRST}\n{second_zone}\n{told}")));
        let differs = found.into_iter().find(|finding| finding.code == Code::GlueDiffers);
        differs.map(|finding| (finding.level, finding.evidence))
    };
    assert_eq!(found("7", "198.18.1.1", "198.18.1.1"), None);
    assert_eq!(found("6", "198.18.1.1", "198.18.1.9"), None, "an old copy of the zone");
    let (level, evidence) = found("8", "198.18.1.1", "198.18.1.9").unwrap();
    assert_eq!(level, Level::Failure, "whatever the old copy at the glue says");
    assert_eq!(
        evidence,
        "the glue of ns1.a.test. is 198.18.1.1, its address is 198.18.1.9; which address is right could not be told"
    );
    let (level, evidence) = found("7", "198.18.1.1", "198.18.1.9").unwrap();
    assert_eq!(level, Level::Warning);
    assert!(
        evidence.contains("; 198.18.2.1 (ns2.b.test.) has 198.18.1.9; which address is right "),
        "{evidence}"
    );
}

#[test]
fn wrong_glue_is_told_in_place_of_the_server_that_it_leads_to() {
    let glue = REFERRAL.replace("A 198.18.1.1", "A 198.18.1.99");
    let told =
        "server 198.18.2.1 ns1.a.test. A udp aa | 198.18.1.1\nserver 198.18.1.99 a.test. SOA udp REFUSED";
    let found = codes(&format!("{glue}\n{told}"), FIRST, SECOND);
    assert_eq!(found.first(), Some(&(Code::GlueDiffers, Level::Failure)), "{found:?}");
    assert!(found.iter().all(|(code, _)| *code != Code::NsLame), "{found:?}");
    // The glue of a server in another zone, whose address the daemon has looked up.
    let glue = format!("{REFERRAL} | +ns2.b.test. A 198.18.2.99");
    for (soa, without) in [("REFUSED", Code::NsLame), ("silent", Code::NsSilent)] {
        let told =
            format!("server 198.18.2.99 a.test. SOA udp {soa}\nserver 198.18.2.99 a.test. SOA tcp {soa}");
        let found = codes(&format!("{glue}\n{told}"), FIRST, SECOND);
        assert_eq!(found.first(), Some(&(Code::GlueDiffers, Level::Failure)), "{found:?}");
        assert!(found.iter().all(|(code, _)| *code != without), "{found:?}");
    }
}

#[test]
fn old_glue_at_which_the_zone_is_still_served_is_a_warning() {
    let glue = REFERRAL.replace("A 198.18.1.1", "A 198.18.1.99");
    let first = FIRST.replace("198.18.1.1 ", "198.18.1.99 ");
    let told = "server 198.18.2.1 ns1.a.test. A udp aa | 198.18.1.1";
    let found = codes(&format!("{glue}\n{told}"), &format!("{FIRST}\n{first}"), SECOND);
    assert_eq!(found.first(), Some(&(Code::GlueDiffers, Level::Warning)), "{found:?}");
}

#[test]
fn a_server_that_drops_names_in_mixed_case_is_a_warning() {
    let plain = "server 198.18.2.1 a.test. NS udp aa | ns1.a.test. | ns2.b.test.";
    let second = format!("{}\n{plain}", SECOND.replace("NS mixed aa", "NS mixed silent"));
    let found = codes(REFERRAL, FIRST, &second);
    assert_eq!(found.first(), Some(&(Code::NsCase, Level::Warning)), "{found:?}");
}

#[test]
fn the_servers_that_an_old_copy_of_the_zone_names_are_not_those_of_the_zone() {
    let named = |serial: &str, set: &str| {
        let second =
            SECOND.replace("h. 7 ", &format!("h. {serial} ")).replace("ns1.a.test. | ns2.b.test.", set);
        let facts = facts("a.test.", &format!("{ABOVE}\n{REFERRAL}\n{FIRST}\n{second}"));
        let found = check(&facts).into_iter().find(|finding| finding.code == Code::NsDiffer);
        found.map(|finding| finding.evidence)
    };
    assert_eq!(named("6", "ns1.a.test. | old.c.test."), None, "the serials differ, and this is told");
    let newer = named("8", "ns1.a.test. | new.c.test.").unwrap();
    assert!(newer.contains("; the zone itself names new.c.test., ns1.a.test."), "{newer}");
    let other = named("7", "ns1.a.test. | ns3.c.test.").unwrap();
    assert!(other.contains("198.18.2.1 (ns2.b.test.) has ns1.a.test., ns3.c.test."), "{other}");
    assert!(other.contains("198.18.1.1 (ns1.a.test.) has ns1.a.test., ns2.b.test."), "{other}");
}

#[test]
fn other_names_of_the_same_servers_are_a_note_and_the_same_records_a_warning() {
    let vanity = REFERRAL.replace("ns1.a.test. |", "ns1.v.test. |").replace("ns2.b.test.", "ns2.v.test.");
    let vanity = vanity.split(" | +").next().unwrap();
    let of = |first: &str, second: &str, third: &str| {
        let names = format!("lookup ns1.v.test. A | {first}\nlookup ns2.v.test. A | {second}\n{third}");
        let found = check(&facts("a.test.", &format!("{ABOVE}\n{vanity}\n{FIRST}\n{SECOND}\n{names}")));
        let differs = found.into_iter().find(|finding| finding.code == Code::NsDiffer).unwrap();
        (differs.level, differs.evidence)
    };
    let (level, evidence) = of("198.18.1.1", "198.18.2.1", "");
    assert_eq!(level, Level::Note);
    assert!(
        evidence.contains("ns1.a.test., ns2.b.test.; both sets have the same addresses. A change "),
        "{evidence}"
    );
    let third = SECOND.replace("198.18.2.1", "198.18.3.1");
    let (level, evidence) = of("198.18.1.1", "198.18.3.1", &third);
    assert_eq!(level, Level::Warning);
    assert!(evidence.contains("; all of these servers give the same records. "), "{evidence}");
    for third in [third.replace("10 mx", "10 old"), third.replace("h. 7", "h. 6"), String::new()] {
        assert_eq!(of("198.18.1.1", "198.18.3.1", &third).0, Level::Failure, "{third}");
    }
    let text = |server: &str, text: &str| format!("server {server} a.test. TXT udp aa | \"{text}\"\n");
    let texts = text("198.18.1.1", "t=1") + &text("198.18.2.1", "t=1") + &text("198.18.3.1", "t=2");
    let (level, evidence) =
        of("198.18.1.1", "198.18.3.1", &format!("{third}\nlookup a.test. TXT | \"t=1\"\n{texts}"));
    assert_eq!(level, Level::Warning);
    assert!(evidence.contains("give the same records, except for some that stop no mail. "), "{evidence}");
}

#[test]
fn mx_records_that_differ_in_preferences_alone_are_said_to_name_the_same_hosts() {
    let told = |mail: &str| {
        let second = SECOND.replace("10 mx.a.test.", mail);
        let found = check(&facts("a.test.", &format!("{ABOVE}\n{REFERRAL}\n{FIRST}\n{second}")));
        found.into_iter().find(|finding| finding.code == Code::MxDiffers).unwrap().evidence
    };
    let same = "198.18.1.1 (ns1.a.test.) has 10 mx.a.test.; 198.18.2.1 (ns2.b.test.) has 20 mx.a.test.; the mail hosts are the same, and their \
                preferences differ";
    assert_eq!(told("20 mx.a.test."), same);
    assert!(!told("20 old.a.test.").contains("preferences"));
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
    let below = |domain: &str, above: &str| {
        let lines = format!("lookup {domain} SOA NXDOMAIN\nlookup {above} SOA | ns1.a.test. h. 7 2 3 4 5");
        check(&facts(domain, &lines)).remove(0).evidence
    };
    assert_eq!(below("x.a.test.", "a.test."), "x.a.test. NXDOMAIN; the zone a.test. above it exists");
    assert_eq!(below("a.test.", "test."), "a.test. NXDOMAIN");
}

#[test]
fn a_server_inside_the_zone_needs_glue() {
    let bare = REFERRAL.replace(" | +ns1.a.test. A 198.18.1.1", "");
    assert!(codes(&bare, FIRST, SECOND).contains(&(Code::GlueMissing, Level::Warning)));
    let alone = bare.replace(" | >a.test. NS ns2.b.test.", "");
    assert!(codes(&alone, FIRST, SECOND).contains(&(Code::GlueMissing, Level::Failure)));
    assert!(codes(REFERRAL, FIRST, SECOND).iter().all(|(code, _)| *code != Code::GlueMissing));
}

#[test]
fn the_addresses_of_mail_hosts_count_for_the_moment_at_which_a_change_is_seen() {
    let told = |host: &str, more: &str| {
        let lines = format!("{ABOVE}\n{REFERRAL}\n{FIRST}\n{SECOND}\nlookup a.test. MX | 10 {host}\n{more}");
        let lines = lines.replace("10 mx.a.test.", &format!("10 {host}"));
        let mut facts = facts("a.test.", &lines);
        for (want, got) in &mut facts.got {
            if let (Want::Server { kind: "A", .. }, Got::Reply(reply)) = (want, got) {
                reply.answers[0].ttl = 86_400;
            }
        }
        until(&facts)
    };
    let of_host = "lookup mx.a.test. A | 198.18.0.1\nserver 198.18.1.1 mx.a.test. A udp aa | 198.18.0.1";
    let mail = "one of the MX records by 2026-01-01 01:00 UTC (TTL 3600 s)";
    let with_address = told("mx.a.test.", of_host);
    let end = format!("{mail}, one of the addresses of the mail hosts by 2026-01-02 00:00 UTC (TTL 86400 s)");
    assert!(with_address.ends_with(&end), "{with_address}");
    let elsewhere = told("mx.b.test.", &of_host.replace("mx.a.test.", "mx.b.test."));
    assert!(elsewhere.ends_with(mail), "others move these hosts: {elsewhere}");
}

#[test]
fn a_server_that_only_the_cache_names_is_no_server_of_the_zone() {
    let lines = format!("{ABOVE}\n{REFERRAL}\n{FIRST}\n{SECOND}")
        .replace("lookup a.test. NS | ns1.a.test. | ns2.b.test.", "lookup a.test. NS | old.c.test.");
    let old = "lookup old.c.test. A | 198.18.3.1\nserver 198.18.3.1 a.test. SOA udp REFUSED";
    let found = check(&facts("a.test.", &format!("{lines}\n{old}")));
    let codes: Vec<Code> = found.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::CachedHere, Code::ChangeSeen], "{found:#?}");
}

#[test]
fn a_serial_of_a_server_without_the_keys_of_the_zone_shows_no_newer_zone() {
    let second =
        "lookup ns.a.b. A | 192.0.2.1 | 192.0.2.2\nserver 192.0.2.2 a.b. SOA udp aa | ns. h. 9 2 3 4 5\n";
    let of = |keys: &str| {
        let lines = crate::keys::tests::SIGNED.replace("lookup ns.a.b. A | 192.0.2.1", second);
        let facts = facts("a.b.", &format!("lookup a.b. SOA secure | ns. h. 1 2 3 4 5{lines}\n{keys}"));
        let found = check(&facts).into_iter().find(|finding| finding.code == Code::SerialDiffers);
        found.unwrap().evidence
    };
    let without = of("server 192.0.2.2 a.b. DNSKEY udp aa");
    assert!(!without.contains("newest") && without.contains("do not have the keys"), "{without}");
    let unknown = of("server 192.0.2.2 a.b. DNSKEY udp silent");
    assert!(unknown.contains("9 (newest)"), "{unknown}");
}
