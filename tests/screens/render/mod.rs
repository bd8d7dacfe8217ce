//! The output of resolverctl, compared with the files in tests/golden. After an intended change, write the files with
//! `RESOLVERD_WRITE_GOLDEN=1 cargo test --test screens render`, and read the difference.

mod changes;
mod compare;
mod configured;
mod domain;
mod failed;
mod fleet;
mod lists;
mod minutes;
mod shadow;
mod tables;
mod tls_policy;
mod top;
mod traced;
mod watched;
mod why;

use std::collections::BTreeMap;
use std::path::Path;

use control::health;
use dns::cached::{Flushed, StoreFill};
use dns::conduct::Conduct;
use dns::question::{Apart, ExtendedError, Outcome, Security};
use doctor::facts::Record;
use protocol::rows::{HeldAs, HeldRow};
use protocol::{
    CertificateStatus, DaemonStatus, MetricsStatus, MissingAddress, QueryEvent, QueryReply, Removed, Reply,
    RootKeyRow, RootKeyStanding, RootKeysStatus, Severity, SnapshotStatus, Stats, Status, Warning,
};
use record::event::{Step, StepEvent};
use record::{Counter, Counts, Quantiles, ServerRow, ShedRow, StatsReport, UpstreamReport, Window, ZoneRow};
use resolverctl::exit::{CommandFailure, PluginState};
use resolverctl::render::{Style, json, monitor, plugin, screen, state, text, trace};
use validate::verdict::SecurityStatus;

/// Compares a text with the file in tests/golden, or writes the file.
fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("RESOLVERD_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(actual, expected, "differs from {}", path.display());
}

fn quantiles(count: u64, [p50, p90, p99, max]: [f64; 4]) -> Quantiles {
    Quantiles { count, p50, p90, p99, max }
}

fn report() -> StatsReport {
    StatsReport {
        window: Window::FiveMinutes,
        seconds: 300.0,
        uptime: 273_600.0,
        questions: 385_207,
        outcomes: Outcome::ALL
            .into_iter()
            .zip([357_109, 7_318, 15_793, 0, 11, 151, 2, 4_819, 3, 0, 0, 1])
            .collect(),
        apart: Apart::ALL.into_iter().zip([1, 0, 0, 17, 0]).collect(),
        latency: quantiles(385_207, [0.000_042, 0.000_088, 0.038, 4.0]),
        upstream: UpstreamReport {
            messages: Conduct::ALL
                .into_iter()
                .zip([18_001, 93, 212, 0, 0, 0, 14, 30, 2, 0, 0, 0, 0, 4, 0, 0])
                .collect(),
            counts: Counts::from_iter([
                (Counter::Tcp, 93),
                (Counter::Hedges, 402),
                (Counter::HedgesRefused, 3),
                (Counter::FlightsFailed, 13),
                (Counter::FlightMessages, 18_356),
                (Counter::Scrubbed, 412),
                (Counter::Strays, 3),
            ]),
            waited: 512.4,
            round_trip: quantiles(18_144, [0.014, 0.062, 0.241, 1.9]),
            flights: quantiles(15_806, [0.021, 0.094, 2.1, 10.0]),
            validated: SecurityStatus::ALL.into_iter().zip([3_112, 12_629, 9, 2]).collect(),
        },
    }
}

fn zone(zone: &str, flights: [u64; 5], failed: u64, spent: f64, verdict: &str) -> ZoneRow {
    let [under_50ms, under_200ms, under_1s, under_3s, over_3s] = flights;
    ZoneRow {
        zone: zone.to_owned(),
        flights: flights.iter().sum(),
        failed,
        shed: if verdict.contains("timeout") { 4_812 } else { 0 },
        spent,
        under_50ms,
        under_200ms,
        under_1s,
        under_3s,
        over_3s,
        messages: if verdict.contains("timeout") {
            BTreeMap::from([(Conduct::Answered, 75), (Conduct::Silent, 212), (Conduct::Refused, 14)])
        } else {
            BTreeMap::from([(Conduct::Answered, 4 + flights.iter().sum::<u64>())])
        },
        round_trip: if verdict.starts_with("slow") { 0.32 } else { 0.014 },
        verdict: verdict.to_owned(),
    }
}

fn zones() -> Vec<ZoneRow> {
    vec![
        zone("badly-run.example.", [0, 3, 9, 61, 128], 13, 446.0, "212 timeout, 14 REFUSED, 75 ok"),
        zone("example.net.", [4_100, 77, 0, 0, 0], 0, 98.5, "ok: mean round trip 14 ms"),
        zone(
            "a-zone-with-a-very-long-name.under.test.example.",
            [0, 0, 30, 0, 0],
            0,
            12.6,
            "slow: mean round trip 320 ms",
        ),
        zone("other", [10, 2, 0, 0, 0], 0, 0.9, "ok: mean round trip 14 ms"),
    ]
}

fn servers() -> Vec<ServerRow> {
    let row = |server: &str, silent: u64, answered: u64, verdict: &str| ServerRow {
        server: server.to_owned(),
        waited: (400 * silent + 30 * answered) as f64 / 1_000.0,
        messages: [(Conduct::Answered, answered), (Conduct::Silent, silent)]
            .into_iter()
            .filter(|(_, n)| *n > 0)
            .collect(),
        round_trip: if answered > 0 { 0.0301 } else { 0.0 },
        round_trip_max: match answered {
            0 => 0.0,
            2 => 0.0312,
            _ => 0.412,
        },
        late: 0,
        verdict: verdict.to_owned(),
    };
    vec![
        row("198.51.100.53", 212, 0, "212 timeout"),
        row("192.0.2.7", 0, 1_240, "ok: mean round trip 30 ms"),
        row("2001:db8:1234:5678:9abc:def0:1234:5678", 12, 2, "12 timeout, 2 ok"),
    ]
}

fn stores() -> Vec<StoreFill> {
    let fill = |store: &str, entries, bytes, capacity| StoreFill {
        store: store.to_owned().into(),
        entries,
        bytes,
        capacity,
    };
    vec![
        fill("answers", 212_311, 98 << 20, 128 << 20),
        fill("rrsets", 180_002, 77 << 20, 102 << 20),
        fill("servers", 4_113, 1_200_000, 12 << 20),
        fill("failures", 12, 7_104, 12 << 20),
    ]
}

fn failed_zones() -> Vec<ZoneRow> {
    let mut rows = zones();
    rows.retain(|row| row.failed > 0);
    rows
}

fn stats() -> Stats {
    let (mut slow_zones, slow_servers) = (zones(), servers());
    slow_zones.truncate(3);
    let row = |name: &str, shed| ShedRow { name: name.to_owned(), shed };
    Stats {
        version: "0.2.0".to_owned(),
        report: report(),
        failed_zones: failed_zones(),
        slow_zones,
        slow_servers,
        shed_zones: vec![row("badly-run.example.", 4_812), row("example.net.", 7)],
        shed_clients: vec![row("127.0.0.1", 4_819)],
        stores: stores(),
    }
}

fn status(warnings: Vec<Warning>) -> Status {
    let daemon = DaemonStatus {
        version: "0.2.0".to_owned(),
        process: 4_711,
        config: Some("/etc/resolverd/resolverd.toml".to_owned()),
        listen: vec!["127.0.0.1:53".parse().unwrap()],
        listen_tls: vec!["192.0.2.1:853".parse().unwrap()],
        listen_https: vec!["192.0.2.1:443".parse().unwrap()],
        listen_quic: vec!["192.0.2.1:853".parse().unwrap()],
        missing: vec![MissingAddress {
            address: "[::1]:53".parse().unwrap(),
            why: "this host has no such address".to_owned(),
        }],
        certificates: vec![CertificateStatus {
            file: "/etc/resolverd/tls/fullchain.pem".to_owned(),
            from: Some(1_767_225_600),
            until: Some(1_775_001_600),
            wrong: None,
        }],
        metrics: Some(MetricsStatus { address: "127.0.0.1:9453".parse().unwrap(), why: None }),
        flights: 12,
        flights_max: 2_000,
        restarts: 0,
        stuck: 0,
        root_keys: RootKeysStatus {
            follows: true,
            unfollowed: None,
            checked: Some(1_767_312_000),
            why: None,
            failing_since: None,
            unkept: None,
            unusable: false,
            keys: vec![
                RootKeyRow { tag: 20_326, state: RootKeyStanding::Valid, since: Some(1_767_225_600) },
                RootKeyRow { tag: 38_696, state: RootKeyStanding::Pending, since: Some(1_767_225_600) },
            ],
        },
        snapshot: Some(SnapshotStatus {
            read: true,
            age: Some(312.4),
            entries: 371_230,
            bytes: 118 << 20,
            restored: 352_112,
        }),
    };
    Status { daemon, uptime: 273_600.0, questions: 385_207, seconds: 300.0, stores: stores(), warnings }
}

fn record(name: &str, ttl: u32, kind: &str, data: &str) -> Record {
    Record::read(name, ttl, kind, data).unwrap()
}

fn query(kind: &str, rcode: &str, outcome: Outcome, answers: Vec<Record>) -> QueryReply {
    let elapsed = match outcome {
        Outcome::Cache => 0.000_19,
        Outcome::Failed => 1.62,
        _ => 0.1234,
    };
    QueryReply {
        name: "mail.example.".to_owned(),
        kind: kind.to_owned(),
        rcode: rcode.to_owned(),
        outcome,
        elapsed,
        flags: vec!["ra".to_owned()],
        security: if rcode == "SERVFAIL" { Security::Unchecked } else { Security::Secure },
        answers,
        authority: Vec::new(),
        extended_error: None,
        configured: None,
        views: Vec::new(),
    }
}

fn both(name: &str, text: &str, json: &str) {
    golden(&format!("{name}.txt"), text);
    golden(&format!("{name}.json"), json);
    for line in json.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn the_screen() {
    both("stats", &screen::stats(&stats(), Style::Plain), &json::line(&stats()));
    golden("stats_colored.ansi", &screen::stats(&stats(), Style::Colored));
}

#[test]
fn one_failed_resolution_has_no_plural() {
    let mut stats = stats();
    stats.failed_zones.truncate(1);
    stats.failed_zones[0].failed = 1;
    let screen = screen::stats(&stats, Style::Plain);
    assert!(screen.contains("1 resolution for badly-run.example."), "{screen}");
}

#[test]
fn fresh_daemon_stats_match_screen() {
    let recorder = record::Recorder::new(dns::clock::Clock::machine(), 1);
    let mut fresh = control::stats(&recorder, Vec::new(), Window::FiveMinutes);
    (fresh.report.seconds, fresh.report.uptime) = (0.0, 0.0);
    both("stats_fresh", &screen::stats(&fresh, Style::Plain), &json::line(&fresh));
}

#[test]
fn stats_screen_fits_terminal() {
    let mut worst = stats();
    worst.report.questions = u64::MAX / 100;
    let huge = u64::MAX / 1_000;
    worst.report.outcomes = Outcome::ALL.into_iter().map(|outcome| (outcome, huge)).collect();
    worst.report.apart = Apart::ALL.into_iter().map(|apart| (apart, 99_999_999)).collect();
    worst.report.upstream.messages = Conduct::ALL.into_iter().map(|conduct| (conduct, 666_666_666)).collect();
    for calm in [stats(), worst] {
        let screen = screen::stats(&calm, Style::Plain);
        assert!(screen.lines().count() <= 23, "{screen}");
        for line in screen.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn outcome_percentages_sum_to_hundred() {
    let screen = screen::stats(&stats(), Style::Plain);
    let after = screen.split("outcomes").nth(1).unwrap();
    let outcomes = after.split("discarded  ").next().unwrap();
    let tenths: u64 = outcomes
        .split('%')
        .filter_map(|part| part.split_whitespace().last())
        .map(|number| number.replace('.', "").parse::<u64>().unwrap())
        .sum();
    assert_eq!(tenths, 1_000, "{outcomes}");
}

#[test]
fn well_and_not_well() {
    let well = status(Vec::new());
    both("status", &text::status(&well, Style::Plain), &json::line(&well));
    let fault = Warning {
        severity: Severity::Notice,
        problem: "9 resolutions for zone badly-run.example. failed within 12 min, the last one 20 s ago; cause: no server of badly-run.example. gave a usable answer: 198.51.100.53 timeout.".to_owned(),
        remedy: "`resolverctl check badly-run.example` shows what its owner must repair.".to_owned(),
    };
    let others = status(vec![fault]);
    both("status_works", &text::status(&others, Style::Plain), &json::line(&others));
    let problem = Warning {
        severity: Severity::Warning,
        problem: "9 resolutions for zone corp.example. (in your configuration) failed within 12 min, the last one 20 s ago; cause: no server of corp.example. gave a usable answer: 10.1.1.1 timeout.".to_owned(),
        remedy: "`resolverctl trace www.corp.example. A` shows each step.".to_owned(),
    };
    let unwell = status(vec![problem]);
    both("status_not_well", &text::status(&unwell, Style::Plain), &json::line(&unwell));
}

#[test]
fn plugin_line_has_worst_trouble() {
    let warning = |severity, problem: &str| Warning {
        severity,
        problem: problem.to_owned(),
        remedy: "See `resolverctl failed`.".to_owned(),
    };
    let others = warning(
        Severity::Notice,
        "9 resolutions for zone a.example. failed within 12 min, the last one 20 s ago; cause: timeout at the servers of a.example.: 192.0.2.53 timeout.",
    );
    let zone = warning(
        Severity::Warning,
        "9 resolutions for zone corp.example. (in your configuration) failed within 12 min, the last one 20 s ago; cause: timeout at the servers of corp.example.: 10.1.1.1 timeout.",
    );
    let down = warning(Severity::Critical, "No server on the internet has answered for 61 s.");
    let long = warning(Severity::Warning, &"x".repeat(10_000));
    let mut stats = stats();
    stats.report.outcomes.insert(Outcome::Shed, 0);
    let told = |warnings| plugin::state(&status(warnings), &stats);
    let cases = [
        (Vec::new(), PluginState::Ok),
        (vec![others.clone()], PluginState::Ok),
        (vec![others; 2], PluginState::Ok),
        (vec![zone.clone()], PluginState::Warning),
        (vec![zone.clone(), down.clone(), down, zone], PluginState::Critical),
    ];
    let mut text = String::new();
    for (warnings, expected) in cases {
        let (state, line) = told(warnings);
        assert_eq!(state, expected, "{line}");
        text += &line;
    }
    let socket = std::path::PathBuf::from("/run/resolverd/control.sock");
    let error = std::io::Error::from_raw_os_error(2);
    for (failure, expected) in [
        (CommandFailure::Unreachable { socket: socket.clone(), error }, PluginState::Critical),
        (CommandFailure::Timeout(std::time::Duration::from_secs(5)), PluginState::Critical),
        (CommandFailure::Permission { socket }, PluginState::Unknown),
    ] {
        let state = plugin::without_status(&failure);
        assert_eq!(state, expected, "{failure}");
        text += &plugin::failed(state, &failure.to_string());
    }
    golden("status_plugin.txt", &text);
    for line in text.lines() {
        let (_, data) = line.split_once('|').unwrap_or((line, ""));
        assert!(!data.contains('|') && line.starts_with("RESOLVERD "), "{line}");
        for datum in data.split_whitespace() {
            let (label, value) = datum.split_once('=').unwrap();
            let number = value.split(';').next().unwrap().trim_end_matches(['s', 'B']);
            assert!(!label.is_empty() && number.parse::<f64>().is_ok(), "{datum}");
        }
    }
    assert!(told(vec![long]).1.len() < 1_024);
    let hostile = told(vec![warning(Severity::Warning, "Zone a.example.: failed | last:\ntimeout.")]).1;
    assert!(
        hostile.starts_with("RESOLVERD WARNING - Zone a.example.: failed / last:\\ntimeout. See `"),
        "{hostile}"
    );
}

#[test]
fn plugin_reports_expiring_certificate() {
    let (now, day) = (1_775_001_600, 86_400);
    let told = |until| {
        let mut status = status(Vec::new());
        status.daemon.certificates[0].until = Some(until);
        status.warnings = health::listeners::certificates(&status.daemon.certificates, now);
        let (state, line) = plugin::state(&status, &stats());
        (state, line.split('|').next().unwrap_or_default().to_owned())
    };
    assert_eq!(told(now + 15 * day).0, PluginState::Ok);
    let soon = "RESOLVERD WARNING - The certificate /etc/resolverd/tls/fullchain.pem expires on 2026-04-14. See `resolverctl status`.";
    assert_eq!(told(now + 13 * day), (PluginState::Warning, soon.to_owned()));
    let expired = "RESOLVERD CRITICAL - The certificate /etc/resolverd/tls/fullchain.pem has expired on 2026-03-31: clients that verify it get no answers. See `resolverctl status`.";
    assert_eq!(told(now - day), (PluginState::Critical, expired.to_owned()));
}

#[test]
fn queries_as_they_end() {
    let event = |outcome, elapsed, error: Option<&str>| {
        Reply::Event(QueryEvent {
            at: 1_795_231_950.25,
            client: "127.0.0.1".parse().unwrap(),
            name: "mail.example.".to_owned(),
            kind: "MX".to_owned(),
            outcome,
            elapsed,
            error: error.map(str::to_owned),
        })
    };
    let failed = "no server of example. gave a usable answer: 192.0.2.53 timeout";
    let replies = [
        event(Outcome::Upstream, 0.0412, None),
        event(Outcome::Failed, 4.0, Some(failed)),
        Reply::Lost { lost: 1_733 },
    ];
    let time = |_: f64| "03:12:30.250".to_owned();
    let text: String = replies.iter().map(|reply| monitor::line(reply, &time, Style::Plain)).collect();
    both("monitor", &text, &lines(&replies));
}

#[test]
fn control_characters_are_escaped() {
    let hostile = || "a\u{1b}[31m\u{7}".to_owned();
    let mut failed = query("A", "SERVFAIL", Outcome::Failed, Vec::new());
    failed.extended_error = Some(ExtendedError::new(ExtendedError::NO_REACHABLE_AUTHORITY, hostile()));
    let received = StepEvent::Received {
        server: "192.0.2.53:53".to_owned(),
        conduct: Conduct::Silent,
        round_trip: 0.4,
        said: hostile(),
    };
    let removed = StepEvent::Scrubbed { dropped: 1, records: vec![hostile()] };
    let [received, removed] = [received, removed].map(|event| Step { at: 0.0, depth: 0, event });
    let event = Reply::Event(QueryEvent {
        at: 0.0,
        client: "127.0.0.1".parse().unwrap(),
        name: hostile(),
        kind: "MX".to_owned(),
        outcome: Outcome::Failed,
        elapsed: 4.0,
        error: Some(hostile()),
    });
    let held = Reply::Held(HeldRow {
        held: HeldAs::Delegation,
        kind: None,
        view: 0,
        flags: Vec::new(),
        ttl: 300,
        source: None,
        octets: 100,
        data: vec![hostile()],
    });
    let mut servers = tables::server_states();
    if let Some(Reply::ServerState(row)) = servers.first_mut() {
        row.lame = vec![hostile()];
    }
    let zone = configured::hostile_zone(&hostile());
    for screen in [
        text::query(&failed, Style::Plain),
        trace::step(&received, false, Style::Plain),
        trace::step(&removed, true, Style::Plain),
        monitor::line(&event, &|_| String::new(), Style::Plain),
        state::held(&[held], Style::Plain),
        state::servers(&servers, None, Style::Plain),
        resolverctl::render::zones::table(&[zone], Style::Plain),
    ] {
        assert!(screen.contains("a\\u{1b}[31m\\u{7}"), "{screen}");
        assert!(!screen.contains(|letter: char| letter.is_control() && letter != '\n'), "{screen:?}");
    }
}

#[test]
fn answers() {
    let shown = |name, reply: &QueryReply| both(name, &text::query(reply, Style::Plain), &json::line(reply));
    let mail = vec![
        record("mail.example.", 300, "MX", "10 mx.example."),
        record("mail.example.", 300, "MX", "20 backup.mx.example."),
    ];
    shown("query", &query("MX", "NOERROR", Outcome::Upstream, mail));

    let mut negative = query("A", "NXDOMAIN", Outcome::Cache, Vec::new());
    negative.authority =
        vec![record("example.", 871, "SOA", "ns.example. hostmaster.example. 1 7200 900 1209600 900")];
    shown("query_negative", &negative);

    let mut failed = query("A", "SERVFAIL", Outcome::Failed, Vec::new());
    failed.extended_error = Some(ExtendedError::new(
        ExtendedError::NO_REACHABLE_AUTHORITY,
        "no server of example. gave a usable answer: 192.0.2.53 timeout.",
    ));
    shown("query_failed", &failed);
}

#[test]
fn what_was_removed() {
    let entries = Flushed { answers: 29, rrsets: 1, negatives: 3, delegations: 8, failures: 0, servers: 0 };
    let removed = Removed { removed: 41, entries };
    both("flush", &text::removed(&removed), &json::line(&removed));
    assert_eq!(text::removed(&Removed::default()), "nothing removed: not in the cache\n");
}

fn lines(replies: &[Reply]) -> String {
    replies.iter().map(json::reply).collect()
}
