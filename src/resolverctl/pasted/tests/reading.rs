//! Tests: which names, times and entries the lines of each program have.

use super::*;

/// Pasted lines, the names and addresses in each, and true if the line reports a failed lookup.
pub(super) const LINES: [(&str, &[&str], bool); 17] = [
    (
        "Nov 21 03:12:05 mx.our.example postfix/smtpd[123]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.1.8 <bob@silent.example>: Sender address rejected: Domain not found; from=<bob@silent.example> to=<us@our.example> proto=ESMTP helo=<mail.silent.example>",
        &["192.0.2.7", "silent.example", "our.example", "mail.silent.example"],
        true,
    ),
    (
        "Nov 21 03:12:05 mx postfix/smtp[9]: 4A1B2C: to=<a@silent.example>, relay=none, delay=4.1, delays=0.1/0/4/0, dsn=4.4.3, status=deferred (Host or domain name not found. Name service error for name=silent.example type=MX: Host not found, try again)",
        &["silent.example"],
        true,
    ),
    (
        "Nov 21 03:12:05 mx postfix/smtp[9]: 4A1B2C: to=<a@fine.example>, relay=mx.fine.example[2001:db8::9]:25, delay=31, delays=0.1/0.01/30/0.9, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4XYZ)",
        &["fine.example"],
        false,
    ),
    ("Nov 21 03:12:05 mx postfix/postscreen[7]: PASS NEW [192.0.2.7]:4711", &["192.0.2.7"], false),
    (
        "Nov 21 03:12:05 mx postfix/dnsblog[7]: warning: dnsblog_query: lookup error for DNS query 7.2.0.192.zen.spamhaus.org: Host or domain name not found. Name service error for name=7.2.0.192.zen.spamhaus.org type=A: Host not found, try again",
        &["7.2.0.192.zen.spamhaus.org"],
        true,
    ),
    (
        "Nov 21 03:12:05 mx postfix/dnsblog[7]: addr 192.0.2.7 listed by domain zen.spamhaus.org as 127.0.0.2",
        &["192.0.2.7", "zen.spamhaus.org"],
        false,
    ),
    (
        "Nov 21 03:12:05 mx postfix/qmgr[7]: 4A1B2C: from=<bob@sender.example>, size=1234, nrcpt=1 (queue active)",
        &["sender.example"],
        false,
    ),
    (
        "2026-11-21 03:12:05 1abCde-0000Xy-01 == bob@silent.example R=dnslookup defer (-1): host lookup did not complete",
        &["silent.example"],
        true,
    ),
    (
        "2026-11-21 03:12:05 1abCde-0000Xy-01 <= bob@sender.example H=mail.sender.example [192.0.2.7]:25 P=esmtps S=1234 id=123@laptop.home.example",
        &["sender.example", "mail.sender.example", "192.0.2.7"],
        false,
    ),
    (
        "2026-11-21 03:12:05 H=(mail.sender.example) [192.0.2.7] F=<bob@sender.example> temporarily rejected RCPT <us@our.example>: host lookup did not complete",
        &["mail.sender.example", "192.0.2.7", "sender.example", "our.example"],
        true,
    ),
    (
        "Nov 21 03:12:05 mx sendmail[99]: 0AL3C5: to=<bob@silent.example>, delay=00:01:03, xdelay=00:00:30, mailer=esmtp, relay=silent.example., dsn=4.0.0, stat=Deferred: Name server: silent.example.: host name lookup failure",
        &["silent.example"],
        true,
    ),
    (
        "2026-11-21 03:12:05 #12(normal) <abc123>; task; rspamd_task_write_log: id: <77@laptop.home.example>, qid: <4A1B2C>, ip: 192.0.2.7, from: <bob@sender.example>, (default: F (no action): [1.0/15.0]), len: 999, time: 8123.1ms, dns req: 40",
        &["192.0.2.7", "sender.example"],
        false,
    ),
    (
        "Nov 21 03:12:05 mx spamd[77]: spamd: result: . 0 - DKIM_VALID scantime=12.5,size=999,user=x,mid=<77@laptop.home.example>,rhost=192.0.2.7",
        &["192.0.2.7"],
        false,
    ),
    (
        "Nov 21 03:12:05 mx spamd[77]: spamd: result: . 0 - DKIM_VALID scantime=12.5,user=x,raddr=127.0.0.1,mid=<77@sender.example>,autolearn=ham",
        &["sender.example"],
        false,
    ),
    (
        "2026-11-21 03:12:05 1abCde-0000Xy-01 => bob@fine.example R=dnslookup T=remote_smtp H=mx.shared.example [192.0.2.9] X=TLS1.3 C=\"250 ok\"",
        &["fine.example"],
        false,
    ),
    (
        "Nov 21 03:12:05 mx sendmail[99]: 0AL3C5: from=<bob@sender.example>, size=9, nrcpts=1, proto=ESMTP, relay=mail.sender.example [192.0.2.7]",
        &["sender.example", "mail.sender.example", "192.0.2.7"],
        false,
    ),
    ("4A1B2C3D4E*    1234 Sat Nov 21 03:12:05  bob@sender.example", &["sender.example"], false),
];

#[test]
fn line_subjects_are_found_per_program() {
    for (text, subjects, blames_dns) in LINES {
        let line = one(text);
        assert_eq!(line.subjects, subjects, "{text}");
        assert_eq!(line.blames_dns, blames_dns, "{text}");
        assert!(line.at.is_some_and(|at| (NOW - 3.0 * 86_400.0..NOW).contains(&at)), "{text}: {:?}", line.at);
    }
}

#[test]
fn idn_domain_becomes_ascii() {
    let text = "Nov 21 03:12:05 mx postfix/smtp[9]: 4A: to=<jos\u{e9}@b\u{fc}cher.example>, relay=none, delay=4, delays=0.1/0/4/0, dsn=4.4.3, status=deferred (Name service error for name=b\u{fc}cher.example type=MX)";
    assert_eq!(one(text).subjects, ["xn--bcher-kva.example"]);
}

#[test]
fn date_without_year_is_latest() {
    let at = |time: &str, now: f64| {
        let text = format!("{time} mx postfix/smtpd[1]: connect from a.example[192.0.2.7]");
        read(&text, now).remove(0).at.unwrap()
    };
    let eve = at("2026-12-31T23:30:00", NOW);
    assert_eq!(at("Jan  1 00:30:00", eve) - eve, 3_600.0);
    assert_eq!(at("Jan  2 23:30:00", eve), at("2026-01-02T23:30:00", NOW));
    assert_eq!(at("Feb 29 12:00:00", NOW), at("2024-02-29T12:00:00", NOW));
}

// A bounce has one time for all its lines.
#[test]
fn times_are_read_in_common_forms() {
    let at = |text: &str| one(text).at.map(|at| NOW - at);
    assert_eq!(
        at("2026-11-21T23:59:00.500+00:00 mx postfix/smtpd[1]: connect from a.example[192.0.2.7]"),
        Some(59.5)
    );
    assert_eq!(
        at("2026-11-22T00:59:00+01:00 mx postfix/smtpd[1]: connect from a.example[192.0.2.7]"),
        Some(60.0)
    );
    assert_eq!(at("2026-11-22 00:59:00 +0100 1abC <= bob@sender.example"), Some(60.0));
    let local = at("Nov 21 12:00:00 mx postfix/smtpd[1]: connect from a.example[192.0.2.7]");
    assert_eq!(local, at("2026-11-21 12:00:00 1abC <= bob@sender.example"));
    let bounce = "Arrival-Date: Sat, 21 Nov 2026 23:59:00 +0000 (UTC)\n\nFinal-Recipient: rfc822; a@silent.example\nStatus: 4.4.3\nDiagnostic-Code: X-Postfix; Name service error for name=silent.example type=MX\n";
    let lines = read(bounce, NOW);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines.iter().all(|line| line.at == Some(NOW - 60.0) && line.subjects == ["silent.example"]),
        "{lines:?}"
    );
    assert!(read("nothing to see here, postfix/smtpd main.cf 1.2.3", NOW).is_empty());
}

// The prefixes are of grep, syslog, container logs and others.
#[test]
fn time_is_read_behind_prefixes() {
    let tail = "mx postfix/smtpd[1]: connect from a.example[192.0.2.7]";
    let local = one(&format!("2026-11-21 12:00:00 {tail}")).at;
    for head in [
        "mail.log:Nov 21 12:00:00",
        "/var/log/mail.log.1:1234:Nov 21 12:00:00",
        "mail.log-Nov 21 12:00:00",
        "<22>Nov 21 12:00:00",
        "mail.log:2026-11-21 12:00:00",
        "mx-1 | Nov 21 12:00:00",
        "[2026-11-21 12:00:00]",
    ] {
        let line = one(&format!("{head} {tail}"));
        assert_eq!(
            (line.at, line.unread_time, line.subjects),
            (local, None, vec!["a.example".to_owned(), "192.0.2.7".to_owned()]),
            "{head}"
        );
    }
    let zoned = one(&format!("2026-11-21T12:00:00Z {tail}")).at;
    for head in [
        "<22>1 2026-11-21T12:00:00.000Z",
        "mail.log:7:2026-11-21T13:00:00+01:00",
        "2026-11-21T13:00:00+0100",
        "[2026-11-21T12:00:00Z]",
        "[2026-11-21T13:00:00+01:00],",
        "2026-11-21T13:00:00+01:00[Europe/Berlin]",
        "Sat, 21 Nov 2026 13:00:00 +0100",
    ] {
        let line = one(&format!("{head} {tail}"));
        assert_eq!((line.at, line.unread_time), (zoned, None), "{head}");
    }
    for head in [
        "21/Nov/2026:12:00:00",
        "11/21/26 12:00:00",
        "21.11.2026 12:00:00,",
        "<22>21.11.2026 12:00:00",
        "Nov 21 12:00:00 CET",
    ] {
        let line = one(&format!("{head} {tail}"));
        assert_eq!((line.at, line.unread_time.as_deref()), (None, Some(head)), "{head}");
    }
}

// Only the arrival date gives the time of a bounce.
#[test]
fn other_header_dates_are_ignored() {
    let bounce = "Arrival-Date: Sat, 21 Nov 2026 23:59:00 +0000 (UTC)\n\nFinal-Recipient: rfc822; a@silent.example\nWill-Retry-Until: Thu, 26 Nov 2026 23:59:00 +0000 (UTC)\n\nFinal-Recipient: rfc822; b@silent.example\n";
    let lines = read(bounce, NOW);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines.iter().all(|line| (line.at, &line.unread_time) == (Some(NOW - 60.0), &None)), "{lines:?}");
    let received = "Received: from mail.silent.example by mx.our.example (Postfix) with ESMTPS\n\tid 4A1B2C; Sat, 21 Nov 2026 23:07:53 +0000 (UTC)\n\tfor <a@silent.example>; Sat, 21 Nov 2026 23:07:53 +0000 (UTC)\nFrom: bob@sender.example\nTo: a@silent.example\n";
    let lines = read(&format!("{bounce}\n{received}"), NOW);
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert!(lines.iter().all(|line| (line.at, &line.unread_time) == (Some(NOW - 60.0), &None)), "{lines:?}");
    assert!(read(received, NOW).iter().all(|line| (line.at, &line.unread_time) == (None, &None)));
    let lines = read("Arrival-Date: 21.11.2026 23:59:00\n\nFinal-Recipient: rfc822; a@silent.example\n", NOW);
    let unread = lines[0].unread_time.as_deref();
    assert_eq!((lines[0].at, unread), (None, Some("Arrival-Date: 21.11.2026 23:59:00")), "{lines:?}");
}

#[test]
fn filter_lookup_failures_are_recognised() {
    for text in [
        "Nov 21 03:12:05 mx policyd-spf[1]: Temperror; identity=mailfrom; client-ip=192.0.2.7; helo=mail.a.example; envelope-from=bob@a.example",
        "Nov 21 03:12:05 mx opendkim[1]: 4A: key retrieval failed (s=s1, d=a.example): 's1._domainkey.a.example' query timed out",
        "2026-11-21 03:12:05 #12(normal) <abc>; lua; rbl.lua:1: error looking up 7.2.0.192.list.example: server fail",
        "2026-11-21 03:12:05 DNS lookup of a.example (MX) gave TRY_AGAIN",
        "Nov 21 03:12:05 mx sendmail[99]: 0AL3C5: to=<bob@a.example>, stat=Deferred: Name server timeout",
    ] {
        assert!(one(text).blames_dns, "{text}");
    }
}

// Sendmail's mailq shows no seconds.
#[test]
fn mailq_entry_covers_its_minute() {
    let entry = "6AN4HY6l000757        7 Sat Nov 21 04:17 <bob@sender.example>\n                 (Deferred: Name server: mail.silent.example.: host name looku)\n\t\t\t\t\t <us@gone.example>\n";
    let lines = read(entry, NOW);
    let subjects: Vec<&str> = lines.iter().flat_map(|line| &line.subjects).map(String::as_str).collect();
    assert_eq!(subjects, ["sender.example", "mail.silent.example", "gone.example"]);
    let minute = read("2026-11-21 04:17:00 1abC <= bob@sender.example", NOW).remove(0).at.unwrap();
    for line in lines {
        let (from, to) = line.span(120.0).unwrap();
        assert!(from <= minute && to >= minute + 59.0, "{line:?}");
    }
}

// The sender counts at the arrival, and the recipients until now.
#[test]
fn json_queue_entry_is_split() {
    let entry = r#"{"queue_name": "deferred", "queue_id": "4A1B2C", "arrival_time": 1795302000, "message_size": 9, "sender": "bob@sender.example", "recipients": [{"address": "a@gone.example", "delay_reason": "Host or domain name not found. Name service error for name=silent.example type=MX: Host not found, try again"}, {"address": "b@gone.example"}]}"#;
    let lines = read(entry, NOW);
    let described: Vec<_> = lines
        .iter()
        .map(|line| (line.number, line.at, line.at_last, line.is_arrival, line.blames_dns))
        .collect();
    let came = Some(NOW - 3_600.0);
    assert_eq!(described, [(1, came, came, true, false), (1, came, Some(NOW), false, true)]);
    assert_eq!(lines[0].subjects, ["sender.example"]);
    assert_eq!(lines[1].subjects, ["silent.example", "gone.example"]);
    assert!(lines.iter().all(|line| line.text == entry));
    // The sender of a bounce is empty. A new entry has no reason for a failed delivery.
    let entry =
        r#"{"arrival_time": 1795302000, "sender": "", "recipients": [{"address": "a@gone.example"}]}"#;
    assert_eq!(one(entry).subjects, ["gone.example"]);
    assert!(read(r#"{"arrival_time": 1795302000, "recipients": 7}"#, NOW).is_empty());
}

#[test]
fn impossible_time_is_unread() {
    for time in ["2026-02-29 24:60:61", "2026-02-29T24:60:61"] {
        let line = one(&format!("{time} mx postfix/smtpd[1]: connect from mail.fine.example[192.0.2.9]"));
        assert_eq!((line.at, line.unread_time.as_deref()), (None, Some(time)));
    }
}

/// Exim writes words in capitals directly behind the time.
#[test]
fn capital_word_is_no_time_zone() {
    for (text, is_read) in [
        ("2026-11-21 03:12:05 SMTP command timeout on connection from mail.host.example [192.0.2.9]", true),
        ("2026-11-21 03:12:05 TLS error on connection from mail.host.example [192.0.2.9]", true),
        ("2026-11-21 03:12:05 CEST connection from mail.host.example [192.0.2.9]", false),
    ] {
        let line = one(text);
        assert_eq!((line.at.is_some(), line.unread_time.is_none()), (is_read, is_read), "{line:?}");
    }
}

// Lines of programs that look up nothing are left out beside a line with the mail's delay.
#[test]
fn quiet_lines_yield_to_delay_line() {
    let head = "Nov 21 03:12:05 mx postfix/";
    let quiet = format!(
        "{head}pickup[7]: 4A1B2C: uid=0 from=<a@our.example>\n{head}qmgr[7]: 4A1B2C: from=<a@our.example>, size=1, nrcpt=1"
    );
    let client = format!("{head}smtpd[7]: 4A1B2C: client=mail.one.example[192.0.2.7]");
    let delivery = |id: &str, delays: &str| {
        format!(
            "{head}smtp[9]: {id}: to=<a@b.example>, relay=none, delay=4, delays={delays}, status=bounced (x)"
        )
    };
    let all = [1, 2, 3, 4];
    let cases =
        [("4A1B2C", "0.1/0/4/0", &all[2..]), ("5D6E7F", "0.1/0/4/0", &all), ("4A1B2C", "4/0/0.1/0", &all)];
    for (id, delays, left) in cases {
        let lines = without_quiet(read(&format!("{quiet}\n{client}\n{}", delivery(id, delays)), NOW));
        assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), left, "{id} {delays}");
    }
}

#[test]
fn folded_bounce_reason_is_joined() {
    let names = |text: &str| {
        let lines = read(text, NOW).into_iter();
        lines.map(|line| (line.subjects, line.reports)).collect::<Vec<_>>()
    };
    let reason = "Host or domain name not found. Name service error\n    for name=mx.fine.example type=A: Host not found";
    let whole = reason.replace("\n    ", " ");
    for head in ["<bob@fine.example>: ", "Diagnostic-Code: X-Postfix; "] {
        let folded = names(&format!("{head}{reason}"));
        assert_eq!(folded, names(&format!("{head}{whole}")));
        assert_eq!((folded.len(), folded[0].1), (1, Some(DnsResult::NoName)), "{folded:?}");
    }
}
