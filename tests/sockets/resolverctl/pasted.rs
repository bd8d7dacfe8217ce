//! `resolverctl why -` with pasted log lines: how each line was understood, and its result.

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use hickory_proto::rr::RecordType;

use super::fake::MOST_WHYS;
use super::{World, told, tool};
use dns::clock::{Clock, micros};
use dns::question::Outcome;
use record::entry::QuestionEntry;
use resolverctl::limits::{MAX_PASTED, MAX_PASTED_LINES};

/// Returns the exit code, the output and the errors.
fn pasted(world: &World, lines: &str, arguments: &[&str]) -> (i32, String, String) {
    let mut command = tool(&world.socket);
    command.args(["why", "-"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    running.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    told(&running.wait_with_output().unwrap())
}

/// Adds a query for `mail.example.` that has just ended.
fn asked(world: &World, outcome: Outcome, elapsed: Duration) {
    let question = QuestionEntry {
        outcome,
        elapsed: micros(elapsed),
        error: if outcome.is_failure() { "no server answered" } else { "" }.into(),
        code: outcome.is_failure().then_some(14),
        ..QuestionEntry::failed(b"\x04mail\x07example\x00", Clock::machine().mono().as_micros())
    };
    world.fake.recorder.asked(&question, None);
}

#[test]
fn quoted_line_equals_pasted_line() {
    let world = World::new();
    asked(&world, Outcome::Upstream, Duration::from_secs(3));
    let line = "Nov 30 09:00:00 mx postfix/smtp[1]: 4A1: to=<a@mail.example>, relay=none, delay=3, status=deferred (x)";
    let (quoted, typed, _) = told(&tool(&world.socket).args(["why", line]).output().unwrap());
    let (piped, input, _) = pasted(&world, line, &[]);
    assert_eq!((quoted, typed), (piped, input));
}

/// Returns an entry of mailq with this recipient and the reason of its last failed delivery.
fn entry(number: usize, recipient: &str, reason: &str) -> String {
    let at = jiff::Timestamp::from_second(Clock::machine().unix_micros() as i64 / 1_000_000 - 3_600).unwrap();
    let date = at.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%a %b %e %H:%M:%S");
    format!("4A1B2C3D{number:02}     1234 {date}  news@sender.test\n({reason})\n      {recipient}\n\n")
}

#[test]
fn a_queue_has_one_verdict() {
    let world = World::new();
    asked(&world, Outcome::Shed, Duration::from_secs(4));
    let reason = "Host or domain name not found. Name service error for name=mail.example type=MX: Host not found, try again";
    let stuck = (0..40).map(|number| entry(number, &format!("u{number}@mail.example"), reason));
    let other = (50..52)
        .map(|number| entry(number, "us@never.example", "connect to never.example: Connection refused"));
    let queue = format!(
        "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n{}",
        stuck.chain(other).collect::<String>()
    );
    let (code, text, error) = pasted(&world, &queue, &[]);
    assert_eq!((code, error.as_str()), (0, ""), "{text}");
    assert!(text.starts_with("42 mails in the queue: 40 wait because of "), "{text}");
    assert!(text.contains("\n40 mails to mail.example\nCause: "), "{text}");
    assert!(text.contains("\n2 mails to never.example\nCause: "), "{text}");
    assert_eq!(text.matches("To do:").count(), 2, "{text}");
    let told = objects(&pasted(&world, &queue, &["--json"]).1);
    assert_eq!(
        (told.len(), &told[0]["mails"], &told[0]["domains"][0]),
        (2, &40.into(), &"mail.example".into())
    );
}

#[test]
fn a_bounce_is_checked_as_mail() {
    let world = World::new();
    let report = "Final-Recipient: rfc822; us@mail.example\nAction: failed\nDiagnostic-Code: smtp; 550 5.1.8 <a@mail.example>: Sender address rejected: Domain not found\n";
    for bounce in [
        report.to_owned(),
        "<us@mail.example>: host mx.mail.example[192.0.2.1] said: 550 5.1.8 Domain not found\n".to_owned(),
    ] {
        let (_, text, error) = pasted(&world, &bounce, &[]);
        assert!(error.contains("as `resolverctl check mail -` does"), "{error}");
        assert!(text.lines().nth(1).unwrap().starts_with("all findings: "), "{text}");
    }
}

fn objects(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn pasted_control_characters_are_escaped() {
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

// Lines without a reply are looked up again.
#[test]
fn pasted_lines_share_one_lookup() {
    let world = World::new();
    let line = |number: u8| format!("connect from mail.never.example[192.0.2.{number}]\n");
    let lines: String = (0..MOST_WHYS as u8 + 3).map(line).collect();
    let told = objects(&pasted(&world, &lines, &["--json"]).1);
    let readings = std::mem::take(&mut *world.fake.whys.lock().unwrap());
    // Each line has its own address, and all have one name in common. The first reading is asked for all addresses and for the name. The fake
    // daemon returns only the first `MOST_WHYS` results, so the other four are asked for again.
    assert_eq!(readings, [MOST_WHYS + 4, 4]);
    assert_eq!(
        told.iter().map(|one| one["more_lines"].as_u64().unwrap_or(0) + 1).sum::<u64>(),
        MOST_WHYS as u64 + 3
    );
}

#[test]
fn equal_pasted_lines_are_grouped() {
    let world = World::new();
    let line = "connect from mail.never.example[192.0.2.77]\n";
    let (code, text, _) = pasted(&world, &line.repeat(9), &[]);
    let readings = std::mem::take(&mut *world.fake.whys.lock().unwrap());
    assert_eq!((code, readings), (4, vec![2]), "the name and the address");
    assert!(text.contains("> and 8 more lines with the same result\n"), "{text}");
    assert_eq!(text.matches("To do:").count(), 1, "{text}");
    let told = objects(&pasted(&world, &line.repeat(9), &["--json"]).1);
    assert_eq!((told.len(), &told[0]["more_lines"]), (1, &8.into()));
    assert!(!pasted(&world, line, &["--json"]).1.contains("more_lines"));
}

// The line is then searched in the whole history.
#[test]
fn unreadable_line_time_is_reported() {
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
fn mailq_entry_is_found_by_date() {
    let world = World::new();
    asked(&world, Outcome::Shed, Duration::from_secs(4));
    let now = Clock::machine().unix_micros() / 1_000_000;
    let date = |seconds: u64, form: &str| {
        let at = jiff::Timestamp::from_second((now - seconds) as i64).unwrap();
        at.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime(form).to_string()
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
    // The email began to arrive six seconds ago, shortly before the query for its sender.
    for line in entries(6) {
        let (code, text, error) = pasted(&world, &line, &[]);
        assert!(code == 0 && text.contains("mail.example. MX"), "{line}: {text}");
        assert!(text.contains("no server answered") && error.is_empty(), "{line}: {text} {error}");
    }
    // An hour ago there is no query that could belong to the email.
    for line in entries(3_600) {
        let (code, text, _) = pasted(&world, &line, &[]);
        assert!(code == 4 && !text.contains("Cause: no server answered"), "{line}: {text}");
    }
    // The email is an hour old, but its delivery was tried just now.
    let entry = format!(
        "{}\n(Host or domain name not found. Name service error for name=mail.example type=MX: Host not found, try again)\n   us@mail.example\n",
        entries(3_600)[0].replace("mail.example", "sender.test")
    );
    // The same email as JSON.
    let object = entries(3_600)[3].replace("mail.example", "sender.test");
    let object = object.replace(
        '}',
        ", \"recipients\": [{\"address\": \"us@mail.example\", \"delay_reason\": \"Name service error for name=mail.example\"}]}",
    );
    for entry in [entry, object] {
        let told = objects(&pasted(&world, &entry, &["--json"]).1);
        let found = told.iter().find(|one| one["questions"][0]["name"] == "mail.example.").unwrap();
        assert!(
            found["culprit"]["evidence"].as_str().unwrap().starts_with("no server answered"),
            "{told:#?}"
        );
    }
    // The sender and the recipient belong to one email, which is shown once.
    let both = entries(6)[3].replace('}', ", \"recipients\": [{\"address\": \"us@mail.example\"}]}");
    let (_, text, _) = pasted(&world, &both, &[]);
    assert!(text.contains("no server answered") && !text.contains("more line"), "{text}");
    let told = objects(&pasted(&world, &both, &["--json"]).1);
    assert_eq!((told.len(), &told[0]["more_lines"]), (1, &serde_json::Value::Null), "{told:#?}");
}

#[test]
fn lines_beyond_the_limit_are_counted() {
    let world = World::new();
    let line = "connect from mail.example[192.0.2.7]\n";
    for (more, told) in [(1, "and 1 more was left out;"), (2, "and 2 more were left out;")] {
        let (_, _, error) = pasted(&world, &line.repeat(MAX_PASTED_LINES + more), &[]);
        assert!(error.contains(told) && error.lines().count() == 1, "{error}");
    }
    assert_eq!(pasted(&world, &line.repeat(MAX_PASTED_LINES), &[]).2, "");
    // A queue has no limit of lines.
    let entry = "{\"arrival_time\": 1795302000, \"sender\": \"bob@a.test\", \"recipients\": [{\"address\": \"us@b.test\"}]}\n";
    let (_, text, error) = pasted(&world, &entry.repeat(MAX_PASTED_LINES + 2), &[]);
    assert!(text.starts_with("32 mails in the queue: ") && error.is_empty(), "{text} {error}");
}

#[test]
fn unread_pasted_text_is_reported() {
    let world = World::new();
    let line = "connect from mail.example[192.0.2.7]\n";
    let nameless = "a line without a name\n";
    let blank = |octets: u64| nameless.repeat(octets as usize / nameless.len() + 1);
    // `line` is after the part of the input that is read.
    let (code, _, error) = pasted(&world, &(blank(MAX_PASTED) + line), &[]);
    assert_eq!(code, 2, "{error}");
    assert!(
        error.contains(
            "no line in the first 1 MiB of the text names an address or a domain, and the rest was not read;"
        ),
        "{error}"
    );
    // `line` is in the part of the input that is read. The last line of this part is cut off.
    let (_, _, error) = pasted(&world, &(line.to_owned() + &blank(MAX_PASTED)), &[]);
    assert!(
        error.contains("only the first 1 MiB of the text was read, and the rest was left out"),
        "{error}"
    );
    let many = MAX_PASTED as usize / line.len() + 9;
    let (_, _, error) = pasted(&world, &line.repeat(many), &[]);
    let more = MAX_PASTED as usize / line.len() - MAX_PASTED_LINES;
    let told = format!("; {more} more in the first 1 MiB of the text were left out, and so was the rest;");
    assert!(error.contains(&told) && error.lines().count() == 1, "{error}");
    let (_, _, error) = pasted(&world, &(line.to_owned() + &blank(MAX_PASTED - 1_000)), &[]);
    assert_eq!(error, "");
}

/// Adds queries of the client 127.0.0.1 to the query history. The fields of a query: its name in wire form, its type, its begin in
/// milliseconds after a time three seconds ago, and its duration in milliseconds.
fn played(world: &World, queries: &[(&[u8], RecordType, u64, u64)]) {
    let begin = Clock::machine().mono().as_micros() - 3_000_000;
    for (name, kind, at, elapsed) in queries {
        let question = QuestionEntry {
            kind: *kind,
            outcome: Outcome::Upstream,
            elapsed: elapsed * 1_000,
            ..QuestionEntry::failed(name, begin + at * 1_000)
        };
        world.fake.recorder.asked(&question, None);
    }
}

#[test]
fn why_without_subject_shows_costs() {
    let world = World::new();
    let empty = world.run(&["why"]);
    assert!(empty.0 == 4 && empty.1.starts_with("The query history is empty"), "{empty:?}");
    asked(&world, Outcome::Shed, Duration::from_secs(4));
    played(&world, &[(SENDER, RecordType::MX, 0, 3)]);
    let at = jiff::ZonedDateTime::now().strftime("%H:%M").to_string();
    for arguments in
        [&["why"][..], &["why", "--since", "1h"], &["why", "--at", &at], &["why", "--client", "127.0.0.1"]]
    {
        let (code, text, error) = world.run(arguments);
        assert_eq!((code, error.as_str()), (0, ""), "{text}");
        assert!(text.contains(": 1 of 2 messages waited 300 ms or longer"), "{text}");
        let told = objects(&world.run(&[&["--json"], arguments].concat()).1);
        let [sum, cause, span, ..] = &told[..] else { panic!("{told:#?}") };
        assert_eq!(
            (&sum["messages"], &cause["share"], &span["messages"]),
            (&1.into(), &0.5.into(), &2.into())
        );
        assert_eq!((&sum["time"], &sum["side"]), (&cause["time"], &cause["side"]));
    }
    let (code, text, _) = world.run(&["why", "--client", "192.0.2.1"]);
    assert!(code == 0 && text.contains(": 0 of 0 messages"), "{text}");
    let (code, text, _) = world.run(&["why", "--at", "2001-01-01 02:00"]);
    assert!(code == 4 && text.starts_with("The query history begins at 20"), "{text}");
    assert!(text.contains("\n\nStatistics of the whole time and of all clients, from the minutes on disk:\n2001-01-01 01:50:00 "), "{text}");
    let (_, text, _) = world.run(&["why", "--since", "20d"]);
    assert!(
        text.contains("of 2 messages waited") && text.contains(" of 28 800 minutes recorded\n"),
        "{text}"
    );
    let told = objects(&world.run(&["--json", "why", "--since", "20d"]).1);
    assert!(told.last().is_some_and(|last| last["minutes"] == 0), "{told:#?}");
}

const LISTED: &[u8] = b"\x017\x012\x010\x03192\x04list\x04test\x00";
const REVERSE: &[u8] = b"\x018\x012\x010\x03192\x07in-addr\x04arpa\x00";
const SENDER: &[u8] = b"\x06sender\x04test\x00";

// A slow query just before a quick message may belong to the same email.
#[test]
fn recent_wait_makes_message_unknown() {
    let world = World::new();
    // The first email waits 1.2 s for a DNS list. Then another host connects (PTR record), and the domain of the sender of the first email
    // is asked for.
    let mail = [
        (LISTED, RecordType::A, 0, 1_200),
        (REVERSE, RecordType::PTR, 1_202, 1),
        (SENDER, RecordType::MX, 1_204, 3),
    ];
    played(&world, &mail);
    let (code, text, error) = world.run(&["--json", "why", "sender.test"]);
    let told = objects(&text);
    assert_eq!(
        (code, told.len(), &told[0]["culprit"]["kind"]),
        (4, 1, &"unknown".into()),
        "{told:#?} {error}"
    );
    let evidence = told[0]["culprit"]["evidence"].as_str().unwrap();
    let wait =
        "a slow or failed query of the same client may belong to this mail: 7.2.0.192.list.test. A (1.2 s)";
    assert!(evidence.ends_with(wait), "{evidence}");
    let at = jiff::ZonedDateTime::now().strftime("%b %e %H:%M:%S");
    let kind = |delays: &str| {
        let line = format!(
            "{at} mx postfix/smtp[9]: 4AB: to=<a@sender.test>, relay=mx.sender.test[192.0.2.1]:25, delay=9, delays={delays}, dsn=2.0.0, status=sent (ok)\n"
        );
        let told = objects(&pasted(&world, &line, &["--json"]).1);
        told[0]["culprit"]["kind"].as_str().unwrap().to_owned()
    };
    assert_eq!(kind("0.1/0/3.0/0.1"), "not_dns", "1.2 s are not most of it");
    assert_eq!(kind("0.1/0/2.0/0.1"), "unknown");
    assert_eq!(kind("0.1/0/0.3/0.1"), "not_dns", "the wait was longer than this");
    // With only the address instead of the line, `why` finds another email, which has no delay.
    let (code, text, _) = world.run(&["--json", "why", "192.0.2.8"]);
    assert_eq!((code, &objects(&text)[0]["culprit"]["kind"]), (0, &"none".into()));
}

#[test]
fn earlier_wait_is_of_other_mail() {
    let world = World::new();
    let mail = [
        (LISTED, RecordType::A, 0, 1_200),
        (REVERSE, RecordType::PTR, 1_750, 1),
        (SENDER, RecordType::MX, 1_752, 3),
    ];
    played(&world, &mail);
    let (code, text, _) = world.run(&["--json", "why", "sender.test"]);
    assert_eq!((code, &objects(&text)[0]["culprit"]["kind"]), (0, &"none".into()), "{text}");
}

#[test]
fn scan_time_is_not_dns() {
    let world = World::new();
    asked(&world, Outcome::Upstream, Duration::from_millis(30));
    for scan in [
        "mx spamd[7]: spamd: clean message (1.0/5.0) for x:1000 in 25.0 seconds, 2222 bytes. from bob@mail.example",
        "mx spamd[7]: spamd: result: . 0 - DKIM_VALID scantime=25.0,size=999,from=bob@mail.example",
        "mx rspamd[7]: <abc>; task; rspamd_task_write_log: id: <7@x.example>, ip: 192.0.2.7, from: <bob@mail.example>, (default: F (no action): [1.0/15.0]), len: 999, time: 25012.1ms, dns req: 40",
        "mx amavis[7]: (7-1) Passed CLEAN {RelayedInbound}, [192.0.2.7] <bob@mail.example> -> <us@our.example>, size: 999, 25012 ms",
    ] {
        // The time in the log line is after the end of the query.
        let at = jiff::Timestamp::now() + Duration::from_secs(1);
        let told = objects(&pasted(&world, &format!("{at} {scan}\n"), &["--json"]).1);
        let culprit = &told[0]["culprit"];
        assert_eq!(culprit["kind"], "not_dns", "{scan}: {told:#?}");
        let evidence = culprit["evidence"].as_str().unwrap();
        assert!(evidence.contains("waited 30 ms for DNS; the whole delay was 25.0 s"), "{evidence}");
    }
}
