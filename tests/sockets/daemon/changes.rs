//! The watched records and their changes survive a restart, unless `history.redact` hides names.

use std::time::{Duration, Instant};

use hickory_proto::rr::RecordType;
use rustix::process::Signal;

use crate::daemon::client::Client;
use crate::daemon::process::{Process, Stage, World, ask};
use protocol::{Reply, Request};
use record::changes::ChangeRow;

const DOMAIN: &str = "mail.tld.";

fn world() -> World {
    World::with(Duration::from_millis(1), &[(DOMAIN, "@ 600 MX 10 mx.other.tld.\n".to_owned())])
}

fn changes(process: &Process) -> (Vec<ChangeRow>, Option<u64>) {
    let request = Request::Changes { name: DOMAIN.to_owned(), from: 0.0 };
    let (mut rows, mut watched) = (Vec::new(), None);
    for reply in ask(process.socket(), &request) {
        match reply {
            Reply::RecordChange(row) => rows.push(row),
            Reply::ChangesBegin { since, .. } => watched = since,
            other => assert_eq!(other, Reply::End),
        }
    }
    (rows, watched)
}

/// Asks for the MX records, and waits until the daemon watches the domain.
fn watch(process: &Process) -> Option<u64> {
    Client::new(process.address).ask(DOMAIN, RecordType::MX);
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let (_, watched) = changes(process);
        if watched.is_some() || Instant::now() > deadline {
            return watched;
        }
    }
}

#[test]
fn watched_records_outlast_restart() {
    let world = world();
    let stage = Stage::new(&world, "");
    let file = stage.state.path().join("changes.json");
    let mut process = stage.start(&[]);
    let since = watch(&process);
    assert!(since.is_some());
    process.end(Signal::TERM);

    let mut process = stage.start(&[]);
    assert_eq!(changes(&process), (Vec::new(), since), "after the restart");
    process.end(Signal::TERM);

    std::fs::write(&file, "{\"version\":1,").unwrap();
    let mut process = stage.start(&[]);
    assert_eq!(changes(&process), (Vec::new(), None));
    process.end(Signal::TERM);
    let said = [process.said.clone(), process.said_later()].concat().join("\n");
    assert!(said.contains("changes.json: EOF"), "{said}");
}

#[test]
fn hidden_names_leave_no_file() {
    let world = world();
    let stage = Stage::new(&world, "[history]\nredact = \"names\"\n");
    let file = stage.state.path().join("changes.json");
    std::fs::write(&file, "{}").unwrap();
    let mut process = stage.start(&[]);
    assert!(!file.exists());
    assert!(watch(&process).is_some());
    process.end(Signal::TERM);
    assert!(!file.exists());
}
