use super::tests::{message, settled};
use crate::question::Outcome;
use crate::record::culprit::CulpritKind;
use crate::record::doubt::{PossibleWait, WaitOrder};
use crate::record::why::MessageReport;

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
