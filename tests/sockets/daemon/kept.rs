//! The states of DNS lists and the failed queries survive a restart if the service manager provides a state directory.

use std::cell::Cell;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use hickory_proto::rr::RecordType;
use rustix::process::Signal;

use crate::daemon::client::{Client, is_servfail};
use crate::daemon::process::{Process, Setting, Stage, World, ask, told};
use dnsbl::state::ListState;
use protocol::lists::ListRow;
use protocol::{FailedRequest, Reply, Request};

/// The zone of this DNS list is parked, so none of its answers is a valid listing.
const LIST: &str = "[[list]]\nname = \"bl.tld\"\npurpose = \"block\"\nsubjects = [\"ip4\"]\n";

/// The current day (UTC), to which the counters of queries to lists belong.
fn day() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() / 86_400
}

#[test]
fn list_state_and_quota_survive_restart() {
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, LIST);
    let state = tempfile::tempdir().unwrap();
    std::fs::set_permissions(state.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let start = || {
        let mut command = setting.command();
        command.env("STATE_DIRECTORY", state.path());
        Process::start(command, setting.socket())
    };
    let refused = |process: &Process, name: &str| {
        assert!(is_servfail(&Client::new(process.address).ask(name, RecordType::A)), "{name}");
        // The resolution records the refusal after the client has its answer.
        let deadline = Instant::now() + Duration::from_secs(10);
        let row = loop {
            let lists = process.lists();
            let found = lists.iter().find(|row| row.list == "bl.tld").cloned();
            let is_parked =
                |row: &ListRow| row.standing.as_ref().is_some_and(|it| it.state == ListState::Parked);
            if let Some(row) = found.filter(is_parked) {
                break row;
            }
            assert!(Instant::now() < deadline, "{lists:?}");
        };
        let standing = row.standing.as_ref().unwrap();
        (row.today, standing.since)
    };
    let warns = |process: &Process| {
        let warnings = process.status().warnings;
        warnings.iter().any(|warning| warning.problem.contains("bl.tld"))
    };

    let begun = day();
    let mut process = start();
    assert!(!warns(&process));
    let (before, since) = refused(&process, "7.0.18.198.bl.tld.");
    process.end(Signal::TERM);

    let mut process = start();
    assert!(warns(&process), "before anybody asks");
    let (after, still) = refused(&process, "8.0.18.198.bl.tld.");
    assert_eq!(still, since);
    if day() == begun {
        assert!(before > 0 && after > before, "{before} {after}");
    }
    process.end(Signal::TERM);

    // A file that cannot be parsed is logged and not used.
    std::fs::write(state.path().join("lists.json"), "{\"version\":1,\"lists\":[").unwrap();
    for told in [true, false] {
        let mut process = start();
        assert!(!warns(&process));
        process.end(Signal::TERM);
        let said = [process.said.clone(), process.said_later()].concat().join("\n");
        assert_eq!(said.contains("lists.json: EOF"), told, "{said}");
    }
}

#[test]
fn used_state_directory_prevents_start() {
    let world = World::new(Duration::from_millis(1));
    let stage = Stage::new(&world, "");
    let other = Setting::new(&world, "");
    let second = || {
        let mut command = other.command();
        command.env("STATE_DIRECTORY", stage.state.path());
        command
    };
    let mut first = stage.start(&[]);
    let (code, _, said) = told(&second().output().unwrap());
    let wrong = format!("another resolverd uses the state directory {}", stage.state.path().display());
    assert!(code != 0 && said.contains(&wrong), "{code} {said}");
    first.end(Signal::TERM);
    Process::start(second(), other.socket());
}

/// Returns the queries of the last day in the store of minutes.
fn in_minutes(process: &Process) -> u64 {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let request = Request::Minutes { from: now - 86_400, to: now, step: 0 };
    match ask(process.socket(), &request).first() {
        Some(Reply::Minutes(report)) => report.questions,
        other => panic!("{other:?}"),
    }
}

#[test]
fn minutes_survive_restart_and_torn_file() {
    let world = World::new(Duration::from_millis(1));
    let stage = Stage::new(&world, "");
    let minutes = stage.state.path().join("minutes");
    let mut process = stage.start(&[]);
    assert_eq!(in_minutes(&process), 0);
    Client::new(process.address).ask("a.tld.", RecordType::A);
    process.end(Signal::TERM);

    let mut process = stage.start(&[]);
    assert_eq!(in_minutes(&process), 1);
    Client::new(process.address).ask("b.tld.", RecordType::A);
    process.end(Signal::TERM);
    let mut files: Vec<_> = std::fs::read_dir(&minutes).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let file = files.pop().unwrap();
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 1]).unwrap();

    let mut process = stage.start(&[]);
    assert_eq!(in_minutes(&process), 1, "the torn row is lost, and no other");
    Client::new(process.address).ask("c.tld.", RecordType::A);
    process.end(Signal::TERM);
    std::fs::remove_file(&file).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &file, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();

    let mut process = stage.start(&[]);
    assert_eq!(in_minutes(&process), 0);
    Client::new(process.address).ask("d.tld.", RecordType::A);
    process.end(Signal::TERM);
    let said = process.said_later().join("\n");
    assert!(said.contains("it is not a regular file; moved it to "), "{said}");
    let process = stage.start(&[]);
    assert_eq!(in_minutes(&process), 1);
}

fn failed(process: &Process) -> u64 {
    let all = FailedRequest { from: 0.0, zone: None, client: None };
    let zones = ask(process.socket(), &Request::Failed(all));
    zones.iter().map(|reply| if let Reply::FailedZone(zone) = reply { zone.questions } else { 0 }).sum()
}

/// Calls `spoil` to change the directory of the history, starts the daemon, makes two queries fail, and calls `then`. After a restart, the
/// daemon must have the failed queries in its history.
fn after(spoil: impl Fn(&Path), then: impl FnOnce(&Process, &Path, &str)) {
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "");
    let state = tempfile::tempdir().unwrap();
    // The daemon runs as a user without rights, because root could read every file.
    for directory in [state.path(), setting.socket().parent().unwrap()] {
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let start = || {
        let mut command = setting.command_without_rights();
        command.env("STATE_DIRECTORY", state.path());
        Process::start(command, setting.socket())
    };
    spoil(&state.path().join("history"));
    let mut process = start();
    for name in ["a.silent.tld.", "b.silent.tld."] {
        assert!(is_servfail(&Client::new(process.address).ask(name, RecordType::A)));
    }
    let said = process.said.join("\n");
    then(&process, state.path(), &said);
    process.end(Signal::TERM);
    let process = start();
    assert!(failed(&process) > 0, "after a restart: {said}");
    assert!(process.status().warnings.iter().all(|warning| !warning.problem.contains("history")));
}

// The next history file begins.
#[test]
fn unopenable_history_file_is_named() {
    let name = "00000000000000000007.record";
    let unreadable = |history: &Path| {
        std::fs::create_dir(history).unwrap();
        std::fs::set_permissions(history, std::fs::Permissions::from_mode(0o777)).unwrap();
        std::fs::write(history.join(name), "").unwrap();
        std::fs::set_permissions(history.join(name), std::fs::Permissions::from_mode(0o000)).unwrap();
    };
    let directory = |history: &Path| {
        std::fs::create_dir_all(history.join(name)).unwrap();
        std::fs::set_permissions(history, std::fs::Permissions::from_mode(0o777)).unwrap();
    };
    for spoil in [&unreadable as &dyn Fn(&Path), &directory] {
        after(spoil, |_, state, said| {
            let file = state.join("history").join(name);
            assert!(said.contains(&format!("cannot open the history file {}: ", file.display())), "{said}");
            assert!(file.exists());
        });
    }
}

#[test]
fn status_reports_unwritable_history() {
    let file = |history: &Path| std::fs::write(history, "").unwrap();
    after(file, |process, state, said| {
        let history = state.join("history");
        let named = format!("cannot use {}: ", history.display());
        assert!(said.contains(&named), "{said}");
        let problems = || -> Vec<String> {
            process.status().warnings.into_iter().map(|warning| warning.problem).collect()
        };
        let of_history = |problem: &String| problem.contains("not kept over a restart");
        assert!(problems().iter().any(of_history), "{:?}", problems());
        std::fs::remove_file(&history).unwrap();
        let number = Cell::new(0);
        process.wait_until("it is written again", |process| {
            number.set(number.get() + 1);
            let number = number.get();
            Client::new(process.address).ask(&format!("c{number}.silent.tld."), RecordType::A);
            !problems().iter().any(of_history)
        });
    });
}
