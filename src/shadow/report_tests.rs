use super::*;
use crate::answer::tests::answer;
use hickory_proto::rr::RecordType;

fn question(number: usize) -> AskedQuestion {
    let name = format!("n{number}.example.");
    AskedQuestion { name, kind: RecordType::A, dnssec_ok: false, checking_disabled: false }
}

fn sample(in_place: &str, resolverd: &str) -> Sample {
    Sample { in_place: answer(in_place), resolverd: answer(resolverd) }
}

fn equal() -> Judged {
    Judged::harmless(Cause::None, None, "")
}

fn report(count: usize, sample: &Sample) -> ShadowReport {
    let mut report = ShadowReport::default();
    for number in 0..count {
        report.answered(sample);
        report.add(&question(number), (equal(), sample));
    }
    report
}

fn verdict(report: &ShadowReport) -> (SwitchVerdict, String) {
    let summary = report.summary("192.0.2.1:53", false);
    (summary.verdict, summary.sentence)
}

#[test]
fn enough_equal_answers_are_safe() {
    let well = sample("192.0.2.1", "192.0.2.1");
    assert_eq!(verdict(&report(20, &well)).0, SwitchVerdict::Safe);
    assert_eq!(verdict(&report(19, &well)).0, SwitchVerdict::CouldNotTell);
    assert_eq!(verdict(&ShadowReport::default()).0, SwitchVerdict::CouldNotTell);
    let summary = report(20, &well).summary("", false);
    assert_eq!((summary.compared, summary.counts.in_place.answered), (20, 20));
}

#[test]
fn silent_resolver_gives_no_verdict() {
    for (in_place, resolverd, name) in [
        ("silent", "192.0.2.1", "the current resolver (192.0.2.1:53)"),
        ("192.0.2.1", "silent", "resolverd"),
        ("fail", "fail", "the current resolver (192.0.2.1:53)"),
        ("silent", "silent", "the current resolver (192.0.2.1:53)"),
    ] {
        let found = verdict(&report(30, &sample(in_place, resolverd)));
        assert_eq!(
            found,
            (SwitchVerdict::CouldNotTell, format!("could not tell: {name} answered none of 30 questions"))
        );
    }
    let mut partly = report(27, &sample("192.0.2.1", "192.0.2.1"));
    (0..3).for_each(|_| partly.answered(&sample("silent", "192.0.2.1")));
    assert_eq!(verdict(&partly).0, SwitchVerdict::CouldNotTell);
    let mut ended = report(25, &sample("192.0.2.1", "192.0.2.1"));
    ended.leave_out(NotCompared::Unreached, 100);
    let sentence = "could not tell: resolverd sent no reply to 100 of 125 questions".to_owned();
    assert_eq!(verdict(&ended), (SwitchVerdict::CouldNotTell, sentence));
}

// They also decide the verdict.
#[test]
fn worst_differences_come_first() {
    let well = sample("192.0.2.1", "192.0.2.1");
    let mut report = report(30, &well);
    let unknown = Judged::unknown("no proof");
    report.add(&question(100), (unknown.clone(), &well));
    assert_eq!(verdict(&report).0, SwitchVerdict::CouldNotTell);
    report.add(&question(101), (Judged::harmless(Cause::Rotation, None, ""), &well));
    report.add(&question(102), (Judged::look(Cause::Policy, Side::InPlace, "", ""), &well));
    report.add(&question(103), (Judged::look(Cause::Policy, Side::InPlace, "", ""), &well));
    report.add(&question(104), (Judged::look(Cause::Bogus, Side::Resolverd, "", ""), &well));
    let mut captured = Captured::default();
    for number in [100, 101, 102, 103, 103, 104] {
        captured.take(Ok(question(number)));
    }
    report.end(&captured);
    let names: Vec<&str> = report.differences().iter().map(|one| one.question.name.as_str()).collect();
    assert_eq!(names, ["n104.example.", "n103.example.", "n102.example.", "n100.example.", "n101.example."]);
    let (safe, sentence) = verdict(&report);
    assert_eq!(safe, SwitchVerdict::LookFirst);
    assert_eq!(sentence, "before a switch, look at 3 of 35 questions; the cause of 1 more is unknown");
}

#[test]
fn times_are_those_of_replies() {
    let times: Vec<f64> = (1..=100).map(f64::from).collect();
    assert_eq!(Times::from_times(&times), Some(Times { p50: 50.0, p90: 90.0, p99: 99.0 }));
    assert_eq!(Times::from_times(&[2.0]), Some(Times { p50: 2.0, p90: 2.0, p99: 2.0 }));
    assert_eq!(Times::from_times(&[]), None);
}

#[test]
fn silent_resolver_ends_run_early() {
    let silent = |count| report(count, &sample("silent", "192.0.2.1"));
    let most = usize::try_from(MAX_SHADOW_SILENT).unwrap();
    assert!(!silent(most - 1).is_silent() && silent(most).is_silent());
    assert!(report(most, &sample("192.0.2.1", "silent")).is_silent());
    let mut once = silent(most);
    once.answered(&sample("fail", "192.0.2.1"));
    assert!(!once.is_silent(), "it has replied");
}

#[test]
fn many_unreached_questions_give_no_verdict() {
    let well = sample("192.0.2.1", "192.0.2.1");
    let mut few = report(90, &well);
    few.leave_out(NotCompared::Ended, 10);
    assert_eq!(verdict(&few).0, SwitchVerdict::Safe);
    few.leave_out(NotCompared::Ended, 1);
    let sentence = "could not tell: 11 of 101 questions were not reached before the end; run it for longer";
    assert_eq!(verdict(&few), (SwitchVerdict::CouldNotTell, sentence.to_owned()));
}
