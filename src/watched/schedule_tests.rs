use hickory_proto::rr::Name;

use super::*;
use crate::subject::WatchedName;
use config::{WatchAs, WatchLevel};
use doctor::codes::Code;
use doctor::finding::Finding;

const HOUR: Duration = Duration::from_secs(3_600);

fn watch(domain: &str, interval: Duration) -> WatchedSubject {
    WatchedSubject {
        name: WatchedName::Domain(Name::from_ascii(domain).unwrap()),
        side: WatchAs::Both,
        interval,
        level: WatchLevel::Warning,
        own: None,
    }
}

fn at(seconds: u64) -> Now {
    Now { mono: Mono::from_micros(seconds * 1_000_000), unix: 1_800_000_000 + seconds }
}

fn kept(domain: &str, checked: u64) -> KeptDomain {
    let history = DomainHistory { checked: Some(checked), ..DomainHistory::default() };
    KeptDomain { domain: domain.to_owned(), side: WatchAs::Both, history }
}

/// Returns the number of checks in each of ten hours for `count` watched domains.
fn play(count: usize) -> Vec<usize> {
    let random = Random::seeded(7);
    let watches: Vec<_> = (0..count).map(|number| watch(&format!("d{number}.test."), HOUR)).collect();
    let mut schedule = Schedule::default();
    schedule.set(&watches, Vec::new(), at(0), &random);
    let (mut hours, mut second) = (vec![0; 10], 0);
    while second < 36_000 {
        match schedule.step(at(second).mono) {
            ScheduleStep::Check(next) => {
                assert!(second >= WATCH_START.as_secs());
                hours[usize::try_from(second / 3_600).unwrap()] += 1;
                schedule.ended(&next, CheckEnd::Judged(Vec::new()), at(second), &random);
            }
            ScheduleStep::Wait(time) => second += time.as_secs().max(1),
            ScheduleStep::Rest => panic!("domains are watched"),
        }
    }
    hours
}

// Every domain has its turn.
#[test]
fn hourly_checks_are_bounded() {
    let few: usize = play(3).into_iter().sum();
    assert!((27..=36).contains(&few), "{few}");
    let many = play(100);
    assert!(many.iter().all(|checks| *checks <= 61) && many.iter().sum::<usize>() > 580, "{many:?}");
}

#[test]
fn restart_keeps_check_times() {
    let random = Random::seeded(3);
    let wait = |checked: u64, unsure: bool| {
        let mut schedule = Schedule::default();
        let mut kept = kept("a.test.", checked);
        if unsure {
            let end = crate::ended::CheckEnd::Judged(vec![doctor::finding::Finding::new(
                doctor::codes::Code::NsLame,
                "",
            )]);
            kept.history.take(end, checked);
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
fn inconclusive_domain_is_checked_soon() {
    let mut schedule = Schedule::default();
    let mut kept = kept("a.test.", 1_800_000_000);
    kept.history.could_not_tell = Some("no name server answered".to_owned());
    schedule.set(&[watch("a.test.", HOUR * 24)], vec![kept], at(0), &Random::seeded(3));
    let step = schedule.step(at(0).mono);
    assert!(matches!(step, ScheduleStep::Wait(time) if time <= WATCH_AGAIN), "{step:?}");
}

#[test]
fn flapping_findings_keep_interval() {
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
        // The checks find three problems in turn, one in each check, so the findings always need confirmation.
        let code = [Code::NsLame, Code::NsSilent, Code::NsTcp][checks % 3];
        let end = CheckEnd::Judged(vec![Finding::new(code, "")]);
        schedule.ended(&watched, end, at(second), &random);
        checks += 1;
    }
    assert!((100..=140).contains(&checks), "{checks} in 30 days: each of the interval has three early ones");
}

#[test]
fn removed_domain_keeps_pause() {
    let random = Random::seeded(5);
    let (stays, goes) = (watch("stays.test.", HOUR), watch("goes.test.", HOUR));
    let mut schedule = Schedule::default();
    schedule.set(&[stays.clone(), goes.clone()], Vec::new(), at(0), &random);
    schedule.set(std::slice::from_ref(&stays), Vec::new(), at(7_200), &random);
    assert!(schedule.ended(&goes, CheckEnd::Judged(Vec::new()), at(7_200), &random).is_empty());
    assert_eq!(schedule.step(at(7_200).mono), ScheduleStep::Wait(WATCH_PAUSE));
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
    schedule.set(&[often.clone(), watch("new.test.", HOUR)], Vec::new(), at(60), &random);
    assert!(schedule.history(&goes).is_none());
    assert_eq!(schedule.history(&often).unwrap().checked, Some(1_800_000_000));
    let shown: Vec<_> = schedule.domains(at(60).mono).into_iter().map(|one| one.next).collect();
    assert!(shown[0] <= WATCH_START + WATCH_FIRST && shown[1] == HOUR / 2, "{shown:?}");
    // For another role (sender or recipient), the history begins again, also after a restart.
    let other = WatchedSubject { side: WatchAs::Recipient, ..often.clone() };
    schedule.set(std::slice::from_ref(&other), Vec::new(), at(60), &random);
    assert!(schedule.history(&often).is_none());
    assert_eq!(schedule.history(&other).unwrap().checked, None);
    let mut next = Schedule::default();
    let kept = vec![self::kept("stays.test.", 1_800_000_000)];
    next.set(std::slice::from_ref(&other), kept, at(60), &random);
    assert_eq!(next.history(&other).unwrap().checked, None);
}
