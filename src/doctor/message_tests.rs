//! Messages and bounces of each mail software.

use super::*;
use crate::signing::Signing;

fn subjects(message: &str) -> Vec<CheckSubject> {
    read(message.as_bytes()).subjects
}

const MESSAGE: &str = "Return-Path: <bounce@mail.a.example>\r\n\
    Received: from mx.a.example (mx.a.example [192.0.2.7])\r\n\tby here\r\n\
    Received: from inside ([10.0.0.1]) by mx.a.example\r\n\
    DKIM-Signature: v=1; a=rsa-sha256; d=A.example;\r\n s=s1; b=x\r\n\
    From: \"Me @ home\" <me@a.example>\r\nTo: you@b.example\r\n\r\nText: x@c.example\r\n";

#[test]
fn the_senders_of_a_message_are_checked_with_their_selectors() {
    let found = subjects(MESSAGE);
    let names: Vec<&str> = found.iter().map(|subject| subject.domain.as_str()).collect();
    assert_eq!(names, ["mail.a.example.", "a.example."]);
    assert_eq!(found[1].selectors, ["s1"]);
    assert_eq!((found[0].address, found[1].address), ("192.0.2.7".parse().ok(), None));
    assert!(found.iter().all(|subject| subject.role == Role::Sender));
    assert_eq!(
        (found[0].signing, found[1].signing),
        (Signing::None, Signing::Beside),
        "SPF of the other may pass"
    );
    let of_one = subjects(&MESSAGE.replace("bounce@mail.a.example", "me@a.example"));
    assert_eq!(of_one[0].signing, Signing::WithSpf);
}

#[test]
fn the_recipient_of_a_message_that_was_displayed_is_no_failed_one() {
    let message = "Received: from mx.b.example (mx.b.example [192.0.2.7]) by here\nFrom: y@b.example\nTo: al@a.example\n\
        Content-Type: multipart/report; report-type=disposition-notification; boundary=x\n\n--x\n\
        Content-Type: message/disposition-notification\n\nOriginal-Recipient: rfc822; y@b.example\n\
        Final-Recipient: rfc822; y@b.example\nDisposition: manual-action/MDN-sent-manually; displayed\n--x--\n";
    let found = subjects(message);
    let of: Vec<_> = found.iter().map(|subject| (subject.domain.as_str(), subject.role)).collect();
    assert_eq!(of, [("b.example.", Role::Sender)]);
}

#[test]
fn the_local_part_for_macros_of_spf_is_that_of_the_envelope_sender() {
    let of = |message: &str| -> Vec<LocalPart> {
        let senders = subjects(message).into_iter().filter(|subject| subject.role.sends());
        senders.map(|subject| subject.local_part).collect()
    };
    let known = |local: &str| LocalPart::Known(local.to_owned());
    assert_eq!(of(MESSAGE), [known("bounce"), LocalPart::Unknown]);
    let bounce = "From: MAILER-DAEMON@mx.a.example\nTo: al@a.example\n\n<y@b.example>: host mx.b.example[192.0.2.1] said: 550 no\n";
    assert_eq!(of(bounce), [known("al")]);
}

#[test]
fn a_domain_that_stands_only_in_signatures_is_a_signer() {
    let message = "Return-Path: <al@a.example>\n\
        DKIM-Signature: v=1; d=a-example.20230601.provider.example; s=20230601; b=x\n\
        DKIM-Signature: v=1; d=a.example; s=s1; b=x\nFrom: al@a.example\n\ntext\n";
    let found = subjects(message);
    let of: Vec<_> = found.iter().map(|subject| (subject.domain.as_str(), subject.role)).collect();
    assert_eq!(of, [("a.example.", Role::Sender), ("a-example.20230601.provider.example.", Role::Signer)]);
    assert_eq!(
        (found[0].selectors.as_slice(), found[1].selectors.as_slice()),
        (&["s1".to_owned()][..], &["20230601".to_owned()][..])
    );
}

#[test]
fn the_clients_of_the_hops_before_are_known() {
    let message = "Return-Path: <al@a.example>\n\
        Received: from out.filter.example (out.filter.example [198.51.100.9]) by mx.b.example (Postfix) with ESMTPS id 1\n\
        Received: from mx.a.example (mx.a.example [192.0.2.7]) by in.service.example with ESMTPS id 1\n\
        Received: from pc (unknown [203.0.113.9]) by mx.a.example (Postfix) with ESMTPSA id 1\nFrom: al@a.example\n\ntext\n";
    let found = subjects(message);
    assert_eq!((found[0].address, found[0].may_be_relay), ("198.51.100.9".parse().ok(), false));
    assert_eq!(found[0].earlier_clients, ["192.0.2.7".parse::<IpAddr>().unwrap()]);
}

#[test]
fn the_address_is_that_of_the_first_host_outside_and_belongs_to_the_envelope_sender() {
    let filtered = MESSAGE.replacen(
        "Received:",
        "Received: from localhost (localhost [127.0.0.1])\r\nReceived: from gw ([10.1.1.1]) by here\r\nReceived:",
        1,
    );
    assert_eq!(subjects(&filtered)[0].address, "192.0.2.7".parse().ok());
    let without = MESSAGE.replacen("Return-Path", "X-Path", 1);
    let found = subjects(&without);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].domain.as_str(), found[0].address), ("a.example.", None));
}

#[test]
fn signatures_of_strangers_are_bounded() {
    let signed = |tags: &str| subjects(&format!("DKIM-Signature: v=1; {tags}; b=x\n"));
    let long = "s".repeat(64);
    for wrong in ["d=; s=a", "d=.; s=a", "d=a; s=a", "d=a..example; s=a", "d=a.example; s=", "d=a.example"] {
        assert!(signed(wrong).is_empty(), "{wrong}");
    }
    assert!(signed(&format!("d=a.example; s={long}")).is_empty());
    assert!(signed("d=a.example; s=a\u{1b}[2J").is_empty());
    assert!(signed(&format!("d={}.example; s=a", "a".repeat(64))).is_empty());
    assert_eq!(signed("d=a.example\u{1b}[2J; s=a")[0].domain, "a.example.");
    let many: String = (0..9).map(|number| format!("DKIM-Signature: d=a.example; s=s{number}\n")).collect();
    let found = subjects(&format!("{many}{many}"));
    assert_eq!((found.len(), found[0].selectors.len()), (1, MAX_MESSAGE_SELECTORS));
}

#[test]
fn the_recipient_of_a_bounce_comes_first() {
    let bounce =
        "From: MAILER-DAEMON@here.example\n\n--x\nFinal-Recipient: rfc822; You@B.example\nAction: failed\n";
    let found = subjects(bounce);
    assert_eq!((found[0].domain.as_str(), found[0].role), ("b.example.", Role::Recipient));
    assert_eq!(found.len(), 1, "the host that tells of it has no part in it");
    let of = |lines: &str| -> Vec<String> {
        let found = subjects(&format!("From: <MAILER-DAEMON@here.example>\n\n{lines}"));
        found.into_iter().map(|subject| subject.domain).collect()
    };
    let two = "Final-Recipient: rfc822; a@a.example\nAction: delivered\nStatus: 2.0.0\n\n\
        Original-Recipient: rfc822;b@b.example\nFinal-Recipient: rfc822; b@b.example\nAction: failed\n";
    assert_eq!(of(two), ["b.example."]);
    let postfix = "Final-Recipient: rfc822; a@a.example\nOriginal-Recipient: rfc822;a@a.example\nAction: delivered\n\n\
        Final-Recipient: rfc822; b@b.example\nOriginal-Recipient: rfc822;b@b.example\nAction: failed\n";
    assert_eq!(of(postfix), ["b.example."]);
    assert_eq!(of("Final-Recipient: rfc822; a@a.example\nStatus: 5.0.0\n"), ["a.example."]);
    assert_eq!(
        of("I'm not going to try again.\n\n<alice@c.example>:\nuser unknown\n"),
        ["c.example."],
        "qmail"
    );
    assert!(of("no recipient").is_empty(), "the host that tells of it has no part in it");
    assert!(subjects("no message").is_empty() && !read(b"no message").is_delivered);
    let delivered = "Final-Recipient: rfc822; a@a.example\nAction: delivered\n";
    let told = read(format!("From: MAILER-DAEMON@here.example\n\n{delivered}").as_bytes());
    assert!(told.subjects.is_empty() && told.is_delivered);
}

#[test]
fn the_client_that_a_receiver_has_refused_is_checked_with_the_envelope_sender() {
    let text = "From: MAILER-DAEMON@mail.a.example (Mail Delivery System)\nReturn-Path: <>\n\n\
        <y@b.example>: host mx.b.example[198.51.100.1] said: 554 5.7.1 Client host [192.0.2.5]\n    blocked using bl.example\n";
    let found = subjects(text);
    let of: Vec<_> = found.iter().map(|subject| (subject.domain.as_str(), subject.address)).collect();
    assert_eq!(of, [("b.example.", None), ("", "192.0.2.5".parse().ok())]);
    let report = "\nX-Postfix-Sender: rfc822; bob@a.example\n\nFinal-Recipient: rfc822; y@b.example\nAction: failed\n\
        Remote-MTA: dns; mx.b.example\nDiagnostic-Code: smtp; 554 5.7.1 Client host [192.0.2.5] blocked\n\n\
        Return-Path: <bob@a.example>\nReceived: from pc (unknown [203.0.113.9]) by mail.a.example\nFrom: bob@a.example\n";
    let found = subjects(&format!("{text}{report}"));
    let of: Vec<_> = found.iter().map(|subject| (subject.domain.as_str(), subject.address)).collect();
    assert_eq!(of, [("b.example.", None), ("a.example.", "192.0.2.5".parse().ok())]);
    assert!(!found[1].may_be_relay, "the receiver has seen this client");
    assert_eq!(subjects("From: bob@a.example\n\n192.0.2.5 said: 550 no [192.0.2.6]\n")[0].address, None);
}

#[test]
fn a_bounce_is_returned_to_the_sender_and_its_own_way_is_not_that_of_the_message() {
    let text = "From: MAILER-DAEMON@mail.a.example\nReceived: from mx.b.example (mx.b.example [198.51.100.1]) by mail.a.example\n\
        To: bob@a.example\n\n<y@b.example>: host mx.b.example[198.51.100.1] said: ";
    let of = |reply: &str| -> Vec<_> {
        let found = subjects(&format!("\u{feff}{text}{reply}\n")).into_iter();
        found.map(|subject| (subject.domain, subject.role, subject.address)).collect()
    };
    let recipient = ("b.example.".to_owned(), Role::Recipient, None);
    let sender = |address| ("a.example.".to_owned(), Role::Sender, address);
    assert_eq!(of("450 4.1.8 <bob@a.example>: Sender address rejected"), [recipient.clone(), sender(None)]);
    let refused = of("550-5.7.26 did not pass SPF [a.example] with ip:\n    [192.0.2.5] = did not pass");
    assert_eq!(
        refused,
        [sender("192.0.2.5".parse().ok()), recipient.clone()],
        "the domain that is refused comes first"
    );
    for reply in [
        "521 192.0.2.5 blocked: No PTR record",
        "554 resimta.comcast.net comcast 192.0.2.5 Comcast requires that all mail servers must have a PTR record with a valid \
         Reverse DNS entry.",
    ] {
        assert_eq!(of(reply), [recipient.clone(), sender("192.0.2.5".parse().ok())], "{reply}");
    }
    let inner = "From: MAILER-DAEMON@mail.a.example\nReceived: from mx.b.example (mx.b.example [198.51.100.1]) by mail.a.example\n\n\
        Final-Recipient: rfc822; y@b.example\nAction: failed\n\nReturn-Path: <bob@a.example>\n\
        Received: from pc (pc.a.example [203.0.113.9]) by mx.other.example\nFrom: bob@a.example\n";
    let found = subjects(inner);
    assert_eq!((found[1].address, found[1].may_be_relay), ("203.0.113.9".parse().ok(), true), "{found:?}");
}

#[test]
fn the_lists_that_a_receiver_names_belong_to_the_client_that_it_refused_or_to_the_sender() {
    let bounce = |reply: &str| {
        subjects(&format!(
            "From: MAILER-DAEMON@mail.a.example\n\n<y@b.example>: host mx.b.example[198.51.100.1] said: {reply}\n\n\
             Return-Path: <bob@a.example>\nReceived: from pc (unknown [203.0.113.9]) by mail.a.example\nFrom: bob@a.example\n"
        ))
    };
    let of = |reply: &str| -> Vec<_> {
        let told =
            |subject: CheckSubject| (subject.domain, subject.refusal.address, subject.refusal.lists.len());
        bounce(reply).into_iter().map(told).collect()
    };
    let recipient = ("b.example.".to_owned(), None, 0);
    let client = "192.0.2.5".parse().ok();
    assert_eq!(
        of("554 5.7.1 Client host [192.0.2.5] blocked using bl.example"),
        [recipient.clone(), ("a.example.".to_owned(), client, 1)]
    );
    // The client of this host is not the one that the receiver has seen.
    let of_sender = ("a.example.".to_owned(), None, 1);
    assert_eq!(of("554 5.7.1 Sender address blocked using dbl.example"), [recipient, of_sender]);
}

#[test]
fn a_page_stands_for_the_lists_of_its_operator_only_if_no_list_is_named() {
    let refusal = |rest: &str, reply: &str| {
        let text = format!(
            "From: MAILER-DAEMON@mail.a.example\n\n<y@b.example>: host mx.b.example[198.51.100.1] said: {reply}\n{rest}"
        );
        subjects(&text).into_iter().map(|subject| subject.refusal).find(|refusal| !refusal.pages.is_empty())
    };
    let page = "https://www.spamhaus.org/query/ip/192.0.2.5";
    let names =
        |refusal: &Refusal| -> Vec<String> { refusal.lists.iter().map(|list| list.name.clone()).collect() };
    let of_page = refusal("", &format!("554 5.7.1 [192.0.2.5] refused, see {page}")).unwrap();
    assert_eq!(names(&of_page), ["zen.spamhaus.org.", "dbl.spamhaus.org."]);
    assert_eq!(of_page.address, "192.0.2.5".parse().ok());
    let of_list = refusal("", &format!("554 5.7.1 [192.0.2.5] blocked using bl.example; {page}")).unwrap();
    assert_eq!(names(&of_list), ["bl.example."]);
    // Only the recipient is known: no list is asked about it.
    let alone = refusal("", "550 5.7.1 refused, see https://postmaster.t-online.de/").unwrap();
    assert_eq!((names(&alone).len(), alone.pages.len()), (0, 1));
    assert_eq!(refusal("", "550 5.1.1 User unknown"), None);
}

#[test]
fn the_helo_name_and_the_links_are_those_of_the_message() {
    let found = subjects(MESSAGE);
    assert_eq!(found[0].helo.as_deref(), Some("mx.a.example"));
    let text = "From: a@a.example\n\nSee https://www.Shop.example/x?y and <a href=3D\"http://u:p@evil.exa=\nmple:80/\">\n\
        http://192.0.2.9/ http://nowhere https://shop.example. http://a\u{1b}.example/";
    assert_eq!(subjects(text)[0].links, ["evil.example", "192.0.2.9", "shop.example"]);
    let many: String = (0..99).map(|number| format!("http://h{number}.example/ ")).collect();
    assert_eq!(subjects(&format!("From: a@a.example\n\n{many}"))[0].links.len(), MAX_MESSAGE_LINKS);
}

#[test]
fn only_addresses_count_and_not_what_looks_like_one() {
    for (body, expected) in [
        ("\"x@b.example\" <a@a.example> (y@c.example)", "a.example."),
        ("'x@b.example' via list <a@a.example>", "a.example."),
        ("a@a.example (on leave, x@b.example)", "a.example."),
        ("\"a, b\"@a.example", "a.example."),
        ("rfc822; a@a.example", "a.example."),
        ("a@m\u{fc}nchen.example", "xn--mnchen-3ya.example."),
    ] {
        assert_eq!(domains(body), [expected], "{body}");
    }
    assert_eq!(domains("a@a.example, <b@b.example>"), ["a.example.", "b.example."]);
    assert!(domains("<>").is_empty() && domains("\"a@a.example\"").is_empty());
}

#[test]
fn domains_beyond_the_bound_are_named() {
    let many: String =
        (0..9).map(|number| format!("Final-Recipient: rfc822; a@d{number}.example\n")).collect();
    let MessageSubjects { subjects, left_out, .. } = read(many.as_bytes());
    assert_eq!((subjects.len(), left_out.len()), (MAX_MESSAGE_DOMAINS, 9 - MAX_MESSAGE_DOMAINS));
    assert_eq!(left_out[0], format!("d{MAX_MESSAGE_DOMAINS}.example."));
}

#[test]
fn the_client_is_read_as_each_mail_server_writes_it() {
    for (body, address, helo) in [
        ("from mx.a.example (unknown [192.0.2.7]) by here", "192.0.2.7", Some("mx.a.example")),
        ("from isp.example ([192.0.2.7]:4444 helo=mx.a.example) by here", "192.0.2.7", Some("mx.a.example")),
        ("from [192.0.2.7] (helo=mx.a.example) by here", "192.0.2.7", Some("mx.a.example")),
        ("from [192.0.2.7] (port=4444) by here", "192.0.2.7", None),
        (
            "from mx.a.example (192.0.2.7) by here ([10.0.0.1]) with Microsoft SMTP Server",
            "192.0.2.7",
            Some("mx.a.example"),
        ),
    ] {
        let found = subjects(&format!("Received: {body}\nFrom: <>\n"));
        assert_eq!(found.len(), 1, "{body}");
        assert_eq!(found[0].address, address.parse().ok(), "{body}");
        assert_eq!(found[0].helo.as_deref(), helo, "{body}");
    }
}

#[test]
fn the_sender_and_the_helo_name_that_a_receiver_refuses_are_checked() {
    let bounce = |to: &str, reply: &str| {
        subjects(&format!(
            "From: MAILER-DAEMON@mail.a.example\n{to}\n<y@b.example>: host mx.b.example[198.51.100.1] said: {reply}\n"
        ))
    };
    let helo = "450 4.7.1 <mx.wrong.example>: Helo\n    command rejected: Host not found (in reply to RCPT TO command)";
    let of = |found: &[CheckSubject]| -> Vec<_> {
        let told = |subject: &CheckSubject| {
            (subject.domain.clone(), subject.role, subject.helo.clone(), subject.refusal.reason)
        };
        found.iter().map(told).collect()
    };
    let recipient = ("b.example.".to_owned(), Role::Recipient, None, None);
    let name = Some("mx.wrong.example".to_owned());
    let found = of(&bounce("To: bob@a.example\n", helo));
    let expected = ("a.example.".to_owned(), Role::Sender, name.clone(), Some(RefusalReason::Helo));
    assert_eq!(found, [recipient.clone(), expected]);
    let alone = of(&bounce("", helo));
    assert_eq!(alone, [recipient.clone(), (String::new(), Role::Both, name, Some(RefusalReason::Helo))]);
    let sender = "450 4.1.8 <bob@other.example>: Sender\n    address rejected: Domain not found";
    let found = of(&bounce("", sender));
    let expected = ("other.example.".to_owned(), Role::Sender, None, Some(RefusalReason::Sender));
    assert_eq!(found, [expected, recipient.clone()]);
    let both = of(&bounce("", "450 4.1.8 <bob@b.example>: Sender address rejected: Domain not found"));
    assert_eq!(both[0].1, Role::Both, "{both:?}");
    let spf =
        bounce("To: bob@a.example\n", "550-5.7.26  SPF [a.example] with ip: [192.0.2.5] = did not pass");
    assert_eq!((spf[0].domain.as_str(), spf[0].address), ("a.example.", "192.0.2.5".parse().ok()));
    assert_eq!(spf[0].refusal.reason, Some(RefusalReason::Spf));
    let spf = bounce(
        "To: bob@a.example\n",
        "550 5.7.23 The message was rejected because of Sender Policy Framework violation -> 550 5.7.1 SPF unauthorized mail is \
         prohibited. Domain other.example (in reply to end of DATA command)",
    );
    assert_eq!(spf[0].domain, "other.example.");
    let told = subjects(
        "From: bob@a.example\n\n450 4.1.8 <x@other.example>: Sender address rejected: Domain not found\n",
    );
    assert_eq!(told.len(), 1, "no bounce");
}

#[test]
fn a_key_that_the_receiver_did_not_find_is_checked() {
    let text = "From: MAILER-DAEMON@mail.a.example\nTo: bob@a.example\n\n\
        <y@b.example>: host mx.b.example[198.51.100.1] said: 550 5.7.20 DKIM: no key for signature s=s1 d=d.example\n";
    let found = read(text.as_bytes());
    let first = &found.subjects[0];
    assert_eq!(
        (first.domain.as_str(), first.role, first.selectors.as_slice()),
        ("d.example.", Role::Sender, &["s1".to_owned()][..])
    );
    assert!(found.unread.is_empty(), "{found:?}");
}

#[test]
fn the_recipient_of_each_form_of_bounce_is_the_sender() {
    let report = "Final-Recipient: rfc822; y@b.example\nAction: failed\n";
    for header in [
        "From: MAILER-DAEMON@mail.c.example\n",
        "From: Mail <notices@c.example>\nReturn-Path: <>\n",
        "From: Mail <notices@c.example>\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\n",
    ] {
        let found = subjects(&format!("{header}To: bob@a.example\n\n--x\n\n{report}"));
        assert!(
            found.iter().any(|subject| subject.domain == "a.example." && subject.role == Role::Sender),
            "{header}"
        );
    }
    let letter = subjects("From: postmaster@a.example\nTo: bob@b.example\n\nHello.\n");
    assert_eq!(letter.len(), 1, "a person wrote it");
    assert_eq!((letter[0].domain.as_str(), letter[0].role), ("a.example.", Role::Sender));
    let notice = subjects("From: bob@a.example\nReturn-Path: <>\nTo: c@c.example\n\nI am away.\n");
    assert_eq!(notice.len(), 1, "no bounce");
}

#[test]
fn a_bounce_in_base64_is_read() {
    let report = "\n--B\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n\
        UmVwb3J0aW5nLU1UQTogZG5zOyBteC5hLmV4YW1wbGUKCkZpbmFsLVJlY2lwaWVudDogcmZjODIyOyB5QGIuZXhhbXBsZQpBY3Rpb246IGZhaWxlZAo=\n--B--\n";
    let header =
        "From: MAILER-DAEMON@mail.c.example\nTo: bob@a.example\nContent-Type: multipart/report; boundary=B\n";
    let found = subjects(&format!("{header}{report}"));
    let names: Vec<&str> = found.iter().map(|subject| subject.domain.as_str()).collect();
    assert_eq!(names, ["b.example.", "a.example."]);
    let damaged = format!("{header}{report}").replace("UmVw", "!!!!");
    let found = read(damaged.as_bytes());
    assert_eq!((found.subjects.len(), found.unread.len()), (1, 1), "{found:?}");
    assert_eq!(found.subjects[0].domain, "a.example.");
}

#[test]
fn the_recipients_whose_domain_was_not_found_come_first() {
    let of = |number: usize, status: &str| {
        format!("Final-Recipient: rfc822; a@d{number}.example\nAction: failed\nStatus: {status}\n\n")
    };
    let refused: String = (0..9).map(|number| of(number, "5.1.1")).collect();
    let report = format!(
        "From: MAILER-DAEMON@mail.c.example\n\n{refused}{}{}",
        of(10, "4.4.3"),
        of(11, "5.1.10 (null)")
    );
    let found = read(report.as_bytes());
    let names: Vec<&str> = found.subjects.iter().map(|subject| subject.domain.as_str()).collect();
    assert_eq!(names[..2], ["d10.example.", "d11.example."]);
    assert!(found.lacks_recipient && found.unread.is_empty());
    let senders = "From: a@a.example, b@b.example, c@c.example, d@d.example, e@e.example\n";
    assert!(!read(senders.as_bytes()).lacks_recipient);
}

#[test]
fn a_bounce_without_a_known_recipient_is_not_called_well() {
    let found = read(b"From: MAILER-DAEMON@mail.c.example\nTo: bob@a.example\n\nIt did not work.\n");
    assert_eq!((found.subjects.len(), found.unread.len()), (1, 1));
    assert!(read(b"From: bob@a.example\n\nHello.\n").unread.is_empty());
    let exchange = "From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@a.example>\nTo: bob@a.example\n\n\
        Delivery has failed to these recipients or groups:\n\ny@b.example\nNot found.\n";
    let names: Vec<String> = subjects(exchange).into_iter().map(|subject| subject.domain).collect();
    assert_eq!(names, ["b.example.", "a.example."]);
}

#[test]
fn bounces_without_a_daemon_as_their_sender_are_read_by_their_words_or_not_called_well() {
    let first = |header: &str, text: &str| {
        let found = read(format!("{header}To: al@a.example\nSubject: Mail\n\n{text}\n").as_bytes());
        (found.subjects[0].domain.clone(), found.subjects[0].role, found.unread.len())
    };
    let recipient = ("b.example.".to_owned(), Role::Recipient, 0);
    let (host, empty) = ("From: postmaster@c.example\n", "Return-Path: <>\nFrom: Mail <noreply@c.example>\n");
    for text in [
        "Each of the following recipients was rejected by a remote mail server.\n   Recipient: <y@b.example>\n   Reason:    5.1.2 Unable \
         to resolve host b.example",
        "Ihre Mail an y@b.example konnte nicht zugestellt werden: Host b.example not found",
        "\u{c9}chec de la remise pour ces destinataires ou groupes :\n\ny@b.example\nVotre message n'a pas pu \u{ea}tre remis.",
        "Die Nachricht an folgende Empf\u{e4}nger konnte nicht zugestellt werden:\n\ny@b.example\n",
        "The following message to <y@b.example> was undeliverable.\nThe reason for the problem:\n5.1.2 - Bad destination host",
        "Fehler bei der Nachrichtenzustellung an folgende Empf=E4nger oder Gruppen:\n\ny@b.example\nDie Nachricht",
        "Adresse nicht gefunden\n\nIhre Nachricht wurde nicht an y@b.example zugestellt, weil",
        "\u{6b21}\u{306e}\u{5b9b}\u{5148}\n\n   <y@b.example>\n",
    ] {
        for header in [host, empty, "From: MAILER-DAEMON@c.example\n"] {
            assert_eq!(first(header, text), recipient, "{header}{text}");
        }
    }
    let rejected = "Your message to y@b.example was rejected: 550 5.1.8 Sender address <al@d.example> rejected: Domain not found";
    assert_eq!(first(host, rejected), ("d.example.".to_owned(), Role::Sender, 0));
    for (header, text) in [
        (empty, "It did not work."),
        (host, "It did not work: 5.4.4"),
        ("From: carol@c.example\n", "The server said '550 5.4.310 DNS domain does not exist'"),
    ] {
        let (domain, role, unread) = first(header, text);
        assert_eq!((domain.as_str(), role, unread), ("c.example.", Role::Sender, 1), "{header}{text}");
    }
    for (header, text) in [
        ("Return-Path: <>\nAuto-Submitted: auto-replied\nFrom: c@c.example\n", "I am away."),
        ("From: c@c.example\n", "Version 5.1.2 is out, with 550 changes."),
        (host, "Hello."),
    ] {
        assert_eq!(first(header, text).2, 0, "{header}{text}");
    }
}

#[test]
fn the_text_of_a_bounce_and_lines_of_a_log_are_read_without_a_header() {
    for text in [
        "Delivery has failed to these recipients or groups:\n\ny@b.example (y@b.example)\nYour message couldn't be delivered.\n",
        "Nov 23 06:00:05 mx postfix/smtp[1]: 8F2B: to=<y@b.example>, relay=none, dsn=5.4.4, status=bounced (Host or domain name not found.)",
        "2026-11-23 06:00:05 1abc-0001-AB ** y@b.example R=dnslookup: Unrouteable address",
        "2026-11-23 06:00:05 1abc-0001-AB == y@b.example R=dnslookup defer (-1): host lookup did not complete",
        "delivery 1: failure: Sorry,_I_couldn't_find_any_host_named_b.example._(#5.1.2)/",
        "starting delivery 2: msg 7 to remote y@b.example\ndelivery 2: deferral: CNAME_lookup_failed_temporarily._(#4.4.3)/",
        "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n8F2B 1234 Mon Nov 23 06:00:05  al@a.example\n\
         (Name service error for name=b.example type=MX: Host not found, try again)\n                  y@b.example\n",
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n\n<y@b.example>:\nSorry. (#5.1.2)\n",
        "y@b.example\nSMTP error from remote mail server after RCPT TO:<y@b.example>:\n550 Unrouteable address\n",
        "Your message wasn't delivered to y@b.example because the domain b.example couldn't be found.\n",
    ] {
        let found = subjects(text);
        let of: Vec<_> = found.iter().map(|subject| (subject.domain.as_str(), subject.role)).collect();
        assert_eq!(of, [("b.example.", Role::Recipient)], "{text}");
    }
}

#[test]
fn a_refusal_that_names_the_receiver_alone_is_one_of_the_sender_of_the_message() {
    let bounce = |words: &str| {
        let text = format!(
            "From: MAILER-DAEMON@mx.a.example\nTo: al@a.example\n\n<y@b.example>: host mx.b.example[192.0.2.1] said: 550 5.7.1 {words} (in reply to RCPT TO)\n"
        );
        let of = |subject: CheckSubject| (subject.domain, subject.role, subject.address.is_some());
        subjects(&text).into_iter().map(of).collect::<Vec<_>>()
    };
    let subject = |domain: &str, role, has_address| (domain.to_owned(), role, has_address);
    let (receiver, sender) =
        (subject("b.example.", Role::Recipient, false), subject("a.example.", Role::Sender, true));
    assert_eq!(
        bounce("SPF check failed for 198.51.100.7, write to postmaster.b.example"),
        [receiver.clone(), sender]
    );
    let of_host = bounce("mx.b.example: SPF check failed for [198.51.100.7]");
    assert_eq!(of_host.last(), Some(&subject("a.example.", Role::Sender, true)), "{of_host:?}");
    let forwarded = bounce("[198.51.100.7] SPF check failed for c.example");
    assert_eq!(forwarded[0], subject("c.example.", Role::Sender, true), "{forwarded:?}");
}

#[test]
fn a_line_of_a_log_that_refuses_the_sender_is_no_well_of_the_recipient() {
    let before = "Nov 23 06:00:05 mx postfix/";
    for text in [
        "smtp[1]: 4A: to=<y@b.example>, relay=mx.b.example[192.0.2.1]:25, dsn=5.7.23, status=bounced (host mx.b.example[192.0.2.1] said: 550 5.7.23 SPF fail: 198.51.100.7 is not allowed)",
        "smtpd[1]: NOQUEUE: reject: RCPT from unknown[198.51.100.7]: 450 4.7.25 Client host rejected: cannot find your hostname, [198.51.100.7]; from=<al@a.example> to=<y@b.example>",
    ] {
        let read = read(format!("{before}{text}\n").as_bytes());
        assert!(
            read.unread.iter().any(|words| words.starts_with("the receiver refuses the sender")),
            "{read:?}"
        );
    }
    let text = "smtp[1]: 4A: to=<y@b.example>, status=bounced (host mx.b.example[192.0.2.1] said: 550 5.7.23 SPF fail: 198.51.100.7 is not allowed to send mail for a.example)";
    let found = subjects(&format!("{before}{text}\n"));
    let sender = found.iter().find(|subject| subject.role == Role::Sender).unwrap();
    assert_eq!((sender.domain.as_str(), sender.address), ("a.example.", "198.51.100.7".parse().ok()));
    let text = "smtpd[1]: NOQUEUE: reject: RCPT from mx.c.example[198.51.100.7]: 450 4.1.8 <al@a.example>: Sender address rejected: Domain not found; from=<al@a.example> to=<y@b.example>\n";
    let read = read(format!("{before}{text}").as_bytes());
    let of: Vec<_> = read.subjects.iter().map(|subject| (subject.domain.as_str(), subject.role)).collect();
    assert!(of.contains(&("a.example.", Role::Sender)) && read.unread.is_empty(), "{read:?}");
}

#[test]
fn what_a_letter_quotes_is_not_checked() {
    let header = "Return-Path: <al@a.example>\nReceived: from mx.a.example (mx.a.example [192.0.2.7]) by mx.b.example\nFrom: al@a.example\n";
    let bounce = "Final-Recipient: rfc822; q@c.example\nAction: failed\nDiagnostic-Code: smtp; 550 Client host [192.0.2.9] blocked using bl.example\n";
    for body in ["-----Original Message-----\nFrom: Bob <bob@c.example>\nSent: Monday\n", bounce] {
        let found = subjects(&format!("{header}\n{body}"));
        let of: Vec<_> = found.iter().map(|subject| (subject.domain.as_str(), subject.address)).collect();
        assert_eq!(of, [("a.example.", "192.0.2.7".parse().ok())], "{body}");
        assert_eq!(found[0].refusal, Refusal::default());
    }
    for forwarded in [
        &format!("\nFrom: MAILER-DAEMON@mail.a.example\n\n{bounce}"),
        "\n> <q@c.example>: host mx.c.example[198.51.100.1] said: 550 no\n",
    ] {
        let found = subjects(&format!("{header}{forwarded}"));
        assert_eq!(found[0].domain, "c.example.", "{forwarded}");
    }
}

#[test]
fn a_refusal_of_a_client_without_its_address_is_not_called_well() {
    let of = |reply: &str| {
        let text = format!(
            "From: MAILER-DAEMON@mail.a.example\nTo: bob@a.example\n\n<y@b.example>: host mx.b.example[198.51.100.1] said: {reply}\n"
        );
        read(text.as_bytes()).unread.len()
    };
    assert_eq!(of("550 5.7.1 SPF fail"), 1);
    assert_eq!(of("450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.5]"), 0);
    assert_eq!(of("550 5.1.1 User unknown"), 0);
    assert_eq!(of("550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)"), 1);
    assert_eq!(of("550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1): mx.a.example"), 0);
}

#[test]
fn reports_in_latin_1_and_in_7_bits_name_their_recipients() {
    let header = "From: MAILER-DAEMON@mail.c.example\nTo: bob@a.example\nContent-Type: multipart/report; \
        report-type=global-delivery-status; boundary=B\n\n--B\nContent-Type: message/global-delivery-status\n\nReporting-MTA: dns; mx.c.example\n\n";
    for recipient in [&b"utf-8; b\\x{F8}b@m\\x{FC}ller.example"[..], b"utf-8; b\xf8b@m\xfcller.example"] {
        let report =
            [header.as_bytes(), b"Final-Recipient: ", recipient, b"\nAction: failed\n\n--B--\n"].concat();
        let found = read(&report);
        let names: Vec<&str> = found.subjects.iter().map(|subject| subject.domain.as_str()).collect();
        assert_eq!(names, ["xn--mller-kva.example.", "a.example."], "{}", String::from_utf8_lossy(&report));
        assert_eq!(found.unread, [""; 0]);
    }
}

#[test]
fn a_bounce_that_was_forwarded_in_base64_is_read() {
    let bounce = "From: MAILER-DAEMON@mail.a.example\nTo: bob@a.example\n\n<y@b.example>: host mx.b.example[198.51.100.1] said: 550 no\n";
    let text = format!(
        "From: carol@c.example\nContent-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: message/rfc822\n\
         Content-Transfer-Encoding: base64\n\n{}\n--B--\n",
        data_encoding::BASE64.encode(bounce.as_bytes())
    );
    let found = read(text.as_bytes());
    assert_eq!((found.subjects[0].domain.as_str(), found.subjects[0].role), ("b.example.", Role::Recipient));
    assert!(found.unread.is_empty(), "{found:?}");
}

#[test]
fn a_selector_in_another_script_has_its_ascii_form() {
    let found = subjects("From: a@a.example\nDKIM-Signature: v=1; d=a.example; s=m\u{fc}ller; b=x\n\n");
    assert_eq!(found[0].selectors, ["xn--mller-kva"]);
}

#[test]
fn the_author_whose_authentication_fails_is_checked_beside_the_envelope_sender() {
    let found = subjects(
        "From: MAILER-DAEMON@mail.a.example\nTo: bob@a.example\n\n<y@b.example>: host mx.b.example[198.51.100.1] said: \
         550-5.7.26 Unauthenticated email from c.example is not accepted [192.0.2.5]\n",
    );
    let of: Vec<_> = found.iter().map(|subject| (subject.domain.as_str(), subject.address)).collect();
    assert_eq!(of, [("c.example.", None), ("b.example.", None), ("a.example.", "192.0.2.5".parse().ok())]);
    assert_eq!(found[0].refusal.reason, Some(RefusalReason::Authentication));
}
