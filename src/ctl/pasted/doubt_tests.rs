use super::tests::{message, settled};
use crate::question::Outcome;
use crate::record::culprit::CulpritKind;
use crate::record::doubt::{PossibleWait, WaitOrder};

#[test]
fn a_possible_wait_counts_if_it_fits_the_delay_of_the_line() {
    let wait = |elapsed: f64| PossibleWait {
        name: "7.2.0.192.list.test.".to_owned(),
        kind: "A".to_owned(),
        list: Some("list.test.".to_owned()),
        elapsed,
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
    let (sender, address) = ((0, "fine.example."), (0, "1.2.0.192.in-addr.arpa."));
    for (case, delay, waits, of, kind) in [
        ("most of the delay", 2.0, &[1.2][..], sender, CulpritKind::Unknown),
        ("a small part of it", 3.0, &[1.2], sender, CulpritKind::NotDns),
        ("longer than the delay", 0.3, &[1.2], sender, CulpritKind::NotDns),
        ("one of two", 2.0, &[5.0, 1.2], sender, CulpritKind::Unknown),
        ("none of those that are told", 2.0, &[5.0], sender, CulpritKind::NotDns),
        ("perhaps one that is not told", 12.0, &[5.0], (9, "fine.example."), CulpritKind::Unknown),
        ("the first part is known", 2.0, &[1.2], address, CulpritKind::NotDns),
    ] {
        assert_eq!(told(&line(delay), waits, of).kind, kind, "{case}");
    }
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
