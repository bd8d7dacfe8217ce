use super::*;

const HOUR: u64 = 3_600;

fn judged(codes: &[Code]) -> CheckEnd {
    CheckEnd::Judged(
        codes.iter().map(|code| Finding::new(*code, format!("as {}", code.entry().word))).collect(),
    )
}

fn lost() -> CheckEnd {
    CheckEnd::CouldNotTell("no server on the internet answers this host".to_owned())
}

/// Runs one check per hour. Returns each change: its hour, its kind, the code of the finding, and the hour since when the finding exists.
fn changes(checks: Vec<CheckEnd>) -> Vec<(u64, ChangeKind, Code, u64)> {
    let mut history = DomainHistory::default();
    let mut all = Vec::new();
    for (hour, end) in (0..).zip(checks) {
        for change in history.take(end, hour * HOUR) {
            assert_eq!(change.at, hour * HOUR);
            all.push((hour, change.change, change.code, change.since / HOUR));
        }
    }
    all
}

#[test]
fn finding_changes_after_two_checks() {
    let old = Code::SerialDiffers;
    let checks = vec![
        judged(&[]),
        judged(&[old]),
        judged(&[old]),
        judged(&[old]),
        judged(&[]),
        judged(&[]),
        judged(&[]),
        judged(&[old]),
    ];
    assert_eq!(changes(checks), [(2, ChangeKind::Came, old, 1), (6, ChangeKind::Went, old, 1)]);
}

#[test]
fn flapping_finding_is_reported_once() {
    let old = Code::SerialDiffers;
    let flaps =
        |first: &[Code]| (0..20).map(|turn| judged(if turn % 2 == 0 { first } else { &[] })).collect();
    assert_eq!(changes(flaps(&[old])), [(2, ChangeKind::Came, old, 0)], "two checks of three have seen it");
    let seldom =
        (0..20).map(|turn| judged(if turn % 3 == 0 { std::slice::from_ref(&old) } else { &[] })).collect();
    assert!(changes(seldom).is_empty());
    let checks = [vec![judged(&[old]), judged(&[old])], flaps(&[old])].concat();
    assert_eq!(changes(checks), [(1, ChangeKind::Came, old, 0)]);
}

#[test]
fn inconclusive_check_changes_nothing() {
    let silent = Code::NsSilent;
    let between =
        [judged(&[silent]), lost(), judged(&[silent]), judged(&[]), lost(), judged(&[]), lost(), judged(&[])];
    assert_eq!(
        changes(between.to_vec()),
        [(2, ChangeKind::Came, silent, 0), (7, ChangeKind::Went, silent, 0)]
    );
    let mut history = DomainHistory::default();
    history.take(judged(&[silent]), 7);
    history.take(lost(), 9);
    assert_eq!((history.checked, history.could_not_tell.is_some()), (Some(7), true));
}

#[test]
fn unseen_finding_does_not_end() {
    // The first check has only the first finding, the next one only the second. The third value is true if the second finding means that
    // the check was unable to look for the first one.
    let cases = [
        (Code::SpfLookups, Code::PolicyUnknown, true),
        (Code::SpfLookups, Code::ListsUnknown, false),
        (Code::PtrMissing, Code::MailUnknown, true),
        (Code::NsSilent, Code::MailUnknown, false),
        (Code::NsSilent, Code::DnssecBogus, true),
        (Code::MxIsAddress, Code::DomainMissing, true),
        (Code::MxIsAddress, Code::NsNoneAnswers, true),
        (Code::MxIsAddress, Code::NsLame, false),
        // In the next two rows, the first finding says that a part of the check had no result. Such a finding ends when a check no longer reports
        // it.
        (Code::PointerUnknown, Code::PointerOk, false),
        (Code::SmtpUnknown, Code::MailUnknown, false),
    ];
    for (finding, other, stays) in cases {
        let others = || (0..3).map(|_| judged(&[other]));
        let checks = [judged(&[finding]), judged(&[finding])].into_iter().chain(others()).collect();
        let went = changes(checks).contains(&(4, ChangeKind::Went, finding, 0));
        assert_eq!(went, !stays, "{} next to {}", finding.entry().word, other.entry().word);
    }
}

// Equal findings are joined.
#[test]
fn changed_level_is_new_finding() {
    let mut history = DomainHistory::default();
    let at = |level| Finding::new(Code::NsSilent, "192.0.2.1").at(level);
    let one = || CheckEnd::Judged(vec![at(Level::Warning), Finding::new(Code::NsSilent, "192.0.2.2")]);
    history.take(one(), 1);
    let came = history.take(one(), 2);
    assert_eq!(came[0].evidence, "192.0.2.1; 192.0.2.2");
    let mut worse = |hour| history.take(CheckEnd::Judged(vec![at(Level::Failure)]), hour);
    let words: Vec<_> = (3..6).flat_map(&mut worse).map(|change| (change.change, change.level)).collect();
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
    for turn in 0..400 {
        let findings = if turn / 4 % 2 == 0 { all.clone() } else { Vec::new() };
        history.take(CheckEnd::Judged(findings), turn);
    }
    history.take(CheckEnd::Judged(all), 400);
    assert_eq!((history.findings.len(), history.changes.len()), (MAX_WATCH_FINDINGS, MAX_WATCH_CHANGES));
    let most = serde_json::to_vec(&history).unwrap().len() * config::limits::MAX_WATCHED;
    assert!((most as u64) < crate::limits::MAX_WATCH_FILE, "{most}");
}

fn host(name: &str) -> About {
    About::Host(format!("{name}.a.test."))
}

fn address(last: u8) -> About {
    About::Address([192, 0, 2, last].into())
}

fn listing(list: Option<&str>) -> About {
    About::Listing { subject: "a.test".to_owned(), list: list.map(str::to_owned) }
}

fn about(code: Code, about: &[About]) -> Finding {
    Finding::new(code, "").about(about.iter().cloned())
}

/// Returns the finding that this part of the check had no result for these hosts, addresses or lists.
fn unknown(part: Part, about: &[About]) -> Finding {
    let codes = [
        (Part::MxRecords, Code::MailUnknown),
        (Part::MailHosts, Code::MailUnknown),
        (Part::Lists, Code::ListsUnknown),
        (Part::Pointers, Code::PointerUnknown),
        (Part::Servers, Code::DelegationUnknown),
        (Part::Connections, Code::SmtpUnknown),
    ];
    let code = codes.iter().find(|(known, _)| *known == part).map_or(Code::PolicyUnknown, |(_, code)| *code);
    self::about(code, about).in_part(part)
}

// Another part that could not be checked does not hide it.
#[test]
fn finding_is_hidden_by_own_part() {
    let (m1, m9) = (|| host("m1"), || host("m9"));
    let listed_host = || about(Code::Listed, &[listing(Some("bl.a.")), m1()]).at(Level::Note);
    let cases = [
        // SPF and DMARC findings do not depend on mail hosts. A policy record that could not be read affects only findings about the same
        // record.
        (about(Code::SpfMultiple, &[]), unknown(Part::MailHosts, &[m9()]), false),
        (about(Code::DmarcSyntax, &[]), unknown(Part::Spf, &[]), false),
        (about(Code::DmarcSyntax, &[]), unknown(Part::Dmarc, &[]), true),
        (about(Code::SpfMultiple, &[]), unknown(Part::Dmarc, &[]), false),
        (about(Code::SpfMultiple, &[]), unknown(Part::Spf, &[]), true),
        (about(Code::TlsaUnusable, &[m1()]), unknown(Part::Dane, &[m9()]), false),
        (about(Code::TlsaUnusable, &[m1()]), unknown(Part::Dane, &[m1()]), true),
        // The DNS list without a result is not the list of the first finding.
        (
            about(Code::Listed, &[listing(Some("bl.a."))]),
            unknown(Part::Lists, &[listing(Some("bl.b."))]),
            false,
        ),
        (
            about(Code::Listed, &[listing(Some("bl.a."))]),
            unknown(Part::Lists, &[listing(Some("bl.a."))]),
            true,
        ),
        (about(Code::Listed, &[listing(Some("bl.a."))]), unknown(Part::Lists, &[listing(None)]), true),
        (about(Code::Listed, &[listing(Some("bl.a."))]), unknown(Part::MailHosts, &[m9()]), false),
        (listed_host(), unknown(Part::MailHosts, &[m1()]), true),
        (listed_host(), unknown(Part::MailHosts, &[m9()]), false),
        // In the first of the next two rows, only a mail host had no result. In the second one, the MX records could not be read.
        (about(Code::MxIsAddress, &[]), unknown(Part::MailHosts, &[m9()]), false),
        (about(Code::MxIsAddress, &[]), unknown(Part::MxRecords, &[]), true),
        (about(Code::MxWithoutAddress, &[m1()]), unknown(Part::MailHosts, &[m9()]), false),
        (about(Code::MxWithoutAddress, &[m1(), m9()]), unknown(Part::MailHosts, &[m9()]), true),
        (about(Code::PtrMissing, &[address(1), m1()]), unknown(Part::Pointers, &[address(9)]), false),
        (about(Code::PtrMissing, &[address(1), m1()]), unknown(Part::Pointers, &[address(1)]), true),
        (about(Code::PtrMissing, &[address(1), m1()]), unknown(Part::MailHosts, &[m9()]), false),
        (about(Code::PtrMissing, &[address(1), m1()]), unknown(Part::MailHosts, &[m1()]), true),
        (about(Code::NsLame, &[address(1)]), unknown(Part::Servers, &[address(2)]), false),
        (about(Code::NsLame, &[address(1)]), unknown(Part::Servers, &[address(1)]), true),
        // Only the connections to another address than that of the finding had no result.
        (about(Code::SmtpRejects, &[address(1), m1()]), unknown(Part::Connections, &[address(2)]), false),
    ];
    for (finding, unknown, stays) in cases {
        let mut history = DomainHistory::default();
        let mut take = |found: &Finding, hour: u64| {
            history.take(CheckEnd::Judged(vec![found.clone()]), hour * HOUR);
            // Writes the history and reads it again, as a restart of the daemon does.
            history = serde_json::from_slice(&serde_json::to_vec(&history).unwrap()).unwrap();
            history.findings.iter().any(|one| one.code == finding.code)
        };
        (0..2).for_each(|hour| assert!(take(&finding, hour)));
        (2..5).for_each(|hour| {
            take(&unknown, hour);
        });
        let is_there = history.findings.iter().find(|one| one.code == finding.code);
        assert_eq!(is_there.map(|one| one.unseen), stays.then_some(true), "{finding:?} {unknown:?}");
        assert!(!history.is_unsure(), "it goes on at its interval: {finding:?} {unknown:?}");
    }
}

#[test]
fn no_text_of_the_evidence_decides() {
    let mut history = DomainHistory::default();
    let mut take = |finding: Finding, hour| {
        history.take(CheckEnd::Judged(vec![finding]), hour);
        history.findings.iter().any(|one| one.code == Code::MxWithoutAddress)
    };
    let missing = || Finding::new(Code::MxWithoutAddress, "m9.a.test. MX").about([host("m1")]);
    let unknown = || {
        Finding::new(Code::MailUnknown, "a.test. MX: m9.a.test.").in_part(Part::MailHosts).about([host("m9")])
    };
    let there =
        [take(missing(), 0), take(missing(), 1), take(unknown(), 2), take(unknown(), 3), take(unknown(), 4)];
    assert_eq!(there, [true, true, true, true, false]);
}

// They were written while the clock was wrong.
#[test]
fn future_times_are_replaced() {
    let (checked, could_not_tell_since) = (Some(9_000_000), Some(9_000_000));
    let mut history = DomainHistory { checked, could_not_tell_since, ..DomainHistory::default() };
    history.take(lost(), 1_000);
    assert_eq!((history.checked, history.could_not_tell_since), (Some(1_000), Some(1_000)));
    history.take(lost(), 2_000);
    assert_eq!(history.could_not_tell_since, Some(1_000));
}

#[test]
fn remedy_stays_with_finding() {
    let of = |remedies: &[Option<&'static str>]| {
        let mut history = DomainHistory::default();
        let findings = || {
            let one = |remedy: &Option<&'static str>| Finding {
                remedy: *remedy,
                ..Finding::new(Code::NsSilent, "")
            };
            CheckEnd::Judged(remedies.iter().map(one).collect())
        };
        history.take(findings(), 0);
        history.take(findings(), HOUR);
        history.findings[0].remedy.clone()
    };
    assert_eq!(of(&[Some("Wait"), Some("Wait")]), "Wait");
    assert_eq!(of(&[Some("Wait"), None]), "", "that of the code fits both");
}
