//! The output of resolverctl, compared with tests/golden letter by letter. After an intended change, write the files
//! with `RESOLVERD_WRITE_GOLDEN=1 cargo test --test render` and read the difference.

mod configured;
mod domain;
mod failed;
mod lists;
mod top;
mod watched;
mod why;

use std::collections::BTreeMap;
use std::path::Path;

use resolverd::cache::flush::Flushed;
use resolverd::cache::rrset::Rank;
use resolverd::cache::servers::Health;
use resolverd::conduct::{Conduct, Transport};
use resolverd::control::protocol::rows::{FlightState, HeldAs, HeldRow, ServerState};
use resolverd::control::protocol::{
    DaemonStatus, Fill, MetricsStatus, MissingAddress, QueryEvent, QueryReply, RecordText, Removed, Reply,
    Severity, SnapshotStatus, Stats, Status, Table, Warning,
};
use resolverd::ctl::exit::{CommandFailure, PluginState};
use resolverd::ctl::render::plugin;
use resolverd::ctl::render::{Style, json, monitor, rows, screen, state, text, trace};
use resolverd::limits;
use resolverd::question::{Apart, ExtendedError, Outcome, Security};
use resolverd::record::event::{DsFact, DsSource, KeyFact, Step, StepEvent};
use resolverd::record::spent::{MinuteRow, Stage, StageRow, TableSpan};
use resolverd::record::{
    ClientRow, Counter, Counts, Quantiles, ServerRow, ShedRow, StatsReport, TypeRow, UpstreamReport, Window,
    ZoneRow,
};
use resolverd::validate::verdict::SecurityStatus;

/// Compares with the file of that name, or writes it.
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
        seconds: 303.2,
        uptime: 273_600.0,
        questions: 385_207,
        outcomes: Outcome::ALL
            .into_iter()
            .zip([356_505, 7_318, 15_793, 0, 600, 151, 17, 4_819, 3, 0, 0, 1])
            .collect(),
        apart: Apart::ALL.into_iter().zip([1, 0, 0, 17, 0]).collect(),
        latency: quantiles(385_207, [0.000_042, 0.000_088, 0.038, 4.0]),
        upstream: UpstreamReport {
            messages: Conduct::ALL
                .into_iter()
                .zip([18_001, 93, 212, 0, 0, 0, 14, 30, 2, 0, 0, 0, 0, 4, 0])
                .collect(),
            counts: Counts::from_iter([
                (Counter::Tcp, 93),
                (Counter::Hedges, 402),
                (Counter::HedgesRefused, 3),
                (Counter::FlightsFailed, 41),
                (Counter::FlightMessages, 18_356),
                (Counter::Scrubbed, 412),
                (Counter::Strays, 3),
            ]),
            waited: 512.4,
            round_trip: quantiles(18_144, [0.014, 0.062, 0.241, 1.9]),
            flights: quantiles(15_793, [0.021, 0.094, 0.9, 10.0]),
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
        zone("badly-run.example.", [0, 3, 9, 61, 128], 13, 1_204.0, "301 messages: timeout 212, REFUSED 14"),
        zone(
            "a-zone-with-a-very-long-name.under.test.example.",
            [0, 0, 30, 0, 0],
            0,
            12.6,
            "slow: mean round trip 320 ms",
        ),
        zone("example.net.", [4_100, 77, 0, 0, 0], 0, 98.5, "ok: mean round trip 14 ms"),
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
        round_trip_max: if answered > 0 { 0.412 } else { 0.0 },
        verdict: verdict.to_owned(),
    };
    vec![
        row("198.51.100.53", 212, 0, "212 messages: timeout 212"),
        row("2001:db8:1234:5678:9abc:def0:1234:5678", 12, 2, "14 messages: timeout 12"),
        row("192.0.2.7", 0, 1_240, "ok: mean round trip 30 ms"),
    ]
}

fn stores() -> Vec<Fill> {
    let fill =
        |store: &str, entries, bytes, capacity| Fill { store: store.to_owned(), entries, bytes, capacity };
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
        version: "0.1.0".to_owned(),
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
        version: "0.1.0".to_owned(),
        process: 4_711,
        config: None,
        listen: vec!["127.0.0.1:53".parse().unwrap()],
        missing: vec![MissingAddress {
            address: "[::1]:53".parse().unwrap(),
            why: "this host has no such address".to_owned(),
        }],
        metrics: Some(MetricsStatus { address: "127.0.0.1:9453".parse().unwrap(), why: None }),
        flights: 12,
        flights_max: 2_000,
        restarts: 0,
        stuck: 0,
        snapshot: Some(SnapshotStatus {
            read: true,
            age: Some(312.4),
            entries: 41_230,
            bytes: 12_582_912,
            restored: 39_112,
        }),
    };
    Status { daemon, uptime: 273_600.0, questions: 385_207, seconds: 303.2, stores: stores(), warnings }
}

fn record(name: &str, ttl: u32, kind: &str, data: &str) -> RecordText {
    RecordText { name: name.to_owned(), ttl, kind: kind.to_owned(), data: data.to_owned() }
}

fn query(kind: &str, rcode: &str, outcome: Outcome, answers: Vec<RecordText>) -> QueryReply {
    let elapsed = if outcome == Outcome::Cache { 0.000_19 } else { 0.1234 };
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
    }
}

/// Compares both formats.
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
fn the_screen_of_a_daemon_that_has_just_started() {
    let recorder = resolverd::record::Recorder::new(resolverd::clock::Clock::machine(), 1);
    let mut fresh = resolverd::control::stats(&recorder, &[], Window::FiveMinutes);
    (fresh.report.seconds, fresh.report.uptime) = (0.0, 0.0);
    both("stats_fresh", &screen::stats(&fresh, Style::Plain), &json::line(&fresh));
}

#[test]
fn the_screen_fits_a_terminal_whatever_the_numbers_are() {
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
fn outcomes_on_the_screen_add_up_to_a_hundred_per_cent() {
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

/// When the record of the tables begins.
const RECORD_BEGIN: f64 = 1_795_165_921.0;

fn stages() -> Vec<Reply> {
    let row =
        |stage, count, spent, times| Reply::Stage(StageRow { stage, spent, time: quantiles(count, times) });
    vec![
        row(Stage::Cache, 356_505, 16.2, [0.000_042, 0.000_061, 0.000_12, 0.004]),
        row(Stage::Queue, 212, 0.034, [0.000_08, 0.000_31, 0.002, 0.009]),
        row(Stage::Walk, 27_114, 3.1, [0.000_11, 0.000_19, 0.000_8, 0.012]),
        row(Stage::Waiting, 22_903, 498.7, [0.019, 0.088, 0.84, 4.0]),
        row(Stage::Validation, 1_204, 41.9, [0.021, 0.06, 0.31, 1.2]),
        span(9.0, true),
    ]
}

/// The time of a table that begins some seconds after the record.
fn span(after: f64, shorter: bool) -> Reply {
    let since = RECORD_BEGIN + after;
    Reply::TableSpan(TableSpan { begin: Some(RECORD_BEGIN), since, seconds: 120.0 - after, shorter })
}

fn minutes() -> Vec<Reply> {
    let row = |minute: Option<f64>, messages: u64, times| {
        let seconds = minute.map_or(120.0, |after| if after > 0.0 { 60.0 } else { 59.0 });
        let (per_minute, questions) = (messages as f64 * 60.0 / seconds, messages * 41);
        let (minute, dns) = (minute.map(|after| RECORD_BEGIN - 1.0 + after), quantiles(messages, times));
        Reply::Minute(MinuteRow { minute, messages, per_minute, seconds, questions, dns })
    };
    vec![
        row(None, 124, [0.061, 0.42, 4.1, 4.3]),
        row(Some(60.0), 58, [0.058, 0.31, 4.1, 4.1]),
        row(Some(0.0), 66, [0.063, 0.44, 2.0, 4.3]),
        span(0.0, true),
    ]
}

/// A moment in UTC.
fn moment(unix: f64) -> String {
    let utc = jiff::Timestamp::from_second(unix as i64).unwrap();
    utc.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[test]
fn tables() {
    let lines = |replies: &[Reply]| replies.iter().map(json::reply).collect::<String>();
    let table = |which, replies: &[Reply]| rows::table(which, replies, Window::Hour, &moment, Style::Plain);
    let zones: Vec<Reply> = zones().into_iter().map(Reply::Zone).collect();
    both("by_zone", &table(Table::Zone, &zones), &lines(&zones));
    both("slow", &table(Table::Slow, &zones), &lines(&zones));
    let servers: Vec<Reply> = servers().into_iter().map(Reply::Server).collect();
    both("by_server", &table(Table::Server, &servers), &lines(&servers));
    let client = |client: &str, questions, cache, failed| {
        Reply::Client(ClientRow {
            client: client.to_owned(),
            questions,
            cache,
            failed,
            shed: failed / 2,
            waited: 0.002 * questions as f64,
        })
    };
    let clients =
        [client("127.0.0.1", 1_200, 1_100, 3), client("10.0.0.21", 77, 0, 0), client("other", 1, 1, 0)];
    both("by_client", &table(Table::Client, &clients), &lines(&clients));
    let kind = |kind: &str, questions, cache, failed| {
        Reply::Type(TypeRow { kind: kind.to_owned(), questions, cache, failed })
    };
    let kinds = [kind("A", 2, 1, 0), kind("TXT", 2, 0, 1), kind("MX", 2, 2, 0)];
    both("by_type", &table(Table::Type, &kinds), &lines(&kinds));
    both("by_stage", &table(Table::Stage, &stages()), &lines(&stages()));
    both("by_minute", &table(Table::Minute, &minutes()), &lines(&minutes()));
    let whole = table(Table::Stage, &[span(9.0, false)]);
    assert!(whole.ends_with("\nAll figures are since 2026-11-20 09:12:10 UTC.\n"), "{whole}");
    let empty =
        [Reply::TableSpan(TableSpan { begin: None, since: RECORD_BEGIN, seconds: 1.0, shorter: false })];
    let told = table(Table::Minute, &empty);
    assert!(told.starts_with("no messages (emails) in this time\nThe query history is empty"), "{told}");
    assert_eq!(table(Table::Zone, &[]), "no queries in the last hour\n");
}

#[test]
fn well_and_not_well() {
    let well = status(Vec::new());
    both("status", &text::status(&well, Style::Plain), &json::line(&well));
    let warning = Warning {
        severity: Severity::Warning,
        problem: "Zone badly-run.example.: 9 queries failed within 12 min; last cause: no server of badly-run.example. gave a usable answer: 198.51.100.53 timeout.".to_owned(),
        remedy: "`resolverctl trace mail.badly-run.example. MX` shows each step.".to_owned(),
    };
    let unwell = status(vec![warning]);
    both("status_not_well", &text::status(&unwell, Style::Plain), &json::line(&unwell));
}

#[test]
fn the_plugin_has_one_line_the_worst_trouble_and_its_exit_code() {
    let warning = |severity, problem: &str| Warning {
        severity,
        problem: problem.to_owned(),
        remedy: "See `resolverctl failed`.".to_owned(),
    };
    let zone = warning(
        Severity::Warning,
        "Zone a.example.: 9 queries failed within 12 min; last cause: timeout at the servers of a.example.: 192.0.2.53 timeout.",
    );
    let down = warning(Severity::Critical, "No server on the internet has answered for 61 s.");
    let long = warning(Severity::Warning, &"x".repeat(10_000));
    let told = |warnings| plugin::told(&status(warnings), &stats());
    let cases = [
        (Vec::new(), PluginState::Ok),
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
        hostile.starts_with("RESOLVERD WARNING - Zone a.example.: failed / last:\\ntimeout.|"),
        "{hostile}"
    );
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

/// Texts of strangers must not act on a terminal.
#[test]
fn control_characters_are_escaped() {
    let hostile = || "a\u{1b}[31m\u{7}".to_owned();
    let mut failed = query("A", "SERVFAIL", Outcome::Failed, Vec::new());
    failed.extended_error = Some(ExtendedError::new(ExtendedError::NO_REACHABLE_AUTHORITY, hostile()));
    let received = StepEvent::Received {
        server: "192.0.2.53:53".to_owned(),
        conduct: Conduct::Silent,
        round_trip_micros: 400_000,
        said: hostile(),
    };
    let removed = StepEvent::Scrubbed { dropped: 1, records: vec![hostile()] };
    let [received, removed] = [received, removed].map(|event| Step { at_micros: 0, depth: 0, event });
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
    let mut servers = server_states();
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
        resolverd::ctl::render::zones::table(&[zone], Style::Plain),
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
fn a_trace() {
    let step = |at_micros, depth, event| Step { at_micros, depth, event };
    let sent = |server: &str, reason: &str| StepEvent::Sent {
        server: server.to_owned(),
        transport: Transport::Udp,
        name: Some("mail.example.".to_owned()).filter(|_| server.starts_with("192")),
        kind: Some("A".to_owned()).filter(|_| server.starts_with("192")),
        reason: reason.to_owned(),
        usual_micros: Some(11_800).filter(|_| server.starts_with("192")),
    };
    let received = |server: &str, conduct, said: &str| StepEvent::Received {
        server: server.to_owned(),
        conduct,
        round_trip_micros: if conduct == Conduct::Silent { 400_000 } else { 12_300 },
        said: said.to_owned(),
    };
    let unanswered = |waited_micros, ended| StepEvent::Unanswered {
        server: "198.51.100.1:53".to_owned(),
        waited_micros,
        ended,
    };
    let scrubbed = StepEvent::Scrubbed {
        dropped: 2,
        records: vec![
            "www.bank.example. A 192.0.2.66".to_owned(),
            "bank.example. NS ns.mail.example.".to_owned(),
        ],
    };
    let ds = |zone: &str, tags: Vec<u16>, from| {
        let records = tags.into_iter().map(|tag| DsFact { tag, algorithm: 8, digest: 2 }).collect();
        StepEvent::Ds { zone: zone.to_owned(), records, from }
    };
    let keys = |zone: &str, server: Option<&str>| {
        let records = [(20_326, 257), (5_613, 256)];
        let records = records.map(|(tag, flags)| KeyFact { tag, algorithm: 8, flags }).into();
        StepEvent::Dnskey { zone: zone.to_owned(), records, server: server.map(str::to_owned) }
    };
    let checked = |zone: &str, state, why: Option<&str>| StepEvent::Checked {
        subject: zone.to_owned(),
        state,
        why: why.map(str::to_owned),
    };
    let question = |name: &str| StepEvent::Question { name: name.to_owned(), kind: "A".to_owned() };
    let mut reply =
        query("A", "NOERROR", Outcome::Upstream, vec![record("mx.mail.example.", 60, "A", "192.0.2.25")]);
    reply.elapsed = 0.426;
    reply.security = Security::Insecure;
    let steps = [
        step(0, 0, question("www.mail.example.")),
        step(20, 0, StepEvent::Memory { found: "example. NS".to_owned() }),
        step(100, 0, StepEvent::Cut { zone: "example.".to_owned(), addresses: 1 }),
        step(110, 0, StepEvent::Probe { name: "mail.example.".to_owned() }),
        step(120, 0, sent("192.0.2.53:53", "first")),
        step(
            12_400,
            0,
            received(
                "192.0.2.53:53",
                Conduct::Answered,
                "referral to mail.example. (servers: 2, addresses: 3)",
            ),
        ),
        step(12_410, 0, StepEvent::Referral { zone: "mail.example.".to_owned() }),
        step(12_500, 1, question("ns.elsewhere.example.")),
        step(12_600, 1, sent("198.51.100.1:53", "first")),
        step(112_600, 1, unanswered(100_000, false)),
        step(412_600, 1, received("198.51.100.1:53", Conduct::Silent, "timeout")),
        step(412_700, 1, StepEvent::Ended { result: "SERVFAIL: no server answered".to_owned() }),
        step(424_000, 0, scrubbed),
        step(424_001, 0, StepEvent::Alias { target: "mx.mail.example.".to_owned() }),
        step(425_000, 1, question("mail.example.")),
        step(425_100, 0, ds("example.", vec![20_326], DsSource::Anchor)),
        step(425_200, 0, keys("example.", Some("192.0.2.53"))),
        step(425_300, 0, checked("example.", SecurityStatus::Secure, None)),
        step(425_400, 0, ds("mail.example.", vec![], DsSource::Parent)),
        step(425_500, 0, checked("mail.example.", SecurityStatus::Insecure, None)),
        step(425_600, 0, ds("other.example.", vec![4_711], DsSource::Parent)),
        step(425_700, 0, keys("other.example.", None)),
        step(425_800, 0, checked("other.example.", SecurityStatus::Bogus, Some("the signature has expired"))),
        step(426_000, 1, unanswered(300_000, true)),
        step(426_000, 0, StepEvent::Ended { result: "NOERROR, 1 record".to_owned() }),
    ];
    let text: String = steps.iter().map(|step| trace::step(step, false, Style::Plain)).collect();
    let text = text + &trace::end(&reply, true, false, Style::Plain);
    let mut replies: Vec<Reply> = steps.into_iter().map(Reply::Step).collect();
    replies.push(Reply::Query(Box::new(reply)));
    both("trace", &text, &lines(&replies));
}

/// It has a memory of its own only.
#[test]
fn a_trace_past_the_cache_does_not_speak_of_the_cache() {
    let records = vec![KeyFact { tag: 20_326, algorithm: 8, flags: 257 }];
    let events = [
        StepEvent::Memory { found: "local zone example.".to_owned() },
        StepEvent::Dnskey { zone: ".".to_owned(), records, server: None },
    ];
    let step = |event| trace::step(&Step { at_micros: 0, depth: 0, event }, true, Style::Plain);
    let steps: String = events.map(step).concat();
    let reply = query("A", "NXDOMAIN", Outcome::Cache, Vec::new());
    let text = steps + &trace::end(&reply, true, true, Style::Plain);
    assert!(text.contains("note      local zone example.\n"), "{text}");
    assert!(text.contains("flags 257), already known in this trace\n"), "{text}");
    assert!(text.contains("NXDOMAIN, known without a server in"), "{text}");
    assert!(!text.contains("cache"), "{text}");
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

#[test]
fn a_table_shows_the_worst_rows_and_how_many_more_there_are() {
    let many: Vec<Reply> = (0..limits::MAX_SHOWN_ROWS + 17)
        .map(|number| {
            Reply::Zone(zone(
                &format!("z{number}.example."),
                [0, 0, 0, 1, 1],
                1,
                3.0,
                "2 messages: timeout 2",
            ))
        })
        .collect();
    let by_zone = rows::table(Table::Zone, &many, Window::Hour, &moment, Style::Plain);
    assert_eq!(by_zone.lines().count(), 1 + limits::MAX_SHOWN_ROWS + 1 + 3);
    assert_eq!(by_zone.lines().rev().nth(3), Some("and 17 more"));
    let slow = rows::table(Table::Slow, &many, Window::Hour, &moment, Style::Plain);
    let last: Vec<&str> = slow.lines().rev().skip(2).take(3).collect();
    assert_eq!(last[0], "and 17 more");
    assert!(last[1].starts_with("total") && last[1].contains(" 74 "), "{slow}");
    assert!(last[2].starts_with("z19.example."), "{slow}");
}

fn server_states() -> Vec<Reply> {
    let row = |address: &str,
               round_trip: Option<f64>,
               health,
               dead_for,
               silences,
               [edns, tcp, keeps_case]: [bool; 3],
               lame: &[&str]| {
        Reply::ServerState(ServerState {
            address: address.parse().unwrap(),
            asked: silences > 0 || round_trip.is_some() || !(edns && tcp && keeps_case),
            round_trip,
            retry_after: 0.3,
            health,
            dead_for,
            unanswered: silences,
            edns,
            keeps_case,
            tcp,
            lame: lame.iter().map(|zone| (*zone).to_owned()).collect(),
        })
    };
    vec![
        row("198.51.100.7:53", None, Health::Dead, Some(12.4), 5, [true; 3], &[]),
        row(
            "[2001:db8::53]:5353",
            Some(0.24),
            Health::Due,
            None,
            3,
            [false; 3],
            &["a.example.", "b.example."],
        ),
        row("192.0.2.1:53", Some(0.0123), Health::Doubtful, None, 1, [true, false, true], &[]),
        row("192.0.2.53:53", Some(0.008), Health::Answering, None, 0, [true; 3], &[]),
        row("192.0.2.54:53", None, Health::Answering, None, 1, [true; 3], &[]),
        row("192.0.2.55:53", None, Health::Answering, None, 0, [true; 3], &[]),
    ]
}

#[test]
fn servers_as_the_daemon_knows_them() {
    let mut states = server_states();
    states.push(Reply::LeftOut { left_out: 3 });
    both("servers", &state::servers(&states, None, Style::Plain), &lines(&states));
    let address = "192.0.2.1".parse().ok();
    assert_eq!(state::servers(&[], address, Style::Plain), "no data about 192.0.2.1\n");
    assert_eq!(
        state::servers(&[], None, Style::Plain),
        "no servers: none was queried since start or since the last flush\n"
    );
    let ports: Vec<Reply> = server_states().into_iter().cycle().take(40).collect();
    assert_eq!(state::servers(&ports, address, Style::Plain).lines().count(), 41);
}

#[test]
fn what_is_under_way() {
    let row = |name: &str, kind: &str, age, clients, messages, zone: Option<&str>, server: Option<&str>| {
        Reply::Flight(FlightState {
            name: name.to_owned(),
            kind: kind.to_owned(),
            age,
            clients,
            messages,
            zone: zone.map(str::to_owned),
            server: server.map(str::to_owned),
        })
    };
    let flights = [
        row("www.badly-run.example.", "A", 6.2, 0, 24, Some("badly-run.example."), Some("192.0.2.53:53")),
        row("mail.example.", "MX", 0.12, 3, 1, Some("example."), Some("[2001:db8::53]:53")),
        row("fresh.example.", "TXT", 0.000_02, 1, 0, None, None),
    ];
    both("inflight", &state::flights(&flights, Style::Plain), &lines(&flights));
    assert_eq!(state::flights(&[], Style::Plain), "no queries in progress\n");
}

#[test]
fn what_memory_holds() {
    let row = |held, kind: Option<&str>, ttl, data: &[&str]| HeldRow {
        held,
        kind: kind.map(str::to_owned),
        view: 0,
        flags: Vec::new(),
        ttl,
        source: (held == HeldAs::Rrset).then_some(Rank::Answer),
        octets: 1_432,
        data: data.iter().map(|data| (*data).to_owned()).collect(),
    };
    let mut signed = row(HeldAs::Answer, Some("MX"), 3_600, &["NOERROR, 2 records"]);
    signed.flags = vec!["do".to_owned(), "cd".to_owned()];
    signed.view = 1;
    let held = [
        row(HeldAs::Answer, Some("MX"), 300, &["NOERROR, 2 records"]),
        signed,
        row(HeldAs::Rrset, Some("MX"), 300, &["10 mx.example.", "20 backup.mx.example."]),
        row(HeldAs::Negative, None, 871, &["NXDOMAIN, SOA of example."]),
        row(
            HeldAs::Delegation,
            None,
            86_000,
            &["ns1.example. 192.0.2.1 2001:db8::1", "ns2.example. 192.0.2.2"],
        ),
        row(
            HeldAs::Failure,
            Some("A"),
            4,
            &["no server of example. gave a usable answer: 192.0.2.53 timeout"],
        ),
    ]
    .map(Reply::Held);
    both("cache", &state::held(&held, Style::Plain), &lines(&held));
    assert_eq!(state::held(&[], Style::Plain), "nothing is cached for that name\n");
}
