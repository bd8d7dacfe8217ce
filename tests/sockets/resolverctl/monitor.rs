//! `resolverctl monitor` prints a line for each query that ends.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::resolverctl::{World, told, tool};
use dns::question::Outcome;
use record::entry::QuestionEntry;
use record::limits::{MAX_WATCHERS, WATCHED_QUESTIONS};

/// A running command. It is killed when this value is dropped.
struct Monitor {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until exactly `count` commands receive the queries.
fn until_watching(world: &World, count: usize) {
    let begin = Instant::now();
    while world.fake.recorder.watching() != count {
        assert!(begin.elapsed() < Duration::from_secs(60), "{} watch", world.fake.recorder.watching());
        std::thread::sleep(Duration::from_millis(2));
    }
}

impl Monitor {
    fn begin(world: &World, arguments: &[&str]) -> Self {
        let before = world.fake.recorder.watching();
        let mut command = tool(&world.socket);
        let mut child = command.arg("monitor").args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        until_watching(world, before + 1);
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }
}

fn ended(world: &World, name: &[u8], client: [u8; 4], outcome: Outcome, millis: u64) {
    world.fake.recorder.asked(
        &QuestionEntry {
            client: client.into(),
            outcome,
            elapsed: millis * 1_000,
            error: if outcome == Outcome::Failed { "no server answered" } else { "" }.into(),
            ..QuestionEntry::failed(name, 0)
        },
        None,
    );
}

const MAIL: &[u8] = b"\x04Mail\x07example\x00";
const OTHER: &[u8] = b"\x05other\x03net\x00";

#[test]
fn monitor_prints_and_filters_queries() {
    let world = World::new();
    let mut all = Monitor::begin(&world, &[]);
    let mut bad = Monitor::begin(&world, &["--failures", "--slow", "500ms", "--json"]);
    let mut few = Monitor::begin(&world, &["--zone", "Example", "--client", "192.0.2.0/24"]);
    ended(&world, MAIL, [127, 0, 0, 1], Outcome::Upstream, 20);
    ended(&world, OTHER, [192, 0, 2, 1], Outcome::Upstream, 900);
    ended(&world, MAIL, [192, 0, 2, 1], Outcome::Failed, 4);
    let first = all.line();
    assert!(first.contains("  127.0.0.1  mail.example. MX  from servers in 20 ms"), "{first}");
    assert!(
        all.line().contains("other.net. MX")
            && all.line().contains("failed after 4.0 ms: no server answered")
    );
    let values: Vec<serde_json::Value> = (0..2).map(|_| serde_json::from_str(&bad.line()).unwrap()).collect();
    assert_eq!((&values[0]["name"], &values[0]["elapsed"]), (&"other.net.".into(), &0.9.into()));
    assert_eq!((&values[1]["outcome"], &values[1]["type"]), (&"failed".into(), &"MX".into()));
    let few = few.line();
    assert!(few.contains("  192.0.2.1  mail.example. MX  failed"), "{few}");
}

#[test]
fn slow_monitor_counts_lost_lines() {
    let world = World::new();
    let mut stream = UnixStream::connect(&world.socket).unwrap();
    stream.write_all(b"{\"request\":\"monitor\"}\n").unwrap();
    until_watching(&world, 1);
    // More questions than the queue and the buffers of the socket can hold.
    let sent = 40 * WATCHED_QUESTIONS as u64;
    (0..sent).for_each(|_| ended(&world, MAIL, [127, 0, 0, 1], Outcome::Upstream, 1));
    let (mut shown, mut lost) = (0, 0);
    for line in BufReader::new(&stream).lines() {
        let value: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        match value["reply"].as_str() {
            Some("event") => shown += 1,
            Some("lost") => lost += value["lost"].as_u64().unwrap(),
            other => panic!("{other:?}"),
        }
        if shown + lost == sent {
            break;
        }
    }
    assert!(lost > 0 && shown > 0, "{shown} {lost}");
    drop(stream);
    until_watching(&world, 0);
}

// A place is free again when the reader of a monitor leaves.
#[test]
fn monitors_are_limited() {
    let world = World::new();
    let mut monitors: Vec<Monitor> = (0..MAX_WATCHERS).map(|_| Monitor::begin(&world, &[])).collect();
    let (code, _, error) = world.run(&["monitor"]);
    assert!(
        code == 4 && error.contains("The maximum of 4 `resolverctl monitor` at once is reached"),
        "{error}"
    );
    monitors.pop();
    until_watching(&world, MAX_WATCHERS - 1);
    for arguments in
        [&["monitor", "--slow", "2"][..], &["monitor", "--client", "x"], &["monitor", "--zone", "a..b"]]
    {
        assert_eq!(world.run(arguments).0, 2, "{arguments:?}");
    }
}

#[test]
fn monitor_reports_stopped_daemon() {
    let world = World::new();
    let mut command = tool(&world.socket);
    let running = command.arg("monitor").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until_watching(&world, 1);
    world.ending.send(true).unwrap();
    let (code, text, error) = told(&running.wait_with_output().unwrap());
    assert!(code == 3 && text.is_empty() && error.contains("resolverd has stopped"), "{code} {text} {error}");
}
