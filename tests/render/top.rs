//! The screen of `resolverctl top`, as text: a terminal of 80 columns and 24 lines, and one of 40 and 10.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;
use resolverd::control::protocol::Reply;
use resolverd::ctl::render::Style;
use resolverd::ctl::top::draw::draw;
use resolverd::ctl::top::keys::TopKey;
use resolverd::ctl::top::live::{TopAct, TopLive};
use resolverd::ctl::top::table::{self, TopSubject, TopTable};
use resolverd::record::culprit::CulpritKind;
use resolverd::record::failed::{FailedZone, StillFails};
use resolverd::record::{ClientRow, Window};

use super::{golden, servers, stats, zone, zones};

/// The moment of the picture, in seconds since 1970.
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
            .map(|client| {
                let (client, questions) = (client.to_owned(), 1_200);
                Reply::Client(ClientRow { client, questions, cache: 1_100, failed: 3, shed: 1, waited: 2.4 })
            })
            .collect(),
        TopTable::Failures => vec![Reply::FailedZone(Box::new(FailedZone {
            zone: Some("badly-run.example.".to_owned()),
            questions: 1_204,
            first: NOW - 3_600.0,
            last: NOW - 5.0,
            name: "_dmarc.badly-run.example.".to_owned(),
            kind: "TXT".to_owned(),
            culprit: CulpritKind::ServerSilent,
            reason: "no server answered".to_owned(),
            extended_error: Some(22),
            servers: Vec::new(),
            still_fails: StillFails::Yes,
            advice: "wait".to_owned(),
        }))],
        TopTable::Lists => Vec::new(),
    }
}

/// A screen with two readings, two seconds apart.
fn live(table: TopTable) -> TopLive {
    let mut live = TopLive::new((table, Window::Minute), time_of_day, true);
    let mut before = stats();
    before.report.uptime -= 2.0;
    before.report.questions -= 500;
    for count in before.report.outcomes.values_mut().take(1) {
        *count -= 450;
    }
    live.read(&before, live.wanted(), &rows_of(table), NOW - 2.0);
    live.read(&stats(), live.wanted(), &rows_of(table), NOW);
    live
}

fn terminal(live: &TopLive, (width, height): (u16, u16)) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, live, NOW)).unwrap();
    terminal
}

fn picture(live: &TopLive, size: (u16, u16)) -> String {
    let terminal = terminal(live, size);
    let buffer = terminal.backend().buffer();
    let line =
        |row: &[ratatui::buffer::Cell]| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>();
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
fn a_terminal_of_any_size_is_drawn() {
    for table in TopTable::ALL {
        let mut live = live(table);
        for width in [1, 2, 7, 40, 200] {
            for height in [1, 2, 3, 4, 5, 60] {
                picture(&live, (width, height));
                for key in [TopKey::Help, TopKey::Help, TopKey::Why] {
                    live.press(key);
                    picture(&live, (width, height));
                }
                live.press(TopKey::Back);
                // Without a row that can be opened, Back would end the command.
            }
        }
    }
}

#[test]
fn the_help_and_the_trouble_with_the_daemon_have_a_picture() {
    let mut live = live(TopTable::Zones);
    live.press(TopKey::Help);
    golden("top_help.txt", &picture(&live, WIDE));
    live.press(TopKey::Help);
    live.failed("cannot connect to resolverd".to_owned(), NOW - 3.0);
    live.failed("cannot connect to resolverd".to_owned(), NOW - 1.0);
    let away = picture(&live, WIDE);
    assert!(away.contains("no reply from resolverd since 09:12:02: cannot connect"), "{away}");
    assert!(away.contains("badly-run.example."), "the last numbers stay: {away}");
    // It is back, with a new process.
    let mut fresh = stats();
    (fresh.report.uptime, fresh.report.questions) = (4.0, 12);
    live.read(&fresh, live.wanted(), &rows_of(TopTable::Zones), NOW);
    let back = picture(&live, WIDE);
    assert!(back.contains("resolverd restarted at 09:12:01"), "{back}");
    assert_eq!(live.rates(), None, "not the difference of two processes");
    fresh.report.uptime = 6.0;
    live.read(&fresh, live.wanted(), &rows_of(TopTable::Zones), NOW + 2.0);
    assert_eq!(live.rates().map(|rates| (rates.questions, rates.seconds)), Some((0, 2.0)));
    live.read(&fresh, live.wanted(), &rows_of(TopTable::Zones), NOW + 100.0);
    assert_eq!(live.trouble(), None);
}

#[test]
fn keys_sort_select_and_open_the_row() {
    let mut live = live(TopTable::Zones);
    let first = |live: &TopLive| live.rows()[0].name().to_owned();
    assert_eq!(first(&live), "badly-run.example.");
    assert_eq!(live.press(TopKey::Reverse), TopAct::Draw);
    assert_eq!(first(&live), "a-zone-with-a-very-long-name.under.test.example.");
    live.press(TopKey::Reverse);
    live.press(TopKey::Down);
    assert_eq!(live.selected(), 1);
    // The selection follows its row.
    live.press(TopKey::Reverse);
    let selected = live.rows()[live.selected()].name().to_owned();
    assert_eq!(selected, "example.net.");
    assert_eq!(live.press(TopKey::Why), TopAct::Why(TopSubject::Name(selected)));
    assert!(picture(&live, WIDE).contains("waited for example.net.; Esc goes back\nreading\n"));
    let text: Vec<String> = (0..30).map(|line| format!("line {line}")).collect();
    live.explained(&text.join("\n"));
    live.press(TopKey::PageDown);
    let page = picture(&live, WIDE);
    assert!(page.contains("line 10\n") && !page.contains("line 9\n"), "{page}");
    for _ in 0..9 {
        live.press(TopKey::PageDown);
    }
    assert!(picture(&live, WIDE).contains("line 29\n"), "not beyond the end");
    assert_eq!((live.press(TopKey::Back), live.why()), (TopAct::Draw, None));
    live.press(TopKey::PageDown);
    assert!(live.rows()[live.selected()].is_rest);
    assert_eq!(live.press(TopKey::Why), TopAct::Draw, "the sum of others is no subject");
    assert_eq!(live.press(TopKey::Window), TopAct::Read);
    assert_eq!(live.wanted(), (TopTable::Zones, Window::FiveMinutes));
    assert_eq!(live.press(TopKey::PreviousTable), TopAct::Read);
    assert_eq!((live.wanted().0, live.rows().len(), live.is_read()), (TopTable::Failures, 0, false));
    // A reply for the table before comes too late.
    live.read(&stats(), (TopTable::Zones, Window::FiveMinutes), &rows_of(TopTable::Zones), NOW);
    assert_eq!(live.rows().len(), 0);
    assert_eq!(live.press(TopKey::Back), TopAct::End);
    assert_eq!(live.press(TopKey::Quit), TopAct::End);
}

#[test]
fn colours_are_used_only_if_they_are_wanted() {
    let colors = |is_colored: bool| {
        let mut live = live(TopTable::Zones);
        live.is_colored = is_colored;
        let terminal = terminal(&live, WIDE);
        terminal.backend().buffer().content().iter().filter(|cell| cell.fg != Color::Reset).count()
    };
    assert!(colors(true) > 0);
    assert_eq!(colors(false), 0);
}

#[test]
fn names_of_strangers_do_not_act_on_the_terminal() {
    let evil = zone("a\u{1b}[2J\u{202e}.example.", [0, 0, 0, 1, 1], 1, 3.0, "timeout 2 of 2");
    let mut live = TopLive::new((TopTable::Zones, Window::Minute), time_of_day, true);
    live.read(&stats(), live.wanted(), &[Reply::Zone(evil)], NOW);
    live.failed("a\u{1b}[31mb".to_owned(), NOW);
    let picture = picture(&live, (120, 10));
    assert!(
        picture.contains("a\\u{1b}[2J\\u{202e}.example.") && picture.contains("a\\u{1b}[31mb"),
        "{picture}"
    );
    assert!(!picture.contains('\u{1b}') && !picture.contains('\u{202e}'));
}

#[test]
fn without_a_terminal_it_is_a_plain_table() {
    let rows = table::rows(TopTable::Failures, &rows_of(TopTable::Failures), &time_of_day);
    let expected = "zone                failed queries  cause          state            last\n\
                    badly-run.example.           1 204  server silent  still fails  09:12:00\n";
    assert_eq!(table::plain(TopTable::Failures, &rows, Style::Plain), expected);
    assert_eq!(table::plain(TopTable::Lists, &[], Style::Plain), "no lists in this time\n");
}
