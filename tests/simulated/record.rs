//! The history of queries: the sums of its counters are consistent, old periods are removed, and tables have a limited size.

#![cfg(feature = "lab")]

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};
use proptest::prelude::*;

use control::health;
use dns::clock::Clock;
use dns::conduct::{Conduct, Transport};
use dns::question::{Apart, Outcome, Question};
use dns::wire::presentation::read_name;
use explain::logging::{LogFacts, LogState};
use explain::why::DaemonFacts;
use lab::prelude::Lines;
use lab::simulation::paused;
use protocol::Severity;
use record::entry::QuestionEntry;
use record::event::{Ended, FlightEnded, FlightFailure, RouteKind, Sent, ServerOrigin, Shows};
use record::redact::{Redaction, Secrets};
use record::{OTHER, Recorder, Scraped, ShedRow, Troubles, Window};

fn ended(client: u32, kind: RecordType, outcome: Outcome) -> Ended {
    let client = IpAddr::V4(Ipv4Addr::from_bits(client));
    Ended { client, kind, outcome, elapsed: Duration::from_micros(10) }
}

/// The sums over the types, the outcomes and the times must be equal while all workers count questions.
#[test]
fn sums_agree_while_questions_are_counted() {
    let recorder = Recorder::new(Clock::machine(), 2);
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for shard in 0..2 {
            let (recorder, is_over) = (&recorder, &is_over);
            scope.spawn(move || {
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    recorder.question(shard, &ended(1, RecordType::MX, Outcome::Cache));
                }
            });
        }
        for _ in 0..200 {
            let Scraped { report, types, latency: times, .. } = recorder.scraped(Window::Start);
            let of_types: u64 = types.iter().map(|row| row.questions).sum();
            let of_times: u64 = times.iter().map(|(_, times)| times.count).sum();
            assert_eq!((report.questions, report.latency.count), (of_types, of_times));
            assert_eq!(report.questions, of_times);
        }
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

fn sent(zone: &str, server: u8, conduct: Conduct, millis: u64) -> Sent {
    Sent {
        server: SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, server)), 53),
        zone: Name::from_str(zone).unwrap(),
        origin: ServerOrigin::Recursion,
        transport: Transport::Udp,
        conduct,
        elapsed: Duration::from_millis(millis),
    }
}

/// Reports the end of a resolution for the MX records of a zone.
fn fly(recorder: &Recorder, zone: &str, millis: u64, failed: bool) {
    let zone = read_name(zone).unwrap();
    let lost = || FlightFailure {
        why: format!("no server of {zone} gave a usable answer: 192.0.2.1 timeout"),
        shows: Shows::Silence,
        origin: ServerOrigin::Recursion,
        servers: vec![([192, 0, 2, 1].into(), Conduct::Silent)],
        broken_at: None,
        list: None,
    };
    recorder.flight(&FlightEnded {
        question: &Question::new(&zone, RecordType::MX),
        route: RouteKind::Recursion,
        zone: Some(zone.clone()),
        failed: failed.then(lost),
        doubted: false,
        state: None,
        elapsed: Duration::from_millis(millis),
        patience: Duration::from_secs(4),
        packets: 2,
    });
}

/// Adds failed queries for the MX records of a name (in wire form).
fn fails(recorder: &Recorder, at: u64, name: &[u8], outcome: Outcome, count: u64) {
    for _ in 0..count {
        let question = QuestionEntry {
            outcome,
            elapsed: 1_000,
            error: "no server of it answered".into(),
            code: Some(22),
            ..QuestionEntry::failed(name, at)
        };
        recorder.asked(&question, None);
        recorder.question(0, &ended(1, RecordType::MX, outcome));
    }
}

/// Logs everything that is new in the history.
fn tell(recorder: &Recorder, secrets: &Secrets) {
    let facts = DaemonFacts::default();
    let redaction = Redaction::default();
    let facts = LogFacts { secrets, redaction, facts, is_list_logged: &|_| false };
    LogState::default().write(recorder, &facts);
}

#[test]
fn shed_queries_fail_no_zone() {
    in_virtual_time(|| async {
        let clock = Clock::simulated(0);
        let recorder = Recorder::new(clock.clone(), 1);
        let fails = |name: &[u8], outcome, count| {
            fails(&recorder, clock.mono().as_micros(), name, outcome, count);
        };
        for name in [b"\x01a\x07example\x00", b"\x01b\x07example\x00", b"\x01c\x07example\x00"] {
            fails(name, Outcome::Failed, 18);
        }
        let last = b"\x01d\x07example\x00";
        fails(last, Outcome::Deadline, 1);
        fails(last, Outcome::Remembered, 1);
        fails(last, Outcome::Shed, 31);
        fails(last, Outcome::Crashed, 1);
        recorder.questions(0, &ended(1, RecordType::MX, Outcome::Cache), 232);
        tell(&recorder, &Secrets::default());
        let by_zone = recorder.failures_by_zone(Window::FiveMinutes).unwrap();
        let zones: Vec<_> = by_zone.zones.iter().map(|row| (&*row.zone, row.failed)).collect();
        assert_eq!(zones, [("a.example.", 18), ("b.example.", 18), ("c.example.", 18), ("d.example.", 2)]);
        assert_eq!(by_zone.others, 0);
        let judged = recorder.report(Window::FiveMinutes);
        assert_eq!((judged.questions, judged.failures()), (320, 56));
        let warnings = health::judge(&judged, Some(&by_zone), &Troubles::default(), &BTreeSet::new());
        let failing = warnings.iter().find(|warning| warning.problem.starts_with("56 of 320")).unwrap();
        assert_eq!(failing.severity, Severity::Warning, "{warnings:?}");
    });
}

/// Runs a test in virtual time, which only the test moves on.
fn in_virtual_time<Run: Future<Output = ()>>(run: impl FnOnce() -> Run) {
    paused(async { run().await });
}

/// Lets time pass. The history is updated at each interval, as in the daemon.
async fn pass(recorder: &Recorder, span: Duration) {
    let ticks = span.as_secs() / record::limits::SNAPSHOT_INTERVAL.as_secs();
    for _ in 0..ticks {
        tokio::time::advance(record::limits::SNAPSHOT_INTERVAL).await;
        recorder.tick();
    }
}

#[test]
fn windows_expire_and_totals_stay() {
    in_virtual_time(|| async {
        let recorder = Recorder::new(Clock::simulated(0), 2);
        recorder.question(0, &ended(1, RecordType::MX, Outcome::Cache));
        recorder.sent(&sent("example.", 1, Conduct::Answered, 20));
        fly(&recorder, "example.", 20, false);
        pass(&recorder, Duration::from_secs(180)).await;
        recorder.question(1, &ended(2, RecordType::A, Outcome::Upstream));

        let questions = |window| recorder.report(window).questions;
        assert_eq!(questions(Window::Minute), 1);
        assert_eq!(questions(Window::FiveMinutes), 2);
        assert_eq!(recorder.report(Window::Minute).seconds, 60.0);
        assert_eq!(recorder.report(Window::Hour).seconds, 180.0);
        assert_eq!(recorder.by_client(Window::Minute).len(), 1);
        assert_eq!(recorder.by_client(Window::Start).len(), 2);
        assert_eq!(recorder.by_type(Window::Minute).first().unwrap().kind, "A");
        assert!(recorder.by_zone(Window::Minute).is_empty());
        assert_eq!(recorder.by_server(Window::Hour).len(), 1);

        pass(&recorder, Duration::from_secs(3_720)).await;
        assert_eq!(questions(Window::Hour), 0);
        assert_eq!(questions(Window::Start), 2);
        assert!(recorder.slow(Window::Hour).is_empty());
        assert_eq!(recorder.slow(Window::Start).len(), 1);
    });
}

#[test]
fn reading_changes_nothing() {
    in_virtual_time(|| async {
        let recorder = Recorder::new(Clock::simulated(0), 1);
        recorder.question(0, &ended(1, RecordType::MX, Outcome::Cache));
        recorder.apart(0, Apart::Runt);
        recorder.sent(&sent("example.", 1, Conduct::Silent, 400));
        let read = || {
            let window = Window::FiveMinutes;
            (
                recorder.report(window),
                recorder.by_client(window),
                recorder.by_server(window),
                recorder.by_zone(window),
            )
        };
        assert_eq!(read(), read());
    });
}

#[test]
fn slow_zone_shows_server_conduct() {
    let recorder = Recorder::new(Clock::machine(), 1);
    for _ in 0..12 {
        recorder.sent(&sent("bad.example.", 9, Conduct::Silent, 400));
    }
    recorder.sent(&sent("bad.example.", 9, Conduct::Refused, 30));
    recorder.sent(&sent("bad.example.", 9, Conduct::Answered, 30));
    fly(&recorder, "bad.example.", 4_900, true);
    recorder.sent(&sent("far.example.", 10, Conduct::Answered, 320));
    fly(&recorder, "far.example.", 330, false);
    recorder.sent(&sent("good.example.", 11, Conduct::Answered, 9));
    fly(&recorder, "good.example.", 10, false);

    let rows = recorder.slow(Window::Start);
    let told: Vec<(&str, &str)> = rows.iter().map(|row| (row.zone.as_str(), row.verdict.as_str())).collect();
    assert_eq!(
        told,
        [
            ("bad.example.", "12 timeout, 1 REFUSED, 1 ok"),
            ("far.example.", "slow: mean round trip 320 ms"),
            ("good.example.", "ok: mean round trip 9 ms"),
        ]
    );
    let worst = &rows[0];
    assert_eq!((worst.flights, worst.failed, worst.over_3s, worst.under_3s), (1, 1, 1, 0));
    let servers = recorder.by_server(Window::Start);
    assert_eq!(servers[0].server, "192.0.2.9");
    assert_eq!(servers[0].verdict, "12 timeout, 1 REFUSED, 1 ok");
}

#[test]
fn shed_queries_have_zone_and_client() {
    let recorder = Recorder::new(Clock::machine(), 1);
    fly(&recorder, "good.example.", 10, false);
    recorder.question(0, &ended(1, RecordType::A, Outcome::Upstream));
    for (client, zone, times) in [(1, "light.example.", 2), (2, "flooded.example.", 5)] {
        for _ in 0..times {
            recorder.shed(&Name::from_ascii(zone).unwrap());
            recorder.question(0, &ended(client, RecordType::A, Outcome::Shed));
        }
    }
    let (zones, clients) = recorder.shed_by(Window::Start);
    let told = |rows: Vec<ShedRow>| rows.into_iter().map(|row| (row.name, row.shed)).collect::<Vec<_>>();
    let rows = |rows: [(&str, u64); 2]| rows.map(|(name, shed)| (name.to_owned(), shed)).to_vec();
    assert_eq!(told(zones), rows([("flooded.example.", 5), ("light.example.", 2)]));
    let client = |number| ended(number, RecordType::A, Outcome::Shed).client.to_string();
    assert_eq!(told(clients), rows([(&client(2), 5), (&client(1), 2)]));
    assert_eq!(recorder.by_client(Window::Start).iter().map(|row| row.failed).sum::<u64>(), 7);
}

#[test]
fn history_tables_stay_limited() {
    let recorder = Recorder::new(Clock::machine(), 1);
    let many = u32::try_from(record::limits::MAX_TABLE_ROWS * 2).unwrap();
    fly(&recorder, "slow.example.", 9_000, false);
    for number in 0..many {
        recorder.question(0, &ended(number, RecordType::A, Outcome::Cache));
        fly(&recorder, &format!("z{number}.example."), 10, false);
    }
    let clients = recorder.by_client(Window::Start);
    assert_eq!(clients.len(), record::limits::MAX_CLIENTS_PER_SHARD + 1);
    assert_eq!(clients.last().unwrap().client, OTHER);
    assert_eq!(clients.iter().map(|row| row.questions).sum::<u64>(), u64::from(many));
    for window in [Window::Minute, Window::Start] {
        let zones = recorder.slow(window);
        assert!(zones.len() <= record::limits::MAX_TABLE_ROWS + 1);
        assert_eq!(zones[0].zone, "slow.example.");
        assert_eq!(zones.last().unwrap().zone, OTHER);
        assert_eq!(zones.iter().map(|row| row.flights).sum::<u64>(), u64::from(many) + 1);
    }
}

#[test]
fn zone_incident_has_two_lines() {
    let said = Lines::from_work(tracing::Level::INFO, || {
        in_virtual_time(|| async {
            let recorder = Recorder::new(Clock::simulated(0), 1);
            fly(&recorder, "partner.example.", 10, false);
            for _ in 0..40 {
                fly(&recorder, "partner.example.", 4_000, true);
                recorder.sent(&sent("partner.example.", 1, Conduct::Silent, 400));
                recorder.sent(&sent("example.", 2, Conduct::Answered, 10));
                tokio::time::advance(Duration::from_secs(4)).await;
                recorder.tick();
            }
            fly(&recorder, "partner.example.", 10, false);
        });
    });
    let said: Vec<&str> = said.lines().map(str::trim).collect();
    assert_eq!(said.len(), 2, "{said:#?}");
    assert_eq!(
        said[0],
        "WARN 3 resolutions for zone partner.example. failed within 8 s; cause of the last failure: no server of partner.example. gave a usable answer: 192.0.2.1 timeout; `resolverctl trace partner.example. MX` shows each step incident=\"zone_fails\" zone=\"partner.example.\" servers=\"192.0.2.1\""
    );
    assert_eq!(
        said[1],
        "INFO queries for zone partner.example. are answered again, 2 min after the first failed query; the first answered query was partner.example. MX incident=\"zone_answers\" zone=\"partner.example.\""
    );
}

#[test]
fn zone_incident_lines_redact_list_key() {
    let said = Lines::from_work(tracing::Level::INFO, || {
        in_virtual_time(|| async {
            let recorder = Recorder::new(Clock::simulated(0), 1);
            tell(&recorder, &Secrets::before([b"\x02dq\x04list\x04test\x00".to_vec()]));
            fly(&recorder, "sekret.dq.list.test.", 10, false);
            for _ in 0..6 {
                fly(&recorder, "sekret.dq.list.test.", 4_000, true);
                recorder.sent(&sent("test.", 2, Conduct::Answered, 10));
                tokio::time::advance(Duration::from_secs(4)).await;
            }
            fly(&recorder, "sekret.dq.list.test.", 10, false);
        });
    });
    let said: Vec<&str> = said.lines().map(str::trim).collect();
    let [begin, end] = said.as_slice() else { panic!("{said:#?}") };
    assert!(begin.contains("`resolverctl trace _key.dq.list.test. MX`"), "{begin}");
    assert!(end.contains("answered query was _key.dq.list.test. MX"), "{end}");
    assert!(!begin.contains("sekret") && !end.contains("sekret"), "{said:#?}");
}

/// Commands read `\DDD` as a decimal number (RFC 1035 section 5.1).
#[test]
fn zone_row_uses_decimal_escapes() {
    let recorder = Recorder::new(Clock::machine(), 1);
    fly(&recorder, "e\\027[31m\\032x.example.", 10, true);
    let zones: Vec<String> = recorder.by_zone(Window::Start).into_iter().map(|row| row.zone).collect();
    assert_eq!(zones, ["e\\027[31m\\032x.example."]);
}

#[test]
fn bogus_zone_is_not_ok() {
    let recorder = Recorder::new(Clock::machine(), 1);
    let zone = Name::from_str("bogus.example.").unwrap();
    for _ in 0..4 {
        recorder.sent(&sent("bogus.example.", 9, Conduct::Answered, 20));
    }
    (0..3).for_each(|_| recorder.bogus([192, 0, 2, 9].into(), &zone));
    // The answers lead to no data, so the resolution failed.
    recorder.sent(&sent("circle.example.", 8, Conduct::Answered, 10));
    fly(&recorder, "circle.example.", 10, true);
    let verdicts: Vec<String> = recorder
        .by_zone(Window::Start)
        .into_iter()
        .map(|row| format!("{} {}", row.zone, row.verdict))
        .collect();
    assert_eq!(verdicts, ["circle.example. 1 of 1 resolutions failed", "bogus.example. 3 bogus, 1 ok"]);
    let servers: Vec<String> = recorder
        .by_server(Window::Start)
        .into_iter()
        .map(|row| format!("{} {}", row.server, row.verdict))
        .collect();
    assert_eq!(servers, ["192.0.2.9 3 bogus, 1 ok", "192.0.2.8 ok: mean round trip 10 ms"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn counters_sum_to_questions(
        questions in proptest::collection::vec((0_usize..9, 0_u32..9, 0_u16..70, 0..Outcome::ALL.len()), 0..300)
    ) {
        let recorder = Recorder::new(Clock::machine(), 3);
        for (place, (shard, client, kind, outcome)) in questions.iter().enumerate() {
            recorder.question(*shard, &ended(*client, RecordType::from(*kind), Outcome::ALL[*outcome]));
            if place % 50 == 49 {
                recorder.tick();
            }
        }
        let total = u64::try_from(questions.len()).unwrap();
        let report = recorder.report(Window::Start);
        prop_assert_eq!(report.questions, total);
        prop_assert_eq!(report.outcomes.values().sum::<u64>(), total);
        prop_assert_eq!(report.outcomes.len(), Outcome::ALL.len());
        prop_assert_eq!(report.latency.count, total);
        prop_assert_eq!(recorder.by_type(Window::Start).iter().map(|row| row.questions).sum::<u64>(), total);
        prop_assert_eq!(recorder.by_client(Window::Start).iter().map(|row| row.questions).sum::<u64>(), total);
    }
}
