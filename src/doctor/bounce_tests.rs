//! Cases of texts of bounces.

use super::*;

#[test]
fn the_refused_address_is_the_client_in_the_words_of_the_receiver() {
    let postfix = "<y@b.example>: host mx.b.example[198.51.100.1] said: ";
    let cases = [
        (format!("{postfix}554 5.7.1 Service unavailable; Client host [192.0.2.5] blocked using bl.example"), Some("192.0.2.5")),
        (format!("{postfix}550-5.7.1 [192.0.2.5      19] Our system has detected that this message"), Some("192.0.2.5")),
        (format!("{postfix}550-5.7.26 did not pass SPF [a.example] with ip:\n    [192.0.2.5] = did not pass"), Some("192.0.2.5")),
        (format!("{postfix}550 5.7.606 Access denied, banned sending IP [192.0.2.5]. To request removal"), Some("192.0.2.5")),
        (format!("{postfix}550 5.7.1 Unfortunately, messages from [192.0.2.5] weren't sent. (S3150)"), Some("192.0.2.5")),
        (format!("{postfix}554 5.7.1 blocked; https://www.spamhaus.org/query/ip/192.0.2.5"), Some("192.0.2.5")),
        (format!("{postfix}554 IP=192.0.2.5 - None/bad reputation."), Some("192.0.2.5")),
        (format!("{postfix}450 4.7.1 Client host rejected: cannot find your\n    reverse hostname, [2001:db8::5]"), Some("2001:db8::5")),
        (format!("{postfix}550 The PTR record does not match the sending IP. [192.0.2.5]"), Some("192.0.2.5")),
        (format!("{postfix}550 5.7.1 [IPv6:2001:db8::5] rejected"), Some("2001:db8::5")),
        (format!("{postfix}550 SPF unauthorized mail is prohibited. a.example 192.0.2.5"), Some("192.0.2.5")),
        (format!("{postfix}550 SPF unauthorized mail is prohibited. 192.0.2.5 and 192.0.2.6"), None),
        (format!("{postfix}550 SPF fail: a.example does not designate 192.0.2.5 as sender; 192.0.2.6"), Some("192.0.2.5")),
        (format!("{postfix}450 4.7.1 refused by mx.b.example[198.51.100.1]"), None),
        (format!("{postfix}550 host back.b.example[198.51.100.2] said: 550 5.1.1 User unknown"), None),
        (format!("{postfix}554 [10.0.0.1] [127.0.0.2] rejected"), None),
        (format!("{postfix}550 5.1.1 <y@b.example>: User unknown in version 5.7.1"), None),
        ("<y@b.example>: connect to mx.b.example[198.51.100.1]:25: Connection timed out".to_owned(), None),
        ("host mx.b.example [198.51.100.1]\n  SMTP error from remote mail server after MAIL FROM:<a@a.example>:\n  \
          554 5.7.1 192.0.2.5 is listed".to_owned(), Some("192.0.2.5")),
        ("... while talking to mx.b.example.:\n>>> MAIL From:<a@a.example>\n<<< 554 5.7.1 [192.0.2.5] blocked\n\
          <<< 503 no".to_owned(), Some("192.0.2.5")),
        (
            "<y@b.example>: host mx.b.example[198.51.100.1] refused to talk to me: 554 5.7.1 192.0.2.5 is listed"
                .to_owned(),
            Some("192.0.2.5"),
        ),
        (
            "SMTP error from remote mailer after RCPT TO:<y@b.example>: host mx.b.example [198.51.100.1]: 550 blocked: 192.0.2.5"
                .to_owned(),
            Some("192.0.2.5"),
        ),
        (format!("{postfix}554 Client host mail.a.example[192.0.2.5] blocked"), Some("192.0.2.5")),
        ("<y@b.example>\n    (reason: 550 5.7.1 [192.0.2.5] blocked)".to_owned(), Some("192.0.2.5")),
        ("<y@b.example>:\n554: 5.7.1 refused [192.0.2.5]".to_owned(), Some("192.0.2.5")),
        ("<y@b.example>:\nsee [192.0.2.5] 554".to_owned(), None),
        ("The response was:\n\n550 5.7.606 Access denied, banned sending IP [192.0.2.5]".to_owned(), Some("192.0.2.5")),
        ("Error Details\nReported error: 550 5.7.606 Access denied, banned sending IP [192.0.2.5]".to_owned(), Some("192.0.2.5")),
        (format!("{postfix}554 rejected by scanner 192.0.2.40; from 192.0.2.5"), Some("192.0.2.5")),
        (format!("{postfix}554 Exchange version 192.0.2.40 refuses 192.0.2.5"), Some("192.0.2.5")),
        ("I saw 192.0.2.5 in my log".to_owned(), None),
    ];
    for (text, expected) in cases {
        assert_eq!(replies(&text, &[]).refused(), expected.map(|text| text.parse().unwrap()), "{text}");
    }
    let field = |name: &str, body: &str| (name.to_owned(), body.to_owned());
    let fields = [
        field("remote-mta", "dns; mx.b.example. (198.51.100.1, the server for the domain b.example.)"),
        field(
            "diagnostic-code",
            "smtp; 550-5.7.25 [198.51.100.1] refuses: [192.0.2.5] does not have a PTR record",
        ),
    ];
    assert_eq!(replies("", &fields).refused(), "192.0.2.5".parse().ok());
    assert_eq!(replies("", &fields[..1]).refused(), None);
    let own = "X-Postfix; Host or domain name not found. Name service error for name=192.0.2.5 type=A: Host not found";
    assert_eq!(replies("", &[field("diagnostic-code", own)]).refused(), None);
}

#[test]
fn sections_versions_and_codes_are_no_address_of_the_client() {
    let postfix = "<y@b.example>: host mx.b.example[198.51.100.1] said: ";
    let cases = [
        (format!("{postfix}550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)"), None),
        (format!("{postfix}554 5.7.1 [PH01] Email not accepted for policy reasons - 4.16.55.1"), None),
        (format!("{postfix}550 Rejected by SpamAssassin 3.4.6.1 score 12"), None),
        (format!("{postfix}550 no (v 8.17.1.9)"), None),
        (format!("{postfix}550 User unknown in relay recipient table (192.0.2.5)"), None),
        (format!("{postfix}550 5.7.1 Fix reverse DNS for 192.0.2.5"), Some("192.0.2.5")),
        (format!("{postfix}550 Reverse DNS lookup of 192.0.2.5 failed"), Some("192.0.2.5")),
    ];
    for (text, expected) in cases {
        assert_eq!(replies(&text, &[]).refused(), expected.map(|text| text.parse().unwrap()), "{text}");
    }
}

#[test]
fn the_lists_are_those_that_the_receiver_names() {
    let postfix = "<y@b.example>: host mx.b.example[198.51.100.1] said: ";
    let cases = [
        (
            "554 5.7.1 Service unavailable; Client host [192.0.2.5] blocked using zen.spamhaus.org; \
          https://www.spamhaus.org/query/ip/192.0.2.5 (in reply to RCPT TO command)",
            &["+zen.spamhaus.org."][..],
        ),
        ("550 192.0.2.5 is in a black list at BL.Spamcop.net.", &["+bl.spamcop.net."]),
        (
            "550 JunkMail rejected - a.example [192.0.2.5] is in an RBL on rbl.example: see x",
            &["+rbl.example.", "a.example."],
        ),
        ("554 5.7.1 <mx.a.example[192.0.2.5]>: Client host rejected", &["mx.a.example."]),
        ("554 blocked using a1b2c3d4e5f6a7b8c9d0e1f2g3.zen.dq.spamhaus.net", &["+zen.dq.spamhaus.net."]),
        ("554 blocked using a1b2c3d4e5f6a7b8c9d0e1f2g3.example", &["+a1b2c3d4e5f6a7b8c9d0e1f2g3.example."]),
        ("550 5.1.1 <y@b.example>: User unknown", &[]),
        ("554 rated 5.5 by version 3.4.2", &[]),
    ];
    for (reply, expected) in cases {
        let mark = |list: NamedList| format!("{}{}", if list.is_clear { "+" } else { "" }, list.name);
        let found: Vec<String> =
            replies(&format!("{postfix}{reply}"), &[]).lists().into_iter().map(mark).collect();
        assert_eq!(found, expected, "{reply}");
    }
    assert!(replies("see bl.example for it", &[]).lists().is_empty());
    let many: String = (0..99).map(|number| format!("h{number}.example ")).collect();
    assert_eq!(replies(&format!("{postfix}{many}"), &[]).lists().len(), MAX_NAMED_LISTS);
}

#[test]
fn the_pages_are_those_in_the_words_of_the_receiver() {
    let postfix = "<y@b.example>: host mx.b.example[198.51.100.1] said: ";
    for (reply, expected) in [
        (
            "550 SC-001 (COL004) Unfortunately, messages from 192.0.2.5 weren't sent. Please see\n    \
             http://mail.live.com/mail/troubleshooting.aspx#errors. (in reply to MAIL FROM command)",
            &["http://mail.live.com/mail/troubleshooting.aspx"][..],
        ),
        ("550 5.7.1 see <HTTPS://Www.b.example/why?ip=192.0.2.5&x=y>", &["https://www.b.example/why"]),
        ("550 https://a1b2c3d4e5f6a7b8c9d0e1f2g3.zen.dq.spamhaus.net/x", &["https://zen.dq.spamhaus.net/"]),
        ("550 http://nowhere http:// https://a\u{1b}.example/", &[]),
        ("550 https://b.example/a https://b.example/a", &["https://b.example/a"]),
        ("550-5.7.26 see https://b.example/a", &["https://b.example/a"]),
        ("550 5.2.0 blocked, see https://b.example/a", &["https://b.example/a"]),
        ("554-Nemesis refuses; see https://b.example/a", &["https://b.example/a"]),
        (
            "554 IP=192.0.2.5 - None/bad reputation. Ask your postmaster for help or to contact tobr@rx.t-online.de for reset. (NOWL)",
            &["tobr@rx.t-online.de"],
        ),
        (
            "550 5.7.511 Access denied, banned sender[192.0.2.5]. Please email delist@messaging.microsoft.com. y@b.example",
            &["delist@messaging.microsoft.com"],
        ),
        ("550-5.1.1 The account does not exist. https://support.google.com/mail/?p=NoSuchUser", &[]),
        ("552 5.2.2 over quota, https://support.google.com/mail/?p=OverQuotaPerm", &[]),
        ("452-4.3.4 too large: https://support.google.com/mail/?p=MaxSizeError", &[]),
        ("450 4.4.316 Connection refused https://b.example/", &[]),
    ] {
        assert_eq!(replies(&format!("{postfix}{reply}"), &[]).pages(), expected, "{reply}");
    }
    assert!(replies("see https://b.example/", &[]).pages().is_empty(), "not the words of a receiver");
    let lookup = "smtp; DNS Error: 49286011 DNS type 'mx' lookup of b.example responded with code NXDOMAIN Domain name not found: \
        b.example For more information, go to https://support.google.com/mail/?p=BadRcptDomain";
    let fields = [("diagnostic-code".to_owned(), lookup.to_owned())];
    assert!(replies("", &fields).pages().is_empty(), "a lookup of the sender's own server");
    let many: String = (0..99).map(|number| format!("https://h{number}.example/ ")).collect();
    assert_eq!(replies(&format!("{postfix}550 {many}"), &[]).pages().len(), MAX_NAMED_PAGES);
}

#[test]
fn recipients_stand_in_the_words_of_other_software() {
    let sent = "4A1: to=<y@b.example>, dsn=2.0.0, status=sent (ok)\n";
    let log = format!("{sent}4A2: to=<x@a.example>, dsn=5.4.4, status=bounced (Host not found)\n");
    assert_eq!((recipients(&log, true), recipients(sent, true)), (vec!["x@a.example"], vec!["y@b.example"]));
    for transcript in [
        "   ----- Transcript of session follows -----\n<x@a.example>... Deferred: 403 4.7.0 TLS handshake failed.\n",
        "550 5.1.2 <x@a.example>... Host unknown (Name server: mx.a.example: host not found)\n",
    ] {
        assert_eq!(recipients(transcript, true), ["x@a.example"], "{transcript}");
        assert!(recipients(transcript, false).is_empty(), "{transcript}");
    }
    assert!(recipients("550 5.1.1 <x@a.example>: User unknown\n", true).is_empty());
    let pages = "<https://a.example/logo.png>\n<https://al@c.example/>:\nYour message to x@a.example couldn't be delivered.\n";
    assert_eq!(recipients(pages, true), ["x@a.example"]);
    for text in [
        "The following address\nfailed:\n\n\"x@a.example\":\nno valid MX hosts found\n\n--- The header follows ---\n\ny@b.example\n",
        "The address to which the message has not yet been delivered is:\n\n  x@a.example\n    host lookup did not complete\n",
        "Delivery has failed to these recipients or groups:\n\nx@a.example (x@a.example)<mailto:x@a.example>\nThe address\n\n\
         Diagnostic information for administrators:\n\ny@b.example\n",
        "|--- Failed addresses follow: ---|\n <x@a.example> ... unknown host\n|--- Message text follows: ---|\ny@b.example\n",
        "Your message wasn't delivered to x@a.example because the domain a.example couldn't be found.\n",
        "Your message to x@a.example has been blocked.\n",
    ] {
        assert_eq!(recipients(text, true), ["x@a.example"], "{text}");
        assert!(recipients(text, false).is_empty(), "{text}");
    }
    assert!(recipients("x@a.example and bob\nwas delivered to us by bob\n", true).is_empty());
}

#[test]
fn a_receiver_says_which_name_is_listed() {
    let postfix = "<y@b.example>: host mx.b.example[198.51.100.1] said: 554 5.7.1 ";
    for (reply, expected) in [
        ("Client host [192.0.2.5] blocked using bl.example", Some("192.0.2.5")),
        (
            "Sender address [al@A.example] blocked using dbl.example; https://x/query/domain/o.example",
            Some("a.example"),
        ),
        ("Helo command [desk.a.example] blocked using dbl.example", Some("desk.a.example")),
        ("refused, see https://www.spamhaus.org/query/domain/a.example (in reply to", Some("a.example")),
        ("Sender blocked using dbl.example", None),
        ("Client host [10.0.0.1] blocked using bl.example", None),
    ] {
        let found = replies(&format!("{postfix}{reply}"), &[]);
        assert_eq!(found.listed().as_deref(), expected, "{reply}");
        assert!(!found.is_of_content(), "{reply}");
    }
    for reply in ["message contains a URL listed at dbl.example", "blocked for its content, see bl.example"] {
        assert!(replies(&format!("{postfix}{reply}"), &[]).is_of_content(), "{reply}");
    }
}

#[test]
fn recipients_stand_in_the_text_of_postfix_qmail_and_sendmail() {
    let host = "<x@a.example>: host mx.a.example[192.0.2.1] said: 451 4.7.1 no";
    for text in [host, &format!("> {host}"), &host.replace(">:", "> (expanded from <y@b.example>):")] {
        assert_eq!(recipients(text, false), ["x@a.example"], "{text}");
    }
    for words in [
        "mail for a.example loops back to myself",
        "TLS is required, but was not offered by host mx.a.example",
    ] {
        assert_eq!(recipients(&format!("<x@a.example>: {words}"), false), ["x@a.example"], "{words}");
    }
    assert_eq!(recipients("<x@a.example>: unknown user", false), Vec::<&str>::new());
    for text in ["<x@a.example>: unknown user", "<x@a.example>:", "<x@a.example>"] {
        assert_eq!(recipients(text, true), ["x@a.example"], "{text}");
    }
    assert_eq!(
        recipients("<x@a.example>: delivery via mx.a.example[192.0.2.1]:25: 250 Ok", true),
        Vec::<&str>::new()
    );
    assert_eq!(recipients("to <x@a.example>: host", true), Vec::<&str>::new());
}

/// Refusals of large providers and of mail software that are about the recipient, and those that may be about the sender.
#[test]
fn a_refusal_of_the_recipient_is_none_of_the_sender() {
    for recipient in [
        // Gmail.
        "550-5.1.1 The email account that you tried to reach does not exist. 550 5.1.1 https://support.google.com/mail/?p=NoSuchUser",
        "552-5.2.2 The recipient's inbox is out of storage space. https://support.google.com/mail/?p=OverQuotaPerm",
        "550-5.2.1 The email account that you tried to reach is inactive. https://support.google.com/mail/?p=DisabledUser",
        "553-5.1.2 We weren't able to find the recipient domain. Please check for any spelling errors",
        // Microsoft.
        "550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [x.prod.protection.outlook.com]",
        "550 5.7.64 TenantAttribution; Relay Access Denied [x.prod.protection.outlook.com]",
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
        "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required",
        "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302)",
        // Yahoo.
        "554 delivery error: dd This user doesn't have a yahoo.com account (y@yahoo.com) [0] - mta4012.mail.gq1.yahoo.com",
        "554 30 Sorry, your message to y@yahoo.com cannot be delivered. This mailbox is disabled (554.30).",
        "552 1 Requested mail action aborted, mailbox not found",
        // GMX.
        "550-Requested action not taken: mailbox unavailable 550 For explanation visit https://postmaster.gmx.net/en/error-messages?c=rmbx",
        "552-Requested mail action aborted: exceeded storage allocation 552-Quota exceeded. 552 For explanation visit https://postmaster.gmx.net/",
        // Postfix.
        "450 4.1.2 <y@b.example>: Recipient address rejected: Domain not found",
        "554 5.7.1 <y@b.example>: Relay access denied",
        "454 4.7.1 <y@b.example>: Relay access denied",
        "554 5.7.1 <y@b.example>: Recipient address rejected: Access denied",
        "550 5.1.1 <y@b.example>: Recipient address rejected: User unknown in virtual mailbox table",
        "556 5.1.10 <y@b.example>: Recipient address rejected: Domain b.example does not accept mail (nullMX)",
        // Exim, qmail and Sendmail.
        "550 relay not permitted",
        "550 Unrouteable address",
        "550-Callout verification failed: 550 no such user here",
        "550 Unknown user",
        "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
        "550 5.7.1 <y@b.example>... Relaying denied",
        // rspamd, as its rules for unknown recipients word it.
        "550 5.7.1 No such user",
    ] {
        assert!(!is_of_sender(recipient), "{recipient}");
        assert_eq!(reason(recipient), None, "{recipient}");
    }
    for sender in [
        "550-5.7.26 This mail has been blocked because the sender is unauthenticated. https://support.google.com/mail/answer/81126",
        "550-5.7.1 [192.0.2.5] Our system has detected that this message is likely unsolicited mail. https://support.google.com/mail/?p=UnsolicitedMessageError",
        "550 5.7.1 Unfortunately, messages from [192.0.2.5] weren't sent. (S3150)",
        "550 5.7.606 Access denied, banned sending IP [192.0.2.5]",
        "550 5.7.515 Access denied, sending domain A.example doesn't meet the required authentication level",
        "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.5, because the ip is in Spamhaus's list",
        "554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes",
        "421 4.7.0 [TSS04] Messages from 192.0.2.5 temporarily deferred due to unexpected volume",
        "554-Transaction failed 554-Reject due to policy restrictions. 554 For explanation visit https://postmaster.gmx.net/",
        "554-No SMTP service 554-Bad DNS PTR resource record.",
        "450 4.1.8 <al@a.example>: Sender address rejected: Domain not found",
        "554 5.7.1 Service unavailable; Client host [192.0.2.5] blocked using bl.example",
        "550 5.7.23 <y@b.example>: Recipient address rejected: Message rejected due to: SPF fail - not authorized",
        "554 5.7.1 <y@b.example>: Recipient address rejected: blocked for abuse",
        "550-Verification failed for <al@a.example> 550-Unrouteable address 550 Sender verify failed",
        "550 Administrative prohibition",
        "554 5.7.1 Spam message rejected",
        "550 5.7.1 Email rejected per DMARC policy for a.example",
    ] {
        assert!(is_of_sender(sender), "{sender}");
    }
}
