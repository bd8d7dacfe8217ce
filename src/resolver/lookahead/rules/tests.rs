use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::{MX, PTR, TXT};
use hickory_proto::rr::{RData, Record, RecordType};

use super::*;
use dns::stage::name;

/// Each record has a form like "MX 10 mx.example.", "TXT v=spf1 -all", "A 192.0.2.1" or "PTR mx.example.".
fn facts(owner: &str, records: &[&str]) -> AnswerFacts {
    let record = |text: &&str| {
        let (kind, data) = text.split_once(' ').unwrap();
        let data = match kind {
            "MX" => {
                let (preference, host) = data.split_once(' ').unwrap();
                RData::MX(MX::new(preference.parse().unwrap(), name(host)))
            }
            "TXT" => RData::TXT(TXT::new(data.split('|').map(str::to_owned).collect())),
            "PTR" => RData::PTR(PTR(name(data))),
            _ => RData::A(data.parse().unwrap()),
        };
        Record::from_rdata(name(owner), 300, data)
    };
    AnswerFacts { rcode: ResponseCode::NoError, secure: false, records: records.iter().map(record).collect() }
}

/// Returns each question in the form "NAME TYPE rule".
fn shown(further: &[Further]) -> Vec<String> {
    let shown = |one: &Further| {
        let rule = serde_json::to_value(one.rule).unwrap();
        format!("{} {} {}", one.name, one.kind, rule.as_str().unwrap())
    };
    further.iter().map(shown).collect()
}

fn after(owner: &str, kind: RecordType, facts: &AnswerFacts) -> Vec<String> {
    shown(&follow(begins(&Question::new(&name(owner), kind)), &name(owner), facts))
}

#[test]
fn client_address_expects_ptr_and_addresses() {
    let of = |address: &str| shown(&[of_address(address.parse().unwrap())]);
    assert_eq!(of("192.0.2.25"), ["25.2.0.192.in-addr.arpa. PTR ptr"]);
    let reverse = "25.2.0.192.in-addr.arpa.";
    let answer = facts(reverse, &["PTR Mail.Example.", "PTR other.example."]);
    assert_eq!(
        after(reverse, RecordType::PTR, &answer),
        ["mail.example. A ptr_a", "mail.example. AAAA ptr_aaaa"]
    );
    for (owner, records) in
        [(reverse, &[][..]), (reverse, &["PTR ."]), ("_tcp.example.", &["PTR x.example."])]
    {
        assert!(after(owner, RecordType::PTR, &facts(owner, records)).is_empty(), "{owner} {records:?}");
    }
}

#[test]
fn mx_expects_hosts_spf_and_dmarc() {
    let receiver = ["example. TXT spf", "_dmarc.example. TXT dmarc"];
    let cases: [(&[&str], &[&str]); 4] = [
        (
            &["MX 20 b.example.", "MX 10 A.example."],
            &["a.example. A mx_a", "a.example. AAAA mx_aaaa", "b.example. A mx_a", "b.example. AAAA mx_aaaa"],
        ),
        (&["MX 20 a.example.", "MX 20 a.example."], &["a.example. A mx_a", "a.example. AAAA mx_aaaa"]),
        // Without MX, mail is delivered to the addresses of the domain.
        (&[], &["example. A mx_a", "example. AAAA mx_aaaa"]),
        // A null MX: the domain accepts no mail (RFC 7505).
        (&["MX 0 ."], &[]),
    ];
    for (records, hosts) in cases {
        let expected = [hosts, &receiver].concat();
        assert_eq!(after("example.", RecordType::MX, &facts("example.", records)), expected, "{records:?}");
    }
    let many: Vec<String> = (0..9).map(|host| format!("MX {host} h{host}.example.")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(after("example.", RecordType::MX, &facts("example.", &many)).len(), 2 * 4 + 2);
    for rcode in [ResponseCode::NXDomain, ResponseCode::ServFail] {
        let denied = AnswerFacts { rcode, ..facts("example.", &[]) };
        assert!(after("example.", RecordType::MX, &denied).is_empty(), "{rcode}");
    }
}

/// Returns the questions about mail hosts that follow a query for the MX records of "example." with the DO flag.
fn of_delivery(secure: bool, exchanger: &str) -> Vec<String> {
    let asked = Question { dnssec_ok: true, ..Question::new(&name("example."), RecordType::MX) };
    let facts = AnswerFacts { secure, ..facts("example.", &[exchanger]) };
    let mut further = shown(&follow(begins(&asked), &asked.name, &facts));
    further.retain(|one| !one.contains("TXT"));
    further
}

// Look-ahead follows rules of delivery where the client sets DO.
#[test]
fn mx_with_do_expects_dane_hosts() {
    let addresses = ["mx.example. A dane_a", "mx.example. AAAA dane_aaaa"];
    assert_eq!(of_delivery(false, "MX 10 mx.example."), addresses);
    let certificates = ["_25._tcp.mx.example. TLSA tlsa"];
    assert_eq!(of_delivery(true, "MX 10 mx.example."), [&addresses[..], &certificates].concat());
    // A client that does not set DO cannot use DANE.
    let plain = Question::new(&name("example."), RecordType::MX);
    let secure = AnswerFacts { secure: true, ..facts("example.", &["MX 10 mx.example."]) };
    let further = follow(begins(&plain), &plain.name, &secure);
    assert!(further.iter().all(|one| !matches!(one.step, RuleStep::Host { secure: true })), "{further:?}");
    // For a host in another domain, only the answer with its address shows whether the host is signed.
    assert_eq!(of_delivery(true, "MX 10 mx.other."), ["mx.other. A dane_a", "mx.other. AAAA dane_aaaa"]);
}

// Both the MX record and the address must be secure (RFC 7672).
#[test]
fn tlsa_is_expected_if_all_secure() {
    let host = |mx, secure| {
        let facts = AnswerFacts { secure, ..facts("mx.example.", &["A 192.0.2.1"]) };
        shown(&follow(RuleStep::Host { secure: mx }, &name("mx.example."), &facts))
    };
    assert_eq!(host(true, true), ["_25._tcp.mx.example. TLSA tlsa"]);
    for (mx, secure) in [(true, false), (false, true), (false, false)] {
        assert!(host(mx, secure).is_empty());
    }
    // The TLSA question is for the target of the alias (RFC 7672 section 2.2.2).
    let alias = AnswerFacts { secure: true, ..facts("end.example.", &["A 192.0.2.1"]) };
    let after_host =
        |facts: &AnswerFacts| shown(&follow(RuleStep::Host { secure: true }, &name("mx.example."), facts));
    assert_eq!(after_host(&alias), ["_25._tcp.end.example. TLSA tlsa"]);
    assert!(after_host(&AnswerFacts { secure: true, ..facts("mx.example.", &[]) }).is_empty());
}

#[test]
fn spf_record_expects_named_domains() {
    let dmarc = "_dmarc.example. TXT dmarc";
    let cases: [(&str, &[&str]); 14] = [
        ("v=spf1 -all", &[]),
        ("v=spf1", &[]),
        ("v=spf1 include:_spf.a.example ~all", &["_spf.a.example. TXT spf_chain"]),
        (
            "V=SPF1 ?Include:B.example. redirect=c.example",
            &["b.example. TXT spf_chain", "c.example. TXT spf_chain"],
        ),
        ("v=spf1 a mx -all", &["example. A spf_hosts", "example. MX spf_hosts"]),
        ("v=spf1 a:h.example/24 mx:m.example//64", &["h.example. A spf_hosts", "m.example. MX spf_hosts"]),
        ("v=spf1 a/24 mx/24", &["example. A spf_hosts", "example. MX spf_hosts"]),
        ("v=spf1 exists:x.example", &["x.example. A spf_hosts"]),
        ("v=spf1 redirect=r.example.net", &["r.example.net. TXT spf_chain"]),
        // `redirect` is ignored if there is an `all`, and terms after `all` are not reached.
        ("v=spf1 redirect=r.example -all include:i.example", &[]),
        ("v=spf1 +all include:i.example", &[]),
        // Terms with macros, `ptr`, and terms with addresses lead to no question.
        ("v=spf1 include:%{i}.s.example exists:%{d}.e.example ptr ip4:192.0.2.1 ip6:2001:db8::1", &[]),
        // The strings of a TXT record are joined.
        ("v=spf1 include:_s|pf.a.example -all", &["_spf.a.example. TXT spf_chain"]),
        // Terms without a name of two labels lead to no question.
        ("v=spf1 include: include:com a: include:a..b", &[]),
    ];
    for (text, expected) in cases {
        let expected: Vec<&str> = std::iter::once(dmarc).chain(expected.iter().copied()).collect();
        let answer = facts("example.", &[&format!("TXT {text}")]);
        assert_eq!(after("example.", RecordType::TXT, &answer), expected, "{text}");
    }
    for other in [
        &["TXT v=spf10 include:a.example"][..],
        &["TXT google-site-verification=x"],
        // Two SPF records of one domain are an error.
        &["TXT v=spf1 include:a.example", "TXT v=spf1 include:b.example"],
    ] {
        assert!(after("example.", RecordType::TXT, &facts("example.", other)).is_empty(), "{other:?}");
    }
    let both = facts("example.", &["TXT some text", "TXT v=spf1 include:a.example"]);
    assert_eq!(after("example.", RecordType::TXT, &both), [dmarc, "a.example. TXT spf_chain"]);
}

// Clients that ask at a name with an underscore begin no chain.
#[test]
fn spf_chain_ends_at_depth() {
    let record = facts("i.example.", &["TXT v=spf1 include:j.example mx -all"]);
    let at = |depth| follow(RuleStep::Spf { depth }, &name("i.example."), &record);
    assert_eq!(shown(&at(1)), ["j.example. TXT spf_chain", "i.example. MX spf_hosts"]);
    assert_eq!(at(1)[0].step, RuleStep::Spf { depth: 2 });
    assert!(at(3).is_empty());
    assert_eq!(begins(&Question::new(&name("_spf.example."), RecordType::TXT)), RuleStep::End);
    assert_eq!(begins(&Question::new(&name("s1._domainkey.example."), RecordType::TXT)), RuleStep::End);
    let hosts = facts("i.example.", &["MX 10 m.example."]);
    assert_eq!(
        shown(&follow(RuleStep::SpfExchangers, &name("i.example."), &hosts)),
        ["m.example. A spf_hosts"]
    );
}

#[test]
fn dmarc_walk_ends_at_record() {
    let walk =
        |owner: &str, records: &[&str]| shown(&follow(RuleStep::Dmarc, &name(owner), &facts(owner, records)));
    assert_eq!(walk("_dmarc.mail.example.com.", &[]), ["_dmarc.example.com. TXT dmarc_walk"]);
    assert_eq!(walk("_dmarc.example.com.", &["TXT other"]), ["_dmarc.com. TXT dmarc_walk"]);
    assert!(walk("_dmarc.com.", &[]).is_empty());
    assert!(walk("_dmarc.mail.example.com.", &["TXT v=dmarc1; p=none"]).is_empty());
    // RFC 9989 section 4.10: after a domain with eight or more labels, the tree walk continues with its last seven.
    assert_eq!(walk("_dmarc.a.b.c.d.e.f.g.h.i.", &[]), ["_dmarc.c.d.e.f.g.h.i. TXT dmarc_walk"]);
    assert_eq!(walk("_dmarc.a.b.c.d.e.f.g.h.", &[]), ["_dmarc.b.c.d.e.f.g.h. TXT dmarc_walk"]);
    let denied = AnswerFacts { rcode: ResponseCode::NXDomain, ..facts("_dmarc.a.example.", &[]) };
    assert_eq!(
        shown(&follow(RuleStep::Dmarc, &name("_dmarc.a.example."), &denied)),
        ["_dmarc.example. TXT dmarc_walk"]
    );
}

#[test]
fn other_questions_begin_nothing() {
    for (owner, kind) in [
        ("mail.example.", RecordType::A),
        ("mail.example.", RecordType::AAAA),
        ("_dmarc.example.", RecordType::TXT),
        ("_25._tcp.example.", RecordType::TLSA),
        ("example.", RecordType::NS),
        ("in-addr.arpa.example.", RecordType::PTR),
    ] {
        assert_eq!(begins(&Question::new(&name(owner), kind)), RuleStep::End, "{owner} {kind}");
    }
}
