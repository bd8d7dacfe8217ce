//! The history in memory survives a restart, with all queries, not only slow and failed ones.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use hickory_proto::rr::RecordType;
use rustix::process::Signal;

use crate::daemon::client::{Client, is_servfail};
use crate::daemon::process::{Process, Stage, World, ask};
use explain::failed::StillFails;
use explain::why::MessageReport;
use protocol::{FailedRequest, Reply, Request, WhyRequest};
use record::culprit::CulpritKind;

fn file(stage: &Stage) -> PathBuf {
    stage.state.path().join("history.snapshot")
}

/// Asks for the name twice. The second answer comes from the cache.
fn ask_twice(process: &Process, name: &str) {
    let mut client = Client::new(process.address);
    for _ in 0..2 {
        client.ask(name, RecordType::A);
    }
}

/// Returns the reports about the emails in which a name was asked for.
fn why(process: &Process, name: &str) -> Vec<MessageReport> {
    let request = WhyRequest { subject: Some(name.to_owned()), most: 9, ..WhyRequest::default() };
    let replies = ask(process.socket(), &Request::Why { requests: vec![request] }).into_iter();
    replies
        .filter_map(|reply| if let Reply::Message(message) = reply { Some(*message) } else { None })
        .collect()
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Ends the daemon. Returns its log lines about the file with the history.
fn said(process: &mut Process, signal: Signal) -> Vec<String> {
    process.end(signal);
    let said = [process.said.clone(), process.said_later()].concat();
    said.into_iter().filter(|line| line.contains("history.snapshot")).collect()
}

// A message that was not slow is still found after the restart.
#[test]
fn saved_history_survives_worker_change() {
    let world = World::new(Duration::from_millis(1));
    let stage = Stage::new(&world, "");
    let mut process = stage.start(&[]);
    ask_twice(&process, "mail.tld.");
    let before = why(&process, "mail.tld.");
    assert_eq!((before.len(), before[0].questions.len(), before[0].culprit.kind), (1, 2, CulpritKind::None));
    assert_eq!(said(&mut process, Signal::TERM), [""; 0]);
    assert_eq!(std::fs::metadata(file(&stage)).unwrap().permissions().mode() & 0o777, 0o600);
    let config = std::fs::read_to_string(stage.setting.config()).unwrap();
    stage.setting.write("resolverd.toml", &config.replace("workers = 2", "workers = 1"));

    for _ in 0..2 {
        let mut process = stage.start(&[]);
        assert!(!file(&stage).exists());
        let after = why(&process, "mail.tld.");
        assert!((after[0].began - before[0].began).abs() < 0.01, "{after:?}");
        // The clocks of the two daemons differ a little.
        let after: Vec<_> =
            after.into_iter().map(|message| MessageReport { began: before[0].began, ..message }).collect();
        assert_eq!(after, before);
        assert_eq!(process.stats().report.questions, 0, "they are no queries of this process");
        let said = said(&mut process, Signal::TERM);
        assert!(said.len() == 1 && said[0].contains("restored 2 queries of the history"), "{said:?}");
    }
}

#[test]
fn killed_daemon_saves_no_history() {
    let world = World::new(Duration::from_millis(1));
    let stage = Stage::new(&world, "");
    let mut process = stage.start(&[]);
    ask_twice(&process, "mail.tld.");
    process.end(Signal::TERM);
    let mut process = stage.start(&[]);
    process.end(Signal::KILL);
    let mut process = stage.start(&[]);
    let kinds: Vec<_> = why(&process, "mail.tld.").into_iter().map(|message| message.culprit.kind).collect();
    assert_eq!(kinds, [CulpritKind::Unknown], "it would hide what the disk has since then");
    process.end(Signal::TERM);
}

#[test]
fn redacted_history_is_not_saved() {
    let world = World::new(Duration::from_millis(1));
    for sections in ["[history]\nredact = \"client\"", "[history]\nredact = \"names\""] {
        let stage = Stage::new(&world, sections);
        std::fs::write(file(&stage), "of a time with another configuration").unwrap();
        let mut process = stage.start(&[]);
        ask_twice(&process, "mail.tld.");
        assert_eq!(said(&mut process, Signal::TERM), [""; 0]);
        assert!(!file(&stage).exists());
    }
}

/// Returns the zones with failed queries, their culprits, and whether they still fail.
fn failed(process: &Process) -> Vec<(Option<String>, CulpritKind, StillFails)> {
    let all = FailedRequest { from: 0.0, zone: None, client: None };
    let replies = ask(process.socket(), &Request::Failed(all)).into_iter();
    let zone = |reply| match reply {
        Reply::FailedZone(zone) => Some((zone.zone, zone.culprit, zone.still_fails)),
        _ => None,
    };
    replies.filter_map(zone).collect()
}

// Its culprit is not an overload, and no server is blamed.
#[test]
fn query_waiting_at_stop_is_unknown() {
    let world = World::new(Duration::from_millis(1));
    let stage = Stage::new(&world, "");
    let mut process = stage.start(&[]);
    let mut client = Client::new(process.address);
    let waits = std::thread::spawn(move || is_servfail(&client.ask("a.silent.tld.", RecordType::A)));
    process.wait_until("it waits", |process| process.status().daemon.flights > 0);
    process.end(Signal::TERM);
    assert!(waits.join().unwrap());
    let mut process = stage.start(&[]);
    let silent = (Some("silent.tld.".to_owned()), CulpritKind::Unknown, StillFails::Unknown);
    assert_eq!(failed(&process), [silent]);
    let message = why(&process, "a.silent.tld.").remove(0);
    assert_eq!(
        message.culprit.kind,
        CulpritKind::Unknown,
        "its server may have been about to answer: {message:#?}"
    );
    let culprit = &message.culprit;
    assert!(
        culprit.evidence.starts_with("resolverd is stopping") && !culprit.evidence.contains("limit"),
        "{culprit:?}"
    );
    assert!(culprit.advice.starts_with("nothing") && message.also.is_empty(), "{message:#?}");
    process.end(Signal::TERM);
}

#[test]
fn unusable_saved_history_is_removed() {
    let world = World::new(Duration::from_millis(1));
    let stage = Stage::new(&world, "");
    std::fs::write(file(&stage), "not ours").unwrap();
    let mut process = stage.start(&[]);
    ask_twice(&process, "mail.tld.");
    let lines = said(&mut process, Signal::TERM);
    assert!(lines.len() == 1 && lines[0].contains("it is damaged, or of another version"), "{lines:?}");
    // No process writes to the pipe, so the daemon must not wait for data from it at its start.
    std::fs::remove_file(file(&stage)).unwrap();
    make_pipe(&file(&stage));
    let mut process = stage.start(&[]);
    let lines = said(&mut process, Signal::TERM);
    assert!(lines.len() == 1 && lines[0].contains("it is not a regular file"), "{lines:?}");
    // If there is a directory in place of the file, the daemon must not change it.
    std::fs::remove_file(file(&stage)).unwrap();
    std::fs::create_dir(file(&stage)).unwrap();
    let mut process = stage.start(&[]);
    let lines = said(&mut process, Signal::TERM);
    assert!(
        lines.len() == 2 && lines[0].contains("cannot remove") && lines[1].contains("cannot write"),
        "{lines:?}"
    );
}

/// Starts the daemon twice with a history directory that `spoil` has made unusable. Returns the number of warnings about it at each start.
fn warnings_about_the_directory(spoil: impl Fn(&Path)) -> [usize; 2] {
    let world = World::new(Duration::from_millis(1));
    let stage = Stage::new(&world, "");
    let path = stage.state.path().join("history");
    spoil(&path);
    for directory in [stage.state.path(), stage.setting.socket().parent().unwrap()] {
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    // The first name fails, so that the first process has a failure to store.
    ["a.silent.tld.", "mail.tld."].map(|name| {
        let mut command = stage.setting.command_without_rights();
        command.env("STATE_DIRECTORY", stage.state.path());
        let mut process = Process::start(command, stage.setting.socket());
        let answer = Client::new(process.address).ask(name, RecordType::A);
        assert_eq!(is_servfail(&answer), name == "a.silent.tld.");
        process.end(Signal::TERM);
        let said = [process.said.clone(), process.said_later()].concat();
        let about = said.iter().filter(|line| line.contains(path.to_str().unwrap()));
        about.filter(|line| !line.contains("history.snapshot")).count()
    })
}

#[test]
fn unusable_history_directory_causes_one_warning() {
    // The mode 000 denies the owner of the directory access. If the test runs as root, the daemon runs as another user, which has no access
    // either.
    let foreign = |path: &Path| {
        std::fs::create_dir(path).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o000)).unwrap();
    };
    std::thread::scope(|scope| {
        let all = [
            (scope.spawn(|| warnings_about_the_directory(make_pipe)), [1, 1]),
            (scope.spawn(|| warnings_about_the_directory(|path| std::fs::write(path, "").unwrap())), [1, 1]),
            (scope.spawn(|| warnings_about_the_directory(foreign)), [1, 1]),
            (scope.spawn(|| warnings_about_the_directory(|_| ())), [0, 0]),
        ];
        assert!(all.into_iter().all(|(warnings, expected)| warnings.join().unwrap() == expected));
    });
}
