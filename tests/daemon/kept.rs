//! The states of DNS lists, and what look-ahead has learned, are kept over a restart if the service manager provides a directory.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use hickory_proto::rr::RecordType;
use resolverd::dnsbl::state::ListState;
use rustix::process::Signal;

use crate::client::{Client, is_servfail};
use crate::process::{Process, Setting, World};

/// A list whose every answer is no listing: its zone is parked.
const LIST: &str = "[[list]]\nname = \"bl.tld\"\npurpose = \"block\"\nsubjects = [\"ip4\"]\n";

/// The day (UTC) of the counters.
fn day() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() / 86_400
}

#[test]
fn how_a_list_is_and_what_it_was_asked_today_outlast_a_restart() {
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
        let lists = process.lists();
        let row = lists.iter().find(|row| row.list == "bl.tld").unwrap_or_else(|| panic!("{lists:?}"));
        let standing = row.standing.as_ref().unwrap();
        assert_eq!(standing.state, ListState::Parked);
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

    let rules = state.path().join("lookahead.json");
    assert!(std::fs::read_to_string(&rules).unwrap().contains("\"version\":1"));
    // A file that cannot be read is reported and ignored.
    std::fs::write(state.path().join("lists.json"), "{\"version\":1,\"lists\":[").unwrap();
    std::fs::write(&rules, "{\"version\":1,\"rules\":[],\"sum\":7}").unwrap();
    for told in [true, false] {
        let mut process = start();
        assert!(!warns(&process));
        process.end(Signal::TERM);
        let said = [process.said.clone(), process.said_later()].concat().join("\n");
        assert_eq!(said.contains("lists.json: EOF"), told, "{said}");
        assert_eq!(said.contains("lookahead.json: it is of another version, or damaged"), told, "{said}");
    }
}
