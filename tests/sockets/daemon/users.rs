//! The local user of a slow or failed query. The daemon reads the socket tables of the kernel while the client waits.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, SystemTime};

use hickory_proto::rr::RecordType;
use rustix::process::Signal;

use crate::daemon::client::{Client, framed, is_servfail};
use crate::daemon::process::{Process, Setting, Stage, World, ask};
use protocol::{FailedRequest, Reply, Request, WhyRequest};
use record::minutes::row::{Busy, BusyKind};

/// Returns the name of the user who runs the test, or the user's id if there is no name.
fn own_user() -> String {
    let told = |option| {
        let output = Command::new("id").arg(option).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
    };
    told("-un").or_else(|| told("-u")).unwrap()
}

/// Returns the users whose programs have sent the queries for a name.
fn users(process: &Process, name: &str) -> Vec<Option<String>> {
    let request = WhyRequest { subject: Some(name.to_owned()), most: 9, ..WhyRequest::default() };
    let mut users = Vec::new();
    for reply in ask(process.socket(), &Request::Why { requests: vec![request] }) {
        if let Reply::Message(message) = reply {
            let of_name = message.questions.iter().filter(|question| question.name == format!("{name}."));
            users.extend(of_name.map(|question| question.user.clone()));
        }
    }
    users
}

#[test]
fn slow_query_names_local_user() {
    let world = World::new(Duration::from_millis(1));
    let own = Some(own_user());
    for (redact, kept) in [("none", own.clone()), ("client", None)] {
        let setting = Setting::new(&world, &format!("[history]\nslow = \"100ms\"\nredact = \"{redact}\"\n"));
        let state = tempfile::tempdir().unwrap();
        let start = || {
            let mut command = setting.command();
            command.env("STATE_DIRECTORY", state.path());
            Process::start(command, setting.socket())
        };
        let mut process = start();
        // The client closes both sockets after the reply. The daemon must have looked up the user before.
        let mut stream = TcpStream::connect(process.address).unwrap();
        stream.write_all(&framed(7, "stream.silent.tld.", RecordType::A)).unwrap();
        assert!(is_servfail(&Client::new(process.address).ask("datagram.silent.tld.", RecordType::A)));
        stream.read_exact(&mut [0; 2]).unwrap();
        drop(stream);
        for name in ["datagram.silent.tld", "stream.silent.tld"] {
            assert_eq!(users(&process, name), std::slice::from_ref(&own), "{name}");
        }
        // The client gets the cached failure at once. resolverd looks up the user of the socket after that, which succeeds because the socket is
        // still open.
        let mut client = Client::new(process.address);
        assert!(is_servfail(&client.ask("datagram.silent.tld.", RecordType::A)));
        process.wait_until("its user is known", |process| {
            users(process, "datagram.silent.tld") == [own.clone(), own.clone()]
        });
        drop(client);
        client = Client::new(process.address);
        client.ask("fine.tld.", RecordType::A);
        assert_eq!(users(&process, "fine.tld"), [None], "it was neither slow nor failed");
        let all = FailedRequest { from: 0.0, zone: None, client: None };
        let zones = ask(process.socket(), &Request::Failed(all));
        let Some(Reply::FailedZone(zone)) = zones.first() else { panic!("{zones:?}") };
        assert_eq!((zone.zone.as_deref(), &zone.user), (Some("silent.tld."), &own));
        process.end(Signal::TERM);
        let said = process.said_later().join("\n");
        let from = match redact {
            "client" => "redacted".to_owned(),
            _ => format!("127.0.0.1 (user {})", own_user()),
        };
        assert!(said.contains(&format!(" from {from} failed: ")), "{said}");

        let mut process = start();
        assert_eq!(users(&process, "stream.silent.tld"), [kept], "redact = {redact}");
        process.end(Signal::TERM);
    }
}

// With redacted clients, the minutes have no users.
#[test]
fn minutes_name_local_users() {
    let world = World::new(Duration::from_millis(1));
    for (redact, expected) in [("none", vec![own_user()]), ("client", Vec::new())] {
        let stage = Stage::new(&world, &format!("[history]\nredact = \"{redact}\"\n"));
        let mut process = stage.start(&[]);
        assert!(is_servfail(&Client::new(process.address).ask("a.silent.tld.", RecordType::A)));
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let minutes = |process: &Process, to| {
            let replies = ask(process.socket(), &Request::Minutes { from: now - 3_600, to, step: 0 });
            let Some(Reply::Minutes(report)) = replies.first() else { panic!("{replies:?}") };
            report.clone()
        };
        // Names are written to the disk every five minutes, so there are none on the disk yet. This request ends in the future, so its reply
        // has the names in memory too.
        let current = minutes(&process, now + 120);
        let is_lossy = |row: &Busy| row.kind == BusyKind::Network && row.counts.timeouts > 0;
        assert!(current.busiest.iter().any(is_lossy), "{current:?}");
        // The server with the lowest address of the network serves the root.
        let zones: Vec<&str> = current.zones_of_networks.values().map(String::as_str).collect();
        assert_eq!(zones, ["."], "{current:?}");
        process.end(Signal::TERM);
        let process = stage.start(&[]);
        let report = minutes(&process, SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs());
        let users = report.busiest.iter().filter(|row| row.kind == BusyKind::User && row.counts.failed == 1);
        assert_eq!(users.map(|row| row.name.to_string()).collect::<Vec<_>>(), expected, "{report:?}");
        assert_eq!(report.message_time.count, 1, "{report:?}");
    }
}

#[test]
fn minutes_count_list_hits() {
    let world =
        World::with(Duration::from_millis(1), &[("bl.tld.", "1.2.0.192 60 A 127.0.0.2\n".to_owned())]);
    let list = "[[list]]\nname = \"bl.tld\"\npurpose = \"block\"\nsubjects = [\"ip4\"]\n";
    let stage = Stage::new(&world, list);
    let mut process = stage.start(&[]);
    for number in [1, 2, 3] {
        Client::new(process.address).ask(&format!("{number}.2.0.192.bl.tld."), RecordType::A);
    }
    let minutes = |process: &Process| {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let replies = ask(process.socket(), &Request::Minutes { from: now - 3_600, to: now, step: 0 });
        let Some(Reply::Minutes(report)) = replies.first() else { panic!("{replies:?}") };
        report.busiest.iter().find(|row| row.kind == BusyKind::Listings).cloned()
    };
    process.end(Signal::TERM);
    let said = minutes(&stage.start(&[]));
    assert!(
        said.as_ref().is_some_and(
            |said| &*said.name == "bl.tld." && (said.counts.questions, said.counts.failed) == (3, 1)
        ),
        "{said:?}"
    );
}
