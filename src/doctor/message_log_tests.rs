//! Log lines of receivers, and notices that look like bounces.

use super::*;

#[test]
fn a_notice_that_software_sends_is_no_bounce() {
    let unread = |subject: &str, submitted: &str, from: &str| {
        let message = format!(
            "Return-Path: <>\nReceived: from mx.a.example (mx.a.example [192.0.2.7]) by mx.b.example\nFrom: {from}\n\
             To: y@b.example\nSubject: {subject}\nAuto-Submitted: {submitted}\n\nhello\n"
        );
        read(message.as_bytes()).unread
    };
    let (report, notice) = ("Report Domain: b.example", "noreply@a.example");
    assert!(unread(report, "auto-generated", notice).is_empty());
    for (subject, submitted, from) in [
        (report, "auto-generated (failure)", notice),
        (report, "no", notice),
        ("Undeliverable: hello", "auto-generated", notice),
        (report, "auto-generated", "postmaster@a.example"),
    ] {
        assert!(!unread(subject, submitted, from).is_empty(), "{subject} {submitted} {from}");
    }
}

#[test]
fn a_reply_that_was_pasted_alone_leads_to_the_client() {
    let read = read(b"450 4.7.25 Client host rejected: cannot find your hostname, [9.12.0.22]\n");
    let addresses: Vec<_> = read.subjects.iter().filter_map(|subject| subject.address).collect();
    assert_eq!(addresses, ["9.12.0.22".parse::<std::net::IpAddr>().unwrap()], "{:#?}", read.subjects);
}

#[test]
fn lines_of_the_log_of_a_receiver_lead_to_the_client_or_the_sender() {
    let of = |line: &str| {
        let read = read(format!("Nov 23 06:00:05 mx {line}\n").as_bytes());
        let subject = read.subjects.into_iter().next().unwrap_or_else(|| panic!("{line}"));
        (
            subject.domain,
            subject.address.map(|address| address.to_string()),
            subject.selectors.join(" "),
            read.unread,
        )
    };
    let told = |domain: &str, address: &str, selectors: &str| {
        let address = Some(address.to_owned()).filter(|address| !address.is_empty());
        (domain.to_owned(), address, selectors.to_owned(), Vec::new())
    };
    let page = "http://www.openspf.net/Why?s=mfrom;id=al@a.example;ip=192.0.2.5;r=mx.b.example";
    let refused = format!("550 5.7.23 Message rejected due to: SPF fail - not authorized. Please see {page}");
    for (line, expected) in [
        (
            "postfix/smtpd[1]: warning: hostname mx.a.example does not resolve to address 192.0.2.5: Name or service not known",
            told("", "192.0.2.5", ""),
        ),
        (
            "postfix/smtpd[1]: warning: 192.0.2.5: address not listed for hostname mx.a.example",
            told("", "192.0.2.5", ""),
        ),
        ("opendkim[1]: 4A1: key retrieval failed (s=s1, d=a.example): no key", told("a.example.", "", "s1")),
        ("opendmarc[1]: 4A1: a.example fail", told("a.example.", "", "")),
        (&format!("policyd-spf[1]: {refused}"), told("a.example.", "192.0.2.5", "")),
        (
            "policyd-spf[1]: prepend Received-SPF: Fail (mailfrom) identity=mailfrom; client-ip=192.0.2.5; helo=mx; \
             envelope-from=al@a.example; receiver=b.example",
            told("a.example.", "192.0.2.5", ""),
        ),
    ] {
        assert_eq!(of(line), expected, "{line}");
    }
    let sent = format!(
        "postfix/smtp[1]: 4A1: to=<y@b.example>, relay=mx.b.example[198.51.100.2]:25, status=bounced (host \
         mx.b.example[198.51.100.2] said: {refused} (in reply to RCPT TO command))"
    );
    let read = read(format!("Nov 23 06:00:05 mx {sent}\n").as_bytes());
    let sender = read.subjects.iter().find(|subject| subject.domain == "a.example.");
    assert_eq!(sender.and_then(|sender| sender.address), "192.0.2.5".parse().ok(), "{:#?}", read.subjects);
}
