//! Cases of bounces without a reply.

use super::*;
use crate::facts::tests::facts;
use crate::finding::Level;
use crate::message::read;
use crate::{answers_refusal, in_order, judge};

/// The domains of a text with the codes of their bounces.
fn of(text: &str) -> Vec<(String, Role, Option<String>)> {
    let subjects = read(text.as_bytes()).subjects.into_iter();
    subjects
        .map(|subject| {
            let status = subject.refusal.status.map(|status| match status.host {
                Some(host) => format!("{host} {}", status.code),
                None => status.code,
            });
            (subject.domain, subject.role, status)
        })
        .collect()
}

/// The recipient alone, with its code.
fn recipient(domain: &str, status: &str) -> Vec<(String, Role, Option<String>)> {
    vec![(domain.to_owned(), Role::Recipient, Some(status.to_owned()))]
}

#[test]
fn reports_of_exchange_2003_have_their_recipient_and_the_code_in_the_place_of_a_reply() {
    let english = "Your message did not reach some or all of the intended recipients.\n\n      Subject:\tTest\n      Sent:\t1/2/2006 3:04 PM\n\n";
    let german = "Ihre Nachricht hat einige oder alle Empf\u{e4}nger nicht erreicht.\n\n      Betreff:\tTest\n      Gesendet am:\t02.01.2006 15:04\n\n";
    let late = "Could not deliver the message in the time limit specified. Please retry or contact your administrator.";
    for (begin, intro, dated) in [
        (english, "The following recipient(s) could not be reached:", "on 1/4/2006 3:09 PM"),
        (english, "The following recipient(s)\ncould not be reached:", "on Wed, 4 Jan 2006 15:09:00 +0100"),
        ("", "could not be reached:", "on 1/4/2006 3:09 PM"),
        ("", "", "on 1/4/2006 3:09 PM"),
        (german, "Folgende(r) Empf\u{e4}nger konnte(n) nicht erreicht werden:", "am 04.01.2006 15:09"),
        (german, "Die folgenden Empf\u{e4}nger konnten nicht erreicht werden:", "am 04.01.2006 15:09"),
    ] {
        for (line, status) in [
            ("<gw.a.example #4.4.7>", "gw.a.example 4.4.7"),
            ("<gw #5.4.0>", "gw 5.4.0"),
            ("<#5.0.0>", "5.0.0"),
            ("< #5.7.0>", "5.7.0"),
            ("#5.4.6", "5.4.6"),
        ] {
            for address in ["y@b.example", "'y@b.example'"] {
                let text = format!(
                    "{begin}{intro}\n\n      {address} {dated}\n            {late}\n            {line}\n"
                );
                assert_eq!(of(&text), recipient("b.example.", status), "{text}");
                assert!(read(text.as_bytes()).unread.is_empty(), "{text}");
                let quoted: String = text.lines().map(|line| format!("> {}\n", line.trim_start())).collect();
                assert_eq!(of(&quoted), recipient("b.example.", status), "{quoted}");
            }
        }
    }
}

#[test]
fn a_saved_report_without_the_address_of_its_author_is_a_bounce() {
    let text = "From:\tSystem Administrator\nSent:\tWednesday, January 4, 2006 3:09 PM\nTo:\tal@a.example\nSubject:\tUndeliverable: Test\n\n\
                Your message did not reach some or all of the intended recipients.\n\nThe following recipient(s) could not be reached:\n\n\
                y@b.example on 1/4/2006 3:09 PM\nThe destination server for this recipient could not be found in Domain Name Service (DNS).\n\
                <gw.a.example #5.4.0>\n";
    assert_eq!(of(text), recipient("b.example.", "gw.a.example 5.4.0"));
}

#[test]
fn each_recipient_has_its_own_code() {
    let text = "The following recipient(s) could not be reached:\n\n  y@b.example on 1/4/2006 3:09 PM\n    late\n    <gw.a.example #4.4.7>\n\n  \
                z@c.example on 1/4/2006 3:09 PM\n    no such account\n    <gw.a.example #5.1.1>\n";
    let both = [recipient("b.example.", "gw.a.example 4.4.7"), recipient("c.example.", "gw.a.example 5.1.1")];
    assert_eq!(of(text), both.concat());
    let header = "From: postmaster@a.example\nTo: al@a.example\nContent-Type: multipart/report; report-type=delivery-status\n\n";
    let fields = "Reporting-MTA: dns;gw.a.example\n\nFinal-Recipient: rfc822;y@b.example\nAction: failed\nStatus: 4.4.7\n\n\
                  Final-Recipient: rfc822;z@c.example\nAction: failed\nStatus: 5.1.1 (unknown)\n";
    let sender = ("a.example.".to_owned(), Role::Sender, None);
    assert_eq!(of(&format!("{header}{fields}")), [both.concat(), vec![sender]].concat());
}

#[test]
fn a_reply_is_worth_more_than_a_code() {
    let header = "From: MAILER-DAEMON@a.example\nTo: al@a.example\n\n";
    for text in [
        "Final-Recipient: rfc822;y@b.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp;550 5.1.1 no\n",
        "Final-Recipient: rfc822;y@b.example\nAction: relayed\nStatus: 2.0.0\n",
        "<y@b.example>: host mx.b.example[192.0.2.1] said: 550 #5.1.1 no\n",
        "<y@b.example>:\nSorry, I couldn't find any host named b.example. (#5.1.2)\n",
        "The following recipient(s) could not be reached:\n\n  y@b.example on 1/4/2006 3:09 PM\n    <gw.a.example #5.7.1 smtp;550 5.7.1 no>\n",
    ] {
        assert!(of(&format!("{header}{text}")).iter().all(|(_, _, status)| status.is_none()), "{text}");
    }
    let letter = "Received: from mx ([192.0.2.7]) by here\nFrom: al@a.example\nTo: y@b.example\n\n<gw.a.example #4.4.7>\n";
    assert!(of(letter).iter().all(|(_, role, status)| *role == Role::Sender && status.is_none()));
}

#[test]
fn the_meaning_of_the_code_is_the_answer_unless_the_check_finds_a_failure() {
    let found = |code: &str, lines: &str| {
        let mut facts = facts("a.test.", lines);
        facts.subject.refusal.status =
            Some(BareStatus { code: code.to_owned(), host: Some("gw.b.test".to_owned()) });
        facts.subject.role = Role::Recipient;
        let mut found = judge(&facts);
        in_order(&mut found, None);
        assert!(!answers_refusal(&facts, &found));
        found
    };
    let well = "lookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. A | 198.18.0.1\nlookup mx.a.test. AAAA | 2001:2::1";
    let first = found("4.4.7", well).remove(0);
    assert_eq!((first.code, first.level), (Code::BounceStatus, Level::CouldNotTell));
    assert!(
        first.evidence.starts_with("4.4.7 (told by gw.b.test): the time for the delivery is over: "),
        "{}",
        first.evidence
    );
    assert!(first.remedy().contains("--connect"), "{}", first.remedy());
    let broken = found("4.4.7", "lookup a.test. MX | 10 192.0.2.1.");
    assert_eq!(broken[0].code, Code::MxIsAddress);
    assert!(broken.iter().any(|finding| finding.code == Code::BounceStatus));
    let words: std::collections::BTreeSet<&str> =
        ["5.0.0", "5.1.1", "5.1.2", "5.4.0", "5.4.1", "5.4.6", "4.4.7", "5.7.0"]
            .map(|code| meaning(code).0)
            .into();
    assert_eq!(words.len(), 8, "{words:?}");
}
