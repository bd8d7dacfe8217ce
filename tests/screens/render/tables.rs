//! Tables of statistics, servers, resolutions in progress and the cache.

use crate::render::{both, lines, quantiles, servers, zone, zones};
use dns::cached::Rank;
use dns::conduct::{Health, ServerFeatures};
use explain::spent::{Stage, StageRow, TableSpan};
use protocol::rows::{FlightState, HeldAs, HeldRow, ServerState};
use protocol::{Reply, Table};
use record::{ClientRow, TypeRow, UserRow, Window};
use resolverctl::render::{Style, rows, state};

const RECORD_BEGIN: f64 = 1_795_165_921.0;

fn stages() -> Vec<Reply> {
    let row =
        |stage, count, spent, times| Reply::Stage(StageRow { stage, spent, time: quantiles(count, times) });
    vec![
        row(Stage::Queue, 212, 0.034, [0.000_08, 0.000_31, 0.002, 0.009]),
        row(Stage::Walk, 27_114, 3.1, [0.000_11, 0.000_19, 0.000_8, 0.012]),
        row(Stage::Waiting, 22_903, 498.7, [0.019, 0.088, 0.84, 4.0]),
        row(Stage::Validation, 1_204, 41.9, [0.021, 0.06, 0.31, 1.2]),
        span(0.0, true),
    ]
}

/// Returns a period that begins `after` seconds after the daemon began to count.
fn span(after: f64, shorter: bool) -> Reply {
    let since = RECORD_BEGIN + after;
    Reply::TableSpan(TableSpan {
        begin: Some(RECORD_BEGIN),
        since,
        seconds: 120.0 - after,
        shorter,
        off: false,
    })
}

fn moment(unix: f64) -> String {
    let utc = jiff::Timestamp::from_second(unix as i64).unwrap();
    utc.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[test]
fn tables() {
    let table = |which, replies: &[Reply]| rows::table(which, replies, Window::Hour, &moment, Style::Plain);
    let zones: Vec<Reply> = zones().into_iter().map(Reply::Zone).collect();
    both("by_zone", &table(Table::Zone, &zones), &lines(&zones));
    let servers: Vec<Reply> = servers().into_iter().map(Reply::Server).collect();
    both("by_server", &table(Table::Server, &servers), &lines(&servers));
    let client = |client: &str, questions, cache, failed, waited| {
        Reply::Client(ClientRow {
            client: client.to_owned(),
            questions,
            cache,
            failed,
            shed: failed / 2,
            waited,
        })
    };
    let clients = [
        client("127.0.0.1", 1_200, 1_100, 3, 2.4),
        client("10.0.0.21", 77, 0, 0, 1.848),
        client("other", 1, 1, 0, 0.000_04),
    ];
    both("by_client", &table(Table::Client, &clients), &lines(&clients));
    let user = |user: &str, questions, failed, waited| {
        Reply::User(UserRow { user: user.to_owned(), questions, failed, waited })
    };
    let users = [user("rspamd", 1_400, 3, 98.5), user("postfix", 212, 0, 11.0), user("unknown", 7, 7, 0.1)];
    both("by_user", &table(Table::User, &users), &lines(&users));
    let kind = |kind: &str, questions, cache, failed| {
        Reply::Type(TypeRow { kind: kind.to_owned(), questions, cache, failed })
    };
    let kinds = [kind("A", 2, 1, 0), kind("TXT", 2, 0, 1), kind("MX", 2, 2, 0)];
    both("by_type", &table(Table::Type, &kinds), &lines(&kinds));
    both("by_stage", &table(Table::Stage, &stages()), &lines(&stages()));
    let whole = table(Table::Stage, &[span(9.0, false)]);
    assert!(whole.ends_with("\nAll figures are since 2026-11-20 09:12:10 UTC.\n"), "{whole}");
    let partly = table(Table::Stage, &[span(9.0, true)]);
    assert!(partly.contains(" in memory begins at 2026-11-20 09:12:01 UTC, but not "), "{partly}");
    let empty = [Reply::TableSpan(TableSpan {
        begin: None,
        since: RECORD_BEGIN,
        seconds: 1.0,
        shorter: false,
        off: false,
    })];
    let empty = table(Table::Stage, &empty);
    assert!(empty.contains("\nThe query history is empty"), "{empty}");
    assert_eq!(table(Table::Zone, &[]), "no queries in the last hour\n");
}

#[test]
fn long_table_shows_worst_rows() {
    let many: Vec<Reply> = (0..resolverctl::limits::MAX_SHOWN_ROWS + 17)
        .map(|number| Reply::Zone(zone(&format!("z{number}.example."), [0, 0, 0, 1, 1], 1, 3.0, "2 timeout")))
        .collect();
    let by_zone = rows::table(Table::Zone, &many, Window::Hour, &moment, Style::Plain);
    assert_eq!(by_zone.lines().count(), 1 + resolverctl::limits::MAX_SHOWN_ROWS + 1 + 5);
    assert_eq!(by_zone.lines().rev().nth(5), Some("and 17 more"));
}

pub(crate) fn server_states() -> Vec<Reply> {
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
            features: ServerFeatures { edns, keeps_case, tcp, long_datagrams: true },
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
        row(HeldAs::Negative, Some("TXT"), 871, &["NODATA, SOA of example."]),
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
