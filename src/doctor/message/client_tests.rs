//! Emails in the form in which large providers, gateways and single mail servers store them.

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

/// Returns the address and HELO name of the client, and true if receivers certainly evaluate SPF for it.
fn found(lines: &[&str]) -> Option<(String, Option<String>, bool)> {
    let field = |line: &&str| {
        let (name, body) = line.split_once(": ").unwrap();
        (name.to_ascii_lowercase(), body.to_owned())
    };
    let fields: Vec<(String, String)> = lines.iter().map(field).collect();
    let sender = client(&fields)?;
    Some((sender.address.to_string(), sender.helo, sender.is_sure))
}

// It is no internal host of the receiver.
#[test]
fn client_is_seen_by_receiver() {
    let mx = Some(("192.0.2.7".to_owned(), Some("mx.a.example".to_owned()), true));
    for lines in [
        &[INTERNAL, NEAR, BORDER, RESULTS, SPF][..],
        &[INTERNAL, NEAR, RESULTS, SPF, BORDER],
        &[INTERNAL, NEAR, BORDER],
        &[SINGLE],
        &[
            SINGLE,
            "Received-SPF: Pass (b.example: domain of a.example designates 192.0.2.7 as permitted sender) client-ip=192.0.2.7",
        ],
        &[SINGLE, "Received-SPF: pass identity=helo; client-ip=203.0.113.5; envelope-from=me@a.example"],
        &[
            "Received: from imap.b.example [198.51.100.7] by localhost with IMAP (fetchmail-6.4.29) for x",
            SINGLE,
        ],
        &["Received: from pop.b.example (198.51.100.7) by desk.local with POP3 (mpop 1.4); x", SINGLE],
        &[SINGLE, "Received-SPF: fail client-ip=203.0.113.5; envelope-from=me@a.example"],
    ] {
        assert_eq!(found(lines), mx, "{lines:?}");
    }
    let alone = Some(("192.0.2.7".to_owned(), None, true));
    assert_eq!(found(&[INTERNAL, RESULTS]), alone);
    let fails = SPF.replace("Pass", "Fail").replace("192.0.2.7", "203.0.113.9");
    let by_receiver = found(&[INTERNAL, &fails]).unwrap();
    assert_eq!((by_receiver.0.as_str(), by_receiver.2), ("203.0.113.9", true));
}

#[test]
fn possible_gateway_client_is_unsure() {
    let behind = "Received-SPF: Fail (protection.outlook.com: domain of a.example does not designate 198.51.100.9 as permitted sender) \
        receiver=protection.outlook.com; client-ip=198.51.100.9; helo=gw.filter.example";
    let near = "Received: from out.filter.example (out.filter.example [198.51.100.7]) by store.b.example (198.51.100.1) with SMTP; x";
    let results = "Authentication-Results: mx.b.example; spf=pass smtp.mailfrom=me@a.example";
    for (lines, address) in [
        (&[GATEWAY, FROM_GATEWAY, AT_GATEWAY][..], "198.51.100.9"),
        (&[GATEWAY, AT_GATEWAY, SPF], "198.51.100.9"),
        (&[GATEWAY, AT_GATEWAY], "198.51.100.9"),
        (&[INTERNAL, behind, FROM_GATEWAY], "198.51.100.9"),
        (&[SINGLE, results], "192.0.2.7"),
        (&[INTERNAL], "2603:10a6:20b:3f4::12"),
        (&[near], "198.51.100.7"),
        (
            &["Received: from pc (unknown [203.0.113.9]) by mx.a.example (Postfix) with ESMTPSA id X"],
            "203.0.113.9",
        ),
        (&["Received: from pc ([203.0.113.9]) by mx.a.example with esmtpsa (TLS1.3) id X"], "203.0.113.9"),
    ] {
        let (client, _, is_sure) = found(lines).unwrap();
        assert_eq!((client.as_str(), is_sure), (address, false), "{lines:?}");
    }
    assert!(found(&[GATEWAY]).unwrap().2, "nothing says that it is one");
    let submitted = AT_GATEWAY.replace("ESMTPS", "ESMTPSA");
    assert!(found(&[GATEWAY, &submitted]).unwrap().2, "it is the server of the sender");
    assert_eq!(found(&["Received: from localhost (localhost [127.0.0.1]) by here"]), None);
}

// The client may be a filter service of the recipient.
#[test]
fn relay_ptr_and_helo_are_ignored() {
    let lines = format!(
        "{TWO_SERVERS}\nlookup a.test. TXT | \"v=spf1 ip4:198.51.100.1 -all\"\n\
         lookup 7.2.0.192.in-addr.arpa. PTR NXDOMAIN\n\
         lookup out.b.test. A NXDOMAIN\nlookup out.b.test. AAAA NXDOMAIN\nlookup out.b.test. MX NXDOMAIN"
    );
    let judged = |may_be_relay: bool| {
        let mut facts = facts("a.test.", &lines);
        facts.subject.address = "192.0.2.7".parse().ok();
        facts.subject.helo = Some("out.b.test".to_owned());
        facts.subject.may_be_relay = may_be_relay;
        let judged = judge(&facts);
        let has = |code| judged.iter().any(|finding| finding.code == code);
        [Code::PtrMissing, Code::HeloUnknown, Code::SpfFromFails, Code::SpfUnevaluated].map(has)
    };
    assert_eq!(judged(true), [false, false, false, true]);
    assert_eq!(judged(false), [true, true, true, false]);
}
