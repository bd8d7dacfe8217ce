//! Tests: when incidents start and end, and which zones are not blamed.

use hickory_proto::rr::RecordType;

use super::*;
use crate::event::{RouteKind, ServerOrigin};
use dns::conduct::Conduct;
use validate::verdict::SecurityStatus as Validated;

const PATIENCE: Duration = Duration::from_secs(4);

fn zone(number: u32) -> Name {
    Name::from_ascii(format!("z{number}.example.")).unwrap()
}

fn at(seconds: u64) -> Mono {
    Mono::START.after(Duration::from_secs(1_000 + seconds))
}

fn answers(zone: &Name, kind: RecordType, seconds: u64) -> Line {
    let question = Question::new(zone, kind);
    Line::ZoneAnswers { zone: zone.clone(), question, after: Duration::from_secs(seconds) }
}

fn worked(name: &Name) -> FlightZone<'_> {
    FlightZone { name, worked: true }
}

/// A gateway that gets answers from servers on the internet all the time, unless `quiet` is true.
#[derive(Default)]
struct Stage {
    incidents: Incidents,
    quiet: bool,
    configured: bool,
}

impl Stage {
    fn end(
        &mut self,
        zone: FlightZone<'_>,
        kind: RecordType,
        shows: Option<Shows>,
        second: u64,
    ) -> Option<Line> {
        let question = Question::new(zone.name, kind);
        let servers = vec![([192, 0, 2, 1].into(), Conduct::Silent)];
        // A resolution with a denial without authority (`Doubt`) does not count as failed.
        let doubted = shows == Some(Shows::Doubt);
        let shows = shows.filter(|_| !doubted);
        let origin = if self.configured { ServerOrigin::Configuration } else { ServerOrigin::Recursion };
        let failed = shows.map(|shows| FlightFailure {
            why: "why".to_owned(),
            shows,
            origin,
            servers,
            broken_at: None,
            list: None,
        });
        let elapsed = Duration::from_secs(if failed.is_some() { 2 } else { 0 });
        let state = failed.is_none().then_some(Validated::Insecure);
        let ended = FlightEnded {
            question: &question,
            route: RouteKind::Recursion,
            zone: Some(zone.name.clone()),
            failed,
            doubted,
            state,
            elapsed,
            patience: PATIENCE,
            packets: 2,
        };
        if !self.quiet {
            self.incidents.outage.heard(at(second), at(second));
        }
        self.incidents.ended(zone, &ended, at(second))
    }

    fn failed(&mut self, zone: &Name, worked: bool, second: u64) -> Option<Line> {
        self.end(FlightZone { name: zone, worked }, RecordType::A, Some(Shows::Silence), second)
    }

    fn succeeded(&mut self, zone: &Name, second: u64) -> Option<Line> {
        self.end(worked(zone), RecordType::A, None, second)
    }
}

#[test]
fn third_failure_reports_working_zone() {
    let (mut stage, zone) = (Stage::default(), zone(1));
    assert_eq!(stage.failed(&zone, true, 0), None);
    assert_eq!(stage.failed(&zone, true, 10), None);
    let lines = stage.failed(&zone, true, 20);
    assert_eq!(
        lines,
        Some(Line::ZoneFails {
            zone: zone.clone(),
            failures: 3,
            doubted: false,
            span: Duration::from_secs(20),
            why: "why".to_owned(),
            question: Question::new(&zone, RecordType::A),
            servers: vec![[192, 0, 2, 1].into()],
        })
    );
    for second in 21..300 {
        assert_eq!(stage.failed(&zone, true, second), None, "reported once");
    }
    for second in [299, 319] {
        let failing = stage.incidents.failing(at(second));
        let failed =
            failing.first().map(|failed| (failed.span.as_secs(), failed.ago.as_secs(), failed.failures));
        assert_eq!(failed, Some((299, second - 299, 282)));
    }
    let lines = stage.succeeded(&zone, 320);
    assert_eq!(lines, Some(answers(&zone, RecordType::A, 320)));
    assert_eq!(stage.succeeded(&zone, 321), None);
    assert_eq!(stage.incidents.failing(at(321)), []);
}

#[test]
fn success_or_pause_resets_failures() {
    let (mut stage, zone) = (Stage::default(), zone(1));
    for second in 0..100 {
        assert_eq!(stage.failed(&zone, true, second), None);
        if second % 2 == 1 {
            assert_eq!(stage.succeeded(&zone, second), None);
        }
    }
    for minutes in 0..10 {
        assert_eq!(stage.failed(&zone, true, 1_000 + minutes * 61), None);
    }
}

// Good answers for other names of the zone do not end it.
#[test]
fn bogus_zone_is_reported_until_validated() {
    let (mut stage, zone) = (Stage::default(), zone(1));
    let mut lines = Vec::new();
    for second in 0..6 {
        lines.extend(stage.end(worked(&zone), RecordType::MX, Some(Shows::Bogus), second * 5));
        lines.extend(stage.end(worked(&zone), RecordType::A, None, second * 5 + 1));
    }
    assert!(matches!(lines.as_slice(), [Line::ZoneFails { failures: 3, .. }]), "{lines:?}");
    let question = Question { checking_disabled: true, ..Question::new(&zone, RecordType::MX) };
    let unchecked = FlightEnded {
        question: &question,
        route: RouteKind::Recursion,
        zone: Some(zone.clone()),
        failed: None,
        doubted: false,
        state: None,
        elapsed: Duration::ZERO,
        patience: PATIENCE,
        packets: 1,
    };
    assert_eq!(stage.incidents.ended(worked(&zone), &unchecked, at(40)), None, "with CD all is given");
    assert_eq!(stage.incidents.failing(at(40)).len(), 1);
    let lines = stage.end(worked(&zone), RecordType::MX, None, 60);
    assert_eq!(lines, Some(answers(&zone, RecordType::MX, 60)));
}

#[test]
fn refused_zone_recovers_with_one_answer() {
    let (mut stage, zone) = (Stage::default(), zone(1));
    for (second, kind) in [RecordType::MX, RecordType::A, RecordType::TXT].into_iter().enumerate() {
        stage.end(worked(&zone), kind, Some(Shows::NoHelp), second as u64);
    }
    assert_eq!(stage.end(worked(&zone), RecordType::AAAA, None, 10), None, "that was never refused");
    assert_eq!(
        stage.end(worked(&zone), RecordType::TXT, None, 12),
        Some(answers(&zone, RecordType::TXT, 12))
    );
    let mut lines = Vec::new();
    for second in (13..1_000).step_by(20) {
        lines.extend(
            stage.end(worked(&zone), RecordType::A, Some(Shows::NoHelp), second).map(|line| (second, line)),
        );
    }
    let [(second, Line::ZoneFails { .. })] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(*second >= 612, "{second}");
}

#[test]
fn late_answers_count_as_failures() {
    let (mut stage, zone) = (Stage::default(), zone(1));
    let question = Question::new(&zone, RecordType::MX);
    let late = FlightEnded {
        question: &question,
        route: RouteKind::Recursion,
        zone: Some(zone.clone()),
        failed: None,
        doubted: false,
        state: None,
        elapsed: Duration::from_millis(5_100),
        patience: PATIENCE,
        packets: 1,
    };
    let mut lines = Vec::new();
    for second in 0..10 {
        stage.incidents.outage.heard(at(second * 6), at(second * 6));
        lines.extend(stage.incidents.ended(worked(&zone), &late, at(second * 6)));
    }
    let [Line::ZoneFails { why, .. }] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(why, "the answer took 5.1 s, but clients get SERVFAIL after 4 s");
    assert!(matches!(stage.succeeded(&zone, 70), Some(Line::ZoneAnswers { .. })));
}

#[test]
fn flapping_zone_is_reported_once() {
    let (mut stage, zone) = (Stage::default(), zone(1));
    let mut lines = 0;
    for second in 0..600 {
        let line =
            if second % 5 == 4 { stage.succeeded(&zone, second) } else { stage.failed(&zone, true, second) };
        lines += usize::from(line.is_some());
    }
    assert_eq!(lines, 2);
}

// After a day.
#[test]
fn unasked_failing_zone_is_forgotten() {
    let (mut stage, zone) = (Stage::default(), zone(1));
    let mut lines = Vec::new();
    for hour in 0..5 {
        for second in 0..3 {
            lines.extend(stage.failed(&zone, true, hour * 3_600 + second));
        }
        assert!(stage.incidents.tick(at(hour * 3_600 + 10)).is_none());
    }
    assert_eq!(lines.len(), 1, "{lines:?}");
    let last = 4 * 3_600 + 2;
    assert_eq!(stage.incidents.failing(at(last + 599)).len(), 1);
    assert_eq!(stage.incidents.failing(at(last + 600)), [], "whether it still does is not known");
    assert!(stage.incidents.tick(at(last + 86_399)).is_none());
    assert_eq!(stage.incidents.zones.len(), 1);
    stage.incidents.tick(at(last + 86_400));
    assert_eq!(stage.incidents.zones.len(), 0);
}

#[test]
fn dead_spam_domains_are_no_incident() {
    let mut stage = Stage::default();
    for second in 0..3_000_u32 {
        for _ in 0..9 {
            assert_eq!(stage.failed(&zone(second), false, second.into()), None);
        }
        assert_eq!(stage.incidents.tick(at(second.into())), None);
        assert!(stage.incidents.zones.len() <= MAX_INCIDENT_ZONES);
    }
    let mut lines = Vec::new();
    for second in (4_000..5_000).step_by(20) {
        lines.extend(stage.failed(&zone(0), false, second));
    }
    assert!(matches!(lines.as_slice(), [Line::ZoneFails { failures: 16, .. }]), "{lines:?}");
}

#[test]
fn incident_lines_per_hour_are_bounded() {
    let mut stage = Stage::default();
    let mut lines = 0;
    for number in 0..100 {
        for second in 0..3 {
            lines += u32::from(stage.failed(&zone(number), true, second).is_some());
        }
    }
    assert_eq!(lines, INCIDENTS_AN_HOUR);
    assert_eq!(stage.incidents.failing(at(3)).len(), 100);
    let ends = (0..100).filter_map(|number| stage.succeeded(&zone(number), 10)).count();
    assert_eq!(ends, 20, "an end is reported where the begin was");
    stage.incidents.hour = at(0);
    assert_eq!(stage.incidents.tick(at(3_600)), Some(Line::Withheld { zones: 100 - INCIDENTS_AN_HOUR }));
}

#[test]
fn full_incident_table_admits_new_zone() {
    let mut stage = Stage::default();
    for number in 0..2_000 {
        stage.failed(&zone(number), true, u64::from(number) / 1_000);
    }
    assert_eq!(stage.incidents.zones.len(), MAX_INCIDENT_ZONES);
    stage.failed(&zone(3_000), true, 3);
    stage.failed(&zone(3_000), true, 3);
    assert!(stage.failed(&zone(3_000), true, 3).is_some());
    // If all zones in the table were reported, the oldest of them make room for new zones.
    for number in 4_000..5_000 {
        (0..3).for_each(|_| drop(stage.failed(&zone(number), true, 4)));
        assert!(stage.incidents.zones.len() <= MAX_INCIDENT_ZONES);
    }
    assert!(stage.incidents.zones.contains_key(&zone(4_999)));
}

// A zone that failed before keeps failing.
#[test]
fn outage_blames_no_zone() {
    let mut stage = Stage::default();
    for second in 0..3 {
        stage.failed(&zone(0), true, second);
    }
    stage.quiet = true;
    let server = [192, 0, 2, 9].into();
    let mut lines = Vec::new();
    for second in 10..17 {
        lines.extend(stage.incidents.outage.overdue(server, true, at(second), at(second + 1)));
        for number in 0..200 {
            assert_eq!(stage.failed(&zone(number), true, second), None);
        }
    }
    assert!(matches!(lines.as_slice(), [Line::NetworkDown { .. }]), "{lines:?}");
    assert!(stage.incidents.outage.heard(at(17), at(17)).is_some());
    for number in 0..200 {
        for _ in 0..3 {
            assert_eq!(stage.failed(&zone(number), true, 18), None);
        }
    }
    let failing: Vec<String> =
        stage.incidents.failing(at(18)).into_iter().map(|failed| failed.zone).collect();
    assert_eq!(failing, [name_text(&zone(0))]);
    for _ in 0..2 {
        assert_eq!(stage.end(worked(&zone(7)), RecordType::MX, Some(Shows::NoHelp), 18), None);
    }
    assert!(stage.end(worked(&zone(7)), RecordType::MX, Some(Shows::NoHelp), 18).is_some());
}

#[test]
fn failures_in_silence_blame_nobody() {
    let (mut stage, zone) = (Stage { quiet: true, ..Stage::default() }, zone(1));
    for second in 0..100 {
        assert_eq!(stage.failed(&zone, true, second), None);
    }
    stage.quiet = false;
    assert!((100..103).any(|second| stage.failed(&zone, true, second).is_some()), "the root is heard");
}

// A load balancer that knows one record type denies all others without authority.
#[test]
fn unauthoritative_denials_need_failed_question() {
    let (mut stage, zone) = (Stage::default(), zone(1));
    // A load balancer that knows only one record type sends denials without authority for all other types. These are no failures.
    for second in 0..20 {
        assert_eq!(stage.end(worked(&zone), RecordType::AAAA, Some(Shows::Doubt), second), None);
    }
    assert_eq!(stage.incidents.failing(at(20)), []);
    let lines = stage.end(worked(&zone), RecordType::A, Some(Shows::NoHelp), 20);
    assert!(matches!(lines, Some(Line::ZoneFails { failures: 21, doubted: true, .. })), "{lines:?}");
    let text = lines.unwrap().log_text().text;
    assert!(
        text.contains("21 resolutions for zone z1.example. failed or got negative answers that were not authoritative within 20 s; "),
        "{text}"
    );
}

// It keeps its place in a full table.
#[test]
fn configured_zone_is_always_reported() {
    let mut stage = Stage { configured: true, ..Stage::default() };
    let ours = zone(0);
    assert_eq!(stage.failed(&ours, false, 0), None);
    assert_eq!(stage.failed(&ours, false, 10), None);
    stage.configured = false;
    for number in 1..=u32::try_from(2 * MAX_INCIDENT_ZONES).unwrap() {
        assert_eq!(stage.failed(&zone(number), false, 15), None);
    }
    stage.configured = true;
    let lines = stage.failed(&ours, false, 20);
    assert!(matches!(lines, Some(Line::ZoneFails { failures: 3, .. })), "{lines:?}");
    assert_eq!(stage.incidents.failing(at(21)).len(), 1);
    assert_eq!(stage.incidents.zones.len(), MAX_INCIDENT_ZONES);
}

#[test]
fn reload_ends_failures_below_name() {
    let mut stage = Stage::default();
    let (removed, other) = (zone(1), zone(2));
    for second in [0, 10, 20] {
        stage.failed(&removed, true, second);
        stage.failed(&other, true, second);
    }
    assert_eq!(stage.incidents.failing(at(21)).len(), 2);
    stage.incidents.forget(std::slice::from_ref(&removed), at(21));
    let failing = stage.incidents.failing(at(21));
    assert_eq!(failing.iter().map(|one| one.zone.as_str()).collect::<Vec<_>>(), ["z2.example."]);
}
