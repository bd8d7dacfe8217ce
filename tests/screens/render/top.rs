//! The screen of `resolverctl top` for terminals of 80 columns and 24 lines, and of 40 columns and 10 lines.

use ratatui_core::backend::TestBackend;
use ratatui_core::style::Color;
use ratatui_core::terminal::Terminal;

use super::{golden, servers, stats, zone, zones};
use dns::question::Outcome;
use explain::failed::{FailedZone, StillFails};
use protocol::{Reply, Stats};
use record::culprit::CulpritKind;
use record::{ClientRow, UserRow, Window};
use resolverctl::top::draw::draw;
use resolverctl::top::keys::TopKey;
use resolverctl::top::live::{TopAct, TopLive};
use resolverctl::top::table::TopTable;

/// In seconds since 1970.
const NOW: f64 = 1_795_165_925.0;

fn time_of_day(unix: f64) -> String {
    let utc = jiff::Timestamp::from_second(unix as i64).unwrap();
    utc.strftime("%H:%M:%S").to_string()
}

fn rows_of(table: TopTable) -> Vec<Reply> {
    match table {
        TopTable::Zones => zones().into_iter().map(Reply::Zone).collect(),
        TopTable::Servers => servers().into_iter().map(Reply::Server).collect(),
        TopTable::Clients => ["127.0.0.1", "2001:db8:1234:5678:9abc:def0:1234:5678", "other"]
            .into_iter()
            .zip([(8_400, 17, 1), (4_200, 9, 0), (2_400, 4, 0)])
            .map(|(client, (questions, failed, shed))| {
                let cache = questions * 7 / 10;
                let client = client.to_owned();
                Reply::Client(ClientRow { client, questions, cache, failed, shed, waited: 2.4 })
            })
            .collect(),
        TopTable::Failures => vec![Reply::FailedZone(Box::new(FailedZone {
            zone: Some("badly-run.example.".to_owned()),
            questions: 13,
            first: NOW - 3_600.0,
            last: NOW - 5.0,
            name: "_dmarc.badly-run.example.".to_owned(),
            kind: "TXT".to_owned(),
            user: None,
            culprit: CulpritKind::ServerSilent,
            reason: "no server answered".to_owned(),
            other_causes: 0,
            extended_error: Some(22),
            servers: Vec::new(),
            still_fails: StillFails::Yes,
            advice: "wait".to_owned(),
        }))],
        TopTable::Users => [("rspamd", 1_400, 3, 98.5), ("postfix", 212, 0, 11.0)]
            .map(|(user, questions, failed, waited)| {
                Reply::User(UserRow { user: user.to_owned(), questions, failed, waited })
            })
            .to_vec(),
        TopTable::Lists => Vec::new(),
    }
}

/// Returns the screen after two readings of the statistics, two seconds apart.
fn live(table: TopTable) -> TopLive {
    let mut live = TopLive::new((table, Window::Minute), time_of_day, true);
    live.read(&stats_before(), &rows_of(table), NOW - 2.0);
    live.read(&stats(), &rows_of(table), NOW);
    live
}

/// Returns the statistics two seconds before those of `stats`.
fn stats_before() -> Stats {
    let mut before = stats();
    before.report.uptime -= 2.0;
    before.report.questions -= 500;
    for count in before.report.upstream.messages.values_mut().take(1) {
        *count -= 150;
    }
    for count in before.report.outcomes.values_mut().take(1) {
        *count -= 350;
    }
    *before.report.outcomes.entry(Outcome::Failed).or_default() -= 1;
    before
}

fn terminal(live: &TopLive, (width, height): (u16, u16), now: f64) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, live, now)).unwrap();
    terminal
}

fn picture(live: &TopLive, size: (u16, u16)) -> String {
    picture_at(live, size, NOW)
}

fn picture_at(live: &TopLive, size: (u16, u16), now: f64) -> String {
    let terminal = terminal(live, size, now);
    let buffer = terminal.backend().buffer();
    let line = |row: &[ratatui_core::buffer::Cell]| {
        row.iter().map(ratatui_core::buffer::Cell::symbol).collect::<String>()
    };
    let lines = buffer.content().chunks(size.0.into()).map(line);
    lines.map(|line| line.trim_end().to_owned() + "\n").collect()
}

const WIDE: (u16, u16) = (80, 24);
const NARROW: (u16, u16) = (40, 10);

#[test]
fn each_table_has_its_picture() {
    for table in TopTable::ALL {
        golden(&format!("top_{}.txt", table.word()), &picture(&live(table), WIDE));
    }
    golden("top_narrow.txt", &picture(&live(TopTable::Zones), NARROW));
}

#[test]
fn wide_top_shows_trends() {
    let mut live = TopLive::new((TopTable::Zones, Window::Minute), time_of_day, true);
    for step in 0..=30 {
        let shares = [f64::from(step + 10) / 40.0, 1.0, f64::from(60 - step) / 30.0, 1.0];
        let rows = zones().into_iter().zip(shares).map(|(mut row, share)| {
            row.spent *= share;
            Reply::Zone(row)
        });
        let counters = if step < 30 { stats_before() } else { stats() };
        live.read(&counters, &rows.collect::<Vec<_>>(), NOW - f64::from(2 * (30 - step)));
    }
    golden("top_wide.txt", &picture(&live, (120, 12)));
}

#[test]
fn top_draws_in_any_terminal_size() {
    for table in TopTable::ALL {
        let mut live = live(table);
        for width in [1, 2, 7, 40, 200] {
            for height in [1, 2, 3, 4, 5, 60] {
                picture(&live, (width, height));
                for key in [TopKey::Help, TopKey::Help, TopKey::Last] {
                    live.press(key);
                    picture(&live, (width, height));
                }
            }
        }
    }
}

// A restarted daemon has counters from zero; its first rates are not shown.
#[test]
fn top_help_and_outage_match_screens() {
    let mut live = live(TopTable::Zones);
    live.press(TopKey::Help);
    golden("top_help.txt", &picture(&live, WIDE));
    live.press(TopKey::Help);
    let why = "resolverd did not reply within 16 s; see `systemctl status resolverd`";
    live.failed(why.to_owned(), NOW + 18.0);
    golden("top_away.txt", &picture_at(&live, WIDE, NOW + 18.0));
    golden("top_away_narrow.txt", &picture_at(&live, NARROW, NOW + 18.0));
    live.failed(why.to_owned(), NOW + 36.0);
    assert!(picture(&live, WIDE).contains("last reply of resolverd at 09:12:05 "));
    // A new daemon process answers, with counters that begin at zero.
    let mut fresh = stats();
    (fresh.report.uptime, fresh.report.questions) = (4.0, 12);
    live.read(&fresh, &rows_of(TopTable::Zones), NOW);
    assert_eq!(live.rates(), None, "not the difference of two processes");
    fresh.report.uptime = 6.0;
    live.read(&fresh, &rows_of(TopTable::Zones), NOW + 2.0);
    let back = picture(&live, WIDE);
    assert!(back.contains("up 6 s") && back.contains("0.0 queries/s"), "{back}");
    assert_eq!(live.rates().map(|rates| (rates.questions, rates.seconds)), Some((0, 2.0)));
    assert_eq!(live.trouble(), None);
}

#[test]
fn top_keys_sort_scroll_and_switch() {
    let mut live = live(TopTable::Zones);
    let first = |live: &TopLive| live.rows()[0].name().to_owned();
    assert_eq!(first(&live), "badly-run.example.");
    assert_eq!(live.press(TopKey::Reverse), TopAct::Draw);
    assert_eq!(first(&live), "a-zone-with-a-very-long-name.under.test.example.");
    live.press(TopKey::Reverse);
    live.press(TopKey::Down);
    assert_eq!(live.first(), 1);
    live.press(TopKey::Last);
    assert!(live.rows()[live.first()].is_rest);
    live.press(TopKey::Down);
    live.press(TopKey::PageUp);
    assert_eq!(live.first(), 0);
    assert_eq!(live.press(TopKey::Window), TopAct::Read);
    assert!(!live.is_read() && live.window() == Window::FiveMinutes);
    assert_eq!(live.press(TopKey::PreviousTable), TopAct::Read);
    assert_eq!((live.table(), live.rows().len()), (TopTable::Users, 0));
    assert_eq!((live.press(TopKey::Help), live.press(TopKey::Back)), (TopAct::Draw, TopAct::Draw));
    assert_eq!(live.press(TopKey::Back), TopAct::End);
    assert_eq!(live.press(TopKey::Quit), TopAct::End);
}

#[test]
fn top_colours_are_optional() {
    let colors = |is_colored: bool| {
        let mut live = live(TopTable::Zones);
        live.is_colored = is_colored;
        let terminal = terminal(&live, WIDE, NOW);
        terminal.backend().buffer().content().iter().filter(|cell| cell.fg != Color::Reset).count()
    };
    assert!(colors(true) > 0);
    assert_eq!(colors(false), 0);
}

#[test]
fn top_escapes_control_characters() {
    let evil = zone("a\u{1b}[2J\u{202e}.example.", [0, 0, 0, 1, 1], 1, 3.0, "2 timeout");
    let mut live = TopLive::new((TopTable::Zones, Window::Minute), time_of_day, true);
    live.read(&stats(), &[Reply::Zone(evil)], NOW);
    live.failed("a\u{1b}[31mb".to_owned(), NOW);
    let picture = picture(&live, (120, 10));
    assert!(
        picture.contains("a\\u{1b}[2J\\u{202e}.example.") && picture.contains("a\\u{1b}[31mb"),
        "{picture}"
    );
    assert!(!picture.contains('\u{1b}') && !picture.contains('\u{202e}'));
}
