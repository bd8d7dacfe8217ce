//! Creates facts from lines of text, for the tests of all checks.

use super::*;

/// Lines about a zone with two servers. Both servers serve the zone.
pub const TWO_SERVERS: &str = "
    lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5
    lookup test. SOA | ns.test. h. 1 2 3 4 5
    lookup test. NS | ns.test.
    lookup ns.test. A | 198.18.9.1
    lookup ns1.a.test. A | 198.18.1.1
    lookup ns2.a.test. A | 198.18.2.1
    server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | >a.test. NS ns2.a.test.
    server 198.18.1.1 a.test. SOA udp aa | ns1.a.test. h. 7 2 3 4 5
    server 198.18.2.1 a.test. SOA udp aa | ns1.a.test. h. 7 2 3 4 5";

/// Creates facts from lines, one for each question: `lookup NAME TYPE [RCODE] | DATA | DATA`, or
/// `server ADDRESS NAME TYPE WAY [RCODE|silent|other-case] [aa] [ra] [after=RCODE of an answer before] [cached: with a lower TTL]`
/// followed by `| DATA | DATA`. Records with another owner or type are written as `=OWNER TYPE DATA` in the answer section,
/// `>OWNER TYPE DATA` in the authority section, and `+OWNER TYPE DATA` in the additional section.
pub fn facts(domain: &str, lines: &str) -> DomainFacts {
    let subject = CheckSubject { domain: domain.to_owned(), unix: 1_767_225_600, ..CheckSubject::default() };
    let mut facts = DomainFacts::new(subject);
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut parts = line.split(" | ").map(str::trim);
        let words: Vec<&str> = parts.next().unwrap().split_whitespace().collect();
        let (want, name, kind, rest) = match words.as_slice() {
            ["lookup", name, kind, rest @ ..] => (lookup(name, known(kind)), *name, *kind, rest.to_vec()),
            ["server", server, name, kind, way, rest @ ..] => {
                let way = match *way {
                    "udp" => QueryForm::Udp,
                    "tcp" => QueryForm::Tcp,
                    "plain" => QueryForm::Plain,
                    "mixed" => QueryForm::MixedCase,
                    "recursive" => QueryForm::Recursive,
                    other => panic!("{other}"),
                };
                let server = server.parse().unwrap();
                let want = Want::Server { server, name: (*name).to_owned(), kind: known(kind), way };
                (want, *name, *kind, rest.to_vec())
            }
            other => panic!("{other:?}"),
        };
        let mut reply = ReplyFacts { rcode: "NOERROR".to_owned(), millis: 20, ..ReplyFacts::default() };
        let (mut lost, mut ttl) = (None, None);
        for word in rest {
            match word {
                "aa" => reply.authoritative = true,
                "ra" => reply.recursive = true,
                "tc" => reply.truncated = true,
                "edns" => reply.edns = true,
                "secure" => reply.security = ReplySecurity::Secure,
                "insecure" => reply.security = ReplySecurity::Insecure,
                "bogus" => reply.security = ReplySecurity::Bogus,
                "cached" => (reply.from_cache, ttl) = (true, Some(1_800)),
                "off" => reply.security = ReplySecurity::Off,
                "silent" => lost = Some(NoReply::Silent),
                "unreachable" => lost = Some(NoReply::Unreachable),
                "no-route" => lost = Some(NoReply::NoRoute),
                "other-case" => lost = Some(NoReply::OtherCase),
                "unfit" => lost = Some(NoReply::Unfit),
                "unknown" => lost = Some(NoReply::Unknown("not asked".to_owned())),
                after if after.starts_with("after=") => {
                    after.trim_start_matches("after=").clone_into(&mut reply.failed_before);
                }
                millis if millis.ends_with("ms") => {
                    reply.millis = millis.trim_end_matches("ms").parse().unwrap();
                }
                rcode => rcode.clone_into(&mut reply.rcode),
            }
        }
        parts.for_each(|part| add(&mut reply, (name, kind), part));
        for record in reply.answers.iter_mut().chain(&mut reply.authority) {
            record.ttl = ttl.unwrap_or(record.ttl);
        }
        facts.got.insert(want, lost.map_or(Got::Reply(reply), Got::NoReply));
    }
    facts
}

/// Adds a record to the answers (`part` begins with `=`), to the authority section (`>`) or to the additional section (`+`). Without such a
/// character, `part` is the data of an answer with this name and type.
fn add(reply: &mut ReplyFacts, (name, kind): (&str, &str), part: &str) {
    let record = |owner: &str, kind: &str, data: &str| {
        let parts: Vec<&str> =
            data.as_bytes().chunks(250).map(|part| std::str::from_utf8(part).unwrap()).collect();
        let data = if kind == "TXT" { parts.join("\" \"") } else { data.to_owned() };
        Record::read(owner, 3_600, kind, &data).unwrap_or_else(|wrong| panic!("{kind} {data}: {wrong}"))
    };
    let other = |text: &str| {
        let mut words = text.trim().splitn(3, ' ');
        record(words.next().unwrap(), words.next().unwrap(), words.next().unwrap())
    };
    match part.split_at(1) {
        (">", rest) => reply.authority.push(other(rest)),
        ("+", rest) => reply.additional.push(other(rest)),
        ("=", rest) => reply.answers.push(other(rest)),
        _ => reply.answers.push(record(name, kind, part)),
    }
}

fn known(kind: &str) -> &'static str {
    let kinds = ["A", "AAAA", "MX", "NS", "SOA", "TXT", "PTR", "DS", "DNSKEY", "TLSA", "CNAME"];
    kinds.into_iter().find(|known| *known == kind).unwrap()
}

#[test]
fn names_are_cut_and_turned() {
    assert_eq!((above("a.b."), above("b."), above(".")), ("b.", ".", "."));
    assert!(is_within("a.b.", "b.") && is_within("b.", "b.") && !is_within("ab.", "b."));
    assert_eq!(reverse("192.0.2.7".parse().unwrap()), "7.2.0.192.in-addr.arpa.");
    assert!(reverse("2001:db8::1".parse().unwrap()).starts_with("1.0.0."));
}

#[test]
fn record_survives_json_round_trip() {
    for (kind, data) in [
        ("TXT", r#""a\"b\255" """#),
        ("MX", r"10 A\001\046b.c."),
        ("NSEC", r"\052.b. A TYPE65534"),
        ("NAPTR", r#"1 2 "s" "a\"b" "" _sip._tcp.b."#),
        ("CERT", r"\# 8 0001000008010203"),
        ("DNSKEY", r"\# 4 01000201"),
        ("TYPE65400", r"\# 2 0a0b"),
    ] {
        let record = Record::read("a.", 60, kind, data).unwrap();
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record, "{json}");
    }
    let usual = serde_json::to_string(&Record::read("a.", 60, "MX", "10 B.c.").unwrap()).unwrap();
    assert_eq!(usual, r#"{"name":"a.","ttl":60,"type":"MX","data":"10 B.c."}"#);
    assert!(serde_json::from_str::<Record>(&usual.replace("10", "ten")).is_err());
}

#[test]
fn txt_strings_are_joined_unchanged() {
    let joined = |text: &str| Record::read("a.", 0, "TXT", text).unwrap().joined();
    assert_eq!(joined(r#""v=spf1 mx" " -all""#), "v=spf1 mx -all");
    assert_eq!(joined(r#""a\"b\255""#), "a\"b\u{fffd}");
    assert_eq!(joined("\"\""), "");
}
