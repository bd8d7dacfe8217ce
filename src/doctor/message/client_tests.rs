//! Messages as large providers, gateways and single mail servers store them.

use super::*;
use crate::codes::Code;
use crate::facts::tests::{TWO_SERVERS, facts};
use crate::judge;

const INTERNAL: &str = "Received: from a.eurprd04.prod.outlook.com (2603:10a6:20b:3f4::12) by b.eurprd04.prod.outlook.com with HTTPS; x";
const NEAR: &str = "Received: from c.prod.protection.outlook.com (2603:10a6:10:1::2) by d.outlook.office365.com \
    (2603:10a6:10:1::3) with Microsoft SMTP Server; x";
const BORDER: &str = "Received: from mx.a.example (192.0.2.7) by c.mail.protection.outlook.com (10.152.20.1) with Microsoft SMTP Server; x";
const RESULTS: &str =
    "Authentication-Results: spf=pass (sender IP is 192.0.2.7) smtp.mailfrom=a.example; dkim=none";
const SPF: &str = "Received-SPF: Pass (protection.outlook.com: domain of a.example designates 192.0.2.7 as permitted sender) \
    receiver=protection.outlook.com; client-ip=192.0.2.7; helo=mx.a.example; pr=C";
const GATEWAY: &str =
    "Received: from gw.filter.example (gw.filter.example [198.51.100.9]) by store.b.example with ESMTPS id X";
const AT_GATEWAY: &str =
    "Received: from mx.a.example (mx.a.example [192.0.2.7]) by gw.filter.example with ESMTPS id X";
const FROM_GATEWAY: &str = "Authentication-Results: ppops.example; spf=pass smtp.mailfrom=me@a.example";
const SINGLE: &str =
    "Received: from mx.a.example (mx.a.example [192.0.2.7]) by mx.b.example with ESMTPS id X";

/// The client of a message for the envelope sender `a.example.`: its address, its HELO name, and whether it is sure.
fn told(lines: &[&str]) -> Option<(String, Option<String>, bool)> {
    let field = |line: &&str| {
        let (name, body) = line.split_once(": ").unwrap();
        (name.to_ascii_lowercase(), body.to_owned())
    };
    let fields: Vec<(String, String)> = lines.iter().map(field).collect();
    let sender = client(&fields, Some("a.example."))?;
    Some((sender.address.to_string(), sender.helo, sender.is_sure))
}

#[test]
fn the_client_is_the_one_that_the_receiver_saw_and_no_host_of_its_own() {
    let mx = Some(("192.0.2.7".to_owned(), Some("mx.a.example".to_owned()), true));
    for lines in [
        &[INTERNAL, RESULTS, SPF][..],
        &[INTERNAL, NEAR, BORDER, RESULTS, SPF],
        &[INTERNAL, NEAR, RESULTS, SPF, BORDER],
        &[INTERNAL, NEAR, BORDER],
        &[SINGLE],
        &[
            SINGLE,
            "Received-SPF: Pass (b.example: domain of a.example designates 192.0.2.7 as permitted sender) client-ip=192.0.2.7",
        ],
        &[SINGLE, "Authentication-Results: mx.b.example; spf=pass smtp.mailfrom=me@a.example"],
        &["Authentication-Results: mx.b.example; spf=pass smtp.mailfrom=me@a.example", SINGLE],
        &[SINGLE, "Received-SPF: pass client-ip=203.0.113.5; envelope-from=list@other.example"],
        &[SINGLE, "Received-SPF: pass identity=helo; client-ip=203.0.113.5; envelope-from=me@a.example"],
        &[
            "Received: from imap.b.example [198.51.100.7] by localhost with IMAP (fetchmail-6.4.29) for x",
            SINGLE,
        ],
        &["Received: from pop.b.example (198.51.100.7) by desk.local with POP3 (mpop 1.4); x", SINGLE],
        &[SINGLE, "Received-SPF: fail client-ip=203.0.113.5; envelope-from=me@a.example"],
    ] {
        assert_eq!(told(lines), mx, "{lines:?}");
    }
    let alone = Some(("192.0.2.7".to_owned(), None, true));
    assert_eq!(told(&[INTERNAL, RESULTS]), alone);
    let fails = SPF.replace("Pass", "Fail").replace("192.0.2.7", "203.0.113.9");
    let told_by_receiver = told(&[INTERNAL, &fails]).unwrap();
    assert_eq!((told_by_receiver.0.as_str(), told_by_receiver.2), ("203.0.113.9", true));
}

#[test]
fn a_gateway_is_not_taken_for_the_sender_for_sure() {
    let gateway = |is_sure| Some(("198.51.100.9".to_owned(), Some("gw.filter.example".to_owned()), is_sure));
    assert_eq!(told(&[GATEWAY, FROM_GATEWAY, AT_GATEWAY]), gateway(false));
    assert_eq!(told(&[GATEWAY, AT_GATEWAY, SPF]), gateway(false));
    assert_eq!(told(&[GATEWAY, AT_GATEWAY]), gateway(false), "it took the mail from another organization");
    assert_eq!(told(&[GATEWAY]), gateway(true), "nothing says that it is one");
    let submitted = AT_GATEWAY.replace("ESMTPS", "ESMTPSA");
    assert_eq!(told(&[GATEWAY, &submitted]), gateway(true), "it is the server of the sender");
    let own = AT_GATEWAY.replace("mx.a.example", "web.filter.example");
    assert_eq!(told(&[GATEWAY, &own]), gateway(true), "another host of the sender");
    let behind = "Received-SPF: Fail (protection.outlook.com: domain of a.example does not designate 198.51.100.9 as permitted sender) \
        receiver=protection.outlook.com; client-ip=198.51.100.9; helo=gw.filter.example";
    assert_eq!(told(&[INTERNAL, behind, FROM_GATEWAY]), gateway(false));
    let rewritten = SPF.replace("domain of a.example", "domain of other.example");
    assert!(!told(&[INTERNAL, &rewritten]).unwrap().2, "the receiver saw another envelope sender");
}

#[test]
fn results_for_another_envelope_sender_are_of_the_hop_before() {
    let before = "ARC-Authentication-Results: i=1; mx.google.com; spf=pass (google.com: domain of al@c.example designates 203.0.113.1 as \
        permitted sender) smtp.mailfrom=al@c.example; dmarc=pass header.from=c.example";
    let received = "Received-SPF: pass (google.com: domain of al@c.example designates 203.0.113.1 as permitted sender) client-ip=203.0.113.1;";
    let way = "Received: from mx.c.example (mx.c.example [203.0.113.1]) by mx.a.example with ESMTPS id x";
    for claim in [before, received] {
        let found = told(&[claim, SINGLE, way]).unwrap();
        assert_eq!((found.0.as_str(), found.1.as_deref()), ("192.0.2.7", Some("mx.a.example")), "{claim}");
    }
    let own = before.replace("al@c.example", "bob@a.example").replace("203.0.113.1 ", "192.0.2.7 ");
    assert_eq!(
        told(&[&own, SINGLE]).unwrap(),
        ("192.0.2.7".to_owned(), Some("mx.a.example".to_owned()), true)
    );
    let renamed = before.replace("203.0.113.1 ", "192.0.2.7 ");
    assert!(!told(&[&renamed, SINGLE]).unwrap().2, "the receiver saw another envelope sender");
}

#[test]
fn hosts_of_the_receiver_and_clients_with_a_password_are_not_sure() {
    let inner =
        "Received: from mx.b.example (mx.b.example [198.51.100.1]) by store.b.example with ESMTP id X";
    let near = "Received: from out.filter.example (out.filter.example [198.51.100.7]) by store.b.example (198.51.100.1) with SMTP; x";
    for (lines, address) in [
        (&[INTERNAL][..], "2603:10a6:20b:3f4::12"),
        (&[near], "198.51.100.7"),
        (&[inner], "198.51.100.1"),
        (&[inner, SINGLE], "192.0.2.7"),
        (
            &["Received: from pc (unknown [203.0.113.9]) by mx.a.example (Postfix) with ESMTPSA id X"],
            "203.0.113.9",
        ),
        (&["Received: from pc ([203.0.113.9]) by mx.a.example with esmtpsa (TLS1.3) id X"], "203.0.113.9"),
    ] {
        let (found, _, is_sure) = told(lines).unwrap();
        assert_eq!((found.as_str(), is_sure), (address, false), "{lines:?}");
    }
    assert_eq!(told(&["Received: from localhost (localhost [127.0.0.1]) by here"]), None);
}

#[test]
fn an_address_that_may_be_a_relay_is_examined_only_by_itself() {
    let address: Option<IpAddr> = "192.0.2.7".parse().ok();
    let mut facts = facts("a.example.", "lookup a.example. TXT | \"v=spf1 ip4:198.51.100.1 -all\"");
    (facts.subject.address, facts.subject.may_be_relay) = (address, true);
    assert_eq!(examined(&facts), None);
    facts.subject.may_be_relay = false;
    assert_eq!(examined(&facts), address);
    facts.subject.earlier_clients = vec!["198.51.100.2".parse().unwrap()];
    assert_eq!(examined(&facts), address, "SPF passes for no hop");
    facts.subject.earlier_clients = vec!["198.51.100.1".parse().unwrap()];
    assert_eq!(examined(&facts), None, "a forwarder or a filter service");
    facts.subject.address = "198.51.100.1".parse().ok();
    assert_eq!(examined(&facts), facts.subject.address, "SPF passes for it");
    (facts.subject.address, facts.subject.may_be_relay) = (address, true);
    facts.subject.domain.clear();
    assert_eq!(examined(&facts), address);
}

#[test]
fn the_ptr_records_and_the_helo_name_of_a_filter_service_are_no_fault_of_the_sender() {
    let lines = format!(
        "{TWO_SERVERS}\nlookup a.test. TXT | \"v=spf1 ip4:198.51.100.1 -all\"\n\
         lookup 7.2.0.192.in-addr.arpa. PTR NXDOMAIN\n\
         lookup out.b.test. A NXDOMAIN\nlookup out.b.test. AAAA NXDOMAIN\nlookup out.b.test. MX NXDOMAIN"
    );
    let found = |earlier: &str| {
        let mut facts = facts("a.test.", &lines);
        facts.subject.address = "192.0.2.7".parse().ok();
        facts.subject.helo = Some("out.b.test".to_owned());
        facts.subject.earlier_clients = vec![earlier.parse().unwrap()];
        let judged = judge(&facts);
        let has = |code| judged.iter().any(|finding| finding.code == code);
        [Code::PtrMissing, Code::HeloUnknown, Code::SpfFromFails, Code::SpfUnevaluated].map(has)
    };
    assert_eq!(found("198.51.100.1"), [false, false, false, true]);
    assert_eq!(found("198.51.100.2"), [true, true, true, false]);
}
