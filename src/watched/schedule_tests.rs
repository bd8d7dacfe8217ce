//! Cases of the schedule.

use hickory_proto::rr::Name;

use super::*;
use crate::config::WatchAs;
use crate::limits::MAX_CHECK_QUESTIONS;

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
                schedule.plan(&next, false, at(second).mono, &random);
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
            let end =
                crate::watched::ended::CheckEnd::Told(vec![crate::check::domain::finding::Finding::new(
                    crate::check::domain::codes::Code::NsLame,
                    "",
                )]);
            kept.history.take(end, checked, crate::watched::history::Confirmation::Twice);
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
    // For another side of a mail only the findings stay that apply, and the check comes soon.
    let end = crate::watched::ended::CheckEnd::Told(
        ["spf_missing", "ns_lame"]
            .map(|word| {
                *crate::check::domain::codes::Code::ALL.iter().find(|code| code.entry().word == word).unwrap()
            })
            .map(|code| crate::check::domain::finding::Finding::new(code, ""))
            .to_vec(),
    );
    let history = schedule.history(&often).unwrap();
    history.take(end, 1_800_000_060, crate::watched::history::Confirmation::Once);
    let other = ConfiguredWatch { side: WatchAs::Recipient, ..often.clone() };
    schedule.set(std::slice::from_ref(&other), Vec::new(), at(60), &random);
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
    let mut next = Schedule::default();
    next.set(std::slice::from_ref(&often), vec![kept], at(60), &random);
    assert_eq!(next.history(&often).unwrap().findings.len(), 1, "over a restart too");
}
