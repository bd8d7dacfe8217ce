//! Emails, bounces and pasted lines.

use super::*;

fn subjects(text: &str) -> Vec<(String, Role, Option<String>)> {
    let found = read(text.as_bytes()).subjects.into_iter();
    found.map(|one| (one.domain, one.role, one.address.map(|address| address.to_string()))).collect()
}

fn of(domain: &str, role: Role) -> (String, Role, Option<String>) {
    (domain.to_owned(), role, None)
}

#[test]
fn mail_has_sender_client_and_signers() {
    let found = subjects(
        "Return-Path: <al@a.example>\nReceived: from mx.a.example (mx.a.example [192.0.2.7]) by mx.b.example\n\
         DKIM-Signature: v=1; d=c.example; s=s1; b=x\nFrom: Al <al@a.example>\nTo: y@b.example\n\nhi\n",
    );
    let sender = ("a.example.".to_owned(), Role::Sender, Some("192.0.2.7".to_owned()));
    assert_eq!(found, [sender, of("c.example.", Role::Signer)]);
}

// The sender has the client that the receiver refused.
#[test]
fn bounce_has_recipient_then_sender() {
    let header = "From: MAILER-DAEMON@mail.a.example\nTo: al@a.example\n\n";
    let reply =
        "host mx.b.example[198.51.100.1] said: 554 5.7.1 Client host [192.0.2.5] blocked using bl.example";
    let sender = || ("a.example.".to_owned(), Role::Sender, Some("192.0.2.5".to_owned()));
    assert_eq!(
        subjects(&format!("{header}<y@b.example>: {reply}\n")),
        [of("b.example.", Role::Recipient), sender()]
    );
    let report = format!(
        "{header}Final-Recipient: rfc822; y@b.example\nAction: failed\nDiagnostic-Code: smtp; {}\n",
        &reply[42..]
    );
    assert_eq!(subjects(&report), [of("b.example.", Role::Recipient), sender()]);
    let exchange = format!(
        "{header}Delivery has failed to these recipients or groups:\n\ny@b.example\n\nGenerating server: gw.a.example\n\n\
         y@b.example\nRemote Server returned '554 5.7.1 Client host [192.0.2.5] blocked using bl.example'\n"
    );
    assert_eq!(subjects(&exchange), [of("b.example.", Role::Recipient), sender()]);
    let refusal = read(exchange.as_bytes()).subjects.remove(1).refusal;
    assert_eq!(refusal.address, "192.0.2.5".parse().ok());
    assert!(refusal.lists.iter().any(|list| list.is_clear && list.name == "bl.example."), "{refusal:?}");
}

#[test]
fn delivered_recipient_is_ignored() {
    let text = "From: MAILER-DAEMON@a.example\n\nFinal-Recipient: rfc822; y@b.example\nAction: delivered\n";
    let found = read(text.as_bytes());
    assert!(found.is_delivered && found.subjects.is_empty(), "{found:?}");
}

#[test]
fn pasted_text_without_header_is_read() {
    for text in [
        "<y@b.example>: host mx.b.example[198.51.100.1] said: 550 5.1.1 User unknown\n",
        "Nov 24 03:00:00 gw postfix/smtp[7]: 4A1: to=<y@b.example>, relay=none, dsn=5.4.4, status=bounced (Host not found)\n",
        "Your message to y@b.example couldn't be delivered.\n",
    ] {
        assert_eq!(subjects(text).first(), Some(&of("b.example.", Role::Recipient)), "{text}");
    }
    let reply = read(b"450 4.7.1 <pc.a.example>: Helo command rejected: Host not found\n");
    assert_eq!(reply.subjects.first().and_then(|one| one.helo.as_deref()), Some("pc.a.example"));
}

// Damaged parts are reported.
#[test]
fn encoded_parts_are_read() {
    let html = "<p>Your message to <a href=\"mailto:y@b.example\">Y</a> couldn&#39;t be delivered.</p>";
    let text = format!(
        "From: MAILER-DAEMON@a.example\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\n{}\n",
        data_encoding::BASE64.encode(html.as_bytes())
    );
    assert_eq!(subjects(&text), [of("b.example.", Role::Recipient)]);
    let report = "From: MAILER-DAEMON@a.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=B\n\n--B\n\
        Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.c.example\n\nFinal-Recipient: rfc822; y@b.example\nAction: failed\n\n--B\n\
        Content-Type: message/rfc822\n\nFrom: al@a.example\n\nhi\n--B--\n";
    assert_eq!(subjects(report), [of("b.example.", Role::Recipient), of("a.example.", Role::Sender)]);
    let damaged = "From: a@a.example\nContent-Type: multipart/mixed; boundary=b\n\nx\n--b\nContent-Transfer-Encoding: base64\n\n!!!!\n--b--\n";
    assert_eq!(read(damaged.as_bytes()).unread.len(), 1);
    let header_alone = "From: a@a.example\nTo: b@b.example\nSubject: x";
    assert_eq!(read(header_alone.as_bytes()).unread.len(), 0);
}

#[test]
fn tls_and_loop_reasons_are_recognized() {
    for (words, reason) in [
        ("Server certificate not\n    trusted", RefusalReason::Tls),
        ("mail for b.example loops back to myself", RefusalReason::Loop),
    ] {
        let text = format!("From: MAILER-DAEMON@a.example\n\n<y@b.example>: {words}\n");
        let found = read(text.as_bytes()).subjects;
        assert_eq!(found.first().and_then(|one| one.refusal.reason), Some(reason), "{words}");
    }
}

// The check needs data that the text does not have.
#[test]
fn missing_information_is_reported() {
    let of = |reply: &str| {
        let text = format!(
            "From: MAILER-DAEMON@a.example\nTo: al@a.example\n\n<y@b.example>: host mx.b.example[198.51.100.1] said: {reply}\n"
        );
        read(text.as_bytes()).unread.len()
    };
    assert_eq!(of("550 5.7.1 SPF fail"), 1);
    assert_eq!(of("550 5.1.1 User unknown"), 0);
    assert_eq!(of("550 5.7.26 Unauthenticated email from a.example is not accepted [192.0.2.5]"), 0);
}
