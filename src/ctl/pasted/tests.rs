use std::collections::BTreeMap;

use super::*;
use dns::question::{DnsResult, Outcome};
use history::culprit::CulpritKind;
use history::doubt::{PossibleWait, WaitOrder};
use history::why::{CulpritReport, MessageReport, QuestionReport};

/// 2026-11-22 00:00 UTC.
pub(super) const NOW: f64 = 1_795_305_600.0;

pub(super) fn one(text: &str) -> PastedLine {
    let mut lines = read(text, NOW);
    assert_eq!(lines.len(), 1, "{text}: {lines:?}");
    lines.remove(0)
}

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
fn the_subjects_of_each_program_are_found() {
    for (text, subjects, blames_dns) in LINES {
        let line = one(text);
        assert_eq!(line.subjects, subjects, "{text}");
        assert_eq!(line.blames_dns, blames_dns, "{text}");
        assert!(line.at.is_some_and(|at| (NOW - 3.0 * 86_400.0..NOW).contains(&at)), "{text}: {:?}", line.at);
    }
}

#[test]
fn a_domain_with_other_letters_is_looked_for_as_it_was_queried() {
    let text = "Nov 21 03:12:05 mx postfix/smtp[9]: 4A: to=<jos\u{e9}@b\u{fc}cher.example>, relay=none, delay=4, delays=0.1/0/4/0, dsn=4.4.3, status=deferred (Name service error for name=b\u{fc}cher.example type=MX)";
    assert_eq!(one(text).subjects, ["xn--bcher-kva.example"]);
}

#[test]
fn a_day_is_the_last_one_that_has_been() {
    let at = |time: &str, now: f64| {
        let text = format!("{time} mx postfix/smtpd[1]: connect from a.example[192.0.2.7]");
        read(&text, now).remove(0).at.unwrap()
    };
    let eve = at("2026-12-31T23:30:00", NOW);
    assert_eq!(at("Jan  1 00:30:00", eve) - eve, 3_600.0);
    assert_eq!(at("Jan  2 23:30:00", eve), at("2026-01-02T23:30:00", NOW));
    assert_eq!(at("Feb 29 12:00:00", NOW), at("2024-02-29T12:00:00", NOW));
}

#[test]
fn times_are_read_in_every_form_and_a_bounce_has_one_for_all_its_lines() {
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

#[test]
fn the_time_is_read_behind_what_other_programs_put_before_it() {
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

#[test]
fn a_header_with_another_date_is_not_the_time_of_a_bounce() {
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
fn the_words_of_filters_about_failed_lookups_are_known() {
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

#[test]
fn an_entry_of_sendmails_mailq_is_found_anywhere_in_its_minute() {
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

#[test]
fn an_entry_in_one_line_has_its_sender_at_its_arrival_and_its_recipients_until_now() {
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

/// One query that waited for `waited` seconds.
pub(super) fn message(waited: f64, kind: CulpritKind, outcome: Outcome) -> MessageReport {
    let question = QuestionReport {
        at: 0.0,
        name: "fine.example.".to_owned(),
        kind: "MX".to_owned(),
        outcome,
        result: DnsResult::Unknown,
        list: None,
        codes: Vec::new(),
        named_by: None,
        elapsed: waited,
        queued: 0.0,
        servers: waited,
        of_subject: false,
        transport: None,
        user: None,
        error: None,
        messages: Vec::new(),
    };
    let culprit = CulpritReport {
        kind,
        zone: None,
        server: None,
        list: None,
        evidence: "evidence".to_owned(),
        usual: None,
        advice: "advice".to_owned(),
    };
    MessageReport {
        line: None,
        times: None,
        more_lines: 0,
        fitting: 0,
        note: None,
        of_disk: false,
        exceeds_delay: false,
        began: NOW,
        client: "127.0.0.1".to_owned(),
        took: waited,
        waited,
        sums: BTreeMap::new(),
        questions: vec![question],
        left_out: 0,
        possible_waits: Vec::new(),
        possible_waits_left_out: 0,
        history_begin: None,
        history: None,
        culprit,
        also: Vec::new(),
    }
}

/// Chooses the message for the log line `text` among the messages in `found`. In their times, `NOW` stands for the last moment at which the mail
/// of the line may have sent queries.
pub(super) fn settled(text: &str, found: Vec<MessageReport>) -> Option<MessageReport> {
    settle_at_its_end(&one(text), found)
}

fn settle_at_its_end(line: &PastedLine, mut found: Vec<MessageReport>) -> Option<MessageReport> {
    let shift = line.end().unwrap() - NOW;
    found.iter_mut().for_each(|message| message.began += shift);
    let described =
        settle(line, found, &|began| format!("{:.0} s", began - shift - NOW)).into_iter().next()?;
    Some(MessageReport { began: (described.began - shift).round(), ..described })
}

/// A message (email): its start in seconds after the time of the line, its wait in seconds, its culprit and outcome, and the
/// number of names and addresses of the line in it.
type Found = (f64, f64, CulpritKind, Outcome, usize);

/// A pasted line, the messages (emails) in the history, and the expected result: the start of the message that is shown, and its
/// culprit.
const FITS: [(&str, &[Found], (f64, CulpritKind)); 15] = {
    use CulpritKind::{Client, None as Nothing, NotDns, ServerFailed, ServerSilent, ServerSlow, Unknown};
    use Outcome::{Failed, Upstream};
    const QMGR: &str =
        "Nov 21 03:12:05 mx postfix/qmgr[7]: 4A: from=<bob@fine.example>, size=1234, nrcpt=1 (queue active)";
    const SPAMD: &str = "Nov 21 03:12:05 mx spamd[7]: spamd: clean message (1.0/5.0) for x:1000 in 25.0 seconds, 2222 bytes. from bob@fine.example";
    const GREETING: &str = "Nov 21 03:12:05 mx postfix/smtp[9]: 4A: to=<a@fine.example>, relay=none, delay=31, delays=0.1/0.01/30.4/0.5, dsn=4.4.2, status=deferred (conversation with mx.fine.example timed out while receiving the initial server greeting)";
    const SENDING: &str = "Nov 21 03:12:05 mx postfix/smtp[9]: 4A: to=<a@fine.example>, relay=none, delay=601, delays=0.1/0.01/0.2/600, dsn=4.4.2, status=deferred (timed out)";
    const RETRIED: &str = "Nov 21 03:12:05 mx postfix/smtp[9]: 4A: to=<a@fine.example>, relay=none, delay=3604, delays=3600/0.01/3.7/0.2, dsn=2.0.0, status=sent";
    const SUSPENDED: &str = "Nov 21 03:12:05 mx postfix/qmgr[9]: 4A: to=<a@fine.example>, relay=none, delay=4000, delays=4000/0.1/0/0, dsn=4.0.0, status=deferred (delivery temporarily suspended)";
    const REJECT: &str = "Nov 21 03:12:05 mx postfix/smtpd[1]: 4A: reject: RCPT from unknown[192.0.2.7]: 450 4.1.8 <bob@fine.example>: Sender address rejected: Domain not found; from=<bob@fine.example>";
    const CONNECT: &str = "Nov 21 03:12:05 mx postfix/smtpd[1]: connect from mail.fine.example[192.0.2.7]";
    [
        // A slow message (email) of the same domain a minute before the line belongs to another mail.
        (QMGR, &[(-62.0, 1.5, ServerSlow, Upstream, 1), (-5.0, 0.03, Nothing, Upstream, 1)], (-5.0, NotDns)),
        (
            SPAMD,
            &[(-80.0, 1.5, ServerFailed, Failed, 1), (-25.0, 0.03, Nothing, Upstream, 1)],
            (-25.0, NotDns),
        ),
        // If the history lacks the mail of the line, another mail of the same domain is not blamed.
        (QMGR, &[(-62.0, 1.5, ServerSlow, Upstream, 1)], (-62.0, Unknown)),
        // A line with a delay shows when its mail began, even if it is about the end of a session.
        (
            GREETING,
            &[(-450.0, 20.0, Client, Upstream, 1), (-30.0, 0.03, Nothing, Upstream, 1)],
            (-30.0, NotDns),
        ),
        (GREETING, &[(-450.0, 20.0, ServerSilent, Failed, 1)], (-450.0, Unknown)),
        // Postfix looks up the names before it connects to the mail host.
        (
            GREETING,
            &[(-30.4, 0.03, Nothing, Upstream, 1), (-1.0, 0.03, Nothing, Upstream, 1)],
            (-30.0, NotDns),
        ),
        // If the times of two messages (emails) match the line, the one whose waits explain the delay is shown.
        (
            GREETING,
            &[(-29.0, 28.0, ServerSlow, Upstream, 1), (-2.0, 0.03, Nothing, Upstream, 1)],
            (-29.0, ServerSlow),
        ),
        // Messages (emails) that began during the transmission belong to other mails.
        (SENDING, &[(0.0, 0.2, Nothing, Upstream, 1), (580.0, 9.0, ServerSlow, Upstream, 1)], (0.0, NotDns)),
        // The message (email) of the last delivery attempt is shown, or of an earlier attempt if the last one sent no queries.
        (
            RETRIED,
            &[(-1_800.0, 9.0, ServerSilent, Failed, 1), (-4.0, 3.6, ServerSlow, Upstream, 1)],
            (-4.0, ServerSlow),
        ),
        (SUSPENDED, &[(-2_000.0, 9.0, ServerSilent, Failed, 1)], (-2_000.0, NotDns)),
        (
            REJECT,
            &[(-20.0, 4.0, ServerSilent, Failed, 1), (-2.0, 0.03, Nothing, Upstream, 1)],
            (-20.0, ServerSilent),
        ),
        // For a line without a delay, the time counts more than the number of names and addresses in common.
        (
            CONNECT,
            &[(-100.0, 2.0, ServerSlow, Upstream, 2), (-2.0, 0.03, Nothing, Upstream, 1)],
            (-2.0, NotDns),
        ),
        (CONNECT, &[(-100.0, 2.0, ServerSlow, Upstream, 2)], (-100.0, Unknown)),
        (
            CONNECT,
            &[(-40.0, 2.0, ServerSlow, Upstream, 2), (-2.0, 0.03, Nothing, Upstream, 2)],
            (-2.0, NotDns),
        ),
        // Two messages (emails) of the same second cannot be distinguished. Here both have the same cause.
        (
            QMGR,
            &[(-2.3, 0.9, ServerSlow, Upstream, 1), (-2.2, 0.9, ServerSlow, Upstream, 1)],
            (-2.0, ServerSlow),
        ),
    ]
};

#[test]
fn a_line_is_told_about_its_own_mail() {
    for (text, found, wanted) in FITS {
        let mut reports = Vec::new();
        for (began, took, kind, outcome, subjects) in found {
            let mut report = MessageReport { began: NOW + began, ..message(*took, *kind, *outcome) };
            report.questions[0].of_subject = true;
            reports.extend(std::iter::repeat_n(report, *subjects));
        }
        let last = reports.last().unwrap().culprit.clone();
        for reports in [reports.clone(), reports.into_iter().rev().collect()] {
            let described = settled(text, reports).unwrap();
            assert_eq!((described.began - NOW, described.culprit.kind), wanted, "{text}: {described:#?}");
            if wanted.1 == CulpritKind::Unknown {
                let evidence = format!("another mail of the same domain at {} s", wanted.0);
                assert!(described.culprit.evidence.contains(&evidence), "{described:#?}");
                assert_eq!(described.also, std::slice::from_ref(&last));
            }
        }
    }
}

#[test]
fn queries_that_waited_longer_than_the_delay_are_not_those_of_one_mail() {
    let line = "Nov 21 03:12:05 mx postfix/smtp[9]: 4A: to=<a@fine.example>, relay=none, delay=4.3, delays=0.3/0/4/0, dsn=4.4.3, status=deferred (Name service error for name=fine.example type=MX: Host not found, try again)";
    for (waited, exceeds) in [(7.2, true), (4.0, false)] {
        let mut report = message(waited, CulpritKind::ServerSilent, Outcome::Failed);
        report.questions[0].of_subject = true;
        let described = settled(line, vec![report]).unwrap();
        let times = described.times.unwrap_or_default();
        assert_eq!(
            (described.exceeds_delay, times.contains("longer than the delay")),
            (exceeds, exceeds),
            "{times}"
        );
    }
}

#[test]
fn a_line_without_a_delay_is_not_dns_only_if_its_mail_was_quick() {
    let line = "Nov 21 03:12:05 mx postfix/smtpd[1]: connect from mail.fine.example[192.0.2.9]";
    for (waited, kind) in [(1.1, CulpritKind::None), (0.02, CulpritKind::NotDns)] {
        let described = settled(line, vec![message(waited, CulpritKind::None, Outcome::Upstream)]).unwrap();
        assert_eq!(described.culprit.kind, kind, "{waited} s");
    }
}

#[test]
fn a_delay_that_the_record_does_not_have_is_not_dns() {
    let smtp = |delays: &str, described: &str| {
        format!(
            "Nov 21 03:12:05 mx postfix/smtp[9]: 4A: to=<a@fine.example>, relay=mx.fine.example[192.0.2.9]:25, delay=31, delays={delays}, dsn=2.0.0, status={described}"
        )
    };
    let lines = [
        smtp("0.1/0.01/30/0.9", "sent (greeting)"),
        smtp("0.1/30/0.1/0.9", "sent (queue)"),
        smtp("0.1/0.01/0.2/30", "sent (end of data)"),
        smtp("0.1/0.01/300/0", "deferred (connect to mx.fine.example[192.0.2.9]:25: Connection timed out)"),
        smtp("0.1/0.01/1/300", "deferred (conversation with mx.fine.example[192.0.2.9] timed out while sending message body)"),
        "Nov 21 03:12:05 mx postfix/smtpd[1]: timeout after DATA from mail.fine.example[192.0.2.9]".to_owned(),
        "2026-11-21 03:12:05 1abC => a@fine.example R=dnslookup T=remote_smtp H=mx.fine.example [192.0.2.9] C=\"250 OK\" QT=31s DT=30s".to_owned(),
        "2026-11-21 03:12:05 #12(normal) <abc>; task; log: ip: 192.0.2.9, from: <b@fine.example>, time: 8123.1ms, dns req: 40".to_owned(),
        "Nov 21 03:12:05 mx spamd[77]: spamd: result: . 0 - X scantime=12.5,rhost=192.0.2.9".to_owned(),
    ];
    for text in &lines {
        let described = settled(text, vec![message(0.02, CulpritKind::None, Outcome::Upstream)]).unwrap();
        assert_eq!(described.culprit.kind, CulpritKind::NotDns, "{text}");
        assert!(described.culprit.evidence.contains("waited 20 ms for DNS"), "{:?}", described.culprit);
        assert_eq!(described.line.as_ref(), Some(text));
    }
    // The mail was 30 s in the gateway before the queue manager took it. In this time, smtpd and content filters may have waited for DNS.
    let before = smtp("30/0.01/0.1/0.9", "sent (content filter)");
    let described = settled(&before, vec![message(0.02, CulpritKind::None, Outcome::Upstream)]).unwrap();
    assert_eq!(described.culprit.kind, CulpritKind::Unknown);
    assert!(described.culprit.advice.contains("lines with this queue id"), "{:?}", described.culprit);
    // The failed query took much less than the delay of thirty seconds, so it is only a further culprit.
    let failed = || message(0.02, CulpritKind::ListRefused, Outcome::Failed);
    let described = settled(&lines[0], vec![failed()]).unwrap();
    assert_eq!(
        (described.culprit.kind, described.also[0].kind),
        (CulpritKind::NotDns, CulpritKind::ListRefused)
    );
    assert!(described.culprit.advice.contains("greeted late"), "{:?}", described.culprit);
    // If the delay is short, or if no server accepted the connection, DNS is not blamed.
    let advice = |text: &str| {
        let message = message(0.02, CulpritKind::None, Outcome::Upstream);
        settled(text, vec![message]).unwrap().culprit.advice
    };
    let none =
        smtp("0.1/0.01/30/0", "deferred (connect to mx.fine.example[192.0.2.9]:25: Connection timed out)");
    let none = none.replace("relay=mx.fine.example[192.0.2.9]:25", "relay=none");
    assert!(advice(&none).starts_with("no server accepted the connection"));
    let rejected =
        smtp("0.1/0/0.4/0.4", "bounced (host mx.fine.example[192.0.2.9] said: 550 5.1.1 User unknown)");
    assert!(advice(&rejected).starts_with("nothing was slow"));
    let deferred = smtp(
        "3000/0.01/0.1/0",
        "deferred (Host or domain name not found. Name service error for name=fine.example)",
    );
    let slow = message(0.1, CulpritKind::ServerSilent, Outcome::Remembered);
    let described =
        settled(&deferred, vec![message(3.0, CulpritKind::None, Outcome::Upstream), slow]).unwrap();
    assert_eq!(described.culprit.kind, CulpritKind::ServerSilent);
    // A failure of DNS is the culprit even if the client paused for longer than the failed query took.
    let slept = || MessageReport { took: 6.0, ..message(0.02, CulpritKind::Client, Outcome::Failed) };
    for text in [&deferred, LINES[0].0, LINES[9].0] {
        let described = settled(text, vec![slept()]).unwrap();
        assert_ne!(described.culprit.kind, CulpritKind::NotDns, "{text}");
    }
    // The mail waited for DNS during most of its delay.
    let slow = message(29.0, CulpritKind::ServerSlow, Outcome::Upstream);
    assert_eq!(settled(&lines[0], vec![slow]).unwrap().culprit.kind, CulpritKind::ServerSlow);
    assert_eq!(settled(&lines[0], Vec::new()), None);
}

fn of_subject(message: MessageReport, name: &str, zone: &str) -> MessageReport {
    let own = QuestionReport {
        name: name.to_owned(),
        of_subject: true,
        outcome: Outcome::Failed,
        ..message.questions[0].clone()
    };
    let culprit = CulpritReport { zone: Some(zone.to_owned()), ..message.culprit.clone() };
    MessageReport { questions: vec![own], culprit, ..message }
}

#[test]
fn the_message_that_most_subjects_find_is_the_one_of_the_line() {
    let line = one(
        "Nov 21 03:12:05 mx postfix/smtpd[2]: NOQUEUE: reject: RCPT from mail.fine.example[192.0.2.9]: 554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using list.example; from=<a@fine.example>",
    );
    let own = message(0.02, CulpritKind::None, Outcome::Upstream);
    let other =
        MessageReport { began: NOW - 43.0, ..message(3.0, CulpritKind::ServerFailed, Outcome::Failed) };
    let described = settle_at_its_end(&line, vec![own.clone(), own.clone(), other, own]).unwrap();
    assert_eq!((described.began, described.culprit.kind), (NOW, CulpritKind::Unknown));
}

#[test]
fn a_line_that_blames_a_name_has_the_culprit_of_that_name() {
    for text in [
        "Nov 21 03:12:05 mx sendmail[99]: 0AL3C5: ruleset=check_mail, arg1=<a@broken.example>, relay=[192.0.2.9], reject=451 4.1.8 Domain of sender address a@broken.example does not resolve",
        "Nov 21 03:12:05 mx postfix/smtpd[2]: warning: hostname mail.broken.example does not resolve to address 192.0.2.9: Temporary failure in name resolution",
        "Nov 21 03:12:05 mx postfix/smtpd[123]: NOQUEUE: reject: RCPT from unknown[192.0.2.9]: 450 4.1.8 <bob@broken.example>: Sender address rejected: Domain not found; from=<bob@broken.example>",
    ] {
        let failed = || message(0.02, CulpritKind::ServerFailed, Outcome::Failed);
        let of_name = || of_subject(failed(), "broken.example.", "broken.example.");
        let of_address = || of_subject(failed(), "9.2.0.192.list.example.", "list.example.");
        for found in [vec![of_name(), of_address()], vec![of_address(), of_name()]] {
            let described = settled(text, found).unwrap();
            assert_eq!(described.culprit.zone.as_deref(), Some("broken.example."), "{text}");
        }
    }
}

#[test]
fn the_queries_of_a_line_that_is_written_at_the_end_came_before_its_delay() {
    let span = |text: &str| {
        let line = one(text);
        let ((from, to), at) = (line.span(120.0).unwrap(), line.at.unwrap());
        (at - from, to - at)
    };
    let smtp = "Nov 21 03:12:05 mx postfix/smtp[9]: 4A: to=<a@fine.example>, delay=601, delays=0.1/0.01/0.2/600, dsn=4.4.2, status=deferred (timed out)";
    assert_eq!(span(smtp), (722.0, -598.0));
    assert_eq!(
        span("Nov 21 03:12:05 mx postfix/smtpd[1]: timeout after DATA from mail.fine.example[192.0.2.9]"),
        (602.0, 2.0)
    );
    assert_eq!(
        span("Nov 21 03:12:05 mx postfix/smtpd[1]: connect from mail.fine.example[192.0.2.9]"),
        (122.0, 2.0)
    );
}

#[test]
fn a_retried_mail_has_the_culprit_of_its_last_try() {
    let line = one(
        "Nov 21 03:12:05 mx postfix/smtp[9]: 4A: to=<a@fine.example>, delay=3604, delays=3600/0.01/3.7/0.2, dsn=2.0.0, status=sent",
    );
    let described =
        settle_at_its_end(&line, vec![message(3.6, CulpritKind::ServerSlow, Outcome::Upstream)]).unwrap();
    assert_eq!(
        (described.culprit.kind, described.also[0].kind),
        (CulpritKind::ServerSlow, CulpritKind::NotDns)
    );
    assert!(described.also[0].advice.contains("earlier lines of its queue id"), "{:?}", described.also);
}

#[test]
fn a_retried_mail_of_sendmail_has_the_culprit_of_its_last_try() {
    let line = one(
        "Nov 21 03:12:05 mx sendmail[99]: 0AL3C5: to=<a@fine.example>, delay=00:30:06, xdelay=00:00:06, mailer=esmtp, relay=mx.fine.example. [192.0.2.9], dsn=2.0.0, stat=Sent (OK)",
    );
    let mut slow = message(5.4, CulpritKind::ServerSlow, Outcome::Upstream);
    slow.began -= 5.4;
    let described = settle_at_its_end(&line, vec![slow]).unwrap();
    assert_eq!(
        (described.culprit.kind, described.also[0].kind),
        (CulpritKind::ServerSlow, CulpritKind::NotDns)
    );
    assert!(
        described.also[0].evidence.ends_with("was 1806.0 s, and 6.0 s of it were in the last try"),
        "{described:?}"
    );
    let described =
        settle_at_its_end(&line, vec![message(0.4, CulpritKind::None, Outcome::Upstream)]).unwrap();
    assert_eq!(described.culprit.kind, CulpritKind::NotDns);
    assert!(described.culprit.advice.contains("deferred before"), "{:?}", described.culprit);
}

#[test]
fn a_time_that_does_not_exist_is_not_understood() {
    for time in ["2026-02-29 24:60:61", "2026-02-29T24:60:61"] {
        let line = one(&format!("{time} mx postfix/smtpd[1]: connect from mail.fine.example[192.0.2.9]"));
        assert_eq!((line.at, line.unread_time.as_deref()), (None, Some(time)));
    }
}

/// Returns for each shown message: the name of its first question, its culprit, and how many messages match the line (0 for a single one).
fn shown(text: &str, mut found: Vec<MessageReport>) -> Vec<(String, CulpritKind, u64)> {
    let line = one(text);
    let shift = line.end().unwrap() - NOW;
    found.iter_mut().for_each(|message| message.began += shift);
    let shown = settle(&line, found, &|began| began.to_string()).into_iter();
    shown.map(|one| (one.questions[0].name.clone(), one.culprit.kind, one.fitting)).collect()
}

#[test]
fn all_messages_that_fit_a_line_are_shown_and_the_one_with_a_cause_comes_first() {
    use CulpritKind::{None as Nothing, NotDns, ServerSlow};
    let of = |name: &str, kind: &str, began: f64, waited: f64, culprit: CulpritKind| {
        let mut report = MessageReport { began: NOW + began, ..message(waited, culprit, Outcome::Upstream) };
        (report.questions[0].name, report.questions[0].kind) = (name.to_owned(), kind.to_owned());
        report
    };
    let exim =
        "2026-11-21 03:12:05 1abC <= a@fine.example H=mail.host.example [192.0.2.9] P=esmtps S=9 RT=4.0s";
    let host = || of("9.2.0.192.in-addr.arpa.", "PTR", -3.9, 0.03, Nothing);
    let sender = |waited: f64, kind| of("fine.example.", "MX", -3.5, waited, kind);
    let (reverse, domain) = ("9.2.0.192.in-addr.arpa.".to_owned(), "fine.example.".to_owned());
    // Two messages (emails) match the line: one has the PTR query for the host, the other has the MX query for the sender.
    assert_eq!(
        shown(exim, vec![host(), sender(3.2, ServerSlow)]),
        [(domain, ServerSlow, 2), (reverse.clone(), Nothing, 2)]
    );
    let quick = shown(exim, vec![host(), sender(0.1, Nothing)]);
    assert_eq!((quick.len(), quick[0].1), (1, NotDns), "{quick:?}");
    // `other` is the query about the sender of another mail from the same host.
    let other = of("other.example.", "MX", -3.5, 3.2, ServerSlow);
    assert_eq!(shown(exim, vec![host(), other]), [(reverse, NotDns, 0)]);
    let qmgr =
        "Nov 21 03:12:05 mx postfix/qmgr[7]: 4A: from=<bob@fine.example>, size=9, nrcpt=1 (queue active)";
    let of_domain = |began: f64, waited: f64, kind| of("fine.example.", "MX", began, waited, kind);
    let both = shown(qmgr, vec![of_domain(-2.2, 0.9, ServerSlow), of_domain(-1.1, 0.03, Nothing)]);
    assert_eq!(both.iter().map(|one| one.1).collect::<Vec<_>>(), [ServerSlow, NotDns]);
    let queue = "2d1b568e1e4ce26a|inet4|mta||bob@sender.example|us@fine.example|us@fine.example|pending";
    let found = (0..5).map(|_| of("sender.example.", "MX", -90.0, 0.001, Nothing)).enumerate();
    let mut found: Vec<_> =
        found.map(|(place, one)| MessageReport { began: NOW - place as f64, ..one }).collect();
    found.push(of_domain(-60.0, 4.0, ServerSlow));
    let all = settle(&one(queue), found, &|began| began.to_string());
    assert_eq!((all[0].questions[0].name.as_str(), all[0].culprit.kind), ("fine.example.", ServerSlow));
    // A message (email) that ended long before the line is not shown if another one ended just before the line.
    let far = shown(qmgr, vec![of_domain(-20.0, 0.9, ServerSlow), of_domain(-1.1, 0.03, Nothing)]);
    assert_eq!(far.iter().map(|one| one.1).collect::<Vec<_>>(), [NotDns]);
}

#[test]
fn a_failed_query_for_a_shared_mail_host_is_a_doubt_also_if_host_and_sender_are_known() {
    let of = |name: &str, kind: &str| {
        let mut report = message(0.001, CulpritKind::None, Outcome::Upstream);
        (report.questions[0].name, report.questions[0].kind) = (name.to_owned(), kind.to_owned());
        report
    };
    let shared = PossibleWait {
        name: "mail.silent.example.".to_owned(),
        kind: "AAAA".to_owned(),
        list: None,
        elapsed: 4.0,
        failed: true,
        order: WaitOrder::After,
        gap: 0.0,
    };
    let recipient =
        MessageReport { began: NOW - 1.0, possible_waits: vec![shared], ..of("gone.example.", "MX") };
    let mut sender = of("sender.example.", "MX");
    sender.questions.extend(of("9.2.0.192.in-addr.arpa.", "PTR").questions);
    let line = "2d1b568e1e4ce26a|inet4|mta||bob@sender.example|us@gone.example|us@gone.example|1795948825|1795948825|0|1|pending|385|No MX found for domain";
    let shown = settle(&one(line), vec![sender, recipient], &|began| began.to_string());
    assert_eq!(shown[0].culprit.kind, CulpritKind::Unknown, "{shown:?}");
    assert!(shown[0].culprit.evidence.contains("mail.silent.example. AAAA"), "{shown:?}");
}

/// Exim writes words in capitals directly behind the time.
#[test]
fn a_word_in_capitals_behind_the_time_is_no_zone_of_time() {
    for (text, is_read) in [
        ("2026-11-21 03:12:05 SMTP command timeout on connection from mail.host.example [192.0.2.9]", true),
        ("2026-11-21 03:12:05 TLS error on connection from mail.host.example [192.0.2.9]", true),
        ("2026-11-21 03:12:05 CEST connection from mail.host.example [192.0.2.9]", false),
    ] {
        let line = one(text);
        assert_eq!((line.at.is_some(), line.unread_time.is_none()), (is_read, is_read), "{line:?}");
    }
}

#[test]
fn lines_of_programs_that_look_up_nothing_are_left_out_if_another_line_of_the_mail_has_a_delay() {
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
fn a_slow_query_that_took_most_of_a_short_delay_until_the_greeting_is_the_cause() {
    let line = "Nov 21 03:12:05.000 mx postfix/smtp[9]: 4A: to=<a@fine.example>, relay=mx.fine.example[192.0.2.9]:25, delay=0.97, delays=0.01/0/0.96/0, dsn=2.0.0, status=sent (250 Ok)";
    let found = |elapsed: f64| {
        let mut found = message(3.5, CulpritKind::ServerSlow, Outcome::Upstream);
        let host = QuestionReport { at: 2.5, elapsed, kind: "A".to_owned(), ..found.questions[0].clone() };
        found.questions.push(host);
        MessageReport { began: NOW - 3.5, ..found }
    };
    let kinds = |elapsed: f64| {
        let shown = settled(line, vec![found(elapsed)]).unwrap();
        (shown.culprit.kind, shown.also.len())
    };
    assert_eq!(kinds(0.952), (CulpritKind::ServerSlow, 0));
    assert_eq!(kinds(0.02), (CulpritKind::NotDns, 1));
}

#[test]
fn queries_of_earlier_mails_to_the_domain_are_not_shown_as_those_of_the_line() {
    let line = "Nov 21 03:12:05.000 mx postfix/smtp[9]: 4A: to=<a@fine.example>, relay=none, delay=4, delays=0/0/4/0, dsn=4.4.3, status=deferred (Host or domain name not found. Name service error for name=fine.example type=MX: Host not found, try again)";
    let question =
        |at: f64, found: &MessageReport| QuestionReport { at, elapsed: 4.0, ..found.questions[0].clone() };
    let found = message(4.0, CulpritKind::ServerSilent, Outcome::Failed);
    let questions =
        vec![question(0.0, &found), question(5.0, &found), question(16.0, &found), question(16.5, &found)];
    let found = MessageReport { began: NOW - 20.0, took: 20.5, waited: 12.5, questions, ..found };
    let shown = settled(line, vec![found.clone()]).unwrap();
    assert_eq!((shown.questions.len(), shown.began, shown.took, shown.waited), (2, NOW - 4.0, 4.5, 4.5));
    assert_eq!((shown.questions[0].at, shown.culprit.kind), (0.0, CulpritKind::ServerSilent));
    let connect = "Nov 21 03:12:05.000 mx postfix/smtpd[9]: connect from mail.fine.example[192.0.2.9]";
    assert_eq!(settled(connect, vec![found]).unwrap().questions.len(), 4);
}

#[test]
fn a_folded_reason_of_a_bounce_is_one_line() {
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

#[test]
fn the_page_begins_with_the_message_that_waited_longest() {
    let lines = read("from=<a@one.example>\nto=<b@two.example>\nto=<c@three.example>\n", NOW);
    let result = |place: usize, waited: f64, kind, is_best| {
        LineResult::new(
            &lines[place],
            MessageReport { waited, ..message(1.0, kind, Outcome::Upstream) },
            is_best,
        )
    };
    let results = [
        result(0, 0.2, CulpritKind::NotDns, true),
        result(0, 30.0, CulpritKind::ServerSilent, false),
        result(1, 9.0, CulpritKind::ServerSilent, true),
        result(2, 20.0, CulpritKind::Unknown, true),
    ];
    let waits: Vec<f64> = longest_wait_first(&results).iter().map(|message| message.waited).collect();
    assert_eq!(waits, [9.0, 0.2, 20.0, 30.0]);
}

#[test]
fn lines_with_one_queue_id_are_of_one_mail_and_begin_with_its_longest_wait() {
    let head = "Nov 21 03:12:05 mx postfix/";
    let text = format!(
        "{head}smtpd[7]: 4A1B2C: client=mail.one.example[192.0.2.7]\n{head}smtpd[8]: NOQUEUE: reject: RCPT from x.example[192.0.2.8]: 450\n\
         {head}qmgr[7]: 4A1B2C: from=<a@two.example>, size=1\n{head}smtp[9]: 4A1B2C: to=<b@three.example>, relay=none, delay=4, delays=3.8/0/0/0.2, status=sent (x)\n\
         {head}smtpd[8]: NOQUEUE: reject: RCPT from y.example[192.0.2.9]: 450"
    );
    let lines = read(&text, NOW);
    let entries: Vec<usize> = lines.iter().map(|line| line.entry).collect();
    assert_eq!(entries, [1, 2, 1, 1, 5]);
    let result = |place: usize, waited: f64, kind| {
        LineResult::new(
            &lines[place],
            MessageReport { waited, ..message(1.0, kind, Outcome::Upstream) },
            true,
        )
    };
    let results = vec![
        result(0, 0.2, CulpritKind::ListSilent),
        result(2, 3.6, CulpritKind::ServerSlow),
        result(3, 0.0, CulpritKind::Unknown),
        result(4, 9.0, CulpritKind::ServerSlow),
    ];
    let sorted = known_first(results).into_iter().map(|result| result.message.waited);
    assert_eq!(sorted.collect::<Vec<_>>(), [3.6, 0.2, 9.0]);
}
