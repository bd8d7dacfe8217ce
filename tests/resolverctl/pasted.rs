//! `resolverctl why -`: pasted lines, as an operator sees what was made of them.

use std::process::Stdio;

use resolverd::clock::Clock;
use resolverd::question::Outcome;
use resolverd::record::written::Written;
use std::io::Write;
use std::time::Duration;

use super::{World, told, tool};
use hickory_proto::rr::RecordType;

/// The exit code, the output and the errors of `why -` with these lines.
fn pasted(world: &World, lines: &str, arguments: &[&str]) -> (i32, String, String) {
    let mut command = tool(&world.socket);
    command.args(["why", "-"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    running.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    told(&running.wait_with_output().unwrap())
}

/// Keeps a query for `mail.example.` that took so many seconds until now.
fn asked(world: &World, outcome: Outcome, elapsed: Duration) {
    let question = Written {
        name: b"\x04mail\x07example\x00",
        kind: RecordType::MX,
        client: [127, 0, 0, 1].into(),
        port: 0,
        transport: None,
        view: 0,
        at: Clock::machine().mono().as_micros(),
        outcome,
        elapsed,
        flight: 0,
        error: if outcome.is_failure() { "no server answered" } else { "" },
        code: 14,
        user: "",
    };
    world.fake.recorder.asked(&question, None);
}

fn objects(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn no_character_of_a_line_acts_on_the_terminal() {
    let world = World::new();
    let bad: String =
        ['\u{0}', '\u{7}', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{2069}']
            .into_iter()
            .collect();
    let line = format!("connect from mail{bad}.never.example[192.0.2.77] {bad} to=<a{bad}@never.example>");
    for arguments in [&[][..], &["--json"]] {
        let (_, text, error) = pasted(&world, &line, arguments);
        assert!(text.contains("never.example") && error.is_empty(), "{text:?} {error:?}");
        assert!(!text.chars().any(|letter| letter != '\n' && bad.contains(letter)), "{arguments:?} {text:?}");
    }
    let told = objects(&pasted(&world, &line, &["--json"]).1);
    assert_eq!(told[0]["line"], line);
    let (code, _, error) = world.run(&["why", "a", "--at", &format!("no{}on", &bad[1..])]);
    assert!(code == 2 && !error.trim_end().chars().any(|letter| bad.contains(letter)), "{error:?}");
}

#[test]
fn equal_requests_are_sent_once_and_equal_results_are_shown_once_with_their_number() {
    let world = World::new();
    let line = "connect from mail.never.example[192.0.2.77]\n";
    let (code, text, _) = pasted(&world, &line.repeat(9), &[]);
    assert_eq!(
        (code, *world.fake.whys.lock().unwrap()),
        (4, 2),
        "one request for the name, one for the address"
    );
    assert!(text.contains("> and 8 more lines with the same result\n"), "{text}");
    assert_eq!(text.matches("To do:").count(), 1, "{text}");
    let told = objects(&pasted(&world, &line.repeat(9), &["--json"]).1);
    assert_eq!((told.len(), &told[0]["more_lines"]), (1, &8.into()));
    assert!(!pasted(&world, line, &["--json"]).1.contains("more_lines"));
}

#[test]
fn a_time_that_is_not_understood_is_told_and_the_line_is_searched_without_it() {
    let world = World::new();
    asked(&world, Outcome::Upstream, Duration::from_millis(20));
    let text = "connect from mail.example[192.0.2.7]\n\n21/Nov/2026:03:12:05 +0100 mx smtpd: connect from mail.example[192.0.2.7]\nrelay=mail.example\n";
    let words = "the time \"21/Nov/2026:03:12:05\" is not understood; searched in the ";
    let (_, _, error) = pasted(&world, text, &[]);
    assert!(error.starts_with(&format!("resolverctl: line 3: {words}whole query history")), "{error}");
    let (_, _, error) = pasted(&world, text, &["--since", "1h"]);
    assert!(error.contains(&format!("{words}time of the command line")), "{error}");
    let told = objects(&pasted(&world, "@4000000065a1b2c3d4e5f607 status: mail.example\n", &["--json"]).1);
    assert!(
        told[0]["note"].as_str().unwrap().starts_with("line 1: the time \"@4000000065a1b2c3d4e5f607\""),
        "{told:?}"
    );
    for line in [
        "connect from mail.example[2001:db8:10:11:12::7]",
        "Nov 21 03:12:05 mx smtpd: connect from mail.example",
    ] {
        assert_eq!(pasted(&world, line, &[]).2, "", "{line}");
    }
}

#[test]
fn the_sender_of_an_entry_of_mailq_is_found_by_its_date() {
    let world = World::new();
    asked(&world, Outcome::Shed, Duration::from_secs(4));
    let now = Clock::machine().unix_micros() / 1_000_000;
    let date = |seconds: u64, form: &str| {
        let at = jiff::Timestamp::from_second((now - seconds) as i64).unwrap();
        at.to_zoned(jiff::tz::TimeZone::system()).strftime(form).to_string()
    };
    let entries = |seconds: u64| {
        let minutes = seconds / 60;
        [
            format!("4A1B2C3D4E*    1234 {}  bob@mail.example", date(seconds, "%a %b %e %H:%M:%S")),
            format!("6AN4HY6l000757        7 {} <bob@mail.example>", date(seconds, "%a %b %e %H:%M")),
            format!("{minutes}m  2.9K 1tEabc-000000001Ab-0XyZ <bob@mail.example>"),
            format!(
                "{{\"queue_id\": \"4A1B2C\", \"arrival_time\": {}, \"sender\": \"bob@mail.example\"}}",
                now - seconds
            ),
        ]
    };
    // The mail began to come just before the query for its sender.
    for line in entries(6) {
        let (code, text, error) = pasted(&world, &line, &[]);
        assert!(code == 0 && text.contains("mail.example. MX"), "{line}: {text}");
        assert!(text.contains("no server answered") && error.is_empty(), "{line}: {text} {error}");
    }
    // Of a mail that came an hour before, no query is known.
    for line in entries(3_600) {
        let (code, text, _) = pasted(&world, &line, &[]);
        assert!(code == 4 && !text.contains("Cause: no server answered"), "{line}: {text}");
    }
    // Its recipient was tried since then.
    let entry = format!(
        "{}\n(Host or domain name not found. Name service error for name=mail.example type=MX: Host not found, try again)\n   us@mail.example\n",
        entries(3_600)[0].replace("mail.example", "sender.test")
    );
    let told = objects(&pasted(&world, &entry, &["--json"]).1);
    let found = told.iter().find(|one| one["questions"][0]["name"] == "mail.example.").unwrap();
    assert!(found["culprit"]["evidence"].as_str().unwrap().starts_with("no server answered"), "{told:#?}");
}

#[test]
fn the_time_of_a_scan_is_no_time_of_dns() {
    let world = World::new();
    asked(&world, Outcome::Upstream, Duration::from_millis(30));
    for scan in [
        "mx spamd[7]: spamd: clean message (1.0/5.0) for x:1000 in 25.0 seconds, 2222 bytes. from bob@mail.example",
        "mx spamd[7]: spamd: result: . 0 - DKIM_VALID scantime=25.0,size=999,from=bob@mail.example",
        "mx rspamd[7]: <abc>; task; rspamd_task_write_log: id: <7@x.example>, ip: 192.0.2.7, from: <bob@mail.example>, (default: F (no action): [1.0/15.0]), len: 999, time: 25012.1ms, dns req: 40",
        "mx amavis[7]: (7-1) Passed CLEAN {RelayedInbound}, [192.0.2.7] <bob@mail.example> -> <us@our.example>, size: 999, 25012 ms",
    ] {
        let at = jiff::Zoned::now().strftime("%b %e %H:%M:%S");
        let told = objects(&pasted(&world, &format!("{at} {scan}\n"), &["--json"]).1);
        let culprit = &told[0]["culprit"];
        assert_eq!(culprit["kind"], "not_dns", "{scan}: {told:#?}");
        let evidence = culprit["evidence"].as_str().unwrap();
        assert!(evidence.contains("waited 30 ms for DNS; the whole delay was 25.0 s"), "{evidence}");
    }
}
