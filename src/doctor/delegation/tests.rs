//! Tests of the checks of the delegation of a zone.

use super::*;
use crate::facts::tests::facts;

/// A server of the parent zone delegates the zone to `ns1` and `ns2`.
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

/// Returns the codes and levels of the findings. `referral`: the reply of the parent zone's server. `first`, `second`: the replies of the
/// domain's servers.
fn codes(referral: &str, first: &str, second: &str) -> Vec<(Code, Level)> {
    let lines = format!("{ABOVE}\n{referral}\n{first}\n{second}");
    check(&facts("a.test.", &lines)).into_iter().map(|finding| (finding.code, finding.level)).collect()
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
}

#[test]
fn server_without_soa_gets_ns_query() {
    let asks = |second: &str| {
        let facts = facts("a.test.", &format!("{ABOVE}\n{REFERRAL}\n{FIRST}\n{second}"));
        wants(&facts).contains(&at_server([198, 18, 2, 1].into(), "a.test.", "NS", QueryForm::Udp))
    };
    let soa = "server 198.18.2.1 a.test. SOA udp";
    assert!(asks(&format!("{soa} aa")) && asks(&format!("{soa} NXDOMAIN aa")));
    assert!(!asks(&format!("{soa} REFUSED")) && !asks(SECOND));
}

#[test]
fn slow_ns_records_prove_no_agreement() {
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
    let shown = of(Code::DelegationUnknown).unwrap_or_else(|| panic!("{found:#?}"));
    assert_eq!(shown.evidence, "no name server of a.test. gave its NS records");
    assert_eq!(of(Code::DelegationOk), None, "{found:#?}");
}

// The check ends before all forms of the query were sent.
#[test]
fn cut_off_silence_is_unknown() {
    let soa = |server: &str, shown: [&str; 2]| {
        let shown = shown.map(|shown| format!("server {server} a.test. SOA {shown}"));
        shown.join("\n")
    };
    for (shown, code) in [
        (["udp silent", "tcp unknown"], Code::DelegationUnknown),
        (["udp silent", "tcp silent"], Code::NsSilent),
        (["udp silent", "plain silent"], Code::DelegationUnknown),
        (["udp unreachable", "tcp unknown"], Code::NsSilent),
    ] {
        let found = codes(REFERRAL, FIRST, &soa("198.18.2.1", shown));
        assert_eq!(found.first(), Some(&usual(code)), "{shown:?} {found:?}");
        let both = codes(REFERRAL, &soa("198.18.1.1", shown), &soa("198.18.2.1", shown));
        assert_eq!(both.first(), Some(&usual(Code::NsNoneAnswers)), "{shown:?} {both:?}");
    }
}

// It gives its SOA record over TCP only.
#[test]
fn server_answering_other_queries_is_heard() {
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
fn failing_enclosing_zone_is_named() {
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
fn mail_without_soa_counts_as_served() {
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
fn missing_ns_records_prove_no_agreement() {
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
fn late_servers_are_not_dead() {
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
fn bogus_answers_show_reachability() {
    let unreached = |reply: &str| is_unreached(&facts("a.test.", &format!("lookup a.test. SOA {reply}")));
    assert!(unreached("SERVFAIL") && !unreached("SERVFAIL bogus") && !unreached("NXDOMAIN"));
}

#[test]
fn agreement_needs_parent_and_zone() {
    let parent = "server 198.18.9.1 a.test. NS udp";
    for referral in [format!("{parent} silent"), format!("{parent} REFUSED"), String::new()] {
        assert_eq!(codes(&referral, FIRST, SECOND), [usual(Code::DelegationUnknown)], "{referral}");
    }
    let unheard = |number: u8| format!("server 198.18.{number}.1 a.test. SOA udp no-route");
    assert_eq!(codes(REFERRAL, &unheard(1), &unheard(2)), [usual(Code::DelegationUnknown)]);
}

#[test]
fn parent_ns_set_must_match_zone() {
    let other = |text: &str| text.replace("ns1.a.test. | ns2.b.test.", "ns1.a.test. | ns3.c.test.");
    let overlapping = codes(REFERRAL, &other(FIRST), SECOND);
    assert_eq!(overlapping.first(), Some(&(Code::NsDiffer, Level::Warning)));
    let old = REFERRAL.replace("ns1.a.test. |", "old1.d.test. |").replace("ns2.b.test.", "old2.d.test.");
    assert_eq!(codes(&old, FIRST, SECOND).first(), Some(&(Code::NsDiffer, Level::Warning)));
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
    assert_eq!(more(&glue), Some(Level::Failure));
    assert_eq!(more(&format!("{glue} | +ns1.a.test. A 198.18.1.1")), Some(Level::Warning));
}

#[test]
fn glue_is_compared_with_newest_zone() {
    let found = |serial: &str, first: &str, second: &str| {
        let second_zone = SECOND.replace("h. 7 ", &format!("h. {serial} "));
        let shown = format!(
            "server 198.18.1.1 ns1.a.test. A udp aa | {first}\nserver 198.18.2.1 ns1.a.test. A udp aa | {second}"
        );
        let found =
            check(&facts("a.test.", &format!("{ABOVE}\n{REFERRAL}\n{FIRST}\n{second_zone}\n{shown}")));
        let differs = found.into_iter().find(|finding| finding.code == Code::GlueDiffers);
        differs.map(|finding| (finding.level, finding.evidence))
    };
    assert_eq!(found("7", "198.18.1.1", "198.18.1.1"), None);
    assert_eq!(found("6", "198.18.1.1", "198.18.1.9"), None, "an old copy of the zone");
    let (level, evidence) = found("8", "198.18.1.1", "198.18.1.9").unwrap();
    assert_eq!(level, Level::Failure, "whatever the old copy at the glue says");
    assert_eq!(evidence, "the glue of ns1.a.test. is 198.18.1.1, its address is 198.18.1.9");
    let (level, evidence) = found("7", "198.18.1.1", "198.18.1.9").unwrap();
    assert_eq!(level, Level::Warning);
    assert!(evidence.ends_with("; 198.18.2.1 (ns2.b.test.) has 198.18.1.9"), "{evidence}");
}

#[test]
fn serving_old_glue_is_warning() {
    let glue = REFERRAL.replace("A 198.18.1.1", "A 198.18.1.99");
    let first = FIRST.replace("198.18.1.1 ", "198.18.1.99 ");
    let shown = "server 198.18.2.1 ns1.a.test. A udp aa | 198.18.1.1";
    let found = codes(&format!("{glue}\n{shown}"), &format!("{FIRST}\n{first}"), SECOND);
    assert_eq!(found.first(), Some(&(Code::GlueDiffers, Level::Warning)), "{found:?}");
}

#[test]
fn server_dropping_mixed_case_warns() {
    let plain = "server 198.18.2.1 a.test. NS udp aa | ns1.a.test. | ns2.b.test.";
    let second = format!("{}\n{plain}", SECOND.replace("NS mixed aa", "NS mixed silent"));
    let found = codes(REFERRAL, FIRST, &second);
    assert_eq!(found.first(), Some(&(Code::NsCase, Level::Warning)), "{found:?}");
}

// The zone at one server has an older serial.
#[test]
fn ns_set_of_stale_copy_ignored() {
    let named = |serial: &str, set: &str| {
        let second =
            SECOND.replace("h. 7 ", &format!("h. {serial} ")).replace("ns1.a.test. | ns2.b.test.", set);
        let facts = facts("a.test.", &format!("{ABOVE}\n{REFERRAL}\n{FIRST}\n{second}"));
        let found = check(&facts).into_iter().find(|finding| finding.code == Code::NsDiffer);
        found.map(|finding| finding.evidence)
    };
    assert_eq!(named("6", "ns1.a.test. | old.c.test."), None, "the serials differ, and this is shown");
    let newer = named("8", "ns1.a.test. | new.c.test.").unwrap();
    assert!(newer.contains("; the zone itself names new.c.test., ns1.a.test."), "{newer}");
    let other = named("7", "ns1.a.test. | ns3.c.test.").unwrap();
    assert!(other.contains("198.18.2.1 (ns2.b.test.) has ns1.a.test., ns3.c.test."), "{other}");
    assert!(other.contains("198.18.1.1 (ns1.a.test.) has ns1.a.test., ns2.b.test."), "{other}");
}

// Name servers without addresses, a single server, and servers in one network.
#[test]
fn name_and_network_faults_are_reported() {
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
    assert_eq!(below("x.a.test.", "a.test."), "x.a.test. NXDOMAIN");
    assert_eq!(below("a.test.", "test."), "a.test. NXDOMAIN");
}

#[test]
fn in_zone_server_needs_glue() {
    let bare = REFERRAL.replace(" | +ns1.a.test. A 198.18.1.1", "");
    assert!(codes(&bare, FIRST, SECOND).contains(&(Code::GlueMissing, Level::Warning)));
    let alone = bare.replace(" | >a.test. NS ns2.b.test.", "");
    assert!(codes(&alone, FIRST, SECOND).contains(&(Code::GlueMissing, Level::Failure)));
    assert!(codes(REFERRAL, FIRST, SECOND).iter().all(|(code, _)| *code != Code::GlueMissing));
}

#[test]
fn each_server_fault_has_code() {
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
