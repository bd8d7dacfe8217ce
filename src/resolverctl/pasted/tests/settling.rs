//! Tests: which message (email) a line belongs to, and what the cause of its delay is.

use super::reading::LINES;
use super::*;
use explain::doubt::{PossibleWait, WaitOrder};

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
fn line_gets_report_of_its_mail() {
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

// Queries that waited longer than the delay of the line belong to several mails.
#[test]
fn waits_beyond_delay_are_several_mails() {
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
fn quick_mail_gets_not_dns_verdict() {
    let line = "Nov 21 03:12:05 mx postfix/smtpd[1]: connect from mail.fine.example[192.0.2.9]";
    for (waited, kind) in [(1.1, CulpritKind::None), (0.02, CulpritKind::NotDns)] {
        let described = settled(line, vec![message(waited, CulpritKind::None, Outcome::Upstream)]).unwrap();
        assert_eq!(described.culprit.kind, kind, "{waited} s");
    }
}

#[test]
fn unrecorded_delay_gets_not_dns_verdict() {
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

#[test]
fn message_of_most_subjects_wins() {
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
fn blamed_name_decides_culprit() {
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

// A line written at the end of a delivery is later than its queries.
#[test]
fn delivery_queries_precede_its_delay() {
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
fn retried_mail_shows_last_try() {
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
fn sendmail_retry_shows_last_try() {
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

/// Returns for each shown message: the name of its first question, its culprit, and how many messages match the line (0 for a single one).
fn shown(text: &str, mut found: Vec<MessageReport>) -> Vec<(String, CulpritKind, u64)> {
    let line = one(text);
    let shift = line.end().unwrap() - NOW;
    found.iter_mut().for_each(|message| message.began += shift);
    let shown = settle(&line, found, &|began| began.to_string()).into_iter();
    shown.map(|one| (one.questions[0].name.clone(), one.culprit.kind, one.fitting)).collect()
}

// All messages that fit the line are shown.
#[test]
fn message_with_cause_comes_first() {
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

// Another mail queried the same mail host, so the failed query may have delayed this one.
#[test]
fn shared_mail_host_failure_is_doubt() {
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

// It took most of the delay until the greeting of the mail host.
#[test]
fn slow_query_explains_short_delay() {
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
fn queries_of_earlier_mails_are_omitted() {
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
fn page_begins_with_longest_wait() {
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

// The lines of one mail begin with its longest wait.
#[test]
fn queue_id_joins_lines() {
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
    let shown = |slow: f64| {
        let results = vec![
            result(0, 0.2, CulpritKind::ListSilent),
            result(2, slow, CulpritKind::ServerSlow),
            result(3, 0.0, CulpritKind::Unknown),
            result(4, 9.0, CulpritKind::ServerSlow),
        ];
        known_first(results).into_iter().map(|result| result.message.waited).collect::<Vec<_>>()
    };
    assert_eq!(shown(3.6), [3.6, 0.2, 9.0]);
    assert_eq!(shown(0.3), [0.3, 0.2, 0.0, 9.0], "DNS does not explain the delay before the queue manager");
}

// The record has no query of this mail, so its delays decide.
#[test]
fn queryless_mail_shows_slow_phase() {
    let absent = MessageReport {
        culprit: CulpritReport::new(CulpritKind::Unknown, "no query".to_owned(), "advice"),
        ..MessageReport::default()
    };
    let judged = |relay: &str, delays: &str| {
        let line = format!(
            "Nov 21 03:12:05 mx postfix/smtp[9]: 4A: to=<a@our.example>, relay={relay}, delay=38, delays={delays}, dsn=2.0.0, status=sent (250 Ok)"
        );
        settle(&one(&line), vec![absent.clone()], &|began| began.to_string()).remove(0).culprit
    };
    for (delays, kind) in [
        ("0.1/0/0.1/37.8", CulpritKind::NotDns),
        ("0.1/37.8/0/0.1", CulpritKind::NotDns),
        ("0.1/0/37.8/0.1", CulpritKind::Unknown),
        ("37.8/0/0.1/0.1", CulpritKind::Unknown),
    ] {
        let culprit = judged("10.1.1.5[10.1.1.5]:25", delays);
        assert_eq!(culprit.kind, kind, "{delays}");
        assert!(culprit.evidence.contains("the delay was "), "{}", culprit.evidence);
    }
}

// A line without a delay is left out if another line of its mail shows more.
#[test]
fn uninformative_line_yields_to_culprit() {
    let read = |text: &str| read(text, NOW);
    let exim = read(
        "2026-11-21 03:12:05 1abCde-0003fG-Hi <= a@our.example H=mail.one.example [192.0.2.7]\n2026-11-21 03:12:09 1abCde-0003fG-Hi => b@two.example R=dnslookup QT=4s DT=1s\n",
    );
    let bounce = read(
        "Final-Recipient: rfc822; b@two.example\nDiagnostic-Code: X-Postfix; Host or domain name not found. Name service error for name=two.example type=A: Host not found\n",
    );
    for lines in [exim, bounce] {
        let kinds = |kinds: [CulpritKind; 2]| {
            let of = |(line, kind): (&PastedLine, CulpritKind)| {
                LineResult::new(line, message(1.0, kind, Outcome::Upstream), true)
            };
            let results = lines.iter().zip(kinds).map(of).collect();
            known_first(results).iter().map(|result| result.message.culprit.kind).collect::<Vec<_>>()
        };
        let quiet = lines.iter().position(|line| !line.is_telling()).unwrap();
        assert_eq!((quiet, lines.len(), lines[0].entry), (0, 2, lines[1].entry), "{lines:?}");
        assert_eq!(kinds([CulpritKind::NotDns, CulpritKind::ServerSlow]), [CulpritKind::ServerSlow]);
        assert_eq!(kinds([CulpritKind::NotDns, CulpritKind::NotDns]), [CulpritKind::NotDns]);
        assert_eq!(kinds([CulpritKind::ServerSlow, CulpritKind::NotDns]).len(), 2);
    }
}

/// smtpd had asked for the domain three seconds before Postfix delivered, and the answer was still in the cache of the client.
#[test]
fn denial_before_bounce_is_cause() {
    let line = "Nov 21 03:12:05 mx postfix/smtp[9]: 4A: to=<a@fine.example>, relay=none, delay=0.1, delays=0.1/0/0/0, dsn=5.4.4, status=bounced (Host or domain name not found. Name service error for name=fine.example type=A: Host not found)";
    let denied = |before: f64, result: DnsResult| {
        let mut message = message(0.02, CulpritKind::None, Outcome::Upstream);
        message.began -= before;
        message.questions[0].of_subject = true;
        (message.questions[0].kind, message.questions[0].result) = ("A".to_owned(), result);
        settled(line, vec![message]).unwrap().culprit.kind
    };
    assert_eq!(denied(0.0, DnsResult::NoName), CulpritKind::Answer);
    assert_eq!(denied(3.0, DnsResult::NoName), CulpritKind::Answer);
    assert_eq!(denied(3.0, DnsResult::Answer), CulpritKind::Unknown);
    assert_eq!(denied(900.0, DnsResult::NoName), CulpritKind::Unknown);
}

/// The program of the line has a resolv.conf of its own in a chroot, so resolverd has no query of its mail.
#[test]
fn mail_not_asked_here_checks_system() {
    let line = "Nov 21 03:12:05 mx postfix/smtp[9]: 4A: to=<a@fine.example>, relay=none, delay=4, delays=0/0/4/0, dsn=4.4.3, status=deferred (Host or domain name not found. Name service error for name=fine.example type=MX: Host not found, try again)";
    let absent = |resolved: f64| MessageReport {
        history: Some(HistoryReach { resolved: Some(resolved), ..HistoryReach::default() }),
        culprit: CulpritReport {
            evidence: "evidence".to_owned(),
            advice: "advice".to_owned(),
            ..message(0.0, CulpritKind::Unknown, Outcome::Upstream).culprit
        },
        ..MessageReport::default()
    };
    let culprit = settle(&one(line), vec![absent(0.0)], &|_| String::new()).remove(0).culprit;
    assert!(culprit.evidence.starts_with("nothing of this mail was asked here: "), "{culprit:?}");
    assert!(culprit.advice.starts_with("run `resolverctl check system`"), "{culprit:?}");
    // The history begins after the line, so nobody knows.
    let culprit = settle(&one(line), vec![absent(NOW)], &|_| String::new()).remove(0).culprit;
    assert!(culprit.evidence.starts_with("evidence"), "{culprit:?}");
}
