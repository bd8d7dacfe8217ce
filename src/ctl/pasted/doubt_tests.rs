use super::read;
use super::tests::{NOW, message, settled};
use dns::question::Outcome;
use history::culprit::CulpritKind;
use history::doubt::{PossibleWait, WaitOrder};
use history::why::{HistoryReach, MessageReport, QuestionReport};

#[test]
fn a_possible_wait_counts_if_it_fits_the_delay_of_the_line() {
    let wait = |elapsed: f64| PossibleWait {
        name: "7.2.0.192.list.test.".to_owned(),
        kind: "A".to_owned(),
        list: Some("list.test.".to_owned()),
        elapsed,
        failed: false,
        order: WaitOrder::Before,
        gap: 0.004,
    };
    let line = |delay: f64| {
        format!(
            "Nov 21 03:12:05 mx postfix/smtp[9]: 4AB: to=<a@fine.example>, relay=mx[192.0.2.1]:25, delay=9, delays=0.1/0/{delay}/0.1, dsn=2.0.0, status=sent (ok)"
        )
    };
    let told = |line: &str, waits: &[f64], (left_out, name): (u64, &str)| {
        let mut message = message(0.003, CulpritKind::Unknown, Outcome::Upstream);
        message.possible_waits = waits.iter().map(|elapsed| wait(*elapsed)).collect();
        message.possible_waits_left_out = left_out;
        message.questions[0].name = name.to_owned();
        settled(line, vec![message]).unwrap().culprit
    };
    let sender = (0, "fine.example.");
    for (case, delay, waits, of, kind) in [
        ("most of the delay", 2.0, &[1.2][..], sender, CulpritKind::Unknown),
        ("a small part of it", 3.0, &[1.2], sender, CulpritKind::NotDns),
        ("longer than the delay", 0.3, &[1.2], sender, CulpritKind::NotDns),
        ("no delay before the transmission", 0.004, &[0.001], sender, CulpritKind::NotDns),
        ("one of two", 2.0, &[5.0, 1.2], sender, CulpritKind::Unknown),
        ("none of those that are told", 2.0, &[5.0], sender, CulpritKind::NotDns),
        ("perhaps one that is not told", 12.0, &[5.0], (9, "fine.example."), CulpritKind::Unknown),
    ] {
        assert_eq!(told(&line(delay), waits, of).kind, kind, "{case}");
    }
    let of_client =
        "2026-11-21 03:12:05 #12(normal) <abc>; task; log: ip: 192.0.2.1, time: 2000.1ms, dns req: 20";
    let known = told(of_client, &[1.2], (0, "1.2.0.192.in-addr.arpa."));
    assert_eq!(known.kind, CulpritKind::NotDns, "the first part is known");
    let evidence = told(&line(2.0), &[5.0, 1.2], sender).evidence;
    assert!(
        evidence.ends_with(
            "ended 4 ms before: 7.2.0.192.list.test. A (list list.test., 1.2 s); it may belong to this mail"
        ),
        "{evidence}"
    );
    let evidence = told(&line(12.0), &[5.0], (9, "fine.example.")).evidence;
    assert!(evidence.contains("too many other queries"), "{evidence}");
}

/// A message of 192.0.2.1 that was quick, with a failed query of the same client behind it.
fn before_a_failure() -> MessageReport {
    let mut message = message(0.003, CulpritKind::Unknown, Outcome::Upstream);
    message.questions[0].name = "1.2.0.192.in-addr.arpa.".to_owned();
    message.possible_waits = vec![PossibleWait {
        name: "refused.example.".to_owned(),
        kind: "MX".to_owned(),
        list: None,
        elapsed: 0.001,
        failed: true,
        order: WaitOrder::After,
        gap: 0.002,
    }];
    message
}

#[test]
fn a_query_that_failed_behind_the_host_of_a_line_is_a_doubt_if_the_line_has_no_delay() {
    for (text, kind) in [
        (
            "Nov 21 03:12:05 mx postfix/postscreen[7]: NOQUEUE: reject: RCPT from [192.0.2.1]:4711: 450 4.3.2 Service currently unavailable",
            CulpritKind::Unknown,
        ),
        (
            "Nov 21 03:12:05 mx postfix/smtpd[7]: NOQUEUE: reject: RCPT from x[192.0.2.1]: 450 4.1.8 Domain not found; delay=9",
            CulpritKind::Unknown,
        ),
        (
            "2026-11-21 03:12:05 #12(normal) <abc>; task; log: ip: 192.0.2.1, time: 9000.1ms, dns req: 20",
            CulpritKind::NotDns,
        ),
    ] {
        assert_eq!(settled(text, vec![before_a_failure()]).unwrap().culprit.kind, kind, "{text}");
    }
    // A wait before it is not that of its mail.
    let mut before = before_a_failure();
    before.possible_waits[0].order = WaitOrder::Before;
    let line =
        "Nov 21 03:12:05 mx postfix/postscreen[7]: NOQUEUE: reject: RCPT from [192.0.2.1]:4711: 450 4.3.2";
    assert_eq!(settled(line, vec![before]).unwrap().culprit.kind, CulpritKind::NotDns);
}

/// A message with queries for names, which `subjects` subjects of a line have found. It took `took` seconds.
fn of_names(
    names: &[&str],
    (began, took): (f64, f64),
    kind: CulpritKind,
    subjects: usize,
) -> Vec<MessageReport> {
    let mut report = message(took, kind, Outcome::Upstream);
    report.began += began;
    let question = report.questions.remove(0);
    let named = |name: &&str| {
        let kind = if *name == OF_SENDER[0] { "MX" } else { "A" };
        QuestionReport {
            name: (*name).to_owned(),
            kind: kind.to_owned(),
            of_subject: true,
            ..question.clone()
        }
    };
    report.questions = names.iter().map(named).collect();
    report.culprit.zone = Some("sender.example.".to_owned());
    vec![report; subjects]
}

/// Lines of one mail of `sender.example` from 192.0.2.7, which tell no delay.
const LINES_OF_A_MAIL: [&str; 6] = [
    "2026-11-21 03:12:05 1vOaBc-0000Tu-2X <= bob@sender.example H=mail.sender.example [192.0.2.7] P=esmtps S=1834 id=1@sender.example",
    "Nov 21 03:12:05 mx postfix/smtpd[2]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.2.0 <anna@x1.example>: Recipient address rejected: Greylisted; from=<bob@sender.example> to=<anna@x1.example> proto=ESMTP helo=<mail.sender.example>",
    "Nov 21 03:12:05 mx postfix/cleanup[2]: 4XyZ1: milter-reject: END-OF-MESSAGE from unknown[192.0.2.7]: 4.7.1 Service unavailable; from=<bob@sender.example> to=<anna@x1.example> proto=ESMTP helo=<mail.sender.example>",
    "Nov 21 03:12:05 mx postfix/smtpd[2]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.1.8 <bob@sender.example>: Sender address rejected: Domain not found; from=<bob@sender.example> to=<anna@x1.example> proto=ESMTP helo=<mail.sender.example>",
    "Nov 21 03:12:05 mx postfix/smtpd[2]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.7]; from=<bob@sender.example> to=<anna@x1.example> proto=ESMTP helo=<mail.sender.example>",
    "Nov 21 03:12:05 mx sm-mta[2]: 5AQC1: from=<bob@sender.example>, size=1834, class=0, nrcpts=1, relay=mail.sender.example [192.0.2.7] (may be forged)",
];

/// The queries of a mail about its host, and those about its sender.
const OF_HOST: [&str; 2] = ["7.2.0.192.in-addr.arpa.", "mail.sender.example."];
const OF_SENDER: [&str; 1] = ["sender.example."];
const OF_BOTH: [&str; 3] = [OF_HOST[0], OF_HOST[1], OF_SENDER[0]];

#[test]
fn an_older_mail_with_all_names_of_a_line_is_not_its_mail_if_the_parts_of_a_nearer_one_have_them_too() {
    use CulpritKind::{None as Nothing, ServerSlow};
    for age in [-26.0, -100.0] {
        for text in LINES_OF_A_MAIL {
            let parts = [
                of_names(&OF_BOTH, (age, 0.1), Nothing, 3),
                of_names(&OF_HOST, (-3.7, 0.01), Nothing, 2),
                of_names(&OF_SENDER, (-3.6, 3.5), ServerSlow, 1),
            ];
            let found = parts.iter().flatten().cloned().collect();
            assert_eq!(settled(text, found).unwrap().culprit.kind, ServerSlow, "{age} {text}");
            let found = parts.iter().rev().flatten().cloned().collect();
            assert_eq!(settled(text, found).unwrap().culprit.kind, ServerSlow, "{age} {text}");
        }
    }
}

#[test]
fn an_older_mail_with_more_names_of_a_line_than_a_nearer_one_is_not_certainly_its_mail() {
    use CulpritKind::{Network, None as Nothing, NotDns, ServerSlow, Unknown};
    let line = LINES_OF_A_MAIL[0];
    let told = |older: CulpritKind, nearer: CulpritKind, age: f64| {
        let older = of_names(&OF_BOTH, (age, 0.9), older, 3);
        let nearer = of_names(&OF_HOST, (-0.9, 0.9), nearer, 2);
        settled(line, older.into_iter().chain(nearer).collect()).unwrap().culprit.kind
    };
    assert_eq!(told(Nothing, Nothing, -26.0), NotDns);
    assert_eq!(told(ServerSlow, Nothing, -26.0), Unknown);
    assert_eq!(told(Nothing, ServerSlow, -26.0), Unknown);
    // Just before the line it is, whatever its host has begun since.
    assert_eq!(told(ServerSlow, Nothing, -2.5), ServerSlow);
    let connect = "Nov 21 03:12:05 mx postfix/smtpd[2]: connect from mail.sender.example[192.0.2.7]";
    let outage = of_names(&OF_HOST, (-110.0, 16.0), Network, 2);
    let found = outage.into_iter().chain(of_names(&OF_HOST[..1], (0.2, 0.01), Nothing, 1)).collect();
    assert_eq!(settled(connect, found).unwrap().culprit.kind, NotDns);
}

#[test]
fn a_message_of_the_disk_is_that_of_a_line_only_if_it_is_of_its_time_and_was_slow() {
    use CulpritKind::{Client, Network, None as Nothing, NotDns, Unknown};
    let told = |text: &str, (began, took): (f64, f64), kind: CulpritKind| {
        let mut found = of_names(&OF_BOTH, (began, took), kind, 3);
        found.iter_mut().for_each(|message| message.of_disk = true);
        settled(text, found).unwrap().culprit
    };
    let of_host =
        |words: &str| format!("Nov 21 03:12:05 mx postfix/smtpd[2]: {words} mail.sender.example[192.0.2.7]");
    let delayed = "Nov 21 03:12:05 mx postfix/smtp[9]: 4A: to=<a@sender.example>, relay=mail.sender.example[192.0.2.7]:25, delay=31, delays=0.1/0.01/30/0.9, dsn=2.0.0, status=sent (ok)";
    for (text, time, kind, expected) in [
        (of_host("disconnect from"), (-44.0, 16.0), Network, Unknown),
        (of_host("disconnect from"), (-369.0, 16.0), Network, Unknown),
        (of_host("disconnect from"), (-16.5, 16.0), Network, Network),
        (of_host("connect from"), (-44.0, 16.0), Network, Unknown),
        (of_host("connect from"), (-25.0, 2.0), Network, Unknown),
        (of_host("connect from"), (-2.5, 2.0), Network, Network),
        (of_host("connect from"), (-3.5, 3.0), Client, Client),
        (LINES_OF_A_MAIL[5].to_owned(), (-1.2, 0.0), Nothing, Unknown),
        (LINES_OF_A_MAIL[0].to_owned(), (-26.0, 2.0), Network, Unknown),
        // Slow queries are on the disk, and these took a part of the delay only.
        (delayed.to_owned(), (-29.0, 1.5), Network, NotDns),
    ] {
        let culprit = told(&text, time, kind);
        assert_eq!(culprit.kind, expected, "{text} {time:?}: {culprit:?}");
        assert!(culprit.kind != Unknown || culprit.evidence.contains("disk"), "{culprit:?}");
    }
}

#[test]
fn a_short_delay_of_which_dns_was_most_keeps_its_cause() {
    let told = |delay: &str, waited: f64, kind: CulpritKind| {
        let line = format!(
            "Nov 21 03:12:05 mx postfix/smtp[9]: 4AB: to=<a@fine.example>, relay=mx[192.0.2.1]:25, {delay}, dsn=2.0.0, status=sent (ok)"
        );
        settled(&line, vec![message(waited, kind, Outcome::Upstream)]).unwrap().culprit.kind
    };
    let short = "delay=0.82, delays=0.02/0.01/0.74/0.05";
    assert_eq!(told(short, 0.7, CulpritKind::ServerSlow), CulpritKind::ServerSlow);
    assert_eq!(told(short, 0.7, CulpritKind::None), CulpritKind::None);
    assert_eq!(told(short, 0.1, CulpritKind::None), CulpritKind::NotDns);
    assert_eq!(told(short, 3.0, CulpritKind::ServerSlow), CulpritKind::NotDns, "it is of another mail");
    let sending = "delay=31, delays=0.02/0.01/0.74/30";
    assert_eq!(told(sending, 0.7, CulpritKind::None), CulpritKind::NotDns);
}

#[test]
fn a_line_of_whose_names_there_is_no_query_says_so_if_the_history_reaches_back() {
    let mailbox = "Nov 21 03:12:05 mx postfix/lmtp[9]: 4AB: to=<us@our.example>, relay=mx[private/lmtp], delay=9, delays=9/0/0/0, dsn=2.0.0, status=sent (ok)";
    let advice = |before: f64| {
        let mut absent = message(0.0, CulpritKind::Unknown, Outcome::Upstream);
        absent.questions.clear();
        absent.history_begin = Some(0.0);
        let line = super::read(mailbox, super::tests::NOW).remove(0);
        let resolved = line.at.map(|at| at - before);
        absent.history = Some(HistoryReach { resolved, cache: None, disk: None, slow: None, cut: None });
        super::settle(&line, vec![absent], &|began| began.to_string()).unwrap().culprit.advice
    };
    assert!(advice(60.0).contains("nobody queried resolverd for our.example"), "{}", advice(60.0));
    assert_eq!(advice(5.0), "advice");
}

#[test]
fn of_a_line_with_a_delay_the_wait_is_told_before_a_list_that_failed_at_once() {
    let line = "2026-11-21 03:12:05 #12(normal) <abc>; task; rspamd_task_write_log: ip: 192.0.2.1, from: <a@fine.example>, time: 720.1ms, dns req: 20";
    let mut of_address = message(0.84, CulpritKind::ServerFailed, Outcome::Upstream);
    of_address.questions[0].elapsed = 0.7;
    let of_domain = MessageReport {
        culprit: message(0.84, CulpritKind::ListSlow, Outcome::Upstream).culprit,
        ..of_address.clone()
    };
    for found in [vec![of_address.clone(), of_domain.clone()], vec![of_domain, of_address]] {
        assert_eq!(settled(line, found).unwrap().culprit.kind, CulpritKind::ListSlow);
    }
}

#[test]
fn within_a_time_of_which_the_disk_has_all_a_message_is_that_of_a_line_as_in_memory() {
    use CulpritKind::{Client, None as Nothing, NotDns, Unknown};
    let disconnect =
        "Nov 21 03:12:05 mx postfix/smtpd[2]: disconnect from mail.sender.example[192.0.2.7] ehlo=1 quit=1";
    let line = read(disconnect, NOW).remove(0);
    let told = |began: f64, until: Option<f64>, kind: CulpritKind| {
        let mut found = of_names(&OF_BOTH, (began, 1.6), kind, 3);
        for message in &mut found {
            (message.of_disk, message.whole_until) = (true, until.map(|until| line.at.unwrap() + until));
        }
        settled(disconnect, found).unwrap().culprit.kind
    };
    for (until, of_waiting, of_quick) in
        [(None, Unknown, Unknown), (Some(-1.0), Unknown, Unknown), (Some(1.0), Client, NotDns)]
    {
        assert_eq!(told(-5.0, until, Client), of_waiting, "{until:?}");
        assert_eq!(told(-5.0, until, Nothing), of_quick, "{until:?}");
    }
}

#[test]
fn a_message_of_the_disk_does_not_show_that_a_short_delay_was_not_dns() {
    let line = "2026-11-21 03:12:05 #12(normal) <abc>; task; rspamd_task_write_log: ip: 192.0.2.1, from: <a@fine.example>, time: 412.7ms, dns req: 20";
    let told = |of_disk: bool| {
        let found = MessageReport { of_disk, ..message(0.001, CulpritKind::None, Outcome::Cache) };
        settled(line, vec![found]).unwrap().culprit.kind
    };
    assert_eq!((told(false), told(true)), (CulpritKind::NotDns, CulpritKind::Unknown));
    // The line tells itself where its delay was.
    let sending = "Nov 21 03:12:05 mx postfix/smtp[9]: 4AB: to=<a@fine.example>, relay=mx[192.0.2.1]:25, delay=31, delays=0.02/0.01/0.1/30, dsn=2.0.0, status=sent (ok)";
    for (is_cut, expected) in [(false, CulpritKind::NotDns), (true, CulpritKind::Unknown)] {
        let found = message(0.001, CulpritKind::None, Outcome::Cache);
        let found = MessageReport { of_disk: true, is_cut, ..found };
        assert_eq!(
            settled(sending, vec![found]).unwrap().culprit.kind,
            expected,
            "the process crashed: {is_cut}"
        );
    }
}

#[test]
fn of_two_messages_of_a_line_with_a_short_delay_the_one_that_waited_for_most_of_it_is_told() {
    let line = "2026-11-21 03:12:05 #12(normal) <abc>; task; rspamd_task_write_log: ip: 192.0.2.1, from: <a@fine.example>, time: 720.1ms, dns req: 20";
    let quick = message(0.08, CulpritKind::ServerFailed, Outcome::Upstream);
    let mut slow = message(0.7, CulpritKind::ListSlow, Outcome::Upstream);
    slow.began -= 0.1;
    for found in [vec![quick.clone(), slow.clone()], vec![slow, quick]] {
        assert_eq!(settled(line, found).unwrap().culprit.kind, CulpritKind::ListSlow);
    }
}
