//! Cases of findings over time.

use super::*;

const HOUR: u64 = 3_600;

/// A check with these findings.
fn told(codes: &[Code]) -> CheckEnd {
    CheckEnd::Told(
        codes.iter().map(|code| Finding::new(*code, format!("as {}", code.entry().word))).collect(),
    )
}

fn lost() -> CheckEnd {
    CheckEnd::CouldNotTell("no server on the internet answers this host".to_owned())
}

/// The changes by a check in each hour: the hour, what, the code, since.
fn changes(checks: Vec<CheckEnd>) -> Vec<(u64, ChangeKind, Code, u64)> {
    let mut history = DomainHistory::default();
    let mut all = Vec::new();
    for (hour, end) in (0..).zip(checks) {
        for change in history.take(end, hour * HOUR, Confirmation::Twice) {
            assert_eq!(change.at, hour * HOUR);
            all.push((hour, change.change, change.code, change.since / HOUR));
        }
    }
    all
}

#[test]
fn a_finding_comes_and_goes_when_two_checks_say_so() {
    let old = Code::SerialDiffers;
    let checks = vec![
        told(&[]),
        told(&[old]),
        told(&[old]),
        told(&[old]),
        told(&[]),
        told(&[]),
        told(&[]),
        told(&[old]),
    ];
    assert_eq!(changes(checks), [(2, ChangeKind::Came, old, 1), (6, ChangeKind::Went, old, 1)]);
}

#[test]
fn a_finding_that_flaps_has_one_line() {
    let old = Code::SerialDiffers;
    let flaps = |first: &[Code]| (0..20).map(|turn| told(if turn % 2 == 0 { first } else { &[] })).collect();
    assert_eq!(changes(flaps(&[old])), [(2, ChangeKind::Came, old, 0)], "two checks of three have seen it");
    let seldom =
        (0..20).map(|turn| told(if turn % 3 == 0 { std::slice::from_ref(&old) } else { &[] })).collect();
    assert!(changes(seldom).is_empty());
    let checks = [vec![told(&[old]), told(&[old])], flaps(&[old])].concat();
    assert_eq!(changes(checks), [(1, ChangeKind::Came, old, 0)]);
}

#[test]
fn a_check_that_could_not_tell_changes_nothing() {
    let silent = Code::NsSilent;
    let between = [told(&[silent]), lost(), told(&[silent]), told(&[]), lost(), told(&[]), lost(), told(&[])];
    assert_eq!(
        changes(between.to_vec()),
        [(2, ChangeKind::Came, silent, 0), (7, ChangeKind::Went, silent, 0)]
    );
    let mut history = DomainHistory::default();
    history.take(told(&[silent]), 7, Confirmation::Twice);
    history.take(lost(), 9, Confirmation::Twice);
    assert_eq!((history.checked, history.untold.is_some()), (Some(7), true));
}

#[test]
fn what_a_check_cannot_see_does_not_go() {
    // Of the first finding nothing is known while the second is there.
    let cases = [
        (Code::SpfLookups, Code::PolicyUnknown, true),
        (Code::SpfLookups, Code::ListsUnknown, false),
        (Code::PtrMissing, Code::MailUnknown, true),
        (Code::NsSilent, Code::MailUnknown, false),
        (Code::NsSilent, Code::DnssecBogus, true),
        (Code::MxIsAddress, Code::DomainMissing, true),
        (Code::MxIsAddress, Code::NsNoneAnswers, true),
        (Code::MxIsAddress, Code::NsLame, false),
        // It is over when it is told.
        (Code::PointerUnknown, Code::PointerOk, false),
        (Code::SmtpUnknown, Code::MailUnknown, false),
    ];
    for (finding, other, stays) in cases {
        let others = || (0..3).map(|_| told(&[other]));
        let checks = [told(&[finding]), told(&[finding])].into_iter().chain(others()).collect();
        let went = changes(checks).contains(&(4, ChangeKind::Went, finding, 0));
        assert_eq!(went, !stays, "{} beside {}", finding.entry().word, other.entry().word);
    }
}

#[test]
fn another_level_is_another_finding_and_equal_ones_are_joined() {
    let mut history = DomainHistory::default();
    let at = |level| Finding::new(Code::NsSilent, "192.0.2.1").at(level);
    let one = || CheckEnd::Told(vec![at(Level::Warning), Finding::new(Code::NsSilent, "192.0.2.2")]);
    let came = history.take(one(), 1, Confirmation::Once);
    assert_eq!(came[0].evidence, "192.0.2.1; 192.0.2.2");
    let worse = history.take(CheckEnd::Told(vec![at(Level::Failure)]), 2, Confirmation::Once);
    let words: Vec<_> = worse.iter().map(|change| (change.change, change.level)).collect();
    assert_eq!(words, [(ChangeKind::Came, Level::Failure), (ChangeKind::Went, Level::Warning)]);
    assert_eq!(history.findings.len(), 1);
}

#[test]
fn the_history_is_bounded() {
    let mut history = DomainHistory::default();
    let all: Vec<Finding> = Code::ALL
        .iter()
        .map(|code| Finding::new(*code, "\u{1f98a}".repeat(9_000)).at(Level::Warning))
        .collect();
    for turn in 0..200 {
        let findings = if turn % 2 == 0 { all.clone() } else { Vec::new() };
        history.take(CheckEnd::Told(findings), turn, Confirmation::Once);
    }
    history.take(CheckEnd::Told(all), 200, Confirmation::Once);
    assert_eq!((history.findings.len(), history.changes.len()), (MAX_WATCH_FINDINGS, MAX_WATCH_CHANGES));
    let most = serde_json::to_vec(&history).unwrap().len() * crate::limits::MAX_WATCHED;
    assert!((most as u64) < crate::limits::MAX_WATCH_FILE, "{most}");
}

#[test]
fn a_finding_is_hidden_only_by_what_could_hide_it() {
    let cases = [
        // SPF and DMARC need no mail host; of policies, only the own name counts.
        (
            Code::SpfMultiple,
            "v=spf1 -all; v=spf1 mx -all",
            Code::MailUnknown,
            "m9.a.test. was not looked up",
            false,
        ),
        (Code::DmarcSyntax, "_dmarc.a.test.", Code::PolicyUnknown, "a.test. TXT: SERVFAIL", false),
        (Code::DmarcSyntax, "_dmarc.a.test.", Code::PolicyUnknown, "_dmarc.a.test. TXT: SERVFAIL", true),
        (Code::SpfMultiple, "v=spf1 -all", Code::PolicyUnknown, "_dmarc.a.test. TXT: SERVFAIL", false),
        (Code::SpfMultiple, "v=spf1 -all", Code::PolicyUnknown, "a.test. TXT: SERVFAIL", true),
        // The list that answers is believed.
        (Code::Listed, "a.test in bl.a. (spam)", Code::ListsUnknown, "bl.b. about a.test: no answer", false),
        (Code::Listed, "a.test in bl.a. (spam)", Code::ListsUnknown, "bl.a. about a.test: no answer", true),
        (
            Code::Listed,
            "a.test in bl.a. (spam)",
            Code::ListsUnknown,
            "a.test: the lists were not asked",
            true,
        ),
        (Code::Listed, "a.test in bl.a. (spam)", Code::MailUnknown, "m9.a.test. was not looked up", false),
        // The MX records were read, or not.
        (Code::MxIsAddress, "a.test. MX 10 192.0.2.1.", Code::MailUnknown, "m9.a.test.: SERVFAIL", false),
        (Code::MxIsAddress, "a.test. MX 10 192.0.2.1.", Code::MailUnknown, "a.test. MX: SERVFAIL", true),
        (Code::MxWithoutAddress, "m1.a.test.", Code::MailUnknown, "m9.a.test.: SERVFAIL", false),
        (Code::MxWithoutAddress, "m1.a.test., m9.a.test.", Code::MailUnknown, "m9.a.test.: SERVFAIL", true),
        (Code::PtrMissing, "192.0.2.1", Code::PointerUnknown, "PTR of 192.0.2.9: SERVFAIL", false),
        (Code::PtrMissing, "192.0.2.1", Code::PointerUnknown, "PTR of 192.0.2.1: SERVFAIL", true),
        (Code::PtrMissing, "192.0.2.1", Code::MailUnknown, "m9.a.test.: SERVFAIL", true),
    ];
    for (code, evidence, unknown, why, stays) in cases {
        let mut history = DomainHistory::default();
        let mut take = |code, text: &str, hour: u64| {
            let end = CheckEnd::Told(vec![Finding::new(code, text)]);
            history.take(end, hour * HOUR, Confirmation::Twice);
            (history.findings.iter().any(|finding| finding.code == code), history.clone())
        };
        (0..2).for_each(|hour| assert!(take(code, evidence, hour).0));
        (2..5).for_each(|hour| assert!(take(unknown, why, hour).0));
        let is_there = history.findings.iter().find(|finding| finding.code == code);
        assert_eq!(is_there.map(|finding| finding.unseen), stays.then_some(true), "{code:?} {why}");
        assert!(!history.is_unsure(), "it goes on at its interval: {code:?} {why}");
    }
}

#[test]
fn a_pointer_that_was_confirmed_goes_beside_a_host_that_was_not_looked_up() {
    let mut history = DomainHistory::default();
    let missing = || CheckEnd::Told(vec![Finding::new(Code::PtrMissing, "192.0.2.1")]);
    let repaired = || {
        let unknown = Finding::new(Code::MailUnknown, "m9.a.test.: SERVFAIL");
        CheckEnd::Told(vec![unknown, Finding::new(Code::PointerOk, "192.0.2.1 (m1.a.test.)")])
    };
    for (hour, end) in (0..).zip([missing(), missing(), repaired(), repaired(), repaired()]) {
        history.take(end, hour, Confirmation::Twice);
    }
    assert!(history.findings.iter().all(|finding| finding.code != Code::PtrMissing));
}

#[test]
fn checks_that_tell_nothing_for_an_hour_have_one_line_and_another_when_it_is_over() {
    let mut history = DomainHistory::default();
    let minute = 60;
    let mut lines = Vec::new();
    for turn in 0..20 {
        let now = 1_800_000_000 + turn * 10 * minute;
        let end = if (1..15).contains(&turn) { lost() } else { told(&[]) };
        history.take(end, now, Confirmation::Twice);
        // The daemon has restarted since.
        history = serde_json::from_slice(&serde_json::to_vec(&history).unwrap()).unwrap();
        lines.extend(history.is_line_due(now).then_some((turn, "untold")));
        lines.extend(history.is_told_again().then_some((turn, "told")));
    }
    assert_eq!(lines, [(7, "untold"), (15, "told")]);
}
