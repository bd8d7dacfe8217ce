//! Tests of zones whose servers give different records.

use super::*;
use crate::facts::tests::{TWO_SERVERS as ZONE, facts};
use crate::judge;

/// Returns facts with the records that the daemon has (`here`), and the records that the two servers give.
fn looked_up(name: &str, here: &str, [first, second]: [&str; 2]) -> DomainFacts {
    let mut facts = facts(
        "a.test.",
        &format!(
            "{ZONE}\nlookup {name} {here}\nserver 198.18.1.1 {name} {first}\nserver 198.18.2.1 {name} {second}"
        ),
    );
    current::adopt(&mut facts);
    facts
}

fn text(record: &str) -> String {
    format!("TXT udp aa | \"{record}\"")
}

// None of the records is called valid or old.
#[test]
fn differing_records_show_each_server() {
    let good = text("v=spf1 mx -all");
    let bad = format!("{good} | \"v=spf1 +all\"");
    for here in [&good, &bad] {
        let here = here.replace("udp aa ", "");
        let facts = looked_up("a.test.", &here, [&good, &bad]);
        let found = check(&facts).unwrap();
        assert_eq!((found.code, found.level), (Code::RecordsDiffer, Level::Failure));
        assert_eq!(
            found.evidence,
            "a.test. TXT: 198.18.2.1 (ns2.a.test.) has \"v=spf1 +all\", \"v=spf1 mx -all\"; 198.18.1.1 (ns1.a.test.) has \
             \"v=spf1 mx -all\""
        );
        let codes: Vec<Code> = judge(&facts).iter().map(|finding| finding.code).collect();
        assert!(codes.contains(&Code::RecordsDiffer), "{codes:?}");
        for code in [Code::SpfOk, Code::DelegationOk, Code::CachedHere] {
            assert!(!codes.contains(&code), "{code:?}: {here}");
        }
    }
    let same = looked_up("a.test.", "TXT | \"v=spf1 mx -all\"", [&good, &good]);
    assert_eq!(check(&same), None);
    assert!(judge(&same).iter().any(|finding| finding.code == Code::SpfOk));
}

// Records that mail does not read differ, or addresses come in turn.
#[test]
fn irrelevant_differences_are_notes() {
    let of = |name: &str, here: &str, servers: [&str; 2], ttl: u32| {
        let mut facts = looked_up(name, here, servers);
        for got in facts.got.values_mut() {
            if let Got::Reply(reply) = got {
                reply.answers.iter_mut().for_each(|record| record.ttl = ttl);
            }
        }
        check(&facts).map(|finding| finding.level)
    };
    let (one, other) = (text("token=1"), text("token=2"));
    assert_eq!(of("a.test.", "TXT | \"token=1\"", [&one, &other], 60), None);
    assert_eq!(of("a.test.", "TXT | \"token=1\"", [&one, &one], 60), None);
    assert_eq!(of("_dmarc.a.test.", "TXT | \"token=1\"", [&one, &other], 60), Some(Level::Failure));
    for (name, first, second, level) in [
        ("_dmarc.a.test.", "v=DMARC1; p=reject", "v=DMARC1;p=reject ;", None),
        ("_dmarc.a.test.", "v=DMARC1; p=reject", "v=DMARC1; p=none", Some(Level::Failure)),
        ("a.test.", "v=spf1 mx -all", "v=SPF1  MX -ALL ", None),
        ("a.test.", "v=spf1 exists:%{i}.a.test -all", "v=spf1 exists:%{I}.a.test -all", Some(Level::Failure)),
    ] {
        let here = format!("TXT | \"{first}\"");
        assert_eq!(of(name, &here, [&text(first), &text(second)], 60), level, "{second}");
    }
    assert_eq!(of("a.test.", "TXT | \"token=1\"", [&one, "TXT udp silent"], 60), None);
    let a = |data: &str| format!("A udp aa{data}");
    let (first, both, second) = (a(" | 198.18.0.1"), a(" | 198.18.0.1 | 198.18.0.2"), a(" | 198.18.0.2"));
    let here = "A | 198.18.0.1";
    let cases = [
        (&both, 300, None),
        (&both, 301, Some(Level::Warning)),
        (&second, 300, Some(Level::Note)),
        (&second, 301, Some(Level::Warning)),
        (&a(""), 300, Some(Level::Warning)),
        (&a(" | =mx.a.test. CNAME gone.a.test."), 300, Some(Level::Warning)),
    ];
    for (other, ttl, expected) in cases {
        assert_eq!(of("mx.a.test.", here, [&first, other], ttl), expected, "{other} {ttl}");
    }
}

/// Returns the facts about a domain with `COUNT` servers. `answers`: the addresses of the mail host from each server over UDP, without
/// EDNS, and over TCP.
fn servers<const COUNT: usize>(answers: [[&str; 3]; COUNT], serials: [u32; COUNT]) -> DomainFacts {
    let mut lines = format!("{ZONE}\nlookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. A | 198.18.0.1");
    if COUNT > 2 {
        lines.push_str("\nserver 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | >a.test. NS ns2.a.test. | >a.test. NS ns3.a.test.");
        lines.push_str("\nlookup ns3.a.test. A | 198.18.3.1");
    }
    for (place, (given, serial)) in (1..).zip(answers.into_iter().zip(serials)) {
        let server = format!("server 198.18.{place}.1");
        lines.push_str(&format!("\n{server} a.test. SOA udp aa | ns1.a.test. h. {serial} 2 3 4 5"));
        for (way, address) in
            ["udp", "plain", "tcp", "mixed"].into_iter().zip(given.into_iter().chain([given[0]]))
        {
            lines.push_str(&format!("\n{server} mx.a.test. A {way} aa | {address}"));
        }
    }
    let mut facts = facts("a.test.", &lines);
    for got in facts.got.values_mut() {
        if let Got::Reply(reply) = got {
            reply.answers.iter_mut().for_each(|record| record.ttl = 300);
        }
    }
    facts
}

// One of three servers always gives another address of a mail host, whatever the TTL is.
#[test]
fn constant_other_address_is_wrong() {
    let (new, old) = ("198.18.0.1", "198.18.0.9");
    let level = |answers, serials| check(&servers(answers, serials)).map(|finding| finding.level);
    let kept = [[new; 3], [new; 3], [old; 3]];
    assert_eq!(level(kept, [7; 3]), Some(Level::Warning));
    assert_eq!(level(kept, [7, 7, 6]), Some(Level::Failure), "the serial is old too");
    assert_eq!(level(kept, [7, 6, 7]), Some(Level::Warning), "another server has the old serial");
    let in_turn = [[new, old, new], [new, new, old], [old, new, old]];
    assert_eq!(level(in_turn, [7; 3]), Some(Level::Note));
    assert_eq!(level([[new; 3], [new; 3], [old, new, old]], [7, 7, 6]), Some(Level::Note));
    assert_eq!(level([[new; 3], [old; 3], ["198.18.0.5"; 3]], [7; 3]), Some(Level::Note), "each has its own");
    assert_eq!(level([[new; 3]; 3], [7, 7, 6]), None);
    let mut open = servers(kept, [7; 3]);
    let is_repeated = |want: &Want| {
        use QueryForm::{MixedCase, Plain, Tcp};
        matches!(want, Want::Server { kind: "A", way: Plain | Tcp | MixedCase, .. })
    };
    open.got.retain(|want, _| !is_repeated(want));
    assert_eq!(check(&open).map(|finding| finding.level), Some(Level::Note));
    assert_eq!(wants(&open).iter().filter(|want| is_repeated(want)).count(), 9);
    let mut same = servers([[new; 3]; 3], [7; 3]);
    same.got.retain(|want, _| !is_repeated(want));
    assert!(!wants(&same).iter().any(is_repeated));
}

// Each of two servers always gives its own address of a mail host, whatever the TTL is.
#[test]
fn two_constant_addresses_differ() {
    let (new, old) = ("198.18.0.1", "198.18.0.9");
    let level = |answers, serials| check(&servers(answers, serials)).map(|finding| finding.level);
    assert_eq!(level([[new; 3], [old; 3]], [7; 2]), Some(Level::Warning));
    assert_eq!(level([[new; 3], [old; 3]], [7, 6]), Some(Level::Failure), "the serial is old too");
    assert_eq!(level([[new, old, new], [old, new, old]], [7; 2]), Some(Level::Note), "in turn");
    assert_eq!(level([[new; 3], [old, new, old]], [7; 2]), Some(Level::Note), "one of them in turn");
    let lines = [["198.18.1.25"; 3], ["198.18.2.25"; 3]];
    assert_eq!(level(lines, [7; 2]), Some(Level::Note), "each gives the address of its own line");
    assert_eq!(level([lines[1], lines[0]], [7; 2]), Some(Level::Warning));
}

// The records that are left out are named.
#[test]
fn comparison_queries_are_limited() {
    let hosts = |count: usize| -> String {
        (0..count).map(|number| format!("\nlookup m{number}.a.test. A | 198.18.0.1")).collect()
    };
    let of = |lines: &str| facts("a.test.", &format!("{ZONE}{lines}"));
    let lookups = "\nlookup a.test. TXT | \"v=spf1 -all\"\nlookup b.test. TXT | \"x\"";
    let few = of(lookups);
    let ask = |server: &str| Want::Server {
        server: server.parse().unwrap(),
        name: "a.test.".to_owned(),
        kind: "TXT",
        way: QueryForm::Udp,
    };
    assert_eq!(of_policies(&few), [ask("198.18.1.1"), ask("198.18.2.1")]);
    assert!(wants(&few).is_empty(), "no address of a name server");
    let many = of(&format!("{lookups}{}", hosts(60)));
    assert_eq!(wants(&many).len(), MAX_COMPARED_QUESTIONS);
    assert_eq!(left_out(&many).len(), 61);
    // A repeated check would leave out the same records, so the level is `Ok`, and not `CouldNotTell`, which asks for a repetition.
    let found: Vec<_> = not_made(&many).iter().map(|finding| (finding.code, finding.level)).collect();
    assert_eq!(found, [(Code::NsMany, Level::Ok)]);
}

#[test]
fn differing_mx_prevents_mail_ok() {
    let is_found = |second: &str| {
        let mut lines = format!(
            "{ZONE}\nlookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. A | 198.18.9.9\nlookup mx.a.test. AAAA"
        );
        for (server, host) in [("198.18.1.1", "mx"), ("198.18.2.1", second)] {
            lines.push_str(&format!("\nserver {server} a.test. MX udp aa | 10 {host}.a.test."));
            lines.push_str(&format!("\nserver {server} mx.a.test. A udp aa | 198.18.9.9"));
            lines.push_str(&format!("\nserver {server} mx.a.test. AAAA udp aa"));
        }
        let found = judge(&facts("a.test.", &lines));
        [Code::MxDiffers, Code::MailOk].map(|code| found.iter().any(|finding| finding.code == code))
    };
    assert_eq!(is_found("mx"), [false, true]);
    assert_eq!(is_found("new"), [true, false]);
}

#[test]
fn record_at_any_server_exists() {
    for (name, record, code) in [
        ("a.test.", "v=spf1 mx -all", Code::SpfMissing),
        ("_dmarc.a.test.", "v=DMARC1; p=reject", Code::DmarcMissing),
    ] {
        let codes = |second: &str| {
            let mut facts = looked_up(name, "TXT NXDOMAIN", ["TXT udp NXDOMAIN aa", second]);
            for other in
                ["_dmarc.test.", "_dmarc.a.test.", "a.test."].map(|other| super::lookup(other, "TXT"))
            {
                facts.got.entry(other).or_insert_with(|| {
                    Got::Reply(ReplyFacts { rcode: "NXDOMAIN".to_owned(), ..ReplyFacts::default() })
                });
            }
            judge(&facts).into_iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        let differing = codes(&text(record));
        assert!(
            differing.contains(&Code::RecordsDiffer) && !differing.contains(&code),
            "{name}: {differing:?}"
        );
        assert!(codes("TXT udp NXDOMAIN aa").contains(&code), "{name}");
    }
}
