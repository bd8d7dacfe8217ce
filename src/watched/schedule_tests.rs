//! Cases of the schedule.

use hickory_proto::rr::Name;

use super::*;
use crate::ended::CheckEnd;
use crate::history::{ChangeKind, Confirmation};
use doctor::codes::Code;
use doctor::finding::Finding;
use doctor::limits::MAX_CHECK_QUESTIONS;
use resolver::config::WatchAs;

const HOUR: Duration = Duration::from_secs(3_600);

fn watch(domain: &str, interval: Duration) -> ConfiguredWatch {
    ConfiguredWatch { domain: Name::from_ascii(domain).unwrap(), interval, ..ConfiguredWatch::default() }
}

fn at(seconds: u64) -> Now {
    Now { mono: Mono::from_micros(seconds * 1_000_000), unix: 1_800_000_000 + seconds }
}

fn kept(domain: &str, checked: u64) -> KeptDomain {
    let history = DomainHistory { checked: Some(checked), ..DomainHistory::default() };
    KeptDomain { domain: domain.to_owned(), side: WatchAs::Both, history }
}

/// Plays ten hours with checks of this many queries; the queries of each hour, and the checks.
fn play(count: usize, queries: u32) -> (Vec<u32>, usize) {
    let random = Random::seeded(7);
    let watches: Vec<_> = (0..count).map(|number| watch(&format!("d{number}.test."), HOUR)).collect();
    let mut schedule = Schedule::default();
    schedule.set(&watches, Vec::new(), at(0), &random);
    let (mut hours, mut checks) = (vec![0; 10], 0);
    let mut second = 0;
    while second < 36_000 {
        match schedule.step(at(second).mono) {
            ScheduleStep::Check(next) => {
                assert!(second >= WATCH_START.as_secs());
                hours[usize::try_from(second / 3_600).unwrap()] += queries;
                checks += 1;
                schedule.pay(queries, at(second).mono);
                schedule.plan(&next, at(second).mono, &random);
            }
            ScheduleStep::Wait(time) => second += time.as_secs().max(1),
            ScheduleStep::Rest => panic!("domains are watched"),
        }
    }
    (hours, checks)
}

#[test]
fn the_queries_of_an_hour_have_a_bound_and_every_domain_has_its_turn() {
    let (few, checks) = play(3, 60);
    assert!((27..=36).contains(&checks), "{checks} {few:?}");
    let most = u32::try_from(3_600 + MAX_CHECK_QUESTIONS).unwrap();
    let (many, checks) = play(60, 200);
    assert!(many.iter().all(|queries| *queries <= most), "{many:?}");
    // The budget is used.
    assert!((175..=181).contains(&checks), "{checks}");
}

#[test]
fn a_restart_neither_repeats_nor_forgets_a_check() {
    let random = Random::seeded(3);
    let wait = |checked: u64, unsure: bool| {
        let mut schedule = Schedule::default();
        let mut kept = kept("a.test.", checked);
        if unsure {
            let end = crate::ended::CheckEnd::Told(vec![doctor::finding::Finding::new(
                doctor::codes::Code::NsLame,
                "",
            )]);
            kept.history.take(end, checked, crate::history::Confirmation::Twice);
        }
        schedule.set(&[watch("a.test.", HOUR)], vec![kept], at(0), &random);
        match schedule.step(at(0).mono) {
            ScheduleStep::Wait(time) => time.as_secs(),
            other => panic!("{other:?}"),
        }
    };
    let early = WATCH_START.as_secs()..(WATCH_START + WATCH_FIRST).as_secs();
    assert_eq!(wait(1_800_000_000 - 600, false), 3_000);
    assert!(early.contains(&wait(1_800_000_000 - 9_999, false)));
    assert_eq!(wait(1_800_000_000 + 9_999, false), 3_600, "the calendar was set back");
    assert!(wait(1_800_000_000, true) <= WATCH_AGAIN.as_secs(), "what is not certain is checked soon");
}

#[test]
fn a_domain_whose_last_check_could_not_tell_is_checked_soon_after_a_restart() {
    let mut schedule = Schedule::default();
    let mut kept = kept("a.test.", 1_800_000_000);
    kept.history.untold = Some("no name server answered".to_owned());
    schedule.set(&[watch("a.test.", HOUR * 24)], vec![kept], at(0), &Random::seeded(3));
    let step = schedule.step(at(0).mono);
    assert!(matches!(step, ScheduleStep::Wait(time) if time <= WATCH_AGAIN), "{step:?}");
}

#[test]
fn findings_that_flap_in_turn_do_not_hurry_all_checks() {
    let random = Random::seeded(9);
    let watched = watch("a.test.", HOUR * 24);
    let mut schedule = Schedule::default();
    schedule.set(std::slice::from_ref(&watched), Vec::new(), at(0), &random);
    let (mut second, mut checks) = (0, 0);
    while second < 30 * 86_400 {
        if let ScheduleStep::Wait(time) = schedule.step(at(second).mono) {
            second += time.as_secs().max(1);
            continue;
        }
        // At each check one of three is there, so that the others are always missed.
        let code = [Code::NsLame, Code::NsSilent, Code::NsTcp][checks % 3];
        let end = CheckEnd::Told(vec![Finding::new(code, "")]);
        schedule.history(&watched).unwrap().take(end, at(second).unix, Confirmation::Twice);
        schedule.plan(&watched, at(second).mono, &random);
        checks += 1;
    }
    assert!((100..=140).contains(&checks), "{checks} in 30 days: each of the interval has three early ones");
}

#[test]
fn a_check_that_is_put_off_tells_nothing_since_it_was_due() {
    let random = Random::seeded(5);
    let watched = watch("a.test.", HOUR);
    let mut schedule = Schedule::default();
    let first = kept("a.test.", 1_800_000_000 - 60);
    schedule.set(std::slice::from_ref(&watched), vec![first], at(0), &random);
    let due = 3_540;
    assert!(matches!(schedule.step(at(due).mono), ScheduleStep::Check(_)));
    let mut lines = Vec::new();
    for minute in 0..90 {
        let now = at(due + minute * 60);
        lines.extend(schedule.put_off(now).into_iter().map(|(_, (why, since))| (minute, why, since)));
        let untold = schedule.history(&watched).unwrap().untold_since;
        assert_eq!(untold, (minute >= 10).then_some(at(due).unix), "{minute}");
    }
    let why = "too many queries of clients are in progress, so checks are put off".to_owned();
    assert_eq!(lines, [(60, why, at(due).unix)]);
    let history = schedule.history(&watched).unwrap();
    history.take(CheckEnd::Told(Vec::new()), at(9_000).unix, Confirmation::Twice);
    assert_eq!((history.untold_since, history.is_told_again()), (None, true));
}

#[test]
fn a_reload_adds_removes_and_keeps() {
    let random = Random::seeded(5);
    let mut schedule = Schedule::default();
    assert_eq!(schedule.step(at(0).mono), ScheduleStep::Rest);
    let (stays, goes) = (watch("stays.test.", HOUR), watch("goes.test.", HOUR));
    let kept = vec![kept("stays.test.", 1_800_000_000), kept("goes.test.", 1_800_000_000)];
    schedule.set(&[stays.clone(), goes.clone()], kept, at(0), &random);
    let often = watch("stays.test.", HOUR / 2);
    let lame = || CheckEnd::Told(vec![Finding::new(Code::NsLame, "")]);
    schedule.history(&goes).unwrap().take(lame(), 1_800_000_000, Confirmation::Once);
    let left_out = |changes: Vec<WatchedChange>| -> Vec<(String, Code)> {
        let all = changes.into_iter().inspect(|(_, change)| assert_eq!(change.change, ChangeKind::LeftOut));
        all.map(|(watch, change)| (name_text(&watch.domain), change.code)).collect()
    };
    let changes = schedule.set(&[often.clone(), watch("new.test.", HOUR)], Vec::new(), at(60), &random);
    assert_eq!(left_out(changes), [("goes.test.".to_owned(), Code::NsLame)]);
    assert!(schedule.history(&goes).is_none());
    assert_eq!(schedule.history(&often).unwrap().checked, Some(1_800_000_000));
    let shown: Vec<_> = schedule.domains(at(60).mono).into_iter().map(|one| one.next).collect();
    assert!(shown[0] <= WATCH_START + WATCH_FIRST && shown[1] == HOUR / 2, "{shown:?}");
    // For another side of a mail only the findings stay that apply, and the check comes soon.
    let end = crate::ended::CheckEnd::Told(
        ["spf_missing", "ns_lame"]
            .map(|word| *doctor::codes::Code::ALL.iter().find(|code| code.entry().word == word).unwrap())
            .map(|code| doctor::finding::Finding::new(code, ""))
            .to_vec(),
    );
    let history = schedule.history(&often).unwrap();
    history.take(end, 1_800_000_060, crate::history::Confirmation::Once);
    let other = ConfiguredWatch { side: WatchAs::Recipient, ..often.clone() };
    let changes = schedule.set(std::slice::from_ref(&other), Vec::new(), at(60), &random);
    assert_eq!(left_out(changes), [("stays.test.".to_owned(), Code::SpfMissing)]);
    assert!(schedule.history(&often).is_none());
    let words: Vec<_> =
        schedule.history(&other).unwrap().findings.iter().map(|finding| finding.code.entry().word).collect();
    assert_eq!(words, ["ns_lame"]);
    assert!(schedule.domains(at(60).mono)[0].next <= WATCH_FIRST);
    let kept = KeptDomain {
        domain: "stays.test.".to_owned(),
        side: WatchAs::Recipient,
        history: schedule.history(&other).unwrap().clone(),
    };
    let mut gone = self::kept("gone.test.", 1_800_000_000);
    gone.history.take(lame(), 1_800_000_000, Confirmation::Once);
    let mut next = Schedule::default();
    let changes = next.set(std::slice::from_ref(&often), vec![kept, gone], at(60), &random);
    assert_eq!(left_out(changes), [("gone.test.".to_owned(), Code::NsLame)], "removed before the restart");
    assert_eq!(next.history(&often).unwrap().findings.len(), 1, "over a restart too");
}
